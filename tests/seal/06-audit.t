#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A record of each copy that the MTA has taken back: never of one that it has not, not lost by a crash at any step or a full disk, and on disk before the MTA
hears that the recipient is done with."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile

from common import BUILD, Agent, Closed, Mta, Tap, seal, threads, wait_for
from lab.process import alive

CTL = os.path.join(BUILD, "milwardctl")
SMIME, OPENPGP, PORTAL, OPEN = ".mw-seals.invalid", ".mw-sealo.invalid", ".mw-sealp.invalid", ".mw-open.invalid"
tap = Tap()
mta = Mta()
numbers = iter(range(1, 100000))


def message(body="Quimby takes metformin\r\n", head=""):
    return ("X-Milward-Id: %032x\r\nFrom: alice@clinic.test\r\nSubject: Zebrafinch\r\n%s\r\n%s" % (next(numbers), head, body)).encode()


def id_of(octets):
    return octets[14:46].decode()


def attempt(agent, octets, *rcpts, **more):
    """Answers, or what there was of them when the connection ended."""
    try:
        return agent.deliver(octets, *rcpts, **more)
    except (Closed, OSError) as error:
        return [str(error)]


class Site(Agent):
    """A milward-seal with an audit file in a folder of its own."""

    def __init__(self, folder=None, options="", **more):
        self.records = folder or tempfile.mkdtemp(prefix="milward-seal-audit-")
        self.audit = os.path.join(self.records, "audit.log")
        super().__init__(mta, 'audit "%s"; %s' % (self.audit, options), **more)

    def all(self, kind="seal"):
        with open(self.audit) as file:
            return [record for record in map(json.loads, file) if record["kind"] == kind]

    def of(self, octets, rcpt=None):
        return [r for r in self.all() if r["id"] == id_of(octets) and rcpt in (None, r["recipient"])]

    def ctl(self, *words):
        done = subprocess.run([CTL, "--modules", os.path.join(BUILD, "modules", ".libs")] + list(words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode()

    def revive(self):
        if self.process.poll() is not None:
            self.process = None
            self.start()


def body_of(data):
    return data[data.index(b"\r\n\r\n") + 4:]


def kill(agent, who):
    process, children = agent.process, agent.children()
    for pid in [process.pid] if who == "agent" else children:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(alive(child) for child in children), "the children have ended")
    if who == "agent":
        process.wait()


with Site() as agent:
    # ---- each means
    sent = message()
    tap.equal([a[:3] for a in agent.deliver(sent, "a@out.test" + SMIME, queue_id="4jXCcW1")], ["250"], "sealed by S/MIME")
    record = agent.of(sent)[0]
    copy = mta.copies[-1]
    tap.equal([record[n] for n in ("queue_id", "sender", "recipient", "means", "key", "signer", "queued_as")],
              ["4jXCcW1", "alice@clinic.test", "a@out.test", "smime", "5ea1ed", "516ed", "NEW%d" % len(mta.copies)], "its record: ids before and after, who, by which means and keys")
    tap.equal((record["digest"], record["size"]), (hashlib.sha256(body_of(copy.data)).hexdigest(), len(body_of(copy.data))), "the digest of the body as it left, and its octets")
    tap.ok(len(record["policy"]) == 64 and "again" not in record, "and the policy")
    for rcpt, means in (("b@out.test" + OPENPGP, "openpgp"), ("c@out.test" + PORTAL, "portal"), ("d@out.test.mw-sealso.invalid", "smime")):
        sent = message()
        agent.deliver(sent, rcpt)
        found = agent.of(sent)
        tap.equal([(r["means"], r["queued_as"], "digest" in r) for r in found], [(means, "NEW%d" % len(mta.copies), means != "portal")], "by " + means)
    sent = message(body="").rstrip(b"\r\n") + b"\r\n" + seal(b"Content-Type: text/plain\r\n\r\nQuimby\r\n")
    agent.deliver(sent, "o@clinic.test" + OPEN, sender="")
    tap.equal([(r["means"], r["sender"], r["results"].split("=")[0], "digest" in r) for r in agent.of(sent)], [("open", "", "smime", False)], "opened, with the results; no digest of what anybody can read")
    before = len(agent.all())
    agent.deliver(message(), "nokey@out.test" + SMIME, "later@out.test" + SMIME, "raw@out.test" + SMIME)
    attempt(agent, message(), "crash@out.test" + SMIME)
    tap.equal(len(agent.all()), before, "what was not given back has none")
    many = message()
    agent.deliver(many, *["m%d@out.test%s" % (i, SMIME) for i in range(20)])
    tap.equal(sorted(r["recipient"] for r in agent.of(many)), sorted("m%d@out.test" % i for i in range(20)), "each recipient his own")
    threads(8, lambda i: agent.deliver(message(), "t%d@out.test%s" % (i, SMIME)))
    tap.equal(len([r for r in agent.all() if r["recipient"].startswith("t")]), 8, "eight connections at once")
    agent.deliver(many, "m3@out.test" + SMIME)
    twice = agent.of(many, "m3@out.test")
    tap.equal([r.get("again") for r in twice], [None, True], "a retry that finds it done is recorded as one")
    tap.equal([{k: v for k, v in r.items() if k not in ("seq", "time", "prev", "hash", "queue_id", "again")} for r in twice][0],
              [{k: v for k, v in r.items() if k not in ("seq", "time", "prev", "hash", "queue_id", "again")} for r in twice][1], "with all that the first one had")
    with open(agent.audit) as file:
        text = file.read()
    tap.equal([s for s in ("Zebrafinch", "Quimby", "metformin", "mw-seal") if s in text], [], "no content in the file")

    # ---- killed at each step
    n = 0
    for who in ("agent", "child"):
        for verb in ("MAIL", "DATA", "."):
            n += 1
            rcpts = ["k%d@out.test" % n, "l%d@out.test" % n]
            sent = message()

            def strike(at, verb=verb, who=who):
                if at == verb:
                    mta.before = None
                    kill(agent, who)

            mta.before = strike
            attempt(agent, sent, *[r + SMIME for r in rcpts])
            mta.before = None
            untrue = [r for r in agent.of(sent) if not any(r["recipient"] in c.to for c in mta.copies)]
            agent.revive()
            answers = attempt(agent, sent, *[r + SMIME for r in rcpts])
            taken = {"NEW%d" % (i + 1): c for i, c in enumerate(mta.copies)}
            found = [agent.of(sent, r) for r in rcpts]
            tap.ok(not untrue and [a[:3] for a in answers] == ["250", "250"] and all(found) and
                   all(r["recipient"] in taken[r["queued_as"]].to and r["digest"] == hashlib.sha256(body_of(taken[r["queued_as"]].data)).hexdigest() for rs in found for r in rs),
                   "%s killed at %s: a record of each copy, and of no other" % (who, verb), (answers, found))

    # ---- the file cannot be written when the MTA has taken the copy
    for restart in (False, True):
        sent = message()
        head = agent.audit + ".head"

        def away(at, head=head):
            if at == ".":
                mta.before = None
                os.rename(head, head + ".away")

        mta.before = away
        first = agent.deliver(sent, "late@out.test" + SMIME, queue_id="4jLATE%d" % restart)[0]
        copies = len(mta.copies)
        tap.ok(first.startswith("451 4.3.0") and "delivered as NEW%d" % copies in first and agent.of(sent) == [], "not recorded: the MTA is asked to come again", first)
        tap.ok("4jLATE%d: error: audit: a copy for late@out.test is delivered and not recorded" % restart in agent.log() and "audit.log.head" in agent.log(), "the log says why, with the queue id", agent.log()[-600:])
        again = agent.deliver(sent, "late@out.test" + SMIME)[0]
        tap.ok(again.startswith("451 4.3.0") and len(mta.copies) == copies, "again: nothing is sent twice", again)
        other = agent.deliver(message(), "other@out.test" + SMIME)[0]
        tap.ok(other.startswith("452 4.3.1") and "audit" in other and len(mta.copies) == copies, "another message is not sent before it can be recorded", other)
        os.rename(head + ".away", head)
        if restart:
            kill(agent, "agent")
            agent.revive()
        last = agent.deliver(sent, "late@out.test" + SMIME)[0]
        record = (agent.of(sent) or [{}])[-1]
        tap.ok(last.startswith("250") and len(mta.copies) == copies, "when it can be written: 250, and nothing is sent", last)
        tap.equal([record.get(k) for k in ("again", "queued_as", "means", "key", "digest")], [True, "NEW%d" % copies, "smime", "5ea1ed", hashlib.sha256(body_of(mta.copies[-1].data)).hexdigest()],
                  "and the record has all of it%s" % (", after a kill -9" if restart else ""))

    # ---- the policy
    other = os.path.join(agent.records, "other.log")
    agent.policy('audit "%s"' % other)
    agent.process.send_signal(signal.SIGHUP)
    agent.wait_word("READY=1")
    agent.deliver(message(), "p@out.test" + SMIME)
    with open(other) as file:
        kinds = [json.loads(line)["kind"] for line in file]
    tap.equal(kinds, ["start", "seal"], "another file by HUP")
    agent.policy('audit "/nowhere/audit.log"')
    agent.process.send_signal(signal.SIGHUP)
    agent.wait_word("READY=1")
    tap.ok("/nowhere/audit.log" in agent.log() and "the running policy stays as it is" in agent.log(), "a file that cannot be opened changes nothing")
    agent.policy('audit-key "/nowhere/key"')
    agent.process.send_signal(signal.SIGHUP)
    agent.wait_word("READY=1")
    tap.ok("audit-key without audit" in agent.log(), "nor does a key without a file")

    # ---- who reads it
    status, said = agent.ctl("audit", "verify", agent.audit)
    tap.ok(status == 0 and "intact" in said, "audit verify", said)
    status, said = agent.ctl("audit", "show", "--queue-id", "4jXCcW1", agent.audit)
    tap.ok(status == 0 and "4jXCcW1 from alice@clinic.test to a@out.test: given back by smime as NEW1" in said and "key 5ea1ed" in said, "audit show", said)
    status, said = agent.ctl("audit", "show", "--queue-id", "NEW1", agent.audit)
    tap.ok(status == 0 and said.count("\n") == 1 and "4jXCcW1" in said, "found by the id that the MTA gave it, too", said)
    status, said = agent.ctl("audit", "show", "--recipient", "m3@out.test", agent.audit)
    tap.ok(status == 0 and said.count(" (again)") == 1 and said.count("\n") == 2, "and by the recipient", said)
    month = agent.all()[0]["time"][:7]
    status, said = agent.ctl("report", "--utc", "--month", month, "--json", "--audit", agent.audit)
    handed = json.loads(said).get("given_back", {})
    everyone = {(r["id"], r["recipient"]) for r in agent.all()}
    tap.equal(sum(row["count"] for row in handed.get("means", {}).get("rows", [])), len(everyone), "report: each copy once")
    tap.equal(handed.get("again"), sum(1 for r in agent.all() if r.get("again")), "and what was found done")
shutil.rmtree(agent.records, True)

# ---- beside the journal, at the first start; and with the key of another chain
agent = Agent(mta)
agent.policy('audit "%s/audit.log"' % agent.state)
with agent:
    tap.ok(agent.deliver(message(), "a@out.test" + SMIME)[0].startswith("250") and os.path.exists(os.path.join(agent.state, "audit.log")), "the file may be in the journal's folder")

# ---- a disk that is full
folder = tempfile.mkdtemp(prefix="milward-seal-full-")
mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "full", folder], stderr=subprocess.DEVNULL).returncode == 0
if not mounted:
    tap.skip("a full disk", "no tmpfs can be mounted here")
