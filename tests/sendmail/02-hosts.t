#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every means to every kind of host: direct, by the second MX, to the portal, back to the sender, or waiting in the queue."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402
import socket  # noqa: E402
import threading  # noqa: E402

TLS, CLEAR = "TLSv1.3", None
# As in tests/mta/04-destinations.t, and with the same results.
WANTED = {
    "tls": {
        "plain": "bounce", "valid": "direct", "selfsigned": "direct", "wrongname": "direct", "expired": "direct",
        "brokentls": "wait", "oldtls": "bounce", "mixed": "second", "down": "wait", "nosuch": "bounce",
    },
    "bob": {  # tls or portal
        "plain": "portal", "valid": "direct", "selfsigned": "direct", "wrongname": "direct", "expired": "direct",
        "brokentls": "portal", "oldtls": "portal", "mixed": "second", "down": "wait", "nosuch": "bounce",
    },
    "ver": {
        "plain": "bounce", "valid": "direct", "selfsigned": "bounce", "wrongname": "bounce", "expired": "bounce",
        "brokentls": "wait", "oldtls": "bounce", "mixed": "bounce", "down": "wait", "nosuch": "bounce",
    },
    "verp": {
        "plain": "portal", "valid": "direct", "selfsigned": "portal", "wrongname": "portal", "expired": "portal",
        "brokentls": "portal", "oldtls": "portal", "mixed": "portal", "down": "wait", "nosuch": "bounce",
    },
}


def outcome(site, message, rcpt):
    """What happened to one recipient, in the words of WANTED; anything odd in full."""
    copies = site.copies(message)
    host = rcpt.split("@")[1].split(".")[0]
    if copies == {(host, rcpt): [TLS]}:
        return "direct"
    if copies == {("valid", rcpt): [TLS]}:
        return "second"
    if copies == {("portal", rcpt): [CLEAR]}:
        return "portal"
    if copies:
        return copies
    if any(rcpt in text for _name, text in site.sendmail.queued()):
        return "wait"
    if [c for c in site.reports(message) if rcpt.encode() in c.data]:
        return "bounce"
    return "lost"


