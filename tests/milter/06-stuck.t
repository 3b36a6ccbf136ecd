#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A module that does not come back: its message is deferred, all others are finished, and another worker takes over."""
import os
import re
import threading

from common import Closed, Daemon, Session, Tap, policy, wait_for

tap = Tap()
POLICY = policy("""match header "X-Via" /./ to external then send by via "tls"
match any then pass
""", load='load lab grant edit, route { wait "%(dir)s/wait"; spin "%(dir)s/spin" }')


def deliver(milward, queue_id, results):
    try:
        with Session(milward.path) as s:
            answer = s.message(headers=[("X-Via", " yes")], queue_id=queue_id)
            results.append((answer.final, len(answer.edits)))
    except Closed:
        results.append("closed")


with Daemon(POLICY, "--stuck", "1", "--drain", "20", "--work", "4") as milward:
    for hook in ("begin", "see", "able", "act", "end"):
        first, results = milward.worker(), []
        other = Session(milward.path)
        other.mail()
        other.rcpt("<bob@other.example>")
        wait_for(lambda: milward.counts()["in-work"] == 1, "the other message is in work")
        milward.write("spin", hook)
        thread = threading.Thread(target=deliver, args=(milward, "STUCK" + hook, results))
        thread.start()
        milward.wait_log(r"error: stuck: module=lab hook=%s has not come back for 1000 ms" % hook)
        os.unlink(os.path.join(milward.dir, "spin"))
        wait_for(lambda: not os.path.exists(milward.path), "no more connections")
        other.header("X-Via", " yes")
        tap.equal(other.eom().final, "c", "%s spins: a message that had begun is finished" % hook)
        other.close()
        thread.join(30)
        tap.equal(results, ["closed"], "%s spins: its own message gets no answer, so the MTA defers it" % hook)
        milward.wait_word("READY=1")
        again = []
        deliver(milward, "AGAIN", again)
        tap.equal((again, milward.worker() != first), ([("c", 3)], True), "%s spins: another worker serves, and the message passes" % hook)
    log = milward.log()
    tap.equal(log.count("ended by exit status 72, the MTA defers mail; next start in"), 5, "the supervisor says how each ended")
    tap.equal(re.findall(r"STUCK(?:see|able|act|end): error: stuck: ", log), ["STUCK%s: error: stuck: " % h for h in ("see", "able", "act", "end")],
              "the log names the message, when the MTA has told its queue id")

    # One that sleeps, and a second message that waits for the same: both are stuck, nobody else.
    milward.write("wait", "")
    results, threads = [], []
    for n in range(2):
        threads.append(threading.Thread(target=deliver, args=(milward, "SLEEP%d" % n, results)))
        threads[-1].start()
    milward.wait_log(r"SLEEP[01]: error: stuck: module=lab hook=see", 2)
    for thread in threads:
        thread.join(30)
    os.unlink(os.path.join(milward.dir, "wait"))
    tap.equal(results, ["closed", "closed"], "two that sleep: both are deferred")
    milward.wait_word("READY=1")
    results = []
    deliver(milward, "AFTER", results)
    tap.equal(results, [("c", 3)], "and another worker serves")
    tap.equal(milward.stop(), 0, "stops with 0")

# Long work is not stuck: what takes part of the time, often, goes on.
with Daemon(POLICY, "--stuck", "2") as milward:
    with Session(milward.path) as s:
        for n in range(5):
            milward.write("wait", "")
            results = []
            thread = threading.Thread(target=lambda: results.append(s.message(queue_id="LONG%d" % n).final))
            thread.start()
            milward.wait_log("LONG%d: lab/lab: judging" % n)
            threading.Timer(0.6, lambda: os.unlink(os.path.join(milward.dir, "wait"))).start()
            thread.join(30)
            tap.equal(results, ["c"], "long work %d is finished" % n)
    tap.ok("stuck" not in milward.log(), "and nobody was called stuck")

raise SystemExit(tap.end())
