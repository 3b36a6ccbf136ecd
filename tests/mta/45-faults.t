#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A thousand messages with recipients of every kind, while everything that can break does: every copy ends delivered by a route that
the policy allows, waiting, or reported; none in clear, none lost, and none twice but where a delivery was cut off."""
import os
import time

import lab
from lab import faults, seal
from lab.postfix import QUEUE
from lab.site import LOAD
from lab.tap import wait_for

LOOKUP = os.path.join(QUEUE, "milward", "lookup")
ALLOWED = dict(faults.ALLOWED, **{"openpgp@plain.test": {"plain": False, "portal": False}})
SEALED = dict(faults.SEALED, **{"openpgp@plain.test": "send by openpgp or portal"})


class Faults(faults.Faults):
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
            faults.kill(pid)

    def mta_dies(self):
        pids = self.site.postfix.children()
        with open("/var/spool/postfix/pid/master.pid") as file:
            faults.kill(int(file.read()))
        self.cut_off(pids)
        wait_for(lambda: self.site.postfix.run("postfix", "status", check=False).returncode != 0, "Postfix is gone")
        time.sleep(0.3)
        self.site.postfix.run("postfix", "start")


def flush(postfix, seconds):
    """Tries everything again until nothing waits."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and (postfix.queue() or postfix.maildrop()):
        postfix.flush()
        time.sleep(2)
    return postfix.queued()


with lab.Site() as site:
    site.postfix.set(smtp_connect_timeout="3s", queue_run_delay="5s", minimal_backoff_time="5s", maximal_backoff_time="10s")
    people = seal.People(site)
    people.certificate("smime@plain.test")
    people.openpgp("openpgp@plain.test")
    load = LOAD.replace("portal yes", 'portal yes; lookup "%s"' % LOOKUP)
    policy, sign = faults.policies(site, load, SEALED, (seal.SOCKET, seal.SIGNER))
    site.setup("add", "--lookup", LOOKUP, "--seal", seal.SOCKET, "--signer", seal.SIGNER)
    lookup = faults.lookup(site, LOOKUP, "--socket-group", "postfix").start()
    struck = Faults(site, lookup, *faults.services(site, policy, sign))
    site.postfix.start()
    ledger = faults.send(site, ALLOWED, faults.messages(1000))
    struck.strike(ledger)
    site.tap.equal(flush(site.postfix, 90), [], "when all is well again nothing waits")
    faults.count(site, ledger, struck, ALLOWED, people, ("smime@plain.test", "openpgp@plain.test"))
