# SPDX-License-Identifier: Apache-2.0
"""build: all mails of a split. The same split and seed give the same octets."""

import os
import random
import re
from email.header import Header

from . import mime, payloads
from .around import around
from .corpora import Corpora, plain
from .names import Names
from .template import Fill, parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = tuple(f"round-{n}" for n in range(1, 15))
FILES = {"dev": ["dev.txt", "dev-2.txt", "dev-3.txt", "dev-4.txt"], "held-out": ["held-out.txt"], **{name: [name + ".txt"] for name in ROUNDS}}
HEADINGS = {  # how a note names its patient
    "dev": [
        "Patient: {name}\nDOB: {dob}\nMRN: {mrn}\n\n",
        "{LF}  {mrn}  {dob}\n\n",
        "Name: {lf}   Sex: {sx}   Date of birth: {dob}\n\n",
        "Re: {mrname}, DOB {dob}\n\n",
        "PATIENT NAME: {NAME}\nACCOUNT: {acct}\n\n",
        "Note on {name}, SSN {ssn}:\n\n",
        "Pt Name........ {lfm}\nBirthdate...... {dob}\n\n",
        "RE: {namem} (born {dob})\n\n",
        "{mrname} was seen today.\n\n",
        "Chart #{mrn} - {lf}\n\n",
        "{name}\n{addr2}\n{phone}\n\n",
        "Subscriber {name}, ID {member}\n\n",
        "Patient {name} ({age}{sx})\n\n",
        "Attached is the note for {name}, social {ssn}.\n\n",
    ],
    "held-out": [
        "Name: {name}    DOB: {dob}    MRN: {mrn}\n\n",
        "Patient {lf}\n{addr}\nHome: {phone}\n\n",
        "{name} | {dob} | {mrn}\n\n",
        "Encounter note: {mrname}, {age} y.o. {sex}\n\n",
        "Pt: {namem}\nSSN: {ssn}\n\n",
        "Please file under {lfm} ({member}).\n\n",
        "HOSPITAL NO. {mrn}   {LF}\n\n",
        "Visit of {name} on {date}:\n\n",
        "First name: {first}\nLast name: {last}\nBirth date: {dob}\nPolicy: {member}\n\n",
    ],
}


class Case:
    """One mail with its label."""

    def __init__(self, split, register, template, number, label, form, octets, fill, text, attached=False):
        self.name = f"{split}-{register}-{template}-{number:03}-{label}.eml"
        self.register, self.template, self.label, self.form, self.octets, self.text, self.attached = (
            register,
            template,
            label,
            form,
            octets,
            text,
            attached,
        )
        self.identifiers = sorted(set(fill.identifiers)) if label == "phi" else []
        self.patients = fill.patients() if label == "phi" else 0


def person_of(fill, row):
    """Patient 1 is this person of Synthea, with a Social Security number that could be one."""
    person = fill.person("1")
    person.first, person.last, person.sex = plain(row["FIRST"]), plain(row["LAST"]), row["GENDER"]
    person.born = person.born.fromisoformat(row["BIRTHDATE"])
    person.line, person.city, person.zip = row["ADDRESS"], row["CITY"], row["ZIP"] or person.zip
    person.state = "MA"
    return person


