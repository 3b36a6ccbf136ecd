# SPDX-License-Identifier: Apache-2.0
"""files: attachments, made from a few lines: office files, archives, a PDF."""
import base64
import io
import zipfile
from xml.sax.saxutils import escape

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def archive(members, deflate=True):
    """A zip of {name: octets}."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED) as z:
        for name, octets in members.items():
            z.writestr(name, octets)
    return out.getvalue()


def encrypted(members):
    """The same as a program shows it that asks for a password: the flag is set in every header."""
    octets = bytearray(archive(members, deflate=False))
    for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        found = octets.find(magic)
        while found >= 0:
            octets[found + at] |= 1
            found = octets.find(magic, found + 4)
    return bytes(octets)


def workbook(rows, sheet="Sheet1"):
    """An .xlsx with one sheet of texts."""
    cells = "".join(
        "<row>%s</row>" % "".join('<c t="inlineStr"><is><t>%s</t></is></c>' % escape(text) for text in row) for row in rows
    )
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    return archive({
        "[Content_Types].xml": head + '<Types xmlns="%s/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="%ssheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="%sworksheet+xml"/></Types>' % (PACKAGE, types, types),
        "_rels/.rels": head + '<Relationships xmlns="%s/relationships"><Relationship Id="r1" Type="%s/officeDocument" Target="xl/workbook.xml"/></Relationships>' % (PACKAGE, RELATIONS),
        "xl/workbook.xml": head + '<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="%s" sheetId="1" r:id="r1"/></sheets></workbook>' % (SHEET, RELATIONS, escape(sheet)),
        "xl/_rels/workbook.xml.rels": head + '<Relationships xmlns="%s/relationships"><Relationship Id="r1" Type="%s/worksheet" Target="worksheets/sheet1.xml"/></Relationships>' % (PACKAGE, RELATIONS),
        "xl/worksheets/sheet1.xml": head + '<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (SHEET, cells),
    })


def pdf(lines):
    """A page of text."""
    text = "BT /F1 12 Tf 72 720 Td 16 TL %s ET" % " ".join("(%s) '" % line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in lines)
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    )
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += "%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += "xref\n0 %d\n0000000000 65535 f \n%s" % (len(places) + 1, "".join("%010d 00000 n \n" % place for place in places))
    return (out + "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start)).encode()


def attached(files, text="The files you asked for.\r\n"):
    """(header, body) of a mail with {name: octets} attached."""
    parts = ["--lab-files\r\nContent-Type: text/plain\r\n\r\n" + text]
    for name, octets in files.items():
        encoded = base64.encodebytes(octets).decode().replace("\n", "\r\n")
        parts.append(
            '--lab-files\r\nContent-Type: application/octet-stream; name="%s"\r\nContent-Disposition: attachment; filename="%s"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n%s" % (name, name, encoded)
        )
    head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=lab-files\r\n"
    return head, "\r\n".join(parts) + "\r\n--lab-files--\r\n"
