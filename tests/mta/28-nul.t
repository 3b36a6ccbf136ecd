#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""NUL in a message: libmilter shows a header field only as far as it, so Postfix refuses such a message before a milter sees it."""
import lab
from lab.setup import octets, script

HIDDEN = b"\0 Patient: Jane Q Quimby SSN: 219-09-9998 DOB: 03/14/1962 Diagnosis: type 2 diabetes mellitus"


def shapes():
    """name -> message that has PHI behind a NUL."""
    found = {}
    for name, old, new in (
        ("in a Subject", b"Subject: Meeting", b"Subject: Meeting" + HIDDEN),
        ("in a field of its own", b"MIME-Version", b"X-Note: see" + HIDDEN + b"\r\nMIME-Version"),
        ("in a continued line", b"Subject: Meeting", b"Subject: Meeting\r\n on" + HIDDEN),
        ("in the body", b"The team", HIDDEN + b"\r\nThe team"),
    ):
        message = lab.harmless()
        message.octets = message.octets.replace(old, new, 1)
        found[name] = message
    return found


def by_smtp(site, rcpt="bob@plain.test"):
    for name, message in shapes().items():
        try:
            text = site.send(message, rcpt)
        except lab.Refused as answer:
            text = answer.text
        site.tap.ok(text.startswith("550 5.7.1"), "NUL %s: refused on SMTP" % name, text)
        site.postfix.settle()
        site.tap.equal((site.copies(message), site.postfix.queue()), ({}, []), "NUL %s: and it goes nowhere" % name)


def by_sendmail(site):
    for name, message in shapes().items():
        site.postfix.run("sendmail", "-i", "-f", "alice@clinic.test", "bob@plain.test", stdin=message.octets.replace(b"\r\n", b"\n"))
        site.postfix.settle()
        outside = {key: tls for key, tls in site.copies(message).items() if key[0] != "inside"}
        site.tap.equal((outside, site.postfix.queue()), ({}, []), "NUL %s: by sendmail(1) it does not leave" % name)
        site.tap.equal([c.to for c in site.reports(message)], [["alice@clinic.test"]], "NUL %s: and the sender is told" % name)


def settings(site):
    """What the site has stays, and is there again afterwards."""
    tap, postfix = site.tap, site.postfix
    for old, new in (("\\1", "\\000\\1"), ("7\\8", "\\0007\\8"), ("\\\\0", "\\000\\\\0"), ("a\\0", None), ("\\0009", None)):
        postfix.set(message_reject_characters=old)
        lines = [line[1:] for line in script(site, "add", "--dry-run").stdout.splitlines() if line.startswith("+message_reject")]
        tap.equal(lines, ["message_reject_characters = " + new] if new else [], "to %s NUL is added, if it is not there" % old)
    postfix.set(message_reject_characters="\\1")
    before = octets()
    site.setup("add")
    tap.equal(postfix.get("message_reject_characters"), "\\000\\1", "what the site refuses is still refused")
    tap.equal(script(site, "check").returncode, 0, "check is content")
    postfix.set(message_reject_characters="\\1")
    done = script(site, "check")
    tap.ok(done.returncode == 1 and "MISSING  NUL" in done.stdout, "check sees that NUL is not among them", done.stdout)
    postfix.set(message_reject_characters="\\000\\1")
    site.setup("remove")
    tap.equal(octets(), before, "remove restores it")
    postfix.unset("message_reject_characters")


with lab.Site() as site:
    settings(site)
    site.outbound()
    by_smtp(site)
    by_sendmail(site)
    message = lab.harmless()
    site.send(message, "bob@plain.test")
    site.postfix.settle()
    site.tap.equal(site.copies(message), {("plain", "bob@plain.test"): [None]}, "other mail as ever")

    site.postfix.run("postconf", "-P", "cleanup/unix/message_reject_characters=")
    done = script(site, "check")
    site.tap.ok(done.returncode == 1, "check sees a service that lets it pass", done.stdout)
    site.postfix.run("postconf", "-PX", "cleanup/unix/message_reject_characters")
    site.postfix.run("postconf", "-P", "smtp/inet/receive_override_options=no_header_body_checks")
    done = script(site, "check")
    site.tap.ok("no_header_body_checks" in done.stdout, "and warns of one that does not look", done.stdout)
    site.tap.equal(site.leaks(), [], "no matched text in any log")
