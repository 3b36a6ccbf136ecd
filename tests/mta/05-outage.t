#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""TLS that is impossible goes to the portal; a host that is down is waited for, and gets its mail over TLS when it is back."""
import lab

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    valid = site.sinks["valid"]
    site.outbound()
    valid.down()
    sent = {}
    for rcpt in ("tls@valid.test", "bob@valid.test", "verp@valid.test"):
        sent[rcpt] = lab.phi()
        site.send(sent[rcpt], rcpt)
    postfix.settle()
    for rcpt, message in sent.items():
        tap.equal(site.copies(message), {}, "%s: nothing goes anywhere while the host is down" % rcpt)
    tap.equal(len(postfix.queue()), 3, "all of it waits in the queue")
    valid.up()
    postfix.flush()
    lab.wait_for(lambda: not postfix.queue(), "the queue is empty")
    for rcpt, message in sent.items():
        tap.equal(site.copies(message), {("valid", rcpt): ["TLSv1.3"]}, "%s: sent over TLS when it is back" % rcpt)

    site.sinks["portal"].down()
    message = lab.phi()
    site.send(message, "bob@plain.test")
    postfix.settle()
    tap.equal(site.copies(message), {}, "no TLS, and the portal down: nothing goes out")
    tap.equal(len(postfix.queue()), 1, "and the message waits")
    site.sinks["portal"].up()
    postfix.flush()
    lab.wait_for(lambda: not postfix.queue(), "the queue is empty")
    tap.equal(site.copies(message), {("portal", "bob@plain.test"): [None]}, "the portal gets it when it is back")
