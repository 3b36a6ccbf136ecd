#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check-patients inside the real daemon: the index of each generation, a reload with a new or a bad one, many look-ups at once, and
nothing of anybody in the log."""
import os
import subprocess
import sys
import threading

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(SRC, "tests", "milter"))
import daemon  # noqa: E402
from daemon import Daemon  # noqa: E402
from lab.tap import Tap, skip_all  # noqa: E402
from peer import Session  # noqa: E402

for name in ("phi", "check-patients"):
    if not os.path.exists(os.path.join(daemon.BUILD, "modules", ".libs", name + ".so")):
        skip_all("the %s module is not built as a loadable file" % name)

tap = Tap()
POLICY = """listen unix:%(dir)s/sock
load route grant route, edit, run { mta none }
load check-patients grant keys { index "index"; key "key" }
load phi with check-patients grant text
table <ours> { "clinic.example" }
rule number { kind identifier; pattern /\\b\\d{6}\\b/; check patient-mrn; level 90; hit "123456"; miss "12345" }
rule name { kind identifier; pattern /\\b[A-Z][a-z]+ [A-Z][a-z]+\\b/; check patient-name; level 90; hit "Anna Ray"; miss "anna ray" }
match rule number to external then refuse "a number of ours"
match rule name to external then refuse "a name of ours"
match any then pass
"""


def index(d, table, *options):
    subprocess.run([os.path.join(daemon.BUILD, "milwardctl"), "--modules", Daemon.modules, "index", "-o", os.path.join(d.dir, "index"), "--key",
                    os.path.join(d.dir, "key"), *options, "-"], input=table.encode(), stdout=subprocess.DEVNULL, check=True)


def said(d, text):
    with Session(d.path) as s:
        answer = s.message(body=text.encode() + b"\r\n")
        return answer.text if answer.final == "y" else answer.final


d = Daemon(POLICY)
status, log = d.run_to_end()
tap.ok(status not in (0, "still running") and "cannot open the key" in log, "without key and index it does not start", log)
index(d, "mrn,name\n471187,Anna Ray\n", "--new-key")
with d:
    tap.ok("a number of ours" in said(d, "see 471187"), "a patient's number is found")
    tap.ok("a name of ours" in said(d, "dear Anna Ray"), "a patient's name is found")
    tap.equal(said(d, "see 471188, dear Anna Roy"), "c", "others are not")

    # many at once: sixteen tools for all of them
    wrong = []

    def many(k):
        for i in range(20):
            ours = (i + k) % 2
            if ("a number of ours" in said(d, "see 471187" if ours else "see 471188")) != bool(ours):
                wrong.append((k, i))

    threads = [threading.Thread(target=many, args=(k,)) for k in range(24)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    tap.ok(not wrong, "look-ups from many threads do not disturb each other", wrong)

    # a new index, by reload
    with Session(d.path) as s:
        s.mail()
        s.rcpt("<bob@other.example>")
        s.header("Subject", " x")
        index(d, "mrn,name\n471188,Bob Moss\n")
        tap.equal(said(d, "see 471188"), "c", "a new index waits for the reload")
        tap.ok(d.reload(), "reload")
        s.body(b"see 471187\r\n")
        tap.ok("a number of ours" in s.eom().text, "a message that had begun keeps the index it began with")
    tap.ok("a number of ours" in said(d, "see 471188") and said(d, "see 471187") == "c", "the new index is in use")
    with open(os.path.join(d.dir, "index"), "r+b") as f:
        good = f.read()
    os.rename(os.path.join(d.dir, "index"), os.path.join(d.dir, "kept"))
    for name, octets in (("cut off", good[:-16]), ("damaged", good[:400] + b"?" + good[401:]), ("missing", None)):
        if octets is not None:
            with open(os.path.join(d.dir, "new"), "wb") as f:
                f.write(octets)
            os.chmod(os.path.join(d.dir, "new"), 0o600)
            os.rename(os.path.join(d.dir, "new"), os.path.join(d.dir, "index"))
        else:
            os.unlink(os.path.join(d.dir, "index"))
        tap.ok(d.reload(good=False), "a reload with an index that is %s fails" % name)
        tap.ok("a number of ours" in said(d, "see 471188"), "and the one that runs goes on")
    log = d.log()
    tap.ok('module "check-patients": the index' in log and "milwardctl index makes it" in log, "the log says why", log)
    tap.ok(not any(word in log for word in ("471187", "471188", "Anna", "Moss")), "nothing of anybody is in the log", log)
sys.exit(tap.end())
