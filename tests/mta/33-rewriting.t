#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tables of the site that rewrite recipients, and take a tagged one for an address of their own: no tag and no recipient is lost."""
import lab
from lab.postfix import CONFIG
from lab.setup import octets, script, write

# As sites have it: everything at plain.test, whatever stands behind, is now at other hosts. brokentls.test has no TLS either.
PATTERN = "/^(.*)@plain\\.test.*$/ $1@brokentls.test\n"
MAPS = ("virtual_alias_maps", "canonical_maps", "recipient_canonical_maps")
NAMES = ("bob", "verp", "Jane.O'Hara+lab", '"odd name"')


def kept(site, name, by_smtp, by_program):
    """Mail with PHI: by SMTP its recipients keep their addresses, by a program they are rewritten before milward sees them."""
    rcpts = ["%s@plain.test" % local for local in NAMES] + ["ver@valid.test"]
    for how, domain in (("SMTP", by_smtp), ("sendmail", by_program)):
        message = lab.phi()
        if how == "SMTP":
            site.send(message, *rcpts)
        else:
            site.postfix.run("sendmail", "-i", "-f", "alice@clinic.test", *rcpts, stdin=message.octets.replace(b"\r\n", b"\n"))
        site.postfix.settle()
        wanted = {("portal", "%s@%s" % (local, domain)): [None] for local in NAMES}
        wanted["valid", "ver@valid.test"] = ["TLSv1.3"]
        site.tap.equal(site.copies(message), wanted, "%s, by %s: each recipient by its route" % (name, how))
        site.tap.equal(site.postfix.queue(), [], "%s, by %s: nothing waits" % (name, how))


def refused(site, name, why):
    """milward does not tag: the sender comes back, other mail goes on."""
    daemon, postfix = site.milward, site.postfix
    at = len(daemon.log())
    message = lab.phi()
    try:
        site.send(message, "bob@plain.test")
        code = 250
    except lab.Refused as answer:
        code = answer.code
    site.tap.equal((code // 100, site.copies(message), postfix.queue()), (4, {}, []), "%s: protected mail is asked to come back" % name)
    site.tap.ok(why in daemon.log()[at:], "%s: and the log says why" % name, daemon.log()[at:])
    done = script(site, "check")
    site.tap.ok(done.returncode == 1 and "tagged addresses" in done.stdout, "%s: so does check" % name, done.stdout)
    message = lab.harmless()
    site.send(message, "bob@valid.test")
    postfix.settle()
    site.tap.equal(list(site.copies(message)), [("valid", "bob@valid.test")], "%s: other mail goes on" % name)


def each_setting(site):
    postfix = site.postfix
    stock = octets()
    for name in MAPS:
        table = site.tables["regexp" if name == "canonical_maps" else "pcre"]
        before = dict(stock, **{"main.cf": stock["main.cf"] + b"%s = inline:{{x@clinic.test=y@clinic.test}}\n   %s\n" % (
            name.encode(), table.encode())})
        write(before)
        site.setup("add")
        postfix.reload()
        kept(site, name, "plain.test", "brokentls.test")
        done = script(site, "check")
        site.tap.ok(done.returncode == 0 and "note: %s" % name in done.stdout, "%s: check names it" % name, done.stdout)
        site.setup("remove")
        site.tap.equal(octets(), before, "%s: remove restores every octet" % name)
    write(stock)


def by_hand(site):
    """The site puts a table in when milward is there already, and add finds a place before it."""
    postfix = site.postfix
    site.setup("add")
    table = site.tables["pcre"]
    postfix.set(virtual_alias_maps=table)
    postfix.reload()
    refused(site, "a table by hand", "virtual_alias_maps: %s may change tagged recipients" % table)
    site.setup("add")
    site.tap.ok(postfix.get("virtual_alias_maps").endswith("/milward/keep.pcre, " + table), "added again: milward's table is first")
    site.tap.equal(script(site, "check").returncode, 0, "and check is content")
    postfix.set(virtual_alias_maps="pcre:%s/milward/keep.pcre" % CONFIG)
    done = script(site, "check")
    site.tap.ok(done.returncode == 0 and "note: " not in done.stdout, "nobody is warned of milward's own table", done.stdout)
    site.setup("add")
    site.tap.equal(postfix.get("virtual_alias_maps"), "", "and it goes with the last of the site's")


def a_service(site):
    """A cleanup service with tables of its own; add cannot know what they are for."""
    postfix = site.postfix
    option, table = "cleanup/unix/canonical_maps", site.tables["pcre"]
    postfix.run("postconf", "-P", "%s=%s" % (option, table))
    postfix.reload()
    refused(site, "a cleanup service", "master.cf: %s: %s may change" % (option, table))
    postfix.run("postconf", "-P", "%s=pcre:%s/milward/keep.pcre,%s" % (option, CONFIG, table))
    postfix.reload()
    site.tap.equal(script(site, "check").returncode, 0, "a cleanup service, with milward's table first: check is content")
    message = lab.phi()
    site.send(message, "bob@plain.test")
    postfix.settle()
    site.tap.equal(site.copies(message), {("portal", "bob@plain.test"): [None]}, "a cleanup service, with milward's table first: kept")
    postfix.run("postconf", "-PX", option)


with lab.Site() as site:
    site.tables = {kind: "%s:%s" % (kind, site.postfix.file("moved." + kind, PATTERN)) for kind in ("pcre", "regexp")}
    site.milward = site.daemon().start()
    site.postfix.start()
    for part in (each_setting, by_hand, a_service):
        part(site)
    clear = [copy for name, sink in site.sinks.items() if name not in ("inside", "portal") for copy in sink.copies
             if not copy.tls and b"SSN" in copy.data]
    site.tap.equal(clear, [], "nothing protected left in clear")
    site.tap.equal(site.leaks(), [], "no log has what is in messages")
