#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""extract-archive: archives of the shared data, archives that other programs make here, and bombs, through milwardctl.

Every file that an independent program finds in an archive (Python's zipfile, tarfile, gzip, bz2 and lzma; 7z) is a part of ours with
the same words, or the archive has a reason for the policy. Bombs end in a limit, within bounds of time and memory. Needs MILWARD_BUILD
(a built tree with extract-archive); ../shared/data and the programs if they are there. Prints TAP.
"""

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
DATA = os.path.join(SRC, "../shared/data")
CTL = [os.path.join(BUILD, "milwardctl"), "--modules", os.path.join(BUILD, "modules/.libs"), "--policies", os.path.join(SRC, "policies")]
POLICY = "load phi with extract-archive grant text\n"
WIDE = POLICY + "limit members 1000000\nlimit parts 100000\nlimit text 1G\nlimit size 1G\nlimit unpacked 1G\n"
WORD = re.compile(rb"[A-Za-z0-9]{3,}")
MOST = 1 << 20  # octets of a member that are compared
SEEDS = (("zip", 20), ("tar", 100), ("gzip", 30), ("bzip2", 30))  # folders, and how many Python reads at least
BATCH = 100  # attachments of one message
SECONDS, MEGABYTES = 60, 1200  # what a bomb may take

done = failed = 0


def ok(good, name, details=(), always=False):
    global done, failed
    done += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", done, name))
    for line in [] if good and not always else list(details)[:12]:
        print("# %s" % line)
    sys.stdout.flush()


def skip(name, why):
    global done
    done += 1
    print("ok %d - %s # SKIP %s" % (done, name, why))


def message(attachments):
    """One mail with these (name, octets)."""
    out = [b"From: a@x.example\nTo: b@y.example\nSubject: archives\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=bb\n"]
    for name, octets in attachments:
        out.append(b"\n--bb\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n")
        out.append(b'Content-Disposition: attachment; filename="%s"\n\n' % name.encode())
        out.append(base64.encodebytes(octets))
    return b"".join(out) + b"\n--bb--\n"


class Milward:
    def __init__(self, top):
        self.top = top
        self.policies = {}
        for name, text in (("plain", POLICY), ("wide", WIDE)):
            self.policies[name] = os.path.join(top, name + ".policy")
            with open(self.policies[name], "w", encoding="utf-8") as f:
                f.write(text)

    def run(self, command, policy, octets):
        """Output, seconds and megabytes of the largest process."""
        path = os.path.join(self.top, "message.eml")
        with open(path, "wb") as f:
            f.write(octets)
        begin = time.monotonic()
        with subprocess.Popen(CTL + ["-p", self.policies[policy]] + command + [path], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
            out = p.stdout.read()
            err = p.stderr.read()
            _, status, usage = os.wait4(p.pid, 0)
            p.returncode = os.waitstatus_to_exitcode(status)
        if p.returncode < 0 or not out:
            sys.exit("%s: %s" % (command, err.decode("utf-8", "replace")))
        return out, time.monotonic() - begin, usage.ru_maxrss / 1024

    def text(self, attachments):
        out, _, _ = self.run(["text", "--json"], "wide", message(attachments))
        parts = {}
        for line in out.splitlines():
            part = json.loads(line)
            parts.setdefault(part["part"], []).append(part)
        return parts

    def scan(self, attachments):
        out, seconds, megabytes = self.run(["scan", "--json"], "plain", message(attachments))
        return json.loads(out.splitlines()[-1]), seconds, megabytes


# ---- what others find -----------------------------------------------------------------------------------------------------------


def zip_members(octets):
    with zipfile.ZipFile(io.BytesIO(octets)) as z:
        for info in z.infolist():
            if info.is_dir():
                continue
            try:
                with z.open(info) as f:
                    yield info.filename, f.read(MOST)
            except Exception:  # pylint: disable=broad-except
                yield info.filename, None  # what is wrong with it is not of interest


def tar_members(octets):
    with tarfile.open(fileobj=io.BytesIO(octets), errorlevel=1) as t:
        for info in t:
            if info.isreg():
                yield info.name, t.extractfile(info).read(MOST)


def packed_member(opener):
    def members(octets):
        with opener(io.BytesIO(octets)) as f:
            yield None, f.read(MOST)

    return members


def members_of_7z(octets):
    """Names alone."""
    with tempfile.NamedTemporaryFile() as f:
        f.write(octets)
        f.flush()
        listed = subprocess.run(["7z", "l", "-slt", "-ba", "-pnone", f.name], capture_output=True, check=False).stdout
    for entry in listed.decode("utf-8", "replace").split("\n\n"):
        fields = dict(line.split(" = ", 1) for line in entry.splitlines() if " = " in line)
        if "Path" in fields and fields.get("Folder") != "+":
            yield fields["Path"], None


READERS = (tar_members, zip_members, packed_member(gzip.open), packed_member(bz2.open), packed_member(lzma.open))


def theirs(octets, readers):
    """Names and octets, as far as the first reader that takes the archive gets."""
    for reader in readers:
        found = []
        try:
            for member in reader(octets):
                found.append(member)
        except Exception:  # pylint: disable=broad-except
            if not found:
                continue
        return found
    return None


# ---- comparing --------------------------------------------------------------------------------------------------------------------


def reasons_of(parts, path):
    return {part["unreadable"] for part in parts.get(path, []) if part.get("unreadable")}


def lost(parts, index, name, members):
    """Members that we do not have and that no reason stands for."""
    top = str(index)
    if "crashed" in reasons_of(parts, top):
        return ["%s: crashed" % name]
    if reasons_of(parts, top):
        return []
    inside = {path: found for path, found in parts.items() if path.startswith(top + "/")}
    missing = []
    for member, octets in members:
        if member is None:
            found = [part for some in inside.values() for part in some]
        else:
            clean = member.lstrip("/\\")
            if not clean.isascii() or not clean.isprintable() or len(clean) > 200 or not clean:
                continue
            found = inside.get("%s/%s/%s" % (top, name, clean), [])
            if not found:
                missing.append("%s: no member %r" % (name, member))
                continue
        text = " ".join(part["text"] for part in found).encode()
        if octets is None or len(octets) == MOST or any(part.get("unreadable") for part in found) or not octets.isascii():
            continue
        if b"\0" in octets or any(path.count("/") > 1 and member is None for path in inside):
            continue
        words = [word for word in set(WORD.findall(octets)) if word not in text]
        if words:
            missing.append("%s: words of %r: %s" % (name, member, sorted(words)[:5]))
    return missing


def compare(milward, files, readers=READERS):
    """How many archives others could read, members, and what is missing."""
    archives = count = 0
    missing = []
    for begin in range(0, len(files), BATCH):
        batch = []
        for path in files[begin : begin + BATCH]:
            with open(path, "rb") as f:
                octets = f.read()
            suffix = re.sub(r"[^A-Za-z0-9.]", "", os.path.basename(path))[-12:]
            batch.append(("f%d-%s" % (len(batch), suffix), octets))
        parts = milward.text(batch)
        for i, (name, octets) in enumerate(batch):
            members = theirs(octets, readers)
            if members is None:
                continue
            archives += 1
            count += len(members)
            missing += lost(parts, i + 1, name, members)
    return archives, count, missing


def files_below(folder):
    return sorted(os.path.join(where, name) for where, _, names in os.walk(folder) for name in names)


def unpack_data(top):
    found = []
    wanted = ["*/go-fuzz/%s/*" % kind for kind, _ in SEEDS]
    for name, patterns in (("attachments", []), ("hostile", ["--wildcards"] + wanted)):
        archive = os.path.join(DATA, name + ".tar.zst")
        if os.path.exists(archive):
            subprocess.run(["tar", "-x", "--zstd", "-f", archive, "-C", top] + patterns, check=True)
            found.append(name)
    return found


def test_data(milward, top):
    have = unpack_data(top)
    if len(have) < 2:
        skip("archives of the shared data", "no %s" % DATA)
        return
    kinds = r"\.(zip|tar|tgz|gz|bz2|xz|jar|ear|ipa|wacz|oxt)$"
    tika = [path for path in files_below(os.path.join(top, "attachments")) if re.search(kinds, path)]
    archives, count, missing = compare(milward, tika)
    ok(archives > 15 and not missing, "%d of %d archives of Tika, %d members" % (archives, len(tika), count), missing)
    others = [path for path in files_below(os.path.join(top, "attachments")) if re.search(r"\.(7z|rar|cab|ar|deb|iso)$", path)]
    if shutil.which("7z"):
        archives, count, missing = compare(milward, others, (members_of_7z,))
        ok(archives > 2 and count > 5 and not missing, "%d archives that 7z lists, %d members" % (archives, count), missing)
    else:
        skip("archives that 7z lists", "no 7z")
    for kind, least in SEEDS:
        seeds = files_below(os.path.join(top, "hostile/go-fuzz", kind))
        archives, count, missing = compare(milward, seeds)
        ok(archives >= least and not missing, "%s seeds: %d of %d, %d members" % (kind, archives, len(seeds), count), missing)


# ---- what other programs make ----------------------------------------------------------------------------------------------------------

TEXTS = {"a.txt": b"alpha one\n", "m\u00e4rz/b.csv": b"name,number\nbeta,two\n" * 40, "empty.txt": b""}
# Program, its arguments (FILES: the names), the suffix, and what is expected instead of every text.
MADE = (
    ("7z", "a -bso0 -m0=LZMA OUT FILES", "7z", None),
    ("7z", "a -bso0 -m0=LZMA2 -ms=off OUT FILES", "7z", None),
    ("7z", "a -bso0 -m0=PPMd OUT FILES", "7z", None),
    ("7z", "a -bso0 -m0=BZip2 OUT FILES", "7z", None),
    ("7z", "a -bso0 -m0=Deflate OUT FILES", "7z", None),
    ("7z", "a -bso0 -m0=Copy OUT FILES", "7z", None),
    ("7z", "a -bso0 -m0=BCJ -m1=LZMA OUT FILES", "7z", None),
    ("7z", "a -bso0 -m0=Deflate64 OUT FILES", "7z", "unknown-format"),
    ("7z", "a -bso0 -psecret OUT FILES", "7z", "encrypted"),
    ("7z", "a -bso0 -psecret -mhe=on OUT FILES", "7z", "encrypted"),
    ("7z", "a -bso0 -tzip -mm=Deflate OUT FILES", "zip", None),
    ("7z", "a -bso0 -tzip -mm=BZip2 OUT FILES", "zip", None),
    ("7z", "a -bso0 -tzip -mm=LZMA OUT FILES", "zip", None),
    ("7z", "a -bso0 -tzip -mm=PPMd OUT FILES", "zip", None),
    ("7z", "a -bso0 -tzip -mm=Deflate64 OUT FILES", "zip", None),
    ("7z", "a -bso0 -tzip -psecret -mem=AES256 OUT FILES", "zip", "encrypted"),
    ("7z", "a -bso0 -ttar OUT FILES", "tar", None),
    ("zip", "-q OUT FILES", "zip", None),
    ("zip", "-q -0 OUT FILES", "zip", None),
    ("zip", "-q -P secret OUT FILES", "zip", "encrypted"),
    ("bsdtar", "--format=zip -cf OUT FILES", "zip", None),
    ("bsdtar", "--format=ustar -cf OUT FILES", "tar", None),
    ("bsdtar", "--format=pax -czf OUT FILES", "tar.gz", None),
    ("bsdtar", "--format=gnutar -cjf OUT FILES", "tar.bz2", None),
    ("bsdtar", "--format=newc -cf OUT FILES", "cpio", None),
    ("bsdtar", "--format=v7tar -cJf OUT FILES", "tar.xz", None),
    ("bsdtar", "-cZf OUT FILES", "tar.Z", None),
    ("bsdtar", "--zstd -cf OUT FILES", "tar.zst", None),
    ("bsdtar", "--lz4 -cf OUT FILES", "tar.lz4", None),
    ("genisoimage", "-quiet -J -R -o OUT .", "iso", None),
    ("gcab", "-c OUT FILES", "cab", None),
)


def test_made(milward, top):
    folder = os.path.join(top, "made")
    for name, octets in TEXTS.items():
        path = os.path.join(folder, "in", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(octets)
    for i, (program, arguments, suffix, instead) in enumerate(MADE):
        name = "%s %s" % (program, arguments)
        if not shutil.which(program):
            skip(name, "no %s" % program)
            continue
        out = os.path.join(folder, "%d.%s" % (i, suffix))
        command = [program]
        for word in arguments.split():
            command += sorted(TEXTS) if word == "FILES" else [out if word == "OUT" else word]
        subprocess.run(command, cwd=os.path.join(folder, "in"), check=True, env=dict(os.environ, LC_ALL="C.UTF-8"))
        with open(out, "rb") as f:
            parts = milward.text([("made." + suffix, f.read())])
        reasons = set().union(*(reasons_of(parts, path) for path in parts))
        if instead:
            texts = [part for path in parts for part in parts[path] if path.startswith("1/") and "beta" in part["text"]]
            ok(instead in reasons and not texts, "%s: %s" % (name, instead), sorted(parts))
            continue
        wrong = sorted(reasons)
        for member, octets in TEXTS.items():
            text = "".join(part["text"] for part in parts.get("1/made.%s/%s" % (suffix, member), [{"text": "none"}]))
            if text != octets.decode():
                wrong.append("%s: %r" % (member, text[:40]))
        ok(not wrong, name, wrong + sorted(parts))


def test_volumes(milward, top):
    """Of an archive in several volumes each says that it is not read, alone or with the others."""
    folder = os.path.join(top, "volumes")
    os.makedirs(folder)
    with open(os.path.join(folder, "b.bin"), "wb") as f:
        f.write(random.Random(2).randbytes(250000))
    for kind in ("7z", "zip"):
        name = "volumes of %s" % kind
        if not shutil.which("7z"):
            skip(name, "no 7z")
            continue
        subprocess.run(["7z", "a", "-bso0", "-t" + kind, "-v100k", "all." + kind, "b.bin"], cwd=folder, check=True)
        volumes = []
        for volume in sorted(path for path in os.listdir(folder) if path.startswith("all.%s." % kind)):
            with open(os.path.join(folder, volume), "rb") as f:
                volumes.append((volume, f.read()))
        silent = []
        for sent in [[volume] for volume in volumes] + [volumes]:
            parts = milward.text(sent)
            silent += [sent[i][0] for i in range(len(sent)) if not reasons_of(parts, "%d" % (i + 1))]
        ok(len(volumes) == 3 and not silent, name, silent)


def workbook():
    """One sheet that is named Sheet2."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", '<Types xmlns="%s/content-types"><Override PartName="/xl/workbook.xml" ContentType="%s.sheet.main+xml"/>'
                   '<Override PartName="/xl/s.xml" ContentType="%s.worksheet+xml"/></Types>' % (package, types, types))
        z.writestr("_rels/.rels", '<Relationships xmlns="%s/relationships"><Relationship Id="a" Type="%s/officeDocument" Target="xl/workbook.xml"/>'
                   "</Relationships>" % (package, kinds))
        z.writestr("xl/workbook.xml", '<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="Sheet2" sheetId="1" r:id="b"/></sheets></workbook>'
                   % (main, kinds))
        z.writestr("xl/_rels/workbook.xml.rels", '<Relationships xmlns="%s/relationships"><Relationship Id="b" Type="%s/worksheet" Target="s.xml"/>'
                   "</Relationships>" % (package, kinds))
        z.writestr("xl/s.xml", '<worksheet xmlns="%s"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>epsilon</t></is></c></row></sheetData>'
                   "</worksheet>" % main)
    return out.getvalue()


