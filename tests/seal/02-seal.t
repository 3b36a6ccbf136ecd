#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What leaves: protected headers (RFC 9788) inside, nothing of the content outside, and what becomes of each kind of recipient."""
import email
import email.policy
import os
import signal

from common import Agent, Closed, Mta, Tap, sanitized, unseal, wait_for

tap = Tap()
mta = Mta()
numbers = iter(range(1, 10000))
SECRETS = (b"Zebrafinch", b"Quimby", b"hidden@copy.test", b"metformin", b"X-Ward")


def message(head="", body="Patient Quimby\r\nmetformin\r\n", subject="Zebrafinch =?utf-8?q?caf=C3=A9?="):
    return ("Received: from ward (ward [192.0.2.9])\r\n\tby gw.clinic.test; Thu, 1 Feb 2024 10:00:00 +0000\r\n"
            "X-MILWARD-ID: %032x\r\nX-Milward-Score: 9\r\nFrom: Alice <alice@clinic.test>\r\nTo: bob@out.test\r\nSubject: %s\r\n"
            "Message-ID: <%d@clinic.test>\r\n%s\r\n%s" % (next(numbers), subject, next(numbers), head, body)).encode()


def parsed(octets):
    return email.message_from_bytes(octets, policy=email.policy.SMTP)


