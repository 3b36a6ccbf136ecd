#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian packages beside Debian's Sendmail, in a machine that a real systemd has booted: as the README says, with the drop-ins of
share/milward/sendmail, where nothing of Postfix is. With MILWARD_SYSTEMD=all; what Sendmail does with each route is in tests/sendmail."""
import os
import sys

from booted import enter
from lab.client import Client, Refused
from lab.dns import Dns
from lab.seal import People
from lab.sink import Sink
from lab.tap import Tap, skip_all, wait_for

tap = Tap()
POLICY = "/etc/milward/outbound.policy"
UNIT, SEAL = "milward@outbound.service", "milward-seal@outbound.service"
PHI = "Patient: Jane Q Quimby, born 03/14/1962, MRN 48151623, SSN 219-09-9998\r\nDiagnosis: type 2 diabetes mellitus, HIV positive. Metformin 500 mg twice daily\r\n"
SECRETS = (b"Quimby", b"219-09-9998", b"diabetes")


def good(name, done):
    return tap.ok(done.returncode == 0, name, "exit %d" % done.returncode, done.stdout[-3000:])


class Site:
    def __init__(self, m):
        self.m, self.folder, self.sent = m, os.getcwd(), 0
        self.dns = Dns(self.folder)
        for name, address in (("mx.clinic.example", "127.0.0.1"), ("clinic.example", "127.0.0.1"), ("mail.patient.example", "127.0.0.9")):
            self.dns.host(name, address)
        self.dns.mail("patient.example", "mail.patient.example")
        self.dns.start()
        self.sink, self.portal = Sink("patient", "127.0.0.9"), Sink("portal", "127.0.0.8")
        self.people = People(self)
        self.people.certificate("smime@patient.example")

    def send(self, name, text, to="bob@patient.example"):
        """The reply to the first command that is refused, or to the message."""
        self.sent += 1
        try:
            return self._send(name, text, to)
        except Refused as error:  # before any command
            return error.code, error.text

    def _send(self, name, text, to):
        with Client() as smtp:
            for line in ("MAIL FROM:<nurse@clinic.example>", "RCPT TO:<%s>" % to, "DATA"):
                reply = smtp.command(line)
                if reply[0] >= 400:
                    return reply
            smtp.send(("Message-ID: <%d@clinic.example>\r\nFrom: nurse@clinic.example\r\nTo: %s\r\nSubject: %s\r\n\r\n%s.\r\n" % (self.sent, to, name, text)).encode())
            return smtp.reply()

    def came(self, sink, name, to="bob@patient.example"):
        """By the recipient, where the subject is sealed too."""
        def copies():
            return [c for c in sink.copies if c.to == [to] and c.header("Subject") in ([name], ["[...]"])]
        return wait_for(copies, "the mail %r at %s" % (name, sink.name), 30,
                        lambda: self.m.sh("mailq; journalctl -n 30 --no-pager").stdout)[0]


def sendmail(m):
    """As a site has it, with what milward-sendmail(8) advises; but other work of this machine must not make it refuse. Nothing of Postfix stays, its group neither."""
    good("apt puts Sendmail in place of Postfix", m.sh("apt-get -q -y --no-install-recommends install sendmail-bin sendmail-cf m4"))
    m.sh("dpkg --purge postfix postfix-pcre postfix-sqlite; rm -rf /etc/postfix /var/spool/postfix; "
         "! getent passwd postfix || userdel postfix; for name in postfix postdrop; do ! getent group $name || groupdel $name; done")
    tap.equal(m.sh("getent passwd postfix; getent group postfix").stdout, "", "of which nothing is left")
    m.edit("/etc/mail/sendmail.mc", ("\nMAILER_DEFINITIONS\n", "\ndefine(`confCACERT_PATH', `/etc/ssl/certs')dnl\ndefine(`confREFUSE_LA', `1000')dnl\ndefine(`confQUEUE_LA', `1000')dnl\nFEATURE(`nocanonify')dnl\nQUEUE_GROUP(`mqueue', `P=/var/spool/mqueue, F=f, r=1')dnl\nMAILER_DEFINITIONS\n"))
    m.write("/etc/mail/local-host-names", "localhost\nmx.clinic.example\nclinic.example\n")
    good("sendmailconfig", m.sh("yes | sendmailconfig --no-reload"))
    good("Debian's own script starts Sendmail", m.sh("systemctl restart sendmail"))


def milward(s):
    """The README's lines, and those of the policy for milward-seal."""
    m = s.m
    good("apt installs the packages in the running machine", m.sh("apt-get -q -y --no-install-recommends install /debs/*.deb"))
    os.mkdir(m.path("/etc/milward/certificates"))
    name = "certificates/smime@patient.example.pem"
    with open(os.path.join(s.folder, name)) as file:
        m.write("/etc/milward/" + name, file.read())
    m.write("/etc/milward/tables/ours", "clinic.example\n")
    m.edit(POLICY, ("unix:/var/spool/postfix/milward/outbound.sock", "unix:/run/milward/outbound.sock"),
           ("load    route grant route, edit, run { portal yes }", "load route with seal-smime grant route, edit, run { mta sendmail; portal yes; seal yes }"),
           ('# load  seal-smime grant keys, store { certificates "certificates"; anchors "smime-issuers.pem" }', 'load seal-smime grant keys, store { certificates "certificates"; verify no }'),
           ('# load  seal { listen "unix:/run/milward/seal.sock"; socket-group "postfix"; ', 'load seal { listen "unix:/run/milward/seal.sock"; '),
           ("table   <partners>", 'table <people> { "smime@patient.example" }\ntable   <partners>'),
           ("match class phi to external              then", "match class phi to <people> then send by smime\nmatch class phi to external              then"),
           ("mode   observe", "mode   enforce"))
    for conf, unit in (("systemd.conf", "milward@.service"), ("seal.conf", "milward-seal@.service"), ("lookup.conf", "milward-lookup.service")):
        good("%s for %s" % (conf, unit), m.sh("install -D -m 0644 /usr/share/milward/sendmail/%s /etc/systemd/system/%s.d/sendmail.conf" % (conf, unit)))
    good("milwardctl check", m.sh("milwardctl check %s /etc/milward/lookup.policy" % POLICY))
    good("milward-sendmail add", m.sh("milward-sendmail add --portal '[127.0.0.8]' --seal /run/milward/seal.sock"))
    good("systemctl enable --now", m.sh("systemctl daemon-reload && systemctl enable --now milward-lookup milward-seal@outbound milward@outbound"))
    tap.ok(m.active(UNIT, SEAL, "milward-lookup.service", "sendmail.service"), "all are active", m.sh("systemctl --failed; journalctl -n 30 --no-pager").stdout)
    for unit in (UNIT, SEAL):
        tap.ok("sendmail.service" in m.show(unit, "Before").split(), "%s starts before Sendmail" % unit, m.show(unit, "Before"))
    good("milward-sendmail check", m.sh("milward-sendmail check"))


