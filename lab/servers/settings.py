"""One setting of smb.conf after another, and what must come of each."""
import lab
import standalone
from standalone import ADDRESS

ANSWERS, REFUSED = "answers", "refused"


def line(*settings):
    return "".join(f"  {setting}\n" for setting in settings)


# What is set, what must come of `sessions`, and what `info` must say or the refusal must name.
SETTINGS = [
    *[(line(f"server max protocol = {name}"), ANSWERS, {"dialect": shown})
      for name, shown in (("SMB2_02", "2.0.2"), ("SMB2_10", "2.1"), ("SMB3_00", "3.0"), ("SMB3_02", "3.0.2"), ("SMB3_11", "3.1.1"))],
    (line("server max protocol = NT1", "server min protocol = NT1"), REFUSED, "SMB1"),
    (line("server min protocol = SMB3_11"), ANSWERS, {"dialect": "3.1.1"}),
    *[(line("server smb encrypt = required", f"server smb3 encryption algorithms = {cipher}"), ANSWERS, {"encryption": cipher})
      for cipher in ("AES-128-GCM", "AES-128-CCM", "AES-256-GCM", "AES-256-CCM")],
    *[(line(f"server smb3 encryption algorithms = {cipher}"), ANSWERS, {"encryption": "none"})
      for cipher in ("AES-256-GCM", "AES-256-CCM")],
    (line("server smb encrypt = required", "server max protocol = SMB3_00"), ANSWERS, {"encryption": "AES-128-CCM"}),
    (line("server smb encrypt = required", "server max protocol = SMB2_10"), REFUSED, "encrypt"),
    *[(line("server signing = mandatory", f"server smb3 signing algorithms = {name}"), ANSWERS, {"signing": name})
      for name in ("HMAC-SHA256", "AES-128-CMAC", "AES-128-GMAC")],
    (line("server signing = disabled"), ANSWERS, {}),
    (line("ntlm auth = disabled"), REFUSED, "NTLM"),
    (line("ntlm auth = ntlmv2-only"), ANSWERS, {}),
    (line("smb2 max credits = 1"), ANSWERS, {}),
    (line("smb2 max credits = 2"), ANSWERS, {}),
    (line("smb2 max trans = 4096", "smb2 max read = 4096", "smb2 max write = 4096"), ANSWERS, {}),
    (line("smb ports = 445 139"), ANSWERS, {}),
    (line("hosts deny = 10.77.0."), REFUSED, "hosts deny"),
    (line("rpc start on demand helpers = no"), REFUSED, ""),
    (line("map to guest = bad user"), ANSWERS, {}),
    (line("restrict anonymous = 2"), ANSWERS, {}),
    (line("smb3 unix extensions = yes"), ANSWERS, {}),
]


def run(checks, name):
    root = f"{lab.BASE}/{name or 'trixie'}"
    for settings, outcome, shown in SETTINGS:
        title = "; ".join(settings.split("\n")).strip("; ").replace("  ", "")
        host = standalone.bring_up(root, "FS-SETTINGS", settings) if outcome == ANSWERS else refusing(root, settings)
        try:
            one(checks, host, title, outcome, shown)
        finally:
            lab.end_all()
    dfs(checks, root)


def refusing(root, settings):
    original, lab.until = lab.until, lambda what, seconds=30: original(what, min(seconds, 6))
    try:
        return standalone.bring_up(root, "FS-SETTINGS", settings)
    finally:
        lab.until = original


def one(checks, host, title, outcome, shown):
    standalone.people(host) if outcome == ANSWERS and "credits" in title else host.connect(ADDRESS, "alice", "pw-alice")
    answer = host.smbwho("sessions", ADDRESS, "-o", "json")
    if outcome == REFUSED:
        checks.check(title, answer.code == 2 and not answer.rows and shown.lower() in answer.said.lower(), answer)
        return
    known = {"root"} if "protocol = SMB3_11" in title else {"root", "alice"}
    ok = answer.code == 0 and known <= set(answer.values("user"))
    info = host.smbwho("info", ADDRESS, "-o", "json")
    row = info.rows[0] if info.rows else {}
    told = {field: row.get(field) for field in shown}
    checks.check(title, ok and told == shown, f"{answer}; info: {told}")


def dfs(checks, root):
    """A link of a DFS root is never said to be open by nobody."""
    host = standalone.bring_up(root, "FS-DFS", line("host msdfs = yes"),
                               "[dfs]\n  path = /srv/dfs\n  msdfs root = yes\n  read only = no\n")
    host.run("ln", "-sf", rf"msdfs:{ADDRESS}\data", "/srv/dfs/link", check=True)
    standalone.people(host)
    answer = host.smbwho("who-has", rf"\\{ADDRESS}\dfs\link\budget.xlsx")
    honest = answer.code == 0 and "alice" in answer.out or answer.code != 0 and "DFS" in answer.said
    checks.check("who-has through a DFS link", honest, answer)
