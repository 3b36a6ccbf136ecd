#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""legacy-places: small documents of Office before 2007 and RTF with a word in one place each, where a person sees it or where it stays
when it is thought gone. Each word must be in what milwardctl text prints, on the side of the reader or on the hidden side.

Needs MILWARD_BUILD (a built tree with extract-legacy and milward-reader). Prints TAP.
"""

import email.message
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
SEEN, HIDDEN = "seen", "hidden"
PLACES = []


def place(name, where, make, unread=None):
    PLACES.append((name, where, make, unread))


# ---- compound files ---------------------------------------------------------------------------------------------------------------------


def compound(streams):
    """A compound file. Streams are in folders by "/"; all are in large sectors, as the cutoff is 0."""
    nodes = {"": [None, []]}
    for path, octets in streams.items():
        parts = path.split("/")
        for i in range(len(parts)):
            here, up = "/".join(parts[: i + 1]), "/".join(parts[:i])
            if here not in nodes:
                nodes[here] = [octets if i + 1 == len(parts) else None, []]
                nodes[up][1].append(here)
    order, fat, sectors = list(nodes), [], b""

    def chain(octets):
        nonlocal sectors
        if not octets:
            return 0xFFFFFFFE
        first, count = len(fat), (len(octets) + 511) // 512
        fat.extend([first + i + 1 for i in range(count - 1)] + [0xFFFFFFFE])
        sectors += octets.ljust(count * 512, b"\0")
        return first

    def entry(path):
        octets, children = nodes[path]
        name = (path.split("/")[-1] or "Root Entry").encode("utf-16-le") + b"\0\0"
        kind = 5 if not path else 2 if octets is not None else 1
        siblings = nodes[path.rpartition("/")[0]][1] if path else []
        place_in = siblings.index(path) if path else 0
        right = order.index(siblings[place_in + 1]) if path and place_in + 1 < len(siblings) else 0xFFFFFFFF
        child = order.index(children[0]) if children else 0xFFFFFFFF
        start = chain(octets) if kind == 2 else 0
        return struct.pack("<64sHBBIII16sIQQIII", name, len(name), kind, 1, 0xFFFFFFFF, right, child, b"", 0, 0, 0,
                           start if kind == 2 else 0xFFFFFFFE if kind == 5 else 0, len(octets or b"") & 0xFFFFFFFF, 0)

    # The reader takes siblings in any tree; a list to the right is one.
    directory = chain(b"".join(entry(path) for path in order))
    tables = (len(fat) + 127) // 128 + 1
    at = len(fat)
    fat.extend([0xFFFFFFFD] * tables)
    fat.extend([0xFFFFFFFF] * (tables * 128 - len(fat)))
    sectors += struct.pack("<%dI" % len(fat), *fat)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + struct.pack("<16sHHHHHHIIIIIIIIII", b"", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0, tables, directory, 0, 0,
                                                           0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    return head + struct.pack("<109I", *([at + i for i in range(tables)] + [0xFFFFFFFF] * (109 - tables))) + sectors


# ---- workbooks --------------------------------------------------------------------------------------------------------------------------


def record(kind, data=b""):
    return struct.pack("<HH", kind, len(data)) + data


def counted(text, width="<H", wide=False):
    return struct.pack(width, len(text)) + (b"\1" + text.encode("utf-16-le") if wide else b"\0" + text.encode("latin-1"))


def bof(kind):
    return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0))


def label(text, row=0):
    return record(0x204, struct.pack("<HHH", row, 0, 0) + counted(text))


def book(sheet=b"", before=b"", **more):
    """A workbook of one sheet."""
    def bound(at):
        return record(0x85, struct.pack("<IH", at, 0) + counted("One", "<B"))
    head = bof(5) + before
    stream = head + bound(len(head) + len(bound(0)) + 4) + record(0x0A) + bof(0x10) + sheet + record(0x0A)
    return compound({"Workbook": stream, **more})


def options(number, text):
    """Properties of a shape: one, which is a text."""
    data = (text + "\0").encode("utf-16-le")
    data = struct.pack("<HI", number | 0x8000, len(data)) + data
    return struct.pack("<HHI", 1 << 4 | 3, 0xF00B, len(data)) + data


def texts_in_formula(text):
    return struct.pack("<B", 0x17) + counted(text, "<B")


def sheets():
    place("cell.xls", SEEN, lambda t: book(label(t)))
    place("wide.xls", SEEN, lambda t: book(record(0x204, struct.pack("<HHH", 0, 0, 0) + counted(t, wide=True))))
    place("unused.xls", HIDDEN, lambda t: book(label("x"), record(0xFC, struct.pack("<II", 1, 1) + counted(t))))
    place("missing.xls", None, lambda t: book(record(0xFD, struct.pack("<HHHI", 0, 0, 0, 4))), unread="damaged")
    place("formula.xls", HIDDEN, lambda t: book(record(6, struct.pack("<HHHdHI", 0, 0, 0, 7.0, 0, 0) + struct.pack("<H", len(t) + 3) + texts_in_formula(t))))
    place("prompt.xls", HIDDEN, lambda t: book(record(0x1BE, struct.pack("<I", 3) + counted("a") + counted("b") + counted(t) + counted("d") + bytes(12))))
    place("prompt-wide.xls", HIDDEN, lambda t: book(record(0x1BE, struct.pack("<I", 3) + counted("a", wide=True) + counted("b") + counted(t, wide=True) + counted("d") + bytes(12))))
    place("values.xls", HIDDEN, lambda t: book(record(0x1BE, struct.pack("<I", 3) + counted("a") * 4 + struct.pack("<HHB", 30, 0, 0x17) + counted("yes\0" + t, "<B"))))
    place("name.xls", HIDDEN, lambda t: book(label("x"), record(0x18, struct.pack("<HBBHHHI", 0, 0, len(t), 0, 0, 0, 0) + b"\0" + t.encode())))
    place("constant.xls", HIDDEN, lambda t: book(label("x"), record(0x18, struct.pack("<HBBHHHI", 0, 0, 1, len(t) + 3, 0, 0, 0) + b"\0a" + texts_in_formula(t))))
    place("tip.xls", HIDDEN, lambda t: book(label("x") + record(0x800, bytes(10) + t.encode("utf-16-le") + b"\0\0")))
    place("link.xls", HIDDEN, lambda t: book(label("x") + record(0x1B8, bytes(32) + struct.pack("<I", len(t) + 1) + t.encode("utf-16-le") + b"\0\0")))
    place("word-art.xls", SEEN, lambda t: book(record(0xEC, options(0xC0, t))))
    place("description.xls", HIDDEN, lambda t: book(label("x") + record(0xEC, options(0x381, t))))
    place("other-book.xls", HIDDEN, lambda t: book(label("x"), record(0x1AE, struct.pack("<H", 1) + counted("\1C\3" + t) + counted("Sheet1"))))
    place("text-box.xls", SEEN, lambda t: book(record(0x1B6, struct.pack("<HH6xHHI", 0, 0, len(t), 16, 0)) + record(0x3C, b"\0" + t.encode())))
    place("header.xls", SEEN, lambda t: book(record(0x14, counted("&L" + t))))
    place("even-header.xls", HIDDEN, lambda t: book(label("x") + record(0x89C, bytes(28) + struct.pack("<HHHHH", 1, len(t), 0, 0, 0) + counted(t))))
    place("filter.xls", HIDDEN, lambda t: book(label("x") + record(0x9E, struct.pack("<HH10xBBB", 0, 0, 6, 2, len(t)) + bytes(8) + counted(t, "<B"))))
    place("filter-apart.xls", HIDDEN, lambda t: book(label("x") + record(0x9E, struct.pack("<HHBB4xB3x", 0, 0, 6, 2, len(t)) + bytes(10) + b"\0" + t.encode())))
    place("scenario.xls", HIDDEN, lambda t: book(label("x") + record(0xAF, struct.pack("<HBBBBB", 1, 0, 0, len(t), 0, 0) + b"\0" + t.encode() + bytes(8))))
    place("control.xls", HIDDEN, lambda t: book(label("x"), **{"MBD001/CONTENTS": struct.pack("<HHII", 0x200, 40, 0, 0) + t.encode("utf-16-le") + bytes(8)}))
    place("author.xls", HIDDEN, lambda t: book(label("x"), record(0x5C, counted(t) + b" " * 80)))
    place("changes.xls", HIDDEN, lambda t: book(label("x"), **{"Revision Log": record(0x13B, bytes(10) + counted(t))}))
    place("pivot.xls", HIDDEN, lambda t: book(label("x"), **{"_SX_DB_CUR/0001": record(0xCD, counted(t))}))
    place("bound.xls", SEEN, lambda t: book(label("x"), **{"MsoDataStore/A/Item": b"<patient><mrn>%s</mrn></patient>" % t.encode()}))
    place("unknown.xls", None, lambda t: book(label("x"), **{"Extra": t.encode()}), unread="unknown-format")
    place("unknown-in-folder.xls", None, lambda t: book(label("x"), **{"Add-in/Extra": t.encode()}), unread="unknown-format")
    place("macro.xls", HIDDEN, lambda t: book(label("x"), **{"_VBA_PROJECT_CUR/VBA/Module1": b"compiled" + b"\x01" + module(b'Attribute VB_Name = "M"\r\nConst p = "' + t.encode() + b'"\r\n'),
                                                            "_VBA_PROJECT_CUR/VBA/dir": b"x"}))
    place("macro-packed.xls", HIDDEN, lambda t: book(label("x"), **{"_VBA_PROJECT_CUR/VBA/Module1": b"\x01" + module(b'Attribute VB_Name = "M"\r\n' + 9 * b"' aaaaaaaaaaaa" + t.encode(), True)}))
    place("macro-missing.xls", None, lambda t: book(label("x"), **{"_VBA_PROJECT_CUR/VBA/Module1": b"compiled"}), unread="damaged")
    place("form.xls", HIDDEN, lambda t: book(label("x"), **{"_VBA_PROJECT_CUR/Form1/o": bytes(20) + t.encode() + bytes(9)}))
    place("preview.xls", HIDDEN, lambda t: book(label("x"), **{"\5SummaryInformation": preview(wmf(wmf_text(t, 0, 0)))}))
    place("property.xls", HIDDEN, lambda t: book(label("x"), **{"\5DocumentSummaryInformation": custom(t, struct.pack("<II", 3, 12345678))}))


def module(source, pack=False):
    """Chunks of a macro's source: letters as they are; packed, runs of one letter are references."""
    out = b""
    for at in range(0, len(source), 2000):
        piece, data, i = source[at:at + 2000], b"", 0
        while i < len(piece):
            flags, group = 0, b""
            for bit in range(8):
                if i >= len(piece):
                    break
                run = 0
                while pack and i and run < 8 and i + run < len(piece) and piece[i + run] == piece[i - 1]:
                    run += 1
                if run >= 3:
                    flags |= 1 << bit
                    group += struct.pack("<H", run - 3)  # one octet back, however many bits that has
                    i += run
                else:
                    group += piece[i:i + 1]
                    i += 1
            data += bytes([flags]) + group
        out += struct.pack("<H", 0xB000 | (len(data) + 2 - 3)) + data
    return out


