#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The site's own patients: milwardctl index, the checks of check-patients in a policy, and the daemon's start. TAP."""
import json
import os
import pathlib
import random
import resource
import signal
import subprocess
import tempfile
import time

from common import BUILD, ENV, SRC, ctl, finish, ok


work = tempfile.TemporaryDirectory()
W = pathlib.Path(work.name)
(W / "p.policy").write_text("""
load check-patients grant keys { index "index"; key "key" }
load phi with extract-html, check-us, check-patients grant text
load route grant route, edit, run { mta none }
table <ours> { "clinic.example" }
include "rules/own-patients.rules"
class ours when rule own-patient >= 1 or rule own-patient-reversed >= 1 or rule own-patient-mrn >= 1
match class ours to external then refuse "one of ours"
match unreadable to external then tempfail
match any then pass
mode enforce
""")
(W / "people.csv").write_text("Patient ID,Last Name,First Name,DOB,Member No\n"
                              "00471187,O'Brien,Seán,3/4/1961,W0042-1234\n815099,de la Cruz,María,12/31/1987,\n", encoding="utf-8")

# the index
code, out, err = ctl("check", W / "p.policy")
ok(code == 0 and "cannot open the key" in err and "rules with a check of it find nothing here" in err, "without the index: a warning", err)
code, out, err = ctl("-p", W / "p.policy", "index", "--new-key", W / "people.csv")
ok(code == 0 and "2 patients" in out and "mrn = 1" in out and "name-dob" in out, "index, where the policy says", (out, err))
ok((W / "key").stat().st_mode & 0o777 == 0o600 and (W / "index").stat().st_mode & 0o777 == 0o600, "key and index are the owner's alone")
raw = (W / "index").read_bytes().lower()
ok(not any(word in raw for word in (b"brien", b"cruz", b"471187", b"w0042", b"19610304")), "nothing of the table is in it")
ok(sorted(p.name for p in W.iterdir()) == ["index", "key", "p.policy", "people.csv"], "nothing else is left behind", list(W.iterdir()))
code, out, err = ctl("index", "-o", W / "index", "--key", W / "key", "--json", "-", stdin=(W / "people.csv").read_bytes())
row = json.loads(out) if code == 0 else {}
ok(row.get("rows") == 2 and row.get("values", {}).get("mrn") == 2 and row["values"]["member"] == 1 and not row["dense"], "index --json, from standard input",
   (out, err))
code, out, err = ctl("index", "-o", W / "index", "--key", W / "key", "--new-key", W / "people.csv")
ok(code == 1 and "is there already" in err, "a key is never replaced", err)
os.mkfifo(W / "pipe")
code, out, err = ctl("index", "-o", W / "pipe", "--key", W / "key", W / "people.csv")
ok(code != 0 and "that is no file" in err and (W / "pipe").is_fifo(), "what is no file keeps its place", (code, err))
(W / "pipe").unlink()
code, out, err = ctl("index", W / "people.csv")
ok(code == 64 and "where to?" in err, "index needs to know where", err)
before = (W / "index").read_bytes()
(W / "list.csv").write_text("MRN\n123456\n")
code, out, err = ctl("index", "-o", W / "list.csv", "--key", W / "key", W / "people.csv")
ok(code == 1 and "no index" in err and (W / "list.csv").read_text() == "MRN\n123456\n", "a table is not replaced by an index", (code, err))
(W / "names.csv").write_text("MRN,Name\n123456,Madonna\n123457,\n123458,Ann Lee\n")
code, out, err = ctl("index", "-o", W / "small", "--key", W / "key", W / "names.csv")
ok(code == 0 and "1 names are not found" in out, "names that cannot be looked up are told", out)
(W / "many.csv").write_text("MRN\n" + "".join("%d\n" % n for n in range(10000, 30000)))
code, out, err = ctl("index", "-o", W / "many", "--key", W / "key", W / "many.csv")
big = (W / "many").read_bytes()
code, out, err = ctl("index", "-o", W / "many", "--key", W / "key", W / "people.csv")
ok(code == 1 and "is the table whole?" in err and (W / "many").read_bytes() == big, "a table that was cut off does not take the place of a whole one", err)
code, out, err = ctl("index", "-o", W / "many", "--key", W / "key", "--smaller", W / "people.csv")
ok(code == 0 and len((W / "many").read_bytes()) < len(big) / 2, "--smaller", err)
files = sorted(p.name for p in W.iterdir())
killed = subprocess.run([BUILD / "milwardctl", "index", "-o", W / "small", "--key", W / "key", W / "many.csv"], env=ENV, stderr=subprocess.PIPE,
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384)))
ok(killed.returncode == -signal.SIGXFSZ and sorted(p.name for p in W.iterdir()) == files, "killed while it is written: nothing is left behind",
   (killed, sorted(p.name for p in W.iterdir())))
