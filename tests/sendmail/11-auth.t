#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who sent it, on a real Sendmail with the shipped inbound.policy: the scenario of tests/mta/50-auth.t."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402

from lab.auth import Scenario  # noqa: E402

with lab.Site("sendmail") as site:
    sendmail = site.sendmail
    scenario = Scenario(site)
    sendmail.file("access", "Connect:127.0.0.1\tRELAY\nTo:clinic.test\tRELAY\n")
    sendmail.edit("MAILER(`local')", "INPUT_MAIL_FILTER(`milward', `S=unix:%s, F=T, T=S:30s;R:30s;E:5m')dnl\n" % site.socket)
    sendmail.build()
    sendmail.start()
    scenario.run()
