"""A domain controller and a member server with winbind: a domain user in local groups."""
import os
import shutil

import lab

DC, MEMBER = "10.78.0.1", "10.78.0.2"
PASSWORD = "Us3r-pass!"
ADMIN = "Adm1n-pass!"
NAMES = f"127.0.0.1 localhost\n{DC} dc1.lab.test dc1\n{MEMBER} fsm.lab.test fsm\n"

GROUPS = f"""
for u in ann ben eve; do samba-tool user create $u '{PASSWORD}'; done
for g in Editors Writers; do samba-tool group add $g; done
samba-tool group addmembers Writers ann,eve
samba-tool group addmembers Editors Writers
samba-tool group addmembers 'Domain Admins' eve
"""

MEMBER_CONF = f"""[global]
  workgroup = LABAD
  realm = LAB.TEST
  security = ads
  netbios name = FSM
  interfaces = {MEMBER}/32
  bind interfaces only = yes
  disable netbios = yes
  load printers = no
  printcap name = /dev/null
  disable spoolss = yes
  kerberos method = secrets and keytab
  idmap config * : backend = tdb
  idmap config * : range = 3000-7999
  idmap config LABAD : backend = rid
  idmap config LABAD : range = 10000-99999
[data]
  path = /srv/data
  read only = no
"""


def clean(root):
    for folder in ("var/lib/samba", "var/log/samba", "var/cache/samba"):
        shutil.rmtree(f"{root}/{folder}", ignore_errors=True)
    for folder in ("var/lib/samba/private", "var/log/samba", "var/cache/samba", "srv/data"):
        os.makedirs(f"{root}/{folder}", exist_ok=True)
    os.chmod(f"{root}/srv/data", 0o1777)
    lab.write(f"{root}/etc/hosts", NAMES)
    lab.write(f"{root}/etc/resolv.conf", f"nameserver {DC}\nsearch lab.test\n")
    try:
        os.unlink(f"{root}/etc/samba/smb.conf")
    except FileNotFoundError:
        pass


class Inside(lab.Host):
    """Another root beside the first, in the same network."""

    def __init__(self, first, root, hostname):
        self.root = root
        script = (f"hostname {hostname}; mount -t proc proc {root}/proc; mount --rbind /dev {root}/dev; "
                  f"mount -t tmpfs tmpfs {root}/run; mkdir -p {root}/run/samba; echo up; exec sleep 86400")
        command = ["nsenter", "--target", str(first.pid), "--net", "unshare", "--mount", "--uts", "--pid", "--fork",
                   "--kill-child=SIGKILL", "--propagation", "private", "sh", "-c", script]
        self.holder = lab.start(command, stdout=lab.subprocess.PIPE, text=True)
        self.holder.stdout.readline()
        with open(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children") as children:
            self.pid = int(children.read().split()[0])


def run(checks, names):
    dc_root, member_root = (f"{lab.BASE}/{name}" for name in names)
    clean(dc_root)
    clean(member_root)
    dc = lab.Host([DC, MEMBER, *(f"10.78.0.{i}" for i in range(3, 8))], dc_root, "dc1")
    dc.run("samba-tool", "domain", "provision", "--realm=LAB.TEST", "--domain=LABAD", "--server-role=dc",
           "--dns-backend=SAMBA_INTERNAL", f"--adminpass={ADMIN}", "--host-name=dc1", f"--host-ip={DC}",
           f"--option=interfaces={DC}/32", "--option=bind interfaces only=yes", check=True)
    dc.start("samba", "-F", "--no-process-group")
    if not dc.listens(DC, 389) or not dc.listens(DC, 445):
        raise RuntimeError("the domain controller does not come up")
    lab.time.sleep(5)
    dc.run("sh", "-c", GROUPS)
    # For the program, which runs beside the controller; seen in its namespace only.
    dc.run("mount", "--bind", f"{dc_root}/etc/hosts", "/etc/hosts", chrooted=False)
    member = Inside(dc, member_root, "fsm")
    lab.write(f"{member_root}/etc/samba/smb.conf", MEMBER_CONF)
    lab.write(f"{member_root}/etc/krb5.conf", "[libdefaults]\n default_realm = LAB.TEST\n dns_lookup_kdc = true\n")
    member.run("sh", "-c", "sed -i 's/^passwd:.*/passwd: files winbind/;s/^group:.*/group: files winbind/' /etc/nsswitch.conf")
    member.run("net", "ads", "join", "-U", f"Administrator%{ADMIN}", "--no-dns-updates", check=True)
    member.start("winbindd", "-F", "--no-process-group")
    lab.time.sleep(3)
    member.start("smbd", "-F", "--no-process-group")
    member.listens(MEMBER)
    lab.time.sleep(2)
    member.run("net", "sam", "createlocalgroup", "LocalTeam")
    member.run("net", "sam", "addmem", "LocalTeam", r"LABAD\Writers")
    checks.note(f"controller {dc.run('smbd', '--version').stdout.split()[-1]}, member {member.run('smbd', '--version').stdout.split()[-1]}")
    ask(checks, dc)


def ask(checks, dc):
    eve = dict(user=r"LABAD\eve", password=PASSWORD)
    dc.connect(MEMBER, r"LABAD/ann", PASSWORD, 'put - "held.txt"')
    answer = dc.smbwho("sessions", MEMBER, "-o", "json", **eve)
    checks.check("sessions of the member", answer.code == 0 and any("ann" in str(user) for user in answer.values("user")), answer)
    for user in ("ann", r"LABAD\ann", "ann@lab.test"):
        answer = dc.smbwho("sessions", MEMBER, "--user", user, "-o", "json", **eve)
        checks.check(f"sessions --user {user}", answer.code == 0 and len(answer.rows) == 1, answer)
    answer = dc.smbwho("files", MEMBER, "--user", "ann", "-o", "json", **eve)
    checks.check("files --user ann", answer.code == 0 and any("held.txt" in str(path) for path in answer.values("path")), answer)
    answer = dc.smbwho("who-has", rf"\\{MEMBER}\data\held.txt", "-o", "json", **eve)
    checks.check("who-has", answer.code == 0 and len(answer.rows) == 1, answer)
    for words in (("--of", r"LABAD\ann"), ("--mine",)):
        answer = dc.smbwho("groups", MEMBER, *words, "-o", "json", **eve)
        found = "LocalTeam" in answer.values("name")
        checks.check(f"groups {words[0]} on the member", found or answer.code == 1 and answer.errors, answer)
    answer = dc.smbwho("groups", DC, "--of", "ann", "-o", "json", **eve)
    checks.check("groups --of on the controller", answer.code == 0 and {"Writers", "Editors"} <= set(answer.values("name")), answer)
    realm = dict(user="eve@LAB.TEST", password=PASSWORD)
    answer = dc.smbwho("sessions", "fsm.lab.test", "-k", "--kdc", DC, "-o", "json", **realm)
    checks.check("Kerberos", answer.code == 0 and answer.rows, answer)
