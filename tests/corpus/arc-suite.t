#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""arc-suite: the cases of the ARC suite (ValiMail's, in the JSON form that mailauth has of it), judged and sealed by milters/auth.

Validation: each message comes in pieces of 1 and 7 octets, too, and with LF for CRLF: the result is the same. What differs from the
suite is in DEVIATIONS, with the reason.

Sealing: instance, algorithm, canonical form, names, time, state of the chain and hash of the body are those of the suite. The rest of it
is a signer's choice: which fields are covered and in which order tags stand (so b= differs), and the results are those that we find, not
those that a field of the message claims. dkimpy says of each sealed message what it has to say, and so do we: pass, where the chain is
not broken; and it sees what was changed behind the seal.

Then chains that a sealer of a few lines makes: keys, times, lengths and orders that the suite has not.

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

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
ARCHIVE = os.path.join(SRC, "../shared/data/auth-suites.tar.zst")
SUITE = "auth-suites/mailauth/test/fixtures/arc/arc-draft-validation-tests.json"
SIGNING = "auth-suites/mailauth/test/fixtures/arc/arc-draft-sign-tests.json"
TOOL = os.path.join(BUILD, "milters/auth/verify_file")
SEALER = os.path.join(BUILD, "milters/auth/seal_file")

# case -> (what the suite wants, what we say, why)
DEVIATIONS = {
    "ams_fields_c_na": (
        "pass",
        "fail",
        "a message signature without c= is simple/simple, by RFC 6376 3.5, from which RFC 8617 4.1.2 does not differ; the suite's is relaxed/relaxed",
    ),
}


def scenarios(path):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    return data if isinstance(data, list) else [data]


def write_zone(path, records):
    with open(path, "w", encoding="ascii") as file:
        for name, text in records.items():
            text = text.replace("\n", "").replace("\\", "\\\\").replace('"', '\\"')
            pieces = [text[i : i + 200] for i in range(0, len(text), 200)] or [""]
            file.write("%s TXT %s\n" % (name, " ".join('"%s"' % piece for piece in pieces)))


def judge(zone, files, piece):
    """The word of the chain, and why, of each file."""
    run = subprocess.run([TOOL, "piece=%d" % piece, "now=1700000000", zone] + files, check=True, stdout=subprocess.PIPE, encoding="ascii")
    found, name = {}, ""
    for line in run.stdout.splitlines():
        row = line.split("\t")
        if row[0] == "arc":
            found[name] = (row[1], row[-1], row[4])
        elif row[0] != "dkim":
            name = row[0]
    return found


def check_scenario(scenario, top):
    """What is not as expected, and how many cases there are."""
    zone = os.path.join(top, "zone")
    write_zone(zone, scenario.get("txt-records") or {})
    files = {}
    for name, case in scenario["tests"].items():
        for form, end in (("crlf", "\r\n"), ("lf", "\n")):
            path = os.path.join(top, "%s.%s" % (name, form))
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(case["message"].replace("\r\n", "\n").replace("\n", end))
            files[path] = (name, (case["cv"] or "").lower())
    bad = []
    for piece in (0, 1, 7):
        found = judge(zone, list(files), piece)
        for path, (name, want) in files.items():
            word, why, _ = found.get(path, ("nothing", "", 0))
            good = word == want if want else word != "pass"
            if name in DEVIATIONS:
                good = (want, word) == DEVIATIONS[name][:2]
            if not good:
                bad.append("%s: the suite says %s, we say %s (%s)" % (os.path.basename(path), want or "anything but pass", word, why))
    return bad, len(scenario["tests"])


def tags(value):
    """Tags of a signature without white space."""
    rows = (row.partition("=") for row in value.strip().rstrip(";").split(";"))
    return {name.strip(): "".join(text.split()) for name, _, text in rows}


def header_of(message):
    """Fields of a message from the top: name in lower case, value."""
    fields = []
    for line in message.partition("\r\n\r\n")[0].split("\r\n"):
        if line[:1] in " \t" and fields:
            fields[-1][1] += line
        elif line:
            name, _, value = line.partition(":")
            fields.append([name.lower(), value])
    return fields


