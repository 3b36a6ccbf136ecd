#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which milter is milward's: the one at its socket, whatever its path is called and whatever others are called."""
import os
import subprocess

import lab
from lab.postfix import CONFIG
from lab.setup import octets, script, write


def sockets(site):
    tap, postfix = site.tap, site.postfix
    stock = octets()
    alien = "{ unix:milward/theirs.sock, default_action=accept }"
    postfix.set(smtpd_milters=alien)
    theirs = octets()
    folder = os.path.join(postfix.get("queue_directory"), "odd-name")
    for name, path in (("the default socket", None), ("a socket of another name", folder + "/phi.sock")):
        arguments = ("--socket", path) if path else ()
        done = script(site, "add", *arguments)
        tap.ok(done.returncode == 0 and script(site, "check").returncode == 0, name + ": add, and it holds", done.stdout + done.stderr)
        good = octets()
        # (What the setting is called, and what it is made of what is there.)
        mine = postfix.get("smtpd_milters").split(", ", 2)[2]
        local = postfix.get("milward_local_milters")
        accept = mine.replace("default_action=tempfail", "default_action=accept")
        damage = {
            "it fails open, and another does not": dict(smtpd_milters=accept + ", { inet:127.0.0.1:9, default_action=tempfail }"),
            "it is gone, and one of its name is there": dict(smtpd_milters=alien.replace("accept", "tempfail")),
            "a second value takes the first one back": dict(smtpd_milters=mine.replace("tempfail,", "tempfail, default_action=accept,")),
            "the same with blanks": dict(smtpd_milters=mine.replace("tempfail,", "tempfail, { default_action = accept },")),
            "a second one at its socket": dict(smtpd_milters=mine + ", " + accept),
            "no default_action": dict(smtpd_milters=mine.replace("default_action=tempfail, ", ""), milter_default_action="accept"),
            "another protocol": dict(smtpd_milters=mine.replace("protocol=6", "protocol=2")),
            "only its path": dict(smtpd_milters=mine.split(",")[0].strip("{ "), milter_default_action="accept"),
            "local mail, and it fails open": dict(
                milward_local_milters=local.replace("=tempfail", "=accept") + ", { inet:127.0.0.1:9, default_action=tempfail }"),
            "local mail, and one of its name is there": dict(milward_local_milters=alien + ", " + local),
            "a signer behind one of its name": dict(smtpd_milters=alien + ", unix:opendkim/opendkim.sock, " + mine),
        }
        for what, settings in damage.items():
            postfix.set(**settings)
            done = script(site, "check")
            tap.ok(done.returncode == 1 and "MISSING" in done.stdout, "%s: check sees: %s" % (name, what), done.stdout)
            write(good)
        postfix.set(smtpd_milters=postfix.get("smtpd_milters").replace("content_timeout=300s", "content_timeout=10m"))
        tap.equal(script(site, "check").returncode, 0, name + ": another time is the site's own matter")
        tap.equal(script(site, "remove").returncode, 1, name + ": remove names it")
        done = script(site, "remove", "--force")
        tap.ok(done.returncode == 0 and postfix.get("smtpd_milters") == alien, name + ": and by force takes it out, and no other",
               done.stderr + postfix.get("smtpd_milters"))
        write(theirs)
        script(site, "add", *arguments)
        subprocess.run(["rm", "-rf", CONFIG + "/milward"], check=True)
        script(site, "remove", "--force")
        tap.equal(postfix.get("smtpd_milters"), alien, name + ": the same when its folder is gone")
        write(theirs)
        if path:
            os.rmdir(folder)
    postfix.set(smtpd_milters="unix:milward/outbound.sock")
    done = script(site, "add")
    tap.ok(done.returncode == 1 and "already" in done.stderr, "a socket that is there already is not added a second time", done.stderr)
    write(stock)


with lab.Site() as site:
    sockets(site)
    site.tap.equal(site.leaks(), [], "no log has what is in messages")
