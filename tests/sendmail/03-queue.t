#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Quarantine and release, queue runs, outages and a restart of Sendmail keep the route; each demand is asked again at each attempt."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402


def drained(sendmail):
    sendmail.flush()
    lab.wait_for(lambda: not sendmail.queued(), "the queue is empty", seen=sendmail.queued)


with lab.Site("sendmail") as site:
    tap, sendmail = site.tap, site.sendmail
    site.outbound()
    valid, portal = site.sinks["valid"], site.sinks["portal"]

    # A host that is down is waited for, by every route.
    valid.down()
    sent = {}
    for rcpt in ("tls@valid.test", "bob@valid.test", "verp@valid.test", "ver@valid.test"):
        sent[rcpt] = lab.phi()
        site.send(sent[rcpt], rcpt)
    sendmail.settle()
    sendmail.flush()
    for rcpt, message in sent.items():
        tap.equal(site.copies(message), {}, "%s: nothing goes anywhere while the host is down" % rcpt)
    tap.equal(len(sendmail.queued()), 4, "all of it waits in the queue")
    valid.up()
    drained(sendmail)
    for rcpt, message in sent.items():
        tap.equal(site.copies(message), {("valid", rcpt): ["TLSv1.3"]}, "%s: sent over TLS when it is back" % rcpt)

    # The portal down: what goes there waits, and Sendmail itself may be killed meanwhile.
    portal.down()
    sent = {}
    for rcpt in ("bob@plain.test", "verp@selfsigned.test", "portal@valid.test", "a@plain.test", "b@plain.test", "c@plain.test"):
        sent[rcpt] = lab.phi()
        site.send(sent[rcpt], rcpt)
    sendmail.settle()
    tap.equal([site.copies(m) for m in sent.values()], [{}] * 6, "no TLS, and the portal down: nothing goes out")
    sendmail.kill()
    sendmail.start()
    tap.equal(len(sendmail.queued()), 6, "and the messages wait, also when Sendmail is killed")
    portal.up()
    drained(sendmail)
    for rcpt, message in sent.items():
        tap.equal(site.copies(message), {("portal", rcpt): [None]}, "%s: all of them reach the portal in the first queue run" % rcpt)

    # TLS that comes, and TLS that goes: what counts is the host at the attempt.
    down = lab.Sink("down", "127.0.0.99", "tls", site.ca.issue("mx.down.test"))
    message, later = lab.phi(), lab.phi()
    site.send(message, "bob@down.test", "tls@down.test", "ver@down.test")
    sendmail.settle()
    down.up()
    site.sinks["down"] = down
    drained(sendmail)
    tap.equal(sorted(site.copies(message).items()), [(("down", r + "@down.test"), ["TLSv1.3"]) for r in ("bob", "tls", "ver")],
              "a host that comes up with TLS gets all")
    down.down()
    site.send(later, "bob@down.test", "tls@down.test", "verp@down.test")
    sendmail.settle()
    down.mode = "notls"
    down.up()
    drained(sendmail)
    tap.equal(sorted(site.copies(later)), [("portal", "bob@down.test"), ("portal", "verp@down.test")],
              "one that comes up without: the portal gets what it may have")
    tap.ok([c for c in site.reports(later) if b"tls@down.test" in c.data], "and the rest is reported")

    # Held by policy: quarantine, and its release.
    def held(name, *rcpts):
        message = lab.phi()
        site.send(message, *rcpts)
        sendmail.settle()
        sendmail.flush()
        tap.equal([n[:2] for n, _text in sendmail.queued()], ["hf"], "%s: held, whatever queue runs there are" % name)
        tap.equal(site.copies(message), {}, "%s: nothing of it leaves" % name)
        return message

    message = held("hold", "bob@clinic.test", "hold@valid.test", "bob@plain.test", "tls@valid.test")
    text = sendmail.queued()[0][1]
    tap.ok("\nqheld by policy" in text or "\nqmilward" in text or "a person must look" in text, "the queue says why it is held", text)
    sendmail.release()
    drained(sendmail)
    copies = site.copies(message)
    tap.equal(copies.get(("portal", "bob@plain.test")), [None], "released: others keep their route")
    tap.equal(copies.get(("valid", "tls@valid.test")), ["TLSv1.3"], "released: TLS stays")
    tap.equal([key for key in copies if key[0] == "plain"], [], "released: nothing in clear")
    message = held("hold with a route", "bob@clinic.test", "heldtls@valid.test", "heldtls@plain.test", "heldverp@plain.test", "heldverp@valid.test")
    sendmail.release()
    drained(sendmail)
    tap.equal(
        site.copies(message),
        {
            ("inside", "bob@clinic.test"): [None],
            ("valid", "heldtls@valid.test"): ["TLSv1.3"],
            ("portal", "heldverp@plain.test"): [None],
            ("valid", "heldverp@valid.test"): ["TLSv1.3"],
        },
        "a release goes the way that the policy said",
    )
    tap.ok([c for c in site.reports(message) if b"heldtls@plain.test" in c.data], "what has no route left is reported")

    # Quarantined by the administrator, with sendmail -Q.
    portal.down()
    message = lab.phi()
    site.send(message, "bob@plain.test")
    sendmail.settle()
    sendmail.run(sendmail.program, "-C", sendmail.cf_path, "-Qlook", "-qI" + sendmail.queued()[0][0][2:], check=False)
    tap.equal([n[:2] for n, _text in sendmail.queued()], ["hf"], "quarantined by hand")
    portal.up()
    sendmail.flush()
    tap.equal(site.copies(message), {}, "stays")
    sendmail.release()
    drained(sendmail)
    tap.equal(site.copies(message), {("portal", "bob@plain.test"): [None]}, "and keeps its route")

    # The routes gone, with mail in the queue: nothing leaves in clear, also with a smarthost.
    portal.down()
    message = lab.phi()
    site.send(message, "bob@plain.test", "tls@down.test")
    sendmail.settle()
    portal.up()
    sendmail.stop()
    sendmail.change("$#milward-tlsp", "$#nosuch-mailer")
    sendmail.flush()
    tap.equal(site.copies(message), {}, "a route that is gone: nothing leaves")
    tap.equal(site.leaks(), [], "no log has what is in messages")
