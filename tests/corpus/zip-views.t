#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""zip-views: what any program takes out of a zip, we see. Zips with marked files are damaged in many ways, by chance and by intent, and
unpacked by programs that believe the directory (Python's zipfile, unzip, 7z, bsdtar of a file) or the headers (bsdtar of a stream).
Where one of them shows a mark, `milwardctl text` has it, or a reason why not all of the zip is read.

Needs MILWARD_BUILD (a built tree with extract-archive) and the programs. Prints TAP.
"""

import base64
import io
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
CTL = [os.path.join(BUILD, "milwardctl"), "--modules", os.path.join(BUILD, "modules/.libs"), "--policies", os.path.join(SRC, "policies")]
POLICY = "load phi with extract-archive grant text\nlimit members 1000000\nlimit parts 100000\n"
ZIPS = int(os.environ.get("ZIP_VIEWS", "300"))
BATCH = 100
MARK = re.compile(rb"mark[0-9]+of[a-f]end")
UNPACKERS = (
    ("unzip", ["unzip", "-p", "-P", "none", "FILE"], False),
    ("7z", ["7z", "x", "-so", "-pnone", "-bso0", "-bse0", "FILE"], False),
    ("bsdtar", ["bsdtar", "--passphrase", "none", "-xOf", "FILE"], False),
    ("bsdtar", ["bsdtar", "--passphrase", "none", "-xOf", "-"], True),
)


class Stream:
    """Where zipfile cannot seek, so that sizes stand behind the files."""

    def __init__(self):
        self.octets = b""

    def write(self, octets):
        self.octets += bytes(octets)
        return len(octets)

    def flush(self):
        pass


def base_zip(chance, number, letters):
    out = Stream() if chance.random() < 0.3 else io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for letter in letters:
            info = zipfile.ZipInfo("%s.txt" % letter)
            info.compress_type = chance.choice((0, 8, 8, 12, 14))
            if chance.random() < 0.1:
                info.comment = b"comment of a file"
            z.writestr(info, b"mark%dof%cend " % (number, ord(letter)) * chance.choice((1, 3, 50)))
        if chance.random() < 0.2:
            z.comment = b"comment"
    return bytearray(out.octets if isinstance(out, Stream) else out.getvalue())


def places(octets, signature):
    return [m.start() for m in re.finditer(re.escape(signature), octets)]


LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"


def put(octets, at, layout, value):
    octets[at : at + struct.calcsize(layout)] = struct.pack(layout, value)


def less_listed(chance, z):
    """The directory loses an entry, or the number of them one."""
    entries = places(z, CENTRAL)
    end = places(z, END)[-1]
    if chance.random() < 0.5 or len(entries) < 2:
        put(z, end + 10, "<H", max(0, len(entries) - 1))
        return
    first, behind = entries[0], entries[1]
    size = struct.unpack_from("<I", z, end + 12)[0]
    put(z, end + 12, "<I", size - (behind - first))
    put(z, end + 8, "<HH"[:2], len(entries) - 1)
    put(z, end + 10, "<H", len(entries) - 1)
    if chance.random() < 0.5:
        del z[first:behind]
    else:
        put(z, end + 16, "<I", behind)


def field(chance, z):
    """A field of a header says something else."""
    kind = chance.choice((LOCAL, CENTRAL))
    at = chance.choice(places(z, kind) or [0])
    local = {"flags": (6, "<H"), "method": (8, "<H"), "crc": (14, "<I"), "packed": (18, "<I"), "size": (22, "<I"), "name": (30, "<B")}
    central = {"flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<I"), "packed": (20, "<I"), "size": (24, "<I"), "header": (42, "<I")}
    offset, layout = chance.choice(list((local if kind == LOCAL else central).values()))
    old = struct.unpack_from(layout, z, at + offset)[0] if at + offset + 4 <= len(z) else 0
    values = [0, 1, 8, old ^ 1, old ^ 8, old + 1, old * 2, len(z), chance.randrange(256)]
    if offset == 42:
        values = places(z, LOCAL) + [old + 1]
    put(z, at + offset, layout, chance.choice(values) % (1 << 8 * struct.calcsize(layout)))


def junk(chance, z):
    """Octets in front, behind, or between."""
    at = chance.choice([0, len(z)] + places(z, LOCAL) + places(z, CENTRAL) + places(z, END))
    z[at:at] = chance.choice((b"junk", bytes(16), b"PK", b"MZ\x90\0junk", LOCAL, END, chance.randbytes(40)))


def end(chance, z):
    """The end of the directory leads elsewhere, or is none."""
    at = places(z, END)[-1]
    offset, layout = chance.choice(((4, "<H"), (12, "<I"), (16, "<I"), (20, "<H"), (0, "<I")))
    put(z, at + offset, layout, chance.choice((0, 1, at, chance.randrange(1 << 16))))


def second(chance, z):
    """Another zip behind it, in front of it, or in its comment."""
    other = base_zip(chance, second.number, "ef")
    how = chance.randrange(3)
    if how == 0:
        z += other
    elif how == 1:
        z[0:0] = other
    else:
        at = places(z, END)[-1]
        put(z, at + 20, "<H", len(other) % 65536)
        z += other


def flip(chance, z):
    for _ in range(chance.choice((1, 2, 5))):
        z[chance.randrange(len(z))] ^= 1 << chance.randrange(8)


def cut(chance, z):
    del z[chance.randrange(len(z) // 2, len(z)) :]


def twice(chance, z):
    """A directory entry or a local header stands twice."""
    at = chance.choice(places(z, LOCAL) + places(z, CENTRAL) or [0])
    z[at:at] = z[at : at + chance.choice((30, 46, 60))]


WAYS = (less_listed, field, field, field, junk, end, second, flip, cut, twice)


def make(number):
    chance = random.Random(number)
    second.number = number
    z = base_zip(chance, number, "abcd"[: chance.choice((1, 2, 4))])
    for _ in range(chance.choice((1, 1, 2, 3))):
        try:
            chance.choice(WAYS)(chance, z)
        except (IndexError, struct.error, ValueError):
            pass  # an earlier change took away what this one looks for
    return bytes(z) or b"PK"


def python_marks(octets):
    found = set()
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as z:
            for info in z.infolist():
                try:
                    found |= set(MARK.findall(z.read(info)))
                except Exception:  # pylint: disable=broad-except
                    pass  # whatever it cannot read
    except Exception:  # pylint: disable=broad-except
        pass
    return found


def output_of(command, stdin):
    with open(stdin, "rb") as f:
        try:
            return subprocess.run(command, stdin=f, capture_output=True, check=False, timeout=3).stdout
        except subprocess.TimeoutExpired as hung:
            return hung.stdout or b""


def marks(octets, path):
    """Marks that somebody finds, with who does."""
    found = {mark: "zipfile" for mark in python_marks(octets)}
    for _, command, stream in UNPACKERS:
        if not shutil.which(command[0]):
            continue
        for mark in MARK.findall(output_of([path if word == "FILE" else word for word in command], path if stream else os.devnull)):
            found.setdefault(mark, " ".join(command[:1]) + (" of a stream" if stream else ""))
    return found


def message(zips):
    out = [b"From: a@x.example\nTo: b@y.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=bb\n"]
    for octets in zips:
        out.append(b'\n--bb\nContent-Type: application/zip; name="a.zip"\nContent-Transfer-Encoding: base64\n\n')
        out.append(base64.encodebytes(octets))
    return b"".join(out) + b"\n--bb--\n"


def read_by_us(top, zips):
    """For each zip, what we see of it, and the reasons."""
    policy, path = os.path.join(top, "views.policy"), os.path.join(top, "message.eml")
    with open(policy, "w", encoding="utf-8") as f:
        f.write(POLICY)
    with open(path, "wb") as f:
        f.write(message(zips))
    done = subprocess.run(CTL + ["-p", policy, "text", "--json", path], capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.decode("utf-8", "replace"))
    texts, reasons = [""] * len(zips), [set() for _ in zips]
    for line in done.stdout.splitlines():
        part = json.loads(line)
        index = re.match(r"(\d+)(/|$)", part["part"])
        if index:
            texts[int(index[1]) - 1] += part["text"] + "\n"
            if part.get("unreadable"):
                reasons[int(index[1]) - 1].add(part["unreadable"])
    return texts, reasons


def main():
    if not os.path.exists(os.path.join(BUILD, "modules/.libs/extract-archive.so")):
        print("1..0 # SKIP extract-archive is not built")
        return 0
    programs = [name for name, _, _ in UNPACKERS if shutil.which(name)]
    shown = unread = 0
    missing = []
    with tempfile.TemporaryDirectory() as top:
        path = os.path.join(top, "a.zip")
        for begin in range(0, ZIPS, BATCH):
            zips = [make(number) for number in range(begin, min(begin + BATCH, ZIPS))]
            texts, reasons = read_by_us(top, zips)
            for i, octets in enumerate(zips):
                with open(path, "wb") as f:
                    f.write(octets)
                for mark, who in marks(octets, path).items():
                    shown += 1
                    if mark.decode() in texts[i]:
                        continue
                    unread += bool(reasons[i])
                    if not reasons[i] or "crashed" in reasons[i]:
                        missing.append("zip %d: %s is shown by %s" % (begin + i, mark.decode(), who))
    for line in missing[:20]:
        print("# %s" % line)
    good = shown > ZIPS and not missing
    print("%s 1 - %d zips: of %d marks that others show, %d are not read, and %d of them without a reason"
          % ("ok" if good else "not ok", ZIPS, shown, unread, len(missing)))
    print("%s 2 - programs: %s" % ("ok" if programs else "not ok", ", ".join(sorted(set(programs)) + ["zipfile"])))
    print("1..2")
    return 0 if good and programs else 1


if __name__ == "__main__":
    sys.exit(main())
