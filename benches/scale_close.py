"""What `close` costs when there is much to close, or much to choose from."""

import tempfile
from pathlib import Path

import labs



def close_file(server, user, line="direct"):
    return server.smbwho("close", "file", "SERVER", "--user", user, "--yes", line=line)


def dry_run(sessions, runs):
    """Choosing among so many sessions."""
    with labs.Server("files", users=sessions) as server:
        words = ["close", "session", "SERVER", "--user", "*", "--dry-run"]
        return server.measure(server.smbwho(*words), runs, sessions)


def closing(runs, line):
    """500 of 5,000 files; and 10 of 20 over this line."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"SMBWHO_AUDIT_LOG": str(Path(folder) / "audit.jsonl")}
        with labs.Server("files", users=10, files=5_000) as server:
            many = server.measure(close_file(server, "user00003"), runs, 500, env)
        with labs.Server("files", users=2, files=20) as server:
            few = server.measure(close_file(server, "user00001", line), runs, 10, env)
    return many, few


COUNTED = ("close 500 of 5000 files", "close 10 of 20 files")


def counted():
    return dict(zip(COUNTED, closing(1, "lockstep")))


def measure(quick):
    runs = 1 if quick else 3
    many, few = closing(runs, "slow")
    counts = [1_000, 10_000, 100_000] if quick else labs.GROWTH
    return {
        "many": many,
        "few": few,
        "choosing": dry_run(8_000, runs),
        "growth": labs.growing(counts, lambda count: dry_run(count, 1)),
    }


def add(table, found):
    many = found["many"]
    table.most("close 500 of 5,000 files: lists asked for", many["calls"].get(labs.FILE_ENUM, 0), 12)
    table.most("close 500 of 5,000 files: wall", many["wall"], 1, table.seconds)
    table.most("close 10 files, 200 ms line: wall", found["few"]["wall"], 2.4, table.seconds)
    table.most(
        "close session --user '*' --dry-run of 8,000: CPU", found["choosing"]["cpu"], 0.05, table.ms
    )


def growth(found):
    return {"close --dry-run": found["growth"]}
