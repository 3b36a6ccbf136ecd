#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Start, failures to start, crash, stop: what systemd, an admin and the MTA see of it."""
import grp
import os
import signal
import socket
import stat
import subprocess
import threading

from common import BY_HEADER, MILWARD, ROOT, WAITING, Closed, Daemon, Session, Tap, Timeout, policy, wait_for
from lab.process import freeze, thaw

tap = Tap()
QUIET = policy("match any then pass")  # a policy that the checker has nothing to say about
ENV = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")


def exists(path):
    return os.path.lexists(path)


# -- failures to start: one line that names what and where, and an exit status of its own ------------------------------------------------
def fails(name, status, *texts, policy_text=QUIET, options=(), prepare=None, lines=1, **more):
    milward = Daemon(policy_text, *options, **more)
    try:
        if prepare:
            prepare(milward)
        got, log = milward.run_to_end()
        texts = [t.replace("%(dir)s", milward.dir) for t in texts]
        good = got == status and all(t in log for t in texts) and (lines is None or len(log.splitlines()) == lines)
        tap.ok(good, "%s: exit %d, %s" % (name, status, "one line" if lines == 1 else "the diagnostics"), "exit %s" % got, log)
        tap.ok(not exists(milward.path) or prepare, "and leaves no socket behind: %s" % name)
    finally:
        milward.__exit__()


fails("no policy file", 66, "%(dir)s/test.policy: No such file or directory", policy_text=None)
fails("errors in the policy", 78, "test.policy:4:", "did you mean", "milwardctl check %(dir)s/test.policy", lines=None,
      policy_text=policy("match any then pas"))
fails("a table's file is missing", 78, "tables/none", lines=None, policy_text=policy('table <x> file "tables/none"\nmatch any then pass'))
fails("no folder of modules", 78, "%(dir)s/none", lines=None, options=["--modules", "%(dir)s/none"])
fails("a module's file is missing at start", 69, "%(dir)s/need is missing: make it", "test.policy",
      policy_text=policy("match any then pass", load='load lab grant edit, route { need "%(dir)s/need" }'))
fails("no listen line", 78, "no `listen` line", policy_text=QUIET.replace("listen", "# listen"))
fails("a socket path that is too long", 73, "the system allows 107", options=["--socket", "unix:/" + "x" * 110])
fails("a socket path that is not whole", 73, "from /", options=["--socket", "unix:sock"])
fails("another kind of socket", 73, "unix:/path", options=["--socket", "fd:3"])
fails("the folder of the socket is missing", 73, "make the folder %(dir)s/none", options=["--socket", "unix:%(dir)s/none/sock"])
fails("something else is where the socket goes", 73, "something else is there", prepare=lambda m: m.write("sock", "x"))
fails("the port is taken", 73, "inet:%d" % (lambda s: (s.listen(), s.getsockname()[1])[1])(taken := socket.create_server(("127.0.0.1", 0))),
      options=["--socket", "inet:%d@127.0.0.1" % taken.getsockname()[1]])
fails("no spool folder", 73, "spool %(dir)s/none", "--spool", options=["--spool", "%(dir)s/none"])
fails("no such user", 67, "--user nobody-of-this-name", options=["--user", "nobody-of-this-name"])
fails("no such group", 73, "--socket-group no-such-group", options=["--socket-group", "no-such-group"])
fails("the policy is a folder", 66, "%(dir)s: not a regular file", "-p FILE", options=["-p", "%(dir)s"])
fails("the policy is a FIFO", 66, "%(dir)s/fifo: not a regular file", options=["-p", "%(dir)s/fifo"], prepare=lambda m: os.mkfifo(os.path.join(m.dir, "fifo")))
fails("the policy is not there", 66, "%(dir)s/none: No such file", "-p FILE", options=["-p", "%(dir)s/none"])
fails("the PID file cannot be written", 73, "--pid-file %(dir)s/none/pid", options=["--pid-file", "%(dir)s/none/pid"])
for name, options in (("an unknown option", ["--nonsense"]), ("a word too many", ["x"]), ("a number that is none", ["--work", "many"]),
                      ("a size that is none", ["--memory", "64X"]), ("a mode that is none", ["--socket-mode", "999"]),
                      ("a log that is none", ["--log", "printer"])):
    fails(name, 64, "milward: ", options=options, lines=None)
