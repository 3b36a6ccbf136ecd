#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A milter behind milward refuses, tempfails or dies: nothing has been handed off, and nothing is twice when the client returns."""
import lab

RCPTS = ("bob@clinic.test", "bob@plain.test", "tls@valid.test", "portal@valid.test")
RIGHT = {
    ("inside", "bob@clinic.test"): [None],
    ("portal", "bob@plain.test"): [None],
    ("valid", "tls@valid.test"): ["TLSv1.3"],
    ("portal", "portal@valid.test"): [None],
}

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    site.outbound()
    later = lab.Milter(9999)
    before = postfix.get("smtpd_milters")
    postfix.set(smtpd_milters=before + ", " + later.spec)
    postfix.reload()
    for name, answer, code in (
        ("tempfails", lab.TEMPFAIL, 451),
        ("refuses", lab.REJECT, 550),
        ("refuses in its own words", b"y550 5.7.1 no\0", 550),
        ("dies", b"", 451),
    ):
        message = lab.phi()
        later.answers = {"E": answer}
        try:
            site.send(message, *RCPTS)
            got = 250
        except lab.Refused as refused:
            got = refused.code
        postfix.settle()
        tap.equal(got, code, "a later milter %s: the client is told" % name)
        tap.equal(site.copies(message), {}, "a later milter %s: no copy anywhere, no portal either" % name)
        later.answers = {}
        site.send(message, *RCPTS)
        postfix.settle()
        tap.equal(site.copies(message), RIGHT, "and when it comes again: exactly one copy for each")

    # A milter that refuses recipients stands before milward (one behind it could not be heard: see milward-route(7)).
    def refuse_tls(payload):
        return lab.REJECT if b"tls@" in payload else lab.CONTINUE

    later.answers = {"R": refuse_tls}
    postfix.set(smtpd_milters=later.spec + ", " + before)
    postfix.reload()
    message = lab.phi()
    with lab.Client() as smtp:
        smtp.mail(message.sender)
        smtp.rcpt("bob@clinic.test")
        tap.equal(smtp.command("RCPT TO:<tls@valid.test>")[0], 550, "a milter before milward refuses a recipient")
        smtp.rcpt("bob@plain.test")
        smtp.data(message.octets)
    postfix.settle()
    tap.equal(
        site.copies(message),
        {("inside", "bob@clinic.test"): [None], ("portal", "bob@plain.test"): [None]},
        "which gets nothing; the others get their copy",
    )
