# SPDX-License-Identifier: Apache-2.0
"""load: sessions that send, as clients of Postfix or straight over the milter protocol, and how long each message took."""
import collections
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "milter"))
from lab.client import Client, Refused, stuff  # noqa: E402
from peer import Closed, Session  # noqa: E402

from book import DOMAINS, HELD, INSIDE, MIXTURES, PLAIN, REFUSED, VALID  # noqa: E402

AT_MOST_OPEN = 1500  # recipients on their way to the sinks: no more is sent until there are fewer


class Load:
    """So many sessions at once, each of one to ten messages, one after the other until stop(). A subclass says what a session is."""

    def __init__(self, sessions):
        self.sessions = sessions
        self.taken, self.later, self.times, self.odd = 0, 0, [], []
        self.why = collections.Counter()  # why they had to come again
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.threads = []

    def start(self):
        threading.stack_size(512 * 1024)
        self.threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(self.sessions)]
        for thread in self.threads:
            thread.start()
        return self

    def stop(self, seconds=90):
        """Ends it; every message that was begun is finished, come what may. False: some session has not ended."""
        self.over.set()
        end = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self.threads)

    def _run(self, number):
        rng = random.Random(number)
        while not self.over.is_set():
            try:
                self.session(rng)
            except Exception as error:  # pylint: disable=broad-except
                with self.lock:
                    self.odd.append("%s: %s" % (type(error).__name__, error))
                return

    def took(self, begin):
        with self.lock:
            self.taken += 1
            self.times.append(time.monotonic() - begin)

    def wait(self, seconds):
        self.later += 1
        time.sleep(seconds)


class Smtp(Load):
    """Clients that come back until each message is taken or refused for good, as an MTA does."""

    def __init__(self, sessions, book):
        super().__init__(sessions)
        self.book = book

    def session(self, rng):
        while self.book.open > AT_MOST_OPEN and not self.over.is_set():
            time.sleep(0.05)
        smtp = self.connect()
        try:
            for _ in range(rng.randint(1, 10)):
                if self.over.is_set():
                    break
                item = self.book.new()
                while not self.send(smtp, item):
                    self.wait(rng.uniform(0.1, 0.4))
                    smtp = self.connect()
                if item.refused:
                    smtp = self.connect()
        finally:
            if smtp:
                smtp.sock.close()

    @staticmethod
    def connect():
        try:
            return Client(timeout=60)
        except (OSError, Refused):
            return None

    def send(self, smtp, item):
        """One attempt. True: taken, or refused for good."""
        if not smtp:
            return False
        begin, sent = time.monotonic(), False
        try:
            smtp.mail("alice@clinic.test")
            for rcpt in item.rcpts:
                smtp.rcpt(rcpt)
            smtp.expect("DATA", smtp.command("DATA"), 354)
            sent = True
            smtp.send(stuff(item.octets()) + b".\r\n")
            smtp.expect("message", smtp.reply(), 250)
        except Refused as answer:
            item.unsure += answer.code == 0 and sent
            self.why[answer.text[:100]] += 1
            smtp.sock.close()
            if answer.code // 100 != 5:
                return False
            item.refused = answer.text
        except OSError:
            item.unsure += sent
            smtp.sock.close()
            return False
        if not item.refused:
            self.book.told(item)
        self.took(begin)
        return True


# What the milter has to answer for a kind of recipient and a word: "pass", "tag", "hold" or "refuse".
def wanted(kind, word):
    if kind == INSIDE or word == "plain":
        return "pass"
    return {HELD: "hold", REFUSED: "refuse"}.get(kind, "tag") if word == "phi" else "tag"


class Straight(Load):
    """Sessions of the milter protocol, without an MTA: each answer is compared with what the policy says about that sample."""

    kinds = [kinds for kinds in MIXTURES if all(kind in (INSIDE, VALID, PLAIN, HELD, REFUSED) for kind in kinds)]

    def __init__(self, sessions, mixture, path):
        super().__init__(sessions)
        self.mixture, self.path = mixture, path
        self.laxer, self.stricter, self.lost = [], 0, 0
        self.number = 0

    def session(self, rng):
        try:
            with Session(self.path, timeout=240) as peer:
                for _ in range(rng.randint(1, 10)):
                    if self.over.is_set():
                        return
                    with self.lock:
                        self.number += 1
                        number, sample = self.number, self.mixture.draw()
                    self.message(peer, number, sample, self.kinds[number % len(self.kinds)])
                peer.quit()
        except (Closed, OSError):
            with self.lock:
                self.lost += 1  # the MTA would defer: nothing has been taken
            time.sleep(0.1)

    def message(self, peer, number, sample, kinds):
        rcpts = ["s%d.%d@%s" % (number, i, DOMAINS[kind]) for i, kind in enumerate(kinds)]
        fields, body = sample.head()
        begin = time.monotonic()
        answer = peer.message(["<%s>" % rcpt for rcpt in rcpts], [("Message-ID", " <straight.%d@clinic.test>" % number)] + fields, body, "S%d" % number)
        self.took(begin)
        if answer.final in "ty" and answer.text.startswith("4") or answer.final == "t":
            self.later += 1
            return
        wants = [wanted(kind, sample.word) for kind in kinds]
        if "refuse" in wants or answer.final in "ry":
            if answer.final not in "ry" or "refuse" not in wants:
                self.laxer.append("%s, %s: %r" % (sample.kind, sample.word, answer))
            return
        away = [edit[1].strip("<>") for edit in answer.edits if edit[0] == "del"]
        tagged = [edit[1].strip("<>") for edit in answer.edits if edit[0] == "add"]
        held = any(edit[0] == "hold" for edit in answer.edits)
        for rcpt, want in zip(rcpts, wants):
            tag = rcpt in away and any(t.startswith(rcpt + ".mw-") for t in tagged)
            if want == "tag" and not tag or want == "hold" and not held and not tag or rcpt in away and not tag:
                self.laxer.append("%s, %s, %s: %r" % (sample.kind, sample.word, want, answer))
            self.stricter += want == "pass" and (tag or held and "hold" not in wants)


def percentiles(times):
    """Median and 99th percentile in milliseconds."""
    if not times:
        return 0.0, 0.0
    ordered = sorted(times)
    return 1000 * ordered[len(ordered) // 2], 1000 * ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]


