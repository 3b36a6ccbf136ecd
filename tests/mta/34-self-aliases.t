#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An alias that is itself, alone or with others, ends the search in the tables: mail of local programs meets milward all the same."""
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
    tap.equal(site.leaks(), [], "no log has what is in messages")