ok((W / "index").read_bytes() == before, "the index is as it was")
for name in ("list.csv", "names.csv", "small", "many.csv", "many"):
    (W / name).unlink()
dense = "".join(f"{n}\n" for n in random.Random(1).sample(range(10000, 99999), 3000))
code, out, err = ctl("index", "-o", W / "dense", "--key", W / "key", "-", stdin=("MRN\n" + dense).encode())
ok(code == 0 and "3 % of all numbers with 5 digits are a patient's mrn" in out, "numbers that are too many are told", out)

# in a policy
code, out, err = ctl("check", W / "p.policy")
ok(code == 0 and "warning" not in err, "check is quiet now", err)


def rules_of(text):
    (W / "text").write_text(text, encoding="utf-8")
    code, out, err = ctl("-p", W / "p.policy", "scan", "--json", "--text", W / "text")
    return sorted(f["rule"] for f in json.loads(out)["findings"]) if code == 0 else err


for text, expected in (("see MRN 471187 today", ["own-patient-mrn"]),
                       ("see MRN 471188 today", []),
                       ("O'BRIEN, SEAN (03/04/1961) is here", ["own-patient"]),
                       ("born March 4th, 1961: Sean O’Brien", ["own-patient-reversed"]),
                       ("Maria de la Cruz, 1987-12-31", ["own-patient"]),
                       ("Maria de la Cruz, 1987-12-30", []),
                       ("member id w00421234", ["own-patient-member"]),
                       ("Dear María de la Cruz", ["own-patient-name"]),
                       ("Dear María Cruz", [])):
    found = rules_of(text)
    if "own-patient-name" not in expected and isinstance(found, list):
        found = [rule for rule in found if rule != "own-patient-name"]
    ok(found == expected, f"{text}: {expected or 'nothing'}", found)
(W / "m.eml").write_text("From: a@clinic.example\nSubject: x\n\nPlease call Sean O'Brien, born 3/4/61.\n")
code, out, err = ctl("-p", W / "p.policy", "explain", "--to", "b@x.example", W / "m.eml")
ok(code == 0 and "one of ours" in out and "Brien" not in out, "explain: the hit decides, and is not shown", (out, err))
code, out, err = ctl("check", SRC / "policies/rules/own-patients.rules")
ok(code == 0 and not err, "the rules stand alone, and their samples hold", err)

# the daemon
def daemon():
    r = subprocess.run([BUILD / "milward", "-p", W / "p.policy", "-s", f"unix:{W}/sock", "-t", "--modules", BUILD / "modules/.libs", "--policies",
                        SRC / "policies"], env=ENV, capture_output=True, timeout=60)
    return r.returncode, (r.stdout + r.stderr).decode("utf-8", "replace")


code, said = daemon()
ok(code == 0, "the daemon accepts the policy", said)
good = (W / "index").read_bytes()
for name, octets, why in (("cut off", good[:-8], "damaged or cut off"), ("of which one bit is another", good[:5000] + bytes([good[5000] ^ 4]) + good[5001:], "is damaged"),
                          ("of another kind", b"PK\3\4" * 100, "is no index of milward")):
    (W / "index").write_bytes(octets)
    code, said = daemon()
    ok(code != 0 and why in said and "check-patients" in said, f"not with an index {name}", said)
(W / "index").unlink()
code, said = daemon()
ok(code != 0 and "milwardctl index makes it" in said, "not without an index", said)
(W / "index").write_bytes(good)
(W / "key").chmod(0o644)
code, said = daemon()
ok(code != 0 and "is open to others (mode 0644): run chmod 600" in said, "not with a key that others can read", said)
(W / "key").chmod(0o600)
(W / "key").write_text("00" * 32 + "\n")
code, said = daemon()
ok(code != 0 and "was made with another key" in said, "not with another key", said)

# a million rows
draw = random.Random(3)
with open(W / "big.csv", "w") as f:
    f.write("mrn,name,dob\n")
    for i in range(1000000):
        f.write(f"{draw.randrange(10**9):09},Ka{i % 997:x} Lo{i % 49999:x},{1 + i % 12}/{1 + i % 28}/{1930 + i % 90}\n")
began = time.monotonic()
code, out, err = ctl("index", "-o", W / "big", "--key", W / "key", "--json", "--memory", "4M", W / "big.csv")
row = json.loads(out) if code == 0 else {}
ok(row.get("rows") == 1000000 and row["values"]["mrn"] > 999000, "a million rows in 4 MB of sorting memory", (out, err))
print(f"# {time.monotonic() - began:.1f} s")
finish()
