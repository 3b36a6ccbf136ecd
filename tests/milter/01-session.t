#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemon asks of the MTA, and what it answers for each outcome, on the wire."""
from common import BY_HEADER, Closed, Daemon, Session, Tap, policy
import peer

tap = Tap()

with Daemon(BY_HEADER) as milward:
    with Session(milward.path) as s:
        wanted = (peer.LEADING_SPACE | peer.NO_CONNECT | peer.NO_HELO | peer.NO_EOH | peer.NO_DATA | peer.NO_UNKNOWN | peer.NR_MAIL
                  | peer.NR_RCPT | peer.NR_HEADER | peer.NR_BODY)
        tap.equal(s.protocol, wanted, "only MAIL, RCPT, header, body and the end are asked for, without replies")
        tap.equal(s.actions, peer.ADD_HEADER | peer.DEL_RCPT | peer.CHANGE_HEADER | peer.QUARANTINE | peer.CHANGE_FROM | peer.ADD_RCPT_PAR
                  | peer.SETSYMLIST, "actions: those that edits need")
        tap.equal(sorted(s.symbols), ["eom", "mail", "rcpt"], "macros are asked for in three stages")
        tap.ok("{client_addr}" in s.symbols["mail"] and "{rcpt_addr}" in s.symbols["rcpt"] and s.symbols["eom"] == "i",
               "client, resolved recipient and queue id come as macros", s.symbols)

        answer = s.message()
        tap.equal((answer.final, answer.edits), ("c", []), "pass: no edits")
        answer = s.message(
            rcpts=["<Bob@Other.Example>", ("<al+x@three.example>", "NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;Al+2Bx@three.example"),
                   "<in@clinic.example>"],
            headers=[("X-Via", " yes")])
        tap.equal(answer.edits, [
            ("add", "<Bob@Other.Example.mw-tls.invalid>", "ORCPT=rfc822;Bob@Other.Example"),
            ("add", "<al+x@three.example.mw-tls.invalid>", "ORCPT=rfc822;Al+2Bx@three.example NOTIFY=SUCCESS,FAILURE"),
            ("del", "<Bob@Other.Example>"),
            ("del", "<al+x@three.example>"),
            ("from", "<alice@clinic.example>", "RET=HDRS"),
        ], "route: recipients outside are added with a tag, then the old ones deleted, byte for byte; inside stays")
        tap.equal(answer.final, "c", "route: the message is taken")

        for sender, args, wanted in (("<>", ["ret=full", "SIZE=9", "BODY=8BITMIME", "SMTPUTF8"], "RET=HDRS"),
                                     ('<"a b"@clinic.example>', ["ENVID=x+2By", "RET=FULL"], "RET=HDRS ENVID=x+2By"),
                                     ("alice", ["envid=x"], "RET=HDRS ENVID=x"), ("<alice@clinic.example>", ["RET=HDRS", "ENVID=x"], None),
                                     ("<alice@clinic.example>", ["ret=hdrs"], None)):
            s.mail(sender, *args)
            s.rcpt("<bob@other.example>")
            s.header("X-Via", " yes")
            edits = [e for e in s.eom().edits if e[0] not in ("add", "del")]
            tap.equal(edits, [("from", sender, wanted)] if wanted else [], "%s %s: reports return the header" % (sender, " ".join(args)))
        answer = s.message(headers=[("X-Refuse", " yes")])
        tap.equal((answer.final, answer.text, answer.edits),
                  ("y", "550 5.7.1 message refused by policy: not by mail (test.policy:4)", []), "refuse: 550 with reason and line")
        answer = s.message(headers=[("X-Later", " yes")])
        tap.equal((answer.final, answer.text),
                  ("y", "451 4.7.1 message not taken now by policy: not now (test.policy:6)"), "tempfail: 451 with reason and line")
        answer = s.message(headers=[("X-Hold", " yes")])
        tap.equal((answer.final, answer.edits), ("c", [("from", "<alice@clinic.example>", "RET=HDRS"), ("hold", "held by policy: a person must look (test.policy:5)")]),
                  "hold: quarantine, and taken")

        answer = s.message(rcpts=["<x@in.example>", "@relay.example:user@other.example"], headers=[("X-Via", " yes")])
        tap.equal((answer.final, answer.text, answer.edits),
                  ("y", "553 5.1.3 address form not supported: source route (test.policy:7)", []),
                  "protected mail to an address that an MTA rewrites is refused as a whole")
        for rcpt in ("<bob@other.example.mw-tls.invalid>", "<BOB@OTHER.EXAMPLE.MW-TLS.INVALID>", "<bob@other.example.mw-tls.invalid.>",
                     "<bob%other.example.mw-tls.invalid@clinic.example>", "other.example.mw-tls.invalid!bob",
                     "<@other.example.mw-tls.invalid:bob@clinic.example>", '<"bob@other.example.mw-portal.invalid"@clinic.example>'):
            answer = s.message(rcpts=["<in@clinic.example>", rcpt])
            tap.equal((answer.final, answer.text[:10], answer.edits), ("y", "550 5.7.1 ", []), "a client names a tag domain: %s" % rcpt)
        s.mail()
        s.rcpt("<bob@clinic.example>", macros={"{rcpt_addr}": "bob@other.example.mw-tls.invalid"})
        s.header("Subject", " x")
        answer = s.eom()
        tap.equal(answer.text[:10], "550 5.7.1 ", "the MTA makes a tag domain of what the client wrote")
        answer = s.message(rcpts=["<bob@mw-tls.invalid.example>", "<a@x.invalid>"])
        tap.equal(answer.final, "c", "a domain that only looks like one is none")

        text = s.message(rcpts=["<bob@other.example>"] * 3, headers=[("X-Via", " y")]).edits
        tap.equal(len([e for e in text if e[0] == "add"]), len([e for e in text if e[0] == "del"]), "the same recipient three times")
        s.message(sender='<"\u009b31m\u3042\x1b[1m"@clinic.example>')
        log = milward.log()
        tap.ok("\\x9b31m\u3042\\x1b[1m" in log and "\u009b" not in log, "the log does not drive a terminal", log)
        tap.ok("from=<alice@clinic.example>" in log and "action=via line=test.policy:7" in log, "the log names sender, action and line")
        tap.ok("hello" not in log, "the log has nothing of the message", log)

