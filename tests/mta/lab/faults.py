# SPDX-License-Identifier: Apache-2.0
"""faults: what can break while mail with recipients of every kind is sent, and the count of what became of every copy: delivered by a
way that the policy names, waiting, or reported; none in clear, none lost, and none twice but where a delivery was cut off."""
import os
import signal
import subprocess
import time

from . import seal
from .process import freeze, thaw
from .ledger import Ledger, in_clear
from .lookup import Lookup
from .message import phi
from .milward import Milward
from .relay import Relay
from .tap import note, wait_for

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
    "nokey@plain.test": {"portal": False},
}
SEALED = {
    "smime@plain.test": "send by smime or portal",
    "nokey@plain.test": "send by tls(verified) or smime or openpgp or portal",
}


def messages(default):
    return int(os.environ.get("MILWARD_FAULT_MESSAGES", default))


def kill(pid):
    """kill -9; whether there was such a process."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


# Beside them, where a host's certificate is looked at: it has expired.
EXPIRED = {"verp@expired.test": {"portal": False}}


def full(folder, seconds):
    """Not an octet of room in this folder, for a while."""
    path = os.path.join(folder, "filler")
    filler = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(filler, b"x" * 4096)
    except OSError:
        os.close(filler)
    time.sleep(seconds)
    os.unlink(path)


class Faults:
    """Each breaks something, and mends it again. What an MTA has of its own is in a subclass, which names them all in order."""

    order = ()
    queue = None  # the MTA's queue, on a small disk of its own

    def __init__(self, site, lookup, daemon, agent, signer):
        self.site, self.lookup, self.daemon, self.agent, self.signer = site, lookup, daemon, agent, signer
        self.kills = 0  # programs that may have been at a delivery

    def cut_off(self, pids):
        self.kills += sum(kill(pid) for pid in pids)

    def agent_dies(self):
        self.kills += len(self.agent.workers())
        self.agent.kill()
        time.sleep(0.5)
        self.agent.start()

    def clock_jumps(self):
        """Two days ahead, for everything that decides and seals, and back."""
        for offset in ("+2d", None):
            for program in (self.daemon, self.agent, self.signer):
                program.jump(offset)
                self.kills += len(self.agent.workers()) if program is self.agent else 0
                program.kill()
                program.start()
            time.sleep(0.7)

    def sealing_dies(self):
        self.cut_off(self.agent.workers())

    def agent_disk_full(self):
        full("seal-state", 1)

    def mta_disk_full(self):
        full(self.queue, 1)

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
        freeze(self.site.dns.process.pid)
        time.sleep(1.5)
        thaw(self.site.dns.process.pid)

    def resolver_dies(self):
        self.site.dns.kill()
        time.sleep(0.7)
        self.site.dns.start()

    def names_fail(self):
        mend = self.site.dns.fail()
        time.sleep(1.5)
        mend()

    def names_are_forged(self):
        """What milward-lookup hears of all domains does not hold: it is told of a key that none of them has."""
        for anchor in ("forged", "anchor"):
            self.lookup.kill()
            self.lookup.write([line.replace("/anchor", "/" + anchor) for line in self.lookup.lines])
            self.lookup.start()
            time.sleep(1)

    def certificate_expires(self):
        sink = self.site.sinks["valid"]
        good, sink.cert = sink.cert, self.site.ca.issue("mx.valid.test", "expired")
        time.sleep(1)
        sink.cert = good

    def portal_dies(self):
        """kill -9 of the portal's relay (see relay())."""
        portal = self.site.sinks["portal"]
        self.kills += portal.connections()
        portal.down()
        time.sleep(1)
        portal.up()

    def portal_down(self):
        self._down("portal")

    def host_down(self):
        self._down("valid")

    def _down(self, name):
        self.site.sinks[name].down()
        time.sleep(1)
        self.site.sinks[name].up()

    def strike(self, ledger):
        """Each in turn, at least once, until all mail is sent."""
        done = []
        while ledger.left() > ledger.clients or len(done) < len(self.order):
            fault = self.order[len(done) % len(self.order)]
            getattr(self, fault)()
            done.append(fault)
            time.sleep(0.5)
        self.site.tap.ok(ledger.join(120), "every message was taken or refused", "%d are left" % ledger.left())
        note("%d faults: %s" % (len(done), " ".join(done)))


class PostfixFaults(Faults):
    """With those of Postfix."""

    order = (
        "worker_dies", "agent_dies", "portal_down", "deliveries_die", "reload", "sealing_dies", "daemon_dies", "lookup_dies", "host_down",
        "signer_dies", "names_time_out", "agent_disk_full", "clock_jumps", "mta_dies", "worker_hangs",
        "cleanups_die",
    )

    def deliveries_die(self):
        self.cut_off(self.site.postfix.children("smtp", "lmtp"))

    def cleanups_die(self):
        for pid in self.site.postfix.children("cleanup", "trivial-rewrite"):
            kill(pid)

    def mta_dies(self):
        pids = self.site.postfix.children()
        with open("/var/spool/postfix/pid/master.pid") as file:
            kill(int(file.read()))
        self.cut_off(pids)
        wait_for(lambda: self.site.postfix.run("postfix", "status", check=False).returncode != 0, "Postfix is gone")
        time.sleep(0.3)
        self.site.postfix.run("postfix", "start")


def flush(postfix, seconds):
    """Tries everything again until nothing waits but what is held; what still does. A notice or a receipt may come a moment later."""
    end = time.monotonic() + seconds
    while True:
        left = [m for m in postfix.queued() if not m.startswith("hold ")] + postfix.maildrop()
        if not left or time.monotonic() > end:
            return left
        postfix.run("postqueue", "-f", check=False)  # a queue manager that waits for a server that was killed does not answer
        time.sleep(0.5)


