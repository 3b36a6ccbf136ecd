#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""TLS that DANE assures, from signed zones to delivery: Postfix asks milward-lookup, whose verdict the milter used, too. What cannot be
assured never leaves in clear: not when a record lies, when a host has no TLS, when a table of the site says so, or without the service."""
import hashlib
import os
import shutil

from cryptography import x509
from cryptography.hazmat.primitives import serialization

import lab
from lab.lookup import Lookup
from lab.postfix import QUEUE
from lab.signed import PARENT, Signed, tlsa
from lab.sink import Sink
from lab.site import DOWN, LOAD
from lab.tap import skip_all
from lab.web import DAY, Web, page, policy

for program in ("nsd", "ldns-signzone"):
    if not shutil.which(program):
        skip_all("%s is not installed (packaging/deps test)" % program)

PLAIN, VALID, SELFSIGNED, BROKENTLS = "127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.16"
WEB, TRUSTED = "127.0.0.40", "127.0.0.42"
# With an MTA-STS policy beside: the host that it names.
BOTH = {"both.signed": "mx.elsewhere.test", "bothbad.signed": "mx.bothbad.signed", "bothtemp.signed": "mx.broken.signed"}
NAMES = ["%s.signed" % name for name in ("good", "wrong", "notls", "stripped", "notlsa", "mixed", "backup", "broken", "unsigned")]
PIN = ["selfsigned.test", "valid.test", "brokentls.test"]  # of the lab: partners in the site's table


def fingerprint(cert):
    with open(cert, "rb") as pem:
        der = x509.load_pem_x509_certificate(pem.read()).public_bytes(serialization.Encoding.DER)
    return ":".join("%02X" % octet for octet in hashlib.sha256(der).digest())


def zones(site):
    certs = {name: sink.cert for name, sink in site.sinks.items()}
    names = Signed(site.folder, "signed")

    def host(address, cert, name="mx"):
        records = ["%s IN A %s" % (name, address)]
        return records + ([tlsa(name, cert)] if cert else [])

    mx = ["@ IN MX 10 mx"]
    names.zone("good.signed", mx + host(SELFSIGNED, certs["selfsigned"]))
    names.zone("wrong.signed", mx + host(VALID, "wrong"))
    names.zone("notls.signed", mx + host(PLAIN, certs["valid"]))
    names.zone("stripped.signed", mx + host(BROKENTLS, certs["valid"]))
    names.zone("notlsa.signed", mx + host(VALID, None))
    names.zone("mixed.signed", ["@ IN MX 10 mx", "@ IN MX 10 clear"] + host(SELFSIGNED, certs["selfsigned"]) + host(PLAIN, None, "clear"))
    names.zone("backup.signed", ["@ IN MX 10 mx", "@ IN MX 20 clear"] + host(DOWN, certs["selfsigned"]) + host(PLAIN, None, "clear"))
    names.zone("broken.signed", mx + host(SELFSIGNED, certs["selfsigned"]), signed="wrong")
    names.zone("unsigned.signed", mx + host(SELFSIGNED, certs["selfsigned"]), signed="no")
    sts = ["_mta-sts IN TXT \"v=STSv1; id=1\"", "mta-sts IN A " + WEB]
    names.zone("both.signed", sts + mx + host(SELFSIGNED, certs["selfsigned"]))
    names.zone("bothbad.signed", sts + mx + host(TRUSTED, "wrong"))
    names.zone("bothtemp.signed", sts + ["@ IN MX 10 mx.broken.signed."])
    names.start()
    site.dns.signed.append(("signed", PARENT, names.anchor))
    site.dns.restart()
    return names


def lookup_daemon(site, names):
    table = os.path.join(site.folder, "partners")
    with open(table, "w") as out:
        out.write("selfsigned.test fingerprint=%s\n" % fingerprint(site.sinks["selfsigned"].cert))
        out.write("valid.test fingerprint=%s\nbrokentls.test match=.brokentls.test\n" % ":".join(["00"] * 32))
    folder = os.path.join(site.folder, "lookup")
    os.makedirs(os.path.join(folder, "log"))
    os.chmod(folder, 0o755)
    options = ['resolvers "127.0.0.53"', 'trust-anchor "%s"' % names.anchor, 'partners "%s"' % table, 'ca-file "%s"' % site.ca.path,
               "private-hosts yes", "ttl-min 1 second", "dns-timeout 3 seconds"]
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
    tap, postfix = site.tap, site.postfix
    message = send_all(site, NAMES + PIN)
    copies = site.copies(message)
    tap.equal(copies.pop(("selfsigned", "ver@good.signed"), None), ["TLSv1.3"], "TLSA of a certificate that nobody signed: delivered")
    tap.equal(copies.pop(("selfsigned", "ver@selfsigned.test"), None), ["TLSv1.3"], "a partner, known by a fingerprint: delivered")
    tap.equal(copies, {}, "no other copy leaves, and none in clear")
    tap.equal(waiting(site), ["backup.signed", "broken.signed", "brokentls.test", "stripped.signed"],
              "the assured host is down, DNS is forged, TLS may come back: it waits")
    reported = b"".join(copy.data for copy in site.reports(message))
    for domain in ("wrong.signed", "notls.signed", "notlsa.signed", "unsigned.signed", "mixed.signed", "valid.test"):
        tap.ok(b"ver@%s" % domain.encode() in reported, "no TLS that holds: %s bounces" % domain, waiting(site))
    tap.ok("Verified TLS connection established to mx.good.signed" in postfix.log(), "Postfix says so")
    postfix.super("-d", "ALL")


def fallback(site):
    domains = ["wrong.signed", "notls.signed", "notlsa.signed", "good.signed"]
    message = send_all(site, domains, "verp")
    wanted = {("portal", "verp@%s" % d): [None] for d in domains[:-1]}
    wanted[("selfsigned", "verp@good.signed")] = ["TLSv1.3"]
    site.tap.equal(site.copies(message), wanted, "what DANE forbids goes to the portal")


def both(site, web, lookup):
    """DANE comes before MTA-STS, whichever of them would let the mail go; and one that cannot be known is not made up for by the other."""
    tap, postfix = site.tap, site.postfix
    message = send_all(site, list(BOTH))
    tap.equal(site.copies(message), {("selfsigned", "ver@both.signed"): ["TLSv1.3"]}, "DANE, and an MTA-STS policy that names another host: delivered by DANE")
    tap.ok([c for c in site.reports(message) if b"ver@bothbad.signed" in c.data],
           "a certificate that MTA-STS would take, and TLSA records of another: not delivered, and reported", waiting(site))
    tap.equal(waiting(site), ["bothtemp.signed"], "DANE that cannot be known, and a policy of MTA-STS: it waits")
    tap.equal(web.seen, [], "nobody was asked for a policy")
    # Their policies do count where there is no DANE.
    tap.equal(lookup.ask("tls sts.test"), "OK secure match=mx.bothbad.signed servername=hostname protocols=>=TLSv1.2", "a policy without DANE counts")
    postfix.super("-d", "ALL")


def traps(site):
    """What lowers the level elsewhere does not here."""
    tap, postfix = site.tap, site.postfix
    postfix.set(smtp_tls_policy_maps="inline:{{good.signed=none},{wrong.signed=may},{notls.signed=none}}", smtp_tls_security_level="none")
    postfix.reload()
    message = lab.phi(head="TLS-Required: no\r\n")
    send_all(site, ["good.signed", "wrong.signed", "notls.signed"], message=message)
    tap.equal(site.copies(message), {("selfsigned", "ver@good.signed"): ["TLSv1.3"]},
              "TLS-Required: no, and policy maps of the site that say none: as ever")
    postfix.unset("smtp_tls_policy_maps")
    postfix.set(smtp_tls_security_level="may")
    postfix.reload()


def outage(site, lookup):
    """Nothing that needs an assurance leaves without the service; it waits, and leaves when the service is back."""
    tap, postfix = site.tap, site.postfix
    lookup.kill()
    message = send_all(site, ["good.signed", "notls.signed"])
    tap.equal((site.copies(message), waiting(site)), ({}, ["good.signed", "notls.signed"]), "without milward-lookup: it waits")
    reasons = list(postfix.deferred().values())
    tap.ok(reasons and all("TLS" in text for text in reasons) and "dsn=4.7.5" in postfix.log(), "with 4.7.5", reasons)
    lookup.start()
    postfix.flush()
    lab.wait_for(lambda: site.copies(message), "it leaves")
    postfix.settle()
    tap.equal(site.copies(message), {("selfsigned", "ver@good.signed"): ["TLSv1.3"]}, "with it again: delivered, and no other copy")
    postfix.super("-d", "ALL")


def resolver_gone(site, lookup, names):
    """DNS is cut: what is known holds."""
    tap = site.tap
    names.stop()
    tap.equal(lookup.ask("verified good.signed"), "OK dane-only", "no DNS: the verdict is remembered")
    tap.ok(lookup.ask("verified other.signed").startswith("TEMP"), "and none is made up")


def whole_site(site):
    tap, postfix = site.tap, site.postfix
    postfix.set(smtp_tls_policy_maps="socketmap:unix:milward/lookup:tls", smtp_tls_security_level="may", smtp_dns_support_level="dnssec")
    postfix.reload()
    domains = ["good.signed", "wrong.signed", "notls.signed", "notlsa.signed", "plain.test", "selfsigned.test", "backup.signed"]
    message = send_all(site, domains, "bob", lab.harmless())
    wanted = {("selfsigned", "bob@good.signed"): ["TLSv1.3"], ("valid", "bob@notlsa.signed"): ["TLSv1.3"],
              ("plain", "bob@plain.test"): [None], ("selfsigned", "bob@selfsigned.test"): ["TLSv1.3"]}
    tap.equal(site.copies(message), wanted, "all mail of the site: DANE where there is, TLS as ever where there is not")
    tap.equal(waiting(site), ["backup.signed", "notls.signed", "wrong.signed"], "and what DANE forbids waits")
    postfix.super("-d", "ALL")
    postfix.unset("smtp_tls_policy_maps", "smtp_dns_support_level")
    postfix.reload()


def chosen(site, lookup, daemon):
    tap = site.tap
    daemon.stop()
    site.daemon(load=LOAD.replace("portal yes", 'portal yes; lookup "%s"' % lookup.socket)).start()
    message = send_all(site, ["good.signed", "mixed.signed"], "verp")
    tap.equal(site.copies(message), {("selfsigned", "verp@good.signed"): ["TLSv1.3"], ("portal", "verp@mixed.signed"): [None]},
              "the milter takes the way that DANE assures, and passes over TLS that nothing does")
    try:
        site.send(lab.phi(), "ver@unsigned.signed")
        tap.ok(False, "nothing assures TLS, and there is no other way: refused")
    except lab.Refused as answer:
        tap.ok("not signed by DNSSEC" in str(answer), "nothing assures TLS, and there is no other way: refused, with the reason", answer)


with lab.Site() as site:
    lab.site.OUTSIDE += NAMES + list(BOTH)
    web = Web(site.ca, WEB, 443)
    for domain, mx in list(BOTH.items()) + [("sts.test", "mx.bothbad.signed")]:
        web.pages["mta-sts." + domain] = page(policy("enforce", DAY, [mx]))
    site.dns.mail("sts.test", "mx.bothbad.signed")
    site.dns.host("mta-sts.sts.test", WEB)
    site.dns.records.append('_mta-sts.sts.test. IN TXT "v=STSv1; id=1"')
    site.sinks["trusted"] = Sink("trusted", TRUSTED, "tls", site.ca.issue("mx.bothbad.signed"), os.path.join(site.folder, "sinks"))
    site.sinks["trusted"].up()
    names = zones(site)
    lookup = lookup_daemon(site, names)
    site.setup("add", "--lookup", lookup.socket)
    daemon = site.daemon().start()
    site.postfix.start()
    try:
        verified(site)
        fallback(site)
        both(site, web, lookup)
        traps(site)
        outage(site, lookup)
        whole_site(site)
        chosen(site, lookup, daemon)
        resolver_gone(site, lookup, names)
        clear = [copy for name, sink in site.sinks.items() if name not in ("inside", "portal") for copy in sink.copies
                 if not copy.tls and copy.to != ["bob@plain.test"]]
        site.tap.equal(clear, [], "nothing left in clear")
        site.tap.equal(site.leaks(), [], "no matched text in any log")
    finally:
        if site.tap.failed:
            lookup.tell()
