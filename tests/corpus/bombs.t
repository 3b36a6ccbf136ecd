#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bombs: messages that are made to cost a reader much. Each is read to its end, which has the identifier, or ends in the limit that is named
for it; in seconds of processor time and octets of memory that do not depend on how it is made.

    bombs.t                the test; prints TAP
    bombs.t --write NAME   the message on standard output

Needs MILWARD_BUILD (a built tree).
"""
import base64
import json
import os
import sys
import tempfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
CTL = os.path.join(BUILD, "milwardctl")
POLICY = """load phi grant text
load route grant edit, route, run { mta none }
rule ssn { kind identifier; pattern /\\b219-09-9998\\b/; level 80; hit "219-09-9998"; miss "219" }
match any then pass
"""
SECONDS = 8
OCTETS = 200 << 20
MB = 1 << 20

SSN = b"\r\nSSN 219-09-9998\r\n"
FROM = b"From: a@b.example\r\nMIME-Version: 1.0\r\n"
MIXED = FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def message(fields, body):
    return FROM + fields + b"\r\n" + body


def text(kind, body):
    return message(b"Content-Type: text/" + kind + b"\r\n", body)


def nested_multiparts(n):
    heads = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(n))
    return FROM + heads + b"\r\n" + SSN


def nested_encoded(n):
    octets = b"Subject: in\r\n\r\n" + SSN
    for _ in range(n):
        octets = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(octets)
    return FROM + octets


def nested_uu(n):
    import binascii  # pylint: disable=import-outside-toplevel

    octets = SSN
    for _ in range(n):
        lines = b"".join(binascii.b2a_uu(octets[i : i + 45]) for i in range(0, len(octets), 45))
        octets = b"begin 644 a.txt\n" + lines + b"`\nend\n"
    return text(b"plain", octets)


def binhex_runs(n):
    """Octet 41, then "90 ff" again and again: each time 254 more of it."""
    letters = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
    data = b"\x01a\0TEXTttxt\0\0\x7f\xff\xff\xff\0\0\0\0\0\0A" + b"\x90\xff" * n
    data += b"\0" * (-len(data) % 3)
    out = bytearray()
    for i in range(0, len(data), 3):
        value = int.from_bytes(data[i : i + 3], "big")
        out += bytes(letters[value >> shift & 63] for shift in (18, 12, 6, 0))
    return message(b"Content-Type: application/mac-binhex40\r\n", b"(This file must be converted with BinHex 4.0)\r\n:" + bytes(out) + b":\r\n")


# name -> (how it is made; what it ends in: "read", or a cause and words that may stand for it)
BOMBS = {
    "100,000 parts": (lambda: MIXED + b"--b\r\n\r\nx\r\n" * 100000 + b"--b\r\n" + SSN, "limit.parts"),
    "1,000,000 empty parts": (lambda: MIXED + b"--b\r\n" * 1000000 + SSN, "limit.parts"),
    "1,000 nested multiparts": (lambda: nested_multiparts(1000), "limit.depth"),
    "1,000 nested messages": (lambda: FROM + b"Content-Type: message/rfc822\r\n\r\n" * 1000 + SSN, "limit.depth"),
    "30 nested messages in base64": (lambda: nested_encoded(30), "read"),
    "100,000 lines that nearly are a boundary": (lambda: MIXED + b"--b\r\n\r\n" + b"--bx\r\n" * 100000 + SSN, "limit.parts"),
    "one boundary of 1 MB": (lambda: message(b"Content-Type: multipart/mixed; boundary=\"" + b"b" * 900000 + b"\"\r\n", b"--" + b"b" * 900000 + b"\r\n" + SSN), "damaged"),
    "a header line of 10 MB": (lambda: message(b"X-A: " + b"a" * 10 * MB + b"\r\n", SSN), "limit.header"),
    "a Content-Type of 900 KB": (lambda: message(b"Content-Type: text/plain" + b"; a=b" * 180000 + b"\r\n", SSN), "read"),
    "300,000 parentheses": (lambda: message(b"Content-Type: text/plain " + b"(" * 300000 + b"\r\n", SSN), "read"),
    "40,000 continuations of a name": (
        lambda: message(b"Content-Type: text/plain" + b"".join(b"; name*%d=x" % i for i in range(40000)) + b"\r\n", SSN),
        "read",
    ),
    "60,000 encoded words": (lambda: message(b"Subject: " + b"=?utf-8?q?a?= " * 60000 + b"\r\n", SSN), "read"),
    "100,000 header fields": (lambda: message(b"X-A: b\r\n" * 100000, SSN), "limit.headers"),
    "60 MB of soft line breaks": (lambda: message(b"Content-Transfer-Encoding: quoted-printable\r\n", b"=\r\n" * (20 * MB) + SSN), "read"),
    "25 MB of base64 in one line": (
        lambda: message(b"Content-Transfer-Encoding: base64\r\n", base64.b64encode(b"some words, " * (25 * MB // 16) + SSN)),
        "read",
    ),
    "10 MB of padding": (lambda: message(b"Content-Transfer-Encoding: base64\r\n", b"YQ==" * (10 * MB // 4) + base64.b64encode(SSN)), "read"),
    "30 MB of bare CR": (lambda: message(b"Content-Type: text/plain\r\n", b"\r" * (30 * MB) + SSN), "read"),
    "30 MB of NUL": (lambda: message(b"Content-Type: text/plain\r\n", b"\0" * (30 * MB) + SSN), "read"),
    "10 MB of files that begin": (lambda: text(b"plain", b"begin 644 x\r\n" * (10 * MB // 13) + SSN), "read"),
    "20,000 files in a text": (lambda: text(b"plain", b"begin 644 x\r\n#86)C\r\n`\r\nend\r\n" * 20000 + SSN), "limit.members"),
    "yEnc that only begins": (lambda: text(b"plain", b"=ybegin line=128 name=x\r\n" * (10 * MB // 25) + SSN), "damaged"),
    "base64 of unequal lines": (lambda: text(b"plain", (b"A" * 64 + b"\r\n" + b"A" * 68 + b"\r\n") * (10 * MB // 136) + SSN), "read"),
    "10 MB of addresses that are data": (lambda: text(b"plain", b";base64,AAAA" * (10 * MB // 12) + (b";base64," + b"A" * 40) * 10000 + SSN), "read"),
    "12 files in files": (lambda: nested_uu(12), "limit.nesting"),
    "runs of BinHex": (lambda: binhex_runs(2 * MB), "limit.unpacked"),
    "a card of folded lines": (lambda: text(b"vcard", b"X;ENCODING=b:\r\n" + b" a:b\r\n" * (10 * MB // 6) + b"END:VCARD" + SSN), "read"),
    "10 MB of markup": (lambda: text(b"enriched", b"<" * (5 * MB) + b"<param>" * (5 * MB // 7) + SSN), "read"),
    "10 MB of escapes": (lambda: text(b"plain; charset=iso-2022-jp", b"\x1b$B\x1b(B" * (10 * MB // 6) + SSN), "read"),
    "10 MB written backwards": (lambda: text(b"plain; charset=utf-8", b"\xe2\x80\xae\xe2\x80\xac" * (10 * MB // 6) + SSN), "read"),
}


def scan(path, policy):
    """What scan says, processor time, and the most memory."""
    out, end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(end, 1)
        os.execv(CTL, [CTL, "--modules", os.path.join(BUILD, "modules/.libs"), "scan", "--json", "-p", policy, path])
    os.close(end)
    with os.fdopen(out, "rb") as file:
        said = file.read()
    _, status, used = os.wait4(pid, 0)
    row = json.loads(said) if said else {}
    return status, row, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def verdict(row, want):
    causes = {cause["cause"] for cause in row.get("causes", ())}
    unread = {part["reason"] for part in row["unreadable"]}
    found = any(finding["rule"] == "ssn" for finding in row["findings"])
    if want == "read":
        return found and not causes
    if want == "damaged":
        return found and "damaged" in unread and not causes
    return want in causes and ("limit" in unread or want in ("limit.header", "limit.headers"))


def main():
    if sys.argv[1:2] == ["--write"]:
        sys.stdout.buffer.write(BOMBS[sys.argv[2]][0]())
        return 0
    if not os.access(CTL, os.X_OK):
        print("1..0 # SKIP no milwardctl in %s" % BUILD)
        return 0
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        path, policy = os.path.join(folder, "bomb"), os.path.join(folder, "policy")
        with open(policy, "w", encoding="ascii") as file:
            file.write(POLICY)
        for n, (name, (make, want)) in enumerate(BOMBS.items(), 1):
            with open(path, "wb") as file:
                size = file.write(make())
            status, row, seconds, octets = scan(path, policy)
            good = bool(row) and verdict(row, want) and "error" not in row and seconds < SECONDS and octets < OCTETS
            bad += not good
            print("%sok %d - %s: %s; %.1f MB in %.1f s and %d MB" % ("" if good else "not ", n, name, want, size / MB, seconds, octets / MB))
            if not good:
                row = {key: str(value)[:300] for key, value in row.items()}
                print("# status %d, %s" % (status, row))
    print("1..%d" % len(BOMBS))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
