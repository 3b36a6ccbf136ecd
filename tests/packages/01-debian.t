#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian packages: built once, looked at, installed in a fresh Debian with a Postfix, used, upgraded, purged."""
import collections
import glob
import os
import re
import shutil
import signal
import subprocess
import sys

import debs
from debs import AWAY, chroot, next_version, packages_of, run
from lab import namespace
from lab.client import Client
from lab.sink import Sink
from lab.tap import Tap, note, skip_all, wait_for
from machinefiles import MachineFiles

# What is heavy or optional, and who may depend on it.
HEAVY = {
    "libarchive": ("extract-archive", "extract-office", "portal"), "libcurl": ("lookup",), "libhyperscan|libvectorscan": ("prefilter-hs",),
    "libidn2": ("auth", "lookup"), "libmicrohttpd": ("portal",), "libopendkim": ("auth", "dkim"), "libpsl": ("auth",), "libspf2": ("auth",), "libqpdf": ("extract-pdf",),
    "librnp": ("seal-openpgp",), "libsqlite3": ("portal",), "libtesseract|liblept|tesseract-ocr-eng": ("extract-image",),
    "libxml2": ("extract-clinical", "extract-html", "extract-office"), "poppler-utils": ("extract-pdf",),
}
# Of the core, and so of who likes.
LIGHT = ("libc6", "libevent", "libgcc", "libglib", "libgmime", "libjansson", "libmilter", "libpcre2", "libseccomp", "libssl", "libstdc++",
         "libunbound", "libutf8proc", "zlib1g", "dns-root-data", "milward", "systemd")
MAIL = "Message-ID: <%s@clinic.example>\r\nFrom: nurse@clinic.example\r\nTo: bob@patient.example\r\nSubject: %s\r\n\r\n%s\r\n"

tap = Tap()


def good(name, done):
    return tap.ok(done.returncode == 0, name, "exit %d" % done.returncode, done.stdout[-3000:])


# ---- outside: what needs the network and the compiler ------------------------------------------------------------------------------------
def look_at_contents(packages, prefix):
    """Every file of make install is in exactly one package, and no two packages have the same file."""
    holders = collections.defaultdict(list)
    for package, deb in packages.items():
        for name in deb["names"]:
            # one form for both: no /usr, no architecture in the folder, not compressed
            name = re.sub(r"^/usr/lib/[^/]+-linux-gnu[^/]*/", "/lib/", name)
            name = re.sub(r"^/usr/", "/", name)
            holders[re.sub(r"^(/share/(?:man|doc)/.*)\.gz$", r"\1", name)].append(package)
    twice = {name: who for name, who in holders.items() if len(who) > 1}
    tap.ok(not twice, "no file is in two packages", twice)
    wanted = ["/" + os.path.relpath(os.path.join(top, name), prefix) for top, _, names in os.walk(prefix) for name in names if not name.endswith(".la")]
    missing = [name for name in wanted if name not in holders]
    tap.ok(wanted and not missing, "every file of make install is in a package", "\n".join(missing))
    modules = {os.path.basename(name)[:-3]: who[0] for name, who in holders.items() if name.startswith("/lib/milward/modules/")}
    wrong = {name: who for name, who in modules.items() if who not in ("milward", "milward-" + name)}
    tap.ok(len(modules) > 20 and not wrong, "a module is in the core or in the package of its name", wrong)


def look_at_dependencies(packages):
    for package, deb in packages.items():
        short = package[len("milward-"):]
        wrong = []
        for word in re.split(r", *", deb["fields"].get("Depends", "") + ", " + deb["fields"].get("Pre-Depends", "")):
            name = word.split(" ")[0]
            heavy = [who for pattern, who in HEAVY.items() if re.match(pattern, name)]
            if (heavy and short not in heavy[0]) or (name and not heavy and not name.startswith(LIGHT)):
                wrong.append(name)
        tap.ok(not wrong, "%s depends on nothing that belongs to another" % package, wrong)


