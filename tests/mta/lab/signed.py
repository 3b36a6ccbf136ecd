# SPDX-License-Identifier: Apache-2.0
"""signed: DNS zones with real signatures, served by nsd, and some that are broken on purpose.

    names = Signed(folder, "test")              # the parent zone, on 127.0.0.54, and its trust anchor
    names.zone("dane.test", ["@ IN MX 10 mx", "mx IN A 127.0.0.31", tlsa("mx", cert)])
    names.start()

Child zones are on another nsd (127.0.0.57), so that a resolver follows delegations as it does in the world.
"""
import hashlib
import os
import socket
import struct
import subprocess
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from .tap import wait_for

PARENT, CHILDREN, FILTER, MUTE = "127.0.0.54", "127.0.0.57", "127.0.0.55", "127.0.0.56"
TLSA = 52


def tlsa(host, cert_path, port=25, usage=3, selector=1, match=1, ttl=""):
    """A TLSA record of a certificate; "wrong" as the path: of none."""
    if cert_path == "wrong":
        data = b"none"
    else:
        with open(cert_path, "rb") as pem:
            cert = x509.load_pem_x509_certificate(pem.read())
        if selector:
            data = cert.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        else:
            data = cert.public_bytes(serialization.Encoding.DER)
    digest = {0: data, 1: hashlib.sha256(data).digest(), 2: hashlib.sha512(data).digest()}[match]
    return "_%d._tcp.%s %s IN TLSA %d %d %d %s" % (port, host, ttl, usage, selector, match, digest.hex())


def _answers(address, name):
    query = struct.pack(">HHHHHH", 1, 0, 1, 0, 0, 0)
    query += b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0" + struct.pack(">HH", 6, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        try:
            sock.sendto(query, (address, 53))
            return len(sock.recv(4096)) > 12
        except OSError:
            return False


class _Nsd:
    """One nsd on one address."""

    def __init__(self, folder, address):
        self.folder, self.address, self.zones, self.process = folder, address, [], None

    def start(self):
        name = "nsd-%s" % self.address
        path = os.path.join(self.folder, name + ".conf")
        with open(path, "w") as out:
            out.write(
                'server:\n ip-address: %s\n username: ""\n chroot: ""\n zonesdir: "%s"\n database: ""\n pidfile: "%s.pid"\n'
                ' xfrdfile: "%s.xfrd"\n zonelistfile: "%s.list"\n server-count: 1\n hide-version: yes\n'
                "remote-control:\n control-enable: no\n" % (self.address, self.folder, *[os.path.join(self.folder, name)] * 3)
            )
            for zone, file in self.zones:
                out.write('zone:\n name: "%s"\n zonefile: "%s"\n' % (zone, file))
        log = open(os.path.join("log", name), "ab")
        self.process = subprocess.Popen(["nsd", "-d", "-c", path], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(lambda: _answers(self.address, self.zones[0][0]), "nsd answers on %s" % self.address, 15)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Signed:
    def __init__(self, folder, parent):
        self.folder = os.path.join(folder, "zones")
        os.mkdir(self.folder)
        self.parent_name = parent
        self.parent, self.children = _Nsd(self.folder, PARENT), _Nsd(self.folder, CHILDREN)
        self.records = []
        self.anchor = os.path.join(folder, "anchor.ds")
        self.asked = []  # (name, type) that came to the filter

    def _sign(self, zone, records, expired=False):
        """Writes and signs a zone; its file and its DS record."""
        path = os.path.join(self.folder, zone)
        with open(path, "w") as out:
            out.write("$ORIGIN %s.\n$TTL 300\n@ IN SOA ns root 1 3600 600 86400 60\n" % zone)
            out.write("\n".join(records) + "\n")
        run = dict(cwd=self.folder, check=True, capture_output=True, text=True)
        key = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone], **run).stdout.strip()
        now = int(time.time())
        until = now + 86400 * (-3 if expired else 7)  # resolvers forgive a day
        subprocess.run(["ldns-signzone", "-o", zone, "-i", str(now - 86400 * 30), "-e", str(until), path, key], **run)
        return path + ".signed", subprocess.run(["ldns-key2ds", "-n", "-2", key + ".key"], **run).stdout.strip()

    def zone(self, name, records, signed="yes", server=CHILDREN):
        """A child. signed: yes; no (without DS); expired (its signatures are); wrong (its DS record is of another key)."""
        file, ds = self._sign(name, ["@ IN NS ns", "ns IN A %s" % server] + records, expired=signed == "expired")
        if signed == "wrong":
            ds = self._sign("other." + name, ["@ IN NS ns", "ns IN A %s" % server])[1].replace("other." + name, name)
        label = name[: -len(self.parent_name) - 1]
        self.records += ["%s IN NS ns.%s" % (label, label), "ns.%s IN A %s" % (label, server)]
        if signed != "no":
            self.records.append(ds)
        self.children.zones.append((name, file))

    def start(self):
        file, ds = self._sign(self.parent_name, ["@ IN NS ns", "ns IN A %s" % PARENT] + self.records)
        with open(self.anchor, "w") as out:
            out.write(ds + "\n")
        self.parent.zones.append((self.parent_name, file))
        self.children.start()
        self.parent.start()

    def stop(self):
        self.parent.stop()
        self.children.stop()

    def filter(self, fails=(TLSA,)):
        """On 127.0.0.55: what the children's server says, but SERVFAIL for some types, as old name servers do."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((FILTER, 53))

        def serve():
            while True:
                query, client = sock.recvfrom(4096)
                at, labels = 12, []
                while query[at]:
                    labels.append(query[at + 1 : at + 1 + query[at]].decode("latin-1").lower())
                    at += query[at] + 1
                kind = struct.unpack(">H", query[at + 1 : at + 3])[0]
                self.asked.append((".".join(labels), kind))
                if kind in fails:
                    sock.sendto(query[:2] + struct.pack(">HHHHH", 0x8402, 1, 0, 0, 0) + query[12 : at + 5], client)
                    continue
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to:
                    to.settimeout(2)
                    to.sendto(query, (CHILDREN, 53))
                    try:
                        sock.sendto(to.recv(65536), client)
                    except socket.timeout:
                        pass

        threading.Thread(target=serve, daemon=True).start()

    @staticmethod
    def mute():
        """On 127.0.0.56: takes questions and says nothing. The socket lives as long as what is returned."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((MUTE, 53))
        tcp = socket.create_server((MUTE, 53))
        return sock, tcp
