"""Namespaces, processes, the program, and checks: what every kind of server needs."""
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
BASE = os.environ.get("SMBWHO_SERVERS") or os.path.expanduser("~/.cache/smbwho-servers")
PROGRAM = os.path.abspath(os.environ.get("SMBWHO") or os.path.join(HERE, "../../target/debug/smbwho"))
USERS = ("alice", "bob", "carol")
_started, _folders = [], []


def end_all():
    """Ends all that was started, newest first."""
    while _started:
        process = _started.pop()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, number)
                try:
                    process.wait(3)
                except subprocess.TimeoutExpired:
                    pass
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


atexit.register(end_all)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def folder():
    path = tempfile.mkdtemp(prefix="smbwho-servers-")
    os.chmod(path, 0o755)
    _folders.append(path)
    return path


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.2)
    return None


def start(command, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.DEVNULL)
    options.setdefault("stderr", subprocess.STDOUT)
    process = subprocess.Popen(command, start_new_session=True, **options)
    _started.append(process)
    return process


class Host:
    """A network namespace, and the folder that its programs see as `/`.

    `root` None is this computer's own files. The namespaces live as long as the process that holds
    them: with it ends all that was started inside."""

    def __init__(self, addresses, root=None, hostname="fs"):
        self.root = root
        links = "; ".join(f"ip addr add {address}/32 dev lo" for address in addresses)
        inside = ""
        if root:
            inside = (f"mount -t proc proc {root}/proc; mount --rbind /dev {root}/dev; "
                      f"mount -t tmpfs tmpfs {root}/run; mkdir -p {root}/run/samba; ")
        script = f"hostname {hostname}; ip link set lo up; {links}; {inside}echo up; exec sleep 86400"
        self.holder = start(["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child=SIGKILL",
                             "--propagation", "private", "sh", "-c", script], stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline().strip() != "up":
            sys.exit("the namespaces do not come up; this takes root")
        with open(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children") as children:
            self.pid = int(children.read().split()[0])

    def command(self, *words, chrooted=True):
        enter = ["nsenter", "--target", str(self.pid), "--net", "--mount", "--uts", "--pid"]
        return enter + (["chroot", self.root] if self.root and chrooted else []) + list(words)

    def run(self, *words, text=None, chrooted=True, check=False):
        done = subprocess.run(self.command(*words, chrooted=chrooted), input=text, capture_output=True,
                              text=True, errors="replace", timeout=300)
        if check and done.returncode:
            raise RuntimeError(f"{words[:4]}: {(done.stderr or done.stdout)[-400:]}")
        return done

    def start(self, *words, **options):
        return start(self.command(*words), **options)

    def listens(self, address, port=445, seconds=60):
        probe = f"(exec 3<>/dev/tcp/{address}/{port})"
        return until(lambda: self.run("bash", "-c", probe, chrooted=False).returncode == 0, seconds)

    def path(self, path):
        return (self.root or "") + path

    # Clients, with the smbclient of this computer.

    def connect(self, address, user, password, script=None, share="data"):
        """Connected, or with a file open (`put - NAME`), until the end."""
        login = write(f"{folder()}/login", f"username = {user}\npassword = {password}\n", 0o600)
        command = ["smbclient", "-s", "/dev/null", "-t", "600", "-A", login, f"//{address}/{share}"]
        command += ["-c", script] if script else []
        process = start(self.command(*command, chrooted=False), stdin=subprocess.PIPE)
        time.sleep(0.5)
        return process

    def smbwho(self, *words, user="root", password="pw-root", chrooted=False, more=None):
        """The program's answer: code, rows (of JSON), and what it said."""
        environment = dict(os.environ, SMBWHO_PASSWORD=password or "", NO_COLOR="1",
                           XDG_STATE_HOME="/tmp/smbwho-servers-state", **(more or {}))
        environment.pop("KRB5CCNAME", None) if not (more or {}).get("KRB5CCNAME") else None
        program = PROGRAM
        if chrooted:
            program = "/usr/local/bin/smbwho"
            shutil.copy(PROGRAM, self.path(program))
        command = self.command(program, *words, *(["-U", user] if user else []), chrooted=chrooted)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=120)
        return Answer(done)


class Answer:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.said = " ".join((self.err + " " + self.out).split())
        try:
            document = json.loads(self.out)
            self.rows, self.errors = document["rows"], document["errors"]
        except (ValueError, KeyError, TypeError):
            self.rows, self.errors = [], []

    def values(self, field):
        return [row.get(field) for row in self.rows]

    def __str__(self):
        return f"exit {self.code}, {len(self.rows)} rows, {self.said[:300]}"


class Checks:
    """What was held against what is known."""

    def __init__(self, title):
        self.title, self.right, self.wrong = title, 0, []
        print(f"== {title}", flush=True)

    def check(self, name, holds, seen=""):
        if holds:
            self.right += 1
            print(f"ok     {name}", flush=True)
        else:
            self.wrong.append(name)
            print(f"WRONG  {name}: {seen}", flush=True)

    def note(self, text):
        print(f"       {text}", flush=True)

    def finish(self):
        print(f"== {self.title}: {self.right} right, {len(self.wrong)} wrong"
              + (f" ({', '.join(self.wrong)})" if self.wrong else ""), flush=True)
        return len(self.wrong)
