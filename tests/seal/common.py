# SPDX-License-Identifier: Apache-2.0
"""common: milward-seal in a temporary folder, the MTA that it gives mail back to, and an LMTP client that says exactly what it is told."""
import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("MILWARD_SRC") or os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("MILWARD_BUILD") or SOURCE
sys.path.insert(0, os.path.join(SOURCE, "tests", "mta"))
from lab import sink  # noqa: E402
from lab.client import stuff  # noqa: E402
from lab.process import children  # noqa: E402
from sealers import build_sealers, seal, unseal  # noqa: E402,F401
from lab.tap import Tap, Timeout, note, skip_all, wait_for  # noqa: E402,F401

AGENT = os.path.join(BUILD, "milward-seal")


def sanitized():
    """Is this a build with a sanitizer, which has no list of system calls?"""
    with open(AGENT, "rb") as file:
        return b"__asan_init" in file.read()


def modules():
    folder = tempfile.mkdtemp(prefix="milward-modules-")
    atexit.register(shutil.rmtree, folder, True)
    built = os.path.join(BUILD, "modules", ".libs")
    for name in ("seal.so", "route.so"):
        if not os.path.exists(os.path.join(built, name)):
            skip_all("no module %s in %s" % (name, BUILD))
        shutil.copy(os.path.join(built, name), folder)
    build_sealers(folder)
    return folder


class Mta(sink.Sink):
    """The re-entry listener: .copies is what it took, .told what XFORWARD said last, .before a function that runs before each answer."""
    extensions = sink.EXTENSIONS + ("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",)

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        super().__init__("mta", "127.0.0.1", port=port)
        self.told, self.before = {}, None
        self.up()

    def session(self, conn):
        return _Session(self, conn)


class _Session(sink.Session):
    """One whose client was killed still answers what had come before: what a later one was given does not run there."""

    def __init__(self, mta, conn):
        super().__init__(mta, conn)
        self.before = mta.before

    def do_xforward(self, text):
        self.sink.told.update(item.split("=", 1) for item in text.split(" ")[1:])
        self.say("250 2.0.0 ok")

    def answer(self, verb, text):
        before = self.sink.before
        if before and self.before in (None, before):
            before(verb)
        if verb == ".":
            text = "250 2.0.0 Ok: queued as NEW%d" % len(self.sink.copies)
        return super().answer(verb, text)


class Closed(Exception):
    pass


class Lmtp:
    """One connection, said line by line."""

    def __init__(self, path, timeout=30, hello=True):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self.sock.connect(path)
        self.file = self.sock.makefile("rb")
        self.banner = self.reply()
        if hello:
            self.offers = self.command("LHLO mx.clinic.test")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.sock.close()

    def send(self, octets):
        self.sock.sendall(octets)

    def reply(self):
        lines = []
        while True:
            try:
                line = self.file.readline().decode()
            except ConnectionError:
                line = ""
            if not line:
                raise Closed("\n".join(lines))
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    def command(self, text):
        self.send(text.encode() + b"\r\n")
        return self.reply()

    def start(self, rcpts, sender="alice@clinic.test", queue_id="Q1", params="", rcpt_params=""):
        """Up to 354; the answers to all."""
        said = []
        if queue_id:
            said.append(self.command("XFORWARD NAME=client.test ADDR=192.0.2.7 PORT=4711"))
            said.append(self.command("XFORWARD PROTO=ESMTP HELO=helo.test IDENT=%s SOURCE=REMOTE" % queue_id))
        said.append(self.command("MAIL FROM:<%s>%s" % (sender, params and " " + params)))
        for rcpt in rcpts:
            said.append(self.command("RCPT TO:<%s>%s" % (rcpt, rcpt_params and " " + rcpt_params)))
        said.append(self.command("DATA"))
        return said

    def finish(self, octets, n, raw=False):
        self.send((octets if raw else stuff(octets)) + b".\r\n")
        return [self.reply() for _ in range(n)]

    def deliver(self, octets, *rcpts, **more):
        """The whole; answers one a recipient."""
        said = self.start(rcpts, **more)
        if not said[-1].startswith("354"):
            raise AssertionError(said)
        return self.finish(octets, len(rcpts))


