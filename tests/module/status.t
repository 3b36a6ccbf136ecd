#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemons tell on their status sockets: names as in milward-metrics(7), both formats as others read them, counts that survive a
reload and a worker that is killed, bounds; and milwardctl status, which shows them."""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(SRC, "tests", "milter"))
import daemon  # noqa: E402
from daemon import Daemon, wait_for  # noqa: E402
from lab.process import freeze, thaw  # noqa: E402
from lab.tap import Tap, skip_all  # noqa: E402
from peer import Session  # noqa: E402

for name in ("phi", "check-us", "lookup", "seal", "portal", "extract-html"):
    if not os.path.exists(os.path.join(daemon.BUILD, "modules", ".libs", name + ".so")):
        skip_all("the %s module is not built as a loadable file" % name)

tap = Tap()
CTL = os.path.join(daemon.BUILD, "milwardctl")
RUN = tempfile.mkdtemp(prefix="milward-status-")
FOLDER = os.path.join(RUN, "milward")
os.mkdir(FOLDER)
os.environ["RUNTIME_DIRECTORY"] = FOLDER
os.environ["MILWARD_RUN"] = RUN
SECRET = "219-09-9998"
POLICY = """listen unix:%(dir)s/sock
load lab grant edit, route { wait "%(dir)s/wait" }
load phi with check-us, extract-html grant text
table <ours> { "clinic.example" }
aliases none
rule ssn { about "a number" kind identifier pattern /\\b\\d{3}-\\d{2}-\\d{4}\\b/ level 90 }
rule late-shadow { about "a word" kind clinical pattern /sekrit/ level 90 shadow }
class numbers when rule ssn >= 1
match class numbers to external then refuse "a number"
match any then pass
"""

PLAIN = "listen unix:%(dir)s/sock\nload lab grant edit, route\naliases none\nmatch any then pass\n"


# ---- asking --------------------------------------------------------------------------------------------------------------------------
def request(where, text, seconds=30):
    """All that comes of it."""
    s = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
    s.settimeout(seconds)
    s.connect(where)
    got = b""
    with s:
        s.sendall(text.encode())
        while True:
            try:
                piece = s.recv(65536)
            except ConnectionResetError:
                piece = b""
            if not piece:
                return got.decode()
            got += piece


def told(where, accept=""):
    header, body = request(where, "GET /metrics HTTP/1.1\r\nHost: x\r\n%s\r\n" % (accept and "Accept: %s\r\n" % accept)).split("\r\n\r\n", 1)
    assert header.startswith("HTTP/1.0 200 "), header
    assert int(re.search(r"Content-Length: (\d+)", header).group(1)) == len(body.encode()), header
    return body


def samples(body):
    """{'name{labels}': value}"""
    return {k: float(v) for k, v in re.findall(r"^([a-z_:]+(?:\{.*\})?) (\S+)$", body, re.M)}


def value(where, name):
    return samples(told(where)).get(name)


def ctl(*words, **more):
    p = subprocess.run([CTL, "--modules", Daemon.modules, *words], capture_output=True, text=True, timeout=60, check=False, **more)
    return p.returncode, p.stdout + p.stderr


def documented():
    with open(os.path.join(SRC, "doc", "man", "milward-metrics.7"), encoding="utf-8") as f:
        items = re.findall(r"^\.It (Ic (?:milward|process)_.*)$", f.read(), re.M)
    return {w for line in items for w in re.findall(r"Ic (\w+)", line)}


def families(body):
    return set(re.findall(r"^# TYPE (\S+)", body, re.M))


def send(session, text, queue_id, rcpt="<bob@other.example>"):
    session.mail("<nurse@clinic.example>", macros={"{client_addr}": "192.0.2.1"})
    session.rcpt(rcpt)
    session.header("Subject", " the subject of it")
    session.body(text)
    return session.eom(queue_id)


# ---- milward ---------------------------------------------------------------------------------------------------------------------------
found = set()
with Daemon(POLICY) as d:
    where = os.path.join(FOLDER, "milward.test.status")
    body = told(where)
    found |= families(body)
    tap.equal(os.stat(where).st_mode & 0o777, 0o660, "the socket is for the user and the group of the daemon")
    tap.equal(samples(body)['milward_rule_findings_total{rule="ssn",shadow="no"}'], 0.0, "what the policy names is there before it counts")
    with Session(d.path) as s:
        for i in range(3):
            tap.equal(send(s, b"SSN: %s and again %s\r\n" % (SECRET.encode(), SECRET.encode()), "4Q%d" % i).final, "y",
                      "message %d is refused" % i)
        send(s, b"a sekrit to one inside\r\n", "4R", "<alice@clinic.example>")
        send(s, b"<html>hello", "4S")
        got = samples(told(where))
        expected = {'milward_messages_total{mode="enforce",outcome="refuse"}': 3, 'milward_messages_total{mode="enforce",outcome="pass"}': 2,
                    'milward_recipients_total{route="refuse",mode="enforce"}': 3, 'milward_class_messages_total{class="numbers"}': 3,
                    'milward_rule_findings_total{rule="ssn",shadow="no"}': 6, 'milward_rule_messages_total{rule="ssn",shadow="no"}': 3,
                    'milward_rule_messages_total{rule="late-shadow",shadow="yes"}': 1, "milward_message_seconds_count": 5,
                    'milward_stage_seconds_count{stage="scanning"}': 5, 'milward_stage_seconds_count{stage="waiting"}': 5,
                    "milward_sessions_open": 1, "milward_messages_open": 0, "milward_worker_up": 1}
        tap.equal({k: got.get(k) for k in expected}, {k: float(v) for k, v in expected.items()}, "messages, routes, classes, rules and times")
        text = told(where) + told(where, "application/openmetrics-text")
        tap.ok(not any(w in text for w in (SECRET, "bob@", "nurse", "other.example", "the subject", "sekrit", "192.0.2.1")),
               "nothing of a message is told")

        # One waits in a module: it is seen while it does.
        d.write("wait", "")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(send, s, b"hello\r\n", "4T")
            wait_for(lambda: value(where, "milward_messages_judging") == 1, "a message that is judged is seen")
            got = samples(told(where))
            os.unlink(os.path.join(d.dir, "wait"))
            waiting.result(30)
        tap.equal((got["milward_messages_open"], got["milward_messages_waiting"]), (1.0, 0.0), "and it is open, and has its turn")
        tap.ok(0.0 < value(where, "milward_message_seconds_max") < 60, "it took a while")

    # -- a reload, good and bad
    wait_for(lambda: value(where, "milward_sessions_open") == 0, "the connection has ended")
    before = samples(told(where))
    d.write("test.policy", POLICY.replace("rule ssn", "rule number"))
    tap.ok(d.reload(), "a policy with another rule")
    d.write("test.policy", "match any then")
    tap.ok(d.reload(good=False), "and one that is wrong")
    after = samples(told(where))
    same = ("milward_message_seconds_count", 'milward_rule_findings_total{rule="ssn",shadow="no"}', 'milward_recipients_total{route="refuse",mode="enforce"}')
    tap.equal([after[k] for k in same], [before[k] for k in same], "counts stay with a reload")
    tap.equal((after['milward_reloads_total{result="ok"}'], after['milward_reloads_total{result="failed"}'],
               after["milward_policy_last_reload_successful"]), (1.0, 1.0, 0.0), "reloads are counted, and the last one failed")
    tap.ok('milward_rule_findings_total{rule="number",shadow="no"}' in after, "a new rule is there")
    tap.equal(len(re.findall(r"^milward_policy_info\{", told(where), re.M)), 1, "and one policy runs")
    code, out = ctl("status")
    tap.ok(code == 0 and "not the policy on disk" in out, "milwardctl status says so", out)
    d.write("test.policy", POLICY)
    d.reload()
    tap.equal(value(where, "milward_policy_last_reload_successful"), 1.0, "until one succeeds")

    # -- the worker is killed
    old = d.worker()
    os.kill(old, signal.SIGKILL)
    d.wait_word("READY=1")
    got = samples(told(where))
    tap.equal((got["milward_message_seconds_count"], got['milward_worker_ends_total{how="signal"}'], got["milward_worker_starts_total"],
               got["milward_worker_up"]), (before["milward_message_seconds_count"], 1.0, 2.0, 1.0), "counts stay when the worker is killed")
    with Session(d.path) as s:
        send(s, b"SSN: %s\r\n" % SECRET.encode(), "4U")
        tap.equal(value(where, 'milward_rule_findings_total{rule="ssn",shadow="no"}'), 7.0, "and the next worker goes on with them")

        # -- under load, with reloads: everything is counted once
        def many(k):
            with Session(d.path) as one:
                for i in range(25):
                    send(one, b"SSN: %s\r\n" % SECRET.encode(), "4V%d.%d" % (k, i))
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            work = [pool.submit(many, k) for k in range(4)]
            while not all(w.done() for w in work):
                d.reload()
                told(where)
            for w in work:
                w.result()
        tap.equal(value(where, 'milward_rule_messages_total{rule="ssn",shadow="no"}'), 104.0, "a hundred messages over reloads are a hundred")

    # -- who asks wrongly
    for text, status in (("GET / HTTP/1.0\r\n\r\n", 404), ("GET /metrics/x HTTP/1.0\r\n\r\n", 404), ("HEAD /metrics HTTP/1.0\r\n\r\n", 405),
                         ("POST /metrics HTTP/1.0\r\n\r\n", 405), ("hello\r\n\r\n", 400), ("GET /metrics HTTP/1.0\r\nX: %s" % ("x" * 5000), 431)):
        tap.equal(request(where, text)[:12], "HTTP/1.0 %d" % status, "%s: %d" % (text[:20].split("\r")[0], status))

    # -- as others read it
    if shutil.which("promtool"):
        p = subprocess.run(["promtool", "check", "metrics"], input=told(where), capture_output=True, text=True, check=False)
        tap.ok(p.returncode == 0 and not p.stdout + p.stderr, "promtool finds nothing wrong", p.stdout + p.stderr)
    else:
        tap.skip("promtool finds nothing wrong", "promtool is missing")
    open_text = told(where, "application/openmetrics-text; version=1.0.0,text/plain;q=0.5")
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
        names = {f.name for f in text_string_to_metric_families(open_text)}
        tap.ok("milward_messages" in names and "milward_build" in names, "the OpenMetrics parser of others reads it", names)
    except ImportError:
        tap.skip("the OpenMetrics parser of others reads it", "python3-prometheus-client is missing")
    tap.ok(open_text.endswith("\n# EOF\n") and "# TYPE milward_messages counter\n" in open_text, "OpenMetrics is what is asked for")

    # -- milwardctl status
    code, out = ctl("--colour", "never", "status")
    tap.ok(code == 0 and re.search(r"^milward\.test  runs since \d{4}-", out) and "serves the MTA, 2 started, 1 crashed" in out and
           re.search(r"^  rules +ssn 107 in 104 messages$", out, re.M) and re.search(r"^    whole .*  *\d+$", out, re.M) and
           "\033" not in out, "milwardctl status shows it", out)
    tap.ok("\033[32m" in ctl("--colour", "always", "status")[1], "in colours where they are wanted")
    tap.ok("late-shadow 1 in 1 message (in shadow)" in out and "numbers 104" in out and "refuse 104" in out, "rules, classes and routes", out)
    code, out = ctl("status", "--json")
    row = json.loads(out)["instances"][0]
    tap.equal((code, row["instance"], row["answers"], row["metrics"]["milward_worker_up"], row["latency"]["whole"]["count"]),
              (0, "milward.test", True, 1, value(where, "milward_message_seconds_count")), "as JSON")
    tap.ok(0 < row["latency"]["whole"]["p50"] <= row["latency"]["whole"]["p90"] <= row["latency"]["whole"]["p99"] <= row["latency"]["whole"]["max"],
           "percentiles are in order", row["latency"])
    tap.equal([ctl("status", w)[0] for w in ("test", "milward.test", "unix:" + where, "inet:1@127.0.0.1", "other")], [0, 0, 0, 3, 4],
              "one by name, by policy, by socket; one that does not answer, one that is not there")
    with subprocess.Popen([CTL, "status", "--watch", "0.2"], stdout=subprocess.PIPE, text=True) as watch:
        lines = iter(watch.stdout.readline, "")
        seen = [line for line, _ in zip((line for line in lines if "messages " in line and "pass" in line), range(3))]
        watch.terminate()
    tap.ok("/s)" not in seen[0] and re.search(r"\(\d+\.\d/s\)", seen[2]), "--watch goes on, with rates", seen)
    tap.equal(ctl("status", "--watch=soon")[0], 64, "but not at any time")

    # -- no worker, and nobody at all
    freeze(d.process.pid)
    code, out = ctl("status")
    tap.ok(code == 3 and "does not answer" in out and "in time" in out, "a daemon that hangs is shown as such", out)
    thaw(d.process.pid)
tap.ok(not os.path.exists(where), "the socket goes with the daemon")
code, out = ctl("status")
tap.ok(code == 4 and "no status socket" in out, "nobody is there: an exit status of its own", out)


# ---- another's answer ------------------------------------------------------------------------------------------------------------------
def answer(listener, body):
    """Says it, and keeps the connection: a child of a daemon may have it, too."""
    s, _ = listener.accept()
    s.recv(4096)
    s.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body.encode()))
    kept.append(s)


kept = []
with socket.socket(socket.AF_UNIX) as other:
    other.bind(os.path.join(RUN, "other.status"))
    other.listen()
    thread = threading.Thread(target=answer, args=(other, "milward_start_time_seconds NaN\nt_one +Inf\nt_two{a=\"b\"} -1e300\nt_three 9007199254740993\n"))
    thread.start()
    code, out = ctl("status", "--json", os.path.join(RUN, "other.status"))
    thread.join()
    row = json.loads(out)["instances"][0]
    tap.equal((code, row["answers"], row["metrics"]), (0, True, {"milward_start_time_seconds": None, "t_one": None, "t_two": [{"a": "b", "value": -1e300}], "t_three": 9007199254740992}),
              "an answer is taken when it is whole, and values that are no numbers are none")
    thread = threading.Thread(target=answer, args=(other, "milward_start_time_seconds 1e300\n"))
    thread.start()
    code, out = ctl("status", os.path.join(RUN, "other.status"))
    thread.join()
    tap.ok(code == 0 and "runs since ? " in out, "nor is a time that is none", out)

# ---- the log ---------------------------------------------------------------------------------------------------------------------------
class Journal:
    """Takes entries, as fast as they come: who logs waits for that."""

    def __init__(self, path):
        self.entries, self.seen = [], 0
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(path)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            octets = self.sock.recv(65536)
            if octets == b"end":
                return
            self.entries.append(dict(line.split("=", 1) for line in octets.decode().rstrip("\n").split("\n")))

    def wait(self, event, queue_id=None):
        """The next one of that event, of those that nobody has waited for."""
        def look():
            for i in range(self.seen, len(self.entries)):
                e = self.entries[i]
                if e["MILWARD_EVENT"] == event and e.get("MILWARD_QUEUE_ID") == queue_id:
                    self.seen = i + 1
                    return e
            return None
        return wait_for(look, "an entry %s %s" % (event, queue_id), seen=lambda: self.entries)

    def end(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"end", self.sock.getsockname())
        self.thread.join()
        self.sock.close()


journal = Journal(os.path.join(RUN, "journal"))
os.environ["MILWARD_JOURNAL"] = os.path.join(RUN, "journal")
with Daemon(POLICY, "--log", "journal") as d, Session(d.path) as s:
    e = journal.wait("start")
    tap.ok("MILWARD_QUEUE_ID" not in e and e["MESSAGE"].startswith("-: start: policy ") and e["PRIORITY"] == "5" and
           e["SYSLOG_FACILITY"] == "2" and e["SYSLOG_IDENTIFIER"] == "milward", "journal: a line of the daemon", e)
    send(s, b"SSN: %s\r\n" % SECRET.encode(), "4J1", '<"bob\nMILWARD_QUEUE_ID=forged"@other.example>')
    got = [journal.wait("verdict", "4J1"), journal.wait("message", "4J1")]
    tap.equal([(e.get("MILWARD_QUEUE_ID"), e["MILWARD_EVENT"], e["SYSLOG_PID"]) for e in got],
              [("4J1", "verdict", str(d.worker())), ("4J1", "message", str(d.worker()))], "journal: those of a message have its queue id")
    tap.ok(all(e["MESSAGE"].startswith("4J1: %s: " % e["MILWARD_EVENT"]) for e in got) and "\\x0a" in got[0]["MESSAGE"],
           "journal: the line is the one that syslog has, and none is forged", got)
    d.write("wait", "")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        lost = pool.submit(send, s, b"hello\r\n", "4J2")
        wait_for(lambda: value(os.path.join(FOLDER, "milward.test.status"), "milward_messages_judging") == 1, "a message is judged")
        os.kill(d.worker(), signal.SIGKILL)
        tap.equal(journal.wait("worker", "4J2")["PRIORITY"], "3", "a message that was judged when the worker ended is named")
        tap.ok(lost.exception(30) is not None, "its connection is gone")
    os.unlink(os.path.join(d.dir, "wait"))
    d.wait_word("READY=1")
    tap.equal(value(os.path.join(FOLDER, "milward.test.status"), "milward_messages_judging"), 0.0, "and nothing is judged any more")
journal.end()
os.environ["MILWARD_JOURNAL"] = os.path.join(RUN, "no-journal")
with Daemon(PLAIN, "--log", "journal") as d:
    tap.equal(value(os.path.join(FOLDER, "milward.test.status"), "milward_worker_up"), 1.0, "without a journal it runs, too")
del os.environ["MILWARD_JOURNAL"]

# ---- where it is told ------------------------------------------------------------------------------------------------------------------
with Daemon(PLAIN, "--status", "none") as d:
    tap.equal(os.listdir(FOLDER), [], "none is none")
port = socket.create_server(("127.0.0.1", 0))
number = port.getsockname()[1]
port.close()
with Daemon(PLAIN, "--status", "inet:%d@127.0.0.1" % number) as d:
    tap.equal(value(("127.0.0.1", number), "milward_worker_up"), 1.0, "a port of this machine")
    tap.equal(ctl("status", "inet:%d@127.0.0.1" % number)[0], 0, "which milwardctl asks, too")
for spec, why in (("unix:/no/such/folder/x", "make the folder"), ("inet:9999@192.0.2.1", "not the loopback address"), ("fd:3", "--status")):
    d = Daemon(PLAIN, "--status", spec)
    status, log = d.run_to_end()
    tap.ok(status == 73 and why in log, "--status %s: 73, and why" % spec, "%s\n%s" % (status, log))
    d.close()
with Daemon(POLICY) as one, Daemon(POLICY) as two:
    log = two.log()
    tap.ok("another process listens there" in log and "no status socket" in log, "a second one of that name runs without, and says so", log)
    tap.equal(value(os.path.join(FOLDER, "milward.test.status"), "milward_worker_up"), 1.0, "the first one goes on")
with Daemon(PLAIN.replace("match any then pass", "mode observe\nmatch any then refuse \"x\"")) as d, Session(d.path) as s:
    tap.equal((send(s, b"x\r\n", "4W").final, value(os.path.join(FOLDER, "milward.test.status"), 'milward_messages_total{mode="observe",outcome="refuse"}')),
              ("c", 1.0), "what mode observe would have done is counted as that")

# ---- the others ------------------------------------------------------------------------------------------------------------------------
PROGRAMS = {"lookup": 'load lookup { listen "unix:%(dir)s/lookup"; cache "%(dir)s"; resolvers "127.0.0.1@1"; trust-anchor "%(dir)s/anchor" }',
            "seal": 'load seal { state "%(dir)s/seal"; listen "unix:%(dir)s/lmtp" }',
            "portal": 'load portal grant keys, store { url "https://pickup.clinic.test"; site "Clinic"; from "portal@clinic.test"; '
                      'store "%(dir)s/store"; keys "%(dir)s/keys"; listen "unix:%(dir)s/web" }'}
ANCHOR = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"


class Program(Daemon):
    """One of the other daemons, with the same handles."""

    def __init__(self, kind, policy):
        super().__init__(policy, files={"anchor": ANCHOR})
        self.kind = kind

    def command(self):
        more = ["--templates", os.path.join(SRC, "templates", "portal")] if self.kind == "portal" else []
        return [os.path.join(daemon.BUILD, "milward-" + self.kind), "-p", self.policy, "--modules", Daemon.modules, *more]


def ask_lookup(d):
    s = socket.socket(socket.AF_UNIX)
    s.connect(os.path.join(d.dir, "lookup"))
    s.settimeout(30)
    for text in ("nomap x", "tls [192.0.2.1]"):
        s.sendall(b"%d:%s," % (len(text), text.encode()))
        s.recv(4096)
    return s


def ask_seal(d):
    s = socket.socket(socket.AF_UNIX)
    s.connect(os.path.join(d.dir, "lmtp"))
    s.settimeout(30)
    s.recv(4096)
    return s


def ask_portal(d):
    request(os.path.join(d.dir, "web"), "GET /m/nothing HTTP/1.0\r\nHost: x\r\n\r\n")
    return None


EXPECTED = {"lookup": {'milward_lookup_questions_total{map="other",answer="perm"}': 1, 'milward_lookup_connections_total': 1,
                       'milward_lookup_connections_open': 1, "milward_lookup_question_seconds_count": 2},
            "seal": {"milward_seal_connections_total": 1, "milward_seal_connections_open": 1},
            "portal": {'milward_portal_requests_total{code="4xx"}': 1, "milward_portal_request_seconds_count": 1}}
for kind, line in PROGRAMS.items():
    d = Program(kind, "listen unix:%(dir)s/sock\nload route grant route, edit, run { mta none }\naliases none\n" + line + "\nmatch any then pass\n")
    os.mkdir(os.path.join(d.dir, "seal"), 0o700)
    os.mkdir(os.path.join(d.dir, "store"), 0o700)
    if kind == "portal":
        tap.equal(ctl("-p", d.policy, "portal", "rekey")[0], 0, "portal: a key is made")
    where = os.path.join(FOLDER, "milward-%s.test.status" % kind)
    with d:
        body = told(where)
        found |= families(body)
        held = {"lookup": ask_lookup, "seal": ask_seal, "portal": ask_portal}[kind](d)
        for name, n in EXPECTED[kind].items():
            wait_for(lambda name=name, n=n: value(where, name) == n, "%s: %s is %d" % (kind, name, n))
        tap.ok(True, "%s: what it does is counted" % kind)
        tap.ok(value(where, "process_resident_memory_bytes") > 1e6, "%s: and its memory is known" % kind, told(where))
        d.process.send_signal(signal.SIGHUP)
        wait_for(lambda: value(where, 'milward_reloads_total{result="ok"}') == 1, "%s: a reload is counted" % kind)
        if shutil.which("promtool"):
            p = subprocess.run(["promtool", "check", "metrics"], input=told(where), capture_output=True, text=True, check=False)
            tap.ok(p.returncode == 0 and not p.stdout + p.stderr, "%s: promtool finds nothing wrong" % kind, p.stdout + p.stderr)
        code, out = ctl("--colour", "never", "status")
        tap.ok(code == 0 and "milward-%s.test  runs" % kind in out and "latency" in out, "%s: milwardctl status shows it" % kind, out)
        if held:
            held.close()
    tap.ok(not os.path.exists(where), "%s: the socket goes with the daemon" % kind)

# ---- names ----------------------------------------------------------------------------------------------------------------------------
known = documented()
tap.equal(sorted(found - known), [], "every family that is told is in milward-metrics(7)")
tap.equal(sorted(known - found), [], "and every one that is there is told")
shutil.rmtree(RUN)
sys.exit(tap.end())
