#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Memory of all processes while many messages with large archives are judged at once: what is inside of them asks for its memory too."""
import base64
import io
import os
import random
import threading
import zipfile

from common import BUILD, Daemon, Session, Tap, note, policy, sanitized, skip_all
from lab.process import tree

MB = 1 << 20
COUNT, LIMIT = 20, 512 * MB
# Beside what is counted: libraries, the host's own tables, what an extractor needs for itself.
BESIDE = 192 * MB

if not os.path.exists(os.path.join(BUILD, "modules/.libs/extract-archive.so")):
    skip_all("no extract-archive in " + BUILD)
tap = Tap()


def archive():
    """About 18 MB, of which 17 cannot be packed, with 38 MB of files in it: 25 MB in base64."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("scan.bin", b"\0\1\2\3" + random.Random(1).randbytes(17 * MB))
        z.writestr("list.csv", b"".join(b"%07d;Jane Roe;42 Main St;visit of last week\n" % i for i in range(460000)))
    return octets.getvalue()


def memory_of(top):
    """Octets of all processes under it; what they share counts once."""
    total = 0
    for pid in tree(top):
        try:
            with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024
        except (OSError, IndexError):
            pass  # it has ended
    return total


BODY = b"--b\r\nContent-Type: application/zip; name=all.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(archive()).replace(b"\n", b"\r\n") + b"--b--\r\n"
LINES = "match unreadable(encrypted) then hold \"no\"\nmatch any then pass\non error tempfail\nlimit text 256M\n"

with Daemon(policy(LINES, load="load lab grant edit, route\nload phi with extract-archive grant text"), "--memory", "%d" % LIMIT, "--work", "20") as milward:
    with Session(milward.path) as s:
        s.message()
    idle = memory_of(milward.process.pid)
    sessions = [Session(milward.path, timeout=280) for _ in range(COUNT)]
    for s in sessions:
        s.mail()
        s.rcpt("<bob@other.example>")
        s.header("Subject", " archive")
        s.header("MIME-Version", " 1.0")
        s.header("Content-Type", " multipart/mixed; boundary=b")
        s.body(BODY)
    answers, peak, done = [None] * COUNT, [0], threading.Event()

    def finish(n):
        answers[n] = sessions[n].eom().final

    def watch():
        while not done.wait(0.02):
            peak[0] = max(peak[0], memory_of(milward.process.pid))

    threads = [threading.Thread(target=finish, args=(n,)) for n in range(COUNT)]
    watcher = threading.Thread(target=watch)
    watcher.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(280)
    done.set()
    watcher.join()
    tap.equal(answers, ["c"] * COUNT, "%d messages of %d MB with archives are judged" % (COUNT, len(BODY) // MB))
    counts = milward.counts()
    note("most memory of all processes: %.0f MB, of them %.0f when idle; %d waits" % (peak[0] / MB, idle / MB, counts["waited"]))
    if sanitized():
        tap.skip("memory", "a sanitizer takes memory of its own")
    else:
        tap.ok(peak[0] - idle < LIMIT + BESIDE, "in the memory that they may take", peak[0])
    tap.ok(counts["waited"] > 0, "because some waited for others", counts)
    for s in sessions:
        s.close()
raise SystemExit(tap.end())
