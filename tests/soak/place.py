# SPDX-License-Identifier: Apache-2.0
"""place: a real Postfix with every part of milward behind it, in a namespace of its own: milward with the shipped rules, all readers of
attachments, DKIM and the audit trail, milward-lookup, milward-seal with S/MIME, the signer, and milward-portal, which has the mail of one domain;
what goes to the portal instead of anywhere else goes to a sink. And what can break there."""
import os
import signal
import subprocess
import time

from lab import faults, seal
from lab.dkimkeys import Keys
from lab.milward import Milward
from lab.process import freeze, thaw
from lab.postfix import CONFIG, QUEUE
from lab.sink import Session
from lab.site import SOCKET
from lab.tap import wait_for

import pickup
from book import SEALED_FOR
from watch import processes

LOOKUP = os.path.join(QUEUE, "milward", "lookup")
MILTER = "{ unix:%s, default_action=tempfail, connect_timeout=5s, command_timeout=%s, content_timeout=%s }"
POLICY = """listen unix:%(socket)s
load phi with extract-html, extract-office, extract-legacy, extract-pdf, extract-archive, extract-msg, extract-tnef, extract-clinical,
	extract-smime, check-us, check-names grant text, run
load route with seal-smime, portal grant route, edit, run { mta postfix; portal yes; seal yes; lookup "%(lookup)s" }
load audit grant store { path "%(folder)s/audit/audit.log"; sync %(sync)s }
load portal grant keys, store { store "%(folder)s/pickup/store"; keys "%(folder)s/portal.keys"; audit "%(folder)s/audit/portal.log"
	url "https://pickup.clinic.test"; site "Riverside Clinic"; from "portal@clinic.test"; listen "unix:%(portal)s"; reentry "inet:%(reentry)d@127.0.0.1"
	submit "inet:25@127.0.0.1" }
%(keys)s
%(seal)s
table <ours> { "clinic.test" }
table <held> { "held.test" }
table <refused> { "refused.test" }
table <patients> { "%(patients)s" }
aliases none
include "rules/phi.rules"
class phi when phi.patients >= 1
match class phi to <held>          then hold "a person must look, %(word)s"
match class phi to <refused>       then refuse "not by mail"
match class phi to "%(sealed)s"    then send by smime or portal
match class phi to <patients>      then send by portal
match class phi to external        then send by tls(verified) or portal
match unreadable to external       then send by tls(verified) or portal
match any                          then pass
always strip header "X-Milward-*"; sign dkim; record audit
on error tempfail; timeout tempfail; limit portal
"""


