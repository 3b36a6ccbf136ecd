#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""From a policy's "portal" to a link in a mailbox, through a real Postfix: what is handed in opens by the link in the notice as it was sent, the
notice tells nothing of it and is signed, and what TLS cannot reach ends there, too."""
import email.message
import email.policy
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mta"))
import lab  # noqa: E402
from lab import seal  # noqa: E402
from lab.dkimkeys import Keys  # noqa: E402
from lab.site import LOAD  # noqa: E402
from handin import URL, Notice, Opened, sha  # noqa: E402

SPANISH = "rosa@plain.test"
SIGNED = {("rsa-sha256", "clinic.test"): True, ("ed25519-sha256", "clinic.test"): True}
DAY = 86400
ALSO = 'aliases none\ntable <brief> { "brief@plain.test" }\nmatch to <brief> then send by portal expire 5 days\nmatch to "nils@brokentls.test" then send by tls or portal expire 2 days\ntable <always> { "s@plain.test", "k@plain.test" }\nmatch to <always> then send by portal'


class Parts:
    """The daemons, with the portal."""

    def __init__(self, site):
        self.site, self.keys = site, Keys(site.folder)
        self.store, self.server_keys = os.path.join(site.folder, "portal"), os.path.join(site.folder, "portal.keys")
        for name, text in (("languages", "%s es\n" % SPANISH), ("phrases", "pat@plain.test\n")):
            with open(os.path.join(site.folder, name), "w") as out:
                out.write(text)
        load = LOAD.replace("portal yes", "portal yes; seal yes").replace("load route grant", "load route with portal grant")
        load += ('\nload portal grant keys, store { store "%s"; keys "%s"; url "%s"; site "Riverside Clinic"; from "portal@clinic.test"; languages "%s/languages"\n'
                 '  passphrase-for "%s/phrases" }\n' % (self.store, self.server_keys, URL, site.folder, site.folder))
        load += ('load seal { listen "unix:%s"; socket-group "postfix"; reentry "inet:%d@127.0.0.1"; state "%s/seal-state"; name "gw.clinic.test" }'
                 % (seal.SOCKET, seal.REENTRY, site.folder))
        policy = site.policy(load=load, also=ALSO)
        sign = os.path.join(site.folder, "sign.policy")
        with open(sign, "w") as out:
            out.write("listen unix:%s\nload route grant route, edit, run { mta none }\n%s\ntable <ours> { \"clinic.test\" }\nmatch to external then pass, sign dkim\n"
                      "match any then pass\n" % (seal.SIGNER, self.keys.load()))
        os.mkdir(self.store, 0o700)
        subprocess.run([os.path.join(site.prefix, "bin", "milwardctl"), "-p", policy, "portal", "rekey"], check=True, capture_output=True)
        self.signer = lab.milward.Milward(site.folder, site.prefix, sign, "signer")
        self.signer.arguments += ["--reentry", "--spool", os.path.join(site.folder, "spool-signer"), "--socket-group", "postfix"]
        self.agent = seal.Agent(site, policy)
        self.milward = lab.milward.Milward(site.folder, site.prefix, policy)

    def start(self):
        self.site.setup("add", "--seal", seal.SOCKET, "--signer", seal.SIGNER, "--portal", "unix:" + seal.SOCKET)
        for part in (self.signer, self.agent, self.milward):
            part.start()
        self.site.postfix.start()

    def notices(self, rcpt):
        return [Notice(c) for sink in self.site.sinks.values() for c in sink.copies if rcpt in c.to and b"/m/" in c.data]

    def notice(self, rcpt):
        lab.wait_for(lambda: self.notices(rcpt), "the notice for %s" % rcpt, 60)
        return self.notices(rcpt)[0]

    def open(self, notice):
        return Opened(self.store, notice.link, self.server_keys)

    def send(self, message, *rcpts, params="", rcpt_params=""):
        with lab.Client() as smtp:
            smtp.mail("alice@clinic.test", params)
            for rcpt in rcpts:
                smtp.rcpt(rcpt, rcpt_params)
            smtp.data(message.as_bytes(policy=email.policy.SMTP))


def letter(subject="Zebrafinch results", **more):
    mail = email.message.EmailMessage()
    mail["From"] = "Alice Smith <alice@clinic.test>"
    mail["To"] = "team@example.test"
    mail["Subject"] = subject
    mail["Date"] = email.utils.localtime()
    mail["Message-ID"] = email.utils.make_msgid(domain="clinic.test")
    for name, value in more.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Patient: Jane Doe, MRN: 12345678, SSN 219-09-9999\nDiagnosis: diabetes mellitus, metformin 500 mg. Grüße.\n")
    return mail


SECRETS = ("Zebrafinch", "Jane", "12345678", "219-09-9999", "metformin", "alice", "Alice", "kidney", "Grüße")


def whole(site, parts):
    """A message with everything, to one."""
    tap = site.tap
    pdf, image = os.urandom(300000), b"\x89PNG\r\n\x1a\n" + os.urandom(5000)
    inner = letter("kidney inside")
    mail = letter()
    mail.add_alternative('<html><body><p>Patient: Jane</p><img src="cid:kidney@x"></body></html>', subtype="html")
    mail.get_payload()[1].add_related(image, "image", "png", cid="<kidney@x>")
    mail.add_attachment(pdf, maintype="application", subtype="pdf", filename="kidney Größe.pdf")
    mail.add_attachment(b"<script>\x00\r\n", maintype="application", subtype="octet-stream", filename='../../etc/kidney"<b>.html')
    mail.add_attachment(inner)
    parts.send(mail, "portal@plain.test", params="RET=FULL ENVID=E77", rcpt_params="NOTIFY=FAILURE,DELAY ORCPT=rfc822;portal@plain.test")
    notice = parts.notice("portal@plain.test")
    opened = parts.open(notice)
    tap.equal((opened.sender, opened.recipient, opened.language, opened.proof), ("alice@clinic.test", "portal@plain.test", "en", 1), "handed in, by the link in the notice")
    lab.wait_for(lambda: parts.open(notice).state == "waiting", "the store knows that the notice is out", 30)
    sent = email.message_from_bytes(mail.as_bytes(policy=email.policy.SMTP), policy=email.policy.SMTP)
    tap.equal(sha(opened.reading("text").encode()), sha(sent.get_body(("plain",)).get_content().replace("\r\n", "\n").encode()), "the text is what was sent")
    tap.ok("cid:kidney@x" in opened.reading("html"), "so is the HTML", opened.manifest)
    tap.equal([k[:2] for k in opened.kinds()], [("inline", "image/png"), ("attachment", "application/pdf"), ("attachment", "application/octet-stream"), ("attachment", "message/rfc822")],
              "an image within it, and files")
    tap.equal([sha(o) for o in opened.part("kidney Größe.pdf")], [sha(pdf)], "an attachment, by its name")
    tap.equal([p["name"] for p in opened.manifest["parts"]][2], '../../etc/kidney"<b>.html', "a hostile name is text")
    tap.equal([sha(opened.objects[p["object"]]) for p in opened.manifest["parts"] if p["kind"] == "inline"], [sha(image)], "the image")
    tap.ok(b"Subject: kidney inside" in opened.objects[opened.manifest["parts"][3]["object"]], "the forwarded message, whole")
    tap.equal((opened.manifest["subject"], opened.manifest["from"]), ("Zebrafinch results", "Alice Smith <alice@clinic.test>"), "its header")
    original = opened.objects[opened.manifest["original"]]
    tap.ok(b"kidney inside" in original and b"X-Milward" not in original and email.message_from_bytes(original)["Subject"] == "Zebrafinch results", "and the message as it was")
    # ---- the notice
    said = notice.decoded()
    tap.equal([s for s in SECRETS if s in said], [], "the notice tells nothing of it")
    mail = notice.mail
    tap.equal((mail["From"], mail["To"], mail["Auto-Submitted"]), ("Riverside Clinic <portal@clinic.test>", "portal@plain.test", "auto-generated"), "it is from the site")
    tap.equal(mail["Message-ID"], "<%s.pickup@clinic.test>" % notice.link[:16], "its Message-ID is of the id, which is no secret")
    tap.ok("Riverside Clinic" in mail["Subject"] and notice.link in notice.html and "http://" not in notice.html, "site and link in both readings, no picture from elsewhere", notice.html)
    tap.equal(parts.keys.verify(notice.copy.data), SIGNED, "it is signed, and verifies")
    tap.ok("RET=HDRS" in notice.copy.mail and "ENVID=E77" in notice.copy.mail and notice.copy.mail.startswith("<alice@clinic.test>"), "a bounce of it goes to the sender, without the link",
           notice.copy.mail)
    tap.ok("NOTIFY=FAILURE,DELAY" in notice.copy.rcpts[0], "as he asked for", notice.copy.rcpts)


def several(site, parts):
    """Each recipient his own."""
    tap, message = site.tap, letter()
    rcpts = ("portal@valid.test", "portal@selfsigned.test", SPANISH, "pat@plain.test", "bob@clinic.test")
    parts.send(message, *rcpts)
    found = {rcpt: parts.notice(rcpt) for rcpt in rcpts[:-1]}
    site.postfix.settle()
    tap.equal(len({n.link for n in found.values()}), 4, "recipients of one message: a link each")
    tap.equal(sorted(parts.open(n).recipient for n in found.values()), sorted(rcpts[:-1]), "and a message each")
    tap.ok("mensaje seguro" in found[SPANISH].mail["Subject"] and parts.open(found[SPANISH]).language == "es", "in the language of the table", found[SPANISH].mail["Subject"])
    tap.equal(parts.open(found["pat@plain.test"]).proof, 3, "with a passphrase for who needs one")
    tap.ok("by=portal" in parts.agent.log() and len([c for c in site.sinks["inside"].copies if "bob@clinic.test" in c.to]) == 1, "inside it goes as ever")
    plain = [c for c in site.sinks["plain"].copies if b"metformin" in c.data]
    tap.equal(plain, [], "tls or portal: nothing went in clear to hosts without TLS")


def fallback(site, parts):
    """tls or portal, and no TLS: by Postfix's own fallback."""
    tap, message = site.tap, letter()
    parts.send(message, "nancy@brokentls.test", "tina@valid.test")
    notice = parts.notice("nancy@brokentls.test")
    site.postfix.settle()
    tap.equal(parts.open(notice).reading("text").count("metformin"), 1, "a host that cannot do TLS: it is in the portal")
    tap.ok(any("tina@valid.test" in c.to and c.tls and b"219-09-9999" in c.data for c in site.sinks["valid"].copies), "where TLS is possible it goes by TLS")
    tap.ok("postfix/milward-toportal" in site.postfix.log(), "by the listener between")
    with lab.Client(port=10534) as smtp:
        smtp.mail("alice@clinic.test")
        for bad in ("x@plain.test.mw-tls.invalid", '"a@b"@plain.test', "nobody"):
            try:
                smtp.rcpt(bad)
                tap.ok(False, "that listener takes %s" % bad)
            except lab.Refused as why:
                tap.ok(why.code // 100 in (4, 5), "that listener does not take %s: %s" % (bad, why.code))


def life(site, parts):
    """How long, as the sender asks."""
    tap, now = site.tap, time.time()
    for name, value, wanted in (("Expires", now + 10 * DAY, 10), ("Expiry-Date", now + 5 * DAY, 5), ("Expires", now - DAY, 1), ("Expires", now + 4000 * DAY, 90), ("Expires", None, 30)):
        rcpt = "portal%d@plain.test" % wanted
        mail = letter(**{name.replace("-", "_"): "soon" if value is None else email.utils.formatdate(value)})
        parts.send(mail, rcpt)
        opened = parts.open(parts.notice(rcpt))
        tap.ok(abs(opened.expires - opened.created - wanted * DAY) < 120, "%s: %s: %d days" % (name, "no date" if value is None else "a date", wanted), opened.expires - opened.created)


def brief(site, parts):
    """How long, as the policy says; a client cannot say it."""
    tap = site.tap
    forged = letter(X_Milward_Expire="86400")
    parts.send(forged, "portal77@plain.test")
    for rcpt, head, wanted in (("brief@plain.test", {}, 5), ("nils@brokentls.test", {"Expires": email.utils.formatdate(time.time() + 20 * DAY)}, 2), ("portal77@plain.test", None, 30)):
        if head is not None:
            mail = letter(**head)
            mail.set_content("Until tomorrow.\n") # nothing that an earlier line of the policy is for
            parts.send(mail, rcpt)
        opened = parts.open(parts.notice(rcpt))
        tap.ok(abs(opened.expires - opened.created - wanted * DAY) < 120, "%s: %d days, as the policy says" % (rcpt, wanted), opened.expires - opened.created)


def again(site, parts):
    """Handed in twice: requeued in Postfix, and killed on the way."""
    tap, message = site.tap, letter()
    parts.agent.kill()
    parts.send(message, "portal@mixed.test")
    lab.wait_for(site.postfix.deferred, "it waits for milward-seal", 60)
    parts.agent.start()
    site.postfix.super("-r", "ALL")
    site.postfix.flush()
    parts.notice("portal@mixed.test")
    site.postfix.settle()
    tap.equal(len(parts.notices("portal@mixed.test")), 1, "milward-seal was down, and the message requeued: one notice")


def odd(site, parts):
    """What a browser cannot show is a file."""
    tap = site.tap
    smime = letter()
    smime.clear_content()
    smime.set_content(b"0\x82sealed", maintype="application", subtype="pkcs7-mime", filename="smime.p7m")
    parts.send(smime, "s@plain.test")
    koi = letter()
    koi.set_content("Диагноз: диабет, metformin, SSN 219-09-9999\n", charset="koi8-r")
    parts.send(koi, "k@plain.test")
    opened = parts.open(parts.notice("s@plain.test"))
    tap.ok(opened.reading("text") is None and opened.part("smime.p7m") == [b"0\x82sealed"], "S/MIME is handed on", opened.manifest)
    tap.equal(parts.open(parts.notice("k@plain.test")).reading("text"), "Диагноз: диабет, metformin, SSN 219-09-9999\n", "KOI8-R becomes UTF-8 within the sandbox")
    flowed = letter()
    flowed.set_content("Patient: Jane Doe, MRN: \n12345678, SSN 219-09-9999, \nmetformin.\n>> older \n>> words\n> newer\n-- \nAlice\n", params={"format": "flowed"})
    parts.send(flowed, "k@plain.test")
    lab.wait_for(lambda: len(parts.notices("k@plain.test")) == 2, "the notice of the flowed one", 60)
    tap.equal(parts.open(parts.notices("k@plain.test")[1]).reading("text"),
              "Patient: Jane Doe, MRN: 12345678, SSN 219-09-9999, metformin.\n>> older words\n> newer\n-- \nAlice\n", "format=flowed: paragraphs are lines, quotes stay quotes")


def main():
    with lab.Site() as site:
        parts = Parts(site)
        parts.start()
        checked = site.setup("check")
        site.tap.ok(checked.returncode == 0 and "milward's portal gets its tag" in checked.stdout, "milward-postfix check knows the socket", checked)
        for step in (whole, several, fallback, life, brief, again, odd):
            step(site, parts)
        site.tap.equal(site.leaks(), [], "no content in any log")
        bad = [line for line in parts.agent.log().splitlines() if "was ended by signal" in line]
        site.tap.equal(bad, [], "no child did what it may not")


main()