# Edits of fields: removals from the last to the first, then additions above and below.
with Daemon(policy('match any then pass\nalways strip "X-Old"; stamp "X-New"')) as milward:
    with Session(milward.path) as s:
        answer = s.message(headers=[("X-Old", " 1"), ("Subject", " a"), ("x-OLD", "\t2"), ("X-Other", ""), ("X-Old", "3")])
        tap.equal(answer.edits, [("change", 3, "X-Old", ""), ("change", 2, "x-OLD", ""), ("change", 1, "X-Old", ""),
                                 ("insert", 1, "X-New", " above\n\tfolded"), ("append", "X-New", " below")],
                  "fields: removed with descending index, then added; folds and leading space kept")

# Mode observe says what would be done and does nothing.
with Daemon(BY_HEADER + "mode observe\n") as milward:
    with Session(milward.path) as s:
        for name in ("X-Refuse", "X-Hold", "X-Later", "X-Via"):
            answer = s.message(headers=[(name, " yes")])
            tap.equal((answer.final, answer.edits), ("c", []), "observe: %s changes nothing" % name)
        tap.equal(milward.counts()["observed"], 4, "observe: counted as such")
        for outcome in ("refuse", "hold", "tempfail", "route"):
            tap.ok("outcome=%s observe=yes" % outcome in milward.log(), "observe: the log says %s" % outcome)

# A failed act: nothing half done.
with Daemon(policy('match any then send by via "tls", stamp "X-New"\nalways break')) as milward:
    with Session(milward.path) as s:
        answer = s.message()
        tap.equal((answer.final, answer.text, answer.edits), ("y", "451 4.7.1 message cannot be judged now, try again later: error", []),
                  "an act that fails: tempfail and no edits")
        tap.ok('cause: error: module "lab": the lab breaks' in milward.log(), "and the log says why", milward.log())

# No way left, texts from the policy that a reply cannot carry.
with Daemon(policy('match header "X-Odd" /./ then refuse "100%% s\\xc3\\xbcre\\t%%s %s"\nmatch any then refuse' % ("x" * 600))) as milward:
    with Session(milward.path) as s:
        answer = s.message(headers=[("X-Odd", " y")])
        tap.ok(answer.text.startswith("550 5.7.1 message refused by policy: 100?") and "%" not in answer.text and answer.text.isprintable()
               and len(answer.text) < 400 and answer.text.endswith(" (test.policy:4)"), "a reply is short printable ASCII", answer)
        tap.equal(s.message().text, "550 5.7.1 message refused by policy (test.policy:5)", "refuse without a reason")

# Two sessions of a kind that the design allows for: HELO only when a module wants it, local programs, authentication.
with Daemon(policy("match any then pass", load="load lab grant edit, route\nload trace")) as milward:
    with Session(milward.path) as s:
        tap.equal(s.protocol & (peer.NO_HELO | peer.NR_HELO), peer.NR_HELO, "HELO is asked for when a module wants it")
        s.helo("client.example")
        answer = s.message()
        tap.equal(answer.final, "c", "and the message passes")
        tap.ok("stage=helo" in milward.log() and "stage=close" not in milward.log(), "the module sees HELO", milward.log())
    milward.wait_log("stage=close")
    tap.ok(True, "and the end of the connection")

# An MTA that lacks what we need is not served.
with Daemon(BY_HEADER) as milward:
    for lack, what in ((peer.CHANGE_FROM, "the sender's parameters"), (peer.ADD_RCPT_PAR, "adding recipients"), (peer.QUARANTINE, "quarantine"), (peer.SETSYMLIST, "lists of macros")):
        try:
            Session(milward.path, actions=peer.ALL_ACTIONS & ~lack)
            tap.ok(False, "without %s the session is refused" % what)
        except Closed:
            tap.ok(what in milward.log(), "without %s the session is refused, and the log says why" % what, milward.log())
    try:
        Session(milward.path, protocol=peer.ALL_PROTOCOL & ~peer.LEADING_SPACE)
        tap.ok(False, "without leading space the session is refused")
    except Closed:
        tap.ok("leading space" in milward.log(), "without leading space the session is refused, and the log says why")
    # An MTA that does not know "no reply": libmilter answers for us.
    with Session(milward.path, protocol=peer.LEADING_SPACE | 0x7F | peer.NO_UNKNOWN | peer.NO_DATA) as s:
        replies = [s.mail(), s.rcpt("<bob@other.example>"), s.header("X-Via", " y")]
        s.send("B", b"x")
        replies.append(s.receive())
        tap.equal([r and r[0] for r in replies], ["c"] * 4, "an MTA without NR_* gets a reply to each step")
        tap.equal([e[0] for e in s.eom().edits], ["add", "del", "from"], "and the same edits")
    tap.equal(milward.stop(), 0, "stops with 0")

raise SystemExit(tap.end())
