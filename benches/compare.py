"""Measures smbwho and its peers; benches/compare has built and installed everything."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import browse
import report

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "target" / "release"
ORACLE = os.environ.get("SMBWHO_ORACLE_PYTHON", str(ROOT / "target/oracle-venv/bin/python"))
ROUND_TRIP = 0.2
JOBS = 64
GROWTH = [1_000, 3_000, 10_000, 30_000, 100_000]


def say(text):
    print(text, file=sys.stderr, flush=True)


class Labs:
    """The servers, and how each program is told to ask them."""

    def __init__(self, counts, living=()):
        more = [f"--living={count}" for count in living]
        self.process = subprocess.Popen(
            [BUILT / "labs", *map(str, counts), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the labs did not start")
        self.facts = json.loads(line)

    def port(self, sessions, line="ports"):
        return str(self.facts[line][str(sessions)])

    def smbwho(self, sessions, line="ports", servers=None, more=()):
        servers = servers or f"127.0.0.1:{self.port(sessions, line)}"
        return [BUILT / "smbwho", servers, "-U", self.facts["user"], "-o", "jsonl", *more]

    def rpcclient(self, sessions, line="ports", host="127.0.0.1"):
        login = f"{self.facts['user']}%{self.facts['password']}"
        port = self.port(sessions, line)
        return ["rpcclient", host, "-p", port, "-U", login, "-c", "netsessenum"]

    def impacket(self, sessions, line="ports", host="127.0.0.1"):
        user, password = self.facts["user"], self.facts["password"]
        script = ROOT / "benches/peers/impacket_sessions.py"
        return [ORACLE, script, host, self.port(sessions, line), user, password, "1"]

    def count(self):
        """What went over the counted lines since this was asked last."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def change(self, sessions):
        """So many sessions of the living servers have other files open."""
        self.process.stdin.write(f"{sessions}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def once(command, password, expect=None):
    """What one run of a command costs. `expect` counts the lines it must print."""
    env = {**os.environ, "SMBWHO_PASSWORD": password}
    with tempfile.TemporaryFile() as out:
        done = subprocess.run(
            [BUILT / "measured", *command], env=env, stdout=out, stderr=subprocess.PIPE, check=False
        )
        text = done.stderr.decode(errors="replace")
        if done.returncode != 0:
            sys.exit(f"{command[0]} cannot be run: {text}")
        cost = json.loads(text.strip().splitlines()[-1])
        out.seek(0)
        lines = sum(1 for _ in out)
    if cost["code"] != 0 or (expect is not None and lines != expect):
        sys.exit(f"{command[0]}: code {cost['code']}, {lines} lines\n{text}")
    return cost


def measure(command, labs, runs, expect=None):
    """The median of several runs, of each cost by itself."""
    costs = [once(command, labs.facts["password"], expect) for _ in range(runs)]
    return {key: median(cost[key] for cost in costs) for key in ("wall", "cpu", "memory")}


def one_server(labs, runs):
    say("one server, whole process …")
    return {
        "smbwho": measure(labs.smbwho(4), labs, runs, 4),
        "rpcclient": measure(labs.rpcclient(4), labs, runs),
        "impacket": measure(labs.impacket(4), labs, max(runs // 3, 1)),
    }


def slow_line(labs, sessions, peers=True):
    """Round trips over a line of 200 ms: the peers side by side, since they only wait."""
    say(f"{sessions} sessions over a line of 200 ms …")
    password = labs.facts["password"]

    def seconds(command):
        return once(command, password)["wall"]

    # Whatever else the machine does adds to the time: the least of three has the least of it.
    walls = {"smbwho": min(seconds(labs.smbwho(sessions, "slow")) for _ in range(3))}
    if peers:
        commands = [labs.rpcclient(sessions, "slow"), labs.impacket(sessions, "slow")]
        with ThreadPoolExecutor() as side_by_side:
            walls["rpcclient"], walls["impacket"] = side_by_side.map(seconds, commands)
    return {who: {"wall": wall, "trips": int(wall / ROUND_TRIP)} for who, wall in walls.items()}


def large(labs, sessions, runs, impacket):
    say(f"{sessions} sessions on loopback …")
    found = {
        "smbwho": measure(labs.smbwho(sessions), labs, runs, sessions),
        "rpcclient": measure(labs.rpcclient(sessions), labs, runs),
    }
    if impacket:
        found["impacket"] = measure(labs.impacket(sessions), labs, 1)
    return found


def growth(labs, counts, runs):
    say("as sessions grow …")
    return {
        "smbwho": [[n, measure(labs.smbwho(n), labs, runs, n)] for n in counts],
        "rpcclient": [[n, measure(labs.rpcclient(n), labs, runs)] for n in counts],
    }


def hosts(labs, counts, runs, peers_up_to, folder):
    """One smbd answers at every address of 127.0.0.0/8, as that many hosts."""
    found = {"smbwho": [], "one at a time": [], "rpcclient": [], "impacket": []}
    port = labs.port(4)
    for count in counts:
        say(f"{count} hosts …")
        names = [f"127.1.{n // 250}.{n % 250 + 1}:{port}" for n in range(count)]
        file = Path(folder) / f"hosts-{count}"
        file.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        ask = labs.smbwho(4, servers=f"@{file}", more=["--jobs", str(JOBS), "-q"])
        found["smbwho"].append([count, measure(ask, labs, runs, 4 * count)])
        if count == counts[-1]:
            alone = labs.smbwho(4, servers=f"@{file}", more=["--jobs", "1", "-q"])
            found["one at a time"].append([count, measure(alone, labs, 1, 4 * count)])
        if count > peers_up_to:
            continue
        costs = [
            once(labs.rpcclient(4, host=name.split(":")[0]), labs.facts["password"])
            for name in names
        ]
        total = {key: sum(cost[key] for cost in costs) for key in ("wall", "cpu")}
        found["rpcclient"].append([count, {**total, "memory": max(c["memory"] for c in costs)}])
        found["impacket"].append([count, measure(labs.impacket(4, host=f"@{file}"), labs, 1)])
    return found


def codec(sessions, rounds, folder):
    say("decoding …")
    found = {}
    for level in (1, 10):
        file = Path(folder) / f"stub-{level}"
        make = ["stub", "--level", str(level), "--sessions", str(sessions), file]
        subprocess.run([BUILT / "codec", *make], check=True)
        ours = [BUILT / "codec", "time", "--rounds", str(rounds), file]
        peer = [sys.executable, ROOT / "benches/peers/libndr.py", file, str(rounds)]
        # In turns, and the fastest of each: a moment's disturbance falls on one of them alone.
        turns = [
            {**json.loads(subprocess.check_output(ours)),
             "libndr": float(subprocess.check_output(peer))}
            for _ in range(3)
        ]
        found[level] = {way: min(turn[way] for turn in turns) for way in turns[0]}
    return found


def grid(labs, quick):
    say("the grid …")
    return browse.measure(labs, quick, once)


def main():
    parser = argparse.ArgumentParser(prog="benches/compare")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    quick = arguments.quick
    runs = 3 if quick else 7
    grows = [1_000, 10_000, 100_000] if quick else GROWTH
    counts = sorted({4, 5_000, 100_000, *grows})
    labs = Labs(counts, [browse.FEW, browse.MANY])
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = {
                "quick": quick,
                "runs": runs,
                "jobs": JOBS,
                "one": one_server(labs, 5 if quick else 15),
                "ladder": slow_line(labs, 4),
                "long": slow_line(labs, 5_000, peers=not quick),
                "large": large(labs, 100_000, runs, impacket=not quick),
                "growth": growth(labs, grows, 1 if quick else 5),
                "hosts": hosts(
                    labs,
                    [10, 100] if quick else [10, 30, 100, 300, 1_000],
                    1 if quick else 3,
                    10 if quick else 1_000,
                    folder,
                ),
                "codec": codec(100_000, 5 if quick else 20, folder),
                "browse": grid(labs, quick),
            }
    finally:
        labs.close()
    report.publish(found, ROOT / "docs" if arguments.write else None)


if __name__ == "__main__":
    main()
