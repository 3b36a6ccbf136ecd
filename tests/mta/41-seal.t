#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milward-seal behind a real Postfix: from the policy's decision to sealed, signed copies, whatever is killed or full on the way."""
import email
import email.policy
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

import lab
from lab.dkimkeys import Keys
from lab.postfix import QUEUE
from lab.process import alive
from lab.site import LOAD, OUTSIDE

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "seal"))
from sealers import build_sealers, seal, unseal  # noqa: E402

SEAL = os.path.join(QUEUE, "milward", "seal.sock")
SIGNER = os.path.join(QUEUE, "milward", "sign.sock")
REENTRY = 10533
NAMES = {"seal": "smime or openpgp", "sealp": "smime or portal", "nokey": "smime or openpgp", "nokeyp": "smime or portal", "later": "smime or portal", "slow": "smime"}
SIGNED = {("rsa-sha256", "clinic.test"): True, ("ed25519-sha256", "clinic.test"): True}


class Agent(lab.milward.Milward):
    """milward-seal, or a milward of its own."""

    def __init__(self, site, modules, policy, name, program):
        super().__init__(site.folder, site.prefix, policy, name)
        self.arguments = ["-p", policy, "--modules", modules]
        if program == "milward":
            self.arguments += ["--spool", os.path.join(site.folder, "spool-%s" % name), "--socket-group", "postfix"]
        if name == "signer":
            self.arguments.append("--reentry")
        self.program = os.path.join(site.prefix, "sbin", program)

    def crash(self):
        """kill -9 of the process that the service manager knows."""
        self.process.kill()
        self.process.wait()


def policies(site, modules, keys):
    """The policy of both programs, and that of the signer."""
    folder = os.path.join(site.folder, "keys")
    os.mkdir(folder)
    load = "".join('load %s grant keys, store { folder "%s" }\n' % (name, folder) for name in ("seal-test", "seal-other"))
    load += LOAD.replace("load route grant", "load route with seal-test, seal-other grant").replace("portal yes", "portal yes; seal yes")
    load += ('\nload seal { listen "unix:%s"; socket-group "postfix"; reentry "inet:%d@127.0.0.1"; state "%s"; name "gw.clinic.test" }'
             % (SEAL, REENTRY, os.path.join(site.folder, "seal-state")))
    also = ["table <opens> { \"open@clinic.test\" }", "match to <opens> then send by open"]
    lines = []
    for name, means in NAMES.items():
        lines.append("table <s-%s> { %s }" % (name, ", ".join('"%s@%s"' % (name, domain) for domain in OUTSIDE)))
        lines.append("match class phi to <s-%s> then send by %s" % (name, means))
    policy = site.policy(load=load)
    with open(policy) as file:
        text = file.read()
    text = text.replace("match class phi to <tls>", "\n".join(also + lines) + "\nmatch class phi to <tls>", 1)
    with open(policy, "w") as file:
        file.write(text)
    sign = os.path.join(site.folder, "sign.policy")
    with open(sign, "w") as file:
        file.write("listen unix:%s\nload route grant route, edit, run { mta none }\n%s\ntable <ours> { \"clinic.test\" }\nmatch to external then pass, sign dkim\nmatch any then pass\n" % (SIGNER, keys.load()))
    return policy, sign, folder


def inside(copy):
    """The sealed mail of a copy."""
    return email.message_from_bytes(unseal(copy.data)[1], policy=email.policy.SMTP)


