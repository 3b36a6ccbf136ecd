#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl doctor without an MTA: its arguments, what it prints, its exit status, and that each id is in the manual page. What it finds
on real MTAs is in tests/mta/46-doctor.t and tests/sendmail/10-doctor.t."""
import ctypes
import json
import os
import pathlib
import re
import sys
import tempfile

from common import ENV, SRC, ctl, finish, ok

ENV["MILWARD_SETUP"] = str(SRC / "packaging")
IGNORED = ("--ignore", "clock", "--ignore", "dns", "--ignore", "spf", "--ignore", "dmarc", "--ignore", "disk-space")

with tempfile.TemporaryDirectory() as folder:
    good, bad = os.path.join(folder, "good.policy"), os.path.join(folder, "bad.policy")
    with open(good, "w") as out:
        out.write('load route grant route, edit, run { mta none }\nmatch any then pass\n')
    with open(bad, "w") as out:
        out.write("load nosuch\nmatch any then pass\n")
    code, out, err = ctl("doctor", *IGNORED, "--ignore", "mta", "-c", folder, "postfix", good)
    ok(code == 0 and out == "0 errors, 0 warnings\n" and not err, "nothing is wrong: exit status 0", out + err)
    code, out, err = ctl("doctor", "--json", *IGNORED, "--ignore", "mta", "-c", folder, "postfix", good)
    ok((code, out, err) == (0, "", ""), "and with --json nothing is printed", out + err)
    code, out, err = ctl("doctor", "--json", *IGNORED, "--ignore", "mta", "-c", folder, "postfix", good, bad)
    found = [json.loads(line) for line in out.splitlines()]
    ok(code == 2 and len(found) == 1 and set(found[0]) == {"id", "severity", "where", "text", "fix"} and found[0]["id"] == "policy" and
       found[0]["severity"] == "error" and found[0]["where"] == bad and "nosuch" in found[0]["text"], "a policy that is refused", out + err)
    ok(found[0]["fix"] == "milwardctl check '%s'" % bad, "and the command that tells more", found)
    code, out, err = ctl("doctor", *IGNORED, "-c", folder, "sendmail", good)
    ok(code == 2 and re.match(r"error +mta ", out) and out.endswith("1 error, 0 warnings\n"), "a folder without an MTA", out + err)
    code, out, err = ctl("--colour", "always", "doctor", *IGNORED, "-c", folder, "sendmail", good)
    ok("\033[31merror" in out, "colours", out)
    code, out, err = ctl("doctor", "--nosuch")
    ok(code == 64, "an unknown option", err)
    ENV["MILWARD_SETUP"] = folder
    code, out, err = ctl("doctor", *IGNORED, "-c", folder, "postfix", good)
    ok(code == 2 and "cannot run" in out, "a script that is not there", out + err)

# The clock: the kernel's word, which no test may change, is asked here in another way.
time = ctypes.create_string_buffer(512)
state = ctypes.CDLL(None).adjtimex(time)
wrong = state in (-1, 5) or int.from_bytes(time.raw[40:44], sys.byteorder) & 0x40  # TIME_ERROR, STA_UNSYNC of struct timex
ENV["MILWARD_SETUP"] = str(SRC / "packaging")
code, out, err = ctl("doctor", "--json", *IGNORED[2:], "--ignore", "mta", "postfix", "/dev/null")
ok(('"clock"' in out) == bool(wrong), "the clock is told when the kernel does not know it to be right, and only then", (state, out, err))

# Ids stay: what the sources and scripts can say is what the manual page has, and nothing else.
ids = set()
for path in [*SRC.glob("src/ctl/doctor*.c"), *SRC.glob("*/*/doctor.c"), SRC / "src/pickup/command_doctor.c", *(SRC / "packaging").glob("*/*.sh")]:
    text = pathlib.Path(path).read_text()
    ids |= set(re.findall(r'DOCTOR_(?:ERROR|WARNING|NOTE)(?:,\s*|[^"]*?)"([a-z-]+)"', text))
    ids |= set(re.findall(r'\\t(audit-chain|certificate|openpgp-key|dkim-weak|portal-key)\\t', text))
    ids |= set(re.findall(r'\bfound (?:error|warning|note) ([a-z-]+)', text)) | set(re.findall(r'\bexpect ([a-z-]+) "', text))
    ids |= set(re.findall(r'\brecord (?:error|warning|note) ([a-z-]+)', text)) | set(re.findall(r'; then echo ([a-z-]+); else echo ([a-z-]+); fi; }', text) and ["relayhost", "tag-guard"])
    ids |= set(re.findall(r'\? "(dkim-differs)"', text)) | set(re.findall(r': "(dkim-missing)"', text))
ids -= {"error", "warning", "note", "json"}
page = (SRC / "doc/man/milward-doctor.7").read_text()
told = {word for line in re.findall(r"^\.It (?!error|warning|note)(.*)$", page, re.M) for word in line.split(" , ")}
ok(len(ids) > 40 and ids == told, "the manual page has each id", "not told: %s; nobody says: %s" % (sorted(ids - told), sorted(told - ids)))
finish()
