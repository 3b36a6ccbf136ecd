#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Memory and disk: many large messages in work, a full spool, a file size limit."""
import ctypes
import os
import resource
import threading

from common import ROOT, Daemon, Session, Tap, note, policy, sanitized, wait_for

tap = Tap()
SANITIZED = sanitized()


def memory_ok(passed, name, *why):
    if SANITIZED:
        tap.skip(name, "a sanitizer takes memory of its own")
    else:
        tap.ok(passed(), name, *why)


MB = 1 << 20
PASS = policy("match any then pass\non error tempfail\nlimit size 64M\n", load="load lab grant edit, route\nload phi grant text")
LINE = b"Dear colleague, the minutes of Thursday follow below, with the usual thanks.\r\n"


def spool_files(milward):
    """Octets of open files without a name, in the worker."""
    total, count = 0, 0
    folder = "/proc/%d/fd" % milward.worker()
    for fd in os.listdir(folder):
        try:
            if "(deleted)" in os.readlink(os.path.join(folder, fd)):
                total, count = total + os.stat(os.path.join(folder, fd)).st_size, count + 1
        except OSError:
            pass
    return total, count


# -- 30 messages of 8 MB at once, with memory for 16 MB of them ------------------------------------------------------------------------------
SIZE, COUNT = 8 * MB, 30
with Daemon(PASS, "--memory", "16M", "--work", "2") as milward:
    with Session(milward.path) as s:
        s.message()
    idle = milward.memory()
    body = LINE * (SIZE // len(LINE))
    sessions = [Session(milward.path, timeout=120) for _ in range(COUNT)]
    for s in sessions:
        s.mail()
        s.rcpt("<bob@other.example>")
        s.header("Subject", " minutes")
        s.body(body)
    wait_for(lambda: spool_files(milward)[0] > COUNT * (len(body) - 4096), "all octets have arrived")
    filled = milward.memory() - idle
    octets, files = spool_files(milward)
    note("%d messages of %d MB in work: %.1f MB of memory, %d MB in %d spool files" % (COUNT, SIZE // MB, filled / MB, octets // MB, files))
    memory_ok(lambda: filled < 32 * MB, "messages in work take no more memory than they may (16 MB, and half as much for all the rest)", filled)
    tap.equal(files, COUNT, "what does not fit is in files")
    tap.equal(os.listdir(milward.spool), [], "that have no name")
    answers = [None] * COUNT

    def finish(n):
        answers[n] = sessions[n].eom().final

    threads = [threading.Thread(target=finish, args=(n,)) for n in range(COUNT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    tap.equal(answers, ["c"] * COUNT, "all are judged")
    peak = milward.memory("VmHWM")
    note("most memory while two at a time are judged: %.1f MB" % (peak / MB))
    memory_ok(lambda: peak - idle < 120 * MB, "judging two at a time takes less than 120 MB", peak)
    tap.equal(spool_files(milward), (0, 0), "then the files are gone")
    for s in sessions:
        s.close()
    memory_ok(lambda: wait_for(lambda: milward.memory() - idle < 60 * MB, "memory is given back"), "and the memory is given back")


# -- a full disk ----------------------------------------------------------------------------------------------------------------------------------
def send_large(session):
    return session.message(headers=[("Subject", " large")], body=LINE * 60000)


def full_disk(milward, name, word):
    worker = milward.worker()
    with Session(milward.path) as s:
        answer = send_large(s)
        tap.equal((answer.final, answer.text[:10], answer.edits), ("y", "451 4.7.1 ", []), "%s: the message is deferred" % name)
        tap.ok(word in milward.log() and "cause: error: " in milward.log(), "and the log says why", milward.log())
        tap.equal(s.message().final, "c", "a small one on the same connection passes")
        tap.equal(milward.worker(), worker, "and the worker lives on")
    tap.equal(milward.stop(), 0, "stops with 0")


LIBC = ctypes.CDLL(None, use_errno=True)


def small_tmpfs(folder):
    """In the child: a mount namespace of its own, with a file system of 1 MB there."""
    def mount():
        if (LIBC.unshare(0x00020000) or LIBC.mount(b"none", b"/", None, 0x44000, None)
                or LIBC.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, b"size=1m,mode=0700")):
            os.write(2, b"cannot mount\n")
            os._exit(99)
    return mount


milward = Daemon(PASS, "--memory", "1M")
milward.before = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (MB, MB))
with milward:
    full_disk(milward, "a file size limit", "File too large")
if ROOT:
    milward = Daemon(PASS, "--memory", "1M")
    milward.before = small_tmpfs(milward.spool)
    milward.spawn()
    wait_for(lambda: "listening" in milward.log() or milward.process.poll() is not None, "a start")
    if milward.process.poll() == 99:
        tap.skip("a full disk", "cannot mount in a namespace of its own")
    else:
        full_disk(milward, "a full disk", "No space left")
    milward.__exit__()
else:
    tap.skip("a full disk", "not root")

# No more file descriptors: what has a connection goes on, and the rest is deferred.
milward = Daemon(PASS, "--memory", "1M")
milward.before = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
with milward:
    with Session(milward.path) as first:
        rest = []
        try:
            while len(rest) < 60:
                rest.append(Session(milward.path, timeout=1))
        except OSError:
            pass
        note("%d connections with 40 file descriptors" % len(rest))
        answer = send_large(first)
        tap.equal((answer.final, answer.text[:10]), ("y", "451 4.7.1 "), "no descriptor for a spool file: the message is deferred")
        tap.equal(first.message().final, "c", "a small one passes")
        for s in rest:
            s.close()
    wait_for(lambda: len(os.listdir("/proc/%d/fd" % milward.worker())) < 20, "connections are closed")
    with Session(milward.path) as s:
        tap.equal(send_large(s).final, "c", "with descriptors a large one passes again")

raise SystemExit(tap.end())