def policies(site, load, sealed, sockets, sealers="seal-smime, seal-openpgp"):
    """The site's policy, with routes to milward-seal, and that of its signer. sealed: recipient -> what the policy says for him."""
    load = load.replace("load route grant", "load route with %s grant" % sealers).replace("portal yes", "portal yes; seal yes")
    path = site.policy(load=load + "\n" + seal.load(site, sealers, sockets[0]))
    with open(path) as file:
        text = file.read()
    lines = "".join('match class phi to "%s" then %s\n' % item for item in sealed.items())
    with open(path, "w") as file:
        file.write(text.replace("match class phi to <tls>", lines + "match class phi to <tls>", 1))
    sign = os.path.join(site.folder, "sign.policy")
    with open(sign, "w") as file:
        file.write("listen unix:%s\nload route grant route, edit, run { mta none }\nmatch any then pass\n" % sockets[1])
    return path, sign


def lookup(site, path, *arguments):
    """milward-lookup at this socket, which knows partners and asks a resolver that can be away."""
    with open("partners", "w") as out:
        out.write("".join("%s.test match=%s.test:.%s.test\n" % (name, name, name) for name in ("valid", "wrongname", "expired")))
    for name, domain in (("anchor", "elsewhere"), ("forged", "test")):  # domains here are not signed; with the other all are bogus
        with open(name, "w") as out:
            out.write("%s. IN DS 1 13 2 %s\n" % (domain, "00" * 32))
    lines = ['resolvers "127.0.0.53"', 'trust-anchor "%s/anchor"' % site.folder, 'partners "%s/partners"' % site.folder, "ttl-min 1 second",
             "dns-timeout 2 seconds", "private-hosts yes"]
    found = Lookup(site.folder, lines, path, prefix=site.prefix, arguments=list(arguments))
    found.lines = lines
    return found


def relay(site):
    """The portal as a process that can be killed."""
    site.sinks["portal"].down()
    site.sinks["portal"] = Relay("portal", site.sinks["portal"].address, os.path.join(site.folder, "relay"))
    site.sinks["portal"].up()


def small_disk(folder, size, mode="700"):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%s,mode=%s" % (size, mode), "small", folder], check=True)


def services(site, policy, sign, room="8m"):
    """milward, milward-seal with a disk of so much room, and the signer, running."""
    os.mkdir("seal-state", 0o700)
    small_disk("seal-state", room)
    signer = Milward(site.folder, site.prefix, sign, "signer")
    signer.arguments.append("--reentry")
    return Milward(site.folder, site.prefix, policy).start(), seal.Agent(site, policy).start(), signer.start()


def send(site, allowed, number):
    """A ledger at work: two to five recipients for each message, every mixture in turn."""
    ledger, kinds = Ledger(site), list(allowed)
    for n in range(number):
        ledger.add(phi(), [kind for i, kind in enumerate(kinds) if (n * 37 + i * 11) % 5 < 2 or i == n % len(kinds)])
    ledger.start()
    return ledger


def count(site, ledger, faults, allowed, people, sealed):
    """What became of it all. sealed: recipients whose copies are sealed, and read at the end."""
    tap = site.tap
    copies, reports = ledger.count()
    lost, failed, twice, strange = [], [], 0, []
    for entry in ledger.entries:
        for rcpt in entry.rcpts:
            got = copies[entry.message.id, rcpt]
            for copy in got:
                must_tls = allowed[rcpt].get(copy.sink)
                expired = rcpt.startswith("ver") and copy.cert and "expired" in os.path.basename(copy.cert)
                if must_tls is None or (must_tls and not copy.tls) or expired:
                    strange.append("%s at %s, tls=%s%s" % (rcpt, copy.sink, copy.tls, ", by a certificate that has expired" if expired else ""))
            if rcpt in reports[entry.message.id] and "portal" in allowed[rcpt]:
                failed.append("%s of %s" % (rcpt, entry.message.id))
            if entry.told and not got and rcpt not in reports[entry.message.id]:
                lost.append("%s of %s" % (rcpt, entry.message.id))
            twice += max(0, len(got) - max(1, entry.told + entry.unsure))
    tap.equal(strange, [], "no copy left by a way that the policy does not name")
    tap.equal(lost, [], "whoever was told 'taken' finds every copy delivered or reported")
    tap.equal(failed, [], "and nobody for whom there is the portal is reported as failed")
    found = [copy for entry in ledger.entries for rcpt in sealed for copy in copies[entry.message.id, rcpt] if copy.sink == "plain"]
    tap.ok(len(found) > len(ledger.entries) * len(sealed) // 8, "many are sealed", len(found))
    read = [people.read(next(c for c in found if c.to == [rcpt])) for rcpt in sealed]
    tap.ok(all(b"Zebrafinch results" in text and b"219-09-9998" in text for text in read), "and their recipients read them", read)
    people.close()
    clear = [repr(c) for name in ("plain", "wrongname", "valid", "selfsigned") for c in site.sinks[name].copies if in_clear(c)]
    tap.equal(clear, [], "nothing in clear")
    note("%d copies twice, %d deliveries cut off" % (twice, faults.kills))
    tap.ok(twice <= faults.kills, "twice only where a delivery was cut off", twice, faults.kills)
    tap.equal(sum(len(e.rcpts) for e in ledger.entries if not e.told and not e.unsure and not e.refused), 0, "all were sent")
    tap.equal(site.leaks(), [], "no log has matched text")
