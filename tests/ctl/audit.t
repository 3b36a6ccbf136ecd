#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl audit and report without a file: all that the policy names are read, each with its key; what is wrong with any of them is told.
And that check and doctor refuse one file for milward and milward-seal."""
import json
import os
import pathlib
import tempfile

from auditfile import POLICY, Chain
from common import ctl, finish, ok

IGNORED = [word for i in ("clock", "dns", "spf", "dmarc", "disk-space", "mta", "resolver", "no-seal") for word in ("--ignore", i)]
KEY = b"k" * 32


def rcpt(address):
    return dict(address=address, route="smime", effect="route", line="x:1", reason="", skipped="")


def policy(path, audit=None, seal=None, key=None):
    loads = "load route grant edit, route, run { mta none }\n"
    if audit:
        loads += 'load audit grant store { path "%s" }\n' % audit
    if seal:
        loads += 'load seal { audit "%s"%s }\n' % (seal, '; audit-key "%s"' % key if key else "")
    path.write_text(loads + ("always record audit\n" if audit else "") + "match any then pass\n")
    return path


with tempfile.TemporaryDirectory() as name:
    d = pathlib.Path(name)
    mine, seal = Chain(d / "audit.log"), Chain(d / "seal.log", KEY)
    (d / "seal.key").write_bytes(KEY)
    (d / "seal.key").chmod(0o600)
    mine.start("2026-11-01T00:00:00.000Z")
    seal.start("2026-11-01T00:00:01.000Z")
    mine.message("2026-11-02T10:00:00.000Z", rcpt("bob@far.example"), queue_id="Q1")
    seal.add("2026-11-02T10:00:05.000Z", "seal", queue_id="Q1", sender="a@x.example", recipient="bob@far.example", means="smime", queued_as="R1", policy=POLICY)
    mine.message("2026-11-03T10:00:00.000Z", rcpt("eve@far.example"), queue_id="Q2")
    mine.write()
    seal.write()
    both = policy(d / "both.policy", mine.path, seal.path, d / "seal.key")
    alone = policy(d / "alone.policy", mine.path)

    code, out, err = ctl("-p", both, "audit", "show")
    lines = [line for line in out.splitlines() if not line.startswith(" ")]
    ok(code == 0 and not err and [line.split(" ")[:2] for line in lines] ==
       [["%s:1" % mine.path, "2026-11-01T00:00:00.000Z"], ["%s:1" % seal.path, "2026-11-01T00:00:01.000Z"], ["%s:2" % mine.path, "2026-11-02T10:00:00.000Z"],
        ["%s:2" % seal.path, "2026-11-02T10:00:05.000Z"], ["%s:3" % mine.path, "2026-11-03T10:00:00.000Z"]], "show: both files, in order of time, each record with its file", out + err)
    code, out, err = ctl("-p", both, "audit", "show", "--queue-id", "Q1")
    ok(code == 0 and [line.split(":")[0] for line in out.splitlines() if not line.startswith(" ")] == [str(mine.path), str(seal.path)], "by queue id: the decision, and what was sealed", out + err)
    code, out, err = ctl("-p", both, "audit", "show", "--json")
    found = [json.loads(line) for line in out.splitlines()]
    ok(code == 0 and [r["file"] for r in found] == [str(p) for p in (mine.path, seal.path, mine.path, seal.path, mine.path)], "--json: a member file", out + err)
    code, out, err = ctl("-p", alone, "audit", "show", "--json")
    ok(code == 0 and out == mine.path.read_text(), "one file: its lines as they are", out + err)
    code, out, err = ctl("-p", both, "audit", "show", "--json", seal.path)
    ok(code == 0 and out == seal.path.read_text(), "a file that is named is the one that is read", out + err)
    code, out, err = ctl("-p", both, "audit", "export")
    ok(code == 0 and len(out.splitlines()) == 3, "export: the messages", out + err)

    code, out, err = ctl("-p", both, "audit", "verify", "--no-head")
    ok(code == 0 and out.count("intact:") == 2 and "NOT" not in out and out.startswith("%s:\n" % mine.path) and "\n%s:\n" % seal.path in out, "verify: each with its own key", out + err)
    octets = seal.path.read_bytes()
    seal.path.write_bytes(octets.replace(b"bob@far", b"eve@far"))
    code, out, err = ctl("-p", both, "audit", "verify", "--no-head")
    ok(code == 1 and "edited: record 2" in out and "\nintact" in "\n" + out.split(str(seal.path))[0], "verify: what is wrong with the second", out + err)
    code, out, err = ctl("-p", both, "report", "--json", "--month", "2026-11", "--utc")
    model = json.loads(out)
    ok(code == 1 and [[f["path"] for f in c["files"]] for c in model["chains"]] == [[str(mine.path)], [str(seal.path)]], "report: two chains", out[:2000] + err)
    seal.path.write_bytes(octets)
    with seal.path.open("ab") as log:
        log.write(b'{"v":1,"seq":3,"ti')
    code, out, err = ctl("-p", both, "audit", "show")
    ok(code == 1 and len(out.splitlines()) == 7 and "%s: lines that are no records: 1" % seal.path in err and len(err.splitlines()) == 1, "show: a record that was cut short is told", out + err)
    seal.path.unlink()
    code, out, err = ctl("-p", both, "audit", "show")
    ok(code == 1 and str(seal.path) in err and len(err.splitlines()) == 1 and "Q2" in out, "show: one that is gone is told, and the other is shown", out + err)
    os.mkfifo(seal.path)
    code, out, err = ctl("-p", both, "audit", "show", timeout=20)
    ok(code == 1 and "%s: it is no regular file" % seal.path in err, "show: a FIFO holds nothing, and nobody waits for it", out + err)
    for command in (("audit", "verify"), ("report", "--month", "2026-11", "--mail-log")):
        code, out, err = ctl("-p", alone, *command, seal.path, timeout=20)
        ok(code == 1 and "cannot read %s: it is no regular file" % seal.path in err and "unanchored" not in out, " ".join(command) + ": so do these", out + err)
    seal.path.unlink()
    seal.write()

    only = d / "only.policy"
    only.write_text('load seal { audit "%s"; audit-key "%s/seal.key" }\n' % (seal.path, d))
    code, out, err = ctl("-p", only, "audit", "show", "--json")
    ok(code == 0 and not err and out == seal.path.read_text(), "a policy of milward-seal alone: nobody is warned of mail that it does not judge", out + err)

    # the end of every chain; doctor changes nothing
    before = sorted((str(p), p.lstat().st_mtime_ns, p.lstat().st_size, p.lstat().st_mode) for p in d.rglob("*") if p.name != "sealer.policy")
    for name, pol in (("both", both), ("milward-seal's alone, by a policy without the milter", policy(d / "sealer.policy", None, seal.path, d / "seal.key"))):
        code, out, err = ctl("doctor", "--json", *IGNORED, "-c", d, "postfix", pol)
        found = {r["where"] for r in map(json.loads, out.splitlines()) if r["id"] == "audit-chain"}
        ok(found == ({str(mine.path), str(seal.path)} if pol == both else {str(seal.path)}), "doctor looks at the chain: " + name, out + err)

    after = sorted((str(p), p.lstat().st_mtime_ns, p.lstat().st_size, p.lstat().st_mode) for p in d.rglob("*") if p.name != "sealer.policy")
    ok(before == after, "doctor changes nothing", "%s\n%s" % (before, after))

    # one file for two
    (d / "link.log").symlink_to(mine.path)
    for other in (mine.path, "%s/./audit.log" % d, d / "link.log"):
        same = policy(d / "same.policy", mine.path, other)
        code, out, err = ctl("check", same)
        ok(code == 1 and "same.policy:3:6: error: the audit file of \"seal\" is that of \"audit\"" in err and "1 error;" in err, "check: one file for milward and milward-seal", out + err)
    code, out, err = ctl("check", both)
    ok(code == 0 and not err, "check: two files", out + err)
    code, out, err = ctl("doctor", "--json", *IGNORED, "-c", d, "postfix", alone, policy(d / "sealer.policy", None, d / "link.log"))
    found = [r for r in map(json.loads, out.splitlines()) if r["id"] == "audit-file"]
    ok(code == 2 and len(found) == 1 and str(alone) in found[0]["text"] and "sealer.policy" in found[0]["text"], "doctor: one file, of two policies", out + err)
finish()
