# SPDX-License-Identifier: Apache-2.0
"""report: the measured numbers as REPORT.md, and that file read back."""

import json
import os
import re

from . import measure as m
from .build import ROUNDS
from .corpora import Corpora

SEED, EACH = 1, 8
SPLITS = ("dev", "held-out")
HERE = os.path.dirname(os.path.abspath(__file__))
AIM = 0.98  # recall and precision of class phi
SLACK = 0.01  # between what REPORT.md says and what is measured
FEWER = r"^ordinary mail| without "  # numbers that are better when they are less


def measure(ctl, data, folder, seed=SEED, each=EACH):
    """All numbers, as what write() takes."""
    result = {"splits": {split: m.Split(ctl, split, seed, data, folder, each) for split in (*SPLITS, *ROUNDS)}}
    result["forms"] = m.measure_forms(ctl, m.Maker("dev", seed, data), folder)
    result["kinds"] = m.measure_kinds(ctl, result["splits"], folder)
    corpora = [Corpora(data, split) for split in SPLITS]
    result["vectors"], result["vector-ssn"] = m.measure_vectors(ctl, corpora[0], folder)
    result["corpora"] = m.measure_corpora(ctl, corpora, folder)
    result["suites"] = m.measure_ham(ctl, os.path.join(data, "mime-suites"))
    result["ham"] = m.measure_ham(ctl, os.path.join(data, "mail-ham"))
    return result


def numbers(result):
    """{name: value} of what must not get worse unseen."""
    out = {}
    for split, one in result["splits"].items():
        out[f"{split} recall"], out[f"{split} precision"] = one.all.recall(), one.all.precision() or 0
        out[f"{split} people counted right"] = one.people["right"] / max(1, sum(one.people.values()))
    for what, (n, phi, _) in result["corpora"].items():
        out[what + ", of class phi"] = phi / n
    out["same mails, found in each form"] = sum(found for _, found in result["forms"].values()) / max(
        1, sum(n for n, _ in result["forms"].values())
    )
    for entity, (n, _, right) in result["vectors"].items():
        out[f"vectors {entity}"] = right / n
    out["ordinary mail, false phi"] = len(result["ham"]["false"])
    out["ordinary mail, false SSN"] = len(result["ham"]["ssn"])
    return out


def taken_back(result, path):
    """Names of the aims that the report at path says are reached, and of its numbers, that would be worse by more than SLACK."""
    good = {name for name, _, _, good in aims(result) if good}
    said, now = read(path), numbers(result)
    sign = {name: -1 if re.search(FEWER, name) else 1 for name in said}
    worse = {name for name in said if name in now and (said[name] - now[name]) * sign[name] > SLACK}
    return sorted(reached(path) - good | worse)


def aims(result):
    """[(what, value, aim as text, reached)]"""
    out = []
    for split in SPLITS:
        one = result["splits"][split]
        for what, value in (("recall", one.all.recall()), ("precision", one.all.precision())):
            out.append((f"{split} {what}", value, f"at least {AIM}", value >= AIM))
    ham = result["ham"]
    out.append(
        (
            "ordinary mail, false phi",
            len(ham["false"]),
            "at most 1 in 2,000 messages",
            len(ham["false"]) * 2000 <= ham["messages"],
        )
    )
    out.append(("ordinary mail, false SSN", len(ham["ssn"]), "none", not ham["ssn"]))
    for entity, value in presidio().items():
        n, _, right = result["vectors"][entity]
        out.append(
            (f"vectors {entity}", right / n, f"above Presidio's {value:.3f}", right / n > value or right == n)
        )  # all is all
    return out


HOW = """A span is found when at least half of it is inside a finding, whatever its confidence; "the right one" is a rule for
that kind of identifier. Presidio's numbers are those of its own recognisers (commit 0aa9f8e4 of July 2026) on the same
sentences at any score, measured by `presidio-baseline`. Its PERSON and LOCATION need a language model that Debian does
not have; they are not compared. The sentences are of many countries: telephone numbers, addresses and dates of all the
world, while the rules here are for those of the US."""


def presidio():
    with open(os.path.join(HERE, "presidio-recall.json"), encoding="utf-8") as f:
        return json.load(f)


def lines(title, first, tallies):
    out = [f"| {first} | phi mails | missed | clean mails | false | recall | precision |", "|---|--:|--:|--:|--:|--:|--:|"]
    for name, t in tallies:
        out.append(
            f"| {name} | {t.hit + t.missed} | {t.missed} | {t.false + t.clean} | {t.false} | {m.ratio(t.recall())} | {m.ratio(t.precision())} |"
        )
    return [f"### {title}", "", *out, ""]


