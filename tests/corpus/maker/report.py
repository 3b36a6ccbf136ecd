# SPDX-License-Identifier: Apache-2.0
"""report: the measured numbers as REPORT.md, and that file read back."""

import json
import os
import re

from . import measure as m
from .corpora import Corpora

SEED, EACH = 1, 8
SPLITS = ("dev",)
HERE = os.path.dirname(os.path.abspath(__file__))
AIMS = {"recall": 0.98, "precision": 0.98, "ham false per message": 1 / 2000, "ham SSN": 0}


def measure(ctl, data, folder, seed=SEED, each=EACH):
    """All numbers, as what write() takes."""
    result = {"splits": {split: m.Split(ctl, split, seed, data, folder, each) for split in SPLITS}}
    corpora = Corpora(data, "dev")
    result["vectors"], result["vector-ssn"] = m.measure_vectors(ctl, corpora, folder)
    result["ham"] = m.measure_ham(ctl, os.path.join(data, "mail-ham"))
    return result


def numbers(result):
    """{name: value} of what must not get worse unseen."""
    out = {}
    for split, one in result["splits"].items():
        out[f"{split} recall"], out[f"{split} precision"] = one.all.recall(), one.all.precision()
        out[f"{split} people counted right"] = one.people["right"] / max(1, sum(one.people.values()))
    for entity, (n, _, right) in result["vectors"].items():
        out[f"vectors {entity}"] = right / n
    out["ordinary mail, false phi"] = len(result["ham"]["false"])
    out["ordinary mail, false SSN"] = len(result["ham"]["ssn"])
    return out


def presidio():
    with open(os.path.join(HERE, "presidio-recall.json"), encoding="utf-8") as f:
        return json.load(f)


def lines(title, first, tallies):
    out = [f"| {first} | phi mails | missed | clean mails | false | recall | precision |", "|---|--:|--:|--:|--:|--:|--:|"]
    for name, t in tallies:
        out.append(f"| {name} | {t.hit + t.missed} | {t.missed} | {t.false + t.clean} | {t.false} | {m.ratio(t.recall())} | {m.ratio(t.precision())} |")
    return [f"### {title}", "", *out, ""]


def write(result):
    out = [
        "# How good", "",
        "Written by `tests/corpus/quality --report`; `tests/corpus/phi-quality.t` measures again and fails when a number below is no longer true.",
        "How the mails are made: [README](README.md). All numbers are of the shipped `policies/default.policy`.", "",
        "## Class phi on generated mail", "",
        "`dev` is what the writers of rules look at; `held-out` has other templates, names, formats and source texts, and they do not.", "",
    ]  # fmt: skip
    splits = result["splits"]
    out += lines("Overall", "split", [(name, one.all) for name, one in splits.items()])
    for name, one in splits.items():
        out += lines(f"{name}, by register", "register", sorted(one.registers.items()))
        out += lines(f"{name}, by form of the mail", "form", sorted(one.forms.items()))
    out += ["## People", "", f"`phi.people` of mails that were found, counted to {m.STEPS[-1]} in steps ({', '.join(map(str, m.STEPS))}).", "", "| split | right | one step off | wrong |", "|---|--:|--:|--:|"]
    out += [f"| {name} | {one.people['right']} | {one.people['one more or less']} | {one.people['wrong']} |" for name, one in splits.items()]
    theirs = presidio()
    out += ["", "## Identifiers, on the vectors of Presidio-research", "", theirs["how"], "", "| entity | spans | found by an identifier rule | by the right one | recall | Presidio's recognisers |", "|---|--:|--:|--:|--:|--:|"]
    for entity, (n, found, right) in sorted(result["vectors"].items()):
        out.append(f"| {entity} | {n} | {found} | {right} | {right / n:.3f} | {m.ratio(theirs['recall'].get(entity))} |")
    ham = result["ham"]
    out += ["", f"SSN seen where none is labelled: {result['vector-ssn']}.", "", "## Real ordinary mail", "", "| messages | false phi | with an SSN (none has one) | with an identifier that counts |", "|--:|--:|--:|--:|", f"| {ham['messages']} | {len(ham['false'])} | {len(ham['ssn'])} | {ham['who']} |"]
    out += ["", "## What the test holds fast", "", "| number | value |", "|---|--:|", *(f"| {name} | {value:.3f} |" for name, value in numbers(result).items()), ""]
    return "\n".join(out)


def read(path):
    """The last table of a report: {name: value}."""
    with open(path, encoding="utf-8") as f:
        text = f.read().split("## What the test holds fast", 1)[1]
    return {name.strip(): float(value) for name, value in re.findall(r"(?m)^\| ([^|]+) \| +?([\d.]+) \|$", text)}
