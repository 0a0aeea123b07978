"""Impacket as an oracle for any call: reads a stub into its own classes and encodes it anew.

Reads a JSON list of jobs on standard input, writes a JSON list of answers on standard output:

  {"call": "NetrFileEnum", "direction": "in" or "out", "stub": "…"}

The answer is {"stub": "…"}: the same values in Impacket's own encoding, whose pointers and padding
differ; or {"error": "…"} if it cannot read or write it.
"""

import json
import sys

from impacket.dcerpc.v5 import lsad, lsat, samr, srvs, wkst

MODULES = [srvs, wkst, samr, lsat, lsad]


def find(name):
    # lsarpc's calls are in two modules; a module also shows what it imports.
    for module in MODULES:
        found = getattr(module, name, None)
        if found is not None:
            return found
    raise KeyError(name)


def again(job):
    name = job["call"] + ("" if job["direction"] == "in" else "Response")
    data = bytes.fromhex(job["stub"])
    try:
        return {"stub": find(name)(data).getData().hex()}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    json.dump([again(job) for job in json.load(sys.stdin)], sys.stdout)
