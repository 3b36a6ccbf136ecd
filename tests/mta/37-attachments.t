#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What stands inside attachments decides as what stands in the mail, and what nobody can read is a decision of the policy."""
import os
import signal
import subprocess
import threading

import lab
from lab import files
from lab.client import Refused
from lab.message import Message

LOAD = """load phi with extract-html, extract-office, extract-legacy, extract-pdf, extract-archive, check-us grant text, run
load route grant route, edit, run { mta postfix; portal yes }"""
ALSO = """match unreadable(encrypted) to external then hold "nobody can read it"
match unreadable to external then send by tls or portal"""
PATIENT = ["Jane Q Quimby", "219-09-9998", "03/14/1962", "type 2 diabetes mellitus"]
TABLE = [["Patient", "SSN", "DOB", "Diagnosis"], PATIENT]
FORM = ["Patient: Jane Q Quimby", "SSN: 219-09-9998", "Diagnosis: type 2 diabetes mellitus"]
EVERYBODY = ("ann@valid.test", "bob@plain.test", "ward@clinic.test")
PROTECTED = {("valid", "ann@valid.test"): ["TLSv1.3"], ("portal", "bob@plain.test"): [None], ("inside", "ward@clinic.test"): [None]}
CLEAR = {("valid", "ann@valid.test"): ["TLSv1.3"], ("plain", "bob@plain.test"): [None], ("inside", "ward@clinic.test"): [None]}


def mail(**attached):
    head, body = files.attached({name.replace("_", "."): octets for name, octets in attached.items()})
    return Message(body, head=head, subject="Files")


def readers():
    """Those of this network namespace, the ones that make them included."""
    mine, found = os.stat("/proc/self/ns/net").st_ino, []
    for pid in subprocess.run(["pgrep", "-x", "milward-reader"], capture_output=True, text=True).stdout.split():
        try:
            if os.stat("/proc/%s/ns/net" % pid).st_ino == mine:
                found.append(int(pid))
        except FileNotFoundError:
            pass
    return found


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    site.outbound(load=LOAD, also=ALSO, then="on limit portal")
    sheet = files.workbook(TABLE, "Ward 4")
    inner = b"From: x@clinic.test\r\nSubject: fwd\r\nTo: y@clinic.test\r\n\r\n" + "\r\n".join(FORM).encode() + b"\r\n"
    kinds = {
        "a workbook": mail(list_xlsx=sheet),
        "a workbook in an archive": mail(lists_zip=files.archive({"march/patients.xlsx": sheet})),
        "a workbook in an archive in an archive": mail(all_zip=files.archive({"lists.zip": files.archive({"p.xlsx": sheet})})),
        "a PDF": mail(form_pdf=files.pdf(FORM)),
        "a mail in an archive": mail(mail_zip=files.archive({"a.eml": inner})),
        "RTF that says it is a .doc": mail(note_doc=b"{\\rtf1\\ansi " + b"\\par ".join(line.encode() for line in FORM) + b"}"),
        "zeros without end": mail(bomb_zip=files.archive({"a": b"\0" * 400_000_000})),
        "an archive that ends early": mail(cut_zip=files.archive({"a.txt": os.urandom(4000)})[:3000]),
    }
    plain = mail(figures_xlsx=files.workbook([["Item", "Price"], ["Paper", "12"]]))
    locked = mail(secret_zip=files.encrypted({"list.txt": b"x" * 500}))
    for message in (*kinds.values(), plain):
        site.send(message, *EVERYBODY)
    site.send(locked, "ann@valid.test", "bob@plain.test")
    postfix.settle()
    for name, message in kinds.items():
        tap.equal(site.copies(message), PROTECTED, "%s takes the route of what is in it" % name)
    tap.equal(site.copies(plain), CLEAR, "a workbook of no patient passes")
    tap.equal(site.copies(locked), {}, "an encrypted archive is held")
    tap.ok(postfix.run("postqueue", "-p").stdout.count("!") == 1, "in the queue, until a person decides")

    # Readers are killed while they read: what was not read is no reason to pass.
    many = [mail(list_xlsx=sheet) for _ in range(30)]
    before = readers()
    tap.ok(before, "readers are running", before)

    done = threading.Event()

    def kill():
        while not done.is_set():
            for pid in readers():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass

    killer = threading.Thread(target=kill)
    killer.start()
    sent, later = [], []
    for message in many:
        try:
            site.send(message, "bob@plain.test")
            sent.append(message)
        except Refused as refusal:  # the client keeps it
            later.append(refusal.code)
    done.set()
    killer.join()
    tap.ok(set(later) <= {451}, "mail whose readers are killed may be asked to come back (%d of %d)" % (len(later), len(many)), later)
    last = mail(list_xlsx=sheet)
    site.send(last, "bob@plain.test")
    postfix.settle()
    bad = [m.id for m in (*sent, last) if site.copies(m) != {("portal", "bob@plain.test"): [None]}]
    tap.equal(bad, [], "readers are killed: nothing goes in clear, nothing is lost")
    tap.equal(site.leaks(), [], "no log has what was in the files")