else:
    try:
        with Site(folder) as agent:
            agent.deliver(message(), "a@out.test" + SMIME)
            filler = os.open(os.path.join(folder, "stuff"), os.O_WRONLY | os.O_CREAT)
            try:
                while True:
                    os.write(filler, b"x" * 4096)
            except OSError:
                os.close(filler)
            sent = message()
            answer = agent.deliver(sent, "kept@out.test" + SMIME)[0]
            tap.ok(answer.startswith("250") and len(agent.of(sent)) == 1, "full: there is room for records that was kept", answer)
            os.rename(agent.audit, agent.audit + ".1")
            copies = len(mta.copies)
            sent = message()
            answer = agent.deliver(sent, "space@out.test" + SMIME)[0]
            tap.ok(answer.startswith("452 4.3.1") and len(mta.copies) == copies and "nothing is sent: " in agent.log() and "No space left" in agent.log(), "full, and no room: 452, and nothing is sent", answer)
            os.unlink(os.path.join(folder, "stuff"))
            answer = agent.deliver(sent, "space@out.test" + SMIME)[0]
            tap.ok(answer.startswith("250") and len(agent.of(sent)) == 1 and len(mta.copies) == copies + 1, "room again: sent and recorded", answer)
            status, said = agent.ctl("audit", "verify", agent.audit + ".1", agent.audit)
            tap.ok(status == 0 and "intact" in said, "and the chain is whole", said)
    finally:
        subprocess.run(["umount", "-l", folder], check=False)
shutil.rmtree(folder, True)
tap.end()
