#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milward-seal behind Sendmail: LMTP with an answer for each recipient, what it gives back is signed and goes on, and what cannot be sealed."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mta"))
import lab  # noqa: E402

import base64  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402

from lab.dkimkeys import Keys  # noqa: E402
from lab.milward import Milward  # noqa: E402

BOTH = {("rsa-sha256", "clinic.test"): True, ("ed25519-sha256", "clinic.test"): True}
SOURCE = os.environ.get("MILWARD_SRC") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def unseal(octets):
    """What the sealer of tests/seal has sealed."""
    text = base64.b64decode(octets.partition(b"\r\n\r\n")[2].replace(b"\r\n", b"") + b"===")
    return bytes(c ^ 0x2A for c in text)


class Service(Milward):
    """milward-seal, started like the daemon."""

    def __init__(self, site, policy, modules):
        super().__init__(site.folder, site.prefix, policy, "milward-seal")
        self.arguments = ["-p", policy, "--modules", modules]
        self.program = os.path.join(site.prefix, "sbin", "milward-seal")


with lab.Site("sendmail") as site:
    tap, sendmail = site.tap, site.sendmail
    keys = Keys(site.folder)
    modules = os.path.join(site.folder, "modules")
    sealed, signer = os.path.join(site.folder, "seal.sock"), os.path.join(site.folder, "signer.sock")
    shipped = next(folder for folder, _dirs, names in os.walk(os.path.join(site.prefix, "lib")) if "route.so" in names)
    os.makedirs(modules)
    for name in os.listdir(shipped):
        if name.endswith(".so"):
            shutil.copy(os.path.join(shipped, name), modules)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-I" + os.path.join(SOURCE, "include"), "-o", os.path.join(modules, "seal-test.so"),
                    os.path.join(SOURCE, "tests/seal/sealer.c")], check=True)
    os.mkdir(os.path.join(site.folder, "keys"), 0o700)
    sendmail.build()
    site.setup("add", "--seal", sealed, "--signer", signer, "--port", "2601")
    load = 'load seal-test grant keys, store { folder "%s/keys" }\n' % site.folder + sendmail.load.replace("load route ", "load route with seal-test ").replace("portal yes;", "portal yes; seal yes;")
    daemon = site.daemon(load=load)
    with open(daemon.policy) as policy:
        text = policy.read()
    with open(daemon.policy, "w") as policy:
        policy.write(text.replace("match class phi to external", 'table <sealed> { "sealed@valid.test", "sealed@plain.test", "nokey@valid.test", "later@valid.test" }\n'
                                  "match class phi to <sealed> then send by smime or portal\n"
                                  'match class phi to "nokey@plain.test" then send by smime\nmatch class phi to external'))
    daemon.arguments += ["--modules", modules]
    daemon.start()
    sign = os.path.join(site.folder, "sign.policy")
    with open(sign, "w") as policy:
        policy.write("listen unix:%s\nload route grant route, edit, run { mta none }\n%s\nmatch any then pass\nalways sign dkim\non error tempfail\n" % (signer, keys.load()))
    signs = Milward(site.folder, site.prefix, sign, "signer")
    signs.arguments += ["--reentry"]
    signs.start()
    agent = os.path.join(site.folder, "seal.policy")
    with open(agent, "w") as policy:
        policy.write('load seal-test grant keys, store { folder "%s/keys" }\nload route with seal-test grant route, edit, run { mta none }\n'
                     'load seal { listen "unix:%s"; state "%s/seal"; reentry "inet:2601@127.0.0.1"; name "gw.clinic.test" }\nmatch any then pass\n' % (site.folder, sealed, site.folder))
    seal = Service(site, agent, modules)
    seal.start()
    sendmail.start()

    message = lab.phi()
    with lab.Client() as smtp:
        smtp.mail(message.sender, "ENVID=QQ31 RET=FULL")
        for rcpt in ("bob@clinic.test", "sealed@valid.test", "tls@valid.test", "sealed@plain.test"):
            smtp.rcpt(rcpt, "NOTIFY=FAILURE ORCPT=rfc822;%s" % rcpt)
        smtp.data(message.octets)
    lab.wait_for(lambda: len(site.found(message)) == 4, "four copies", seen=lambda: site.copies(message))
    sendmail.settle()
    tap.equal(
        site.copies(message),
        {("inside", "bob@clinic.test"): [None], ("valid", "sealed@valid.test"): ["TLSv1.3"], ("valid", "tls@valid.test"): ["TLSv1.3"], ("plain", "sealed@plain.test"): [None]},
        "each recipient by its route",
    )
    for copy in site.found(message):
        if not copy.to[0].startswith("sealed@"):
            continue
        inner = unseal(copy.data)
        tap.ok(b"219-09-9998" not in copy.data and b"Zebrafinch" not in copy.data and b"219-09-9998" in inner, "%s: sealed, with its Subject" % copy.to[0], copy.data)
        tap.equal(keys.verify(copy.data), BOTH, "%s: what came back is signed" % copy.to[0])
        tap.ok("ENVID=QQ31" in copy.mail and "NOTIFY=FAILURE" in copy.rcpts[0] and "ORCPT=rfc822;%s" % copy.to[0] in copy.rcpts[0], "%s: with its DSN options" % copy.to[0], copy.mail, copy.rcpts)
        tap.ok(".invalid" not in copy.rcpts[0] and b"mw-seal" not in copy.data, "%s: no tag is left" % copy.to[0])
    tap.equal((sendmail.queued(), site.bounces()), ([], []), "nothing waits, nobody is told")
    tap.equal(len(set(sendmail.queue_ids(message.id))), 3, "what came back has ids of its own")

    # What cannot be sealed: the portal when the policy says so, else a report; and what may be sealed later waits.
    message = lab.phi()
    site.send(message, "nokey@valid.test", "nokey@plain.test", "later@valid.test", "sealed@valid.test")
    lab.wait_for(lambda: len(site.found(message)) == 2 and site.reports(message), "two copies and a report", seen=lambda: site.copies(message))
    sendmail.settle()
    tap.equal(site.copies(message), {("portal", "nokey@valid.test"): [None], ("valid", "sealed@valid.test"): ["TLSv1.3"]}, "no key: the portal, and nothing else")
    tap.ok(all(b"nokey@plain.test" in r.data and b"219-09-9998" not in r.data for r in site.reports(message)), "no key and no portal: a report, without the body")
    tap.equal([text.count("RPFD:") for _name, text in sendmail.queued()], [1], "one recipient waits")
    tap.ok("later@valid.test" in sendmail.queued()[0][1], "whose key may be there later")
    os.unlink(os.path.join(sendmail.queue_folder, sendmail.queued()[0][0]))

    # The agent away: mail waits, also while Sendmail is killed, and has its route still.
    seal.stop()
    message = lab.phi()
    site.send(message, "sealed@valid.test", "bob@clinic.test")
    sendmail.settle()
    tap.equal(site.copies(message), {("inside", "bob@clinic.test"): [None]}, "milward-seal is away: the copy that it should seal waits")
    tap.equal(len(sendmail.queued()), 1, "in the queue")
    sendmail.kill()
    seal.start()
    sendmail.start()
    sendmail.flush()
    lab.wait_for(lambda: len(site.found(message)) == 2, "the copy is sealed", seen=lambda: site.copies(message))
    tap.equal(site.copies(message)[("valid", "sealed@valid.test")], ["TLSv1.3"], "and is sealed when it is back")

    # The signer away: what is sealed waits with the agent's answer, in the queue that it came from.
    os.rename(signer, signer + ".gone")
    message = lab.phi()
    site.send(message, "sealed@valid.test")
    sendmail.settle()
    tap.equal((site.copies(message), len(sendmail.queued())), ({}, 1), "the signer is away: nothing leaves unsigned")
    os.rename(signer + ".gone", signer)
    sendmail.flush()
    lab.wait_for(lambda: site.found(message), "the copy is sealed", seen=sendmail.queued)
    tap.equal([keys.verify(c.data) for c in site.found(message)], [BOTH], "and is signed when it is back")

    # The listener takes mail of this machine as it is; a client of the other one still cannot name a tag.
    for port, code in ((25, 550), (2601, 250)):
        with lab.Client(port=port) as smtp:
            smtp.mail("alice@clinic.test")
            tap.equal(smtp.command("RCPT TO:<bob@valid.test.mw-portal.invalid>")[0], code, "a tag at port %d: %d" % (port, code))
    tap.equal(site.leaks(), [], "no log has what is in messages")
