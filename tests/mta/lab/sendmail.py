# SPDX-License-Identifier: Apache-2.0
"""sendmail: a Sendmail of our own in this namespace, from its unpacked Debian packages (they conflict with Postfix's).

Its configuration is in a folder of the lab, made of the packages' own m4 files. What it shares with postfix.py has the same names.
"""
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess

from .tap import skip_all, wait_for

# A gateway as they are: mail for clinic.test goes to a host inside, everything else by MX. Other work of this machine must not make it
# refuse or only queue.
HEAD = """divert(-1)dnl
include(`%(cf)s/m4/cf.m4')dnl
VERSIONID(`lab')
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `gw.clinic.test')dnl
define(`QUEUE_DIR', `%(queue)s')dnl
define(`MSP_QUEUE_DIR', `%(clientqueue)s')dnl
define(`confPID_FILE', `%(folder)s/sendmail.pid')dnl
define(`STATUS_FILE', `%(folder)s/statistics')dnl
define(`HELP_FILE', `%(config)s/helpfile')dnl
define(`ALIAS_FILE', `%(config)s/aliases')dnl
define(`confHOST_STATUS_DIRECTORY', `')dnl
define(`confCONTROL_SOCKET_NAME', `')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe,TrustStickyBit,GroupReadableKeyFile')dnl
define(`confLOG_LEVEL', `14')dnl
define(`confSERVICE_SWITCH_FILE', `%(config)s/service.switch')dnl
define(`confTO_IDENT', `0')dnl
define(`confTO_CONNECT', `5s')dnl
define(`confTO_ICONNECT', `5s')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confPRIVACY_FLAGS', `goaway,nobodyreturn')dnl
define(`confCACERT', `%(ca)s')dnl
define(`confCACERT_PATH', `%(capath)s')dnl
define(`confDEF_USER_ID', `8:8')dnl
define(`confBIND_OPTS', `-DNSRCH')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
"""
MAIN = """FEATURE(`no_default_msa')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`access_db', `hash -T<TMPF> %(config)s/access')dnl
FEATURE(`mailertable', `hash %(config)s/mailertable')dnl
DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1, Port=25')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
FILES = {
    "access": "Connect:127.0.0.1\tRELAY\n",
    "mailertable": "clinic.test\tesmtp:[127.0.0.20]\n",
    "aliases": "postmaster: root\n",
    "service.switch": "hosts\tdns files\naliases\tfiles\n",
    "helpfile": "",
}


class Sendmail:
    def __init__(self, folder, ca=None):
        self.folder = os.path.join(folder, "sendmail")
        self.log_path = os.path.join(folder, "log", "syslog")
        self.packages = packages()
        os.makedirs(self.folder)
        self.config = os.path.join(self.folder, "etc")
        self.queue_folder = os.path.join(self.folder, "queue")
        self.cf = os.path.join(self.folder, "cf")
        self.program = os.path.join(self.packages, "usr/libexec/sendmail/sendmail")
        for path, mode in ((self.config, 0o755), (self.queue_folder, 0o700)):
            os.mkdir(path, mode)
        shutil.copytree(os.path.join(self.packages, "usr/share/sendmail/cf"), self.cf, symlinks=True)
        self.names = {
            "cf": self.cf, "config": self.config, "queue": self.queue_folder, "folder": self.folder, "ca": ca or "", "capath": os.path.dirname(ca or "/nosuch/"),
            "clientqueue": os.path.join(self.folder, "clientqueue"),
        }
        for name, text in FILES.items():
            self.file(name, text)
        self.file("sendmail.mc", (HEAD + MAIN) % self.names)
        # What the product's script is told, and the policy.
        self.places = ("-c", self.config, "--cf", self.cf, "--programs", os.path.dirname(self.program))
        self.load = """load phi with extract-html, check-us grant text
