"""Plays systemd's part of sd_notify(3) and sd_listen_fds(3) for one unit with Restart=on-failure and a descriptor store.

service_manager.py SOCKET PROGRAM ARGUMENT...
Writes a line of JSON for everything that happens.
"""

import array
import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys

LARGEST = 253


def say(**event):
    print(json.dumps(event), flush=True)


class Unit:
    def __init__(self, path, command):
        self.command = command
        self.path = path
        self.store = {}
        self.main = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(0.05)

    def start(self):
        names = list(self.store)
        # Out of the way of the places 3, 4, ... that the files are to have.
        files = [os.dup(self.store[name]) for name in names]
        base = 3 + len(files)
        high = [fcntl_above(file, base) for file in files]
        environment = dict(os.environ, NOTIFY_SOCKET=self.path, LISTEN_FDS=str(len(files)), LISTEN_FDNAMES=":".join(names))

        def place_files():
            for place, file in enumerate(high, 3):
                os.dup2(file, place)

        # The shell has the number that the program will have. An empty store is not announced.
        announced = "LISTEN_PID=$$ " if files else ""
        command = ["sh", "-c", announced + 'exec "$@"', "sh", *self.command]
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 preexec_fn=place_files, close_fds=False)
        for file in files + high:
            os.close(file)
        self.main = child.pid
        say(started=child.pid, files=len(names))

    def receive(self):
        data, control, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(LARGEST * 4))
        files = array.array("i")
        for level, kind, content in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                files.frombytes(content[: len(content) - len(content) % files.itemsize])
        for file in files:
            os.set_inheritable(file, False)
        state = dict(line.split("=", 1) for line in data.decode().splitlines())
        if state.get("FDSTORE") == "1":
            for file in files:
                self.keep(state["FDNAME"], file)
        elif state.get("FDSTOREREMOVE") == "1":
            os.close(self.store.pop(state["FDNAME"]))
        else:
            self.main = int(state.get("MAINPID", self.main))
            say(**state)

    def keep(self, name, file):
        # As systemd: what is kept already is not kept again.
        if any(os.path.sameopenfile(file, kept) and name == at for at, kept in self.store.items()):
            os.close(file)
        else:
            self.store[name] = file

    def run(self):
        self.start()
        while True:
            try:
                self.receive()
                continue
            except socket.timeout:
                pass
            while True:
                try:
                    pid, status = os.waitpid(-1, os.WNOHANG)
                except ChildProcessError:
                    return
                if pid == 0:
                    break
                if pid != self.main:
                    continue
                say(ended=pid, status=status, stored=len(self.store))
                if not os.WIFSIGNALED(status):
                    return
                self.start()


def fcntl_above(file, least):
    return fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, least)


# A process whose parent has ended is this one's child, as it is systemd's.
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
unit = Unit(sys.argv[1], sys.argv[2:])


def end(*_):
    os.kill(unit.main, signal.SIGKILL)
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
unit.run()
