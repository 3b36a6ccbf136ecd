#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl without memory: the n-th allocation fails, for many n. No command crashes, and none says that all is well and prints something
else than with memory: a finding that there was no room for is not left out in silence. TAP; run with BUILD=<build folder>, or from it."""
import hashlib
import os
import pathlib
import re
import subprocess
import socket
import tempfile
import threading

from auditfile import Chain
from common import BUILD, ENV, SRC, finish, ok

TRIES = 100  # of each command, when it allocates more often
work = tempfile.TemporaryDirectory()
W = pathlib.Path(work.name)
PRELOAD = W / "no_memory.so"

binary = BUILD / ".libs/milwardctl" if (BUILD / ".libs/milwardctl").exists() else BUILD / "milwardctl"
if b"__asan_init" in binary.read_bytes() or b"__tsan_init" in binary.read_bytes():
    print("1..0 # SKIP a sanitizer has its own allocator")
    raise SystemExit
made = subprocess.run([*os.environ.get("CC", "cc").split(), "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", PRELOAD, SRC / "tests/ctl/no_memory.c"],
                      stderr=subprocess.PIPE, text=True)
if made.returncode != 0:
    print("1..0 # SKIP cannot compile no_memory.c")
    raise SystemExit

(W / "p.policy").write_text("""
load phi with extract-html, check-us grant text
load route grant route, edit, run { mta none; portal yes }
table <ours> { "clinic.example" }
rule number { kind identifier; pattern /\\bN\\d{4}\\b/; near "no"; level 50, 90 when near; hit "no N1234"; miss "N12" }
rule ssn { kind identifier; pattern /\\b\\d{3}-\\d\\d-\\d{4}\\b/; check us-ssn; level 70; hit "219-09-9998"; miss "000-11-2222" }
class numbered when rule number >= 1
match class numbered to external then hold "numbers", send by tls
match any then pass
""")
(W / "q.policy").write_text((W / "p.policy").read_text().replace("level 70", "level 80").replace('hold "numbers", ', ""))
(W / "a.test").write_text("""policy "p.policy"
test "a" { from "a@clinic.example"; to "b@far.example" then hold, tls; text "no N1234"; expect class numbered, rule number, not rule ssn }
test "b" { from "a@clinic.example"; to "b@far.example" then pass; text "nothing"; expect not class numbered, not rule number }
""")
(W / "mail").mkdir()
(W / "mail/a.eml").write_text("From: a@clinic.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p>no N1234</p><p hidden>219-09-9998</p>\n")
(W / "people.csv").write_text("MRN,Last,First,DOB\n123456,Smith,John,3/4/1961\n223456,Jones,Ann,4/5/1971\n")
(W / "key").write_text("0123456789abcdef" * 4 + "\n")
(W / "key").chmod(0o600)


def audit_log():
    """Two messages as the audit milter records them."""
    prev, lines = "0" * 64, []
    for seq in (1, 2, 3):
        kind = "start" if seq == 1 else "message"
        members = "" if seq == 1 else ('"queue_id":"4jX","sender":"a@clinic.example","size":1,"recipients":[{"address":"b@far.example","route":"pass"}],'
                                       '"classes":["numbered"],"rules":{"number":1},')
        text = '{"v":1,"seq":%d,"time":"2026-11-22T03:25:54.123Z","kind":"%s",%s"prev":"%s"' % (seq, kind, members, prev)
        prev = hashlib.sha256(text.encode()).hexdigest()
        lines.append('%s,"hash":"%s"}\n' % (text, prev))
    return "".join(lines)


(W / "audit.log").write_text(audit_log())
month = Chain(W / "month.log")
month.start("2026-11-01T00:00:00.000Z")
month.message("2026-11-02T00:00:00.000Z", dict(address="b@far.example", route="tls", effect="route", line="p.policy:9", reason="r", attested="a"), classes=["numbered"], rules={"number": 1},
              unreadable={"image": 1})
month.message("2026-11-03T00:00:00.000Z", dict(address="b@far.example", route="", effect="none"), cause="busy", outcome="tempfail")
month.add("2026-11-03T00:00:00.000Z", "portal", step="stored", id="0" * 16)
month.add("2026-12-01T00:00:00.000Z", "end")
month.write()
(W / "mail.log").write_text("Nov 23 02:27:40 gw postfix/smtp[1477]: 4jX: to=<bob@far.example>, relay=mx[192.0.2.1]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 ok)\n")

(W / "trail.policy").write_text("""
load route grant route, edit, run { mta none }
load audit grant store { path "%s" }
load seal { audit "%s" }
always record audit
match any then pass
""" % (W / "audit.log", W / "month.log"))

TOLD = """milward_build_info{program="milward",policy="p",version="0"} 1
milward_policy_info{file="p.policy",digest="ab",mode="observe"} 1
milward_worker_up 1
milward_sessions_total 3
milward_rule_findings_total{rule="number",shadow="no"} 2
milward_rule_findings_total{rule="ssn",shadow="no"} 1
milward_recipients_total{route="tls",mode="enforce"} 2
milward_cache_lookups_total{cache="route",result="hit"} 2
milward_message_seconds_bucket{le="0.1"} 1
milward_message_seconds_bucket{le="+Inf"} 2
milward_message_seconds_count 2
milward_message_seconds_max 0.2
# EOF
"""


def serve(listener):
    """A status socket."""
    while True:
        with listener.accept()[0] as s:
            s.recv(4096)
            s.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(TOLD), TOLD.encode()))


status = socket.socket(socket.AF_UNIX)
status.bind(str(W / "x.status"))
status.listen(8)
threading.Thread(target=serve, args=(status,), daemon=True).start()


def run(args, at, count=None):
    env = dict(ENV, LD_PRELOAD=str(PRELOAD), NO_MEMORY_AT=str(at))
    if count:
        env["NO_MEMORY_COUNT"] = str(count)
    done = subprocess.run([binary, *map(str, args)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    return done.returncode, re.sub(rb"in [0-9.]+ s|[0-9.]+ us|\"seconds\":[0-9.]+|\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ", b"", done.stdout), done.stderr


def sweep(name, *args):
    code, out, err = run(args, 0, W / "count")
    most = int((W / "count").read_text()) if (W / "count").exists() else 0
    bad = [] if code == 0 and most > 4 else ["without a failure: exit %d, %d allocations, %r" % (code, most, err)]
    tries = range(1, most + 1) if most <= TRIES else sorted({1 + i * most // TRIES for i in range(TRIES)})
    for at in tries:
        now = run(args, at)
        if now[0] < 0 or (now[0] == 0 and now[1] != out) or (now[0] > 0 and not re.search(rb"memory|space", now[1] + now[2])):
            bad.append("allocation %d: exit %d, %r %r" % (at, now[0], now[1][-300:], now[2][-300:]))
    ok(not bad, "%s: %d of %d allocations fail" % (name, len(tries), most), "\n".join(bad[:5]))


sweep("check", "check", W / "p.policy")
sweep("check --plan", "check", "--plan", W / "p.policy")
sweep("check --mutate", "check", "--mutate", W / "p.policy")
sweep("test", "test", "--tap", W / "a.test")
sweep("test --json", "test", "--json", W / "a.test")
sweep("diff", "diff", W / "p.policy", W / "q.policy", "--corpus", W / "mail")
sweep("diff --json", "diff", "--json", W / "p.policy", W / "q.policy", "--corpus", W / "mail")
sweep("scan", "-p", W / "p.policy", "scan", W / "mail")
sweep("scan --json", "-p", W / "p.policy", "scan", "--json", W / "mail")
sweep("explain", "-p", W / "p.policy", "explain", "--to", "b@far.example", W / "mail/a.eml")
sweep("text --json", "-p", W / "p.policy", "text", "--json", W / "mail/a.eml")
sweep("index", "index", "--key", W / "key", "-o", W / "index", W / "people.csv")
sweep("audit verify", "audit", "verify", "--no-head", W / "audit.log")
sweep("audit show", "audit", "show", W / "audit.log")
sweep("audit show of a policy", "-p", W / "trail.policy", "audit", "show")
sweep("audit show --json of a policy", "-p", W / "trail.policy", "audit", "show", "--json")
sweep("check --digest --json", "check", "--digest", "--json", W / "p.policy")
sweep("audit export", "audit", "export", W / "audit.log")
sweep("report", "report", "--month", "2026-11", "--mail-log", W / "mail.log", W / "month.log")
sweep("report --json", "report", "--json", "--month", "2026-11", "--mail-log", W / "mail.log", W / "month.log")
sweep("status", "--colour", "never", "status", W / "x.status")
sweep("status --json", "status", "--json", W / "x.status")
finish()
