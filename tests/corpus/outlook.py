# SPDX-License-Identifier: Apache-2.0
"""outlook: what extract-tnef.t and extract-msg.t have in common: files of the shared data, and what we make of them.

Needs MILWARD_BUILD, a built tree with the module and milwardctl; tests/corpus/unpack is built there.
"""

import email.message
import json
import os
import re
import subprocess
import sys

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
DATA = os.path.join(SRC, "../shared/data")
WORD = re.compile(r"\w+")


def skip_unless(module, archives, tools):
    """Ends the test when something is not there."""
    missing = [path for path in (os.path.join(DATA, name) for name in archives) if not os.path.exists(path)]
    missing += [path for path in ("modules/.libs/%s.so" % module, "milwardctl") if not os.path.exists(os.path.join(BUILD, path))]
    missing += [tool for tool in tools if subprocess.run(["which", tool], capture_output=True, check=False).returncode]
    if missing:
        print("1..0 # SKIP no %s" % ", ".join(missing))
        sys.exit(0)


def unpack_archive(name, top):
    subprocess.run(["tar", "-x", "--zstd", "-f", os.path.join(DATA, name), "-C", top], check=True)


def files_under(top, suffix=""):
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names if name.endswith(suffix))


def octets_of(path):
    with open(path, "rb") as f:
        return f.read()


class Policy:
    """milwardctl with the module, and extract-html for bodies."""

    def __init__(self, module, top):
        self.top = top
        self.path = os.path.join(top, "outlook.policy")
        with open(self.path, "w", encoding="utf-8") as f:
            f.write("load phi with extract-html, %s grant text\n" % module)

    def parts(self, path, media):
        """The parts of a message that has the file as its attachment."""
        message = email.message.EmailMessage()
        message["From"] = "a@x.example"
        message["To"] = "b@y.example"
        maintype, subtype = media.split("/")
        message.add_attachment(octets_of(path), maintype=maintype, subtype=subtype, filename="f")
        eml = os.path.join(self.top, "one.eml")
        with open(eml, "wb") as f:
            f.write(message.as_bytes())
        command = [os.path.join(BUILD, "milwardctl"), "-p", self.path, "--modules", os.path.join(BUILD, "modules/.libs")]
        command += ["--policies", os.path.join(SRC, "policies"), "text", "--json", eml]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr.decode("utf-8", "replace"))
        return [json.loads(line) for line in done.stdout.splitlines()]


class Member:
    def __init__(self, line, folder):
        number, self.name, self.type, self.charset, self.unread = line.split("\t")
        self.octets = octets_of(os.path.join(folder, number))

    def text(self):
        return self.octets.decode(self.charset or "latin-1", "replace")


def unpack_build():
    """Builds what unpack() runs."""
    if subprocess.run(["make", "-s", "-C", BUILD, "tests/corpus/unpack"], stdout=subprocess.DEVNULL, check=False).returncode:
        print("Bail out! tests/corpus/unpack does not build")
        sys.exit(1)


def unpack(kind, path, folder):
    """The members of a file, octet by octet, and the text beside them."""
    os.mkdir(folder)
    done = subprocess.run([os.path.join(BUILD, "tests/corpus/unpack"), kind, path, folder], capture_output=True, check=True)
    lines = done.stdout.decode("utf-8", "replace").split("\n")[:-1]
    return [Member(line, folder) for line in lines], octets_of(os.path.join(folder, "text")).decode("utf-8", "replace")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def result(self, good, name, why=()):
        self.count += 1
        self.failed += not good
        for line in why:
            print("# %s" % line)
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, name))

    def done(self):
        print("1..%d" % self.count)
        return 1 if self.failed else 0