def routes(site, agent, keys):
    """One message, many recipients: each his own end."""
    tap, postfix = site.tap, site.postfix
    message = lab.phi()
    with lab.Client() as smtp:
        smtp.mail(message.sender, "RET=HDRS ENVID=E77")
        for rcpt in ("seal@plain.test", "sealp@valid.test", "nokey@plain.test", "nokeyp@plain.test", "later@plain.test", "tls@valid.test", "bob@clinic.test"):
            smtp.rcpt(rcpt, "NOTIFY=FAILURE,DELAY ORCPT=rfc822;%s" % rcpt)
        smtp.data(message.octets)
    postfix.settle()
    found = {c.to[0]: c for c in site.found(message)}
    tap.equal(sorted(found), ["bob@clinic.test", "nokeyp@plain.test", "seal@plain.test", "sealp@valid.test", "tls@valid.test"], "sealed, to the portal, by TLS and inside, from one message")
    tap.equal(found["nokeyp@plain.test"].sink, "portal", "who has no key gets it by the portal")
    for rcpt in ("seal@plain.test", "sealp@valid.test"):
        copy = found[rcpt]
        tap.ok(not any(s.encode() in copy.data for s in lab.SECRETS) and b"X-Milward" not in copy.data, "%s: nothing in clear" % rcpt, copy.data)
        tap.equal(str(inside(copy)["Subject"]), "Zebrafinch results", "%s: the Subject is inside" % rcpt)
        tap.ok(inside(copy).get_content().startswith("Patient: Jane"), "%s: and the text" % rcpt)
        tap.equal(keys.verify(copy.data), SIGNED, "%s: the sealed copy is signed, and verifies" % rcpt)
    tap.ok("RET=HDRS" in found["seal@plain.test"].mail and "ENVID=E77" in found["seal@plain.test"].mail, "ENVID and RET", found["seal@plain.test"].mail)
    tap.equal(sorted(found["seal@plain.test"].rcpts[0].split(" ")), ["<seal@plain.test>", "NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;seal@plain.test"], "NOTIFY and ORCPT")
    tap.equal(list(postfix.deferred()), ["later@plain.test.mw-sealsp.invalid"], "whose key cannot be known now waits")
    reports = site.reports(message)
    tap.ok(len(reports) == 1 and b"its certificate expired 2026-01-02" in reports[0].data and b"nokey@plain.test" in reports[0].data, "who can be sealed for by no means is reported, with the reasons", reports)
    first, second = postfix.queue_ids(message.id)[:2]
    tap.ok(re.search(r"%s: sent: to=<seal@plain.test> by=smime queued-as=\w+" % first, agent.log()), "both queue ids are in the agent's log", agent.log()[-1500:])
    tap.ok(re.search(r"orig_queue_id=%s" % first, postfix.log()) and second != first, "and in Postfix's")
    postfix.super("-d", "ALL")


def inbound(site, _agent, keys):
    """Mail for the site that came sealed."""
    tap, postfix = site.tap, site.postfix
    message = lab.harmless(sender="carol@out.test")
    text = b"Content-Type: text/plain; hp=cipher\r\nSubject: Meeting of doctors\r\n\r\nDear Bob\r\n"
    head = message.octets.partition(b"\r\nMIME-Version")[0].replace(b"Subject: Meeting", b"Subject: [...]\r\nAuthentication-Results: gw.clinic.test; smime=pass")
    message.octets = head + b"\r\nMIME-Version: 1.0\r\n" + seal(text)
    site.send(message, "open@clinic.test")
    postfix.settle()
    copies = site.found(message)
    tap.equal([c.to for c in copies], [["open@clinic.test"]], "what came sealed arrives once", )
    mail = email.message_from_bytes(copies[0].data, policy=email.policy.SMTP)
    tap.equal((str(mail["Subject"]), mail.get_content().strip(), len(mail.get_all("Authentication-Results"))), ("Meeting of doctors", "Dear Bob", 1), "opened, with its Subject and one result")
    forged = lab.harmless(sender="eve@out.test")
    forged.octets = forged.octets.replace(b"From: eve@out.test", b"From: chief@clinic.test")
    site.send(forged, "open@clinic.test")
    postfix.settle()
    tap.equal([keys.verify(c.data) for c in site.found(forged)], [{}], "whom a stranger names in From is not signed for")


def once(site, message, *rcpts):
    """Did each recipient get one copy, sealed?"""
    copies = site.found(message)
    return sorted(c.to[0] for c in copies) == sorted(rcpts) and not any(s.encode() in c.data for c in copies for s in lab.SECRETS)


def kill_postfix(postfix):
    """kill -9 of all of it."""
    with open(os.path.join(QUEUE, "pid", "master.pid")) as file:
        master = int(file.read())
    pids = [master] + postfix.children()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)

    lab.wait_for(lambda: not any(alive(pid) for pid in pids), "Postfix has ended")


