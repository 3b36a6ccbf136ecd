#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl doctor on a real Postfix: a healthy site gives nothing; each thing that is broken is found, by its name, and gone after the
command that doctor prints was run; and doctor itself changes nothing."""
import base64
import ctypes
import hashlib
import json
import os
import shutil
import socket
import subprocess
import time

import lab
from lab.dkimkeys import Keys
from lab.milward import Milward
from lab.postfix import CONFIG, QUEUE
from lab.setup import octets, write
from lab.signed import PARENT, Signed
from lab.tap import skip_all

for program in ("nsd", "ldns-signzone"):
    if not shutil.which(program):
        skip_all("%s is not installed (packaging/deps test)" % program)

SEAL, SIGN, LOOKUP = (os.path.join(QUEUE, "milward", name) for name in ("seal.sock", "sign.sock", "lookup"))
RESOLV = "/etc/resolv.conf"


def unsynchronised():
    """What the kernel of this machine thinks of its clock, which no test may change."""
    data = (ctypes.c_byte * 512)()
    return ctypes.CDLL(None).adjtimex(ctypes.byref(data)) == 5


class Doctor:
    def __init__(self, site, policies):
        self.site, self.policies = site, policies
        prefix = site.prefix
        self.env = dict(os.environ, LC_ALL="C.UTF-8", PATH=":".join([os.path.join(prefix, "sbin"), os.path.join(prefix, "bin"), os.environ["PATH"]]))
        self.ignored = ["--ignore", "clock"] if unsynchronised() else []

    def __call__(self, *arguments, json_lines=True):
        os.utime(os.path.join(CONFIG, "main.cf"), (1e9, 1e9))  # one that is young is read again and again
        command = ["milwardctl", "doctor"] + (["--json"] if json_lines else []) + self.ignored + list(arguments) + ["postfix"] + self.policies
        done = subprocess.run(command, env=self.env, capture_output=True, text=True)
        assert not done.stderr, done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()] if json_lines else done.stdout

    def mend(self, found):
        """Does what each finding says, once; the records are published, by the site's own server."""
        site = self.site
        for fix in dict.fromkeys(f["fix"] for f in found if f["fix"]):
            if any(f.get("dns") for f in found if f["fix"] == fix):
                name, record = fix.split(" IN TXT ", 1)
                site.dns.records = [r for r in site.dns.records if not r.startswith(name + " IN TXT ")] + ["%s IN TXT %s" % (name, record)]
                continue
            if fix.startswith(("systemctl start", "apt-get", "milwardctl -p '%s' " % site.policies["seal"])):
                continue  # there is none here, it only tells more, or needs the portal's store: the scenario does it
            os.utime(os.path.join(CONFIG, "main.cf"), (1e9, 1e9))
            done = subprocess.run(["sh", "-c", fix], env=self.env, capture_output=True, text=True)
            site.tap.ok(done.returncode == 0, "the fix runs: " + fix[:60], fix, done.stdout + done.stderr)
        if any(f.get("dns") for f in found):
            site.dns.restart()


