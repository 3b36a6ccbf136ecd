#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Settings that a site may have, each of which would send protected mail in clear if the routes did not withstand it."""
import os

import lab
from lab import setup

# name -> settings of the site; all for one TLS-less host
SITES = {
    "smtp_tls_policy_maps says may": {"smtp_tls_policy_maps": "inline:{{plain.test=may}}"},
    "smtp_tls_policy_maps says none": {"smtp_tls_policy_maps": "inline:{{plain.test=none}}"},
    "smtp_tls_per_site says NONE": {"smtp_tls_per_site": "inline:{plain.test=NONE, mx.plain.test=NONE}"},
    "smtp_tls_security_level is none": {"smtp_tls_security_level": "none"},
    "old smtp_use_tls and smtp_enforce_tls": {"smtp_tls_security_level": "", "smtp_use_tls": "no", "smtp_enforce_tls": "no"},
    "smtp_fallback_relay": {"smtp_fallback_relay": "[127.0.0.11]:25"},
    "transport_maps with a wildcard": {"transport_maps": "inline:{clinic.test=smtp:[127.0.0.20],{*=smtp:[127.0.0.11]}}"},
    "default_transport": {"default_transport": "smtp:[127.0.0.11]:25"},
    "sender_dependent_relayhost_maps": {"sender_dependent_relayhost_maps": "static:[127.0.0.11]:25"},
    "sender_dependent_default_transport_maps": {"sender_dependent_default_transport_maps": "static:smtp:[127.0.0.11]:25"},
    "smtp_generic_maps": {"smtp_generic_maps": "inline:{@clinic.test=@clinic.test}"},
    "smtp_discard_ehlo_keywords": {"smtp_discard_ehlo_keywords": "starttls"},
}

def newer(site):
    """What milward-postfix sets on a Postfix that has tls_required_enable, as far as an older one can show it."""
    folder = os.path.join(site.folder, "newer")
    os.mkdir(folder)
    with open(os.path.join(folder, "postconf"), "w") as out:
        out.write("#!/bin/sh\ncase $* in *'-d tls_required_enable') echo 'tls_required_enable = yes'; exit ;; esac\nexec /usr/sbin/postconf \"$@\"\n")
    os.chmod(out.name, 0o755)
    done = setup.script(site, "add", "--socket", site.socket, "--portal", "[127.0.0.21]:25", path=folder + ":")
    found = site.postfix.run("postconf", "-P").stdout
    for name in ("tls", "ver", "tlsp", "verp", "portal"):
        site.tap.ok("milward-%s/unix/tls_required_enable = no" % name in found, "on a newer Postfix TLS-Required: no has no power over milward-%s" % name, done.stdout + done.stderr)
    site.postfix.run("postconf", "-PX", "milward-ver/unix/tls_required_enable")
    done = setup.script(site, "check", path=folder + ":")
    site.tap.ok(done.returncode == 1 and "milward-ver: TLS-Required: no has no power" in done.stdout, "and check sees where it is gone", done.stdout + done.stderr)


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    stock = {name: postfix.get(name) for settings in SITES.values() for name in settings}
    site.outbound()
    with_routes = postfix.get("transport_maps")
    for name, settings in SITES.items():
        settings = dict(settings)
        if "transport_maps" in settings:  # the site's part of it
            settings["transport_maps"] = with_routes.replace(stock["transport_maps"], settings["transport_maps"])
        postfix.set(**settings)
        postfix.reload()
        site.sinks["portal"].down()
        message = lab.phi()
        site.send(message, "tls@plain.test", "ver@plain.test", "bob@plain.test", "portal@plain.test", "verp@plain.test")
        postfix.settle()
        tap.equal(site.copies(message), {}, "%s: nothing in clear while the portal is down" % name)
        site.sinks["portal"].up()
        postfix.flush()
        lab.wait_for(lambda: not postfix.queue(), "%s: the queue is empty" % name)
        tap.equal(
            site.copies(message),
            {("portal", "%s@plain.test" % n): [None] for n in ("bob", "portal", "verp")},
            "%s: the portal has what is its own" % name,
        )
        tap.equal(len(site.reports(message)) > 0, True, "%s: and the sender knows of the rest" % name)
        message = lab.phi()
        site.send(message, "bob@valid.test")
        postfix.settle()
        copies = site.copies(message)
        tap.ok(all(tls for tlss in copies.values() for tls in tlss) or list(copies) == [("portal", "bob@valid.test")],
               "%s: what TLS can carry goes by TLS" % name, copies)
        postfix.set(**dict({n: stock[n] for n in settings}, transport_maps=with_routes))
        postfix.reload()

    version = tuple(int(n) for n in postfix.get("mail_version").split(".")[:2])
    name = "a header TLS-Required: no does not weaken the route"
    if version < (3, 10):
        tap.skip(name, "Postfix %d.%d does not know it" % version)
        newer(site)
    else:
        message = lab.phi(head="TLS-Required: no\r\n")
        site.send(message, "tls@plain.test", "bob@plain.test")
        postfix.settle()
        tap.equal(site.copies(message), {("portal", "bob@plain.test"): [None]}, name)
