#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The client goes away at each stage, also between its dot and the answer: what Postfix took is delivered right and once."""
import lab

RCPTS = ("bob@clinic.test", "bob@plain.test", "tls@valid.test")
RIGHT = {("inside", "bob@clinic.test"): [None], ("portal", "bob@plain.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"]}
STAGES = ("connect", "mail", "rcpt", "data", "middle", "before dot", "after dot")


def leave(message, at, before_dot=lambda: None):
    smtp = lab.Client()
    steps = [
        ("connect", lambda: smtp.mail(message.sender)),
        ("mail", lambda: [smtp.rcpt(r) for r in RCPTS]),
        ("rcpt", lambda: smtp.command("DATA")),
        ("data", lambda: smtp.send(message.octets[: len(message.octets) // 2])),
        ("middle", lambda: smtp.send(message.octets[len(message.octets) // 2 :])),
        ("before dot", lambda: (before_dot(), smtp.send(b".\r\n"))),
        ("after dot", lambda: None),
    ]
    for name, step in steps:
        if name == at:
            return smtp.vanish()
        step()
    return None


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    daemon = site.outbound()
    sent = []
    for at in STAGES:
        message = lab.phi()
        leave(message, at)
        sent.append((at, message))
    # And with the milter slow, so that the client is surely gone before the answer.
    message = lab.phi()
    leave(message, "after dot", daemon.freeze)
    daemon.thaw()
    sent.append(("after dot, milter slow", message))
    lab.wait_for(lambda: postfix.log().count("disconnect from") >= len(sent), "Postfix has seen them leave")
    postfix.settle()
    for at, message in sent:
        copies = site.copies(message)
        if at.startswith("after dot"):
            tap.ok(copies in (RIGHT, {}), "client gone %s: all of it or nothing" % at, copies)
        else:
            tap.equal(copies, {}, "client gone %s: nothing is sent" % at)
    message = lab.phi()
    site.send(message, *RCPTS)
    postfix.settle()
    tap.equal(site.copies(message), RIGHT, "the next client is served")
    tap.ok(daemon.process.poll() is None and "panic" not in daemon.log(), "the daemon lives")
