#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milward-sendmail: adds, finds what is wrong, takes out again, and leaves nothing half done."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402


def files(sendmail):
    return sendmail.read("sendmail.mc"), sendmail.read("sendmail.cf")


def failing(sendmail, name, body):
    """A program that stands before the real one."""
    folder = os.path.join(sendmail.folder, "bin-" + name)
    os.mkdir(folder)
    for program in ("sendmail", "makemap"):
        real = os.path.join(os.path.dirname(sendmail.program), program)
        with open(os.path.join(folder, program), "w") as out:
            out.write("#!/bin/sh\n%s\nexec %s \"$@\"\n" % (body if program == name else "", real))
        os.chmod(os.path.join(folder, program), 0o755)
    return folder


with lab.Site("sendmail") as site:
    tap, sendmail = site.tap, site.sendmail
    sendmail.edit("MAILER(`local')", "INPUT_MAIL_FILTER(`spam', `S=inet:9991@127.0.0.1')dnl\nINPUT_MAIL_FILTER(`opendkim', `S=inet:9992@127.0.0.1')dnl\n")
    sendmail.build()
    before = files(sendmail)
    listing = sorted(os.listdir(sendmail.config))

    def script(*arguments):
        return site.setup(*arguments, check=False)

    def expect(name, code, word, *arguments):
        done = script(*arguments)
        tap.ok(done.returncode == code and word in done.stdout + done.stderr, name, done.returncode, done.stdout + done.stderr)

    expect("check before add: not added", 1, "not added", "check")
    expect("remove before add: not added", 1, "not added", "remove")
    expect("--dry-run shows", 0, "+FEATURE(`milward'", "add", "--dry-run")
    tap.equal(files(sendmail), before, "and changes nothing")
    for arguments in (("--portal-tls", "may"), ("--portal-tls", "none", "--portal", "portal.test"), ("--names", "/nosuch"), ("--seal", "x y")):
        done = sendmail.run(os.path.join(site.prefix, "share/milward/sendmail/milward-sendmail"), "add", *sendmail.places, *arguments, check=False)
        tap.ok(done.returncode != 0 and files(sendmail) == before, "add %s is refused" % " ".join(arguments), done.stderr)

    sendmail.start()
    with open(os.path.join(sendmail.folder, "sendmail.pid"), "r+") as pid:
        lines = pid.read()
        pid.seek(0)
        pid.write(lines.replace(sendmail.program, "sendmail"))
        pid.truncate()
    expect("a Sendmail that could not start itself again", 1, "full path", "add")
    tap.ok(sendmail.answers() and files(sendmail) == before, "is left alone")
    with open(os.path.join(sendmail.folder, "sendmail.pid"), "w") as pid:
        pid.write(lines)
    expect("add", 0, "added", "add")
    added = files(sendmail)
    order = [line.split("'")[0].split("`")[1] for line in added[0].splitlines() if line.startswith(("INPUT_MAIL_FILTER", "FEATURE(`milward"))]
    tap.equal(order, ["spam", "milward", "opendkim"], "behind what may refuse mail, before what signs")
    tap.ok("O InputMailFilters=spam, milward, opendkim" in added[1], "and so in sendmail.cf")
    lab.wait_for(lambda: sendmail.log().count("starting daemon") == 2, "Sendmail is reloaded")
    expect("check", 0, "ok       clients cannot name a tag", "check")
    expect("show", 0, "milward-tlsp, host example.org:[127.0.0.21]", "show")
    expect("add again", 0, "added", "add")
    tap.equal(files(sendmail)[0], added[0], "changes nothing")
    sendmail.stop()

    # What check must see: each fault of a set-up, edited into sendmail.cf.
    for name, old, new, word in (
        ("a route that is gone", "mw-tls . invalid . > $*\t$#milward-tls", "mw-xls . invalid . > $*\t$#milward-tls", "MISSING  mail for .mw-tls.invalid"),
        ("unknown tags that are no error", 'R$* < @ $* invalid . > $*\t$#error $@ 5.1.2', 'R$* < @ $* nosuch . > $*\t$#error $@ 5.1.2', "MISSING  a tag without a route"),
        ("clients that may name tags", "R$* $| $* < @ $* invalid . > $*\t", "R$* $| $* < @ $* nosuch . > $*\t", "MISSING  clients cannot"),
        ("TLS that nobody asks for", "SLocal_tls_server\n", "SLocal_tls_server\nR$*\t$@ OK\n", "MISSING  tls refuses"),
        ("certificates that nobody looks at", "R< ver > < $* > $*\t$@ $>MilwardVerified $2", "R< ver > < $* > $*\t$@ $>MilwardEncrypted $2", "MISSING  ver refuses a certificate"),
        ("a filter that is not asked", "O InputMailFilters=spam, milward, opendkim", "O InputMailFilters=spam, opendkim", "MISSING  InputMailFilters"),
        ("a filter that lets pass", ", F=T, T=C:10s", ", T=C:10s", "MISSING  while milward is away"),
        ("status of hosts on disk", "O HostStatusDirectory\n", "O HostStatusDirectory=/x\n", "MISSING  HostStatusDirectory"),
        ("no authorities", "O CACertPath", "#O CACertPath", "MISSING  CACertPath"),
        ("a mailer of its own", "\nMlocal,", "\nMinside,\tP=[IPC], F=mz,\n\tS=EnvFromL/HdrFromL, R=EnvToL, A=FILE /x\nMlocal,", "the mailer inside has the sender ruleset EnvFromL"),
        ("a listener of its own", "O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25", "O DaemonPortOptions=Name=MTA, Port=25, InputMailFilters=spam", "does not meet milward"),
    ):
        sendmail.change(old, new)
        done = script("check")
        tap.ok(word in done.stdout + done.stderr and (done.returncode == 1 or "warning" in done.stdout), "check sees %s" % name, done.stdout + done.stderr)
        sendmail.file("sendmail.cf", added[1])
    expect("and is content again", 0, "ok       tls refuses a host without TLS", "check")

    # Debian's own sendmail.mc.
    sendmail.file("sendmail.mc", sendmail.debian())
    expect("add to Debian's own sendmail.mc", 0, "added", "add")
    expect("check", 0, "ok       HostStatusDirectory", "check")
    expect("and remove", 0, "removed", "remove")

    # A site's own rules for TLS, in front of ours: add must not believe that its rules hold.
    sendmail.file("sendmail.mc", before[0].replace("MAILER(`local')", "LOCAL_CONFIG\nKx macro\nMAILER(`local')"))
    expect("add beside other local rules", 0, "added", "add")
    expect("and remove", 0, "removed", "remove")
    sendmail.file("sendmail.mc", before[0])
    sendmail.file("sendmail.cf", before[1])

    # What fails leaves everything as it was.
    state = files(sendmail)
    for name, body in (("makemap", "exit 70"), ("sendmail", "case \"$*\" in *d0.13*) ;; *) exit 70 ;; esac"), ("sendmail", "exit 1")):
        folder = failing(sendmail, name, body) if not os.path.exists(os.path.join(sendmail.folder, "bin-" + name)) else None
        if not folder:
            folder = os.path.join(sendmail.folder, "bin-" + name)
            with open(os.path.join(folder, name), "w") as out:
                out.write("#!/bin/sh\n%s\n" % body)
        names = os.path.join(site.folder, "names")
        with open(names, "w") as out:
            out.write("a.test mx.b.test\n")
        done = script("add", "--names", names, "--programs", folder)
        tap.ok(done.returncode != 0, "%s that fails: add fails" % name, done.stdout + done.stderr)
        tap.equal((files(sendmail), sorted(os.listdir(sendmail.config))), (state, listing), "%s that fails: everything is as it was" % name)
    sendmail.file("sendmail.mc", before[0].replace("MAILER(`smtp')dnl", "MAILER(`nosuch')dnl"))
    done = script("add")
    tap.ok(done.returncode != 0 and "nosuch" in done.stderr and "FEATURE(`milward" not in sendmail.read("sendmail.mc"), "an error of m4: nothing is changed", done.stderr)
    sendmail.file("sendmail.mc", before[0])

    # Taking out waits for the queue.
    sendmail.start()
    script("add")
    lab.wait_for(lambda: sendmail.answers(), "Sendmail answers")
    sendmail.change("O InputMailFilters=spam, milward, opendkim", "O InputMailFilters=milward")
    sendmail.stop()
    site.daemon(load=sendmail.load).start()
    sendmail.start()
    site.sinks["portal"].down()
    message = lab.phi()
    site.send(message, "bob@plain.test")
    sendmail.settle()
    expect("remove, with tagged mail in the queue: refused", 1, "1 messages in the queue", "remove")
    site.sinks["portal"].up()
    sendmail.flush()
    tap.equal(site.copies(message), {("portal", "bob@plain.test"): [None]}, "which is delivered")
    expect("remove", 0, "removed", "remove")
    tap.equal(files(sendmail), before, "and every octet is as it was")
    tap.equal(sorted(os.listdir(sendmail.config)), listing, "and every file")
    lab.wait_for(lambda: sendmail.answers(), "Sendmail answers")
    message = lab.harmless()
    site.send(message, "bob@plain.test")
    sendmail.settle()
    tap.equal(site.copies(message), {("plain", "bob@plain.test"): [None]}, "mail goes as before")
