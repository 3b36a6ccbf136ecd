# SPDX-License-Identifier: Apache-2.0
"""mime: one text in the many forms in which mail programs send it.

`FORMS` names them; `message()` gives the octets. The text is the same in each, so what is found must be the same as well.
"""

import base64
import html
import quopri
import re
from email.header import Header

FORMS = """
plain qp base64 8bit windows-1252 latin1-qp utf-16 flowed html html-table html-spans alternative related-html reply top-reply
outlook-reply forward forward-inline attachment-txt attachment-log octet-stream mixed-two base64-long-lines html-base64
html-evasive html-entities calendar long-thread forward-attachment subject-only
""".split()


def encoded_word(rng, text):
    """A header as it must be, and sometimes encoded when it need not be."""
    if text.isascii() and rng.random() < 0.8:
        return text
    charset = "utf-8" if rng.random() < 0.7 else "windows-1252"
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        charset = "utf-8"
    if text.isascii():  # Header leaves it alone
        return f"=?{charset}?B?{base64.b64encode(text.encode(charset)).decode()}?=" if len(text) < 45 else text
    return Header(text, charset).encode(linesep="\r\n")


def lines76(data):
    text = base64.b64encode(data).decode()
    return "\r\n".join(text[i : i + 76] for i in range(0, len(text), 76)) + "\r\n"


def qp(data):
    return quopri.encodestring(data.replace(b"\r\n", b"\n")).decode().replace("\n", "\r\n")


def crlf(text):
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def part(kind, data, encoding, extra=""):
    """A part: header, empty line, body. data is octets."""
    if encoding == "base64":
        body = lines76(data)
    elif encoding == "quoted-printable":
        body = qp(data)
    else:
        body = data
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n{extra}\r\n"
    return head.encode() + (body if isinstance(body, bytes) else body.encode())


def text_part(text, charset="utf-8", encoding=None, kind="text/plain", extra=""):
    data = crlf(text).encode(charset, "replace")
    if encoding is None:
        encoding = "7bit" if data.isascii() else "8bit"
    if max((len(line) for line in data.split(b"\r\n")), default=0) > 990 and encoding in ("7bit", "8bit"):
        encoding = "quoted-printable"
    return part(f"{kind}; charset={charset}", data, encoding, extra)


def multipart(rng, kind, parts):
    mark = f"=_{rng.getrandbits(64):016x}"
    body = b"".join(b"--" + mark.encode() + b"\r\n" + one + b"\r\n" for one in parts)
    return f'Content-Type: multipart/{kind}; boundary="{mark}"\r\n\r\n'.encode() + body + b"--" + mark.encode() + b"--\r\n"


def attachment(name, kind, data, encoding="base64"):
    return part(f'{kind}; name="{name}"', data, encoding, f'Content-Disposition: attachment; filename="{name}"\r\n')


def flowed(text):
    """RFC 3676: lines of at most 72, a blank at the end of those that go on."""
    out = []
    for line in text.split("\n"):
        line = line.rstrip()
        while len(line) > 70:
            cut = line.rfind(" ", 20, 70)
            if cut < 0:
                break
            out.append(line[: cut + 1])
            line = line[cut + 1 :]
        out.append((" " if line.startswith((" ", ">", "From ")) else "") + line)
    return "\n".join(out)


