#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""dmarc-suite: the author of real messages, as milters/auth and Python's email package read it.

DMARC passes for one author alone, so what is not read is never a pass; but real mail has to be read, and as others read it.

Needs MILWARD_BUILD (a built tree), ../shared/data and zstd.
"""
import email
import email.utils
import os
import subprocess
import sys
import tempfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
TOOL = os.path.join(BUILD, "milters/auth/author_lines")
DATA = os.path.join(SRC, "../shared/data")
ARCHIVES = ("mail-ham", "mime-suites", "auth-suites")

def values():
    """(value as it stands in the file, what Python reads: a domain or None)"""
    with tempfile.TemporaryDirectory() as top:
        for name in ARCHIVES:
            subprocess.run(["tar", "-x", "--zstd", "-f", os.path.join(DATA, name + ".tar.zst"), "-C", top], check=True)
        for folder, _, names in sorted(os.walk(top)):
            for name in sorted(names):
                with open(os.path.join(folder, name), "rb") as f:
                    head = f.read(65536).replace(b"\r\n", b"\n").split(b"\n\n", 1)[0]
                fields = email.message_from_bytes(head + b"\n\n").get_all("From") or []
                if len(fields) != 1:
                    continue
                text = str(fields[0])
                raw = text.encode("utf-8", "surrogateescape").replace(b"\r", b"").replace(b"\n", b"\1")
                found = [a for _, a in email.utils.getaddresses([text]) if a]
                one = len(found) == 1 and "@" in found[0]
                yield b" " + raw, found[0].rsplit("@", 1)[1].lower() if one else None


def main():
    if not all(os.path.exists(os.path.join(DATA, name + ".tar.zst")) for name in ARCHIVES):
        print("1..0 # SKIP no %s" % DATA)
        return 0
    subprocess.run(["make", "-s", "-C", BUILD, "milters/auth/author_lines"], check=True, stdout=sys.stderr)
    fields = list(values())
    out = subprocess.run([TOOL], input=b"".join(raw + b"\n" for raw, _ in fields), stdout=subprocess.PIPE, check=True)
    ours = [line.split(" ", 1) for line in out.stdout.decode().splitlines()]
    agree = [1 for (one, domain), (_, theirs) in zip(ours, fields) if one == "1" and domain == theirs]
    differ = [(raw, domain, theirs) for (one, domain), (raw, theirs) in zip(ours, fields) if one == "1" and domain != theirs]
    refused = [raw for (one, _), (raw, theirs) in zip(ours, fields) if one == "0" and theirs]
    tests = (
        (len(ours) == len(fields) and len(agree) > 2000, "the author of %d messages is the one that Python reads" % len(agree)),
        (not differ, "no message has another author for us than for Python", differ),
        (not refused, "no message has an author for Python alone", refused),
    )
    for number, test in enumerate(tests, 1):
        print("%sok %d - %s" % ("" if test[0] else "not ", number, test[1]))
        for line in test[2][:20] if len(test) > 2 else ():
            print("# %r" % (line,))
    print("1..%d" % len(tests))
    return not all(test[0] for test in tests)


sys.exit(main())
