"""A standalone smbd with people, files, shares that calls can add, and groups."""
import os
import shutil

import lab

ADDRESS = "10.77.0.1"
CLIENTS = {"alice": "10.77.0.2", "bob": "10.77.0.3", "carol": "10.77.0.4"}

COMMANDS = {
    "add": 'net -s "$1" conf addshare "$2" "$3" writeable=y guest_ok=n "$4" && exec net -s "$1" conf setparm "$2" "max connections" "$5"',
    "change": 'net -s "$1" conf setparm "$2" path "$3" && net -s "$1" conf setparm "$2" comment "$4" && exec net -s "$1" conf setparm "$2" "max connections" "$5"',
    "delete": 'exec net -s "$1" conf delshare "$2"',
}

SETUP = r"""
for u in alice bob carol; do id $u >/dev/null 2>&1 || useradd -M -s /usr/sbin/nologin $u; done
groupadd -f smbadmins; groupadd -f staff1; usermod -aG staff1 alice; usermod -aG staff1 bob
for u in alice bob carol root; do printf 'pw-%s\npw-%s\n' $u $u | smbpasswd -s -a $u; done
net groupmap add sid=S-1-5-32-544 unixgroup=smbadmins type=builtin
net groupmap addmem S-1-5-32-544 "$(pdbedit -v root | sed -n 's/^User SID: *//p')"
net groupmap add ntgroup=Staff unixgroup=staff1 type=domain
"""


def configuration(name, settings, shares):
    scripts = "".join(f"  {verb} share command = /usr/local/bin/{verb}-share\n" for verb in COMMANDS)
    return f"""[global]
  workgroup = LAB
  netbios name = {name}
  server role = standalone server
  smb ports = 445
  disable netbios = yes
  load printers = no
  printcap name = /dev/null
  disable spoolss = yes
  server min protocol = SMB2_02
{scripts}{settings}
  include = registry
[data]
  path = /srv/data
  comment = the data
  read only = no
{shares}"""


def bring_up(root, name, settings="", shares=""):
    """smbd of the folder `root` at ADDRESS, with all of CLIENTS in the same namespace."""
    for folder in ("var/lib/samba", "var/log/samba", "var/cache/samba", "srv"):
        shutil.rmtree(f"{root}/{folder}", ignore_errors=True)
    for folder in ("var/lib/samba/private", "var/log/samba", "var/cache/samba", "srv/data", "srv/new", "srv/dfs"):
        os.makedirs(f"{root}/{folder}", exist_ok=True)
        if folder.startswith("srv"):
            os.chmod(f"{root}/{folder}", 0o1777)
    for verb, line in COMMANDS.items():
        lab.write(f"{root}/usr/local/bin/{verb}-share", f"#!/bin/sh\n{line}\n", 0o755)
    lab.write(f"{root}/etc/samba/smb.conf", configuration(name, settings, shares))
    host = lab.Host([ADDRESS, *CLIENTS.values()], root)
    host.run("sh", "-c", SETUP)
    host.start("smbd", "-F", "--no-process-group")
    if not host.listens(ADDRESS):
        raise RuntimeError("smbd does not listen")
    # What serves the pipes may start later than smbd.
    lab.until(lambda: host.smbwho("sessions", ADDRESS, "-o", "json").code == 0, 30)
    return host


def people(host):
    """alice writes budget.xlsx, bob a file with an umlaut, carol is only connected."""
    host.connect(ADDRESS, "alice", "pw-alice", 'put - "budget.xlsx"')
    host.connect(ADDRESS, "bob", "pw-bob", 'put - "Zürich.txt"')
    host.connect(ADDRESS, "carol", "pw-carol")
    lab.until(lambda: len(host.smbwho(ADDRESS, "-o", "json").rows) >= 4, 15)
