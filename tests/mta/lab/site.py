# SPDX-License-Identifier: Apache-2.0
"""site: everything that a scenario needs, put together: namespace, names, certificates, sinks, Postfix, and the results.

    with lab.Site() as site:
        site.postfix.start()
        site.send(message, "bob@valid.test")
        site.tap.equal(site.copies(message), {("valid", "bob@valid.test"): ["TLSv1.3"]}, "arrives once, encrypted")
"""
import os
import re
import shutil
import sys
import traceback

from . import namespace
from .ca import Authority
from .client import Client
from .dns import Dns
from .message import SECRETS
from .milward import Milward
from .policy import outbound
from .postfix import QUEUE, Postfix
from .sendmail import Sendmail, packages
from .sink import Sink
from .tap import Tap, note, skip_all

# name, address, how it does TLS, certificate for (kind, host). The domain is NAME.test, its MX mx.NAME.test.
SINKS = (
    ("inside", "127.0.0.20", "notls", None),
    ("portal", "127.0.0.21", "notls", None),
    ("plain", "127.0.0.11", "notls", None),
    ("valid", "127.0.0.12", "tls", "valid"),
    ("selfsigned", "127.0.0.13", "tls", "selfsigned"),
    ("wrongname", "127.0.0.14", "tls", "wrongname"),
    ("expired", "127.0.0.15", "tls", "expired"),
    ("brokentls", "127.0.0.16", "454", None),
    ("oldtls", "127.0.0.17", "tls10", "valid"),
)
DOWN = "127.0.0.99"  # down.test: nobody listens there
OUTSIDE = [name + ".test" for name, *_ in SINKS if name not in ("inside", "portal")] + ["mixed.test", "down.test", "nosuch.test"]
# Below the queue directory, so that a chrooted smtpd and one that is not find it by the same name.
SOCKET = "milward/outbound.sock"
LOAD = """load phi with extract-html, check-us grant text
load route grant route, edit, run { mta postfix; portal yes }"""


