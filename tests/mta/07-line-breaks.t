#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A crash at any moment: the line between Postfix and milward is cut, or goes silent, at each packet of the dialogue in turn.

Whatever the moment, the client either gets no 250 and nothing is delivered, or gets 250 and every recipient has exactly one copy
by its own route."""
import concurrent.futures

import lab

RCPTS = ("bob@clinic.test", "bob@plain.test", "tls@valid.test", "portal@valid.test")
RIGHT = {
    ("inside", "bob@clinic.test"): [None],
    ("portal", "bob@plain.test"): [None],
    ("valid", "tls@valid.test"): ["TLSv1.3"],
    ("portal", "portal@valid.test"): [None],
}


def attempt(site):
    """(message, accepted?)"""
    message = lab.phi()
    try:
        site.send(message, *RCPTS)
        return message, True
    except lab.Refused as answer:
        if answer.code // 100 == 5:
            raise AssertionError("a crash must not bounce mail: %s" % answer) from answer
        return message, False


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    site.outbound()
    proxy_path = site.socket + ".proxy"
    proxy = lab.Proxy(proxy_path, site.socket)
    # The site's own milter line with the proxy in the place of the socket, and short timeouts.
    line = postfix.get("smtpd_milters")
    tap.ok(lab.SOCKET in line, "Postfix asks milward", line)
    postfix.set(
        smtpd_milters="{ unix:%s.proxy, default_action=tempfail, connect_timeout=2s, command_timeout=2s, content_timeout=2s }" % lab.SOCKET
    )
    postfix.reload()

    message, accepted = attempt(site)
    postfix.settle()
    tap.ok(accepted and site.copies(message) == RIGHT, "through the proxy all is as without it", site.copies(message))
    dialogue = list(proxy.packets)
    tap.ok(len(dialogue) > 10, "the dialogue has %d packets" % len(dialogue))

    for what in ("cut", "hang"):
        # Session number n breaks at packet n; sessions run side by side, because each that hangs takes its time.
        start = proxy.sessions + 1
        proxy.breaks = lambda session, number, *_packet: what if number == session - start else None
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            sent = list(pool.map(lambda _n: attempt(site), dialogue))
        proxy.breaks = lambda *packet: None
        postfix.settle()
        wrong = ["accepted %s, copies %r" % (accepted, copies) for message, accepted in sent
                 if (copies := site.copies(message)) != (RIGHT if accepted else {})]
        taken = sum(accepted for _message, accepted in sent)
        tap.equal(proxy.sessions + 1 - start, len(dialogue), "%s: one session for each packet of the dialogue" % what)
        tap.ok(not wrong, "%s at each packet: nothing lost, nothing twice, nothing in clear" % what, "\n".join(wrong))
        # What follows the verdict (QUIT, ABORT) may break and the message is taken all the same.
        tap.ok(0 < len(dialogue) - taken and taken <= 5, "%s: only the last packets do not matter (%d)" % (what, taken))
    message, accepted = attempt(site)
    postfix.settle()
    tap.ok(accepted and site.copies(message) == RIGHT, "and after all that it works as before", site.copies(message))
