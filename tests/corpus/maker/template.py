# SPDX-License-Identifier: Apache-2.0
"""template: mails written once with gaps, filled many times.

A file of templates has blocks; `#` begins a comment between them.

    @list NAME              one entry a line; {NAME} takes one of them
    @template NAME REGISTER a mail with PHI: header lines, an empty line or none, then the body
    @phi NAME REGISTER N    one that is written out and has N patients
    @twin                   the same form without a patient or without health: the mail is clean (any number of them)
    @clean NAME REGISTER    a clean mail of its own

Header lines are `Subject:` and `To:` (patient: the first patient of the mail; other: somebody else; nothing: a colleague).
In all text

    [one|two|]              takes one of them; they nest; brackets without | stay as they are
    {name} {2.dob} {x.ssn}  a field of patient 1, of patient 2, of somebody who is no patient (person.py says which fields)
    {n:2-9} {digits:8}      a number, digits; {date} {time} {weekday} {month} {money} {npi} what they say
    {aci} {mts}             a sentence, a section of the clinical corpora, without names

Which identifiers of how many patients a mail holds follows from the fields that were filled, so no label is written by
hand.
"""

import datetime
import re

from .person import MONTHS, Person, digits, luhn_npi, write_date

DAYS = "Monday Tuesday Wednesday Thursday Friday".split()
CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
GAP = re.compile(r"\{([a-z0-9.:-]+)\}", re.I)


class Template:
    def __init__(self, kind, name, register, label):
        self.kind, self.name, self.register, self.label = kind, name, register, label
        self.headers, self.body = {}, []


def parse(path):
    """(lists, templates) of a file; a twin has the name of what it is the twin of."""
    lists, templates, current, block = {}, [], None, None
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f.read().split("\n"), 1):
            if line.startswith("@"):
                word, *rest = line[1:].split()
                block, current = word, None
                if word == "list":
                    block = lists.setdefault(rest[0], [])
                elif word == "twin":
                    templates.append(Template("twin", templates[-1].name, templates[-1].register, "clean"))
                    current = templates[-1]
                elif word in ("template", "phi", "clean"):
                    templates.append(Template(word, rest[0], rest[1], "clean" if word == "clean" else "phi"))
                    templates[-1].patients = int(rest[2]) if word == "phi" else 0
                    current = templates[-1]
                else:
                    raise ValueError(f"{path}:{number}: @{word} is none of list, template, phi, twin, clean")
            elif line.startswith("# ") or line == "#":
                continue
            elif isinstance(block, list):
                if line.strip():
                    block.append(line.strip())
            elif current is not None:
                head = re.match(r"(Subject|To): (.*)", line)
                if head and not any(current.body):
                    current.headers[head[1]] = head[2]
                else:
                    current.body.append(line)
    for one in templates:
        one.body = "\n".join(one.body).strip("\n")
    return lists, templates


class Fill:
    """What fills the gaps of one mail, and remembers whose identifiers it wrote."""

    def __init__(self, rng, split, names, lists, corpora):
        self.rng, self.split, self.names, self.lists, self.corpora = rng, split, names, lists, corpora
        self.people = {}
        self.identifiers = []  # (kind, text, which patient)

    def person(self, key):
        if key not in self.people:
            self.people[key] = Person(
                self.rng, self.split, self.names, age=self.rng.randint(28, 64) if not key.isdigit() else None
            )
        return self.people[key]

    def patients(self):
        return len({who for _, _, who in self.identifiers})

    def text(self, source):
        while CHOICE.search(source):
            source = CHOICE.sub(lambda m: self.rng.choice(m[1].split("|")), source)
        return GAP.sub(lambda m: self.gap(m[1]), source)

    def gap(self, what):
        if "." in what:
            who, field = what.split(".", 1)
            return self.other(who, field) if not who.isdigit() else self.patient(who, field)
        if what in ("doc", "doc2", "me", "you"):
            person = self.person(what)
            return "Dr. " + person.last if what.startswith("doc") else person.first
        if what in self.lists:
            return self.rng.choice(self.lists[what])
        if what in ("aci", "mts"):
            return self.rng.choice(self.corpora.sentences[what])
        return self.value(what) or self.patient("1", what)

    def patient(self, who, field):
        found = self.person(who).field(field)
        if found is None:
            raise ValueError(f"a template asks for {field!r}, which nothing gives")
        if found[1]:
            self.identifiers.append((found[1], found[0], who))
        return found[0]

    def other(self, who, field):
        person = self.person(who)
        if field == "full":
            full = f"{person.first} {person.last}"
            return full + self.rng.choice([", MD", ", M.D.", ", DO", ", MD, FACP"]) if who.startswith("doc") else full
        return person.field(field)[0]

    def value(self, what):
        rng = self.rng
        day = datetime.date(2026, 1, 5) + datetime.timedelta(days=rng.randint(-300, 280))
        name, _, argument = what.partition(":")
        if name == "n":
            low, high = argument.split("-")
            return str(rng.randint(int(low), int(high)))
        if name == "digits":
            return digits(rng, int(argument), "123456789")
        if name == "npi":
            return luhn_npi(digits(rng, 9, "1"))
        makers = {
            "date": lambda: write_date(rng, day, rng.choice(["us", "long", "short", "iso", "mil"])),
            "time": lambda: f"{rng.randint(7, 18)}:{rng.choice(['00', '15', '30', '45'])}{rng.choice(['', ' am', ' pm'])}",
            "weekday": lambda: rng.choice(DAYS),
            "month": lambda: rng.choice(MONTHS),
            "money": lambda: f"${rng.randint(12, 4800):,}.{rng.randint(0, 99):02}",
        }
        return makers[name]() if name in makers else None
