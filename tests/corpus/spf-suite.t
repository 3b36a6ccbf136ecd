#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""All cases of the test suite of RFC 7208 (openspf.org, as pyspf has it): what milters/auth says, over records out of a text file. What
differs is listed here with its reason; anything else that differs fails."""
import os
import subprocess
import sys
import tempfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
ARCHIVE = os.path.join(SRC, "../shared/data/auth-suites.tar.zst")
SUITE = "auth-suites/pyspf/test/rfc7208-tests.yml"
PROGRAM = os.path.join(BUILD, "milters/auth/spf_ask")

try:
    import yaml
except ImportError:
    print("1..0 # SKIP python3-yaml is not installed (packaging/deps test)")
    sys.exit(0)
if not os.path.exists(ARCHIVE):
    print("1..0 # SKIP no %s" % ARCHIVE)
    sys.exit(0)

# name: (the word that is given, why it is another one)
DIFFERS = {}

TYPES = ("A", "AAAA", "MX", "TXT", "PTR", "CNAME", "NS")


def octets(text):
    """The suite writes octets as characters below 256; longer ones are UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def quoted(text):
    return '"%s"' % "".join(chr(c) if 32 <= c < 127 and c not in b'"\\' else "\\%03d" % c for c in octets(text)[:255])


def strings(value):
    """A TXT record: strings of at most 255 octets."""
    parts = value if isinstance(value, list) else [value]
    pieces = [part[i : i + 255] for part in parts for i in range(0, max(len(part), 1), 255)]
    return " ".join(quoted(piece) for piece in pieces) or '""'


def name_of(text):
    return "".join(chr(c) if chr(c).isalnum() and c < 127 or c in b"-_.*" else "\\%03d" % c for c in octets(text)) or "."


def records(name, entries):
    """Lines of a zone file. A name without TXT records has those of type SPF as TXT; "TIMEOUT" is for all types that are not there."""
    known = [entry for entry in entries if isinstance(entry, dict)]
    has_txt = any("TXT" in entry for entry in known)
    lines, types = [], set()
    for entry in known:
        for kind, value in entry.items():
            if kind == "SPF":
                if has_txt:
                    continue
                kind = "TXT"
            if value == "NONE":
                continue
            types.add(kind)
            if value == "TIMEOUT":
                text = "TIMEOUT"
            elif kind == "TXT":
                text = strings(value)
            elif kind == "MX":
                text = "%d %s" % (value[0], name_of(value[1]))
            elif kind in ("PTR", "CNAME", "NS"):
                text = name_of(value)
            else:
                text = value
            lines.append("%s %s %s" % (name_of(name), kind, text))
    if "TIMEOUT" in entries:
        lines += ["%s %s TIMEOUT" % (name_of(name), kind) for kind in TYPES if kind not in types]
    if not lines:
        lines = ["%s NS ns.invalid" % name_of(name)]  # the name is there
    return lines


def run(scenario):
    """(word, explanation, why) of each case."""
    lines = [line for name, entries in scenario["zonedata"].items() for line in records(str(name), entries)]
    asked = ["%s\t%s\t%s" % (case["host"], case["helo"], case["mailfrom"]) for case in scenario["tests"].values()]
    with tempfile.NamedTemporaryFile("w", suffix=".zone") as zone:
        zone.write("\n".join(lines) + "\n")
        zone.flush()
        done = subprocess.run([PROGRAM, zone.name], input="\n".join(asked).encode() + b"\n", capture_output=True)
    if done.returncode:
        return done.stderr.decode()
    return [line.split("\t") for line in done.stdout.decode().splitlines()]


subprocess.run(["make", "-s", "-C", BUILD, "milters/auth/spf_ask"], check=True, stdout=sys.stderr)
done = subprocess.run(["tar", "-x", "-O", "--zstd", "-f", ARCHIVE, SUITE], check=True, stdout=subprocess.PIPE)
scenarios = [scenario for scenario in yaml.safe_load_all(done.stdout.decode("utf-8")) if scenario]
print("1..%d" % (sum(len(scenario["tests"]) for scenario in scenarios) + 1))
number, failed, differs = 0, 0, set()


def ok(good, what, *notes):
    global number, failed
    number += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", number, what))
    if not good:
        print("".join("# %s\n" % note for note in notes), end="")


for scenario in scenarios:
    answers = run(scenario)
    for i, (name, case) in enumerate(scenario["tests"].items()):
        what = "%s: %s" % (scenario["description"], name)
        if isinstance(answers, str) or len(answers) <= i:
            ok(False, what, "spf_ask: %s" % answers)
            continue
        word, explanation, why, lookups = answers[i]
        accepted = case["result"] if isinstance(case["result"], list) else [case["result"]]
        good = word in accepted
        if name in DIFFERS and not good:
            differs.add(name)
            good = word == DIFFERS[name][0]
            what += " (%s: %s)" % DIFFERS[name]
        if good and "explanation" in case:
            wanted = case["explanation"]
            good = explanation == ("" if wanted == "DEFAULT" else wanted)
            accepted = [wanted]
        ok(good, what, "wanted %s" % accepted, "got %s, %r (%s)" % (word, explanation, why), str(case.get("comment", "")).strip())
ok(differs == set(DIFFERS), "what is listed as different is", sorted(set(DIFFERS) - differs))
sys.exit(failed != 0)