with Agent(mta) as agent:
    head = ("Bcc: hidden@copy.test\r\nResent-Bcc: hidden@copy.test\r\nThread-Topic: Zebrafinch\r\nKeywords: metformin\r\nComments: Quimby\r\nX-Ward: 4\r\nReply-To: alice@clinic.test\r\n"
            "DKIM-Signature: v=1; bh=Zebrafinch\r\nARC-Seal: i=1; b=Zebrafinch\r\nReturn-Path: <x@y>\r\nHP-Outer: Subject: forged\r\nIn-Reply-To: <1@out.test>\r\nList-Id: <l.clinic.test>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n\tboundary=\"Zebra;hp=1finch\"; HP=\"clear\" (comment; hp=2);\r\n\tprotected-headers=v1\r\nContent-Description: Zebrafinch\r\n")
    agent.deliver(message(head), "bob@out.test.mw-seals.invalid")
    copy = mta.copies[-1]
    outer, inner = unseal(copy.data)
    tap.equal([s for s in SECRETS if s in copy.data], [], "nothing of content, Subject or Bcc is outside")
    names = [line.split(b":")[0] for line in outer.split(b"\r\n") if line and line[:1] not in b" \t"]
    tap.equal(names, [b"Received", b"From", b"To", b"Subject", b"Message-ID", b"Reply-To", b"In-Reply-To", b"List-Id", b"MIME-Version", b"Content-Type", b"Content-Transfer-Encoding"],
              "the outer header: trace and what is needed to sort, in order; Content-* of the sealer")
    tap.ok(b"\r\nSubject: [...]\r\n" in outer, "the Subject is obscured")
    mail = parsed(inner)
    tap.equal(str(mail["Subject"]), "Zebrafinch café", "the Subject is inside")
    tap.equal([mail[n] for n in ("Thread-Topic", "Keywords", "X-Ward", "From", "Content-Description")], ["Zebrafinch", "metformin", "4", "Alice <alice@clinic.test>", "Zebrafinch"], "and what else was written")
    tap.equal([n for n in ("Bcc", "Resent-Bcc", "Received", "DKIM-Signature", "ARC-Seal", "Return-Path", "X-Milward-Id", "X-Milward-Score") if mail[n]], [], "but no Bcc, trace or marks of ours")
    tap.equal(mail.get_content_type(), "multipart/mixed", "the type is inside")
    tap.equal([mail["Content-Type"].params.get(n) for n in ("boundary", "hp", "protected-headers")], ["Zebra;hp=1finch", "cipher", None], 'with hp="cipher" and no other')
    tap.equal(sorted(str(v) for v in mail.get_all("HP-Outer")), sorted(["From: Alice <alice@clinic.test>", "To: bob@out.test", "Subject: [...]", "Message-ID: " + str(mail["Message-ID"]),
              "Reply-To: alice@clinic.test", "In-Reply-To: <1@out.test>", "List-Id: <l.clinic.test>"]), "HP-Outer tells what is outside, and nothing that is forged")
    tap.ok(inner.endswith(b"\r\n\r\nPatient Quimby\r\nmetformin\r\n"), "the text is as it was")

    agent.deliver(message(), "bob@out.test.mw-seals.invalid")
    tap.ok(b'Content-Type: text/plain; charset=us-ascii;\r\n hp="cipher"' in unseal(mta.copies[-1].data)[1], "mail that is no MIME gets a type")
    agent.deliver(message(body="Zürich\r\n"), "bob@out.test.mw-seals.invalid")
    tap.ok(b"charset=utf-8" in unseal(mta.copies[-1].data)[1], "one for its octets")
    long = "x" * 2000 + "\r\n"
    agent.deliver(message(body=long), "bob@out.test.mw-seals.invalid")
    tap.ok(unseal(mta.copies[-1].data)[1].endswith(long.encode()) and max(map(len, mta.copies[-1].data.split(b"\r\n"))) <= 998, "long lines stay inside")
    agent.deliver(b"Subject: x\r\nnot a field\r\n\r\nbody\r\n", "bob@out.test.mw-seals.invalid")
    tap.ok(unseal(mta.copies[-1].data)[1].endswith(b"\r\n\r\nnot a field\r\n\r\nbody\r\n"), "a line that is no field begins the body")
    agent.deliver(b"Subject: only a header\r\n", "bob@out.test.mw-seals.invalid")
    tap.ok(b"Subject: only a header" in unseal(mta.copies[-1].data)[1], "a message that is a header and nothing else")
    answer = agent.deliver(b"X-A: b\r\n" * 200000 + b"\r\nbody\r\n", "bob@out.test.mw-seals.invalid")[0]
    tap.ok(answer.startswith("552"), "a header over a megabyte is refused", answer)

    # ---- each recipient his own
    before = len(mta.copies)
    rcpts = ["a@out.test.mw-seals.invalid", "nokey@out.test.mw-sealso.invalid", "nokey@out.test.mw-sealsp.invalid", "later@out.test.mw-sealsp.invalid", "full@out.test.mw-seals.invalid",
             "b@out.test.mw-sealo.invalid", "c@out.test.mw-sealps.invalid", "raw@out.test.mw-sealsp.invalid"]
    answers = agent.deliver(message(), *rcpts)
    tap.equal([a[:9] for a in answers], ["250 2.0.0", "550 5.7.1", "250 2.0.0", "451 4.3.0", "452 4.3.1", "250 2.0.0", "250 2.0.0", "451 4.6.0"], "eight recipients, eight answers")
    tap.equal([c.to[0] for c in mta.copies[before:]], ["a@out.test", "nokey@out.test.mw-portal.invalid", "b@out.test", "c@out.test.mw-portal.invalid"], "what was delivered; means in their order, and no way on where it failed")
    kinds = [parsed(c.data).get_content_type() for c in mta.copies[before:]]
    tap.equal(kinds, ["application/x-sealed-smime", "text/plain", "application/x-sealed-openpgp", "text/plain"], "by which means")
    portal = mta.copies[before + 1].data
    tap.ok(b"Zebrafinch" in portal and b"X-Milward" not in portal.title() and portal.endswith(b"metformin\r\n"), "what goes to the portal is as it was, less our marks")
    log = agent.log()
    for text in ("to=<a@out.test> by=smime queued-as=NEW", "not sent: to=<nokey@out.test> by=none queued-as=- ", "to=<nokey@out.test> by=portal", "to=<b@out.test> by=openpgp"):
        tap.ok(text in log, "log: " + text)
    tap.ok("what was to be sent has a CR or LF that stands alone" in log or "a CR or LF stands alone" in log, "a sealer that makes what may not leave is stopped", log[-800:])
    tap.equal([s for s in SECRETS if s.decode() in log], [], "no content in the log")

    # ---- a sealer that falls or hangs, and one that somebody has taken over
    try:
        agent.deliver(message(), "a@out.test.mw-seals.invalid", "crash@out.test.mw-seals.invalid", "z@out.test.mw-seals.invalid")
        tap.ok(False, "a crash ends the connection")
    except Closed as closed:
        tap.ok(str(closed) == "", "a crash ends the connection", closed)
    wait_for(lambda: "was ended by signal 6" in agent.log(), "the log says so")
    tap.ok(agent.deliver(message(), "a@out.test.mw-seals.invalid")[0].startswith("250"), "and nothing else")
    for what, why in (("write", "ermission"), ("read", "ermission"), ("net", "ermission"), ("allowed", "could")):
        answer = agent.deliver(message(), "evil-%s@out.test.mw-seals.invalid" % what)[0]
        tap.ok(answer.startswith("451") and why in answer, "a sealer in a child: %s: %s" % (what, why), answer)
    for what in () if sanitized() else ("exec", "fork"):
        try:
            answer = agent.deliver(message(), "evil-%s@out.test.mw-seals.invalid" % what)[0]
        except Closed:
            answer = "killed"
        tap.ok("could" not in answer, "a sealer in a child: no %s" % what, answer)
    tap.ok(not os.path.exists(os.path.join(agent.keys, "evil")), "no file was made")

    # ---- the policy
    agent.policy(options="size 2K")
    agent.process.send_signal(signal.SIGHUP)
    agent.wait_word("READY=1")
    with agent.connect() as lmtp:
        tap.ok("SIZE 2048" in lmtp.offers, "HUP reads the policy again", lmtp.offers)
        agent.policy(extra="match nonsense")
        agent.process.send_signal(signal.SIGHUP)
        agent.wait_word("READY=1")
        tap.ok("the running policy stays as it is" in agent.log() and "nonsense" in agent.log(), "a policy that is wrong changes nothing, and the log says what")
        agent.policy(options='socket-mode "rw"')
        agent.process.send_signal(signal.SIGHUP)
        agent.wait_word("READY=1")
        tap.ok('module "seal": socket-mode "rw"' in agent.log(), "nor does an option that the module refuses")
        tap.ok(lmtp.command("NOOP").startswith("250"), "who is at work works on")
    open(os.path.join(agent.keys, "locked"), "w").close()
    agent.policy()
    agent.process.send_signal(signal.SIGHUP)
    agent.wait_word("READY=1")
    tap.ok("the key cannot be read" in agent.log(), "a key that cannot be read changes nothing")
    os.unlink(os.path.join(agent.keys, "locked"))
    agent.policy(load="load route grant route, edit, run { mta none }")
    agent.process.send_signal(signal.SIGHUP)
    agent.wait_word("READY=1")
    answer = agent.deliver(message(), "a@out.test.mw-sealsp.invalid")[0]
    tap.ok(answer.startswith("451 4.3.5 S/MIME"), "a means that the policy has no more: the mail waits", answer)
    with agent.connect() as idle, agent.connect() as busy:
        busy.start(["a@out.test.mw-sealp.invalid"])
        agent.process.send_signal(signal.SIGTERM)
        tap.ok(idle.reply().startswith("421 4.3.2"), "TERM: who waits for nothing is told to go")
        tap.ok(busy.finish(message(), 1)[0].startswith("250"), "a message in work is finished")
    tap.equal(agent.process.wait(20), 0, "and then it ends")
    tap.ok(not os.path.exists(agent.path), "its socket is gone")
    agent.process = None