done = subprocess.run([MILWARD], capture_output=True, text=True, env=ENV, check=False)
tap.equal((done.returncode, "-p FILE" in done.stderr), (64, True), "no policy on the command line")
done = subprocess.run([MILWARD, "--version"], capture_output=True, text=True, env=ENV, check=False)
tap.equal((done.returncode, done.stdout[:8]), (0, "milward "), "--version")
done = subprocess.run([MILWARD, "--help"], capture_output=True, text=True, env=ENV, check=False)
tap.equal((done.returncode, done.stdout[:6]), (0, "usage:"), "--help")
if ROOT:
    def lock(milward):
        os.chmod(milward.dir, 0o755)
        os.chmod(milward.spool, 0o777)
        os.mkdir(os.path.join(milward.dir, "locked"), 0o755)

    os.chmod(Daemon.modules, 0o755)
    fails("the folder of the socket is not writable", 73, "Permission denied; let the user of milward write to the folder", prepare=lock,
          options=["--user", "nobody", "--socket", "unix:%(dir)s/locked/sock"])
    fails("the spool is not writable", 73, "Permission denied", prepare=lock, options=["--user", "nobody", "--spool", "%(dir)s/locked"])
else:
    tap.skip("folders of another user", "not root")

# -- orders that wait --------------------------------------------------------------------------------------------------------------------------
with Daemon(QUIET) as milward:
    worker = milward.worker()
    freeze(worker)
    for n in range(10):
        milward.process.send_signal(signal.SIGHUP)
        milward.wait_word("RELOADING=1")
    thaw(worker)
    milward.wait_word("READY=1")
    tap.equal(milward.counts()["reloads"], 1, "ten reloads that were asked for while the worker had no time are one")
    milward.write("test.policy", policy('match any then refuse "the last"'))
    milward.reload()
    with Session(milward.path) as s:
        tap.ok("the last" in s.message().text, "and the next one is taken as ever")
    freeze(worker)
    for n in range(10):
        milward.process.send_signal(signal.SIGHUP)
        milward.wait_word("RELOADING=1")
    milward.process.send_signal(signal.SIGTERM)
    milward.wait_word("STOPPING=1")
    thaw(worker)
    tap.equal(milward.process.wait(30), 0, "a stop waits for no reload")
    tap.equal(milward.log().count(": reload: policy "), 2, "nor begins one of those that were asked for before")

# -- milward -t ----------------------------------------------------------------------------------------------------------------------------
for text, status in ((QUIET, 0), (policy("match any then pas"), 78)):
    milward = Daemon(text, "--test")
    got, log = milward.run_to_end()
    tap.equal((got, exists(milward.path), log == ""), (status, False, status == 0), "--test: exit %d, no socket" % status)
    milward.__exit__()

# -- the socket ----------------------------------------------------------------------------------------------------------------------------
group = grp.getgrgid(os.getgid()).gr_name
with Daemon(BY_HEADER, "--socket-mode", "0640", "--socket-group", group, "--pid-file", "%(dir)s/pid") as milward:
    mode = stat.S_IMODE(os.stat(milward.path).st_mode)
    tap.equal(oct(mode), "0o640", "the mode of the socket")
    tap.ok(any(w.startswith("STATUS=policy ") for w in milward.words), "systemd hears the policy", milward.words)
    with open(os.path.join(milward.dir, "pid"), encoding="ascii") as file:
        tap.equal(int(file.read()), milward.process.pid, "the PID file has the supervisor")
    other = Daemon(BY_HEADER, "--pid-file", os.path.join(milward.dir, "pid"))
    got, log = other.run_to_end()
    tap.equal((got, "another milward has it" in log, len(log.splitlines())), (73, True, 1), "a second milward with the same PID file")
    other.__exit__()
    with open(os.path.join(milward.dir, "pid"), encoding="ascii") as file:
        tap.equal(file.read(), "%d\n" % milward.process.pid, "leaves it as it is")
    second = subprocess.run(milward.command() + ["--pid-file", os.path.join(milward.dir, "second")], capture_output=True, text=True, env=ENV, timeout=30, check=False)
    tap.equal((second.returncode, "another process listens there" in second.stderr), (73, True), "a second milward on the same socket")
    with Session(milward.path) as s:
        tap.equal(s.message().final, "c", "does not disturb the first")
    # kill -9 of both leaves a stale socket, which the next start removes.
    os.kill(milward.process.pid, signal.SIGKILL)
    milward.process.wait()
    milward.wait_log("the supervisor is gone")
    wait_for(lambda: not exists(milward.path), "the worker takes the socket away")
    tap.ok(True, "without its supervisor the worker ends, and takes the socket away")
    socket.socket(socket.AF_UNIX).bind(milward.path)
    milward.start()
    with Session(milward.path) as s:
        tap.equal(s.message().final, "c", "a stale socket is replaced")
    tap.ok(milward.stop() == 0, "SIGTERM: exit 0", milward.log())
    tap.ok(not exists(milward.path) and not exists(os.path.join(milward.dir, "pid")), "and neither socket nor PID file is left")

