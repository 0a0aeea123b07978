"""Counts, and holds against benches/limits.toml; benches/counts has built everything."""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import labs
import scale_close
import scale_files
import scale_groups
import scale_who_has

labs.BUILT = labs.ROOT / "target" / "debug"
CODEC = labs.ROOT / "target" / "release" / "codec"
# Two sizes, so that what is the same for both falls away.
FEW, MANY = 1_000, 11_000
LONG = 5_000


def round_trips(servers):
    """Elapsed time can only be too long: the least of three."""
    found = {}
    for name, sessions in (("sessions, auto level", 4), (f"{LONG} sessions, auto level", LONG)):
        command = servers.smbwho(sessions, "slow")
        walls = [labs.once(command, servers.password)["wall"] for _ in range(3)]
        found[name] = int(min(walls) / labs.ROUND_TRIP)
    return found


def requests(servers):
    found = {}
    for name, sessions in (("sessions, auto level", 4), (f"{LONG} sessions, auto level", LONG)):
        servers.count()
        labs.once(servers.smbwho(sessions, "counted"), servers.password, sessions)
        found[name] = servers.count()["requests"]
    return found


def allocated(servers, sessions, form):
    """Bytes and blocks that one run allocates."""
    command = servers.smbwho(sessions, more=["-o", form])
    command.remove("-o")
    command.remove("jsonl")
    text = valgrind("dhat", command, {"SMBWHO_PASSWORD": servers.password})
    return [int(number.replace(",", "")) for number in
            re.search(r"Total: +([\d,]+) bytes in ([\d,]+) blocks", text).groups()]


def allocations(servers, forms):
    found = {"bytes": {}, "blocks": {}}
    for form in forms:
        few, many = allocated(servers, FEW, form), allocated(servers, MANY, form)
        found["bytes"][form] = (many[0] - few[0]) / (MANY - FEW)
        found["blocks"][form] = (many[1] - few[1]) * 10_000 / (MANY - FEW)
    return found


def instructions(ways, folder):
    found = {}
    for way in ways:
        totals = []
        for sessions in (FEW, MANY):
            file = Path(folder) / f"stub-{sessions}"
            make = ["stub", "--level", "10", "--sessions", str(sessions), file]
            subprocess.run([CODEC, *make], check=True)
            totals.append(executed([CODEC, "once", way, file], {}))
        found[way] = (totals[1] - totals[0]) / (MANY - FEW)
    return found


def executed(command, env):
    """Instructions of one run."""
    text = valgrind("callgrind", command, env)
    return int(re.search(r"Collected : (\d+)", text).group(1))


def valgrind(tool, command, env):
    options = [f"--tool={tool}", f"--{tool}-out-file=/dev/null"]
    done = subprocess.run(
        ["valgrind", *options, *command], env={**os.environ, **env},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
    )
    if done.returncode != 0:
        sys.exit(f"valgrind --tool={tool} {command[0]}: code {done.returncode}\n{done.stderr}")
    return done.stderr


def of_sessions(limits, folder):
    with labs.Labs([4, FEW, LONG, MANY]) as servers:
        return {
            "round_trips": round_trips(servers),
            "requests": requests(servers),
            **allocations(servers, limits["bytes"]),
            "instructions": instructions(limits["instructions"], folder),
        }


def of_questions(limited):
    """Lists that are asked for, and turns that client and server take; only what has a limit."""
    costs = {}
    for part in (scale_close, scale_files, scale_who_has, scale_groups):
        if limited & set(part.COUNTED):
            costs.update(part.counted())
    return {
        "lists": {name: cost["calls"].get(labs.FILE_ENUM, 0) for name, cost in costs.items()},
        "turns": {name: cost["turns"] for name, cost in costs.items()},
    }


def growth():
    """What one more costs among many, by what it costs among few: 1 where a row costs what it costs,
    whatever the number of rows; and what --sort and many paths add."""

    def asked(words, **numbers):
        with labs.Server("files", **numbers) as server:
            return executed(server.smbwho(*words), {"SMBWHO_PASSWORD": server.password})

    def bend(words, users=1, **numbers):
        few, more, most = (
            asked(words, users=users, **{of: n * by for of, n in numbers.items()}) for by in (1, 2, 4)
        )
        return (most - more) / 2 / (more - few)

    choose = ["close", "session", "SERVER", "--user", "*", "--dry-run"]
    files, among = ["files", "SERVER"], {"users": 100, "files": 400, "shares": 100}
    looked = [asked(["who-has", "-s", "SERVER", *scale_who_has.folders(paths, r"D:\shares")], **among)
              for paths in (10, 100)]
    return {
        "close --dry-run, a session": bend(choose, clients=150),
        "files, a file": bend(files, users=20, files=200),
        "files of one account, a client": bend(files, clients=50, files=200),
        "who-has, 100 paths by 10": looked[1] / looked[0],
        "files --sort path by unsorted": asked([*files, "--sort", "path"], **among) / asked(files, **among),
    }


def main():
    limits = tomllib.loads((labs.ROOT / "benches/limits.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        with labs.Clock("sessions"):
            found = of_sessions(limits, folder)
        with labs.Clock("questions"):
            found.update(of_questions({*limits.get("lists", ()), *limits.get("turns", ())}))
        if "growth" in limits:
            with labs.Clock("growth"):
                found["growth"] = growth()
    over = 0
    for kind, figures in limits.items():
        for name, limit in figures.items():
            count = found[kind][name]
            word = "" if count <= limit else "  ABOVE THE LIMIT"
            over += count > limit
            shown = f"{count:,.2f}" if isinstance(limit, float) else f"{count:,.0f}"
            print(f"{kind:13} {name:46} {shown:>10}  of at most {limit:7,}{word}")
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