load route grant route, edit, run { mta sendmail; portal yes; config-directory "%s"; command-directory "%s" }""" % (
            self.config, os.path.dirname(self.program))
        self.arguments = ["-C", self.cf_path, "-bD"]
        self.process = None

    # ---- configuration
    def file(self, name, text):
        """A file beside sendmail.cf; its path."""
        path = os.path.join(self.config, name)
        with open(path, "w") as out:
            out.write(text)
        return path

    def read(self, name):
        with open(os.path.join(self.config, name)) as file:
            return file.read()

    def edit(self, before, after):
        """Puts text before a line of sendmail.mc."""
        text = self.read("sendmail.mc")
        assert before in text, before
        self.file("sendmail.mc", text.replace(before, after + before, 1))

    def build(self):
        """sendmail.cf and the tables, as `make -C /etc/mail` would."""
        made = subprocess.run(["m4", "-D_CF_DIR_=" + self.cf + "/", "sendmail.mc"], cwd=self.config, capture_output=True, text=True)
        if made.returncode != 0 or made.stderr:
            raise AssertionError("m4: " + made.stderr)
        self.file("sendmail.cf", made.stdout)
        for name in ("access", "mailertable"):
            self.makemap(name)
        self.run(self.program, "-C", self.cf_path, "-bi")

    def change(self, old, new):
        """Changes a line of sendmail.cf itself."""
        text = self.read("sendmail.cf")
        assert old in text, old
        self.file("sendmail.cf", text.replace(old, new))

    def debian(self):
        """Debian's sendmail.mc, with the folders of the lab."""
        for folder in ("ostype", "domain"):
            for name in os.listdir(os.path.join(self.cf, folder)):
                if name.startswith("debian"):
                    path = os.path.join(self.cf, folder, name)
                    with open(path) as file:
                        text = file.read()
                    with open(path, "w") as out:
                        out.write(text.replace("/usr/share/sendmail/cf", self.cf))
        with open(os.path.join(self.packages, "usr/share/sendmail/cf/debian/sendmail.mc")) as file:
            text = file.read().replace("/usr/share/sendmail/cf", self.cf)
        own = "".join("define(`%s', `%s')dnl\n" % item for item in (
            ("MAIL_SETTINGS_DIR", self.config + "/"), ("confCACERT_PATH", self.names["capath"]), ("QUEUE_DIR", self.queue_folder),
            ("STATUS_FILE", self.folder + "/statistics"), ("confPID_FILE", self.folder + "/sendmail.pid"), ("confCONTROL_SOCKET_NAME", ""),
            ("confTRUSTED_USER", "mail"), ("confRUN_AS_USER", "")))
        return re.sub(r"include\(`/etc/mail/m4.*", "", text).replace("FEATURE(`use_cw_file')dnl", own)

    def makemap(self, name):
        makemap = os.path.join(self.packages, "usr/libexec/sendmail/makemap")
        self.run(makemap, "-C", self.cf_path, "hash", os.path.join(self.config, name), stdin=self.read(name))

    @property
    def cf_path(self):
        return os.path.join(self.config, "sendmail.cf")

    # ---- running
    def run(self, *command, check=True, stdin=None, user=None):
        done = subprocess.run(command, input=stdin, capture_output=True, text=not isinstance(stdin, bytes), user=user)
        if check and done.returncode != 0:
            raise AssertionError("%s: exit %d: %s%s" % (" ".join(command), done.returncode, done.stdout, done.stderr))
        return done

    def test(self, *lines):
        """What address test mode answers."""
        return self.run(self.program, "-C", self.cf_path, "-bt", stdin="\n".join(lines) + "\n").stdout

    def start(self):
        """A daemon in the foreground of its own; the queue is run when a test says so (or adds -q to the arguments)."""
        before = self.log().count("starting daemon")
        self.process = subprocess.Popen([self.program] + self.arguments, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_for(lambda: self.log().count("starting daemon") > before or self.process.poll() is not None, "Sendmail listens", 15)
        wait_for(lambda: self.answers() or self.process.poll() is not None, "Sendmail answers", 15)
        if self.process.poll() is not None:
            raise AssertionError("sendmail ended with %d" % self.process.returncode)

    def answers(self):
        """Does its port take connections?"""
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", 25)) == 0

    def sessions(self):
        """Processes of the daemon that serve a client."""
        return self.run("ps", "-o", "pid=", "--ppid", str(self.process.pid), check=False).stdout.split()

    def children(self):
        """All processes of Sendmail but the daemon itself: they serve clients, deliver, or run the queue."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if int(pid) != self.process.pid and os.path.samefile("/proc/%s/exe" % pid, self.program):
                    found.append(int(pid))
            except OSError:
                pass
        return found

    def stop(self):
        self.process.terminate()
        self.process.wait(15)

    def kill(self):
        """kill -9 of all its processes."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def reload(self):
        self.stop()
        self.start()

    # ---- the queue
    def queued(self):
        """Queue files: [(queue id, text)]; those in quarantine are named hf."""
        found = []
        for name in sorted(os.listdir(self.queue_folder)):
            if name[:2] in ("qf", "hf"):
                try:
                    with open(os.path.join(self.queue_folder, name), errors="replace") as file:
                        found.append((name, file.read()))
                except FileNotFoundError:
                    pass
        return found

    def settle(self, seconds=20):
        """Waits until every message has been tried: what is left has been, is in quarantine, and nobody has it in work."""
        wait_for(lambda: not self._waiting(), "Sendmail has tried all mail", seconds, self._waiting)

    def _waiting(self):
        """Queue files that were not tried yet, or that a process has locked."""
        found = []
        for name, text in self.queued():
            try:
                with open(os.path.join(self.queue_folder, name)) as file:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except FileNotFoundError:
                continue
            except OSError:
                found.append(name)
                continue
            if name.startswith("qf") and "\nN0\n" in text:
                found.append(name)
        return found

    def flush(self, *which):
        """Runs the queue, or which of it (-qR...), once, to its end. (Without -v, sendmail -q does so in the background.)"""
        self.run(self.program, "-C", self.cf_path, "-v", *(which or ("-q",)), check=False)

    def release(self):
        """Everything in quarantine becomes ordinary mail, which the next queue run takes."""
        self.run(self.program, "-C", self.cf_path, "-Q", "-qQ", check=False)

    # ---- the log
    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def queue_ids(self, message_id):
        """Queue ids under which a message was received, in order."""
        return re.findall(r"sendmail\[\d+\]: (\w+): from=.*msgid=<%s>" % re.escape(message_id), self.log())

    def deliveries(self, queue_id):
        """[(recipient, mailer, dsn, text)] of a queue id, in order of the log."""
        found = []
        for line in self.log().splitlines():
            match = re.search(r"sendmail\[\d+\]: %s: to=<?([^,>]*(?:>,<[^,>]*)*)>?, .*mailer=([\w*-]+), .*dsn=([\d.]+), stat=(.*)$" % queue_id, line)
            if match:
                found += [(rcpt.strip("<>"), *match.groups()[1:]) for rcpt in match.group(1).split(",")]
        return found


def packages():
    """Where Sendmail's packages are unpacked: tests/run tells, or it is where tests/run puts them."""
    latest = os.path.join(os.path.dirname(__file__), "../../../build-tests/sendmail/root")
    path = os.environ.get("MILWARD_SENDMAIL") or os.path.normpath(latest)
    program = os.path.join(path, "usr/libexec/sendmail/sendmail")
    if not os.path.exists(program):
        skip_all("Sendmail's packages are not unpacked in %s (tests/run prepare)" % path)
    return path
