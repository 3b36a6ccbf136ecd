#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""extract-office: every document of office formats in the shared data, and some of our own, against readers that have nothing in common
with ours: zipfile with ElementTree for the words of all parts, python3-openpyxl for rows, python3-docx for tables, python3-odf for
paragraphs.

Needs MILWARD_BUILD (a built tree with extract-office and milward-reader) and ../shared/data. Prints TAP.
"""

import datetime
import email.message
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings
import xml.etree.ElementTree as ET
import zipfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
DATA = os.path.join(SRC, "../shared/data")
ARCHIVES = ("attachments.tar.zst", "hostile.tar.zst")
SUFFIXES = ("docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xltx", "xlsb", "pptx", "pptm", "potx", "potm", "ppsx", "odt", "ott", "ods",
            "odp", "odg", "odf", "fodt", "fods", "fodp", "sxw", "sxc", "sxi", "vsdx", "vssx", "vstx", "vstm", "xps", "epub")

# Documents that are not read to their end, and why.
UNREAD = {
    "protect.xlsx": "encrypted",
    "protected_normal_case.docx": "encrypted",
    "protected_upper_case.docx": "encrypted",
    "testEXCEL_protected_passtika.xlsx": "encrypted",
    "testEXCEL_protected_passtika_2.xlsx": "encrypted",
    "testWORD_protected_passtika.docx": "encrypted",
    "testODTEncrypted.odt": "encrypted",
}
# What of a document is not text, though the rest is read: words that were written with a pen.
PARTLY = {"testPPT_various2.pptx": "image"}


def local(tag):
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def squeeze(text):
    """Without white space: where lines end is not compared."""
    return "".join(text.split())


# ---- ours -------------------------------------------------------------------------------------------------------------------------------


class Ours:
    """What milwardctl reads of a document."""

    def __init__(self, octets, name, top):
        message = email.message.EmailMessage()
        message["From"] = "a@x.example"
        message["To"] = "b@y.example"
        message.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
        path = os.path.join(top, "one.eml")
        with open(path, "wb") as f:
            f.write(message.as_bytes())
        command = [os.path.join(BUILD, "milwardctl"), "-p", os.path.join(top, "office.policy")]
        command += ["--modules", os.path.join(BUILD, "modules/.libs"), "--policies", os.path.join(SRC, "policies"), "text", "--json", path]
        done = subprocess.run(command, capture_output=True, check=False, env=dict(os.environ, MILWARD_READER=os.path.join(BUILD, "milward-reader")))
        self.parts = [json.loads(line) for line in done.stdout.splitlines()]
        self.document = [part for part in self.parts if part["part"] == "1" or part["part"].startswith("1/%s!" % name)]
        self.text = "\n".join(part["text"] for part in self.document)
        self.squeezed = squeeze(self.text)
        self.unread = sorted({part["unreadable"] for part in self.document if "unreadable" in part})

    def seen(self):
        return "\n".join(part["text"].encode()[: part.get("hidden", None)].decode() for part in self.document)

    def hidden(self):
        return "\n".join(part["text"].encode()[part["hidden"] :].decode() for part in self.document if "hidden" in part)

    def section(self, name):
        return "".join(part["text"] for part in self.document if part["part"].endswith("!" + name))


# ---- theirs -----------------------------------------------------------------------------------------------------------------------------


def paragraph(element, texts):
    """The text of a paragraph, without that of paragraphs inside of it."""
    out = []

    def walk(node):
        for child in node:
            name = local(child.tag)
            if name in texts:
                out.append(child.text or "")
            elif name in ("tab", "br", "cr"):
                out.append(" ")
            elif name == "noBreakHyphen":
                out.append("-")
            elif name not in ("p", "txbxContent", "pPr", "Fallback", "sym", "rt"):
                walk(child)

    walk(element)
    return "".join(out)


def changed(element):
    """Does a paragraph have parts that are not seen? Then its words are looked for one by one."""
    return any(local(e.tag) in ("del", "moveFrom", "vanish", "rStyle", "pStyle", "instrText", "sym", "AlternateContent") for e in element.iter())


def units_of_ooxml(name, root):
    """Pieces of text that must stand in ours as they are, white space aside."""
    if name.endswith("sharedStrings.xml"):
        for item in root.iter():
            if local(item.tag) == "si":
                yield "".join(t.text or "" for t in item.iter() if local(t.tag) == "t" and t not in {u for r in item.iter() if local(r.tag) == "rPh" for u in r})
        return
    if "/pages/page" in name or "/masters/master" in name:
        for text in root.iter():
            if local(text.tag) == "Text":
                yield "".join(text.itertext())
        return
    for element in root.iter():
        kind = local(element.tag)
        if kind == "p" and changed(element):
            for t in element.iter():
                if local(t.tag) in ("t", "delText"):
                    yield t.text or ""
        elif kind == "p":
            yield paragraph(element, ("t",))
        elif kind in ("v", "text") and "worksheets/" not in name and "drawings/" not in name:
            yield element.text or ""
        elif kind == "Glyphs":
            yield re.sub(r"^\{\}", "", element.get("UnicodeString", ""))


def units_of_odf(root):
    for element in root.iter():
        if local(element.tag) not in ("p", "h") or "text" not in element.tag:
            continue
        out = [element.text or ""]

        def walk(node):
            for child in node:
                if local(child.tag) in ("span", "a", "bookmark", "s", "tab", "tab-stop", "line-break", "page-number", "date", "time", "title",
                                        "soft-page-break", "sequence", "bookmark-ref", "page-count", "sheet-name", "file-name"):
                    out.append(child.text or "")
                    walk(child)
                else:
                    out.append("\0")
                out.append(child.tail or "")

        walk(element)
        yield from "".join(out).split("\0")


def parts_of(octets):
    """Names and roots of the XML parts of a package."""
    with zipfile.ZipFile(io.BytesIO(octets)) as package:
        for info in package.infolist():
            if not info.filename.endswith((".xml", ".fpage")):
                continue
            try:
                yield info.filename, ET.fromstring(package.read(info))
            except ET.ParseError:
                pass


def units_of(octets):
    if not octets.startswith(b"PK"):
        yield from units_of_odf(ET.fromstring(octets))
        return
    parts = list(parts_of(octets))
    names = [name for name, _ in parts]
    for name, root in parts:
        if "content.xml" in names:
            if name.endswith(("content.xml", "styles.xml")):
                yield from units_of_odf(root)
        elif not name.startswith(("docProps/", "word/theme", "_rels/")):
            yield from units_of_ooxml(name, root)


# ---- the shared data --------------------------------------------------------------------------------------------------------------------


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def result(self, good, name, why=()):
        self.count += 1
        self.failed += not good
        for line in why:
            print("# %s" % str(line).encode("ascii", "backslashreplace").decode())
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, name), flush=True)


def documents_under(top):
    for folder, _, names in os.walk(top):
        for name in sorted(names):
            if name.lower().endswith(tuple("." + suffix for suffix in SUFFIXES)):
                yield os.path.join(folder, name)


def shared_reads(top):
    """Every document, its octets and what we read of it."""
    for path in sorted(documents_under(top)):
        name = os.path.basename(path)
        with open(path, "rb") as f:
            octets = f.read()
        yield name, octets, Ours(octets, name, top)


def shared_documents(tap, documents):
    wrong, reasons, units = [], [], 0
    for name, octets, ours in documents:
        why = UNREAD.get(name, PARTLY.get(name))
        if ours.unread != ([why] if why else []):
            reasons.append("%s: %s" % (name, ours.unread or "is read"))
        if name in UNREAD:
            continue
        for unit in units_of(octets):
            units += 1
            if squeeze(unit) not in ours.squeezed:
                wrong.append("%s: %r" % (name, unit[:100]))
    tap.result(len(documents) > 75 and not reasons, "%d documents are read, or it is said why not" % len(documents), reasons)
    tap.result(units > 3000 and not wrong, "of %d texts that ElementTree finds none is missing" % units, wrong)


def shared_rows(tap, documents):
    """Rows of sheets as openpyxl has them: what is in one column there is in one column here."""
    import openpyxl  # pylint: disable=import-outside-toplevel

    warnings.simplefilter("ignore")
    wrong, cells = [], 0
    for name, octets, ours in documents:
        if not name.endswith(("xlsx", "xlsm")) or name in UNREAD:
            continue
        for sheet in openpyxl.load_workbook(io.BytesIO(octets), data_only=True, keep_links=False).worksheets:
            rows = [[squeeze(cell) for cell in line.split("\t")] for line in ours.section(sheet.title).split("\n")]
            hidden = {column for group in sheet.column_dimensions.values() if group.hidden for column in range(group.min - 1, group.max)}
            for row in sheet.iter_rows():
                texts = {cell.column - 1: squeeze(str(cell.value)) for cell in row if isinstance(cell.value, (str, int)) and cell.number_format == "General"
                         and str(cell.value).strip() and not isinstance(cell.value, bool)}
                cells += len(texts)
                for half in ({c: t for c, t in texts.items() if c in hidden}, {c: t for c, t in texts.items() if c not in hidden}):
                    if not any(all(column < len(ours_row) and ours_row[column] == text for column, text in half.items()) for ours_row in rows):
                        wrong.append("%s!%s: %s" % (name, sheet.title, half))
    tap.result(cells > 500 and not wrong, "%d cells that openpyxl finds are in their columns" % cells, wrong)


def shared_tables(tap, documents):
    """Rows of tables as python3-docx has them, of tables that have none inside."""
    import docx  # pylint: disable=import-outside-toplevel

    wrong, rows = [], 0
    for name, octets, ours in documents:
        if not name.endswith("docx") or name in UNREAD:
            continue
        try:
            tables = docx.Document(io.BytesIO(octets)).tables
        except Exception:  # pylint: disable=broad-except
            continue  # it does not read some that we do
        lines = {squeeze(line.replace("\t", "\1")) for line in ours.text.split("\n")}
        for table in tables:
            for row in table.rows:
                cells = row._tr.tc_lst  # pylint: disable=protected-access
                if len(cells) < 2 or any(local(e.tag) in ("tbl", "txbxContent", "del", "AlternateContent", "sdt") for e in row._tr.iter()):
                    continue
                rows += 1
                row_text = "\1".join(squeeze(" ".join(paragraph(p, ("t",)) for p in cell.iter() if local(p.tag) == "p")) for cell in cells)
                if row_text not in lines:
                    wrong.append("%s: %r" % (name, row_text[:100]))
    tap.result(rows > 10 and not wrong, "%d rows of tables that python-docx finds are lines with tabs" % rows, wrong)


# ---- our own ----------------------------------------------------------------------------------------------------------------------------


def own_text(top):
    import docx  # pylint: disable=import-outside-toplevel
    from docx.oxml import parse_xml  # pylint: disable=import-outside-toplevel

    document = docx.Document()
    split = document.add_paragraph("Her SSN is 219-")
    split.add_run("09").bold = True
    split.add_run("-9998")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip([c for row in table.rows for c in row.cells], ("Name", "SSN", "Ada Mayo", "219-09-9997")):
        cell.text = text
    gone = document.add_paragraph("MRN: ")
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    gone._p.append(parse_xml('<w:del %s w:id="1" w:author="x"><w:r><w:delText>7001234</w:delText></w:r></w:del>' % space))  # pylint: disable=protected-access
    document.sections[0].header.paragraphs[0].text = "Ward 7"
    document.core_properties.subject = "Ada Mayo"
    out = io.BytesIO()
    document.save(out)
    return Ours(out.getvalue(), "own.docx", top)


def own_book(top):
    import openpyxl  # pylint: disable=import-outside-toplevel
    from openpyxl.comments import Comment  # pylint: disable=import-outside-toplevel

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Patients"
    sheet.append(["Name", "SSN", "DOB", "Room"])
    sheet.append(["Ada Mayo", 19099998, datetime.date(1982, 2, 18), 12])
    sheet["B2"].number_format = "000-00-0000"
    sheet["A2"].comment = Comment("allergic", "x")
    sheet.append(["Bo Diaz", 219099997, datetime.date(1955, 12, 31), 13])
    sheet["B3"].number_format = "000\\-00\\-0000"
    sheet["C3"].number_format = "mm/dd/yy"
    sheet.row_dimensions[3].hidden = True
    keys = book.create_sheet("Keys")
    keys["A1"] = "7001234"
    keys.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return Ours(out.getvalue(), "own.xlsx", top)


def own_odf(top):
    from odf import opendocument, table, text  # pylint: disable=import-outside-toplevel

    book = opendocument.OpenDocumentSpreadsheet()
    sheet = table.Table(name="Patients")
    for values in (("Name", "SSN"), ("Ada Mayo", "219-09-9998")):
        row = table.TableRow()
        for value in values:
            cell = table.TableCell(valuetype="string")
            cell.addElement(text.P(text=value))
            row.addElement(cell)
        sheet.addElement(row)
    book.spreadsheet.addElement(sheet)
    out = io.BytesIO()
    book.write(out)
    return Ours(out.getvalue(), "own.ods", top)


def own_documents(tap, top):
    ours = own_text(top)
    tap.result("Her SSN is 219-09-9998" in ours.seen(), "a number over runs is one")
    tap.result("Name\tSSN\nAda Mayo\t219-09-9997\n" in ours.seen(), "a table has its head, and tabs between cells")
    tap.result("7001234" not in ours.seen() and "MRN: 7001234" in ours.hidden(), "deleted text is hidden, with its words")
    tap.result(ours.section("headers") == "Ward 7\n" and "subject: Ada Mayo" in ours.section("properties"), "headers and properties are sections")
    ours = own_book(top)
    rows = "Name\tSSN\tDOB\tRoom\nAda Mayo\t019-09-9998\t1982-02-18\t12\n"
    tap.result(ours.section("Patients").startswith(rows), "numbers and days are shown by their formats")
    tap.result("Name\tSSN\tDOB\tRoom\nBo Diaz\t219-09-9997\t1955-12-31\t13\n" in ours.hidden(), "a hidden row stands below the head")
    tap.result("allergic" in ours.section("Patients") and "7001234" in ours.hidden(), "comments are seen, hidden sheets hidden")
    ours = own_odf(top)
    tap.result(ours.section("Patients").startswith("Name\tSSN\nAda Mayo\t219-09-9998\n"), "a sheet of OpenDocument has its columns")


def bomb(tap, top):
    laughs = "<!DOCTYPE d [<!ENTITY a0 'lol'>%s]>" % "".join("<!ENTITY a%d '%s'>" % (i, "&a%d;" % (i - 1) * 10) for i in range(1, 10))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", laughs + "<document><p><r><t>before &a9;</t></r></p></document>")
    ours = Ours(out.getvalue(), "laughs.docx", top)
    tap.result(ours.unread == ["damaged"] and "lol" not in ours.text, "entities are not expanded")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", "<p>" * 100000)
    ours = Ours(out.getvalue(), "deep.docx", top)
    tap.result(ours.unread == ["limit"], "elements without an end are a limit")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", "<document><p><r><t>" + "a" * 300000000 + "</t></r></p></document>")
    ours = Ours(out.getvalue(), "large.docx", top)
    tap.result(ours.unread == ["limit"], "a letter 300,000,000 times is a limit")


def main():
    missing = [path for path in (os.path.join(DATA, name) for name in ARCHIVES) if not os.path.exists(path)]
    missing += [path for path in ("modules/.libs/extract-office.so", "milwardctl", "milward-reader") if not os.path.exists(os.path.join(BUILD, path))]
    for module in ("openpyxl", "docx", "odf"):
        try:
            __import__(module)
        except ImportError:
            missing.append("python3-" + module)
    if missing:
        print("1..0 # SKIP no %s" % ", ".join(missing))
        return 0
    tap = Tap()
    with tempfile.TemporaryDirectory() as top:
        with open(os.path.join(top, "office.policy"), "w", encoding="utf-8") as f:
            f.write("load phi with extract-office grant text\n")
        for name in ARCHIVES:
            subprocess.run(["tar", "-x", "--zstd", "-f", os.path.join(DATA, name), "-C", top], check=True)
        documents = list(shared_reads(top))
        shared_documents(tap, documents)
        shared_rows(tap, documents)
        shared_tables(tap, documents)
        own_documents(tap, top)
        bomb(tap, top)
    print("1..%d" % tap.count)
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
