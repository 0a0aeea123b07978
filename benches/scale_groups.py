"""How often `groups` waits for a domain controller of some 540 groups."""

import labs

EVERYONE = "everyone2000"
# What is asked, how many turns it may take, and what a peer of that question is told.
QUESTIONS = {
    "groups": ([], 20, ["group", "list"]),
    "groups --members": (["--members"], 60, None),
    "groups --of": (["--of", "u0000"], 60, None),
    "groups --mine": (["--mine"], 60, None),
    "groups --members --name (2,000)": (
        ["--members", "--name", EVERYONE], 15, ["group", "members", EVERYONE],
    ),
}


def net_rpc(server, words):
    port = server.port("lockstep")
    login = f"{server.user}%{server.password}"
    return ["net", "rpc", *words, "-S", "127.0.0.1", "-p", port, "-U", login]


def asked(server, words):
    return server.once(server.smbwho("groups", "SERVER", "--timeout", "5m", *words, line="lockstep"))


COUNTED = tuple(QUESTIONS)


def counted():
    with labs.Server("domain") as server:
        return {name: asked(server, words) for name, (words, _, _) in QUESTIONS.items()}


def measure(_quick):
    found = {}
    with labs.Server("domain") as server:
        for name, (words, _, peer) in QUESTIONS.items():
            labs.say(f"  {name} …")
            cost = asked(server, words)
            of = found[name] = {"turns": cost["turns"], "rows": cost["lines"]}
            if peer:
                of["net rpc"] = server.once(net_rpc(server, peer))["turns"]
    return found


def add(table, found):
    for name, (_, most, _) in QUESTIONS.items():
        of = found[name]
        peer = f"net rpc {of['net rpc']}" if "net rpc" in of else ""
        work = f"{name} on a domain controller, {of['rows']:,} rows: round trips"
        table.most(work, of["turns"], most, peers=peer)
