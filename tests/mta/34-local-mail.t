#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Settings of a site do not lead mail of local programs past milward: aliases that are themselves, header checks with FILTER."""
import lab

ALIASES = {
    "an alias for itself": ("inline:{{bob@plain.test=bob@plain.test}}", ()),
    "an alias for itself and another": ("inline:{{bob@plain.test=bob@plain.test,carol@clinic.test}}", ("carol@clinic.test",)),
    "an alias for another and itself": ("inline:{{bob@plain.test=carol@clinic.test,bob@plain.test}}", ("carol@clinic.test",)),
    "everybody is an alias for himself": ("pcre:/etc/postfix/everybody.pcre", ()),
}

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    postfix.file("everybody.pcre", "/^(.+@.+)$/ $1\n")
    site.outbound()
    for name, (table, others) in ALIASES.items():
        postfix.set(virtual_alias_maps=table)
        site.setup("add")
        postfix.reload()
        message = lab.phi()
        postfix.run("sendmail", "-i", "-f", "alice@clinic.test", "bob@plain.test", "tls@valid.test",
                    stdin=message.octets.replace(b"\r\n", b"\n"))
        postfix.settle()
        wanted = {("portal", "bob@plain.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"]}
        wanted.update({("inside", other): [None] for other in others})
        tap.equal(site.copies(message), wanted, "%s: each by his route" % name)
    # (Where FILTER sends what was judged to pass or to be routed, is the site's own word: milward-postfix(8).)
    postfix.file("filter.regexp", "/^X-Urgent:/ FILTER smtp:[127.0.0.11]:25\n")
    postfix.set(header_checks="regexp:/etc/postfix/filter.regexp", virtual_alias_maps="")
    site.setup("add")
    postfix.reload()
    message = lab.phi(head="X-Urgent: yes\r\n")
    postfix.run("sendmail", "-i", "-f", "alice@clinic.test", "refuse@valid.test", stdin=message.octets.replace(b"\r\n", b"\n"))
    postfix.settle()
    tap.equal((site.copies(message), len(site.reports(message))), ({}, 1), "a header check with FILTER: milward refuses all the same")
    message = lab.harmless(head="X-Urgent: yes\r\n")
    postfix.run("sendmail", "-i", "-f", "alice@clinic.test", "bob@valid.test", stdin=message.octets.replace(b"\r\n", b"\n"))
    postfix.settle()
    tap.equal(site.copies(message), {("plain", "bob@valid.test"): [None]}, "and other mail goes where the site sends it")
    tap.equal(site.leaks(), [], "no log has what is in messages")
