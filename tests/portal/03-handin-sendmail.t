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
    waiting = lab.phi()
    site.send(waiting, "tlsp@plain.test")
    lab.wait_for(lambda: sendmail.queued() or site.reports(waiting), "what TLS cannot reach waits, or is reported", 60)
    tap.ok(not site.found(waiting), "and does not go in clear: Sendmail has no way from a host to a socket within a delivery", site.found(waiting))
    tap.equal(site.leaks(), [], "no content in any log")
