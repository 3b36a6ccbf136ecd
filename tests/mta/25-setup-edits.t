#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The set-up script on sites as they are: odd files, edits behind its back."""
import os
import re
import subprocess

import lab
from lab.postfix import CONFIG
from lab.setup import octets, script, write

MAIN = b"""# first line
transport_maps =
    inline:{clinic.test=smtp:[127.0.0.20]},
# between the lines

    inline:{{other.test = smtp:[127.0.0.20]}}
relayhost = [127.0.0.11]:25
smtpd_recipient_restrictions = permit_mynetworks,
\treject_unauth_destination
smtpd_milters = inet:127.0.0.1:9998,
   # signs
   { unix:opendkim/opendkim.sock, default_action = accept },
   inet:127.0.0.1:9999
milter_default_action = accept
smtp_generic_maps = inline:{@a.test=@b.test}
# last line, without an end"""
MASTER = b"""
# the site's own
site-relay unix - - y - - smtp
  -o smtp_helo_timeout=5s
  # a comment inside
  -o syslog_name=postfix/site
"""


def files_of_sites(site):
    tap, postfix = site.tap, site.postfix
    stock = octets()
    odd = {"main.cf": stock["main.cf"].replace(b"transport_maps", b"#transport_maps") + MAIN, "master.cf": stock["master.cf"] + MASTER}
    write(odd)
    done = script(site, "add", "--dry-run")
    tap.ok(done.returncode == 0 and "+smtpd_milters" in done.stdout, "add --dry-run shows what would change", done.stdout + done.stderr)
    tap.equal(octets(), odd, "and changes nothing")
    tap.ok(not os.path.exists(CONFIG + "/milward"), "nor does it leave a folder")
    done = site.setup("add")
    tap.ok("relayhost" in done.stdout, "a relayhost is told", done.stdout)
    milters = postfix.get("smtpd_milters")
    tap.ok(re.match(r"inet:127.0.0.1:9998, \{ unix:milward/.*default_action=tempfail.*\}, \{ unix:opendkim", milters),
           "milward is before the signer, behind the rest", milters)
    left = octets()
    site.setup("add")
    tap.equal(octets(), left, "add twice leaves the same octets")
    script(site, "add", "--port", "10600")
    tap.ok(b"10601" in octets()["master.cf"] and b"10531" not in octets()["master.cf"], "added again with other options: those count")
    tap.ok(not re.search(rb"^milward-portal", octets()["master.cf"], re.M), "and what they leave out is gone")
    done = script(site, "remove", "--dry-run")
    tap.ok(done.returncode == 0 and "-milward_generic_maps" in done.stdout, "remove --dry-run shows it", done.stdout + done.stderr)
    script(site, "remove")
    tap.equal(octets(), odd, "remove restores every octet")
    tap.ok(not os.path.exists(CONFIG + "/milward"), "and takes its folder away")

    site.setup("add")
    added = octets()
    more = {"main.cf": b"# by hand\ndelay_warning_time = 4h\n", "master.cf": b"by-hand unix - - n - - smtp\n"}
    write({name: text + more[name] for name, text in added.items()})
    site.setup("remove")
    whole = {name: text + (b"\n" if name == "main.cf" else b"") + more[name] for name, text in odd.items()}
    tap.equal(octets(), whole, "other settings that came later stay, and the rest is restored octet by octet")

    write(odd)
    os.rename(CONFIG + "/main.cf", CONFIG + "/main.real")
    os.symlink("main.real", CONFIG + "/main.cf")
    site.setup("add")
    site.setup("remove")
    tap.ok(os.path.islink(CONFIG + "/main.cf"), "a symbolic link stays one")
    os.unlink(CONFIG + "/main.cf")
    os.rename(CONFIG + "/main.real", CONFIG + "/main.cf")
    tap.equal(octets(), odd, "and its file is restored")
    write(stock)


def edits(site):
    tap, postfix = site.tap, site.postfix
    stock = octets()
    site.setup("add")
    mine = postfix.get("smtpd_milters")
    postfix.set(smtpd_milters="inet:127.0.0.1:9997, " + mine)
    postfix.run("postconf", "-P", "milward-tls/unix/smtp_helo_timeout=9s")
    edited = octets()
    done = script(site, "remove")
    tap.ok(done.returncode == 1, "remove refuses when settings of its own were changed")
    tap.ok("smtpd_milters" in done.stderr and "milward-tls/unix" in done.stderr and "transport_maps" not in done.stderr,
           "and names them, and no others", done.stderr)
    tap.equal(octets(), edited, "and nothing is removed")
    site.setup("add")
    tap.ok("inet:127.0.0.1:9997" in postfix.get("smtpd_milters"), "add again keeps the site's edit", postfix.get("smtpd_milters"))
    tap.equal(postfix.get("smtpd_milters").count("milward/outbound.sock"), 1, "and milward is there once")
    postfix.set(smtpd_milters=postfix.get("smtpd_milters") + ", inet:127.0.0.1:9996")
    done = script(site, "remove", "--force")
    tap.equal(done.returncode, 0, "remove --force removes")
    tap.equal(postfix.get("smtpd_milters"), "inet:127.0.0.1:9997, inet:127.0.0.1:9996", "and leaves what is not milward's")
    rest = {name: text.decode() for name, text in octets().items()}
    tap.ok(not re.search("milward[-_/]", rest["main.cf"].replace(site.folder, "") + rest["master.cf"]), "nothing of milward is left", rest)
    write(stock)

    site.setup("add")
    subprocess.run(["rm", "-rf", CONFIG + "/milward"], check=True)
    tap.ok(script(site, "check").returncode == 1, "its folder is gone: check sees it")
    tap.ok(script(site, "remove").returncode == 1, "remove wants --force then")
    site.setup("add")
    tap.equal(script(site, "check").returncode, 0, "and add repairs it")
    tap.equal(script(site, "remove").returncode, 0, "so that remove can remove")
    write(stock)


with lab.Site() as site:
    for part in (files_of_sites, edits):
        part(site)
    site.tap.equal(site.leaks(), [], "no log has what is in messages")
