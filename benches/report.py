"""From what was measured to docs/performance.md and its plots."""

import datetime
import platform
import subprocess
from pathlib import Path

import plot

INTRODUCTION = """# Performance

What smbwho costs beside the programs that ask the same question, in one run on one machine,
against the same servers: a real smbd, with an RPC endpoint of our own behind it that tells as many
sessions, files and shares as are wanted, and a real domain controller. Read the ratios, not the
seconds.
"""

HOW = """
## How it is measured

- CPU time, elapsed time and peak memory are what the system counts for each process, start-up
  included. Medians of several runs.
- Every program is told level 1, the richest that Samba has. rpcclient prints only how many sessions
  came; smbwho prints every row as JSON; Impacket decodes and counts.
- Round trips of sessions: a line that takes 100 ms each way, so that elapsed time ÷ 0.2 s counts
  them, the TCP handshake included. Those of groups: a line that lets client and server take turns,
  and counts these.
- Windows-like and Samba-like: the endpoint has the levels and filters of the one or the other; a
  real Windows was not measured. A list is one NetrFileEnum, as the endpoint counts them.
- Hosts: one smbd that answers on all of 127.0.0.0/8. smbwho asks 64 at a time; the peers are
  called once for each host (Impacket in one process, so that its start counts once).
- Decoding: the same reply of 100,000 sessions to each, the fastest of many rounds in turns. libndr
  is Samba's own, called through python3-samba. The bare pass finds every name in the reply and
  narrows it to ASCII into one buffer, and keeps nothing.
- The declared codec's figure, and the view's, is that of `decode_rows`, which the library uses: one
  pass, and nothing made of a session. Decoding a whole reply first and walking it then
  (`Call::decode`) takes two passes, and twice as long.

`benches/compare PART…` measures some parts alone. `benches/counts` checks in CI what does not depend
on the machine; its limits stand in `benches/limits.toml`.
"""


def fraction(number):
    return f"1/{round(1 / number)}" if number < 0.2 else f"{number:g}"


class Table:
    """Rows of: what, smbwho's figure, the peers' figures, the limit, whether it is met."""

    def __init__(self):
        self.lines = [
            "| work | smbwho | peers | limit | reached | |",
            "|---|---|---|---|---|---|",
        ]

    @staticmethod
    def ms(seconds):
        return f"{seconds * 1000:,.1f} ms"

    @staticmethod
    def seconds(seconds):
        return f"{seconds:,.2f} s"

    @staticmethod
    def mib(kib):
        return f"{kib / 1024:,.1f} MiB"

    def row(self, work, ours, peers, limit, reached, met):
        word = "met" if met else "**missed**"
        self.lines.append(f"| {work} | {ours} | {peers} | {limit} | {reached} | {word} |")

    def most(self, work, ours, most, show="{:,}".format, peers=""):
        """A figure that has a limit of its own; `reached` is what it is of that."""
        self.row(work, show(ours), peers, show(most), f"{ours / most:.3g} × limit", ours <= most)

    def ratio(self, work, ours, peer, most, show, who="rpcclient", more=""):
        reached = ours / peer
        self.row(
            work, show(ours), f"{who} {show(peer)}{more}", f"{fraction(most)} × {who}",
            f"{reached:.3g} ×", reached <= most,
        )

    def growth(self, what, points, last=None):
        """That one more costs as much at the end as before. `last`: how many there must be."""
        first, reached = points[0][0], points[-1][0]
        whole = last is None or reached >= last
        work = f"CPU {what} {first:,} → {last or reached:,}: one more at the end ÷ one more before"
        if len(points) < 3:
            self.row(work, f"given up at {reached:,}", "", "linear: 1.25", "", False)
            return
        bend = slope(points)
        ours = f"{bend:.2f}" if whole else f"{bend:.2f}, given up at {reached:,}"
        self.row(work, ours, "see the plot", "linear: 1.25", f"{bend:.2f}", whole and bend <= 1.25)

    def missing(self, part, why):
        self.row(part, "not measured", "", "", why.replace("\n", " ").replace("|", "/")[:200], False)

    def text(self):
        return "\n".join(self.lines) + "\n"


def slope(points):
    """How much dearer one more is at the end than in the middle: 1 is linear."""
    (n0, c0), (n1, c1), (n2, c2) = points[0], points[-2], points[-1]
    early = (c1["cpu"] - c0["cpu"]) / (n1 - n0)
    late = (c2["cpu"] - c1["cpu"]) / (n2 - n1)
    return late / early if early > 0 else float("nan")


def version(*command):
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return text.splitlines()[0].strip() if text.strip() else "unknown"


def provenance(quick):
    words = " --quick" if quick else ""
    today = datetime.date.today().isoformat()
    processors = len(open("/proc/cpuinfo", encoding="utf-8").read().split("processor\t")) - 1
    return (
        f"\nMeasured on {today} with `benches/compare{words} --write`: "
        f"{version('target/release/smbwho', '--version')}, {version('rustc', '--version')}, "
        f"Samba {version('smbd', '--version').removeprefix('Version ')}, impacket "
        f"{impacket_version()}; Linux {platform.release()}, {processors} processors.\n\n"
    )


def impacket_version():
    text = Path("scripts/oracle-requirements.txt").read_text(encoding="utf-8")
    return next(line.split("==")[1] for line in text.splitlines() if line.startswith("impacket=="))


def drawn(parts, found):
    """Name, title and drawing of each plot; what grows in several parts comes into one."""
    plots, questions = [], {}
    for name, part in parts.items():
        if name in found:
            plots += part.plots(found[name]) if hasattr(part, "plots") else []
            questions.update(part.growth(found[name]) if hasattr(part, "growth") else {})
    if questions:
        plots.append(("performance-questions", "CPU time as answers grow", "rows", questions))
    for name, title, across, lines in plots:
        points = {who: [(n, cost["cpu"]) for n, cost in of] for who, of in lines.items()}
        yield name, title, plot.log_log(title, across, points)


def publish(parts, found, failed, quick, folder=None):
    """Writes the page and its plots into `folder`, or prints table and sections where there is none."""
    table, sections = Table(), []
    for name, part in parts.items():
        if name in failed:
            table.missing(name, failed[name])
            continue
        part.add(table, found[name])
        for what, points in (part.growth(found[name]) if hasattr(part, "growth") else {}).items():
            table.growth(f"of {what} as rows grow", points, 100_000)
        if hasattr(part, "section"):
            sections.append(part.section(table, found[name]))
    if folder is None:
        print(table.text() + "".join(sections))
        return
    page = INTRODUCTION + provenance(quick) + table.text() + "\n## As it grows\n"
    for name, title, svg in drawn(parts, found):
        page += f"\n![{title}]({name}.svg)\n"
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
    page += "".join(sections) + HOW
    (folder / "performance.md").write_text(page, encoding="utf-8")
