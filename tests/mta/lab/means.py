# SPDX-License-Identifier: Apache-2.0
"""means: every way to protect mail, with the parts that there are in the world: people with certificates of two issuers (one publishes a
list of what it revoked, the other runs a responder), people whose domain publishes OpenPGP keys over HTTPS, milward-lookup, and
milward-seal with a certificate and a key of the site's own. What they get is read by openssl and gpg. One scenario for both MTAs."""
import datetime
import email
import email.policy
import json
import os
import re
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from .client import Refused
from .dkimkeys import Keys
from .process import freeze, thaw
from .lookup import Lookup
from .message import SECRETS, harmless, phi
from .milward import Milward
from .seal import REENTRY, Agent
from .tap import wait_for
from .web import Web

WEB = "127.0.0.40"
PORT = 8888  # of the responder
SIGNED = {("rsa-sha256", "clinic.test"): True, ("ed25519-sha256", "clinic.test"): True}
DAY = datetime.timedelta(days=1)
SITE = "gateway@clinic.test"
GOOD = {"rsa": "smime", "gcm": "smime", "carol": "smime", "wkd": "openpgp"}
# Who has nothing that may be used, and why.
UNUSABLE = {
    "listed": "smime: its certificate: revoked on 20",
    "asked": "smime: its certificate: revoked on 2025-01-02",
    "expired": "smime: its certificate: expired on 20",
    "weak": "smime: its certificate: weak: its RSA key has 1024 bits",
    "purpose": "smime: its certificate: wrong purpose: it is not for mail",
    "torn": "smime: its certificate: cannot be read",
    "oldkey": " expired 2024-",
    "badkey": " is revoked",
    "nokey": "openpgp: the OpenPGP key that its domain publishes cannot be read",
}


def run(*words, data=None):
    return subprocess.run(words, input=data, check=True, capture_output=True).stdout


def write(octets, *path):
    with open(os.open(os.path.join(*path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(octets)
    return os.path.join(*path)


class Issuer:
    """Writes NAME.pem and NAME.key of itself and of people into the folder."""

    def __init__(self, folder, name, responder=None):
        self.folder, self.name, self.responder, self.serial, self.book = folder, name, responder, 0x1000, []
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.now = datetime.datetime.utcnow().replace(microsecond=0)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = self._builder(self.subject, self.key, 300).add_extension(x509.BasicConstraints(True, None), True).add_extension(usage, True)
        self.pem = self._finish(builder, name, self.key)

    def _builder(self, subject, key, end):
        self.serial += 1
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.subject).public_key(key.public_key())
                .serial_number(self.serial).not_valid_before(self.now - 60 * DAY).not_valid_after(self.now + end * DAY))

    def _finish(self, builder, name, key):
        pem = builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        write(pem, self.folder, name + ".pem")
        write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()), self.folder, name + ".key")
        return pem

    def certificate(self, address, bits=0, end=30, purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION, revoked=False):
        """The certificate as PEM; of an EC key unless there are bits of an RSA key."""
        name = address.split("@")[0]
        key = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, end)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False).add_extension(x509.BasicConstraints(False, None), True)
        if self.responder:
            where = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(self.responder))
            builder = builder.add_extension(x509.AuthorityInformationAccess([where]), False)
        self.book.append((self.serial, revoked))
        return self._finish(builder, name, key)

    def list(self, path):
        """What it has revoked, as a file."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.subject).last_update(self.now - DAY).next_update(self.now + 7 * DAY)
        for serial, revoked in self.book:
            if revoked:
                builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(self.now - DAY).build())
        write(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), path)

    def respond(self):
        """openssl's responder, which knows the same; the process."""
        lines = ["%s\t491231235959Z\t%s\t%X\tunknown\t/CN=x\n" % ("R" if revoked else "V", "250102030405Z" if revoked else "", serial)
                 for serial, revoked in self.book]
        index, own = write("".join(lines).encode(), self.folder, "index"), os.path.join(self.folder, self.name)
        log = os.path.join("log", "ocsp")
        with open(log, "ab") as out:
            process = subprocess.Popen(["openssl", "ocsp", "-index", index, "-port", str(PORT), "-rsigner", own + ".pem", "-rkey", own + ".key", "-CA",
                                        own + ".pem", "-nmin", "5"], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        wait_for(lambda: b"waiting for OCSP" in open(log, "rb").read(), "the responder listens")
        return process


class Pgp:
    """A gpg of people outside, and one more for what has to be old."""

    def __init__(self, folder):
        self.home = os.path.join(folder, "gpg")
        os.mkdir(self.home, 0o700)

    def __call__(self, *arguments, data=None):
        return subprocess.run(["gpg", "--homedir", self.home, "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "",
                               "--trust-model", "always", "--status-fd", "2", *arguments], input=data, capture_output=True, check=True)

    def key(self, address, *past, until="never"):
        self(*past, "--quick-gen-key", address, "ed25519", "cert,sign", until)
        fingerprint = re.search(r"^fpr:+([0-9A-F]{40}):", self("-k", "--with-colons", address).stdout.decode(), re.M).group(1)
        self(*past, "--quick-add-key", fingerprint, "cv25519", "encr", until)
        return fingerprint

    def revoke(self, fingerprint):
        with open(os.path.join(self.home, "openpgp-revocs.d", fingerprint + ".rev"), "rb") as file:
            self("--import", data=file.read().replace(b"\n:---", b"\n---"))

    def public(self, who):
        return self("--export", who).stdout

    def close(self):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=False, capture_output=True)


