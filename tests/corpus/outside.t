#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""outside: does the tool that measures other people's labelled texts count what it says?

Needs MILWARD_BUILD (a built tree) and MILWARD_SRC. Prints TAP.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PHI = "Ann Jones, DOB 03/04/1961, was admitted with pneumonia"
CLEAN = "The order of Ann Jones, 03/04/1961, is on its way"
n = bad = 0


def ok(good, what, *more):
    global n, bad
    n, bad = n + 1, bad + (not good)
    print(f"{'ok' if good else 'not ok'} {n} - {what}", *([] if good else [f"\n# {m}" for m in more]))


def run(*args):
    done = subprocess.run([os.path.join(HERE, "outside"), *args], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


with tempfile.TemporaryDirectory() as folder:
    # Half a (the first, the third): found, false. Half b: missed, clean.
    lines = [(PHI, "phi"), (CLEAN, "phi"), (PHI, "clean"), (CLEAN, "clean")]
    path = write(folder, "some.jsonl", "\n".join(json.dumps({"text": t, "label": label}) for t, label in lines))
    code, out, err = run("--json", path)
    rows = [json.loads(line) for line in out.splitlines()]
    ok(code == 0 and [tuple(r[k] for k in ("half", "phi", "missed", "clean", "false")) for r in rows]
       == [("a", 1, 0, 1, 1), ("b", 1, 1, 1, 0)], "found, missed, clean and false of each half", out, err)
    code, out, err = run("--misses", path)
    ok(code == 0 and out.count("====") == 1 and "should be clean" in out and "| " + PHI in out and CLEAN not in out,
       "what is wrong is shown of half a alone", out, err)

    tag = '{"identifier_type": "%s", "value": "%s"}\n'
    queries = "===QUERY===\n%s?\n===PHI_TAGS===\n%s\n" * 3 % (
        PHI, tag % ("NAME", "Ann Jones"), CLEAN, "", "Was Dr. Lee there", tag % ("NAME", "Dr. Lee"))
    code, out, err = run("--json", write(folder, "queries.txt", queries))
    rows = [json.loads(line) for line in out.splitlines()]
    ok(code == 0 and [(r["phi"], r["clean"]) for r in rows] == [(1, 0), (0, 1)], "queries: a doctor's name alone is left out", out, err)

    for what, text in (("no label", '{"text": "a"}'), ("a label that is none", '{"text": "a", "label": "PHI"}'), ("no JSON", "a")):
        code, out, err = run(write(folder, "bad.jsonl", '{"text": "a", "label": "clean"}\n' + text))
        ok(code == 1 and "bad.jsonl:2: " in err and "a line is" in err and not out, f"{what}: an error that says where", out, err)
    code, out, err = run(os.path.join(folder, "none"))
    ok(code == 1 and "none: " in err and "Traceback" not in err, "no such file: an error", err)
print(f"1..{n}")
sys.exit(bad > 0)
