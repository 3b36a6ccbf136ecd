#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every limit: one message beyond it gets the outcome that the policy has for it, is named in reply and log, and is counted."""
from common import Daemon, Session, Tap, policy

tap = Tap()
PHI = 'load phi grant text\nload lab grant edit, route'
RULES = 'rule word { kind clinical; pattern /\\bcough\\b/; hit "a cough"; miss "coughing" }\n'
PLAIN = [("Subject", " x")]
MIXED = PLAIN + [("MIME-Version", " 1.0"), ("Content-Type", " multipart/mixed; boundary=b")]
DEEP = b"--b\r\n" + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(9)) + b"\r\nx\r\n"

# limit, its value, and a message that is beyond it
CASES = (
    ("size", "64K", {"body": b"x" * 998 + b"\r\n" * 40000}),
    ("parts", "4", {"headers": MIXED, "body": b"--b\r\n\r\nx\r\n" * 9 + b"--b--\r\n"}),
    ("depth", "3", {"headers": MIXED, "body": DEEP}),
    ("headers", "16", {"headers": [("X-%d" % n, " v") for n in range(40)]}),
    ("header", "4K", {"headers": PLAIN + [("X-Long", " " + "v" * 9000)]}),
    ("recipients", "3", {"rcpts": ["<r%d@other.example>" % n for n in range(6)]}),
    ("text", "4K", {"body": b"a line of text\r\n" * 900}),
    ("findings", "100", {"body": b"cough and\r\n" * 500}),
)

for name, value, beyond in CASES:
    text = policy('%smatch any then pass\nlimit %s %s\non error tempfail; limit tempfail "some limit"; limit.%s refuse "too much"'
                  % (RULES, name, value, name), load=PHI)
    with Daemon(text) as milward, Session(milward.path) as s:
        tap.equal(s.message(headers=PLAIN, body=b"a cough\r\n").final, "c", "%s: a message within it passes" % name)
        answer = s.message(**beyond)
        tap.ok(answer.final == "y" and answer.text.startswith("550 5.7.1 message cannot be judged: limit.%s" % name) and not answer.edits,
               "%s: beyond it the policy's outcome, and its name" % name, answer, milward.log())
        counts = milward.counts()
        told = {key: n for key, n in counts.items() if key.startswith("limit") and n}
        tap.equal(told, {"limit.%s" % name: 1}, "%s: counted, and no other is" % name)
        tap.equal((counts["messages"], counts["pass"], counts["refuse"]), (2, 1, 1), "%s: and so are the outcomes" % name)
        tap.ok(": cause: limit.%s: " % name in milward.log(), "%s: the log names it" % name, milward.log())

# Without a line of its own: that of `limit`; without that: that of `error`.
for lines, reply in (('on error refuse "e"; limit refuse "l"', "limit.parts: l "), ('on error refuse "e"', "limit.parts: e ")):
    with Daemon(policy("%smatch any then pass\nlimit parts 4\n%s" % (RULES, lines), load=PHI)) as milward, Session(milward.path) as s:
        tap.ok(reply in s.message(**CASES[1][2]).text, "parts: %s" % lines, milward.log())

raise SystemExit(tap.end())