class World:
    """All of it, at work beside a site whose MTA is not yet started. seal, signer, lookup: sockets."""

    def __init__(self, site, seal, signer, lookup):
        self.site, self.tap, self.folder = site, site.tap, os.path.join(site.folder, "means")
        for name in ("", "certificates", "crls", "harvested", "openpgp"):
            os.mkdir(os.path.join(self.folder, name), 0o700)
        self.sockets = (seal, signer, lookup)
        self.listed, self.asked = Issuer(self.folder, "listed-issuer"), Issuer(self.folder, "asked-issuer", "http://127.0.0.1:%d/" % PORT)
        self._certificates()
        self._keys()
        self.web = Web(site.ca, WEB, 443)
        self.web.pages["openpgpkey.plain.test"] = self._publish
        site.dns.host("openpgpkey.plain.test", WEB)
        site.dns.restart()
        self.dkim = Keys(self.folder)

    def _certificates(self):
        listed, asked = self.listed, self.asked
        for name, pem in (("rsa", listed.certificate("rsa@plain.test", 2048)), ("gcm", asked.certificate("gcm@plain.test")),
                          ("listed", listed.certificate("listed@plain.test", revoked=True)),
                          ("asked", asked.certificate("asked@plain.test", revoked=True)), ("expired", listed.certificate("expired@plain.test", end=-2)),
                          ("weak", listed.certificate("weak@plain.test", 1024)),
                          ("purpose", listed.certificate("purpose@plain.test", purpose=ExtendedKeyUsageOID.SERVER_AUTH)), ("torn", b"-----BEGIN CERTIFICATE-----\nAAAA\n")):
            write(pem, self.folder, "certificates", name + "@plain.test.pem")
        listed.certificate("carol@plain.test", 2048)
        listed.certificate(SITE, 2048)
        listed.list(os.path.join(self.folder, "crls", "list.pem"))
        write(listed.pem + asked.pem, self.folder, "issuers.pem")
        os.mkdir(os.path.join(self.folder, "own"), 0o700)
        octets = b"".join(open(os.path.join(self.folder, "gateway" + end), "rb").read() for end in (".key", ".pem"))
        write(octets, self.folder, "own", "site.pem")

    def _keys(self):
        self.gpg = gpg = Pgp(self.folder)
        self.fingerprint = gpg.key(SITE)
        for end in ("signing", "secret"):
            write(gpg("--export-secret-keys", self.fingerprint).stdout, self.folder, end + ".pgp")
        past = ("--faked-system-time", "20240101T000000!")
        gpg.key("oldkey@plain.test", *past, until="20d")
        gpg.revoke(gpg.key("badkey@plain.test"))
        for name in ("oldkey", "badkey"):
            write(gpg.public(name + "@plain.test"), self.folder, "openpgp", name + "@plain.test.pgp")
        gpg.key("wkd@plain.test")
        self.published = {"wkd": gpg.public("wkd@plain.test"), "nokey": b"\x99\x01\x0d\x04" + b"x" * 20}

    def _publish(self, request):
        found = re.search(r"[?&]l=([a-z]+)$", request.path)
        body = self.published.get(found.group(1)) if found else None
        request.answer(200 if body else 404, body or b"no", "application/octet-stream")

    # ---- the programs
    def load(self, load):
        """Lines for the policy of both programs, from the load line of the MTA's route."""
        seal, _signer, lookup = self.sockets
        folder = {"f": self.folder, "lookup": lookup, "site": SITE}
        lines = ["match to <opens> then send by open"]
        for names, means in ((GOOD, "smime or openpgp"), (UNUSABLE, "smime or openpgp or tls(verified)")):
            lines += ['match class phi to "%s@plain.test" then send by %s' % (name, means) for name in names]
        return "\n".join((
            'load seal-smime grant keys, store { certificates "%(f)s/certificates"; store "%(f)s/harvested"; anchors "%(f)s/issuers.pem"; revocation any; '
            'crls "%(f)s/crls"; lookup "%(lookup)s"; gcm "gcm@plain.test"; gateway-certificate "%(f)s/gateway.pem"; gateway-key "%(f)s/gateway.key"; '
            'keys "%(f)s/own" }' % folder,
            'load seal-openpgp grant keys, network { keys "%(f)s/openpgp"; lookup "%(lookup)s"; signing-keys "%(f)s/signing.pgp"; '
            'signing-address "%(site)s"; secret-keys "%(f)s/secret.pgp" }' % folder,
            load.replace("load route grant", "load route with seal-smime, seal-openpgp grant").replace("portal yes", 'portal yes; seal yes; lookup "%s"' % lookup),
            'load seal { listen "unix:%s"; socket-group "postfix"; reentry "inet:%d@127.0.0.1"; state "%s/state"; name "gw.clinic.test" }' % (seal, REENTRY, self.folder),
            'load audit grant store { path "%s/audit.log"; sync no }' % self.folder, 'table <opens> { "open@clinic.test" }', *lines))

    def start(self, load, *lookup_arguments):
        site, (_seal, signer, lookup) = self.site, self.sockets
        write(b"elsewhere. IN DS 1 13 2 " + b"00" * 32 + b"\n", self.folder, "anchor")
        os.makedirs(os.path.join(self.folder, "log"))
        os.chmod(self.folder, 0o711)
        self.lookup = Lookup(self.folder, ['resolvers "127.0.0.53"', 'trust-anchor "%s/anchor"' % self.folder, 'ca-file "%s"' % site.ca.path,
                                           "private-hosts yes", "dns-timeout 3 seconds", "ttl-min 1 second"], lookup, prefix=site.prefix,
                             arguments=list(lookup_arguments)).start()
        self.responder = self.asked.respond()
        self.policy = site.policy(load=self.load(load), then="always record audit")
        sign = write(("listen unix:%s\nload route grant route, edit, run { mta none }\n%s\ntable <ours> { \"clinic.test\" }\n"
                      "match to external then pass, sign dkim\nmatch any then pass\n" % (signer, self.dkim.load())).encode(), self.folder, "sign.policy")
        self.signer = Milward(site.folder, site.prefix, sign, "signer")
        self.signer.arguments.append("--reentry")
        self.signer.start()
        self.agent = Agent(site, self.policy).start()
        self.daemon = Milward(site.folder, site.prefix, self.policy).start()

    def close(self):
        self.tap.equal(self.site.leaks(), [], "no content in any log")
        self.gpg.close()
        if self.tap.failed:
            self.lookup.tell()

    # ---- what came of it
    def arrived(self, message, *rcpts):
        """The copies of a message, by recipient, once there is one for each."""
        wait_for(lambda: {r for c in self.site.found(message) for r in c.to} >= set(rcpts), "the copies have come", 30, lambda: self.site.copies(message))
        return {c.to[0]: c for c in self.site.found(message)}

    def read(self, copy):
        """(what was signed inside, who has signed it) of a sealed copy, as its recipient's program tells."""
        name = copy.to[0].split("@")[0]
        own = os.path.join(self.folder, name)
        if GOOD[name] == "openpgp":
            done = self.gpg("--decrypt", data=copy.data[copy.data.index(b"-----BEGIN PGP MESSAGE"):])
            return done.stdout, b"GOODSIG " + self.fingerprint[-16:].encode() in done.stderr
        sealed = write(copy.data, self.folder, "copy")
        inner = run("openssl", "cms", "-decrypt", "-binary", "-inform", "smime", "-in", sealed, "-recip", own + ".pem", "-inkey", own + ".key")
        by = os.path.join(self.folder, "by")
        text = run("openssl", "cms", "-verify", "-inform", "smime", "-CAfile", os.path.join(self.folder, "issuers.pem"), "-signer", by, data=inner)
        return text, b"CN = gateway" in run("openssl", "x509", "-in", by, "-noout", "-subject")

    def record(self, rcpt):
        """The last audit record that has this recipient: what it says of him."""
        with open(os.path.join(self.folder, "audit.log")) as log:
            found = [r for line in log for r in json.loads(line).get("recipients", []) if r["address"] == rcpt]
        return found[-1] if found else {}


