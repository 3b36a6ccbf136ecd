# SPDX-License-Identifier: Apache-2.0
"""measure: how well the shipped policy tells the labelled mails apart; counts only, no message text."""

import hashlib
import json
import os
import re
import subprocess

from . import mime
from .build import Maker

STEPS = [*range(1, 13), 20, 25, 40, 80, 120, 200, 300]  # what is told apart when people are counted
BULK = 25  # from so many patients on a mail should be bulk-phi
COUNTS = 65  # the confidence that counts (milward-phi(5))
# Which of our rules are the right ones for an entity of Presidio's vectors.
ENTITIES = {
    "US_SSN": r"ssn|itin",
    "PHONE_NUMBER": r"phone|fax",
    "EMAIL_ADDRESS": r"e-?mail",
    "CREDIT_CARD": r"card",
    "IP_ADDRESS": r"\bip|ip-",
    "DOMAIN_NAME": r"url|web|domain",
    "IBAN_CODE": r"iban|bank",
    "US_DRIVER_LICENSE": r"licen[cs]e|driver",
    "DATE_TIME": r"date|dob",
    "STREET_ADDRESS": r"address|street",
    "PERSON": r"name|person",
    "ZIP_CODE": r"zip|address",
    "AGE": r"age",
}
SAME = {"ADDRESS": "STREET_ADDRESS"}  # the older files say so


class Unbuilt(Exception):
    """What is measured is not there: why."""


class Broken(Exception):
    """It is there, and does not work: why."""


class Ctl:
    """milwardctl of a build, with the policy that is measured."""

    def __init__(self, src, build, folder):
        self.src, self.build = src, build
        self.policy = os.path.join(folder, "quality.policy")
        if not os.path.exists(os.path.join(build, "milwardctl")):
            raise Unbuilt("no milwardctl in " + build)
        with open(os.path.join(src, "policies/default.policy"), encoding="utf-8") as f:
            shipped = f.read()
        people = "".join(f"class people-{n} when phi.patients >= {n}\n" for n in STEPS)
        with open(self.policy, "w", encoding="utf-8") as f:  # as shipped, and what counts people
            f.write(re.sub(r"(?m)^(?=class )", people, shipped, count=1))
        done = self.run("check")
        if done.returncode:
            raise Broken("the shipped policy does not load: " + (done.stderr.strip().splitlines() or ["?"])[0])

    def run(self, *args):
        command = [
            os.path.join(self.build, "milwardctl"),
            "-p",
            self.policy,
            "--modules",
            os.path.join(self.build, "modules/.libs"),
        ]
        return subprocess.run(
            command + ["--policies", os.path.join(self.src, "policies"), *args], capture_output=True, text=True, check=False
        )

    def scan(self, folder, *args):
        """{path below folder: what was found}. Throws Broken when some could not be read."""
        done = self.run("scan", "--json", *args, folder)
        if done.returncode:
            raise Broken(f"scan ends with {done.returncode}: " + (done.stderr.strip().splitlines() or ["?"])[0])
        found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return {os.path.relpath(one["file"], folder): one for one in found}


class Tally:
    """Right and wrong of one line of a table."""

    def __init__(self):
        self.hit = self.missed = self.false = self.clean = 0

    def add(self, label, said):
        if label == "phi":
            self.hit += said
            self.missed += not said
        else:
            self.false += said
            self.clean += not said

    def __str__(self):
        return (
            f"{self.hit + self.missed} phi, {self.missed} missed, {self.false + self.clean} clean, {self.false} false, "
            f"recall {ratio(self.recall())}, precision {ratio(self.precision())}"
        )

    def recall(self):
        return self.hit / (self.hit + self.missed) if self.hit + self.missed else None

    def precision(self):
        return self.hit / (self.hit + self.false) if self.hit + self.false else None


def ratio(value):
    return "-" if value is None else f"{value:.3f}"


def write(cases, folder):
    os.makedirs(folder, exist_ok=True)
    for case in cases:
        with open(os.path.join(folder, case.name), "wb") as f:
            f.write(case.octets)


def labels(cases):
    return [
        {
            "file": c.name,
            "register": c.register,
            "form": c.form,
            "label": c.label,
            "patients": c.patients,
            "identifiers": [list(one) for one in c.identifiers],
        }
        for c in cases
    ]


def people_said(one):
    return max((int(c[7:]) for c in one["classes"] if c.startswith("people-")), default=0)


def step(n):
    return max((s for s in STEPS if s <= n), default=0)


def half(case):
    """a or b: half of the templates."""
    return "ab"[hashlib.sha256(case.template.encode()).digest()[0] & 1]


class Split:
    """All that is measured on one split."""

    def __init__(self, ctl, split, seed, data, folder, each):
        self.cases = Maker(split, seed, data).make(each)
        folder = os.path.join(folder, split)
        write(self.cases, folder)
        self.found = ctl.scan(folder)
        self.all, self.registers = Tally(), {}
        self.bulk = Tally()
        self.people = {"right": 0, "one more or less": 0, "wrong": 0}
        for case in self.cases:
            one = self.found[case.name]
            said = "phi" in one["classes"]
            for tally in (self.all, self.registers.setdefault(case.register, Tally())):
                tally.add(case.label, said)
            self.bulk.add("phi" if case.patients >= BULK else "clean", "bulk-phi" in one["classes"])
            if case.label == "phi" and said and case.register != "fhir-converter":
                off = abs(STEPS.index(step(case.patients)) + 1 - (STEPS.index(people_said(one)) + 1 if people_said(one) else 0))
                self.people["right" if off == 0 else "one more or less" if off == 1 else "wrong"] += 1

    def wrong(self):
        return [case for case in self.cases if (case.label == "phi") != ("phi" in self.found[case.name]["classes"])]


