#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What milward-lookup asks of the web: a real DNS server, real HTTPS servers of all kinds, a real OCSP responder, on loopback."""
import base64
import hashlib
import os
import queue
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.environ.get("MILWARD_SRC") or os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("MILWARD_BUILD") or os.environ.get("BUILD") or SRC
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SRC, "tests", "mta"))
from lab.process import freeze, thaw  # noqa: E402
from lab.lookup import Lookup  # noqa: E402
from lab.tap import Tap, note, skip_all, wait_for  # noqa: E402
from lab.web import Web, page, policy  # noqa: E402

PROBE = os.path.join(BUILD, "tests", "lookup", "probe")
TAP = Tap()
DAY = 86400
SECONDS = 15  # that an answer may take


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Dns:
    """unbound as the server of the zone test., which is changed while it runs. Nothing has a time to live: what is said now counts."""

    def __init__(self, folder):
        self.control, self.folder = os.path.join(folder, "control"), folder
        self.conf = os.path.join(folder, "unbound.conf")
        for _attempt in range(5):
            # A port that was free may be gone, or be taken for TCP.
            self.port = free_port(socket.SOCK_DGRAM)
            self.start()
            wait_for(lambda: self.process.poll() is not None or self.tell("status", check=False) == 0, "unbound answers", 15)
            if self.process.poll() is None:
                return
        raise AssertionError("unbound does not start")

    def start(self):
        with open(self.conf, "w") as out:
            out.write(
                "server:\n interface: 127.0.0.1\n port: %d\n do-daemonize: no\n username: \"\"\n chroot: \"\"\n directory: \"%s\"\n"
                " pidfile: \"\"\n use-syslog: no\n logfile: \"\"\n module-config: \"iterator\"\n root-hints: \"\"\n do-ip6: no\n num-threads: 1\n"
                " local-zone: \".\" static\n local-zone: \"test.\" static\n local-data: \"test. 0 IN SOA ns.test. a.test. 1 1 1 1 0\"\n"
                " local-zone: \"broken.test.\" always_refuse\n"
                " local-zone: \"bulk.test.\" redirect\n local-data: \"bulk.test. 0 IN A 127.0.0.1\"\n"
                " local-data: 'bulk.test. 0 IN TXT \"v=STSv1; id=1\"'\n"
                "remote-control:\n control-enable: yes\n control-use-cert: no\n control-interface: %s\n"
                % (self.port, self.folder, self.control)
            )
        with open(os.path.join(self.folder, "unbound.log"), "ab") as log:
            self.process = subprocess.Popen(["unbound", "-d", "-c", self.conf], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def tell(self, *words, check=True, stdin=None):
        return subprocess.run(["unbound-control", "-c", self.conf, *words], input=stdin, text=True, check=check,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

    def say(self, *records):
        self.tell("local_datas", stdin="".join("%s\n" % r for r in records))

    def host(self, *names):
        self.say(*("%s. 0 IN A 127.0.0.1" % n for n in names))

    def sts(self, domain, *records):
        """The TXT records of a domain, in place of those before."""
        name = "_mta-sts.%s." % domain
        self.tell("local_data_remove", name)
        if records:
            self.say(*('%s 0 IN TXT %s' % (name, r if r.startswith('"') else '"%s"' % r) for r in records))

    def stop(self):
        self.process.terminate()
        self.process.wait()


class OldTls(threading.Thread):
    """A server beside, on the same port of 127.0.0.2, that knows TLS up to 1.1 only."""

    def __init__(self, web):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.2", web.port))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.minimum_version = self.context.maximum_version = ssl.TLSVersion.TLSv1_1
        self.context.set_ciphers("ALL:@SECLEVEL=0")
        self.context.load_cert_chain(web.ca.issue("mta-sts.old-tls.test"))
        self.why = []
        self.start()

    def run(self):
        while True:
            client = self.listener.accept()[0]
            try:
                self.context.wrap_socket(client, server_side=True).close()
                self.why.append("taken")
            except ssl.SSLError as error:
                self.why.append(error.reason)
                client.close()


def endless(request):
    request.send_response(200)
    request.send_header("Content-Type", "text/plain")
    request.end_headers()
    while True:
        request.wfile.write(b"x: y\n" * 1000)


def slow(request):
    request.send_response(200)
    request.send_header("Content-Type", "text/plain")
    request.end_headers()
    for octet in policy():
        request.wfile.write(bytes([octet]))
        time.sleep(0.2)


def cut(request):
    request.send_response(200)
    request.send_header("Content-Type", "text/plain")
    request.send_header("Content-Length", "100000")
    request.end_headers()
    request.wfile.write(policy())


def gone(request):
    request.connection.shutdown(socket.SHUT_RDWR)


def long_fields(request):
    request.send_response(200)
    for i in range(90):
        request.send_header("X-%d" % i, "x" * 1000)
    request.answer(200, policy())


class Probe:
    """Of what it answers each line is taken once, by question."""

    def __init__(self, site, cache="-", tick=60000, most=1000, public=False):
        words = [PROBE, "127.0.0.1@%d" % site.dns.port, site.anchor, site.ca.path, str(site.web.port), cache, str(tick), str(most)]
        env = dict(os.environ, https_proxy="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9", ALL_PROXY="http://127.0.0.1:9")
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(words + (["public"] if public else []), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, bufsize=1, env=env)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def send(self, *questions):
        self.process.stdin.write("".join(q + "\n" for q in questions))

    def take(self, n):
        """n answers: {question: answer}; of those that are asked twice, the last."""
        found = {}
        for _ in range(n):
            line = self.lines.get(timeout=SECONDS)
            if line is None:
                raise AssertionError("the probe ended: " + self.said())
            question, text = line.split(": ", 1)
            found[question] = text
        return found

    def ask(self, question):
        self.send(question)
        return self.take(1)[question[:200]]

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        self.process.stdin.close()
        code = self.process.wait(timeout=SECONDS)
        if code:
            note("the probe ended with %d: %s" % (code, self.said()))
        return code


class Site:
    def __init__(self, folder):
        from lab.ca import Authority
        self.folder = folder
        self.ca = Authority(os.path.join(folder, "ca"))
        self.web = Web(self.ca)
        self.dns = Dns(folder)
        # A trust anchor of a zone that nobody asks for: test. is then insecure rather than bogus.
        self.anchor = os.path.join(folder, "anchor")
        with open(self.anchor, "w") as out:
            out.write("anchor.invalid. IN DS 1 8 2 " + "0" * 64 + "\n")

    def domain(self, domain, answer=None, kind="valid", record="v=STSv1; id=1;"):
        """A domain with MTA-STS: its policy host, certificate and record."""
        host = "mta-sts." + domain
        self.web.kinds[host] = kind
        if answer:
            self.web.pages[host] = answer
        self.dns.host(host)
        self.dns.sts(domain, *([record] if record else []))

    def close(self):
        self.dns.stop()
        self.web.shutdown()
        self.web.server_close()


def kept(domain, fetched, mode="enforce", age=DAY, mx="mx.good.test", ident="1"):
    line = "sts1 %s %s %d %d %s %s" % (domain, ident, fetched, age, mode, mx)
    return "%s %s\n" % (line, hashlib.sha256(line.encode()).hexdigest()[:16])


# ---- MTA-STS ----------------------------------------------------------------------------------------------------------------------

BAD = [
    # name, what the policy host does, its certificate, what the answer says, transient
    ("wrong-name", page(policy()), "other", "its certificate does not hold", False),
    ("expired", page(policy()), "expired", "its certificate does not hold", False),
    ("selfsigned", page(policy()), "selfsigned", "its certificate does not hold", False),
    ("redirect", page(b"", 301, Location="https://mta-sts.good.test/.well-known/mta-sts.txt"), "valid", "HTTP status 301", False),
    ("missing", None, "valid", "HTTP status 404", False),
    ("no-content", page(b"", 204), "valid", "HTTP status 204", False),
    ("server-error", page(b"oops", 503), "valid", "HTTP status 503", True),
    ("html", page(policy(), kind="text/html"), "valid", "another media type", False),
    ("large", page(policy() + b"x: y\r\n" * 12000), "valid", "too large", False),
    ("endless", endless, "valid", "too large", False),
    ("long-fields", long_fields, "valid", "too large", False),
    ("slow", slow, "valid", "the server took too long", True),
    ("cut", cut, "valid", "", True),
    ("gone", gone, "valid", "", True),
    ("damaged", page(b"version: STSv1\nmode: enforce\nmax_age: 1\nmx: *.*.test\n"), "valid", "line 4 of the policy", False),
]


def test_bad(site, probe):
    for name, answer, kind, _why, _transient in BAD:
        site.domain(name + ".test", answer, kind)
    site.dns.sts("no-host.test", "v=STSv1; id=1")
    old = OldTls(site.web)
    site.dns.say("mta-sts.old-tls.test. 0 IN A 127.0.0.2")
    site.dns.sts("old-tls.test", "v=STSv1; id=1")
    # One after the other, as the server's certificates are made when they are asked for.
    before = site.web.count("mta-sts.good.test")
    probe.send(*("sts %s.test" % row[0] for row in BAD))
    found = probe.take(len(BAD))
    for name, _answer, _kind, why, transient in BAD:
        text = found["sts %s.test" % name]
        words = text.split()
        TAP.ok(words[0] == "unfetched" and ("transient" in words) == transient and why in text, "no policy from: " + name, text)
    TAP.ok(site.web.count("mta-sts.good.test") == before, "redirects are not followed")
    text = probe.ask("sts old-tls.test")
    TAP.ok("no TLS of version 1.2" in text and "taken" not in old.why, "no policy from: TLS 1.1", text, old.why)
    text = probe.ask("sts no-host.test")
    TAP.ok(text.startswith("unfetched") and "no address" in text, "no policy host", text)
    before = site.web.count("mta-sts.missing.test")
    again = probe.ask("sts missing.test")
    TAP.ok(again.startswith("unfetched") and site.web.count("mta-sts.missing.test") == before, "a failure is remembered", again)


def test_good(site, probe):
    site.domain("good.test", page(policy(), kind="text/plain; charset=utf-8"))
    asked = ["sts good.test", "sts GOOD.test"]
    probe.send(*asked)
    found = probe.take(2)
    for question in asked:
        TAP.ok(found[question].startswith("policy 3600 enforce 86400 mx.good.test *.good.test"), question, found)
    TAP.ok(site.web.count("mta-sts.good.test") == 1, "one fetch for all who ask", site.web.seen)
    TAP.ok(probe.ask("sts good.test").startswith("policy 60 enforce") and site.web.count("mta-sts.good.test") == 1, "kept")
    site.domain("testing.test", page(policy("testing", end="\n")))
    TAP.ok(probe.ask("sts testing.test").startswith("policy 3600 testing"), "mode testing")
    site.domain("six.test", page(policy()))
    site.dns.say("mta-sts.six.test. 0 IN AAAA ::1")
    TAP.ok(probe.ask("sts six.test").startswith("policy"), "an address of IPv6 where nobody is, and one of IPv4")
    site.domain("split.test", page(policy()), record='"v=STSv1" "; id=" "1"')
    TAP.ok(probe.ask("sts split.test").startswith("policy"), "strings of a record are joined")
    site.domain("beside.test", page(policy()))
    site.dns.sts("beside.test", "v=spf1 -all", "v=STSv1; id=1", "v=STSv10; id=3")
    TAP.ok(probe.ask("sts beside.test").startswith("policy"), "other records beside do not count")


def test_none(site, probe):
    site.dns.host("plain.test")
    text = probe.ask("sts plain.test")
    TAP.ok(text.startswith("none") and "no MTA-STS record" in text, "no record", text)
    for name, records, why in (("two", ["v=STSv1; id=1", "v=STSv1; id=2"], "2 MTA-STS records"), ("bad-id", ["v=STSv1; id=1-2"], "id")):
        site.domain(name + ".test", page(policy()))
        site.dns.sts(name + ".test", *records)
        text = probe.ask("sts %s.test" % name)
        TAP.ok(text.startswith("none") and why in text and not site.web.count("mta-sts.%s.test" % name), "no policy by: " + name, text)
    site.domain("mode-none.test", page(policy("none", mx=())))
    text = probe.ask("sts mode-none.test")
    TAP.ok(text.startswith("none") and "mode none" in text, "mode none", text)
    TAP.ok(probe.ask("sts broken.test").startswith("temp 0 transient"), "DNS refuses: not known now")
    for name in ("[192.0.2.1]", "192.0.2.1", "a..b", "x/../y.test"):
        TAP.ok(probe.ask("sts " + name).startswith("none"), "no domain: " + name)


def test_changes(site, probe):
    host = "mta-sts.changes.test"
    site.domain("changes.test", page(policy()))
    TAP.ok(probe.ask("sts changes.test").startswith("policy 3600 enforce 86400 mx.good.test"), "a policy")
    site.dns.sts("changes.test")
    TAP.ok(probe.ask("sts changes.test").startswith("policy 60 enforce"), "the record vanishes: the policy stays")
    site.dns.sts("changes.test", "v=STSv1; id=1", "v=STSv1; id=2")
    TAP.ok(probe.ask("sts changes.test").startswith("policy 60 enforce"), "two records: the policy stays")
    for ident, name, answer in (("2", "404", None), ("2b", "gone", gone), ("2c", "another type", page(policy("none"), kind="text/html"))):
        site.web.pages[host] = answer
        site.dns.sts("changes.test", "v=STSv1; id=" + ident)
        n = site.web.count(host)
        text = probe.ask("sts changes.test")
        TAP.ok(text.startswith("policy 60 enforce") and site.web.count(host) == n + 1, "a new id, but no policy with it (%s): the one before stays" % name, text)
    site.web.contexts.pop(host)
    site.web.kinds[host] = "selfsigned"
    site.web.pages[host] = page(policy("none", mx=()))
    site.dns.sts("changes.test", "v=STSv1; id=evil")
    TAP.ok(probe.ask("sts changes.test").startswith("policy 60 enforce"), "mode none by somebody without a certificate: the one before stays")
    site.web.contexts.pop(host)
    site.web.kinds[host] = "valid"
    site.web.pages[host] = page(policy(mx=("other.test",)))
    site.dns.sts("changes.test", "v=STSv1; id=3")
    TAP.ok(probe.ask("sts changes.test").startswith("policy 3600 enforce 86400 other.test"), "a new id and a new policy")
    n = site.web.count(host)
    site.web.pages[host] = page(policy("none", mx=()))
    TAP.ok(probe.ask("sts changes.test").startswith("policy 60 enforce") and site.web.count(host) == n, "the same id: nothing is fetched")
    site.dns.sts("changes.test", "v=STSv1; id=4")
    TAP.ok(probe.ask("sts changes.test").startswith("none"), "mode none by the domain itself")


def test_disk(site):
    cache = os.path.join(site.folder, "sts")
    site.domain("disk.test", page(policy()))
    probe = Probe(site, cache)
    TAP.ok(probe.ask("sts disk.test").startswith("policy"), "a policy goes to disk")
    second = Probe(site, cache)
    TAP.ok(second.process.wait(SECONDS) == 1 and "another process has it" in second.said(), "one process at a time")
    probe.process.send_signal(signal.SIGKILL)
    probe.process.wait()
    site.web.pages["mta-sts.disk.test"] = gone
    site.dns.sts("disk.test")
    now = int(time.time())
    with open(cache, "a") as out:
        out.write(kept("old.test", now - DAY - 5) + kept("ahead.test", now + 10 * DAY) + kept("lost.test", now).replace("lost", "last"))
        out.write(kept("ends.test", now - DAY + 30) + kept("half.test", now)[:40])
    probe = Probe(site, cache)
    TAP.ok(probe.ask("sts disk.test").startswith("policy 60 enforce 86400 mx.good.test *.good.test"), "after kill -9, record and server gone: in force")
    TAP.ok(probe.ask("sts old.test").startswith("none"), "what has ended is not in force")
    text = probe.ask("sts ends.test")
    TAP.ok(text.startswith("policy ") and 20 <= int(text.split()[1]) <= 30, "an answer is kept no longer than its policy", text)
    TAP.ok(probe.ask("sts ahead.test").startswith("policy 60"), "fetched in the future: in force from now")
    TAP.ok(probe.ask("sts last.test").startswith("none") and "2 damaged lines are dropped" in probe.said(), "damaged lines are dropped, with a word",
           probe.said())
    probe.stop()
    with open(cache) as file:
        TAP.ok(len(file.readlines()) == 3, "and the file is whole again")
    with open(cache, "wb") as out:
        out.write(os.urandom(5000))
    probe = Probe(site, cache)
    TAP.ok(probe.ask("sts disk.test").startswith("none") and "damaged" in probe.said(), "a file of noise is dropped, with a word")
    probe.stop()
    os.unlink(cache)


def test_mute(site):
    """A DNS that says nothing at all."""
    cache = os.path.join(site.folder, "sts")
    with open(cache, "w") as out:
        out.write(kept("kept.test", int(time.time())))
    probe = Probe(site, cache)
    freeze(site.dns.process.pid)
    try:
        probe.send("sts kept.test", "sts cold.test")
        found = probe.take(2)
    finally:
        thaw(site.dns.process.pid)
    TAP.ok(found["sts kept.test"].startswith("policy 60 enforce"), "DNS says nothing: what is kept is in force", found)
    TAP.ok(found["sts cold.test"].startswith("temp 0 transient"), "DNS says nothing: nothing is known", found)
    probe.stop()
    os.unlink(cache)


def test_kill(site):
    """kill -9 while policies come in: each that was told is in force afterwards."""
    cache = os.path.join(site.folder, "sts")
    domains = ["d%d.bulk.test" % i for i in range(40)]
    for domain in domains:
        site.web.contexts["mta-sts." + domain] = site.web.wildcard
        site.web.pages["mta-sts." + domain] = page(policy())
    probe = Probe(site, cache)
    probe.send(*("sts " + d for d in domains))
    told = [q for q, a in probe.take(12).items() if a.startswith("policy")]
    probe.process.send_signal(signal.SIGKILL)
    probe.process.wait()
    site.web.pages.update(("mta-sts." + d, gone) for d in domains)
    probe = Probe(site, cache)
    probe.send(*told)
    found = probe.take(len(told))
    TAP.ok(len(told) == 12 and all(a.startswith("policy") for a in found.values()), "after kill -9 all that were told are in force", told, found)
    probe.stop()
    os.unlink(cache)


def test_refresh(site):
    """In use and half gone: fetched again without a record; not in use: not."""
    cache = os.path.join(site.folder, "sts")
    now = int(time.time())
    for name in ("used", "unused", "future"):
        site.domain(name + ".test", page(policy(mx=("new.test",))), record=None)
    with open(cache, "w") as out:
        out.write(kept("used.test", now - DAY + 1000) + kept("unused.test", now - DAY + 1000) + kept("future.test", now + 10 * DAY))
    probe = Probe(site, cache, tick=100)
    TAP.ok(probe.ask("sts used.test").startswith("policy 60 enforce 86400 mx.good.test"), "a policy that ends soon")
    wait_for(lambda: "new.test" in probe.ask("sts used.test"), "a policy in use is fetched again before it ends, without a record", SECONDS)
    probe.ask("sts future.test")
    wait_for(lambda: "new.test" in probe.ask("sts future.test"), "so is one that a clock ahead has fetched", SECONDS)
    TAP.ok(site.web.count("mta-sts.used.test") == 1 and not site.web.count("mta-sts.unused.test"), "once, and only what is in use")
    probe.stop()
    with open(cache) as file:
        TAP.ok(sum("used.test" in line for line in file) == 3, "and kept on disk")
    os.unlink(cache)


def test_full(site):
    """No room: a policy that enforces stays, and none is kept in its place."""
    cache = os.path.join(site.folder, "sts")
    now = int(time.time())
    with open(cache, "w") as out:
        for i in range(6):
            out.write(kept("trial%d.test" % i, now, "testing") + kept("strict%d.test" % i, now))
    probe = Probe(site, cache, most=4)
    answers = [probe.ask("sts strict%d.test" % i) for i in range(6)]
    TAP.ok(all(a.startswith("policy 60 enforce") for a in answers[:4]) and all(a.startswith("none") for a in answers[4:]),
           "more on disk than there is room for: those that enforce, the first of them", answers)
    TAP.ok("no room for" in probe.said(), "and a word of it", probe.said())
    n = site.web.count("mta-sts.good.test")
    for i in range(2):
        TAP.ok(probe.ask("sts good.test").startswith("policy 60 enforce") and site.web.count("mta-sts.good.test") == n + i + 1,
               "a new policy is used, and not kept")
    TAP.ok(all(probe.ask("sts strict%d.test" % i).startswith("policy 60 enforce") for i in range(4)), "nor in place of another")
    probe.stop()
    with open(cache) as file:
        TAP.ok("good.test" not in [line.split()[1] for line in file], "nor on disk")
    os.unlink(cache)


def test_flood(site):
    """Many domains whose policies cannot be had keep no other out."""
    probe = Probe(site, most=4)
    said = []
    for i in range(12):
        site.dns.sts("flood%d.test" % i, "v=STSv1; id=1")
        said.append(probe.ask("sts flood%d.test" % i))
    TAP.ok(all("cannot be had" in text for text in said), "more domains that fail than there is room for: each is asked about", said)
    text = probe.ask("sts good.test")
    TAP.ok(text.startswith("policy"), "and then one that has a policy", text)
    probe.stop()


def test_stop(site):
    """The end comes while much is under way, some of it waiting for its turn: all who ask are told."""
    probe = Probe(site)
    questions = ["sts slow.test"] + ["wkd j%d@hangs.test" % i for i in range(50)] + ["ocsp https://openpgpkey.hangs.test:%d/ MAMCAQA=" % site.web.port]
    site.dns.host("openpgpkey.hangs.test")
    site.web.pages["openpgpkey.hangs.test"] = slow
    probe.send(*questions)
    wait_for(lambda: site.web.count("openpgpkey.hangs.test"), "the server is asked", SECONDS)
    TAP.ok(site.web.count("openpgpkey.hangs.test") <= 4, "a host has few connections at a time")
    status = probe.stop()
    found = probe.take(len(questions))
    TAP.ok(status == 0 and all("stopping" in text for text in found.values()), "at the end all who ask are told", status, found)


def test_daemon(site):
    """milward-lookup itself, by its socket."""
    folder = os.path.join(site.folder, "daemon")
    os.makedirs(os.path.join(folder, "log"))
    large = b"\x99" + os.urandom(262143)
    site.dns.host("openpgpkey.daemon.test", "mta-sts.daemon.test")
    site.dns.say("daemon.test. 0 IN MX 10 mx.daemon.test.", "daemon.test. 0 IN MX 20 a.b.daemon.test.")
    site.dns.sts("daemon.test", "v=STSv1; id=1")
    site.web.pages["openpgpkey.daemon.test"] = page(large)
    site.web.pages["mta-sts.daemon.test"] = page(policy(mx=("*.daemon.test",)))
    daemon = Lookup(folder, ['resolvers "127.0.0.1@%d"' % site.dns.port, 'trust-anchor "%s"' % site.anchor, 'ca-file "%s"' % site.ca.path,
                             "https-port %d" % site.web.port, "private-hosts yes"], build=BUILD).start()
    try:
        TAP.ok(daemon.ask("wkd j@daemon.test") == "OK " + base64.b64encode(large).decode(), "the daemon: keys as large as they may be")
        TAP.ok(daemon.ask("wkd j@plain.test").startswith("NOTFOUND"), "the daemon: no keys")
        site.web.pages["openpgpkey.daemon.test"] = lambda r: r.answer(200, b"0\x03\x0a\x01\x06", "application/ocsp-response")
        text = daemon.ask("ocsp https://openpgpkey.daemon.test:%d/ %s" % (site.web.port, base64.b64encode(b"0" * 8000).decode()))
        TAP.equal(text, "OK MAMKAQY=", "the daemon: an OCSP response, for a request as large as it may be")
        TAP.ok(daemon.ask("ocsp http://openpgpkey.daemon.test/").startswith("PERM"), "the daemon: no request")
        wanted = "OK secure match=mx.daemon.test servername=hostname protocols=>=TLSv1.2"
        TAP.equal(daemon.ask("tls daemon.test"), wanted, "the daemon: a policy in Postfix's words, a star is one label")
        daemon.kill()
        site.dns.sts("daemon.test")
        site.web.pages["mta-sts.daemon.test"] = gone
        daemon.start()
        TAP.equal(daemon.ask("tls daemon.test"), wanted, "the daemon: after kill -9, record and server gone: the same")
        site.dns.host("mta-sts.down.test")
        site.dns.say("down.test. 0 IN MX 10 mx.daemon.test.")
        site.dns.sts("down.test", "v=STSv1; id=1")
        site.web.pages["mta-sts.down.test"] = page(b"", 503)
        TAP.ok(daemon.ask("verdict down.test").startswith("TEMP why=") and daemon.ask("tls down.test").startswith("NOTFOUND"),
               "the daemon: an outage at first contact: not known, and nothing to keep for Postfix")
        site.web.pages["mta-sts.down.test"] = page(b"", 404)
        site.dns.sts("down.test", "v=STSv1; id=2")
        TAP.ok(daemon.ask("verdict down.test").startswith("OK none ttl="), "the daemon: no policy where the record says there is one: none")
    finally:
        daemon.stop()
        if TAP.failed:
            daemon.tell()


def test_public(site):
    probe = Probe(site, public=True)
    n = len(site.web.seen)
    text = probe.ask("sts good.test")
    TAP.ok(text.startswith("unfetched") and "not public" in text, "loopback by DNS is not asked", text)
    text = probe.ask("wkd joe@good.test")
    TAP.ok(text.startswith("NOTFOUND"), "nor for keys", text)
    for url in ("http://127.0.0.1:%d/" % site.web.port, "http://[::1]:%d/" % site.web.port, "http://2130706433:%d/" % site.web.port,
                "http://[::ffff:127.0.0.1]:%d/" % site.web.port, "http://localhost:%d/" % site.web.port):
        text = probe.ask("ocsp %s MAMCAQA=" % url)
        TAP.ok(text.startswith("TEMP") or text.startswith("PERM"), "nor " + url, text)
    TAP.ok(len(site.web.seen) == n, "nothing was asked of it", site.web.seen[n:])
    probe.stop()


# ---- Web Key Directory ---------------------------------------------------------------------------------------------------------------

HASH = "iy9q119eutrkn8s1mk4r39qejnbu3n5q"  # of joe.doe


def test_wkd(site, probe):
    key = b"\x99" + os.urandom(2000)
    site.dns.host("openpgpkey.keys.test", "keys.test", "direct.test")
    kinds = {"type": "application/octet-stream"}
    site.web.pages["openpgpkey.keys.test"] = lambda r: (
        r.answer(200, key, kinds["type"]) if "/hu/" + HASH in r.path else r.answer(404, b"no"))
    text = probe.ask("wkd Joe.Doe@Keys.TEST")
    TAP.equal(text, "OK " + base64.b64encode(key).decode(), "the advanced method")
    TAP.ok("openpgpkey.keys.test /.well-known/openpgpkey/keys.test/hu/%s?l=Joe.Doe" % HASH in site.web.seen, "its path", site.web.seen[-3:])
    n = len(site.web.seen)
    TAP.ok(probe.ask("wkd Joe.Doe@keys.test").startswith("OK ") and len(site.web.seen) == n, "kept")
    site.web.pages["keys.test"] = page(key)
    text = probe.ask("wkd jane@keys.test")
    TAP.ok(text.startswith("NOTFOUND") and "404" in text and not site.web.count("keys.test"), "404 there: no other method is tried", text)
    n = len(site.web.seen)
    TAP.ok(probe.ask("wkd jane@keys.test").startswith("NOTFOUND") and len(site.web.seen) == n, "that there is none is kept")
    large = b"\x99" + os.urandom(250000)
    site.web.pages["direct.test"] = lambda r: r.answer(200, large)
    text = probe.ask("wkd joe.doe+a%%20b/c@direct.test")
    TAP.ok(text == "OK " + base64.b64encode(large).decode(), "the direct method, a large key", text[:80])
    TAP.ok(site.web.seen[-1].startswith("direct.test /.well-known/openpgpkey/hu/") and site.web.seen[-1].endswith("?l=joe.doe%2Ba%25%2520b%2Fc"), "its path",
           site.web.seen[-1])
    for name, body in (("too large", b"\x99" * 300000), ("a page", b"<html>"), ("armour", b"-----BEGIN PGP"), ("nothing", b"")):
        site.web.pages["direct.test"] = page(body)
        text = probe.ask("wkd %s@direct.test" % name.replace(" ", "."))
        TAP.ok(text.startswith("NOTFOUND"), "no key: " + name, text)
    site.web.pages["direct.test"] = page(b"", 302, Location="https://keys.test/")
    TAP.ok(probe.ask("wkd redirect@direct.test").startswith("NOTFOUND") and not site.web.count("keys.test"), "redirects are not followed")
    site.web.pages["direct.test"] = page(b"", 500)
    TAP.ok(probe.ask("wkd error@direct.test").startswith("TEMP"), "an error of the server")
    TAP.ok(probe.ask("wkd joe@nowhere.test").startswith("NOTFOUND"), "a domain without any")
    TAP.ok(probe.ask("wkd joe@broken.test").startswith("TEMP"), "DNS refuses")
    for address in ("joe", "@keys.test", "joe@", "joe@[127.0.0.1]", '"joe"@keys.test', "a b@keys.test", "x" * 65 + "@keys.test", "j@o@keys.test"):
        TAP.ok(probe.ask("wkd " + address).startswith("NOTFOUND"), "no address: " + address[:20])


# ---- OCSP ----------------------------------------------------------------------------------------------------------------------------

def openssl(*words, **more):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, **more)
    if done.returncode:
        note(done.stderr)
    return done.stdout + done.stderr


def test_ocsp(site, probe):
    folder = os.path.join(site.folder, "ocsp")
    os.makedirs(folder)
    path = lambda name: os.path.join(folder, name)  # noqa: E731
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path("ca.key"), "-out", path("ca.pem"),
            "-subj", "/CN=Responder", "-days", "2")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path("a.key"), "-out", path("a.csr"), "-subj", "/CN=a")
    openssl("x509", "-req", "-in", path("a.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-set_serial", "0x1000", "-days", "1", "-out", path("a.pem"))
    with open(path("index"), "w") as out:
        out.write("V\t491231235959Z\t\t1000\tunknown\t/CN=a\n")
    port = free_port()
    log = open(path("log"), "wb")
    responder = subprocess.Popen(["openssl", "ocsp", "-index", path("index"), "-port", str(port), "-rsigner", path("ca.pem"), "-rkey", path("ca.key"), "-CA",
                                  path("ca.pem"), "-nmin", "5"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        openssl("ocsp", "-issuer", path("ca.pem"), "-cert", path("a.pem"), "-reqout", path("request"))
        with open(path("request"), "rb") as file:
            der = base64.b64encode(file.read()).decode()
        question = "ocsp http://127.0.0.1:%d/x %s" % (port, der)
        text = wait_for(lambda: (lambda t: t if not t.startswith("TEMP") else None)(probe.ask(question)), "the responder answers", SECONDS)
        TAP.ok(text.startswith("OK "), "a response by http", text)
        with open(path("response"), "wb") as out:
            out.write(base64.b64decode(text[3:]))
        said = openssl("ocsp", "-issuer", path("ca.pem"), "-cert", path("a.pem"), "-reqin", path("request"), "-no_nonce", "-respin",
                       path("response"), "-CAfile", path("ca.pem"))
        TAP.ok("a.pem: good" in said and "verify OK" in said, "which openssl takes: its nonce is that of the request", said)
    finally:
        responder.terminate()
        responder.wait()
    site.dns.host("pages.test", "missing.test")
    site.web.pages["pages.test"] = page(b"0\x03\x0a\x01\x00")
    for url, why in (("http://127.0.0.1:%d/" % port, "connect"), ("http://nowhere.test/", "no address"), ("https://missing.test:%d/" % site.web.port, "404"),
                     ("https://pages.test:%d/" % site.web.port, "media type")):
        text = probe.ask("ocsp %s %s" % (url, der))
        TAP.ok(text.startswith("TEMP") and why in text, "no response: " + why, text)
    for size, wanted in ((65536, "OK"), (65537, "TEMP")):
        site.web.pages["pages.test"] = page(b"0" * size, kind="application/ocsp-response")
        TAP.ok(probe.ask("ocsp https://pages.test:%d/ %s" % (site.web.port, der)).startswith(wanted), "a response of %d octets: %s" % (size, wanted))
    for key in ("ftp://pages.test/ MAMCAQA=", "file:///etc/passwd MAMCAQA=", "http://pages.test:25/ MAMCAQA=", "http://u:p@pages.test/ MAMCAQA=",
                "http://pages.test/ no-base64", "http://pages.test/", "http://pages.test/ " + "A" * 12000, "MAMCAQA="):
        text = probe.ask("ocsp " + key)
        TAP.ok(text.startswith("PERM"), "not asked: " + key[:40], text)


def main():
    for program in ("unbound", "unbound-control", "openssl"):
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            skip_all("no " + program)
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program in (PROBE, os.path.join(BUILD, "milward-lookup")):
        if not os.path.exists(program):
            skip_all("%s is not built" % program)
    folder = tempfile.mkdtemp(prefix="milward-web.")
    site = None
    try:
        site = Site(folder)
        site.web.wildcard = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        site.web.wildcard.load_cert_chain(site.ca.bulk("bulk", ["mta-sts.d%d.bulk.test" % i for i in range(40)]))
        probe = Probe(site)
        test_good(site, probe)
        test_bad(site, probe)
        test_none(site, probe)
        test_changes(site, probe)
        test_wkd(site, probe)
        test_ocsp(site, probe)
        TAP.equal(probe.stop(), 0, "the probe ends well")
        test_disk(site)
        test_mute(site)
        test_kill(site)
        test_refresh(site)
        test_full(site)
        test_flood(site)
        test_stop(site)
        test_public(site)
        test_daemon(site)
    finally:
        if site:
            site.close()
        shutil.rmtree(folder)
    return TAP.end()


sys.exit(main())