def sealed(world):
    """One message by swaks to recipients of every kind: each gets it by his means, and reads it."""
    tap, site = world.tap, world.site
    message = phi()
    names = ["rsa@plain.test", "gcm@plain.test", "wkd@plain.test", "tls@valid.test", "portal@valid.test", "bob@clinic.test"]
    done = subprocess.run(["swaks", "--server", "127.0.0.1", "--helo", "client.clinic.test", "--from", message.sender, "--to", ",".join(names), "--data", "-"],
                          input=message.octets.replace(b"\r\n", b"\n"), capture_output=True)
    tap.equal(done.returncode, 0, "swaks sends one message to six")
    found = world.arrived(message, *names)
    tap.equal({rcpt: copy.sink for rcpt, copy in found.items()}, {r: {"tls": "valid", "portal": "portal", "bob": "inside"}.get(r.split("@")[0], "plain") for r in names},
              "each by the way that the policy names")
    for rcpt, mark in (("rsa@plain.test", b"smime-type=enveloped-data"), ("gcm@plain.test", b"smime-type=authEnveloped-data"), ("wkd@plain.test", b"application/pgp-encrypted")):
        copy = found[rcpt]
        tap.ok(not any(s.encode() in copy.data for s in SECRETS) and copy.header("Subject") == ["[...]"] and mark in copy.data.replace(b'"', b""),
               "%s: nothing in clear, the Subject neither" % rcpt, copy.data[:3000])
        text, ours = world.read(copy)
        mail = email.message_from_bytes(text, policy=email.policy.SMTP)
        tap.ok(str(mail["Subject"]) == "Zebrafinch results" and "219-09-9998" in mail.get_content() and mail["Content-Type"].params.get("hp") == "cipher",
               "%s: his program reads the text and the protected Subject" % rcpt, text)
        tap.ok(ours, "%s: and that the site has signed it" % rcpt)
        tap.equal(world.dkim.verify(copy.data), SIGNED, "%s: the sealed copy has good DKIM signatures" % rcpt)
        trace = copy.header("Received")
        tap.ok(len(trace) >= 2 and "client.clinic.test" in trace[-1], "%s: with the trace of how it came" % rcpt, trace)
    return message


