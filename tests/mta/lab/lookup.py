# SPDX-License-Identifier: Apache-2.0
"""lookup: milward-lookup under test, and a client of its protocol."""
import os
import signal
import socket
import subprocess
import time

from .tap import Timeout, note, wait_for


def netstring(text):
    data = text.encode("latin-1") if isinstance(text, str) else text
    return b"%d:%s," % (len(data), data)


class Connection:
    """socketmap_table(5) over a unix socket or (host, port)."""

    def __init__(self, where, timeout=30):
        kind = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
        self.sock = socket.socket(kind, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        self.sock.connect(where)
        self.file = self.sock.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.sock.close()

    def send(self, *questions):
        self.sock.sendall(b"".join(netstring(q) for q in questions))

    def receive(self):
        """One answer; None at the end of the connection."""
        length = b""
        while not length.endswith(b":"):
            octet = self.file.read(1)
            if not octet:
                return None
            length += octet
        text = self.file.read(int(length[:-1]))
        assert self.file.read(1) == b","
        return text.decode("latin-1")

    def ask(self, question):
        self.send(question)
        return self.receive()


class Lookup:
    """The daemon. options: lines of `load lookup`. build: a build folder, or prefix: an installed tree; wrapper: what runs it."""

    def __init__(self, folder, options, socket_path=None, name="lookup", build=None, prefix=None, arguments=(), wrapper=()):
        self.folder, self.name = folder, name
        self.socket = socket_path or os.path.join(folder, name + ".sock")
        self.cache = os.path.join(folder, name + ".cache")
        self.policy = os.path.join(folder, name + ".policy")
        self.log_path = os.path.join(folder, "log", name)
        os.makedirs(self.cache, exist_ok=True)
        self.program = os.path.join(prefix, "sbin", "milward-lookup") if prefix else os.path.join(build, "milward-lookup")
        self.arguments, self.wrapper = list(arguments), list(wrapper)
        if build:
            self.arguments += ["--modules", self._modules(build)]
        self.process = None
        self.write(options)

    def _modules(self, build):
        """The loader takes no folder that others may write to, and libtool keeps modules apart."""
        modules = os.path.join(self.folder, "modules")
        os.makedirs(modules, mode=0o755, exist_ok=True)
        built = os.path.join(build, "modules", ".libs", "lookup.so")
        if os.path.exists(built):
            subprocess.run(["cp", built, os.path.join(modules, "lookup.so")], check=True)
        return modules

    def write(self, options, listen=()):
        sockets = ", ".join('"%s"' % where for where in ("unix:" + self.socket,) + tuple(listen))
        with open(self.policy, "w") as out:
            out.write("load lookup {\n listen %s\n cache \"%s\"\n %s\n}\n" % (sockets, self.cache, "\n ".join(options)))

    def start(self, seconds=20):
        path = os.path.join(self.folder, "notify-" + self.name)
        if os.path.exists(path):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, open(self.log_path, "ab") as log:
            notify.bind(path)
            os.chmod(path, 0o666)  # it may become another user
            notify.settimeout(0.05)
            self.process = subprocess.Popen(self.wrapper + [self.program, "-p", self.policy] + self.arguments, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=dict(os.environ, NOTIFY_SOCKET=path))
            end = time.monotonic() + seconds
            while True:
                try:
                    if b"READY=1" in notify.recv(4096):
                        return self
                except socket.timeout:
                    pass
                if self.process.poll() is not None:
                    raise AssertionError("milward-lookup ended with %d:\n%s" % (self.process.returncode, self.log()[-2000:]))
                if time.monotonic() > end:
                    raise Timeout("milward-lookup is not ready after %d s" % seconds)

    def test(self):
        """milward-lookup -t: its status and what it says."""
        done = subprocess.run([self.program, "-t", "-p", self.policy] + self.arguments, capture_output=True, text=True)
        return done.returncode, done.stderr

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def wait_log(self, text, after=0, seconds=15):
        wait_for(lambda: text in self.log()[after:], "%r in the log of milward-lookup" % text, seconds)

    def reload(self):
        before = len(self.log())
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "reload:" in self.log()[before:], "milward-lookup reloads")

    def stop(self):
        """Ends it as systemd does; its status."""
        self.process.terminate()
        return self.process.wait(15)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, question, timeout=30):
        with Connection(self.socket, timeout) as connection:
            return connection.ask(question)

    def tell(self):
        """For a failure."""
        note("---- milward-lookup")
        note("\n".join(self.log().splitlines()[-40:]))
