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
        done = postfix.run("postmap", "-q", "bob@example.test.%s.invalid" % tag, "sqlite:/etc/postfix/milward/routes.cf")
        tap.ok(done.stdout.startswith("milward-" + tag[3:] + ":"), "the route of %s" % tag, done.stdout)
    postfix.stop()

    site.setup("remove")
    tap.equal(picture(postfix), before, "remove brings back what was there")
    tap.ok(site.setup("check", check=False).returncode != 0, "check sees that it is gone")

    # milward-seal and milward-lookup: routes of their own, and a listener for what comes back.
    more = ("--lookup", "/run/lookup.sock", "--seal", "/run/seal.sock", "--signer", "/run/sign.sock")
    site.setup("add", *more)
    done = site.setup("check", check=False)
    tap.equal(done.returncode, 0, "check is content with them, too")
    tap.ok("tag sealsop is routed" in done.stdout, "and has looked at their tags", done.stdout)
    for tag in ("sealsop", "sealo", "open"):
        done = postfix.run("postmap", "-q", "bob@x.test.mw-%s.invalid" % tag, "sqlite:/etc/postfix/milward/routes.cf")
        tap.equal(done.stdout.strip(), "milward-seal:unix:/run/seal.sock", "the tag %s goes to milward-seal" % tag)
    policy = postfix.run("postconf", "-P", "milward-ver/unix/smtp_tls_policy_maps").stdout
    tap.ok(policy.strip().endswith("milward/names,socketmap:unix:/run/lookup.sock:verified"), "verified TLS asks milward-lookup", policy)
    postfix.start()
    tap.equal(site.setup("check", check=False).returncode, 0, "the running Postfix is content")
    with lab.Client(port=10533) as smtp:
        tap.equal(smtp.command("MAIL FROM:<a@clinic.test>")[0], 451, "nothing comes back unsigned while the signer is away")
    site.setup("add", "--seal", "/run/seal.sock")
    with lab.Client(port=10533) as smtp:
        smtp.mail("a@clinic.test")
        code, text = smtp.command("RCPT TO:<bob@valid.test.mw-portal.invalid>")
        tap.equal(code, 250, "without a signer it is taken, also for the portal: %s" % text)
    postfix.stop()
    for wrong in (("--seal", "seal.sock"), ("--signer", "/run/sign.sock"), ("--lookup", "/run/a b"), ("--port", "65534")):
        done = site.setup("add", *wrong, check=False)
        tap.ok(done.returncode == 64 and "Traceback" not in done.stderr, "add %s is refused" % " ".join(wrong), done.stderr)
    site.setup("remove")
    tap.equal(picture(postfix), before, "remove takes them out as well")
