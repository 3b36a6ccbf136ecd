#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl doctor on a real Sendmail: a healthy site gives nothing; what is broken is found and gone after the command that doctor
prints was run; and doctor itself changes nothing."""
import ctypes
import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402


def unsynchronised():
    """What the kernel of this machine thinks of its clock, which no test may change."""
    data = (ctypes.c_byte * 512)()
    return ctypes.CDLL(None).adjtimex(ctypes.byref(data)) == 5


def checksums(*folders):
    found = {}
    for folder in folders:
        for where, _folders, files in os.walk(folder):
            for path in (os.path.join(where, name) for name in files):
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        found[path] = hashlib.sha256(file.read()).hexdigest(), os.lstat(path).st_mtime_ns
    return found


with lab.Site("sendmail") as site:
    tap, sendmail = site.tap, site.sendmail
    sendmail.edit("FEATURE(`no_default_msa')", "QUEUE_GROUP(`mqueue', `P=%s, F=f, r=1')dnl\nFEATURE(`nocanonify')dnl\n" % sendmail.queue_folder)
    sendmail.edit("MAILER(`local')", "INPUT_MAIL_FILTER(`opendkim', `S=inet:9992@127.0.0.1')dnl\n")
    sendmail.build()
    env = dict(os.environ, LC_ALL="C.UTF-8", PATH=":".join([site.prefix + "/sbin", site.prefix + "/bin", os.environ["PATH"]]))
    anchor = sendmail.file("anchor", "signed. IN DS 4711 8 2 %s\n" % ("ab" * 32))
    lookup = os.path.join(site.folder, "lookup.policy")
    with open(lookup, "w") as out:
        out.write('load lookup { listen "inet:10599@127.0.0.1"; resolvers "127.0.0.53"; trust-anchor "%s"; cache "%s" }\n' % (anchor, site.folder))
    policy = site.policy(load=sendmail.load)
    site.dns.records += ['clinic.test. IN TXT "v=spf1 mx -all"', '_dmarc.clinic.test. IN TXT "v=DMARC1; p=reject"']
    site.dns.restart()

    def doctor():
        command = ["milwardctl", "doctor", "--json", "-c", sendmail.config, "--cf", sendmail.cf, "--programs", os.path.dirname(sendmail.program)]
        command += (["--ignore", "clock"] if unsynchronised() else []) + ["sendmail", policy, lookup]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert not done.stderr, done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def expect(what, wanted, code):
        status, found = doctor()
        tap.equal((status, {f["id"] for f in found}), (code, set(wanted)), "%s: exactly that is found" % what)
        return found

    def mend(what, found):
        for fix in dict.fromkeys(f["fix"] for f in found if f["fix"] and not f["fix"].startswith("systemctl")):
            done = subprocess.run(["sh", "-c", fix], env=env, capture_output=True, text=True)
            tap.ok(done.returncode == 0, "%s: the fix runs" % what, fix, done.stdout + done.stderr)
        tap.equal(doctor(), (0, []), "%s: and gone after the fix" % what)

    found = expect("a Sendmail without milward", ["not-added"], 2)
    site.setup("add")
    found = expect("without the daemon", ["socket-missing"], 2)
    daemon = site.daemon(load=sendmail.load).start()
    before = checksums(sendmail.config, sendmail.cf)
    tap.equal(doctor(), (0, []), "a healthy site: nothing is found")
    tap.equal(checksums(sendmail.config, sendmail.cf), before, "and nothing is changed, not in Sendmail's own folder of m4 files either")

    def refused(rcpt, name):
        message = lab.phi()
        try:
            answer = site.send(message, rcpt)
        except lab.Refused as why:
            answer = str(why)
        sendmail.settle()
        tap.ok(answer.startswith("message: 55"), name, answer)
        tap.equal(site.copies(message), {}, "nobody gets a copy")

    sendmail.start()
    refused("postmaster@gw.clinic.test", "mail with PHI for an address of this machine is refused where the policy does not know its aliases")
    sendmail.stop()

    # What check must see, in sendmail.cf itself.
    sendmail.change("mw-tls . invalid . > $*\t$#milward-tls", "mw-xls . invalid . > $*\t$#milward-tls")
    sendmail.change('R$* < @ $* invalid . > $*\t$#error $@ 5.1.2', 'R$* < @ $* nosuch . > $*\t$#error $@ 5.1.2')
    sendmail.change("R$* $| $* < @ $* invalid . > $*\t", "R$* $| $* < @ $* nosuch . > $*\t")
    sendmail.change("R< ver > < $* > $*\t$@ $>MilwardVerified $2", "R< ver > < $* > $*\t$@ $>MilwardEncrypted $2")
    sendmail.change(", F=T, T=C:10s;S:60s;R:60s;E:5m", ", T=C:10s;S:60s;R:60s;E:5s")
    sendmail.change("O HostStatusDirectory\n", "O HostStatusDirectory=/x\n")
    sendmail.change("O InputMailFilters=milward, opendkim", "O InputMailFilters=opendkim, milward")
    found = expect("routes and guards", ["tag-route", "tag-guard", "tag-clients", "tls-level", "milter-action", "milter-time", "host-status", "milter-order"], 2)
    mend("routes and guards", found)

    # What the site has beside it.
    sendmail.edit("QUEUE_GROUP", "dnl ")
    sendmail.edit("FEATURE(`nocanonify')", "dnl ")
    sendmail.edit("MAILER(`local')", "DAEMON_OPTIONS(`Name=MSA, Port=587, InputMailFilters=opendkim')dnl\n")
    sendmail.file("aliases", "postmaster: root\ndesk: carol@clinic.test\nteam: carol@clinic.test, bob@plain.test\n")
    sendmail.build()
    found = expect("the site's own", ["envelopes", "canonify", "own-milters", "aliases"], 1)
    tap.ok([f["text"] for f in found if f["id"] == "aliases" and "team@gw.clinic.test" in f["text"]], "the alias is named", found)
    mend("the site's own", found)
    done = subprocess.run([site.prefix + "/bin/milwardctl", "check", policy], env=env, capture_output=True, text=True)
    tap.equal(done.returncode, 0, "the policy that the fix makes is good")
    found = [line for line in site.setup("check", check=False).stdout.splitlines() if "aliases" in line]
    tap.ok(found and "refused or held" in found[0], "check says what becomes of mail for such an alias", found)

    # With milward's own portal the command of the fix is another.
    sock = os.path.join(site.folder, "seal.sock")
    site.setup("add", "--portal", "unix:" + sock)
    sendmail.change(", F=T, T=C:10s", ", T=C:10s")
    found = doctor()[1]
    done = subprocess.run(["sh", "-c", next(f["fix"] for f in found if f["id"] == "milter-action")], env=env, capture_output=True, text=True)
    tap.ok(done.returncode == 0 and {f["id"] for f in doctor()[1]} == {"socket-missing"}, "with milward's own portal: the fix runs", done.stdout + done.stderr, found)
    site.setup("add")

    # And so it is: Sendmail would not take the alias out for those behind it, so what is protected does not go to any of them.
    at = len(daemon.log())
    daemon.reload()
    daemon.wait_log("reload:", after=at, seconds=30)
    sendmail.start()
    refused("team@gw.clinic.test", "mail with PHI for such an alias is refused")
    message = lab.phi()
    site.send(message, "desk@gw.clinic.test")
    lab.wait_for(lambda: sendmail.flush() or site.copies(message), "it is delivered", 30, lambda: site.copies(message))
    tap.equal([rcpt for _sink, rcpt in site.copies(message)], ["carol@clinic.test"], "an address of this machine whose alias stays inside is inside")
    message = lab.harmless()
    site.send(message, "team@gw.clinic.test")
    # Who has an envelope of his own is next in a queue run.
    lab.wait_for(lambda: sendmail.flush() or len(site.copies(message)) == 2, "both get it", 30, lambda: site.copies(message))
    tap.equal(sorted(rcpt for _sink, rcpt in site.copies(message)), ["bob@plain.test", "carol@clinic.test"], "mail without reaches all who are behind it")
    sendmail.stop()
