"""Counts, and holds against benches/limits.toml; benches/counts has built everything."""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import compare

ROOT = Path(__file__).resolve().parent.parent
compare.BUILT = ROOT / "target" / "debug"
CODEC = ROOT / "target" / "release" / "codec"
# Two sizes, so that what is the same for both falls away.
FEW, MANY = 1_000, 11_000
LONG = 5_000


def round_trips(labs):
    """Elapsed time can only be too long: the least of three."""
    found = {}
    for name, sessions in (("sessions, auto level", 4), (f"{LONG} sessions, auto level", LONG)):
        command = labs.smbwho(sessions, "slow")
        walls = [compare.once(command, labs.facts["password"])["wall"] for _ in range(3)]
        found[name] = int(min(walls) / compare.ROUND_TRIP)
    return found


def requests(labs):
    found = {}
    for name, sessions in (("sessions, auto level", 4), (f"{LONG} sessions, auto level", LONG)):
        labs.count()
        compare.once(labs.smbwho(sessions, "counted"), labs.facts["password"], sessions)
        found[name] = labs.count()["requests"]
    return found


def allocated(labs, sessions, form):
    """Bytes and blocks that one run allocates."""
    command = labs.smbwho(sessions, more=["-o", form])
    command.remove("-o")
    command.remove("jsonl")
    text = valgrind("dhat", command, {"SMBWHO_PASSWORD": labs.facts["password"]})
    return [int(number.replace(",", "")) for number in
            re.search(r"Total: +([\d,]+) bytes in ([\d,]+) blocks", text).groups()]


def allocations(labs, forms):
    found = {"bytes": {}, "blocks": {}}
    for form in forms:
        few, many = allocated(labs, FEW, form), allocated(labs, MANY, form)
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
            text = valgrind("callgrind", [CODEC, "once", way, file], {})
            totals.append(int(re.search(r"Collected : (\d+)", text).group(1)))
        found[way] = (totals[1] - totals[0]) / (MANY - FEW)
    return found


def valgrind(tool, command, env):
    options = [f"--tool={tool}", f"--{tool}-out-file=/dev/null"]
    done = subprocess.run(
        ["valgrind", *options, *command], env={**compare.os.environ, **env},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
    )
    if done.returncode != 0:
        sys.exit(f"valgrind --tool={tool} {command[0]}: code {done.returncode}\n{done.stderr}")
    return done.stderr


def main():
    limits = tomllib.loads((ROOT / "benches/limits.toml").read_text(encoding="utf-8"))
    labs = compare.Labs([4, FEW, LONG, MANY])
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = {
                "round_trips": round_trips(labs),
                "requests": requests(labs),
                **allocations(labs, limits["bytes"]),
                "instructions": instructions(limits["instructions"], folder),
            }
    finally:
        labs.close()
    over = 0
    for kind, figures in limits.items():
        for name, limit in figures.items():
            count = found[kind][name]
            word = "" if count <= limit else "  ABOVE THE LIMIT"
            over += count > limit
            print(f"{kind:13} {name:28} {count:10,.0f}  of at most {limit:7,}{word}")
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
