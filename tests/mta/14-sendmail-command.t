#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Submission by sendmail(1): the same decisions, and reports instead of replies."""
import lab

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    site.outbound()

    def submit(message, *arguments, user=None):
        postfix.run("sendmail", "-i", *arguments, stdin=message.octets.replace(b"\r\n", b"\n"), user=user)
        postfix.settle()

    for user in (None, "nobody"):
        who = user or "root"
        message = lab.phi()
        submit(message, "-f", "alice@clinic.test", "bob@clinic.test", "bob@plain.test", "tls@valid.test", user=user)
        tap.equal(
            site.copies(message),
            {("inside", "bob@clinic.test"): [None], ("portal", "bob@plain.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"]},
            "%s: each recipient by its route" % who,
        )
        message = lab.harmless()
        submit(message, "-f", "alice@clinic.test", "bob@plain.test", user=user)
        tap.equal(site.copies(message), {("plain", "bob@plain.test"): [None]}, "%s: mail without PHI as ever" % who)

    message = lab.phi(to="tls@valid.test, bob@plain.test")
    submit(message, "-t", "-f", "alice@clinic.test")
    tap.equal(
        site.copies(message),
        {("portal", "bob@plain.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"]},
        "recipients from the header (-t)",
    )
    message = lab.phi()
    submit(message, "-f", "alice@clinic.test", "refuse@valid.test")
    tap.equal(site.copies(message), {}, "refused: nothing is delivered")
    tap.equal([c.to for c in site.reports(message)], [["alice@clinic.test"]], "and the sender is told")
    message = lab.phi()
    submit(message, "-f", "alice@clinic.test", "hold@valid.test")
    tap.equal((site.copies(message), [m["queue_name"] for m in postfix.queue()]), ({}, ["hold"]), "held")
    postfix.super("-d", "ALL")
    message = lab.phi()
    submit(message, "-f", "", "tls@valid.test")
    tap.equal(site.copies(message), {("valid", "tls@valid.test"): ["TLSv1.3"]}, "the null sender is a sender")
    for odd in ("plain.test!user", "user%plain.test@localhost", '"user@plain.test"'):
        message = lab.phi()
        submit(message, "-f", "alice@clinic.test", odd)
        tap.equal(site.copies(message), {}, "%s: goes nowhere" % odd)
        tap.equal(len(site.reports(message)), 1, "%s: and the sender is told" % odd)

    message = lab.phi()
    postfix.run("sendmail", "-i", "-f", "alice@clinic.test", "tempfail@valid.test", stdin=message.octets.replace(b"\r\n", b"\n"))
    lab.wait_for(lambda: "milter-reject" in postfix.log() and postfix.maildrop(), "pickup has tried")
    tap.equal(site.copies(message), {}, "tempfail: waits in the maildrop")
    tap.equal(len(postfix.maildrop()), 1, "and stays there")
