# SPDX-License-Identifier: Apache-2.0
"""dns: unbound on 127.0.0.53 that knows the lab's domains and nothing else."""
import os
import socket
import struct
import subprocess
import threading

from .tap import wait_for

ADDRESS = "127.0.0.53"


def _answers(name):
    """Does the server answer at all? One A query, by hand: nothing of the system's resolver is cached."""
    query = struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0)
    query += b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0" + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        try:
            sock.sendto(query, (ADDRESS, 53))
            return len(sock.recv(512)) > 12
        except OSError:
            return False


class Dns:
    def __init__(self, folder):
        self.folder = folder
        self.records = []
        self.signed = []  # (zone, server, file with its trust anchor): validated, and asked of that server
        self.process = None

    def host(self, name, address):
        self.records.append("%s. IN A %s" % (name, address))

    def mail(self, domain, *exchangers):
        """MX records; exchangers are host names, the best first."""
        for i, host in enumerate(exchangers):
            self.records.append("%s. IN MX %d %s." % (domain, 10 * (i + 1), host))

    def start(self):
        path = os.path.join(self.folder, "unbound.conf")
        with open(path, "w") as out:
            out.write(
                "server:\n verbosity: 1\n interface: %s\n access-control: 127.0.0.0/8 allow\n do-daemonize: no\n"
                ' username: ""\n chroot: ""\n directory: "%s"\n pidfile: ""\n use-syslog: no\n logfile: ""\n'
                ' module-config: "validator iterator"\n do-not-query-localhost: no\n val-bogus-ttl: 1\n infra-host-ttl: 1\n root-hints: ""\n do-ip6: no\n num-threads: 1\n'
                ' local-zone: "." static\n' % (ADDRESS, self.folder)
            )
            # The names are ours alone: what is not here does not exist.
            out.write(' local-zone: "test." static\n')
            out.write(' local-data: "localhost. IN A 127.0.0.1"\n local-data: "1.0.0.127.in-addr.arpa. IN PTR localhost."\n')
            for record in self.records:
                out.write(" local-data: '%s'\n" % record)
            for zone, _server, anchor in self.signed:
                out.write(' local-zone: "%s." transparent\n trust-anchor-file: "%s"\n' % (zone, anchor))
            for zone, server, _anchor in self.signed:
                out.write('stub-zone:\n name: "%s."\n stub-addr: %s\n' % (zone, server))
            out.write("remote-control:\n control-enable: no\n")
        log = open(os.path.join(self.folder, "log", "unbound"), "ab")
        self.process = subprocess.Popen(["unbound", "-d", "-c", path], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(lambda: _answers("localhost"), "unbound answers", 15)

    def restart(self):
        self.process.terminate()
        self.process.wait()
        self.start()

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def fail(self):
        """From now on SERVFAIL is all that is said; what is returned ends that."""
        self.kill()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((ADDRESS, 53))
        sock.settimeout(0.1)
        over = threading.Event()

        def serve():
            while not over.is_set():
                try:
                    query, client = sock.recvfrom(4096)
                except socket.timeout:
                    continue
                end = query.index(b"\0", 12) + 5
                sock.sendto(query[:2] + struct.pack(">HHHHH", 0x8182, 1, 0, 0, 0) + query[12:end], client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()

        def mend():
            over.set()
            thread.join()
            sock.close()
            self.start()

        return mend