def test_path(milward):
    name = "a sheet of a workbook in a folder of a zip has its path"
    if not os.path.exists(os.path.join(BUILD, "modules/.libs/extract-office.so")):
        skip(name, "extract-office is not built")
        return
    with open(milward.policies["wide"], "a", encoding="utf-8") as f:
        f.write("load extract-office\n")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("march/patients.xlsx", workbook())
    parts = milward.text([("report.zip", out.getvalue())])
    sheet = parts.get("1/report.zip/march/patients.xlsx!Sheet2", [{"text": ""}])
    ok("epsilon" in sheet[0]["text"], name, sorted(parts))


# ---- bombs ------------------------------------------------------------------------------------------------------------------------------


def zip_record(kind, name, packed, size, crc, method, header=0):
    fields = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 0x21, crc, packed, size, len(name), 0)
    if kind == "local":
        return b"PK\3\4" + fields + name
    return b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, header) + name


def zip_of(records, directory):
    entries = len(directory)
    body, listed = b"".join(records), b"".join(directory)
    return body + listed + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, entries & 0xFFFF, entries & 0xFFFF, len(listed), len(body), 0)


def zeros(gigabytes):
    """Deflate, of which one piece stands many times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(1 << 26)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * (16 * gigabytes) + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


def flat_zip():
    data = zeros(10)
    size = 10 << 30 & 0xFFFFFFFF
    return zip_of([zip_record("local", b"zeros", len(data), size, 0, 8), data], [zip_record("central", b"zeros", len(data), size, 0, 8)])


def zip_tree(levels, width, bottom):
    for _ in range(levels):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
            for i in range(width):
                z.writestr("%x.zip" % i, bottom)
        bottom = out.getvalue()
    return bottom


def overlapping():
    """Each file quotes the header of the next in a stored block, and goes on with its octets."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = packer.compress(bytes(20 << 20)) + packer.flush()
    files, packed, size, behind = [], len(kernel), 20 << 20, b""
    for i in reversed(range(250)):
        name = b"%05d" % i
        record = zip_record("local", name, packed, size & 0xFFFFFFFF, 0, 8)
        files.append((name, packed, size, len(record)))
        quoted = struct.pack("<BHH", 0, len(record), len(record) ^ 0xFFFF)
        behind = record + behind if i == 0 else quoted + record + behind
        packed += len(quoted) + len(record)
        size += len(record)
    directory, at = [], 0
    for name, packed, size, octets in reversed(files):
        directory.append(zip_record("central", name, packed, size & 0xFFFFFFFF, 0, 8, at))
        at += octets + 5
    return zip_of([behind, kernel], directory)


