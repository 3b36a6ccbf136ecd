# SPDX-License-Identifier: Apache-2.0
"""ca: a private certificate authority and the good and bad certificates of the sinks."""
import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


class Authority:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.cert = self._sign(_name("Lab CA"), self.key, _name("Lab CA"), self.key, days=30, authority=True)
        self.path = os.path.join(folder, "ca.pem")
        with open(self.path, "wb") as out:
            out.write(self.cert.public_bytes(serialization.Encoding.PEM))

    @staticmethod
    def _sign(subject, key, issuer, issuer_key, days, authority=False, names=()):
        now = datetime.datetime.utcnow()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=60))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    def issue(self, host, kind="valid"):
        """Certificate for a host: valid, selfsigned, expired. Returns the path of certificate and key in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        if kind == "selfsigned":
            cert = self._sign(_name(host), key, _name(host), key, days=30, names=[host])
        else:
            cert = self._sign(_name(host), key, self.cert.subject, self.key, days=-1 if kind == "expired" else 30, names=[host])
        return self._write("%s-%s" % (kind, host), key, cert)

    def bulk(self, name, hosts):
        """One certificate for many hosts. Returns its path, as issue()."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._write(name, key, self._sign(_name(name), key, self.cert.subject, self.key, days=30, names=hosts))

    def _write(self, name, key, cert):
        path = os.path.join(self.folder, name + ".pem")
        with open(path, "wb") as out:
            out.write(cert.public_bytes(serialization.Encoding.PEM))
            out.write(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
        return path