def refused(world):
    """Whoever can be reached by no means: the sender, explain and the record tell why each was passed over."""
    tap, site = world.tap, world.site
    mail = write(phi().octets, world.folder, "mail")
    rcpts = ["%s@plain.test" % name for name in UNUSABLE]
    words = [w for r in rcpts for w in ("--to", r)]
    explained = subprocess.run([os.path.join(site.prefix, "bin", "milwardctl"), "-p", world.policy, "explain", "--live", "--from", "alice@clinic.test", *words, mail],
                               capture_output=True, text=True)
    parts = {part.split(">")[0]: part for part in re.split(r"\n<(?=\S+@plain\.test>)", explained.stdout)}
    for name, why in UNUSABLE.items():
        rcpt, said, message = name + "@plain.test", "taken", phi()
        try:
            site.send(message, rcpt)
        except Refused as answer:
            said = answer.text
        texts = (said, parts.get(rcpt, explained.stdout + explained.stderr), str(world.record(rcpt).get("skipped")))
        tap.ok(said.startswith("550") and all(w in t for t in texts for w in (why, "smime: ", "openpgp: ", "tls(verified): no DANE", "no MTA-STS")),
               "%s: nobody can be sure to reach him, and reply, explain and record say why by none of three means" % name, *texts)
        tap.equal(site.copies(message), {}, "%s: and nothing leaves" % name)