def preview(picture):
    """The picture of a document's first page among its properties."""
    value = struct.pack("<IIIIHHHH", 0x47, len(picture) + 16, 0xFFFFFFFF, 3, 8, 100, 100, 0) + picture
    return struct.pack("<HHI16sI", 0xFFFE, 0, 0, b"", 1) + bytes(16) + struct.pack("<I", 48) + struct.pack("<IIII", 0, 1, 17, 16) + value


def custom(name, value):
    """Properties that a person made: one."""
    names = struct.pack("<III", 1, 2, len(name) + 1) + name.encode() + b"\0"
    names += bytes(-len(names) % 4)
    body = struct.pack("<IIIII", 0, 0, 0, 0, 0)
    second = struct.pack("<II", 0, 3) + struct.pack("<6I", 0, 32, 1, 32 + len(names), 2, 40 + len(names)) + names + struct.pack("<II", 2, 1252) + value
    head = struct.pack("<HHI16sI", 0xFFFE, 0, 0, b"", 2) + bytes(16) + struct.pack("<I", 68) + bytes(16) + struct.pack("<I", 68 + len(body))
    return head + body + second


# ---- presentations ----------------------------------------------------------------------------------------------------------------------


def atom(kind, data, instance=0, version=0):
    return struct.pack("<HHI", instance << 4 | version, kind, len(data)) + data


