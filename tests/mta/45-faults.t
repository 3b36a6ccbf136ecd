#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A thousand messages with recipients of every kind, while everything that can break does: every copy ends delivered by a route that
the policy allows, waiting, or reported; none in clear, none lost, and none twice but where a delivery was cut off."""
import os
import signal
import subprocess
import sys
import time

import lab
from lab import seal
from lab.ledger import Ledger, in_clear
from lab.lookup import Lookup
from lab.milward import Milward
from lab.postfix import QUEUE
from lab.site import LOAD
from lab.tap import note, wait_for

MESSAGES = int(os.environ.get("MILWARD_FAULT_MESSAGES", "1000"))
# recipient -> sinks where its copy may be, and whether that must have come by TLS
ALLOWED = {
    "bob@clinic.test": {"inside": False},
    "bob@valid.test": {"valid": True, "portal": False},
    "tls@valid.test": {"valid": True},
    "ver@valid.test": {"valid": True},
    "bob@plain.test": {"portal": False},
    "tls@plain.test": {},
    "portal@valid.test": {"portal": False},
    "verp@wrongname.test": {"portal": False},
    "smime@plain.test": {"plain": False, "portal": False},
    "openpgp@plain.test": {"plain": False, "portal": False},
    "nokey@plain.test": {"portal": False},
}
SEALED = ("smime@plain.test", "openpgp@plain.test")
LOOKUP = os.path.join(QUEUE, "milward", "lookup")
KINDS = list(ALLOWED)


class Faults:
    """Each breaks something, and mends it again."""

    def __init__(self, site, daemon, agent, lookup, signer):
        self.site, self.daemon, self.agent, self.lookup, self.signer = site, daemon, agent, lookup, signer
        self.kills = 0  # programs that may have been at a delivery

    def agent_dies(self):
        self.kills += len(self.agent.workers())
        self.agent.kill()
        time.sleep(0.5)
        self.agent.start()

    def sealing_dies(self):
        pids = self.agent.workers()
        self.kills += len(pids)
        for pid in pids:
            kill(pid)

    def agent_disk_full(self):
        filler = os.open("seal-state/filler", os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(filler, b"x" * 4096)
        except OSError:
            os.close(filler)
        time.sleep(1)
        os.unlink("seal-state/filler")

    def lookup_dies(self):
        self.lookup.kill()
        time.sleep(0.7)
        self.lookup.start()

    def signer_dies(self):
        self.signer.kill()
        time.sleep(0.7)
        self.signer.start()

    def worker_dies(self):
        self.daemon.crash_worker()

    def worker_hangs(self):
        self.daemon.freeze()
        time.sleep(1)
        self.daemon.thaw()

    def daemon_dies(self):
        self.daemon.kill()
        time.sleep(0.5)
        self.daemon.start()

    def reload(self):
        self.daemon.reload()

    def names_time_out(self):
        self.site.dns.process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        self.site.dns.process.send_signal(signal.SIGCONT)

    def portal_down(self):
        self.site.sinks["portal"].down()
        time.sleep(1)
        self.site.sinks["portal"].up()

    def host_down(self):
        self.site.sinks["valid"].down()
        time.sleep(1)
        self.site.sinks["valid"].up()

    def deliveries_die(self):
        pids = self.site.postfix.children("smtp", "lmtp")
        self.kills += len(pids)
        for pid in pids:
            kill(pid)

    def cleanups_die(self):
        for pid in self.site.postfix.children("cleanup", "trivial-rewrite"):
            kill(pid)

    def mta_dies(self):
        pids = self.site.postfix.children()
        self.kills += len(pids)
        with open("/var/spool/postfix/pid/master.pid") as file:
            kill(int(file.read()))
        for pid in pids:
            kill(pid)
        wait_for(lambda: self.site.postfix.run("postfix", "status", check=False).returncode != 0, "Postfix is gone")
        time.sleep(0.3)
        self.site.postfix.run("postfix", "start")

    def all(self):
        return [
            self.worker_dies, self.agent_dies, self.portal_down, self.deliveries_die, self.reload, self.sealing_dies, self.daemon_dies,
            self.lookup_dies, self.host_down, self.signer_dies, self.names_time_out, self.agent_disk_full, self.mta_dies, self.worker_hangs,
            self.cleanups_die,
        ]


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def rcpts_of(number):
    """Two to five recipients, every mixture in turn."""
    return [kind for i, kind in enumerate(KINDS) if (number * 37 + i * 11) % 5 < 2 or i == number % len(KINDS)]


def flush(postfix, seconds):
    """Tries everything again until nothing waits."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and (postfix.queue() or postfix.maildrop()):
        postfix.flush()
        time.sleep(2)
    return postfix.queued()