def opened(world):
    """What people outside have sealed for the site arrives opened, with what is known of it; and whose certificate came with it can be answered."""
    tap, site = world.tap, world.site
    own = {name: os.path.join(world.folder, name) for name in ("carol.pem", "carol.key", "gateway.pem", "inner")}
    write(b'Content-Type: text/plain; hp="cipher"\r\nSubject: Zebrafinch\r\n\r\nmetformin\r\n', own["inner"])
    cms = run("openssl", "cms", "-sign", "-binary", "-nodetach", "-in", own["inner"], "-signer", own["carol.pem"], "-inkey", own["carol.key"])
    cms = run("openssl", "cms", "-encrypt", "-aes256", own["gateway.pem"], data=cms)
    pgp = world.gpg("--armor", "--output", "-", "--encrypt", "-r", SITE, "--sign", "-u", "wkd@plain.test", own["inner"]).stdout
    parts = (b'MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; boundary=b; protocol="application/pgp-encrypted"\r\n\r\n--b\r\n'
             b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n%s\r\n--b--\r\n")
    for name, entity, word in (("carol", cms, "smime=pass"), ("wkd", parts % pgp, "openpgp=pass")):
        message = harmless(sender=name + "@plain.test")
        head = message.octets.partition(b"\r\nMIME-Version")[0] + b"\r\nAuthentication-Results: gw.clinic.test; smime=pass; x-openpgp=pass"
        message.octets = head + b"\r\n" + re.sub(rb"\r?\n", b"\r\n", entity)
        site.send(message, "open@clinic.test")
        copy = world.arrived(message, "open@clinic.test")["open@clinic.test"]
        results = copy.header("Authentication-Results")
        tap.ok(copy.header("Subject") == ["Zebrafinch"] and copy.data.endswith(b"\r\n\r\nmetformin\r\n"), "mail from %s: opened, with its Subject" % name, copy.data)
        tap.ok(len(results) == 1 and word in results[0] and name + "@plain.test" in results[0], "mail from %s: its signature is good, and nothing forged is left" % name, results)

    def answered():
        message = phi()
        try:
            site.send(message, "carol@plain.test")
            return message
        except Refused:
            return None

    message = wait_for(answered, "carol's certificate is known", 40)
    text, ours = world.read(world.arrived(message, "carol@plain.test")["carol@plain.test"])
    tap.ok(b"Zebrafinch" in text and ours, "who has sent a signed message can be answered sealed")


def hung(world):
    """The service that knows answers to nobody: mail that needs no protection does not wait for it."""
    freeze(world.lookup.process.pid)
    try:
        message, began = harmless(), time.monotonic()
        world.site.send(message, "new@valid.test", "ver@plain.test", "new@plain.test")
        seconds = time.monotonic() - began
    finally:
        thaw(world.lookup.process.pid)
    world.tap.ok(seconds < 4, "milward-lookup hangs: mail without protected content does not wait", "%.1f s" % seconds)
    world.arrived(message, "new@valid.test", "ver@plain.test", "new@plain.test")
