#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sites with tables of their own: milward-postfix adds itself, protected mail takes its routes, and nothing of it stays behind."""
import os
import subprocess

import lab
from lab import odd
from lab.postfix import CONFIG

# A table that takes every address is how some sites force all mail through one relay.
CATCH_ALL = b"/@clinic\\.test$/ smtp:[127.0.0.20]\n/^/ smtp:[127.0.0.11]:25\n"
TRANSPORT = b"clinic.test smtp:[127.0.0.20]\nother.test smtp:[127.0.0.20]\n"
# name -> main.cf, master.cf, options of add
SITES = {
    "transport_maps of hash and regexp, with a table that takes every address, and a relayhost":
        (odd.both(odd.without(b"transport_maps"), odd.lines(b"transport_maps = hash:/etc/postfix/transport,", b"   # then all the rest",
                                                b"  regexp:/etc/postfix/transport.regexp", b"relayhost = [127.0.0.11]:25")), odd.same, ()),
    "the same through a smarthost":
        (odd.both(odd.without(b"transport_maps"), odd.lines(b"transport_maps = hash:/etc/postfix/transport regexp:/etc/postfix/transport.regexp",
                                                b"relayhost = [127.0.0.12]:25")), odd.same, ("--smarthost", "[127.0.0.12]:25")),
    "settings that are made of others": (odd.both(odd.without(b"transport_maps", b"smtpd_relay_restrictions"), odd.lines(
        b"site_maps = inline:{clinic.test=$site_inside}", b"site_inside = smtp:[127.0.0.20]", b"transport_maps = ${site_maps}, proxy:$site_hash",
        b"site_hash = hash:/etc/postfix/transport", b"site_checks = permit_mynetworks", b"smtpd_restriction_classes = partners",
        b"partners = reject_unauth_destination", b"smtpd_relay_restrictions = $site_checks, partners",
        b"smtpd_recipient_restrictions = ${site_checks}", b"smtpd_milters = ${site_milters}", b"site_milters =")), odd.same, ()),
}

with lab.Site() as site:
    for path, text in (("transport", TRANSPORT), ("transport.regexp", CATCH_ALL)):
        with open(os.path.join(CONFIG, path), "wb") as out:
            out.write(text)
    subprocess.run(["postmap", "hash:" + os.path.join(CONFIG, "transport")], check=True)
    site.daemon().start()
    for name, (main, master, options) in SITES.items():
        odd.run(site, name, main, master, options)
    odd.end(site)
