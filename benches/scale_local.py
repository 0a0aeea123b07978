"""What the computer itself costs to ask, without a server named, beside the text of smbstatus."""

import os
import subprocess
import tempfile
import threading
import time
from statistics import median

import labs
from local_server import Server

# Sessions and open files; the last is what has limits.
SIZES = [(300, 1_200), (1_000, 4_000), (5_000, 18_000)]
# As nearly everywhere. Each connection costs the server a process, and that some 0.8 MiB.
SESSIONS_OF_A_CONNECTION = 1
MOST_TIMES, MOST_MEMORY = 3, 64 << 10
QUESTIONS = {
    "sessions": ["sessions"],
    "sessions without opens": ["sessions", "--columns", "client,user,active,dialect,address"],
    "files": ["files"],
    "who-has": ["who-has", "FOLDER"],
    "connections": ["connections", "--share", "data"],
}


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return []


def resident(pid):
    """KiB of a process and all its children."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            own = int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") >> 10
    except (OSError, ValueError, IndexError):
        return 0
    return own + sum(resident(child) for child in children(pid))


def once(command, env):
    """What one run costs, with what it starts: wall and CPU seconds, memory at its highest."""
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        process = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.PIPE)
        highest = [0]

        def sample():
            while process.returncode is None:
                highest[0] = max(highest[0], resident(process.pid))
                time.sleep(0.001)

        sampler = threading.Thread(target=sample, daemon=True)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        sampler.join()
        if process.returncode != 0:
            said = process.stderr.read().decode(errors="replace")
            raise labs.Failed(f"{command[0]}: code {process.returncode}: {said[:2000]}")
        out.seek(0)
        lines = sum(1 for _ in out)
    # What was seen, and no less than the largest of them at its highest.
    memory = max(highest[0], usage.ru_maxrss)
    cpu = usage.ru_utime + usage.ru_stime
    return {"wall": wall, "cpu": cpu, "memory": memory, "lines": lines}


def repeated(command, env, runs, lines=None):
    costs = [once(command, env) for _ in range(runs)]
    seen = {cost["lines"] for cost in costs}
    if lines is not None and seen != {lines}:
        raise labs.Failed(f"{command}: {seen} lines, not {lines}")
    middle = {key: median(cost[key] for cost in costs) for key in ("wall", "cpu")}
    return {**middle, "memory": max(cost["memory"] for cost in costs)}


def measure(quick):
    runs, found = 3 if quick else 7, []
    for sessions, opens in SIZES[:2] if quick else SIZES:
        with Server(labs.ORACLE, sessions, opens, SESSIONS_OF_A_CONNECTION) as of:
            env = of.environment()
            costs = {"smbstatus": repeated(["smbstatus"], env, runs)}
            for name, words in QUESTIONS.items():
                words = [word.replace("FOLDER", str(of.folder / "data")) for word in words]
                command = [labs.BUILT / "smbwho", *words, "-o", "jsonl"]
                rows = opens if name in ("files", "who-has") else sessions
                costs[name] = repeated(command, env, runs, rows)
            found.append([sessions, opens, costs])
    return found


def add(table, found):
    for sessions, opens, costs in found:
        text = costs["smbstatus"]["wall"]
        for name in QUESTIONS:
            cost = costs[name]
            work = f"here, {sessions:,} sessions and {opens:,} open files: {name}"
            table.ratio(f"{work}: time", cost["wall"], text, MOST_TIMES, table.ms, "smbstatus")
            if (sessions, opens) == SIZES[-1]:
                table.most(
                    f"{work}: memory with what it starts", cost["memory"], MOST_MEMORY, table.mib
                )