def page(rng, text, style):
    if style == "table":
        cells = "".join(f"<tr><td style='padding:2px'>{html.escape(one)}</td></tr>\n" for one in text.split("\n"))
        return f"<html><head><style>td{{font:12px Arial}}</style></head><body><table border=0>{cells}</table></body></html>"
    if style == "spans":  # what word processors make of a text: every word in an element of its own

        def word(m):
            return (
                f"<span lang=EN-US style='font-size:11.0pt;font-family:\"Calibri\",sans-serif'>{html.escape(m[0])}</span>"
                if rng.random() < 0.25
                else html.escape(m[0])
            )

        body = "\n".join(
            "<p class=MsoNormal>" + (re.sub(r"\S+", word, line).replace("  ", " &nbsp;") or "<o:p>&nbsp;</o:p>") + "</p>"
            for line in text.split("\n")
        )
        return f'<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><!--[if mso]><xml></xml><![endif]--></head><body lang=EN-US>{body}</body></html>'
    if style == "evasive":  # words cut by elements and by what is not seen

        def cut(m):
            word = m[0]
            if len(word) < 4 or rng.random() < 0.6:
                return html.escape(word)
            at = rng.randint(1, len(word) - 1)
            return (
                html.escape(word[:at])
                + rng.choice(["&#8203;", "&shy;", "<b></b>", "<span></span>", "<!-- x -->", "&#x200C;"])
                + html.escape(word[at:])
            )

        return "<html><body>" + "<br>".join(re.sub(r"\S+", cut, line) for line in text.split("\n")) + "</body></html>"
    if style == "entities":
        return (
            "<html><body><p>"
            + "<br/>".join(
                "".join(f"&#{ord(c)};" if rng.random() < 0.3 or not c.isascii() else html.escape(c) for c in line)
                for line in text.split("\n")
            )
            + "</p></body></html>"
        )
    body = "<br>\n".join(html.escape(line).replace("  ", "&nbsp; ") for line in text.split("\n"))
    return f'<!DOCTYPE html><html><body><div dir="ltr">{body}</div></body></html>'


