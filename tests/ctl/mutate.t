#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl check --mutate: each kind of change, with samples that notice it and without. TAP; run with BUILD=<build folder>, or from it."""
import json
import pathlib
import tempfile

from common import SRC, ctl, finish, ok


work = tempfile.TemporaryDirectory()
W = pathlib.Path(work.name)


def survivors(body, *options, form="rule"):
    """[(rule, mutant, sample that is missing)] and how many were tried."""
    text = body if form is None else f"{form} r {{ kind identifier\n{body}\n}}\n"
    (W / "a.rules").write_text(text)
    code, out, err = ctl("check", "--json", "--mutate", *options, W / "a.rules")
    rows = [json.loads(line) for line in out.splitlines() if '"severity"' not in line]
    found = [(r["rule"], r["mutant"], r["add"], r["line"], r["column"]) for r in rows if "mutant" in r]
    end = [r["mutants"] for r in rows if "mutants" in r]
    if code or len(end) != 1 or end[0]["survived"] != len(found):
        return err or out, 0
    suggested.clear()
    suggested.update({r["mutant"]: r["sample"] for r in rows if "sample" in r})
    return found, end[0]["tried"]


suggested = {}


# (rule without the sample that notices, sample, what survives without it)
CASES = (
    ("pattern /N\\d{4}/\nmiss \"N\"", 'hit "N1234"', "disabled", "hit"),
    ('pattern /\\d{9}/\ncheck us-ssn\nhit "219099998"', 'miss "000123456"', "check us-ssn dropped", "miss"),
    ('pattern /\\bN\\d/\nhit "N1"', 'miss "AN1"', "\\b of the pattern dropped", "miss"),
    ('pattern /(?<![-\\])(])N\\d(?!\\d|(?:x))/\nhit "N1"\nmiss "-N1"', 'miss "N12"', "(?!\\d|(?:x)) of the pattern dropped", "miss"),
    ('pattern /(?<![-\\])(])N\\d(?!\\d|(?:x))/\nhit "N1"\nmiss "N12"', 'miss "(N1"', "(?<![-\\])(]) of the pattern dropped", "miss"),
    ('pattern /N\\d{4}/\nexcept "N0000"\nhit "N1234"', 'miss "N0000"', 'except "N0000" dropped', "miss"),
    ('pattern /N\\d{4}/\nexcept /^N9/, "N0000"\nhit "N1234"\nmiss "N0000"', 'miss "N9999"', "except /^N9/ dropped", "miss"),
    ('pattern /N\\d{4}/\nnear "chart"\nlevel 80 when near\nhit "chart N1234"', 'miss "N1234"', "level 80: condition dropped", "miss"),
    ('pattern /N\\d{4}/\nnear "chart" before\nnear "record" before\nlevel 80 when near\nhit "chart N1234"\nmiss "N1234", "N1234 chart", "N1234 record"',
     'hit "record N1234"', 'near "record" before within 60 dropped', "hit"),
    ('pattern /N\\d{4}/\nnear "chart" before within 20\nlevel 80 when near\nhit "chart N1234"\nmiss "N1234"', 'miss "N1234 chart"',
     'near "chart" before within 20 on both sides', "miss"),
    ('pattern /N\\d{4}/\nnear street "road"\nlevel 80, 0 when street\nhit "N1234"', 'miss "N1234 road"', "level 0: clause dropped", "miss"),
    ('pattern /N\\d{4}/\nnear "chart"\nnear who "patient"\nlevel 80 when near and who\nhit "patient chart N1234"\nmiss "N1234", "chart N1234"',
     'miss "patient N1234"', "level 80: left side of its condition dropped", "miss"),
)
for body, sample, what, add in CASES:
    without, _ = survivors(body)
    proposed = suggested.get(what)
    if proposed:
        with_it, tried = survivors(body + "\n" + add + " " + json.dumps(proposed, ensure_ascii=False))
        ok(isinstance(with_it, list) and not [s for s in with_it if s[1] == what], f"so does the sample that it proposes: {what}", (proposed, with_it))
    else:
        ok(what == "disabled" or what.startswith(("except", "check")), f"it proposes nothing: {what}")
    with_it, tried = survivors(body + "\n" + sample)
    ok(isinstance(without, list) and ("r", what, add) in [s[:3] for s in without], f"survives: {what}", without)
    ok(isinstance(with_it, list) and not [s for s in with_it if s[1] == what] and tried, f"a {add} notices: {what}", with_it)
found, tried = survivors('whole-word\nterms "insulin"\nhit "insulin"', form="words")
ok([s[1] for s in found] == ["whole-word dropped"] and tried == 2, "words: whole-word", found)
found, tried = survivors('whole-word\nterms "insulin"\nhit "insulin"\nmiss "insulinoma"', form="words")
ok(found == [] and tried == 2, "a miss notices: whole-word", found)

