#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""arc-suite: the validation cases of the ARC suite (ValiMail's, in the JSON form that mailauth has of it), judged by milters/auth.

Each message comes in pieces of 1 and 7 octets, too, and with LF for CRLF: the result is the same. What differs from the suite is in
DEVIATIONS, with the reason. Needs MILWARD_BUILD (a built tree) and ../shared/data.
"""
import json
import os
import subprocess
import sys
import tempfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
ARCHIVE = os.path.join(SRC, "../shared/data/auth-suites.tar.zst")
SUITE = "auth-suites/mailauth/test/fixtures/arc/arc-draft-validation-tests.json"
TOOL = os.path.join(BUILD, "milters/auth/verify_file")

# case -> (what the suite wants, what we say, why)
DEVIATIONS = {
    "ams_fields_c_na": (
        "pass",
        "fail",
        "a message signature without c= is simple/simple, by RFC 6376 3.5, from which RFC 8617 4.1.2 does not differ; the suite's is relaxed/relaxed",
    ),
}


def scenarios(path):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    return data if isinstance(data, list) else [data]


def write_zone(path, records):
    with open(path, "w", encoding="ascii") as file:
        for name, text in records.items():
            text = text.replace("\\", "\\\\").replace('"', '\\"')
            pieces = [text[i : i + 200] for i in range(0, len(text), 200)] or [""]
            file.write("%s TXT %s\n" % (name, " ".join('"%s"' % piece for piece in pieces)))


def judge(zone, files, piece):
    """The word of the chain, and why, of each file."""
    run = subprocess.run([TOOL, "piece=%d" % piece, "now=1700000000", zone] + files, check=True, stdout=subprocess.PIPE, encoding="ascii")
    found, name = {}, ""
    for line in run.stdout.splitlines():
        row = line.split("\t")
        if row[0] == "arc":
            found[name] = (row[1], row[-1])
        elif row[0] != "dkim":
            name = row[0]
    return found


def check_scenario(scenario, top):
    """What is not as expected, and how many cases there are."""
    zone = os.path.join(top, "zone")
    write_zone(zone, scenario.get("txt-records") or {})
    files = {}
    for name, case in scenario["tests"].items():
        for form, end in (("crlf", "\r\n"), ("lf", "\n")):
            path = os.path.join(top, "%s.%s" % (name, form))
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(case["message"].replace("\r\n", "\n").replace("\n", end))
            files[path] = (name, (case["cv"] or "").lower())
    bad = []
    for piece in (0, 1, 7):
        found = judge(zone, list(files), piece)
        for path, (name, want) in files.items():
            word, why = found.get(path, ("nothing", ""))
            good = word == want if want else word != "pass"
            if name in DEVIATIONS:
                good = (want, word) == DEVIATIONS[name][:2]
            if not good:
                bad.append("%s: the suite says %s, we say %s (%s)" % (os.path.basename(path), want or "anything but pass", word, why))
    return bad, len(scenario["tests"])


def main():
    if not os.path.exists(ARCHIVE):
        print("1..0 # SKIP no %s" % ARCHIVE)
        return 0
    subprocess.run(["make", "-s", "-C", BUILD, "milters/auth/verify_file"], check=True, stdout=sys.stderr)
    wrong = 0
    with tempfile.TemporaryDirectory() as top:
        subprocess.run(["tar", "-x", "--zstd", "-f", ARCHIVE, "-C", top, SUITE], check=True)
        rows = scenarios(os.path.join(top, SUITE))
        known = [name for row in rows for name in row["tests"]]
        for n, row in enumerate(rows, 1):
            bad, cases = check_scenario(row, top)
            for line in bad:
                print("# " + line)
            wrong += bool(bad)
            print("%sok %d - %s: %d cases" % ("not " if bad else "", n, row["description"].strip(), cases))
        gone = [name for name in DEVIATIONS if name not in known]
        print("%sok %d - all %d deviations are of cases that are there, of %d" % ("not " if gone else "", len(rows) + 1, len(DEVIATIONS), len(known)))
        print("1..%d" % (len(rows) + 1))
    return 1 if wrong or gone else 0


if __name__ == "__main__":
    sys.exit(main())