def checksums(*folders):
    found = {}
    for folder in folders:
        for where, _folders, files in os.walk(folder):
            for name in files:
                path = os.path.join(where, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        found[path] = hashlib.sha256(file.read()).hexdigest(), os.stat(path).st_mtime_ns, os.stat(path).st_mode
    return found


def listener(path):
    """Somebody at a socket."""
    if os.path.exists(path):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    sock.listen(64)
    os.chmod(path, 0o666)
    return sock


def edit(path, old, new):
    with open(path) as file:
        text = file.read()
    assert old in text, (path, old)
    with open(path, "w") as out:
        out.write(text.replace(old, new, 1))


def setup(site):
    names = Signed(site.folder, "signed")
    names.zone("child.signed", ["@ IN MX 10 mx", "mx IN A 127.0.0.12"])
    names.start()
    site.dns.signed.append(("signed", PARENT, names.anchor))
    site.keys = Keys(site.folder)
    site.small, site.signers = (os.path.join(site.folder, name) for name in ("small", "signers"))
    os.mkdir(site.signers, 0o700)
    os.mkdir(site.small)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m,mode=0755,nr_inodes=300", "tmpfs", site.small], check=True)
    certificate(site.signers, 400)
    site.secret, site.portal = (os.path.join(site.folder, name) for name in ("secret.pgp", "portal.keys"))
    openpgp(site, "0")
    portal_keys(site, time.time())
    policies = {}
    for name, text in {
        "lookup": 'load lookup { listen "unix:%s"; resolvers "127.0.0.53"; trust-anchor "%s"; cache "%s/lookup" }\n' % (LOOKUP, names.anchor, site.folder),
        "sign": "listen unix:%s\nload route grant route, edit, run { mta none }\n%s\ntable <ours> { \"clinic.test\" }\naliases none\n"
                "match to external then pass, sign dkim\nmatch any then pass\non error tempfail\n" % (SIGN, site.keys.load()),
        "seal": 'load seal-smime grant keys, store { certificates "%s"; signers "%s"; verify no }\nload audit grant store { path "%s/audit.log" }\n'
                'load seal-openpgp grant keys, network { secret-keys "%s" }\n'
                'load portal grant keys, store { store "%s/portal"; keys "%s"; url "https://pickup.clinic.test"; site "Clinic"; from "pickup@clinic.test" }\n'
                'load seal { listen "unix:%s"; state "%s/seal"; size 20M; audit "%s/seal.log" }\n' % (
                    site.signers, site.signers, site.small, site.secret, site.folder, site.portal, SEAL, site.folder, site.small),
    }.items():
        policies[name] = os.path.join(site.folder, name + ".policy")
        with open(policies[name], "w") as out:
            out.write(text)
    site.postfix.set(virtual_alias_maps="hash:/etc/postfix/virtual", smtpd_milters="unix:/run/nobody/opendkim.sock", message_size_limit="10000000")
    site.postfix.file("virtual", "team@clinic.test carol@clinic.test\n")
    subprocess.run(["postmap", "hash:/etc/postfix/virtual"], check=True)
    site.policies = policies
    return policies


def records(site):
    site.dns.records += ['clinic.test. IN TXT "v=spf1 mx -all"', '_dmarc.clinic.test. IN TXT "v=DMARC1; p=reject"']
    done = subprocess.run([os.path.join(site.prefix, "bin", "milwardctl"), "-p", site.policies["sign"], "dkim", "records"], capture_output=True, text=True)
    site.tap.ok(done.returncode == 0 and "_domainkey.clinic.test. IN TXT \"v=DKIM1; k=" in done.stdout, "dkim records: lines for a zone", done.stdout + done.stderr)
    site.dns.records += done.stdout.splitlines()
    site.dns.restart()


def expect(site, doctor, what, wanted, code=None):
    """wanted: {id: a word of where it is}, and nothing else; what was found."""
    status, found = doctor()
    seen = {f["id"] for f in found}
    site.tap.equal(seen, set(wanted), "%s: exactly that is found" % what)
    for f in found:
        word = wanted.get(f["id"])
        if word and word not in f["where"]:
            site.tap.ok(False, "%s: %s is at its place" % (what, f["id"]), f)
    if code is not None:
        site.tap.equal(status, code, "%s: exit status %d" % (what, code))
    return found


def broken(site, doctor, what, wanted, code=None, also=lambda: None):
    """Broken already: found, mended as doctor says, and gone."""
    found = expect(site, doctor, what, wanted, code)
    doctor.mend(found)
    also()
    status, left = doctor()
    site.tap.ok(status == 0 and not left, "%s: and gone after the fix" % what, *left)


def postfix_settings(site, doctor):
    """All settings of one run of the MTA that are looked at apart from each other: they are broken together, to save time."""
    postfix = site.postfix
    good = octets()
    mine = postfix.get("smtpd_milters")
    assert mine.endswith("opendkim.sock") and mine.startswith("{ unix:milward/outbound.sock"), mine
    postfix.service("127.0.0.9:2601", "inet", "smtpd", smtpd_milters="unix:milward/outbound.sock", milter_default_action="accept")
    postfix.service("127.0.0.9:2602", "inet", "smtpd", smtpd_milters="unix:/run/other.sock")
    postfix.service("127.0.0.9:2603", "inet", "smtpd", receive_override_options="no_milters,no_unknown_recipient_checks")
    postfix.set(always_bcc="copies@clinic.test", smtpd_milter_maps="inline:{127.0.0.1=DISABLE}", recipient_delimiter="-",
                debug_peer_list="127.0.0.3", message_size_limit="0", header_checks="pcre:/etc/postfix/checks")
    postfix.file("checks", "/^X-Away:/ REDIRECT eve@plain.test\n")
    postfix.service("127.0.0.9:2604", "inet", "qmqpd")
    postfix.reload()
    broken(site, doctor, "settings of the site", {
        "milter-action": "2601", "own-milters": "2602", "no-milters": "2603", "bcc": "main.cf", "milter-maps": "main.cf", "delimiter": "main.cf",
        "log-content": "main.cf", "size-limit": "seal.policy", "checks": "main.cf", "qmqp": "2604"}, 2)
    site.tap.equal(postfix.get("receive_override_options") + postfix.run("postconf", "-Ph", "127.0.0.9:2603/inet/receive_override_options").stdout.strip(),
                   "no_unknown_recipient_checks", "and what else was said there stays")
    write(good)
    # Guards: the fix of all is add.
    first, signer = mine.rsplit(", ", 1)
    with open(os.path.join(CONFIG, "milward", "options")) as file:
        port = int(next(line for line in file if line.startswith("port=")).split("=")[1])
    postfix.file("none", "")
    subprocess.run(["postmap", "hash:/etc/postfix/none"], check=True)
    postfix.set(smtpd_milters="%s, %s" % (signer, first), relayhost="[127.0.0.11]:25",
                transport_maps=", ".join(m for m in postfix.get("transport_maps").split(", ") if "no route for this tag" not in m))
    postfix.run("postconf", "-P", "milward-tls/unix/smtp_tls_policy_maps=inline:{plain.test=may}", "milward-tls/unix/smtp_tls_security_level=may",
                "pickup/unix/content_filter=", "milward-ver/unix/smtp_generic_maps=", "milward-tls/unix/smtp_fallback_relay=[127.0.0.9]",
                "127.0.0.1:%d/inet/smtpd_milters=$milward_signing_milters,unix:/run/nobody/opendkim.sock" % (port + 2))
    edit(os.path.join(CONFIG, "milward", "notag.pcre"), "REJECT", "DUNNO")
    postfix.reload()
    newer = {"tls-required": CONFIG} if postfix.run("postconf", "-d", "tls_required_enable").stdout else {}  # Postfix 3.10
    if newer:
        postfix.run("postconf", "-P", "milward-tls/unix/tls_required_enable=yes")
    broken(site, doctor, "guards", dict({
        "milter-order": CONFIG, "relayhost": CONFIG, "tls-policy": CONFIG, "tls-level": CONFIG, "local-mail": CONFIG, "untag": CONFIG, "fallback": CONFIG,
        "seal-listener": CONFIG, "tables": CONFIG}, **newer), 2)
    write(good)
    # What only a person can judge is a note, of which the exit status says nothing.
    postfix.set(content_filter="smtp:[127.0.0.9]:10026", canonical_maps="pcre:/etc/postfix/own")
    postfix.file("own", "/^nobody@/ eve@plain.test\n")
    notes = {"content-filter": "main.cf", "tables": "main.cf"}
    doctor.mend(expect(site, doctor, "a table that may take the tag off", dict(notes, rewriting=CONFIG), 2))
    expect(site, doctor, "notes", notes, 0)
    write(good)
    postfix.set(smtpd_milters=mine.replace("tempfail", "accept").replace("content_timeout=300s", "content_timeout=5s"),
                transport_maps="hash:/etc/postfix/none, inline:{{.invalid=error:5.3.0 no}}", message_reject_characters="", smtpd_recipient_restrictions="")
    postfix.reload()
    broken(site, doctor, "routes", {"milter-action": CONFIG, "tag-route": CONFIG, "tag-guard": CONFIG, "nul": CONFIG, "tag-clients": CONFIG,
                                    "milter-time": "outbound.policy"}, 2)
    write(good)
    postfix.reload()


def certificate(folder, days):
    """A key of the site's with its certificate, for seal-smime."""
    path = os.path.join(folder, "ann@clinic.test.pem")
    parts = [path + ".key", path + ".cert"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", parts[0], "-out", parts[1], "-subj", "/CN=Ann", "-days", str(days),
                    "-addext", "subjectAltName=email:ann@clinic.test", "-addext", "extendedKeyUsage=emailProtection"], check=True, capture_output=True)
    text = "".join(open(part).read() for part in parts)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    for part in parts:
        os.unlink(part)


