#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl consent, and what explain tells of consents, opt-outs and aliases."""
import datetime
import json
import os
import pathlib
import tempfile

from common import ctl, finish, ok

W = pathlib.Path(tempfile.mkdtemp(prefix="milward-consent."))
TODAY = datetime.date.today()
FILE = W / "consents"


def day(days):
    return str(TODAY + datetime.timedelta(days=days))


FILE.write_text("""# consents
jones@x.example  "M. Adams, RN"  2020-01-01 %s  "form 12"
smith@x.example  adams           2020-01-01 none  for lee@clinic.example, .labs.clinic.example
old@x.example    adams           2020-01-01 %s
new@x.example    adams           %s none""" % (day(10), day(-1), day(1)))
code, out, err = ctl("consent", "check", FILE)
ok(code == 0 and out == "%s: 4 consents  ok\n" % FILE, "check", out + err)
(W / "bad").write_text("x.example adams 2026-01-01 none\na@x.example adams 2026-02-30 none\n")
code, out, err = ctl("consent", "check", FILE, W / "bad")
ok(code == 1 and "bad:1:1: error: a consent is that of one person" in err and "bad:2:19: error" in err and out.count("  ok\n") == 1,
   "check of a bad one: line and column of each error", out + err)
code, out, err = ctl("consent", "list", FILE)
lines = out.splitlines()
ok(code == 0 and [line.split("  ")[0].strip() for line in lines] == ["counts", "counts", "ended", "to come"], "list", out + err)
ok('"form 12"' in lines[0] and "M. Adams, RN" in lines[0] and "for lee@clinic.example, .labs.clinic.example" in lines[1]
   and lines[3].endswith("consents:5"), "list: who, for whom, note and place", out)
code, out, err = ctl("consent", "list", "--json", "--ending", "10", FILE)
found = [json.loads(line) for line in out.splitlines()]
ok(code == 0 and found == [{"address": "jones@x.example", "by": "M. Adams, RN", "from": "2020-01-01", "until": day(10), "state": "counts",
                            "senders": [], "note": "form 12", "at": "consents:2"}], "those that end within ten days, as JSON", out + err)
ok(ctl("consent", "list", "--ending", "9", FILE)[:2] == (0, ""), "none ends within nine")
code, out, err = ctl("consent", "list", "--on", day(11), FILE)
ok(out.splitlines()[0].startswith("ended") and out.splitlines()[3].startswith("counts"), "on another day", out)
for bad in (("--on", "2026-02-30", FILE), ("--ending", "soon", FILE), ("--ending", "-1", FILE), (), ("--nonsense", FILE)):
    code, out, err = ctl("consent", "list", *bad)
    ok(code == 64 and not out, "list %s: a usage error" % " ".join(map(str, bad[:2])), out + err)
ok(ctl("consent", "list", W / "none")[0] == 1, "a file that is not there")

# Added to a file whose last line does not end.
code, out, err = ctl("consent", "add", "--by", 'A "B" Miller', "--until", day(30), "--for", "lee@clinic.example,clinic.example", "--note", "asked", FILE, "miller@x.example")
added = FILE.read_text().splitlines()[-1]
ok(code == 0 and added == 'miller@x.example "A \\"B\\" Miller" %s %s for lee@clinic.example,clinic.example "asked"' % (TODAY, day(30)), "add", added + err)
ok(ctl("consent", "check", FILE)[:2] == (0, "%s: 5 consents  ok\n" % FILE), "and the file is still well-formed")
code, out, err = ctl("consent", "add", "--until", "none", W / "fresh", "a@x.example")
ok(code == 0 and ctl("consent", "check", W / "fresh")[0] == 0, "add to a new file, by who runs it", err)
before = FILE.read_text()
for bad in (("--until", "none", FILE, "x.example"), ("--until", "2026-02-30", FILE, "a@x.example"), ("--until", day(-1), FILE, "a@x.example"),
            ("--until", "none", "--note", "a\nb", FILE, "a@x.example"), ("--until", "none", FILE, "a@x.example b"), (FILE, "a@x.example"),
            ("--until", "none", FILE), ("--until", "none", "--by", "a\nz@x.example b", FILE, "a@x.example"), ("--until", "none", W / "bad", "a@x.example"),
            ("--until", "none", FILE, "#@x.example")):
    code, out, err = ctl("consent", "add", *bad)
    ok(code in (1, 64) and err, "refused: %s" % " ".join(map(str, bad)).replace("\n", "|").replace("#", "+").replace(str(W), ""), err)
