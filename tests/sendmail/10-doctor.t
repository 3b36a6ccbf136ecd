#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl doctor on a real Sendmail: a healthy site gives nothing; what is broken is found and gone after the command that doctor
prints was run; and doctor itself changes nothing."""
import ctypes
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402
from lab.dkimkeys import Keys  # noqa: E402


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

    sealing = []  # policies of more services, when there are any

    def doctor():
        command = ["milwardctl", "doctor", "--json", "-c", sendmail.config, "--cf", sendmail.cf, "--programs", os.path.dirname(sendmail.program)]
        command += (["--ignore", "clock"] if unsynchronised() else []) + ["sendmail", policy, lookup] + sealing
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert not done.stderr, done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def expect(what, wanted, code):
        status, found = doctor()
        tap.equal((status, {f["id"] for f in found}), (code, set(wanted)), "%s: exactly that is found" % what)
        return found

    def mend(what, found):
        records = [f["fix"] for f in found if f.get("dns")]
        if records:
            site.dns.records += records
            site.dns.restart()
        for fix in dict.fromkeys(f["fix"] for f in found if f["fix"] and not f.get("dns") and not f["fix"].startswith("systemctl")):
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
    sendmail.change("O CACertPath=", "#O CACertPath=")
    found = expect("routes and guards", ["tag-route", "tag-guard", "tag-clients", "tls-level", "milter-action", "milter-time", "host-status", "milter-order",
                                         "authorities"], 2)
    mend("routes and guards", found)
    sendmail.change('R$* < @ $* invalid . > $*\t$#error $@ 5.1.2', 'R$* < @ $* nosuch . > $*\t$#error $@ 5.1.2')
    sendmail.change("\nDS\n", "\nDSmail.plain.test\n")
    mend("a smarthost", expect("a smarthost", ["relayhost"], 2))
    sendmail.file("sendmail.cf", sendmail.read("sendmail.cf") + "Mown,\t\tP=[IPC], F=mDFMuX, S=EnvFromL/HdrFromL, R=EnvToL, E=\\r\\n, T=DNS/RFC822/SMTP,\n\t\tA=TCP $h\n")
    mend("edited by hand", expect("edited by hand", ["cf-differs", "mailer-sender"], 1))

    # What the site has beside it.
    sendmail.edit("QUEUE_GROUP", "dnl ")
    sendmail.edit("FEATURE(`nocanonify')", "dnl ")
    sendmail.edit("MAILER(`local')", "DAEMON_OPTIONS(`Name=MSA, Port=587, InputMailFilters=opendkim')dnl\n")
    sendmail.file("aliases", "postmaster: root\ndesk: carol@clinic.test\nteam: carol@clinic.test, bob@plain.test\n")
    sendmail.file("submit.cf", "V10/Berkeley\n")
    site.dns.records = [r for r in site.dns.records if "v=spf1" not in r and "v=DMARC1" not in r]
    site.dns.restart()
    sendmail.build()
    found = expect("the site's own", ["envelopes", "canonify", "own-milters", "aliases", "local-mail", "spf", "dmarc"], 1)
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

    # A service behind it: what is let in must fit, and what comes back, which is larger, too. Sendmail has one limit for both.
    sign = os.path.join(site.folder, "sign.sock")
    for name, text in {"seal": 'load seal { listen "unix:%s"; state "%s/seal" }\n' % (sock, site.folder),
                       "sign": "listen unix:%s\nload route grant route, edit, run { mta none }\n%s\naliases none\nmatch any then pass\nalways sign dkim\n" % (
                           sign, Keys(site.folder).load())}.items():
        sealing.append(os.path.join(site.folder, name + ".policy"))
        with open(sealing[-1], "w") as out:
            out.write(text)
    mend("keys that sign", expect("keys that sign", ["dkim-missing"], 2))
    with open(policy) as file:
        good = file.read()

    def edit(old, new):
        assert old in good, old
        with open(policy, "w") as out:
            out.write(good.replace(old, new, 1))

    with socket.socket(socket.AF_UNIX) as people, socket.socket(socket.AF_UNIX) as signs:
        for listener, path in ((people, sock), (signs, sign)):
            listener.bind(path)
            listener.listen(64)
        edit("portal yes;", "portal yes; seal yes;")
        site.setup("add", "--portal", "")
        mend("no way to both", expect("no way to both", ["no-portal", "no-seal"], 2))
        sendmail.edit("DAEMON_OPTIONS(`Name=MTA", "define(`confMAX_MESSAGE_SIZE', `1000000')dnl\n")
        site.setup("add", "--portal", "[127.0.0.21]", "--seal", sock, "--signer", sign)
        found = expect("a limit that sealed copies do not fit into", ["size-growth"], 1)
        mend("a limit that sealed copies do not fit into", found)
        with open(sealing[0], "w") as out:
            out.write('load seal { listen "unix:%s"; state "%s/seal"; size 5M }\n' % (sock, site.folder))
        mend("more than milward-seal takes", expect("more than milward-seal takes", ["size-limit"], 1))
        with open(policy) as file:
            good = file.read()
        edit("outbound.sock", "elsewhere.sock")
        mend("the policy's socket", expect("the policy's socket", ["socket-differs"], 2))
        os.chmod(sock, 0o600)
        sendmail.edit("DAEMON_OPTIONS(`Name=MTA", "define(`confRUN_AS_USER', `mail')dnl\n")
        site.setup("add", "--portal", "[127.0.0.21]", "--seal", sock, "--signer", sign)
        os.chmod(site.folder, 0o711)
        os.chmod(sign, 0o666)
        mend("a socket that Sendmail's user may not use", expect("a socket that Sendmail's user may not use", ["socket-permission"], 2))
        full = []  # somebody who hangs, with as many in line as can be
        people.listen(1)
        for _ in range(70):
            full.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
            if full[-1].connect_ex(sock) != 0:
                break
        found = expect("milward-seal hangs", ["socket-busy"], 2)
        tap.equal(found[0]["fix"], "systemctl restart milward-seal@outbound", "and is to be started anew")
        people.listen(64)
        for one in full:
            one.close()
        ours = sendmail.file("ours.pem", "no certificate\n")
        sendmail.edit("DAEMON_OPTIONS(`Name=MTA", "define(`confSERVER_CERT', `%s')dnl\n" % ours)
        site.setup("add", "--portal", "[127.0.0.21]", "--seal", sock, "--signer", sign)
        expect("a certificate that is none", ["certificate"], 1)
        shutil.copy(site.ca.issue("gw.clinic.test", "expired"), ours)
        found = expect("a certificate that has ended", ["certificate"], 2)
        tap.ok(found[0]["where"] == ours and " ended on " in found[0]["text"], "is named, with the day", found)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", os.devnull, "-out", ours, "-subj", "/CN=gw", "-days", "400"],
                       check=True, capture_output=True)
        tap.equal(doctor(), (0, []), "and a good one is none")
        tap.equal(os.stat(sock).st_mode & 0o777, 0o660, "it is for the MTA's group, and not for others")
    sealing.clear()
    sendmail.file("sendmail.mc", sendmail.read("sendmail.mc").replace("define(`confRUN_AS_USER', `mail')dnl\n", ""))
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
