#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One message, recipients of every kind: each copy where it belongs, as the policy says, under one queue id; and every kind of host."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402

with lab.Site("sendmail") as site:
    tap, sendmail = site.tap, site.sendmail
    site.outbound()
    message = lab.phi()
    site.send(message, "bob@clinic.test", "bob@valid.test", "bob@plain.test", "portal@valid.test", "verp@wrongname.test", "ver@valid.test")
    sendmail.settle()
    tap.equal(
        site.copies(message),
        {
            ("inside", "bob@clinic.test"): [None],
            ("valid", "bob@valid.test"): ["TLSv1.3"],
            ("valid", "ver@valid.test"): ["TLSv1.3"],
            ("portal", "bob@plain.test"): [None],
            ("portal", "portal@valid.test"): [None],
            ("portal", "verp@wrongname.test"): [None],
        },
        "each recipient gets one copy, by the route of the policy",
    )
    ids = sendmail.queue_ids(message.id)
    tap.equal(len(ids), 1, "under one queue id, the one that the client was told")
    tap.equal(
        sorted((rcpt, how, dsn) for rcpt, how, dsn, _text in sendmail.deliveries(ids[0])),
        [
            ("bob@clinic.test", "esmtp", "2.0.0"),
            ("bob@plain.test.mw-tlsp.invalid", "milward-tlsp", "2.0.0"),
            ("bob@valid.test.mw-tlsp.invalid", "milward-tlsp", "2.0.0"),
            ("portal@valid.test.mw-portal.invalid", "milward-portal", "2.0.0"),
            ("ver@valid.test.mw-ver.invalid", "milward-ver", "2.0.0"),
            ("verp@wrongname.test.mw-verp.invalid", "milward-verp", "2.0.0"),
        ],
        "each at the first attempt",
    )
    for copy in site.found(message):
        names = [h for h in copy.data.split(b"\r\n\r\n")[0].splitlines() if b"mw-" in h.lower() or h.lower().startswith(b"x-milward")]
        tap.equal(names, [], "no trace of milward in the header at %s" % copy.sink)
        tap.ok(not any(".invalid" in rcpt for rcpt in copy.rcpts), "no tag in the envelope at %s" % copy.sink, copy.rcpts)
    tap.equal(sendmail.queued(), [], "nothing is left in the queue")
    tap.equal(site.bounces(), [], "nobody gets a report")

    message = lab.harmless()
    site.send(message, "bob@clinic.test", "bob@plain.test", "tls@plain.test", "portal@valid.test")
    sendmail.settle()
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
