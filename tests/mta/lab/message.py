# SPDX-License-Identifier: Apache-2.0
"""message: samples, each with a Message-ID of its own by which every copy is found again."""
import itertools
import os

_numbers = itertools.count(1)
_script = os.urandom(4).hex()

# What must never be seen in a log, a bounce or an audit record.
SECRETS = ("219-09-9998", "Jane Q Quimby", "Zebrafinch")

PHI = (
    "Patient: Jane Q Quimby\r\nSSN: 219-09-9998\r\nDOB: 03/14/1962\r\nMRN: 48151623\r\n"
    "Diagnosis: type 2 diabetes mellitus, hypertension\r\nMedication: metformin 500 mg\r\n"
)
NO_PHI = "The team meets on Thursday at noon in the large room.\r\nPlease bring the figures of the last quarter.\r\n"


class Message:
    def __init__(self, body, sender="alice@clinic.test", to="team@example.test", subject="Zebrafinch results", head="", id=None):
        self.id = id or "lab.%s.%d@clinic.test" % (_script, next(_numbers))
        self.sender = sender
        if isinstance(body, str):
            body = body.encode()
        start = "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: Thu, 01 Feb 2024 10:00:00 +0000\r\nMessage-ID: <%s>\r\n" % (
            sender or "MAILER-DAEMON@clinic.test",
            to,
            subject,
            self.id,
        )
        if "MIME-Version" not in head:
            head += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        self.octets = (start + head).encode() + b"\r\n" + body


def phi(**more):
    """A laboratory result: identifiers and clinical words."""
    return Message(PHI, **more)


def harmless(subject="Meeting", **more):
    return Message(NO_PHI, subject=subject, **more)
