#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""extract-legacy: every DOC, XLS, PPT and RTF of the shared data against readers that know nothing of ours: catdoc, antiword,
xlrd, catppt, unrtf and the atoms of olefile's streams. Each word that they find is in our text, each text cell in its row, and what nobody can read has its reason.

Prints TAP.
"""

import contextlib
import io
import os
import re
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import outlook  # noqa: E402 # pylint: disable=wrong-import-position

try:
    import olefile
    import xlrd
except ImportError:
    xlrd = None

WORD = re.compile(r"[A-Za-z0-9]{2,}")  # what no character set changes
MEDIA = {"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
         "rtf": "application/rtf"}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# Reasons of whole documents; all others are read.
UNREAD = {"testWORD_protected_drm.doc": "encrypted", "testEXCEL_protected_passtika.xls": "encrypted",
          "testPPT_protected_passtika.ppt": "encrypted"}

# Words of the others that are none: (reader, file) and why.
DEVIATIONS = {
    # "[pic]" stands where a picture does.
    ("antiword", "*"): ["pic"],
    # Numbers of lists and notes, which it counts; they are not in the file.
    ("antiword", "testMSEquation-govdocs-863534.doc"): ["12", "16", "17"],
    ("antiword", "testWORD_numbered_list.doc"): ["iii"],
    ("antiword", "test_TIKA-1251.doc"): ["14", "16", "18", "22", "23", "26"],
    # It joins words between which a deleted one stands.
    ("antiword", "testWORD_features.doc"): ["litoratorquent", "sociosquad"],
    # What it says of the document and of pictures.
    ("unrtf", "testRTFCorruptListOverride.rtf"): ["AUTHOR"],
    ("unrtf", "testRTFRegularImages.rtf"): ["1058", "2646", "3528", "720", "are", "by", "data", "depth", "dimensions", "found",
                                            "picture"],
    ("unrtf", "testRTFVarious.rtf"): ["Drawn", "Shape", "ignored", "implemented", "yet"],
    # It drops dashes and blanks that are written as words, and letters of the Czech code page.
    ("unrtf", "testRTFControls.rtf"): ["Thiswordhasanemdash", "Thiswordhasanendash", "Thiswordhasanonbreakinghyphen",
                                       "Thiswordhasanonbreakingspace"],
    ("unrtf", "testRTFWord2010CzechCharacters.rtf"): ["PYedpokl", "moYe", "naaeho", "povodn", "texto"],
}


def kind_of(path):
    """What a file is, by its octets; its name tells compound files apart."""
    octets = outlook.octets_of(path)
    suffix = os.path.splitext(path)[1][1:].lower()
    if octets.startswith(b"{\\rtf"):
        return "rtf"
    return suffix if octets.startswith(OLE) and suffix in ("doc", "xls", "ppt") else None


def run(*command):
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def atoms_of(path):
    """The text of all atoms of a presentation, wherever they stand; of an encrypted one nothing."""
    with olefile.OleFileIO(path) as ole:
        stream = b"" if ole.exists("EncryptedSummary") else ole.openstream("PowerPoint Document").read()
    texts, at = [], 0
    while at + 8 <= len(stream):
        version, kind, size = struct.unpack_from("<HHL", stream, at)
        body = stream[at + 8:at + 8 + size]
        if kind in (4000, 4008):
            texts.append(body.decode("utf-16-le" if kind == 4000 else "latin-1", "replace"))
        at += 8 if version & 15 == 15 else 8 + size
    return " ".join(texts)


def others(kind, path):
    """(name, text) of readers that know the format."""
    if kind == "doc":
        return [("catdoc", run("catdoc", "-w", "-d", "utf-8", path)),
                ("antiword", run("antiword", "-w", "0", "-m", "UTF-8.txt", path))]
    if kind == "ppt":
        return [("catppt", run("catppt", "-d", "utf-8", path)), ("atoms", atoms_of(path))]
    if kind == "rtf":
        return [("unrtf", run("unrtf", "--text", "--quiet", "--nopict", path).split("-----------------\n", 1)[-1])]
    return []


def shown(book, cell):
    """A text, or a number without a format of its own; of all others "", because xlrd knows no formats."""
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return " ".join(str(cell.value).split())
    style = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
    return "%.15g" % cell.value if cell.ctype == xlrd.XL_CELL_NUMBER and style.lower() == "general" else ""


def cells_of(path):
    """Rows of cells by sheet, as xlrd reads them; None when it cannot."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            book = xlrd.open_workbook(path, logfile=io.StringIO(), formatting_info=True)
    except Exception:  # pylint: disable=broad-except # it has many ways to give up
        return None
    return {sheet.name: [[shown(book, cell) for cell in sheet.row(i)] for i in range(sheet.nrows)] for sheet in book.sheets()}


