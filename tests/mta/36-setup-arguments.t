#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Arguments of the set-up script, and sites, that it refuses: it says why, changes nothing, and a wrong command line is status 64."""
import os

import lab
from lab.postfix import CONFIG
from lab.setup import octets, script, write


def wrong(site):
    tap, postfix = site.tap, site.postfix
    stock = octets()

    def refused(name, word, *arguments, status=1):
        done = script(site, *arguments)
        tap.ok(done.returncode == status and word in done.stderr, "refused: " + name, done.stdout + done.stderr)
        tap.ok(octets() == stock and not os.path.exists(CONFIG + "/milward"), "and nothing is changed: " + name)

    refused("a socket that a chrooted smtpd cannot reach", "chrooted", "add", "--socket", "/run/milward/outbound.sock")
    refused("a socket of TCP", "unix socket", "add", "--socket", "inet:127.0.0.1:8891", status=64)
    refused("a portal in clear on another host", "in clear", "add", "--portal", "[192.0.2.1]:25", "--portal-tls", "none", status=64)
    for nexthop in ("a b", "x';--", "[127.0.0.1", "[x']:25", "a|b"):
        refused("the next hop %s" % nexthop, "next hop", "add", "--portal", nexthop, status=64)
    for port in ("70000", "0", "smtp", ""):
        refused("the port %r" % port, "--port", "add", "--port", port, status=64)
    refused("a level that is none", "--portal-tls", "add", "--portal-tls", "high", status=64)
    refused("a socket that Postfix cannot name", "no such socket", "add", "--socket", "/var/spool/postfix/a b", status=64)
    refused("an option without its value", "needs a value", "add", "--portal", status=64)
    refused("an option that is none", "unknown argument", "add", "--smart", status=64)
    refused("a command that is none", "no command", "ad", status=64)
    refused("no command at all", "usage", status=64)
    names = os.path.join(site.folder, "names")
    for text, word in (("partner.test\n", ":1:"), ("\npartner.test a.test;b\n", ":2:"), ("p.test x may\tlevel=none\n", ":1:")):
        open(names, "w").write(text)
        refused("names: %r" % text, word, "add", "--names", names)
    refused("names that are not there", "cannot read", "add", "--names", names + "-none")
    write({"main.cf": stock["main.cf"] + b"smtpd_milters = inet:127.0.0.1:1\nsmtpd_milters = inet:127.0.0.1:2\n"})
    stock = octets()
    refused("a setting that is there twice", "more than once", "add")
    write({"main.cf": stock["main.cf"].split(b"smtpd_milters")[0],
           "master.cf": stock["master.cf"] + b"127.0.0.1:10532 inet n - n - - smtpd\n"})
    stock = octets()
    refused("a port that is taken", "port 10532", "add")
    refused("remove without add", "not added", "remove")
    write({"master.cf": stock["master.cf"].replace(b"127.0.0.1:10532 inet n - n - - smtpd\n", b"")})
    postfix.run("postconf", "-h", "transport_maps")


with lab.Site() as site:
    wrong(site)
    site.tap.equal(site.leaks(), [], "no log has what is in messages")