class Site:
    """mta: postfix (site.postfix) or sendmail (site.sendmail)."""

    def __init__(self, mta="postfix"):
        for program in ("postfix", "unbound")[mta == "sendmail" :]:
            if not shutil.which(program):
                skip_all("%s is not installed (packaging/deps test)" % program)
        if mta == "sendmail":
            packages()
        self.mta = mta
        self.folder = namespace.enter()
        self.tap = Tap()
        self.ca = Authority(os.path.join(self.folder, "ca"))
        self.dns = Dns(self.folder)
        self.sinks = {}
        os.mkdir(os.path.join(self.folder, "sinks"))
        self._sinks()
        self.dns.start()
        if mta == "sendmail":
            self.sendmail = Sendmail(self.folder, self.ca.path)
        else:
            self.postfix = Postfix(self.folder)
            self.postfix.set(smtp_tls_CAfile=self.ca.path, transport_maps="inline:{clinic.test=smtp:[127.0.0.20]}")

    def _sinks(self):
        for name, address, mode, kind in SINKS:
            host = "mx.%s.test" % name
            cert = None
            if kind == "wrongname":
                cert = self.ca.issue("mx.other.test")
            elif kind:
                cert = self.ca.issue(host, kind)
            sink = Sink(name, address, mode, cert, os.path.join(self.folder, "sinks"))
            sink.up()
            self.sinks[name] = sink
            self.dns.host(host, address)
            self.dns.mail(name + ".test", host)
        self.dns.host("gw.clinic.test", "127.0.0.1")
        self.dns.mail("bücher.test".encode("idna").decode(), "mx.valid.test")
        self.dns.host("mx.down.test", DOWN)
        self.dns.mail("down.test", "mx.down.test")
        self.dns.mail("mixed.test", "mx.plain.test", "mx.valid.test")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind and issubclass(kind, SystemExit):
            os._exit(value.code)
        if kind:
            self.tap.ok(False, "the scenario runs to its end", "".join(traceback.format_exception(kind, value, trace)))
        status = self.tap.end()
        if status:
            self._tell()
        sys.stdout.flush()
        # The namespace goes with this process, and everything in it.
        os._exit(status)

    def _tell(self):
        """For a failure: what the sinks got, what Postfix warned of, and the end of every log."""
        note("---- warnings")
        log = self.sendmail.log() if self.mta == "sendmail" else self.postfix.log()
        note("\n".join(re.findall(r".*(?:warning|error|fatal|panic|SYSERR).*", log)[-30:]))
        note("---- sinks")
        for copy in [c for sink in self.sinks.values() for c in sink.copies][-30:]:
            note(repr(copy))
        for name in sorted(os.listdir("log")):
            with open(os.path.join("log", name), errors="replace") as log:
                lines = log.read().splitlines()[-60:]
            if lines:
                note("---- " + name)
                note("\n".join(lines))

    # ---- milward
    @property
    def prefix(self):
        """Where milward is installed: tests/run tells, or it is the latest build of tests/run."""
        latest = os.path.join(os.path.dirname(__file__), "../../../build-tests/root")
        return os.environ.get("MILWARD_PREFIX") or os.path.normpath(latest)

    @property
    def socket(self):
        return os.path.join(self.folder if self.mta == "sendmail" else QUEUE, SOCKET)

    def setup(self, *arguments, check=True):
        """The product's own script that teaches the MTA the routes: setup("add"), setup("remove"), setup("check")."""
        script = os.path.join(self.prefix, "share", "milward", self.mta, "milward-" + self.mta)
        if not os.path.exists(script):
            raise AssertionError("%s is not there: build with tests/run gcc" % script)
        if self.mta == "sendmail":
            arguments = arguments[:1] + self.sendmail.places + arguments[1:]
        if arguments[0] == "add":
            arguments += ("--socket", self.socket)
        if arguments[0] == "add" and "--portal" not in arguments:
            arguments += ("--portal", "[127.0.0.21]" + (":25" if self.mta == "postfix" else ""))
        return (self.sendmail if self.mta == "sendmail" else self.postfix).run(script, *arguments, check=check)

    def policy(self, name="outbound", load=LOAD, **more):
        """Writes the policy of the scenarios (policy.py); its path."""
        os.makedirs(os.path.dirname(self.socket), mode=0o755, exist_ok=True)
        path = os.path.join(self.folder, name + ".policy")
        with open(path, "w") as out:
            out.write(outbound(OUTSIDE, self.socket, load, **more))
        return path

    def daemon(self, **more):
        """A daemon with that policy, not yet started."""
        return Milward(self.folder, self.prefix, self.policy(**more))

    def outbound(self, **more):
        """All of it, running: Postfix taught, the daemon ready."""
        if self.mta == "sendmail":
            more.setdefault("load", self.sendmail.load)
            self.sendmail.build()
        self.setup("add")
        daemon = self.daemon(**more).start()
        (self.sendmail if self.mta == "sendmail" else self.postfix).start()
        return daemon

    # ---- mail
    def send(self, message, *rcpts, **client):
        """Sends a message by SMTP in the plainest way; the final reply's text."""
        with Client(**client) as smtp:
            smtp.mail(message.sender)
            for rcpt in rcpts:
                smtp.rcpt(rcpt)
            return smtp.data(message.octets)[1]

    def found(self, message):
        """Copies of a message in all sinks."""
        needle = b"<%s>" % message.id.encode()
        return [c for sink in self.sinks.values() for c in sink.copies if any(needle in i.encode() for i in c.header("Message-ID"))]

    def copies(self, message):
        """{(sink, recipient): [TLS version or None, one for each copy]} of a message."""
        result = {}
        for copy in self.found(message):
            for rcpt in copy.to:
                result.setdefault((copy.sink, rcpt), []).append(copy.tls)
        return result

    def bounces(self):
        """Non-delivery reports that came back inside."""
        return [c for c in self.sinks["inside"].copies if c.mail.startswith("<>")]

    def reports(self, message):
        """Those of them that are about a message."""
        return [c for c in self.bounces() if b"<%s>" % message.id.encode() in c.data]

    # ---- what must never happen
    def leaks(self):
        """Names of logs in which matched text or a Subject can be read."""
        bad = []
        for name in os.listdir("log"):
            with open(os.path.join("log", name), errors="replace") as log:
                text = log.read()
            bad += ["%s: %s" % (name, secret) for secret in SECRETS if secret in text]
        return bad
