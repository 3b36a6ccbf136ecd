#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Retries send nothing twice: kill -9 of agent and child at each step, an MTA that goes away, a full disk, a torn journal."""
import os
import re
import signal
import subprocess
import tempfile

from common import Agent, Closed, Mta, Tap, threads, wait_for
from lab.process import alive

tap = Tap()
mta = Mta()
numbers = iter(range(1, 100000))


def message(mark=None, body="hello\r\n"):
    mark = "X-Milward-Id: %032x\r\n" % next(numbers) if mark is None else mark
    return ("%sFrom: alice@clinic.test\r\nSubject: x\r\n\r\n%s" % (mark, body)).encode()


def attempt(agent, octets, *rcpts, **more):
    """Answers, or what there was of them when the connection ended."""
    try:
        return agent.deliver(octets, *rcpts, **more)
    except (Closed, OSError) as error:
        return [str(error)]


def copies(name):
    return sum(name in c.to for c in mta.copies)


A, B = "a%d@out.test", "b%d@out.test"
with Agent(mta) as agent:
    # ---- killed at each step
    n = 0
    for who in ("agent", "child"):
        for verb, kept in (("MAIL", 0), ("RCPT", 0), ("DATA", 0), (".", 1)):
            n += 1
            rcpts = (A % n, B % n)
            octets = message()

            def strike(at, verb=verb, who=who):
                if at != verb:
                    return
                mta.before = None
                children = agent.children()  # one of a connection before may be on its way out
                for pid in [agent.process.pid] if who == "agent" else children:
                    if alive(pid):
                        os.kill(pid, signal.SIGKILL)
                wait_for(lambda: not any(alive(child) for child in children), "the children have ended")

            mta.before = strike
            first = attempt(agent, octets, *[r + ".mw-seals.invalid" for r in rcpts])
            mta.before = None
            if who == "agent":
                agent.process.wait()
                agent.process = None
                agent.start()
            second = attempt(agent, octets, *[r + ".mw-seals.invalid" for r in rcpts])
            third = attempt(agent, octets, *[r + ".mw-seals.invalid" for r in rcpts])
            got = [copies(r) for r in rcpts]
            # Killed before the answer to the dot: nobody can know, so that one copy may come twice, as with SMTP itself.
            tap.ok(not first[0].startswith("250") and second[0].startswith("250") and second[1].startswith("250") and got == [1 + kept, 1],
                   "kill -9 of the %s at %s: %s" % (who, verb, "each once" if not kept else "once more, as SMTP has it"), first, second, got)
            tap.ok(all("delivered before" in a for a in third), "and a retry sends nothing")
    tap.ok("an attempt before this ended without a word" in agent.log(), "the log says what may have come twice")
    ended = re.findall(r"\]: (\S+): error: child: process \d+ ended with this message in work", agent.log())
    tap.ok(ended and "-" not in ended, "and which message a process had in work that was killed", ended)

    # ---- after it was taken: the client goes away, or is killed, while others are in work
    octets = message()
    with agent.connect() as lmtp:
        lmtp.start(["first@out.test.mw-seals.invalid", "slow@out.test.mw-seals.invalid", "last@out.test.mw-seals.invalid"])
        lmtp.send(octets + b".\r\n")
        lmtp.reply()
    answer = attempt(agent, octets, "first@out.test.mw-seals.invalid", "last@out.test.mw-seals.invalid")
    tap.ok("delivered before" in answer[0] and answer[1].startswith("250"), "a client that left before all were answered tries again", answer)
    answers = threads(2, lambda i: attempt(agent, octets, "slow@out.test.mw-seals.invalid", queue_id="Q%d" % i))
    tap.ok(all(a[0].startswith("451 4.3.0 another connection") for a in answers), "what is in work is not begun by another connection", answers)
    open(os.path.join(agent.keys, "go"), "w").close()
    wait_for(lambda: copies("slow@out.test") == 1, "the slow one is done")
    wait_for(lambda: "delivered before" in attempt(agent, octets, "slow@out.test.mw-seals.invalid")[0], "the journal knows")
    tap.equal([copies(r + "@out.test") for r in ("first", "slow", "last")], [1, 1, 1], "each once")

    octets = message()
    with agent.connect() as lmtp:
        lmtp.deliver(octets, "later@out.test.mw-seals.invalid")
        answer = attempt(agent, octets, "later@out.test.mw-seals.invalid")
        tap.ok("the directory does not answer" in answer[0], "what failed may be tried by another connection at once", answer)

    # ---- keys
    octets = message()
    attempt(agent, octets, "k@out.test.mw-seals.invalid")
    for name, other, extra, sent in (("the same, requeued", octets, {"queue_id": "Q9"}, 1), ("another means", octets, {}, 1), ("another message", message(), {}, 2)):
        attempt(agent, other, "k@out.test.mw-seal%s.invalid" % ("so" if "means" in name else "s"), **extra)
        tap.equal(copies("k@out.test"), sent, "key: %s" % name)
    for mark, name in (("", "no id"), ("X-Milward-Id: 12\r\n", "an id that is none"), ("X-Milward-Id: %s\r\nX-Milward-Id: %s\r\n" % ("a" * 32, "b" * 32), "two ids")):
        who = "f%d@out.test" % len(mark)
        for body, queue_id in (("one\r\n", "Z1"), ("one\r\n", "Z1"), ("two\r\n", "Z1"), ("one\r\n", "Z2")):
            attempt(agent, message(mark, body), who + ".mw-seals.invalid", queue_id=queue_id)
        tap.equal(copies(who), 3, "%s: queue id and content are the key" % name)

    attempt(agent, b"Received: from x by gw (8.17.1.9/8.17.1.9) with ESMTP id 6AM2O93T017564; now\r\n" + message(), "r@out.test.mw-seals.invalid", queue_id=None)
    tap.ok("6AM2O93T017564: sent: to=<r@out.test>" in agent.log(), "an MTA that does not know XFORWARD: its queue id is that of its Received field")

    # ---- the file
    agent.stop()
    names = [n for n in os.listdir(agent.state) if n.startswith("journal.")]
    path = os.path.join(agent.state, sorted(names)[-1])
    with open(path, "rb") as file:
        whole = file.read()
    tap.ok(all(re.match(rb"\d{10} [sd] .{40} \S+ (seal|open) \S+(\t[!-~]+=[ -~]+)?$", line) for line in whole.splitlines()), "records are lines of fixed places")
    tap.ok(not any(f.startswith("work") for f in os.listdir(agent.state)) and os.stat(path).st_mode & 0o777 == 0o600, "nothing else is in the folder; only its owner reads it")
    with open(path, "ab") as file:
        file.write(b"1763800000 d half a rec")
    agent.start()
    with open(path, "rb") as file:
        tap.equal(file.read(), whole, "a record that a crash has torn is taken off")
    tap.ok("delivered before" in attempt(agent, octets, "k@out.test.mw-seals.invalid")[0], "the others are known after a restart")
    agent.stop()
    with open(path, "r+b") as file:
        file.write(b"garbage\n\n\x00\xff\n")
    agent.start()
    tap.ok("delivered before" in attempt(agent, octets, "k@out.test.mw-seals.invalid")[0], "garbage costs the records that it covers")
    agent.stop()
    with open(path, "r+b") as file:
        file.write(re.sub(rb"(?m)^\d{10} ", b"1500000000 ", whole))
    agent.start()
    attempt(agent, message(), "new@out.test.mw-seals.invalid")  # a new file begins, and the old one goes
    wait_for(lambda: not os.path.exists(path), "what is too old goes")
    tap.ok(attempt(agent, octets, "k@out.test.mw-seals.invalid")[0].startswith("250 2.0.0 queued"), "what is too old is forgotten")

