# SPDX-License-Identifier: Apache-2.0
"""mutant: small messages that hold one marked identifier, and what goes wrong with messages on their way.

`message(n)` is the nth: the same one every time. A text is written in some charset, encoding and type, put into multiparts and
messages, and then changed at a few places, mostly in its structure.
"""

import base64
import binascii
import quopri
import random
import re

MARK = "SSN 219-09-9998, diabetes"
TEXT = "Dear colleague,\n\nPatient %s.\nKind regards\n" % MARK
OTHER = "nothing to see here\n"
SHAPES = {
    "text/plain": TEXT,
    "text/html": "<html><body><p>Dear colleague,</p><p>Patient %s.</p></body></html>\n" % MARK,
    "text/calendar; method=REQUEST": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:%s\nEND:VEVENT\nEND:VCALENDAR\n" % MARK,
    "text/csv": "name,ssn\nPatient,%s\n" % MARK,
    "application/xml": "<?xml version='1.0'?><a><b>%s</b></a>\n" % MARK,
    "text/plain; format=flowed; delsp=yes": TEXT.replace("219-", "219- \n"),
}
CHARSETS = """us-ascii utf-8 iso-8859-1 windows-1252 utf-16 utf-16le utf-16be utf-32 utf-7 iso-2022-jp iso-2022-kr shift_jis euc-jp
gb18030 hz big5 koi8-r windows-1251 macintosh cp037 x-unknown""".split()
ENCODINGS = ("7bit", "8bit", "base64", "base64", "quoted-printable", "quoted-printable", "x-uuencode", "")
SUBTYPES = ("mixed", "mixed", "alternative", "related", "signed", "report", "digest", "parallel", "encrypted", "x-odd")

ODD = """( ) " ' \\ ; : , = -- ? * % < > / @ () (x) "" [ ] & # ~ _ . - + { | ` ^ !""".split() + [
    " ", "\t", "\n", "\r\n", "\r", "\r\r\n", "\n ", "\r\n\t", "\n\n", "\0", "\x0b", "\x0c", "\x1a", "\x1b", "\x7f", "\x80", "\xa0", "\xff",
    "\xef\xbb\xbf", "\xe2\x80\x8b",
]
TYPES = """text/plain text/html multipart/mixed message/rfc822 image/png application/octet-stream text TEXT/HTML text/ /plain
multipart/alternative message/partial message/external-body application/pgp-encrypted application/pkcs7-mime text/enriched
text/rfc822-headers message/delivery-status text/calendar application/xhtml+xml text/x-unknown x/y text/plain/html message/global
application/json multipart multipart/ message/ html application/pgp-signature image/svg+xml""".split() + [""]
TRANSFERS = """base64 quoted-printable 7bit x-uuencode BASE64 base-64 b64 qp quotedprint uuencode uue none base64; "base64" (base64)
x-binhex 8-bit base64,7bit""".split() + ["", "quoted printable", "base64 7bit", "base64\nContent-Transfer-Encoding: 7bit",
                                         "7bit\nContent-Transfer-Encoding: base64"]
LABELS = """utf-16 utf-7 iso-2022-jp hz us-ascii utf-8 cp037 utf-16le utf-32 x-y "" unicode-1-1-utf-7 ""utf-7"" iso-10646-ucs-2
utf-8;charset=utf-7 utf-7;charset=utf-8""".split()

FIELD = re.compile(rb"(?im)^[ \t]*[a-z0-9-]+[ \t]*:.*(?:\n[ \t].*)*")
DELIMITER = re.compile(rb"(?m)^--.*$")
PARAMETER = re.compile(rb"\b(\w+)=(\"?)([^\";\s]+)\2")
BASE64 = re.compile(rb"(?m)^[A-Za-z0-9+/]{12,}={0,2}$")


def octets(text):
    return text.encode("latin-1")


# ---- messages -------------------------------------------------------------------------------------------------------


