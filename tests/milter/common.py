# SPDX-License-Identifier: Apache-2.0
"""common: what every test of the daemon needs."""
import os
import sys

sys.dont_write_bytecode = True
from daemon import BUILD, MILWARD, Daemon, Timeout, sanitized, wait_for  # noqa: E402,F401
from peer import Closed, Session  # noqa: E402,F401
from lab.tap import Tap, note, skip_all  # noqa: E402,F401

ROOT = os.geteuid() == 0


def policy(lines, load="load lab grant edit, route", listen="unix:%(dir)s/sock"):
    """A policy around these lines."""
    return "listen %s\n%s\ntable <ours> { \"clinic.example\" }\n%s\n" % (listen, load, lines)


# Header fields choose what happens, so that one policy serves many tests.
BY_HEADER = policy("""match header "X-Refuse" /./ then refuse "not by mail"
match header "X-Hold" /./ then hold "a person must look"
match header "X-Later" /./ then tempfail "not now"
match header "X-Via" /./ to external then send by via "tls"
match any then pass
on error tempfail
""")
# Judging waits while the file is there.
WAITING = policy("match any then pass", load='load lab grant edit, route { wait "%(dir)s/wait" }')
