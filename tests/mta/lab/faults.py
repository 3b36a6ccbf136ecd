# SPDX-License-Identifier: Apache-2.0
"""faults: what can break while mail with recipients of every kind is sent, and the count of what became of every copy: delivered by a
way that the policy names, waiting, or reported; none in clear, none lost, and none twice but where a delivery was cut off."""
import os
import signal
import subprocess
import time

from . import seal
from .ledger import Ledger, in_clear
from .lookup import Lookup
from .message import phi
from .milward import Milward
from .tap import note

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


class Faults:
    """Each breaks something, and mends it again. What an MTA has of its own is in a subclass, which names them all in order."""

    order = ()

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
        out.write("valid.test match=valid.test:.valid.test\nwrongname.test match=wrongname.test\n")
    with open("anchor", "w") as out:  # of a domain that is not asked for: these here are not signed
        out.write("elsewhere. IN DS 1 13 2 %s\n" % ("00" * 32))
    return Lookup(site.folder, ['resolvers "127.0.0.53"', 'trust-anchor "%s/anchor"' % site.folder, 'partners "%s/partners"' % site.folder,
                                "dns-timeout 2 seconds", "private-hosts yes"], path, prefix=site.prefix, arguments=list(arguments))


def services(site, policy, sign):
    """milward, milward-seal with a small disk, and the signer, running."""
    os.mkdir("seal-state", 0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "state", "seal-state"], check=True)
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
                if must_tls is None or (must_tls and not copy.tls):
                    strange.append("%s at %s, tls=%s" % (rcpt, copy.sink, copy.tls))
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
