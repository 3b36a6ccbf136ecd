#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A thousand messages with recipients of every kind, while everything that can break does: every copy ends delivered by a route that
the policy allows, waiting, or reported; none in clear, none lost, and none twice but where a delivery was cut off."""
import os

import lab
from lab import faults, seal
from lab.postfix import QUEUE
from lab.site import LOAD

LOOKUP = os.path.join(QUEUE, "milward", "lookup")
ALLOWED = dict(faults.ALLOWED, **{"openpgp@plain.test": {"plain": False, "portal": False}}, **faults.EXPIRED)
SEALED = dict(faults.SEALED, **{"openpgp@plain.test": "send by openpgp or portal"})


class Faults(faults.PostfixFaults):
    order = (
        "worker_dies", "agent_dies", "portal_dies", "deliveries_die", "names_fail", "sealing_dies", "daemon_dies", "lookup_dies", "certificate_expires",
        "mta_disk_full", "host_down", "signer_dies", "names_time_out", "agent_disk_full", "clock_jumps", "mta_dies", "names_are_forged", "worker_hangs",
        "resolver_dies", "reload", "cleanups_die",
    )
    queue = QUEUE


with lab.Site() as site:
    faults.small_disk(QUEUE, "48m", "755")
    faults.relay(site)
    site.postfix.set(smtp_connect_timeout="3s", queue_run_delay="5s", minimal_backoff_time="5s", maximal_backoff_time="10s",
                     address_verify_negative_refresh_time="2s")  # as milward-postfix(8) has it, but in minutes
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
    site.tap.equal(faults.flush(site.postfix, 150), [], "when all is well again nothing waits")
    faults.count(site, ledger, struck, ALLOWED, people, ("smime@plain.test", "openpgp@plain.test"))
