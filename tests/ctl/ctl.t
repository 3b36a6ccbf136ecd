#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl against its contract: check, scan --json, text, explain. TAP; run with BUILD=<build folder>, or from it."""
import json
import os
import pathlib
import pty
import socket
import subprocess
import tempfile
import threading

from common import BUILD, ENV, TAP, finish, ok, run as ctl


def terminal(*args):
    """What the command writes to a terminal."""
    master, slave = pty.openpty()
    p = subprocess.Popen([BUILD / "milwardctl", "--colour", "never", *map(str, args)], env=ENV, stdout=slave, stderr=slave)
    os.close(slave)
    out = b""
    try:
        while piece := os.read(master, 65536):
            out += piece
    except OSError:
        pass  # it has ended
    os.close(master)
    p.wait(30)
    return out


def scan_lines(*args):
    code, out, err = ctl("scan", "--json", *args)
    return code, [json.loads(line) for line in out.decode().splitlines()], err


POLICY = """
load phi with extract-html, check-us grant text
load route grant route, edit, run { mta none; portal yes }
table <ours> { "clinic.example" }
table <partners> { "partner.example" }
include "rules/hipaa-identifiers.rules", "rules/clinical.rules"
class phi when phi.identifiers >= 1 and phi.clinical >= 1
match class phi to <partners> then send by tls(verified) or portal
match class phi to external then hold "a person must look"
match any then pass
"""
NAMED = b"""From: nurse@clinic.example
To: jones@patient.example
Subject: file
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b

as promised
--b
Content-Type: image/png; name="=?utf-8?q?Jones=5FSSN=5F219-09-9998=5Fdiabetes=5Fmellitus.png?="
Content-Disposition: attachment
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--b--
"""
MESSAGE = b"""From: nurse@clinic.example
To: jones@patient.example
Subject: =?utf-8?q?Your_r=C3=A9sults?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>Dear Ms. Jones, your hemoglobin A1c and the diagnosis of type 2 diabetes=
 mellitus are in. SSN: <b>219</b>-09-9998, DOB 03/04/1961.</p>
--b
Content-Type: application/octet-stream; name="x.bin"
Content-Transfer-Encoding: base64

AAECAwQF
--b--
"""

work = tempfile.TemporaryDirectory()
os.chmod(work.name, 0o755)
W = pathlib.Path(work.name)
(W / "p.policy").write_text(POLICY)
(W / "m.eml").write_bytes(MESSAGE)
(W / "crlf.eml").write_bytes(MESSAGE.replace(b"\n", b"\r\n"))
(W / "plain.txt").write_text("Zoë Jones, SSN: 219-09-9998, diagnosis: asthma\n", encoding="utf-8")

# check
code, out, err = ctl("check", W / "p.policy")
ok(code == 0 and b"ok" in out, "check accepts a right policy", err)
(W / "bad.policy").write_text(POLICY.replace("grant text", "grant txet").replace("hold \"", "holt \""))
code, out, err = ctl("check", W / "bad.policy")
ok(code == 1 and "bad.policy:2:" in err and 'did you mean "text"' in err and 'did you mean "hold"' in err and "3 errors" in err,
   "check shows all errors with place and suggestion", err)
code, out, err = ctl("check", "--json", W / "bad.policy")
rows = [json.loads(line) for line in out.decode().splitlines()]
ok(code == 1 and len(rows) == 3 and all(r["severity"] == "error" and r["line"] and r["column"] for r in rows), "check --json", out)
code, out, err = ctl("check", W / "absent.policy")
ok(code == 1 and "absent.policy" in err, "check names a missing file", err)
(W / "sample.policy").write_text(POLICY + 'rule own { kind identifier; pattern /\\bABC-\\d{4}\\b/; level 90; hit "ABC-12"; miss "ABC-1234" }\n')
code, out, err = ctl("check", W / "sample.policy")
ok(code == 1 and err.count("sample.policy:") >= 2, "check runs hit and miss samples", err)

