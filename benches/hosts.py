"""What many servers cost: one smbd answers at every address of 127.0.0.0/8, as that many hosts."""

import tempfile
from pathlib import Path

import labs

JOBS = 64


def ask(servers, counts, runs, peers_up_to, folder):
    found = {"smbwho": [], "one at a time": [], "rpcclient": [], "impacket": []}
    port = servers.port(4)
    for count in counts:
        labs.say(f"  {count} hosts …")
        names = [f"127.1.{n // 250}.{n % 250 + 1}:{port}" for n in range(count)]
        file = Path(folder) / f"hosts-{count}"
        file.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        many = servers.smbwho(4, servers=f"@{file}", more=["--jobs", str(JOBS), "-q"])
        found["smbwho"].append([count, labs.measure(many, servers, runs, 4 * count)])
        if count == counts[-1]:
            alone = servers.smbwho(4, servers=f"@{file}", more=["--jobs", "1", "-q"])
            found["one at a time"].append([count, labs.measure(alone, servers, 1, 4 * count)])
        if count > peers_up_to:
            continue
        costs = [
            labs.once(servers.rpcclient(4, host=name.split(":")[0]), servers.password)
            for name in names
        ]
        total = {key: sum(cost[key] for cost in costs) for key in ("wall", "cpu")}
        found["rpcclient"].append([count, {**total, "memory": max(c["memory"] for c in costs)}])
        all_of_them = servers.impacket(4, host=f"@{file}")
        found["impacket"].append([count, labs.measure(all_of_them, servers, 1)])
    return found


def measure(quick):
    counts = [10, 100] if quick else [10, 30, 100, 300, 1_000]
    with labs.Labs([4]) as servers, tempfile.TemporaryDirectory() as folder:
        return ask(servers, counts, 1 if quick else 3, 10 if quick else 1_000, folder)


def per_host(found):
    """CPU seconds of a host, and KiB of a host in flight beyond the first."""
    hosts, cost = found["smbwho"][-1]
    alone = found["one at a time"][-1][1]
    in_flight = min(JOBS, hosts) - 1
    return cost["cpu"] / hosts, max(cost["memory"] - alone["memory"], 0) / in_flight


def add(table, found):
    hosts = found["smbwho"][-1][0]
    cpu, memory = per_host(found)
    peers = ", ".join(
        f"{who} {table.ms(rows[-1][1]['cpu'] / rows[-1][0])}"
        for who, rows in found.items()
        if who in ("rpcclient", "impacket") and rows
    )
    work = f"{hosts:,} hosts, {JOBS} in flight: "
    table.row(f"{work}CPU of a host", table.ms(cpu), peers, "1 ms", table.ms(cpu), cpu <= 0.001)
    table.row(
        f"{work}memory of a host in flight", f"{memory:.0f} KiB", "one at a time", "64 KiB",
        f"{memory:.0f} KiB", memory <= 64,
    )
    table.growth("as hosts grow", found["smbwho"])


def plots(found):
    lines = {who: of for who, of in found.items() if of and who != "one at a time"}
    return [("performance-hosts", "CPU time as hosts grow", "hosts", lines)]


def section(table, found):
    """The section `Larger estates` of docs/performance.md."""
    cpu, memory = per_host(found)
    hosts, cost = found["smbwho"][-1]
    lines = [
        "\n## Larger estates\n",
        f"From the cost of a host above ({table.ms(cpu)} of CPU, {memory:.0f} KiB in flight), for servers",
        "of a few sessions; a host is taken to answer in a second (5 round trips of 200 ms):\n",
        "| hosts | CPU | at 64 in flight | at 1,000 in flight | memory at 1,000 in flight |",
        "|---|---|---|---|---|",
    ]
    base = cost["memory"] - memory * min(JOBS, hosts)
    for count in (10_000, 100_000):
        needs = table.mib(base + memory * 1_000)
        spans = [max(count / jobs, count * cpu) for jobs in (64, 1_000)]
        lines.append(
            f"| {count:,} | {count * cpu:,.0f} s | {spans[0]:,.0f} s | {spans[1]:,.0f} s | {needs} |"
        )
    lines.append(
        "\nThis is arithmetic, not a measurement: this machine has no 10,000 servers. What it takes is"
        "\nmore hosts in flight (`--jobs`), as many file descriptors (`ulimit -n`), and rows that leave"
        "\nas they come (`-o jsonl`); CPU is not what holds it up.\n"
    )
    return "\n".join(lines)
