#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The OpenRC script with a real OpenRC, in the Debian that the packages are installed in: start, reload, what is wrong, a crash, stop.

MILWARD_DEBS, a folder that packaging/build-deb has filled, saves the build while one works on the rest."""
import os
import shutil
import subprocess
import sys

import debs
from debs import AWAY, ENVIRONMENT, run
from lab import namespace
from lab.process import children
from lab.tap import Tap, note, skip_all, wait_for
from machinefiles import MachineFiles

tap = Tap()
SCRIPT, POLICY, SOCKET, LOOKUP = "/etc/init.d/milward", "/etc/milward/outbound.policy", "/var/spool/postfix/milward/outbound.sock", "/run/milward-lookup/lookup"
# What an OpenRC that has booted a machine has made.
STATES = "exclusive starting started stopping inactive wasinactive failed hotplugged options daemons scheduled init.d tmp"


def prepare():
    if os.geteuid() != 0:
        skip_all("needs root: a Debian in a folder")
    if not shutil.which("mmdebstrap"):
        skip_all("mmdebstrap is not here")
    folder = debs.workshop("openrc")
    tree = debs.Tree(folder)
    if not debs.build(tap, folder):
        sys.exit(tap.end())
    shutil.rmtree(os.path.join(folder, "work"), True)
    why = tree.unpack("systemd-standalone-sysusers", "openrc", "procps")
    if not why:
        done = tree.install(("debs",), "/debs/milward_*.deb", "/debs/milward-extract-*.deb", "/debs/milward-lookup_*.deb")
        why = done.stdout[-2000:] if done.returncode and AWAY.search(done.stdout) else None
    if why:
        note(why)
        skip_all("apt's archive cannot be had")
    tap.ok(done.returncode == 0, "apt installs the packages beside OpenRC", done.stdout[-3000:])
    os.environ["MILWARD_OPENRC"] = "%d:%d:%s" % (tap.count, tap.failed, folder)


class Machine(MachineFiles):
    """Processes of its own, whose first one takes orphans away: OpenRC waits for the end of its supervisor."""

    def __init__(self, tree):
        self.tree = tree
        start = "cd '%s' && mount -t proc proc proc && mount -t tmpfs tmpfs run && exec chroot . sh -c 'while :; do sleep 1; done'" % tree
        self.process = subprocess.Popen(["unshare", "--pid", "--mount", "--fork", "--kill-child", "sh", "-c", start], stdin=subprocess.DEVNULL)
        wait_for(self._first, "the machine", 30)
        self.pid = self._first()

    def _first(self):
        """Process 1, as we count, once it is in the tree."""
        pids = children(self.process.pid)
        return pids[0] if pids and os.path.samefile("/proc/%d/root" % pids[0], self.tree) else 0

    def path(self, name):
        return "/proc/%d/root/%s" % (self.pid, name.lstrip("/"))

    def sh(self, text):
        return run("nsenter", "-t", str(self.pid), "-m", "-p", "-r", "-w", "env", "-i", *("%s=%s" % pair for pair in ENVIRONMENT.items()), "sh", "-c", text)

    def service(self, name, what):
        """(What is started keeps the output open, so that must not be ours.)"""
        return self.sh("timeout 60 rc-service %s %s >/out 2>&1; status=$?; cat /out; exit $status" % (name, what))

    def main(self, name):
        """What the supervisor has started; 0: nothing."""
        pid = self.sh("pgrep -o -P $(pgrep -f '^supervise-daemon %s ')" % name).stdout.strip()
        return int(pid) if pid.isdigit() else 0


def main(m):
    m.sh("cd /run && mkdir openrc && cd openrc && mkdir %s && echo default >softlevel" % STATES)
    m.write("/etc/init.d/localmount", "#!/sbin/openrc-run\nstart() { :; }\n", 0o755)  # which this Debian leaves to others
    m.sh("cp /usr/share/milward/openrc/milward %s && chmod 755 %s && cd /etc/init.d && ln -s milward milward.outbound && ln -s milward milward-lookup.lookup" % (SCRIPT, SCRIPT))
    m.write("/etc/milward/tables/ours", "clinic.example\n")
    m.sh("usermod -aG postfix milward && install -d -o milward -g postfix -m 0750 /var/spool/postfix/milward")
    done = m.service("milward.outbound", "start")
    tap.ok(done.returncode == 0 and "unable" not in done.stdout, "start", done.stdout)
    tap.ok(wait_for(lambda: os.path.exists(m.path(SOCKET)), "its socket", 30), "and there is the socket")
    tap.equal(m.sh("stat -c '%%U:%%G %%a' %s" % SOCKET).stdout.strip(), "milward:postfix 660", "for Postfix")
    first = m.main("milward.outbound")
    status = dict(line.split(":\t", 1) for line in m.read("/proc/%d/status" % first).splitlines() if ":\t" in line)
    limits = m.read("/proc/%d/limits" % first)
    tap.ok(status["Uid"].split("\t")[0] != "0" and int(status["CapEff"], 16) == 0, "it is not root's, and has no power", status)
    tap.ok("Max core file size        0 " in limits and "Max open files            16384 " in limits, "with the limits that the script sets", limits)
    tap.equal(m.service("milward.outbound", "status").returncode, 0, "status")
    m.edit(POLICY, ("match any ", "match anny "))
    done = m.service("milward.outbound", "reload")
    tap.ok(done.returncode != 0 and 'unknown condition "anny"' in done.stdout and m.main("milward.outbound") == first, "the reload of a wrong policy fails, and it runs on", done.stdout)
    tap.equal(m.service("milward.outbound", "stop").returncode, 0, "stop")
    done = m.service("milward.outbound", "start")
    tap.ok(done.returncode != 0 and 'unknown condition "anny"' in done.stdout, "nor does it start with one", done.stdout)
    m.edit(POLICY, ("match anny ", "match any "))
    done = m.service("milward.outbound", "start")
    tap.ok(done.returncode == 0, "it does when that is mended", done.stdout)
    first = wait_for(lambda: m.main("milward.outbound"), "it to run", 30)
    tap.equal(m.service("milward.outbound", "reload").returncode, 0, "reload")
    tap.equal(m.main("milward.outbound"), first, "in the same process")
    m.sh("/bin/kill -9 %d" % first)
    tap.ok(wait_for(lambda: m.main("milward.outbound") not in (0, first), "another one", 30), "killed: it is started anew")
    tap.equal(m.service("milward.outbound", "stop").returncode, 0, "stop")
    tap.ok(wait_for(lambda: not m.sh("pgrep -x milward").stdout, "its end", 30), "and nothing of it runs")
    done = m.service("milward-lookup.lookup", "start")
    tap.ok(done.returncode == 0 and wait_for(lambda: os.path.exists(m.path(LOOKUP)), "its socket", 30), "milward-lookup by the same script", done.stdout)
    tap.equal(m.sh("stat -c '%%U:%%G %%a' %s" % LOOKUP).stdout.strip(), "milward:postfix 660", "its socket is for Postfix, too")
    tap.equal(m.service("milward-lookup.lookup", "stop").returncode, 0, "and stops")


if not os.environ.get("MILWARD_OPENRC"):
    prepare()
    namespace.enter()
COUNT, FAILED, FOLDER = os.environ["MILWARD_OPENRC"].split(":", 2)
tap.count, tap.failed = int(COUNT), int(FAILED)
namespace.enter()
subprocess.run(["mount", "--rbind", "/dev", os.path.join(FOLDER, "tree/dev")], check=True)
main(Machine(os.path.join(FOLDER, "tree")))
sys.exit(tap.end())
