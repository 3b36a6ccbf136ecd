#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""mode observe: everything is as it would be without milward, and the record tells what would have been done."""
import os

import lab
from lab.site import LOAD

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    audit = os.path.join(site.folder, "audit.log")
    site.outbound(load=LOAD + '\nload audit grant store { path "%s" }' % audit, then="always record audit", mode="mode observe")
    message = lab.phi(head="X-Milward-Id: forged\r\n")
    site.send(message, "bob@clinic.test", "bob@plain.test", "tls@plain.test", "portal@plain.test", "hold@plain.test", "refuse@plain.test")
    postfix.settle()
    tap.equal(
        site.copies(message),
        {("inside", "bob@clinic.test"): [None]} | {("plain", "%s@plain.test" % n): [None] for n in ("bob", "tls", "portal", "hold", "refuse")},
        "every recipient gets it as from a stock Postfix",
    )
    with open(audit, encoding="utf-8") as text:
        record = text.read()
    for word in ("observe", "refuse", "hold", "portal", "tls"):
        tap.ok(word in record, "the record tells what would have been done: %s" % word, record)
    copy = site.found(message)[0]
    tap.ok(copy.data.endswith(message.octets.split(b"MIME-Version", 1)[1]) and b"X-Milward-Id: forged" in message.octets, "and nothing in it is changed")
    message = lab.phi()
    site.send(message, "valid.test!plain.test!user@plain.test")
    postfix.settle()
    tap.ok(len(site.found(message)) + len(site.reports(message)) == 1, "odd addresses are not refused either")
