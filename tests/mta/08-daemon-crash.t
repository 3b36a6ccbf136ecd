#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon itself is killed, frozen and restarted at each stage of an SMTP session."""
import re
import threading

import lab
from lab.stages import RCPTS, RIGHT, Trials

STAGES = ("connect", "mail", "rcpt", "data", "middle", "dot")

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    daemon = site.outbound()
    line = postfix.get("smtpd_milters")
    tap.ok(lab.SOCKET in line, "Postfix asks milward", line)
    postfix.set(
        smtpd_milters="{ unix:%s, default_action=tempfail, connect_timeout=2s, command_timeout=2s, content_timeout=2s }" % lab.SOCKET
    )
    postfix.reload()
    trials = Trials(site)

    def restart():
        daemon.stop()
        daemon.start()

    trials.each("killed", daemon.kill, daemon.start, STAGES)
    trials.each("frozen", daemon.freeze, daemon.thaw, STAGES)
    daemon.stop()
    daemon.arguments += ["--drain", "1"]
    daemon.start()
    trials.each("restarted", restart, lambda: None, STAGES)

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

    trials.each("worker killed", crash, lambda: None, STAGES)

    daemon.stop()
    trials.down()
    daemon.start()
    trials.judge(postfix)

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

    # What milward logs of a message has the id that Postfix gave it, also of those that a worker was killed with.
    log = daemon.log()
    ids = set(re.findall(r"^milward\[\d+\]: (\w+): (?:error: |warning: )?(?:verdict|message|cause|worker):", log, re.M))
    known = set(re.findall(r"postfix\S*/smtpd\[\d+\]: (\w+): client=", postfix.log()))
    tap.ok(ids and not ids - known, "every message in milward's log is under its queue id of Postfix", sorted(ids - known), len(ids))
    bare = [x for x in log.splitlines() if re.search(r"\]: -: .*(?:to=<|from=<|outcome=)", x)]
    tap.equal(bare, [], "no line about a message is without one")