def by_dkimpy(message, records):
    def txt(name, timeout=5):
        text = records.get(name.decode("ascii").rstrip("."))
        return text.replace("\n", "").encode("ascii") if text else None

    return (dkim.arc_verify(message.encode("utf-8"), dnsfunc=txt)[0] or b"fail").decode("ascii")


def seal_problems(name, case, scenario, top):
    """What is wrong with the seal of one case."""
    zone, key, path, sealed_path = (os.path.join(top, word) for word in ("zone", "key", "message", "sealed"))
    records = scenario["txt-records"]
    write_zone(zone, records)
    with open(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(scenario["privatekey"])
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(case["message"].replace("\r\n", "\n").replace("\n", "\r\n"))
    argv = [SEALER, zone, scenario["domain"], scenario["sel"], key, case["srv-id"], str(case["t"]), path]
    run = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if run.returncode:
        return [run.stderr.decode()]
    sealed = run.stdout.decode("utf-8")
    if not case["AS"].strip():
        return [] if b"no seal" in run.stderr else ["there is a seal"]
    fields = header_of(sealed)
    if [row[0] for row in fields[:3]] != ["arc-seal", "arc-message-signature", "arc-authentication-results"]:
        return ["the set is not on top: %s" % run.stderr.decode()]
    bad = []
    for field, want, names in ((fields[0][1], case["AS"], "i a cv d s t"), (fields[1][1], case["AMS"], "i a c d s t bh")):
        ours, theirs = tags(field), tags(want)
        bad += ["%s=%s, the suite has %s" % (tag, ours.get(tag), theirs[tag]) for tag in names.split() if ours.get(tag) != theirs[tag]]
    if [row.strip() for row in fields[2][1].split(";")[:2]] != [row.strip() for row in case["AAR"].split(";")[:2]]:
        bad.append("results begin with %s" % fields[2][1][:40])
    with open(sealed_path, "w", encoding="utf-8", newline="") as file:
        file.write(sealed)
    want = "fail" if tags(case["AS"])["cv"] == "fail" else "pass"
    if by_dkimpy(sealed, records) != want:
        bad.append("dkimpy says %s" % by_dkimpy(sealed, records))
    if judge(zone, [sealed_path], 0)[sealed_path][0] != want:
        bad.append("we say %s of it" % (judge(zone, [sealed_path], 0)[sealed_path],))
    for old, new in (("Subject: ", "Subject: x"), ("--J.", "--K."), ("; lists.example.org", "; lists.example.com")):
        if old in sealed and by_dkimpy(sealed.replace(old, new, 1), records) == "pass":
            bad.append("dkimpy does not see that %s was changed" % old)
    return bad


def check_sealing(scenario, top):
    """Prints what is wrong; the number of cases that are."""
    wrong = 0
    for name, case in scenario["tests"].items():
        bad = seal_problems(name, case, scenario, top)
        wrong += bool(bad)
        for line in bad:
            print("# %s: %s" % (name, line))
    return wrong


# ---- what the suite has not: chains by a sealer of a few lines -------------------------------------------------------------------


def relaxed(name, value):
    return b"%s:%s" % (name.lower(), re.sub(rb"[ \t\r\n]+", b" ", value).strip())


def sign(key, octets):
    return base64.b64encode(key.sign(octets, padding.PKCS1v15(), hashes.SHA256()))


class Chain:
    """A message and its sets, oldest first."""

    def __init__(self, key, body=b"hello\r\n"):
        self.key, self.body, self.sets = key, body, []
        self.fields = [(b"From", b" joe@x.example"), (b"Subject", b" results")]

    def seal(self, cv, tags=b"", names=b"from:subject", selector=b"r", instance=None, signed_body=None, seal_selector=None):
        i = b"%d" % (instance or len(self.sets) + 1)
        bh = base64.b64encode(hashlib.sha256(self.body if signed_body is None else signed_body).digest())
        ams = b" i=%s; a=rsa-sha256; c=relaxed/relaxed; d=x.example; s=%s%s; h=%s; bh=%s; b=" % (i, selector, b"; " + tags if tags else b"", names, bh)
        covered = [f for name in names.split(b":") for f in self.fields if f[0].lower() == name]
        text = b"".join(relaxed(*f) + b"\r\n" for f in covered) + relaxed(b"ARC-Message-Signature", ams)
        aar = b" i=%s; mx.example; dmarc=pass header.from=x.example; spf=fail" % i
        seal = b" i=%s; a=rsa-sha256; cv=%s; d=%s.example; s=%s; b=" % (i, cv, b"x" if i == b"1" else b"s" + i, seal_selector or selector)
        self.sets.append([(b"ARC-Authentication-Results", aar), (b"ARC-Message-Signature", ams + sign(self.key, text))])
        text = b"\r\n".join(relaxed(*f) for one in self.sets for f in one) + b"\r\n" + relaxed(b"ARC-Seal", seal)
        self.sets[-1].append((b"ARC-Seal", seal + sign(self.key, text)))
        return self

    def message(self):
        fields = [f for one in reversed(self.sets) for f in reversed(one)] + self.fields
        return b"".join(b"%s:%s\r\n" % f for f in fields) + b"\r\n" + self.body


def more_chains(key, weak):
    """title -> (message, word, oldest pass, a word of why)"""
    good = Chain(key).seal(b"none").seal(b"pass").seal(b"pass")
    rows = {
        "one set": (Chain(key).seal(b"none").message(), "pass", 0, ""),
        "three sets": (good.message(), "pass", 0, ""),
        "a weak key": (Chain(weak).seal(b"none", selector=b"weak").message(), "fail", 0, "bits"),
        "no key": (Chain(key).seal(b"none", selector=b"none").message(), "fail", 0, "no key"),
        "DNS is slow for the newest": (Chain(key).seal(b"none").seal(b"pass", selector=b"slow").message(), "temperror", 0, "in time"),
        "DNS fails for a seal": (Chain(key).seal(b"none", seal_selector=b"broken").seal(b"pass").message(), "temperror", 0, "instance 1"),
        "DNSSEC proves a key wrong": (Chain(key).seal(b"none", selector=b"bogus").message(), "temperror", 0, "DNSSEC"),
        "an old message signature that nobody can prove": (Chain(key).seal(b"none", selector=b"none", seal_selector=b"r").seal(b"pass").message(), "pass", 2, ""),
        "expired": (Chain(key).seal(b"none", b"t=1600000000; x=1600000001").message(), "fail", 0, "expired"),
        "l= of all": (Chain(key).seal(b"none", b"l=7").message(), "pass", 0, ""),
        "l= of less": (Chain(key).seal(b"none", b"l=3", signed_body=b"hel").message(), "fail", 0, "l="),
        "l= of more": (Chain(key).seal(b"none", b"l=9").message(), "fail", 0, "l="),
        "an instance is missing": (Chain(key).seal(b"none").seal(b"pass", instance=3).message(), "fail", 0, "not whole"),
        "instance 51": (Chain(key).seal(b"none", instance=51).message(), "fail", 0, "1 to 50"),
        "a second cv=none": (Chain(key).seal(b"none").seal(b"none").message(), "fail", 0, "cv=pass"),
        "sealed as broken": (Chain(key).seal(b"none").seal(b"fail").message(), "fail", 0, "broken"),
        "a set twice": (good.message().partition(b"From:")[0] + good.message(), "fail", 0, "two fields"),
        "NUL in a covered field": (good.message().replace(b"results\r\n\r\n", b"re\0ults\r\n\r\n"), "fail", 0, "no header may"),
        "a CR in a seal": (good.message().replace(b"cv=pass;", b"cv=pass;\r", 1), "fail", 0, "no header may"),
        "a field on top of a covered one": (b"Subject: x\r\n" + good.message(), "pass", 0, ""),
        "a field below it": (good.message().replace(b"results\r\n", b"results\r\nSubject: x\r\n"), "fail", 0, "does not fit"),
    }
    many = Chain(key)
    for i in range(50):
        many.seal(b"pass" if i else b"none")
    rows["50 sets by 50 keys"] = (many.message(), "pass", 0, "")
    keys = Chain(key)
    for i in range(30):
        keys.seal(b"pass" if i else b"none", selector=b"k%d" % i)
    rows["60 keys: ten old message signatures are not looked at"] = (keys.message(), "pass", 11, "")
    return rows


def check_more(top):
    key, weak = (rsa.generate_private_key(65537, bits) for bits in (1024, 768))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    zone = os.path.join(top, "zone")
    with open(zone, "w", encoding="ascii") as file:
        for domain in ["x"] + ["s%d" % i for i in range(1, 51)]:
            for selector, of in (("r", key), ("weak", weak), *(("k%d" % i, key) for i in range(30))):
                text = "p=" + base64.b64encode(of.public_key().public_bytes(serialization.Encoding.DER, form)).decode("ascii")
                file.write("%s._domainkey.%s.example TXT \"%s\" \"%s\"\n" % (selector, domain, text[:200], text[200:]))
            for selector, word in (("slow", "TIMEOUT"), ("broken", "SERVFAIL"), ("bogus", "BOGUS")):
                file.write("%s._domainkey.%s.example TXT %s\n" % (selector, domain, word))
    rows = more_chains(key, weak)
    files = {}
    for n, title in enumerate(rows):
        files[title] = os.path.join(top, "chain%d" % n)
        with open(files[title], "wb") as file:
            file.write(rows[title][0])
    found = judge(zone, list(files.values()), 0)
    wrong = 0
    for title, (_, word, oldest, why) in rows.items():
        said = found.get(files[title], ("nothing", "", 0))
        if said[0] != word or int(said[2]) != oldest or why not in said[1]:
            print("# %s: %s, not %s" % (title, said, (word, why, oldest)))
            wrong += 1
    return wrong, len(rows)


def main():
    if not os.path.exists(ARCHIVE):
        print("1..0 # SKIP no %s" % ARCHIVE)
        return 0
    subprocess.run(["make", "-s", "-C", BUILD, "milters/auth/verify_file", "milters/auth/seal_file"], check=True, stdout=sys.stderr)
    wrong = 0
    with tempfile.TemporaryDirectory() as top:
        subprocess.run(["tar", "-x", "--zstd", "-f", ARCHIVE, "-C", top, SUITE, SIGNING], check=True)
        rows = scenarios(os.path.join(top, SUITE))
        known = [name for row in rows for name in row["tests"]]
        for n, row in enumerate(rows, 1):
            bad, cases = check_scenario(row, top)
            for line in bad:
                print("# " + line)
            wrong += bool(bad)
            print("%sok %d - %s: %d cases" % ("not " if bad else "", n, row["description"].strip(), cases))
        signing = scenarios(os.path.join(top, SIGNING))
        for n, row in enumerate(signing, len(rows) + 1):
            bad = check_sealing(row, top)
            wrong += bad
            print("%sok %d - sealing, %s: %d cases" % ("not " if bad else "", n, row["description"].strip(), len(row["tests"])))
        bad, count = check_more(top)
        wrong += bad
        print("%sok %d - chains by a sealer of a few lines: %d" % ("not " if bad else "", len(rows) + len(signing) + 1, count))
        gone = [name for name in DEVIATIONS if name not in known]
        print("%sok %d - all %d deviations are of cases that are there, of %d" % ("not " if gone else "", len(rows) + len(signing) + 2, len(DEVIATIONS), len(known)))
        print("1..%d" % (len(rows) + len(signing) + 2))
    return 1 if wrong or gone else 0


if __name__ == "__main__":
    sys.exit(main())