def container(kind, data):
    return atom(kind, data, 0, 0xF)


def show(*records):
    return compound({"PowerPoint Document": b"".join(records), "Current User": b""})


def slides():
    place("narrow.ppt", SEEN, lambda t: show(container(1006, atom(4008, t.encode()))))
    place("wide.ppt", SEEN, lambda t: show(container(1006, atom(4000, t.encode("utf-16-le")))))
    place("hidden-slide.ppt", HIDDEN, lambda t: show(container(1006, atom(1017, struct.pack("<IIHH", 0, 0, 0, 0)[:10] + struct.pack("<H", 4)) + atom(4008, t.encode()))))
    place("notes.ppt", SEEN, lambda t: show(container(1008, atom(4008, t.encode()))))
    place("comment.ppt", SEEN, lambda t: show(container(1006, container(12000, atom(4026, t.encode("utf-16-le"))))))
    place("comment-in-tag.ppt", SEEN, lambda t: show(container(1006, container(5000, container(5002, atom(4026, "___PPT10".encode("utf-16-le")) + atom(5003, container(12000, atom(4026, t.encode("utf-16-le")))))))))
    place("data-of-others.ppt", HIDDEN, lambda t: show(container(1006, atom(4008, b"x") + container(5000, container(5002, atom(4026, "ADDIN".encode("utf-16-le")) + atom(5003, bytes(9) + t.encode("utf-16-le")))))))
    place("shape-link.ppt", HIDDEN, lambda t: show(container(1006, container(0xF004, options(0x382, "\2\0\3\0\x36\0" + "http://x/" + t)))))
    place("shape-link-long.ppt", HIDDEN, lambda t: show(container(1006, container(0xF004, options(0x382, "\2\0\3\0\x5a\0" + "http://x/" + t + "\0" + 20 * "q")))))
    place("word-art.ppt", SEEN, lambda t: show(container(1006, container(0xF004, options(0xC0, t)))))
    place("description.ppt", HIDDEN, lambda t: show(container(1006, container(0xF004, options(0x381, t)))))
    place("shape-name.ppt", HIDDEN, lambda t: show(container(1006, container(0xF004, options(0x380, t)))))
    place("link.ppt", HIDDEN, lambda t: show(container(1000, atom(4026, t.encode("utf-16-le")))))


