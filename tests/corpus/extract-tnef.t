#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""extract-tnef: every TNEF file of the shared data against its listing, and against the programs tnef and ytnef.

Prints TAP.
"""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import outlook  # noqa: E402 # pylint: disable=wrong-import-position

BODIES = {"body.txt", "body.html", "body.rtf"}
OURS_ALONE = BODIES | {"header.txt"}

# What is listed by nobody: the names of these attachments stand in properties alone, and the program tnef lists only such as have
# an attribute with their title.
LISTED = {
    ("long-filename", "allproductsmar2000.dat"),
    ("missing-filenames", "TechlibNOV99.doc"),
    ("missing-filenames", "TechlibDEC99_JAN00.doc"),
    ("missing-filenames", "TechlibDEC99.doc"),
    ("missing-filenames", "generpts.src"),
}
# The program tnef leaves the 16 octets in front of an object that say of which kind it is: no program opens such a file.
OBJECTS = {("MAPI_OBJECT", "Untitled_Attachment")}
# ytnef makes this out of the properties of a meeting: its words are in our text.
MADE = {("triples", "calendar.ics")}


def name_as_listed(name, base):
    """body.rtf of ours is NAME-body.rtf of theirs."""
    stem, dot, suffix = name.rpartition("-body.")
    return "body." + suffix if dot and stem == base else name


def same_name(name):
    return re.sub(r"[^\w.]", "_", name)


class Case:
    def __init__(self, path, top, number):
        self.path = path
        self.base = os.path.splitext(os.path.basename(path))[0]
        self.members, self.text = outlook.unpack("tnef", path, os.path.join(top, "ours-%d" % number))
        self.theirs = os.path.join(top, "theirs-%d" % number)

    def run(self, *command):
        """The files that a program leaves."""
        os.makedirs(self.theirs, exist_ok=True)
        subprocess.run([word.replace("DIR", self.theirs) for word in command] + [self.path], capture_output=True, check=False)
        found = {os.path.basename(path): outlook.octets_of(path) for path in outlook.files_under(self.theirs)}
        subprocess.run(["rm", "-r", self.theirs], check=True)
        return found


def check_listings(tap, cases):
    wrong, seen = [], 0
    for case in cases:
        listing = case.path[:-5] + ".list"
        if not os.path.exists(listing):
            continue
        with open(listing, encoding="utf-8") as f:
            listed = {same_name(name_as_listed(line.strip(), case.base)) for line in f if line.strip()}
        ours = {same_name(member.name) for member in case.members}
        seen += len(listed)
        wrong += ["%s: %s" % (case.base, name) for name in listed - ours if (case.base, name) not in LISTED]
        wrong += ["%s: %s is listed by nobody" % (case.base, name) for name in ours - listed - OURS_ALONE
                  if (case.base, name) not in LISTED]
    tap.result(seen > 20 and not wrong, "all of %d files of the listings are members, and no others" % seen, wrong)


def is_ours(case, file, octets):
    """Is one of our members the same file?"""
    ours = [member.octets for member in case.members]
    if (case.base, file) in OBJECTS:
        octets = octets[16:]
    if (case.base, file) in MADE:
        # values alone, without the line breaks of the format
        values = re.findall(r"^(?:SUMMARY|LOCATION|DESCRIPTION):(.*?)(?:\\n)?$", octets.decode(), re.M)
        words = outlook.WORD.findall(" ".join(values))
        text = case.text + " ".join(member.text() for member in case.members)
        return len(words) > 4 and all(word in text for word in words)
    # ytnef has the line end of the first words of compressed RTF the wrong way round.
    swapped = octets.replace(b"\n\r", b"\r\n") if file.endswith(".rtf") else octets
    return any(form in ours for form in (octets, octets.rstrip(b"\0"), swapped))


def check_octets(tap, cases, name, command):
    wrong, seen = [], 0
    for case in cases:
        for file, octets in case.run(*command).items():
            seen += 1
            if not is_ours(case, file, octets):
                wrong.append("%s: %s has other octets" % (case.base, file))
    tap.result(seen > 20 and not wrong, "%d files have the octets that %s unpacks" % (seen, name), wrong)


def check_strings(tap, cases, policy):
    """The strings of all properties, as the program tnef printed them."""
    wrong, seen = [], 0
    for case in cases:
        printed = os.path.join(os.path.dirname(case.path), "../baselines", case.base + ".baseline")
        if not os.path.exists(printed):
            continue
        text = "\n".join(part["text"] for part in policy.parts(case.path, "application/ms-tnef"))
        text += "\n".join(member.text() for member in case.members)
        with open(printed, encoding="utf-8", errors="replace") as f:
            strings = re.findall(r"= ?'([^']*)'$", f.read(), re.M)
        for string in strings:
            words = outlook.WORD.findall(string)
            seen += len(words)
            lost = [word for word in words if word not in text and "\ufffd" not in word]
            if lost:
                wrong.append("%s: %s of %r" % (case.base, lost[:5], string[:60]))
    tap.result(seen > 1000 and not wrong, "of %d words in properties of strings none is missing" % seen, wrong)


def main():
    outlook.skip_unless("extract-tnef", ["mime-suites.tar.zst", "attachments.tar.zst"], ["tnef", "ytnef"])
    outlook.unpack_build()
    tap = outlook.Tap()
    with tempfile.TemporaryDirectory() as top:
        outlook.unpack_archive("mime-suites.tar.zst", top)
        outlook.unpack_archive("attachments.tar.zst", top)
        files = [path for path in outlook.files_under(top) if outlook.octets_of(path)[:4] == b"\x78\x9f\x3e\x22"]
        cases = [Case(path, top, number) for number, path in enumerate(files)]
        check_listings(tap, cases)
        check_octets(tap, cases, "tnef", ["tnef", "--save-body", "--body-pref=ALL", "--overwrite", "-C", "DIR", "-f"])
        check_octets(tap, cases, "ytnef", ["ytnef", "-f", "DIR", "-F"])
        check_strings(tap, cases, outlook.Policy("extract-tnef", top))
        damaged = [case.base for case in cases if "!unread" in case.text or any(m.unread for m in case.members)]
        tap.result(len(cases) > 15 and not damaged, "of %d files none is taken for damaged" % len(cases), damaged)
        empty = [case.base for case in cases if not case.text.strip() and not case.members]
        tap.result(not empty, "every file gives text", empty)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
