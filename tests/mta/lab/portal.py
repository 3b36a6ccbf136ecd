# SPDX-License-Identifier: Apache-2.0
"""portal: the pickup portal with all that it takes: milward, milward-seal, the signer and milward-portal, and mailboxes to look into."""
import email
import email.policy
import os
import re
import subprocess

from . import seal
from .milward import Milward
from .postfix import QUEUE
from .tap import wait_for

SOCKET = os.path.join(QUEUE, "milward", "portal.sock")
SPANISH, CAREFUL = "rosa@plain.test", "olga@plain.test"  # in the tables of languages and of who needs a passphrase

POLICY = """listen unix:%(socket)s
load route with portal grant route, edit, run { mta postfix; portal yes; seal yes }
load seal { listen "unix:%(seal)s"; socket-group "postfix"; reentry "inet:%(reentry)d@127.0.0.1"; state "%(folder)s/seal-state"; name "gw.clinic.test" }
load portal grant keys, store { store "%(folder)s/portal"; keys "%(folder)s/portal.keys"; url "%(url)s"; site "Riverside Clinic"
	from "portal@clinic.test"; languages "%(folder)s/languages"; passphrase-for "%(folder)s/careful"
	listen "unix:%(listen)s"; socket-group "www-data"
	reentry "inet:%(reentry)d@127.0.0.1"; submit "inet:25@127.0.0.1"; %(options)s }
table <ours> { "clinic.test" }
aliases none
match to external then send by portal
match any then pass
always strip header "X-Milward-*"
on error tempfail; timeout tempfail
"""
SIGN = """listen unix:%s
load route grant route, edit, run { mta none }
table <ours> { "clinic.test" }
aliases none
match any then pass
"""


class Portal:
    """All of it, running; what recipients outside get is looked up in the sinks."""

    def __init__(self, site, url, options=""):
        self.site, self.socket, self.url = site, SOCKET, url
        folder = site.folder
        os.makedirs(os.path.dirname(SOCKET), exist_ok=True)
        os.makedirs(os.path.join(folder, "portal"), mode=0o700)
        os.makedirs(os.path.join(folder, "seal-state"), mode=0o700, exist_ok=True)
        self.policy = self._write("portal.policy", POLICY % {
            "socket": site.socket, "seal": seal.SOCKET, "reentry": seal.REENTRY, "folder": folder, "url": url, "listen": SOCKET, "options": options})
        self._write("languages", "%s es\n" % SPANISH)
        self._write("careful", CAREFUL + "\n")
        sign = self._write("sign.policy", SIGN % seal.SIGNER)
        self.ctl("rekey")
        site.setup("add", "--seal", seal.SOCKET, "--signer", seal.SIGNER, "--portal", "unix:" + seal.SOCKET)
        signer = Milward(folder, site.prefix, sign, "signer")
        signer.arguments.append("--reentry")
        self.milward = Milward(folder, site.prefix, self.policy)
        self.agent = seal.Agent(site, self.policy)
        self.daemon = Milward(folder, site.prefix, self.policy, "portal")
        self.daemon.program = os.path.join(site.prefix, "sbin", "milward-portal")
        self.daemon.arguments = ["-p", self.policy]
        for daemon in (signer, self.agent, self.daemon, self.milward):
            daemon.start()
        site.postfix.start()

    def _write(self, name, text):
        path = os.path.join(self.site.folder, name)
        with open(path, "w") as out:
            out.write(text)
        return path

    def ctl(self, command, *arguments, check=True, text=None):
        """milwardctl portal …: its output. text: what it is given to read."""
        program = os.path.join(self.site.prefix, "bin", "milwardctl")
        done = subprocess.run([program, "-p", self.policy, "portal", command, *arguments], input=text, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise AssertionError("milwardctl portal %s: %s" % (command, done.stdout + done.stderr))
        return done.stdout

    def stop(self):
        return self.daemon.stop()

    def log(self):
        return self.daemon.log()

    # ---- mailboxes
    def mails(self, rcpt):
        return [c for sink in self.site.sinks.values() for c in sink.copies if rcpt in c.to]

    def mail(self, rcpt, before=0):
        """The first one that came, or comes, behind so many."""
        wait_for(lambda: len(self.mails(rcpt)) > before, "a mail for %s" % rcpt, 30)
        return self.mails(rcpt)[before]

    @staticmethod
    def text(copy):
        return email.message_from_bytes(copy.data, policy=email.policy.SMTP).get_body(("plain",)).get_content()

    def link(self, notice):
        """The path of the link in a notice."""
        return re.search(re.escape(self.url) + r"(/m/[A-Za-z0-9_-]+)", self.text(notice)).group(1)

    def code(self, mail):
        return "".join(re.search(r"^(\d{4}) ?(\d{4})\r?$", self.text(mail), re.M).groups())

    @staticmethod
    def id(link):
        """Of a message, as milwardctl knows it: the part of the link that is no secret."""
        return link.split("/")[-1][:16]
