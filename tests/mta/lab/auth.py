# SPDX-License-Identifier: Apache-2.0
"""auth: who sent it, on a real MTA with the shipped policies/inbound.policy, real DNS and milward-lookup. The same scenario for both MTAs."""
import concurrent.futures
import os
import re
import shutil
import time

import dkim

from .client import Refused
from .dkimkeys import Keys
from .lookup import Lookup
from .message import NO_PHI, Message
from .milward import Milward
from .tap import wait_for

HOST, LIST, STRANGER, RELAY = "127.0.0.31", "127.0.0.32", "127.0.0.66", "127.0.0.40"
BEHIND = "192.0.2.7"  # whom the relay says that it got mail from
ID = "gw.clinic.test"
OPTIONS = """    lookup "%s"
    time 3 seconds
    authserv-id "gw.clinic.test"
    other-ids "mx2.clinic.test"
    internal-hosts "127.0.0.1"
    relays "127.0.0.40"
    arc-seal yes; arc-domain "clinic.test"; arc-selector "rsa"; arc-key "%s"
"""
# domain, SPF, DMARC
DOMAINS = (
    ("bank.test", "v=spf1 ip4:%s -all" % HOST, "v=DMARC1; p=reject"),
    ("shop.test", "v=spf1 ip4:%s -all" % HOST, "v=DMARC1; p=quarantine"),
    ("club.test", "v=spf1 ip4:%s -all" % HOST, "v=DMARC1; p=none"),
    ("behind.test", "v=spf1 ip4:%s -all" % BEHIND, "v=DMARC1; p=reject"),
    ("lists.test", "v=spf1 ip4:%s -all" % LIST, None),
    ("late.test", "v=spf1 ip4:%s -all" % HOST, "v=DMARC1; p=reject"),
    ("later.test", "v=spf1 ip4:%s -all" % HOST, "v=DMARC1; p=reject"),
    ("clinic.test", "v=spf1 mx -all", "v=DMARC1; p=reject"),
)
# What seems to be ours, in forms that readers take for it; and what is others'.
FORGED = (
    "Authentication-Results: gw.clinic.test; dmarc=pass forged=1\r\n"
    "AUTHENTICATION-RESULTS:gw.clinic.test; dmarc=pass forged=2\r\n"
    "Authentication-Results: mx.other.test; dmarc=fail theirs=1\r\n"
    "authentication-results:\r\n (c (d))\r\n\tGW.Clinic.TEST 1 ;\r\n dmarc=pass forged=3\r\n"
    "Authentication-Results: \"gw.clinic.test\"; dmarc=pass forged=4\r\n"
    "Authentication-Results: gw.clinic.test.other.test; dmarc=fail theirs=2\r\n"
    "Authentication-Results : gw.clinic.test; dmarc=pass forged=5\r\n"
    "Authentication-Results:\tmx2.clinic.test; dmarc=pass forged=6\r\n"
    "Authentication-Results: dmarc=pass forged=7\r\n"
    "X-Authentication-Results: gw.clinic.test; theirs=3\r\n"
    "ARC-Authentication-Results: i=1; gw.clinic.test; theirs=4\r\n"
)
MIME = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"


def quoted(text):
    return " ".join('"%s"' % text[i : i + 200] for i in range(0, len(text), 200))


