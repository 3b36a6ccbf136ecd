# SPDX-License-Identifier: Apache-2.0
"""postfix: a Postfix of our own in this namespace, from the files that Debian ships: chroot where Debian has chroot.

/etc/postfix, /var/spool/postfix and /var/lib/postfix are private mounts, so that programs (sendmail, postqueue, the product's
own set-up script) find this instance where they would find it on a real site.
"""
import json
import os
import re
import shutil
import subprocess

from .tap import wait_for

CONFIG = "/etc/postfix"
QUEUE = "/var/spool/postfix"
DATA = "/var/lib/postfix"
PACKAGED = "/usr/share/postfix"

# A gateway as they are: mail for clinic.test goes to a host inside, everything else by MX.
SETTINGS = {
    "compatibility_level": "3.6",
    "myhostname": "gw.clinic.test",
    "mydomain": "clinic.test",
    "myorigin": "clinic.test",
    "mydestination": "localhost",
    "alias_maps": "",
    "alias_database": "",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "relay_domains": "clinic.test",
    "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
    "smtp_tls_security_level": "may",
    "smtp_tls_loglevel": "1",
    "enable_long_queue_ids": "yes",
    "maillog_file_prefixes": "/var, /tmp",
    # Nothing waits for minutes here: a test flushes the queue when it wants a retry.
    "minimal_backoff_time": "300s",
    "smtp_connect_timeout": "5s",
}


class Postfix:
    def __init__(self, folder):
        self.folder = folder
        self.log_path = os.path.join(folder, "log", "maillog")
        self._mount()
        master = os.path.join(PACKAGED, "master.cf.dist")
        shutil.copy(master, os.path.join(CONFIG, "master.cf"))
        open(os.path.join(CONFIG, "main.cf"), "w").close()
        self.set(maillog_file=self.log_path, **SETTINGS)

    def _mount(self):
        for path, name, copy in ((CONFIG, "etc", True), (QUEUE, "spool", False), (DATA, "data", False)):
            own = os.path.join(self.folder, "postfix-" + name)
            if copy:
                shutil.copytree(path, own, symlinks=True)
                for leftover in ("main.cf", "sasl_passwd"):
                    if os.path.exists(os.path.join(own, leftover)):
                        os.unlink(os.path.join(own, leftover))
            else:
                os.mkdir(own, 0o755)
            os.makedirs(path, exist_ok=True)
            subprocess.run(["mount", "--bind", own, path], check=True)
            assert os.path.samefile(own, path)
        shutil.chown(DATA, "postfix", "postfix")

    # ---- configuration
    def set(self, **settings):
        if settings:
            self.run("postconf", "-e", *["%s=%s" % item for item in settings.items()])

    def unset(self, *names):
        self.run("postconf", "-X", *names)

    def get(self, name):
        return self.run("postconf", "-hx", name).stdout.strip()

    def service(self, name, kind, command, chroot="n", **options):
        """A service of master.cf: service("2525", "inet", "smtpd", smtpd_milters="")."""
        self.run("postconf", "-M", "%s/%s=%s %s n - %s - - %s" % (name, kind, name, kind, chroot, command))
        for key, value in options.items():
            self.run("postconf", "-P", "%s/%s/%s=%s" % (name, kind, key, value))

    def file(self, name, text):
        """A file beside main.cf; its path."""
        path = os.path.join(CONFIG, name)
        with open(path, "w") as out:
            out.write(text)
        return path

    # ---- running
    def run(self, *command, check=True, stdin=None, user=None):
        done = subprocess.run(command, input=stdin, capture_output=True, text=not isinstance(stdin, bytes), user=user)
        if check and done.returncode != 0:
            raise AssertionError("%s: exit %d: %s%s" % (" ".join(command), done.returncode, done.stdout, done.stderr))
        return done

    def start(self):
        # What Debian's start script puts into the chroot.
        for name in ("resolv.conf", "hosts", "services", "nsswitch.conf", "host.conf", "localtime"):
            if os.path.exists("/etc/" + name):
                os.makedirs(os.path.join(QUEUE, "etc"), exist_ok=True)
                shutil.copy("/etc/" + name, os.path.join(QUEUE, "etc", name))
        self.run("postfix", "start")
        wait_for(lambda: os.path.exists(os.path.join(QUEUE, "public", "showq")), "Postfix has its sockets")

    def stop(self):
        self.run("postfix", "stop")

    def reload(self):
        """Waits for the old idle servers too: until they see that they are to end, they take sessions with the old settings."""
        before = self.log().count("reload -- version")
        old = set(self.children())
        self.run("postfix", "reload")
        wait_for(lambda: self.log().count("reload -- version") > before, "Postfix reloads")
        wait_for(lambda: not old.intersection(self.children("smtpd", "cleanup", "trivial-rewrite")), "servers of before the reload end")

    def children(self, *names):
        """Process ids of the master's children, of these programs or of all."""
        with open(os.path.join(QUEUE, "pid", "master.pid")) as file:
            master = file.read().strip()
        listed = self.run("ps", "-o", "pid=,comm=", "--ppid", master, check=False).stdout
        return [int(pid) for pid, name in (line.split() for line in listed.splitlines()) if not names or name in names]

    # ---- the queue
    def queue(self):
        """Messages in the queue: dictionaries of postqueue -j."""
        done = self.run("postqueue", "-j")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def flush(self):
        self.run("postqueue", "-f")

    def super(self, *arguments):
        """postsuper, and what it set free is tried at once."""
        self.run("postsuper", *arguments)
        if "-r" in arguments:
            self.run("postkick", "public", "pickup", "W", check=False)  # pickup may be on its way out: then it looks anyway
        self.flush()

    def queued(self):
        """For a failure: where each message is and what it waits for."""
        return ["%s %s %s" % (m["queue_name"], m["queue_id"], [r.get("delay_reason", "") for r in m["recipients"]]) for m in self.queue()]

    def maildrop(self):
        return os.listdir(os.path.join(QUEUE, "maildrop"))

    def settled(self):
        """Has everything that was accepted been tried? What is left is deferred or held."""
        if self.maildrop():
            return False
        return all(m["queue_name"] in ("deferred", "hold") for m in self.queue())

    def settle(self, seconds=30):
        wait_for(self.settled, "Postfix has tried all mail", seconds, self.queued)

    def deferred(self):
        """Recipients that wait, with the reason."""
        return {
            r["address"]: r.get("delay_reason", "") for m in self.queue() if m["queue_name"] == "deferred" for r in m["recipients"]
        }

    # ---- the log
    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def queue_ids(self, message_id):
        """Queue ids under which a message was received, in order."""
        return re.findall(r"cleanup\[\d+\]: (\w+): message-id=<%s>" % re.escape(message_id), self.log())

    def deliveries(self, queue_id):
        """[(recipient, transport, status, text)] of a queue id, in order of the log."""
        found = []
        for line in self.log().splitlines():
            match = re.search(r"postfix/([\w/-]+)\[\d+\]: %s: to=<([^>]*)>,.* status=(\w+) \((.*)\)$" % queue_id, line)
            if match:
                found.append((match.group(2), match.group(1), match.group(3), match.group(4)))
        return found
