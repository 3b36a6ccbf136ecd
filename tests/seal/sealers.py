# SPDX-License-Identifier: Apache-2.0
"""sealers: the sealers of the tests (sealer.c), and what they do once more in Python."""
import base64
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("MILWARD_SRC") or os.path.dirname(os.path.dirname(HERE))


def build_sealers(folder):
    """seal-test (smime) and seal-other (openpgp)."""
    for module, method in (("seal-test", "smime"), ("seal-other", "openpgp")):
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-I" + os.path.join(SOURCE, "include"),
                        '-DMETHOD="%s"' % method, '-DMODULE="%s"' % module, "-o", os.path.join(folder, module + ".so"), os.path.join(HERE, "sealer.c")], check=True)


def unseal(octets):
    """What a sealer of the tests has sealed: (outer header, inner entity)."""
    head, _, body = octets.partition(b"\r\n\r\n")
    text = base64.b64decode(body.replace(b"\r\n", b"") + b"===")
    return head + b"\r\n", bytes(c ^ 0x2A for c in text)


def seal(octets, kind="application/x-sealed-smime"):
    """An entity as a stranger would have sealed (or signed) it."""
    text = base64.encodebytes(bytes(c ^ 0x2A for c in octets)).replace(b"\n", b"\r\n").replace(b"=", b"")
    return b"Content-Type: " + kind.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + text