# places, and what is not changed
found, tried = survivors(r'pattern /\bN[\b(?!]?\d(?=(x)?)(?:\\b)?/' + '\nhit "N1"')
ok([s[1] for s in found] == ["\\b of the pattern dropped"] and found[0][3:] == (2, 10) and tried == 2, "classes, escapes and groups that are counted stay", (found, tried))
found, tried = survivors('pattern /N\\d/\nnear "chart"\nlevel 40, 80 when near\nhit "N1"\nmiss "N"')
ok(found == [] and tried == 2, "what only makes a rule surer is not changed", (found, tried))
body = 'pattern /N\\d/\nnear "chart"\nlevel 40, 80 when near\nmiss "N"\n'
found, tried = survivors(body + 'hit "chart N1" at 80')
ok([s[1:3] for s in found] == [("level 40: clause dropped", "hit"), ("level 80: condition dropped", "miss")] and tried == 5,
   "samples with levels: how sure it is matters", (found, tried))
found, tried = survivors(body + 'hit "chart N1" at 80, "N1"\nmiss "N1" at 41')
ok(found == [] and tried == 5, "and samples notice it", (found, tried))
code, out, err = ctl("check", W / "a.rules")
ok(code == 0, "these samples hold", err)
(W / "b.rules").write_text((W / "a.rules").read_text().replace("at 80", "at 81").replace("at 41", "at 40"))
code, out, err = ctl("check", W / "b.rules")
ok(code == 1 and "does not match its own hit at 81 or more" in err and "matches what it should miss at 40" in err, "and these do not", err)
found, tried = survivors("""rule a { kind identifier; pattern /A\\d/; near rule b within 10; level 80 when near; hit "A1 B1"; miss "A1", "B1" }
rule b { kind identifier; pattern /\\bB\\d/; near rule c; level 80; hit "B1"; miss "xB1" }
rule c { kind identifier; pattern /C\\d/; level 80; hit "C1"; miss "C" }
""", form=None)
ok(found == [] and tried >= 6, "rules that are context of others come along", (found, tried))

# the command
(W / "a.rules").write_text('rule r { kind identifier; pattern /\\bN\\d\\b/; level 80; hit "N1" }\n')
code, out, err = ctl("check", "--mutate", W / "a.rules")
ok(code == 0 and "a.rules:1:36:" in out and "3 mutants, 2 survive" in out and '\\b of the pattern dropped, add: miss "xN1"' in out, "for a person", out + err)
ok(ctl("check", "--mutate=2", W / "a.rules")[0] == 0 and ctl("check", "--mutate=1", W / "a.rules")[0] == 1, "--mutate=N: how many may survive")
ok(ctl("check", "--mutate=x", W / "a.rules")[0] == 64 and ctl("check", "--seconds", "-1", W / "a.rules")[0] == 64, "usage")
(W / "a.rules").write_text('rule r { kind identifier; pattern /N\\d/; level 80; hit "X" }\n')
code, out, err = ctl("check", "--mutate", W / "a.rules")
ok(code == 1 and "mutants" not in out, "rules with an error are not mutated", out + err)

# The shipped packs: what no sample notices does not grow.
written = {}
for line in (SRC / "tests/ctl/survivors").read_text().splitlines():
    if line and not line.startswith("#"):
        file, number = line.split()
        written[file] = int(number)
now = dict.fromkeys(written, 0)
for pack in (SRC / "policies/rules/phi.rules", SRC / "policies/rules/own-patients.rules"):
    code, out, err = ctl("check", "--json", "--mutate", "--seconds", "270", pack, timeout=280)  # half a minute of one processor
    rows = [json.loads(line) for line in out.splitlines()]
    end = [r["mutants"] for r in rows if "mutants" in r]
    ok(code == 0 and end and not end[0]["not_tried"] and not [r for r in rows if r.get("mutant") == "disabled"],
       f"{pack.name}: no rule can be disabled unnoticed", "\n".join(l for l in out.splitlines() if "disabled" in l) + err)
    print(f"# {end[0]['tried']} mutants, {end[0]['survived']} survive" if end else "# none")
    for row in rows:
        if "mutant" in row:
            file = row["file"].rsplit("/")[-1]
            now[file] = now.get(file, 0) + 1
            print(f"# {file}:{row['line']}:{row['column']}: {row['rule']}: {row['mutant']}, add: {row['add']} {row.get('sample', '')!r}")
for file, number in sorted(now.items()):
    ok(number <= written.get(file, 0), f"{file}: {number} mutants survive, {written.get(file, 0)} did: samples for those above that are new")
    if number < written.get(file, 0):
        print(f"# fewer: write {number} for {file} into tests/ctl/survivors")
finish()
