#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl test: the shipped tests hold, and a test can fail in every way it should. TAP; run with BUILD=<build folder>, or from it."""
import json
import pathlib
import re
import tempfile

from common import SRC, ctl, finish, ok


work = tempfile.TemporaryDirectory()
W = pathlib.Path(work.name)
(W / "tests").mkdir()
(W / "p.policy").write_text("""
load phi grant text
load route grant route, edit, run { mta none; portal yes }
table <ours> { "clinic.example" }
rule number { kind identifier; pattern /\\bN\\d{4}\\b/; level 90; hit "N1234"; miss "N12" }
rule trial { kind identifier; pattern /\\bT\\d{4}\\b/; level 90; shadow; hit "T1234"; miss "T12" }
class numbered when rule number >= 1
match class numbered to external then send by tls(verified) or portal
match subject /stop/ to external then hold "stopped", send by tls
match any then pass
""")
HEAD = 'policy "../p.policy"\n'


def run(text, *options):
    (W / "tests/a.test").write_text(HEAD + text)
    return ctl("test", *options, W / "tests/a.test")


# shipped
code, out, err = ctl("test", SRC / "policies/tests")
ok(code == 0 and "\nok 5 " in out and "not ok" not in out, "the tests of the shipped policies hold", out + err)
code, out, err = ctl("test", cwd=SRC)
ok(code == 0 and "default.test" in out, "without arguments: the folder tests beside the policy", out + err)

# each expectation, both ways
MESSAGE = 'from "a@clinic.example"; subject "x"; text "N1234 N1234 N5678 T1111"'
for good, bad, why in (
        ("expect class numbered", "expect not class numbered", "the message is in class numbered"),
        ("expect rule number", "expect not rule number", "rule number: the number of values is 2"),
        ("expect rule number = 2, rule trial = 1", "expect rule number = 3", "rule number: the number of values is 2"),
        ("expect rule number >= 2, rule number < 3, rule number != 1, rule number <= 2, rule number > 1", "expect rule number > 2", "is 2"),
        ("expect phi.identifiers = 2", "expect phi.identifiers >= 3", "phi.identifiers is 2"),
        ("given phi.people = 7; expect phi.people = 7", "given phi.people = 7; expect phi.people = 0", "phi.people is 7"),
        ("expect not unreadable", "expect unreadable", "no part is unreadable"),
        ("expect not unreadable encrypted", "expect unreadable encrypted", "no part is unreadable (encrypted)"),
        ('to "b@x.example" then send by tls(verified)', 'to "b@x.example" then pass', "b@x.example gets: tls(verified) (p.policy:8)"),
        ('to "b@x.example" then tls', 'to "b@x.example" then portal', "b@x.example gets: tls(verified)"),
        ('to "b@x.example" then tls at "p.policy:8"', 'to "b@x.example" then tls at "p.policy:9"', "b@x.example: p.policy:8 decides"),
        ('to "b@x.example", "c@x.example" then tls', 'to "b@x.example", "c@clinic.example" then tls', "c@clinic.example gets: pass (p.policy:10)")):
    code, out, err = run(f'test "good" {{ {MESSAGE}; {good} }}\n')
    ok(code == 0 and out.startswith("ok 1") and not err, f"holds: {good}", out + err)
    code, out, err = run(f'test "bad" {{ {MESSAGE}; {bad} }}\n')
    ok(code == 1 and out.startswith("not ok 1") and why in out and "a.test:2: " in out, f"fails: {bad}", out + err)
code, out, err = run('test "held" { subject "please stop"; to "b@x.example" then hold, send by tls; expect not class numbered }\n')
ok(code == 0, "held, with a way to go", out + err)
(W / "tests/m.eml").write_text("From: a@clinic.example\nContent-Type: application/octet-stream\n\n\1x\n")
code, out, err = run('test "mail" { mail "m.eml"; expect unreadable unknown-format }\n')
ok(code == 0, "a message from a file", out + err)
code, out, err = run('test "mail" { mail "none.eml"; expect unreadable }\n')
ok(code == 1 and "none.eml" in out, "a file that is not there", out + err)

