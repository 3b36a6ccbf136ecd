#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# The examples of milward.policy(5) and milward.rules(5) are policies that load, with the modules of this build.
import os
import re
import subprocess
import sys
import tempfile

top = os.environ.get("MILWARD_SRC") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
build = os.environ.get("MILWARD_BUILD") or os.environ.get("BUILD") or top
ctl = os.path.join(build, "milwardctl")
LOADS = """load phi with extract-html, check-us, check-names grant text
load route grant route, edit, run { portal yes }
load audit grant store { path "/var/lib/milward/audit.log" }
"""
DKIM = 'load dkim grant headers, edit, keys { key-table "k"; signing-table "s" }\n'
REST = """table <ours> { "clinic.example" }
include "rules/hipaa-identifiers.rules", "rules/clinical.rules"
class phi when phi.identifiers >= 1 and phi.clinical >= 1
"""


def blocks(page):
    """(what the comment says, text) of each literal block that has such a comment in front."""
    text = open(os.path.join(top, "doc/man", page), encoding="utf-8").read()
    for m in re.finditer(r'^\.\\" ((?:file|lines)[^\n]*)\n\.Bd -literal[^\n]*\n(.*?)^\.Ed$', text, flags=re.M | re.S):
        yield m.group(1), m.group(2).replace("\\e", "\\").replace("\\&", "")


def check(folder, name):
    return subprocess.run(
        [ctl, "--modules", os.path.join(build, "modules/.libs"), "--policies", os.path.join(top, "policies"), "check", name],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def cases(page, folder):
    """Writes the files of a page; gives (name of the test, file) of what can be checked."""
    found = []
    for i, (what, text) in enumerate(blocks(page)):
        kind, _, name = what.partition(" ")
        if kind != "file":
            dkim = "" if kind == "lines-without-dkim" else DKIM
            name = "lines-%d.policy" % i
            text = LOADS + dkim + REST + text + "match any then pass\n"
        write(folder, name, text)
        if name.endswith((".policy", ".rules")):
            found.append(("%s: %s" % (page, name), name))
    return found


tests = bad = 0
if not os.access(ctl, os.X_OK):
    print("1..0 # SKIP no milwardctl in %s" % build)
    sys.exit(0)
for page in ("milward.policy.5", "milward.rules.5"):
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "tables/partners", "partner.example\n")
        write(folder, "tables/aliases", "team: carol, bob@partner.example\n")
        write(folder, "tables/virtual", "staff@clinic.example team@lists.clinic.example\n")
        for name, file in cases(page, folder):
            tests += 1
            done = check(folder, file)
            if done.returncode == 0:
                print("ok %d - %s" % (tests, name))
                continue
            bad += 1
            print("not ok %d - %s" % (tests, name))
            print("".join("# %s\n" % line for line in done.stdout.splitlines()), end="")
print("1..%d" % tests)
sys.exit(1 if bad or tests < 8 else 0)
