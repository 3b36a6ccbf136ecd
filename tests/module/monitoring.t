#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""packaging/monitoring with a real Prometheus that asks real daemons: every alert and every panel can be evaluated, what they name is
told by a daemon, alerts fire and end; promtool's own tests of the alerts."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(SRC, "tests", "milter"))
import daemon  # noqa: E402
from daemon import Daemon, wait_for  # noqa: E402
from lab.tap import Tap, skip_all  # noqa: E402
from peer import Session  # noqa: E402

import yaml  # noqa: E402

HERE = os.path.join(SRC, "packaging", "monitoring")
for program in ("prometheus", "promtool"):
    if not shutil.which(program):
        skip_all("%s is not installed (packaging/deps test)" % program)
for name in ("phi", "check-us", "lookup", "seal", "portal"):
    if not os.path.exists(os.path.join(daemon.BUILD, "modules", ".libs", name + ".so")):
        skip_all("the %s module is not built as a loadable file" % name)
tap = Tap()
TOP = tempfile.mkdtemp(prefix="milward-monitoring-")
POLICY = """listen unix:%(dir)s/sock
load route grant route, edit, run { mta none }
load phi with check-us grant text
table <ours> { "clinic.example" }
aliases none
rule ssn { about "a number" kind identifier pattern /\\b\\d{3}-\\d{2}-\\d{4}\\b/ level 90 }
class numbers when rule ssn >= 1
match class numbers to external then refuse "a number"
match any then pass
"""
LINES = {"lookup": 'load lookup { listen "unix:%(dir)s/lookup"; cache "%(dir)s"; resolvers "127.0.0.1@1"; trust-anchor "%(dir)s/anchor" }',
         "seal": 'load seal { state "%(dir)s/seal"; listen "unix:%(dir)s/lmtp" }',
         "portal": 'load portal grant keys, store { url "https://pickup.clinic.test"; site "Clinic"; from "portal@clinic.test"; '
                   'store "%(dir)s/store"; keys "%(dir)s/keys"; listen "unix:%(dir)s/web" }'}
ANCHOR = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
# Told when it has happened, and what it takes is tested elsewhere: that these are told at all, by milward-metrics(7).
RARE = {"milward_seal_recipients_total", "milward_causes_total"}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Program(Daemon):
    """One of the other daemons, with the same handles."""

    def __init__(self, kind, port):
        super().__init__("listen unix:%(dir)s/sock\nload route grant route, edit, run { mta none }\naliases none\n" + LINES[kind] + "\nmatch any then pass\n",
                         files={"anchor": ANCHOR})
        self.kind, self.port = kind, port
        for name in ("seal", "store"):
            os.mkdir(os.path.join(self.dir, name), 0o700)
        if kind == "portal":  # the first key of its server
            subprocess.run([os.path.join(daemon.BUILD, "milwardctl"), "--modules", Daemon.modules, "-p", self.policy, "portal", "rekey"], check=True, capture_output=True)

    def command(self):
        more = ["--templates", os.path.join(SRC, "templates", "portal")] if self.kind == "portal" else []
        return [os.path.join(daemon.BUILD, "milward-" + self.kind), "-p", self.policy, "--modules", Daemon.modules, "--status", "inet:%d@127.0.0.1" % self.port, *more]


