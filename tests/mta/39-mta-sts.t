#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""MTA-STS from the policy's web server to delivery: Postfix asks milward-lookup, and nothing leaves that a policy forbids."""
import os

import lab
from lab.lookup import Lookup
from lab.postfix import QUEUE
from lab.site import LOAD
from lab.sink import Sink
from lab.web import DAY, Web, page, policy

WEB = "127.0.0.40"
WILD = "127.0.0.41"

# domain, its MX, what its policy names, mode
DOMAINS = (
    ("good.test", "mx.valid.test", "mx.valid.test", "enforce"),
    ("foreign.test", "mx.valid.test", "mx.elsewhere.test", "enforce"),
    ("badcert.test", "mx.wrongname.test", "mx.wrongname.test", "enforce"),
    ("expiry.test", "mx.expired.test", "mx.expired.test", "enforce"),
    ("notls.test", "mx.plain.test", "mx.plain.test", "enforce"),
    ("stripped.test", "mx.brokentls.test", "mx.brokentls.test", "enforce"),
    ("trial.test", "mx.valid.test", "mx.valid.test", "testing"),
    ("deep.test", "a.b.wild.test", "*.wild.test", "enforce"),
    ("wide.test", "b.wild.test", "*.wild.test", "enforce"),
)
NAMES = [row[0] for row in DOMAINS]


def publish(site, records=True, forged=()):
    """What DNS says: MX and TXT records of the domains. forged: (domain, MX) in place of the right one."""
    dns = site.dns
    dns.records = [r for r in dns.records if not any(r.startswith(("%s. " % d, "_mta-sts.%s. " % d)) for d in NAMES)]
    for domain, mx, _names, _mode in DOMAINS:
        dns.records.append("%s. 0 IN MX 10 %s." % (domain, dict(forged).get(domain, mx)))
        if records:
            dns.records.append('_mta-sts.%s. 0 IN TXT "v=STSv1; id=1;"' % domain)
    if dns.process:
        dns.process.terminate()
        dns.process.wait()
    dns.start()


def build(site):
    web = Web(site.ca, WEB, 443)
    for domain, _mx, names, mode in DOMAINS:
        site.dns.host("mta-sts." + domain, WEB)
        web.pages["mta-sts." + domain] = page(policy(mode, DAY, [names]))
    wild = Sink("wild", WILD, "tls", site.ca.bulk("wild", ["a.b.wild.test", "b.wild.test"]), os.path.join(site.folder, "sinks"))
    wild.up()
    site.sinks["wild"] = wild
    site.dns.host("a.b.wild.test", WILD)
    site.dns.host("b.wild.test", WILD)
    # Asked about by the milter alone, at the end.
    site.dns.mail("early.test", "mx.valid.test")
    site.dns.host("mta-sts.early.test", WEB)
    site.dns.records.append('_mta-sts.early.test. IN TXT "v=STSv1; id=1"')
    publish(site)
    return web


def lookup_daemon(site):
    anchor = os.path.join(site.folder, "anchor")
    with open(anchor, "w") as out:
        out.write("anchor.invalid. IN DS 1 8 2 " + "0" * 64 + "\n")
    folder = os.path.join(site.folder, "lookup")
    os.makedirs(os.path.join(folder, "log"))
    os.chmod(folder, 0o755)
    options = ['resolvers "127.0.0.53"', 'trust-anchor "%s"' % anchor, 'ca-file "%s"' % site.ca.path, "private-hosts yes", "ttl-min 1 second"]
    # Below the queue directory: smtp(8) of the site is chrooted, milward's own is not.
    path = os.path.join(QUEUE, "milward", "lookup")
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    return Lookup(folder, options, path, prefix=site.prefix, arguments=["--socket-group", "postfix"]).start()


def send_all(site, domains, name="ver", message=None):
    message = message or lab.phi()
    site.send(message, *("%s@%s" % (name, domain) for domain in domains))
    site.postfix.settle()
    return message


def waiting(site):
    return sorted(address.split("@")[1].split(".mw-")[0] for address in site.postfix.deferred())


def verified(site):
    """Transport and policy are one: each domain alone decides."""
    tap, postfix = site.tap, site.postfix
    message = send_all(site, NAMES)
    copies = site.copies(message)
    tap.equal(copies.pop(("valid", "ver@good.test"), None), ["TLSv1.3"], "a policy that names the host, a certificate that fits: delivered")
    tap.equal(copies.pop(("wild", "ver@wide.test"), None), ["TLSv1.3"], "a pattern and a host with one label more: delivered")
    tap.equal(copies, {}, "no other copy leaves, and none in clear")
    tap.equal(waiting(site), ["deep.test", "foreign.test", "stripped.test"],
              "hosts that the policy does not name, two labels for a star, TLS that may come back: it waits")
    reported = b"".join(copy.data for copy in site.reports(message))
    for domain in ("badcert.test", "expiry.test", "notls.test", "trial.test"):
        tap.ok(b"ver@%s" % domain.encode() in reported, "no TLS that holds: %s bounces" % domain)
    log = postfix.log()
    tap.ok("Verified TLS connection established to mx.valid.test" in log, "Postfix says so")
    postfix.super("-d", "ALL")


