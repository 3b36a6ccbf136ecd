#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian packages in a machine that a real systemd has booted, with a real Postfix: units under their full hardening, by what they are
for. Layout one with all daemons, what breaks, layout two, upgrade and purge with services that run.

MILWARD_DEBS, a folder that packaging/build-deb has filled, saves the build while one works on the rest."""
import email
import email.policy
import http.client
import json
import os
import re
import shutil
import socket
import sys

import apparmor
from booted import enter
from lab import files
from lab.client import Client
from lab.seal import People
from lab.sink import Sink
from lab.tap import Tap, wait_for

tap = Tap()
ONE = ("milward-lookup.service", "milward@outbound.service", "milward@sign.service", "milward-seal@outbound.service")
PORTAL = ("milward-portal@outbound.socket", "milward-portal@outbound.service")
POLICY = "/etc/milward/outbound.policy"
POSTFIX = """compatibility_level=3.6
myhostname=mx.clinic.example
mydestination=clinic.example
mynetworks=127.0.0.0/8
inet_interfaces=127.0.0.1
inet_protocols=ipv4
disable_dns_lookups=yes
smtp_host_lookup=native
biff=no
alias_maps=
local_recipient_maps=
smtpd_recipient_restrictions=permit_mynetworks,reject
"""
# What the machine of a test cannot have: DNS and a clock that somebody sets.
ABSENT = ("clock", "dns", "resolver", "resolver-trust")
FORM = ("Patient: Jane Q Quimby, born 03/14/1962, MRN 48151623, SSN 219-09-9998", "Diagnosis: type 2 diabetes mellitus, HIV positive. Metformin 500 mg twice daily")
ROWS = [["Patient", "SSN", "DOB", "Diagnosis"], ["Jane Q Quimby", "219-09-9998", "03/14/1962", "type 2 diabetes mellitus"]]
SECRETS = (b"Quimby", b"219-09-9998", b"diabetes")


def good(name, done):
    return tap.ok(done.returncode == 0, name, "exit %d" % done.returncode, done.stdout[-3000:])


class Site:
    """The machine, whom it sends to, and mail."""

    def __init__(self, m, folder):
        self.m, self.folder, self.sent = m, folder, 0
        self.sink = Sink("patient", "127.0.0.9")
        self.sink.up()
        self.people = People(self)
        self.people.certificate("smime@patient.example")
        self.people.openpgp("pgp@patient.example")

    def send(self, name, to="bob@patient.example", text=None, attached=None):
        """The queue id. Without text and attachments: health data in the mail itself."""
        head, body = files.attached(attached) if attached else ("", (text or "\r\n".join(FORM)) + "\r\n")
        self.sent += 1
        with Client() as smtp:
            smtp.mail("nurse@clinic.example")
            smtp.rcpt(to)
            reply = smtp.data(("Message-ID: <%d@clinic.example>\r\nFrom: nurse@clinic.example\r\nTo: %s\r\nSubject: %s\r\n%s\r\n%s"
                               % (self.sent, to, name, head, body)).encode())
        return re.search(r"queued as (\w+)", reply[1]).group(1)

    def copies(self, subject):
        return [c for c in self.sink.copies if c.header("Subject") == [subject]]

    def came(self, subject):
        wait_for(lambda: self.copies(subject), "the mail %r" % subject, 30, lambda: self.m.sh("mailq; journalctl -t milward-seal -n 5 --no-pager").stdout)
        return self.copies(subject)[0]

    def plain(self, name):
        """Does mail go its way?"""
        self.send(name, text="Lunch is at noon today.")
        return bool(self.came(name))

    def notices(self):
        """Paths of the links that recipients got."""
        texts = [email.message_from_bytes(c.data, policy=email.policy.SMTP).get_body(("plain",)) for c in list(self.sink.copies)]
        found = [re.search(r"https://pickup\.clinic\.example(/m/\S+)", part.get_content()) for part in texts if part]
        return [match.group(1) for match in found if match]

    def to_portal(self, name, attached=None):
        """Sends, and waits for the notice: its link, and the queue id."""
        before = len(self.notices())
        queue_id = self.send(name, attached=attached)
        wait_for(lambda: len(self.notices()) > before, "the notice of %r" % name, 30,
                 lambda: self.m.sh("mailq; journalctl -t milward -t milward-seal -n 12 --no-pager").stdout)
        return self.notices()[before], queue_id


class Page(http.client.HTTPConnection):
    """A request of the web server's, over the portal's socket."""

    def __init__(self, path):
        super().__init__("pickup.clinic.example", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


def page(m, path, link):
    web = Page(m.path(path))
    web.request("GET", link, headers={"X-Forwarded-For": "192.0.2.9"})
    return web.getresponse().status


def doctor(m):
    return [json.loads(line) for line in m.sh("milwardctl doctor --json").stdout.splitlines() if line.startswith("{")]


def install(m):
    good("apt installs the packages in the running machine", m.sh("apt-get -q -y --no-install-recommends install /debs/*.deb"))
    tap.equal(m.sh("systemctl --failed --no-legend; systemctl list-units --all --no-legend 'milward*'").stdout, "", "no unit has failed, and nothing of milward runs by itself")
    tap.equal([m.mode(name) for name in ("/var/lib/milward", "/var/lib/milward-sign", "/run/milward")],
              ["0750 milward:milward", "0750 milward-sign:milward-sign", "0755 milward:milward"], "sysusers and tmpfiles have made users and folders")
    tap.equal(sorted({f["id"] for f in doctor(m) if f["severity"] == "error"}), ["not-added"], "milwardctl doctor says what is to be done, and nothing of policies that nobody uses")


def layout_one(s):
    """All daemons by the shipped policy, with what its comments offer."""
    m = s.m
    for name, ending in (("certificates", ".pem"), ("openpgp", ".pgp")):
        os.mkdir(m.path("/etc/milward/" + name))
        for file in os.listdir(os.path.join(s.folder, name)):
            if file.endswith(ending):
                with open(os.path.join(s.folder, name, file), "rb") as octets, open(m.path("/etc/milward/%s/%s" % (name, file)), "wb") as out:
                    out.write(octets.read())
    m.write("/etc/milward/tables/ours", "clinic.example\n")
    m.write("/etc/milward/tables/tls-partners", "partner.example match=mx.partner.example\n")
    m.edit("/etc/milward/lookup.policy", ("# partners", "partners"))
    m.edit(POLICY, ("load    route grant route, edit, run { portal yes }", "load route with seal-smime, seal-openpgp, portal grant route, edit, run { portal yes; seal yes }"),
           ('# load  seal-smime grant keys, store { certificates "certificates"; anchors "smime-issuers.pem" }', 'load seal-smime grant keys, store { certificates "certificates"; verify no }'),
           ("# load  seal-openpgp", "load  seal-openpgp"), ("# load  seal {", "load  seal {"), ("# load  portal", "load  portal"),
           ("extract-smime, check-us", "extract-smime, extract-image, check-us"),
           ("table   <partners>", 'table <people> { "smime@patient.example", "pgp@patient.example" }\ntable   <partners>'),
           ("match class phi to external              then", "match class phi to <people> then send by smime or openpgp\nmatch class phi to external              then"),
           ("mode   observe", "mode   enforce"))
    m.write("/etc/milward/KeyTable", "mail clinic.example:mail:/etc/milward/mail.key\n")
    m.write("/etc/milward/SigningTable", "*@clinic.example mail\n")
    good("a key for the signer", m.sh("openssl genrsa -out /etc/milward/mail.key 2048 && chown milward: /etc/milward/mail.key && chmod 0400 /etc/milward/mail.key"))
    good("the portal's first key", m.sh("install -d -o milward -m 0700 /var/lib/milward/portal && milwardctl -p %s portal rekey" % POLICY))
    good("milwardctl check", m.sh("milwardctl check %s /etc/milward/lookup.policy /etc/milward/sign.policy" % POLICY))
    good("milward-postfix add", m.sh("milward-postfix add --portal unix:/run/milward/seal.sock --lookup /run/milward-lookup/lookup "
                                     "--seal /run/milward/seal.sock --signer /var/spool/postfix/milward/sign.sock"))
    good("systemctl enable --now starts all of it", m.sh("systemctl enable --now %s %s" % (" ".join(ONE), PORTAL[0])))
    tap.ok(m.active(*ONE, PORTAL[0]), "and all are active", m.sh("systemctl --failed; journalctl -n 30 --no-pager").stdout)
    tap.equal([line for line in m.log("milward@outbound").splitlines() if ": error:" in line], [], "milward@outbound has nothing to complain of")


def exposure(m, unit):
    found = re.search(r"exposure level for \S+: ([0-9.]+)", m.sh("systemd-analyze security --no-pager '%s'" % unit).stdout)
    return float(found.group(1)) if found else 99.0


def hardening(m, *units):
    """What the kernel and systemd say of processes that run."""
    for unit in units:
        status = m.status_of(m.main(unit))
        users = m.sh("systemctl show -P User '%s'" % unit).stdout.strip()
        tap.equal((m.show(unit, "Type"), status["NoNewPrivs"], status["Seccomp"], int(status["CapEff"], 16), int(status["CapBnd"], 16), status["Uid"].split("\t")[0] != "0"),
                  ("notify", "1", "2", 0, 0, True), "%s: notify, a system call filter, no power, user %s" % (unit, users))
        tap.ok(exposure(m, unit) <= 2.0, "%s: exposure at most 2.0" % unit, exposure(m, unit))
        tap.ok(unit.startswith("milward-portal") or "postfix@-.service" in m.show(unit, "Before").split(), "%s starts before Postfix" % unit, m.show(unit, "Before"))


def picture(lines):
    """Those lines as a PNG; None: nothing here draws."""
    try:
        from PIL import Image, ImageDraw, ImageFont
        font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 28)
    except (ImportError, OSError):
        return None
    image = Image.new("L", (1500, 60 + 50 * len(lines)), 255)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((30, 30 + 50 * number), line, fill=0, font=font)
    path = os.path.join(os.getcwd(), "form.png")
    image.save(path, dpi=(200, 200))
    with open(path, "rb") as file:
        return file.read()


def mail(s):
    m = s.m
    tap.ok(s.plain("plain"), "a plain mail is delivered")
    link, queue_id = s.to_portal("protected")
    entries = [e for e in m.journal("MILWARD_QUEUE_ID=" + queue_id) if e.get("_SYSTEMD_UNIT") == "milward@outbound.service"]
    tap.equal(sorted(e["MILWARD_EVENT"] for e in entries), ["message", "verdict"], "the journal has its queue id as a field, from the unit")
    tap.ok(any("classes=phi" in e["MESSAGE"] for e in entries), "and its class")
    tap.ok(any(e.get("MILWARD_EVENT") == "sent" and e.get("MILWARD_QUEUE_ID") for e in m.journal("-t", "milward-seal")), "so do milward-seal's")
    tap.ok(not m.active(PORTAL[1]), "the portal waits for somebody")
    tap.equal((page(m, "/run/milward/portal.sock", link), m.active(PORTAL[1])), (200, True), "whom its socket starts it for, and who gets a page")
    sheet = files.workbook(ROWS, "Ward 4")
    kinds = {"a workbook": {"list.xlsx": sheet}, "a workbook in an archive": {"all.zip": files.archive({"list.xlsx": sheet})}, "a PDF, by pdftotext": {"form.pdf": files.pdf(list(FORM))},
             "RTF": {"note.rtf": b"{\\rtf1\\ansi " + b"\\par ".join(line.encode() for line in FORM) + b"}"},
             "HTML": {"note.html": ("<html><body><p>%s</p></body></html>" % "</p><p>".join(FORM)).encode()}, "a picture, by Tesseract": {"form.png": picture(FORM)}}
    for name, attached in kinds.items():
        if None in attached.values():
            tap.skip("%s is read in the unit" % name, "nothing here draws one")
            continue
        _link, queue_id = s.to_portal(name, attached)
        said = [e["MESSAGE"] for e in m.journal("MILWARD_QUEUE_ID=" + queue_id, "MILWARD_EVENT=message")]
        tap.ok(any("classes=phi" in text for text in said), "%s is read in the unit" % name, said)
    for to in ("smime@patient.example", "pgp@patient.example"):
        s.send("sealed", to)
        copies = wait_for(lambda to=to: [c for c in s.sink.copies if c.to == [to]], "the sealed mail for " + to, 30, lambda: m.sh("mailq; journalctl -t milward-seal -n 5 --no-pager").stdout)
        tap.ok(not any(word in copies[0].data for word in SECRETS), "%s gets it sealed" % to)
        tap.ok(SECRETS[0] in s.people.read(copies[0]), "and reads it")
        tap.ok(copies[0].header("DKIM-Signature"), "and it is signed, by milward@sign")
    tap.ok(not any(word in c.data for c in s.sink.copies for word in SECRETS), "nothing left in clear")
    done = m.sh("setpriv --reuid postfix --regid postfix --init-groups postmap -q partner.example socketmap:unix:/run/milward-lookup/lookup:verified")
    tap.ok(done.returncode == 0 and "match=mx.partner.example" in done.stdout, "Postfix's user asks milward-lookup", done.stdout)


def look(m, *units):
    shown = m.sh("milwardctl status").stdout
    missing = [name for name in units if re.sub(r"@?\.?(service)?$", "", name).replace("@", ".") not in shown]
    tap.equal(missing, [], "milwardctl status shows every daemon")
    found = [f for f in doctor(m) if f["id"] not in ABSENT]
    tap.equal(found, [], "milwardctl doctor finds nothing else than that there is no DNS")


def reloads(s):
    m = s.m
    right = m.read(POLICY)
    for unit in (ONE[1], ONE[3], PORTAL[1]):
        good("%s: systemctl reload" % unit, m.sh("systemctl reload " + unit))
        main = m.main(unit)
        m.edit(POLICY, ("match any  ", "match anny  "))
        done = m.sh("systemctl reload " + unit)
        tap.ok(done.returncode != 0 and m.active(unit) and m.main(unit) == main, "%s: the reload of a wrong policy fails, and it runs on" % unit, done.stdout)
        tap.ok('outbound.policy' in m.log(unit) and 'unknown condition "anny"' in m.log(unit), "and its journal names file and cause", m.log(unit)[-800:])
        m.write(POLICY, right)
    digest = m.show(ONE[1], "StatusText")
    m.write(POLICY, right + "# another one\n")
    m.sh("systemctl reload " + ONE[1])
    tap.ok(wait_for(lambda: m.show(ONE[1], "StatusText") != digest, "the new policy"), "the next one that is right is taken")
    tap.ok(s.plain("reloaded"), "and mail goes on")
    # At start nothing older runs: it says once what is wrong, and has failed.
    m.edit(POLICY, ("match any  ", "match anny  "))
    tap.ok(m.sh("systemctl restart " + ONE[1]).returncode != 0, "with a wrong policy it does not start")
    tap.equal((m.show(ONE[1], "ActiveState"), m.show(ONE[1], "NRestarts"), m.show(ONE[1], "ExecMainStatus")), ("failed", "0", "78"), "has failed, and is not tried again")
    tap.ok("outbound.policy" in m.show(ONE[1], "StatusText"), "systemctl status names the file", m.show(ONE[1], "StatusText"))
    m.write(POLICY, right)
    good("and it starts as soon as that is mended", m.sh("systemctl start " + ONE[1]))


def crashes(s):
    m, unit = s.m, ONE[1]
    main = m.main(unit)
    worker = [pid for pid in m.children(main) if m.status_of(pid)["Name"] == "milward"][0]
    m.sh("kill -9 %d" % worker)
    wait_for(lambda: [pid for pid in m.children(main) if pid != worker], "another worker")
    tap.ok(m.main(unit) == main and m.active(unit), "the worker is killed: another one, in the same service")
    tap.ok(wait_for(lambda: "policy" in m.show(unit, "StatusText"), "it to be ready") and s.plain("worker killed"), "and mail goes on")
    m.sh("kill -9 %d" % main)
    wait_for(lambda: m.main(unit) not in (0, main) and m.active(unit), "systemd to start it anew", 30)
    tap.equal(m.show(unit, "NRestarts"), "1", "the service is killed: systemd starts it anew")
    tap.ok(s.plain("service killed"), "and mail goes on")
    # A worker that stands still, all of it: the service manager's to find. The period is the test's own.
    drop_in = "/run/systemd/system/milward@outbound.service.d"
    os.makedirs(m.path(drop_in))
    m.write(drop_in + "/watchdog.conf", "[Service]\nWatchdogSec=3\nRestartSec=0\n")
    # And a limit that is stricter than what milward sets for itself.
    os.makedirs(m.path("/run/systemd/system/milward-seal@.service.d"))
    m.write("/run/systemd/system/milward-seal@.service.d/core.conf", "[Service]\nLimitCORE=0\n")
    m.sh("systemctl daemon-reload && systemctl restart %s %s" % (unit, ONE[3]))
    main = m.main(unit)
    m.sh("kill -STOP $(pgrep -P %d -x milward)" % main)
    wait_for(lambda: m.main(unit) not in (0, main) and m.active(unit), "the watchdog", 30)
    tap.ok("Watchdog timeout" in m.log(unit), "a worker that stands still is found by the watchdog", m.log(unit)[-500:])
    tap.ok(s.plain("watchdog"), "and mail goes on")
    tap.ok(s.to_portal("no core"), "a child of milward-seal locks itself down where there are no core files at all")
    m.sh("rm -r /run/systemd/system/milward@outbound.service.d /run/systemd/system/milward-seal@.service.d && systemctl daemon-reload && systemctl restart %s" % unit)
    good("systemctl stop", m.sh("systemctl stop %s && systemctl is-failed %s; test $? != 0 && systemctl start %s" % (unit, unit, unit)))


def upgrade(s):
    """With services that run, of which one has a policy that is wrong by now."""
    m = s.m
    before, mains = m.read(POLICY), {unit: m.main(unit) for unit in ONE + PORTAL[1:]}
    m.edit("/etc/milward/sign.policy", ("match any ", "match anny "))
    done = m.sh("dpkg --force-confdef --force-confold -i /next/*.deb")
    good("dpkg takes the newer version", done)
    tap.equal(m.read(POLICY), before, "the site's policy stays as it is")
    tap.equal([unit for unit in mains if m.main(unit) == mains[unit]], [ONE[2]], "each service is restarted, but for the one whose policy is wrong")
    tap.ok("milward@sign.service runs on as it was" in done.stdout and "anny" in done.stdout, "which is said, with the cause", done.stdout[-1500:])
    tap.ok(m.active(*ONE, *PORTAL), "and all are active")
    m.edit("/etc/milward/sign.policy", ("match anny ", "match any "))
    tap.ok(s.to_portal("upgraded"), "and protected mail goes on")


def layout_two(s):
    """By share/milward/layouts/README, behind what runs already."""
    m = s.m
    readme = m.read("/usr/share/milward/layouts/README")
    steps = re.search(r"(?ms)^two .*?\n\n( {11}.*?)\n\n", readme).group(1).replace("milward-postfix add\n", "milward-postfix add --seal /run/milward-sign/seal.sock "
                                                                                   "--signer /var/spool/postfix/milward-sign/sign.sock --portal unix:/run/milward-sign/seal.sock\n")
    m.sh("systemctl disable --now %s %s" % (" ".join(ONE[1:]), " ".join(PORTAL)))
    good("milward-postfix remove", m.sh("milward-postfix remove --force"))
    m.sh("mkdir /etc/milward/dkim && cd /etc/milward && mv KeyTable SigningTable mail.key dkim/ && sed -i s,milward/mail.key,milward/dkim/mail.key, dkim/KeyTable")
    # The lines of the policy that name what milward-seal does; the rest is as the README says.
    policy, copy = "/usr/share/milward/layouts/two/outbound.policy", "cp two/outbound.policy two/sign.policy /etc/milward/"
    assert copy in steps
    m.edit(policy, ("load    route grant route, edit, run\n", ""), ("# load  route with seal-smime grant route, edit, run { seal yes }", "load route with seal-smime, portal grant route, edit, run { portal yes; seal yes }"),
           ('# load  seal-smime grant keys, store { certificates "certificates"; anchors "smime-issuers.pem" }', 'load seal-smime grant keys, store { certificates "certificates"; verify no }'),
           ("# load  seal {", "load  seal {"), ("# load  portal", "load  portal"), ("#                                  url", "                                   url"),
           ("match class phi to external              then send by tls", "match class phi to external then send by tls or portal"), ("mode   observe", "mode   enforce"))
    good("layout two, as its README says", m.sh("set -e\ncd /usr/share/milward/layouts\ninstall -d -o milward-sign -m 0700 /var/lib/milward-sign/portal\n" + steps))
    good("with the portal", m.sh("mkdir -p /etc/systemd/system/milward-portal@.socket.d && cp /usr/share/milward/layouts/two/portal-socket.conf /etc/systemd/system/milward-portal@.socket.d/two.conf && "
                                 "milwardctl -p %s portal rekey && systemctl daemon-reload && systemctl enable --now milward-seal@outbound %s && systemctl restart milward@outbound" % (POLICY, PORTAL[0])))
    tap.equal([m.mode("/var/lib/" + name) for name in ("milward", "milward-sign")], ["0750 milward:milward", "0750 milward-sign:milward-sign"], "two users, and neither may look at what is the other's")
    link, _queue_id = s.to_portal("two users")
    tap.equal(page(m, "/run/milward-sign/portal.sock", link), 200, "a protected mail is in the portal of milward-sign")
    s.plain("two users, plain")
    tap.ok(s.came("two users, plain").header("DKIM-Signature"), "what leaves is signed")
    m.sh("printf 'From: nurse@clinic.example\\nTo: bob@patient.example\\nSubject: of a program\\n\\nLunch\\n' | sendmail -f nurse@clinic.example bob@patient.example")
    tap.ok(s.came("of a program").header("DKIM-Signature"), "what a local program sends, too")
    s.to_portal("a workbook, two users", {"list.xlsx": files.workbook(ROWS, "Ward 4")})
    no_keys(s)
    hardening(m, ONE[1], ONE[2], ONE[3], PORTAL[1])
    look(m, *ONE)


def processes(m, unit):
    """Those of a unit, as this side counts them."""
    folder = m.show(unit, "ControlGroup").lstrip("/")
    with open(os.path.join(m.cgroup, folder, "cgroup.procs")) as file:
        return [int(word) for word in file.read().split()]


def remembers(pid, needle):
    """Are these octets anywhere in what a process can write to?"""
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
        for line in maps:
            span, access, *_ = line.split()
            first, last = (int(n, 16) for n in span.split("-"))
            if access.startswith("rw"):
                memory.seek(first)
                if needle in memory.read(last - first):
                    return True
    return False


def no_keys(s):
    """Who opens attachments has no key: not in memory, not as a file that is open, not as one that its user may read."""
    m, key = s.m, "/etc/milward/dkim/mail.key"
    text = m.sh("openssl rsa -in %s -noout -text" % key).stdout
    prime = bytes.fromhex(re.sub(r"[^0-9a-f]", "", re.search(r"(?s)prime1:(.*?)\n\w", text).group(1)))
    prime = prime.lstrip(b"\0")[::-1]  # as libcrypto has numbers on this machine
    tap.ok(any(remembers(pid, prime) for pid in processes(m, ONE[2])), "who signs has the DKIM key in memory, where it is looked for")
    reading = processes(m, ONE[1])
    tap.ok(len(reading) >= 3, "who reads: a supervisor, a worker, keepers of readers", reading)
    tap.equal([pid for pid in reading if remembers(pid, prime)], [], "no process that reads has")
    kept = (key, "/var/lib/milward-sign/portal.keys")
    opened = [os.readlink("/proc/%d/fd/%s" % (pid, fd)) for pid in reading for fd in os.listdir("/proc/%d/fd" % pid)]
    tap.equal([name for name in opened if name.endswith((".key", ".keys")) or "milward-sign/" in name and not name.endswith(".sock")], [], "nor one as an open file")
    for name in kept:
        tap.ok(m.sh("setpriv --reuid milward --regid milward --init-groups cat " + name).returncode != 0, "nor may its user read " + name)


SENDMAIL = """listen unix:/run/milward/%s.sock
load route with seal-smime grant route, edit, run { mta none; seal yes }
load seal-smime grant keys, store { certificates "certificates"; verify no }
load seal { listen "unix:/run/milward-sign/seal.sock"; state "/var/lib/milward-sign/seal" }
table <ours> { "clinic.example" }
aliases none
match any then pass
"""


def beside_sendmail(m):
    """The drop-ins of share/milward/sendmail, where no group postfix is. Mail by them is in 04-sendmail.t."""
    m.sh("systemctl stop %s %s" % (" ".join(ONE), " ".join(PORTAL)))
    units = {"systemd.conf": "milward@.service", "seal.conf": "milward-seal@.service", "lookup.conf": "milward-lookup.service"}
    for name, unit in units.items():
        good("%s for %s" % (name, unit), m.sh("install -D -m 0644 /usr/share/milward/sendmail/%s /etc/systemd/system/%s.d/sendmail.conf" % (name, unit)))
    for name in ("one", "two"):
        m.write("/etc/milward/%s.policy" % name, SENDMAIL % name)
    m.write("/etc/milward/one.env", "OPTIONS=--reentry\n")
    m.edit("/etc/group", ("\npostfix:", "\nnot-postfix:"))
    m.sh("systemctl daemon-reload")
    for unit in ("milward@one.service", "milward-seal@two.service", "milward-lookup.service"):
        good("%s starts where no group postfix is" % unit, m.sh("systemctl start '%s' || { journalctl -n 5 --no-pager; false; }" % unit))
    tap.ok("--reentry" in m.read("/proc/%d/cmdline" % m.main("milward@one.service")), "with its OPTIONS")
    m.edit("/etc/group", ("\nnot-postfix:", "\npostfix:"))


def trace(m, name):
    """From here on, of the whole machine; None: there is nothing to do it with."""
    return apparmor.Trace(m.pid, os.path.join(os.getcwd(), name)) if shutil.which("strace") and shutil.which("apparmor_parser") else None


def confined(m, traced, name, *programs):
    """What these have done, held against AppArmor's profiles."""
    name += ": the profiles for AppArmor allow what was done"
    if not traced:
        tap.skip(name, "strace or apparmor_parser is not here")
        return
    for program in ("milward", "milward-seal", "milward-portal"):
        m.sh("%s -t -p %s --user milward" % (program, POLICY))
    traced.stop()
    bad, met = apparmor.judge(apparmor.read(m.path("/usr/share/milward/apparmor/milward")), traced.processes())
    tap.equal(sorted(bad), [], name)
    tap.equal(sorted(met), sorted(programs), "and each of them was looked at")


