# SPDX-License-Identifier: Apache-2.0
"""auditfile: files of audit records, as milward writes them, at times that a test chooses."""
import hashlib
import hmac
import json
import pathlib

POLICY = "ab" * 32


class Chain:
    """An audit file as milward writes it, at times of our own."""

    def __init__(self, path, key=b"", seq=0, prev="0" * 64):
        self.path, self.key, self.seq, self.prev = pathlib.Path(path), key, seq, prev
        self.lines = []

    def add(self, when, kind, **members):
        self.seq += 1
        text = json.dumps(members, separators=(",", ":"))[1:-1]
        line = '{"v":1,"seq":%d,"time":"%s","kind":"%s",%s"prev":"%s"' % (self.seq, when, kind, text + "," if text else "", self.prev)
        self.prev = hmac.new(self.key, line.encode(), "sha256").hexdigest() if self.key else hashlib.sha256(line.encode()).hexdigest()
        self.lines.append('%s,"hash":"%s"}\n' % (line, self.prev))

    def start(self, when):
        self.add(when, "start", version="0.1.0", pid=1, digest="sha-256", policy=POLICY)

    def message(self, when, *rcpts, classes=(), rules=None, sender="alice@clinic.example", outcome="pass", **more):
        members = dict(queue_id="Q%d" % self.seq, sender=sender, client="192.0.2.1", user="", local=False, size=100, recipients=list(rcpts), classes=list(classes),
                       rules=rules or {}, shadow={}, unreadable={}, outcome=outcome, cause="", reason="", observe=False, policy=POLICY)
        members.update(more)
        self.add(when, "message", **members)

    def write(self, cut=0):
        text = "".join(self.lines)
        self.path.write_text(text[: len(text) - cut])
        return self.path

    def follow(self, path, when, **how):
        """What stands in the file behind this one."""
        self.add(when, "end")
        self.write()
        after = Chain(path, self.key, self.seq, self.prev)
        after.add(when, "continue", after=self.seq)
        return after
