"""What `--sort` costs beyond listing."""

import labs

FILES = 100_000
SORTED = {"sorted": ["--sort", "path"], "limited": ["--sort", "path", "--limit", "10"]}


def server(files):
    return labs.Server("files", users=max(files // 20, 1), files=files, shares=100)


def by_path(files, runs):
    with server(files) as of:
        return of.measure(of.smbwho("files", "SERVER", "--sort", "path"), runs, files)


def measure(quick):
    runs = 3 if quick else 7
    with server(FILES) as of:
        found = {"unsorted": of.measure(of.smbwho("files", "SERVER"), runs, FILES)}
        for name, words in SORTED.items():
            found[name] = of.measure(of.smbwho("files", "SERVER", *words), runs)
    counts = [1_000, 10_000, 100_000] if quick else labs.GROWTH
    found["growth"] = labs.growing(counts, lambda count: by_path(count, 1 if quick else 3))
    return found


def add(table, found):
    for name, most in (("sorted", 1.6), ("limited", 1.2)):
        work = f"files {' '.join(SORTED[name])} of 100,000: CPU"
        ours, unsorted = found[name]["cpu"], found["unsorted"]["cpu"]
        table.ratio(work, ours, unsorted, most, table.ms, "unsorted")


def growth(found):
    return {"files --sort path": found["growth"]}
