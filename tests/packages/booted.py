# SPDX-License-Identifier: Apache-2.0
"""booted: a Debian in a folder, started: its systemd is process 1 of namespaces of its own, below a cgroup of its own.

Its network is the caller's, so that servers of a test are reached from there. Nothing of the kernel that others see can be changed from
inside by accident: /proc/sys and /sys are there to be read. All of it ends with the process that started it."""
import atexit
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import debs
from debs import ENVIRONMENT, run
from lab import namespace
from lab.process import children
from lab.tap import note, skip_all, wait_for
from machinefiles import MachineFiles

# The root of the machine; what systemd wants from whoever starts it in a container (https://systemd.io/CONTAINER_INTERFACE).
START = r"""set -eu
mount --bind "$1" "$1"
cd "$1"
hostname "$2"
mount -t proc proc proc
mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys
[ ! -e proc/sysrq-trigger ] || mount --bind /dev/null proc/sysrq-trigger
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup 2>/dev/null || { mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup && mount -t cgroup2 cgroup2 sys/fs/cgroup; }
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do : >dev/$node && mount --bind /dev/$node dev/$node; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for n in 0 1 2; do ln -s fd/$n dev/$(echo stdin stdout stderr | cut -d ' ' -f $((n + 1))); done
pivot_root . mnt
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c 'umount -l /mnt && exec /lib/systemd/systemd'
"""
# Nothing to mount or to log in at; and no unit of the machine's own may slow it down.
MASKED = ("dev-hugepages.mount", "dev-mqueue.mount", "sys-fs-fuse-connections.mount", "sys-kernel-config.mount", "sys-kernel-debug.mount",
          "sys-kernel-tracing.mount", "getty.target", "console-getty.service", "systemd-logind.service", "apt-daily.timer", "apt-daily-upgrade.timer",
          "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer", "systemd-tmpfiles-clean.timer", "systemd-modules-load.service")


def hierarchy():
    """Where cgroup2 is mounted and may be written to; None: nowhere."""
    with open("/proc/self/mountinfo") as file:
        found = re.findall(r"^\d+ \d+ \S+ \S+ (\S+) .* - cgroup2 \S+ ", file.read(), re.M)
    return next((path for path in found if os.access(path, os.W_OK) and not os.statvfs(path).f_flag & os.ST_RDONLY), None)


def make_cgroup():
    """A cgroup for one machine; OSError: there can be none."""
    path = hierarchy()
    if not path:
        raise OSError("no cgroup2 that may be written to is mounted")
    return tempfile.mkdtemp(prefix="milward-booted-", dir=path)


def remove_cgroup(path):
    """Once the last process of it has ended, which the kernel takes a moment for."""
    def gone():
        try:
            for top, folders, _names in os.walk(path, topdown=False):
                for name in folders:
                    os.rmdir(os.path.join(top, name))
            os.rmdir(path)
        except OSError as error:
            return error.errno != errno.EBUSY
        return True

    wait_for(gone, "the end of all processes in " + path)


def prepare(tap, texts, newer=False, later=()):
    """What needs the network and the compiler: our packages, and a tree with these files and with all at hand that ours and those to be
    installed LATER depend on: the machine has no network. NEWER: ours once more, as a newer version."""
    if os.geteuid() != 0:
        skip_all("needs root: a machine in a folder")
    for tool in ("mmdebstrap", "nsenter", "unshare", "openssl", "gpg"):
        if not shutil.which(tool):
            skip_all("%s is not here" % tool)
    try:
        cgroup = make_cgroup()
    except OSError as error:
        skip_all("no machine can be booted here: %s" % error)
    atexit.register(remove_cgroup, cgroup)
    folder = debs.workshop("systemd")
    tree = debs.Tree(folder)
    if not debs.build(tap, folder) or (newer and not debs.next_version(debs.packages_of(folder + "/debs"), folder)):
        sys.exit(tap.end())
    shutil.rmtree(os.path.join(folder, "work"), True)
    why = tree.unpack("systemd-sysv", "dbus", "openssl", "procps", "ca-certificates")
    if not why:
        debs.bring(folder, "debs", *(["next"] if newer else []))
        why = debs.away(tree.apt("--download-only", "install", "/debs/*.deb", *later))
    if why:
        note(why)
        skip_all("apt's archive cannot be had")
    for name, text in dict(texts, **{"etc/resolv.conf": "nameserver 127.0.0.53\n"}).items():
        with open(os.path.join(tree.path, name), "w") as out:
            out.write(text)
    os.environ["MILWARD_MACHINE"] = "%d:%d:%s:%s" % (tap.count, tap.failed, cgroup, folder)


