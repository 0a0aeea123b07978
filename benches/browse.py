"""What the grid costs: `smbwho browse` on a terminal of its own, with keys pressed one by one."""

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import termios
import time

import labs

FEW, MANY = 1_000, 100_000
# Sessions of MANY that change between two answers.
CHANGES = [0, 1_000, 10_000]
# What a key sends, and what brings the grid back to where it was.
KEYS = {
    "down": ("\x1b[B", ""),
    "page down": ("\x1b[6~", ""),
    "end": ("\x1b[F", "\x1b[H"),
    "next column": ("\x1b[C", "\x1b[D"),
    "wider": (">", "<"),
    "select": (" ", ""),
    "select none": ("n", " "),
    "copy": ("y", "\x1b[B"),
    "help": ("?", "\x1b"),
}
# Keys after which every row is looked at, a slice at a time.
SLICED = {
    "sort": ("s", ""),
    "group": ("g", ""),
    "select all": ("a", "n"),
    "filter": ("/1\r", "\x1b"),
}


class Grid:
    """The program on a terminal of 80 by 24."""

    def __init__(self, command, password):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(SMBWHO_PASSWORD=password, TERM="xterm-256color", NO_COLOR="1")
            os.execv(command[0], [str(word) for word in command])
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        seen = ""
        while " live " not in seen.replace("\x1b", " "):
            seen = (seen + self.read(60))[-4096:]
        self.settle()

    def read(self, patience):
        """What is drawn next; nothing when it takes longer."""
        ready, _, _ = select.select([self.terminal], [], [], patience)
        return os.read(self.terminal, 1 << 16).decode(errors="replace") if ready else ""

    def cpu(self):
        """Seconds of CPU time of all its threads."""
        # As clock_getcpuclockid(3) makes it of a process.
        return time.clock_gettime((~self.pid << 3) | 2)

    def settle(self):
        """Waits until it does nothing any more."""
        before = self.cpu()
        while True:
            until = time.monotonic() + 0.15
            while (left := until - time.monotonic()) > 0:
                self.read(left)
            now = self.cpu()
            if now - before < 0.002:
                return
            before = now

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def press(self, keys):
        """Presses, and waits for what is drawn; how long that took."""
        began = time.monotonic()
        self.type(keys)
        self.read(5)
        took = time.monotonic() - began
        # The rest of the drawing.
        while self.read(0.003):
            pass
        return took

    def cost(self, keys, back, times):
        """CPU seconds of one press, the median of some rounds."""
        rounds = []
        for _ in range(5):
            self.settle()
            began = self.cpu()
            for _ in range(times):
                self.press(keys)
                if back:
                    self.press(back)
            rounds.append((self.cpu() - began) / times)
        return statistics.median(rounds)

    def held_up(self, keys, undo, times):
        """How long the list of keys waits that is asked for right after a new order."""
        waits = []
        for _ in range(times):
            self.settle()
            began = time.monotonic()
            self.type(keys + "?")
            seen = ""
            while "This help" not in seen:
                seen = (seen + self.read(5))[-4096:]
            waits.append(time.monotonic() - began)
            self.type("q")
            self.settle()
            self.type(undo)
        return statistics.median(waits)

    def refresh(self):
        """CPU seconds of asking again, with all that comes of it."""
        self.settle()
        began = self.cpu()
        self.type("r")
        # Waiting for the server costs nothing; whatever comes costs more than this.
        until = time.monotonic() + 60
        while self.cpu() - began < 0.01:
            self.read(0.05)
            if time.monotonic() > until:
                raise labs.Failed("browse: no answer")
        self.settle()
        return self.cpu() - began

    def memory(self):
        """Bytes of its own."""
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as lines:
            of = next(line for line in lines if line.startswith("Anonymous:"))
        return int(of.split()[1]) * 1024

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def measure(quick):
    with labs.Labs([4], [FEW, MANY]) as servers:
        return pressed(servers, quick)