# ---- Word -------------------------------------------------------------------------------------------------------------------------------


def stylesheet(rows):
    """rows: kind (1 paragraph, 2 character), base, instructions."""
    out = struct.pack("<HHH", 18, len(rows), 10) + bytes(14)
    for kind, base, sprm in rows:
        std = struct.pack("<HHHHH", 0, base << 4 | kind, 1, 0, 0) + struct.pack("<H", 1) + "s".encode("utf-16-le") + b"\0\0"
        if kind == 1:
            std += struct.pack("<HH", 2, 0)
        std += struct.pack("<H", len(sprm)) + sprm
        std += bytes(len(std) % 2)
        out += struct.pack("<H", len(std)) + std
    return out


def word(text, characters=b"", paragraph=b"", style=0, styles=(), tables=None, data=b"", more=None):
    """A document of Word 97: `text` has the character instructions, and all of it the paragraph's."""
    octets = b"Plain\r" + text.encode() + b"\r"
    stream = bytearray(0x400) + octets
    stream += bytes(-len(stream) % 512)
    table = b"\0" * 4

    def put(at, value):
        struct.pack_into("<I", stream, at, value)

    def page(runs):
        out = bytearray(512)
        for i, (begin, _) in enumerate(runs):
            struct.pack_into("<I", out, 4 * i, begin)
        struct.pack_into("<I", out, 4 * len(runs), 0x400 + len(octets))
        return out

    def add(number, block):
        nonlocal table
        put(0x9A + 8 * number, len(table))
        put(0x9E + 8 * number, len(block))
        table += block

    runs = [(0x400, b""), (0x406, characters)]
    first = page(runs)
    first[12 + 1] = 100 if characters else 0
    first[200] = len(characters)
    first[201:201 + len(characters)] = characters
    first[511] = 2
    add(12, struct.pack("<III", 0, 9, len(stream) // 512))
    stream += first
    second = page(runs)
    second[12 + 13] = 100
    grpprl = struct.pack("<H", style) + paragraph
    second[200] = 0
    second[201] = (len(grpprl) + 1) // 2
    second[202:202 + len(grpprl)] = grpprl
    second[511] = 2
    add(13, struct.pack("<III", 0, 9, len(stream) // 512))
    stream += second
    struct.pack_into("<HHHHHH", stream, 0, 0xA5EC, 0xC1, 0, 0, 0, 0x200)
    put(0x4C, len(octets))
    add(33, b"\2" + struct.pack("<III", 16, 0, len(octets)) + struct.pack("<HIH", 0, 0x400 * 2 | 0x40000000, 0))
    if styles:
        add(1, stylesheet(styles))
    for number, block in (tables or {}).items():
        add(number, block)
    return compound({"WordDocument": bytes(stream), "1Table": table, **({"Data": data} if data else {}), **(more or {})})


def texts():
    vanish, white, tiny = struct.pack("<HB", 0x83C, 1), struct.pack("<HI", 0x6870, 0xFFFFFF), struct.pack("<HH", 0x4A43, 2)
    hides = [(1, 0xFFF, b""), (1, 0xFFF, vanish), (2, 0xFFF, vanish), (1, 1, b""), (1, 0xFFF, white)]
    place("text.doc", SEEN, word)
    place("vanish.doc", HIDDEN, lambda t: word(t, vanish))
    place("white.doc", HIDDEN, lambda t: word(t, white))
    place("white-97.doc", HIDDEN, lambda t: word(t, struct.pack("<HB", 0x2A42, 8)))
    place("white-on-black.doc", SEEN, lambda t: word(t, white + struct.pack("<HH", 0x4866, 0x21)))
    place("white-in-table.doc", SEEN, lambda t: word(t, white, struct.pack("<HB", 0x2416, 1)))
    place("one-point.doc", HIDDEN, lambda t: word(t, tiny))
    place("paragraph-style.doc", HIDDEN, lambda t: word(t, style=1, styles=hides))
    place("paragraph-style-and-not.doc", SEEN, lambda t: word(t, struct.pack("<HB", 0x83C, 0), style=1, styles=hides))
    place("character-style.doc", HIDDEN, lambda t: word(t, struct.pack("<HH", 0x4A30, 2), styles=hides))
    place("base-style.doc", HIDDEN, lambda t: word(t, style=3, styles=hides))
    place("white-style.doc", HIDDEN, lambda t: word(t, style=4, styles=hides))
    place("other-style.doc", SEEN, lambda t: word(t, styles=hides))
    place("variables.doc", HIDDEN, lambda t: word("x", tables={60: struct.pack("<HHH", 0xFFFF, 1, 0) + struct.pack("<H", 1) + "a".encode("utf-16-le") + struct.pack("<H", len(t)) + t.encode("utf-16-le")}))
    place("saved-by.doc", HIDDEN, lambda t: word("x", tables={71: struct.pack("<HHHH", 0xFFFF, 1, 0, len(t)) + t.encode("utf-16-le")}))
    place("word-art.doc", SEEN, lambda t: word("x", tables={50: container(0xF000, b"") + b"\0" + container(0xF002, container(0xF004, options(0xC0, t)))}))
    place("picture-text.doc", HIDDEN, lambda t: word("x", tables={50: container(0xF002, options(0x381, t))}))
    place("form-value.doc", HIDDEN, lambda t: word("x", data=struct.pack("<IH62x", 200, 0x44) + struct.pack("<IHHH", 0xFFFFFFFF, 0, 0, 0) + struct.pack("<H", len(t)) + t.encode("utf-16-le") + bytes(100)))
    place("macro.doc", HIDDEN, lambda t: word("x", more={"Macros/VBA/NewMacros": b"\1" + module(b'Attribute VB_Name = "N"\r\n\' ' + t.encode())}))


# ---- pictures that are drawn ---------------------------------------------------------------------------------------------------------------


def emf(*records):
    body = b"".join(struct.pack("<II", kind, 8 + len(data)) + data for kind, data in records) + struct.pack("<III", 14, 20, 0) + bytes(8)
    head = struct.pack("<II", 1, 108) + bytes(32) + b" EMF" + struct.pack("<II", 0x10000, 108 + len(body)) + bytes(56)
    return head[:108] + body


def emf_text(text, x, y, wide=True, advance=10, flags=0):
    octets = text.encode("utf-16-le" if wide else "latin-1")
    octets += bytes(-len(octets) % 4)
    return (84 if wide else 83, bytes(16) + struct.pack("<Iff", 1, 1, 1) + struct.pack("<iiIII4iI", x, y, len(text), 76, flags, 0, 0, 0, 0, 76 + len(octets))
            + octets + struct.pack("<I", advance) * len(text))


def wmf(*records):
    body = b"".join(struct.pack("<IH", 3 + len(data) // 2, kind) + data for kind, data in records) + struct.pack("<IH", 3, 0)
    return struct.pack("<HHHIHIH", 1, 9, 0x300, 9 + len(body) // 2, 0, 100, 0) + body


def wmf_text(text, x, y):
    octets = text.encode() + bytes(len(text) % 2)
    return (0x521, struct.pack("<H", len(text)) + octets + struct.pack("<hh", y, x))


def bitmap(width, height):
    return (81, bytes(40) + struct.pack("<I", 80) + bytes(28) + struct.pack("<IiiHHI", 40, width, height, 1, 24, 0) + bytes(20))


def pictures():
    place("wide.emf", SEEN, lambda t: emf(emf_text(t, 0, 0)))
    place("narrow.emf", SEEN, lambda t: emf(emf_text(t, 0, 0, wide=False)))
    place("pieces.emf", SEEN, lambda t: emf(emf_text(t[:4], 0, 0), emf_text(t[4:], 40, 0)))
    place("small.emf", SEEN, lambda t: emf((108, struct.pack("<iiIIIff", 0, 0, len(t), 0x300, 1, 1, 1) + t.encode() + bytes(-len(t) % 4))))
    place("text-and-icon.emf", SEEN, lambda t: emf(bitmap(16, 16), emf_text(t, 0, 0)))
    place("text-and-picture.emf", SEEN, lambda t: emf(bitmap(600, 400), emf_text(t, 0, 0)), unread="image")
    place("picture.emf", None, lambda t: emf(bitmap(600, 400)), unread="image")
    place("shapes-of-letters.emf", None, lambda t: emf(emf_text(t, 0, 0, flags=0x10)), unread="image")
    place("cut.emf", SEEN, lambda t: emf(emf_text(t, 0, 0))[:-20], unread="damaged")
    place("text.wmf", SEEN, lambda t: struct.pack("<IHhhhhHIH", 0x9AC6CDD7, 0, 0, 0, 100, 100, 1440, 0, 0) + wmf(wmf_text(t, 0, 0)))
    place("in-slides.ppt", SEEN, lambda t: compound({"PowerPoint Document": container(1006, atom(4008, b"x")), "Current User": b"", "Pictures": blip(0xF01A, 0x3D4, emf(emf_text(t, 0, 0)))}))
    place("in-text.doc", SEEN, lambda t: word("x", data=blip(0xF01B, 0x216, wmf(wmf_text(t, 0, 0)))))


def blip(kind, instance, picture):
    packed = zlib.compress(picture)
    return atom(kind, bytes(16) + struct.pack("<I", len(picture)) + bytes(24) + struct.pack("<IBB", len(packed), 0, 0xFE) + packed, instance)


# ---- RTF --------------------------------------------------------------------------------------------------------------------------------


def rich():
    def rtf(body):
        return ("{\\rtf1\\ansi " + body + "}").encode()

    place("text.rtf", SEEN, lambda t: rtf("Plain\\par " + t))
    place("hidden.rtf", HIDDEN, lambda t: rtf("Plain\\par {\\v " + t + "}"))
    place("white.rtf", HIDDEN, lambda t: rtf("{\\colortbl;\\red255\\green255\\blue255;}Plain\\par {\\cf1 " + t + "}"))
    place("white-on-black.rtf", SEEN, lambda t: rtf("{\\colortbl;\\red255\\green255\\blue255;\\red0\\green0\\blue0;}Plain\\par {\\cf1\\highlight2 " + t + "}"))
    place("white-in-table.rtf", SEEN, lambda t: rtf("{\\colortbl;\\red255\\green255\\blue255;}Plain\\par \\trowd\\intbl {\\cf1 " + t + "}\\cell b\\cell\\row"))
    place("blue.rtf", SEEN, lambda t: rtf("{\\colortbl;\\red255\\green255\\blue255;\\red0\\green0\\blue255;}Plain\\par {\\cf2 " + t + "}"))
    place("one-point.rtf", HIDDEN, lambda t: rtf("Plain\\par {\\fs2 " + t + "}"))
    place("eight-points.rtf", SEEN, lambda t: rtf("Plain\\par {\\fs16 " + t + "}"))
    place("word-art.rtf", SEEN, lambda t: rtf("Plain\\par {\\shp{\\*\\shpinst{\\sp{\\sn gtextUNICODE}{\\sv " + t + "}}}}"))
    place("text-box.rtf", SEEN, lambda t: rtf("Plain\\par {\\shp{\\*\\shpinst\\shpleft1\\shpz0\\shplid1026{\\sp{\\sn shapeType}{\\sv 202}}{\\shptxt " + t + "\\par}}}"))
    place("shape-picture.rtf", HIDDEN, lambda t: rtf("Plain\\par {\\shp{\\*\\shpinst{\\sp{\\sn pibName}{\\sv C:\\\\" + t + ".jpg}}}}"))
    place("style-name.rtf", HIDDEN, lambda t: rtf("{\\stylesheet{\\s1 " + t + "-219-09-9998;}}Plain"))
    place("bookmark.rtf", HIDDEN, lambda t: rtf("Plain{\\*\\bkmkstart " + t + "_7001234}"))
    place("in-the-midst.rtf", HIDDEN, lambda t: rtf("Plain \\stylesheet " + t))
    place("ansi-half.rtf", HIDDEN, lambda t: rtf("Plain {\\upr{" + t + "}{\\*\\ud{x}}}"))
    place("storage-without-streams.rtf", None, lambda t: rtf("Plain{\\*\\datastore " + compound({}).hex() + "}"))
    place("picture-text.rtf", HIDDEN, lambda t: rtf("Plain\\par {\\pict{\\*\\picprop{\\sp{\\sn wzDescription}{\\sv " + t + "}}}\\pngblip 00}"))
    place("template.rtf", HIDDEN, lambda t: rtf("Plain{\\*\\template C:\\\\" + t + ".dot}"))
    place("link-source.rtf", HIDDEN, lambda t: rtf("Plain{\\object\\objlink{\\*\\objsect " + t + "}}"))
    place("bound.rtf", SEEN, lambda t: rtf("Plain{\\*\\datastore " + compound({"MsoDataStore/A/Item": b"<mrn>%s</mrn>" % t.encode()}).hex() + "}"))
    place("in-object.rtf", SEEN, lambda t: rtf("Plain{\\object{\\*\\objdata " + (struct.pack("<II", 0x501, 2) + struct.pack("<I", 8) + b"Package\0" + bytes(8) + struct.pack("<I", len(packaged(t))) + packaged(t)).hex() + "}}"))


def packaged(text):
    """A file that was dropped into a document."""
    octets = text.encode()
    return struct.pack("<H", 2) + b"a.txt\0C:\\a.txt\0" + struct.pack("<II", 0x30000, 2) + b"t\0" + struct.pack("<I", len(octets)) + octets


# ---- reading ----------------------------------------------------------------------------------------------------------------------------


def token(i):
    return "Zq%04dxKw" % (1000 + i)


def read_all(top):
    """What milwardctl prints of each document: text that is seen, text that is not, and reasons; by its place in the list."""
    message = email.message.EmailMessage()
    message["From"], message["To"] = "a@x.example", "b@y.example"
    message.set_content("See attached.")
    for i, (name, _, make, _) in enumerate(PLACES):
        message.add_attachment(make(token(i)), maintype="application", subtype="octet-stream", filename="%03d-%s" % (i, name))
    path = os.path.join(top, "all.eml")
    with open(path, "wb") as f:
        f.write(message.as_bytes())
    command = [os.path.join(BUILD, "milwardctl"), "-p", os.path.join(top, "legacy.policy")]
    command += ["--modules", os.path.join(BUILD, "modules/.libs"), "--policies", os.path.join(SRC, "policies"), "text", "--json", path]
    done = subprocess.run(command, capture_output=True, check=False, env=dict(os.environ, MILWARD_READER=os.path.join(BUILD, "milward-reader")))
    out = [{SEEN: "", HIDDEN: "", "unread": set()} for _ in PLACES]
    for line in done.stdout.splitlines():
        part = json.loads(line)
        number = part["part"].split("!")[0].split("/")[0]
        if not number.isdigit() or int(number) < 2:
            continue
        one, octets = out[int(number) - 2], part["text"].encode()
        at = part.get("hidden", len(octets))
        one[SEEN] += octets[:at].decode()
        one[HIDDEN] += octets[at:].decode()
        if "unreadable" in part and part["part"].find("/image-") < 0:
            one["unread"].add(part["unreadable"])
    return out


def main():
    if not os.path.exists(os.path.join(BUILD, "modules/.libs/extract-legacy.so")):
        print("1..0 # SKIP extract-legacy is not built")
        return 0
    for fill in (sheets, slides, texts, pictures, rich):
        fill()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="milward-places-") as top:
        with open(os.path.join(top, "legacy.policy"), "w", encoding="ascii") as f:
            f.write("load phi with extract-legacy, extract-html grant text\n")
        read = read_all(top)
    for i, ((name, where, _, unread), one) in enumerate(zip(PLACES, read)):
        seen, hidden, wrong = token(i) in one[SEEN], token(i) in one[HIDDEN], []
        if where and not {SEEN: seen, HIDDEN: hidden and not seen}[where]:
            wrong.append("the word is %s, not %s" % (SEEN if seen else HIDDEN if hidden else "missing", where))
        if one["unread"] != ({unread} if unread else set()):
            wrong.append("unreadable: %s" % sorted(one["unread"]))
        for line in wrong:
            print("# %s" % line)
        failed += bool(wrong)
        print("%s %d - %s: %s" % ("not ok" if wrong else "ok", i + 1, name, where or unread))
    print("1..%d" % len(PLACES))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
