# SPDX-License-Identifier: Apache-2.0
"""ledger: many messages at once, and afterwards what became of every recipient of each: delivered how often and where, reported to the
sender, waiting, or lost."""
import collections
import threading
import time

from .client import Client, Refused
from .message import SECRETS


class Entry:
    """One message. `told`: how often the client was told that it was taken; `unsure`: how often it was not told what became of it."""

    def __init__(self, message, rcpts):
        self.message, self.rcpts = message, rcpts
        self.told = self.unsure = self.refused = 0


class Ledger:
    """Sends with several clients that come back until a message is taken, as an MTA would; counts at the end."""

    def __init__(self, site, clients=8):
        self.site, self.clients = site, clients
        self.entries = []
        self.waiting = collections.deque()
        self.lock = threading.Lock()
        self.threads = []
        self.stopped = False

    def add(self, message, rcpts):
        entry = Entry(message, rcpts)
        self.entries.append(entry)
        self.waiting.append(entry)

    def start(self):
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(self.clients)]
        for thread in self.threads:
            thread.start()

    def left(self):
        return len(self.waiting)

    def join(self, seconds):
        end = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.0, end - time.monotonic()))
        self.stopped = True
        return not any(thread.is_alive() for thread in self.threads)

    def _run(self):
        while not self.stopped:
            try:
                entry = self.waiting.popleft()
            except IndexError:
                return
            if not self._send(entry):
                self.waiting.append(entry)
                time.sleep(0.2)

    def _send(self, entry):
        """One attempt: True when the message is done with."""
        sent = False
        try:
            with Client(timeout=30) as smtp:
                smtp.mail(entry.message.sender)
                for rcpt in entry.rcpts:
                    smtp.rcpt(rcpt)
                smtp.expect("DATA", smtp.command("DATA"), 354)
                sent = True
                smtp.send(entry.message.octets + b"\r\n.\r\n")
                smtp.expect("message", smtp.reply(), 250)
                sent = False
                entry.told += 1
            return True
        except Refused as failure:
            if failure.code == 0 and sent:
                entry.unsure += 1
            entry.refused += failure.code // 100 == 5
            return failure.code // 100 == 5
        except OSError:
            if sent:
                entry.unsure += 1
            return entry.told > 0

    # ---- what became of it
    def count(self, identify=None):
        """Reads all sinks once. identify(copy): the Message-ID of a copy that hides it, or None."""
        copies = collections.defaultdict(list)
        for sink in self.site.sinks.values():
            for copy in list(sink.copies):
                found = [i.strip("<>") for i in copy.header("Message-ID")] or [identify(copy) if identify else None]
                for rcpt in copy.to:
                    copies[found[0], rcpt].append(copy)
        reports = collections.defaultdict(set)
        for copy in self.site.bounces():
            text = copy.data.decode("utf-8", "replace")
            failed = [block for block in text.split("\r\n\r\n") if "\nAction: failed" in block]
            for entry in self.entries:
                if "<%s>" % entry.message.id in text:
                    reports[entry.message.id].update(r for r in entry.rcpts if any(r in block for block in failed))
        return copies, reports


def in_clear(copy):
    """Can the PHI of the samples be read in it, as it came over the wire?"""
    return copy.tls is None and any(secret.encode() in copy.data for secret in SECRETS)
