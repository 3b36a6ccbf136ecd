#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""relayhost is set, and the routes are missing, each in its own way: protected mail never goes the ordinary way."""
import os
import re

import lab

RCPTS = ("bob@clinic.test", "bob@plain.test", "tls@plain.test", "portal@plain.test")


def clear(site, message):
    """Copies outside that neither TLS nor the portal protects."""
    return [key for key, tls in site.copies(message).items() if key[0] not in ("inside", "portal") and None in tls]


def attempt(site):
    message = lab.phi()
    try:
        site.send(message, *RCPTS)
        return message, 250
    except lab.Refused as answer:
        return message, answer.code


def tables_of(postfix):
    """Entries of transport_maps; commas inside braces do not separate."""
    return [t.strip(" ,") for t in re.findall(r"[\w-]+:\{(?:[^{}]|\{[^{}]*\})*\}|[^\s,]+", postfix.get("transport_maps"))]


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    # The relay is a host without TLS: the worst that a site can have.
    postfix.set(relayhost="[127.0.0.11]:25")
    own = tables_of(postfix)
    daemon = site.outbound()
    whole = postfix.get("transport_maps")
    added = [t for t in tables_of(postfix) if t not in own]
    tap.ok(added, "milward has tables in transport_maps", whole)

    message = lab.harmless()
    site.send(message, "bob@valid.test")
    postfix.settle()
    tap.equal(site.copies(message), {("plain", "bob@valid.test"): [None]}, "ordinary mail takes the relay")
    message, code = attempt(site)
    postfix.settle()
    tap.equal((code, clear(site, message)), (250, []), "protected mail does not, and is taken")
    tap.equal(site.copies(message).get(("inside", "bob@clinic.test")), [None], "internal mail arrives")
    tap.equal(site.copies(message).get(("portal", "portal@plain.test")), [None], "and so does the portal's")

    # One of the tables is gone from the list, while the daemon runs.
    for table in added:
        if len(added) > 1:
            postfix.set(transport_maps=", ".join(t for t in tables_of(postfix) if t != table))
            postfix.reload()
            message, code = attempt(site)
            postfix.settle(60)
            tap.equal(clear(site, message), [], "without %s: nothing in clear (%d)" % (table.split(":")[0], code))
            postfix.super("-d", "ALL")
            postfix.set(transport_maps=whole)
            postfix.reload()

    # The file of a table is gone.
    for path in re.findall(r":(/[^\s,{}]+)", whole):
        os.rename(path, path + ".gone")
        postfix.reload()
        with lab.Client(timeout=15) as smtp:
            message, code = lab.phi(), 250
            try:
                smtp.mail(message.sender)
                for rcpt in RCPTS:
                    smtp.rcpt(rcpt)
                smtp.data(message.octets)
            except (lab.Refused, TimeoutError) as answer:
                code = getattr(answer, "code", 0)
        tap.equal(clear(site, message), [], "without the file %s: nothing in clear (%d)" % (os.path.basename(path), code))
        tap.ok(code // 100 != 5, "and nothing is bounced for it", code)
        os.rename(path + ".gone", path)
        postfix.stop()
        postfix.start()
        postfix.flush()
        postfix.settle(60)
        if code == 250:
            tap.equal(site.copies(message).get(("portal", "portal@plain.test")), [None], "what was taken is delivered when it is back")

    # All of milward's tables are gone, and with them the guard that they bring: the daemon sees it and tags nothing. It says so,
    # it starts all the same, and mail without PHI is not touched by it.
    def unsafe(name):
        message, code = attempt(site)
        tap.equal((code // 100, clear(site, message)), (4, []), "%s: protected mail is asked to come back" % name)
        message = lab.harmless()
        site.send(message, "bob@valid.test")
        postfix.settle()
        tap.equal(site.copies(message), {("plain", "bob@valid.test"): [None]}, "%s: other mail flows" % name)

    def safe(name):
        lab.wait_for(lambda: attempt(site)[1] == 250, "%s: accepted" % name)
        message, code = attempt(site)
        postfix.settle()
        tap.equal((code, clear(site, message)), (250, []), "%s: protected mail is taken and goes its way" % name)

    for name, maps in (("without milward's tables", ", ".join(own)), ("transport_maps empty", "")):
        mark = len(daemon.log())
        postfix.set(transport_maps=maps)
        postfix.reload()
        # With no transport_maps the mail for the inside goes to the relay too: only the rest is looked at here.
        unsafe(name) if maps else tap.equal(attempt(site)[1] // 100, 4, "%s: protected mail is asked to come back" % name)
        tap.ok("mw-" in daemon.log()[mark:] or "transport" in daemon.log()[mark:], "%s: the log says why" % name, daemon.log()[mark:])
        daemon.stop()
        mark = len(daemon.log())
        daemon.start()
        tap.ok("mw-" in daemon.log()[mark:] or "transport" in daemon.log()[mark:], "%s: and so does a start" % name, daemon.log()[mark:])
        tap.equal(attempt(site)[1] // 100, 4, "%s: nor is it taken after a restart" % name)
        postfix.set(transport_maps=whole)
        postfix.reload()
        safe("%s, and back" % name)

    # The clone that must encrypt is weakened in master.cf.
    for clone in [l.split()[0] for l in postfix.run("postconf", "-M").stdout.splitlines() if l.startswith("milward-")]:
        for line in postfix.run("postconf", "-P").stdout.splitlines():
            if line.startswith("%s/unix/smtp_tls_security_level = " % clone) and "none" not in line:
                key, level = line.split(" = ")
                postfix.run("postconf", "-P", key + "=may")
                postfix.reload()
                message, code = attempt(site)
                postfix.settle()
                tap.equal((code // 100, clear(site, message)), (4, []), "%s weakened to `may`: protected mail is not taken" % clone)
                postfix.run("postconf", "-P", "%s=%s" % (key, level))
                postfix.reload()
    safe("all clones as they were")