def measure_forms(ctl, maker, folder, most=60):
    """{form: [mails that are found when they are plain, found in this form]}: the same texts in each form."""
    folder = os.path.join(folder, "forms")
    for form in mime.FORMS:
        write(maker.same_in(form, most), os.path.join(folder, form))
    found = {form: set() for form in mime.FORMS}
    for path, one in ctl.scan(folder).items():
        form, name = os.path.split(path)
        if "phi" in one["classes"]:
            found[form].add(name)
    return {form: [len(found["plain"]), len(found["plain"] & found[form])] for form in mime.FORMS if form != "subject-only"}


def measure_kinds(ctl, splits, folder):
    """{kind: [identifiers in the text of generated mail, found by a rule, found so that it counts]}"""
    folder = os.path.join(folder, "texts")
    os.makedirs(folder)
    cases = [
        case
        for one in splits.values()
        for case in one.cases
        if case.label == "phi" and not case.attached and any(text in case.text for _, text, _ in case.identifiers)
    ]
    for case in cases:
        with open(os.path.join(folder, case.name), "w", encoding="utf-8") as f:
            f.write(case.text)
    table, named = {}, {case.name: case for case in cases}
    for name, one in ctl.scan(folder, "--text").items():
        case = named[name]
        findings = [f for f in one["findings"] if f["kind"] == "identifier"]
        text = case.text.encode()
        for kind, value, _ in case.identifiers:
            value = value.encode()
            places = [m.start() for m in re.finditer(re.escape(value), text)]
            over = [
                f
                for at in places
                for f in findings
                if min(at + len(value), f["offset"] + f["length"]) - max(at, f["offset"]) >= len(value) / 2
            ]
            if places:
                row = table.setdefault(kind, [0, 0, 0])
                row[0] += 1
                row[1] += bool(over)
                row[2] += any(f["confidence"] >= COUNTS for f in over)
    return table


def measure_corpora(ctl, both, folder):
    """{what: [texts, of class phi, should be]}: the labelled texts as they are, none left out; both: Corpora of the two
    splits."""
    texts = {
        "ACI-Bench notes that name their patient": [],
        "ACI-Bench notes without a name": [],
        "MTS-Dialog sections without a name": [],
        "MTS-Dialog dialogues without a name": [],
    }
    for one in both:
        for named, note in one.notes:
            texts["ACI-Bench notes that name their patient" if named else "ACI-Bench notes without a name"].append(note)
        texts["MTS-Dialog sections without a name"] += [text for _, text, _ in one.sections]
        texts["MTS-Dialog dialogues without a name"] += [talk for _, _, talk in one.sections]
        texts.setdefault("Presidio-research sentences without health", []).extend(one.sentences_without_health())
    folder = os.path.join(folder, "corpora")
    for number, some in enumerate(texts.values()):
        os.makedirs(os.path.join(folder, str(number)))
        for i, text in enumerate(some):
            with open(os.path.join(folder, str(number), f"{i:05}.txt"), "w", encoding="utf-8") as f:
                f.write(text)
    phi = [os.path.dirname(path) for path, one in ctl.scan(folder, "--text").items() if "phi" in one["classes"]]
    return {
        what: [len(some), phi.count(str(number)), "all" if "that name" in what else "none"]
        for number, (what, some) in enumerate(texts.items())
    }


def measure_vectors(ctl, corpora, folder):
    """{entity: [spans, found by any identifier rule, found by the right one]}, and how many SSN were seen where none is
    labelled."""
    folder = os.path.join(folder, "vectors")
    os.makedirs(folder, exist_ok=True)
    for number, (text, _) in enumerate(corpora.vectors):
        with open(os.path.join(folder, f"{number:05}.txt"), "w", encoding="utf-8") as f:
            f.write(text)
    found = ctl.scan(folder, "--text")
    table, false_ssn = {}, 0
    for number, (text, spans) in enumerate(corpora.vectors):
        findings = [f for f in found[f"{number:05}.txt"]["findings"] if f["kind"] == "identifier"]
        octets = lambda n: len(text[:n].encode())  # noqa: B023 used at once
        marks = [
            (SAME.get(s["entity_type"], s["entity_type"]), octets(s["start_position"]), octets(s["end_position"])) for s in spans
        ]
        for entity, start, end in marks:
            if entity in ENTITIES:
                over = [f for f in findings if min(end, f["offset"] + f["length"]) - max(start, f["offset"]) >= (end - start) / 2]
                row = table.setdefault(entity, [0, 0, 0])
                row[0] += 1
                row[1] += bool(over)
                row[2] += any(re.search(ENTITIES[entity], f["rule"]) for f in over)
        ssn = [f for f in findings if f["rule"].startswith("us-ssn") and f["confidence"] >= COUNTS]
        false_ssn += sum(
            not any(
                entity == "US_SSN" and start < f["offset"] + f["length"] and f["offset"] < end for entity, start, end in marks
            )
            for f in ssn
        )
    return table, false_ssn


def measure_ham(ctl, folder):
    found = {name: one for name, one in ctl.scan(folder).items() if not name.endswith("SOURCES.md")}
    return {
        "messages": len(found),
        "false": sorted(name for name, one in found.items() if "phi" in one["classes"]),
        "ssn": sorted(name for name, one in found.items() if any(f["rule"].startswith("us-ssn") for f in one["findings"])),
        "who": sum(
            any(f["kind"] == "identifier" and f["confidence"] >= COUNTS for f in one["findings"]) for one in found.values()
        ),
        "unreadable": sum(bool(one["unreadable"]) for one in found.values()),
    }
