#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milward killed, hung and restarted in every stage, clients that leave, later milters that refuse: all of a message by its route, or nothing."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402
from lab.stages import RCPTS, RIGHT, Trials, session  # noqa: E402

STAGES = ("connect", "rcpt", "middle", "dot")


def leave(message, at):
    """A session whose client vanishes."""
    smtp = lab.Client()
    for name, step in (
        ("mail", lambda: smtp.mail(message.sender)),
        ("rcpt", lambda: [smtp.rcpt(r) for r in RCPTS]),
        ("data", lambda: smtp.command("DATA")),
        ("middle", lambda: smtp.send(message.octets[: len(message.octets) // 2])),
        ("before dot", lambda: smtp.send(message.octets[len(message.octets) // 2 :])),
        ("after dot", lambda: smtp.send(b".\r\n")),
    ):
        step()
        if name == at:
            smtp.vanish()
            return


with lab.Site("sendmail") as site:
    tap, sendmail = site.tap, site.sendmail
    daemon = site.outbound()
    patient, impatient = "F=T, T=C:10s;S:60s;R:60s;E:5m", "F=T, T=C:1s;S:1s;R:1s;E:1s"
    sendmail.change(patient, impatient)
    sendmail.reload()
    trials = Trials(site)

    def restart():
        daemon.stop()
        daemon.start()

    trials.each("killed", daemon.kill, daemon.start, STAGES)
    trials.each("frozen", daemon.freeze, daemon.thaw, ("mail", "dot"))
    daemon.stop()
    daemon.arguments += ["--drain", "1"]
    daemon.start()
    trials.each("restarted", restart, lambda: None, ("data", "dot"))
    daemon.stop()
    trials.down()
    daemon.start()
    trials.judge(sendmail)
    sendmail.change(impatient, patient)
    sendmail.reload()

    # Clients that leave.
    sent = []
    for at in ("mail", "rcpt", "data", "middle", "before dot", "after dot"):
        message = lab.phi()
        leave(message, at)
        sent.append((at, message))
    message = lab.phi()
    site.send(message, *RCPTS)
    sendmail.settle()
    tap.equal(site.copies(message), RIGHT, "clients that leave: the next one is served")
    lab.wait_for(lambda: not sendmail.sessions(), "Sendmail has seen them leave", seen=sendmail.sessions)
    sendmail.settle()
    for at, message in sent:
        copies = site.copies(message)
        tap.ok(copies == {} or (at == "after dot" and copies == RIGHT), "client gone %s: %s" % (at, "all of it or nothing" if at == "after dot" else "nothing is sent"), copies)

    # Sendmail killed with the message in work: what it has said 250 to is in its queue.
    message = lab.phi()
    site.sinks["valid"].down()
    site.send(message, *RCPTS)
    sendmail.kill()
    site.sinks["valid"].up()
    sendmail.start()
    for _ in range(3):
        sendmail.flush()
    lab.wait_for(lambda: not sendmail.queued(), "the queue is empty", seen=sendmail.queued)
    copies = site.copies(message)
    tap.equal({k: sorted(set(map(str, v))) for k, v in copies.items()}, {k: [str(v[0])] for k, v in RIGHT.items()}, "Sendmail killed after its 250: each by its route")

    # A later milter.
    later = lab.Milter(9999)
    sendmail.stop()
    sendmail.change("O InputMailFilters=milward", "O InputMailFilters=milward, later")
    sendmail.change("Xmilward,", "Xlater, S=inet:9999@127.0.0.1, F=T, T=C:2s;S:2s;R:2s;E:2s\nXmilward,")
    sendmail.start()
    for name, answer, code in (("tempfails", lab.TEMPFAIL, 451), ("refuses", lab.REJECT, 554), ("refuses in its own words", b"y550 5.7.1 no\0", 550), ("dies", b"", 451)):
        message = lab.phi()
        later.answers = {"E": answer}
        try:
            site.send(message, *RCPTS)
            got = 250
        except lab.Refused as refused:
            got = refused.code
        sendmail.settle()
        tap.equal(got, code, "a later milter %s: the client is told" % name)
        tap.equal(site.copies(message), {}, "a later milter %s: no copy anywhere, no portal either" % name)
        later.answers = {}
        site.send(message, *RCPTS)
        sendmail.settle()
        tap.equal(site.copies(message), RIGHT, "and when it comes again: exactly one copy for each")
    sendmail.stop()
    sendmail.change("O InputMailFilters=milward, later", "O InputMailFilters=later, milward")
    sendmail.start()
    later.answers = {"R": lambda payload: lab.REJECT if b"tls@" in payload else lab.CONTINUE}
    message = lab.phi()
    with lab.Client() as smtp:
        smtp.mail(message.sender)
        smtp.rcpt("bob@clinic.test")
        tap.equal(smtp.command("RCPT TO:<tls@valid.test>")[0] // 100, 5, "a milter before milward refuses a recipient")
        smtp.rcpt("bob@plain.test")
        smtp.data(message.octets)
    sendmail.settle()
    tap.equal(site.copies(message), {("inside", "bob@clinic.test"): [None], ("portal", "bob@plain.test"): [None]}, "which gets nothing; the others get their copy")

    # The set-up goes while the daemon runs: it tags nothing then, and no copy leaves.
    sendmail.stop()
    cf = sendmail.read("sendmail.cf")
    later.answers = {}
    sendmail.change("$#milward-tls $@", "$#esmtp $@")
    sendmail.start()
    message = lab.phi()
    tap.ok(not session(message, None, None), "a tag that is not routed any more: protected mail is not taken")
    tap.ok("milward-sendmail check tells more" in daemon.log() and ".mw-tls.invalid" in daemon.log(), "and the log says why")
    other = lab.harmless()
    site.send(other, "bob@plain.test")
    sendmail.settle()
    tap.equal((site.copies(message), site.copies(other)), ({}, {("plain", "bob@plain.test"): [None]}), "other mail is")
    sendmail.stop()
    sendmail.file("sendmail.cf", cf)
    sendmail.start()
    tap.ok(session(message, None, None), "repaired: taken again, without a restart")
    sendmail.settle()
    tap.equal(site.copies(message), RIGHT, "each by its route")
    tap.equal(site.leaks(), [], "no log has what is in messages")
