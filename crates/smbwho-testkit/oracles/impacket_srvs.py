"""Impacket as an oracle for NetrSessionEnum.

Reads a JSON list of jobs on standard input, writes a JSON list of answers on standard output:

  {"do": "encode_reply", "level": 502, "sessions": [{"cname": "…", …}], "container": "full",
   "total_entries": 1, "resume_handle": 0, "status": 0}         -> hexadecimal stub
  {"do": "decode_reply", "stub": "…"}                           -> the same fields
  {"do": "decode_request", "stub": "…"}                         -> the request's fields

A null text is null; "container" is "full", "null" (no container) or "null_buffer".
"""

import json
import sys

from impacket.dcerpc.v5 import srvs
from impacket.dcerpc.v5.dtypes import NULL

# Our names for the fields of each level, in wire order.
TIMES = ["time", "idle_time"]
FIELDS = {
    0: ["cname"],
    1: ["cname", "username", "num_opens", *TIMES, "user_flags"],
    2: ["cname", "username", "num_opens", *TIMES, "user_flags", "cltype_name"],
    10: ["cname", "username", *TIMES],
    502: ["cname", "username", "num_opens", *TIMES, "user_flags", "cltype_name", "transport"],
}
TEXTS = {"cname", "username", "cltype_name", "transport"}


def text_out(value):
    """None for a null pointer; otherwise the text without its terminator."""
    if value is None or isinstance(value, bytes):
        return None
    assert value.endswith("\0"), "impacket gives texts with their terminator"
    return value[:-1]


def number_or_null(value):
    return value if isinstance(value, int) else None


def encode_reply(job):
    level = job["level"]
    reply = srvs.NetrSessionEnumResponse()
    reply["InfoStruct"]["Level"] = level
    union = reply["InfoStruct"]["SessionInfo"]
    union["tag"] = level
    arm = f"Level{level}"
    if job["container"] == "null":
        union[arm] = NULL
    elif job["container"] == "null_buffer":
        union[arm]["EntriesRead"] = 0
        union[arm]["Buffer"] = NULL
    else:
        info = getattr(srvs, f"SESSION_INFO_{level}")
        union[arm]["EntriesRead"] = len(job["sessions"])
        buffer = union[arm]["Buffer"]
        for session in job["sessions"]:
            entry = info()
            for field in FIELDS[level]:
                value = session[field]
                if field in TEXTS:
                    value = NULL if value is None else value + "\0"
                entry[f"sesi{level}_{field}"] = value
            buffer.append(entry)
        if not job["sessions"]:
            union[arm]["Buffer"] = []
    reply["TotalEntries"] = job["total_entries"]
    resume = job["resume_handle"]
    reply["ResumeHandle"] = NULL if resume is None else resume
    reply["ErrorCode"] = job["status"]
    return reply.getData().hex()


def decode_reply(job):
    data = bytes.fromhex(job["stub"])
    reply = srvs.NetrSessionEnumResponse(data)
    level = reply["InfoStruct"]["Level"]
    union = reply["InfoStruct"]["SessionInfo"]
    assert union["tag"] == level
    sessions = []
    for entry in union[f"Level{level}"]["Buffer"]:
        session = {}
        for field in FIELDS[level]:
            value = entry[f"sesi{level}_{field}"]
            session[field] = text_out(value) if field in TEXTS else value
        sessions.append(session)
    return {
        "level": level,
        "sessions": sessions,
        "total_entries": reply["TotalEntries"],
        "resume_handle": number_or_null(reply["ResumeHandle"]),
        "status": reply["ErrorCode"],
    }


def decode_request(job):
    data = bytes.fromhex(job["stub"])
    request = srvs.NetrSessionEnum(data)
    level = request["InfoStruct"]["Level"]
    union = request["InfoStruct"]["SessionInfo"]
    container = union[f"Level{level}"]
    return {
        "server_name": text_out(request["ServerName"]),
        "client_name": text_out(request["ClientName"]),
        "user_name": text_out(request["UserName"]),
        "level": level,
        "discriminant": union["tag"],
        "entries_read": container["EntriesRead"],
        "buffer_is_null": isinstance(container["Buffer"], bytes),
        "preferred_maximum_length": request["PreferedMaximumLength"],
        "resume_handle": number_or_null(request["ResumeHandle"]),
    }


JOBS = {
    "encode_reply": encode_reply,
    "decode_reply": decode_reply,
    "decode_request": decode_request,
}

if __name__ == "__main__":
    json.dump([JOBS[job["do"]](job) for job in json.load(sys.stdin)], sys.stdout)
