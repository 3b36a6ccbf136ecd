#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Messages: signed, large, hostile, and from local programs; what they hold stays out of every log and report."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402

import base64  # noqa: E402
import stat  # noqa: E402

from lab.dkimkeys import Keys  # noqa: E402

MB = 1 << 20
BOTH = {("rsa-sha256", "clinic.test"): True, ("ed25519-sha256", "clinic.test"): True}
MIME = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
# sendmail(1) hands mail to the daemon by SMTP, from a queue of its own.
SUBMIT = """divert(-1)dnl
include(`%(cf)s/m4/cf.m4')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `gw.clinic.test')dnl
define(`confCF_VERSION', `Submit')dnl
define(`__OSTYPE__', `')dnl
define(`_USE_DECNET_SYNTAX_', `1')dnl
define(`confTIME_ZONE', `USE_TZ')dnl
define(`confDONT_INIT_GROUPS', `True')dnl
define(`MSP_QUEUE_DIR', `%(clientqueue)s')dnl
define(`confPID_FILE', `%(folder)s/submit.pid')dnl
define(`STATUS_FILE', `%(folder)s/statistics')dnl
define(`confSERVICE_SWITCH_FILE', `%(config)s/service.switch')dnl
define(`confRUN_AS_USER', `mail:mail')dnl
define(`confTRUSTED_USER', `mail')dnl
define(`confCT_FILE', `%(config)s/trusted-users')dnl
FEATURE(`msp', `[127.0.0.1]', `25')dnl
define(`confPRIVACY_FLAGS', `goaway,noetrn,nobodyreturn')dnl
"""


def heavy(octets, text):
    """A message with an attachment of about that many octets on the wire."""
    body = base64.encodebytes(os.urandom(57 * 18396)).replace(b"\n", b"\r\n")  # whole lines: no "=" before the end
    body *= octets // len(body)
    return lab.Message(
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode() + b"\r\n"
        b"--b\r\nContent-Type: image/x-raw\r\nContent-Disposition: attachment; filename=scan.raw\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + body + b"--b--\r\n",
        head="MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n",
    )


def attempt(site, message, *rcpts):
    try:
        return 250, site.send(message, *rcpts)
    except lab.Refused as answer:
        return answer.code, answer.text


