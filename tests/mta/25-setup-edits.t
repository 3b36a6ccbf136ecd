#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The set-up script on sites as they are: odd files, edits behind its back, failures in the middle, mail in the queue."""
import os
import re
import signal
import subprocess

import lab
from lab.postfix import CONFIG

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


def octets():
    return {name: open(os.path.join(CONFIG, name), "rb").read() for name in ("main.cf", "master.cf")}


def write(files):
    for name, text in files.items():
        with open(os.path.join(CONFIG, name), "wb") as out:
            out.write(text)


def script(site, *arguments, path="", **more):
    """The script as it is, with no arguments but these."""
    program = os.path.join(site.prefix, "share", "milward", "postfix", "milward-postfix")
    env = dict(os.environ, PATH=path + os.environ["PATH"])
    # Programs of Postfix read a main.cf that is younger than two seconds again and again: an old one saves minutes here.
    os.utime(os.path.join(CONFIG, "main.cf"), (1e9, 1e9))
    return subprocess.run((program,) + arguments, capture_output=True, text=True, env=env, **more)


def wrapper(site, name, body):
    """A folder for PATH with a program that stands before the real one."""
    folder = os.path.join(site.folder, name)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "postfix")
    with open(path, "w") as out:
        out.write("#!/bin/sh\n%s\nexec /usr/sbin/postfix \"$@\"\n" % body)
    os.chmod(path, 0o755)
    return folder + ":"


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


def wrong(site):
    tap, postfix = site.tap, site.postfix
    stock = octets()

    def refused(name, word, *arguments):
        done = script(site, *arguments)
        tap.ok(done.returncode == 1 and word in done.stderr, "refused: " + name, done.stdout + done.stderr)
        tap.ok(octets() == stock and not os.path.exists(CONFIG + "/milward"), "and nothing is changed: " + name)

    refused("a socket that a chrooted smtpd cannot reach", "chrooted", "add", "--socket", "/run/milward/outbound.sock")
    refused("a socket of TCP", "unix socket", "add", "--socket", "inet:127.0.0.1:8891")
    refused("a portal in clear on another host", "in clear", "add", "--portal", "[192.0.2.1]:25", "--portal-tls", "none")
    for nexthop in ("a b", "x';--", "[127.0.0.1", "[x']:25", "a|b"):
        refused("the next hop %s" % nexthop, "next hop", "add", "--portal", nexthop)
    refused("a port that is none", "--port", "add", "--port", "70000")
    names = os.path.join(site.folder, "names")
    for text, word in (("partner.test\n", ":1:"), ("\npartner.test a.test;b\n", ":2:"), ("p.test x may\tlevel=none\n", ":1:")):
        open(names, "w").write(text)
        refused("names: %r" % text, word, "add", "--names", names)
    refused("names that are not there", "cannot read", "add", "--names", names + "-none")
    write({"main.cf": stock["main.cf"] + b"smtpd_milters = inet:127.0.0.1:1\nsmtpd_milters = inet:127.0.0.1:2\n"})
    stock = octets()
    refused("a setting that is there twice", "more than once", "add")
    write({"main.cf": stock["main.cf"].split(b"smtpd_milters")[0],
           "master.cf": stock["master.cf"] + b"127.0.0.1:10532 inet n - n - - smtpd\n"})
    stock = octets()
    refused("a port that is taken", "port 10532", "add")
    refused("remove without add", "not added", "remove")
    write({"master.cf": stock["master.cf"].replace(b"127.0.0.1:10532 inet n - n - - smtpd\n", b"")})
    postfix.run("postconf", "-h", "transport_maps")


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
        "a service that is gone": lambda: postfix.run("postconf", "-MX", "milward-verp/unix"),
    }
    for name, hurt in damage.items():
        hurt()
        done = script(site, "check")
        tap.ok(done.returncode == 1 and "MISSING" in done.stdout, "check sees: " + name, done.stdout)
        write(good)
    for table in ("untag.pcre", "notag.pcre", "routes.cf", "tlsdsn.pcre", "names"):
        os.rename("%s/milward/%s" % (CONFIG, table), "%s/milward/gone" % CONFIG)
        tap.equal(script(site, "check").returncode, 1, "check sees that %s is gone" % table)
        os.rename("%s/milward/gone" % CONFIG, "%s/milward/%s" % (CONFIG, table))
    with open(CONFIG + "/milward/names", "a") as out:
        out.write("plain.test may\n")
    tap.equal(script(site, "check").returncode, 1, "check sees a name that lowers the level")
    done = script(site, "show")
    tap.ok("milward-tls:example.org" in done.stdout and "smtp_tls_security_level=encrypt" in done.stdout, "show shows it", done.stdout)
    site.setup("remove")