# forms of output
TWO = f'test "one" {{ {MESSAGE}; expect class numbered }}\ntest "two" {{ {MESSAGE}; expect not class numbered, rule number = 1 }}\n'
code, out, err = run(TWO, "--json")
rows = [json.loads(line) for line in out.splitlines()]
ok(code == 1 and [r["ok"] for r in rows] == [True, False] and [f["line"] for f in rows[1]["failures"]] == [3, 3], "--json", out)
code, out, err = ctl("--colour", "never", "test", W / "tests/a.test")
ok(out.endswith("1..2\n") and "N1234" not in out + err, "no matched text is printed", out)

# names
code, out, err = run(f'test "later # TODO \\nok 2" {{ {MESSAGE}; expect not class numbered }}\n')
ok(code == 1 and out.splitlines()[0].endswith("a.test: later \\# TODO \\x0aok 2") and "ok 2" not in out.splitlines(), "a name is no directive of TAP", out)

# errors of the file
for text, why in (
        ('test "x" { exepct class numbered }\n', 'did you mean "expect"'),
        ('test "x" { expect class numberd }\n', 'did you mean "numbered"'),
        ('test "x" { expect rule nmber }\n', 'did you mean "number"'),
        ('test "x" { expect unreadable encryptd }\n', 'did you mean "encrypted"'),
        ('test "x" { expect phi.persons = 1 }\n', 'no module of the policy has the fact "phi.persons"'),
        ('test "x" { expect phi.people = "a" }\n', "is a number"),
        ('test "x" { given phi.persons = 1; expect unreadable }\n', 'no module of the policy has the fact "phi.persons"'),
        ('test "x" { given phi.people = "a"; expect unreadable }\n', "is a number"),
        ('test "x" { given phi.people; expect unreadable }\n', "is given no value"),
        ('test "x" { given phi.people > 1; expect unreadable }\n', "is given a value with ="),
        ('test "x" { expect people }\n', "expected class, rule, unreadable or a fact"),
        ('test "x" { text "a" }\n', "the test expects nothing"),
        ('test "x" { mail "m.eml"; text "a"; expect unreadable }\n', "not both"),
        ('test "x" { from "a"; from "b"; expect unreadable }\n', '"from" is given twice'),
        ('test "x" { header "none"; expect unreadable }\n', "this is no header field"),
        ('test "x" { to "a" then tls(verified; expect unreadable }\n', 'expected ")"'),
        ('test x { }\n', "expected the name of the test"),
        ('test "x" { expect unreadable\n', 'expected "}"'),
        ('text "x"\n', "expected test"),
        ('test "x" { text "a\n" }\n', "a.test:2:")):
    code, out, err = run(text)
    ok(code == 1 and why in err and re.search(r"a\.test:\d+:\d+: error", err), "refused: " + " ".join(text.split()), out + err)
(W / "tests/a.test").write_text('policy "none.policy"\ntest "x" { expect unreadable }\n')
code, out, err = ctl("test", W / "tests/a.test")
ok(code == 1 and "none.policy" in err and "Bail out!" in out, "a policy that is not there", out + err)
code, out, err = ctl("test", W)
ok(code == 1 and "there are no tests" in err, "a folder without tests", out + err)

# the manual page
page = (SRC / "doc/man/milward.test.5").read_text()
example = re.search(r'^\.\\" test\n\.Bd -literal\n(.*?)^\.Ed$', page, flags=re.M | re.S).group(1)
(W / "tests/man.test").write_text(example.replace("../outbound.policy", str(SRC / "policies/outbound.policy")))
code, out, err = ctl("test", W / "tests/man.test")
ok(code == 0 and out.startswith("ok 1"), "the example of milward.test(5) holds", out + err)
finish()