code, out, err = ctl("check", W / "p.policy")
ok(code == 0 and "p.policy:8:1: warning: no line asks for what is unreadable" in err, "check says that a policy forgets what is unreadable", err)
(W / "minds.policy").write_text(POLICY.replace("match any", "match unreadable to external then tempfail\nmatch any"))
code, out, err = ctl("check", W / "minds.policy")
ok(code == 0 and "unreadable" not in err, "and not of one that does not", err)
(W / "half.policy").write_text(POLICY.replace('<partners> { "partner.example" }', '<partners> file "/proc/version"'))
code, out, err = ctl("check", W / "half.policy")
ok(code == 1 and "half.policy:5:" in err and "its size changed" in err, "a table that is being written is not taken half", err)

# scan
code, rows, err = scan_lines("--policy", W / "p.policy", W / "m.eml", W / "crlf.eml")
ok(code == 0 and len(rows) == 2 and rows[0]["classes"] == ["phi"] == rows[1]["classes"], "scan finds the class", (rows, err))
ssn = [f for f in rows[0]["findings"] if f["rule"] == "us-ssn"] if rows else []
ok(len(ssn) == 1 and set(ssn[0]) >= {"rule", "kind", "part", "zone", "offset", "length", "confidence"}, "a finding has the contract's members", ssn)
ok(bool(rows) and rows[0]["unreadable"] == [{"part": "2", "name": "x.bin", "reason": "unknown-format"}], "unreadable parts are named", rows)
ok(len(rows) == 2 and [(f["rule"], f["offset"]) for f in rows[0]["findings"]] == [(f["rule"], f["offset"]) for f in rows[1]["findings"]],
   "LF and CRLF files give the same findings")
if ssn:
    code, out, err = ctl("-p", W / "p.policy", "text", "--part", ssn[0]["part"], W / "m.eml")
    cut = out[ssn[0]["offset"]:ssn[0]["offset"] + ssn[0]["length"]]
    ok(code == 0 and cut == b"219-09-9998", "offset and length cut the match out of the part's text", cut)
(W / "name.eml").write_bytes(NAMED)
code, rows, err = scan_lines("--policy", W / "p.policy", W / "name.eml")
named = [f for f in rows[0]["findings"] if f["rule"] == "us-ssn"] if rows else []
ok(code == 0 and rows[0]["classes"] == ["phi"] and [(f["part"], f["zone"]) for f in named] == [("2.name", "filename")], "a file name is scanned", rows)
code, rows, err = scan_lines("--policy", W / "p.policy", "--text", W / "plain.txt")
text = (W / "plain.txt").read_bytes()
ok(code == 0 and rows[0]["findings"] and all(f["part"] == "0" for f in rows[0]["findings"]) and
   any(text[f["offset"]:f["offset"] + f["length"]] == b"219-09-9998" for f in rows[0]["findings"]), "scan --text is part 0, offsets count octets", rows)
code, out, err = ctl("scan", "--json", "--policy", W / "p.policy", "--text", "-", stdin=text)
ok(code == 0 and [f["offset"] for f in json.loads(out)["findings"]] == [f["offset"] for f in rows[0]["findings"]], "and out of a pipe", (out, err))
(W / "why.rules").write_text("""rule a { kind identifier; pattern /A\\d/; near "chart" before within 9; near who rule b within 9; level 40, 80 when near, 90 when who; hit "A1"; miss "A" }
rule b { kind identifier; pattern /B\\d/; shadow; hit "B1"; miss "B" }
rule c { kind identifier; pattern /C\\d/; hit "C1"; miss "C"; near who rule d within 9; level 40, 80 when who }
rule d { kind identifier; pattern /D\\d/; hit "D1"; miss "D" }
""")
(W / "why.txt").write_text("A1\n\nchart A2\n\nB1\n\nC1 D1\n")
code, rows, err = scan_lines("--policy", W / "why.rules", "--text", W / "why.txt")
ok([(f["rule"], f["confidence"], f.get("why"), f.get("shadow")) for f in rows[0]["findings"]] == [
    ("a", 40, "no context", None), ("a", 80, 'near "chart"', None), ("b", 75, "in shadow", True), ("c", 80, "near who rule d", None), ("d", 75, None, None)],
   "scan --json says why", rows)
