# SPDX-License-Identifier: Apache-2.0
"""dkimkeys: OpenDKIM's files for a domain with an RSA and an Ed25519 key, and dkimpy as the independent verifier."""
import base64
import os

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa


class Keys:
    """Keys of a domain: selectors `rsa` and `ed`. texts: what its DNS would say."""

    def __init__(self, folder, domain="clinic.test"):
        self.texts = {}
        self.folder = os.path.join(folder, "dkim")
        os.mkdir(self.folder, 0o700)
        self.key_table = os.path.join(self.folder, "KeyTable")
        self.signing_table = os.path.join(self.folder, "SigningTable")
        private_rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private_ed = ed25519.Ed25519PrivateKey.generate()
        public_rsa = private_rsa.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        public_ed = private_ed.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        with open(self.key_table, "w") as keys, open(self.signing_table, "w") as signing:
            for selector, kind, private, public in (("rsa", "rsa", private_rsa, public_rsa), ("ed", "ed25519", private_ed, public_ed)):
                self._write(selector, private)
                keys.write("%s %s:%s:%s\n" % (selector, domain, selector, self.path(selector)))
                signing.write("*@%s %s\n" % (domain, selector))
                text = "v=DKIM1; k=%s; p=%s" % (kind, base64.b64encode(public).decode())
                self.texts["%s._domainkey.%s" % (selector, domain)] = text

    def path(self, selector):
        return os.path.join(self.folder, selector + ".private")

    def _write(self, selector, private):
        octets = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with open(os.open(self.path(selector), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
            out.write(octets)

    def load(self):
        """The policy's line."""
        return 'load dkim grant headers, edit, keys { key-table "%s"; signing-table "refile:%s"; multiple yes }' % (
            self.key_table,
            self.signing_table,
        )

    def verify(self, octets):
        """{(algorithm, domain): does it verify} of all signatures in a message as it arrived."""
        message = dkim.DKIM(octets)
        found = {}
        count = sum(1 for name, _value in message.headers if name.lower() == b"dkim-signature")
        for i in range(count):
            # dkimpy keeps the tags of the signature that it looked at last.
            try:
                good = message.verify(idx=i, dnsfunc=self._lookup)
            except dkim.DKIMException as why:
                good = str(why)
            tags = dkim.util.parse_tag_value([v for n, v in message.headers if n.lower() == b"dkim-signature"][i])
            found[(tags[b"a"].decode(), tags[b"d"].decode())] = good
        return found

    def _lookup(self, name, timeout=5):
        return self.texts.get((name.decode() if isinstance(name, bytes) else name).rstrip("."), "").encode() or None
