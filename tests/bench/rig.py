# SPDX-License-Identifier: Apache-2.0
"""rig: what the benches share: a Postfix that throws away what it has taken, a milter that does nothing, and what processes use."""
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "mta"))
from lab.tap import wait_for  # noqa: E402

SOCKETS = "/var/spool/postfix/milward"  # below the queue directory, where a chrooted smtpd finds them
# The chain that is shipped, as in policies/outbound.policy.
SHIPPED = """load phi with extract-html, extract-office, extract-legacy, extract-archive, check-us, check-names grant text
load route grant route, edit, run { mta %(mta)s; portal yes }
load audit grant store { path "%(folder)s/audit/audit.log" }"""
DKIM = """load dkim grant headers, edit, keys { key-table "%(folder)s/keytable"; signing-table "%(folder)s/signingtable" }"""


def option(name, default):
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default


# ---- what processes use
def family(pid):
    """A process and all that it has started."""
    found = [pid]
    for one in found:
        try:
            for task in os.listdir("/proc/%d/task" % one):
                found += [int(child) for child in pathlib.Path("/proc/%d/task/%s/children" % (one, task)).read_text().split()]
        except OSError:
            pass
    return found


def memory(pids):
    """Memory of processes together, in MB; pages that several of them share count once."""
    total = 0
    for pid in pids:
        try:
            with open("/proc/%d/smaps_rollup" % pid) as pages:
                total += sum(int(line.split()[1]) for line in pages if line.startswith("Pss:"))
        except OSError:
            pass  # it has ended
    return total / 1024


def processor(alone=(), ended=False):
    """Seconds of processor time of these processes, with those of theirs that have ended if `ended`; or of all of the namespace but this."""
    ticks = 0
    for pid in [str(p) for p in alone] or filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid, encoding="ascii") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(pid) != os.getpid():
            ticks += sum(int(n) for n in fields[11:13 if alone and not ended else 15])
    return ticks / os.sysconf("SC_CLK_TCK")


# ---- Postfix
def discard(postfix, **more):
    """What the machine can take is measured at the milters, not at the other side: Postfix throws away what it has taken. Nobody reads
    the log, and nobody waits for a queue that is empty."""
    postfix.set(default_transport="discard", relay_transport="discard", transport_maps="", smtpd_client_connection_count_limit="0",
                smtpd_client_event_limit_exceptions="static:all", default_process_limit="120", in_flow_delay="0", **more)
    if os.path.exists("/dev/log"):
        os.unlink("/dev/log")


def milters(postfix, path):
    """Lets Postfix ask this milter from now on; None: none."""
    name = path and os.path.relpath(path, "/var/spool/postfix")
    postfix.set(smtpd_milters="{ unix:%s, default_action=tempfail, command_timeout=60s, content_timeout=300s }" % name if path else "")
    postfix.reload()


# ---- programs
def compiled(folder, name, *libraries):
    """A program of this folder."""
    program = os.path.join(folder, name)
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", program, str(HERE / (name + ".c"))] + ["-l" + one for one in libraries + ("pthread",)], check=True)
    return program


def noop(folder):
    """A milter that does nothing: the path of its socket, and its process."""
    path = os.path.join(SOCKETS, "noop.sock")
    process = subprocess.Popen([compiled(folder, "noop_milter", "milter"), "unix:" + path])
    wait_for(lambda: os.path.exists(path), "the no-op milter listens")
    return path, process


def dkim_keys(folder):
    """A key with the two tables that OpenDKIM and milward read alike."""
    key = os.path.join(folder, "rsa.private")
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"], check=True, stderr=subprocess.DEVNULL)
    os.chmod(key, 0o600)
    pathlib.Path(folder, "keytable").write_text("k clinic.test:rsa:%s\n" % key)
    pathlib.Path(folder, "signingtable").write_text("clinic.test k\n")


def opendkim(folder):
    path = os.path.join(SOCKETS, "opendkim.sock")
    conf = os.path.join(folder, "opendkim.conf")
    pathlib.Path(conf).write_text("Socket local:%s\nKeyTable %s/keytable\nSigningTable %s/signingtable\nMode s\nUMask 000\n"
                                  "Canonicalization relaxed/simple\nOversignHeaders From\nRequireSafeKeys no\nInternalHosts 127.0.0.1\n"
                                  % (path, folder, folder))
    process = subprocess.Popen(["opendkim", "-f", "-x", conf])
    wait_for(lambda: os.path.exists(path), "OpenDKIM listens")
    return path, process


# ---- the patterns of match.patterns
def patterns():
    """[(name, flags, pattern)]"""
    with open(HERE / "match.patterns", encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]


def slashes(pattern):
    """As it stands between slashes."""
    return re.sub(r"(?<!\\)/", r"\\/", pattern)


def milward_rules():
    """The patterns as rules of milward."""
    return "".join("rule %s { kind identifier; pattern /%s/%s; level 50 }\n" % (name, slashes(pattern), flags.strip("-"))
                   for name, flags, pattern in patterns())


def rspamd_rules():
    """The patterns as rspamd's expressions over the decoded text, in Lua."""
    text = "config['regexp'] = config['regexp'] or {}\n"
    for name, flags, pattern in patterns():
        expression = "/%s/%s{mime}" % (slashes(pattern), flags.strip("-"))
        text += "config['regexp']['MW_%s'] = { re = [==[%s]==], score = 0.1 }\n" % (re.sub(r"\W", "_", name).upper(), expression)
    return text
