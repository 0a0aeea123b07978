"""Two nodes of a CTDB cluster, each of which reports everybody's sessions and files."""
import os
import shutil

import lab
import member

NODES = ("10.79.0.1", "10.79.0.2")
CONF = """[global]
  clustering = yes
  ctdbd socket = /run/ctdb/ctdbd.socket
  netbios name = CLUS
  workgroup = LAB
  server role = standalone server
  interfaces = {address}/32
  bind interfaces only = yes
  disable netbios = yes
  load printers = no
  printcap name = /dev/null
  disable spoolss = yes
  passdb backend = tdbsam
[data]
  path = /srv/c
  read only = no
"""
PEOPLE = r"""
for u in alice bob root; do printf 'pw-%s\npw-%s\n' $u $u | smbpasswd -s -a $u; done
net groupmap add sid=S-1-5-32-544 unixgroup=smbadmins type=builtin
net groupmap addmem S-1-5-32-544 "$(pdbedit -v root | sed -n 's/^User SID: *//p')"
"""


def run(checks, name):
    roots = [f"{lab.BASE}/{name}", f"{lab.BASE}/{name}2"]
    if not os.path.exists(roots[1]):
        lab.subprocess.run(["cp", "-a", roots[0], roots[1]], check=True)
    shared = lab.folder()
    os.chmod(shared, 0o1777)
    first = None
    hosts = []
    for root, address in zip(roots, NODES):
        prepare(root, address)
        if first is None:
            first = lab.Host([*NODES, "10.79.0.3", "10.79.0.4"], root, "n1")
            host = first
        else:
            host = member.Inside(first, root, "n2")
        host.run("mount", "--bind", shared, f"{root}/srv/c", chrooted=False, check=True)
        host.run("mkdir", "-p", "/run/ctdb")
        hosts.append(host)
    for host in hosts:
        host.run("ctdbd")
    healthy = lab.until(lambda: first.run("ctdb", "status").stdout.count("OK") >= 2, 60)
    if not healthy:
        raise RuntimeError("the cluster does not come up: " + first.run("ctdb", "status").stdout)
    for host in hosts:
        host.run("sh", "-c", "for u in alice bob; do id $u >/dev/null 2>&1 || useradd -M -s /usr/sbin/nologin $u; done; groupadd -f smbadmins")
    first.run("sh", "-c", PEOPLE)
    for host, address in zip(hosts, NODES):
        host.start("smbd", "-F", "--no-process-group")
        host.listens(address)
    lab.time.sleep(3)
    checks.note(f"Samba {first.run('smbd', '--version').stdout.split()[-1]}")
    ask(checks, first)


def prepare(root, address):
    for folder in ("var/lib/samba", "var/lib/ctdb", "var/log/samba", "var/log/ctdb"):
        shutil.rmtree(f"{root}/{folder}", ignore_errors=True)
    for folder in ("var/lib/samba/private", "var/lib/ctdb/volatile", "var/lib/ctdb/persistent", "var/lib/ctdb/state",
                   "var/log/samba", "var/log/ctdb", "srv/c", "etc/ctdb"):
        os.makedirs(f"{root}/{folder}", exist_ok=True)
    lab.write(f"{root}/etc/ctdb/nodes", "\n".join(NODES) + "\n")
    lab.write(f"{root}/etc/ctdb/ctdb.conf", "[logging]\n location = file:/var/log/ctdb/log.ctdb\n[legacy]\n realtime scheduling = false\n"
              f"[cluster]\n node address = {address}\n")
    lab.write(f"{root}/etc/samba/smb.conf", CONF.format(address=address))


def ask(checks, host):
    configured = lab.write(f"{lab.folder()}/config.toml", f'[clusters]\nclus = ["{NODES[0]}", "{NODES[1]}"]\n')
    more = {"SMBWHO_CONFIG": configured}
    host.connect(NODES[0], "alice", "pw-alice", 'put - "budget.xlsx"')
    host.connect(NODES[1], "bob", "pw-bob")
    for words in (("sessions", NODES[0]), ("sessions", NODES[1])):
        users = host.smbwho(*words, "-o", "json").values("user")
        checks.note(f"{words[1]} reports {sorted(map(str, users))}")
    answer = host.smbwho("sessions", "clus", "-o", "json", more=more)
    users = answer.values("user")
    checks.check("sessions of the cluster: one row each", answer.code == 0 and users.count("alice") == 1 and users.count("bob") == 1, answer)
    answer = host.smbwho("files", "clus", "-o", "json", more=more)
    held = [row for row in answer.rows if str(row["path"]).endswith("budget.xlsx")]
    checks.check("files of the cluster: one row each", answer.code == 0 and len(held) == 1, answer)
    answer = host.smbwho("who-has", r"\\clus\data\budget.xlsx", "-o", "json", more=more)
    checks.check("who-has on the cluster: one row", answer.code == 0 and len(answer.rows) == 1, answer)
    checks.note(f"node of that row: {answer.values('node')}")
    answer = host.smbwho("shares", "clus", "-o", "json", more=more)
    checks.check("shares of the cluster", answer.code == 0 and answer.values("name").count("data") == 1, answer)
