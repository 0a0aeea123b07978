"""What `who-has` costs with many paths."""

import labs

SHARES = 1_000
FILES = 100_000
# An office's: most have few files open.
USERS = 5_000


def folders(count, root):
    """So many folders as the server knows them, in each of which files are open."""
    return [rf"{root}\share{n:04}\folder0" for n in range(count)]


def local_paths(server, count, line="direct"):
    return server.smbwho("who-has", "-s", "SERVER", *folders(count, r"C:\srv\shares"), line=line)


def share_paths(server, line):
    paths = [f"//SERVER/share{n:04}/folder0" for n in range(50)]
    return server.smbwho("who-has", *paths, line=line)


COUNTED = ("who-has of 50 paths in shares",)


def counted():
    with labs.Server("files", files=1_000, shares=50) as server:
        return {COUNTED[0]: server.once(share_paths(server, "lockstep"))}


def as_files_grow(files, paths, runs):
    numbers = {"users": max(files // 20, 100), "files": files, "shares": 100}
    with labs.Server("files", like="samba", **numbers) as server:
        return server.measure(local_paths(server, paths), runs)


def measure(quick):
    runs = 1 if quick else 3
    found = {}
    numbers = {"users": USERS, "files": FILES, "shares": SHARES}
    with labs.Server("files", like="samba", **numbers) as server:
        for paths in (1, 100, 1_000):
            command = local_paths(server, paths)
            found[str(paths)] = server.measure(command, 1 if paths == 1_000 else runs)
        found["slow"] = server.once(share_paths(server, "slow"))
    counts = [1_000, 10_000, 100_000] if quick else labs.GROWTH
    found["growth"] = labs.growing(counts, lambda count: as_files_grow(count, 100, 1))
    return found


def add(table, found):
    alone = f"1 path {table.ms(found['1']['cpu'])}"
    for paths, most in ((100, 0.4), (1_000, 0.6)):
        work = f"who-has of {paths:,} paths, 100,000 files, Samba-like: CPU"
        table.most(work, found[str(paths)]["cpu"], most, table.ms, alone)
    work = "who-has of 50 paths in shares, 100,000 files, 200 ms line: wall"
    table.most(work, found["slow"]["wall"], 3, table.seconds)


def growth(found):
    return {"who-has, 100 paths": found["growth"]}
