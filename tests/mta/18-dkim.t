#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""DKIM on the bytes that leave: dkimpy verifies RSA and Ed25519 signatures at the sinks, on every route."""
import os
import subprocess

import lab
from lab.dkimkeys import Keys
from lab.site import LOAD

BOTH = {("rsa-sha256", "clinic.test"): True, ("ed25519-sha256", "clinic.test"): True}
MIME = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    keys = Keys(site.folder)
    load = LOAD + "\n" + keys.load()
    daemon = site.outbound(load=load, then="always sign dkim")

    message = lab.phi()
    site.send(message, "bob@clinic.test", "bob@plain.test", "tls@valid.test", "portal@valid.test")
    postfix.settle()
    copies = site.found(message)
    tap.equal(len(copies), 4, "a copy on each route")
    for copy in copies:
        tap.equal(keys.verify(copy.data), BOTH, "both signatures verify: %s at %s" % (copy.to[0], copy.sink))
    spoiled = copies[0].data.replace(b"metformin", b"Metformin")
    tap.ok(True not in keys.verify(spoiled).values(), "and do not when a letter is changed")

    for name, message in {
        "odd spaces and folds": lab.harmless(head=MIME + "X-A:nospace\r\nX-B: \t two\r\n\tlines\r\nSubject: twice\r\n"),
        "8-bit text": lab.Message("Grüße aus Zürich\r\n", head=MIME + "Content-Transfer-Encoding: 8bit\r\n"),
        "dots and empty lines": lab.Message(".\r\n..x\r\n\r\n\r\nend \t\r\n\r\n\r\n", subject="dots"),
        "an empty body": lab.Message("", subject="empty"),
        "a long line": lab.Message("x" * 900 + "\r\n", subject="long"),
        "an old signature": lab.harmless(head=MIME + "DKIM-Signature: v=1; a=rsa-sha256; d=old.test; s=x; h=From; bh=AA==; b=AA==\r\n"),
    }.items():
        site.send(message, "tls@valid.test")
        postfix.settle()
        found = {k: v for copy in site.found(message) for k, v in keys.verify(copy.data).items() if k[1] == "clinic.test"}
        tap.equal(found, BOTH, "%s: verifies" % name)
    message = lab.harmless()
    subprocess.run(["sendmail", "-i", "-f", "alice@clinic.test", "bob@valid.test"], input=message.octets.replace(b"\r\n", b"\n"), check=True)
    postfix.settle()
    tap.equal([keys.verify(c.data) for c in site.found(message)], [BOTH], "sendmail(1): verifies")
    message = lab.harmless(sender="mallory@elsewhere.test")
    site.send(message, "bob@valid.test")
    postfix.settle()
    tap.equal([keys.verify(c.data) for c in site.found(message)], [{}], "another domain's mail is not signed")

    # Held and released, or requeued.
    for how in ("-H", "-r"):
        message = lab.phi()
        if how == "-r":
            site.sinks["valid"].down()
        site.send(message, "tls@valid.test", "tls@selfsigned.test" if how == "-r" else "hold@valid.test")
        postfix.settle()
        if how == "-r":
            site.sinks["valid"].up()
        postfix.super(how, "ALL")
        lab.wait_for(lambda: not postfix.queue(), "the queue is empty")
        tap.equal([keys.verify(c.data) for c in site.found(message)], [BOTH, BOTH], "postsuper %s: verifies" % how)

    daemon.stop()
    os.chmod(keys.path("rsa"), 0o644)
    try:
        daemon.start()
        tap.ok(False, "a key that others can read: the daemon does not start")
    except AssertionError as ended:
        tap.ok("rsa.private" in str(ended), "a key that others can read: the daemon does not start, and names it", ended)
    os.chmod(keys.path("rsa"), 0o600)
    os.rename(keys.path("ed"), keys.path("ed") + ".gone")
    try:
        daemon.start()
        tap.ok(False, "a key that is missing: the daemon does not start")
    except AssertionError as ended:
        tap.ok("ed.private" in str(ended), "a key that is missing: the daemon does not start, and names it", ended)
