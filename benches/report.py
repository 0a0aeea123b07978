"""From what was measured to docs/performance.md and its plots."""

import datetime
import platform
import subprocess
from pathlib import Path

import browse
import plot

INTRODUCTION = """# Performance

What smbwho costs beside the programs that ask the same question, in one run on one machine,
against the same servers: a real smbd, with an RPC endpoint of our own behind it that tells as many
sessions as are wanted. Read the ratios, not the seconds.
"""

HOW = """
## How it is measured

- CPU time, elapsed time and peak memory are what the system counts for each process, start-up
  included. Medians of several runs.
- Every program is told level 1, the richest that Samba has. rpcclient prints only how many sessions
  came; smbwho prints every row as JSON; Impacket decodes and counts.
- Round trips: a line that takes 100 ms each way, so that elapsed time ÷ 0.2 s counts them, the TCP
  handshake included.
- Hosts: one smbd that answers on all of 127.0.0.0/8. smbwho asks {jobs} at a time; the peers are
  called once for each host (Impacket in one process, so that its start counts once).
- Decoding: the same reply of 100,000 sessions to each, the fastest of many rounds in turns. libndr
  is Samba's own, called through python3-samba. The bare pass finds every name in the reply and
  narrows it to ASCII into one buffer, and keeps nothing.
- The declared codec's figure, and the view's, is that of `decode_rows`, which the library uses: one
  pass, and nothing made of a session. Decoding a whole reply first and walking it then
  (`Call::decode`) takes two passes, and twice as long.

`benches/counts` checks in CI what does not depend on the machine; its limits stand in
`benches/limits.toml`.
"""


def version(*command):
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return text.splitlines()[0].strip() if text.strip() else "unknown"


def ms(seconds):
    return f"{seconds * 1000:,.1f} ms"


def mib(kib):
    return f"{kib / 1024:,.1f} MiB"


def fraction(number):
    return f"1/{round(1 / number)}" if number < 0.2 else f"{number:g}"


class Table:
    """Rows of: what, smbwho's figure, the peers' figures, the limit, whether it is met."""

    def __init__(self):
        self.lines = [
            "| work | smbwho | peers | limit | reached | |",
            "|---|---|---|---|---|---|",
        ]

    def row(self, work, ours, peers, limit, reached, met):
        word = "met" if met else "**missed**"
        self.lines.append(f"| {work} | {ours} | {peers} | {limit} | {reached} | {word} |")

    def ratio(self, work, ours, peer, most, show, who="rpcclient", more=""):
        reached = ours / peer
        self.row(
            work, show(ours), f"{who} {show(peer)}{more}", f"{fraction(most)} × {who}",
            f"{reached:.3g} ×", reached <= most,
        )

    def text(self):
        return "\n".join(self.lines) + "\n"


def peers_trips(found):
    return ", ".join(f"{who} {found[who]['trips']}" for who in found if who != "smbwho") or "not run"


def impacket(found, key, show):
    return f", Impacket {show(found['impacket'][key])}" if "impacket" in found else ""


def add_lines(table, found):
    for name, work, most in (
        ("ladder", "one server, 200 ms line, sessions with the ladder", 6),
        ("long", "5,000 sessions, 200 ms line", 8),
    ):
        trips = found[name]["smbwho"]["trips"]
        table.row(
            work, f"{trips} round trips", peers_trips(found[name]), f"{most} round trips",
            str(trips), trips <= most,
        )


def add_processes(table, found):
    large, one = found["large"], found["one"]
    for key, show, most in (("wall", ms, 0.6), ("cpu", ms, 0.8), ("memory", mib, 0.6)):
        work = f"100,000 sessions, loopback, as jsonl: {key}"
        ours, peer = large["smbwho"][key], large["rpcclient"][key]
        table.ratio(work, ours, peer, most, show, more=impacket(large, key, show))
    for key, show, most in (("cpu", ms, 0.3), ("memory", mib, 0.4)):
        work = f"one server of 4 sessions, whole process: {key}"
        ours, peer = one["smbwho"][key], one["rpcclient"][key]
        table.ratio(work, ours, peer, most, show, more=impacket(one, key, show))


def per_host(found):
    """CPU seconds of a host, and KiB of a host in flight beyond the first."""
    hosts, cost = found["hosts"]["smbwho"][-1]
    alone = found["hosts"]["one at a time"][-1][1]
    in_flight = min(found["jobs"], hosts) - 1
    return cost["cpu"] / hosts, max(cost["memory"] - alone["memory"], 0) / in_flight