def other_instance(site):
    """A second instance is set up, the first is not touched."""
    tap, postfix = site.tap, site.postfix
    two = os.path.join(site.folder, "postfix-two")
    os.makedirs(two)
    first = octets()
    for name, text in first.items():
        open(os.path.join(two, name), "wb").write(text)
    postfix.run("postconf", "-c", two, "-e", "queue_directory=%s/spool-two" % site.folder, "data_directory=%s/data-two" % site.folder,
                "multi_instance_name=postfix-two", "smtpd_milters=inet:127.0.0.1:9994")
    os.makedirs(site.folder + "/spool-two", mode=0o755)
    os.makedirs(site.folder + "/data-two")
    subprocess.run(["chown", "postfix", site.folder + "/data-two"], check=True)
    before = {name: open(os.path.join(two, name), "rb").read() for name in first}
    done = script(site, "add", "-c", two, "--port", "10800")
    tap.equal((done.returncode, octets() == first), (0, True), "a second instance is set up, the first is not touched")
    note = done.stdout + done.stderr
    tap.ok(script(site, "check", "-c", two).returncode == 0, "check knows it", note)
    tap.ok(script(site, "check").returncode == 1, "and does not take it for the first")
    script(site, "remove", "-c", two)
    tap.equal({name: open(os.path.join(two, name), "rb").read() for name in first}, before, "and it is removed again")


def waiting_mail(site):
    """Mail in the queue needs its route: without it a relayhost would get it in clear."""
    tap, postfix = site.tap, site.postfix
    postfix.set(relayhost="[127.0.0.11]:25")
    daemon = site.outbound()
    added = octets()
    message = lab.phi()
    site.send(message, "tls@down.test", "bob@clinic.test")
    postfix.settle()
    tap.equal(len(postfix.queue()), 1, "protected mail waits for a host that is down")
    done = script(site, "remove")
    tap.ok(done.returncode == 1 and "1 messages" in done.stderr, "remove refuses while mail needs the routes", done.stderr)
    tap.equal(script(site, "remove", "--force").returncode, 1, "also by force")
    tap.equal(octets(), added, "and changes nothing")
    postfix.super("-h", "ALL")
    tap.equal(script(site, "remove").returncode, 1, "also when it is on hold")
    postfix.super("-d", "ALL")
    tap.equal(script(site, "remove").returncode, 0, "remove removes when it is gone")
    tap.equal([key for key in site.copies(message) if key[0] != "inside"], [], "and nothing of it went out")
    daemon.stop()
    message = lab.harmless()
    site.send(message, "bob@valid.test")
    postfix.settle()
    tap.equal(site.copies(message), {("plain", "bob@valid.test"): [None]}, "mail flows as it did before milward")
    postfix.unset("relayhost")
    postfix.stop()


def one_address(site):
    """A site that listens on, and connects from, one address that is not loopback; and names for verified TLS."""
    tap, postfix = site.tap, site.postfix
    subprocess.run(["ip", "address", "add", "10.77.0.1/32", "dev", "lo"], check=True)
    names = os.path.join(site.folder, "names")
    open(names, "w").write("# partners\nmixed.test mx.valid.test  # taken by another company\nplain.test mx.valid.test\n")
    postfix.set(inet_interfaces="10.77.0.1", mynetworks="127.0.0.0/8, 10.77.0.1/32", smtpd_milter_maps="inline:{{127.0.0.1=DISABLE}}")
    site.setup("add", "--names", names)
    daemon = site.daemon().start()
    postfix.start()
    message = lab.phi()
    site.send(message, "bob@plain.test", "tls@valid.test", "ver@mixed.test", "verp@plain.test", address="10.77.0.1")
    postfix.settle()
    tap.equal(site.copies(message), {
        ("portal", "bob@plain.test"): [None],
        ("valid", "tls@valid.test"): ["TLSv1.3"],
        ("valid", "ver@mixed.test"): ["TLSv1.3"],
        ("portal", "verp@plain.test"): [None],
    }, "one inet_interfaces: fallback and TLS work, and names that were given are verified")
    message = lab.phi()
    postfix.run("sendmail", "-i", "-f", "alice@clinic.test", "bob@plain.test", "tls@valid.test", stdin=message.octets.replace(b"\r\n", b"\n"))
    postfix.settle()
    tap.equal(site.copies(message), {("portal", "bob@plain.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"]},
              "and mail of local programs meets milward, whatever smtpd_milter_maps say of this machine")
    tap.equal(postfix.queue(), [], "nothing waits")
    daemon.stop()
    postfix.stop()


with lab.Site() as site:
    for part in (files_of_sites, edits, wrong, failures, checks, other_instance, waiting_mail, one_address):
        part(site)
    site.tap.equal(site.leaks(), [], "no log has what is in messages")
