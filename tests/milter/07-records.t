#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Audit records of the daemon: also of what it refuses or puts off itself; and a test of the policy writes nothing."""
import json
import os
import subprocess
import threading

from common import BUILD, Daemon, Session, Tap, policy

tap = Tap()
LOAD = 'load lab grant edit, route { wait "%(dir)s/wait" }\nload audit grant store { path "%(dir)s/kept/audit" }\nload phi grant text'
POLICY = policy("match any when phi.people >= 1 then refuse\nmatch any then pass\nalways record audit", load=LOAD)


def folder(milward):
    os.mkdir(os.path.join(milward.dir, "kept"), 0o700)
    return milward


def records(milward, kind="message"):
    with open(os.path.join(milward.dir, "kept", "audit"), encoding="ascii") as file:
        return [r for r in map(json.loads, file) if r["kind"] == kind]


def tell(record):
    return (record["queue_id"], record["outcome"], record["cause"], [r["effect"] for r in record["recipients"]], record["observe"])


# -- milward -t ------------------------------------------------------------------------------------------------------------------------------
milward = folder(Daemon(POLICY, "--test"))
got, log = milward.run_to_end()
tap.equal((got, os.listdir(os.path.join(milward.dir, "kept")), os.listdir(milward.spool)), (0, [], []), "-t writes nothing, and opens no audit file")
milward.write("test.policy", POLICY.replace('{ path "%(dir)s/kept/audit" }', ""))
got, log = milward.run_to_end()
tap.ok(got == 78 and "path" in log, "-t still checks the options of such a module", got, log)
milward.__exit__()

# -- what the daemon answers by itself -----------------------------------------------------------------------------------------------------------
for mode in ("", "mode observe\n"):
    with folder(Daemon(POLICY + mode, "--work", "1", "--wait", "1")) as milward:
        with Session(milward.path) as s:
            tap.equal(s.message(queue_id="PLAIN").final, "c", "a message passes %s" % (mode.strip() or "enforcing"))
            answer = s.message(rcpts=["<in@clinic.example>", "<bob@far.example.mw-tls.invalid>"], queue_id="RESERVED")
            tap.equal(answer.text[:9], "550 5.7.1", "a reserved domain is refused %s" % (mode.strip() or "enforcing"))
            encoded = [("MIME-Version", " 1.0"), ("Content-Type", " multipart/mixed; boundary=b")]
            part = "--b\r\nContent-Type: %s\r\n\r\n\1x\r\n"
            body = part % "application/octet-stream" + part % "image/png" * 2 + "--b--\r\n"
            s.message(headers=encoded, body=body.encode(), queue_id="ODD")
        milward.write("wait", "")
        with Session(milward.path) as first, Session(milward.path) as second:
            thread = threading.Thread(target=lambda: first.message(queue_id="FIRST"))
            thread.start()
            milward.wait_log("FIRST: lab/lab: judging")
            answer = second.message(queue_id="SECOND")
            tap.equal(answer.text[:9], "451 4.3.2", "a message waits too long for its turn %s" % (mode.strip() or "enforcing"))
            os.unlink(os.path.join(milward.dir, "wait"))
            thread.join(30)
        found = {r["queue_id"]: r for r in records(milward)}
        observed = bool(mode)
        tap.equal(tell(found["PLAIN"]), ("PLAIN", "pass", "", ["pass"], observed), "its record")
        tap.equal(tell(found["RESERVED"]), ("RESERVED", "refuse", "reserved-domain", ["none", "none"], False), "a record of the reserved domain")
        tap.equal(found["RESERVED"]["recipients"][1]["address"], "bob@far.example.mw-tls.invalid", "with the recipients that were named")
        tap.equal(tell(found["SECOND"]), ("SECOND", "tempfail", "busy", ["none"], False), "a record of the one that was put off")
        tap.equal(found["ODD"]["unreadable"], {"image": 2, "unknown-format": 1}, "counts of unreadable parts, by reason")
        tap.equal([r["unreadable"] for r in (found["PLAIN"], found["RESERVED"], found["SECOND"])], [{}, {}, {}], "and none where all was read")
        start = records(milward, "start")
        tap.equal([(r["policy"], r["digest"]) for r in start], [(found["PLAIN"]["policy"], "sha-256")], "the start record has the digest of the policy")
        milward.write("test.policy", POLICY + mode + "# changed\n")
        milward.reload()
        with Session(milward.path) as s:
            s.message(queue_id="LATER")
        start, later = records(milward, "start"), records(milward)[-1]
        tap.ok(len(start) == 2 and start[1]["policy"] == later["policy"] != start[0]["policy"], "a reload starts with the new digest", start, later)
        audit = os.path.join(milward.dir, "kept", "audit")
        done = subprocess.run([os.path.join(BUILD, "milwardctl"), "--modules", Daemon.modules, "audit", "verify", audit],
                              capture_output=True, text=True, check=False)
        tap.equal(done.returncode, 0, "audit verify: whole")
        if done.returncode:
            print("#", done.stdout, done.stderr)

raise SystemExit(tap.end())
