#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reload under traffic: a good policy takes over, a bad one changes nothing, and no message falls between them."""
import threading

import lab


class Traffic(threading.Thread):
    """Sends message after message until told to stop."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site, self.sent, self.refused, self.over = site, [], [], threading.Event()

    def run(self):
        while not self.over.is_set():
            message = lab.phi()
            try:
                self.site.send(message, "bob@plain.test")
                self.sent.append(message)
            except (lab.Refused, OSError) as answer:
                self.refused.append(str(answer))


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    daemon = site.outbound()
    with open(daemon.policy) as policy:
        good = policy.read()

    def put(text):
        with open(daemon.policy, "w") as policy:
            policy.write(text)
        mark = len(daemon.log())
        daemon.reload()
        return mark

    traffic = [Traffic(site) for _ in range(3)]
    for t in traffic:
        t.start()

    def more():
        """Waits until each sender has sent some more."""
        before = [len(t.sent) for t in traffic]
        lab.wait_for(lambda: all(len(t.sent) > b + 2 for t, b in zip(traffic, before)), "traffic goes on")

    more()
    mark = put(good.replace("then send by tls or portal", "then sned by tls or portal"))
    daemon.wait_log("sned", after=mark)
    more()
    tap.ok(":" in daemon.log()[mark:], "the log tells what is wrong in a bad policy", daemon.log()[mark:])
    for name, text in (("an empty policy", ""), ("half of a policy", good[: good.index("match")])):
        mark = put(text)
        daemon.wait_log("no `match` line", after=mark)
        more()
        tap.ok(True, "%s changes nothing" % name)
    put(good)
    more()
    for t in traffic:
        t.over.set()
    for t in traffic:
        t.join()
    postfix.settle(60)
    tap.equal([r for t in traffic for r in t.refused], [], "no client was refused")
    wrong = [m.id for t in traffic for m in t.sent if site.copies(m) != {("portal", "bob@plain.test"): [None]}]
    tap.equal(wrong, [], "all of %d messages went where the good policy says" % sum(len(t.sent) for t in traffic))

    put(good.replace("match class phi to external then send by tls or portal", 'match class phi to external then refuse "new policy"'))

    def refused():
        try:
            site.send(lab.phi(), "bob@plain.test")
            return False
        except lab.Refused as answer:
            return "new policy" in answer.text

    lab.wait_for(refused, "the new policy decides")
    tap.ok(True, "a good policy takes over without a restart")
    tap.equal(daemon.stop(), 0, "SIGTERM ends the daemon in order")
