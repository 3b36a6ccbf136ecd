#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""phi-quality: how good the shipped rules are, as a table.

Mails of tests/corpus/mail are labelled by their names: phi-* must be of class phi, clean-* must not. Four thousand real ordinary
messages from ../shared/data, when they are there, must nearly never be, and hold no Social Security number at all.

Needs MILWARD_BUILD (a built tree) and MILWARD_SRC. Prints TAP; the table is in its comments.
"""

import json
import os
import subprocess
import sys
import tempfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
CONFIDENCE = 65  # what counts for class phi
FALSE_IN = 2000  # at most one false phi in so many ordinary messages

POLICY = """load phi with {plugins} grant text
include "rules/hipaa-identifiers.rules", "rules/clinical.rules"
class phi when phi.identifiers >= 1 and phi.clinical >= 1
"""


def milwardctl(policy, *args):
    command = [os.path.join(BUILD, "milwardctl"), "-p", policy, "--modules", os.path.join(BUILD, "modules/.libs")]
    return subprocess.run(command + ["--policies", os.path.join(SRC, "policies"), *args], capture_output=True, text=True, check=False)


def write_policy(folder):
    """With the HTML extractor when this build has it. The path of the policy, and whether HTML is read."""
    path = os.path.join(folder, "quality.policy")
    for plugins in ("check-us, extract-html", "check-us"):
        with open(path, "w", encoding="utf-8") as f:
            f.write(POLICY.format(plugins=plugins))
        done = milwardctl(path, "check")
        if done.returncode == 0:
            return path, "html" in plugins
    sys.exit("the packs do not load: " + done.stderr)


def scan(policy, folder):
    done = milwardctl(policy, "scan", "--json", folder)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return sorted(found, key=lambda one: one["file"])


class Tap:
    def __init__(self):
        self.n = self.bad = 0

    def ok(self, good, name, skip=None):
        self.n += 1
        self.bad += not good
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}" + (f" # SKIP {skip}" if skip else ""))

    def end(self):
        print(f"1..{self.n}")
        sys.exit(1 if self.bad else 0)


def rules_of(one):
    return ", ".join(sorted({f["rule"] for f in one["findings"] if f["confidence"] >= CONFIDENCE})) or "nothing"


def row(name, n, wrong, aim):
    print(f"# {name:<40} {n:>6} {wrong:>6}   {aim}")


def check_labelled(tap, policy, html):
    wrong = {"phi": 0, "clean": 0}
    total = {"phi": 0, "clean": 0}
    for one in scan(policy, os.path.join(SRC, "tests/corpus/mail")):
        name = os.path.basename(one["file"])
        label = name.split("-")[0]
        if "html" in name and not html:
            tap.ok(True, name, "no extract-html in this build")
            continue
        good = ("phi" in one["classes"]) == (label == "phi")
        total[label] += 1
        wrong[label] += not good
        tap.ok(good, f"{name}: {', '.join(one['classes']) or 'no class'} ({rules_of(one)})")
    row("hand-made mails with PHI", total["phi"], wrong["phi"], "none missed")
    row("their clean twins", total["clean"], wrong["clean"], "none taken for PHI")


def check_ordinary(tap, policy, folder):
    archive = os.path.join(SRC, "../shared/data/mail-ham.tar.zst")
    if not os.path.exists(archive):
        tap.ok(True, "ordinary messages", "no ../shared/data")
        return
    if subprocess.run(["tar", "-x", "--zstd", "-f", archive, "-C", folder], check=False).returncode:
        tap.ok(False, "ordinary messages: unpacked")
        return
    found = [one for one in scan(policy, os.path.join(folder, "mail-ham")) if not one["file"].endswith("SOURCES.md")]
    phi = [one for one in found if "phi" in one["classes"]]
    who = [one for one in found if any(f["kind"] == "identifier" and f["confidence"] >= CONFIDENCE for f in one["findings"])]
    ssn = [one for one in found if any(f["rule"].startswith("us-ssn") for f in one["findings"])]
    for one in phi:
        print(f"# false phi: {os.path.relpath(one['file'], folder)}: {rules_of(one)}")
    row("ordinary messages", len(found), len(phi), f"false phi, at most {len(found) // FALSE_IN}")
    row("ordinary messages", len(found), len(who), "with an identifier that counts")
    row("ordinary messages", len(found), len(ssn), "with a Social Security number: none has one")
    tap.ok(len(found) == 4000, f"{len(found)} ordinary messages were scanned")
    tap.ok(len(phi) * FALSE_IN <= len(found), f"{len(phi)} of them taken for PHI")
    tap.ok(not ssn, f"{len(ssn)} of them with a Social Security number")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="phi-quality-") as folder:
        policy, html = write_policy(folder)
        print(f"# {'':<40} {'mails':>6} {'wrong':>6}   aim")
        check_labelled(tap, policy, html)
        check_ordinary(tap, policy, folder)
    tap.end()


main()
