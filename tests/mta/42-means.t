#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""S/MIME and OpenPGP with real keys, issuers and directories behind a real Postfix: out, in, and why not."""
import os
import re

import lab
from lab import means, seal
from lab.postfix import QUEUE
from lab.site import LOAD

LOOKUP = os.path.join(QUEUE, "milward", "lookup")

with lab.Site() as site:
    world = means.World(site, seal.SOCKET, seal.SIGNER, LOOKUP)
    site.setup("add", "--lookup", LOOKUP, "--seal", seal.SOCKET, "--signer", seal.SIGNER)
    world.start(LOAD, "--socket-group", "postfix")
    site.postfix.start()
    message = means.sealed(world)
    site.postfix.settle()
    first, *others = site.postfix.queue_ids(message.id)
    for rcpt, by in (("rsa", "smime"), ("gcm", "smime"), ("wkd", "openpgp")):
        found = re.search(r"%s: sent: to=<%s@plain.test> by=%s queued-as=(\w+)" % (first, rcpt, by), world.agent.log())
        site.tap.ok(found and found.group(1) in others and re.search(r"%s: client=.*orig_queue_id=%s" % (found.group(1), first), site.postfix.log()),
                    "%s: both queue ids are in the agent's log and in Postfix's" % rcpt, world.agent.log())
    means.refused(world)
    means.opened(world)
    means.hung(world)
    site.postfix.settle()
    site.tap.equal((site.postfix.queue(), site.bounces()), ([], []), "nothing waits, nothing bounced")
    world.close()
