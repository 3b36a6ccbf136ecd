#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon itself is killed, frozen and restarted at each stage of an SMTP session."""
import threading

import lab

RCPTS = ("bob@clinic.test", "bob@plain.test", "tls@valid.test")
RIGHT = {("inside", "bob@clinic.test"): [None], ("portal", "bob@plain.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"]}
STAGES = ("connect", "mail", "rcpt", "data", "middle", "dot")


def session(message, at, hurt):
    """One SMTP session in which hurt() is called at a stage. True when the message was accepted."""

    def stage(name):
        if name == at:
            hurt()

    try:
        with lab.Client(timeout=90) as smtp:
            stage("connect")
            smtp.mail(message.sender)
            stage("mail")
            for rcpt in RCPTS:
                smtp.rcpt(rcpt)
            stage("rcpt")
            smtp.expect("DATA", smtp.command("DATA"), 354)
            stage("data")
            half = len(message.octets) // 2
            smtp.send(message.octets[:half])
            stage("middle")
            smtp.send(message.octets[half:])
            stage("dot")
            smtp.send(b".\r\n")
            smtp.expect("message", smtp.reply(), 250)
            return True
    except lab.Refused as answer:
        if answer.code // 100 == 5:
            raise AssertionError("a crash must not bounce mail: %s" % answer) from answer
        return False


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    daemon = site.outbound()
    line = postfix.get("smtpd_milters")
    tap.ok(lab.SOCKET in line, "Postfix asks milward", line)
    postfix.set(
        smtpd_milters="{ unix:%s, default_action=tempfail, connect_timeout=2s, command_timeout=2s, content_timeout=2s }" % lab.SOCKET
    )
    postfix.reload()
    results = []

    def try_all(name, hurt, mend):
        for at in STAGES:
            message = lab.phi()
            accepted = session(message, at, hurt)
            results.append(("%s at %s" % (name, at), message, accepted))
            mend()

    def restart():
        daemon.stop()
        daemon.start()

    try_all("killed", daemon.kill, daemon.start)
    try_all("frozen", daemon.freeze, daemon.thaw)
    daemon.stop()
    daemon.arguments += ["--drain", "1"]
    daemon.start()
    try_all("restarted", restart, lambda: None)

    def crash():
        mark = len(daemon.log())
        before = daemon.workers()
        daemon.crash_worker()
        lab.wait_for(lambda: [w for w in daemon.workers() if w not in before], "the parent brings a new worker")
        lab.wait_for(lambda: answers(), "the new worker listens")
        return mark

    def answers():
        try:
            return lab.connects(site.socket)
        except OSError:
            return False

    try_all("worker killed", crash, lambda: None)

    daemon.stop()
    message = lab.phi()
    results.append(("down", message, session(message, None, None)))
    daemon.start()
    postfix.settle()
    for name, message, accepted in results:
        tap.equal(site.copies(message), RIGHT if accepted else {}, "%s: %s" % (name, "each copy is right" if accepted else "nothing is sent"))
    tap.ok(not results[-1][2], "nothing is accepted while the daemon is down")
    message = lab.phi()
    tap.ok(session(message, None, None), "and it is accepted when it is back")
    postfix.settle()
    tap.equal(site.copies(message), RIGHT, "with each copy right")

    # A stop waits for the messages in work: the client that has sent its dot gets its 250.
    message = lab.phi()
    with lab.Client() as smtp:
        smtp.mail(message.sender)
        for rcpt in RCPTS:
            smtp.rcpt(rcpt)
        smtp.expect("DATA", smtp.command("DATA"), 354)
        smtp.send(message.octets)
        stopper = threading.Thread(target=daemon.stop)
        stopper.start()
        smtp.send(b".\r\n")
        code = smtp.reply()[0]
        stopper.join()
    postfix.settle()
    tap.equal(site.copies(message), RIGHT if code == 250 else {}, "stopped while a message is in work: all of it or nothing (%d)" % code)
