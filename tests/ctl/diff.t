#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl diff: what two policies make of the same mail. TAP; run with BUILD=<build folder>, or from it."""
import json
import os
import pathlib
import pty
import tempfile

from common import ctl, finish, ok


work = tempfile.TemporaryDirectory()
W = pathlib.Path(work.name)
OLD = """
load phi grant text
load route grant route, edit, run { mta none; portal yes }
table <ours> { "clinic.example" }
rule number { kind identifier; pattern /\\bN\\d{4}\\b/; level 90; hit "N1234"; miss "N12" }
rule letter { kind identifier; pattern /\\bL\\d{4}\\b/; level 70; hit "L1234"; miss "L12" }
class numbered when rule number >= 1
match class numbered to external then hold "numbers", send by tls
match any then pass
"""
NEW = OLD.replace("N\\d{4}", "[NM]\\d{4}").replace("level 70", "level 80").replace('hold "numbers", ', "").replace(
    "match any", "class lettered when rule letter >= 1\nmatch any")
(W / "old.policy").write_text(OLD)
(W / "new.policy").write_text(NEW)
(W / "corpus/deep").mkdir(parents=True)
for name, text in (("a.eml", "N1234 secretword"), ("b.eml", "M1234"), ("c.eml", "L1234"), ("d.eml", "nothing"), ("deep/e.eml", "N1111 N2222")):
    (W / "corpus" / name).write_text(f"From: a@clinic.example\nSubject: hush\n\n{text}\n")

code, out, err = ctl("diff", "--json", W / "old.policy", W / "new.policy", "--corpus", W / "corpus")
rows = [json.loads(line) for line in out.splitlines()]
by = {pathlib.Path(r["file"]).name: r for r in rows if "file" in r}
total = rows[-1].get("summary", {}) if rows else {}
ok(code == 0 and sorted(by) == ["a.eml", "b.eml", "c.eml", "e.eml"], "the messages that differ, and no other", out + err)
ok(by["a.eml"]["recipients"] == [{"to": "somebody@outside.invalid", "old": "hold, tls(encrypted)", "new": "tls(encrypted)", "old_line": "old.policy:8",
                                  "new_line": "new.policy:8", "direction": "weaker"}] and not by["a.eml"]["rules"], "a route that is weaker", by["a.eml"])
ok(by["b.eml"]["classes"] == {"gained": ["numbered"], "lost": []} and by["b.eml"]["rules"] == {"number": {"new": 1}} and
   by["b.eml"]["recipients"][0]["direction"] == "stricter", "a class, a finding and a route that are new", by["b.eml"])
ok(by["c.eml"]["rules"] == {"letter": {"changed": 1}} and by["c.eml"]["classes"]["gained"] == ["lettered"] and not by["c.eml"]["recipients"],
   "another confidence, a class that the old policy has not", by["c.eml"])
ok(total["messages"] == 5 and total["differ"] == 4 and total["failed"] == 0 and total["classes"]["numbered"] == {"gained": 1} and
   total["routes"]["hold, tls(encrypted) -> tls(encrypted), weaker"] == {"recipients": 2} and total["rules"] == {"letter": {"changed": 1}, "number": {"new": 1}},
   "the sums", total)
code, out, err = ctl("diff", "--json", W / "new.policy", W / "old.policy", "--corpus", W / "corpus/b.eml")
row = json.loads(out.splitlines()[0])
ok(row["classes"]["lost"] == ["numbered"] and row["rules"] == {"number": {"lost": 1}} and row["recipients"][0]["direction"] == "weaker", "the other way round", out)
code, out, err = ctl("diff", W / "old.policy", W / "new.policy", "--corpus", W / "corpus")
ok(code == 0 and "5 messages, 4 differ" in out and "secretword" not in out and "hush" not in out and "+numbered" in out and "letter ~1" in out, "for a person", out)
code, out, err = ctl("diff", "--summary", W / "old.policy", W / "new.policy", "--corpus", W / "corpus")
ok(code == 0 and out.startswith("5 messages, 4 differ") and ".eml" not in out, "--summary", out)
code, out, err = ctl("diff", "--exit-code", W / "old.policy", W / "new.policy", "--corpus", W / "corpus")
ok(code == 2, "--exit-code: they differ")
code, out, err = ctl("diff", "--exit-code", W / "old.policy", W / "old.policy", "--corpus", W / "corpus")
ok(code == 0 and out == "5 messages, 0 differ\n", "the same policy twice: nothing differs", out)
code, out, err = ctl("diff", "--exit-code", "--to", "b@clinic.example", W / "old.policy", W / "new.policy", "--corpus", W / "corpus/a.eml")
ok(code == 0, "--to: a recipient who gets the same from both", out)
(W / "observe.policy").write_text(OLD + "mode observe\n")
code, out, err = ctl("diff", "--exit-code", W / "old.policy", W / "observe.policy", "--corpus", W / "corpus")
ok(code == 2 and "the new policy only observes" in out and "0 differ" in out, "mode observe is told", out)
code, out, err = ctl("diff", "--json", W / "old.policy", W / "observe.policy", "--corpus", W / "corpus")
ok(json.loads(out.splitlines()[-1])["summary"]["observe"] == {"old": False, "new": True}, "and with --json", out)
code, out, err = ctl("diff", "--text", W / "old.policy", W / "new.policy", "--corpus", W / "corpus/d.eml")
ok(code == 0 and "0 differ" in out, "--text", out + err)
code, out, err = ctl("diff", W / "old.policy", W / "new.policy", "--corpus", W / "none", "--corpus", W / "corpus/b.eml")
ok(code == 1 and "none" in err and "2 messages, 1 differ, 1 could not be read" in out, "a file that is not there", out + err)
code, out, err = ctl("diff", W / "old.policy", W / "none.policy", "--corpus", W / "corpus")
ok(code == 1 and "none.policy" in err, "a policy that is not there", err)
ok(ctl("diff", W / "old.policy", "--corpus", W / "corpus")[0] == 64 and ctl("diff", W / "old.policy", W / "new.policy")[0] == 64, "usage")
master, slave = pty.openpty()
code, out, err = ctl("diff", W / "old.policy", W / "new.policy", "--corpus", W / "corpus", stderr=slave)
os.close(slave)
bar = os.read(master, 65536).decode()
os.close(master)
ok(code == 0 and "of 5 messages" in bar and bar.endswith("\033[K"), "a bar on a terminal, and it goes away", repr(bar))
finish()
