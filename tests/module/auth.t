#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl auth, with the built module: what it says of messages that dkimpy signed, with records out of a file, is what dkimpy and the
RFCs say; strangers' texts stay on their lines; and the field that it would add is read by python3-authres as it was meant."""
import base64
import json
import os
import subprocess
import sys
import tempfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("MILWARD_BUILD", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "mta"))
from lab.tap import Tap, skip_all  # noqa: E402

try:
    import authres
    import dkim
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
except ImportError as e:
    skip_all("python3-authres, python3-dkim or python3-cryptography is missing: %s" % e)
if not os.path.exists(os.path.join(BUILD, "modules", ".libs", "auth.so")):
    skip_all("the auth module is not built as a loadable file")

tap = Tap()
work = tempfile.TemporaryDirectory()
PEM, PUBLIC = {}, {}
for name, bits in (("s1", 2048), ("weak", 512)):
    private = rsa.generate_private_key(65537, bits)
    PEM[name] = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                                      serialization.NoEncryption())
    PUBLIC[name] = base64.b64encode(private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()


def txt(name, text):
    return "%s TXT %s\n" % (name, " ".join('"%s"' % text[i:i + 200] for i in range(0, len(text), 200)))


ZONE = "".join((
    txt("a.example", "v=spf1 ip4:192.0.2.0/24 -all"), txt("s1._domainkey.a.example", "v=DKIM1; k=rsa; p=" + PUBLIC["s1"]),
    txt("weak._domainkey.a.example", "v=DKIM1; k=rsa; p=" + PUBLIC["weak"]), txt("_dmarc.a.example", "v=DMARC1; p=reject; sp=quarantine"),
    "$SECURE sec.example\n", txt("s1._domainkey.sec.example", "v=DKIM1; k=rsa; p=" + PUBLIC["s1"]), txt("_dmarc.sec.example", "v=DMARC1; p=none"),
    "slow.example * TIMEOUT\n*.slow.example * TIMEOUT\n", "servfail.example * SERVFAIL\n*.servfail.example * SERVFAIL\n",
    "bogus.example * BOGUS\n*.bogus.example * BOGUS\n", txt("evil.example", "v=spf1 exp=why.evil.example -all"),
    txt("why.evil.example", "say \\027[31m this; spf=pass \\\" (x"), txt("broken.example", "v=spf1 ip4:300.1.2.3 \\027[31m -all"),
    txt("_dmarc.broken.example", "v=DMARC1; p=\\027[31m")))
RECORDS = os.path.join(work.name, "zone")
with open(RECORDS, "w") as out:
    out.write(ZONE)


def write(data):
    path = os.path.join(work.name, "m.eml")
    with open(path, "wb") as f:
        f.write(data)
    return path


def ctl(data, *arguments, records=RECORDS):
    done = subprocess.run([os.path.join(BUILD, "milwardctl"), "--modules", os.path.join(BUILD, "modules", ".libs"), "auth", "--records", records,
                           *arguments, write(data)], capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def mail(author="joe@a.example", body="hello\r\n"):
    return ("From: %s\r\nTo: nurse@clinic.example\r\nSubject: results\r\nDate: Mon, 22 Nov 2026 10:00:00 +0000\r\n\r\n%s" % (author, body)).encode()


def signed(message, domain="a.example", selector="s1", **more):
    return dkim.sign(message, selector.encode(), domain.encode(), PEM[selector], include_headers=[b"from", b"subject"], **more) + message


def results(data, client="192.0.2.1", helo="mx.a.example", sender="joe@a.example"):
    code, out, err = ctl(data, "--json", "--ip", client, "--helo", helo, "--from", sender)
    if code:
        return {"error": err}
    found = json.loads(out)
    words = {c["check"] + ("-helo" if c.get("identity") == "helo" else ""): c for c in found["checks"]}
    words["field"] = found["authentication_results"]
    return words


def fields(found):
    """(method, result) as another reader of RFC 8601 sees them."""
    return [(r.method, r.result) for r in authres.AuthenticationResultsHeader.parse("Authentication-Results:" + found["field"]).results]


def same(found, checks, wanted, name):
    tap.ok([word(found, c) for c in checks] == wanted, name, found)


def word(found, check):
    return found.get(check, {}).get("result", "none")


good = results(signed(mail()))
same(good, ("spf", "dkim", "dmarc"), ["pass"] * 3, "signed, and from its own host: all pass")
tap.ok(good["dkim"]["bits"] == 2048 and good["dkim"]["domain"] == "a.example" and not good["dkim"]["secure"], "the key is described", good)
tap.ok(any(r["name"] == "s1._domainkey.a.example" and PUBLIC["s1"] in r["data"][0] for r in good["dkim"]["records"]), "and shown")
tap.ok(good["field"].count("\n") > 3 and "dmarc=pass" in good["field"] and "header.from=a.example" in good["field"], "the field that is added", good)

forged = results(mail(), client="198.51.100.9")
same(forged, ("spf", "dkim", "dmarc"), ["fail", "none", "fail"], "from elsewhere and not signed: it fails")
tap.equal(forged["dmarc"]["asks"], "reject", "and its domain asks to refuse it")
below = results(mail("joe@lists.a.example"), client="198.51.100.9")
tap.equal(below["dmarc"]["asks"], "quarantine", "below the domain: sp")
spoiled = results(signed(mail()).replace(b"hello", b"hullo"), client="198.51.100.9")
same(spoiled, ("dkim", "dmarc"), ["fail", "fail"], "a body that was changed")
other = results(signed(mail("joe@bank.example")), sender="joe@a.example")
same(other, ("spf", "dkim", "dmarc"), ["pass", "pass", "none"], "others' From: SPF and DKIM pass for somebody else")
weak = results(signed(mail(), selector="weak"), client="198.51.100.9")
same(weak, ("dkim", "dmarc"), ["policy", "fail"], "a key of 512 bits counts for nothing")
tap.ok("weak key" in weak["dkim"]["flags"], "and is named", weak)
tail = results(signed(mail(), length=True) + b"more\r\n", client="198.51.100.9")
tap.ok({"l=", "text behind l="} <= set(tail["dkim"]["flags"]), "text that l= leaves open is named", tail)
secure = results(signed(mail("joe@sec.example"), domain="sec.example"), sender="joe@sec.example")
tap.ok(secure["dkim"]["secure"] and word(secure, "dmarc") == "pass" and "secure" in secure["field"], "a key that DNSSEC proves", secure)

for domain in ("slow.example", "servfail.example", "bogus.example"):
    found = results(signed(mail("joe@" + domain), domain=domain), sender="joe@" + domain, helo="mx." + domain)
    tap.ok({word(found, c) for c in ("spf", "spf-helo", "dkim", "dmarc")} <= {"temperror", "permerror"} and word(found, "dmarc") == "temperror",
           "%s: nothing passes and nothing fails" % domain, found)

code, out, err = ctl(mail("joe@broken.example"), "--ip", "192.0.2.1", "--helo", "x\033[31m", "--from", "joe\n\033@evil.example")
tap.ok(code == 0 and "\033" not in out, "no escape of a stranger reaches the terminal", out + err)
for domain in ("evil.example", "broken.example"):
    found = results(mail("joe@" + domain), sender="joe@" + domain)
    tap.ok("spf=pass" not in found["field"].replace("\\\"", "").split("reason=")[0] and "\033" not in found["field"], "%s: nor the field" % domain, found)
    tap.ok(all("\n" not in c.get("why", "") and len(c.get("why", "")) < 200 for c in found.values() if isinstance(c, dict)), "reasons are one line", found)
for found in (good, forged, spoiled, weak, secure, results(mail("joe@evil.example"), sender="joe@evil.example", helo="x; spf=pass (\\")):
    wanted = [(c, word(found, k)) for c, k in (("dmarc", "dmarc"), ("spf", "spf"), ("spf", "spf-helo"), ("dkim", "dkim")) if k in found]
    tap.equal(fields(found), wanted, "another reader sees the same: %s" % " ".join("=".join(w) for w in wanted))
code, out, err = ctl(mail(), "--ip", "192.0.2.1", "--from", "joe@a.example")
tap.ok(code == 0 and "SPF of a.example (sender)" in out and "v=spf1 ip4:192.0.2.0/24 -all" in out and "\033" not in out, "step by step, for a person", out + err)
code, out, err = ctl(mail(), "--colour", "always", "--ip", "192.0.2.1", "--from", "joe@a.example")
tap.ok(code == 0 and "\033[32mpass" in out, "in colour when asked", out + err)
for arguments, why in ((["--ip", "1.2.3"], "no address"), (["--nonsense"], "usage"), (["--lookup", "x"], "not both")):
    code, out, err = ctl(mail(), *arguments)
    tap.ok(code == 64 and why in err and not out, "refused: %s" % " ".join(arguments), out + err)
code, out, err = ctl(mail(), records=os.path.join(work.name, "none"))
tap.ok(code == 1 and "none" in err and not out, "records that are not there", out + err)
sys.exit(tap.end())
