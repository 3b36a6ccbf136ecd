#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Damaged and hostile messages: with PHI in them they are protected or refused, never in clear; without, they pass as ever."""
import base64
import urllib.parse

import lab

HEAD64 = b"Content-Transfer-Encoding: base64\r\n"
BARE = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"


def raw(message, head, body):
    """The message with other octets behind the fields that find it again."""
    start = message.octets.split(b"\r\nMIME-Version", 1)[0] + b"\r\n"
    message.octets = start + head + b"\r\n" + body
    return message


def shapes(text):
    """name -> message; text is what a reader sees in each of them."""
    octets = text.encode()
    lines = text.split("\r\n")
    many = b"".join(b"X-Filler-%d: x\r\n" % i for i in range(100000))
    parts = b"".join(b"--b\r\n\r\npart\r\n" for _ in range(3000))
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(400))
    plain = BARE.encode()
    packed = HEAD64 + b"\r\n" + base64.encodebytes(octets).replace(b"\n", b"\r\n")
    return {
        "NUL bytes in the body": raw(lab.harmless(), plain, b"\0\0" + octets + b"\0"),
        "NUL bytes between the letters": raw(lab.harmless(), plain, octets.replace(b"SSN", b"S\0SN") + octets),
        "bare CR": raw(lab.harmless(), plain, b"a\rb\r" + octets + b"\rend\r"),
        "bare LF": raw(lab.harmless(), plain, "\n".join(lines).encode() + b"\n"),
        "bare LF in the header": raw(lab.harmless(), plain + b"X-A: b\nX-C: d\r\n", octets),
        "100,000 header fields": raw(lab.harmless(), many + plain, octets),
        "a line of 1 MB": raw(lab.harmless(), plain, b"x" * (1 << 20) + b"\r\n" + octets),
        "8-bit header": raw(lab.harmless(), b"X-Name: \xff\xfe\x80\r\n" + plain, octets),
        "3,000 parts": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n\r\n" + octets + parts + b"--b--\r\n"),
        "400 nested multiparts": raw(lab.harmless(), b"MIME-Version: 1.0\r\n" + deep, octets),
        "a multipart that never ends": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n", b"--q\r\n\r\n" + octets),
        "a boundary that never comes": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=zz\r\n", octets),
        "two Content-Types": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Type: text/plain\r\n", octets),
        "two Content-Types, the picture last": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Type: image/png\r\n", octets),
        "two Content-Types, multipart last": raw(lab.harmless(), plain + b"Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n" + packed + b"--b--\r\n"),
        "two boundaries": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a; boundary=b\r\n", b"--a\r\n\r\nx\r\n--b\r\n" + packed + b"--b--\r\n"),
        "two encodings": raw(lab.harmless(), plain + b"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n", packed.split(b"\r\n\r\n")[1]),
        "NUL in a boundary line": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n", b"--\0b\r\n" + packed + b"--b--\r\n"),
        "a part behind the last one": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n\r\nx\r\n--b--\r\n--b\r\n" + packed),
        "a boundary in parts": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary*0=a; boundary*1=b\r\n", b"--ab\r\n" + packed + b"--ab--\r\n"),
        "a message in base64": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n" + HEAD64, base64.encodebytes(b"Subject: x\r\n" + packed).replace(b"\n", b"\r\n")),
        "all of it in a file name": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Disposition: attachment;\r\n filename*=utf-8''" + urllib.parse.quote(" ".join(lines)).encode() + b".png\r\n", b"\x89PNG\r\n\x1a\n"),
        "a text that is said to be a picture": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: image/png\r\n", octets),
        "no MIME-Version": raw(lab.harmless(), b"Content-Type: image/png\r\n", octets),
        "broken base64": raw(lab.harmless(), plain + b"Content-Transfer-Encoding: base64\r\n", b"!!!!" + octets),
        "unknown charset": raw(lab.harmless(), b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=x-none\r\n", octets),
        "unknown encoding": raw(lab.harmless(), plain + b"Content-Transfer-Encoding: x-rot13\r\n", octets),
        "no MIME header": raw(lab.harmless(), b"", octets),
        "From line first": raw(lab.harmless(), plain, b"From nobody\r\n" + octets),
        "dots": raw(lab.harmless(), plain, b".\r\n..\r\n" + octets),
    }


def attempt(site, message, rcpt):
    try:
        site.send(message, rcpt)
        return 250
    except lab.Refused as answer:
        return answer.code


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    postfix.set(message_size_limit="50000000", header_size_limit="10000000")
    daemon = site.outbound(then="on limit portal")
    for name, message in shapes(lab.PHI).items():
        code = attempt(site, message, "bob@plain.test")
        postfix.settle()
        copies = site.copies(message)
        if code == 250:
            tap.equal(copies, {("portal", "bob@plain.test"): [None]}, "%s, with PHI: to the portal, once" % name)
        else:
            tap.ok(copies == {} and code // 100 == 5, "%s, with PHI: refused (%d)" % (name, code), copies)
    for name, message in shapes(lab.NO_PHI).items():
        code = attempt(site, message, "bob@plain.test")
        postfix.settle()
        copies = site.copies(message)
        tap.ok(
            (code == 250 and copies in ({("plain", "bob@plain.test"): [None]}, {("portal", "bob@plain.test"): [None]}))
            or (code // 100 == 5 and copies == {}),
            "%s, without PHI: delivered once or refused (%d)" % (name, code),
            copies,
        )
    for name, octets in (("empty", b""), ("header alone", b"Subject: x\r\nMessage-ID: <only@clinic.test>\r\n"), ("body alone", b"\r\nhello\r\n")):
        message = lab.harmless()
        message.octets = octets
        tap.equal(attempt(site, message, "bob@plain.test"), 250, "a message that is %s is taken" % name)
    postfix.settle()
    tap.equal(len(site.sinks["plain"].copies) > 3, True, "and delivered")
    tap.ok(daemon.process.poll() is None, "the daemon lives")
    tap.equal(len(daemon.workers()) > 0 and daemon.log().count("READY"), daemon.log().count("READY"), "and so does its worker")
    tap.equal(site.leaks(), [], "no matched text in any log")