def many_zip():
    records, directory, at = [], [], 0
    for i in range(100000):
        records.append(zip_record("local", b"%06d" % i, 0, 0, 0, 0))
        directory.append(zip_record("central", b"%06d" % i, 0, 0, 0, 0, at))
        at += len(records[-1])
    return zip_of(records, directory)


def many_tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as t:
        for i in range(100000):
            t.addfile(tarfile.TarInfo("%06d" % i))
    return out.getvalue()


def many_empty_blocks():
    """Files that share their octets, of which nothing comes."""
    data = b"\0\0\0\xff\xff" * (1 << 20) + b"\1\0\0\xff\xff"
    record = zip_record("local", b"x", len(data), 0, 0, 8)
    directory = [zip_record("central", b"%05d" % i, len(data), 0, 0, 8) for i in range(5000)]
    return zip_of([record, data], directory)


def nested(depth):
    data = b"the end"
    for _ in range(depth):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as z:
            z.writestr("n.zip", data)
        data = out.getvalue()
    return data


BOMBS = (
    ("10 GB of zeros in a zip", "a.zip", flat_zip),
    ("10 GB of zeros in a gzip", "a.bin.gz", lambda: b"\x1f\x8b\x08\0\0\0\0\0\2\3" + zeros(10)),
    ("10 GB of bzip2", "a.bz2", lambda: bz2.compress(b"a" * (64 << 20)) * 160),
    ("10 GB of xz", "a.xz", lambda: lzma.compress(b"a" * (64 << 20), preset=1) * 160),
    ("six levels of sixteen zips", "a.zip", lambda: zip_tree(6, 16, bytes(64 << 20))),
    ("zip with files that overlap", "a.zip", overlapping),
    ("zip with files that share empty blocks", "a.zip", many_empty_blocks),
    ("1,000 zips deep", "a.zip", lambda: nested(1000)),
    ("100,000 files in a zip", "a.zip", many_zip),
    ("100,000 files in a tar", "a.tgz", many_tar),
    # A dictionary of 4 GB.
    ("lzma that needs much memory", "a.lzma", lambda: b"\x5d\0\0\xff\xff" + b"\xff" * 8 + lzma.compress(b"text", format=lzma.FORMAT_ALONE)[13:]),
)


def test_bombs(milward):
    for name, attachment, make in BOMBS:
        octets = make()
        result, seconds, megabytes = milward.scan([(attachment, octets)])
        reasons = {part["reason"] for part in result["unreadable"]}
        causes = {cause["cause"] for cause in result.get("causes", [])}
        good = "limit" in reasons and seconds < SECONDS and megabytes < MEGABYTES
        shown = "%d octets: %s, %s; %.1f s, %d MB" % (len(octets), sorted(reasons), sorted(causes), seconds, megabytes)
        ok(good, name, [shown], always=True)


def main():
    if not os.path.exists(os.path.join(BUILD, "modules/.libs/extract-archive.so")):
        print("1..0 # SKIP extract-archive is not built")
        return 0
    with tempfile.TemporaryDirectory() as top:
        milward = Milward(top)
        test_data(milward, top)
        test_made(milward, top)
        test_volumes(milward, top)
        test_bombs(milward)
        test_path(milward)
    print("1..%d" % done)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
