#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The script that teaches a running Postfix the routes: what it adds works, and what it takes out leaves nothing behind."""
import lab

TAGS = ("mw-tls", "mw-tlsp", "mw-ver", "mw-verp", "mw-portal")


def picture(postfix):
    """The whole configuration, as Postfix understands it."""
    return postfix.run("postconf", "-n").stdout + postfix.run("postconf", "-M").stdout + postfix.run("postconf", "-P").stdout


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    tap.ok(site.setup("check", check=False).returncode != 0, "check says that a stock Postfix is not set up")
    before = picture(postfix)
    maps = postfix.get("transport_maps")
    site.setup("add")
    after = picture(postfix)
    tap.ok(after != before, "add changes the configuration")
    tap.ok(maps in postfix.get("transport_maps"), "the site's own transport_maps stay", postfix.get("transport_maps"))
    site.setup("add")
    tap.equal(picture(postfix), after, "add twice is add once")
    done = site.setup("check", check=False)
    tap.equal(done.returncode, 0, "check is content")
    tap.equal(postfix.run("postfix", "check").stderr, "", "Postfix has nothing to say against it")

    postfix.start()
    done = site.setup("check", check=False)
    tap.ok(done.returncode == 0, "check is content with the running Postfix", done.stdout + done.stderr)
    for tag in TAGS:
        done = postfix.run("postmap", "-q", "bob@example.test.%s.invalid" % tag, *postfix.get("transport_maps").split(",")[-1:], check=False)
        tap.ok(done.returncode in (0, 1), "a look-up of %s is answered" % tag, done.stderr)
    postfix.stop()

    site.setup("remove")
    tap.equal(picture(postfix), before, "remove brings back what was there")
    tap.ok(site.setup("check", check=False).returncode != 0, "check sees that it is gone")