def purge(s):
    m = s.m
    good("milward-postfix remove", m.sh("milward-postfix remove --force"))
    done = m.sh("MILWARD_PURGE=all dpkg --purge $(dpkg-query -W -f '${Package} ' 'milward*')")
    good("dpkg purges all packages while services run", done)
    tap.equal(m.sh("pgrep -a milward; systemctl list-units --all --no-legend --plain 'milward*' | grep -v not-found").stdout, "", "nothing of it runs, and systemd knows no unit of it")
    left = m.sh("find / -xdev \\( -path /proc -o -path /debs -o -path /next -o -path /var/lib/dpkg -o -path /var/log/journal -o -path /var/cache/apt "
                # Postfix has these of its own accord
                "-o -path /var/spool/postfix/pid -o -path /var/spool/postfix/private -o -path /var/spool/postfix/public \\) -prune -o "
                "\\( -iname '*milward*' -o -nouser -o -nogroup \\) -print; find /run -iname '*milward*' -not -path '/run/credentials*'; grep -h milward /etc/passwd /etc/group").stdout.split()
    tap.equal(left, [], "nothing of it is left, with MILWARD_PURGE=all")


def main():
    m = enter(tap, {"etc/postfix/main.cf": POSTFIX, "etc/hosts": "127.0.0.1 localhost mx.clinic.example\n127.0.0.9 patient.example\n"}, newer=True)
    s = Site(m, os.getcwd())
    install(m)
    traced = trace(m, "trace-one")
    layout_one(s)
    mail(s)
    confined(m, traced, "layout one", "milward", "milward-lookup", "milward-portal", "milward-seal")
    hardening(m, *ONE, PORTAL[1])
    look(m, *ONE, PORTAL[1])
    reloads(s)
    crashes(s)
    upgrade(s)
    traced = trace(m, "trace-two")
    layout_two(s)
    confined(m, traced, "layout two", "milward", "milward-portal", "milward-seal")
    beside_sendmail(m)
    purge(s)
    s.people.close()
    m.stop()


main()
sys.exit(tap.end())