def fallback(site):
    message = send_all(site, ["badcert.test", "notls.test", "trial.test", "good.test"], "verp")
    wanted = {("portal", "verp@%s" % d): [None] for d in ("badcert.test", "notls.test", "trial.test")}
    wanted[("valid", "verp@good.test")] = ["TLSv1.3"]
    site.tap.equal(site.copies(message), wanted, "what TLS cannot reach goes to the portal")


def siege(site, web, lookup):
    """The web server is gone, the record vanishes, and the MX is forged: what was fetched stays."""
    tap, postfix = site.tap, site.postfix
    web.pages.clear()
    publish(site, records=False)
    lookup.kill()
    lookup.start()
    tap.equal(site.copies(send_all(site, ["good.test"])), {("valid", "ver@good.test"): ["TLSv1.3"]},
              "kill -9, no record, no policy server: still assured by what is on disk")
    for mx in ("mx.plain.test", "mx.selfsigned.test"):
        publish(site, records=False, forged=[("good.test", mx)])
        lookup.kill()
        lookup.start()
        message = send_all(site, ["good.test"])
        tap.equal((site.copies(message), waiting(site)), ({}, ["good.test"]), "and the MX forged to %s: it waits" % mx)
        postfix.super("-d", "ALL")
    publish(site)
    lookup.kill()
    lookup.start()
    message = send_all(site, ["good.test"])
    tap.equal(site.copies(message), {("valid", "ver@good.test"): ["TLSv1.3"]}, "the siege is over")
    lookup.kill()
    message = send_all(site, ["good.test", "notls.test"])
    tap.equal((site.copies(message), waiting(site)), ({}, ["good.test", "notls.test"]), "without milward-lookup: it waits")
    lookup.start()
    postfix.super("-d", "ALL")


def whole_site(site, lookup):
    """The map tls for all mail of the site, as smtp_tls_policy_maps."""
    tap, postfix = site.tap, site.postfix
    postfix.set(smtp_tls_policy_maps="socketmap:unix:milward/lookup:tls", smtp_tls_security_level="may")
    postfix.reload()
    message = send_all(site, ["good.test", "notls.test", "badcert.test", "trial.test", "plain.test", "foreign.test"], "bob", lab.harmless())
    wanted = {("valid", "bob@good.test"): ["TLSv1.3"], ("valid", "bob@trial.test"): ["TLSv1.3"], ("plain", "bob@plain.test"): [None]}
    tap.equal(site.copies(message), wanted, "mail without PHI: policies are kept, without one TLS is as ever")
    tap.equal(waiting(site), ["badcert.test", "foreign.test", "notls.test"], "and what a policy forbids waits")
    postfix.super("-d", "ALL")
    postfix.unset("smtp_tls_policy_maps")
    postfix.reload()


def early(site, web):
    """The question goes out before the content comes in, and is answered meanwhile. (Postfix tells of recipients at DATA, as no reply is due.)"""
    web.pages["mta-sts.early.test"] = page(policy("enforce", DAY, ["mx.valid.test"]))
    with lab.Client() as smtp:
        smtp.mail("alice@clinic.test")
        smtp.rcpt("ver@early.test")
        smtp.expect("DATA", smtp.command("DATA"), 354)
        lab.wait_for(lambda: web.count("mta-sts.early.test"), "the policy is fetched")
        site.tap.ok(True, "who is named is looked up before the content comes in")
        smtp.vanish()
    site.tap.equal(lookup.ask("verdict early.test").split(" ")[:2], ["OK", "mta-sts"], "and the answer is there")


def chosen(site, lookup, daemon):
    """The milter asks the same, so that a sender hears of it at once."""
    tap = site.tap
    daemon.stop()
    daemon = site.daemon(load=LOAD.replace("portal yes", 'portal yes; lookup "%s"' % lookup.socket)).start()
    message = send_all(site, ["good.test", "trial.test"], "verp")
    tap.equal(site.copies(message), {("valid", "verp@good.test"): ["TLSv1.3"], ("portal", "verp@trial.test"): [None]},
              "the milter passes over TLS that nothing assures")
    try:
        site.send(lab.phi(), "ver@trial.test")
        tap.ok(False, "nothing assures TLS, and there is no other way: refused")
    except lab.Refused as answer:
        tap.ok("its policy is for testing" in str(answer), "nothing assures TLS, and there is no other way: refused, with the reason", answer)
    message = send_all(site, ["foreign.test"])
    tap.equal((site.copies(message), waiting(site)), ({}, ["foreign.test"]), "what is not known now waits in the queue")


with lab.Site() as site:
    lab.site.OUTSIDE += NAMES + ["early.test"]
    web = build(site)
    lookup = lookup_daemon(site)
    site.setup("add", "--lookup", lookup.socket)
    daemon = site.daemon().start()
    site.postfix.start()
    try:
        verified(site)
        fallback(site)
        siege(site, web, lookup)
        whole_site(site, lookup)
        chosen(site, lookup, daemon)
        early(site, web)
    finally:
        if site.tap.failed:
            lookup.tell()