def look_at_units(packages, folder):
    """What a service may do, and whether systemd understands what stands there; with the files that the packages bring."""
    root = os.path.join(folder, "units")
    for name in ("milward", "milward-seal", "milward-lookup", "milward-portal"):
        run("dpkg-deb", "-x", packages[name]["file"], root)
    units = sorted(glob.glob(root + "/lib/systemd/system/*.service") + glob.glob(root + "/usr/lib/systemd/system/*.service"))
    tap.equal(len(units), 4, "four services")
    # systemd itself has what units refer to
    for name in ("basic", "sysinit", "network", "network-online", "nss-lookup", "multi-user", "shutdown", "sockets"):
        with open(os.path.join(os.path.dirname(units[0]), name + ".target"), "w") as out:
            out.write("[Unit]\nDescription=%s\n" % name)
    for unit in units:
        name = os.path.basename(unit)
        done = run("systemd-analyze", "security", "--offline=yes", "--threshold=20", "--root=" + root, name.replace("@", "@outbound"))
        tap.ok(done.returncode == 0, "systemd-analyze security: %s is at 2.0 or below" % name, done.stdout[-400:])
        done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", "--root=" + root, unit.replace("@", "@outbound"))
        tap.ok(done.returncode == 0 and not done.stdout.strip(), "systemd-analyze verify: %s" % name, done.stdout)
    profile = os.path.join(root, "usr/share/milward/apparmor/milward")
    if shutil.which("apparmor_parser"):
        good("apparmor_parser takes the profiles", run("apparmor_parser", "-Q", "-K", "-T", profile))
    else:
        tap.skip("apparmor_parser takes the profiles", "it is not here")
    good("the OpenRC script is a shell script", run("sh", "-n", os.path.join(root, "usr/share/milward/openrc/milward")))


def outside():
    if os.geteuid() != 0:
        skip_all("needs root: a Debian in a folder")
    for tool in ("dpkg-buildpackage", "dh", "mmdebstrap", "lintian", "systemd-analyze"):
        if not shutil.which(tool):
            skip_all("%s is not here" % tool)
    prefix = os.environ.get("MILWARD_PREFIX")
    if not prefix:
        skip_all("needs MILWARD_PREFIX, where make install has put it")
    folder = debs.workshop("packages")
    tree = debs.Tree(folder)
    if not debs.build(tap, folder, anew=True):
        sys.exit(tap.end())
    changes = glob.glob(folder + "/debs/*.changes")
    good("lintian has nothing to say", run("lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", "initial-upload-closes-no-bugs", *changes))
    packages = packages_of(folder + "/debs")
    look_at_contents(packages, prefix)
    look_at_dependencies(packages)
    look_at_units(packages, folder)
    shutil.rmtree(os.path.join(folder, "work"), True)
    tap.ok(next_version(packages, folder), "and packed again as a newer version")
    why = tree.unpack("systemd-standalone-sysusers")
    done = None if why else tree.install(("debs", "next"), "/debs/*.deb")
    if why or (done.returncode and AWAY.search(done.stdout)):
        note(why or done.stdout[-2000:])
        tap.skip("installed in a fresh Debian", "apt's archive cannot be had")
        sys.exit(tap.end())
    if not good("apt installs them in a fresh Debian", done):
        sys.exit(tap.end())
    os.environ["MILWARD_TREE"] = "%d:%d:%s" % (tap.count, tap.failed, folder)


# ---- inside: that Debian, in a network of its own -------------------------------------------------------------------------------------------
SYSTEMCTL = """#!/bin/sh
echo "$*" >>/systemctl.log
case "$*" in *list-units*milward@*) echo "milward@outbound.service loaded active running milward" ;; esac
"""


