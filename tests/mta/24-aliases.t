#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Aliases expand behind the milter: what that means, and that the set-up's check says so."""
import lab
from lab.setup import script

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    daemon = site.outbound()
    done = site.setup("check", check=False)
    tap.ok("note" not in done.stdout + done.stderr, "without aliases, check does not speak of them", done.stdout, done.stderr)
    postfix.set(virtual_alias_maps="inline:{{team@clinic.test=bob@plain.test,carol@clinic.test}}")
    postfix.reload()
    done = site.setup("check", check=False)
    tap.ok("virtual_alias_maps" in done.stdout + done.stderr, "check warns of virtual_alias_maps", done.stdout, done.stderr)
    # The limit that milward-route(7) describes: milward sees team@clinic.test, which is inside.
    message = lab.phi()
    site.send(message, "team@clinic.test")
    postfix.settle()
    tap.equal(site.copies(message), {("inside", "carol@clinic.test"): [None], ("plain", "bob@plain.test"): [None]},
              "an alias is delivered as what it is to milward: mail for the inside")
    # Mail that is tagged has the settings read again.
    site.send(lab.phi(), "tls@valid.test")
    tap.ok("Postfix has virtual_alias_maps: " in daemon.log(), "the daemon warns of it too", daemon.log())
    postfix.set(recipient_canonical_maps="inline:{{dan@clinic.test=dan@plain.test}}")
    done = site.setup("check", check=False)
    tap.ok("recipient_canonical_maps" in done.stdout + done.stderr, "check warns of recipient_canonical_maps", done.stdout, done.stderr)
    postfix.set(recipient_canonical_maps="", header_checks="regexp:{{/^X-Urgent:/ FILTER smtp:[127.0.0.11]:25}}")
    done = site.setup("check", check=False)
    tap.ok(done.stdout.count("checks is set") == 1 and "note: header_checks is set: " in done.stdout, "check warns of header_checks", done.stdout)
    # What goes around the routes has many names, in main.cf and for one service.
    checks = "regexp:{{/^X-Urgent:/ FILTER smtp:[127.0.0.11]:25}}"
    others = dict({name: checks for name in ("mime_header_checks", "nested_header_checks", "body_checks", "milter_header_checks")},
                  always_bcc="archive@clinic.test", sender_bcc_maps="inline:{a@b.test=c@d.test}", recipient_bcc_maps="inline:{a@b.test=c@d.test}",
                  smtpd_milter_maps="inline:{127.0.0.1=DISABLE}", content_filter="scan:[127.0.0.1]:10025", debug_peer_list="127.0.0.1")
    others["header_checks"] = checks.replace("Urgent", "Other")
    postfix.set(**others)
    found = script(site, "check").stdout
    tap.equal([name for name in others if ": %s is set: " % name not in found], [], "check names each")
    postfix.unset(*others)
    for name, value in others.items():
        postfix.run("postconf", "-P", "cleanup/unix/%s=%s" % (name, "regexp:/etc/postfix/checks" if name.endswith("checks") else value))
    found = script(site, "check").stdout
    tap.equal([name for name in others if ": %s is set for the service cleanup/unix of master.cf: " % name not in found], [],
              "and each that one service has")
    postfix.run("postconf", "-PX", *["cleanup/unix/" + name for name in others])
    postfix.service("628", "inet", "qmqpd")
    found = script(site, "check").stdout
    tap.ok("service 628/inet of master.cf takes mail by QMQP" in found, "and a listener that no milter is asked by", found)
    postfix.run("postconf", "-MX", "628/inet")
    postfix.run("postconf", "-P", "cleanup/unix/always_bcc=", "smtp/unix/smtp_header_checks=regexp:/etc/postfix/checks")
    found = script(site, "check").stdout
    tap.ok("bcc" not in found and "checks is set" not in found, "and none that is empty, or can do no such thing", found)
    postfix.run("postconf", "-PX", "cleanup/unix/always_bcc", "smtp/unix/smtp_header_checks")
    # What the manual page advises: a line of its own.
    daemon.stop()
    with open(daemon.policy) as policy:
        text = policy.read()
    with open(daemon.policy, "w") as policy:
        policy.write(text.replace("match class phi to external", 'match class phi to "team@clinic.test" then refuse "an alias"\nmatch class phi to external'))
    daemon.start()
    message = lab.phi()
    for rcpt in ("team@clinic.test", "Team@Clinic.test", '"team"@clinic.test', "team@clinic.test."):
        try:
            site.send(message, rcpt)
            code = 250
        except lab.Refused as answer:
            code = answer.code
        tap.equal(code // 100, 5, "%s: a line of its own refuses it" % rcpt)
    tap.equal(site.copies(message), {}, "and it goes nowhere")
    # A recipient outside that is an alias for a tag would be a way around the guard.
    postfix.set(virtual_alias_maps="inline:{{x@clinic.test=bob@plain.test.mw-nosuch.invalid}}")
    postfix.reload()
    message = lab.phi()
    site.send(message, "x@clinic.test")
    postfix.settle()
    tap.equal(site.copies(message), {}, "an alias for a tag without a route goes nowhere")
