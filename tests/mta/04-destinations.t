#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What each means of the policy does with each kind of destination."""
import lab

TLS, CLEAR = "TLSv1.3", None
# means -> destination -> what happens: "direct" (encrypted, to the domain's own host), "second" (by the second MX), "portal",
# "bounce", "wait". brokentls answers STARTTLS with 454, which is no final answer; the MX of mixed that can do TLS has a
# certificate of another domain, which is no verified one.
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
    if any(a.startswith(rcpt) for a in site.postfix.deferred()):
        return "wait"
    if [c for c in site.reports(message) if rcpt.encode() in c.data]:
        return "bounce"
    return "lost"


with lab.Site() as site:
    tap = site.tap
    site.outbound()
    sent = {}
    for means, row in WANTED.items():
        for domain in row:
            rcpt = "%s@%s.test" % (means, domain)
            sent[rcpt] = lab.phi()
            site.send(sent[rcpt], rcpt)
    site.postfix.settle(60)
    for means, row in WANTED.items():
        for domain, wanted in row.items():
            rcpt = "%s@%s.test" % (means, domain)
            tap.equal(outcome(site, sent[rcpt], rcpt), wanted, "%s: %s" % (rcpt, wanted))
    for report in site.bounces():
        if b"mw-" in report.data.split(b"\r\n\r\n", 2)[1]:
            tap.ok(False, "reports name recipients as the sender wrote them", report.data.decode())
            break
