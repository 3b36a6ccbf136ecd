#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""dkim-suite: DKIM signatures that others made, judged by milters/auth.

mailauth's fixtures with the keys that it publishes; what dkimpy signs with its keys, in all canonical forms, over bodies and headers that
are read differently by those who read carelessly; and what a signer of a few lines (below) makes, which signs any tags. Then what was done
to them on the way. What differs from what dkimpy says is in DEVIATIONS, with the reason.

Needs MILWARD_BUILD (a built tree), ../shared/data, python3-dkim and python3-cryptography.
"""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
ARCHIVE = os.path.join(SRC, "../shared/data/auth-suites.tar.zst")
FIXTURES = "auth-suites/mailauth/test"
TOOL = os.path.join(BUILD, "milters/auth/verify_file")
NOW = int(time.time())

WEAK, LENGTH, LENGTH_SHORT, EXPIRED, TESTING, SHA1, REVOKED = (1 << n for n in range(7))

# what dkimpy takes for good -> what we say, and why
DEVIATIONS = {
    "a tab and no line end, relaxed body": ("fail", "the MTA ends that line, which is empty then and does not count; dkimpy ends what is left of it"),
}

HEADER = (
    b"Received: from a by b\r\nFrom: \"A\" <a@x.example>\r\nTo: b@far.example,\r\n\tc@far.example\r\nSubject:\r\n  folded\r\n  here \r\n"
    b"Date: Sun, 22 Nov 2026 03:00:00 +0000\r\nX-Twice: one\r\nX-Twice: two\r\nMIME-Version: 1.0\r\n"
)
BODIES = {
    "no body": b"",
    "an empty line": b"\r\n",
    "empty lines": b"\r\n\r\n",
    "a line": b"hello\r\n",
    "a line without its end": b"hello",
    "white space and empty lines at the end": b"hello \t\r\n\r\n\r\n",
    "white space in lines": b" a\t b  \r\n\r\n c\r\n",
    "empty lines between": b"a\r\n\r\nb\r\n\r\n\r\n\r\n",
    "8-bit": b"\303\244\303\266 8-bit \377\r\n.\r\n..\r\n",
    "a tab and no line end": b"\t",
    "a word of 3000 octets": b"x" * 3000 + b"\r\n",
    "a CR inside a line": b"a\rb \r c\r\n",
    "a lone CR at the start of a line": b"a\r\n\rb\r\n",
    "NUL": b"a\0b\r\n\0\r\n",
    "long": b"The quick brown fox jumps over the lazy dog.  \r\n" * 3000,
}


# ---- a signer of a few lines ------------------------------------------------------------------------------------------------


def relaxed_field(name, value):
    return name.lower().rstrip() + b":" + re.sub(rb"[ \t\r\n]+", b" ", value).strip(b" ")


def relaxed_body(body):
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def fields_of(header):
    fields = []
    for line in header.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            fields[-1][1] += b"\r\n" + line
        elif line:
            name, _, value = line.partition(b":")
            fields.append([name, value])
    return fields


def signed(key, tags=b"", names=b"from:to:subject:date", body=b"hello\r\n", header=HEADER, base=None, digest=hashes.SHA256(), over=None):
    """A message with a signature of relaxed/relaxed. base: the tags in front of h=; over: what of the body bh= is of."""
    if base is None:
        base = b"v=1; a=rsa-sha256; c=relaxed/relaxed; d=x.example; s=r"
    name = "sha1" if isinstance(digest, hashes.SHA1) else "sha256"
    hashed = base64.b64encode(hashlib.new(name, relaxed_body(body) if over is None else over).digest())
    value = b" " + base + (b"; " + tags if tags else b"") + b"; h=" + names + b"; bh=" + hashed + b"; b="
    left, text = fields_of(header), b""
    for wanted in names.split(b":"):
        found = [row for row in left if row[0].strip().lower() == wanted.strip().lower()]
        if found:
            left.remove(found[-1])
            text += relaxed_field(*found[-1]) + b"\r\n"
    text += relaxed_field(b"DKIM-Signature", value)
    return b"DKIM-Signature:" + value + base64.b64encode(key.sign(text, padding.PKCS1v15(), digest)) + b"\r\n" + header + b"\r\n" + body


# ---- ours ------------------------------------------------------------------------------------------------------------------


def quoted(text):
    return " ".join('"%s"' % text[i : i + 200] for i in range(0, len(text), 200)) or '""'


class Desk:
    """Judges messages, all of them at once."""

    def __init__(self, top):
        self.top, self.rows, self.tests, self.wrong = top, [], 0, 0

    def add(self, name, message, want, flags=None, why="", first=0):
        """want: the words of all signatures in order."""
        path = os.path.join(self.top, "m%d" % len(self.rows))
        with open(path, "wb") as file:
            file.write(message)
        self.rows.append((path, name, want if isinstance(want, list) else [want], flags, why, first))

    def run(self, title, zone, *options):
        results = {}
        for piece in (0, 1, 5):
            files = [row[0] for row in self.rows if piece == 0 or os.path.getsize(row[0]) < 20000]
            argv = [TOOL, "piece=%d" % piece] + list(options) + [zone] + files
            output = subprocess.run(argv, check=True, stdout=subprocess.PIPE, encoding="ascii").stdout
            for line in output.splitlines():
                row = line.split("\t")
                if row[0] == "dkim":
                    results[piece, path].append(row[1:])
                elif row[0] != "arc":
                    path = row[0]
                    results[piece, path] = []
        bad = []
        for (piece, path), found in results.items():
            _, name, want, flags, why, first = next(row for row in self.rows if row[0] == path)
            said = [row[0] for row in found]
            if said != want:
                bad.append("%s: %s, not %s (%s)" % (name, said, want, "; ".join(row[-1] for row in found)))
            elif flags is not None and int(found[first][5]) != flags:
                bad.append("%s: flags %s, not %d" % (name, found[first][5], flags))
            elif why and why not in found[first][-1]:
                bad.append("%s: why is \"%s\", not \"%s\"" % (name, found[first][-1], why))
        for line in bad[:20]:
            print("# " + line)
        self.tests += 1
        good = not bad and len(results) >= len(self.rows)
        self.wrong += not good
        print("%sok %d - %s: %d messages" % ("" if good else "not ", self.tests, title, len(self.rows)))
        self.rows = []


def spki(key, raw=False):
    form = serialization.PublicFormat
    if raw:
        octets = key.public_key().public_bytes(serialization.Encoding.Raw, form.Raw)
    else:
        octets = key.public_key().public_bytes(serialization.Encoding.DER, form.SubjectPublicKeyInfo)
    return base64.b64encode(octets).decode("ascii")


def load(path):
    with open(path, "rb") as file:
        return serialization.load_pem_private_key(file.read(), None)


def traditional(key):
    form = serialization.PrivateFormat
    return key.private_bytes(serialization.Encoding.PEM, form.TraditionalOpenSSL, serialization.NoEncryption())


def seed(key):
    form = serialization.PrivateFormat
    return base64.b64encode(key.private_bytes(serialization.Encoding.Raw, form.Raw, serialization.NoEncryption()))


# ---- the groups ------------------------------------------------------------------------------------------------------------


def fixtures(desk, root):
    """What mailauth has: its keys are those of one message; of the others nobody has the keys any more."""
    zone = os.path.join(desk.top, "zone.fixtures")
    with open(os.path.join(root, "dkim/ec/fixtures/dns.json"), encoding="utf-8") as file, open(zone, "w", encoding="ascii") as out:
        for name, types in json.load(file).items():
            for row in types["TXT"]:
                out.write("%s TXT %s\n" % (name, " ".join('"%s"' % piece for piece in row)))
    with open(os.path.join(root, "dkim/ec/fixtures/signed.eml"), "rb") as file:
        message = file.read()
    desk.add("signed.eml", message, ["pass", "pass"])
    desk.add("signed.eml with LF", message.replace(b"\r\n", b"\n"), ["pass", "pass"])
    desk.add("signed.eml, Subject changed", message.replace(b"Is dinner", b"Is lunch"), ["fail", "fail"])
    for name in sorted(os.listdir(os.path.join(root, "fixtures"))):
        if name.endswith(".eml"):
            with open(os.path.join(root, "fixtures", name), "rb") as file:
                message = file.read()
            header = message.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
            count = len(re.findall(rb"(?im)^dkim-signature:", header))
            rows = NO_KEY.get(name, ["permerror"] * count)
            desk.add(name, message, rows, why="no key in DNS" if rows[:1] == ["permerror"] else "")
    desk.run("mailauth's fixtures", zone)


# messages whose bodies mailauth has changed, so that it does not matter that there is no key
NO_KEY = {}


def matrix(desk, rsa, ed):
    zone = os.path.join(desk.top, "zone.matrix")
    records = {"r": "v=DKIM1; k=rsa; p=" + spki(rsa), "e": "v=DKIM1; k=ed25519; p=" + spki(ed, raw=True)}
    with open(zone, "w", encoding="ascii") as file:
        for name, text in records.items():
            file.write("%s._domainkey.x.example TXT %s\n" % (name, quoted(text)))

    def txt(name, timeout=5):
        return records[name.decode("ascii")[0]].encode("ascii")

    for title, body in BODIES.items():
        message = HEADER + b"\r\n" + body
        for canon in ((h, b) for h in (b"relaxed", b"simple") for b in (b"relaxed", b"simple")):
            for selector, key, algorithm in ((b"r", traditional(rsa), b"rsa-sha256"), (b"e", seed(ed), b"ed25519-sha256")):
                fields = [b"From", b"To", b"Subject", b"Date", b"X-Twice", b"X-Twice", b"X-Twice", b"MIME-Version"]
                field = dkim.DKIM(message).sign(
                    selector, b"x.example", key, signature_algorithm=algorithm, canonicalize=canon, include_headers=fields
                )
                name = "%s, %s body" % (title, canon[1].decode("ascii"))
                if not dkim.verify(field + message, dnsfunc=txt):
                    raise SystemExit("dkimpy does not take its own signature: " + name)
                want = DEVIATIONS[name][0] if name in DEVIATIONS else "pass"
                desk.add(name, field + message, want)
                if want == "pass" and len(body) < 20000 and b"\r" not in body.replace(b"\r\n", b""):
                    desk.add(name + ", LF", (field + message).replace(b"\r\n", b"\n"), want)
                desk.add(name + ", To changed", (field + message).replace(b"c@far", b"d@far"), "fail")
                desk.add(name + ", X-Twice on top", b"X-Twice: zero\r\n" + field + message, "fail")
                if body.strip():
                    desk.add(name + ", body cut", (field + message).rstrip()[:-1], "fail")
                    desk.add(name + ", body longer", field + message + b"\r\nmore\r\n", "fail")
                    desk.add(name + ", a CR more", field + HEADER + b"\r\n\rx" + body, "fail")
    desk.run("signed by dkimpy", zone)


def special(desk, rsa, small):
    """What tags and key records may say."""
    zone = os.path.join(desk.top, "zone.special")
    p = "p=" + spki(rsa)
    bare, weak = spki(rsa), spki(small)
    with open(zone, "w", encoding="ascii") as file:
        rows = {
            "r": p,
            "v": "v=DKIM1; " + p,
            "late": p + "; v=DKIM1",
            "v2": "v=DKIM2; " + p,
            "y": "t=y; " + p,
            "s": "v=DKIM1; t=s:y; " + p,
            "tlsrpt": "s=tlsrpt; " + p,
            "email": "s=tlsrpt : email; " + p,
            "sha1": "h=sha1; " + p,
            "both": "h=sha1 : sha256; n=a note =20 here; " + p,
            "gone": "v=DKIM1; p=",
            "nop": "v=DKIM1; k=rsa",
            "base64": "p=%%%",
            "der": "p=" + base64.b64encode(b"no key at all" * 9).decode("ascii"),
            "ecc": "k=ecc; " + p,
            "ed": "k=ed25519; " + p,
            "weak": "p=" + weak,
            "twice": p + "; " + p,
            "folded": "p= %s \\009 %s" % (bare[:100], bare[100:]),
        }
        for name, text in rows.items():
            file.write("%s._domainkey.x.example TXT %s\n" % (name, '"%s"' % text if "\\" in text and len(text) < 250 else quoted(text)))
        file.write("many._domainkey.x.example TXT %s\nmany._domainkey.x.example TXT %s\n" % (quoted(p), quoted("v=DKIM1; " + p)))
        file.write("wild._domainkey.x.example TXT \"v=spf1 -all\"\nwild._domainkey.x.example TXT %s\n" % quoted(p))
        file.write("alias._domainkey.x.example CNAME r._domainkey.x.example\n")
        for word in ("TIMEOUT", "SERVFAIL", "BOGUS", "TRUNCATED"):
            file.write("%s._domainkey.x.example TXT %s\n" % (word.lower(), word))
        file.write("$SECURE secure.example\nr._domainkey.secure.example TXT %s\n" % quoted(p))

    def by(selector, tags=b"", key=rsa, **rest):
        return signed(key, tags, base=b"v=1; a=rsa-sha256; c=relaxed/relaxed; d=x.example; s=" + selector, **rest)

    for selector, want, flags, why in (
        (b"r", "pass", 0, ""),
        (b"v", "pass", 0, ""),
        (b"late", "permerror", 0, "version"),
        (b"v2", "permerror", 0, "version"),
        (b"y", "pass", TESTING, ""),
        (b"s", "pass", TESTING, ""),
        (b"tlsrpt", "permerror", 0, "not for mail"),
        (b"email", "pass", 0, ""),
        (b"sha1", "permerror", 0, "sha256"),
        (b"both", "pass", 0, ""),
        (b"gone", "permerror", REVOKED, "revoked"),
        (b"nop", "permerror", 0, "no key (p=)"),
        (b"base64", "permerror", 0, "base64"),
        (b"der", "permerror", 0, "decoded"),
        (b"ecc", "permerror", 0, "kind"),
        (b"ed", "permerror", 0, "32 octets"),
        (b"twice", "permerror", 0, "no list of tags"),
        (b"none", "permerror", 0, "no key in DNS"),
        (b"many", "permerror", 0, "several"),
        (b"wild", "pass", 0, ""),
        (b"alias", "pass", 0, ""),
        (b"timeout", "temperror", 0, "in time"),
        (b"servfail", "temperror", 0, "failed"),
        (b"bogus", "temperror", 0, "DNSSEC"),
        (b"truncated", "temperror", 0, "failed"),
        (b"no..name", "neutral", 0, "selector"),
        (b"a/b", "neutral", 0, "selector"),
    ):
        desk.add("key " + selector.decode("ascii"), by(selector), want, flags, why)
    desk.add("a weak key", by(b"weak", key=small), "policy" if small.key_size >= 512 else "pass", WEAK, "bits")
    desk.add("another's key", by(b"weak"), "fail")
    for tags, want, flags, why in (
        (b"t=%d" % NOW, "pass", 0, ""),
        (b"t=%d; x=%d" % (NOW - 9, NOW + 99999), "pass", 0, ""),
        (b"t=%d; x=%d" % (NOW - 99, NOW - 9), "policy", EXPIRED, "expired"),
        (b"x=%d" % (NOW - 9), "policy", EXPIRED, "expired"),
        (b"t=%d; x=%d" % (NOW, NOW - 9), "neutral", 0, "not behind"),
        (b"t=%d" % (NOW + 200000), "policy", 0, "to come"),
        (b"t=", "neutral", 0, "no number"),
        (b"t=x", "neutral", 0, "no number"),
        (b"x=-1", "neutral", 0, "no number"),
        (b"x=99999999999999999999", "neutral", 0, "no number"),
        (b"i=@x.example", "pass", 0, ""),
        (b"i=joe@sub.X.example", "pass", 0, ""),
        (b"i=@y.example", "neutral", 0, "identity"),
        (b"i=@notx.example", "neutral", 0, "identity"),
        (b"i=x.example", "neutral", 0, "no @"),
        (b"q=dns/txt", "pass", 0, ""),
        (b"q=http : dns/txt", "pass", 0, ""),
        (b"q=http", "neutral", 0, "q="),
        (b"z=From:x|To:y", "pass", 0, ""),
        (b"unknown=1", "pass", 0, ""),
        (b"d=y.example", "neutral", 0, "twice"),
        (b"9=1", "neutral", 0, "name"),
        (b"n", "neutral", 0, "value"),
        (b"n=\xc3\xa4", "neutral", 0, "ASCII"),
        (b"l=x", "neutral", 0, "no number"),
        (b"l=7", "pass", LENGTH, ""),
        (b"l=9", "fail", LENGTH, "shorter"),
    ):
        desk.add("tag " + tags.decode("latin-1"), by(b"r", tags), want, flags, why)
    desk.add("l= and text behind it", by(b"r", b"l=7", body=b"hello\r\nmore\r\n", over=b"hello\r\n"), "pass", LENGTH | LENGTH_SHORT)
    desk.add("l=0", by(b"r", b"l=0", over=b""), "pass", LENGTH | LENGTH_SHORT)
    desk.add("a subdomain that the key does not stand for", by(b"s", b"i=a@sub.x.example"), "permerror", TESTING, "t=s")
    for names, want, why in (
        (b"from", "pass", ""),
        (b"From : To", "pass", ""),
        (b"from:from", "pass", ""),
        (b"from:x-not-there", "pass", ""),
        (b"to:subject", "neutral", "From"),
        (b"", "neutral", "no list"),
        (b"from::to", "neutral", "no name"),
        (b":".join([b"from"] + [b"x"] * 300), "neutral", "too many"),
        (b"from:received", "pass", ""),
        (b"from:x-twice:x-twice", "pass", ""),
    ):
        desk.add("h=" + names.decode("ascii")[:20], by(b"r", names=names), want, 0, why)
    for base, want, flags, why in (
        (b"a=rsa-sha256; c=relaxed/relaxed; d=x.example; s=r", "neutral", 0, "version"),
        (b"v=2; a=rsa-sha256; c=relaxed/relaxed; d=x.example; s=r", "neutral", 0, "version"),
        (b"v=1; c=relaxed/relaxed; d=x.example; s=r", "neutral", 0, "a="),
        (b"v=1; a=rsa-sha512; c=relaxed/relaxed; d=x.example; s=r", "neutral", 0, "a="),
        (b"v=1; a=ed25519-sha256; c=relaxed/relaxed; d=x.example; s=r", "permerror", 0, "kind"),
        (b"v=1; a=rsa-sha256; c=relaxed/relaxed; s=r", "neutral", 0, "d="),
        (b"v=1; a=rsa-sha256; c=relaxed/relaxed; d=example; s=r", "neutral", 0, "one label"),
        (b"v=1; a=rsa-sha256; c=relaxed/relaxed; d=x.example.; s=r", "neutral", 0, "d="),
        (b"v=1; a=rsa-sha256; c=relaxed/relaxed; d=x.example", "neutral", 0, "s="),
        (b"v=1; a=rsa-sha256; c=loose; d=x.example; s=r", "neutral", 0, "c="),
        (b"v=1; a=rsa-sha256; c=relaxed/relaxed; d=X.Example; s=R", "pass", 0, ""),
        (b"v=1; a=rsa-sha256; c=relaxed/relaxed; d=secure.example; s=r", "pass", 0, ""),
        (b"v=1;a=rsa-sha256;\r\n\tc=relaxed/relaxed;\r\n d=x.example; s =\r\n r ", "pass", 0, ""),
    ):
        desk.add("base " + base.decode("ascii"), signed(rsa, base=base), want, flags, why)
    old = b"v=1; a=rsa-sha1; c=relaxed/relaxed; d=x.example; s=r"
    desk.add("rsa-sha1", signed(rsa, base=old, digest=hashes.SHA1()), "policy", SHA1, "RFC 8301")
    hostile(desk, by, rsa)
    desk.run("tags, key records and hostile messages", zone, "bits=1024")
    desk.add("a key of %d bits where %d are asked for" % (rsa.key_size, rsa.key_size + 8), by(b"r"), "policy", WEAK, "bits")
    desk.run("a minimum of the site's", zone, "bits=%d" % (rsa.key_size + 8))


def with_field(message, old, new):
    if old not in message:
        raise SystemExit("not in the message: %r" % old)
    return message.replace(old, new, 1)


def hostile(desk, by, rsa):
    good = by(b"r")
    mine, rest = good.split(b"\r\nReceived:", 1)
    rest = b"Received:" + rest
    # The signature of x.example once more, with another's name on it: it must not lend its result.
    other = mine.replace(b"d=x.example", b"d=secure.example")
    desk.add("the same b= under another name, first", other + b"\r\n" + mine + b"\r\n" + rest, ["fail", "pass"])
    desk.add("the same b= under another name, last", mine + b"\r\n" + other + b"\r\n" + rest, ["pass", "fail"])
    desk.add("the same field twice", mine + b"\r\n" + mine + b"\r\n" + rest, ["pass", "pass"])
    desk.add("a bad field in front", b"DKIM-Signature: x\r\n" + good, ["neutral", "pass"])
    desk.add("an empty field in front", b"DKIM-Signature:\r\n" + good, ["neutral", "pass"])
    length = by(b"r", b"l=3", over=b"hel").split(b"\r\nReceived:", 1)[0]
    desk.add("another's l= does not count", length + b"\r\n" + good, ["pass", "pass"], LENGTH | LENGTH_SHORT)
    desk.add("nor does it below", mine + b"\r\n" + length + b"\r\n" + rest, ["pass", "pass"], 0)
    desk.add("a signature that covers another", signed(rsa, header=good.partition(b"\r\n\r\n")[0] + b"\r\n", names=b"from:dkim-signature"), ["pass", "pass"])
    covered = by(b"r", names=b"from:dkim-signature", header=b"DKIM-Signature: nonsense;;\r\n" + HEADER)
    desk.add("a signature that covers nonsense", covered, ["pass", "neutral"])
    desk.add("12 of them", (mine + b"\r\n") * 11 + good, ["pass"] * 10)
    desk.add("10 bad ones on top", b"DKIM-Signature: v=1\r\n" * 10 + good, ["neutral"] * 10)
    desk.add("From once more on top", b"From: evil@y.example\r\n" + by(b"r", names=b"from:from"), "fail")
    desk.add("From once more below", with_field(good, b"\r\n\r\n", b"\r\nFrom: evil@y.example\r\n\r\n"), "fail")
    desk.add("the field without its end", good[: good.index(b"b=") + 40], "neutral")
    desk.add("b= cut", with_field(good, b"b=", b"b=AAAA"), "fail")
    desk.add("b= is no base64", with_field(good, b"; b=", b"; b=!"), "neutral", 0, "b=")
    desk.add("bh= cut", with_field(good, b"bh=", b"bh=AAAA"), "neutral", 0, "bh=")
    desk.add("no body, no end of the header", by(b"r", body=b"")[:-2], "pass")
    desk.add("no From", by(b"r", header=HEADER.replace(b"From:", b"Form:")), "pass")
    desk.add("From is nonsense", by(b"r", header=HEADER.replace(b'"A" <a@x.example>', b'<<"(((@@')), "pass")
    desk.add("From has 50000 octets", by(b"r", header=HEADER.replace(b'"A"', b'"' + b"A " * 25000 + b'"')), "pass")
    desk.add("a covered field of 70000 octets", by(b"r", header=HEADER.replace(b"folded", b"x" * 70000)), "neutral", 0, "too long")
    desk.add("a field of 70000 octets that nobody covers", by(b"r", header=b"X-Long: " + b"x" * 70000 + b"\r\n" + HEADER), "pass")
    desk.add("NUL in a covered field", with_field(good, b"c@far", b"c\0far"), "neutral", 0, "no header may")
    desk.add("NUL in another", with_field(good, b"from a by", b"from\0a by"), "pass")
    desk.add("VT for a space", with_field(good, b"folded\r\n  here", b"folded\v\r\n here"), "neutral")
    desk.add("a CR for a space", with_field(good, b'"A" <', b'"A"\r<'), "neutral")
    desk.add("3000 fields", by(b"r", header=b"X-Twice: 0\r\n" * 3000 + HEADER, names=b"from" + b":x-twice" * 200), "pass")
    desk.add("a space before the colon", by(b"r", header=HEADER.replace(b"Subject:", b"Subject  :")), "pass")
    desk.add("a tab before the colon", by(b"r", header=HEADER.replace(b"Subject:", b"Subject\t:")), "neutral")
    desk.add("no signature", HEADER + b"\r\nhello\r\n", [])
    desk.add("nothing", b"", [])
    desk.add("a line without a colon", b"DKIM-Signature\r\n" + good, ["neutral", "pass"])
    desk.add("a name with a semicolon", b"DKIM;Signature: x\r\n" + good, "pass")


def main():
    if not os.path.exists(ARCHIVE):
        print("1..0 # SKIP no %s" % ARCHIVE)
        return 0
    subprocess.run(["make", "-s", "-C", BUILD, "milters/auth/verify_file"], check=True, stdout=sys.stderr)
    with tempfile.TemporaryDirectory() as top:
        subprocess.run(["tar", "-x", "--zstd", "-f", ARCHIVE, "-C", top, FIXTURES], check=True)
        root = os.path.join(top, FIXTURES)
        rsa, ed, small = (load(os.path.join(root, "fixtures", "private-%s.pem" % name)) for name in ("rsa", "ed25519", "small"))
        desk = Desk(top)
        fixtures(desk, root)
        matrix(desk, rsa, ed)
        special(desk, rsa, small)
        print("1..%d" % desk.tests)
    return 1 if desk.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
