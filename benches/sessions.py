"""What sessions cost beside rpcclient and Impacket: one server, a long line, many rows."""

from concurrent.futures import ThreadPoolExecutor

import labs

LARGE, LONG = 100_000, 5_000


def one_server(servers, runs):
    return {
        "smbwho": labs.measure(servers.smbwho(4), servers, runs, 4),
        "rpcclient": labs.measure(servers.rpcclient(4), servers, runs),
        "impacket": labs.measure(servers.impacket(4), servers, max(runs // 3, 1)),
    }


def slow_line(servers, sessions, peers=True):
    """Round trips over a line of 200 ms: the peers side by side, since they only wait."""

    def seconds(command):
        return labs.once(command, servers.password)["wall"]

    # Whatever else the machine does adds to the time: the least of three has the least of it.
    walls = {"smbwho": min(seconds(servers.smbwho(sessions, "slow")) for _ in range(3))}
    if peers:
        commands = [servers.rpcclient(sessions, "slow"), servers.impacket(sessions, "slow")]
        with ThreadPoolExecutor() as side_by_side:
            walls["rpcclient"], walls["impacket"] = side_by_side.map(seconds, commands)
    return {who: {"wall": wall, "trips": int(wall / labs.ROUND_TRIP)} for who, wall in walls.items()}


def large(servers, runs, impacket):
    found = {
        "smbwho": labs.measure(servers.smbwho(LARGE), servers, runs, LARGE),
        "rpcclient": labs.measure(servers.rpcclient(LARGE), servers, runs),
    }
    if impacket:
        found["impacket"] = labs.measure(servers.impacket(LARGE), servers, 1)
    return found


def as_sessions_grow(servers, counts, runs):
    return {
        "smbwho": [[n, labs.measure(servers.smbwho(n), servers, runs, n)] for n in counts],
        "rpcclient": [[n, labs.measure(servers.rpcclient(n), servers, runs)] for n in counts],
    }


def measure(quick):
    counts = [1_000, 10_000, 100_000] if quick else labs.GROWTH
    with labs.Labs(sorted({4, LONG, LARGE, *counts})) as servers:
        return {
            "one": one_server(servers, 5 if quick else 15),
            "ladder": slow_line(servers, 4),
            "long": slow_line(servers, LONG, peers=not quick),
            "large": large(servers, 3 if quick else 7, impacket=not quick),
            "growth": as_sessions_grow(servers, counts, 1 if quick else 5),
        }


def others(found, key, show):
    return f", Impacket {show(found['impacket'][key])}" if "impacket" in found else ""


def add(table, found):
    for name, work, most in (
        ("ladder", "one server, 200 ms line, sessions with the ladder", 6),
        ("long", "5,000 sessions, 200 ms line", 8),
    ):
        trips = {who: cost["trips"] for who, cost in found[name].items()}
        ours = trips.pop("smbwho")
        peers = ", ".join(f"{who} {count}" for who, count in trips.items()) or "not run"
        table.row(work, f"{ours} round trips", peers, f"{most} round trips", str(ours), ours <= most)
    large, one = found["large"], found["one"]
    for key, show, most in (("wall", table.ms, 0.6), ("cpu", table.ms, 0.8), ("memory", table.mib, 0.6)):
        work = f"100,000 sessions, loopback, as jsonl: {key}"
        ours, peer = large["smbwho"][key], large["rpcclient"][key]
        table.ratio(work, ours, peer, most, show, more=others(large, key, show))
    for key, show, most in (("cpu", table.ms, 0.3), ("memory", table.mib, 0.4)):
        work = f"one server of 4 sessions, whole process: {key}"
        ours, peer = one["smbwho"][key], one["rpcclient"][key]
        table.ratio(work, ours, peer, most, show, more=others(one, key, show))
    table.growth("as sessions grow", found["growth"]["smbwho"])


def plots(found):
    return [("performance-sessions", "CPU time as sessions grow", "sessions on one server",
             found["growth"])]
