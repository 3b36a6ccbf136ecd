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
    # The form in which an address was given does not open a way around: cleanup(8) rewrites it before milward sees it.
    postfix.set(recipient_canonical_maps="inline:{nick@canon.test=user@plain.test}")
    postfix.reload()
    for odd in ("user@plain.test.", "@valid.test:user@plain.test", "plain.test!user", "user%plain.test", '"user@plain.test"', "nick@canon.test"):
        message = lab.phi()
        submit(message, "-f", "alice@clinic.test", odd)
        tap.equal(site.copies(message), {("portal", "user@plain.test"): [None]}, "%s: one copy, to the portal" % odd)
        message = lab.harmless()
        submit(message, "-f", "alice@clinic.test", odd)
        tap.equal(site.copies(message), {("plain", "user@plain.test"): [None]}, "%s: other mail as ever" % odd)
    for odd in ("user%plain.test@localhost", "user@[127.0.0.11]"):
        message = lab.phi()
        submit(message, "-f", "alice@clinic.test", odd)
        tap.equal((site.copies(message), len(site.reports(message))), ({}, 1), "%s: goes nowhere, and the sender is told" % odd)
    message = lab.harmless()
    submit(message, "-f", "alice@clinic.test", "user@[127.0.0.11]")
    tap.equal(site.copies(message), {("plain", "user@[127.0.0.11]"): [None]}, "other mail to an address literal as ever")

    # An alias is expanded before milward sees it here.
    postfix.set(virtual_alias_maps="inline:{team@clinic.test=bob@plain.test}")
    site.setup("add")
    postfix.reload()
    message = lab.phi()
    submit(message, "-f", "alice@clinic.test", "team@clinic.test")
    tap.equal(site.copies(message), {("portal", "bob@plain.test"): [None]}, "an alias that leads outside is protected")

    message = lab.phi()
    submit(message, "-f", "alice@clinic.test", "-N", "failure,delay", "-V", "E77", "-R", "hdrs", "tls@valid.test")
    copy = (site.found(message) or [None])[0]
    tap.ok(copy and "ENVID=E77" in copy.mail and "RET=HDRS" in copy.mail and "NOTIFY=FAILURE,DELAY" in copy.rcpts[0],
           "DSN options are kept", copy)

    # Without the hop, a site that names milward in non_smtpd_milters gets no routes for local mail, rather than a copy too many.
    hop = "pickup/unix/cleanup_service_name"
    postfix.run("postconf", "-PX", hop)
    postfix.set(non_smtpd_milters=postfix.get("smtpd_milters"))
    postfix.reload()
    tap.ok(site.setup("check", check=False).returncode != 0, "check sees that the hop is gone")
    for odd in ("bob@plain.test", "plain.test!user"):
        message = lab.phi()
        submit(message, "-f", "alice@clinic.test", odd)
        tap.equal((site.copies(message), len(site.reports(message))), ({}, 1), "without the hop, %s: goes nowhere" % odd)
    message = lab.harmless()
    submit(message, "-f", "alice@clinic.test", "plain.test!user")
    tap.equal(site.copies(message), {("plain", "user@plain.test"): [None]}, "without the hop: other mail as ever")
    postfix.run("postconf", "-P", hop + "=milward-pickup")
    postfix.reload()

    message = lab.phi()
    postfix.run("sendmail", "-i", "-f", "alice@clinic.test", "tempfail@valid.test", stdin=message.octets.replace(b"\r\n", b"\n"))
    postfix.settle()
    tap.equal((site.copies(message), [m["queue_name"] for m in postfix.queue()]), ({}, ["deferred"]), "tempfail: waits in the queue")