def openpgp(site, ends):
    """A secret key of the site's, for seal-openpgp."""
    home = os.path.join(site.folder, "gpg-" + ends)
    os.mkdir(home, 0o700)
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-gen-key", "ann@clinic.test", "ed25519", "cert,sign", ends], check=True, capture_output=True)
    text = subprocess.run([*gpg, "--export-secret-keys"], check=True, capture_output=True).stdout
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True)
    with open(os.open(site.secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(text)


def portal_keys(site, made):
    with open(os.open(site.portal, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write("1 %s %d\n" % (base64.b64encode(os.urandom(32)).decode(), made))


def first(site, doctor, daemon, people):
    """DNS, the resolver's word, aliases, sockets, the disk and a certificate: each by itself, at the same time."""
    tap, postfix, good = site.tap, site.postfix, list(site.dns.records)
    site.dns.records = [r for r in good if "v=spf1" not in r and "_dmarc" not in r and "DKIM1; k=ed25519" not in r]
    rsa = next(r for r in good if "DKIM1; k=rsa" in r)
    site.dns.records[site.dns.records.index(rsa)] = rsa.split(" IN TXT ")[0] + ' IN TXT "v=DKIM1; k=rsa; p="'
    site.dns.restart()
    edit(RESOLV, "options trust-ad edns0\n", "")  # its word on DNSSEC does not reach Postfix then
    postfix.file("virtual", "team@clinic.test carol@clinic.test, bob@plain.test\nstaff@clinic.test carol@clinic.test\n")
    postfix.file("aliases", "desk: bob@plain.test\nroot: carol@clinic.test\n")
    postfix.set(alias_maps="hash:/etc/postfix/aliases", mydestination="clinic.test")
    postfix.run("postmap", "hash:/etc/postfix/virtual")
    postfix.run("postalias", "hash:/etc/postfix/aliases")
    daemon.stop()
    people.pop(SEAL).close()
    with open(os.path.join(site.small, "filler"), "wb") as out:
        out.write(b"x" * (30 << 20))
    fillers = [os.path.join(site.small, "f%d" % n) for n in range(os.statvfs(site.small).f_favail - 1)]
    for path in fillers:
        open(path, "wb").close()
    certificate(site.signers, 10)
    mine = os.path.join(site.folder, "mta")
    os.mkdir(mine)
    certificate(mine, 10)
    postfix.set(smtpd_tls_chain_files=os.path.join(mine, "ann@clinic.test.pem"))  # its key comes first
    openpgp(site, "10d")
    portal_keys(site, time.time() - 400 * 86400)
    found = expect(site, doctor, "the world around", {
        "spf": "clinic.test", "dmarc": "_dmarc.clinic.test", "dkim-differs": "rsa._domainkey.clinic.test", "dkim-missing": "ed._domainkey.clinic.test",
        "resolver-trust": RESOLV, "aliases": "/etc/postfix/", "socket-missing": "milward", "disk-space": site.small, "disk-files": site.small, "certificate": site.folder,
        "openpgp-key": site.secret, "portal-key": site.portal}, 2)
    texts = [f["text"] for f in found if f["id"] == "aliases"]
    tap.ok(len(texts) == 2 and "team@clinic.test" in "".join(texts) and "desk@clinic.test" in "".join(texts) and "staff" not in "".join(texts)
           and "root" not in "".join(texts), "aliases that lead outside are named, no others", texts)
    tap.equal(sorted(f["where"] for f in found if f["id"] == "certificate"), sorted([site.signers, os.path.join(mine, "ann@clinic.test.pem")]),
              "certificates of a sealer's keys, and the MTA's own")
    tap.equal({f["fix"] for f in found if f["id"] == "socket-missing"}, {"systemctl start milward@outbound", "systemctl start milward-seal@outbound"},
              "and the units that listen at the sockets")
    tap.equal([f["fix"] for f in found if f["id"] == "portal-key"], ["milwardctl -p '%s' portal rekey" % site.policies["seal"]], "and the portal's command")
    doctor.mend(found)
    people[SEAL] = listener(SEAL)
    daemon.start()
    for path in [os.path.join(site.small, "filler"), *fillers]:
        os.unlink(path)
    certificate(site.signers, 400)
    certificate(mine, 400)
    openpgp(site, "never")
    portal_keys(site, time.time())
    tap.equal(doctor(), (0, []), "the world around: all gone after the fixes")
    fifo = os.path.join(mine, "fifo")
    os.mkfifo(fifo)
    postfix.set(smtpd_tls_chain_files=fifo)
    code, found = doctor()
    tap.ok(code == 1 and [(f["id"], f["where"], "not a regular file" in f["text"]) for f in found] == [("certificate", fifo, True)],
           "a certificate that is no file is told, nobody waits for it", (code, found))
    postfix.set(smtpd_tls_chain_files=os.path.join(mine, "ann@clinic.test.pem"))
    site.dns.records = good
    done = subprocess.run([os.path.join(site.prefix, "bin", "milwardctl"), "check", site.policies["outbound"]], capture_output=True, text=True)
    tap.ok(done.returncode == 0 and 'aliases local "/etc/postfix/aliases" for <local>' in open(site.policies["outbound"]).read(),
           "the policy that the fix makes has the tables", done.stderr)


def second(site, doctor, log):
    """A resolver that does not validate, two SPF records, a closed folder, an audit file that was cut off, a table of patterns."""
    tap, postfix = site.tap, site.postfix
    # Records of a real daemon, whose end is then cut off.
    policy = os.path.join(site.folder, "audited.policy")
    with open(policy, "w") as out:
        out.write('listen unix:%s/audited.sock\nload route grant route, edit, run { mta none }\nload audit grant store { path "%s" }\n'
                  'match any then pass\nalways record audit\n' % (site.folder, log))
    Milward(site.folder, site.prefix, policy, "audited").start().stop()
    sealed = log.replace("audit.log", "seal.log")  # that of milward-seal ends in the same way
    for ending in ("", ".head"):
        shutil.copy(log + ending, sealed + ending)
    with open(RESOLV) as file:
        text = file.read()
    edit(RESOLV, "nameserver 127.0.0.53", "nameserver 127.0.0.57")  # nsd
    site.dns.records += ['clinic.test. IN TXT "v=spf1 +all"', '_dmarc.clinic.test. IN TXT "v=DMARC1; p=none"']
    site.dns.restart()
    folder, good = os.path.dirname(SEAL), octets()
    before = os.stat(folder)
    os.chmod(folder, 0o700)
    os.chown(folder, 0, 0)
    for path in (log, sealed):
        os.truncate(path, os.path.getsize(path) - 10)
    postfix.file("patterns", "/^nobody@/ eve@plain.test\n")
    maps = postfix.run("postconf", "-h", "virtual_alias_maps").stdout.strip()
    postfix.set(virtual_alias_maps=maps.replace("hash:", "pcre:/etc/postfix/patterns, hash:"))
    found = expect(site, doctor, "more of it", {"resolver": RESOLV, "spf": "clinic.test", "dmarc": "_dmarc.clinic.test", "socket-permission": folder, "audit-chain": site.small,
                                                "aliases-unread": "patterns"}, 2)
    fix = next(f["fix"] for f in found if f["id"] == "resolver")
    tap.ok("127.0.0.1" in fix and "trust-ad" in fix, "it says what resolver to take", fix)
    tap.equal(sorted(f["where"] for f in found if f["id"] == "audit-chain"), [log, sealed], "each file of records that was cut off, of milward and of milward-seal")
    for fix in (f["fix"] for f in found if f["id"] == "audit-chain"):
        done = subprocess.run(["sh", "-c", fix], env=doctor.env, capture_output=True, text=True)
        tap.ok(done.returncode == 1 and "truncated" in done.stdout, "and what tells more of it", done.stdout + done.stderr)
    doctor.mend([f for f in found if f["id"] == "socket-permission"])
    with open(RESOLV, "w") as out:
        out.write(text.replace("nameserver 127.0.0.53", "nameserver 192.0.2.53"))
    del site.dns.records[-2:]
    site.dns.restart()
    for path in (log, sealed):
        os.unlink(path)
        os.unlink(path + ".head")
    write(good)
    expect(site, doctor, "a resolver elsewhere, which is not asked", {"resolver-far": RESOLV}, 1)
    with open(RESOLV, "w") as out:
        out.write(text)
    os.chmod(folder, before.st_mode & 0o7777)
    os.chown(folder, before.st_uid, before.st_gid)


def third(site, doctor, people):
    """Sockets: one that Postfix may not write to, one that the policy has elsewhere, one that no chroot shows."""
    os.chmod(SEAL, 0o600)
    os.chown(SEAL, 0, 0)
    edit(site.policies["outbound"], "outbound.sock", "other.sock")
    broken(site, doctor, "sockets", {"socket-permission": SEAL, "socket-differs": "outbound.policy"}, 2)
    path = "/run/milward-doctor.sock"
    people[path] = listener(path)
    site.postfix.run("postconf", "-F", "smtp/inet/chroot=y")
    edit(os.path.join(CONFIG, "milward", "options"), "socket=milward/outbound.sock", "socket=" + path)
    for name in ("smtpd_milters", "milward_local_milters"):
        site.postfix.set(**{name: site.postfix.get(name).replace("unix:milward/outbound.sock", "unix:" + path)})
    edit(site.policies["outbound"], "unix:" + site.socket, "unix:" + path)
    found = expect(site, doctor, "a socket outside of the chroot", {"socket-chroot": "master.cf"}, 2)
    edit(site.policies["outbound"], "unix:" + path, "unix:" + site.socket)
    doctor.mend(found)
    site.tap.equal(doctor(), (0, []), "a socket outside of the chroot: and gone after the fix")
    os.unlink(path)
    # With milward's own portal the command of the fix is another.
    site.setup("add", "--lookup", LOOKUP, "--portal", "unix:" + SEAL, "--signer", SIGN)
    site.postfix.set(message_reject_characters="")
    broken(site, doctor, "with milward's own portal", {"nul": CONFIG}, 2)
    # The policy counts on a portal, and on milward-seal, that Postfix was not told of: what mends one does not undo the other.
    site.setup("add", "--lookup", LOOKUP, "--portal", "")
    broken(site, doctor, "no way to the portal", {"no-portal": site.policies["outbound"]}, 2)
    site.setup("add", "--lookup", LOOKUP, "--portal", "")
    edit(site.policies["outbound"], "portal yes", "portal yes; seal yes")
    broken(site, doctor, "no way to both", {"no-portal": site.policies["outbound"], "no-seal": site.policies["outbound"]}, 2)
    edit(site.policies["seal"], "load portal", "# load portal")  # a relay is the portal
    site.setup("add", "--lookup", LOOKUP, "--portal", "")
    broken(site, doctor, "nor with a relay", {"no-portal": site.policies["outbound"], "no-seal": site.policies["outbound"]}, 2)


with lab.Site() as site:
    setup(site)
    people = {path: listener(path) for path in (SEAL, SIGN, LOOKUP) if os.makedirs(os.path.dirname(path), exist_ok=True) is None}
    site.setup("add", "--lookup", LOOKUP, "--seal", SEAL, "--signer", SIGN)
    site.policies["outbound"] = site.policy()
    os.chmod(os.path.dirname(SEAL), 0o755)
    daemon = site.daemon().start()
    site.postfix.start()
    records(site)
    doctor = Doctor(site, list(site.policies.values()))
    os.utime(os.path.join(CONFIG, "main.cf"), (1e9, 1e9))
    before = checksums(CONFIG, site.folder + "/dkim"), [hashlib.sha256(open(p, "rb").read()).hexdigest() for p in site.policies.values()]
    expect(site, doctor, "a healthy site", {}, 0)
    site.tap.equal((checksums(CONFIG, site.folder + "/dkim"), [hashlib.sha256(open(p, "rb").read()).hexdigest() for p in site.policies.values()]), before,
                   "nothing of all that is changed by the look")
    postfix_settings(site, doctor)
    first(site, doctor, daemon, people)
    second(site, doctor, os.path.join(site.small, "audit.log"))
    third(site, doctor, people)
    subprocess.run(["umount", site.small], check=True)