# -- a crash of the worker ------------------------------------------------------------------------------------------------------------------
with Daemon(WAITING) as milward:
    milward.write("wait", "")
    results = []

    def slow():
        try:
            with Session(milward.path) as s:
                results.append(s.message(queue_id="LOST").final)
        except Closed:
            results.append("closed")

    thread = threading.Thread(target=slow)
    thread.start()
    milward.wait_log("LOST: lab/lab: judging")
    first = milward.worker()
    os.kill(first, signal.SIGKILL)
    thread.join(30)
    tap.equal(results, ["closed"], "kill -9 of the worker: the MTA sees the connection end, without an answer")
    os.unlink(os.path.join(milward.dir, "wait"))
    milward.wait_word("READY=1")
    with Session(milward.path) as s:
        tap.equal(s.message().final, "c", "and another worker serves")
    tap.ok(milward.worker() != first and "ended by signal 9 (Killed), the MTA defers mail; next start in 100 ms" in milward.log(),
           "the log says why and when", milward.log())
    # The policy is broken when the next worker starts: it keeps trying, and comes back with the repaired one.
    milward.write("test.policy", "nonsense\n")
    os.kill(milward.worker(), signal.SIGSEGV)
    milward.wait_log("ended by exit status 78")
    tap.ok(milward.process.poll() is None, "a worker that finds a broken policy does not end the service")
    milward.write("test.policy", WAITING)
    milward.process.send_signal(signal.SIGHUP)
    milward.wait_word("READY=1")
    with Session(milward.path) as s:
        tap.equal(s.message().final, "c", "repaired and reloaded: it serves again")
    # A signal for the supervisor, sent to the worker: libmilter stops at once; the service goes on.
    os.kill(milward.worker(), signal.SIGTERM)
    milward.wait_word("READY=1")
    tap.ok("signals are for process" in milward.log(), "TERM sent to the worker: it is replaced", milward.log())
    tap.ok(milward.stop() == 0, "stops with 0", milward.log())

# -- stop: messages in work are finished -------------------------------------------------------------------------------------------------------
with Daemon(WAITING) as milward:
    milward.write("wait", "")
    results = []

    def slow_one():
        with Session(milward.path) as s:
            results.append(s.message(queue_id="LAST").final)

    thread = threading.Thread(target=slow_one)
    thread.start()
    milward.wait_log("LAST: lab/lab: judging")
    begun = Session(milward.path)
    begun.mail()
    begun.rcpt("<bob@other.example>")
    wait_for(lambda: milward.counts()["in-work"] == 2, "two messages in work")
    milward.process.send_signal(signal.SIGTERM)
    milward.wait_word("STOPPING=1")
    wait_for(lambda: not exists(milward.path), "no socket")
    tap.ok(milward.process.poll() is None, "TERM: no new connections, but it waits for what is in work")
    begun.header("Subject", " x")
    os.unlink(os.path.join(milward.dir, "wait"))
    tap.equal(begun.eom().final, "c", "a message that had begun is finished")
    thread.join(30)
    tap.equal(results, ["c"], "a message that was judged is finished")
    tap.equal(milward.process.wait(20), 0, "then it ends")
    tap.ok("counts: " in milward.log() and "stop: stopped" in milward.log(), "and logs its counters")
    begun.close()

with Daemon(WAITING, "--drain", "1") as milward:
    milward.write("wait", "")
    thread = threading.Thread(target=lambda: results.append(_lost(milward)))

    def _lost(daemon):
        try:
            with Session(daemon.path) as s:
                return s.message(queue_id="NEVER").final
        except Closed:
            return "closed"

    results.clear()
    thread.start()
    milward.wait_log("NEVER: lab/lab: judging")
    tap.equal(milward.stop(), 0, "what does not end in time is given up")
    thread.join(30)
    tap.equal(results, ["closed"], "and the MTA sees the connection end, without an answer")
    tap.ok("1 messages still in work are given up" in milward.log(), "the log says so")

