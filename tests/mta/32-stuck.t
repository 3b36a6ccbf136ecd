#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A module that never comes back: its mail waits at the sender or in the queue, and goes its way when the module is well again."""
import glob
import os
import shutil
import subprocess

import lab
from lab.site import LOAD

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    modules = os.path.join(site.folder, "modules")
    os.mkdir(modules, 0o755)
    for path in glob.glob(os.path.join(site.prefix, "lib", "milward", "**", "*.so"), recursive=True):
        shutil.copy(path, modules)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-I" + os.path.join(site.prefix, "include"), "-o", os.path.join(modules, "spin.so"),
                    os.path.join(os.path.dirname(lab.__file__), "spin.c")], check=True)
    stuck = os.path.join(site.folder, "stuck")
    site.setup("add")
    daemon = site.daemon(load=LOAD + '\nload spin { file "%s" }' % stuck)
    daemon.arguments += ["--modules", modules, "--stuck", "1", "--drain", "5"]
    daemon.start()
    postfix.start()

    with open(stuck, "w"):
        pass
    message = lab.phi()
    try:
        answer = site.send(message, "bob@clinic.test", "tls@valid.test", "portal@plain.test")
        tap.ok(False, "the client is told to come again", answer)
    except lab.Refused as refused:
        tap.ok(refused.code // 100 == 4, "the client is told to come again", refused.text)
    daemon.wait_log("stuck: module=spin hook=see has not come back for 1000 ms")
    local = lab.phi()
    postfix.run("sendmail", "-i", "-f", "alice@clinic.test", "tls@valid.test", stdin=local.octets.replace(b"\r\n", b"\n"))

    def stuck_again():
        postfix.flush()  # it may have come while there was no worker
        return daemon.log().count("stuck: module=spin") >= 2

    lab.wait_for(stuck_again, "mail of a local program is stuck too", 60)
    daemon.wait_log("ended by exit status 72")
    tap.ok(True, "the worker is replaced")
    tap.equal([site.found(m) for m in (message, local)], [[], []], "nothing has gone anywhere")
    tap.equal(site.bounces(), [], "and nothing has come back")

    os.unlink(stuck)
    # Some worker may still be stuck or waiting for its start: the client comes again until it is taken.
    def again():
        try:
            return site.send(message, "bob@clinic.test", "tls@valid.test", "portal@plain.test")
        except lab.Refused as later:
            return later.code // 100 != 4

    lab.wait_for(again, "the message is taken", 60)
    postfix.settle()
    tap.equal(
        site.copies(message),
        {("inside", "bob@clinic.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"], ("portal", "portal@plain.test"): [None]},
        "when the module is well, the message goes its ways, once each",
    )

    def flushed():
        postfix.flush()
        return site.found(local)

    lab.wait_for(flushed, "the local program's mail is delivered", 90)
    tap.equal(site.copies(local), {("valid", "tls@valid.test"): ["TLSv1.3"]}, "mail of the local program was kept, and goes its way once")
