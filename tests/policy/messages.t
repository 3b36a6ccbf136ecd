#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Every message that src/policy can print about a policy stands in some golden file, word for word.
import glob
import os
import re
import sys

top = os.environ.get("srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# What no policy file of the tests can bring about, and why.
BEYOND = {
    "cannot open %s: this policy may read no files": "of policies that come as text: tests/policy/test_text.c",
    "cannot open %s: more than %u files in one policy": "hundreds of files: tests/policy/test_text.c",
    'words \\"%s\\" has more than %u terms': "a million terms: tests/policy/test_text.c",
    "%s is older than its text: the MTA does not know the text yet": "times of files: tests/ctl/consent.t",
    "%s": "the text comes from elsewhere",
}
CALLS = ("mw_check_error", "mw_check_warn", "mw_parser_error", "mw_diag_add", "mw_parser_expected", "mw_parser_expect", "mw_fail", "refuse")


def arguments(text, at):
    """The arguments of a call: text[at] is the parenthesis."""
    depth, out, piece, i = 0, [], "", at
    while True:
        c = text[i]
        if c == '"' or c == "'":
            j = i + 1
            while text[j] != c:
                j += 2 if text[j] == "\\" else 1
            piece += text[i : j + 1]
            i = j + 1
            continue
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        if depth == 0 or (depth == 1 and c == ","):
            out.append(piece.strip())
            piece = ""
            if depth == 0:
                return out
        elif not (depth == 1 and c == "("):
            piece += c
        i += 1


def literal(argument):
    """The text of an argument that is one string literal, or None."""
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', argument)
    if not parts or re.sub(r'"(?:[^"\\]|\\.)*"|\s', "", argument):
        return None
    return "".join(parts)


def formats():
    for path in sorted(glob.glob(os.path.join(top, "src/policy/*.c"))):
        text = open(path, encoding="utf-8").read()
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        for name in CALLS:
            for m in re.finditer(r"\b%s\(" % name, text):
                if "{" == text[text.find(")", m.end()) + 2 : text.find(")", m.end()) + 3]:
                    continue  # its definition
                args = arguments(text, m.end() - 1)
                index = {"mw_parser_expected": 1, "mw_parser_expect": 2, "refuse": 4, "mw_fail": 2, "mw_diag_add": 4}.get(name, 3)
                found = literal(args[index]) if len(args) > index else None
                if found is not None:
                    prefix = "expected " if name.startswith("mw_parser_expect") else ""
                    yield os.path.basename(path), prefix + found


def pattern(fmt):
    text = fmt.encode().decode("unicode_escape").encode("latin-1").decode("utf-8")
    parts = re.split(r"%(?:\.\*)?(?:ll|z)?[sducx0-9]+", text.replace("%02x", "%x"))
    return ".*".join(re.escape(p) for p in parts)


golden = "".join(open(f, encoding="utf-8").read() for f in sorted(glob.glob(os.path.join(top, "tests/policy/cases/*.ref"))))
lines = re.findall(r"^.*?(?:error|warning): (.*)$", golden, flags=re.M)
wanted = sorted(set(formats()))
bad = 0
for i, (path, fmt) in enumerate(wanted, 1):
    name = "%s: %s" % (path, fmt.replace("#", "\\#"))
    if fmt in BEYOND:
        print("ok %d - %s (%s)" % (i, name, BEYOND[fmt]))
    elif any(re.search(pattern(fmt), line) for line in lines):
        print("ok %d - %s" % (i, name))
    else:
        bad += 1
        print("not ok %d - %s" % (i, name))
print("1..%d" % len(wanted))
sys.exit(1 if bad or len(wanted) < 80 else 0)