def mail(s):
    m = s.m
    reply = s.send("plain", "Lunch is at noon today.\r\n")
    tap.ok(reply[0] == 250 and s.came(s.sink, "plain"), "a plain mail is delivered", reply)
    s.send("protected", PHI)
    tap.ok(SECRETS[0] in s.came(s.portal, "protected").data, "a protected one is the portal's, where no TLS is")
    s.send("sealed", PHI, "smime@patient.example")
    copy = s.came(s.sink, "sealed", "smime@patient.example")
    tap.ok(not any(word in copy.data for word in SECRETS) and SECRETS[0] in s.people.read(copy), "who has a certificate gets it sealed, and reads it")
    m.sh("printf 'From: nurse@clinic.example\\nTo: bob@patient.example\\nSubject: of a program\\n\\n%s\\n' | sendmail -f nurse@clinic.example bob@patient.example"
         % PHI.replace("\r\n", "\\n").replace("%", "%%"))
    tap.ok(s.came(s.portal, "of a program"), "what a local program sends, too")
    tap.ok(m.journal("_SYSTEMD_UNIT=" + UNIT, "MILWARD_EVENT=verdict"), "the unit's journal has the verdicts")


def away(s):
    m = s.m
    m.sh("systemctl stop " + UNIT)
    reply = s.send("while away", PHI)
    tap.ok(400 <= reply[0] < 500, "while milward is away, mail is to come again", reply)
    m.sh("systemctl start " + UNIT)
    tap.equal(s.send("back again", PHI)[0], 250, "and is taken when it is back")
    tap.ok(s.came(s.portal, "back again"), "by its route")
    good("Sendmail restarts", m.sh("systemctl restart sendmail"))
    tap.equal(s.send("restarted", PHI)[0], 250, "and goes on")
    tap.ok(s.came(s.portal, "restarted"), "by the same route")
    tap.equal([c.header("Subject") for c in s.sink.copies if any(word in c.data for word in SECRETS)], [], "nothing of it went in clear")


def remove(m):
    good("milward-sendmail remove", m.sh("milward-sendmail remove"))
    good("dpkg purges all packages", m.sh("MILWARD_PURGE=all dpkg --purge $(dpkg-query -W -f '${Package} ' 'milward*')"))
    tap.equal(m.sh("pgrep -a milward; grep -l milward /etc/mail/sendmail.mc /etc/mail/sendmail.cf; find /etc/systemd/system -name '*milward*'").stdout, "", "nothing of it runs, and Sendmail asks nobody")


def main():
    if os.environ.get("MILWARD_SYSTEMD") != "all":
        skip_all("with MILWARD_SYSTEMD=all")
    m = enter(tap, {"etc/hosts": "127.0.0.1 mx.clinic.example localhost\n"}, later=("sendmail-bin", "sendmail-cf", "m4"))
    s = Site(m)
    sendmail(m)
    s.sink.up()  # Postfix, as it was, had all addresses
    s.portal.up()
    milward(s)
    mail(s)
    away(s)
    remove(m)
    s.people.close()
    m.stop()


main()
sys.exit(tap.end())
