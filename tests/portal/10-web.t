#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milward-portal by HTTP: from the link to a session with real mail through Postfix, and everybody who is up to something else."""
import email
import email.policy
import http.client
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "mta"))
import lab  # noqa: E402
from lab.milward import Milward  # noqa: E402

BUILD = os.environ.get("MILWARD_BUILD") or os.path.normpath(os.path.join(HERE, "../../build-tests/gcc"))
STOW = os.path.join(BUILD, "tests", "portal", "stow")
ORIGIN = "https://pickup.clinic.test"
TEXT = "Your potassium is 4.1 mmol/l. Zebrafinch."
POLICY = """load portal grant keys, store { store "%(folder)s/portal"; keys "%(folder)s/portal.keys"; url "%(origin)s"; site "%(site)s"
	from "portal@clinic.test"; listen "unix:%(socket)s"; reentry "inet:10533@127.0.0.1"; templates "%(folder)s/templates"
	header-time 2 seconds; body-time 3 seconds; per-client 8; hsts 365 days; remind 0 seconds; drain 20 seconds }
match any then pass
"""
STRICT = {
    "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff", "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin", "cross-origin-embedder-policy": "require-corp",
    "strict-transport-security": "max-age=31536000; includeSubDomains", "x-robots-tag": "noindex, nofollow, noarchive"}


class Answer:
    def __init__(self, response, body):
        self.status, self.body = response.status, body.decode("utf-8", "replace")
        self.fields = [(name.lower(), value) for name, value in response.getheaders()]
        self.head = dict(self.fields)

    @property
    def same(self):
        """What somebody outside can tell answers apart by."""
        return self.status, [f for f in self.fields if f[0] != "date"], self.body

    @property
    def csrf(self):
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.body)
        return found.group(1) if found else ""

    @property
    def title(self):
        return re.search(r"<h1>(.*?)</h1>", self.body).group(1)


