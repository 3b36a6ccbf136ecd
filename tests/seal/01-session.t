#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The LMTP that milward-seal speaks: what it offers, refuses and passes on, line by line and octet by octet."""
import smtplib

from common import Agent, Closed, Mta, Tap, threads, unseal

tap = Tap()
mta = Mta()
ID = "X-Milward-Id: %032x\r\n"
count = 0


def message(body="Hello\r\n", head=""):
    global count
    count += 1
    return ("From: alice@clinic.test\r\nSubject: Zebrafinch\r\n" + ID % count + head + "\r\n" + body).encode()


with Agent(mta, options="size 100K; idle 2 seconds; data 4 seconds; children 4") as agent:
    with agent.connect() as lmtp:
        tap.ok(lmtp.banner.startswith("220 gw.clinic.test LMTP"), "a greeting with its name", lmtp.banner)
        for word in ("PIPELINING", "SIZE 102400", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"):
            tap.ok(any(line[4:] == word for line in lmtp.offers.split("\n")), "offers " + word, lmtp.offers)
        for line, code in (
                ("HELO x", "500 5.5.1"), ("EHLO x", "500 5.5.1"), ("WHAT", "500 5.5.2"), ("NOOP", "250"), ("VRFY x", "252"), ("RSET", "250"),
                ("RCPT TO:<a@b.mw-seals.invalid>", "503"), ("DATA", "503"), ("MAIL FROM:a@b", "501"), ("MAIL FROM:<a@b", "501"), ("MAIL FROM:<a@b>x", "501"),
                ("MAIL FROM:<a@b> SIZE=x", "501"), ("MAIL FROM:<a@b> SIZE=200000", "552 5.3.4"), ("MAIL FROM:<a@b> FOO=1", "555"), ("MAIL FROM:<a@b> BODY=9", "501"),
                ("MAIL FROM:<a@b> RET=SOME", "501"), ("MAIL FROM:<a@b> ENVID=a+b", "501"), ("XFORWARD FOO=1", "501"), ("XFORWARD", "501")):
            with agent.connect() as one:
                answer = one.command(line)
                tap.ok(answer.startswith(code), "%s: %s" % (line, code), answer)
        tap.equal(lmtp.command("MAIL FROM:<>"), "250 2.1.0 ok", "the null sender")
        tap.ok(lmtp.command("MAIL FROM:<x@y>").startswith("503"), "one sender only")
        for rcpt, code in (("bob@out.test", "451 4.3.5"), ("bob@out.test.mw-tls.invalid", "451 4.3.5"), ("bob@out.test.mw-seal.invalid", "451 4.3.5"),
                           ("bob@out.test.mw-sealx.invalid", "451 4.3.5"), ("bob@out.test.mw-sealss.invalid", "451 4.3.5"),
                           ("bob@out.test.mw-seals.invalid.mw-seals.invalid", "451 4.3.5"), ("@a:bob@out.test.mw-seals.invalid", "553 5.1.3"),
                           ("a!b@out.test.mw-seals.invalid", "553 5.1.3"), ("bob@out.test.MW-SealSOP.Invalid", "250"), ("bob@out.test.mw-open.invalid", "250"),
                           ('"a b"@out.test.mw-sealp.invalid', "250")):
            answer = lmtp.command("RCPT TO:<%s>" % rcpt)
            tap.ok(answer.startswith(code), "recipient %s: %s" % (rcpt, code), answer)
        for params in ("NOTIFY=NEVER,SUCCESS", "NOTIFY=", "ORCPT=rfc822", "ORCPT=rfc822;a+b", "FOO=1"):
            answer = lmtp.command("RCPT TO:<bob@out.test.mw-seals.invalid> " + params)
            tap.ok(answer.startswith("501"), "%s: 501" % params, answer)

    # ---- the end of a message
    with agent.connect() as lmtp:
        lmtp.start(["bob@out.test.mw-sealp.invalid"])
        tap.equal(lmtp.finish(message("..two\r\n.\x00end\r\n\r\n. \r\n"), 1), ["250 2.0.0 queued as NEW1"], "dots and NUL")
        tap.ok(mta.copies[-1].data.endswith(b"\r\n\r\n..two\r\n.\x00end\r\n\r\n. \r\n"), "come out as they went in", mta.copies[-1].data)
        for name, end in (("LF . LF", b"\n.\n"), ("LF . CR LF", b"\n.\r\n"), ("CR . CR", b"\r.\r"), ("CR LF . LF", b"\r\n.\n"), ("CR LF . CR", b"\r\n.\rx"), ("a bare LF", b"a\nb"), ("a bare CR", b"a\rb")):
            before = len(mta.copies)
            lmtp.start(["bob@out.test.mw-sealp.invalid"])
            answers = lmtp.finish(message("x") + end + b"MAIL FROM:<evil@x>\r\n", 1, raw=True)
            tap.ok(answers[0].startswith("550 5.6.0") and len(mta.copies) == before, "%s ends nothing, and is refused" % name, answers)
        lmtp.start(["bob@out.test.mw-sealp.invalid"])
        tap.ok(lmtp.finish(message("x" * 200000 + "\r\n"), 1)[0].startswith("552 5.3.4"), "a message over the size that said no SIZE")
        lmtp.start(["bob@out.test.mw-sealp.invalid"])
        tap.ok(lmtp.finish(message(""), 1)[0].startswith("250"), "an empty body")
        lmtp.start(["bob@out.test.mw-sealp.invalid"])
        tap.ok(lmtp.finish(b"", 1)[0].startswith("250"), "an empty message")
        tap.ok(lmtp.start([])[-1].startswith("554"), "no recipients: no DATA")

    # ---- pipelining, and Python's own client
    with agent.connect() as lmtp:
        lmtp.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<one@out.test.mw-seals.invalid>\r\nRCPT TO:<bad@out.test>\r\nRCPT TO:<nokey@out.test.mw-sealso.invalid>\r\nDATA\r\n")
        said = [lmtp.reply() for _ in range(5)]
        tap.ok([line[:3] for line in said] == ["250", "250", "451", "250", "354"], "pipelined commands are answered one by one", said)
        lmtp.send(message() + b".\r\nNOOP\r\n")
        said = [lmtp.reply() for _ in range(3)]
        tap.ok([line[:9] for line in said] == ["250 2.0.0", "550 5.7.1", "250 2.0.0"], "each recipient gets his own answer, the others none", said)
        tap.ok("S/MIME: its certificate expired 2026-01-02; OpenPGP: its certificate expired 2026-01-02" in said[1], "with all reasons", said[1])
    with smtplib.LMTP(agent.path) as client:  # which reads one answer for all recipients
        client.sendmail("alice@clinic.test", ["one@out.test.mw-seals.invalid"], message("Zürich\r\n"), mail_options=["BODY=8BITMIME"])
        try:
            client.sendmail("alice@clinic.test", ["later@out.test.mw-seals.invalid"], message())
            tap.ok(False, "smtplib.LMTP delivers, and is told of what failed")
        except smtplib.SMTPDataError as error:
            tap.ok(error.smtp_code == 451, "smtplib.LMTP delivers, and is told of what failed", error)

    # ---- what is passed on
    before = len(mta.copies)
    agent.deliver(message(), "bob@out.test.mw-seals.invalid", queue_id="4jXCcW55ZMz1bYG3", params="ENVID=QQ+2B1 RET=HDRS BODY=8BITMIME SMTPUTF8", rcpt_params="NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bob@out.test")
    copy = mta.copies[-1]
    tap.ok("RET=HDRS ENVID=QQ+2B1" in copy.mail and "SMTPUTF8" in copy.mail and "SIZE=" in copy.mail, "ENVID, RET, SMTPUTF8 and SIZE", copy.mail)
    tap.equal(copy.rcpts, ["<bob@out.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bob@out.test"], "NOTIFY and ORCPT, untagged")
    tap.equal((mta.told["IDENT"], mta.told["NAME"], mta.told["ADDR"], mta.told["HELO"], mta.told["SOURCE"]),
              ("4jXCcW55ZMz1bYG3", "client.test", "192.0.2.7", "helo.test", "REMOTE"), "XFORWARD: the queue id and the client")
    tap.ok("4jXCcW55ZMz1bYG3: sent: to=<bob@out.test> by=smime queued-as=NEW%d" % len(mta.copies) in agent.log(), "the log has both queue ids")
    agent.deliver(message(), "Bob+x@Out.test.mw-sealp.invalid", rcpt_params="ORCPT=rfc822;Bob+2Bx@Out.test.mw-sealp.invalid")
    tap.equal(mta.copies[-1].rcpts, ["<Bob+x@Out.test.mw-portal.invalid> ORCPT=rfc822;Bob+2Bx@Out.test"], "a tag in ORCPT goes; the portal's address has its own")
    agent.deliver(message(head="X-Note: Zürich\r\n"), "bob@out.test.mw-sealp.invalid")
    tap.ok("BODY=8BITMIME" in mta.copies[-1].mail, "8-bit mail is told of", mta.copies[-1].mail)
    agent.deliver(message("Zürich\r\n"), "bob@out.test.mw-seals.invalid")
    tap.ok("BODY" not in mta.copies[-1].mail and "Zürich" in unseal(mta.copies[-1].data)[1].decode(), "what is sealed is 7-bit, and 8-bit inside")
    for verb, reply, code in (("MAIL", "452 4.3.1 full", "452 4.3.1"), ("RCPT", "550 5.1.1 who", "550 5.1.1"), ("RCPT", "450 4.2.0 later", "450 4.2.0"), ("DATA", "554 5.7.1 no", "554 5.7.1"),
                              (".", "550 no", "550 5.0.0"), (".", "451 4.7.1 milter", "451 4.7.1"), (".", "421 4.3.2 down", "451 4.3.2"), (".", "what is this", "451 4.4.1"),
                              ("MAIL", "421 4.3.2 down", "451 4.3.2")):
        mta.answers = {verb: reply}
        answer = agent.deliver(message(), "bob@out.test.mw-seals.invalid")[0]
        mta.answers = {}
        tap.ok(answer.startswith(code), "%s at %s: the recipient gets %s" % (reply, verb, code), answer)
    with agent.connect() as lmtp:
        lmtp.deliver(message(), "bob@out.test.mw-seals.invalid")
        mta.down()
        mta.up()
        answer = lmtp.deliver(message(), "bob@out.test.mw-seals.invalid")[0]
        tap.ok(answer.startswith("250"), "a listener that has ended the connection meanwhile gets a new one", answer)
        mta.answers = {"MAIL": "421 4.3.2 enough"}
        mta.before = lambda verb: mta.answers.clear() if verb == "RCPT" else None
        answer = lmtp.deliver(message(), "bob@out.test.mw-seals.invalid")[0]
        mta.before = None
        mta.answers = {}
        tap.ok(answer.startswith("250"), "and one that has had enough of it", answer)
    mta.down()
    tap.ok(agent.deliver(message(), "bob@out.test.mw-seals.invalid")[0].startswith("451 4.4.1"), "nobody listens: 451")
    mta.up()

    # ---- garbage, the slow and the many
    with agent.connect() as lmtp:
        lmtp.send(bytes(range(256)) * 40 + b"\r\n")
        said = ""
        try:
            while True:
                said = lmtp.reply()
        except Closed:
            tap.ok(said.startswith(("500", "421")), "garbage is refused", said)
    with agent.connect() as lmtp:
        said = []
        lmtp.send(b"WHAT\r\n" * 40)
        try:
            while True:
                said.append(lmtp.reply())
        except Closed:
            pass
        tap.ok(said[-1].startswith("421") and len(said) < 40, "too many errors end the connection", said[-1:])
    with agent.connect() as lmtp:
        tap.ok(lmtp.reply().startswith("421 4.4.2"), "who says nothing is told to go")
    with agent.connect() as lmtp:
        lmtp.start(["bob@out.test.mw-seals.invalid"])
        lmtp.send(b"From: x\r\n")
        try:
            said = lmtp.reply()
        except Closed:
            said = "closed"
        tap.equal(said, "closed", "a message that does not go on is dropped without an answer")
    before = len(mta.copies)
    with agent.connect() as lmtp:
        lmtp.start(["bob@out.test.mw-seals.invalid"])
        lmtp.send(message())
    answers = threads(24, lambda i: agent.deliver(message(), "bob%d@out.test.mw-seals.invalid" % i)[0])
    tap.ok(all(str(a).startswith("250") for a in answers), "24 at once, 4 at a time", answers)
    tap.equal(len(mta.copies) - before, 24, "each once; half a message sends nothing")
    tap.ok("Zebrafinch" not in agent.log(), "no Subject in the log")
tap.end()
