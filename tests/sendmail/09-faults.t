#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Hundreds of messages with recipients of every kind, while everything that can break does: on Sendmail too every copy ends delivered by
a route that the policy allows, waiting, or reported; none in clear, none lost, and none twice but where a delivery was cut off."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402

from lab import faults, seal  # noqa: E402

QUICK = "define(`confTO_RESOLVER_RETRANS', `2s')dnl\n"
# As milward-sendmail(8) has it: each recipient in an envelope and a process of his own, and no DNS for names in the header.
ALONE = "QUEUE_GROUP(`mqueue', `P=%s, F=f, r=1')dnl\nFEATURE(`nocanonify')dnl\n"
ALLOWED = dict(faults.ALLOWED, **faults.EXPIRED)
SEALED = dict(faults.SEALED, **{"nokey@plain.test": "send by tls(verified) or smime or portal"})


class Faults(faults.Faults):
    """With those of Sendmail, whose one program takes mail, delivers it and runs the queue."""

    order = (
        "worker_dies", "agent_dies", "portal_dies", "deliveries_die", "names_fail", "sealing_dies", "daemon_dies", "lookup_dies", "certificate_expires",
        "mta_disk_full", "host_down", "signer_dies", "names_time_out", "agent_disk_full", "clock_jumps", "mta_dies", "names_are_forged", "worker_hangs",
        "resolver_dies", "reload", "deliveries_die",
    )

    @property
    def queue(self):
        return self.site.sendmail.queue_folder

    def deliveries_die(self):
        self.cut_off(self.site.sendmail.children())

    def mta_dies(self):
        pids = self.site.sendmail.children()
        self.kills += len(pids)
        self.site.sendmail.kill()
        for pid in pids:
            faults.kill(pid)
        time.sleep(0.3)
        self.site.sendmail.start()


def waiting(sendmail):
    """Messages in the queue. A queue file without a word in it is of a process that was killed before it had taken the message."""
    return [(name, text) for name, text in sendmail.queued() if text]


def flush(sendmail, seconds):
    """Runs the queue until nothing waits."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and waiting(sendmail):
        sendmail.flush()
        time.sleep(0.2)
    return waiting(sendmail)


with lab.Site("sendmail") as site:
    sendmail = site.sendmail
    faults.small_disk(sendmail.queue_folder, "48m")
    faults.relay(site)
    people = seal.People(site)
    people.certificate("smime@plain.test")
    sockets = [os.path.join(os.path.dirname(site.socket), name) for name in ("seal.sock", "sign.sock", "lookup.sock")]
    load = sendmail.load.replace("portal yes", 'portal yes; lookup "%s"' % sockets[2])
    policy, sign = faults.policies(site, load, SEALED, sockets, "seal-smime")
    sendmail.edit("FEATURE(`no_default_msa')", QUICK + ALONE % sendmail.queue_folder)
    sendmail.build()
    site.setup("add", "--seal", sockets[0], "--signer", sockets[1])
    struck = Faults(site, faults.lookup(site, sockets[2]).start(), *faults.services(site, policy, sign))
    sendmail.start()

    # One recipient fails for good while the host of another is down: he waits.
    message = lab.phi()
    site.sinks["valid"].down()
    site.send(message, "verp@wrongname.test", "bob@valid.test", "tls@plain.test")
    sendmail.settle()
    first = site.copies(message)
    site.sinks["valid"].up()
    sendmail.flush()
    portal = {("portal", "verp@wrongname.test"): [None]}
    site.tap.equal((first, site.copies(message)), (portal, {**portal, ("valid", "bob@valid.test"): ["TLSv1.3"]}), "an outage is not made a failure by another recipient's")

    sendmail.stop()
    sendmail.arguments.append("-q3s")
    sendmail.start()
    ledger = faults.send(site, ALLOWED, faults.messages(300))
    struck.strike(ledger)
    site.tap.equal(flush(sendmail, 90), [], "when all is well again nothing waits")
    faults.count(site, ledger, struck, ALLOWED, people, ("smime@plain.test",))