# ---- what it does not start with
for name, options, load, text in (
        ("no `load seal`", None, "", "no line `load seal { … }`"),
        ("a wrong re-entry", 'reentry "smtp"', None, "reentry: \"smtp\""),
        ("a wrong mode", 'socket-mode "rw"', None, "socket-mode \"rw\""),
        ("a wrong name", 'name "gw clinic"', None, "letters, digits, dots and hyphens"),
        ("a folder that others write to", "", None, "nobody else may write to it"),
        ("a socket that is a file", "", None, "something else is there"),
        ("a folder that is not there", 'state "/nowhere/seal"', None, "/nowhere/seal")):
    agent = Agent(mta)
    agent.policy(options=options or "", load=load)
    with open(agent.policy_path) as file:
        text_of = file.read()
    if options is None:
        text_of = "\n".join(line for line in text_of.split("\n") if not line.startswith("load seal "))
        text_of = "load route grant route, edit, run { mta none }\n" + text_of
    for key in ("reentry", "name", "state"):
        if options and options.startswith(key + " "):
            first = text_of.index(key + ' "')
            text_of = text_of[:first] + text_of[text_of.index(";", first) + 2:]
    with open(agent.policy_path, "w") as file:
        file.write(text_of)
    if "others" in name:
        os.mkdir(agent.state)
        os.chmod(agent.state, 0o777)
    if "is a file" in name:
        open(agent.path, "w").close()
    status, log = agent.run_to_end()
    tap.ok(status in (69, 73, 78) and text in log, "%s: it does not start, and says why (%d)" % (name, status), log)
    agent.__exit__()
with Agent(mta) as agent:
    other = Agent(mta, state=agent.state)
    status, log = other.run_to_end()
    tap.ok(status == 73 and "another milward-seal works there" in log, "a second one with the same folder does not start", log)
    status, log = other.run_to_end("-t")
    tap.equal(status, 0, "-t only looks")
    other.__exit__()
tap.end()