class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.boundaries = 0

    def charset(self, text, name):
        if name == "iso-2022-jp" and self.rng.random() < 0.5:
            text = text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"})
        if name == "utf-7":  # all of it, not only what must be
            lines = [base64.b64encode(line.encode("utf-16be")).rstrip(b"=") for line in text.split("\n")]
            return b"\n".join(b"+" + line + b"-" if line else b"" for line in lines)
        try:
            return text.encode(name)
        except LookupError:
            return text.encode()

    def transfer(self, data, name):
        if name == "base64":
            width = self.rng.choice((76, 76, 76, 60, 64, 4, 19, 1000))
            data = base64.b64encode(data)
            return b"\n".join(data[i : i + width] for i in range(0, len(data), width)) + b"\n"
        if name == "quoted-printable":
            if self.rng.random() < 0.5:
                return quopri.encodestring(data)
            return b"".join(b"\n" if c == 10 else b"=%02X" % c + (b"=\n" if i % 20 == 19 else b"") for i, c in enumerate(data))
        if name == "x-uuencode":
            lines = [binascii.b2a_uu(data[i : i + 45]) for i in range(0, len(data), 45)]
            return b"begin 644 x.txt\n" + b"".join(lines) + b"`\nend\n"
        return data

    def leaf(self, marked):
        kind = self.rng.choice(list(SHAPES)) if marked else "text/plain"
        charset, transfer = self.rng.choice(CHARSETS), self.rng.choice(ENCODINGS)
        if charset.startswith(("utf-16", "utf-32")) and self.rng.random() < 0.7:
            transfer = "base64"
        fields = [("Content-Type", "%s; charset=%s" % (kind, self.rng.choice((charset, '"%s"' % charset))))]
        if transfer:
            fields.append(("Content-Transfer-Encoding", transfer))
        text = SHAPES[kind] if marked else OTHER
        if marked and self.rng.random() < 0.1:
            text = OTHER
            fields.append(("Content-Disposition", "attachment; " + self.file_name()))
        self.rng.shuffle(fields)
        return fields, self.transfer(self.charset(text, charset), transfer)

    def file_name(self):
        name, cut = MARK + ".txt", self.rng.randrange(5, 20)
        percent = "".join(c if c.isalnum() else "%%%02X" % ord(c) for c in name)
        word = "=?utf-8?B?%s?=" % base64.b64encode(name.encode()).decode()
        return self.rng.choice((
            'filename="%s"' % name, "filename*=utf-8''%s" % percent, 'filename="%s"' % word,
            'filename*0="%s"; filename*1="%s"' % (name[:cut], name[cut:]), 'filename*0="%s"; filename*1="%s"' % (word[:cut], word[cut:]),
        ))

    def multipart(self, depth, marked):
        self.boundaries += 1
        boundary = self.rng.choice(("b%d", "----=_Part_%d", "==bound%d==")) % self.boundaries
        parts = [self.entity(depth + 1, False) for _ in range(self.rng.randrange(3))]
        parts.insert(self.rng.randrange(len(parts) + 1), self.entity(depth + 1, marked))
        body = b"before\n" if self.rng.random() < 0.2 else b""
        for fields, data in parts:
            body += octets("--%s\n" % boundary) + header(fields) + data + (b"" if data.endswith(b"\n") else b"\n")
        body += octets("--%s--\n" % boundary) + (b"behind\n" if self.rng.random() < 0.2 else b"")
        return [("Content-Type", 'multipart/%s; boundary="%s"' % (self.rng.choice(SUBTYPES), boundary))], body

    def message(self, depth, marked):
        fields, body = self.entity(depth + 1, marked)
        data = header([("From", "a@b.example"), ("Subject", "inner"), ("MIME-Version", "1.0")] + fields) + body
        transfer = self.rng.choice(("", "", "", "base64", "quoted-printable"))
        fields = [("Content-Type", self.rng.choice(("message/rfc822", 'application/octet-stream; name="x.eml"', "text/rfc822-headers")))]
        return fields + ([("Content-Transfer-Encoding", transfer)] if transfer else []), self.transfer(data, transfer)

    def entity(self, depth, marked):
        kind = self.rng.random()
        if depth > 2 or kind < 0.5:
            return self.leaf(marked)
        return self.multipart(depth, marked) if kind < 0.9 else self.message(depth, marked)

    def all(self):
        subject, marked = "report", True
        if self.rng.random() < 0.05:
            subject, marked = "=?utf-8?B?%s?=" % base64.b64encode(MARK.encode()).decode(), False
        fields, body = self.entity(0, marked)
        return header([("From", "a@clinic.example"), ("To", "b@x.example"), ("Subject", subject), ("MIME-Version", "1.0")] + fields) + body


def header(fields):
    return octets("".join("%s: %s\n" % field for field in fields) + "\n")


# ---- what goes wrong ------------------------------------------------------------------------------------------------