code, rows, err = scan_lines("--policy", W / "p.policy", W / "absent.eml", W / "m.eml")
ok(code == 1 and len(rows) == 2 and "error" in rows[0] and "error" not in rows[1], "an unreadable input prints its object and exit 1", rows)
(W / "d/sub").mkdir(parents=True)
for name in ("d/b.eml", "d/a.eml", "d/sub/c.eml", "d/.hidden"):
    (W / name).write_bytes(MESSAGE)
code, rows, err = scan_lines("--policy", W / "p.policy", W / "d")
ok([pathlib.Path(r["file"]).name for r in rows] == ["a.eml", "b.eml", "c.eml"], "folders are searched in order", rows)
code, rows, err = scan_lines(W / "m.eml")
ok(code == 0 and rows and "phi" in rows[0]["classes"], "without --policy the default policy is used", (rows, err))

(W / "d/sub/again").symlink_to(".")
(W / "d/sub/up").symlink_to("..")
code, rows, err = scan_lines("--policy", W / "p.policy", W / "d")
ok([pathlib.Path(r["file"]).name for r in rows] == ["a.eml", "b.eml", "c.eml"], "links that lead up again are not followed", [r["file"] for r in rows])
(W / "d/sub/again").unlink()
(W / "d/sub/up").unlink()
os.mkfifo(W / "d/pipe.eml")
code, rows, err = scan_lines("--policy", W / "p.policy", W / "d")
ok(code == 1 and len(rows) == 3 and "pipe.eml: not a regular file" in err, "a pipe in a folder is not waited for", (rows, err))
(W / "d/pipe.eml").unlink()
(W / "deep.policy").write_text(POLICY + "limit parts 1\n")
code, rows, err = scan_lines("--policy", W / "deep.policy", W / "m.eml")
ok(code == 0 and [c["cause"] for c in rows[0]["causes"]] == ["limit.parts"], "what a message meets is told", (rows, err))
latin = os.fsencode(W) + b"/d/M\xfcller.eml"
pathlib.Path(os.fsdecode(latin)).write_bytes(MESSAGE)
code, out, err = ctl("scan", "-p", W / "p.policy", "--json", os.fsdecode(latin))
ok(code == 0 and "M\ufffdller.eml" in json.loads(out)["file"], "a name that is not UTF-8", (out, err))
code, out, err = ctl("scan", "-p", W / "p.policy", "--json", os.fsdecode(latin + b"x"))
ok(code == 1 and "M\ufffdller.emlx" in json.loads(out).get("error", ""), "and one of no file", (out, err))
pathlib.Path(os.fsdecode(latin)).unlink()

# text
code, out, err = ctl("text", W / "m.eml")
ok(code == 0 and "Your résults" in out.decode() and b"219-09-9998" in out and b"unreadable: unknown-format" in out, "text prints the parts", out)
code, out, err = ctl("text", "--part", "9.9", W / "m.eml")
ok(code == 1 and "9.9" in err, "text names a part that is not there", err)

# what is in a message does not drive the terminal
(W / "esc.eml").write_text("Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n\ta\u001b[31mb\u009b32mc\n", encoding="utf-8")
for args in (["text", W / "esc.eml"], ["text", "--part", "1", W / "esc.eml"]):
    shown = terminal(*args)
    ok(b"\ta\\x1b[31mb\\xc2\\x9b32mc" in shown, "on a terminal, %s shows control characters" % " ".join(map(str, args[:-1])), shown)
code, out, err = ctl("text", "--part", "1", W / "esc.eml")
ok(out == "\ta\u001b[31mb\u009b32mc\n".encode(), "elsewhere the octets are as they are", out)

code, out, err = ctl("scan", W / "no\u001b[31m\u009bfile")
ok(code == 1 and "/no\\x1b[31m\\xc2\\x9bfile" in err, "nor does the name of a file", err)

# explain
code, out, err = ctl("-p", W / "p.policy", "explain", "--from", "nurse@clinic.example", "--to", "x@clinic.example", "--to",
                     "y@partner.example", "--to", "jones@patient.example", W / "m.eml")
