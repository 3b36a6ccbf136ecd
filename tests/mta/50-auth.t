#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who sent it, on a real Postfix with the shipped inbound.policy: SPF, DKIM and DMARC over real DNS; forged Authentication-Results go, forged
senders are refused or held, mail of the site itself is not judged, and an outage of DNS refuses nobody."""
import lab
from lab.auth import Scenario

with lab.Site() as site:
    postfix = site.postfix
    scenario = Scenario(site)
    postfix.set(smtpd_milters="unix:" + lab.SOCKET, smtpd_relay_restrictions="permit_auth_destination, reject")
    # Nobody authenticates himself here: this listener tells the milter that somebody did.
    postfix.service("587", "inet", "smtpd", milter_macro_defaults="auth_type=PLAIN,auth_authen=alice")
    postfix.start()
    scenario.parallel()
    scenario.run(port=587)
