#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Large, damaged, broken off, out of order: every message gets an answer or a closed connection, and the next one is served."""
import random
import socket
import struct
import time

from common import BY_HEADER, Closed, Daemon, Session, Tap, note, policy, wait_for

tap = Tap()


def alive(milward, name):
    """The same worker still serves."""
    with Session(milward.path) as s:
        return tap.ok(s.message().final == "c" and milward.worker() == worker, "and the next message passes: " + name, milward.log()[-2000:])


with Daemon(BY_HEADER + "on limit.headers refuse \"too many fields\"; limit.size refuse \"too large\"\nlimit size 1M, header 16M\n") as milward:
    worker = milward.worker()

    # -- content -------------------------------------------------------------------------------------------------------------
    with Session(milward.path, timeout=120) as s:
        begun = time.monotonic()
        answer = s.message(headers=[("X-%d" % n, " v") for n in range(100000)])
        note("100,000 header fields in %.2f s" % (time.monotonic() - begun))
        tap.equal(answer.text[:60], "550 5.7.1 message cannot be judged: limit.headers: too many ", "100,000 header fields: the policy's outcome")
        tap.ok("limit.headers" in milward.log(), "and the limit is in the log")
        answer = s.message(headers=[("Subject", " a")], body=b"\0" * 1000 + b"nul\0in\0text\r\n\0")
        tap.equal(answer.final, "c", "NUL bytes in the body")
        tap.equal(s.message(body=b"x" * 900000).final, "c", "one line of 900,000 octets")
        tap.equal(s.message(body=b"\r\n.\n\r\r\n" * 1000).final, "c", "bare CR and LF")
        tap.equal(s.message(headers=[("X-Big", " " + "b" * 102400)]).final, "c", "a field of 100 KB, which Postfix takes, is more than"
                  " libmilter's default")
        tap.equal(s.message(headers=[("X", ""), ("Sub ject", " x"), ("X\x01\xff", " \udcff\udc80")]).final, "c",
                  "odd field names")
        tap.equal(s.message(headers=(), body=b"").final, "c", "neither header nor body")
        answer = s.message(body=b"y" * 3000000)
        tap.equal(answer.text[:54], "550 5.7.1 message cannot be judged: limit.size: too la", "beyond limit.size: the policy's outcome")
        tap.equal(s.message(rcpts=["<%s@other.example>" % ("l" * 60000), "<>", "", "<\x7f\x01@x>", "<bob@other.example>"]).final, "c",
                  "odd recipients")
        tap.equal(s.message(sender="<" + "s" * 60000 + "@x.example>").final, "c", "a sender of 60,000 octets")
        tap.equal(s.message(sender="<>").final, "c", "null sender")
        tap.equal(s.message(headers=[("Content-Type", " multipart/mixed; boundary=x")] * 50, body=b"--x\r\n" * 20000).final, "c",
                  "20,000 boundaries")
    alive(milward, "content")

    # -- breaking off ---------------------------------------------------------------------------------------------------------
    def go_to(last, session):
        """All steps up to this one."""
        steps = (lambda: None, session.mail, lambda: session.rcpt("<bob@other.example>"), lambda: session.header("Subject", " x"),
                 lambda: session.body(b"x" * 100), lambda: session.send("E"))
        for step in steps[:names.index(last) + 1]:
            step()

    names = ("negotiation", "MAIL", "RCPT", "header", "body", "end")
    Session(milward.path).close()
    for n, last in enumerate(names[1:], 1):
        with Session(milward.path) as s:
            # What libmilter has not read yet is dropped when the peer is gone, so the end is sent when the message is known.
            go_to(min(last, "body", key=names.index), s)
            wait_for(lambda: milward.counts()["in-work"] == 1, "the message is in work")
            if last == "end":
                s.send("E")
        wait_for(lambda: milward.counts()["in-work"] == 0, "the message to end")
        if last != "end":
            tap.equal(milward.counts()["aborted"], n, "the connection ends after %s: so does the message" % last)
        else:
            tap.ok(True, "the connection ends at the end: so does the message")
    with Session(milward.path) as s:
        for last in names[1:-1]:
            go_to(last, s)
            s.abort()
            answer = s.message(headers=[("X-Via", " y")])
            tap.equal([e[0] for e in answer.edits], ["add", "del", "from"], "abort after %s, then a whole message on the same connection" % last)
        s.abort()
        s.quit()
        try:
            s.send("M", b"<late@x.example>\0")
            s.receive()
            tap.ok(False, "nothing is served after QUIT")
        except (Closed, OSError):
            tap.ok(True, "nothing is served after QUIT")
    alive(milward, "breaking off")

    # -- out of order -----------------------------------------------------------------------------------------------------------
    with Session(milward.path, negotiate=False) as s:
        s.send("M", b"<alice@clinic.example>\0")
        tap.equal(s.receive()[0], "t", "MAIL before the negotiation: tempfail")
        s.send("E")
        s.send("M", b"<alice@clinic.example>\0")
        tap.equal(s.receive()[0], "t", "and again")
    with Session(milward.path) as s:
        s.send("O", struct.pack(">III", 6, 0x1FF, 0x1FFFFF))  # twice: libmilter ignores the second
        s.header("X-Via", " before MAIL")
        s.body(b"before MAIL")
        s.rcpt("<early@other.example>")
        s.send("E")
        s.mail("<first@clinic.example>")
        s.rcpt("<lost@other.example>")
        s.mail("<second@clinic.example>")
        s.rcpt("<bob@other.example>")
        answer = s.eom()
        tap.equal((answer.final, answer.edits), ("c", []), "steps out of order are forgotten, a second MAIL begins anew")
        tap.ok("rcpts=1" in milward.log().splitlines()[-1] and "second@" in milward.log().splitlines()[-1], "with its own recipients only")
    alive(milward, "out of order")

    # -- octets that are no protocol ---------------------------------------------------------------------------------------------
    rng = random.Random(7)
    packets = [b"", b"\0\0\0\0", b"\0\0\0\1", b"\0\0\0\1O", b"\0\0\0\5Oabcd", b"\xff\xff\xff\xffM", b"\x7f\xff\xff\xffB", b"\0\0\0\2M\0",
               b"\0\0\0\1M", b"\0\0\0\1L", b"\0\0\0\1R", b"\0\0\0\1B", b"\0\0\0\2Dx", b"\0\0\0\3DM\0", b"\0\0\0\5DMab\0", b"\0\0\0\1?",
               b"GET / HTTP/1.1\r\n\r\n", b"EHLO x\r\n"]
    packets += [bytes(rng.randrange(256) for _ in range(rng.randrange(1, 64))) for _ in range(100)]
    for late in (False, True):
        for octets in packets:
            with Session(milward.path, negotiate=late) as s:
                if late:
                    s.mail()
                    s.rcpt("<bob@other.example>")
                try:
                    s.raw(octets)
                except OSError:
                    pass
        tap.ok(milward.worker() == worker, "%d kinds of garbage %s the negotiation" % (len(packets), "after" if late else "before"))
    wait_for(lambda: milward.counts()["in-work"] == 0, "no message in work")
    alive(milward, "garbage")
    tap.equal(milward.stop(), 0, "stops with 0")

# An inet socket works too, with a warning.
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
with Daemon(policy("match any then pass"), "--socket", "inet:%d@127.0.0.1" % port) as milward:
    with Session(("127.0.0.1", port)) as s:
        tap.equal(s.message().final, "c", "inet socket")
    tap.ok("a unix socket does not" in milward.log(), "and the log warns of its price")

raise SystemExit(tap.end())