class Maker:
    def __init__(self, split, seed, data):
        self.split, self.seed = split, seed
        people = split if split in HEADINGS else "dev"
        self.corpora, self.names = Corpora(data, people), Names(people, data)
        self.lists, self.templates = {}, []
        for name in FILES[split]:
            lists, templates = parse(os.path.join(HERE, "..", "templates", name))
            self.templates += templates
            for key, entries in lists.items():
                self.lists.setdefault(key, []).extend(entries)
        self.cases = []

    def fill(self, *key):
        rng = random.Random("/".join([self.split, str(self.seed), *map(str, key)]))
        return Fill(rng, self.split, self.names, self.lists, self.corpora)

    def headers(self, fill, subject, to="colleague"):
        sender, other = fill.person("me"), fill.person("you")
        target = {"patient": fill.people.get("1", other), "other": fill.people.get("x", other)}.get(to, other)
        who = f"{target.first} {target.last}"
        shown = Header(who, "utf-8").encode() if not who.isascii() else f'"{who}"' if "." in who or "," in who else who
        address = target.make_mail() if to in ("patient", "other") else f"{target.ascii(target.last)}@partner.example"
        day = fill.rng.randint(1, 28)
        return [
            ("From", f"{sender.ascii(sender.first)}.{sender.ascii(sender.last)}@clinic.example"),
            ("To", f"{shown} <{address}>"),
            ("Subject", " ".join(subject.split())),
            ("Date", f"{day} Mar 2026 {fill.rng.randint(7, 19):02}:{fill.rng.randint(0, 59):02}:11 -0600"),
            ("Message-ID", f"<{fill.rng.getrandbits(60):x}@mail.clinic.example>"),
        ]

    def form(self, fill, text):
        while True:
            form = fill.rng.choice(mime.FORMS)
            if form == "subject-only" and len(text) > 230:
                continue
            charset = {"windows-1252": "windows-1252", "latin1-qp": "iso-8859-1"}.get(form)
            try:
                text.encode(charset or "utf-8")
                return form
            except UnicodeEncodeError:
                continue

    def add(self, fill, register, template, number, label, subject, text, to="colleague", attached=None):
        sender = fill.person("me")
        who = (f"{sender.first} {sender.last}", f"{sender.ascii(sender.first)}.{sender.ascii(sender.last)}@clinic.example")
        if attached is None:
            form = self.form(fill, text)
            if form == "subject-only":
                subject = text
            body = mime.body_of(fill.rng, form, text, who)
        else:
            name, kind, data, form = attached
            encoding = fill.rng.choice(["base64", "base64", "quoted-printable"]) if "octet" not in kind else "base64"
            inline = fill.rng.random() < 0.2  # the file as the whole mail, or pasted into the text
            if inline and data.isascii():
                text = text.split("\n")[0] + "\n\n" + data.decode().replace("\r\n", "\n").replace("\r", "\n")
            elif inline:
                kind = "text/plain; charset=utf-8" if "octet" in kind or "excel" in kind else kind
            body = (
                (mime.text_part(text) if data.isascii() else mime.part(kind, data, encoding))
                if inline
                else mime.multipart(fill.rng, "mixed", [mime.text_part(text), mime.attachment(name, kind, data, encoding)])
            )
        octets = mime.message(fill.rng, self.headers(fill, subject, to), body)
        if attached:
            text += f"\n[{attached[0]}]\n" + attached[2][:1200].decode("utf-8", "replace").replace("\r", "\n")
        self.cases.append(Case(self.split, register, template, number, label, form, octets, fill, text, attached is not None))

    def from_templates(self, each):
        for index, one in enumerate(self.templates):
            for number in range(each):
                fill = self.fill(one.kind, one.name, index, number)
                text = fill.text(one.body)
                text = text if fill.rng.random() < 0.15 else around(fill, text)
                subject = fill.text(one.headers.get("Subject", "hello"))
                label = one.label if one.label == "clean" or fill.identifiers else "clean"
                self.add(
                    fill,
                    one.register,
                    one.name if one.kind != "twin" else f"{one.name}~{index}",
                    number,
                    label,
                    subject,
                    text,
                    one.headers.get("To", "colleague"),
                )

    def same_in(self, form, most):
        """The first mails with PHI of the templates, all in one form; names that every character set has."""
        cases, self.cases = self.cases, []
        for one in [one for one in self.templates if one.kind == "template"][:most]:
            fill = self.fill("same", one.name)
            text = fill.text(one.body).encode("ascii", "ignore").decode()
            body = mime.body_of(fill.rng, form, text, ("A. Colleague", "colleague@clinic.example"))
            octets = mime.message(fill.rng, self.headers(fill, "hello", one.headers.get("To", "")), body)
            self.cases.append(Case(self.split, one.register, one.name, 0, "phi", form, octets, fill, text))
        cases, self.cases = self.cases, cases
        return cases

    def from_notes(self, each):
        """Notes as they are when they name their patient, with a heading that does; and without any name."""
        for number in range(each):
            fill = self.fill("aci", number)
            named, note = fill.rng.choice(self.corpora.notes)
            if named and number % 2:
                fill.identifiers.append(("name", named, "1"))
                text = note
            elif named:
                first, last = named.split(" ", 1)
                text = re.sub(
                    rf"\b{first}\b",
                    "The patient",
                    re.sub(rf"(?:(?:Mr|Mrs|Ms|Miss)\. )?\b(?:{first} )?{last}\b", "The patient", note),
                )
                text = fill.text(fill.rng.choice(HEADINGS[self.split])) + text
            else:
                text = fill.text(fill.rng.choice(HEADINGS[self.split])) + note
            self.add(
                fill, "aci-note", "aci", number, "phi", fill.rng.choice(["note", "visit", "for the chart"]), around(fill, text)
            )
        unnamed = [note for named, note in self.corpora.notes if named is None]
        for number in range(each):
            fill = self.fill("aci-clean", number)
            self.add(
                fill,
                "aci-note",
                "aci~",
                number,
                "clean",
                fill.rng.choice(["note", "teaching", "example"]),
                around(fill, fill.rng.choice(unnamed)),
            )

    def from_sections(self, each):
        for number in range(each):
            fill = self.fill("mts", number)
            _, text, talk = fill.rng.choice(self.corpora.sections)
            text = fill.rng.choice([text, text, talk])
            self.add(
                fill,
                "mts-dialog",
                "mts~",
                number,
                "clean",
                fill.rng.choice(["dictation", "sample", "transcript"]),
                around(fill, text),
            )
            fill = self.fill("mts-phi", number)
            _, text, talk = fill.rng.choice(self.corpora.sections)
            heading = fill.text(fill.rng.choice(HEADINGS[self.split]))
            self.add(
                fill,
                "mts-dialog",
                "mts",
                number,
                "phi",
                fill.rng.choice(["dictation", "note", "transcript"]),
                around(fill, heading + fill.rng.choice([text, text, talk])),
            )

    def from_people(self, each):
        """Letters about people of Synthea; and the tables that belong to them, without people."""
        ways = [
            "{name} ({dob}) was seen for {what}.",
            "Problem list of {lf}, {sx}, born {dob}:\n{all}",
            "{mrname}, {addr}, SSN {ssn}: {what} since {since}.",
            "Patient {name}\nPhone {phone}\nConditions: {all}",
        ]
        for number in range(each):
            fill = self.fill("synthea", number)
            row, conditions = fill.rng.choice(self.corpora.people)
            person_of(fill, row)
            fill.lists = {
                **fill.lists,
                "what": [fill.rng.choice(conditions)["DESCRIPTION"]],
                "since": [conditions[0]["START"]],
                "all": ["\n".join(f"- {one['DESCRIPTION']} ({one['START']})" for one in conditions[:9])],
            }
            self.add(
                fill,
                "synthea",
                "letter",
                number,
                "phi",
                fill.rng.choice(["problem list", "summary", "transfer of care"]),
                around(fill, fill.text(fill.rng.choice(ways))),
            )
            fill = self.fill("synthea-clean", number)
            source, columns = fill.rng.choice(
                [
                    ("organizations.csv", ["NAME", "ADDRESS", "CITY", "PHONE"]),
                    ("providers.csv", ["NAME", "SPECIALITY", "ADDRESS", "ZIP"]),
                    ("payers.csv", ["NAME", "ADDRESS", "PHONE", "REVENUE"]),
                ]
            )
            table = self.corpora.table(source)
            picked = [
                [plain(row[c]) if c == "NAME" else row[c] for c in columns]
                for row in fill.rng.sample(table, min(len(table), fill.rng.choice([3, 10, 30])))
            ]
            data = payloads.write_table(columns, picked, ",")
            self.add(
                fill,
                "synthea",
                "directory~",
                number,
                "clean",
                source.split(".")[0],
                "Attached.",
                attached=(source, "text/csv", data.encode(), "table"),
            )

    def from_payloads(self, each):
        for makers, label in ((payloads.PHI, "phi"), (payloads.CLEAN, "clean")):
            for index, make in enumerate(makers):
                for number in range(each):
                    fill = self.fill("payload", label, index, number)
                    name, kind, data, what = make(fill)
                    text = around(
                        fill, fill.rng.choice(["Please find the file attached.", "Here is today's extract.", "As requested.", ""])
                    )
                    register = "table" if "table" in make.__name__ else "payload"
                    self.add(
                        fill,
                        register,
                        make.__name__,
                        number + index * each,
                        label,
                        fill.rng.choice(["file", "extract", "interface test", "for the upload"]),
                        text,
                        attached=(name, kind, data, what),
                    )
        for number, (path, data) in enumerate(self.corpora.payloads):
            label = self.label_of(path, data)
            if label:
                fill = self.fill("fhir-converter", path)
                if label == "phi":
                    fill.identifiers.append(("name", path, "1"))
                self.add(
                    fill,
                    "fhir-converter",
                    path.split("/")[1].lower(),
                    number,
                    label,
                    "sample",
                    "see attachment",
                    attached=(os.path.basename(path), "application/octet-stream", data, path.split("/")[1]),
                )

    @staticmethod
    def label_of(path, data):
        """HL7 and C-CDA with a patient are PHI, definitions of FHIR are not; None when it is neither plainly."""
        name = os.path.basename(path)
        if path.endswith(".hl7"):
            return "phi" if re.search(rb"[\r\n]PID\|[^\r\n]*\w\^\w", data) else None
        if path.endswith((".ccda", ".xml")):
            return "phi" if b"<family" in data and b"recordTarget" in data else None
        if name in (
            "CodeSystem.json",
            "CapabilityStatement.json",
            "ConceptMap.json",
            "ImplementationGuide.json",
            "NamingSystem.json",
            "StructureDefinition.json",
            "StructureMap.json",
            "SearchParameter.json",
            "Measure.json",
        ):
            return "clean"
        if b"Golden Retriever" in data:
            return None
        named = re.search(rb'"(?:subject|patient)": \{\s*"reference": "Patient/[^"]+",\s*"display": "[A-Z]', data)
        return "phi" if named or b'"Patient"' in data and b'"family"' in data else None

    def from_vectors(self, each):
        """Presidio's sentences: people with numbers, and no health."""
        texts = self.corpora.sentences_without_health()
        for number in range(each):
            fill = self.fill("vectors", number)
            text = "\n".join(fill.rng.sample(texts, fill.rng.choice([1, 2, 5])))
            self.add(
                fill,
                "presidio",
                "vector~",
                number,
                "clean",
                fill.rng.choice(["question", "my account", "request"]),
                around(fill, text),
            )

    def from_rounds(self):
        """What was thought of to mislead the rules: as it stands, in two forms each."""
        for one in self.templates:
            for number in range(2):
                fill = self.fill("round", one.name, number)
                self.add(fill, one.register, one.name, number, one.label, one.headers["Subject"], one.body, one.headers.get("To", "colleague"))
                self.cases[-1].patients = one.patients

    def make(self, each=6):
        if self.split not in HEADINGS:
            self.from_rounds()
            return self.cases
        self.from_templates(each)
        self.from_notes(each * 6)
        self.from_sections(each * 8)
        self.from_people(each * 5)
        self.from_payloads(each * 2)
        self.from_vectors(each * 6)
        return self.cases
