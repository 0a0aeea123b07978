"""NetrSessionEnum with Impacket, as its examples call it: HOST PORT USER PASSWORD LEVEL, or hosts
in a file as @FILE. Prints how many sessions came."""

import sys

from impacket.dcerpc.v5 import srvs, transport
from impacket.dcerpc.v5.dtypes import NULL


def sessions(host, port, user, password, level):
    pipe = transport.SMBTransport(host, port, r"\srvsvc", user, password)
    rpc = pipe.get_dce_rpc()
    rpc.connect()
    rpc.bind(srvs.MSRPC_UUID_SRVS)
    reply = srvs.hNetrSessionEnum(rpc, NULL, NULL, level)
    count = reply["InfoStruct"]["SessionInfo"][f"Level{level}"]["EntriesRead"]
    rpc.disconnect()
    return count


def main():
    where, port, user, password, level = sys.argv[1:]
    if where.startswith("@"):
        with open(where[1:], encoding="utf-8") as file:
            hosts = [line.split(":")[0] for line in file if line.strip()]
    else:
        hosts = [where]
    print(sum(sessions(host, int(port), user, password, int(level)) for host in hosts))


if __name__ == "__main__":
    main()