class Unix(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("pickup.clinic.test", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Portal(Milward):
    """milward-portal with a store that no MTA has filled."""

    def __init__(self, site, origin=ORIGIN):
        self.folder, self.socket = site.folder, os.path.join(site.folder, "portal.sock")
        os.mkdir(os.path.join(self.folder, "portal"))
        os.makedirs(os.path.join(self.folder, "templates", "en"))
        super().__init__(site.folder, site.prefix, self.write(origin=origin), "portal")
        self.program = os.path.join(site.prefix, "sbin", "milward-portal")
        self.arguments = ["-p", self.policy]
        with open(os.path.join(self.folder, "text"), "w") as out:
            out.write(TEXT + "\n")
        self.store = os.path.join(self.folder, "portal")

    def write(self, name="Riverside Clinic", origin=ORIGIN):
        path = os.path.join(self.folder, "portal.policy")
        with open(path, "w") as out:
            out.write(POLICY.replace("match any then pass\n", "") % {"folder": self.folder, "socket": self.socket, "origin": origin, "site": name})
        return path

    def stow(self, to, *more):
        """A message; its link."""
        done = subprocess.run([STOW, self.store, self.store + ".keys", "to=" + to, "text=" + os.path.join(self.folder, "text"), *more],
                              capture_output=True, text=True, check=True)
        return done.stdout.split()[0]

    def ask(self, method, path, form=None, timeout=60, **fields):
        head = {name.replace("_", "-"): value for name, value in fields.items()}
        body = None
        if form is not None:
            body = form if isinstance(form, (str, bytes)) else urllib.parse.urlencode(form)
            head.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection = Unix(self.socket, timeout)
        try:
            try:
                connection.request(method, path, body, head)
            except BrokenPipeError:  # it was told before all was sent
                pass
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, **fields):
        return self.ask("GET", path, **fields)

    def press(self, link, **fields):
        """The button of the link's page."""
        return self.ask("POST", "/m/" + link, {"csrf": self.get("/m/" + link).csrf}, **fields)

    def row(self, link):
        with sqlite3.connect("file:%s/pickup.db?mode=ro" % self.store, uri=True) as db:
            names = "state, reads, failures, locked_until, mails, first_read"
            found = db.execute("SELECT %s FROM message WHERE hex(id) = ?" % names, (ident(link),)).fetchone()
        return dict(zip(names.split(", "), found))

    def change(self, link, what):
        with sqlite3.connect(self.store + "/pickup.db", timeout=30) as db:
            db.execute("UPDATE message SET %s WHERE hex(id) = ?" % what, (ident(link),))


def ident(link):
    import base64
    return base64.urlsafe_b64decode(link[:16]).hex().upper()


def mails(site, to):
    return [c for c in site.sinks["plain"].copies if to in c.to]


def code_of(copy):
    text = email.message_from_bytes(copy.data, policy=email.policy.SMTP).get_content()
    return "".join(re.search(r"^(\d{4}) ?(\d{4})\r?$", text, re.M).groups())


def code(site, to, before=0):
    """The code in the first mail behind so many."""
    lab.wait_for(lambda: len(mails(site, to)) > before, "a code for %s" % to, 30)
    return code_of(mails(site, to)[before])


def sign_in(site, portal, link, to):
    """The cookie that a person gets."""
    before = len(mails(site, to))
    page = portal.press(link)
    answer = portal.ask("POST", "/m/%s/code" % link, {"csrf": page.csrf, "code": code(site, to, before)})
    assert answer.status == 303, (answer.status, answer.body)
    return answer.head["set-cookie"].split(";")[0]


# ---- the way in

def way_in(site, portal):
    tap, to = site.tap, "alice@plain.test"
    link = portal.stow(to, "subject=Results")
    page = portal.get("/m/" + link)
    tap.equal((page.status, page.title), (200, "A secure message is waiting for you"), "the link shows a button")
    tap.equal({name: page.head.get(name) for name in STRICT}, STRICT, "with strict header fields")
    csp = page.head["content-security-policy"]
    tap.ok(csp.startswith("default-src 'none'") and "unsafe" not in csp and "frame-ancestors 'none'" in csp and "base-uri 'none'" in csp, "and a strict policy of content", csp)
    tap.ok("set-cookie" not in page.head and "server" not in page.head and "milward" not in page.body.lower(), "no cookie, no name, no version")
    head = portal.ask("HEAD", "/m/" + link)
    tap.equal(([f for f in head.fields if f[0] != "date"], head.body), ([f for f in page.fields if f[0] != "date"], ""), "HEAD is GET without its page")
    page = portal.press(link, Origin=ORIGIN, Sec_Fetch_Site="same-origin")
    tap.equal((page.status, page.title), (200, "Please show that it is you"), "the button asks for a code")
    digits = code(site, to)
    copy = mails(site, to)[0]
    mail = email.message_from_bytes(copy.data, policy=email.policy.SMTP)
    tap.ok(copy.mail.startswith("<portal@clinic.test>") and "NOTIFY=NEVER" in copy.rcpts[0], "which comes by mail, and bounces to nobody", copy.mail, copy.rcpts)
    tap.equal((mail["To"], mail["Auto-Submitted"], "portal@clinic.test" in mail["From"], link in copy.data.decode(), "Results" in copy.data.decode()),
              (to, "auto-generated", True, False, False), "for the recipient, without link and Subject")
    wrong = portal.ask("POST", "/m/%s/code" % link, {"csrf": page.csrf, "code": "%08d" % ((int(digits) + 1) % 10**8)})
    tap.ok(wrong.status == 403 and "That was not right" in wrong.body and "set-cookie" not in wrong.head, "a wrong code opens nothing", wrong.body)
    answer = portal.ask("POST", "/m/%s/code" % link, {"csrf": wrong.csrf, "code": " %s-%s " % (digits[:4], digits[4:])})
    tap.equal((answer.status, answer.head.get("location")), (303, "/read/" + link[:16]), "the right one does, written as in the mail")
    cookie = answer.head.get("set-cookie", "")
    tap.ok(re.fullmatch(r"__Secure-mw-%s=[0-9a-f]{64}; Path=/read/%s; Secure; HttpOnly; SameSite=Strict" % (link[:16], link[:16]), cookie), "a session, by a strict cookie", cookie)
    again = portal.ask("POST", "/m/%s/code" % link, {"csrf": wrong.csrf, "code": digits})
    tap.equal(again.status, 403, "a code opens once")
    tap.equal(portal.row(link)["first_read"], 0, "nothing is read yet")
    inside(site, portal, link, cookie.split(";")[0])
    with open("/proc/%d/status" % portal.process.pid) as status:
        tap.ok(re.search(r"^NoNewPrivs:\s*1\nSeccomp:\s*2$", status.read(), re.M), "it has locked itself down")
    tap.ok(digits not in portal.log() and digits not in site.postfix.log() and link[16:] not in portal.log(), "neither code nor secret is in a log")
    tap.ok(digits.encode() not in stored(portal) and TEXT.encode() not in stored(portal) and link[16:].encode() not in stored(portal), "nor in the store")


def stored(portal):
    octets = b""
    for folder, _, names in os.walk(portal.store):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                octets += file.read()
    return octets


def inside(site, portal, link, cookie):
    tap = site.tap
    read = "/read/" + link[:16]
    message = portal.get(read, Cookie=cookie)
    tap.ok(message.status == 200 and "Zebrafinch" in message.body, "who has the session reads", message.status)
    tap.ok(portal.row(link)["first_read"] > 0 and portal.row(link)["reads"] == 1, "and then it was read", portal.row(link))
    other = portal.stow("other@plain.test")
    strangers = [portal.get(read), portal.get(read, Cookie=cookie.replace("=", "=0")[:-1]), portal.get(read, Cookie=cookie + "; " + cookie),
                 portal.get("/read/" + other[:16], Cookie=cookie), portal.get("/read/" + other[:16], Cookie=cookie.replace(link[:16], other[:16]))]
    tap.equal([(a.status, "Zebrafinch" in a.body) for a in strangers], [(403, False)] * 5, "nobody else does, and no other message")
    tap.equal(portal.ask("POST", read + "/leave", {"csrf": "0" * 32}, Cookie=cookie).status, 403, "another site cannot sign out")
    csrf = re.search(r'name="csrf" value="([0-9a-f]{32})"', message.body).group(1)
    left = portal.ask("POST", read + "/leave", {"csrf": csrf}, Cookie=cookie)
    tap.ok(left.status == 200 and "Max-Age=0" in left.head.get("set-cookie", ""), "signing out takes the cookie away", left.fields)
    tap.equal(portal.get(read, Cookie=cookie).status, 403, "and the session")


def passphrases(site, portal):
    tap = site.tap
    link = portal.stow("paula@plain.test", "proof=passphrase", "passphrase=blue heron at dusk")
    page = portal.press(link)
    tap.ok("passphrase" in page.body and 'name="code"' not in page.body, "a passphrase is asked for, and no code")
    tap.equal([portal.ask("POST", "/m/%s/code" % link, {"csrf": page.csrf, "passphrase": p}).status for p in ("", "blue heron", "blue heron at dusk")], [403, 403, 303], "and opens")
    to = "peter@plain.test"
    link = portal.stow(to, "proof=both", "passphrase=a wet stone")
    page = portal.press(link)
    digits = code(site, to)
    tries = ({"code": digits}, {"passphrase": "a wet stone"}, {"code": digits, "passphrase": "a wet stone"})
    tap.equal([portal.ask("POST", "/m/%s/code" % link, dict(t, csrf=page.csrf)).status for t in tries], [403, 403, 303], "or both together")
    tap.equal(mails(site, "paula@plain.test"), [], "no code went where none was asked for")


# ---- those who are up to something

def scanners(site, portal):
    """A program that follows every link and sends every form."""
    tap, to = site.tap, "scan@plain.test"
    link = portal.stow(to)
    seen = set()
    for _ in range(50):
        for method in ("GET", "HEAD"):
            for path in ("/m/" + link, "/m/%s/code" % link, "/read/" + link[:16], "/style.css", "/logo", "/robots.txt"):
                seen.add((path.split("/")[1], portal.ask(method, path).status))
    tap.equal(seen, {("m", 200), ("read", 403), ("style.css", 200), ("logo", 200), ("robots.txt", 200)}, "50 times each link by GET and HEAD")
    row = portal.row(link)
    tap.equal((row["state"], row["reads"], row["mails"], row["failures"]), (2, 0, 0, 0), "reads nothing, sends nothing, counts nothing")
    site.postfix.settle()
    tap.equal(mails(site, to), [], "no mail")
    bad = [portal.ask("POST", "/m/" + link, {}), portal.ask("POST", "/m/" + link, {"csrf": "0" * 48}),
           portal.ask("POST", "/m/" + link, {"csrf": portal.get("/m/" + portal.stow("x@plain.test")).csrf}),
           portal.press(link, Origin="https://evil.example"), portal.press(link, Sec_Fetch_Site="cross-site"), portal.press(link, Sec_Fetch_Site="same-site")]
    tap.equal({(a.status, a.title) for a in bad}, {(403, "Please open the link again")}, "forms that are not of our page do nothing")
    last = None
    for _ in range(50):
        last = portal.press(link)
        empty = portal.ask("POST", "/m/%s/code" % link, {"csrf": last.csrf, "code": ""})
        assert empty.status == 403, empty.body
    tap.ok(last.status == 200 and "cannot send more codes" in last.body, "50 times the form: in the end no more codes", last.status)
    site.postfix.settle()
    tap.equal(len(mails(site, to)), 3, "3 mails in an hour")
    newest = {code_of(c) for c in mails(site, to)}
    tap.equal((len(newest), portal.row(link)["failures"]), (3, 0), "each with a code of its own; forms without a code are no tries")
    # Mails overtake each other.
    tries = [portal.ask("POST", "/m/%s/code" % link, {"csrf": last.csrf, "code": c}).status for c in sorted(newest)]
    tap.equal((sorted(tries), portal.row(link)["state"]), ([303, 403, 403], 2), "and the person still comes in, by the newest: the message is as unread as before")


def guessing(site, portal):
    tap, to = site.tap, "grace@plain.test"
    link = portal.stow(to)
    page = portal.press(link)
    digits = code(site, to)
    tries = [portal.ask("POST", "/m/%s/code" % link, {"csrf": page.csrf, "code": "%08d" % n}).status for n in range(5)]
    tap.equal(tries, [403] * 5, "five wrong codes")
    nowhere = portal.get("/m/" + "A" * 43)
    locked = [portal.get("/m/" + link), portal.ask("POST", "/m/%s/code" % link, {"csrf": page.csrf, "code": digits}), portal.ask("POST", "/m/" + link, {"csrf": page.csrf})]
    tap.ok(portal.row(link)["locked_until"] > time.time(), "lock the message", portal.row(link))
    tap.equal([a.same == nowhere.same for a in locked], [True] * 3, "which looks like one that never was, to the right code too")
    return link, page.csrf, digits


def indistinguishable(site, portal, locked):
    """Unknown, wrong secret, recalled, locked: the same octets, and about the same time."""
    tap = site.tap
    good, recalled = portal.stow("ivy@plain.test"), portal.stow("ivy@plain.test")
    portal.change(recalled, "state = 5, ended = %d" % time.time())
    wrong = good[:-1] + ("A" if good[-2] != "A" else "E")
    wrong = good[:20] + ("AAAA" if good[20:24] != "AAAA" else "BBBB") + good[24:]
    paths = {"unknown": "A" * 43, "wrong": wrong, "recalled": recalled, "locked": locked}
    answers = {name: portal.get("/m/" + link) for name, link in paths.items()}
    tap.equal({name for name, a in answers.items() if a.same == answers["unknown"].same}, set(paths), "unknown, wrong, recalled and locked are the same answer")
    tap.equal(answers["unknown"].status, 404, "404")
    best = dict.fromkeys(paths, 9.0)
    connection = Unix(portal.socket)
    for _ in range(150):
        for name, link in paths.items():
            begin = time.perf_counter()
            connection.request("GET", "/m/" + link)
            connection.getresponse().read()
            best[name] = min(best[name], time.perf_counter() - begin)
    connection.close()
    tap.ok(max(best.values()) < 2 * min(best.values()), "and take about as long", best)
    expired = portal.stow("ivy@plain.test", "expires=1")
    lab.wait_for(lambda: portal.get("/m/" + expired).status == 410, "it expires", 15)
    tap.equal(portal.get("/m/" + expired).title, "This message is no longer here", "one that has expired says so, to whom has the link")


def nonsense(site, portal):
    """Wrong paths, methods, forms and header fields."""
    tap = site.tap
    link = portal.stow("nora@plain.test")
    page = portal.get("/m/" + link)
    paths = ["/", "//", "/m", "/m/", "/m/" + link + "/", "/m/" + link[:-1], "/m/" + link + "A", "/m/..", "/../../etc/passwd", "/m/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
             "/style.css/../../../etc/passwd", "/style.css%00.png", "/m/%00", "/m/" + "A" * 400, "/m/" + "A" * 4000, "/read/../m/" + link, "/logo/../portal.keys", "/en/code.txt",
             "/code.txt", "/\\..\\..\\etc\\passwd", "/m/" + link.replace(link[0], "%%%02x" % ord(link[0]), 1), "/read/" + "A" * 16 + "/part/../../x", "/read/x/part/1"]
    answers = [(p, portal.get(p)) for p in paths]
    tap.equal([(p, a.status) for p, a in answers if a.status not in (404, 403) or "root:" in a.body or "{{" in a.body], [], "paths that lead nowhere")
    tap.equal([(p, a.fields) for p, a in answers if a.head.get("cache-control") != "no-store" or "content-security-policy" not in a.head], [], "with strict header fields all the same")
    methods = {m: portal.ask(m, "/m/" + link) for m in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "X" * 40)}
    tap.equal({(a.status, a.head.get("allow")) for a in methods.values()}, {(405, "GET, HEAD, POST")}, "methods that there are not")
    tap.equal(portal.ask("POST", "/style.css", "x=y").status, 405, "nor for what is only to be seen")
    for name, form in (("a form that is too large", {"csrf": page.csrf, "code": "1" * 20000}), ("a field too many", "&".join("a%d=b" % n for n in range(40))),
                       ("a field twice", "csrf=%s&csrf=%s" % (page.csrf, page.csrf)), ("half an escape", "csrf=%4"), ("zeroes", b"csrf=%00%00&code=%00"),
                       ("octets", bytes(range(256)))):
        answer = portal.ask("POST", "/m/%s/code" % link, form)
        tap.ok(answer.status in (400, 403, 413) and "set-cookie" not in answer.head, "%s is refused" % name, answer.status)
    tap.equal(portal.ask("POST", "/m/" + link, '{"csrf": "%s"}' % page.csrf, Content_Type="application/json").status, 400, "and what is no form")
    injected = "1\r\nSet-Cookie: evil=1\r\n\r\n<b>evil"
    answers = [portal.ask("POST", "/m/%s/code" % link, {"csrf": page.csrf, "code": injected, "passphrase": injected}),
               portal.ask("POST", "/m/" + link, {"csrf": injected}), portal.get("/m/" + urllib.parse.quote(injected)), portal.get("/m/%s?%s" % (link, urllib.parse.quote(injected))),
               portal.get("/m/" + link, Accept_Language="en;q=%0d%0aX: y, <b>", Cookie='a="<b>"; b', X_Forwarded_For="1.2.3.4\t<b>", Origin="<b>")]
    tap.ok(all("evil" not in str(a.fields) and "evil" not in a.body and "<b>" not in a.body for a in answers), "line ends in fields end no line", [a.fields for a in answers])
    tap.ok(not re.search(r"^(Set-Cookie|<b>)", portal.log(), re.M), "nor in the log")
    answer = portal.get("/m/" + link, X_Long="y" * 20000)
    tap.equal((answer.status, "content-security-policy" in answer.head), (431, True), "a header that is too large")
    for raw in (b"GARBAGE\r\n\r\n", b"GET /m/x HTTP/9.9\r\n\r\n", b"\0" * 1000, b"GET " + b"A" * 100000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
                b"POST /m/%s HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n" % link.encode(), b"POST /m/%s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n" % link.encode(),
                b"POST /m/%s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % link.encode() + b"4000\r\n" + b"a" * 0x4000 + b"\r\n4000\r\n" + b"a" * 0x4000 + b"\r\n" * 2):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(30)
            sock.connect(portal.socket)
            try:
                sock.sendall(raw)
                sock.shutdown(socket.SHUT_WR)
                got = b"".join(iter(lambda: sock.recv(65536), b""))
            except OSError:
                got = b""
            if b" 200 " in got[:20] or b"ibmicrohttpd" in got or b"milward" in got.lower():
                tap.ok(False, "no HTTP", raw[:60], got[:300])
    tap.equal(portal.get("/m/" + link).status, 200, "what is no HTTP at all hurts nobody")


def slow(site, portal):
    """Those who send an octet now and then are cut; others are served meanwhile. Requests of one address are counted."""
    tap = site.tap
    link = portal.stow("sam@plain.test")
    head = b"POST /m/%s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.%d\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n"
    ends = {}

    def dribble(name, first):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(portal.socket)
            begin = time.monotonic()
            try:
                sock.sendall(first)
                while time.monotonic() - begin < 30:
                    sock.sendall(b"a")
                    time.sleep(0.2)
                    sock.setblocking(False)
                    try:
                        if sock.recv(4096) == b"":
                            break
                    except BlockingIOError:
                        pass
                    sock.setblocking(True)
            except OSError:
                pass
            ends[name] = time.monotonic() - begin

    threads = [threading.Thread(target=dribble, args=("header %d" % n, b"GET /m/%s HTTP/1.1\r\nX-A: " % link.encode())) for n in range(10)]
    threads += [threading.Thread(target=dribble, args=("body %d" % n, head % (link.encode(), n))) for n in range(10)]
    threads += [threading.Thread(target=dribble, args=("line %d" % n, b"GE")) for n in range(10)]
    for thread in threads:
        thread.start()
    begin = time.monotonic()
    served = [portal.get("/m/" + link, timeout=30).status for _ in range(20)]
    tap.ok(served == [200] * 20 and time.monotonic() - begin < 5, "30 slow clients keep nobody out", served, time.monotonic() - begin)
    held = []
    for n in range(9):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(30)
        sock.connect(portal.socket)
        sock.sendall(head % (link.encode(), 77))
        held.append(sock)
    lab.wait_for(lambda: "192.0.2.77 has too many" in portal.log(), "the ninth request of an address", 20)
    said = []
    for sock in held:
        sock.setblocking(False)
        try:
            said.append(sock.recv(20).split()[1])
        except BlockingIOError:
            pass
    tap.equal((said, portal.get("/m/" + link, X_Forwarded_For="192.0.2.77, 192.0.2.78").status, portal.get("/m/" + link, X_Forwarded_For="192.0.2.78, 192.0.2.77").status),
              ([b"429"], 200, 429), "an address has so many requests at a time, as the proxy tells it last")
    for sock in held:
        sock.close()
    for thread in threads:
        thread.join(60)
    tap.ok(len(ends) == 30 and max(ends.values()) < 15, "the slow are cut, whatever they send", ends)
    tap.equal(portal.get("/m/" + link, X_Forwarded_For="192.0.2.77").status, 200, "who has gone counts no longer")


# ---- a day of its life

def many(site, portal):
    """100 readers at a time."""
    tap, to = site.tap, "many@plain.test"
    link = portal.stow(to)
    cookie = sign_in(site, portal, link, to)
    good, begin = [], time.monotonic()

    def read():
        try:
            for _ in range(5):
                good.append(portal.get("/m/" + link).status == 200 and "Zebrafinch" in portal.get("/read/" + link[:16], Cookie=cookie).body)
        except OSError as e:
            good.append(e)

    threads = [threading.Thread(target=read) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    tap.equal(good, [True] * 500, "100 readers at a time get all that they ask for")
    lab.note("1000 pages in %.1f s" % (time.monotonic() - begin))
    return link, cookie


def crashes(site, portal, locked):
    """kill -9, and what is left."""
    tap, to = site.tap, "carla@plain.test"
    link, csrf, digits = locked
    mine, cookie = many(site, portal)
    fresh = portal.stow(to)
    page = portal.press(fresh)
    digits_of_fresh = code(site, to)
    threads = [threading.Thread(target=lambda: attempt(portal, fresh), daemon=True) for _ in range(20)]
    for thread in threads:
        thread.start()
    portal.kill()
    for thread in threads:
        thread.join(60)
    portal.start()
    tap.equal(portal.get("/m/" + link).same, portal.get("/m/" + "A" * 43).same, "killed and started again: what was locked is locked")
    tap.equal(portal.get("/read/" + mine[:16], Cookie=cookie).status, 403, "nobody is signed in")
    tap.equal(portal.ask("POST", "/m/%s/code" % link, {"csrf": csrf, "code": digits}).status, 403, "forms of before are too old")
    page = portal.get("/m/" + fresh)
    answer = portal.ask("POST", "/m/%s/code" % fresh, {"csrf": page.csrf, "code": digits_of_fresh})
    tap.equal((page.status, answer.status), (200, 303), "a code of before still opens, and nothing is lost")


def attempt(portal, link):
    try:
        portal.get("/m/" + link)
    except OSError:
        pass
    except http.client.HTTPException:
        pass


def no_mta(site, portal):
    tap, to = site.tap, "mona@plain.test"
    link = portal.stow(to)
    site.postfix.stop()
    answers = [portal.press(link) for _ in range(4)]
    tap.equal([(a.status, a.title, a.head.get("retry-after")) for a in answers], [(503, "Please try again later", "60")] * 4, "without an MTA: later")
    site.postfix.start()
    tap.equal(portal.press(link).status, 200, "and then it goes on")
    tap.ok(code(site, to), "with a code: what was not mailed does not count")


def reloads(site, portal):
    tap = site.tap
    link = portal.stow("rita@plain.test")
    begin = len(portal.log())
    portal.write("Lakeside Clinic")
    portal.reload()
    portal.wait_log("the new policy is running", after=begin)
    tap.ok("Lakeside Clinic" in portal.get("/m/" + link).body, "HUP: the new name")
    with open(portal.policy) as policy:
        good = policy.read()
    begin = len(portal.log())
    with open(portal.policy, "w") as policy:
        policy.write(good.replace("load portal grant keys, store {", 'load portal grant keys, store { client-address "Via";'))
    portal.reload()
    portal.wait_log("the running policy stays as it is", after=begin)
    tap.ok('module "portal": client-address is' in portal.log() and portal.get("/m/" + link).status == 200, "HUP: an option that the module refuses changes nothing")
    with open(portal.policy, "w") as policy:
        policy.write(good)
    own = os.path.join(portal.folder, "templates", "en", "link.html")
    for text, wanted in (("<h1>ours</h1>{{site}}\n{{#code}}", None), ("<h1>ours</h1>{{csrf}}", "ours")):
        begin = len(portal.log())
        with open(own, "w") as out:
            out.write(text)
        portal.reload()
        portal.wait_log("the new policy is running" if wanted else "the running policy stays as it is", after=begin)
        if wanted:
            tap.equal(portal.get("/m/" + link).title, wanted, "HUP: a template of the site")
        else:
            tap.ok(own + ":2: a section that does not end" in portal.log() and "Lakeside" in portal.get("/m/" + link).body, "HUP: a broken one is named, with its line, and changes nothing")
    with open(own, "w") as out:
        out.write("{{nobody}}")
    begin = len(portal.log())
    portal.reload()
    portal.wait_log("the new policy is running", after=begin)
    answer = portal.get("/m/" + link)
    tap.ok(answer.status == 503 and own not in answer.body and "try again later" in answer.body and "link.html:1" in portal.log(), "one that asks for what there is not: a plain page", answer.body)
    os.unlink(own)
    begin = len(portal.log())
    portal.reload()
    portal.wait_log("the new policy is running", after=begin)


def download(site, portal):
    """TERM in the middle of a file."""
    path = os.path.join(portal.folder, "scan.bin")
    with open(path, "wb") as out:
        out.write(os.urandom(8 << 20))
    link = portal.stow("dora@plain.test", "proof=passphrase", "passphrase=a wet stone", "file=%s:application/octet-stream" % path)
    answer = portal.ask("POST", "/m/%s/code" % link, {"csrf": portal.press(link).csrf, "passphrase": "a wet stone"})
    cookie, read = answer.head["set-cookie"].split(";")[0], answer.head["location"]
    part = re.search(r'href="(/read/[^"]*/part/\d+)"', portal.get(read, Cookie=cookie).body).group(1)
    connection = Unix(portal.socket)
    connection.request("GET", part, headers={"Cookie": cookie})
    response = connection.getresponse()
    octets = response.read(1000)
    portal.signal(signal.SIGTERM)
    lab.wait_for(lambda: not os.path.exists(portal.socket), "no more are let in", 20)
    octets += response.read()
    connection.close()
    with open(path, "rb") as file:
        site.tap.ok(octets == file.read(), "TERM: who is in the middle of a file gets all of it", len(octets))


def ends(site, portal):
    tap = site.tap
    download(site, portal)
    tap.equal(portal.process.wait(30), 0, "and then it ends")
    tap.ok(not os.path.exists(portal.socket), "and its socket is gone")

    def status(text, *more):
        path = os.path.join(portal.folder, "other.policy")
        with open(path, "w") as out:
            out.write(text)
        return subprocess.run([portal.program, "-p", path, "-t", *more], capture_output=True, check=False).returncode

    with open(portal.policy) as file:
        good = file.read()
    tap.equal([status(good), status("nonsense {"), status("table <x> { \"a\" }\n"), status(good.replace("portal.keys", "none")), status(good.replace("%s" % ORIGIN, ORIGIN + "/x")),
               status(good, "--templates", "/nonexistent"), status(good, "--user", "nobody-is-called-so"), status(good, "--what"),
               subprocess.run([portal.program, "-p", "/nonexistent", "-t"], capture_output=True, check=False).returncode],
              [0, 78, 78, 69, 78, 69, 67, 64, 66], "exit statuses")
    # The service manager's socket.
    with socket.socket(socket.AF_UNIX) as listener:
        path = os.path.join(portal.folder, "activated.sock")
        listener.bind(path)
        listener.listen(10)
        shell = 'exec 3<&%d; LISTEN_FDS=1 LISTEN_PID=$$ exec "%s" -p "%s"' % (listener.fileno(), portal.program, portal.policy)
        process = subprocess.Popen(["bash", "-c", shell], pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL)
        portal.socket = path
        tap.equal(portal.get("/m/" + "A" * 43).status, 404, "a socket that the service manager opened")
        process.send_signal(signal.SIGTERM)
        tap.equal((process.wait(30), os.path.exists(path)), (0, True), "which stays there")


def main():
    with lab.Site() as site:
        if not os.access(STOW, os.X_OK):
            raise AssertionError("%s is not there: build with tests/run gcc" % STOW)
        site.postfix.service("10533", "inet", "smtpd", smtpd_milters="")
        site.postfix.start()
        portal = Portal(site)
        subprocess.run([STOW, portal.store, portal.store + ".keys", "to=first@plain.test"], check=True, capture_output=True)
        portal.start()
        way_in(site, portal)
        passphrases(site, portal)
        scanners(site, portal)
        locked = guessing(site, portal)
        indistinguishable(site, portal, locked[0])
        nonsense(site, portal)
        slow(site, portal)
        crashes(site, portal, locked)
        no_mta(site, portal)
        reloads(site, portal)
        ends(site, portal)


if __name__ == "__main__":
    main()
