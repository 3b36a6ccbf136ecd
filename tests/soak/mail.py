# SPDX-License-Identifier: Apache-2.0
"""mail: what is sent: ordinary mail, notes with patients' data, attachments, hostile messages and large ones, each with a word for what
the policy has to find in it. The word comes from milwardctl, one message at a time and at rest, and for messages made here from how they
are made: under load, during a reload and after a crash the daemon may be stricter than the word, and never laxer."""
import json
import os
import random
import re
import subprocess

from lab import files
from lab.message import NO_PHI, PHI

import pickup

# Weights of the kinds; those that are not there are left out.
WEIGHTS = {"ham": 60, "phi": 12, "phi-attached": 6, "plain-attached": 3, "attachment": 8, "clinical": 5, "hostile": 5, "large": 1}
STRICT = ("phi", "unreadable")
FORM = ["Patient: Jane Q Quimby", "SSN: 219-09-9998", "Diagnosis: type 2 diabetes mellitus"]
TABLE = [["Patient", "SSN", "DOB", "Diagnosis"], ["Jane Q Quimby", "219-09-9998", "03/14/1962", "type 2 diabetes mellitus"]]
HEAD = "From: alice@clinic.test\r\nTo: team@example.test\r\nSubject: %s\r\nDate: Thu, 01 Feb 2024 10:00:00 +0000\r\n"
TEXT = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
HTML = "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"


class Sample:
    """One message without a Message-ID: kind, octets with CRLF, and the word of the policy: phi, unreadable or plain."""

    def __init__(self, kind, octets, word=None):
        self.kind, self.octets, self.word = kind, octets, word

    def head(self):
        """[(name, value)] as an MTA hands them to a milter, and the body: that begins where a line is no field."""
        fields, at = [], 0
        while at < len(self.octets):
            line, end, _ = self.octets[at:].partition(b"\r\n")
            if line[:1] in (b" ", b"\t") and fields:
                fields[-1][1] += b"\n" + line
            elif re.match(rb"[!-9;-~]+[ \t]*:", line):
                name, _, value = line.partition(b":")
                fields.append([name.rstrip(), value])
            else:
                at += len(end) if not line else 0
                break
            at += len(line) + len(end)
        return fields, self.octets[at:]


def cleaned(octets):
    """As SMTP wants it: CRLF alone, no mbox line, none of the fields by which copies are found and an MTA breaks loops."""
    octets = re.sub(rb"\r\n|\r|\n", b"\r\n", octets.replace(b"\0", b""))
    octets = re.sub(rb"\AFrom [^\r]*\r\n", b"", octets)
    head, gap, body = octets.partition(b"\r\n\r\n")
    unwanted = rb"(?im)^(message-id|received|return-path|delivered-to|resent-[a-z-]+|x-milward-[a-z-]+):.*(\r\n[ \t].*)*(\r\n|\Z)"
    head = re.sub(unwanted, b"", head + b"\r\n")
    return head[:-2] + gap + body if head else b"Subject: none\r\n\r\n" + body


