#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A message of 25 MB, and one larger than the policy allows."""
import base64
import os

import lab

MB = 1 << 20


def heavy(octets, text):
    """A message with an attachment of about that many octets on the wire."""
    body = base64.encodebytes(os.urandom(57 * 18396)).replace(b"\n", b"\r\n")  # whole lines: no "=" before the end
    body *= octets // len(body)
    return lab.Message(
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode() + b"\r\n"
        b"--b\r\nContent-Type: image/x-raw\r\nContent-Disposition: attachment; filename=scan.raw\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + body + b"--b--\r\n",
        head="MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n",
    )


def body(octets):
    return octets.split(b"\r\n\r\n", 1)[1]


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    postfix.set(message_size_limit=str(60 * MB))
    daemon = site.outbound(then="limit size 30M\non limit.size refuse")
    for name, text, rcpts, wanted in (
        ("with PHI", lab.PHI, ("bob@plain.test", "tls@valid.test"), {("portal", "bob@plain.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"]}),
        ("without PHI", lab.NO_PHI, ("bob@plain.test",), {("plain", "bob@plain.test"): [None]}),
    ):
        message = heavy(25 * MB, text)
        site.send(message, *rcpts)
        postfix.settle(60)
        tap.equal(site.copies(message), wanted, "25 MB %s: each copy by its route" % name)
        tap.ok(all(body(c.data) == body(message.octets) for c in site.found(message)), "25 MB %s: octet for octet" % name)
    message = heavy(31 * MB, lab.PHI)
    try:
        site.send(message, "bob@plain.test")
        tap.ok(False, "larger than `limit size`: refused as the policy says")
    except lab.Refused as answer:
        tap.ok(answer.code // 100 == 5, "larger than `limit size`: refused as the policy says", answer)
    postfix.settle()
    tap.equal(site.copies(message), {}, "and not delivered")
    tap.equal(site.leaks(), [], "no matched text in any log")
