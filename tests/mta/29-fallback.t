#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""From TLS to the portal under bad conditions: TLS that comes and goes, hosts that hang, a listener that is killed, many at once."""
import os
import signal
import socket
import threading

import lab
from lab.site import DOWN

LISTENER = "127.0.0.1:10531"


def one_id(site, message):
    """The message was never in a second queue file."""
    return len(site.postfix.queue_ids(message.id)) == 1


def tls_comes_and_goes(site):
    """No host is thought to be without TLS: it is tried first each time."""
    valid = site.sinks["valid"]
    for mode, mail in (("notls", ("portal", None)), ("tls", ("valid", "TLSv1.3")), ("454", ("portal", None)), ("tls", ("valid", "TLSv1.3"))):
        valid.mode = mode
        message = lab.phi()
        site.send(message, "bob@valid.test", "verp@valid.test")
        site.postfix.settle()
        wanted = {(mail[0], "%s@valid.test" % name): [mail[1]] for name in ("bob", "verp")}
        site.tap.equal(site.copies(message), wanted, "TLS is %s: to the %s" % (mode, mail[0]))
        site.tap.ok(one_id(site, message), "TLS is %s: one queue id" % mode)


def same_domain(site):
    """Several recipients of one domain are one delivery, and each has its own end."""
    message = lab.phi()
    site.send(message, "a@plain.test", "b@plain.test", "portal@plain.test", "x@down.test", "y@nosuch.test")
    site.postfix.settle()
    site.tap.equal(site.copies(message), {("portal", "%s@plain.test" % name): [None] for name in ("a", "b", "portal")},
                   "recipients without TLS, of a host that is down and of no domain: the first to the portal")
    site.tap.equal(list(site.postfix.deferred()), ["x@down.test.mw-tlsp.invalid"], "the second waits")
    site.tap.ok(any("Connection refused" in text for text in site.postfix.deferred().values()), "and says why", site.postfix.deferred())
    report = site.reports(message)
    site.tap.ok(len(report) == 1 and b"y@nosuch.test" in report[0].data and b"x@down.test" not in report[0].data,
                "and the third alone is reported", report)
    site.tap.ok(one_id(site, message), "all under one queue id")
    site.postfix.super("-d", "ALL")


def unknown(site):
    """No TLS, and no such recipient."""
    site.sinks["plain"].answers["RCPT"] = "550 5.1.1 no such user"
    message = lab.phi()
    site.send(message, "nobody@plain.test")
    site.postfix.settle()
    site.tap.equal((site.copies(message), len(site.reports(message))), ({}, 1), "a recipient that is unknown: reported, not for the portal")
    site.sinks["plain"].answers["RCPT"] = "451 4.7.1 greylisted"
    message = lab.phi()
    site.send(message, "grey@plain.test")
    site.postfix.settle()
    site.tap.equal((site.copies(message), list(site.postfix.deferred())), ({}, ["grey@plain.test.mw-tlsp.invalid"]),
                   "a host that says later: the message waits")
    del site.sinks["plain"].answers["RCPT"]
    site.postfix.super("-d", "ALL")


def remembered(site):
    """verify(8) remembers who could be reached: his mail does not wait for a host that is down later."""
    plain = site.sinks["plain"]
    message = lab.phi()
    site.send(message, "known@plain.test")
    site.postfix.settle()
    site.tap.equal(site.copies(message), {("portal", "known@plain.test"): [None]}, "a recipient without TLS: to the portal")
    plain.down()
    message = lab.phi()
    site.send(message, "known@plain.test", "new@plain.test")
    site.postfix.settle()
    site.tap.equal((site.copies(message), list(site.postfix.deferred())), ({("portal", "known@plain.test"): [None]}, ["new@plain.test.mw-tlsp.invalid"]),
                   "his host is down: again to the portal, and one that nobody asked about waits")
    plain.up()
    site.postfix.super("-d", "ALL")


def settings(site):
    """What a site may have set."""
    postfix = site.postfix
    postfix.set(soft_bounce="yes", smtpd_reject_footer="\\c. Call the help desk", smtp_reply_filter="inline:{{x=y}}",
                default_delivery_status_filter="inline:{{x=y}}")
    postfix.reload()
    message = lab.phi()
    site.send(message, "c@plain.test", "x@down.test", "y@nosuch.test")
    postfix.settle()
    site.tap.equal(site.copies(message), {("portal", "c@plain.test"): [None]}, "soft_bounce, a footer and filters change nothing")
    site.tap.equal(list(postfix.deferred()), ["x@down.test.mw-tlsp.invalid"], "what is down waits, and nothing else")
    postfix.unset("soft_bounce", "smtpd_reject_footer", "smtp_reply_filter", "default_delivery_status_filter")
    postfix.super("-d", "ALL")
    postfix.reload()


def listener_pids():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as line:
                words = line.read().decode().split("\0")
        except OSError:
            continue
        if words[0] == "smtpd" and LISTENER in words:
            found.append(int(pid))
    return found


