#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients may not name a tag domain: it would let them choose a route, or find out about it."""
import lab

NAMES = (
    "bob@valid.test.mw-tls.invalid",
    "bob@plain.test.mw-portal.invalid",
    "bob@plain.test.MW-Tls.Invalid",
    "bob@plain.test.mw-tls.invalid.",
    "bob@mw-tls.invalid",
    "bob@plain.test.mw-nosuch.invalid",
    "<@clinic.test:bob@plain.test.mw-tls.invalid>",
    "plain.test.mw-tls.invalid!bob",
    '"bob@plain.test.mw-tls.invalid"',
)

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    site.outbound()
    for name in NAMES:
        for message in (lab.harmless(), lab.phi()):
            try:
                site.send(message, name)
                code = 250
            except lab.Refused as answer:
                code = answer.code
            tap.ok(code // 100 == 5, "RCPT %s is refused" % name, code)
            postfix.settle()
            tap.equal(site.copies(message), {}, "and nothing is delivered")
    message = lab.harmless()
    with lab.Client() as smtp:
        smtp.mail(message.sender)
        smtp.rcpt("bob@valid.test")
        try:
            smtp.rcpt(NAMES[0])
            tap.ok(False, "a tag beside a good recipient is refused")
        except lab.Refused:
            tap.ok(True, "a tag beside a good recipient is refused")
        smtp.data(message.octets)
    postfix.settle()
    tap.equal(site.copies(message), {("valid", "bob@valid.test"): ["TLSv1.3"]}, "and the good recipient gets its copy")

    def submit(message, rcpt):
        postfix.run("sendmail", "-i", "-f", "alice@clinic.test", rcpt, stdin=message.octets.replace(b"\r\n", b"\n"), check=False)
        postfix.settle()
        return site.copies(message)

    # sendmail(1) cannot refuse; a tag that it names has no power: the mail goes where the policy says.
    right = {("valid", "bob@valid.test"): ["TLSv1.3"]}
    for tag in ("mw-portal", "mw-nosuch", "mw-local", "MW-Tls"):
        tap.equal(submit(lab.harmless(), "bob@valid.test.%s.invalid" % tag), right, "sendmail(1) names %s: no effect" % tag)
        tap.equal(submit(lab.phi(), "bob@valid.test.%s.invalid" % tag), right, "sendmail(1) names %s, with PHI: no effect" % tag)
    tap.equal(submit(lab.phi(), "refuse@valid.test.mw-tls.invalid"), {}, "and it is no way around a refusal")

    # A tag that no route knows, and no milter in the way: a newer milward before an older set-up would make it.
    postfix.set(smtpd_recipient_restrictions="permit_mynetworks", smtpd_milters="")
    postfix.reload()
    message = lab.phi()
    try:
        site.send(message, "bob@plain.test.mw-nosuch.invalid")
    except lab.Refused as answer:
        tap.ok(answer.code // 100 == 5, "a tag without a route is refused", answer)
    postfix.settle()
    tap.equal(site.copies(message), {}, "and goes nowhere")