def outages(site, agent, _keys, signer, folder):
    """What is down, killed or full."""
    tap, postfix = site.tap, site.postfix

    def after(message, *rcpts):
        def done():
            if postfix.settled() and postfix.queue():
                postfix.flush()
            return not postfix.queue()
        lab.wait_for(done, "the queue is empty", 30, postfix.queued)
        return once(site, message, *rcpts)

    agent.stop()
    message = lab.phi()
    site.send(message, "seal@plain.test", "sealp@valid.test")
    for _ in range(9):
        site.send(lab.phi(), "seal@plain.test")
    postfix.settle()
    # So many failures at once make Postfix give a destination up, by default.
    tried = postfix.log().count("status=deferred")
    postfix.flush()
    lab.wait_for(lambda: postfix.log().count("status=deferred") >= tried + 11, "all are tried again", 30, postfix.queued)
    postfix.settle()
    tap.equal(sorted(postfix.deferred()), ["seal@plain.test.mw-sealso.invalid", "sealp@valid.test.mw-sealsp.invalid"], "the agent is down: mail waits, tagged")
    agent.start()
    fresh = lab.phi()
    site.send(fresh, "seal@valid.test")
    lab.wait_for(lambda: once(site, fresh, "seal@valid.test"), "new mail does not wait for what failed", 30, postfix.queued)
    tap.ok(len(postfix.deferred()) == 2, "it is back: new mail goes at once", postfix.queued())
    tap.ok(after(message, "seal@plain.test", "sealp@valid.test"), "and goes when it is back")
    signer.stop()
    message = lab.phi()
    site.send(message, "seal@plain.test")
    postfix.settle()
    tap.ok(len(postfix.deferred()) == 1 and not site.found(message), "the signer is down: nothing leaves unsigned", postfix.queued())
    signer.start()
    tap.ok(after(message, "seal@plain.test"), "and goes when it is back")

    # A sealer that waits, so that what is in work can be hurt.
    for name, strike in (
            ("the agent is killed", lambda: (agent.crash(), agent.start())),
            ("its child is killed", lambda: [os.kill(pid, signal.SIGKILL) for pid in agent.workers()]),
            ("Postfix is killed", lambda: (kill_postfix(postfix), postfix.start()))):
        go = os.path.join(folder, "go")
        if os.path.exists(go):
            os.unlink(go)
        message = lab.phi()
        site.send(message, "seal@plain.test", "slow@valid.test")
        lab.wait_for(lambda: agent.workers() and any("seal@plain.test" in c.to for c in site.found(message)), "one is sent, the other in work", 15)
        strike()
        open(go, "w").close()
        tap.ok(after(message, "slow@valid.test", "seal@plain.test"), "%s in the middle: each once" % name, site.found(message))

    message = lab.phi()
    site.sinks["plain"].down()
    site.send(message, "seal@plain.test")
    postfix.settle()
    site.sinks["plain"].up()
    postfix.super("-r", "ALL")
    tap.ok(after(message, "seal@plain.test"), "requeued behind the agent: signed and sealed all the same, once", site.found(message))
    # The same copy once more: the journal answers.
    queue_file = lab.phi()
    site.send(queue_file, "seal@valid.test")
    postfix.settle()
    tap.ok(once(site, queue_file, "seal@valid.test"), "one more")

    state = os.path.join(site.folder, "seal-state")
    agent.stop()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "full", state], check=True)
    filler = os.open(os.path.join(state, "filler"), os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(filler, b"x" * 4096)
    except OSError:
        os.close(filler)
    agent.start()
    message = lab.phi()
    site.send(message, "seal@plain.test")
    postfix.settle()
    tap.ok(len(postfix.deferred()) == 1 and not site.found(message), "the agent's disk is full: mail waits", postfix.queued())
    os.unlink(os.path.join(state, "filler"))
    tap.ok(after(message, "seal@plain.test"), "and goes when there is room")


def many(site, _agent, _keys):
    """200 at once."""
    messages = [lab.phi() for _ in range(200)]

    def work(part):
        for message in part:
            site.send(message, "seal@plain.test")

    threads = [threading.Thread(target=work, args=(messages[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site.postfix.settle(60)
    counts = [len(site.found(m)) for m in messages[:20]]
    total = sum(1 for c in site.sinks["plain"].copies if any(b"<%s>" % m.id.encode() in c.data for m in messages))
    site.tap.equal((counts, total, site.postfix.deferred()), ([1] * 20, 200, {}), "200 messages at once: each once")


with lab.Site() as site:
    modules = os.path.join(site.folder, "modules")
    shutil.copytree(os.path.join(site.prefix, "lib", "milward", "modules"), modules)
    os.chmod(modules, 0o755)
    build_sealers(modules)
    keys = Keys(site.folder)
    site.setup("add", "--seal", SEAL, "--signer", SIGNER)
    policy, sign, folder = policies(site, modules, keys)
    signer = Agent(site, modules, sign, "signer", "milward").start()
    agent = Agent(site, modules, policy, "seal", "milward-seal").start()
    daemon = Agent(site, modules, policy, "milward", "milward").start()
    site.postfix.start()
    for scenario in (routes, inbound, many):
        scenario(site, agent, keys)
    outages(site, agent, keys, signer, folder)
    site.tap.equal(site.leaks(), [], "no content in any log")
    site.tap.equal([agent.stop(), signer.stop(), daemon.stop()], [0, 0, 0], "all end in order")