class Prometheus:
    """From the files of packaging/monitoring: our targets, every second, and alerts that do not wait."""

    def __init__(self, targets):
        with open(os.path.join(HERE, "prometheus.yml"), encoding="utf-8") as file:
            config = yaml.safe_load(file)
        with open(os.path.join(HERE, "milward.rules.yml"), encoding="utf-8") as file:
            rules = yaml.safe_load(file)
        for group in rules["groups"]:
            for rule in group["rules"]:
                rule.pop("for", None)
        config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [os.path.join(TOP, "rules.yml")]
        config["scrape_configs"][0].pop("scrape_interval")
        config["scrape_configs"][0]["static_configs"][0]["targets"] = targets
        for name, value in (("rules.yml", rules), ("prometheus.yml", config)):
            with open(os.path.join(TOP, name), "w", encoding="utf-8") as file:
                yaml.safe_dump(value, file)
        self.port = free_port()
        self.log = open(os.path.join(TOP, "log"), "w+b")
        self.process = subprocess.Popen(["prometheus", "--config.file", os.path.join(TOP, "prometheus.yml"), "--storage.tsdb.path", os.path.join(TOP, "data"),
                                         "--web.listen-address", "127.0.0.1:%d" % self.port], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def get(self, path, **args):
        """The data of an answer; None while it is not there."""
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d%s?%s" % (self.port, path, urllib.parse.urlencode(args)), timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as answer:
            return {"error": answer.read().decode("utf-8", "replace"), "result": []}
        except OSError:
            return None

    def query(self, expr):
        got = self.get("/api/v1/query", query=expr) or {"result": [], "error": "no answer"}
        return got["result"], got.get("error")

    def value(self, expr):
        result, _ = self.query(expr)
        return float(result[0]["value"][1]) if result else None

    def firing(self):
        return {r["metric"]["alertname"] for r in self.query('ALERTS{alertstate="firing"}')[0]}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        self.process.kill()
        self.log.close()


def send(session, text, queue_id):
    session.mail("<nurse@clinic.example>", macros={"{client_addr}": "192.0.2.1"})
    session.rcpt("<bob@other.example>")
    session.header("Subject", " about it")
    session.body(text)
    return session.eom(queue_id)


def ask(where, text):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(where)
        s.sendall(text)
        return s.recv(4096)


def expressions():
    """(what it is, expression) of each alert and panel."""
    with open(os.path.join(HERE, "milward.rules.yml"), encoding="utf-8") as file:
        for group in yaml.safe_load(file)["groups"]:
            for rule in group["rules"]:
                yield "alert " + rule["alert"], rule["expr"]
    with open(os.path.join(HERE, "milward-dashboard.json"), encoding="utf-8") as file:
        board = json.load(file)
    for annotation in board["annotations"]["list"]:
        yield "annotation " + annotation["name"], annotation["expr"]
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield "panel " + panel["title"], target["expr"]


def selectors(expr):
    """(metric, labels that it must have)"""
    found = set()
    for name, matchers in re.findall(r"\b((?:milward|process|up)[a-z_]*)\b(?!\()(\{[^}]*\})?", re.sub(r'"[^"]*"', '""', expr)):
        found.add((name, frozenset(re.findall(r"(\w+)[=!~]+", matchers))))
    by = set(re.findall(r"\w+", " ".join(re.findall(r"\bby \(([^)]*)\)", expr)))) - {"le"}
    return found, by


def promtool():
    for name in ("milward.rules.test.yml", "milward.rules.days.test.yml"):
        done = subprocess.run(["promtool", "test", "rules", name], cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
        tap.ok(done.returncode == 0, "promtool: %s" % name, done.stdout + done.stderr)
    tested = ""
    for name in ("milward.rules.test.yml", "milward.rules.days.test.yml"):
        with open(os.path.join(HERE, name), encoding="utf-8") as file:
            tested += file.read()
    tap.equal([what for what, _ in expressions() if what.startswith("alert ") and '"%s"' % what[6:] not in tested], [], "each alert has a test in which it fires")
    done = subprocess.run(["promtool", "check", "config", "--syntax-only", os.path.join(HERE, "prometheus.yml")], capture_output=True, text=True, check=False)
    tap.ok(done.returncode == 0, "promtool: prometheus.yml", done.stdout + done.stderr)


def documented():
    with open(os.path.join(SRC, "doc", "man", "milward-metrics.7"), encoding="utf-8") as page:
        return set(re.findall(r"\b((?:milward|process)_[a-z_]+)", page.read()))


def look(prometheus):
    """Alerts and panels, by the API."""
    pages, nothing = documented(), []
    for what, expr in expressions():
        expr = expr.replace("$__rate_interval", "1m").replace("$instance", ".*")
        result, error = prometheus.query(expr)
        tap.ok(not error, "%s can be evaluated" % what, expr, error)
        found, by = selectors(expr)
        for name, labels in found:
            if name in RARE:
                tap.ok(name in pages, "%s: %s is in milward-metrics(7)" % (what, name))
                continue
            count = "count(%s%s)" % (name, "{%s}" % ",".join('%s!=""' % label for label in sorted(labels)) if labels else "")
            tap.ok((prometheus.value(count) or 0) > 0, "%s: %s is told, with %s" % (what, name, " ".join(sorted(labels)) or "no label"), count)
        if what.startswith("panel ") and not result and not {n for n, _ in found} & RARE:
            nothing.append(expr)
        for row in result:
            tap_labels = by - set(row["metric"])
            if tap_labels and not what.startswith("alert "):
                tap.ok(False, "%s: %s" % (what, tap_labels), row)
    tap.equal(nothing, [], "each panel shows something")
    rules = prometheus.get("/api/v1/rules")["groups"]
    tap.equal([r["name"] for g in rules for r in g["rules"] if r["health"] != "ok" or r.get("lastError")], [], "Prometheus has no trouble with a rule")


def nginx():
    """The example for nginx, with names of this test."""
    if not shutil.which("nginx"):
        tap.skip("nginx takes nginx.conf", "nginx is missing")
        return
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=mx1", "-keyout",
                    os.path.join(TOP, "key"), "-out", os.path.join(TOP, "cert")], check=True, capture_output=True)
    with open(os.path.join(HERE, "nginx.conf"), encoding="utf-8") as file:
        text = file.read().replace("/etc/ssl/certs/mx1.pem", TOP + "/cert").replace("/etc/ssl/private/mx1.key", TOP + "/key")
    with open(os.path.join(TOP, "nginx.conf"), "w", encoding="utf-8") as file:
        file.write("pid %s/pid;\nerror_log %s/error.log;\nevents {}\nhttp {\naccess_log off;\n%s}\n" % (TOP, TOP, text))
    done = subprocess.run(["nginx", "-t", "-c", os.path.join(TOP, "nginx.conf")], capture_output=True, text=True, check=False)
    tap.ok(done.returncode == 0, "nginx takes nginx.conf", done.stdout + done.stderr)


