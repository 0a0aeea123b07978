"""What decoding a session costs, beside Samba's libndr and a hand-written decoder."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import labs

SESSIONS = 100_000
LEVELS = (1, 10)


def measure(quick):
    rounds, found = 5 if quick else 20, {}
    with tempfile.TemporaryDirectory() as folder:
        for level in LEVELS:
            file = Path(folder) / f"stub-{level}"
            make = ["stub", "--level", str(level), "--sessions", str(SESSIONS), file]
            subprocess.run([labs.BUILT / "codec", *make], check=True)
            ours = [labs.BUILT / "codec", "time", "--rounds", str(rounds), file]
            peer = [sys.executable, labs.ROOT / "benches/peers/libndr.py", file, str(rounds)]
            # In turns, and the fastest of each: a moment's disturbance falls on one of them alone.
            turns = [
                {**json.loads(subprocess.check_output(ours)),
                 "libndr": float(subprocess.check_output(peer))}
                for _ in range(3)
            ]
            found[level] = {way: min(turn[way] for turn in turns) for way in turns[0]}
    return found


def add(table, found):
    def ns(value):
        return f"{value:.1f} ns"

    for level, way in found.items():
        work = f"decoding 100,000 sessions of level {level}, a session: "
        table.ratio(f"{work}the library's rows", way["rows"], way["libndr"], 1 / 8, ns, "libndr")
        table.ratio(f"{work}the library's rows", way["rows"], way["narrow"], 3.5, ns, "bare pass")
        table.ratio(f"{work}borrowed view", way["borrowed"], way["libndr"], 1 / 30, ns, "libndr")
        table.ratio(
            f"{work}declared codec", way["borrowed"], way["by_hand"], 1.05, ns, "hand-written"
        )
