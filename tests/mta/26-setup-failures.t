#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The set-up script when something fails in the middle, and its check when something was changed."""
import os
import signal
import subprocess

import lab
from lab.postfix import CONFIG
from lab.setup import octets, script, write, wrapper


def failures(site):
    tap, postfix = site.tap, site.postfix
    stock = octets()
    postfix.start()
    path = wrapper(site, "no-reload", 'case "$*" in *reload*) exit 1 ;; esac')
    done = script(site, "add", path=path)
    tap.ok(done.returncode == 1 and "back as it was" in done.stderr, "a reload that fails: add says so", done.stderr)
    tap.ok(octets() == stock and not os.path.exists(CONFIG + "/milward"), "and everything is as it was")
    path = wrapper(site, "no-check", 'case "$*" in *check*) echo "a folder is missing" >&2; exit 1 ;; esac')
    done = script(site, "add", path=path)
    tap.ok(done.returncode == 1 and "a folder is missing" in done.stderr, "Postfix's own check fails: add says why", done.stderr)
    tap.ok(octets() == stock and not os.path.exists(CONFIG + "/milward"), "and everything is as it was")

    site.setup("add")
    added = octets()
    tables = sorted(os.listdir(CONFIG + "/milward"))
    done = script(site, "add", path=path)
    tap.ok(done.returncode == 1 and octets() == added, "the same when it is added again: it stays as it was added", done.stderr)
    tap.equal(sorted(os.listdir(CONFIG + "/milward")), tables, "with its tables")
    tap.equal(script(site, "check").returncode, 0, "and holds")

    # Killed in the middle, when the new files are in place already.
    mark = os.path.join(site.folder, "reached")
    path = wrapper(site, "slow", 'case "$*" in *check*) : >%s; exec sleep 60 ;; esac' % mark)
    for name, number in (("interrupted", signal.SIGINT), ("terminated", signal.SIGTERM)):
        program = os.path.join(site.prefix, "share", "milward", "postfix", "milward-postfix")
        run = subprocess.Popen((program, "add", "--port", "10700"), env=dict(os.environ, PATH=path + os.environ["PATH"]),
                               start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lab.wait_for(lambda: os.path.exists(mark), "the files are in place")
        os.killpg(run.pid, number)
        tap.ok(run.wait(30) != 0, "%s: add fails" % name)
        tap.equal(octets(), added, "%s: and everything is as it was" % name)
        os.unlink(mark)
    tap.equal(script(site, "check").returncode, 0, "what was added before holds")
    done = script(site, "remove", path=wrapper(site, "no-reload", 'case "$*" in *reload*) exit 1 ;; esac'))
    tap.ok(done.returncode == 1 and octets() == added, "remove, and a reload that fails: it stays added", done.stderr)
    site.setup("remove")
    tap.equal(octets(), stock, "and is removed when it does not fail")
    postfix.stop()


def checks(site):
    tap, postfix = site.tap, site.postfix
    site.setup("add")
    good = octets()
    damage = {
        "the guard of unknown tags": lambda: postfix.set(transport_maps=postfix.get("transport_maps").split("}}, ", 1)[1].split(", ", 1)[1]),
        "no table at all": lambda: postfix.set(transport_maps=""),
        "no rule against tags": lambda: postfix.set(smtpd_recipient_restrictions="permit_mynetworks"),
        "no milter": lambda: postfix.set(smtpd_milters=""),
        "a milter whose failure is no matter": lambda: postfix.set(
            smtpd_milters=postfix.get("smtpd_milters").replace("default_action=tempfail", "default_action=accept")),
        "a signer before it": lambda: postfix.set(smtpd_milters="unix:opendkim/opendkim.sock, " + postfix.get("smtpd_milters")),
        "local mail with a milter more": lambda: postfix.set(non_smtpd_milters="inet:127.0.0.1:9995"),
        "local mail around it": lambda: postfix.run("postconf", "-PX", "pickup/unix/cleanup_service_name"),
        "generic maps of the site that changed": lambda: postfix.set(smtp_generic_maps="inline:{@a.test=@b.test}"),
        "a level too low": lambda: postfix.run("postconf", "-P", "milward-tls/unix/smtp_tls_security_level=may"),
        "a policy table": lambda: postfix.run("postconf", "-P", "milward-ver/unix/smtp_tls_policy_maps=inline:{{plain.test=may}}"),
        "a fallback relay": lambda: postfix.run("postconf", "-P", "milward-tls/unix/smtp_fallback_relay=[127.0.0.11]"),
        "a listener that does not probe": lambda: postfix.run(
            "postconf", "-P", "127.0.0.1:10531/inet/smtpd_recipient_restrictions=permit_mynetworks,reject"),
        "a listener that takes mail": lambda: postfix.run("postconf", "-P", "127.0.0.1:10531/inet/smtpd_data_restrictions="),
        "a portal that is not asked last": lambda: postfix.run(
            "postconf", "-P", "milward-verp/unix/smtp_fallback_relay=[127.0.0.21]:25,[127.0.0.1]:10531"),
        "a host that is down and not waited for": lambda: postfix.run("postconf", "-P", "milward-tlsp/unix/smtp_reply_filter="),
        "a service that is gone": lambda: postfix.run("postconf", "-MX", "milward-verp/unix"),
    }
    for name, hurt in damage.items():
        hurt()
        done = script(site, "check")
        tap.ok(done.returncode == 1 and "MISSING" in done.stdout, "check sees: " + name, done.stdout)
        write(good)
    for table in ("untag.pcre", "notag.pcre", "notls.pcre", "routes.cf", "waits.pcre", "names"):
        os.rename("%s/milward/%s" % (CONFIG, table), "%s/milward/gone" % CONFIG)
        tap.equal(script(site, "check").returncode, 1, "check sees that %s is gone" % table)
        os.rename("%s/milward/gone" % CONFIG, "%s/milward/%s" % (CONFIG, table))
    with open(CONFIG + "/milward/names", "a") as out:
        out.write("plain.test may\n")
    tap.equal(script(site, "check").returncode, 1, "check sees a name that lowers the level")
    done = script(site, "show")
    tap.ok("milward-tls:example.org" in done.stdout and "smtp_tls_security_level=encrypt" in done.stdout, "show shows it", done.stdout)
    site.setup("remove")


with lab.Site() as site:
    for part in (failures, checks):
        part(site)
    site.tap.equal(site.leaks(), [], "no log has what is in messages")