def hangs(site):
    """A host that takes connections and says nothing; and the listener is killed while it asks."""
    postfix = site.postfix
    postfix.set(smtp_helo_timeout="3s", smtp_connect_timeout="3s")
    postfix.reload()
    mute = socket.create_server((DOWN, 25), backlog=100)
    message = lab.phi()
    site.send(message, "mute@down.test")
    postfix.settle()
    site.tap.equal((site.copies(message), list(postfix.deferred())), ({}, ["mute@down.test.mw-tlsp.invalid"]),
                   "a host that hangs: the message waits")
    postfix.super("-d", "ALL")
    for pid in listener_pids():
        os.kill(pid, signal.SIGKILL)
    message = lab.phi()
    site.send(message, "mute2@down.test")
    pids = lab.wait_for(listener_pids, "the listener is asked")
    os.kill(pids[0], signal.SIGKILL)
    postfix.settle()
    mute.close()
    # Whatever a broken listener leads to is what the policy allows: TLS, the portal, or the queue.
    kept = (site.copies(message), len(postfix.queue())) in (({}, 1), ({("portal", "mute2@down.test"): [None]}, 0))
    site.tap.ok(kept, "the listener is killed: it waits or goes to the portal", site.copies(message), postfix.queue())
    postfix.super("-d", "ALL")


def no_listener(site):
    postfix = site.postfix
    for name, hurt in (
        ("its table is gone", lambda: os.unlink("/etc/postfix/milward/notls.pcre")),
        ("it is gone", lambda: postfix.run("postconf", "-MX", LISTENER + "/inet")),
    ):
        site.setup("add")
        hurt()
        postfix.reload()
        message = lab.phi()
        site.send(message, "d@plain.test", "verp@wrongname.test", "e@valid.test")
        postfix.settle()
        copies = site.copies(message)
        site.tap.equal(copies.pop(("valid", "e@valid.test"), None), ["TLSv1.3"], "the listener, %s: TLS as ever" % name)
        site.tap.equal(copies, {("portal", "d@plain.test"): [None], ("portal", "verp@wrongname.test"): [None]},
                       "the listener, %s: the rest to the portal" % name)
        site.tap.equal(site.setup("check", check=False).returncode, 1, "the listener, %s: and check tells" % name)
    site.setup("add")
    postfix.reload()


def smarthost(site):
    """TLS is forced as far as the smarthost: one that has none, one whose certificate is another's, and one that is down."""
    postfix = site.postfix
    for address, sink in (("127.0.0.11", {"bob": "portal", "verp": "portal"}), ("127.0.0.14", {"bob": "wrongname", "verp": "portal"}), (DOWN, {})):
        site.setup("add", "--smarthost", "[%s]:25" % address)
        # The probe takes the site's ordinary way.
        postfix.set(relayhost="[%s]:25" % address)
        postfix.reload()
        message = lab.phi()
        # (verify(8) would remember the others.)
        domain = "expired.test" if sink else "oldtls.test"
        site.send(message, "bob@" + domain, "verp@" + domain)
        postfix.settle()
        wanted = {(where, "%s@%s" % (name, domain)): ["TLSv1.3" if where == "wrongname" else None] for name, where in sink.items()}
        site.tap.equal(site.copies(message), wanted, "the smarthost %s: each recipient where it belongs" % address)
        site.tap.equal(len(postfix.queue()), 0 if sink else 1, "the smarthost %s: the rest waits" % address)
        postfix.super("-d", "ALL")
    postfix.unset("relayhost")
    site.setup("add")
    postfix.reload()


def many(site, count=200, threads=4):
    """Many at once to a domain that nobody has asked before."""
    messages = [lab.phi() for _ in range(count)]

    def send(part):
        with lab.Client() as smtp:
            for message in part:
                smtp.mail(message.sender)
                smtp.rcpt("many@brokentls.test")
                smtp.data(message.octets)

    workers = [threading.Thread(target=send, args=(messages[i::threads],)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    lab.wait_for(lambda: not site.postfix.queue(), "%d messages are delivered" % count, 90)
    wanted = {("portal", "many@brokentls.test"): [None]}
    wrong = [message.id for message in messages if site.copies(message) != wanted]
    site.tap.equal(wrong, [], "%d messages at once: each once to the portal" % count)
    log = site.postfix.log()
    site.tap.equal([m.id for m in messages if log.count("message-id=<%s>" % m.id) != 1], [], "each under one queue id")


with lab.Site() as site:
    site.outbound()
    for part in (tls_comes_and_goes, same_domain, unknown, remembered, settings, smarthost, many, hangs, no_listener):
        part(site)
    site.tap.ok("milward-fallback/smtpd" in site.postfix.log(), "the listener was asked")
    taken = [line for line in site.postfix.log().splitlines() if "milward-fallback" in line and "client=" in line]
    site.tap.equal(taken, [], "and took nothing")
    clear = [copy for name, sink in site.sinks.items() if name not in ("inside", "portal") for copy in sink.copies if not copy.tls]
    site.tap.equal(clear, [], "nothing left in clear")
    site.tap.equal(site.leaks(), [], "no matched text in any log")
