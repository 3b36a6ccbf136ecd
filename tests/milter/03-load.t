#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Many sessions at once: the bound on judging, signs of life, reload under load, and what an idle connection costs."""
import os
import re
import threading

from common import BY_HEADER, WAITING, Daemon, Session, Tap, note, policy, sanitized, wait_for

tap = Tap()


def in_threads(count, work):
    """work(n) in so many threads at once: their results; an exception is a result too."""
    results = [None] * count

    def run(n):
        try:
            results[n] = work(n)
        except Exception as error:  # pylint: disable=broad-except
            results[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    return threads, results


def wait_all(threads):
    for thread in threads:
        thread.join(60)


# -- 200 sessions at once -----------------------------------------------------------------------------------------------------------
with Daemon(BY_HEADER, "--work", "2") as milward:
    gate = threading.Barrier(200)

    def send(n):
        with Session(milward.path, timeout=60) as s:
            gate.wait(60)
            finals = []
            for m in range(5):
                name = ("X-None", "X-Via", "X-Refuse", "X-Hold", "X-Later")[(n + m) % 5]
                answer = s.message(rcpts=["<r%d@other.example>" % n], headers=[(name, " y")], queue_id="Q%dx%d" % (n, m))
                header_only = ("from", "<alice@clinic.example>", "RET=HDRS")
                wanted = {"X-None": ("c", []), "X-Refuse": ("y", []), "X-Later": ("y", []),
                          "X-Hold": ("c", [header_only, ("hold", "held by policy: a person must look (test.policy:5)")]),
                          "X-Via": ("c", [("add", "<r%d@other.example.mw-tls.invalid>" % n, "ORCPT=rfc822;r%d@other.example" % n),
                                          ("del", "<r%d@other.example>" % n), header_only])}[name]
                finals.append((answer.final, answer.edits) == wanted)
            return all(finals)

    threads, results = in_threads(200, send)
    wait_all(threads)
    tap.equal([r for r in results if r is not True], [], "200 sessions at once: each of 1000 messages gets its own outcome")
    counts = milward.counts()
    tap.equal((counts["messages"], counts["in-work"], counts["judging"]), (1000, 0, 0), "and all are counted, none is left")
    note("waited for their turn: %d, at most %d at once" % (counts["waited"], counts["waiting-peak"]))

def one_message(n):
    with Session(milward.path, timeout=60) as s:
        return s.message(queue_id="SLOW%d" % n)


# -- the bound on judging, and signs of life -------------------------------------------------------------------------------------------
with Daemon(WAITING, "--work", "2", "--progress", "1") as milward:
    milward.write("wait", "")
    threads, results = in_threads(6, one_message)

    milward.wait_log("lab: judging", 2)
    wait_for(lambda: milward.counts()["waiting"] == 4, "four messages wait")
    tap.equal(milward.counts()["judging"], 2, "two messages are judged, four wait")
    with Session(milward.path) as s:
        s.mail()
        tap.ok(s.header("Subject", " x") is None, "another session is served meanwhile")
        tap.equal(milward.counts()["judging"], 2, "and no more than two are judged")
    wait_for(lambda: milward.counts()["progress"] >= 12, "two signs of life for each")
    os.unlink(os.path.join(milward.dir, "wait"))
    wait_all(threads)
    tap.equal([getattr(r, "final", r) for r in results], ["c"] * 6, "all six pass in the end")
    tap.ok(all(r.progress >= 1 for r in results), "those that were judged and those that waited got signs of life", results)

with Daemon(WAITING, "--work", "1", "--wait", "1") as milward:
    milward.write("wait", "")
    threads, results = in_threads(1, one_message)
    milward.wait_log("lab: judging", 1)
    answer = one_message(1)
    tap.equal((answer.final, answer.text), ("y", "451 4.3.2 too busy, try again later"), "whose turn does not come in time: tempfail")
    tap.equal(milward.counts()["busy"], 1, "and counted")
    os.unlink(os.path.join(milward.dir, "wait"))
    wait_all(threads)
    tap.equal(results[0].final, "c", "the one in work passes")
    tap.equal(one_message(2).final, "c", "and so does the next")

# -- reload under load ------------------------------------------------------------------------------------------------------------------
WORDS = 'match any then refuse "generation %d"\n'
with Daemon(policy(WORDS % 0)) as milward:
    ended = threading.Event()
    seen, failures = [set() for _ in range(8)], []

    def hammer(n):
        with Session(milward.path) as s:
            while not ended.is_set():
                text = s.message().text
                found = re.search(r"generation (\d+)", text)
                if found:
                    seen[n].add(int(found.group(1)))
                else:
                    failures.append(text)

    threads, results = in_threads(8, hammer)
    wait_for(lambda: all(seen), "all sessions see generation 0")
    for generation in range(1, 11):
        milward.write("test.policy", policy(WORDS % generation))
        if not milward.reload():
            failures.append("reload %d" % generation)
        with Session(milward.path) as s:
            text = s.message().text
            if "generation %d" % generation not in text:
                failures.append("after reload %d: %s" % (generation, text))
        wait_for(lambda: all(generation in s for s in seen), "old connections see generation %d" % generation)  # noqa: B023
    tap.equal(failures, [], "ten reloads under load: no message fails, each sees one whole policy")

    milward.write("test.policy", policy("match any then pass sometimes\nmatch nonsense\n"))
    tap.ok(milward.reload(good=False), "a policy with errors is not taken")
    with Session(milward.path) as s:
        tap.ok("generation 10" in s.message().text, "the old one goes on")
    log = milward.log()
    tap.ok("test.policy:4:" in log and "test.policy:5:" in log and "the running policy stays as it is" in log, "all its errors are in the log",
           log[-3000:])
    milward.write("test.policy", policy("match any then pass", load='load lab grant edit, route { need "%(dir)s/nothing" }'))
    tap.ok(milward.reload(good=False), "a policy whose module does not open is not taken")
    tap.ok("nothing is missing" in milward.log(), "and the log says which")
    os.unlink(milward.policy)
    tap.ok(milward.reload(good=False), "a policy that is gone is not taken")
    with Session(milward.path) as s:
        tap.ok("generation 10" in s.message().text, "the old one still goes on")
    ended.set()
    wait_all(threads)
    tap.equal((results, failures), ([None] * 8, []), "and no session was disturbed")
    counts = milward.counts()
    tap.equal((counts["reloads"], counts["reload-failures"]), (10, 3), "reloads are counted")

    # A message that began before a reload is judged by the policy that it began with.
    milward.write("test.policy", policy(WORDS % 20))
    milward.reload()
    with Session(milward.path) as s:
        s.mail()
        s.rcpt("<bob@other.example>")
        # No reply is asked for before the end, so only the counters tell that the message has begun.
        wait_for(lambda: milward.counts()["in-work"] == 1, "the message has begun")
        milward.write("test.policy", policy(WORDS % 21))
        milward.reload()
        s.header("Subject", " x")
        tap.ok("generation 20" in s.eom().text, "a message keeps the policy that it began with")
        tap.ok("generation 21" in s.message().text, "the next one has the new")

    # A new policy wants HELO, which an old connection did not ask for.
    with Session(milward.path) as s:
        milward.write("test.policy", policy("match any then pass", load="load lab grant edit, route\nload trace"))
        milward.reload()
        tap.equal(s.message().text, "451 4.3.0 the connection is older than a reload that needs more of it",
                  "a connection that cannot give what the new policy needs: tempfail")
    with Session(milward.path) as s:
        s.helo()
        tap.equal(s.message().final, "c", "a new connection can")
    milward.write("test.policy", policy("match any then pass", listen="unix:%(dir)s/elsewhere"))
    tap.ok(milward.reload() and "a restart is needed" in milward.log(), "a new socket needs a restart, and the log says so")
    tap.equal(milward.stop(), 0, "stops with 0")

# -- idle connections -----------------------------------------------------------------------------------------------------------------------
with Daemon(BY_HEADER) as milward:
    with Session(milward.path) as s:
        for _ in range(20):
            s.message()
    before = milward.memory()
    idle = [Session(milward.path, timeout=60) for _ in range(500)]
    used = milward.memory() - before
    note("500 idle connections: %d KB in all" % (used // 1024))
    if sanitized():
        tap.skip("memory of idle connections", "a sanitizer takes memory of its own")
    else:
        tap.ok(used < 4 << 20, "500 idle connections take less than 4 MB", used)
    for s in idle[::50]:
        tap.ok(s.message().final == "c", "one of them sends a message")
    for s in idle:
        s.close()
    wait_for(lambda: len(os.listdir("/proc/%d/fd" % milward.worker())) < 50, "connections are closed")

raise SystemExit(tap.end())
