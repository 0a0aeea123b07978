"""One version of Samba, every command."""
import lab
import standalone
from standalone import ADDRESS


def run(checks, name):
    root = f"{lab.BASE}/{name}"
    host = standalone.bring_up(root, f"FS-{name.upper()}"[:15])
    version = host.run("smbd", "--version").stdout.split()[-1]
    checks.note(f"Samba {version}")
    standalone.people(host)
    reading(checks, host, version)
    changing_shares(checks, host)
    at_home(checks, host)
    closing(checks, host)


def reading(checks, host, version):
    ask = lambda *words, **more: host.smbwho(*words, "-o", "json", **more)
    answer = ask("sessions", ADDRESS)
    checks.check("sessions", answer.code == 0 and {"alice", "bob", "carol", "root"} <= set(answer.values("user")), answer)
    checks.check("idle is unknown", set(answer.values("idle_secs")) == {None}, answer.values("idle_secs"))
    for user in ("alice", r"LAB\alice", "ALICE"):
        answer = ask("sessions", ADDRESS, "--user", user)
        checks.check(f"sessions --user {user}", answer.code == 0 and len(answer.rows) == 1, answer)
    answer = ask("files", ADDRESS)
    by_path = {row["path"]: row["user"] for row in answer.rows}
    held = [user for path, user in by_path.items() if path and path.endswith("budget.xlsx")]
    checks.check("files", answer.code == 0 and held and held[0].endswith("alice"), answer)
    answer = ask("who-has", rf"\\{ADDRESS}\data\budget.xlsx")
    checks.check("who-has", answer.code == 0 and len(answer.rows) == 1, answer)
    answer = ask("who-has", rf"\\{ADDRESS}\data\ZÜRICH.TXT")
    checks.check("who-has in capitals", answer.code == 0 and len(answer.rows) == 1, answer)
    answer = host.smbwho("who-has", rf"\\{ADDRESS}\data\nosuch.txt")
    checks.check("who-has of no file", "no such file" in answer.said and not answer.rows, answer)
    answer = host.smbwho("who-has", rf"\\{ADDRESS}\nosuch\x")
    checks.check("who-has in no share", answer.code != 0 or "no share" in answer.said, answer)
    answer = ask("connections", ADDRESS, "--share", "data")
    checks.check("connections", answer.code in (0, 1) and "dummy" not in answer.out, answer)
    answer = ask("shares", ADDRESS)
    checks.check("shares", answer.code == 0 and "the data" in answer.values("remark"), answer)
    answer = ask("groups", ADDRESS, "--global")
    checks.check("groups", answer.code == 0 and "Staff" in answer.values("name"), answer)
    answer = ask("groups", ADDRESS, "--of", "alice")
    checks.check("groups --of", answer.code in (0, 1) and "Staff" in answer.values("name"), answer)
    answer = ask("info", ADDRESS)
    checks.check("info", answer.code in (0, 1) and version.split("-")[0] in str(answer.values("comment")), answer)
    answer = host.smbwho("doctor", ADDRESS)
    checks.check("doctor", answer.code == 0 and "clock skew" in answer.out, answer)
    answer = ask("sessions", ADDRESS, password="wrong")
    checks.check("a wrong password", answer.code == 2 and "LOGON_FAILURE" in answer.said, answer)
    answer = ask("sessions", ADDRESS, user="alice", password="pw-alice")
    checks.check("an account without rights", answer.code == 2 and "denied" in answer.said.lower(), answer)
    answer = ask("sessions", ADDRESS, "-N", user=None, password=None)
    checks.check("anonymous", answer.code == 2 and not answer.rows, answer)
    for dialect in ("SMB2_02", "SMB3_00", "SMB3_11"):
        answer = ask("sessions", ADDRESS, "--min-protocol", dialect)
        checks.check(f"--min-protocol {dialect}", answer.code == 0, answer)
    answer = ask("sessions", ADDRESS, "--client-protection", "encrypt")
    checks.check("--client-protection encrypt", answer.code == 0 and len(answer.rows) >= 4, answer)


def changing_shares(checks, host):
    ask = lambda *words, **more: host.smbwho(*words, "-o", "json", **more)
    made = host.smbwho("share", "add", ADDRESS, "fresh", "/srv/new", "--remark", "made", "--max-uses", "5", "--yes")
    checks.check("share add", made.code == 0, made)
    changed = host.smbwho("share", "set", ADDRESS, "fresh", "--remark", "changed", "--max-uses", "7", "--yes")
    row = next((row for row in ask("shares", ADDRESS, "--level", "2").rows if row["name"] == "fresh"), {})
    so = (row.get("remark"), row.get("max_uses")) == ("changed", 7)
    checks.check("share set: both, or said", so if changed.code == 0 else "fresh" in changed.said, f"{row} {changed}")
    removed = host.smbwho("share", "remove", ADDRESS, "fresh", "--yes")
    checks.check("share remove", removed.code == 0 and "fresh" not in ask("shares", ADDRESS).values("name"), removed)


def at_home(checks, host):
    answer = host.smbwho("sessions", "-o", "json", user=None, chrooted=True)
    if "GLIBC" in answer.said:
        checks.note("at home: not tried, the program was built for a newer glibc (scripts/release.sh builds one for 2.17)")
        return
    users = {str(user) for user in answer.values("user")}
    checks.check("at home: sessions", answer.code in (0, 1) and {"alice", "bob", "carol"} <= users or answer.code == 2 and "smbstatus" in answer.said, answer)
    answer = host.smbwho("files", "-o", "json", user=None, chrooted=True)
    found = any("budget.xlsx" in str(path) for path in answer.values("path"))
    checks.check("at home: files", found or answer.code == 2 and "smbstatus" in answer.said, answer)
    answer = host.smbwho("who-has", "/srv/data/budget.xlsx", "-o", "json", user=None, chrooted=True)
    checks.check("at home: who-has", len(answer.rows) == 1 or answer.code == 2 and "smbstatus" in answer.said, answer)


def closing(checks, host):
    ask = lambda *words, **more: host.smbwho(*words, "-o", "json", **more)
    plan = host.smbwho("close", "file", ADDRESS, "--path", "/srv/data/budget.xlsx", "--dry-run")
    still = any("budget" in str(path) for path in ask("files", ADDRESS).values("path"))
    checks.check("close file --dry-run", plan.code == 0 and still, plan)
    done = host.smbwho("close", "file", ADDRESS, "--path", "/srv/data/budget.xlsx", "--yes")
    left = any("budget" in str(path) for path in ask("files", ADDRESS).values("path"))
    checks.check("close file", done.code == 0 and not left, done)
    done = host.smbwho("close", "session", ADDRESS, "--user", "bob", "--yes")
    left = [str(user) for user in ask("sessions", ADDRESS).values("user")]
    checks.check("close session", done.code == 0 and not any("bob" in user for user in left), f"{left} {done}")
    refused = host.smbwho("close", "session", ADDRESS, "--user", "carol", "--yes", user="alice", password="pw-alice")
    left = [str(user) for user in ask("sessions", ADDRESS).values("user")]
    checks.check("close without rights", refused.code != 0 and any("carol" in user for user in left), refused)
