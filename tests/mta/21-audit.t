#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The audit record of real mail: what it tells, what it must not tell, that it cannot be edited, and that mail waits when it is full."""
import json
import os
import shutil
import subprocess

import lab
from lab.site import LOAD


def verify(site, path, *options):
    return subprocess.run([os.path.join(site.prefix, "bin", "milwardctl"), "audit", "verify", *options, path], capture_output=True, text=True)


def decisions(path):
    """Records of messages."""
    with open(path, encoding="utf-8") as lines:
        return [r for r in map(json.loads, lines) if "rcpts" in r or "recipients" in r or "rcpt" in r]


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    disk = os.path.join(site.folder, "audit")
    os.mkdir(disk, 0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "small", disk], check=True)
    path = os.path.join(disk, "audit.log")
    load = LOAD + '\nload audit grant store { path "%s" }' % path
    daemon = site.outbound(load=load, then="always record audit")

    sent = []
    for rcpts in (["bob@clinic.test", "bob@plain.test", "tls@valid.test"], ["refuse@valid.test"], ["hold@valid.test"], ["tempfail@valid.test"]):
        message = lab.phi()
        try:
            site.send(message, *rcpts)
        except lab.Refused:
            pass
        sent.append((message, rcpts))
    message = lab.harmless()
    site.send(message, "bob@plain.test")
    postfix.settle()
    with open(path, encoding="utf-8") as text:
        text = text.read()
    records = decisions(path)
    tap.equal(len(records), 5, "each message has one record")
    for message, rcpts in sent[:1]:
        queue_id = postfix.queue_ids(message.id)[0]
        record = [r for r in records if queue_id in json.dumps(r)]
        tap.equal(len(record), 1, "it has the queue id of Postfix")
        told = json.dumps(record)
        for word in rcpts + ["alice@clinic.test", "phi", "tls", "outbound.policy:"]:
            tap.ok(word in told, "it tells %s" % word, told)
    tap.equal([s for s in lab.SECRETS if s in text], [], "it has no matched text, name or Subject")
    done = verify(site, path)
    tap.equal(done.returncode, 0, "audit verify: whole")

    # What a hand in the file cannot hide.
    lines = text.splitlines(True)
    middle = len(lines) // 2
    for name, changed in (
        ("a record edited", "".join(lines).replace("alice@clinic.test", "carol@clinic.test", 1)),
        ("a record removed", "".join(lines[:middle] + lines[middle + 1 :])),
        ("records exchanged", "".join(lines[:1] + lines[2:3] + lines[1:2] + lines[3:])),
        ("the last record removed", "".join(lines[:-1])),
    ):
        other = os.path.join(site.folder, "edited")
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(disk, other)
        with open(os.path.join(other, "audit.log"), "w", encoding="utf-8") as out:
            out.write(changed)
        tap.ok(verify(site, os.path.join(other, "audit.log")).returncode != 0, "audit verify finds: %s" % name)

    # The disk is full.
    filler = os.open(os.path.join(disk, "filler"), os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(filler, b"x" * 1024):
            pass
    except OSError:
        os.close(filler)
    full = 0
    message = None
    for _ in range(20):
        message = lab.phi()
        try:
            site.send(message, "bob@plain.test", "tls@valid.test")
        except lab.Refused as answer:
            full = answer.code
            break
    tap.equal(full // 100, 4, "the disk is full: the client is asked to come back")
    postfix.settle()
    tap.equal(site.copies(message), {}, "and nothing of it is sent")
    os.unlink(os.path.join(disk, "filler"))

    def accepted():
        message = lab.phi()
        try:
            site.send(message, "bob@plain.test")
            return message
        except lab.Refused:
            return None

    message = lab.wait_for(accepted, "room again: accepted")
    postfix.settle()
    tap.equal(site.copies(message), {("portal", "bob@plain.test"): [None]}, "room again: accepted and sent, without a restart")
    done = verify(site, path)
    tap.equal(done.returncode, 0, "and the chain is whole")

    # Killed and restarted: the chain goes on.
    daemon.kill()
    daemon.start()
    message = lab.phi()
    site.send(message, "bob@plain.test")
    postfix.settle()
    done = verify(site, path)
    tap.ok(done.returncode == 0, "after a crash and a restart the chain is whole", done.stdout, done.stderr)
    delivered = sum(len(site.found(m)) > 0 for m, _rcpts in sent)
    tap.ok(len(decisions(path)) >= delivered, "and every message that left has its record")

    # The month in numbers, with what Postfix's log knows of the deliveries.
    def report(*options):
        command = [os.path.join(site.prefix, "bin", "milwardctl"), "report", "--json", "--utc", "--month", records[0]["time"][:7], *options, path]
        return subprocess.run(command, capture_output=True, text=True)

    done = report("--mail-log", postfix.log_path)
    model = json.loads(done.stdout)
    tap.ok(done.returncode == 0 and model["evidence"] == "verified", "report: the records are whole", done.stdout[:2000], done.stderr)
    ways = {}
    for record in decisions(path):
        for rcpt in record["recipients"]:
            way = "tls" if rcpt["route"].startswith("tls(encrypted)") else rcpt["route"]
            ways[way] = ways.get(way, 0) + 1
    tap.equal({k: n for k, n in model["totals"]["ways"].items() if n}, ways, "report: recipients by route, as a count of the records has it")
    domains = {d["domain"]: d for d in model["mail_log"]["domains"]}
    tap.ok(domains["valid.test"]["protected"]["encrypted"] >= 1 and domains["valid.test"]["no_tls_seen"] == 0, "report: by Postfix's log these left by TLS", domains)
    tap.ok(domains["plain.test"]["protected"]["portal"] >= 1 and domains["plain.test"]["protected"]["encrypted"] == 0, "report: and these went to the portal instead", domains)
    tap.equal([s for s in lab.SECRETS if s in done.stdout], [], "report: it has no matched text, name or Subject")
