# SPDX-License-Identifier: Apache-2.0
"""seal: milward-seal and a signer under test, people with certificates and keys, and what they read of what they get."""
import os
import re
import subprocess

from .milward import Milward
from .postfix import QUEUE
from .process import alive
from .tap import wait_for

SOCKET = os.path.join(QUEUE, "milward", "seal.sock")
SIGNER = os.path.join(QUEUE, "milward", "sign.sock")
REENTRY = 10533


class Agent(Milward):
    """milward-seal with a policy that loads sealers. Started and hurt as milward is."""

    def __init__(self, site, policy):
        super().__init__(site.folder, site.prefix, policy, "seal")
        self.program = os.path.join(site.prefix, "sbin", "milward-seal")
        self.arguments = ["-p", policy]

    def kill(self):
        """kill -9 of the process that the service manager knows, and of its children."""
        pids = self.workers()
        self.process.kill()
        self.process.wait()
        for pid in pids:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        wait_for(lambda: not any(alive(pid) for pid in pids), "the children are gone")


def load(site, sealers="seal-smime, seal-openpgp", listen=SOCKET):
    """Load lines: the sealers, and the agent itself."""
    lines = ['load seal-smime grant keys, store { certificates "%s/certificates"; verify no }' % site.folder,
             'load seal-openpgp grant keys, network { keys "%s/openpgp" }' % site.folder]
    lines = [line for line in lines if line.split()[1] in sealers]
    lines.append('load seal { listen "unix:%s"; socket-group "postfix"; reentry "inet:%d@127.0.0.1"; state "%s/seal-state"; name "gw.clinic.test" }'
                 % (listen, REENTRY, site.folder))
    return "\n".join(lines)


class People:
    """Recipients with keys of their own, in a folder: certificates by OpenSSL, OpenPGP keys by gpg."""

    def __init__(self, site):
        self.folder = site.folder
        self.home = os.path.join(self.folder, "gpg")
        for name in ("certificates", "openpgp", "gpg"):
            os.makedirs(os.path.join(self.folder, name), mode=0o700 if name == "gpg" else 0o755)

    def certificate(self, address):
        """Of his own: nobody has to vouch for what an administrator puts there."""
        pem, key = (os.path.join(self.folder, "certificates", address + end) for end in (".pem", ".key"))
        key = os.path.join(self.folder, os.path.basename(key))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", pem, "-subj", "/CN=" + address,
                        "-days", "30", "-addext", "subjectAltName=email:" + address, "-addext", "extendedKeyUsage=emailProtection",
                        "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,keyEncipherment,digitalSignature"], check=True, capture_output=True)
        return pem, key

    def gpg(self, *arguments, data=None):
        return subprocess.run(["gpg", "--homedir", self.home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",
                               "--trust-model", "always", *arguments], input=data, check=True, capture_output=True).stdout

    def openpgp(self, address):
        self.gpg("--quick-gen-key", address, "ed25519", "cert,sign", "never")
        fingerprint = re.search(r"^fpr:+([0-9A-F]{40}):", self.gpg("-k", "--with-colons", address).decode(), re.M).group(1)
        self.gpg("--quick-add-key", fingerprint, "cv25519", "encr", "never")
        with open(os.path.join(self.folder, "openpgp", address + ".pgp"), "wb") as out:
            out.write(self.gpg("--export", address))

    def read(self, copy):
        """What the recipient reads of a sealed copy: octets of the entity inside."""
        if b"application/pkcs7-mime" in copy.data:
            key = os.path.join(self.folder, copy.to[0] + ".key")
            return subprocess.run(["openssl", "cms", "-decrypt", "-inform", "SMIME", "-inkey", key], input=copy.data, check=True,
                                  capture_output=True).stdout
        return self.gpg("--decrypt", data=copy.data[copy.data.index(b"-----BEGIN PGP MESSAGE"):])

    def close(self):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=False, capture_output=True)
