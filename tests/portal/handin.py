# SPDX-License-Identifier: Apache-2.0
"""handin: milward-seal with the portal, in a temporary folder; notices, and what their links open."""
import base64
import email
import email.policy
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "seal"))
import common  # noqa: E402
from common import BUILD, SOURCE, Agent, Mta, Tap, skip_all  # noqa: E402,F401

OPEN_LINK = os.path.join(BUILD, "tests", "portal", "open_link")
URL = "https://pickup.clinic.test"
TAG = ".mw-portal.invalid"


def roomy():
    """A folder where files can be made without a name: overlayfs of kernels before 6.1 has none."""
    for folder in (tempfile.gettempdir(), "/dev/shm"):
        try:
            os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600))
            return folder
        except OSError:
            pass
    return skip_all("no folder here can have files without a name")


def sha(octets):
    return hashlib.sha256(octets).hexdigest()


class Opened:
    """What a link opens: .manifest, .object(number), .state, .proof …"""

    def __init__(self, store, link, keys):
        folder = tempfile.mkdtemp(prefix="milward-opened-")
        try:
            done = subprocess.run([OPEN_LINK, store, keys, link, folder], capture_output=True, text=True, check=False)
            if done.returncode:
                raise AssertionError(done.stderr)
            self.state, self.sender, self.recipient, self.language, proof, created, expires = done.stdout.split()
            self.proof, self.created, self.expires = int(proof), int(created), int(expires)
            self.objects = {}
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), "rb") as file:
                    self.objects[int(name)] = file.read()
        finally:
            shutil.rmtree(folder)
        self.manifest = json.loads(self.objects[0])

    def reading(self, name):
        number = self.manifest[name]
        return self.objects[number].decode() if number else None

    def part(self, name):
        return [self.objects[p["object"]] for p in self.manifest["parts"] if p["name"] == name]

    def kinds(self):
        return [(p["kind"], p["type"], p["name"]) for p in self.manifest["parts"]]


class Notice:
    def __init__(self, copy):
        self.copy = copy
        self.mail = email.message_from_bytes(copy.data, policy=email.policy.SMTP)
        self.text = self.mail.get_body(("plain",)).get_content()
        self.html = self.mail.get_body(("html",)).get_content()
        self.link = re.search(re.escape(URL) + r"/m/([A-Za-z0-9_-]+)", self.text).group(1)

    def decoded(self):
        """All that it says, whatever it is encoded in."""
        return "\n".join(str(v) for v in self.mail.values()) + self.text + self.html


class Portal(Agent):
    """An agent with the portal. store: its folder."""

    def __init__(self, mta, options="", portal="", store=None, **more):
        for path in (OPEN_LINK, os.path.join(BUILD, "modules", ".libs", "portal.so")):
            if not os.path.exists(path):
                skip_all("no %s in %s" % (os.path.basename(path), BUILD))
        if Agent.modules is None:
            Agent.modules = common.modules()
        if not os.path.exists(os.path.join(Agent.modules, "portal.so")):
            shutil.copy(os.path.join(BUILD, "modules", ".libs", "portal.so"), Agent.modules)
        self.portal_dir = tempfile.mkdtemp(prefix="milward-portal-t-", dir=roomy())
        self.store = store or os.path.join(self.portal_dir, "store")
        self.portal_keys = os.path.join(self.portal_dir, "portal.keys")
        self.server_key = os.urandom(32)
        with open(os.open(self.portal_keys, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            out.write("1 %s 1763800000\n" % base64.b64encode(self.server_key).decode())
        super().__init__(mta, options, load=self.load(portal), **more)

    def load(self, portal=""):
        return ('load portal grant keys, store { store "%s"; keys "%s"; url "%s"; site "Riverside Clinic"; from "portal@clinic.test"; templates "%s"; %s }\n'
                "load route grant route, edit, run { mta none }"
                % (self.store, self.portal_keys, URL, os.path.join(SOURCE, "templates", "portal"), portal))

    def __exit__(self, *what):
        super().__exit__(*what)
        shutil.rmtree(self.portal_dir, ignore_errors=True)

    def notices(self, rcpt):
        return [Notice(c) for c in self.mta.copies if rcpt in c.to]

    def open(self, notice):
        return Opened(self.store, notice.link, self.portal_keys)

    def database(self):
        base = sqlite3.connect(os.path.join(self.store, "pickup.db"), timeout=30, isolation_level=None, check_same_thread=False)
        return base

    def rows(self, rcpt=None):
        base = self.database()
        try:
            return [r for r in base.execute("SELECT recipient, noticed FROM message") if rcpt in (None, r[0])]
        finally:
            base.close()

    def crates(self):
        found = []
        for _, _, names in os.walk(os.path.join(self.store, "crates")):
            found += names
        return found
