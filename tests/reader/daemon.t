#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon and its readers: killed under load, kept busy by documents that do not end, and left behind by a worker that dies."""
import os
import random
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "milter"))
from common import Daemon, Session, Tap, note, policy, skip_all, wait_for  # noqa: E402
from daemon import BUILD, SOURCE, modules_folder  # noqa: E402
from lab.process import alive, children  # noqa: E402

tap = Tap()
if not os.path.exists(os.path.join(BUILD, "modules", ".libs", "extract-html.so")):
    skip_all("no extract-html")
Daemon.modules = modules_folder()
subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-I" + os.path.join(SOURCE, "include"), "-o",
                os.path.join(Daemon.modules, "deed.so"), os.path.join(HERE, "deed.c")], check=True)

LOAD = "load phi with extract-html, deed grant text\nload lab grant edit, route"
SECRET = policy("""rule secret { kind identifier; pattern /SECRET\\d{4}/; level 90; hit "SECRET1234"; miss "SECRET" }
limit reading 2
match phi.identifiers >= 1 then refuse "secret"
match unreadable then hold "not read"
match any then pass
on error tempfail
""", load=LOAD)
HTML = [("Subject", " x"), ("MIME-Version", " 1.0"), ("Content-Type", " text/html")]
DEED = [("Subject", " x"), ("MIME-Version", " 1.0"), ("Content-Type", " application/x-deed")]
BODY = b"<p>nothing</p>" * 50 + b"<p>SEC<b>RET</b>1234</p>\r\n"