def check_words(tap, kind, documents):
    wrong, seen = [], 0
    for path, parts in documents:
        base = os.path.basename(path)
        text = "\n".join(part["text"] for part in parts).replace("\u00ad", "")
        ours = set(WORD.findall(text))
        for reader, theirs in others(kind, path):
            words = WORD.findall(theirs.replace("\u00ad", ""))
            seen += len(words)
            known = set(DEVIATIONS.get((reader, base), ())) | set(DEVIATIONS.get((reader, "*"), ()))
            lost = sorted({word for word in words if word not in ours and word not in text} - known)
            if lost:
                wrong.append("%s: %s: %s" % (reader, base, lost[:12]))
    tap.result(seen > 500 and not wrong, "%s: of %d words that others find none is missing" % (kind, seen), wrong)


def row_is_in(lines, row):
    """Is there a line that has these cells in this order?"""
    for line in lines:
        at = 0
        for cell in row:
            at = line.find(cell, at)
            if at < 0:
                break
            at += len(cell)
        else:
            return True
    return False


def check_cells(tap, documents):
    wrong, seen, read = [], 0, 0
    for path, parts in documents:
        sheets = cells_of(path)
        lines = {}
        read += sheets is not None
        for part in parts:
            name = part["part"].rsplit("!", 1)[-1]
            lines.setdefault(name, []).extend(" ".join(line.split(" ")) for line in re.sub(" +", " ", part["text"]).split("\n"))
        for name, rows in (sheets or {}).items():
            for row in (row for row in rows if any(row)):
                seen += 1
                if not row_is_in(lines.get(name, []), [cell for cell in row if cell]):
                    wrong.append("%s: %s: %s" % (os.path.basename(path), name, row[:6]))
    tap.result(read >= 10 and not wrong, "xls: %d rows of cells in %d workbooks are rows of ours" % (seen, read), wrong[:20])


def check_reasons(tap, documents):
    wrong = []
    for path, parts in documents:
        base = os.path.basename(path)
        own = [part for part in parts if "/" not in part["part"] and not part["part"].startswith(("header", "subject"))]
        reason = next((part["unreadable"] for part in own if part.get("unreadable")), None)
        text = "".join(part["text"] for part in own if part["part"][0].isdigit())
        if reason != UNREAD.get(base):
            wrong.append("%s: %s" % (base, reason))
        if not reason and not text.strip() and not any("/" in part["part"] for part in parts):
            wrong.append("%s: neither text nor a reason" % base)
    tap.result(not wrong, "%d documents have text, or the reason why not" % len(documents), wrong)


def main():
    outlook.skip_unless("extract-legacy", ["attachments.tar.zst", "hostile.tar.zst"], ["catdoc", "catppt", "antiword", "unrtf"])
    if not xlrd:
        print("1..0 # SKIP no python3-xlrd or python3-olefile")
        return 0
    tap = outlook.Tap()
    with tempfile.TemporaryDirectory() as top:
        outlook.unpack_archive("attachments.tar.zst", top)
        outlook.unpack_archive("hostile.tar.zst", top)
        policy = outlook.Policy("extract-legacy", top)
        documents = {}
        for path in outlook.files_under(top):
            kind = kind_of(path)
            if kind:
                documents.setdefault(kind, []).append((path, policy.parts(path, MEDIA[kind])))
        for kind in ("doc", "ppt", "rtf"):
            check_words(tap, kind, documents.get(kind, []))
        check_cells(tap, documents.get("xls", []))
        check_reasons(tap, [document for some in documents.values() for document in some])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
