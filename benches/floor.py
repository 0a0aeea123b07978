"""smbwho's CPU time beside the floor's: a program that only moves the same bytes."""

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from statistics import median

import labs
import report

SESSIONS = 100_000
# What smbwho may take of the floor's CPU time, and of memory in KiB.
MOST, MEMORY = 6, 20 * 1024


def started(command):
    """A process that tells its port in its first line, and the port."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def once(command, password):
    """What one run costs whose output goes nowhere: both write, and nobody keeps it."""
    done = subprocess.run(
        [labs.BUILT / "measured", *command],
        env={**os.environ, "SMBWHO_PASSWORD": password},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
    )
    cost = json.loads(done.stderr.strip().splitlines()[-1]) if done.returncode == 0 else None
    if cost is None or cost["code"] != 0:
        raise labs.Failed(f"{command[0]}: {done.stderr[:2000]}")
    return cost


def record(servers, sessions, folder):
    """Keeps what smbwho and a server of so many sessions say; the bytes that smbwho prints."""
    server = f"127.0.0.1:{servers.port(sessions)}"
    relay, port = started([labs.BUILT / "floor", "record", server, folder])
    command = servers.smbwho(sessions, servers=f"127.0.0.1:{port}")
    env = {**os.environ, "SMBWHO_PASSWORD": servers.password}
    printed = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True).stdout
    relay.wait()
    return len(printed)


def beside(servers, runs, sessions=SESSIONS):
    """Medians, of smbwho and the floor in turns."""
    with tempfile.TemporaryDirectory() as folder:
        printed = record(servers, sessions, folder)
        server, port = started([labs.BUILT / "floor", "serve", folder])
        floor = [labs.BUILT / "floor", "ask", folder, port, str(printed)]
        try:
            turns = [
                (once(servers.smbwho(sessions), servers.password), once(floor, ""))
                for _ in range(runs)
            ]
        finally:
            server.stdin.close()
            server.wait()
        messages = count_messages((Path(folder) / "events").read_bytes())
        received = (Path(folder) / "answers").stat().st_size
    ours, least = zip(*turns)
    return {
        "smbwho": median(cost["cpu"] for cost in ours),
        "floor": median(cost["cpu"] for cost in least),
        "memory": median(cost["memory"] for cost in ours),
        "messages": messages, "received": received, "printed": printed,
    }


def count_messages(recorded):
    """The client's messages of a recording."""
    count = at = 0
    while at < len(recorded):
        length = int.from_bytes(recorded[at + 1:at + 5], "little")
        is_client = recorded[at:at + 1] == b"C"
        count += is_client
        at += 5 + (length if is_client else 0)
    return count


def measure(quick):
    with labs.Labs([SESSIONS]) as servers:
        return beside(servers, 5 if quick else 20)


def add(table, found):
    work = "100,000 sessions as jsonl, beside only receiving the same messages and writing as much"
    ours, floor = found["smbwho"], found["floor"]
    table.row(
        f"{work}: CPU", table.ms(ours), f"floor {table.ms(floor)}", f"{MOST} × floor",
        f"{ours / floor:.3g} ×", ours <= MOST * floor,
    )
    table.most("100,000 sessions as jsonl: peak memory", found["memory"], MEMORY, table.mib)


def main():
    parser = argparse.ArgumentParser(prog="benches/floor")
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    with labs.Labs([SESSIONS]) as servers:
        found = beside(servers, arguments.runs)
    table = report.Table()
    add(table, found)
    print(
        f"{found['messages']:,} messages, {found['received']:,} bytes received, "
        f"{found['printed']:,} printed; medians of {arguments.runs}\n\n{table.text()}", end=""
    )


if __name__ == "__main__":
    main()
