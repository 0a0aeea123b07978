"""Decodes a reply to NetrSessionEnum with Samba's libndr: FILE ROUNDS. Prints nanoseconds a
session, the fastest round. For the Python that has Samba's bindings."""

import sys
import time

from samba.dcerpc import srvsvc
from samba.ndr import ndr_unpack_out


def main():
    file, rounds = sys.argv[1], int(sys.argv[2])
    with open(file, "rb") as stub:
        stub = stub.read()
    best = float("inf")
    for _ in range(rounds):
        reply = srvsvc.NetSessEnum()
        start = time.perf_counter()
        ndr_unpack_out(reply, stub)
        best = min(best, time.perf_counter() - start)
    print(best * 1e9 / reply.out_info_ctr.ctr.count)


if __name__ == "__main__":
    main()