def policies(site):
    """The site's policy, with routes to milward-seal and the answers of milward-lookup, and that of its signer."""
    load = LOAD.replace("load route grant", "load route with seal-smime, seal-openpgp grant")
    load = load.replace("portal yes", 'portal yes; seal yes; lookup "%s"' % LOOKUP) + "\n" + seal.load(site)
    path = site.policy(load=load)
    with open(path) as file:
        text = file.read()
    sealed = 'match class phi to "smime@plain.test" then send by smime or portal\n'
    sealed += 'match class phi to "openpgp@plain.test" then send by openpgp or portal\n'
    sealed += 'match class phi to "nokey@plain.test" then send by tls(verified) or smime or openpgp or portal\n'
    with open(path, "w") as file:
        file.write(text.replace("match class phi to <tls>", sealed + "match class phi to <tls>", 1))
    sign = os.path.join(site.folder, "sign.policy")
    with open(sign, "w") as file:
        file.write("listen unix:%s\nload route grant route, edit, run { mta none }\nmatch any then pass\n" % seal.SIGNER)
    return path, sign


def lookup_of(site):
    with open("partners", "w") as out:
        out.write("valid.test match=valid.test:.valid.test\nwrongname.test match=wrongname.test\n")
    with open("anchor", "w") as out:  # of a domain that is not asked for: these here are not signed
        out.write("elsewhere. IN DS 1 13 2 %s\n" % ("00" * 32))
    return Lookup(site.folder, ['resolvers "127.0.0.53"', 'trust-anchor "%s/anchor"' % site.folder, 'partners "%s/partners"' % site.folder, "dns-timeout 2 seconds", "private-hosts yes"],
                  LOOKUP, prefix=site.prefix, arguments=["--socket-group", "postfix"])


def full_state(site):
    """A small disk for milward-seal."""
    os.mkdir("seal-state", 0o700)
    site.postfix.run("mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "state", "seal-state")


with lab.Site() as site:
    tap = site.tap
    site.postfix.set(smtp_connect_timeout="3s", queue_run_delay="5s", minimal_backoff_time="5s", maximal_backoff_time="10s")
    people = seal.People(site)
    people.certificate("smime@plain.test")
    people.openpgp("openpgp@plain.test")
    full_state(site)
    policy, sign = policies(site)
    site.setup("add", "--lookup", LOOKUP, "--seal", seal.SOCKET, "--signer", seal.SIGNER)
    lookup = lookup_of(site).start()
    signer = Milward(site.folder, site.prefix, sign, "signer")
    signer.arguments.append("--reentry")
    signer.start()
    agent = seal.Agent(site, policy).start()
    daemon = Milward(site.folder, site.prefix, policy).start()
    site.postfix.start()
    ledger, faults = Ledger(site), Faults(site, daemon, agent, lookup, signer)
    for number in range(MESSAGES):
        ledger.add(lab.phi(), rcpts_of(number))
    ledger.start()
    done = []
    while ledger.left() > ledger.clients or len(done) < len(faults.all()):
        fault = faults.all()[len(done) % len(faults.all())]
        fault()
        done.append(fault.__name__)
        time.sleep(0.5)
    tap.ok(ledger.join(120), "every message was taken or refused", "%d are left" % ledger.left())
    note("%d faults: %s" % (len(done), " ".join(done)))
    stuck = flush(site.postfix, 90)
    tap.equal(stuck, [], "when all is well again nothing waits")

    copies, reports = ledger.count()
    lost, twice, strange = [], 0, []
    for entry in ledger.entries:
        for rcpt in entry.rcpts:
            got = copies[entry.message.id, rcpt]
            for copy in got:
                must_tls = ALLOWED[rcpt].get(copy.sink)
                if must_tls is None or (must_tls and not copy.tls):
                    strange.append("%s at %s, tls=%s" % (rcpt, copy.sink, copy.tls))
            if entry.told and not got and rcpt not in reports[entry.message.id]:
                lost.append("%s of %s" % (rcpt, entry.message.id))
            twice += max(0, len(got) - max(1, entry.told + entry.unsure))
    tap.equal(strange, [], "no copy left by a way that the policy does not name")
    tap.equal(lost, [], "whoever was told 'taken' finds every copy delivered or reported")
    sealed = [copy for entry in ledger.entries for rcpt in SEALED for copy in copies[entry.message.id, rcpt] if copy.sink == "plain"]
    tap.ok(len(sealed) > MESSAGES // 4, "hundreds are sealed", len(sealed))
    read = [people.read(next(c for c in sealed if c.to == [rcpt])) for rcpt in SEALED]
    tap.ok(all(b"Zebrafinch results" in text and b"219-09-9998" in text for text in read), "and their recipients read them", read)
    people.close()
    clear = [repr(c) for name in ("plain", "wrongname", "valid", "selfsigned") for c in site.sinks[name].copies if in_clear(c)]
    tap.equal(clear, [], "nothing in clear")
    note("%d copies twice, %d deliveries cut off" % (twice, faults.kills))
    tap.ok(twice <= faults.kills, "twice only where a delivery was cut off", twice, faults.kills)
    tap.equal(sum(len(e.rcpts) for e in ledger.entries if not e.told and not e.unsure and not e.refused), 0, "all were sent")
    tap.equal(site.leaks(), [], "no log has matched text")
