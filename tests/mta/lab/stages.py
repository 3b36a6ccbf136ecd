# SPDX-License-Identifier: Apache-2.0
"""stages: SMTP sessions in which something happens at a stage, and where the copies of an accepted message must be then."""
from .client import Client, Refused
from .message import phi

RCPTS = ("bob@clinic.test", "bob@plain.test", "tls@valid.test")
RIGHT = {("inside", "bob@clinic.test"): [None], ("portal", "bob@plain.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"]}


def session(message, at, hurt):
    """One SMTP session in which hurt() is called at a stage. True when the message was accepted."""

    def stage(name):
        if name == at:
            hurt()

    try:
        with Client(timeout=90) as smtp:
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
    except Refused as answer:
        if answer.code // 100 == 5:
            raise AssertionError("a crash must not bounce mail: %s" % answer) from answer
        return False


class Trials:
    """Messages that went through trouble, and whether each was accepted."""

    def __init__(self, site):
        self.site, self.results = site, []

    def each(self, name, hurt, mend, stages):
        """A message for each stage, at which hurt() is called; mend() afterwards."""
        for at in stages:
            message = phi()
            self.results.append(("%s at %s" % (name, at), message, session(message, at, hurt)))
            mend()

    def down(self):
        message = phi()
        self.results.append(("down", message, session(message, None, None)))

    def judge(self, mta):
        """After down() and a start: what was accepted is delivered, each copy right; nothing else is; and mail goes on."""
        tap = self.site.tap
        mta.settle()
        for name, message, accepted in self.results:
            tap.equal(self.site.copies(message), RIGHT if accepted else {}, "%s: %s" % (name, "each copy is right" if accepted else "nothing is sent"))
        tap.ok(not self.results[-1][2], "nothing is accepted while the daemon is down")
        message = phi()
        tap.ok(session(message, None, None), "and it is accepted when it is back")
        mta.settle()
        tap.equal(self.site.copies(message), RIGHT, "with each copy right")