def enter(tap, *arguments, **more):
    """As prepare() says; then the script runs again in a network of its own, where this returns the machine, which has booted."""
    if not os.environ.get("MILWARD_MACHINE"):
        prepare(tap, *arguments, **more)
        namespace.enter()
    count, failed, cgroup, folder = os.environ["MILWARD_MACHINE"].split(":", 3)
    tap.count, tap.failed = int(count), int(failed)
    namespace.enter()
    m = Booted(os.path.join(folder, "tree"), cgroup)
    why = m.start()
    if why:
        skip_all("systemd does not come up as process 1 here: " + " ".join(why.split())[-300:])
    tap.equal(m.read("/proc/1/comm"), "systemd\n", "a machine, booted by systemd")
    return m


class Booted(MachineFiles):
    def __init__(self, tree, cgroup, name="mx.clinic.example"):
        self.tree, self.cgroup, self.name = tree, cgroup, name
        self.process = self.pid = None

    def start(self, seconds=90):
        """None, or why there is no machine."""
        for unit in MASKED:
            path = os.path.join(self.tree, "etc/systemd/system", unit)
            if not os.path.lexists(path):
                os.symlink("/dev/null", path)

        def enter():
            with open(os.path.join(self.cgroup, "cgroup.procs"), "w") as file:
                file.write("0")

        log = open(self.tree + ".boot.log", "wb")
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--mount", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", START, "sh",
             self.tree, self.name], stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=enter)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            self.pid = self._first()
            if self.pid and self.sh("systemctl is-system-running").stdout.strip() in ("running", "degraded"):
                return None
            time.sleep(0.2)
        why = self.sh("systemctl list-jobs; systemctl --failed").stdout if self.pid else ""
        with open(self.tree + ".boot.log", errors="replace") as file:
            return (file.read() + why).strip() or "systemd does not come up"

    def _first(self):
        """Process 1 of the machine, as we count: systemd by then."""
        try:
            first = children(self.process.pid)[0]
            with open("/proc/%d/comm" % first) as file:
                return first if file.read() == "systemd\n" else None
        except (OSError, IndexError):
            return None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def sh(self, text, **env):
        """A command inside, by the shell."""
        variables = ["%s=%s" % pair for pair in dict(ENVIRONMENT, **env).items()]
        return run("nsenter", "-t", str(self.pid), "-m", "-p", "-u", "-i", "-C", "-r", "-w", "env", "-i", *variables, "sh", "-c", text)

    def path(self, name):
        """A file of the machine, from here: what is mounted there counts."""
        return "/proc/%d/root/%s" % (self.pid, name.lstrip("/"))

    def mode(self, name):
        found = os.stat(self.path(name))
        return "%04o %s" % (found.st_mode & 0o7777, self.sh("stat -c %%U:%%G %s" % name).stdout.strip())

    # ---- units
    def show(self, unit, name):
        return self.sh("systemctl show -P %s '%s'" % (name, unit)).stdout.strip()

    def active(self, *units):
        return [unit for unit in units if self.show(unit, "ActiveState") != "active"] == []

    def main(self, unit):
        """The main process of a unit, as the machine counts."""
        return int(self.show(unit, "MainPID"))

    def status_of(self, pid):
        """Lines of /proc/PID/status, as a dictionary."""
        return dict(line.split(":\t", 1) for line in self.read("/proc/%d/status" % pid).splitlines() if ":\t" in line)

    def children(self, pid):
        return [int(word) for word in self.sh("pgrep -P %d" % pid).stdout.split()]

    def journal(self, *arguments):
        """Entries, as dictionaries."""
        self.sh("journalctl --sync")
        text = self.sh("journalctl -o json --no-pager -b " + " ".join("'%s'" % a for a in arguments)).stdout
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def log(self, unit):
        """What systemctl status and journalctl -u show of a unit."""
        self.sh("journalctl --sync")
        return self.sh("journalctl -o cat --no-pager -b -u '%s'" % unit).stdout
