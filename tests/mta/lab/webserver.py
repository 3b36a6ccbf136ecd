# SPDX-License-Identifier: Apache-2.0
"""webserver: what the web servers in front of the portal have in common: nginx.py and apache.py say how each is set up."""
import os
import socket
import subprocess

from .tap import wait_for


class Webserver:
    """Who inherits it sets `logs`, the folder of its log, and says how it is started (command)."""
    process = None

    def command(self):
        raise NotImplementedError

    def start(self):
        self.process = subprocess.Popen(self.command())
        name = type(self).__name__

        def ready():
            assert self.process.poll() is None, name + " has ended"
            try:
                socket.create_connection(("127.0.0.1", 443), 1).close()
                return True
            except OSError:
                return False

        wait_for(ready, name + " listens", 30)
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def logged(self, *beginnings):
        """All that it wrote, in files whose names begin so; in all files of the folder without."""
        text = ""
        for name in os.listdir(self.logs):
            if not beginnings or name.startswith(beginnings):
                with open(os.path.join(self.logs, name), errors="replace") as file:
                    text += file.read()
        return text