with lab.Site("sendmail") as site:
    tap, sendmail = site.tap, site.sendmail
    keys = Keys(site.folder)
    audit = os.path.join(site.folder, "log", "audit")
    load = sendmail.load + "\n" + keys.load() + '\nload audit grant store { path "%s" }\nload trace' % audit
    daemon = site.outbound(load=load, then='always sign dkim, record audit, strip header "X-Milward*"')

    # Signed behind all changes; Sendmail writes address fields anew on the way out.
    message = lab.phi(head=MIME + "X-Milward-A: 1\r\nx-milward-a: 2\r\nX-MILWARD-B:\r\nX-Milward-A: fold\r\n\ted\r\nX-Other: stays\r\n",
                      to="team@example.test, other@example.test")
    site.send(message, "bob@clinic.test", "bob@plain.test", "tls@valid.test", "portal@valid.test")
    sendmail.settle()
    copies = site.found(message)
    tap.equal(len(copies), 4, "a copy on each route")
    for copy in copies:
        tap.equal(keys.verify(copy.data), BOTH, "both signatures verify: %s at %s" % (copy.to[0], copy.sink))
        head = copy.data.split(b"\r\n\r\n")[0]
        tap.ok(b"x-milward" not in head.lower() and b"X-Other: stays" in head, "X-Milward fields are gone, others are not", head)
        tap.equal(copy.header("To"), ["team@example.test, other@example.test"], "To is as it was")
    for name, message in {
        "odd spaces and folds": lab.harmless(head=MIME + "X-A:nospace\r\nX-B: \t two\r\n\tlines\r\nSubject: twice\r\n"),
        "8-bit text": lab.Message("Grüße aus Zürich\r\n", head=MIME + "Content-Transfer-Encoding: 8bit\r\n"),
        "dots and empty lines": lab.Message(".\r\n..x\r\n\r\n\r\nend \t\r\n\r\n\r\n", subject="dots"),
        "a name in To": lab.harmless(to='"Doe, Jane" <jane@example.test>, Team <team@example.test>'),
    }.items():
        site.send(message, "tls@valid.test")
        sendmail.settle()
        found = {k: v for copy in site.found(message) for k, v in keys.verify(copy.data).items() if k[1] == "clinic.test"}
        tap.equal(found, BOTH, "%s: verifies" % name)
    message = lab.phi()
    site.send(message, "tls@valid.test", "heldtls@valid.test")
    sendmail.settle()
    sendmail.release()
    sendmail.flush()
    tap.equal([keys.verify(c.data) for c in site.found(message)], [BOTH], "held and released: verifies")

    # 25 MB.
    for name, text, rcpts, wanted in (
        ("with PHI", lab.PHI, ("bob@plain.test", "tls@valid.test"), {("portal", "bob@plain.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"]}),
        ("without PHI", lab.NO_PHI, ("bob@plain.test",), {("plain", "bob@plain.test"): [None]}),
    ):
        message = heavy(25 * MB, text)
        site.send(message, *rcpts)
        sendmail.settle(60)
        tap.equal(site.copies(message), wanted, "25 MB %s: each copy by its route" % name)
        tap.ok(all(c.data.split(b"\r\n\r\n", 1)[1] == message.octets.split(b"\r\n\r\n", 1)[1] for c in site.found(message)),
               "25 MB %s: octet for octet" % name)
        for sink in site.sinks.values():
            sink.copies.clear()

    # What is not mail as it should be: to the portal, or not taken; never in clear.
    plain = "Content-Type: text/plain; charset=utf-8\r\n"
    shapes = {
        "NUL in the body": lab.PHI.replace("type 2", "type\0 2"),
        "bare CR": lab.PHI.replace("SSN:", "x\rSSN:"),
        "bare LF": lab.PHI.replace("SSN:", "x\nSSN:"),
        "a line of 100,000 octets": "x" * 100000 + "\r\n" + lab.PHI,
        "From line first": "From nobody\r\n" + lab.PHI,
        "dots": ".\r\n..\r\n" + lab.PHI,
    }
    for name, text in shapes.items():
        message = lab.Message(text, head="MIME-Version: 1.0\r\n" + plain)
        code, _answer = attempt(site, message, "bob@plain.test")
        sendmail.settle()
        copies = site.copies(message)
        tap.ok(copies == ({("portal", "bob@plain.test"): [None]} if code == 250 else {}), "%s, with PHI: to the portal once, or not taken (%d)" % (name, code), copies)
    message = lab.phi(head=MIME + "X-Nul: a\0b\r\n")
    code, _answer = attempt(site, message, "bob@plain.test")
    sendmail.settle()
    tap.ok([k for k in site.copies(message) if k[0] == "plain"] == [], "NUL in the header, with PHI: nothing in clear (%d)" % code)
    message = lab.phi(head=MIME + "".join("X-%d: %d\r\n" % (i, i) for i in range(3000)))
    code, _answer = attempt(site, message, "bob@plain.test")
    sendmail.settle()
    tap.ok([k for k in site.copies(message) if k[0] == "plain"] == [], "3,000 header fields, with PHI: nothing in clear (%d)" % code)
    tap.ok(daemon.process.poll() is None, "the daemon lives")

    # sendmail(1), by the submission queue.
    sendmail.file("submit.mc", SUBMIT % sendmail.names)
    sendmail.file("trusted-users", "root\n")
    client = sendmail.names["clientqueue"]
    os.mkdir(client)
    os.chmod(client, 0o770)
    os.chown(client, 8, 8)
    made = sendmail.run("m4", "-D_CF_DIR_=%s/" % sendmail.cf, os.path.join(sendmail.config, "submit.mc"))
    submit_cf = sendmail.file("submit.cf", made.stdout)
    for folder in (os.path.dirname(site.folder), site.folder, sendmail.folder):
        os.chmod(folder, os.stat(folder).st_mode | stat.S_IXOTH)

    def submit(message, *arguments):
        sendmail.run(sendmail.program, "-Ac", "-C", submit_cf, "-i", "-odi", *arguments, stdin=message.octets.replace(b"\r\n", b"\n"), check=False)
        lab.wait_for(lambda: not sendmail.sessions(), "the daemon has taken it")
        sendmail.settle()

    message = lab.phi()
    submit(message, "-f", "alice@clinic.test", "bob@clinic.test", "bob@plain.test", "tls@valid.test")
    tap.equal(
        site.copies(message),
        {("inside", "bob@clinic.test"): [None], ("portal", "bob@plain.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"]},
        "sendmail(1): each recipient by its route",
    )
    message = lab.harmless()
    submit(message, "-f", "alice@clinic.test", "bob@plain.test")
    tap.equal(site.copies(message), {("plain", "bob@plain.test"): [None]}, "sendmail(1): mail without PHI as ever")
    for odd in ("bob@valid.test.mw-portal.invalid", "refuse@valid.test", "@valid.test:user@plain.test", "plain.test!user", "user%plain.test"):
        message = lab.phi()
        submit(message, "-f", "alice@clinic.test", odd)
        clear = [key for key in site.copies(message) if key[0] in ("plain", "valid")]
        tap.equal(clear, [], "sendmail(1), %s: nothing in clear" % odd)
    message = lab.phi()
    submit(message, "-f", "alice@clinic.test", "-N", "failure,delay", "-V", "E77", "-R", "hdrs", "tls@valid.test")
    copy = (site.found(message) or [None])[0]
    tap.ok(copy and "ENVID=E77" in copy.mail and "RET=HDRS" in copy.mail and "NOTIFY=FAILURE,DELAY" in copy.rcpts[0], "DSN options are kept", copy)

    # Nothing of a message is in a log, a reply, a report or the queue's listing.
    said = []
    for rcpts in (["tls@plain.test"], ["ver@selfsigned.test"], ["refuse@valid.test"], ["tempfail@valid.test"], ["hold@valid.test"],
                  ["tls@down.test"], ["tls@nosuch.test"], ["user%plain.test@localhost"]):
        said.append(attempt(site, lab.phi(), *rcpts)[1])
    sendmail.settle()
    daemon.stop()
    tap.equal([t for t in said if any(s in t for s in lab.SECRETS)], [], "no reply to the client has it")
    tap.ok(os.path.exists(audit), "there are records")
    tap.equal(site.leaks(), [], "no log has it")
    tap.ok(len(site.bounces()) >= 3, "there are reports to look at", len(site.bounces()))
    for report in site.bounces():
        text = report.data.split(b"Content-Type: message/rfc822", 1)[0].split(b"Content-Type: text/rfc822-headers", 1)[0].decode("utf-8", "replace")
        if [s for s in lab.SECRETS if s in text] or b"219-09-9998" in report.data:
            tap.ok(False, "no report has it", report.data.decode("utf-8", "replace"))
            break
    else:
        tap.ok(True, "no report has it")
