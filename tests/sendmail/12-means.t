#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""S/MIME and OpenPGP with real keys, issuers and directories behind a real Sendmail: out, in, and why not; and TLS that a policy of MTA-STS
assures, which Sendmail asks the same milward-lookup for that the milter has asked."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402

from lab import means  # noqa: E402
from lab.web import DAY, page, policy  # noqa: E402

# With a policy of MTA-STS: the host that it names, and its mode. The MX of each is mx.valid.test, whose certificate says so.
STS = {"sts.test": ("mx.valid.test", "enforce"), "foreign.test": ("mx.elsewhere.test", "enforce"), "trial.test": ("mx.valid.test", "testing"),
       "early.test": ("mx.valid.test", "enforce")}


def assured(world):
    tap, site, sendmail = world.tap, world.site, world.site.sendmail
    with lab.Client() as smtp:
        smtp.mail("alice@clinic.test")
        smtp.rcpt("ver@early.test")
        lab.wait_for(lambda: world.web.count("mta-sts.early.test"), "the policy is fetched")
        tap.ok(True, "who is named in RCPT is looked up before DATA")
    message = lab.phi()
    site.send(message, "ver@sts.test")
    world.arrived(message, "ver@sts.test")
    tap.equal(site.copies(message), {("valid", "ver@sts.test"): ["TLSv1.3"]}, "a policy of MTA-STS names the host of another domain: delivered")
    try:
        site.send(lab.phi(), "ver@trial.test")
        tap.ok(False, "a policy for testing assures nothing: refused")
    except lab.Refused as answer:
        tap.ok("its policy is for testing" in answer.text, "a policy for testing assures nothing: refused, with the reason", answer.text)
    message = lab.phi()
    site.send(message, "ver@foreign.test")
    sendmail.settle()
    tap.equal((site.copies(message), [n for n, text in sendmail.queued() if "ver@foreign.test" in text] != []), ({}, True),
              "a policy that names another host than DNS does: it waits")
    world.lookup.kill()
    message = lab.phi()
    site.send(message, "ver@sts.test")
    sendmail.settle()
    tap.equal((site.copies(message), [n for n, text in sendmail.queued() if message.id in text] != []), ({}, True), "without milward-lookup: it waits")
    world.lookup.start()
    sendmail.flush()
    world.arrived(message, "ver@sts.test")
    tap.equal(site.copies(message), {("valid", "ver@sts.test"): ["TLSv1.3"]}, "and is delivered, verified, when it is back")
    sendmail.settle()
    for name, text in sendmail.queued():
        if "ver@foreign.test" in text:
            os.unlink(os.path.join(sendmail.queue_folder, name))


with lab.Site("sendmail") as site:
    lab.site.OUTSIDE += list(STS)
    sendmail = site.sendmail
    for domain in STS:
        site.dns.mail(domain, "mx.valid.test")
        site.dns.host("mta-sts." + domain, means.WEB)
        site.dns.records.append('_mta-sts.%s. IN TXT "v=STSv1; id=1"' % domain)
    folder = os.path.dirname(site.socket)
    sockets = [os.path.join(folder, name) for name in ("seal.sock", "sign.sock", "lookup.sock")]
    world = means.World(site, *sockets)
    for domain, (host, mode) in STS.items():
        world.web.pages["mta-sts." + domain] = page(policy(mode, DAY, [host]))
    sendmail.build()
    os.makedirs(folder, exist_ok=True)
    site.setup("add", "--lookup", sockets[2], "--seal", sockets[0], "--signer", sockets[1])
    world.start(sendmail.load)
    sendmail.start()
    message = means.sealed(world)
    sendmail.settle()
    first, *others = sendmail.queue_ids(message.id)
    for rcpt, by in (("rsa", "smime"), ("gcm", "smime"), ("wkd", "openpgp")):
        found = re.search(r"%s: sent: to=<%s@plain.test> by=%s queued-as=(\w+)" % (first, rcpt, by), world.agent.log())
        site.tap.ok(found and found.group(1) in others, "%s: both queue ids are in the agent's log" % rcpt, world.agent.log(), first, others)
    means.refused(world)
    means.opened(world)
    means.hung(world)
    assured(world)
    site.tap.equal((sendmail.queued(), site.bounces()), ([], []), "nothing waits, nothing bounced")
    world.close()
