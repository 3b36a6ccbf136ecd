#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""phi-quality: how good the shipped rules are, as a table, and whether REPORT.md still says so.

Mails of tests/corpus/mail are labelled by their names: phi-* must be of class phi, clean-* must not. With ../shared/data
labelled mail is generated and 4,000 real ordinary messages are scanned (README.md). What REPORT.md says must be true: its numbers,
and the aims that are reached there; other aims are printed. So REPORT.md is the floor, and who writes it anew moves it: `quality
--report` does not take a number or an aim down unless it is told to.

Needs MILWARD_BUILD (a built tree) and MILWARD_SRC. Prints TAP; the tables are in its comments.
"""

import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
from maker import measure, report  # noqa: E402
from maker.shared import Absent, Damaged, shared  # noqa: E402

SRC = os.environ.get("MILWARD_SRC", os.path.join(HERE, "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)


class Tap:
    def __init__(self):
        self.n = self.bad = 0

    def ok(self, good, name, skip=None):
        self.n += 1
        self.bad += not good
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}" + (f" # SKIP {skip}" if skip else ""), flush=True)

    def end(self):
        print(f"1..{self.n}")
        sys.exit(1 if self.bad else 0)


def rules_of(one):
    return ", ".join(sorted({f["rule"] for f in one["findings"] if f["confidence"] >= measure.COUNTS})) or "nothing"


def check_by_hand(tap, ctl):
    for name, one in sorted(ctl.scan(os.path.join(SRC, "tests/corpus/mail")).items()):
        good = ("phi" in one["classes"]) == name.startswith("phi-")
        tap.ok(good, f"{name}: {', '.join(one['classes']) or 'no class'} ({rules_of(one)})")


def check_aims(tap, result):
    """An aim that REPORT.md says is reached must be; so must those of ordinary mail in any case."""
    reached = report.reached(os.path.join(HERE, "REPORT.md"))
    for name, value, aim, good in report.aims(result):
        if name in reached or name.startswith("ordinary"):
            tap.ok(good, f"aim: {name}: {value:.3f}, {aim}")
        else:
            print(f"# aim: {name}: {value:.3f}, {aim}: {'reached, and REPORT.md does not say so' if good else 'NOT reached'}")
    ham = result["ham"]
    for name in ham["false"]:
        print(f"# false phi: {name}")
    tap.ok(ham["messages"] == 4000, f"{ham['messages']} ordinary messages were scanned")


def check_report(tap, result):
    said, now = report.read(os.path.join(HERE, "REPORT.md")), report.numbers(result)
    tap.ok(set(said) == set(now), "REPORT.md has the numbers that are measured: else run tests/corpus/quality --report")
    for name, value in now.items():
        was = said.get(name, 0)
        tap.ok(abs(value - was) <= report.SLACK, f"{name}: {value:.3f}, REPORT.md says {was:.3f}")


def measure_all(tap, folder):
    try:
        ctl = measure.Ctl(SRC, BUILD, folder)
    except measure.Unbuilt as why:
        return tap.ok(True, "quality of the packs", str(why))
    check_by_hand(tap, ctl)
    try:
        data = shared(SRC, folder)
    except Absent as why:
        return tap.ok(True, "generated and ordinary mail", str(why))
    result = report.measure(ctl, data, folder)
    for line in report.write(result).splitlines():
        print("#", line)
    check_aims(tap, result)
    return check_report(tap, result)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="phi-quality-") as folder:
        try:
            measure_all(tap, folder)
        except (measure.Broken, Damaged) as why:
            tap.ok(False, str(why))
    tap.end()


main()
