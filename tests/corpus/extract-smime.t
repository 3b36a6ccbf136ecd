#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""extract-smime: messages that openssl cms signs, encrypts and packs, through milwardctl text.

Needs MILWARD_BUILD (a built tree with extract-smime) and the program openssl. Prints TAP.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
POLICY = "load phi with extract-smime grant text\n"
TEXT = "The SSN of Jane is 219-09-9999."
ENTITY = "Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n" % TEXT
TREE = ("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n%s\r\n--b\r\nContent-Type: text/csv; name=a.csv\r\n"
        "Content-Disposition: attachment; filename=a.csv\r\n\r\nname,ssn\r\n--b--\r\n" % TEXT)


class Work:
    def __init__(self, top):
        self.top = top
        with open(self.path("policy"), "w", encoding="utf-8") as f:
            f.write(POLICY)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=Ann", "-days", "2", "-keyout", self.path("key"), "-out", self.path("cert")],
                       check=True, capture_output=True)

    def path(self, name):
        return os.path.join(self.top, name)

    def cms(self, octets, *options):
        return subprocess.run(["openssl", "cms", "-binary", *options], input=octets, capture_output=True, check=True).stdout

    def sign(self, octets, *options):
        return self.cms(octets, "-sign", "-signer", self.path("cert"), "-inkey", self.path("key"), *options)

    def parts(self, message):
        """What milwardctl reads: {(path, zone): (reason, text)}."""
        with open(self.path("mail"), "wb") as f:
            f.write(b"From: a@x.example\r\nTo: b@y.example\r\nSubject: x\r\n" + message)
        command = [os.path.join(BUILD, "milwardctl"), "-p", self.path("policy"), "--modules", os.path.join(BUILD, "modules/.libs"),
                   "--policies", os.path.join(SRC, "policies"), "text", "--json", self.path("mail")]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode not in (0, 1):
            raise OSError(run.stderr)
        parts = [json.loads(line) for line in run.stdout.splitlines()]
        return {(part["part"], part["zone"]): (part.get("unreadable"), part["text"]) for part in parts}


def part(octets, label="application/pkcs7-mime", name="smime.p7m"):
    head = "MIME-Version: 1.0\r\nContent-Type: %s; name=\"%s\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" % (label, name)
    return head.encode() + base64.encodebytes(octets)


def in_body(parts):
    """Is the text in a part of the zone body, and no part unread?"""
    return any(zone == "body" and TEXT in text for (_, zone), (_, text) in parts.items()) and reasons(parts) == []


def reasons(parts):
    return sorted(reason for reason, _ in parts.values() if reason)


def words(parts):
    return any(TEXT in text for _, text in parts.values())


def cases(work):
    entity = ENTITY.encode()
    signed = work.sign(entity, "-nodetach", "-outform", "DER")
    nested = work.sign(part(signed), "-nodetach", "-outform", "DER")
    detached = work.sign(entity, "-outform", "SMIME")
    sealed = work.cms(entity, "-encrypt", "-aes128", "-outform", "DER", work.path("cert"))
    endless = work.cms(entity, "-encrypt", "-aes128", "-stream", "-outform", "DER", work.path("cert"))
    pieces = work.sign(entity, "-nodetach", "-stream", "-outform", "DER")
    certs = subprocess.run(["openssl", "crl2pkcs7", "-nocrl", "-certfile", work.path("cert"), "-outform", "DER"],
                           capture_output=True, check=True).stdout
    yield "a message that openssl signs is read as a body", work.sign(entity, "-nodetach", "-outform", "SMIME"), in_body
    yield "without lengths", part(pieces), lambda parts: pieces[:2] == b"\x30\x80" and in_body(parts)
    yield "with attachments", part(work.sign(TREE.encode(), "-nodetach", "-outform", "DER")), lambda parts: (
        in_body(parts) and any(zone == "attachment" and "name,ssn" in text for (_, zone), (_, text) in parts.items()))
    yield "signed twice", part(nested), in_body
    yield "under a label that says nothing", part(signed, "application/octet-stream", "a"), in_body
    yield "under the label of a signature", part(signed, "application/pkcs7-signature", "smime.p7s"), in_body
    yield "a detached signature has no reason", detached, lambda parts: in_body(parts) and b"multipart/signed" in detached
    yield "certificates alone have no reason", part(certs, name="smime.p7c"), lambda parts: reasons(parts) == []
    yield "what is encrypted is sealed", part(sealed), lambda parts: reasons(parts) == ["sealed"]
    yield "encrypted inside of signed is sealed", part(work.sign(part(sealed), "-nodetach", "-outform", "DER")), (
        lambda parts: reasons(parts) == ["sealed"])
    yield "text behind what is encrypted is read, and damages it", part(sealed + TEXT.encode()), lambda parts: (
        words(parts) and "damaged" in reasons(parts) and "sealed" not in reasons(parts))
    yield "what ends like a value without lengths, but is longer, is not sealed", part(endless + TEXT.encode() + b"\0\0"), (
        lambda parts: reasons(parts) == ["damaged", "unknown-format"])
    yield "what is encrypted is sealed without lengths, too", part(endless), lambda parts: (
        endless[:2] == b"\x30\x80" and reasons(parts) == ["sealed"])
    yield "text behind what is signed is read", part(work.sign(b"Content-Type: text/plain\r\n\r\nx", "-nodetach", "-outform", "DER")
                                                     + TEXT.encode()), lambda parts: words(parts) and reasons(parts) == ["damaged"]
    yield "cut off: damaged, with its words", part(signed[:-30]), lambda parts: words(parts) and "damaged" in reasons(parts)
    yield "a file that is signed", part(work.sign(TEXT.encode(), "-nodetach", "-outform", "DER"), name="a.txt.p7m"), lambda parts: (
        words(parts) and reasons(parts) == [] and any(path.endswith("/a.txt") for path, _ in parts))


def main():
    if not os.path.exists(os.path.join(BUILD, "modules/.libs/extract-smime.so")) or not shutil.which("openssl"):
        print("1..0 # SKIP needs a build with extract-smime, and openssl")
        return 0
    number = failed = 0
    with tempfile.TemporaryDirectory() as top:
        work = Work(top)
        for name, message, judge in cases(work):
            parts = work.parts(message)
            good = judge(parts)
            number += 1
            failed += not good
            print("%s %d - %s" % ("ok" if good else "not ok", number, name))
            if not good:
                print("\n".join("# %s %s: %s %r" % (path, zone, *what) for (path, zone), what in parts.items()))
    print("1..%d" % number)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