with Daemon(WAITING, "--drain", "60") as milward:
    milward.write("wait", "")
    thread = threading.Thread(target=_lost, args=(milward,))
    thread.start()
    milward.wait_log("NEVER: lab/lab: judging")
    milward.process.send_signal(signal.SIGTERM)
    milward.wait_word("STOPPING=1")
    tap.ok(milward.stop(seconds=10) is not None and "did not end well: signal 9" in milward.log(), "asked twice, it stops at once")
    thread.join(30)

# -- the service manager's watchdog -----------------------------------------------------------------------------------------------------------
def _silent(milward):
    """Until a second passes without a word, which is ten times the period."""
    def quiet():
        try:
            milward.wait_word("WATCHDOG=1", seconds=1)
        except Timeout:
            return True
        return False
    return wait_for(quiet, "no sign of life")


os.environ["WATCHDOG_USEC"] = "100000"
with Daemon(QUIET) as milward:
    for _ in range(3):
        milward.wait_word("WATCHDOG=1")
    tap.ok(True, "signs of life come again and again")
    worker = milward.worker()
    freeze(worker)
    tap.ok(_silent(milward), "but not when the worker does not answer, though the supervisor runs")
    thaw(worker)
    tap.ok(milward.wait_word("WATCHDOG=1"), "and again when it does")
os.environ["WATCHDOG_PID"] = "1"
with Daemon(QUIET) as milward:
    tap.ok(_silent(milward), "none for another process's watchdog")
del os.environ["WATCHDOG_USEC"], os.environ["WATCHDOG_PID"]

# -- a PID file that is none --------------------------------------------------------------------------------------------------------------------
milward = Daemon(QUIET, "--pid-file", "%(dir)s/null", "--spool", "%(dir)s/none")
null = os.path.join(milward.dir, "null")
os.symlink("/dev/null", null)
got, log = milward.run_to_end()
tap.equal((got, os.path.lexists(null), stat.S_ISCHR(os.stat("/dev/null").st_mode)), (73, True, True), "a device stays in its place")
milward.__exit__()

# -- in the background --------------------------------------------------------------------------------------------------------------------------
milward = Daemon(BY_HEADER, "--detach", "--log", "stderr", "--pid-file", "%(dir)s/pid")
done = subprocess.run(milward.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                      stderr=open(milward.log_path, "wb"), env=ENV, timeout=30, check=False)
tap.equal(done.returncode, 0, "--detach: the command ends when the service is up")
with Session(milward.path) as s:
    tap.equal(s.message().final, "c", "and it serves")
with open(os.path.join(milward.dir, "pid"), encoding="ascii") as file:
    pid = int(file.read())
with open("/proc/%d/stat" % pid, encoding="ascii") as file:
    fields = file.read().rsplit(")", 1)[1].split()
tap.equal(int(fields[3]), pid, "in a session of its own")
tap.equal(os.readlink("/proc/%d/cwd" % pid), "/", "away from the folder it was started in")
os.kill(pid, signal.SIGTERM)
wait_for(lambda: not exists("/proc/%d" % pid) or open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[0] == "Z", "it to end")
tap.ok(not exists(milward.path), "TERM ends it")
milward.write("test.policy", "nonsense\n")
done = subprocess.run(milward.command()[:-2] + ["--log", "syslog"], capture_output=True, text=True, env=ENV, timeout=30, check=False)
tap.equal((done.returncode, "test.policy: 1 error" in done.stderr), (78, True), "--detach: a failure to start is told on the terminal")
milward.__exit__()

# -- another user -------------------------------------------------------------------------------------------------------------------------------
if ROOT:
    def open_up(milward):
        for path in (milward.dir, milward.spool):
            os.chown(path, 65534, 65534)
        os.chmod(os.path.join(milward.dir, "notify"), 0o777)

    milward = Daemon(BY_HEADER, "--user", "nobody")
    open_up(milward)
    os.chmod(Daemon.modules, 0o755)
    milward.start()
    with open("/proc/%d/status" % milward.worker(), encoding="ascii") as file:
        status = file.read()
    tap.ok("Uid:\t65534\t65534\t65534\t65534" in status and "Groups:\t65534 \n" in status.replace("Groups:\t65534\n", "Groups:\t65534 \n"),
           "--user: all user and group ids are those of the user", status)
    with Session(milward.path) as s:
        tap.equal(s.message().final, "c", "and it serves")
    tap.equal(milward.stop(), 0, "and stops with 0")
    milward.__exit__()
else:
    tap.skip("--user", "not root")

raise SystemExit(tap.end())