def add_hosts(table, found):
    hosts = found["hosts"]["smbwho"][-1][0]
    cpu, memory = per_host(found)
    peers = ", ".join(
        f"{who} {ms(rows[-1][1]['cpu'] / rows[-1][0])}"
        for who, rows in found["hosts"].items()
        if who in ("rpcclient", "impacket") and rows
    )
    work = f"{hosts:,} hosts, {found['jobs']} in flight: "
    table.row(f"{work}CPU of a host", ms(cpu), peers, "1 ms", ms(cpu), cpu <= 0.001)
    table.row(
        f"{work}memory of a host in flight", f"{memory:.0f} KiB", "one at a time", "64 KiB",
        f"{memory:.0f} KiB", memory <= 64,
    )


def add_codec(table, found):
    def ns(value):
        return f"{value:.1f} ns"

    for level, way in found["codec"].items():
        work = f"decoding 100,000 sessions of level {level}, a session: "
        table.ratio(f"{work}the library's rows", way["rows"], way["libndr"], 1 / 8, ns, "libndr")
        table.ratio(f"{work}the library's rows", way["rows"], way["narrow"], 3.5, ns, "bare pass")
        table.ratio(f"{work}borrowed view", way["borrowed"], way["libndr"], 1 / 30, ns, "libndr")
        table.ratio(
            f"{work}declared codec", way["borrowed"], way["by_hand"], 1.05, ns, "hand-written"
        )


def slope(points):
    """How much dearer one more is at the end than in the middle: 1 is linear."""
    (n0, c0), (n1, c1), (n2, c2) = points[0], points[-2], points[-1]
    early = (c1["cpu"] - c0["cpu"]) / (n1 - n0)
    late = (c2["cpu"] - c1["cpu"]) / (n2 - n1)
    return late / early if early > 0 else float("nan")


def add_growth(table, found):
    for what, points in (
        ("sessions", found["growth"]["smbwho"]),
        ("hosts", found["hosts"]["smbwho"]),
    ):
        if len(points) < 3:
            continue
        bend = slope(points)
        first, last = points[0][0], points[-1][0]
        table.row(
            f"CPU as {what} grow {first:,} → {last:,}: one more at the end ÷ one more before",
            f"{bend:.2f}", "see the plot", "linear: 1.25", f"{bend:.2f}", bend <= 1.25,
        )


def estates(found):
    cpu, memory = per_host(found)
    hosts, cost = found["hosts"]["smbwho"][-1]
    lines = [
        "\n## Larger estates\n",
        f"From the cost of a host above ({ms(cpu)} of CPU, {memory:.0f} KiB in flight), for servers",
        "of a few sessions; a host is taken to answer in a second (5 round trips of 200 ms):\n",
        "| hosts | CPU | at 64 in flight | at 1,000 in flight | memory at 1,000 in flight |",
        "|---|---|---|---|---|",
    ]
    base = cost["memory"] - memory * min(found["jobs"], hosts)
    for count in (10_000, 100_000):
        needs = mib(base + memory * 1_000)
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


def provenance(found):
    quick = " --quick" if found["quick"] else ""
    today = datetime.date.today().isoformat()
    processors = len(open("/proc/cpuinfo", encoding="utf-8").read().split("processor\t")) - 1
    return (
        f"\nMeasured on {today} with `benches/compare{quick} --write`: "
        f"{version('target/release/smbwho', '--version')}, {version('rustc', '--version')}, "
        f"Samba {version('smbd', '--version').removeprefix('Version ')}, impacket "
        f"{impacket_version()}; Linux {platform.release()}, {processors} processors.\n\n"
    )


def impacket_version():
    text = Path("scripts/oracle-requirements.txt").read_text(encoding="utf-8")
    return next(line.split("==")[1] for line in text.splitlines() if line.startswith("impacket=="))


def cpu_points(points):
    return [(n, cost["cpu"]) for n, cost in points]


def plots(found):
    growth, hosts = found["growth"], found["hosts"]
    return {
        "performance-sessions.svg": plot.log_log(
            "CPU time as sessions grow", "sessions on one server",
            {who: cpu_points(points) for who, points in growth.items()},
        ),
        "performance-hosts.svg": plot.log_log(
            "CPU time as hosts grow", "hosts",
            {
                who: cpu_points(points)
                for who, points in hosts.items()
                if points and who != "one at a time"
            },
        ),
    }


def publish(found, folder):
    """Writes the page and its plots into `folder`, or prints the table where there is none."""
    table = Table()
    for add in (add_lines, add_processes, add_hosts, add_codec, add_growth):
        add(table, found)
    browse.add(table, found["browse"])
    if folder is None:
        print(table.text())
        return
    page = INTRODUCTION + provenance(found) + table.text() + (
        "\n## As it grows\n\n"
        "![CPU time as sessions grow](performance-sessions.svg)\n\n"
        "![CPU time as hosts grow](performance-hosts.svg)\n"
    ) + browse.section(found["browse"]) + estates(found) + HOW.format(jobs=found["jobs"])
    (folder / "performance.md").write_text(page, encoding="utf-8")
    for name, svg in plots(found).items():
        (folder / name).write_text(svg, encoding="utf-8")
