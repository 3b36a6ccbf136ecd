# SPDX-License-Identifier: Apache-2.0
"""relay: a sink that is a process of its own, which kill -9 ends in the midst of what it does. A copy is on disk before it says so."""
import glob
import json
import os
import signal
import socket
import struct
import subprocess
import sys

if __name__ == "__main__":
    from sink import Copy, Sink
else:
    from .sink import Copy, Sink
    from .tap import wait_for


class Relay(Sink):
    def __init__(self, name, address, folder):
        self.read = {}
        super().__init__(name, address, folder=folder)
        os.makedirs(folder, exist_ok=True)

    def up(self):
        self.process = subprocess.Popen([sys.executable, __file__, self.name, self.address, self.folder], stdin=subprocess.DEVNULL)
        wait_for(self._answers, "the relay listens")

    def _answers(self):
        with socket.socket() as sock:
            return sock.connect_ex((self.address, self.port)) == 0

    def down(self):
        self.process.kill()
        self.process.wait()

    def connections(self):
        """How many clients it has now."""
        here = "%08X:%04X" % (struct.unpack("<I", socket.inet_aton(self.address))[0], self.port)
        with open("/proc/self/net/tcp") as table:
            return sum(1 for line in table if line.split()[1] == here and line.split()[3] == "01")

    @property
    def copies(self):
        for path in sorted(glob.glob(os.path.join(self.folder, "*.json"))):
            if path not in self.read:
                with open(path) as file, open(path[:-4] + "eml", "rb") as data:
                    self.read[path] = Copy(self.name, data=data.read(), **json.load(file))
        return list(self.read.values())

    @copies.setter
    def copies(self, _value):
        pass


class _Served(Sink):
    """In the process itself."""

    def keep(self, copy):
        with self.lock:
            self.copies.append(copy)
            path = os.path.join(self.folder, "%d-%d" % (os.getpid(), len(self.copies)))
        with open(path + ".eml", "wb") as out:
            out.write(copy.data)
        with open(path + ".new", "w") as out:
            json.dump({"tls": copy.tls, "helo": copy.helo, "mail": copy.mail, "rcpts": copy.rcpts}, out)
        os.rename(path + ".new", path + ".json")


if __name__ == "__main__":
    _Served(sys.argv[1], sys.argv[2], folder=sys.argv[3]).up()
    signal.pause()
