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


def starts(daemon):
    """What the daemon says when it does not start; "" when it does."""
    try:
        daemon.start()
        return ""
    except AssertionError as ended:
        return str(ended)


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

    # All of milward's tables are gone: the daemon does not start, and does not take up a new policy.
    postfix.set(transport_maps=", ".join(own))
    postfix.reload()
    mark = len(daemon.log())
    daemon.reload()
    daemon.wait_log("mw-", after=mark)
    tap.ok("transport_maps" in daemon.log()[mark:], "a reload says that the tags are not routed", daemon.log()[mark:])
    daemon.kill()
    said = starts(daemon)
    tap.ok("transport_maps" in said, "the daemon does not start when its tags are not routed, and says why", said)
    message, code = attempt(site)
    tap.equal((code // 100, clear(site, message)), (4, []), "and nothing is accepted meanwhile")
    postfix.set(transport_maps="")
    postfix.reload()
    tap.ok("transport_maps" in starts(daemon), "nor does it start with an empty transport_maps")

    postfix.set(transport_maps=whole)
    postfix.reload()
    tap.equal(starts(daemon), "", "with the tables back it starts")
    message, code = attempt(site)
    postfix.settle()
    tap.equal((code, clear(site, message)), (250, []), "and all is well")
    tap.equal(site.copies(message).get(("portal", "portal@plain.test")), [None], "and all is delivered")
