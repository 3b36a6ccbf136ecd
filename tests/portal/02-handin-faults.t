#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Handed in once, whatever happens: kill -9 of child and parent at each step, a disk that is full at each step, a store that is held by others.
What comes twice, because nobody can know, is the same notice with the same link."""
import base64
import os
import random
import re
import signal
import subprocess
import tempfile
import threading

from handin import TAG, Mta, Portal, Tap, sha
from common import BUILD, Closed, sanitized, threads, wait_for
from lab.process import alive

CTL = os.path.join(BUILD, "milwardctl")
tap = Tap()
mta = Mta()
numbers = iter(range(1, 100000))


def message(body=b"metformin 500 mg\r\n"):
    head = "X-Milward-Id: %032x\r\nFrom: Alice <alice@clinic.test>\r\nSubject: Zebrafinch\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\n" % next(numbers)
    return head.encode() + body


def attempt(portal, octets, *rcpts, **more):
    """Answers, or what there was of them when the connection ended."""
    try:
        return portal.deliver(octets, *[r + TAG for r in rcpts], **more)
    except (Closed, OSError) as error:
        return [str(error)]


def kill(portal, who):
    """Children with it: a copy of the connection would keep the client waiting."""
    process, children = portal.process, portal.children()
    pids = [process.pid] if who == "parent" else children
    for pid in pids:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(alive(pid) for pid in children), "the children have ended")
    if who == "parent":
        process.wait()


def revive(portal):
    if portal.process.poll() is not None:  # a child that was killed does not take it with it
        portal.process = None
        portal.start()


def in_work(portal, rcpt, octets):
    """A delivery under way, and its answers when it has ended."""
    answers = []
    thread = threading.Thread(target=lambda: answers.extend(attempt(portal, octets, rcpt)))
    thread.start()
    return thread, answers


def crate_size(portal):
    """Octets that a child has packed so far: of the file without a name in the store."""
    most = 0
    for pid in portal.children():
        try:
            for fd in os.listdir("/proc/%d/fd" % pid):
                path = "/proc/%d/fd/%s" % (pid, fd)
                if os.readlink(path).startswith(portal.store):
                    most = max(most, os.stat(path).st_size)
        except OSError:
            pass
    return most


def store_files(portal, pid):
    folder = "/proc/%d/fd" % pid
    return [path for path in (os.readlink(os.path.join(folder, fd)) for fd in os.listdir(folder)) if path.startswith(portal.store)]


def has(pid, octets):
    """Are they in its memory? None: nobody may look, or it is more than one can look through."""
    if sanitized():
        return None
    try:
        with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
            for line in maps:
                first, last, rights = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
                if rights.startswith("rw") and "[v" not in line:
                    memory.seek(int(first, 16))
                    if octets in memory.read(int(last, 16) - int(first, 16)):
                        return True
    except PermissionError:
        return None
    return False


def whole(portal, rcpt, octets, most):
    """One message, at most so many notices with one link, by which the very message opens."""
    notices = portal.notices(rcpt)
    rows = portal.rows(rcpt)
    good = len(rows) == 1 and rows[0][1] > 0 and 1 <= len(notices) <= most
    good = good and len({(n.link, n.mail["Message-ID"], n.mail["Date"]) for n in notices}) == 1
    opened = portal.open(notices[0]) if good else None
    body = octets.partition(b"\r\n\r\n")[2]
    return good and sha(opened.reading("text").encode()) == sha(body.replace(b"\r\n", b"\n")), (len(rows), rows, [n.link[:16] for n in notices])


def then(portal, name, rcpt, octets, most=1):
    """The MTA tries again, and again."""
    revive(portal)
    second = attempt(portal, octets, rcpt)
    third = attempt(portal, octets, rcpt)
    good, why = whole(portal, rcpt, octets, most)
    tap.ok(second[0].startswith("250") and " before" in third[0] and good, name, second, third, why)


with Portal(mta) as portal:
    tap.ok(attempt(portal, message(), "first@out.test")[0].startswith("250"), "handed in", portal.log())
    n = 0
    for who in ("child", "parent"):
        # ---- while it packs
        n += 1
        rcpt, octets = "pack%d@out.test" % n, message(b"0123456789abcdefghijklmnopqrstuvwxyz\r\n" * 50000)
        thread, answers = in_work(portal, rcpt, octets)
        while thread.is_alive() and not crate_size(portal):  # a matter of milliseconds, so without a pause
            pass
        kill(portal, who)
        thread.join()
        then(portal, "kill -9 of the %s while it packs%s" % (who, "" if not answers[0].startswith("250") else ", or just when it was done"), rcpt, octets)

        # ---- while it is stored: somebody holds the database
        rcpt, octets = "store%d@out.test" % n, message()
        base = portal.database()
        base.execute("BEGIN IMMEDIATE")
        thread, answers = in_work(portal, rcpt, octets)
        wait_for(lambda: crate_size(portal) > 0, "it is packed", 30)
        kill(portal, who)
        base.execute("COMMIT")
        base.close()
        thread.join()
        tap.ok(not answers or not answers[0].startswith("250"), "nobody was told that it is stored", answers)
        then(portal, "kill -9 of the %s while it is stored" % who, rcpt, octets)

        # ---- while the notice goes out
        for verb, most in (("MAIL", 1), ("RCPT", 1), ("DATA", 1), (".", 2)):
            rcpt, octets = "%s%d@out.test" % (verb.lower().replace(".", "dot"), n), message()

            struck = threading.Event()

            def strike(at, verb=verb, who=who, struck=struck):
                if at == verb:
                    mta.before = None
                    kill(portal, who)
                    struck.set()

            mta.before = strike
            answers = attempt(portal, octets, rcpt)
            mta.before = None
            # The answer's end may come before the thread of the MTA has seen that the parent is gone, and only one of two may wait for it.
            struck.wait(30)
            tap.ok(not answers[0].startswith("250"), "killed at %s" % verb, answers)
            then(portal, "kill -9 of the %s at %s of the notice: %s" % (who, verb, "one" if most == 1 else "the same once more, as SMTP has it"),
                 rcpt, octets, most)

        # ---- when the notice is out, and nobody knows yet
        rcpt, octets = "noticed%d@out.test" % n, message()
        held = []

        def hold(at):
            if at == "." and not held:
                held.append(portal.database())
                held[0].execute("BEGIN IMMEDIATE")

        mta.before = hold
        thread, answers = in_work(portal, rcpt, octets)
        wait_for(lambda: held and portal.notices(rcpt), "the notice is out", 30)
        kill(portal, "parent")
        mta.before = None
        held[0].execute("COMMIT")
        held[0].close()
        thread.join()
        then(portal, "kill -9 of the parent before it knows that the notice is out (%d)" % n, rcpt, octets, 2)

    # ---- at any moment
    lucky, bad = random.Random(4711), []
    for i in range(24):
        rcpt, octets = "any%d@out.test" % i, message()
        thread, answers = in_work(portal, rcpt, octets)
        thread.join(lucky.random() * 0.04)
        kill(portal, lucky.choice(("parent", "child")))
        thread.join()
        revive(portal)
        last = attempt(portal, octets, rcpt)
        good, why = whole(portal, rcpt, octets, 2)
        if not good or not last[0].startswith("250"):
            bad.append((rcpt, answers, last, why))
    tap.equal(bad, [], "24 messages, each killed at some moment: none lost, none twice")
    done = subprocess.run([CTL, "--modules", Portal.modules, "-p", portal.policy_path, "portal", "check"], capture_output=True, text=True, check=False)
    tap.ok(done.returncode in (0, 1) and len(portal.crates()) >= len(portal.rows()), "no message lacks its crate; what is left of those that were cut off a sweep removes",
           done.stdout + done.stderr)

    # ---- a large one
    payload = os.urandom(18 << 20)
    body = b"\r\n".join(base64.b64encode(payload[i:i + 57]) for i in range(0, len(payload), 57))
    octets = (b"From: alice@clinic.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n"
              b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body + b"\r\n--b--\r\n")
    with portal.connect() as lmtp:
        lmtp.start(["large@out.test" + TAG])
        child = portal.children()[-1]
        answer = lmtp.finish(octets, 1, raw=True)[0]
        with open("/proc/%d/status" % child) as file:
            most = int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) // 1024
    opened = portal.open(portal.notices("large@out.test")[0])
    tap.equal(([sha(o) for o in opened.part("a.pdf")], opened.reading("text")), ([sha(payload)], "hello"), "25 MB are what was sent")
    tap.ok(most < 32 or sanitized(), "and took %d MB of memory at most" % most, answer)

    # ---- what the process that reads mail has: neither the store nor its keys
    seen = {}

    def look(at):
        if at == "DATA" and not seen:
            for pid in portal.children()[-1:] + [portal.process.pid]:
                seen[pid] = (store_files(portal, pid), has(pid, portal.server_key))

    mta.before = look
    attempt(portal, message(), "looked@out.test")
    mta.before = None
    (child, parent) = seen.values() if len(seen) == 2 else (None, None)
    if child is None or None in (child[1], parent[1]):
        tap.skip("what the process that reads mail has", "nobody may look into processes here")
    else:
        tap.ok(parent[1] and any("pickup.db" in f for f in parent[0]), "the parent has the server's key and the store", parent)
        tap.equal((child[1], [f for f in child[0] if "(deleted)" not in f]), (False, []), "the child has neither")

    # ---- addresses that are not ASCII, and such that look like more than one
    answers = [attempt(portal, message(), rcpt, params="SMTPUTF8")[0] for rcpt in ("jürgen@out.test", '"<b>,c"@out.test')]
    tap.ok(all(a.startswith("250") for a in answers), "addresses that are odd", answers)
    tap.equal([n.mail["To"] for n in portal.notices("jürgen@out.test")], ["jürgen@out.test"], "the notice has them as they are")

    # ---- two connections with the same message
    octets = message()
    answers = threads(4, lambda i: attempt(portal, octets, "twice@out.test", queue_id="T%d" % i))
    tap.ok(any(a[0].startswith("250") for a in answers) and all(a[0].startswith(("250", "451")) for a in answers), "four connections with one message", answers)
    tap.equal((len(portal.rows("twice@out.test")), len(portal.notices("twice@out.test"))), (1, 1), "one message, one notice")

    # ---- the journal is gone: the store knows
    octets = message()
    attempt(portal, octets, "lost@out.test")
    portal.stop()
    for name in os.listdir(portal.state):
        if name.startswith("journal"):
            os.unlink(os.path.join(portal.state, name))
    portal.start()
    answers = attempt(portal, octets, "lost@out.test")
    tap.ok("handed in before" in answers[0] and len(portal.notices("lost@out.test")) == 1, "a journal that is gone: the store knows what was handed in", answers)
    log = portal.log()
    tap.ok("Zebrafinch" not in log and "metformin" not in log and not any(n.link[16:] in log for n in (portal.notices("first@out.test") + portal.notices("lost@out.test"))),
           "the log has neither content nor links")

# ---- a disk that is full
folder = tempfile.mkdtemp(prefix="milward-portal-full-")
mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "full", folder], stderr=subprocess.DEVNULL).returncode == 0


def fill(left):
    """All but so many octets."""
    with open(os.path.join(folder, "filler"), "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass
        filler.truncate(max(0, filler.tell() - left))


if not mounted:
    tap.skip("a full disk", "no tmpfs can be mounted here")
else:
    try:
        with Portal(mta, store=os.path.join(folder, "store")) as portal:
            tap.ok(attempt(portal, message(), "small@out.test")[0].startswith("250"), "a small disk")
            large = message(b"0123456789\r\n" * 100000)
            answers = attempt(portal, large, "large@out.test")
            tap.ok(answers[0].startswith("452 4.3.1"), "no room to pack it: 452", answers)
            tap.equal(portal.rows("large@out.test"), [], "and nothing is stored")
            wait_for(lambda: not portal.children(), "its file is gone")
            for left in (0, 4096, 16384, 24576, 28672, 32768, 36864, 40960, 49152):
                rcpt, octets = "left%d@out.test" % left, message()
                fill(left)
                first = attempt(portal, octets, rcpt)
                os.unlink(os.path.join(folder, "filler"))
                wait_for(lambda: not portal.children(), "its file is gone")
                second = attempt(portal, octets, rcpt)
                good, why = whole(portal, rcpt, octets, 1)
                tap.ok(first[0][:2] in ("45", "25") and second[0].startswith("250") and good, "%d octets are left: %s, and once there is room it goes on" % (left, first[0][:3]),
                       first, second, why, portal.log()[-2000:])
    finally:
        subprocess.run(["umount", "-l", folder], check=False)
os.rmdir(folder)
tap.end()
