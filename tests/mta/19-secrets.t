#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Matched text, names and Subjects stay inside the message: no log, no reply, no report text, no queue listing has them."""
import os

import lab
from lab.site import LOAD

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    load = LOAD + '\nload audit grant store { path "%s" }\nload trace' % os.path.join(site.folder, "log", "audit")
    daemon = site.outbound(load=load, then="always record audit")
    said = []
    for rcpts in (
        ["bob@clinic.test"],
        ["bob@plain.test", "tls@valid.test", "portal@valid.test"],
        ["tls@plain.test"],
        ["ver@selfsigned.test"],
        ["refuse@valid.test"],
        ["tempfail@valid.test"],
        ["hold@valid.test"],
        ["tls@down.test"],
        ["tls@nosuch.test"],
        ["plain.test!user"],
    ):
        message = lab.phi()
        try:
            said.append(site.send(message, *rcpts))
        except lab.Refused as answer:
            said.append(answer.text)
        postfix.run("sendmail", "-i", "-f", "alice@clinic.test", *rcpts, stdin=message.octets.replace(b"\r\n", b"\n"))
    daemon.reload()
    postfix.super("-r", "ALL")
    lab.wait_for(lambda: "milter-reject" in postfix.log(), "the policy's replies are in the log")
    postfix.flush()
    lab.wait_for(lambda: all(m["queue_name"] in ("deferred", "hold", "maildrop") for m in postfix.queue()), "Postfix has tried all mail",
                 seconds=60, seen=postfix.queued)
    daemon.stop()
    tap.equal([t for t in said if any(s in t for s in lab.SECRETS)], [], "no reply to the client has it")
    tap.equal(site.leaks(), [], "no log has it")
    tap.ok(len(site.bounces()) >= 4, "there are reports to look at", len(site.bounces()))
    for report in site.bounces():
        text = report.data.split(b"Content-Type: message/rfc822", 1)[0].split(b"Content-Type: text/rfc822-headers", 1)[0].decode("utf-8", "replace")
        bad = [s for s in lab.SECRETS if s in text]
        if bad:
            tap.ok(False, "no report has it in its own words", bad, text)
            break
    else:
        tap.ok(True, "no report has it in its own words")
    listing = postfix.run("postqueue", "-p").stdout + postfix.run("postqueue", "-j").stdout
    tap.equal([s for s in lab.SECRETS if s in listing], [], "the queue listing does not have it")
