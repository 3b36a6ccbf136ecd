#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Recipients in every form: tags that a client names, routes and paths, quoted and odd local parts, ESMTP parameters."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402

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
    "bob%plain.test.mw-tls.invalid@localhost",
    "bob%plain.test.mw-tls.invalid@gw.clinic.test",
)
ODD = (
    "<@valid.test:user@plain.test>",
    "<@valid.test,@clinic.test:user@plain.test>",
    "plain.test!user",
    "valid.test!plain.test!user",
    "user%plain.test",
    "user%plain.test@localhost",
    "user%plain.test@clinic.test",
    '"user@plain.test"',
    '"user@plain.test"@localhost',
    '"a@b"@plain.test',
    "user@[127.0.0.11]",
    "<user@plain.test.>",
    "postmaster",
    "user@localhost",
)


def parameters(copy, rcpt):
    """Parameters of RCPT at the sink, as a dictionary."""
    for argument in copy.rcpts:
        address, _, rest = argument.rpartition(">")
        if address[1:] == rcpt:
            return dict(p.split("=", 1) for p in rest.split())
    return None


def attempt(site, message, rcpt):
    try:
        site.send(message, rcpt)
        return 250, ""
    except lab.Refused as answer:
        return answer.code, answer.text


with lab.Site("sendmail") as site:
    tap, sendmail = site.tap, site.sendmail
    site.outbound()
    for name in NAMES:
        for message in (lab.harmless(), lab.phi()):
            code, _text = attempt(site, message, name)
            sendmail.settle()
            tap.ok(code // 100 == 5 and site.copies(message) == {}, "RCPT %s is refused" % name, code, site.copies(message))
    message = lab.harmless()
    with lab.Client() as smtp:
        smtp.mail(message.sender)
        smtp.rcpt("bob@valid.test")
        tap.equal(smtp.command("RCPT TO:<%s>" % NAMES[0])[0], 550, "a tag beside a good recipient is refused")
        smtp.data(message.octets)
    sendmail.settle()
    tap.equal(site.copies(message), {("valid", "bob@valid.test"): ["TLSv1.3"]}, "and the good recipient gets its copy")

    for form in ODD:
        message = lab.phi()
        code, text = attempt(site, message, form)
        sendmail.settle()
        clear = [key for key in site.copies(message) if key[0] not in ("portal", "inside")]
        tap.equal(clear, [], "%s: protected mail does not leave in clear (%d)" % (form, code))
        tap.ok(code // 100 == 5 or len(site.copies(message)) <= 1, "%s: and has one copy at most" % form, site.copies(message))
    message = lab.phi()
    with lab.Client() as smtp:
        smtp.mail(message.sender)
        smtp.rcpt("bob@valid.test")
        if smtp.command("RCPT TO:<user%plain.test@localhost>")[0] == 250:
            try:
                smtp.data(message.octets)
                tap.ok(False, "an odd recipient among good ones: refused")
            except lab.Refused as answer:
                tap.ok(answer.code // 100 == 5, "an odd recipient among good ones: refused", answer)
    sendmail.settle()
    tap.equal([key for key, tls in site.copies(message).items() if tls == [None]], [], "and nobody gets a copy in clear")

    for rcpt, sink in (("BOB@Plain.TEST", "portal"), ("<bob+tag@plain.test>", "portal"), ("o'brien@plain.test", "portal"), ("tls@Valid.Test", "valid")):
        message = lab.phi()
        code, text = attempt(site, message, rcpt)
        sendmail.settle()
        copies = {(where, to.lower()) for where, to in site.copies(message)}
        tap.equal(copies, {(sink, rcpt.strip("<>").lower())}, "%s is an ordinary address (%d)" % (rcpt, code))
    for rcpt in ('"john smith"@valid.test', "x'--@valid.test", "{a}|~@valid.test", '"back\\\\slash"@valid.test'):
        message = lab.phi()
        code, text = attempt(site, message, rcpt)
        sendmail.settle()
        copies = site.copies(message)
        tap.ok(copies in ({("valid", rcpt): ["TLSv1.3"]}, {}) and (copies or code // 100 == 5 or site.reports(message)),
               "local part kept, or refused: %s (%d)" % (rcpt, code), copies, text)
    message = lab.phi()
    site.send(message, '"john smith"@plain.test')
    sendmail.settle()
    tap.equal(site.copies(message), {("portal", '"john smith"@plain.test'): [None]}, "a quoted local part reaches the portal")
    message = lab.phi(sender="")
    site.send(message, "tls@valid.test", "bob@plain.test")
    sendmail.settle()
    tap.equal(site.copies(message), {("valid", "tls@valid.test"): ["TLSv1.3"], ("portal", "bob@plain.test"): [None]}, "the null sender is a sender")
    with lab.Client() as smtp:
        tap.ok(smtp.command("MAIL FROM:<älice@clinic.test> SMTPUTF8")[0] // 100 == 5, "SMTPUTF8, which Debian's Sendmail does not have, is refused")

    message = lab.phi()
    with lab.Client() as smtp:
        smtp.mail(message.sender, "RET=HDRS ENVID=QQ314159+2B BODY=8BITMIME AUTH=<>")
        smtp.rcpt("bob@clinic.test", "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob+2Bx@clinic.test")
        smtp.rcpt("tls@valid.test", "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Orig+2Bx@valid.test")
        smtp.rcpt("portal@valid.test", "NOTIFY=FAILURE ORCPT=rfc822;Orig+2By@valid.test")
        smtp.rcpt("u+tag@valid.test")
        smtp.data(message.octets)
    sendmail.settle()
    wanted = {
        "bob@clinic.test": {"NOTIFY": "SUCCESS,FAILURE", "ORCPT": "rfc822;Bob+2Bx@clinic.test"},
        "tls@valid.test": {"NOTIFY": "SUCCESS,DELAY", "ORCPT": "rfc822;Orig+2Bx@valid.test"},
        "portal@valid.test": {"NOTIFY": "FAILURE", "ORCPT": "rfc822;Orig+2By@valid.test"},
        "u+tag@valid.test": {"ORCPT": "rfc822;u+2Btag@valid.test"},
    }
    for copy in site.found(message):
        for rcpt in copy.to:
            tap.equal(parameters(copy, rcpt), wanted[rcpt], "%s: NOTIFY and ORCPT as the client gave them" % rcpt)
        tap.ok("ENVID=QQ314159+2B" in copy.mail and "RET=HDRS" in copy.mail, "ENVID and RET at %s" % copy.sink, copy.mail)
    tap.equal(sum(len(c.to) for c in site.found(message)), 4, "each of them once")
    message = lab.phi(head="MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n")
    message.octets += "Grüße\r\n".encode()
    with lab.Client() as smtp:
        smtp.mail(message.sender, "BODY=8BITMIME RET=FULL")
        smtp.rcpt("tls@valid.test")
        smtp.rcpt("bob@clinic.test")
        smtp.data(message.octets)
    sendmail.settle()
    for copy in site.found(message):
        tap.ok("BODY=8BITMIME" in copy.mail and "RET=HDRS" in copy.mail, "BODY is kept at %s, RET is ours" % copy.sink, copy.mail)
        tap.ok("Grüße".encode() in copy.data, "and the octets of the body", copy.data)
    tap.equal(len(site.found(message)), 2, "both copies")
    for params, reports in (("NOTIFY=NEVER", 0), ("NOTIFY=FAILURE", 1)):
        message = lab.phi()
        with lab.Client() as smtp:
            smtp.mail(message.sender)
            smtp.rcpt("tls@plain.test", params)
            smtp.data(message.octets)
        sendmail.settle()
        tap.equal(len(site.reports(message)), reports, "%s: %d reports of a failure" % (params, reports))
        tap.ok(all(b"219-09-9998" not in r.data for r in site.reports(message)), "and none returns the body")
    tap.equal(site.leaks(), [], "no log has what is in messages")
