#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Milward's own portal behind Sendmail: the tag leads to milward-seal, the notice goes out, and nothing leaves in clear."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mta"))
import lab  # noqa: E402
from lab.milward import Milward  # noqa: E402
from handin import URL, Notice, Opened  # noqa: E402

with lab.Site("sendmail") as site:
    tap, sendmail = site.tap, site.sendmail
    socket, store, server_keys = (os.path.join(site.folder, name) for name in ("seal.sock", "portal", "portal.keys"))
    os.mkdir(store, 0o700)
    sendmail.build()
    wrong = site.setup("add", "--portal", "unix:" + socket, "--seal", "/other.sock", check=False)
    tap.ok(wrong.returncode == 64 and "two sockets" in wrong.stderr, "--portal and --seal must agree", wrong)
    site.setup("add", "--portal", "unix:" + socket, "--port", "2601")
    load = ('load portal grant keys, store { store "%s"; keys "%s"; url "%s"; site "Riverside Clinic"; from "portal@clinic.test" }\n' % (store, server_keys, URL)
            + sendmail.load + '\nload seal { listen "unix:%s"; reentry "inet:2601@127.0.0.1"; state "%s/seal-state"; name "gw.clinic.test" }' % (socket, site.folder))
    daemon = site.daemon(load=load)
    subprocess.run([os.path.join(site.prefix, "bin", "milwardctl"), "-p", daemon.policy, "portal", "rekey"], check=True, capture_output=True)
    agent = Milward(site.folder, site.prefix, daemon.policy, "milward-seal")
    agent.program, agent.arguments = os.path.join(site.prefix, "sbin", "milward-seal"), ["-p", daemon.policy]
    agent.start()
    daemon.start()
    sendmail.start()
    checked = site.setup("check")
    tap.ok(checked.returncode == 0 and ".mw-portal.invalid has the mailer milward-seal" in checked.stdout, "milward-sendmail check knows the socket", checked)
    message = lab.phi()
    site.send(message, "portal@plain.test", "tls@valid.test")

    def notices():
        return [Notice(c) for sink in site.sinks.values() for c in sink.copies if "portal@plain.test" in c.to]

    lab.wait_for(notices, "the notice", 60)
    lab.wait_for(lambda: any("tls@valid.test" in c.to for c in site.sinks["valid"].copies), "the other copy", 60)
    opened = Opened(store, notices()[0].link, server_keys)
    tap.ok("Jane" in opened.reading("text") and opened.manifest["subject"] == "Zebrafinch results", "its link opens what was sent", opened.manifest)
    tap.equal([s for s in lab.SECRETS if s in notices()[0].decoded()], [], "the notice tells nothing of it")
    tap.ok(all(c.tls for c in site.found(message)), "the other one went by TLS")

    # What TLS cannot reach is milward-seal's when it is tried again; what nobody answers for waits for its host.
    def noticed(rcpt):
        return [Notice(c) for sink in site.sinks.values() for c in sink.copies if rcpt in c.to and b"multipart/alternative" in c.data]

    failing = {"tlsp@plain.test": lab.phi(), "verp@selfsigned.test": lab.phi(), "tlsp@brokentls.test": lab.phi(), "Verp@Plain.TEST": lab.phi()}
    away, both, many = lab.phi(), lab.phi(), lab.phi()
    for rcpt, sent in failing.items():
        site.send(sent, rcpt)
    site.send(away, "tlsp@down.test")
    site.send(both, "tls@plain.test")
    site.send(many, "tlsp@plain.test", "tlsp2@plain.test", "tlsp@valid.test")
    sendmail.settle()
    tap.equal([(site.copies(m), len(site.reports(m))) for m in failing.values()], [({}, 0)] * 4, "what TLS cannot reach waits, and nobody is told yet")
    tap.ok(site.reports(both) and not site.found(both), "what may go by TLS alone is reported at once")
    for rcpt, sent in failing.items():
        lab.wait_for(lambda: noticed(rcpt) or sendmail.flush("-qRmw-tlsp.invalid", "-qRmw-verp.invalid"), "the notice to " + rcpt, 60)
        found = [Opened(store, n.link, server_keys) for n in noticed(rcpt)]
        tap.ok("Jane" in found[0].reading("text"), "%s: handed in at the next try, its notice goes out" % rcpt)
        tap.equal((site.copies(sent), len(site.reports(sent))), ({}, 0), "%s: and nothing in clear, and no report" % rcpt)
    lab.wait_for(lambda: (noticed("tlsp2@plain.test") and len(noticed("tlsp@plain.test")) == 2 and len(sendmail.queued()) == 1) or sendmail.flush(),
                 "the notice to the second of two", 60)
    tap.equal([len(noticed(r)) for r in ("tlsp@plain.test", "tlsp2@plain.test", "tlsp@valid.test")], [2, 1, 0], "several in one domain get one notice each, and who has TLS none")
    tap.equal({key: set(tls) for key, tls in site.copies(many).items()}, {("valid", "tlsp@valid.test"): {"TLSv1.3"}}, "the copy that TLS could reach went by it")
    tap.equal((len(sendmail.queued()), noticed("tlsp@down.test"), site.copies(away)), (1, [], {}), "a host that is down is waited for")
    down = lab.Sink("down", "127.0.0.99", "tls", site.ca.issue("mx.down.test"))
    down.up()
    site.sinks["down"] = down
    lab.wait_for(lambda: not sendmail.queued() or sendmail.flush(), "the queue is empty", 60)
    tap.equal((site.copies(away), len(noticed("tlsp@down.test"))), ({("down", "tlsp@down.test"): ["TLSv1.3"]}, 0), "and gets it by TLS when it is back")
    tap.equal(site.leaks(), [], "no content in any log")
