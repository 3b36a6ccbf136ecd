#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Options of the programs beside milward: what `milwardctl check` refuses, milward and the program refuse, in the same words."""
import contextlib
import os
import re
import subprocess
import sys

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(SRC, "tests", "milter"))
import daemon  # noqa: E402
from daemon import Daemon  # noqa: E402
from lab.tap import Tap, skip_all  # noqa: E402

NAMES = ("lookup", "seal", "portal")
for name in NAMES:
    if not os.path.exists(os.path.join(daemon.BUILD, "modules", ".libs", name + ".so")):
        skip_all("the %s module is not built as a loadable file" % name)

tap = Tap()
GOOD = {"lookup": {"listen": '"unix:%(dir)s/lookup"', "cache": '"%(dir)s"'},
        "seal": {"state": '"%(dir)s"'},
        "portal": {"url": '"https://pickup.clinic.test"', "site": '"Clinic"', "from": '"portal@clinic.test"',
                   "store": '"%(dir)s/store"', "keys": '"%(dir)s/keys"'}}
# Each passes what a row of options can say (type, least, most), and is refused by the module's check alone.
BAD = (("lookup", {"ttl-min": "1 hour", "ttl-max": "2 minutes"}, "ttl-min is more than ttl-max"),
       ("seal", {"socket-mode": '"rw"'}, 'socket-mode "rw"'),
       ("seal", {"socket-mode": '"1777"'}, 'socket-mode "1777"'),
       ("seal", {"name": '"gw clinic"'}, 'name "gw clinic"'),
       ("seal", {"name": '"%s"' % ("g" * 256)}, 'name "ggg'),
       ("seal", {"authserv-id": '"gw;clinic"'}, 'authserv-id "gw;clinic"'),
       ("portal", {"socket-mode": '"0888"'}, 'socket-mode "0888"'),
       ("portal", {"client-address": '"Via"'}, "client-address is "),
       ("portal", {"url": '"http://pickup.clinic.test"'}, "url must be "),
       ("portal", {"url": '"https://clinic.test/pickup"'}, "url must be "),
       ("portal", {"site": '"A\\nB"'}, "site must be "),
       ("portal", {"from": '"Clinic <portal@clinic.test>"'}, "from must be "),
       ("portal", {"language": '"e"'}, "language must be "),
       ("portal", {"audit-key": '"%(dir)s/key"'}, "audit-key is given"),
       ("portal", {"expire": "40 days", "expire-max": "30 days"}, "expire must lie between"))


def policy(name, options):
    rows = "; ".join("%s %s" % row for row in dict(GOOD[name], **options).items())
    granted = " grant keys, store" if name == "portal" else ""
    return "listen unix:%%(dir)s/sock\nload route grant route, edit, run { mta none }\nload %s%s { %s }\nmatch any then pass\n" % (
        name, granted, rows)


def said(*command):
    """The exit status, and what is said of a module, without what stands before it."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    text = done.stdout + done.stderr
    found = re.search(r"module \"(%s)\": (.*)" % "|".join(NAMES), text)
    return done.returncode, found.group(0) if found else text


def stands(name, options):
    """A policy in a folder of its own, with which nothing runs yet."""
    return contextlib.closing(Daemon(policy(name, options)))


for name, options, words in BAD:
    with stands(name, options) as milward:
        places = ["--modules", Daemon.modules, "--policies", milward.dir]
        status, wrong = said(os.path.join(daemon.BUILD, "milwardctl"), *places, "check", milward.policy)
        label = "%s { %s }" % (name, "; ".join("%s %.20s" % row for row in options.items()))
        tap.ok(status == 1 and wrong.startswith('module "%s": %s' % (name, words)), label + ": milwardctl check refuses it", status, wrong)
        status, same = said(os.path.join(daemon.BUILD, "milward-" + name), "-t", "-p", milward.policy, *places)
        tap.ok(status == 78 and same == wrong, label + ": milward-%s does, in the same words" % name, status, same, wrong)
        status, same = said(*milward.command(), "-t")
        tap.ok(status in (69, 78) and same == wrong, label + ": and so does milward", status, same, wrong)
for name in ("lookup", "seal"):
    with stands(name, {}) as milward:
        places = ["--modules", Daemon.modules, "--policies", milward.dir]
        for program, last in (("milwardctl", ["check", milward.policy]), ("milward-" + name, ["-t", "-p", milward.policy])):
            status, text = said(os.path.join(daemon.BUILD, program), *places, *last)
            tap.ok(status == 0, "%s: %s takes it without the fault" % (name, program), text)
sys.exit(tap.end())
