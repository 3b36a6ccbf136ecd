#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Manual pages and what they are about: options with their defaults, facts, actions, checks and commands of every module; the options
of every program's command line. Neither has what the other has not."""
import glob
import os
import re
import shlex
import subprocess
import sys

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("MILWARD_BUILD") or SRC
sys.path.insert(0, os.path.join(SRC, "tests", "milter"))
import daemon  # noqa: E402
from lab.tap import Tap, skip_all  # noqa: E402

if not os.path.exists(os.path.join(BUILD, "tests", "module", "rows")):
    skip_all("tests/module/rows is not built")
tap = Tap()
# mdoc's macros of words that are written as they are.
WORD = ("Ic", "Cm", "Li")
PROGRAMS = {"milward": "8", "milward-seal": "8", "milward-portal": "8", "milward-lookup": "8"}


class Item:
    """`.It Ic ttl-min Ar time , Ic ttl-max Ar time`: .words, .flags, and the text behind it."""

    def __init__(self, line, group):
        self.group, self.text = group, line
        self.words, self.flags = [], []
        for part in line.split(" , "):
            tokens = part.split()[1 if part.startswith(".It") else 0:]
            if len(tokens) > 1 and tokens[0] in WORD:
                self.words.append(tokens[1])
            elif tokens and "." in tokens[0]:
                self.words.append(tokens[0])
        self.flags = re.findall(r"\bFl (?:\w , Fl |\w , )?-([a-z0-9-]+)", line) if line.startswith(".It Fl") else []


class Page:
    """A manual page: its items, each with the list that it stands in, and its words."""

    def __init__(self, name):
        self.name = name
        with open(os.path.join(SRC, "doc", "man", name), encoding="utf-8") as file:
            self.source = file.read()
        self.items, lists, count = [], [], 0
        for line in self.source.split("\n"):
            if line.startswith(".Bl"):
                lists.append(count)
                count += 1
            elif line.startswith(".El"):
                lists.pop()
            elif line.startswith(".It"):
                self.items.append(Item(line, lists[-1]))
            elif self.items and lists:
                self.items[-1].text += "\n" + line
        # as a reader sees it, nearly
        self.plain = re.sub(r"\s+", " ", re.sub(r"(?m)^\.|\b(?:%s|Ql|Qq|Sq|Dq|Pq|Sy|Em|Pa|Ar|Fl|Oo|Oc|Op|Ns|Nm)\b" % "|".join(WORD), " ", self.source))

    def options(self, names):
        """{option: its item}. Where a word stands in two lists, it is the one with most of the others."""
        count = {}
        for item in self.items:
            count[item.group] = count.get(item.group, 0) + len(set(item.words) & set(names))
        return {n: max((i for i in self.items if n in i.words), key=lambda i: count[i.group], default=None) for n in names}


def page_of(module):
    found = glob.glob(os.path.join(SRC, "doc", "man", "milward-%s.[78]" % module))
    return Page(os.path.basename(found[0])) if found else None


NUMBERS = dict(zip("2 3 4 5 6 7 8 9 10 15 20 30".split(), "two three four five six seven eight nine ten fifteen twenty thirty".split()))


def says(text, default):
    """Does the text of an option name its default? Numbers may be words; the default of yes or no is what the text is about."""
    text = text.lower().replace("\\(dq", '"').replace("\\", "")
    words = [w.lower() for w in shlex.split(default.replace("{", "").replace("}", "").replace(",", " "))]
    if words in (["yes"], ["no"]):
        return True
    if words[1:] and words[1].startswith("second") and words[0] == "0":
        return "not" in text or "0" in text
    return all(re.search(r"(?<![\w.])(?:%s|%s)s?(?!\w)" % (re.escape(re.sub("s$", "", w)), NUMBERS.get(w, "-")), text) for w in words)


done = subprocess.run([os.path.join(BUILD, "tests", "module", "rows"), daemon.modules_folder()], capture_output=True, text=True, check=False)
tap.ok(done.returncode == 0, "every module says what it has", done.stderr)
modules = {}
for row in done.stdout.splitlines():
    kind, name, *rest = row.split("\t")
    modules.setdefault(name, {}).setdefault(kind, []).append(rest)

for name, rows in sorted(modules.items()):
    if name == "lab":
        continue
    page = page_of(name)
    if not tap.ok(page, "%s has a manual page" % name):
        continue
    options = dict(rows.get("option", ()))
    items = page.options(options)
    if len(options) == 1 and not any(items.values()): # the page is about it
        items = {o: Item("\n" + page.source, None) for o in options if re.search(r"\b(?:Ic|Cm) %s\b" % re.escape(o), page.source)}
    tap.equal([o for o in options if not items.get(o)], [], "%s: each option of %s has an item" % (page.name, name))
    groups = {i.group for i in items.values() if i}
    tap.equal([w for i in page.items if i.group is not None and i.group in groups for w in i.words if w not in options], [], "%s: and each item of its options is one" % page.name)
    tap.equal(["%s %s" % (o, default) for o, default in options.items() if default and items.get(o) and not says(items[o].text, default)], [],
              "%s: with its default" % page.name)
    rows["command"] = [r for r in rows.get("command", ()) if r[0] != "doctor"]  # which `milwardctl doctor` runs
    for kind in ("fact", "action", "check", "command"):
        if rows.get(kind):
            tap.equal([r[0] for r in rows[kind] if not re.search(r"(?<![\w.-])(?:%s[.])?%s(?![\w-])" % (name, re.escape(r[0])), page.plain)], [], "%s: each %s is in it" % (page.name, kind))
    if not rows["command"]:
        continue
    missing = [(r[0], flag) for r in rows["command"] for flag in re.findall(r"--([a-z-]+)", r[1]) if "Fl -" + flag not in page.source]
    tap.equal(missing, [], "%s: with their options" % page.name)

# ---- command lines
for name, section in PROGRAMS.items():
    told = subprocess.run([os.path.join(BUILD, name), "--help"], capture_output=True, text=True, check=True).stdout
    there = set(re.findall(r"(?m)^  (?:-\w, |    )--([a-z-]+)", told)) | {"help", "version"}
    page = Page("%s.%s" % (name, section))
    written = {f for i in page.items for f in i.flags}
    tap.equal(sorted(there - written - {"help", "version"}), [], "%s: each option of %s --help is in it" % (page.name, name))
    for flag in sorted(written - there):
        status = subprocess.run([os.path.join(BUILD, name), "--" + flag, "--help"], capture_output=True, text=True, check=False)
        tap.ok(status.returncode == 0, "%s: --%s, which --help does not show, is one" % (page.name, flag), status.stderr)
page = Page("milwardctl.1")
told = subprocess.run([os.path.join(BUILD, "milwardctl"), "--help"], capture_output=True, text=True, check=True).stdout
for command in re.findall(r"(?m)^  ([a-z]+(?: [a-z]+)?) ", told):
    words = command.split()
    if words[0] in modules:  # its page is looked at above
        continue
    told = subprocess.run([os.path.join(BUILD, "milwardctl"), *words, "--help"], capture_output=True, text=True, check=False)
    usage = told.stdout + told.stderr
    tap.equal([f for f in sorted(set(re.findall(r"--([a-z-]+)", usage)) - {"help"}) if "Fl -" + f not in page.source], [],
              "milwardctl.1: options of milwardctl %s" % command)
sys.exit(tap.end())
