#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A sender takes back what waits in the portal, by a message of the same way; nobody else does, and no other message. What milward-seal
does is recorded."""
import json
import os
import shutil
import subprocess
import tempfile

from handin import TAG, Mta, Portal, Tap
from common import BUILD

CTL = os.path.join(BUILD, "milwardctl")
tap = Tap()
mta = Mta()
ALICE, BOB = "alice@clinic.test", "bob@out.test"
number = 0


def send(portal, head, sender=ALICE, rcpt=BOB):
    """Its Message-ID."""
    global number
    number += 1
    ident = "<%d@clinic.test>" % number
    octets = "X-Milward-Id: %032x\r\nFrom: A <a@clinic.test>\r\nMessage-ID: %s\r\n%s\r\n\r\nmetformin 500 mg\r\n" % (number, ident, head)
    answers = portal.deliver(octets.encode(), rcpt + TAG, sender=sender)
    assert answers[0].startswith("250"), answers
    return ident


def states(portal, ident):
    base = portal.database()
    try:
        return [s for (s,) in base.execute("SELECT state FROM message WHERE origin_message_id = ?", (ident,))]
    finally:
        base.close()


WAITING, RECALLED = [2], [5]
folder = tempfile.mkdtemp(prefix="milward-recall-t-")
audit = os.path.join(folder, "audit")
try:
    with Portal(mta, portal='audit "%s"' % audit) as portal:
        for name, head, how, wanted in (
                ("Supersedes", "Supersedes: %s", {}, RECALLED),
                ("an answer that says [recall]", "Subject: [Recall] results\r\nIn-Reply-To: %s", {}, RECALLED),
                ("the same, encoded", "Subject: =?utf-8?B?W3JlY2FsbF0geA==?=\r\nIn-Reply-To: %s", {}, RECALLED),
                ("addresses in capitals", "Supersedes: %s", {"sender": ALICE.upper(), "rcpt": BOB.upper()}, RECALLED),
                ("an answer", "Subject: Re: results\r\nIn-Reply-To: %s", {}, WAITING),
                ("[recall] within a Subject", "Subject: Re: [recall] results\r\nIn-Reply-To: %s", {}, WAITING),
                ("[recall] of nothing", "Subject: [recall]\r\nReferences: %s", {}, WAITING),
                ("two at once", "Supersedes: %s <other@clinic.test>", {}, WAITING),
                ("a word before it", "Supersedes: x %s", {}, WAITING),
                ("another sender", "Supersedes: %s", {"sender": "mallory@clinic.test"}, WAITING),
                ("nobody", "Supersedes: %s", {"sender": ""}, WAITING),
                ("another recipient", "Supersedes: %s", {"rcpt": "carol@out.test"}, WAITING)):
            first = send(portal, "Subject: results")
            second = send(portal, head % first, **how)
            tap.equal((states(portal, first), states(portal, second)), (wanted, WAITING), "%s: %s" % (name, "recalled" if wanted == RECALLED else "not"))
        base = portal.database()
        mails = base.execute("SELECT count(*) FROM outbox WHERE kind = 4").fetchone()[0]
        keys = base.execute("SELECT count(*) FROM message WHERE state = 5 AND (wrapped NOT NULL OR removed = 0)").fetchone()[0]
        base.close()
        tap.equal((mails, keys), (4, 0), "the sender will be told; key and file are gone")
        with open(audit) as log:
            steps = [r["step"] for r in map(json.loads, log) if r["kind"] == "portal"]
        tap.equal({s: steps.count(s) for s in set(steps)}, {"stored": 24, "noticed": 24, "recalled": 4, "removed": 4}, "all of it is recorded")
        done = subprocess.run([CTL, "--modules", os.path.join(BUILD, "modules", ".libs"), "audit", "verify", audit], capture_output=True, text=True, check=False)
        tap.ok(done.returncode == 0, "in an intact file", done.stdout + done.stderr)
finally:
    shutil.rmtree(folder)

with Portal(mta, portal="recall no") as portal:
    first = send(portal, "Subject: results")
    send(portal, "Supersedes: %s" % first)
    tap.equal(states(portal, first), WAITING, "where the site does not want it: not")
tap.end()