text = out.decode()
ok(code == 0 and "219-09" not in text and "Jones" not in text and "résults" not in text, "explain prints no matched text and no Subject", text)
ok("p.policy:8" in text and "p.policy:9" in text and "p.policy:10" in text, "explain names the deciding line of each recipient", text)
ok("tls(verified)" in text and "does not" in text and "a person must look" in text, "explain says why the others did not", text)
us = [line for line in text.splitlines() if line.split()[:1] == ["us-ssn"]]
ok(len(us) == 1 and us[0].split()[2] == "95" and us[0].endswith('near "ssn"'), "explain says which word made it sure", us)
(W / "why.rules").write_text("""rule guest {
    about   "a guest of the ward"
    kind    identifier
    pattern /\\bguest \\K[A-Z]\\w+/
    near ward rule wards within 15
    near party "dinner" within 40
    weigh   2 ward, -3 party
    level   70 when weight >= 2, 90 when weight >= 2 and near ill
    near ill "fever" within 30
    except  "Nobody"
    zone    not subject
    hit     "guest Ray on the ward"
    miss    "guest Ray", "guest Nobody on the ward"
}
words wards { kind context terms "ward", "bed" hit "ward" miss "room" }
rule number { about "x" kind identifier pattern /\\b\\d{3}-\\d{2}-\\d{4}\\b/ check us-ssn hit "219-09-9998" miss "900-09-9998" }
""".replace("90 when weight >= 2 and near ill", "90 when weight >= 2 and ill"))
(W / "why.policy").write_text('load phi with check-us grant text\nload route grant route, edit, run { mta none; portal yes }\ninclude "why.rules"\nmatch any then pass\n')
WHY = b"From: a@clinic.example\nSubject: guest Ada on the ward\n\nguest Ray on the ward, with a fever.\n\nThe hall is booked for guest Sue.\n\nguest Nobody in bed 4 and 900-09-9998\n"


def why(rule):
    code, out, err = ctl("-p", W / "why.policy", "explain", "--rule", rule, "-", stdin=WHY)
    lines = out.decode().partition("matches of ")[2].splitlines()[1:]
    return code, [" ".join(line.split()) for line in lines], err


code, lines, err = why("guest")
ok(code == 0 and lines == ["subject subject 6 3 no: the rule does not look in this zone, weight 2 of 2", "ward +2 rule wards", "without party, ill",
                           "1 new 6 3 found: 90, weight 2 of 2", "ward +2 rule wards", 'ill "fever"', "without party",
                           "1 new 67 3 no: no level for it, weight 0 of 2", "without ward, party, ill",
                           "1 new 79 6 no: an exception, weight 2 of 2", "ward +2 rule wards", "without party, ill"],
   "explain --rule tells of each match what became of it, and what of its context holds", (lines, err))
code, lines, err = why("number")
ok(code == 0 and lines[:1] == ["1 new 99 11 no: check us-ssn refuses it"], "and which check refused it", (lines, err))
code, lines, err = why("wards")
ok(code == 0 and [line.split()[-2:] for line in lines] == [["found:", "75"]] * 3, "of a list, too, and of what is only context", (lines, err))
code, out, err = ctl("-p", W / "why.policy", "explain", "--rule", "number", "-", stdin=b"From: a@clinic.example\n\nnothing\n")
ok(code == 0 and b"none: its pattern matches in no part" in out, "a pattern that matches nowhere", out)
code, out, err = ctl("-p", W / "why.policy", "explain", "--rule", "nobody", "-", stdin=WHY)
ok(code == 1 and 'no rule or list of terms is named "nobody"' in err, "a rule that is not there", err)
SEALED = (b"From: a@clinic.example\nTo: x@other.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/encrypted;"
          b" protocol=\"application/pgp-encrypted\"; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n"
          b"Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nhQEMAwAAAAAAAAAAAQf/\n=abcd\n-----END PGP MESSAGE-----\n--b--\n")
(W / "sealed.policy").write_text(POLICY.replace("match any", "match unreadable then hold \"cannot be read\"\nmatch unreadable(sealed) then send by tls\nmatch any"))
code, out, err = ctl("-p", W / "sealed.policy", "explain", "--to", "x@other.example", "-", stdin=SEALED)
ok(code == 0 and b"sealed.policy:11\n" in out and b"tls(encrypted)" in out, "what a sender has sealed is unreadable for nobody but who asks for it", (out, err))
code, out, err = ctl("-p", W / "p.policy", "explain", "--to", "y@partner.example", "-", stdin=MESSAGE)
ok(code == 0 and b"tls(verified)" in out, "explain reads standard input", (out, err))