class Scenario:
    """site: with its MTA not yet started, whose only milter will be at site.socket."""

    def __init__(self, site):
        self.site, self.tap = site, site.tap
        self.mta = site.sendmail if site.mta == "sendmail" else site.postfix
        self.keys = Keys(site.folder, "bank.test")
        os.mkdir(os.path.join(site.folder, "arc"), 0o700)
        self.arc = Keys(os.path.join(site.folder, "arc"), "clinic.test")
        self._dns()
        self.lookup = self._lookup()
        self.daemon = Milward(site.folder, site.prefix, self._policy()).start()

    def _dns(self):
        for domain, spf, dmarc in DOMAINS:
            self.site.dns.records.append("%s. IN TXT %s" % (domain, quoted(spf)))
            if dmarc:
                self.site.dns.records.append("_dmarc.%s. IN TXT %s" % (domain, quoted(dmarc)))
        for name, text in [*self.keys.texts.items(), *self.arc.texts.items()]:
            self.site.dns.records.append("%s. IN TXT %s" % (name, quoted(text)))
        self.site.dns.restart()

    def _lookup(self):
        folder = os.path.join(self.site.folder, "lookup")
        os.makedirs(os.path.join(folder, "log"))
        os.chmod(folder, 0o755)
        anchor = os.path.join(folder, "anchor")
        with open(anchor, "w") as out:
            out.write("signed. IN DS 4711 8 2 %s\n" % ("ab" * 32))
        options = ['resolvers "127.0.0.53"', 'trust-anchor "%s"' % anchor, "dns-timeout 2 seconds", "ttl-min 1 second"]
        return Lookup(folder, options, prefix=self.site.prefix).start()

    def _policy(self):
        """The shipped one, with the names of the lab."""
        shipped = os.path.join(self.site.prefix, "share", "milward", "policies")
        folder = os.path.join(self.site.folder, "policy")
        os.makedirs(os.path.dirname(self.site.socket), mode=0o755, exist_ok=True)
        shutil.copytree(os.path.join(shipped, "tables"), os.path.join(folder, "tables"))
        for name, text in (("ours", "clinic.test"), ("forwarders", "lists.test"), ("dmarc-exceptions", "broken.test"), ("sealers", "lists.test")):
            with open(os.path.join(folder, "tables", name), "w") as out:
                out.write(text + "\n")
        with open(os.path.join(shipped, "inbound.policy")) as source:
            text = source.read()
        text = re.sub(r"(?m)^listen .*", "listen unix:%s" % self.site.socket, text)
        text = re.sub(r'path "/var/[^"]*"', 'path "%s"' % os.path.join(self.site.folder, "log", "audit"), text)
        text = re.sub(r'(?m)^    lookup ".*\n', lambda _: OPTIONS % (self.lookup.socket, self.arc.path("rsa")), text)
        text = text.replace("always add results;", "always add results; add received-spf; arc-seal;")
        text, modes = re.subn(r"(?m)^mode   observe", "mode   enforce", text)
        assert modes == 1
        self.audit = os.path.join(self.site.folder, "log", "audit")
        path = os.path.join(folder, "inbound.policy")
        with open(path, "w") as out:
            out.write(text)
        return path

    # ---- mail
    def mail(self, domain, head="", selectors=(), subject="Meeting", name="joe"):
        message = Message(NO_PHI, sender="%s@%s" % (name, domain), to="nurse@clinic.test", subject=subject, head=MIME)
        for selector in selectors:
            with open(self.keys.path(selector), "rb") as pem:
                key = pem.read()
            if selector == "ed":
                key = self._ed25519(key)
            message.octets = dkim.sign(message.octets, selector.encode(), domain.encode(), key, include_headers=[b"from", b"subject"],
                                       signature_algorithm=b"ed25519-sha256" if selector == "ed" else b"rsa-sha256") + message.octets
        message.octets = head.encode() + message.octets
        return message

    @staticmethod
    def _ed25519(pem):
        """The form that dkimpy reads."""
        import base64

        from cryptography.hazmat.primitives import serialization

        private = serialization.load_pem_private_key(pem, None)
        return base64.b64encode(private.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()))

    def send(self, message, source=HOST, sender=None, **client):
        """"delivered", "held", or the reply that refuses it."""
        message.sender = message.sender if sender is None else sender
        before = set(self.held())
        try:
            self.site.send(message, "nurse@clinic.test", source=source, helo="mx.bank.test", **client)
        except Refused as answer:
            return "%d %s" % (answer.code, answer.text)
        self.mta.settle()
        wait_for(lambda: self.copy(message) or set(self.held()) - before, "it is delivered or held")
        return "delivered" if self.copy(message) else "held"

    def copy(self, message):
        found = self.site.found(message)
        return found[0] if found else None

    def held(self):
        if self.site.mta == "sendmail":
            return [name for name, _text in self.mta.queued() if name.startswith("hf")]
        return [m["queue_id"] for m in self.mta.queue() if m["queue_name"] == "hold"]

    def ours(self, message):
        """{method: result} of our field, which is alone and on top of what came."""
        copy = self.copy(message)
        values = [v for v in copy.header("Authentication-Results") if v.lower().startswith(ID + ";")] if copy else []
        if len(values) != 1:
            return {"fields": len(values)}
        found = {}
        for method, result in re.findall(r"; *([a-z]+)=([a-z]+)", re.sub(r'"(?:\\.|[^"\\])*"', "", values[0])):
            found.setdefault(method, result)
        return found

    # ---- what is tried
    def genuine(self):
        tap = self.tap
        message = self.mail("bank.test", FORGED + "Received-SPF: pass (gw.clinic.test: forged=8)\r\n", selectors=("rsa", "ed"))
        tap.equal(self.send(message), "delivered", "signed, and from its own host: delivered")
        tap.equal(self.ours(message), {"dmarc": "pass", "spf": "pass", "dkim": "pass", "arc": "fail"}, "our field says so, alone")
        copy = self.copy(message)
        head = copy.data.split(b"\r\n\r\n")[0]
        tap.equal(re.findall(rb"forged=\d", head), [], "every field that only seems to be ours is gone")
        tap.equal(sorted(set(re.findall(rb"theirs=\d", head))), [b"theirs=%d" % i for i in range(1, 5)], "what is others' stays")
        tap.ok(head.lower().index(b"authentication-results: gw.clinic.test") < head.index(b"\r\nDKIM-Signature"), "ours is on top", head)
        tap.equal(copy.header("Received-SPF")[0].split(" ")[0:1], ["pass"], "Received-SPF is there")
        tap.equal(set(self.keys.verify(copy.data).values()), {True}, "the signatures hold behind it")

    def sealed(self):
        """What leaves has a seal; what comes back has it still, and gets another."""
        tap, message = self.tap, self.mail("bank.test", selectors=("rsa",))
        self.send(message)
        once = self.copy(message).data
        tap.equal((self.arc_says(once), once.count(b"ARC-Seal:")), (b"pass", 1), "sealed, and dkimpy finds the chain whole")
        message.octets = once[once.index(b"ARC-Seal:"):]
        self.site.send(message, "nurse@clinic.test", source=LIST, helo="mx.lists.test")
        wait_for(lambda: len(self.site.found(message)) == 2, "it is delivered once more")
        twice = self.site.found(message)[1].data
        tap.equal((self.arc_says(twice), twice.count(b"ARC-Seal:"), b"arc=pass" in twice), (b"pass", 2, True), "handed on: the chain goes on")
        message.octets = once[once.index(b"ARC-Seal:"):].replace(b"Thursday", b"Wednesday")
        self.site.send(message, "nurse@clinic.test", source=HOST, helo="mx.bank.test")
        wait_for(lambda: len(self.site.found(message)) == 3, "it is delivered a third time")
        broken = self.site.found(message)[2].data
        tap.ok(b"cv=fail" in broken and self.arc_says(broken) != b"pass", "changed on the way: sealed as broken", broken)

    def arc_says(self, octets):
        return dkim.arc_verify(octets, dnsfunc=self.arc._lookup)[0]

    def forged(self):
        tap = self.tap
        answer = self.send(self.mail("bank.test"), source=STRANGER)
        tap.ok(answer.startswith("550 ") or answer.startswith("554 "), "a forged sender, whose domain asks to refuse: refused", answer)
        tap.ok("refuse what it did not send" in answer, "and told why", answer)
        message = self.mail("club.test")
        tap.equal((self.send(message, source=STRANGER), self.ours(message)), ("delivered", {"dmarc": "fail", "spf": "fail"}), "asks for nothing: delivered")
        message = self.mail("bank.test", selectors=("rsa",))
        message.octets = message.octets.replace(b"Thursday", b"Wednesday")
        tap.ok(self.send(message, source=STRANGER).startswith("55"), "a signed message that was changed: refused")
        message = self.mail("bank.test", subject="[list] Meeting")
        tap.equal(self.send(message, source=LIST, sender="bounces@lists.test"), "delivered", "by a list that is known by its SPF: delivered")
        tap.ok(self.send(self.mail("bank.test"), source=STRANGER, sender="bounces@lists.test").startswith("55"), "who only says so is refused")
        message = self.mail("shop.test")
        tap.equal(self.send(message, source=STRANGER), "held", "asks for quarantine: held")

    def relay(self):
        tap = self.tap
        received = "Received: from mx.behind.test (mx.behind.test [%s])\r\n\tby backup.clinic.test (Postfix) with ESMTP id 1\r\n\tfor <nurse@clinic.test>; %s\r\n"
        day = "Thu, 01 Feb 2024 10:00:00 +0000"
        message = self.mail("behind.test")
        message.octets = (received % (BEHIND, day)).encode() + message.octets
        tap.equal((self.send(message, source=RELAY), self.ours(message)), ("delivered", {"dmarc": "pass", "spf": "pass"}), "behind a relay: its client is judged")
        message = self.mail("behind.test")
        message.octets = (received % ("192.0.2.99", day) + received % (BEHIND, day)).encode() + message.octets
        tap.ok(self.send(message, source=RELAY).startswith("55"), "the topmost field counts, not one below it")
        message = self.mail("behind.test")
        message.octets = b"Received: by backup.clinic.test (x) id 1; " + day.encode() + b"\r\n" + (received % (BEHIND, day)).encode() + message.octets
        tap.equal((self.send(message, source=RELAY), self.ours(message)), ("delivered", {"dmarc": "temperror", "spf": "temperror"}),
                  "a field that is not understood: nothing is a pass, and nothing fails")

    def not_judged(self, **client):
        """client: of an authenticated submission."""
        tap = self.tap
        message = self.mail("clinic.test", FORGED)
        tap.equal((self.send(message, source="127.0.0.1"), self.copy(message).data.count(b"forged=")), ("delivered", 7), "an internal host: nothing is judged, and its fields stay")
        if client:
            message = self.mail("clinic.test", FORGED)
            tap.equal(self.send(message, source=STRANGER, **client), "delivered", "an authenticated user: not judged")
            head = self.copy(message).data.split(b"\r\n\r\n")[0]
            tap.equal((head.count(b"forged="), self.ours(message)), (0, {"fields": 0}), "who may not speak for us either, and nothing is added")

    def parallel(self, sessions=200):
        """Every second message is forged; the answers of DNS are not known at first, and then they are."""

        def attempt(item):
            message, source = item
            try:
                self.site.send(message, "nurse@clinic.test", source=source, helo="mx.bank.test")
                return 250
            except Refused as answer:
                return answer.code

        for state in ("cold", "warm"):
            if state == "cold":
                self.daemon.stop()
                self.daemon.start()
            signed = self.mail("bank.test", selectors=("rsa",), subject=state)
            mail = [(signed if i % 2 else self.mail("bank.test", subject=state), HOST if i % 2 else STRANGER) for i in range(sessions)]
            with concurrent.futures.ThreadPoolExecutor(sessions // 5) as pool:
                codes = list(pool.map(attempt, mail))
            self.tap.equal({250 if i % 2 else 550: set(codes[i::2]) for i in (1, 0)}, {250: {250}, 550: {550}},
                           "%d sessions, %d at a time, %s: each gets its own verdict" % (sessions, sessions // 5, state))
            copies = wait_for(lambda: len(self.site.found(signed)) == sessions // 2 and self.site.found(signed), "all are delivered", 60)
            said = {tuple(re.findall(r"(?:dmarc|dkim|spf)=[a-z]+", c.header("Authentication-Results")[0])) for c in copies}
            self.tap.equal(said, {("dmarc=pass", "spf=pass", "spf=none", "dkim=pass")}, "and the same field, %s" % state)

    def outage(self):
        tap = self.tap
        self.site.dns.process.terminate()
        self.site.dns.process.wait()
        message = self.mail("late.test")
        before = time.monotonic()
        self.site.send(message, "nurse@clinic.test", source=STRANGER, helo="mx.bank.test")
        tap.ok(time.monotonic() - before < 25, "DNS is cut: a message is taken, and within its time", time.monotonic() - before)
        self.site.dns.start()
        self.mta.flush()  # Sendmail, too, had nobody to ask
        wait_for(lambda: self.copy(message), "it is delivered", 60)
        found = self.ours(message)
        tap.equal((found.get("dmarc"), found.get("spf")), ("temperror", "temperror"), "and called a temporary error")
        self.lookup.kill()
        message = self.mail("later.test")
        tap.equal((self.send(message, source=STRANGER), self.ours(message).get("dmarc")), ("delivered", "temperror"), "milward-lookup is dead: the same")
        self.lookup.start()
        wait_for(lambda: self.send(self.mail("later.test"), source=STRANGER).startswith("55"), "it is known again, and refused", 60)
        tap.ok(True, "it is back: refused")

    def run(self, **submission):
        self.genuine()
        self.sealed()
        self.forged()
        self.relay()
        self.not_judged(**submission)
        self.outage()
        self.tap.equal(self.site.leaks(), [], "no Subject in any log")