ok(FILE.read_text() == before, "and the file is as it was")

# What explain tells.
(W / "virtual").write_text("team@clinic.example carol@clinic.example, jones@x.example\ncopy@clinic.example copy@clinic.example, a@far.example\n")
(W / "p.policy").write_text("""load phi with check-us, check-names grant text
load route grant route, edit, run { mta none }
table <ours> { "clinic.example" }
aliases virtual "virtual"
consents plain file "consents"
include "rules/phi.rules"
class phi when phi.patients >= 1
match class phi to external consent plain then pass
match class phi to external from "lee@clinic.example" header "X-No-PHI" then pass attested "no health data"
match class phi to external then send by tls
match any then pass
""")
(W / "m.eml").write_text("Subject: x\nX-No-PHI: yes\n\nDear Ms. Jones, your hemoglobin A1c is 7.9 %: type 2 diabetes mellitus. MRN: 00471187, DOB 03/04/1961.\n")
explain = ("-p", W / "p.policy", "explain", "--from", "nurse@clinic.example")
code, out, err = ctl(*explain, "--to", "jones@x.example", "--to", "old@x.example", "--to", "new@x.example", "--to", "smith@x.example", "--to", "b@x.example", W / "m.eml")
ok(code == 0 and "consent plain: from 2020-01-01 until %s, recorded by M. Adams, RN (consents:2)" % day(10) in out, "explain: who recorded the consent, and when", out + err)
for what in ("consent ended %s (consents:4)" % day(-1), "consent begins %s (consents:5)" % day(1), "consent is for other senders (consents:3)", "no consent is recorded"):
    ok(what in out, "explain: " + what.split(" 2")[0], out)
ok("form 12" not in out, "explain: no note")
code, out, err = ctl("-p", W / "p.policy", "explain", "--from", "lee@clinic.example", "--to", "b@x.example", W / "m.eml")
ok("attested: no health data" in out and "pass  decided by p.policy:9" in out, "explain: what the sender attests", out + err)
code, out, err = ctl(*explain, "--to", "Team@clinic.example", "--to", "copy@clinic.example", W / "m.eml")
ok("<jones@x.example>  external, behind the alias <Team@clinic.example>\n  pass" in out and "<carol@clinic.example>  internal, behind" in out, "explain: who is behind an alias", out + err)
ok("<copy@clinic.example>  external, an alias that leads outside\n  refuse" in out and "it keeps a copy" in out, "explain: why an alias cannot be taken apart", out + err)

# What the MTA goes by is older than the text.
(W / "virtual.db").write_text("")
os.utime(W / "virtual.db", (1, 1))
code, out, err = ctl("check", W / "p.policy")
ok(code == 0 and "virtual.db is older than its text" in err and "run postmap" in err, "check: a table that was not made again", out + err)
os.utime(W / "virtual.db")
code, out, err = ctl("check", W / "p.policy")
ok(code == 0 and "older" not in err, "check: one that was", out + err)

# Days in tests of a policy.
(W / "tests").mkdir()
(W / "tests/p.test").write_text('policy "../p.policy"\n' + "".join("""test "on %s" {
    day "%s"
    from "nurse@clinic.example"
    to "jones@x.example" then %s
    text "Dear Ms. Jones,", "your hemoglobin A1c is 7.9 %%: type 2 diabetes mellitus. MRN: 00471187, DOB 03/04/1961."
}
""" % (when, when, then) for when, then in (("2019-12-31", "send by tls"), ("2020-01-01", "pass"), (day(10), "pass"), (day(11), "send by tls"))))
code, out, err = ctl("test", "--tap", W / "tests")
ok(code == 0 and out.count("ok ") == 4, "a test of a policy says what day it is", out + err)
(W / "tests/p.test").write_text('policy "../p.policy"\ntest "x" { day "tomorrow"; expect not class phi }\n')
code, out, err = ctl("test", "--tap", W / "tests")
ok(code == 1 and "no date of the calendar" in err, "which must be one", out + err)
for path in sorted(W.rglob("*"), reverse=True):
    path.rmdir() if path.is_dir() else path.unlink()
W.rmdir()
finish()
