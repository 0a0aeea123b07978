"""What `files` costs where users have many clients, and as files grow."""

import labs

CLIENTS = {"samba": {"users": 1, "clients": 4_000}, "windows": {"users": 100, "clients": 40}}
FILES = 20_000


def listed(files, runs):
    """So many files of users with one client each."""
    with labs.Server("files", users=max(files // 20, 1), files=files) as server:
        return server.measure(server.smbwho("files", "SERVER"), runs, files)


COUNTED = (
    "files, 1 account of 4000 clients, Samba-like", "files, 10 users of 40 clients, Windows-like",
)


def counted():
    """Few users of many clients, Windows-like: what is in flight together takes no turn of its own."""
    with labs.Server("files", like="samba", files=FILES, **CLIENTS["samba"]) as server:
        one = server.once(server.smbwho("files", "SERVER"), FILES)
    with labs.Server("files", users=10, clients=40, files=2_000) as server:
        many = server.once(server.smbwho("files", "SERVER", line="lockstep"), 2_000)
    return dict(zip(COUNTED, (one, many)))


def measure(quick):
    runs = 1 if quick else 3
    found = {}
    for kind, numbers in CLIENTS.items():
        with labs.Server("files", like=kind, files=FILES, **numbers) as server:
            found[kind] = server.measure(server.smbwho("files", "SERVER"), runs, FILES)
            if kind == "windows":
                by_turns = server.smbwho("files", "SERVER", "--timeout", "5m", line="lockstep")
                found["turns"] = server.once(by_turns, FILES)["turns"]
    counts = [1_000, 10_000, 100_000] if quick else labs.GROWTH
    found["growth"] = labs.growing(counts, lambda count: listed(count, runs))
    return found


def add(table, found):
    one, many = found["samba"], found["windows"]
    work = "files of one account, 4,000 clients, 20,000 files, Samba-like: "
    table.most(f"{work}lists asked for", one["calls"].get(labs.FILE_ENUM, 0), 4)
    table.most(f"{work}CPU", one["cpu"], 0.2, table.ms)
    table.most(f"{work}memory", one["memory"], 64 * 1024, table.mib)
    calls = f"{many['calls'].get(labs.FILE_ENUM, 0):,} lists in {found['turns']:,} round trips"
    work = "files of 100 users × 40 clients, Windows-like: wall"
    table.most(work, many["wall"], 3, table.seconds, calls)


def growth(found):
    return {"files": found["growth"]}