with lab.Site("sendmail") as site:
    tap, sendmail = site.tap, site.sendmail
    site.outbound()
    sent = {}
    for means, row in WANTED.items():
        for domain in row:
            rcpt = "%s@%s.test" % (means, domain)
            sent[rcpt] = lab.phi()
            site.send(sent[rcpt], rcpt)
    sendmail.settle(60)
    for means, row in WANTED.items():
        for domain, wanted in row.items():
            rcpt = "%s@%s.test" % (means, domain)
            tap.equal(outcome(site, sent[rcpt], rcpt), wanted, "%s: %s" % (rcpt, wanted))
    for report in site.bounces():
        tap.ok(b"219-09-9998" not in report.data, "reports return the header, not the body")
        if not tap.ok(b"Final-Recipient: RFC822; " in report.data and b"Final-Recipient: RFC822; bob@plain.test.mw-" not in report.data,
                      "and name the recipient"):
            break

    # Names in certificates that the site vouches for: the MX of mixed.test that can do TLS is one of valid.test.
    sendmail.stop()
    names = os.path.join(site.folder, "names")
    with open(names, "w") as out:
        out.write("# partners\nmixed.test mx.valid.test\nwrongname.test mx.valid.test\n")
    site.setup("add", "--names", names)
    sendmail.start()
    for domain, wanted in (("mixed", "second"), ("wrongname", "bounce"), ("plain", "bounce")):
        message, rcpt = lab.phi(), "ver@%s.test" % domain
        site.send(message, rcpt)
        sendmail.settle()
        tap.equal(outcome(site, message, rcpt), wanted, "with a table of names, %s: %s" % (rcpt, wanted))

    # And names that milward-lookup knows, by the protocol of socket maps.
    path, answers, asked = os.path.join(site.folder, "lookup.sock"), {}, []
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o666)
    listener.listen(10)

    def serve(conn):
        while True:
            size = b""
            while not size.endswith(b":"):
                octet = conn.recv(1)
                if not octet:
                    return
                size += octet
            request = b""
            while len(request) < int(size[:-1]) + 1:
                request += conn.recv(4096)
            asked.append(request[:-1].decode())
            answer = answers.get(asked[-1], "NOTFOUND ").encode()
            conn.sendall(b"%d:%s," % (len(answer), answer))

    def listen():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    sendmail.stop()
    site.setup("add", "--lookup", path)
    sendmail.start()
    for answer, wanted in (("OK secure match=mx.other.test:mx.valid.test servername=hostname", "second"), ("OK secure match=.valid.test servername=hostname protocols=>=TLSv1.2", "second"), ("OK secure match=mx.valid.test", "second"),
                           ("OK secure match=valid.test:x.mx.valid.test:.test", "bounce"), ("OK dane-only", "bounce"), ("NOTFOUND ", "bounce"), ("TEMP no answer", "wait")):
        answers["verified mixed.test"] = answer
        message, rcpt = lab.phi(), "ver@mixed.test"
        site.send(message, rcpt)
        sendmail.settle()
        tap.equal(outcome(site, message, rcpt), wanted, "milward-lookup says %s: %s" % (answer, wanted))
    tap.equal(set(asked), {"verified mixed.test"}, "asked for what the domain itself does not tell")
    for name, _text in sendmail.queued():
        os.unlink(os.path.join(sendmail.queue_folder, name))

    # TLS to the portal: what is wrong with it waits, and says nothing of the recipient's domain.
    for host, level, wanted in (("mx.selfsigned.test", "encrypt", "selfsigned"), ("mx.valid.test", "secure", "valid"),
                                ("mx.selfsigned.test", "secure", None), ("mx.plain.test", "encrypt", None)):
        sendmail.stop()
        site.setup("add", "--portal", host, "--portal-tls", level)
        sendmail.start()
        for rcpt in ("portal@oldtls.test", "bob@oldtls.test"):
            message = lab.phi()
            site.send(message, rcpt)
            sendmail.settle()
            tap.equal(site.copies(message), {(wanted, rcpt): [TLS]} if wanted else {}, "%s, portal %s with %s: %s" % (rcpt, host, level, wanted or "waits"))
            if not wanted:
                tap.ok(any(rcpt in text for _name, text in sendmail.queued()), "in the queue")
    # A smarthost in place of the recipients' own hosts.
    for host, results in (("mx.valid.test", {"tls": "valid", "ver": "valid", "verp": "valid"}), ("mx.selfsigned.test", {"tls": "selfsigned", "ver": None, "verp": "portal"})):
        sendmail.stop()
        site.setup("add", "--smarthost", host)
        sendmail.start()
        for means, sink in results.items():
            message, rcpt = lab.phi(), "%s@nosuch.test" % means
            site.send(message, rcpt)
            sendmail.settle()
            tap.equal(site.copies(message), {(sink, rcpt): [CLEAR if sink == "portal" else TLS]} if sink else {}, "smarthost %s, %s: %s" % (host, rcpt, sink))
    sendmail.stop()
    site.setup("add", "--names", names)
    sendmail.start()
    sendmail.flush()
    tap.equal([name for name, text in sendmail.queued() if "oldtls" in text], [], "and goes when the portal is mended")

    # One connection takes several messages of a queue run: each is asked anew for what it demands.
    sendmail.stop()
    sendmail.change("O DeliveryMode=background", "O DeliveryMode=queueonly")
    sendmail.start()
    mixed = {}
    for rcpt, where in (("ver@valid.test", "valid"), ("zed@plain.test", "plain"), ("tls@valid.test", "valid"), ("bob@valid.test", "valid"),
                        ("ver@mixed.test", "valid"), ("tls@mixed.test", "valid"), ("zed@valid.test", "valid"), ("verp@mixed.test", "valid"),
                        ("portal@plain.test", "portal"), ("ver@valid.test", "valid"), ("tls@valid.test", "valid")):
        message = lab.harmless() if rcpt.startswith("zed") else lab.phi()
        site.send(message, rcpt)
        mixed[message] = (where, rcpt)
    sendmail.flush()
    sendmail.flush()
    for message, (where, rcpt) in mixed.items():
        tap.equal(site.copies(message), {(where, rcpt): [TLS if where == "valid" else CLEAR]}, "in one queue run: %s" % rcpt)
