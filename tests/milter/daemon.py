# SPDX-License-Identifier: Apache-2.0
"""daemon: a milward of its own in a temporary folder. It is ready when it says so on its notify socket: nothing sleeps."""
import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("MILWARD_SRC") or os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("MILWARD_BUILD") or SOURCE
sys.path.insert(0, os.path.join(SOURCE, "tests", "mta"))
from lab.process import children  # noqa: E402
from lab.tap import Timeout, skip_all, wait_for  # noqa: E402

MILWARD = os.path.join(BUILD, "milward")


def sanitized():
    """Is this a build whose memory says nothing?"""
    with open(MILWARD, "rb") as file:
        return re.search(rb"__[at]san_init", file.read()) is not None


def modules_folder():
    """A folder with the built modules and the lab's own."""
    folder = tempfile.mkdtemp(prefix="milward-modules-")
    atexit.register(shutil.rmtree, folder, True)
    built = os.path.join(BUILD, "modules", ".libs")
    for name in os.listdir(built) if os.path.isdir(built) else []:
        if name.endswith(".so"):
            shutil.copy(os.path.join(built, name), folder)
    include = os.path.join(os.environ.get("MILWARD_PREFIX", ""), "include")
    if not os.path.exists(os.path.join(include, "milward", "plugin.h")):
        include = os.path.join(SOURCE, "include")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-I" + include, "-o", os.path.join(folder, "lab.so"),
                    os.path.join(HERE, "lab.c")], check=True)
    return folder


class Daemon:
    """One milward. policy: text of the policy, %(dir)s is its folder. Use `with`."""
    modules = None

    def __init__(self, policy, *options, files=None, before=None):
        if not os.path.exists(MILWARD):
            skip_all("no milward in " + BUILD)
        if Daemon.modules is None:
            Daemon.modules = modules_folder()
        self.dir = tempfile.mkdtemp(prefix="milward-t-")
        self.path = os.path.join(self.dir, "sock")
        self.policy = os.path.join(self.dir, "test.policy")
        self.log_path = os.path.join(self.dir, "log")
        self.spool = os.path.join(self.dir, "spool")
        os.mkdir(self.spool, 0o700)
        self.options, self.before = list(options), before
        self.process = None
        for name, text in (files or {}).items():
            self.write(name, text)
        if policy is not None:
            self.write("test.policy", policy)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(os.path.join(self.dir, "notify"))
        self.words = []

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text.replace("%(dir)s", self.dir))
        os.rename(path + ".new", path)
        return path

    def command(self):
        return [MILWARD, "-p", self.policy, "--modules", Daemon.modules, "--spool", self.spool,
                "--policies", self.dir] + [o.replace("%(dir)s", self.dir) for o in self.options]

    def spawn(self):
        # G_SLICE: GLib hands memory from thread to thread behind locks that a thread sanitizer cannot see.
        env = dict(os.environ, NOTIFY_SOCKET=os.path.join(self.dir, "notify"), G_SLICE="always-malloc")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                            preexec_fn=self.before)
        return self

    def start(self):
        self.spawn()
        self.wait_word("READY=1")
        return self

    __enter__ = start

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stop()
        found = [line for line in re.findall(r"(?:SUMMARY: \w+Sanitizer|runtime error): .*", self.log())
                 if "libmilter.so" not in line and "in __GI___poll" not in line]  # its own way to stop; a signal that a test sent
        if found:
            raise AssertionError("%s in:\n%s" % (found, self.log()))
        shutil.rmtree(self.dir, ignore_errors=True)

    def stop(self, how=signal.SIGTERM, seconds=30):
        """Its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process = None
        return status

    def run_to_end(self, seconds=30):
        """Starts and waits until it has ended: exit status and log."""
        self.spawn()
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = "still running"
            self.stop()
        return status, self.log()

    # -- what it says ---------------------------------------------------------------------------------------------------------
    def wait_word(self, word, seconds=30):
        """Until a datagram on the notify socket has that line. All its lines."""
        end = time.monotonic() + seconds
        self.notify.settimeout(0.5)
        while True:
            try:
                lines = self.notify.recv(4096).decode().split("\n")
            except socket.timeout:
                if time.monotonic() < end and self.process.poll() is None:
                    continue
                raise Timeout("no %s; log:\n%s" % (word, self.log())) from None
            self.words += lines
            if word in lines:
                return lines

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def wait_log(self, pattern, count=1, seconds=30):
        """Until the log has so many matches. They."""
        return wait_for(lambda: (lambda found: found if len(found) >= count else None)(re.findall(pattern, self.log())),
                        "%d x %s in the log:\n%s" % (count, pattern, self.log()), seconds)

    def reload(self, good=True):
        self.process.send_signal(signal.SIGHUP)
        self.wait_word("RELOADING=1")
        lines = self.wait_word("READY=1")
        return any("reload failed" in line for line in lines) != good

    def counts(self):
        """The counters, asked for by signal."""
        before = len(re.findall(r"counts: error=", self.log()))
        self.process.send_signal(signal.SIGUSR1)
        self.wait_log(r"counts: error=", before + 1)
        found = {}
        for line in re.findall(r"counts: (.*)", self.log()):
            found.update((k, int(v)) for k, v in (pair.split("=") for pair in line.split()))
        return found

    def worker(self):
        """Process id of the child that runs libmilter."""
        found = children(self.process.pid)
        return found[0] if found else None

    def memory(self, key="VmRSS"):
        """In octets, of the worker."""
        with open("/proc/%d/status" % self.worker(), encoding="ascii") as file:
            return int(re.search(key + r":\s+(\d+) kB", file.read()).group(1)) * 1024
