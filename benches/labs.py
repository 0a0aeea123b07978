"""The servers that the benchmarks ask, and what one run of a program costs."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "target" / "release"
ORACLE = os.environ.get("SMBWHO_ORACLE_PYTHON", str(ROOT / "target/oracle-venv/bin/python"))
ROUND_TRIP = 0.2
# NetrFileEnum's number.
FILE_ENUM = "9"
GROWTH = [1_000, 3_000, 10_000, 30_000, 100_000]


class Failed(Exception):
    """Something could not be measured."""


def say(text):
    print(text, file=sys.stderr, flush=True)


class Lab:
    """A program of benches/src/bin that holds servers until its standard input ends."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            [BUILT / command[0], *map(str, command[1:])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"{command[0]} did not start")
        self.facts = json.loads(line)
        self.user, self.password = self.facts["user"], self.facts["password"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def tell(self, words=""):
        """Says something to the program; its answer."""
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Labs(Lab):
    """Servers of sessions, one for each number of them, and how each program is told to ask them."""

    def __init__(self, counts, living=()):
        super().__init__("labs", *counts, *(f"--living={count}" for count in living))

    def port(self, sessions, line="ports"):
        return str(self.facts[line][str(sessions)])

    def smbwho(self, sessions, line="ports", servers=None, more=()):
        servers = servers or f"127.0.0.1:{self.port(sessions, line)}"
        return [BUILT / "smbwho", servers, "-U", self.user, "-o", "jsonl", *more]

    def rpcclient(self, sessions, line="ports", host="127.0.0.1"):
        login = f"{self.user}%{self.password}"
        port = self.port(sessions, line)
        return ["rpcclient", host, "-p", port, "-U", login, "-c", "netsessenum"]

    def impacket(self, sessions, line="ports", host="127.0.0.1"):
        script = ROOT / "benches/peers/impacket_sessions.py"
        port = self.port(sessions, line)
        return [ORACLE, script, host, port, self.user, self.password, "1"]

    def count(self):
        """What went over the counted lines since this was asked last."""
        return self.tell()

    def change(self, sessions):
        """So many sessions of the living servers have other files open."""
        self.tell(sessions)


class Server(Lab):
    """One server of a size: `files` with its numbers, or `domain`."""

    def __init__(self, kind, **numbers):
        super().__init__("server", kind, *(f"--{name}={of}" for name, of in numbers.items()))

    def port(self, line="direct"):
        return self.facts["ports"][line]

    def address(self, line="direct"):
        return f"127.0.0.1:{self.port(line)}"

    def smbwho(self, *words, line="direct"):
        """A command of smbwho; `SERVER` among the words becomes the address."""
        words = [str(word).replace("SERVER", self.address(line)) for word in words]
        return [BUILT / "smbwho", *words, "-U", self.user, "-o", "jsonl"]

    def once(self, command, expect=None, env=None):
        """What one run costs, with `calls` by number and `turns` of the line `lockstep`. What it
        closes is open again afterwards."""
        self.tell()
        cost = once(command, self.password, expect, env)
        return {**cost, **self.tell()}

    def measure(self, command, runs, expect=None, env=None):
        """The median of several runs, of each cost by itself; the calls and turns of the last."""
        costs = [self.once(command, expect, env) for _ in range(runs)]
        middle = {key: median(cost[key] for cost in costs) for key in ("wall", "cpu", "memory")}
        return {**costs[-1], **middle}


def once(command, password, expect=None, env=None, nowhere=False):
    """What one run of a command costs. `expect` counts the lines it must print; `nowhere` lets what
    it prints go to /dev/null."""
    env = {**os.environ, "SMBWHO_PASSWORD": password, **(env or {})}
    with open("/dev/null", "w+b") if nowhere else tempfile.TemporaryFile() as out:
        done = subprocess.run(
            [BUILT / "measured", *command], env=env, stdout=out, stderr=subprocess.PIPE, check=False
        )
        text = done.stderr.decode(errors="replace")
        if done.returncode != 0:
            raise Failed(f"{command[0]} cannot be run: {text}")
        cost = json.loads(text.strip().splitlines()[-1])
        out.seek(0)
        lines = sum(1 for _ in out)
    if cost["code"] != 0 or (expect is not None and lines != expect):
        words = " ".join(map(str, command))[:200]
        raise Failed(f"{words}: code {cost['code']}, {lines} lines\n{text[:2000]}")
    return {**cost, "lines": lines}


def measure(command, labs, runs, expect=None):
    """The median of several runs, of each cost by itself."""
    costs = [once(command, labs.password, expect) for _ in range(runs)]
    return {key: median(cost[key] for cost in costs) for key in ("wall", "cpu", "memory")}


def growing(counts, run, most=10):
    """Points of (how many, cost) until one run takes more than `most` seconds of CPU."""
    points = []
    for count in counts:
        points.append([count, run(count)])
        if points[-1][1]["cpu"] > most:
            break
    return points


class Clock:
    """Says how long a part took."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        say(f"{self.name} …")
        self.began = time.monotonic()

    def __exit__(self, *_):
        say(f"{self.name}: {time.monotonic() - self.began:.0f} s")
