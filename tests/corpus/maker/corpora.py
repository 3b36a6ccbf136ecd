# SPDX-License-Identifier: Apache-2.0
"""corpora: the labelled sets of ../shared/data, as what mails are made of; each in two splits that share no text.

Nothing of them is copied into this repository: they are read where they are unpacked.
"""

import csv
import glob
import json
import os
import re

from .names import half

NAMED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Mx)\b\.?|\b[A-Z][a-z]+ [A-Z][a-z]+ is an? (?:\w+ ){0,3}\d+(?:-year-old| y\.?o\b)"
    r"|\b(?:hi|hey|hello|thanks?|okay|alright) ?,? [a-z]+ ?[.,]"
)
PERSON = re.compile(r"\b(?:(?:Mr|Mrs|Ms|Miss)\. )?([A-Z][a-z]+ [A-Z][a-z]+) is an? (?:[\w-]+ ){0,3}\d+(?:-year-old| y\.?o\b)")
HEALTHY = re.compile(r"patient|doctor|hospital|medic|disease|cancer|surg|illness|sick|health|diagnos|clinic|birth", re.I)


NO_NAMES = set(
    """
Will August June April Houston America Hope Christian Carolina Sierra Cheyenne Easton King Haven Trace Dallas Georgia Genesis
Mina Summer Autumn Grace May Dakota Paris Rome
""".split()
)


def rows(path):
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as f:
        return list(csv.DictReader(f))


def plain(text):
    return re.sub(r"\d+", "", text)


class Corpora:
    """notes: ACI-Bench, (name in the note or None, text); sections: MTS-Dialog (header, text, dialogue), none with a name;
    sentences: what a template takes; people: Synthea (row, conditions); payloads: FHIR-Converter (path, bytes); vectors: Presidio's.
    """

    def __init__(self, data, split):
        self.data, self.split = os.path.join(data, "phi-text"), split
        self.first = {row["Name"] for row in rows(os.path.join(data, "facts/ssa2010-first-names.csv"))} - NO_NAMES
        self.notes = self.read_notes()
        self.sections = self.read_sections()
        self.sentences = {
            "aci": self.cut(text for _, text in self.notes),
            "mts": [text for _, text, _ in self.sections if 60 < len(text) < 420],
        }
        self.people = self.read_people()
        self.payloads = self.read_payloads()
        self.vectors = self.read_vectors()

    def mine(self, text):
        return half(text) == self.split

    def nobody(self, text):
        """No name of a patient or of anybody else is in a text, as far as lists can tell."""
        return not NAMED.search(text) and not self.first & set(re.findall(r"\b[A-Z][a-z]+\b", text))

    def read_notes(self):
        found = []
        for name in ("train.csv", "valid.csv"):
            for row in rows(os.path.join(self.data, "aci-bench/data/challenge_data", name)):
                if self.mine(row["encounter_id"]):
                    named = PERSON.search(row["note"])
                    if named or self.nobody(row["note"]):
                        found.append((named[1] if named else None, row["note"].replace("\r\n", "\n")))
        return found

    def read_sections(self):
        found = []
        for name in ("MTS-Dialog-TrainingSet.csv", "MTS-Dialog-ValidationSet.csv"):
            for row in rows(os.path.join(self.data, "mts-dialog/Main-Dataset", name)):
                text, talk = row["section_text"].strip(), row["dialogue"].strip()
                if self.mine(text) and len(text) > 40 and self.nobody(text) and self.nobody(talk):
                    found.append((row["section_header"], text, talk))
        return found

    @staticmethod
    def cut(texts):
        found = set()
        for text in texts:
            for one in re.findall(r"(?:(?:The patient|She|He|His|Her|Regarding|On exam)\b[^.\n]{30,200}\.)", text):
                if not re.search(r"\b(?:Mr|Mrs|Ms|Dr)\b|[a-z] [A-Z][a-z]+ [A-Z]|\d/\d", one):
                    found.add(one)
        return sorted(found)

    def read_people(self):
        folder = os.path.join(self.data, "synthea")
        conditions = {}
        for row in rows(os.path.join(folder, "conditions.csv")):
            conditions.setdefault(row["PATIENT"], []).append(row)
        return [
            (row, conditions[row["Id"]])
            for row in rows(os.path.join(folder, "patients.csv"))
            if row["Id"] in conditions and self.mine(row["Id"])
        ]

    def table(self, name):
        return rows(os.path.join(self.data, "synthea", name))

    def read_payloads(self):
        found = []
        for path in sorted(glob.glob(os.path.join(self.data, "fhir-converter/*/*"))):
            if self.mine(os.path.basename(path)) and os.path.getsize(path) < 400000:
                with open(path, "rb") as f:
                    found.append((os.path.relpath(path, self.data), f.read()))
        return found

    def read_vectors(self):
        found = []
        for path in ("data/synth_dataset_v2.json", "tests/data/generated_large.json", "tests/data/generated_small.json"):
            with open(os.path.join(self.data, "presidio-research", path), encoding="utf-8") as f:
                found += [(one["full_text"], one["spans"]) for one in json.load(f)]
        return found

    def sentences_without_health(self):
        return [text for text, spans in self.vectors if spans and not HEALTHY.search(text) and self.mine(text)]