def memory(agent, octets, rcpt):
    """Delivers; the answer, and the most memory that the child had for it, in MB."""
    with agent.connect() as lmtp:
        lmtp.start([rcpt])
        child = agent.children()[-1]
        answer = lmtp.finish(octets, 1, raw=True)[0]
        with open("/proc/%d/status" % child) as file:
            return answer, int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) // 1024


class Agent:
    """One milward-seal. Use `with`."""
    modules = None

    def __init__(self, mta, options="", load=None, folder=None, state=None):
        if not os.path.exists(AGENT):
            skip_all("no milward-seal in " + BUILD)
        if Agent.modules is None:
            Agent.modules = modules()
        self.own = folder is None
        self.dir = folder or tempfile.mkdtemp(prefix="milward-seal-t-")
        self.path = os.path.join(self.dir, "seal.sock")
        self.policy_path = os.path.join(self.dir, "seal.policy")
        self.log_path = os.path.join(self.dir, "log")
        self.keys = os.path.join(self.dir, "keys")
        self.state = state or os.path.join(self.dir, "state")
        os.makedirs(self.keys, exist_ok=True)
        with open(os.path.join(self.keys, "key"), "w") as out:
            out.write("key")
        self.mta, self.process = mta, None
        self.policy(options, load)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(os.path.join(self.dir, "notify"))

    def policy(self, options="", load=None, extra=""):
        if load is None:
            load = "load route with %s grant route, edit, run { mta none }" % ", ".join(
                '%s { folder "%s" } grant keys, store' % (name, self.keys) for name in ("seal-test", "seal-other"))
            load = ('load seal-test grant keys, store { folder "%s" }\nload seal-other grant keys, store { folder "%s" }\n' % (self.keys, self.keys) +
                    "load route with seal-test, seal-other grant route, edit, run { mta none }")
        with open(self.policy_path + ".new", "w") as out:
            out.write('%s\nload seal { listen "unix:%s"; state "%s"; reentry "inet:%d@127.0.0.1"; name "gw.clinic.test"; %s }\nmatch any then pass\n%s'
                      % (load, self.path, self.state, self.mta.port, options, extra))
        os.rename(self.policy_path + ".new", self.policy_path)

    def command(self):
        return [AGENT, "-p", self.policy_path, "--modules", Agent.modules, "--policies", self.dir]

    def spawn(self, *more):
        env = dict(os.environ, NOTIFY_SOCKET=os.path.join(self.dir, "notify"))
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command() + list(more), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        return self

    def start(self):
        self.spawn()
        self.wait_word("READY=1")
        return self

    __enter__ = start

    def __exit__(self, *_):
        self.stop()
        bad = [line for line in self.log().splitlines() if "Sanitizer" in line or "runtime error" in line]
        if bad:
            raise AssertionError("\n".join(bad))
        self.notify.close()
        if self.own:
            shutil.rmtree(self.dir, ignore_errors=True)

    def wait_word(self, word, seconds=20):
        end = time.monotonic() + seconds
        self.notify.settimeout(0.2)
        while True:
            try:
                if word in self.notify.recv(4096).decode().split("\n"):
                    return
            except socket.timeout:
                pass
            if self.process.poll() is not None or time.monotonic() > end:
                raise Timeout("no %s; log:\n%s" % (word, self.log()))

    def stop(self, how=signal.SIGTERM, seconds=20):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
            note("it did not stop; log:\n" + self.log())
        self.process = None
        return status

    def run_to_end(self, *more):
        """Exit status and log of a start that fails."""
        self.spawn(*more)
        status = self.process.wait(20)
        self.process = None
        return status, self.log()

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def children(self):
        return children(self.process.pid)

    def connect(self, **more):
        return Lmtp(self.path, **more)

    def deliver(self, octets, *rcpts, **more):
        with self.connect() as lmtp:
            return lmtp.deliver(octets, *rcpts, **more)


def threads(count, work):
    """Runs work(i) in that many threads at once; what it raised, or returned, in order."""
    results = [None] * count

    def one(i):
        try:
            results[i] = work(i)
        except Exception as error:  # a test looks at it
            results[i] = error

    running = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return results