def write(result):
    out = [
        "# How good",
        "",
        "Written by `tests/corpus/quality --report`;",
        "`tests/corpus/phi-quality.t` measures again and fails when a number below is no longer true.",
        "How the mails are made: [README](README.md). All numbers are of the shipped `policies/default.policy`.",
        "",
        "## Class phi on generated mail",
        "",
        "`dev` is what the writers of rules look at; `held-out` has other templates, names, formats and source",
        "texts, and they do not;",
        "`round-1` to `round-3` are mails written out by hand, to mislead the rules or as people write them; all have been shown to them.",
        "`round-4` is a fair sample of what sixty people at work would send, and has not been shown to them. `round-5` to `round-10` were",
        "measured before their rules were written, and then shown; `round-6` has beside nearly each mail with PHI one in the same words about",
        "no patient, `round-7` is what offices send, in twins and by layout, `round-8` whole sentences, `round-9` business mail of many offices,",
        "as an evaluator would make it, `round-10` a few plain lines. `round-11` is mail of offices and families, by one who had read no rules,",
        "`round-12` of clinics and those around them, by two, `round-13` one sentence about a patient in",
        "long mail about something else, `round-14` such sentences alone: half of each has not been shown. What the others were when nothing of them had been shown: [README](README.md).",
        "",
    ]
    splits = result["splits"]
    out += lines("Overall", "split", [(name, one.all) for name, one in splits.items()])
    for name, one in splits.items():
        out += lines(f"{name}, by register", "register", sorted(one.registers.items()))
    out += [
        "### The same mails in each form",
        "",
        "Of the templates of dev those that are found when they are sent plain.",
        "",
        "| form | mails | found |",
        "|---|--:|--:|",
    ]
    out += [f"| {form} | {n} | {found} |" for form, (n, found) in sorted(result["forms"].items())]
    out += [
        "",
        "## People",
        "",
        f"`phi.patients` of mails that were found, counted to {m.STEPS[-1]} in steps ({', '.join(map(str, m.STEPS))}).",
        "",
        "| split | right | one step off | wrong | of 25 and more | bulk-phi | others taken for bulk-phi |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    out += [
        f"| {name} | {one.people['right']} | {one.people['one more or less']} | {one.people['wrong']} | {one.bulk.hit + one.bulk.missed} | {one.bulk.hit} | {one.bulk.false} |"
        for name, one in splits.items()
    ]
    out += [
        "",
        "## Identifiers, in the text of generated mail",
        "",
        "Both splits; a name is every writing of a patient's name. A mail is found by one of them, so not each has to count.",
        "",
        "| kind | in the mails | found | found and counts | recall |",
        "|---|--:|--:|--:|--:|",
    ]
    out += [
        f"| {kind} | {n} | {found} | {counts} | {found / n:.3f} |" for kind, (n, found, counts) in sorted(result["kinds"].items())
    ]
    theirs = presidio()
    out += [
        "",
        "## Identifiers, on the vectors of Presidio-research",
        "",
        HOW,
        "",
        "| entity | spans | found by an identifier rule | by the right one | recall | Presidio's recognisers |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for entity, (n, found, right) in sorted(result["vectors"].items()):
        out.append(f"| {entity} | {n} | {found} | {right} | {right / n:.3f} | {m.ratio(theirs.get(entity))} |")
    ham, suites = result["ham"], result["suites"]
    out += [
        "",
        f"SSN seen where none is labelled: {result['vector-ssn']}.",
        "",
        "## Real ordinary mail",
        "",
        "| messages | false phi | with an SSN (none has one) | with an identifier that counts |",
        "|---|--:|--:|--:|",
        *(
            f"| {one['messages']} {what} | {len(one['false'])} | {len(one['ssn'])} | {one['who']} |"
            for one, what in ((ham, "ordinary mails"), (suites, "messages of MIME test suites"))
        ),
    ]
    out += [
        "",
        "## The labelled texts as they are",
        "",
        "| texts | number | of class phi | should be |",
        "|---|--:|--:|---|",
        *(f"| {what} | {n} | {phi} | {should} |" for what, (n, phi, should) in result["corpora"].items()),
    ]
    out += ["", "## Aims", "", "| number | value | aim | |", "|---|--:|---|---|"]
    out += [
        f"| {name} | {value:.3f} | {aim} | {'reached' if good else '**not reached**'} |"
        for name, value, aim, good in aims(result)
    ]
    out += [
        "",
        "## What the test holds fast",
        "",
        "| number | value |",
        "|---|--:|",
        *(f"| {name} | {value:.3f} |" for name, value in sorted(numbers(result).items())),
        "",
    ]
    return "\n".join(out)


def read(path):
    """The last table of a report: {name: value}."""
    with open(path, encoding="utf-8") as f:
        text = f.read().split("## What the test holds fast", 1)[1]
    return {name.strip(): float(value) for name, value in re.findall(r"(?m)^\| ([^|]+) \| +?([\d.]+) \|$", text)}


def reached(path):
    """Names of the aims that a report says are reached."""
    with open(path, encoding="utf-8") as f:
        return {name.strip() for name in re.findall(r"(?m)^\| ([^|]+) \| [\d.]+ \| [^|]+ \| reached \|$", f.read())}