def disk(path, size, mode="700"):
    """A disk of its own, which can be full."""
    os.makedirs(path, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%s,mode=%s" % (size, mode), "disk", path], check=True)


class Place:
    """All of it. long: there is room for an hour's logs."""

    def __init__(self, site, long):
        self.site, self.folder = site, site.folder
        # An hour's maillog, audit trail and queue; pages are only taken by what is written.
        subprocess.run(["mount", "-o", "remount,size=12g", self.folder], check=True)
        disk(QUEUE, "2g" if long else "1g", "755")
        self.audit, self.spool, self.pickup = (os.path.join(self.folder, name) for name in ("audit", "spool-milward", "pickup"))
        disk(self.audit, "6g" if long else "500m")
        disk(self.spool, "500m")
        disk(self.pickup, "2g" if long else "500m")
        os.mkdir(os.path.join(self.pickup, "store"), 0o700)
        self.web = os.path.join(self.folder, "pickup.sock")
        for domain in ("held.test", "refused.test", pickup.DOMAIN):
            site.dns.mail(domain, "mx.plain.test")
        site.dns.restart()
        # Its transports look like nothing that a test of one message needs: many sessions, and short waits for what is away. Not for the
        # answer to a whole message: a partner who takes it, and is too slow to say so, is given it twice.
        site.postfix.set(smtp_connect_timeout="3s", smtp_helo_timeout="3s", smtp_data_done_timeout="120s", queue_run_delay="2s",
                         minimal_backoff_time="2s", maximal_backoff_time="5s", smtpd_client_connection_count_limit="0",
                         smtpd_client_event_limit_exceptions="static:all", smtpd_error_sleep_time="0", in_flow_delay="0", default_process_limit="700",
                         smtp_destination_concurrency_limit="20", smtpd_hard_error_limit="1000", smtpd_timeout="300s", qmgr_message_recipient_limit="40000",
                         qmgr_message_active_limit="40000")
        self.people = seal.People(site)
        self.people.certificate(SEALED_FOR)
        self.keys = Keys(self.folder)
        self.policy = os.path.join(self.folder, "soak.policy")
        self.changes = 0
        self.write()
        sign = os.path.join(self.folder, "sign.policy")
        with open(sign, "w") as out:
            out.write("listen unix:%s\nload route grant route, edit, run { mta none }\n%s\nmatch any then pass\nalways sign dkim\n" % (seal.SIGNER, self.keys.load()))
        site.setup("add", "--lookup", LOOKUP, "--seal", seal.SOCKET, "--signer", seal.SIGNER)
        self.to_own_portal()
        self.ctl("rekey")
        self.patience("60s", "300s")
        self.lookup = faults.lookup(site, LOOKUP, "--socket-group", "postfix").start()
        self.daemon, self.agent, self.signer = faults.services(site, self.policy, sign, "64m")
        self.portal = Milward(self.folder, site.prefix, self.policy, "portal")
        self.portal.program, self.portal.arguments = os.path.join(site.prefix, "sbin", "milward-portal"), ["-p", self.policy]
        self.portal.start()
        site.postfix.start()

    def to_own_portal(self):
        """In front of the way to the other portal."""
        path = os.path.join(CONFIG, "pickup.pcre")
        with open(path, "w") as out:
            out.write("/@%s\\.mw-portal\\.invalid$/ milward-seal:unix:%s\n" % (pickup.DOMAIN.replace(".", "\\."), seal.SOCKET))
        others = self.site.postfix.run("postconf", "-h", "transport_maps").stdout.strip()
        self.site.postfix.set(transport_maps="pcre:%s, %s" % (path, others))

    def ctl(self, *arguments):
        """milwardctl portal …: what it prints."""
        program = os.path.join(self.site.prefix, "bin", "milwardctl")
        return subprocess.run([program, "-p", self.policy, "portal", *arguments], check=True, capture_output=True, text=True).stdout

    def patience(self, command, content):
        """How long Postfix waits for milward."""
        self.site.postfix.set(smtpd_milters=MILTER % (SOCKET, command, content))

    def write(self, text=None):
        """The policy; each time with another word in it, so that a reload has something new."""
        self.changes += 1
        text = text or POLICY % {
            "socket": self.site.socket, "lookup": LOOKUP, "folder": self.folder, "keys": self.keys.load(), "sealed": SEALED_FOR,
            "seal": seal.load(self.site, "seal-smime"), "word": "as policy %d says" % self.changes, "sync": "yes",
            "portal": self.web, "reentry": seal.REENTRY, "patients": pickup.DOMAIN}
        os.makedirs(os.path.dirname(self.site.socket), mode=0o755, exist_ok=True)
        with open(self.policy + ".new", "w") as out:
            out.write(text)
        os.rename(self.policy + ".new", self.policy)

    def reload(self):
        """A new policy for milward, and the same for the others; each fifth is wrong, and must change nothing."""
        self.write("match nonsense\n" if self.changes % 5 == 4 else None)
        for daemon in (self.daemon, self.agent, self.signer, self.portal):
            daemon.reload()
        self.lookup.process.send_signal(signal.SIGHUP)

    def reloads(self):
        """How many new policies milward took, and how many it refused."""
        log = self.daemon.log()
        return log.count(": reload: policy "), log.count("the running policy stays as it is")

    def stop(self):
        """Everything in order: {program: exit status}."""
        return {"milward": self.daemon.stop(60), "milward-seal": self.agent.stop(60), "signer": self.signer.stop(60), "milward-lookup": self.lookup.stop(),
                "milward-portal": self.portal.stop(60)}


class Faults(faults.PostfixFaults):
    """With what a soak has beyond the scenarios: readers, disks and a host that says nothing."""

    short = ("worker_dies", "readers_die", "lookup_dies", "agent_dies", "pickup_dies", "disks_full", "names_time_out", "milter_times_out", "mta_restarts")
    order = tuple(dict.fromkeys(short + ("queue_disk_full", "host_hangs") + faults.PostfixFaults.order))

    def __init__(self, place):
        super().__init__(place.site, place.lookup, place.daemon, place.agent, place.signer)
        self.place = place

    def readers_die(self):
        for reader in processes().get("milward-reader", []):
            faults.kill(reader.pid)

    def pickup_dies(self):
        """milward-portal, with all sessions."""
        self.place.portal.kill()
        time.sleep(0.7)
        self.place.portal.start()

    def mta_restarts(self):
        self.site.postfix.run("postfix", "stop")
        self.site.postfix.run("postfix", "start")

    def worker_dies(self):
        for worker in processes().get("milward worker", []):
            faults.kill(worker.pid)

    @staticmethod
    def _fill(path):
        """No room: hardly larger than what is there. Returns what mends it."""
        size = "remount,size=%dk"
        room = os.statvfs(path)
        for more in range(0, 2000, 64):  # what is there grows meanwhile, and then it is refused
            now = os.statvfs(path)
            used = (now.f_blocks - now.f_bfree) * now.f_frsize // 1024
            if subprocess.run(["mount", "-o", size % (used + 4 + more), path], stderr=subprocess.DEVNULL).returncode == 0:
                break
        return lambda: subprocess.run(["mount", "-o", size % (room.f_blocks * room.f_frsize // 1024), path], check=True)

    def disks_full(self):
        """The audit trail's, where the portal's is, too; then the spool's and the portal's own."""
        for path in (self.place.audit, self.place.spool, self.place.pickup):
            mend = self._fill(path)
            time.sleep(1)
            mend()

    def queue_disk_full(self):
        mend = self._fill(QUEUE)
        time.sleep(1)
        mend()

    def milter_times_out(self):
        """Longer than Postfix waits."""
        workers = [p.pid for p in processes().get("milward worker", [])]
        freeze(*workers)
        time.sleep(4)
        thaw(*workers)

    def host_hangs(self):
        """A host that takes connections and says nothing, longer than Postfix waits."""
        sink, until = self.site.sinks["valid"], time.monotonic() + 4

        class Silent(Session):
            def run(self):
                time.sleep(max(0.0, until - time.monotonic()))

        sink.session = lambda conn: Silent(sink, conn)
        sink.down()
        sink.up()
        time.sleep(4)
        del sink.session

    def mended(self):
        """Everything answers again."""
        wait_for(lambda: self.site.postfix.run("postfix", "status", check=False).returncode == 0, "Postfix is up")
        wait_for(lambda: processes().get("milward worker"), "milward has a worker")