def main(stack):
    ports = {kind: free_port() for kind in ("host", *LINES)}
    host = stack.enter_context(Daemon(POLICY, "--status", "inet:%d@127.0.0.1" % ports["host"]))
    others = {kind: stack.enter_context(Program(kind, ports[kind])) for kind in LINES}
    prometheus = Prometheus(["127.0.0.1:%d" % port for port in ports.values()])
    stack.callback(prometheus.stop)
    session = stack.enter_context(Session(host.path))
    wait_for(lambda: prometheus.value("sum(up)") == 4 and prometheus.value("milward_worker_up") == 1, "Prometheus asks four daemons", 60)
    tap.ok(True, "Prometheus asks four daemons")
    seen = [0]

    def traffic():
        """Counts that grow, until rates are there."""
        for _ in range(3):
            seen[0] += 1
            send(session, b"SSN: 219-09-9998\r\n", "4Q%d" % seen[0])
            send(session, b"hello\r\n", "4R%d" % seen[0])
        ask(os.path.join(others["lookup"].dir, "lookup"), b"15:tls [192.0.2.1],")
        ask(os.path.join(others["lookup"].dir, "lookup"), b"7:nomap x,")
        ask(os.path.join(others["portal"].dir, "web"), b"GET /m/nothing HTTP/1.0\r\nHost: x\r\n\r\n")
        ask(os.path.join(others["seal"].dir, "lmtp"), b"QUIT\r\n")
        return (prometheus.value('sum(rate(milward_messages_total{outcome="refuse"}[1m]))') or 0) > 0 and \
            (prometheus.value("sum(rate(milward_lookup_questions_total[1m]))") or 0) > 0 and (prometheus.value("sum(rate(milward_portal_requests_total[1m]))") or 0) > 0
    wait_for(traffic, "what they count grows in Prometheus", 60)
    tap.ok(True, "what they count grows in Prometheus")
    look(prometheus)

    # -- alerts on real trouble, and their end
    tap.equal(prometheus.firing() & {"MilwardDown", "MilwardWorkerDown", "MilwardReloadFailed", "MilwardObserves", "MilwardWorkerEnds", "MilwardPutsOff"}, set(),
              "no alert while all is well")
    host.write("test.policy", "match any then")
    host.reload(good=False)
    wait_for(lambda: "MilwardReloadFailed" in prometheus.firing(), "a failed reload is told", 60)
    host.write("test.policy", POLICY + "mode observe\n")
    host.reload()
    wait_for(lambda: "MilwardReloadFailed" not in prometheus.firing() and "MilwardObserves" in prometheus.firing(), "until the next; and that it only observes", 60)
    tap.ok(True, "alerts of a failed reload, and of a policy that only observes")
    os.kill(host.worker(), signal.SIGKILL)
    wait_for(lambda: "MilwardWorkerEnds" in prometheus.firing(), "a worker that was killed is told", 60)
    others["lookup"].stop()
    wait_for(lambda: "MilwardDown" in prometheus.firing(), "a daemon that is away is told", 60)
    tap.ok(True, "alerts of a worker that was killed, and of a daemon that is away")


try:
    promtool()
    nginx()
    with contextlib.ExitStack() as everything:
        main(everything)
finally:
    shutil.rmtree(TOP, ignore_errors=True)
sys.exit(tap.end())
