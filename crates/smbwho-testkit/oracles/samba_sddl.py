"""Samba's Python modules (Debian package python3-samba) as an oracle for SDDL.

Reads a JSON list of SDDL texts on standard input, writes a JSON list of answers on standard
output: {"bytes": "…", "sddl": "…"}, the self-relative descriptor as Samba encodes it, and the text
that Samba makes of it.
"""

import json
import sys

from samba.dcerpc import security
from samba.ndr import ndr_pack

DOMAIN = security.dom_sid("S-1-5-21-1-2-3")


def answer(text):
    descriptor = security.descriptor.from_sddl(text, DOMAIN)
    return {"bytes": ndr_pack(descriptor).hex(), "sddl": descriptor.as_sddl(DOMAIN)}


if __name__ == "__main__":
    json.dump([answer(text) for text in json.load(sys.stdin)], sys.stdout)