def calendar(text):
    """An invitation that says the text: RFC 5545, lines folded at 75 octets."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    out = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:4711@clinic.example",
        "DTSTART:20260312T140000Z",
        "SUMMARY:Visit",
    ]
    line = b"DESCRIPTION:" + escaped.encode()
    folded = []
    while len(line) > 74:
        at = 74
        while line[at] & 0xC0 == 0x80:
            at -= 1
        folded.append(line[:at].decode())
        line = b" " + line[at:]
    return "\r\n".join([*out, *folded, line.decode(), "END:VEVENT", "END:VCALENDAR"]) + "\r\n"


FILLER = [
    "The meeting moved to room 4. Please bring the numbers of last month.",
    "I am out on Friday, back on Monday.",
    "Does anybody have the login of the projector?",
    "The cafeteria closes early this week because of the holiday.",
    "Thanks all, this was a good session. Minutes are on the share.",
    "Parking lot B is being paved; use the garage.",
    "We still need two people for the welcome desk.",
    "The fire drill is on the calendar now.",
    "Payroll asks for timesheets by noon.",
]


def quote(text):
    return "\n".join("> " + line if line else ">" for line in text.split("\n"))


def body_of(rng, form, text, who):
    """The part (header and body) of a form; who: names and addresses for the lines of quotes."""
    charset = "windows-1252" if form.startswith("windows") else "iso-8859-1"
    if form == "subject-only":
        return text_part(rng.choice(["", "eom", "see subject", "Sent from my phone"]))
    simple = {
        "plain": lambda: text_part(text),
        "8bit": lambda: text_part(text, encoding="8bit"),
        "qp": lambda: text_part(text, encoding="quoted-printable"),
        "base64": lambda: text_part(text, encoding="base64"),
        "utf-16": lambda: text_part(text, "utf-16", "base64"),
        "windows-1252": lambda: text_part(text.replace("'", "’"), charset),
        "latin1-qp": lambda: text_part(text, charset, "quoted-printable"),
        "flowed": lambda: text_part(flowed(text), kind="text/plain; format=flowed"),
        "html": lambda: text_part(page(rng, text, ""), kind="text/html", encoding="quoted-printable"),
        "html-base64": lambda: text_part(page(rng, text, "spans"), kind="text/html", encoding="base64"),
        "html-table": lambda: text_part(page(rng, text, "table"), kind="text/html"),
        "html-spans": lambda: text_part(page(rng, text, "spans"), kind="text/html"),
        "html-evasive": lambda: text_part(page(rng, text, "evasive"), kind="text/html"),
        "html-entities": lambda: text_part(page(rng, text, "entities"), kind="text/html", encoding="base64"),
        "calendar": lambda: multipart(
            rng,
            "alternative",
            [
                text_part("Invitation, see the calendar."),
                text_part(calendar(text), kind="text/calendar; method=REQUEST", encoding="base64"),
            ],
        ),
        "base64-long-lines": lambda: text_part(" ".join(text.split("\n")), encoding="base64"),
        "attachment-txt": lambda: multipart(
            rng,
            "mixed",
            [
                text_part(rng.choice(["see attached", "as discussed", "", "Attached.\n\nThanks"])),
                attachment("note.txt", "text/plain; charset=utf-8", crlf(text).encode()),
            ],
        ),
        "attachment-log": lambda: multipart(
            rng,
            "mixed",
            [text_part("fyi"), attachment("scan0012.txt", "text/plain; charset=utf-16", crlf(text).encode("utf-16"))],
        ),
        "octet-stream": lambda: multipart(
            rng, "mixed", [text_part("here it is"), attachment("export.txt", "application/octet-stream", text.encode())]
        ),
        "mixed-two": lambda: multipart(
            rng, "mixed", [text_part("Two parts below."), text_part(text, encoding="quoted-printable")]
        ),
    }
    if form in simple:
        return simple[form]()
    if form in ("alternative", "related-html"):
        rich = text_part(page(rng, text, rng.choice(["", "spans", "table"])), kind="text/html", encoding="quoted-printable")
        plain = text if form == "alternative" else "Please view this message in a program that shows HTML."
        inner = multipart(rng, "alternative", [text_part(plain), rich])
        return (
            multipart(
                rng,
                "related",
                [inner, part('image/png; name="logo.png"', b"\x89PNG\r\n\x1a\n" + bytes(40), "base64", "Content-ID: <logo>\r\n")],
            )
            if form == "related-html"
            else inner
        )
    return quoted(rng, form, text, who)


def quoted(rng, form, text, who):
    sender, address = who
    short = rng.choice(["Thanks, will do.", "See below.", "Can you take this one?", "ok", "Got it.", "Adding the team."])
    if form == "long-thread":  # what matters is at the bottom of a long talk about other things
        thread = text
        for _ in range(rng.randint(3, 7)):
            thread = f"{rng.choice(FILLER)}\n\nOn Mon, Mar 2, 2026 at 4:05 PM Staff Office <office@clinic.example> wrote:\n{quote(thread)}"
        return text_part(thread, encoding="quoted-printable")
    if form == "forward-attachment":
        inner = b"From: scanner@clinic.example\r\nSubject: scan\r\nMIME-Version: 1.0\r\n" + multipart(
            rng, "mixed", [text_part("Scanned."), attachment("page1.txt", "text/plain; charset=utf-8", crlf(text).encode())]
        )
        return multipart(
            rng, "mixed", [text_part(short), b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n" + inner]
        )
    if form == "reply":
        return text_part(f"On Tue, Mar 3, 2026 at 9:14 AM {sender} <{address}> wrote:\n{quote(text)}\n\n{short}")
    if form == "top-reply":
        return text_part(f"{short}\n\nOn Tue, 3 Mar 2026, {sender} wrote:\n\n{quote(text)}\n", encoding="quoted-printable")
    if form == "outlook-reply":
        return text_part(
            f"{short}\n\n-----Original Message-----\nFrom: {sender} <{address}>\nSent: Tuesday, March 3, 2026 9:14 AM\nTo: Staff\nSubject: as below\n\n{text}"
        )
    if form == "forward-inline":
        return text_part(
            f"{short}\n\n---------- Forwarded message ---------\nFrom: {sender} <{address}>\nDate: Tue, Mar 3, 2026\nSubject: Fwd\n\n{text}",
            encoding="base64",
        )
    inner = f"From: {sender} <{address}>\r\nSubject: as promised\r\nMIME-Version: 1.0\r\n".encode() + text_part(
        text, encoding=rng.choice(["quoted-printable", "base64"])
    )
    if rng.random() < 0.4:  # a forward of a forward
        inner = b"Subject: Fwd\r\nMIME-Version: 1.0\r\n" + multipart(
            rng, "mixed", [text_part("fwd"), b"Content-Type: message/rfc822\r\n\r\n" + inner]
        )
    return multipart(rng, "mixed", [text_part(short), b"Content-Type: message/rfc822\r\n\r\n" + inner])


def message(rng, headers, body):
    """headers: (name, text); body: a part as above."""
    out = []
    for name, value in headers:
        out.append(f"{name}: {encoded_word(rng, value) if name == 'Subject' else value}\r\n".encode())
    return b"".join(out) + b"MIME-Version: 1.0\r\n" + body