def made():
    """Those that need no data."""
    def attached(name, octets, **more):
        head, body = files.attached({name: octets}, **more)
        return ((HEAD % "Files") + head + "\r\n" + body).encode()

    def text(body):
        return ((HEAD % "Results") + TEXT + "\r\n" + body).encode()

    # For who reads in the portal: a word of the message's own is in its text, and in its file.
    word = pickup.word(0).decode()
    yield Sample("pickup", text(PHI + word + "\r\n"), "phi")
    yield Sample("pickup", text(NO_PHI * 900 + PHI + word + "\r\n"), "phi")
    yield Sample("pickup", ((HEAD % "Results") + HTML + "\r\n<p>%s<p><b>%s</b>\r\n" % (PHI, word)).encode(), "phi")
    part = "--soak\r\nContent-Type: text/plain\r\n%s\r\n"
    both = part % "" + PHI + word + "\r\n" + part % "Content-Disposition: attachment; filename=note.txt\r\n" + "Reference %s.\r\n--soak--\r\n" % word
    yield Sample("pickup", ((HEAD % "Results") + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=soak\r\n\r\n" + both).encode(), "phi")
    yield Sample("phi", text(PHI), "phi")
    yield Sample("phi", text(NO_PHI * 40 + PHI), "phi")
    yield Sample("phi-attached", attached("list.xlsx", files.workbook(TABLE, "Ward 4")), "phi")
    yield Sample("phi-attached", attached("form.pdf", files.pdf(FORM)), "phi")
    yield Sample("phi-attached", attached("lists.zip", files.archive({"march/p.xlsx": files.workbook(TABLE, "Ward 4")})), "phi")
    yield Sample("attachment", attached("secret.zip", files.encrypted({"list.txt": b"x" * 500})), "unreadable")
    yield Sample("attachment", attached("cut.zip", files.archive({"a.txt": os.urandom(4000)})[:3000]), "unreadable")
    yield Sample("plain-attached", attached("prices.xlsx", files.workbook([["Item", "Price"], ["Paper", "12"]])), "plain")
    yield Sample("large", text(NO_PHI * 12000), "plain")
    yield Sample("large", attached("big.bin", files.archive({"notes.txt": (NO_PHI * 20000).encode()}, deflate=False)), "plain")
    for lines in (1, 5, 20, 60):
        yield Sample("plain", text(NO_PHI * lines), "plain")


def _some(rng, folder, number, largest, pattern=""):
    found = [os.path.join(where, name) for where, _, names in os.walk(folder) for name in sorted(names)]
    found = sorted(path for path in found if pattern in path and 0 < os.path.getsize(path) <= largest and "SOURCES" not in path)
    return rng.sample(found, min(number, len(found)))


def read(data, rng, number):
    """Samples of ../shared/data, about so many; none when it is not there."""
    share = max(number // 100, 1)
    for folder, kind, much, largest in (("mail-ham", "ham", 60, 200000), ("mime-suites", "hostile", 5, 200000),
                                        ("hostile/go-fuzz/mail", "hostile", 5, 100000)):
        for path in _some(rng, os.path.join(data, folder), share * much, largest):
            with open(path, "rb") as file:
                yield Sample(kind, cleaned(file.read()))
    for path in _some(rng, os.path.join(data, "attachments"), share * 15, 1000000):
        with open(path, "rb") as file:
            head, body = files.attached({os.path.basename(path): file.read()})
        yield Sample("attachment", ((HEAD % "Files") + head + "\r\n" + body).encode())
    for path in _some(rng, os.path.join(data, "phi-text"), share * 10, 100000):
        with open(path, "rb") as file:
            yield Sample("clinical", cleaned(((HEAD % "Notes") + TEXT + "\r\n").encode() + file.read()))


def unpack(archives, folder, names=("mail-ham", "mime-suites", "hostile", "attachments", "phi-text")):
    """Unpacks what is there of ../shared/data; the folder, or None."""
    there = [path for path in (os.path.join(archives, name + ".tar.zst") for name in names) if os.path.exists(path)]
    os.makedirs(folder, exist_ok=True)
    for path in there:
        subprocess.run(["tar", "-x", "--zstd", "-f", path, "-C", folder], check=True)
    return folder if there else None


def judge(samples, folder, milwardctl, policy):
    """Gives each sample its word, and leaves out those that milwardctl contradicts: that would be another test's failure."""
    os.makedirs(folder)
    for number, sample in enumerate(samples):
        with open(os.path.join(folder, "%05d" % number), "wb") as out:
            out.write(b"Message-ID: <soak@clinic.test>\r\n" + sample.octets)  # as it is sent
    done = subprocess.run([milwardctl, "scan", "--json", "-p", policy, folder], capture_output=True, text=True)
    wrong = []
    for line in done.stdout.splitlines():
        found = json.loads(line)
        sample = samples[int(os.path.basename(found["file"]))]
        word = "phi" if "phi" in found["classes"] else "unreadable" if found["unreadable"] or found.get("error") else "plain"
        if sample.word and sample.word != word:
            wrong.append("%s is %s, not %s" % (sample.kind, word, sample.word))
        sample.word = word
    missing = sum(1 for s in samples if s.word is None)
    if wrong or missing:
        raise AssertionError("milwardctl scan: %s; %d without a word; %s" % (wrong, missing, done.stderr[-2000:]))


class Mixture:
    """Draws samples: a kind by its weight, then one of it."""

    def __init__(self, samples, seed):
        self.rng = random.Random(seed)
        self.kinds = {}
        for sample in samples:
            self.kinds.setdefault(sample.kind, []).append(sample)
        self.pickups = self.kinds.pop("pickup", [])
        self.names = list(self.kinds)
        self.weights = [WEIGHTS.get(name, 10) for name in self.names]

    def draw(self, picked_up=False):
        if picked_up:
            return self.rng.choice(self.pickups)
        return self.rng.choice(self.kinds[self.rng.choices(self.names, self.weights)[0]])

    def __str__(self):
        return ", ".join("%d %s" % (len(self.kinds[name]), name) for name in self.names)