def pressed(servers, quick):
    times, found = (20, {}) if quick else (60, {})
    for sessions in (FEW, MANY):
        command = servers.smbwho(sessions, "living", more=["--interval", "1h"])
        command[1:1] = ["browse"]
        for word in ("-o", "jsonl"):
            command.remove(word)
        grid = Grid(command, servers.password)
        try:
            of = found[str(sessions)] = {"memory": grid.memory()}
            of["keys"] = {name: grid.cost(*keys, times) for name, keys in KEYS.items()}
            of["held up"] = {name: grid.held_up(*keys, times // 4) for name, keys in SLICED.items()}
            if sessions == MANY:
                of["refresh"] = []
                grid.refresh()
                for change in CHANGES:
                    costs = []
                    for _ in range(5 if quick else 9):
                        servers.change(change)
                        costs.append(grid.refresh())
                    of["refresh"].append([change, min(costs)])
        finally:
            grid.close()
    asked = [labs.once(servers.smbwho(MANY, "living"), servers.password) for _ in range(5)]
    found["asking once"] = min(cost["cpu"] for cost in asked)
    # What `sessions` of benches/src/lib.rs names them.
    names = sum(len(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}some.user{n % 5000}") for n in range(MANY))
    found["strings"] = names / MANY
    return found


def row_bytes(found):
    """Bytes a row takes beyond its strings."""
    more = found[str(MANY)]["memory"] - found[str(FEW)]["memory"]
    return more / (MANY - FEW) - found["strings"]


def add(table, found):
    """The rows of the table of docs/performance.md."""
    few, many = found[str(FEW)], found[str(MANY)]

    def micro(seconds):
        return f"{seconds * 1e6:,.0f} µs"

    worst = max(many["keys"], key=lambda key: many["keys"][key] / few["keys"][key])
    ratio = many["keys"][worst] / few["keys"][worst]
    table.row(
        f"grid of {MANY:,} sessions: CPU of a key press, the worst of {len(many['keys'])} ({worst})",
        micro(many["keys"][worst]), f"{FEW:,} sessions {micro(few['keys'][worst])}",
        f"2 × {FEW:,} sessions", f"{ratio:.2f} ×", ratio <= 2,
    )
    each = row_bytes(found)
    table.row(
        f"grid of {MANY:,} sessions: memory of one beyond its strings",
        f"{each:.0f} bytes", "", "300 bytes", f"{each:.0f} bytes", each <= 300,
    )
    nothing = many["refresh"][0][1]
    table.ratio(
        f"grid of {MANY:,} sessions: CPU of a refresh, nothing changed", nothing,
        found["asking once"], 1, lambda seconds: f"{seconds * 1000:,.0f} ms",
        "smbwho sessions -o jsonl",
    )


def section(_table, found):
    """The section `Browse` of docs/performance.md."""
    few, many = found[str(FEW)], found[str(MANY)]
    lines = [
        "\n## Browse\n",
        "`smbwho browse` on a terminal of its own, 80 by 24, with keys pressed one by one "
        "(`benches/compare browse`",
        "measures this part alone). CPU time of one press with all that is drawn for it:\n",
        f"| key | {FEW:,} sessions | {MANY:,} sessions | |",
        "|---|---|---|---|",
    ]
    for key, cost in many["keys"].items():
        less = few["keys"][key]
        lines.append(
            f"| {key} | {less * 1e6:,.0f} µs | {cost * 1e6:,.0f} µs | {cost / less:.2f} × |"
        )
    lines += [
        "\nA new order, and a selection of everything, is made in slices of 1,024 rows between keys. "
        "How long the list",
        "of keys takes to appear that is asked for in the same moment, elapsed time:\n",
        f"| after | {FEW:,} sessions | {MANY:,} sessions |",
        "|---|---|---|",
    ]
    for key, wait in many["held up"].items():
        lines.append(f"| {key} | {few['held up'][key] * 1e3:.1f} ms | {wait * 1e3:.1f} ms |")
    base = many["refresh"][0][1]
    lines += [
        f"\nA refresh of {MANY:,} sessions, CPU time from the request to the picture. A server tells "
        "all of them every",
        f"time; to ask once and print them takes {found['asking once'] * 1e3:,.0f} ms:\n",
        "| sessions that changed | CPU | beyond reading the answer |",
        "|---|---|---|",
    ]
    for changed, cost in many["refresh"]:
        if changed == 0:
            more = ""
        elif cost - base < base * 0.05:
            more = "not to be told from it"
        else:
            more = f"{(cost - base) / changed * 1e6:.1f} µs for each"
        lines.append(f"| {changed:,} | {cost * 1e3:,.0f} ms | {more} |")
    lines.append(
        f"\nMemory: {row_bytes(found):.0f} bytes a session beyond its strings, from what the whole "
        f"program holds with {MANY:,} and\nwith {FEW:,} of them. What a key and a refresh do is also "
        "counted, whatever the machine, by the tests of\n`crates/smbwho-cli/src/tui/grid/`.\n"
    )
    return "\n".join(lines)
