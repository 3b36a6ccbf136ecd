#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reports about protected mail return its header, not its body, whatever the client asked for; the rest of the envelope is as it was."""
import lab

BODY = ("219-09-9998", "Jane Q Quimby", "metformin")


def words(octets):
    return [word for word in BODY if word.encode() in octets]


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    site.outbound()

    def send(message, rcpts, params="", sender=None):
        with lab.Client() as smtp:
            smtp.mail(message.sender if sender is None else sender, params)
            for rcpt in rcpts:
                smtp.rcpt(rcpt)
            smtp.data(message.octets)
        postfix.settle()

    # A host without TLS: the message is bounced. The sender is inside, and outside, where the report itself goes in clear.
    for sender, sink in (("alice@clinic.test", "inside"), ("helper@plain.test", "plain")):
        for params in ("", "RET=FULL", "RET=HDRS", "RET=FULL ENVID=QQ+2B314", "ENVID=QQ+2B314 BODY=8BITMIME"):
            message = lab.phi(sender=sender)
            send(message, ["tls@plain.test"], params)
            reports = [c for c in site.sinks[sink].copies if c.mail.startswith("<>") and message.id.encode() in c.data]
            name = "sender %s, %s" % (sink, params or "no parameters")
            tap.equal(len(reports), 1, "%s: one report" % name)
            data = reports[0].data if reports else b""
            tap.equal(words(data), [], "%s: nothing of the body in it" % name)
            tap.ok(b"text/rfc822-headers" in data, "%s: it returns the header" % name)
            tap.equal(b"Original-Envelope-Id: QQ+2B314" in data or b"Original-Envelope-Id: QQ+314" in data, "ENVID" in params,
                      "%s: and the ENVID that was given" % name)

    # What is delivered: the sender and all other parameters are as the client gave them.
    for sender, params, kept in (("alice@clinic.test", "", ()), ("alice@clinic.test", "RET=FULL ENVID=QQ+2B314 BODY=8BITMIME SIZE=900",
                                 ("ENVID=QQ+2B314", "BODY=8BITMIME", "SIZE=")), ('"john smith"@clinic.test', "ENVID=a+3Db", ("ENVID=a+3Db",)),
                                 ("älice@clinic.test", "SMTPUTF8 BODY=8BITMIME ENVID=x", ("SMTPUTF8", "ENVID=x")), ("", "ENVID=null", ("ENVID=null",)),
                                 ("@relay.test:alice@clinic.test", "", ())):
        message = lab.phi()
        send(message, ["tls@valid.test", "portal@valid.test"], params, sender)
        found = site.found(message)
        tap.equal(sorted((c.sink, tuple(c.to)) for c in found), [("portal", ("portal@valid.test",)), ("valid", ("tls@valid.test",))],
                  "sender <%s>: each copy once" % sender)
        for copy in found:
            tap.equal(copy.mail.split(">")[0] + ">", "<%s>" % sender.rpartition(":")[2], "sender <%s> at %s" % (sender, copy.sink))
            tap.ok(all(k in copy.mail for k in kept), "its parameters at %s" % copy.sink, copy.mail, kept)
            tap.ok("RET=HDRS" in copy.mail, "the next host is asked to return the header only", copy.mail)

    # Without a sender nobody is told. A copy of a report for the postmaster is a report. (Not so `2bounce` in notify_classes: that
    # returns all of a message whose sender is <>, see milward-route(7).)
    message = lab.phi()
    send(message, ["tls@plain.test"], "", "")
    tap.equal([c for sink in site.sinks.values() for c in sink.copies if message.id.encode() in c.data], [], "sender <>: no report")
    postfix.set(notify_classes="bounce,resource,software", bounce_notice_recipient="postmaster@clinic.test")
    postfix.reload()
    message = lab.phi()
    send(message, ["tls@plain.test"])
    told = [c for c in site.sinks["inside"].copies if message.id.encode() in c.data and "postmaster@clinic.test" in c.to]
    tap.equal([words(c.data) for c in told], [[]], "the postmaster's copy of a report has nothing of the body")
    postfix.set(notify_classes="resource,software")

    # Other features that look at the sender see it once.
    postfix.set(sender_bcc_maps="inline:{alice@clinic.test=archive@clinic.test}")
    postfix.reload()
    message = lab.phi()
    send(message, ["tls@valid.test"])
    tap.equal(site.copies(message), {("valid", "tls@valid.test"): ["TLSv1.3"], ("inside", "archive@clinic.test"): [None]},
              "sender_bcc_maps: one copy")
    postfix.set(sender_bcc_maps="")
    postfix.reload()

    # Mail that is not protected comes back as the client asks.
    message = lab.harmless()
    send(message, ["bob@nosuch.test"])
    reports = site.reports(message)
    tap.ok(len(reports) == 1 and b"the large room" in reports[0].data, "without health data a report returns the message")

    tap.ok("ESMTP" not in postfix.log() and "SMFI" not in postfix.log(), "Postfix has no complaint about our parameters")