def name(pid):
    try:
        with open("/proc/%d/comm" % pid, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def at_work(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as file:
            return file.read().rsplit(") ", 1)[1][0] == "R"
    except OSError:
        return False


def keepers(milward):
    return [p for p in children(milward.worker() or 0) if name(p) == "milward-reader"]


def copies(milward):
    return [c for k in keepers(milward) for c in children(k)]


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def send(milward, count, results, headers=HTML, body=BODY, enough=lambda: True):
    """count messages, and then more until it is enough."""
    with Session(milward.path, timeout=60) as s:
        n = 0
        while n < count or not enough():
            results.append(s.message(headers=headers, body=body, queue_id="Q%d" % n))
            n += 1


def code(answer):
    return answer.final + answer.text[:3]


with Daemon(SECRET, "--work", "4") as milward:
    results = []
    send(milward, 1, results)
    tap.equal([code(a) for a in results], ["y550"], "what stands in HTML is found")
    wait_for(lambda: (len(keepers(milward)), len(copies(milward))) == (1, 4), "one keeper and four readers")
    tap.ok(True, "one keeper, and a reader for each message that is judged at a time")

    # -- killed while they work --------------------------------------------------------------------------------------------------
    results = []
    killed = 0
    deadline = time.monotonic() + 60
    enough = {"enough": lambda: killed > 10 or time.monotonic() > deadline}
    threads = [threading.Thread(target=send, args=(milward, 150, results), kwargs=enough) for _ in range(4)]
    for thread in threads:
        thread.start()
    dice = random.Random(4)
    while any(thread.is_alive() for thread in threads):
        victims = keepers(milward) if dice.random() < 0.2 else copies(milward)
        if victims:
            kill(dice.choice(victims))
            killed += 1
        threads[0].join(0.02)
    for thread in threads:
        thread.join(60)
    seen = {}
    for answer in results:
        word = code(answer) + (" held" if any(e[0] == "hold" for e in answer.edits) else "")
        seen[word] = seen.get(word, 0) + 1
    note("killed %d of them; answers: %s" % (killed, seen))
    tap.ok(len(results) >= 600 and killed > 10 and not any(thread.is_alive() for thread in threads),
           "each message has an answer while readers are killed", seen, killed)
    tap.ok(not [w for w in seen if w not in ("y550", "t", "y451", "c held")], "and none gets through unread", seen)
    tap.ok(seen.get("y550", 0) > 300, "most of them are read all the same", seen)
    results = []
    send(milward, 5, results)
    tap.equal([code(a) for a in results], ["y550"] * 5, "afterwards all is as before")
    wait_for(lambda: len(copies(milward)) == 4, "four readers")
    tap.ok(True, "and as many readers are there")

    # -- documents that do not end ------------------------------------------------------------------------------------------------
    results = []
    threads = [threading.Thread(target=send, args=(milward, 1, results, DEED, b"sleep\r\n")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    tap.ok(len(results) == 4 and all(a.final == "c" and any(e[0] == "hold" for e in a.edits) for a in results),
           "four documents that do not end: each is unreadable when its time is over", results)
    results = []
    send(milward, 3, results)
    tap.equal([code(a) for a in results], ["y550"] * 3, "and others are read then")
    send(milward, 1, [], DEED, b"crash\r\n")
    counts = milward.counts()
    tap.ok(counts["documents-late"] == 4 and counts["documents-crashed"] >= 1 and counts["documents"] > 600, "that is counted", counts)

    # -- what was read does not stay ----------------------------------------------------------------------------------------------
    results = []
    wait_for(lambda: len(copies(milward)) == 4, "four readers")
    # Looked at before: a reader may have read and ended by the time that the answers are here.
    before = copies(milward)
    send(milward, 4, results)
    wait_for(lambda: [p for p in before if not alive(p)], "the end of a reader that has read")
    wait_for(lambda: len(copies(milward)) == 4, "four readers")
    send(milward, 8, results)
    tap.equal([code(a) for a in results], ["y550"] * 12, "readers with nothing to read make room for new ones, and nobody notices")

    # -- reload -----------------------------------------------------------------------------------------------------------------------
    before = keepers(milward)
    tap.ok(milward.reload(), "reload")
    wait_for(lambda: not any(alive(p) for p in before) and len(keepers(milward)) == 1, "new readers in place of the old ones")
    tap.ok(True, "a reload has readers of its own, and the old ones end")

    # -- the worker dies ----------------------------------------------------------------------------------------------------------------
    def quiet():
        try:
            Session(milward.path, timeout=60).message(headers=DEED, body=b"spin\r\n")
        except Exception:  # pylint: disable=broad-except
            pass

    thread = threading.Thread(target=quiet, daemon=True)
    thread.start()
    old = wait_for(lambda: (lambda all_of_them: all_of_them if len(all_of_them) == 5 and any(map(at_work, all_of_them)) else None)(
        keepers(milward) + copies(milward)), "all readers, and one of them at work")
    kill(milward.worker())
    wait_for(lambda: not any(alive(p) for p in old), "the end of all readers")
    tap.ok(True, "readers end with the worker, also in the middle of a document")
    milward.wait_word("READY=1")
    results = []
    send(milward, 1, results)
    tap.equal([code(a) for a in results], ["y550"], "the next worker has its own")
    old = keepers(milward) + copies(milward)
milward_gone = wait_for(lambda: not any(alive(p) for p in old), "the end of all readers")
tap.ok(milward_gone, "readers end when the service does")

# -- a program that is not there --------------------------------------------------------------------------------------------------------
if os.path.exists(os.path.join(BUILD, "modules", ".libs", "extract-pdf.so")):
    without = policy('match unreadable(unknown-format) then hold "no program"\nmatch any then pass\non error tempfail',
                     load='load extract-pdf { pdftotext "/nonexistent/pdftotext" } grant run\nload phi with extract-pdf grant text\n'
                          "load lab grant edit, route")
    with Daemon(without) as milward:
        results = []
        send(milward, 1, results, [("MIME-Version", " 1.0"), ("Content-Type", " application/pdf")], b"%PDF-1.4\r\n1 0 obj <</Type/Catalog>> endobj\r\n%%EOF\r\n")
        log = milward.log()
        tap.ok("cannot run /nonexistent/pdftotext" in log and "poppler-utils" in log, "the daemon starts without pdftotext, and says so", log)
        tap.ok([a.final for a in results] == ["c"] and any(e[0] == "hold" for e in results[0].edits), "then a PDF is unreadable(unknown-format)", results)
        checked = subprocess.run([os.path.join(BUILD, "milwardctl"), "-p", milward.policy, "--modules", Daemon.modules, "check"], capture_output=True,
                                 check=False, text=True)
        tap.ok(checked.returncode == 0 and "cannot run /nonexistent/pdftotext" in checked.stderr and "poppler-utils" in checked.stderr,
               "milwardctl check warns of it", checked.stderr)

# -- what does not open -----------------------------------------------------------------------------------------------------------------
milward = Daemon(policy("match any then pass\n", load="load lab grant edit, route\nload deed { fail \"no table today\" }"))
status, log = milward.run_to_end()
tap.ok(status == 69 and 'module "deed": no table today' in log, "a module that does not open keeps the daemon from starting", status, log)
sys.exit(tap.end())
