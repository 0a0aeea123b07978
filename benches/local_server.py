"""A smbd of this computer's with many sessions and open files, for scale_local.py.

It has a folder, a port and an account of its own, and needs root, as smbstatus does. Its clients
are processes of this file: several sessions share a connection, since every connection costs the
server a process.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PASSWORD = "for-this-run-only"
# select() of smbprotocol knows 1,024 descriptors, and each session may have its own.
PROCESSES = 8
CONF = """[global]
workgroup = LAB
server role = standalone server
netbios name = LOCALBENCH
disable netbios = yes
load printers = no
printcap name = /dev/null
disable spoolss = yes
bind interfaces only = yes
interfaces = lo
smb ports = {port}
private dir = {folder}/private
lock directory = {folder}/lock
state directory = {folder}/state
cache directory = {folder}/cache
pid directory = {folder}/pid
ncalrpc dir = {folder}/pipes
passdb backend = tdbsam
log file = {folder}/log
[data]
path = {folder}/data
read only = no
"""


class Server:
    """So many sessions, and so many files that they have open."""

    def __init__(self, python, sessions, opens, of_a_connection):
        self.folder = Path(tempfile.mkdtemp(prefix="smbwho-local-"))
        self.python = python
        self.children, self.smbd = [], None
        try:
            self.start(sessions, opens, of_a_connection)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self, sessions, opens, of_a_connection):
        for name in ("private", "lock", "state", "cache", "pid", "pipes", "data"):
            (self.folder / name).mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.conf = self.folder / "smb.conf"
        self.conf.write_text(CONF.format(port=port, folder=self.folder), encoding="utf-8")
        subprocess.run(
            ["smbpasswd", "-c", self.conf, "-s", "-a", "root"],
            input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True, stdout=subprocess.DEVNULL,
        )
        # It and the processes of its connections are one group.
        self.smbd = self.run(
            ["smbd", "-F", "--no-process-group", "-s", self.conf], start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        wait_for(port)
        clients = []
        for number in range(PROCESSES):
            share = lambda whole: whole * (number + 1) // PROCESSES - whole * number // PROCESSES
            words = [port, number, share(sessions), share(opens), of_a_connection]
            clients.append(self.run(
                [self.python, __file__, *map(str, words)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            ))
        for client in clients:
            if client.stdout.readline() != "open\n":
                raise RuntimeError("a client of the server did not get in")

    def run(self, command, **more):
        child = subprocess.Popen(command, **more)
        self.children.append(child)
        return child

    def environment(self):
        return {**os.environ, "SMB_CONF_PATH": str(self.conf)}

    def close(self):
        for child in reversed(self.children):
            child.terminate()
            child.wait()
        for _ in range(300):
            try:
                os.killpg(self.smbd.pid, signal.SIGTERM)
            except (AttributeError, ProcessLookupError):
                break
            time.sleep(0.1)
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_for(port):
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("smbd does not answer")


def client(port, number, sessions, opens, of_a_connection):
    """Holds its share of the sessions and files until it is ended."""
    import uuid

    from smbprotocol.connection import Connection
    from smbprotocol.open import (
        CreateDisposition, CreateOptions, FileAttributes, ImpersonationLevel, Open,
    )
    from smbprotocol.session import Session
    from smbprotocol.tree import TreeConnect

    held = []
    for n in range(sessions):
        if n % of_a_connection == 0:
            connection = Connection(uuid.uuid4(), "127.0.0.1", port)
            connection.connect(timeout=60)
        session = Session(connection, "root", PASSWORD, require_encryption=False)
        session.connect()
        tree = TreeConnect(session, r"\\127.0.0.1\data")
        tree.connect()
        for file in range(opens * n // sessions, opens * (n + 1) // sessions):
            name = f"department {number} - projects {file:05}.xlsx"
            opened = Open(tree, name)
            opened.create(
                ImpersonationLevel.Impersonation, 0x120089, FileAttributes.FILE_ATTRIBUTE_NORMAL, 7,
                CreateDisposition.FILE_OPEN_IF, CreateOptions.FILE_NON_DIRECTORY_FILE,
            )
            held.append(opened)
        held.append(tree)
    print("open", flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    client(*map(int, sys.argv[1:]))
