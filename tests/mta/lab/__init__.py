# SPDX-License-Identifier: Apache-2.0
"""lab: real Postfix, DNS and TLS sinks in a namespace of their own, for the scenarios in tests/mta/*.t."""
from .client import Client, Refused  # noqa: F401
from .milward import connects  # noqa: F401
from .message import NO_PHI, PHI, SECRETS, Message, harmless, phi  # noqa: F401
from .milter import CONTINUE, REJECT, TEMPFAIL, Milter, Proxy  # noqa: F401
from .sink import Sink  # noqa: F401
from .site import SOCKET, Site  # noqa: F401
from .tap import Timeout, note, wait_for  # noqa: F401
