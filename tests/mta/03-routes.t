#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One message, recipients of every kind: each copy where it belongs, as the policy says, under one queue id."""
import lab

with lab.Site() as site:
    tap = site.tap
    site.outbound()
    message = lab.phi()
    site.send(message, "bob@clinic.test", "bob@valid.test", "bob@plain.test", "portal@valid.test", "verp@wrongname.test")
    site.postfix.settle()
    tap.equal(
        site.copies(message),
        {
            ("inside", "bob@clinic.test"): [None],
            ("valid", "bob@valid.test"): ["TLSv1.3"],
            ("portal", "bob@plain.test"): [None],
            ("portal", "portal@valid.test"): [None],
            ("portal", "verp@wrongname.test"): [None],
        },
        "each recipient gets one copy, by the route of the policy",
    )
    ids = site.postfix.queue_ids(message.id)
    tap.equal(len(ids), 1, "under one queue id, the one that the client was told")
    tap.equal(
        sorted((rcpt, how, status) for rcpt, how, status, _text in site.postfix.deliveries(ids[0])),
        [
            ("bob@clinic.test", "smtp", "sent"),
            ("bob@plain.test.mw-tlsp.invalid", "milward-tlsp/smtp", "sent"),
            ("bob@valid.test.mw-tlsp.invalid", "milward-tlsp/smtp", "sent"),
            ("portal@valid.test.mw-portal.invalid", "milward-portal/smtp", "sent"),
            ("verp@wrongname.test.mw-verp.invalid", "milward-verp/smtp", "sent"),
        ],
        "each at the first attempt",
    )
    for copy in site.found(message):
        names = [h for h in copy.data.split(b"\r\n\r\n")[0].splitlines() if b"mw-" in h.lower() or h.lower().startswith(b"x-milward")]
        tap.equal(names, [], "no trace of milward in the header at %s" % copy.sink)
        tap.ok(not any(".invalid" in rcpt for rcpt in copy.rcpts), "no tag in the envelope at %s" % copy.sink, copy.rcpts)
    tap.equal(site.postfix.queue(), [], "nothing is left in the queue")
    tap.equal(site.bounces(), [], "nobody gets a report")

    message = lab.harmless()
    site.send(message, "bob@clinic.test", "bob@plain.test", "tls@plain.test", "portal@valid.test")
    site.postfix.settle()
    tap.equal(
        site.copies(message),
        {
            ("inside", "bob@clinic.test"): [None],
            ("plain", "bob@plain.test"): [None],
            ("plain", "tls@plain.test"): [None],
            ("valid", "portal@valid.test"): ["TLSv1.3"],
        },
        "mail without PHI goes as it always did",
    )
    message = lab.Message("Payroll\r\nSSN: 219-09-9998\r\n", subject="Payroll")
    site.send(message, "bob@plain.test")
    site.postfix.settle()
    tap.equal(site.copies(message), {("plain", "bob@plain.test"): [None]}, "an SSN without health data is no PHI")