class Machine(MachineFiles):
    """The tree with Postfix and milward at work."""

    def __init__(self, tree):
        self.tree = tree
        self.milward = {}

    def path(self, name):
        return os.path.join(self.tree, name.lstrip("/"))

    def sh(self, text, **env):
        return chroot(self.tree, "sh", "-c", text, env=env)

    def furnish(self):
        for kind in ("/dev", "/proc", "/run"):
            subprocess.run(["mount", "--rbind", kind, self.path(kind)], check=True)
        self.write("/etc/hosts", "127.0.0.1 localhost mx.clinic.example\n127.0.0.9 patient.example\n")
        self.write("/etc/resolv.conf", "nameserver 127.0.0.53\n")
        self.write("/etc/postfix/main.cf", "compatibility_level=3.6\nmyhostname=mx.clinic.example\nmydestination=clinic.example\n"
                   "mynetworks=127.0.0.0/8\ninet_interfaces=127.0.0.1\ninet_protocols=ipv4\ndisable_dns_lookups=yes\n"
                   "smtp_host_lookup=native\nbiff=no\nalias_maps=\nlocal_recipient_maps=\nsmtpd_recipient_restrictions=permit_mynetworks,reject\n")

    def start(self, program, policy, user, *options):
        """As milward(8) says for machines without systemd."""
        log = open("%s.log" % policy, "ab")
        self.milward[policy] = subprocess.Popen(
            ["chroot", self.tree, "/usr/sbin/" + program, "-p", "/etc/milward/%s.policy" % policy, "--user", user, *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self, policy):
        return open("%s.log" % policy, errors="replace").read()

    def up(self, policy, socket):
        wait_for(lambda: os.path.exists(self.path(socket)) or self.milward[policy].poll() is not None, "%s to start" % policy, 60)
        return self.milward[policy].poll() is None

    def send(self, name, body):
        with Client() as client:
            client.expect("MAIL", client.command("MAIL FROM:<nurse@clinic.example>"), 250)
            client.expect("RCPT", client.command("RCPT TO:<bob@patient.example>"), 250)
            client.expect("DATA", client.command("DATA"), 354)
            client.send((MAIL % (name, name, body)).encode() + b".\r\n")
            return client.expect("end of the message", client.reply(), 250)


PHI = ("Patient: Jane Quimby, born 03/14/1962, MRN 48151623, SSN 219-09-9998\r\n"
       "Diagnosis: type 2 diabetes mellitus, HIV positive. Metformin 500 mg twice daily, hemoglobin A1c 8.1 %")


def set_up(m):
    m.edit("/etc/milward/outbound.policy", ("mode   observe", "mode   enforce"))
    m.write("/etc/milward/tables/ours", "clinic.example\n")
    good("the shipped policy is right on the machine", m.sh("milwardctl check /etc/milward/outbound.policy"))
    good("milward-postfix add", m.sh("usermod -aG postfix milward && milward-postfix add --portal '[127.0.0.8]:25'"))
    m.start("milward", "outbound", "milward", "--spool", "/var/lib/milward", "--socket-group", "postfix")
    tap.ok(m.up("outbound", "/var/spool/postfix/milward/outbound.sock"), "milward runs by the installed policy", m.log("outbound"))
    good("Postfix starts", m.sh("/usr/lib/postfix/configure-instance.sh - && postfix start"))


def came(sink, name):
    return [c for c in sink.copies if c.header("Subject") == [name]]


def mail(m, sink, portal):
    m.send("plain", "Lunch is at noon today.")
    tap.ok(wait_for(lambda: came(sink, "plain"), "the plain mail", 60), "a plain mail is delivered")
    m.send("protected", PHI)
    tap.ok(wait_for(lambda: came(portal, "protected"), "the protected mail in the portal", 60), "a mail with health data goes to the portal")
    m.send("last", "Dinner is at six.")
    wait_for(lambda: came(sink, "last"), "the last mail", 60)
    tap.ok(not came(sink, "protected"), "and not to a server without TLS")
    tap.ok("phi" in m.read("/var/lib/milward/audit.log"), "the audit trail says so")


def upgrade(m, sink):
    before = m.read("/etc/milward/outbound.policy")
    m.write("/usr/bin/systemctl", SYSTEMCTL, 0o755)
    m.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 0\n", 0o755)
    os.makedirs(m.path("/run/systemd/system"))
    done = m.sh("dpkg --force-confdef --force-confold -i /next/*.deb")
    good("dpkg takes the newer version", done)
    tap.equal(m.read("/etc/milward/outbound.policy"), before, "a policy that the site has changed stays as it is")
    tap.ok(os.path.exists(m.path("/etc/milward/outbound.policy.dpkg-dist")), "and the new one lies beside it")
    asked = m.read("/systemctl.log").splitlines()
    tap.equal([line for line in asked if "try-restart" in line], ["try-restart milward@outbound.service"], "the instance is restarted, once")
    tap.ok(m.milward["outbound"].poll() is None, "and ran until then")
    m.edit("/etc/milward/outbound.policy", ("match any  ", "match anny  "))
    m.write("/systemctl.log", "")
    done = m.sh("dpkg --force-confdef --force-confold -i /debs/*.deb")
    good("dpkg goes back", done)
    tap.ok("try-restart" not in m.read("/systemctl.log"), "an instance whose policy is wrong is not restarted")
    tap.ok("milward@outbound.service runs on as it was" in done.stdout and "outbound.policy:" in done.stdout, "and it is said why, with the line", done.stdout[-1500:])
    m.send("still", "Breakfast is at eight.")
    tap.ok(wait_for(lambda: came(sink, "still"), "mail after that", 60), "the running policy still serves")
    m.write("/etc/milward/outbound.policy", before)


def two_users(m, sink):
    """share/milward/layouts/two, as its README says, but without systemd."""
    layout = "/usr/share/milward/layouts/two"
    done = m.sh("cp %s/outbound.policy %s/sign.policy /etc/milward/ && install -d -o milward-sign -g postfix -m 0750 /var/spool/postfix/milward-sign && "
                "usermod -aG postfix milward-sign && install -d /etc/milward/dkim && openssl genrsa -out /etc/milward/dkim/mail.key 2048 && "
                "chown milward-sign: /etc/milward/dkim/mail.key && chmod 0400 /etc/milward/dkim/mail.key && "
                "echo 'mail clinic.example:mail:/etc/milward/dkim/mail.key' >/etc/milward/dkim/KeyTable && "
                "echo '*@clinic.example mail' >/etc/milward/dkim/SigningTable && "
                "milwardctl check /etc/milward/outbound.policy /etc/milward/sign.policy" % (layout, layout))
    good("two users: the layout's policies are right", done)
    m.edit("/etc/milward/outbound.policy", ("mode   observe", "mode   enforce"))
    m.milward["outbound"].send_signal(signal.SIGTERM)
    tap.equal(m.milward["outbound"].wait(60), 0, "milward stops")
    m.start("milward", "outbound", "milward", "--spool", "/var/lib/milward", "--socket-group", "postfix")
    m.start("milward", "sign", "milward-sign", "--spool", "/var/lib/milward-sign", "--socket-group", "postfix", "--reentry")
    tap.ok(m.up("outbound", "/var/spool/postfix/milward/outbound.sock"), "one reads", m.log("outbound"))
    tap.ok(m.up("sign", "/var/spool/postfix/milward-sign/sign.sock"), "the other one signs", m.log("sign"))
    m.sh("postconf -e \"smtpd_milters=$(postconf -h smtpd_milters) unix:milward-sign/sign.sock\" && postfix reload")
    m.send("signed", "Supper is at nine.")
    copies = wait_for(lambda: came(sink, "signed"), "the signed mail", 60)
    tap.ok(copies[0].header("DKIM-Signature"), "what leaves is signed")
    keeps = m.sh("setpriv --reuid milward --regid milward --init-groups cat /etc/milward/dkim/mail.key")
    tap.ok(keeps.returncode != 0, "who reads attachments cannot read the key")


def names_left(m):
    found = m.sh("find / -xdev \\( -path /proc -o -path /dev -o -path /run -o -path /var/lib/dpkg -o -path /debs -o -path /next "
                 # Postfix has these of its own accord
                 "-o -path /var/spool/postfix/pid -o -path /var/spool/postfix/private -o -path /var/spool/postfix/public \\) -prune "
                 "-o \\( -iname '*milward*' -o -nouser -o -nogroup \\) -print").stdout.split()
    return sorted(found)


def purge(m):
    done = m.sh("milward-postfix remove --force; postfix stop")
    good("milward-postfix remove", done)
    for process in m.milward.values():
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    every = "$(dpkg-query -W -f '${Package} ' 'milward*')"
    done = m.sh("dpkg --purge " + every)
    good("dpkg purges them", done)
    left = names_left(m)
    tap.equal(left, ["/etc/milward", "/var/lib/milward"], "records and the site's keys stay, and nothing else of milward")
    kept = m.sh("find /etc/milward /var/lib/milward -type f").stdout.split()
    tap.ok("/var/lib/milward/audit.log" in kept and "/etc/milward/dkim/mail.key" in kept, "the audit trail and the key are there", kept)
    tap.ok("milward:" in m.read("/etc/passwd"), "with the user whose they are")
    tap.ok("/var/lib/milward (" in done.stdout and "rm -r" in done.stdout, "and purge says so, and how they go", done.stdout[-1500:])
    good("installed again", m.sh("dpkg -i /debs/*.deb"))
    good("and purged with MILWARD_PURGE=all", m.sh("dpkg --purge " + every, MILWARD_PURGE="all"))
    tap.equal(names_left(m), [], "nothing of milward is left")
    tap.ok("milward" not in m.read("/etc/passwd") + m.read("/etc/group"), "no user either")


def inside(folder):
    m = Machine(os.path.join(folder, "tree"))
    m.furnish()
    sink, portal = Sink("patient", "127.0.0.9"), Sink("portal", "127.0.0.8")
    sink.up()
    portal.up()
    set_up(m)
    mail(m, sink, portal)
    upgrade(m, sink)
    two_users(m, sink)
    purge(m)


state = os.environ.get("MILWARD_TREE")
if not state:
    outside()
    namespace.enter()
count, failed, place = state.split(":", 2)
tap.count, tap.failed = int(count), int(failed)
namespace.enter()
inside(place)
sys.exit(tap.end())