def spans(pattern, data):
    return [m.span() for m in pattern.finditer(data)]


def replace(rng, data, pattern, group, values):
    """One of the matches of the group becomes one of the values."""
    found = list(pattern.finditer(data))
    if not found:
        return data
    m = rng.choice(found)
    return data[: m.start(group)] + octets(rng.choice(values)) + data[m.end(group) :]


def place(rng, data):
    start, end = rng.choice(rng.choice((spans(FIELD, data), spans(FIELD, data), spans(DELIMITER, data))) or [(0, len(data))])
    return rng.randrange(start, end + 1)


def insert(rng, data):
    at = place(rng, data)
    return data[:at] + octets(rng.choice(ODD)) + data[at:]


def overwrite(rng, data):
    at = place(rng, data)
    return data[:at] + octets(rng.choice(ODD + [""])) + data[at + 1 :]


def relabel_type(rng, data):
    return replace(rng, data, re.compile(rb"(?im)^content-type:[ \t]*([^\n;]*)"), 1, TYPES)


def relabel_transfer(rng, data):
    return replace(rng, data, re.compile(rb"(?im)^content-transfer-encoding:[ \t]*([^\n]*)"), 1, TRANSFERS)


def relabel_charset(rng, data):
    return replace(rng, data, re.compile(rb"charset=(\"?[\w-]+\"?)"), 1, LABELS)


def rewrite_parameter(rng, data):
    m = rng.choice(list(PARAMETER.finditer(data)) or [None])
    if not m:
        return data
    name, value = m.group(1).decode("latin-1"), m.group(3).decode("latin-1")
    forms = ('%s="%s"', "%s='%s'", "%s=%s", "%s*=us-ascii''%s", '%s = "%s"', '%s="%s', '%s="\\%s"', '%s=(c)"%s"', '%s="%s"x', '%s=""%s""', "%s*0=%s")
    new = [form % (name, value) for form in forms]
    new += ["%s*0=%s; %s*1=%s" % (name, value[:2], name, value[2:]), "%s=x; %s=%s" % (name, name, value), "%s=%s; %s=x" % (name, value, name)]
    return data[: m.start()] + octets(rng.choice(new)) + data[m.end() :]


def move_line(rng, data):
    """A field or a boundary line goes, or comes once more somewhere else."""
    lines = spans(FIELD, data) + spans(DELIMITER, data)
    if not lines:
        return data
    (start, end), (at, _) = rng.choice(lines), rng.choice(lines)
    return data[:start] + data[end + 1 :] if rng.random() < 0.5 else data[:at] + data[start:end] + b"\n" + data[at:]


def touch_base64(rng, data):
    m = rng.choice(list(BASE64.finditer(data)) or [None])
    if not m:
        return data
    at = rng.randrange(*m.span())
    new = rng.choice(("=", "==", "====", "-", "_", " ", "\n", ".", "*", "\0", "!", "A===", "\x80", ",", "Hello, text here, I say\n"))
    return data[:at] + octets(new) + data[at:]


def line_ends(rng, data):
    if rng.random() < 0.5:
        return data.replace(b"\n", rng.choice((b"\r\n", b"\r\r\n", b"\r")))
    return re.sub(rb"\n", lambda _: rng.choice((b"\n",) * 8 + (b"\r\n", b"\r")), data)


def cut(rng, data):
    return data[: rng.randrange(len(data))]


CHANGES = (insert, insert, insert, insert, overwrite, overwrite, relabel_type, relabel_type, relabel_transfer, relabel_transfer,
           relabel_charset, rewrite_parameter, rewrite_parameter, move_line, move_line, touch_base64, line_ends, cut)


def delivered(data):
    """As an MTA hands it on: the header ends at the first line that is no field, and an empty line follows; a trace is above."""
    fields, lines = [], data.split(b"\n")
    while lines and (re.match(rb"[!-9;-~]+[ \t]*:", lines[0]) or (fields and lines[0][:1] in (b" ", b"\t"))):
        fields.append(lines.pop(0))
    if lines and lines[0] in (b"", b"\r"):
        lines.pop(0)
    return b"\n".join([b"Received: from a by b; Mon, 01 Jan 2024 00:00:00 +0000"] + fields + [b""] + lines)


def message(n):
    rng = random.Random(n)
    data = Maker(rng).all()
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))):
        data = rng.choice(CHANGES)(rng, data)
    return delivered(data)
