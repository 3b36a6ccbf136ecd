#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""attachments: every file of the shared data, of whatever kind, sent under a name and as nothing in particular: it gives text, or files
inside, or a reason why not. The files that were made to break readers end none of ours.

Needs MILWARD_BUILD (a built tree) and ../shared/data. Prints TAP.
"""
import base64
import json
import os
import resource
import subprocess
import sys
import tempfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
MODULES = os.path.join(BUILD, "modules/.libs")
EXTRACTORS = ("html", "office", "pdf", "legacy", "archive", "tnef", "msg", "clinical", "smime")
# One message has many of them: what would be its limits is not looked at here.
LIMITS = "limit text 256M\nlimit unpacked 1G\nlimit members 100000\nlimit pages 100000\n"
AT_ONCE, OCTETS = 120, 12 << 20
MEMORY = 1 << 30
TYPES = {"json": "application/json", "xml": "application/xml", "mail": "message/rfc822", "mime": "message/rfc822",
         "multipart": "message/rfc822", "smtp": "text/plain", "csv": "text/csv", "stdhtml": "text/html", "zip": "application/zip",
         "gzip": "application/gzip", "tar": "application/x-tar", "bzip2": "application/x-bzip2"}
# Files that hold nothing that can be read, as a person has found who looked at them.
EMPTY = {
    "testOCR_encode.png",  # one pixel
    "testPKCS7_signature_def.p7s",  # a signature of what is elsewhere
    "empty-file.txt.bz2",
}


def files_of(archive, top):
    subprocess.run(["tar", "-x", "--zstd", "-f", archive, "-C", top], check=True)
    found = [os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names]
    return sorted(path for path in found if os.path.getsize(path) and os.path.basename(path) != "SOURCES.md")


def batches(paths):
    batch, octets = [], 0
    for path in paths:
        size = os.path.getsize(path)
        if batch and (len(batch) == AT_ONCE or octets + size > OCTETS):
            yield batch
            batch, octets = [], 0
        batch.append(path)
        octets += size
    if batch:
        yield batch


def message_of(batch):
    octets = b"From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    for path in batch:
        kind = TYPES.get(os.path.basename(os.path.dirname(path)), "application/octet-stream").encode()
        name = os.path.basename(path).encode("ascii", "replace").replace(b'"', b"")
        with open(path, "rb") as file:
            octets += (b'--b\nContent-Type: %s; name="%s"\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n%s'
                       % (kind, name, base64.encodebytes(file.read())))
    return octets + b"--b--\n"


def owner_of(part):
    """The number of the file that the path begins with, from 0; what stands behind it."""
    number = part
    for mark in "/!.":
        number = number.partition(mark)[0]
    return int(number) - 1 if number.isdigit() else -1, part[len(number):]


def read(policy, batch):
    """Of each file [octets of text, reasons]; and what was logged."""
    command = [os.path.join(BUILD, "milwardctl"), "-p", policy, "--modules", MODULES, "--policies", os.path.join(SRC, "policies")]
    done = subprocess.run(command + ["text", "--json", "-"], input=message_of(batch), capture_output=True, check=False, timeout=200)
    seen = [[0, set()] for _ in batch]
    for line in done.stdout.splitlines():
        part = json.loads(line)
        number, inside = owner_of(part["part"])
        if number < 0 or number >= len(batch):
            continue
        if "unreadable" in part:
            seen[number][1].add(part["unreadable"])
        if part["zone"] != "filename" or inside != ".name":
            seen[number][0] += len(part["text"].strip())
    return seen, done.returncode, done.stderr.decode("utf-8", "replace")


class Tap:
    def __init__(self):
        self.n = self.wrong = 0

    def ok(self, good, name, why):
        self.n += 1
        self.wrong += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.n, name))
        for line in [] if good else why[:20]:
            print("# %s" % str(line)[:300])


def check(tap, policy, name, archive):
    silent, crashed, ended, known, n = [], [], [], set(), 0
    with tempfile.TemporaryDirectory() as top:
        for batch in batches(files_of(archive, top)):
            seen, status, log = read(policy, batch)
            if status != 0:
                ended.append((os.path.relpath(batch[0], top), status, log[-200:]))
            crashed += [line for line in log.splitlines() if "crashed" in line or "did not end in time" in line]
            n += len(batch)
            for path, (text, reasons) in zip(batch, seen):
                base = os.path.basename(path)
                if "crashed" in reasons:
                    crashed.append(path)
                if not text and not reasons:
                    known.add(base)
                    silent += [] if base in EMPTY else [os.path.relpath(path, top)]
    tap.ok(n > 400 and not ended, "%s: %d files are read" % (name, n), ended)
    tap.ok(not crashed, "%s: no reader crashes or hangs" % name, crashed)
    return silent, known


def main():
    data = os.path.join(SRC, "../shared/data")
    archives = {name: os.path.join(data, name + ".tar.zst") for name in ("attachments", "hostile")}
    missing = [path for path in archives.values() if not os.path.exists(path)]
    missing += ["extract-" + name for name in EXTRACTORS if not os.path.exists(os.path.join(MODULES, "extract-%s.so" % name))]
    if missing:
        print("1..0 # SKIP no %s" % missing[0])
        return 0
    tap = Tap()
    with tempfile.TemporaryDirectory() as top:
        policy = os.path.join(top, "all.policy")
        with open(policy, "w", encoding="utf-8") as file:
            file.write("load phi with %s grant text, run\n%s" % (", ".join("extract-" + name for name in EXTRACTORS), LIMITS))
        silent, known = check(tap, policy, "attachments", archives["attachments"])
        tap.ok(not silent, "each gives text, files inside, or a reason", silent)
        tap.ok(known == EMPTY, "but for the known", [known])
        check(tap, policy, "hostile", archives["hostile"])
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    with open(os.path.join(BUILD, "milward-reader"), "rb") as file:
        sanitized = b"__asan_init" in file.read()
    tap.ok(sanitized or most < MEMORY, "no process takes %d MB" % (MEMORY >> 20), [most])
    print("1..%d" % tap.n)
    return 1 if tap.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
