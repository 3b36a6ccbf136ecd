#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The envelope survives the tag: SMTPUTF8, quoted local parts, and DSN options, at every kind of destination."""
import lab


def parameters(copy, rcpt):
    """Parameters of RCPT at the sink, as a dictionary."""
    for argument in copy.rcpts:
        address, _, rest = argument.rpartition(">")
        if address[1:] == rcpt:
            return dict(p.split("=", 1) for p in rest.split())
    return None


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    site.outbound()

    for rcpt in ('"john smith"@valid.test', '"back\\\\slash"@valid.test', "x'--@valid.test", "{a}|~@valid.test"):
        message = lab.phi()
        site.send(message, rcpt)
        postfix.settle()
        tap.equal(site.copies(message), {("valid", rcpt): ["TLSv1.3"]}, "local part kept: %s" % rcpt)
    message = lab.phi()
    site.send(message, '"john smith"@plain.test')
    postfix.settle()
    tap.equal(site.copies(message), {("portal", '"john smith"@plain.test'): [None]}, "a quoted local part reaches the portal")

    for rcpt, wanted in (("jörg@valid.test", ("valid", "TLSv1.3")), ("jörg@plain.test", ("portal", None)), ("bob@bücher.test", ("valid", "TLSv1.3"))):
        message = lab.phi()
        with lab.Client() as smtp:
            smtp.mail("älice@clinic.test", "SMTPUTF8 BODY=8BITMIME")
            smtp.rcpt(rcpt)
            smtp.data(message.octets)
        postfix.settle()
        copies = site.found(message)
        tap.equal(site.copies(message), {(wanted[0], rcpt): [wanted[1]]}, "SMTPUTF8: %s" % rcpt)
        tap.ok(copies and "SMTPUTF8" in copies[0].mail and copies[0].mail.startswith("<älice@clinic.test>"), "SMTPUTF8 and the sender are kept", copies)

    message = lab.phi()
    with lab.Client() as smtp:
        smtp.mail(message.sender, "RET=HDRS ENVID=QQ314159+2B BODY=8BITMIME")
        smtp.rcpt("bob@clinic.test", "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob+2Bx@clinic.test")
        smtp.rcpt("tls@valid.test", "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Orig+2Bx@valid.test")
        smtp.rcpt("portal@valid.test", "NOTIFY=FAILURE ORCPT=rfc822;Orig+2By@valid.test")
        smtp.rcpt("u+tag@valid.test")
        smtp.data(message.octets)
    postfix.settle()
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
    tap.ok("Bad ORCPT" not in postfix.log(), "Postfix has no complaint about our ORCPT")

    # Failure reports: asked for, and not asked for.
    never, wanted = lab.phi(), lab.phi()
    for message, params in ((never, "NOTIFY=NEVER"), (wanted, "NOTIFY=FAILURE")):
        with lab.Client() as smtp:
            smtp.mail(message.sender, "RET=HDRS")
            smtp.rcpt("tls@plain.test", params)
            smtp.data(message.octets)
    postfix.settle()
    tap.equal(site.reports(never), [], "NOTIFY=NEVER: no report of a failure")
    reports = site.reports(wanted)
    tap.equal(len(reports), 1, "NOTIFY=FAILURE: one report")
    tap.ok(reports and b"219-09-9998" not in reports[0].data, "RET=HDRS: the report does not return the body")
