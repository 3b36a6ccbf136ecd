# SPDX-License-Identifier: Apache-2.0
"""milward: the daemon under test, started as systemd would start it, and hurt as no systemd would."""
import glob
import os
import signal
import socket
import subprocess
import time

from .process import alive, freeze, thaw
from .tap import Timeout, wait_for


class Milward:
    """One daemon with one policy. `prefix` is where milward is installed."""

    def __init__(self, folder, prefix, policy, name="milward"):
        self.folder, self.prefix, self.policy, self.name = folder, prefix, policy, name
        self.arguments = ["-f", "-p", policy, "--spool", os.path.join(folder, "spool-%s" % name), "--socket-group", "postfix"]
        self.program = os.path.join(prefix, "sbin", "milward")
        self.log_path = os.path.join(folder, "log", name)
        self.program = os.path.join(prefix, "sbin", "milward")
        self.process = None
        self.clock = {}  # see jump()

    def jump(self, offset):
        """The clock that it sees from its next start on: "+2d"; None = that of the machine. False: there is no libfaketime."""
        found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        self.clock = {"LD_PRELOAD": found[0], "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"} if offset and found else {}
        return bool(found)

    def start(self, ready=True, seconds=30):
        """Starts it; with ready=True returns when it has told that it is ready, and fails when it ends before."""
        path = os.path.join(self.folder, "notify-%s" % self.name)
        if os.path.exists(path):
            os.unlink(path)
        os.makedirs(os.path.join(self.folder, "spool-%s" % self.name), mode=0o700, exist_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(0.05)
            log = open(self.log_path, "ab")
            self.process = subprocess.Popen(
                [self.program] + self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(os.environ, NOTIFY_SOCKET=path, **self.clock),
            )
            log.close()
            end = time.monotonic() + seconds
            while ready:
                try:
                    if b"READY=1" in notify.recv(4096):
                        return self
                except socket.timeout:
                    pass
                if self.process.poll() is not None:
                    raise AssertionError("milward ended with %d:\n%s" % (self.process.returncode, self.log()[-2000:]))
                if time.monotonic() > end:
                    raise Timeout("milward is not ready after %d s" % seconds)
        return self

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def wait_log(self, text, seconds=15, after=0):
        """Waits for a text in the log behind offset `after`."""
        wait_for(lambda: text in self.log()[after:], "%r in milward's log" % text, seconds)

    def workers(self):
        """Processes below the one that was started: those that libmilter runs in."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid) as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == self.process.pid and fields[0] != "Z":
                found.append(int(pid))
        return found

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        self.signal(signal.SIGHUP)

    def kill(self):
        """kill -9 of everything: a crash of the machine's kind. Behind it nothing of it listens any more."""
        workers = self.workers()
        for pid in [self.process.pid] + workers:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not any(alive(pid) for pid in workers), "the workers are gone")

    def crash_worker(self):
        """kill -9 of the worker alone; its parent brings a new one."""
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)

    def freeze(self):
        freeze(*(self.workers() or [self.process.pid]))

    def thaw(self):
        thaw(*(self.workers() or [self.process.pid]))

    def stop(self, seconds=20):
        """Ends it in the orderly way; its exit status."""
        self.process.terminate()
        return self.process.wait(seconds)


def connects(path):
    """Does somebody listen on this unix socket?"""
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(path)
            return True
        except OSError:
            return False