# ---- many at once, and the agent killed in the middle
with Agent(mta) as agent:
    before = len(mta.copies)
    letters = [message() for _ in range(200)]

    def one(i):
        return attempt(agent, letters[i], "m%d@out.test.mw-seals.invalid" % i)[0]

    def many():
        answers = []
        for start in range(0, 200, 40):
            answers += threads(40, lambda i, start=start: one(start + i))
        return answers

    def strike(at):
        if len(mta.copies) - before >= 60:
            mta.before = None
            os.kill(agent.process.pid, signal.SIGKILL)

    mta.before = strike
    answers = many()
    agent.process.wait()
    agent.process = None
    agent.start()
    for i, answer in enumerate(answers):
        if not answer.startswith("250"):
            answers[i] = one(i)
    sent = [copies("m%d@out.test" % i) for i in range(200)]
    tap.ok(all(a.startswith("250") for a in answers) and min(sent) == 1, "200 messages, the agent killed among them: none lost", min(sent))
    again = agent.log().count(": again: ")
    tap.ok(sum(sent) - 200 <= again <= 40, "and what came twice (%d) was in work when it was killed, and is in the log (%d)" % (sum(sent) - 200, again))

# ---- a disk that is full
folder = tempfile.mkdtemp(prefix="milward-seal-full-")
mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "full", folder], stderr=subprocess.DEVNULL).returncode == 0
if not mounted:
    tap.skip("a full disk", "no tmpfs can be mounted here")
else:
    try:
        with Agent(mta, state=folder) as agent:
            octets = message()
            tap.ok(attempt(agent, octets, "d1@out.test.mw-seals.invalid")[0].startswith("250"), "a small disk")
            answer = attempt(agent, message(body="x" * 120 * 1000 + "\r\n"), "d2@out.test.mw-seals.invalid")
            tap.ok(answer[0].startswith("45"), "a message that has no room waits", answer)
            wait_for(lambda: not agent.children(), "working files are gone")
            filler = os.open(os.path.join(folder, "filler"), os.O_WRONLY | os.O_CREAT)
            try:
                while True:
                    os.write(filler, b"x" * 4096)
            except OSError:
                os.close(filler)
            answer = attempt(agent, message(), "d3@out.test.mw-seals.invalid")
            tap.ok(answer[0].startswith("452 4.3.1"), "full: 452", answer)
            tap.equal([copies("d%d@out.test" % i) for i in (1, 2, 3)], [1, 0, 0], "nothing was sent that the journal does not know")
            os.unlink(os.path.join(folder, "filler"))
            tap.ok(attempt(agent, octets, "d1@out.test.mw-seals.invalid", "d3@out.test.mw-seals.invalid")[1].startswith("250"), "it goes on when there is room")
            tap.equal(copies("d1@out.test"), 1, "and knows what it knew")
    finally:
        subprocess.run(["umount", "-l", folder], check=False)
os.rmdir(folder)
tap.end()