# the tool itself
code, out, err = ctl("chekc")
ok(code == 64 and 'did you mean "check"' in err, "a wrong command gets a suggestion", err)
code, out, err = ctl("--help")
ok(code == 0 and b"explain" in out and b"audit verify" in out, "help lists the commands of modules too", out)
for command in (("explain",), ("audit", "verify")):
    code, out, err = ctl(*command, "--help")
    ok(code == 0 and b"usage: milwardctl " + " ".join(command).encode() in out and not err, "%s --help tells how it is called" % " ".join(command), out)
code, out, err = ctl("audit", "-h")
ok(code == 0 and b"audit export" in out and not err, "a module without a command tells which it has", out)
code, out, err = ctl("completion", "bash")
r = subprocess.run(["bash", "-n"], input=out)
ok(code == 0 and r.returncode == 0, "completion is valid bash")
with open("/dev/full", "wb") as full:
    r = subprocess.run([BUILD / "milwardctl", "scan", "--json", "-p", W / "p.policy", W / "m.eml"], env=ENV, stdout=full, stderr=subprocess.PIPE)
    v = subprocess.run([BUILD / "milwardctl", "--version"], env=ENV, stdout=full, stderr=subprocess.PIPE)
ok(r.returncode == 1 and v.returncode == 1, "a full disk behind standard output is an error")
(W / "modules").mkdir(mode=0o755)
(W / "modules/audit.so").write_bytes((BUILD / "modules/.libs/audit.so").read_bytes())
(W / "modules/audit.so").chmod(0o666)
code, out, err = ctl("--modules", W / "modules", "audit", "verify")
ok(code == 1 and "can be written by others" in err, "a module that is refused is no unknown command", err)

# explain --live asks what the daemon would ask: here milward-lookup, played by a thread.
(W / "live.policy").write_text("""load route grant route, edit, run { mta none; lookup "lookup.sock" }
table <ours> { "clinic.example" }
match to external then send by tls(verified) or tls
match any then pass
""")
listener = socket.socket(socket.AF_UNIX)
listener.bind(str(W / "lookup.sock"))
listener.listen()


def answer():
    while True:
        peer, _ = listener.accept()
        while asked := peer.recv(4096):
            text = b"OK none ttl=60 why=no DANE, no MTA-STS policy" if b"none." in asked else b"OK dane ttl=60"
            text = b"TEMP the server does not answer" if b"wkd " in asked else text
            peer.sendall(b"%d:%s," % (len(text), text))


threading.Thread(target=answer, daemon=True).start()
live = ("explain", "-p", W / "live.policy", "--to", "b@none.example", "--to", "b@dane.example", W / "m.eml")
code, out, err = ctl(*live)
ok(code == 0 and out.count(b"tls(verified)") >= 2 and b"no DANE" not in out, "without --live nobody is asked", out)
code, out, err = ctl(*live[:1], "--live", *live[1:])
ok(code == 0 and out.count(b"no DANE, no MTA-STS policy") == 1, "with it the reason is told why verified TLS is passed over", out.decode() + err)
# A stranger's key server that does not answer holds up nobody who has another means.
(W / "keys").mkdir()
(W / "later.policy").write_text("""load route with seal-openpgp grant route, edit, run { mta none; seal yes; portal yes }
load seal-openpgp grant keys, network { keys "keys"; lookup "lookup.sock"; lookup-wait 1 seconds }
table <ours> { "clinic.example" }
aliases none
match to "one@x.example" then send by openpgp
match to external then send by openpgp or portal
match any then pass
""")
if (BUILD / "modules/.libs/seal-openpgp.so").exists():
    code, out, err = ctl("explain", "--live", "-p", W / "later.policy", "--to", "one@x.example", "--to", "two@x.example", W / "m.eml")
    text = out.decode()
    ok("tempfail" in text.partition("two@x.example")[0] and "whether there is a key cannot be told now" in text, "with no other means the client comes back", text + err)
    ok("portal" in text.partition("two@x.example")[2].splitlines()[1], "with another one it is taken", text)
else:
    for name in ("with no other means the client comes back", "with another one it is taken"):
        TAP.skip(name, "seal-openpgp is not built")
finish()
