#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""view: what a signed-in reader sees, saves and answers, over HTTP as the web server speaks it, with a real Postfix behind it.

Messages are put into the store by tests/portal/stow; the answer goes through Postfix, with milward, to who wrote. Needs MILWARD_PREFIX
and MILWARD_BUILD. Prints TAP.
"""
import base64
import email
import email.policy
import hashlib
import http.client
import io
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.parse
import zipfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
sys.path.insert(0, os.path.join(SRC, "tests/mta"))
sys.dont_write_bytecode = True

import lab  # noqa: E402
from lab.milward import Milward  # noqa: E402
from lab.tap import skip_all  # noqa: E402

URL = "https://pickup.clinic.test"
STOW = os.path.join(BUILD, "tests/portal/stow")
PASSPHRASE = "correct horse battery"
ME = "bob@plain.test"
DOCTOR = "alice@clinic.test"
PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082")
SCRIPT = "<script>alert(1)</script>"
NAMES = [
    "../../etc/passwd", "..\\..\\boot.ini", "a\r\nSet-Cookie: x=1", "q\"; filename=\"evil.exe", "invoice\u202efdp.exe", "Größe 100%.txt", SCRIPT + ".html",
    "x" * 240 + ".pdf", "same.txt", "SAME.txt", "same.txt", ".", "nul.txt", "\u65e5\u672c\u8a9e.pdf",
]
BAD_IN_NAME = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]')


POLICY = """load portal grant keys, store { store "%(folder)s/portal"; keys "%(folder)s/portal.keys"; url "%(url)s"; site "Riverside Clinic"
	from "portal@clinic.test"; listen "unix:%(socket)s"; reentry "inet:25@127.0.0.1"; submit "inet:25@127.0.0.1"; remind 0 seconds; receipts no
	reply-size 4M; transfer-time 20 seconds }
"""


class Portal:
    """milward-portal, with a Postfix behind it whose mail milward looks at."""

    def __init__(self, site):
        self.path = os.path.join(site.folder, "portal.sock")
        os.mkdir(os.path.join(site.folder, "portal"), mode=0o700)
        policy = os.path.join(site.folder, "portal.policy")
        with open(policy, "w") as out:
            out.write(POLICY % {"folder": site.folder, "url": URL, "socket": self.path})
        site.setup("add")
        self.milward = Milward(site.folder, site.prefix, site.policy())
        self.milward.start()
        site.postfix.start()
        self.policy = policy
        self.daemon = Milward(site.folder, site.prefix, policy, "portal")
        self.daemon.program = os.path.join(site.prefix, "sbin", "milward-portal")
        self.daemon.arguments = ["-p", policy]
        self.store = os.path.join(site.folder, "portal")

    def reads(self, path):
        """How often the message was read, as the store has it."""
        number = base64.urlsafe_b64decode(path.split("/")[2]).hex().upper()
        with sqlite3.connect("file:%s/pickup.db?mode=ro" % self.store, uri=True) as db:
            return db.execute("SELECT reads FROM message WHERE hex(id) = ?", (number,)).fetchone()[0]


class Browser:
    """One reader: his cookies, and requests as nginx hands them on."""

    def __init__(self, path):
        self.path, self.cookie = path, None

    def open(self):
        connection = http.client.HTTPConnection("pickup.clinic.test", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(60)
        connection.sock.connect(self.path)
        return connection

    def ask(self, method, path, body=None, **fields):
        """The response; its body is in .octets, its fields in .head."""
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        if self.cookie:
            fields["Cookie"] = self.cookie
        connection = self.open()
        connection.request(method, path, body, fields)
        answer = connection.getresponse()
        answer.octets, answer.head = answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        answer.text = answer.octets.decode("utf-8", "replace")
        connection.close()
        if "set-cookie" in answer.head:
            self.cookie = answer.head["set-cookie"].split(";")[0]
        return answer

    def get(self, path, **fields):
        return self.ask("GET", path, **fields)

    def post(self, path, fields, **more):
        return self.ask("POST", path, urllib.parse.urlencode(fields), Content_Type="application/x-www-form-urlencoded", Origin=URL, **more)

    def sign_in(self, link):
        """By the passphrase; the path of the message."""
        page = self.get("/m/" + link)
        page = self.post("/m/" + link, {"csrf": csrf_of(page)})
        answer = self.post("/m/%s/code" % link, {"csrf": csrf_of(page), "passphrase": PASSPHRASE})
        if answer.status != 303:
            raise AssertionError("no session: %d %s" % (answer.status, answer.text[:500]))
        return answer.head["location"]


def csrf_of(page):
    return re.search(r'name="csrf" value="([^"]*)"', page.text).group(1)


def multipart(fields, files=(), boundary="----b0undary"):
    """A form as browsers send it: names with quotes and line ends escaped by percent signs."""
    out = io.BytesIO()
    for name, value in fields.items():
        out.write(("--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n" % (boundary, name)).encode() + value.encode() + b"\r\n")
    for name, kind, octets in files:
        name = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        out.write(("--%s\r\nContent-Disposition: form-data; name=\"files\"; filename=\"%s\"\r\nContent-Type: %s\r\n\r\n" % (boundary, name, kind)).encode() + octets + b"\r\n")
    out.write(("--%s--\r\n" % boundary).encode())
    return out.getvalue(), "multipart/form-data; boundary=" + boundary


class DullMta:
    """A listener that answers the end of each message with what it is told; None: it ends the connection then."""

    def __init__(self, answer):
        self.answer, self.dots = answer, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _peer = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as file:
                self.talk(file)

    def talk(self, file):
        def say(octets):
            file.write(octets)
            file.flush()

        say(b"220 dull\r\n")
        for line in file:
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                say(b"354 go on\r\n")
                while (line := file.readline()) not in (b".\r\n", b""):
                    pass
                self.dots += line == b".\r\n"
                if self.answer is None:
                    return
                say(self.answer)
            else:
                say(b"221 bye\r\n" if word == b"QUIT" else b"250 dull\r\n")
                if word == b"QUIT":
                    return

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(30)


class View:
    def __init__(self, site, portal):
        self.site, self.tap, self.portal = site, site.tap, portal
        self.folder = os.path.join(site.folder, "view")
        os.mkdir(self.folder)

    def file(self, octets, name=None):
        path = os.path.join(self.folder, name or "file-%d" % len(os.listdir(self.folder)))
        with open(path, "wb") as out:
            out.write(octets if isinstance(octets, bytes) else octets.encode())
        return path

    def stow(self, *arguments):
        """A link to a message of that kind."""
        base = [STOW, os.path.join(self.site.folder, "portal"), os.path.join(self.site.folder, "portal.keys"), "from=" + DOCTOR, "to=" + ME, "proof=passphrase",
                "passphrase=" + PASSPHRASE]
        return subprocess.run(base + list(arguments), capture_output=True, text=True, check=True).stdout.strip()

    def reader(self, *arguments):
        browser = Browser(self.portal.path)
        return browser, browser.sign_in(self.stow(*arguments))

    # ---- the page, its text, its HTML
    def html(self):
        page = ("<p onclick=alert(1)>Dear <b>reader</b><script>alert(1)</script><img src=cid:logo@x alt=logo><img src=http://evil.test/track.gif>"
                "<a href=\"javascript:alert(1)\">bad</a> <a href=\"https://clinic.test/\">good</a><svg onload=alert(1)><form action=//evil.test><input name=x></form>")
        browser, path = self.reader("subject=" + SCRIPT + "\"'&", "html=" + self.file(page), "text=" + self.file("Dear reader"),
                                    "inline=%s:logo@x" % self.file(PICTURE), "file=%s:text/html" % self.file(SCRIPT, "page.html"))
        shown = browser.get(path)
        self.tap.ok(shown.status == 200 and "<iframe" in shown.text and 'sandbox="allow-same-origin' in shown.text, "the message is shown, its HTML in a frame", shown.text[:2000])
        self.tap.ok("<script" not in shown.text.lower() and "&lt;script&gt;" in shown.text, "a Subject is text")
        self.tap.ok("(1)" in re.sub(r"<[^>]*>", "", shown.text), "it is said that a picture is not shown")
        frame = browser.get(path + "/html")
        policy = frame.head.get("content-security-policy", "")
        low = frame.text.lower()
        self.tap.ok(frame.status == 200 and not re.search(r"<script|<svg|<form|<input|onclick|javascript|evil\.test", low), "nothing that runs, sends or loads is in the frame", frame.text)
        self.tap.ok('src="%s/part/' % path in frame.text and 'rel="noopener noreferrer nofollow"' in frame.text, "pictures of the message and links are", frame.text)
        self.tap.equal((self.portal.reads(path), browser.get(path, If_None_Match="x").status, self.portal.reads(path)), (1, 200, 1), "that was one reading")
        self.tap.ok("default-src 'none'" in policy and "sandbox" in policy and "allow-scripts" not in policy and "script-src" not in policy and frame.head["x-frame-options"] == "SAMEORIGIN",
                    "the frame has a policy of its own", policy)
        picture = browser.get(re.search(r'src="([^"]*)"', frame.text).group(1))
        self.tap.ok(picture.octets == PICTURE and picture.head["content-type"] == "image/png" and picture.head["content-disposition"].startswith("inline"), "and its picture is there")
        printed = browser.get(path + "/print")
        self.tap.ok(printed.status == 200 and "Dear <b>reader</b>" in printed.text and "<script" not in printed.text.lower() and "sandbox" in printed.head["content-security-policy"],
                    "it can be printed", printed.text[:1500])
        part = browser.get(re.search(r'href="(%s/part/\d+)"' % path, shown.text).group(1))
        self.tap.ok(part.octets == SCRIPT.encode() and part.head["content-type"] == "application/octet-stream" and part.head["content-disposition"].startswith("attachment")
                    and part.head["x-content-type-options"] == "nosniff" and "sandbox" in part.head["content-security-policy"], "a file that is HTML can be saved and not be opened", part.head)
        self.others(browser, path)

    def others(self, browser, path):
        """What there is not, and who may not."""
        wrong = [browser.get(path + "/part/" + n).status for n in ("0", "01", "99", "1x", "-1", "65536", "99999999999")]
        self.tap.equal(wrong, [404] * 7, "parts that there are not")
        looker, there = self.reader("file=%s:text/plain" % self.file("one", "one.txt"), "file=%s:text/plain" % self.file("two", "two.txt"))
        for name in (there, there + "/zip", there + "/print", there + "/reply"):
            connection = looker.open()
            connection.sock.settimeout(30)
            connection.sock.sendall(("HEAD %s HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\nHEAD /robots.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % (name, looker.cookie)).encode())
            raw = b""
            while more := connection.sock.recv(65536):
                raw += more
            connection.close()
            heads = raw.split(b"\r\n\r\n")
            self.tap.ok(heads.pop() == b"" and all(re.match(b"HTTP/1.[01] 200 ", h) for h in heads) and len(heads) == (1 if b"Connection: close" in heads[0] else 2),
                        "HEAD %s has a header and no more" % name[len(there):], raw[-300:])
        looker, there = self.reader("html=" + self.file("<p>x"))
        self.tap.equal((self.portal.reads(there), looker.ask("HEAD", there).status, self.portal.reads(there), looker.get(there + "/html").status, self.portal.reads(there)),
                       (0, 200, 0, 200, 1), "who asks for the frame alone has read it, who asks with HEAD has not")
        for kind in ("/zip", "/part/"):
            taker, there = self.reader("file=%s:text/plain" % self.file("taken", "taken.txt"))
            name = there + kind if kind == "/zip" else next(there + kind + str(n) for n in range(1, 9) if taker.ask("HEAD", there + kind + str(n)).status == 200)
            self.tap.equal((taker.ask("HEAD", name).status, self.portal.reads(there), taker.get(name).status, self.portal.reads(there), taker.get(name).status, self.portal.reads(there)),
                           (200, 0, 200, 1, 200, 1), "who takes a file without looking at the page has read (%s)" % kind)
        stranger = Browser(self.portal.path)
        closed = [stranger.get(path + more).status for more in ("", "/html", "/part/3", "/zip", "/print", "/reply")]
        self.tap.equal(closed, [403] * 6, "nobody without a session sees anything")
        other, there = self.reader("text=" + self.file("x"))
        other.cookie = browser.cookie
        self.tap.equal(other.get(there).status, 403, "a session is of one message")

    # ---- pages that stay in memory for a moment
    def kept(self):
        marker = "Quercitron-" + os.urandom(8).hex()
        browser, path = self.reader("text=" + self.file("All is well. " + marker))
        first = browser.get(path)
        number = base64.urlsafe_b64decode(path.split("/")[2])
        crate = os.path.join(self.portal.store, "crates", "%02x" % number[0], path.split("/")[2])
        os.rename(crate, crate + ".away")
        again = browser.get(path)
        self.tap.ok(marker in first.text and again.octets == first.octets and {n: v for n, v in again.head.items() if n != "date"} == {n: v for n, v in first.head.items() if n != "date"}
                    and again.head["cache-control"] == "no-store", "a page that is loaded again is the same, without its file")
        self.tap.equal((self.portal.reads(path), browser.get(path + "/print").status), (1, 503), "which all else needs")
        self.tap.equal([b.get(path).status for b in (Browser(self.portal.path), self.as_other(browser))], [403, 403], "nobody without the session has it")
        with sqlite3.connect(os.path.join(self.portal.store, "pickup.db"), timeout=30) as db:
            db.execute("UPDATE message SET expires = expires + 60 WHERE id = ?", (number,))
        self.tap.equal(browser.get(path).status, 503, "what tells another time of its end is made anew")
        os.rename(crate + ".away", crate)
        self.tap.ok(marker in browser.get(path).text and self.in_memory(marker), "and is kept then")
        with sqlite3.connect(os.path.join(self.portal.store, "pickup.db"), timeout=30) as db:
            db.execute("UPDATE message SET last_read = last_read - 61 WHERE id = ?", (number,))
        self.tap.equal((browser.get(path).status, self.portal.reads(path)), (200, 2), "after a minute it is another reading")
        page = browser.get(path).text
        left = browser.post(path + "/leave", {"csrf": re.search(r'name="csrf" value="([^"]*)"', page).group(1)})
        self.tap.equal((left.status, self.wiped(marker)), (200, True), "at the end of the session it is wiped")
        self.framed()
        self.recalled(path)

    def framed(self):
        """The document in the frame is made with the page around it, so that it is there when the browser asks for it."""
        marker = "Tragacanth-" + os.urandom(8).hex()
        browser, path = self.reader("html=" + self.file("<p>All is <b>well</b>. %s</p>" % marker))
        lab.wait_for(lambda: self.in_memory(marker), "the page of somebody who has signed in")
        self.tap.equal((browser.ask("HEAD", path).status, self.portal.reads(path)), (200, 0), "when somebody signs in his page is made, and nothing is read")
        number = base64.urlsafe_b64decode(path.split("/")[2])
        crate = os.path.join(self.portal.store, "crates", "%02x" % number[0], path.split("/")[2])
        os.rename(crate, crate + ".away")
        shown = browser.get(path)
        self.tap.equal((shown.status, self.portal.reads(path), browser.get(path + "/print").status), (200, 1, 503), "it is there when he asks for it, without its file, and read then")
        height = re.search(r'<iframe[^>]* height="(\d+)"', shown.text).group(1)
        frame = browser.get(path + "/html")
        os.rename(crate + ".away", crate)
        self.tap.ok(height == "240" and frame.status == 200 and marker in frame.text and frame.text.endswith("</html>\n") and "sandbox" in frame.head["content-security-policy"]
                    and frame.head["x-frame-options"] == "SAMEORIGIN", "the document in the frame is there, without its file", height, frame.text)
        self.tap.equal([b.get(path + "/html").status for b in (Browser(self.portal.path), self.as_other(browser))], [403, 403], "for nobody else")
        with sqlite3.connect(os.path.join(self.portal.store, "pickup.db"), timeout=30) as db:
            db.execute("UPDATE message SET last_read = last_read - 61, expires = expires + 60 WHERE id = ?", (number,))  # so it is made anew
        again = browser.get(path + "/html")
        self.tap.ok(again.octets == frame.octets and again.head["content-security-policy"] == frame.head["content-security-policy"] and self.portal.reads(path) == 2,
                    "the same as when it is made for itself, which is a reading", again.text)
        left = browser.post(path + "/leave", {"csrf": re.search(r'name="csrf" value="([^"]*)"', browser.get(path).text).group(1)})
        self.tap.equal((left.status, self.wiped(marker)), (200, True), "and is wiped with the session")

    def recalled(self, path):
        """By another program, and by the clock: nothing is shown from memory after that."""
        link = self.stow("text=" + self.file("Umbelliferone"))
        browsers = [Browser(self.portal.path) for _ in range(2)]
        for browser in browsers:
            path = browser.sign_in(link)
            if "Umbelliferone" not in browser.get(path).text:
                raise AssertionError("the message is not shown")
        recall = subprocess.run([os.path.join(self.site.prefix, "bin/milwardctl"), "-p", self.portal.policy, "portal", "recall", path.split("/")[2]], capture_output=True, text=True, check=False)
        self.tap.equal((recall.returncode, [b.get(path).status for b in browsers], self.wiped("Umbelliferone")), (0, [404, 403], True), "a page of a message that is taken back is shown to nobody, and wiped")
        browser, path = self.reader("text=" + self.file("x"), "expires=3600")
        shown = browser.get(path).status
        with sqlite3.connect(os.path.join(self.portal.store, "pickup.db"), timeout=30) as db:
            db.execute("UPDATE message SET expires = 1 WHERE id = ?", (base64.urlsafe_b64decode(path.split("/")[2]),))
        then = browser.get(path).status
        self.tap.ok(shown == 200 and then in (404, 403), "nor of one whose time is over", shown, then)  # 403: it has been ended already, with its sessions

    def as_other(self, browser):
        other = Browser(browser.path)
        other.cookie = browser.cookie[:-1] + ("0" if browser.cookie[-1] != "0" else "1")
        return other

    def wiped(self, text):
        """Soon: the last answer that had it may still be on its way out."""
        lab.wait_for(lambda: not self.in_memory(text), "it is wiped", 30)
        return True

    def in_memory(self, text):
        """Whether the portal has that text anywhere, in a form that it writes."""
        for attempt in range(100):
            try:
                return self.scan(text.encode())
            except OSError: # a piece of memory was given back meanwhile
                if attempt == 99 or self.portal.daemon.process.poll() is not None:
                    raise

    def scan(self, octets):
        pid, found = self.portal.daemon.process.pid, False
        with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as memory:
            for line in maps:
                span, rights, _offset, _device, inode = line.split()[:5]
                if rights.startswith("rw") and inode == "0":
                    start, end = (int(x, 16) for x in span.split("-"))
                    memory.seek(start)
                    found |= octets in memory.read(end - start)
        return found

    def plain(self):
        text = "Hello %s\n> you wrote:\n>> me before\n\nsee https://clinic.test/a?b=1&c=2.\njavascript:alert(1)\n" % SCRIPT
        browser, path = self.reader("text=" + self.file(text))
        shown = browser.get(path).text
        self.tap.ok("<iframe" not in shown and "&lt;script&gt;" in shown and "<script" not in shown, "plain text is text", shown[:2000])
        self.tap.ok('<blockquote class="q1"' in shown and '<blockquote class="q2"' in shown, "quotes are told from the rest")
        self.tap.ok('<a href="https://clinic.test/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer nofollow">' in shown and "href=\"javascript" not in shown, "links are links")
        self.tap.equal(browser.get(path + "/html").status, 404, "there is no HTML then")
        long = "0123456789abcdef\n" * 80000
        browser, path = self.reader("text=" + self.file(long))
        shown = browser.get(path)
        self.tap.ok(shown.status == 200 and 1000000 < len(shown.text) < 1200000, "of a long text the beginning is shown", len(shown.text))

    # ---- files
    def names(self):
        arguments = []
        for i, name in enumerate(NAMES):
            arguments += ["file=%s:application/pdf" % self.file("content %d" % i), "name=" + name.replace("\r\n", " ") if "\r" in name else "name=" + name]
        browser, path = self.reader(*arguments)
        shown = browser.get(path).text
        parts = re.findall(r'href="(%s/part/\d+)"' % path, shown)
        self.tap.ok(len(parts) == len(NAMES) and "<script" not in shown, "each file is listed, and its name is text", shown)
        wrong = []
        for i, part in enumerate(parts):
            answer = browser.get(part)
            field = answer.head["content-disposition"]
            decoded = email.message_from_string("Content-Disposition: %s\n\n" % field, policy=email.policy.HTTP).get_filename()
            if answer.octets != b"content %d" % i or BAD_IN_NAME.search(decoded) or decoded.strip(". ") == "" or "\n" in field or "set-cookie" in answer.head:
                wrong.append((NAMES[i], field))
        self.tap.equal(wrong, [], "hostile names come out harmless, the files as they were")
        answer = browser.get(path + "/zip")
        archive = zipfile.ZipFile(io.BytesIO(answer.octets))
        names = archive.namelist()
        self.tap.ok(len({n.lower() for n in names}) == len(NAMES) and not any(BAD_IN_NAME.search(n) or n.startswith(".") for n in names) and archive.testzip() is None,
                    "the zip has all of them, under names that are safe and differ", names)
        self.tap.ok("Gr\u00f6\u00dfe 100%.txt" in names and "\u65e5\u672c\u8a9e.pdf" in names, "letters stay what they are", names)
        self.tap.equal([archive.read(n) for n in names], [b"content %d" % i for i in range(len(NAMES))], "with what is in them")
        saved = self.file(answer.octets, "all.zip")
        target = os.path.join(self.folder, "unzipped")
        done = subprocess.run(["unzip", "-q", "-o", saved, "-d", target], capture_output=True, text=True, check=False, env=dict(os.environ, LC_ALL="C.UTF-8"))
        self.tap.ok(done.returncode == 0 and len(os.listdir(target)) == len(NAMES), "unzip opens it too", done.stdout + done.stderr)

    def large(self):
        """25 MB, as they are, within 16 MB of memory more than before."""
        octets = hashlib.shake_256(b"x").digest(25 << 20)
        browser, path = self.reader("file=%s:application/pdf" % self.file(octets, "large.pdf"), "file=%s:text/plain" % self.file("small", "small.txt"))
        part = re.search(r'href="(%s/part/\d+)"' % path, browser.get(path).text).group(1)
        before = self.memory()
        answer = browser.get(part)
        self.tap.ok(answer.octets == octets and int(answer.head["content-length"]) == len(octets), "25 MB come as they are")
        archive = zipfile.ZipFile(io.BytesIO(browser.get(path + "/zip").octets))
        self.tap.ok(archive.read("large.pdf") == octets, "and in a zip")
        self.tap.ok(self.memory() - before < 16 << 10, "with less than 16 MB of memory", "%d KB before, %d KB at most" % (before, self.memory()))
        rest = browser.get(part, Range="bytes=26000000-")
        some = browser.get(part, Range="bytes=65530-65545")
        self.tap.ok(rest.status == 206 and rest.octets == octets[26000000:] and some.octets == octets[65530:65546], "a download that was cut goes on")
        small = re.findall(r'href="(%s/part/\d+)"' % path, browser.get(path).text)[1]
        ranges = ("bytes=5-", "bytes=400-", "bytes=18446744073709551615-", "bytes=3-1", "bytes=1-2-3", "bytes=-2", "bytes=1-2,3-4", "octets=1-2", "bytes=4-99")
        got = [(lambda a: (a.status, a.octets))(browser.get(small, Range=r)) for r in ranges]
        self.tap.equal(got, [(200, b"small")] * 8 + [(206, b"l")], "what is no range that it has gets all of it")

    def memory(self):
        """The most that the portal ever had, in KB."""
        with open("/proc/%d/status" % self.portal.daemon.process.pid) as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))

    def steady(self):
        """What is asked again and again takes no more memory, and no more files."""
        browser, path = self.reader("html=" + self.file("<p>Dear reader<img src=cid:logo@x>" * 100), "inline=%s:logo@x" % self.file(PICTURE),
                                    "file=%s:application/pdf" % self.file(os.urandom(100000), "a.pdf"), "file=%s:text/html" % self.file(SCRIPT, "b.html"))
        part = re.search(r'href="(%s/part/\d+)"' % path, browser.get(path).text).group(1)
        stranger, link = Browser(self.portal.path), self.stow("text=" + self.file("x"))

        def left():
            connection = browser.open()
            connection.request("GET", path + "/zip", headers={"Cookie": browser.cookie})
            connection.sock.recv(500)
            connection.close()
            return 200

        asked = [(200, lambda more=more: browser.get(path + more).status) for more in ("", "/html", "/print", "/zip", "/reply")] + [
            (200, lambda: browser.get(part).status), (206, lambda: browser.get(part, Range="bytes=5-9").status), (200, lambda: browser.ask("HEAD", path).status), (200, left),
            (200, lambda: stranger.get("/m/" + link).status), (404, lambda: stranger.get("/m/" + "A" * 48).status), (403, lambda: stranger.get(path).status),
            (403, lambda: stranger.post("/m/" + link, {"csrf": "0"}).status), (403, lambda: browser.post(path + "/leave", {"csrf": "0"}).status)]

        def turns(n):
            return {(k, got) for _ in range(n) for k, (wanted, ask) in enumerate(asked) for got in [ask()] if got != wanted}

        wrong, before = turns(15), self.holds()
        wrong |= turns(40)
        files = lambda: self.holds()[1] <= before[1] + 2  # noqa: E731
        self.tap.ok(not wrong and lab.wait_for(files, "files are closed", 30, self.holds) and self.holds()[0] - before[0] < 2048,
                    "%d requests later it holds no more memory and files than before" % (40 * len(asked)), wrong, before, self.holds())

    def holds(self):
        """KB of memory, and files."""
        pid = self.portal.daemon.process.pid
        with open("/proc/%d/status" % pid) as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)), len(os.listdir("/proc/%d/fd" % pid))

    # ---- replies
    def inside(self, before):
        sink = self.site.sinks["inside"]
        lab.wait_for(lambda: len(sink.copies) > before, "the answer", 30)
        return sink.copies[before]

    def reply(self):
        browser, path = self.reader("subject=Results", "text=" + self.file("x"))
        form = browser.get(path + "/reply")
        csrf = csrf_of(form)
        self.tap.ok(form.status == 200 and DOCTOR in form.text, "there is a form to answer")
        before = len(self.site.sinks["inside"].copies)
        text = "Thank you.\r\n.\r\nBcc: evil@plain.test\r\n\r\nGr\u00fc\u00dfe, " + "long line " * 200
        files = [("r\u00e9sum\u00e9 \"1\".pdf", "application/pdf", hashlib.shake_256(b"y").digest(1 << 20)), ("a\r\nBcc: evil@plain.test", "text/plain\r\nX: y", b"."), ("empty.txt", "text/plain", b""),
                 ("", "application/octet-stream", b"")]
        body, kind = multipart({"csrf": csrf, "text": text, "to": "evil@plain.test"}, files)
        sent = browser.ask("POST", path + "/reply", body, Content_Type=kind, Origin=URL)
        self.tap.ok(sent.status == 200 and DOCTOR in sent.text and "<form method=\"post\" action=\"%s/reply\"" % path not in sent.text, "it is sent", sent.text[:1500])
        copy = self.inside(before)
        mail = email.message_from_bytes(copy.data, policy=email.policy.SMTP)
        self.tap.equal((copy.to, copy.mail.split(">")[0]), ([DOCTOR], "<portal@clinic.test"), "to who wrote, and nobody else")
        self.tap.ok(mail["From"].addresses[0].addr_spec == "portal@clinic.test" and mail["From"].addresses[0].display_name == ME and mail["Reply-To"].addresses[0].addr_spec == ME
                    and mail["To"] == DOCTOR and mail["Bcc"] is None and mail["X"] is None, "its header says whose it is", mail.items())
        self.tap.equal((mail["Subject"], mail["In-Reply-To"], mail["References"]), ("Re: Results", "<stowed@stow.invalid>", "<stowed@stow.invalid>"), "and what it answers")
        got = mail.get_body(("plain",)).get_content()
        self.tap.equal(got.replace("\r\n", "\n").rstrip("\n"), text.replace("\r\n", "\n"), "the text is the text")
        attached = [(part.get_filename(), part.get_content_type(), part.get_payload(decode=True)) for part in mail.iter_attachments()]
        self.tap.equal([(n, t, hashlib.sha256(o or b"").hexdigest()) for n, t, o in attached],
                       [(n, t, hashlib.sha256(o).hexdigest()) for n, t, o in [("r\u00e9sum\u00e9 _1_.pdf", "application/pdf", files[0][2]),
                                                                              ("a Bcc_ evil@plain.test", "text/plain", b"."), ("empty.txt", "text/plain", b"")]], "so are the files")
        self.tap.ok(all(len(line) <= 998 for line in copy.data.split(b"\r\n")), "no line is too long")
        self.tap.equal([c for s in self.site.sinks.values() for c in s.copies if "evil@plain.test" in c.to], [], "nobody else got anything")
        self.once()
        self.turned_down()
        self.refused(browser, path, csrf)

    def turned_down(self):
        """An MTA that refuses an answer for good, and one that takes it and dies: each has a page that says what to do, and tells no reason of the MTA's."""
        with open(self.portal.policy) as before:
            text = before.read()
        for plan, status, words in ((b"554 5.7.1 rule ssn-7 found 219-09-9999\r\n", 422, "does not accept this answer"), (None, 504, "do not know whether"),
                                    (b"451 4.3.2 rule ssn-7\r\n", 503, "try again in a few minutes")):
            mta = DullMta(plan)
            self.reload(text.replace('submit "inet:25@127.0.0.1"', 'submit "inet:%d@127.0.0.1"' % mta.port))
            browser, path = self.reader("text=" + self.file("x"))
            body, kind = multipart({"csrf": csrf_of(browser.get(path + "/reply")), "text": "not <i>lost</i>"})
            answer = browser.ask("POST", path + "/reply", body, Content_Type=kind, Origin=URL)
            mta.end()
            self.tap.ok((answer.status, mta.dots) == (status, 1) and words in answer.text and "not &lt;i&gt;lost&lt;/i&gt;</textarea>" in answer.text
                        and not re.search("ssn|219-09|5\\.7\\.1|4\\.3\\.2", answer.text), "an MTA that says %s: what to do, and the text" % plan, (answer.status, mta.dots, answer.text[:2500]))
        self.reload(text)

    def reload(self, policy):
        with open(self.portal.policy, "w") as out:
            out.write(policy)
        seen = len(self.portal.daemon.log())
        self.portal.daemon.reload()
        self.portal.daemon.wait_log("the new policy is running", 30, after=seen)

    def once(self):
        """A form is sent once, and ten replies to a message in an hour; with the store of the start, though the policy names another by now."""
        with open(self.portal.policy) as before:
            text = before.read()
        with open(self.portal.policy, "w") as out:
            out.write(text.replace("/portal\"; keys", "/elsewhere\"; keys"))
        seen = len(self.portal.daemon.log())
        self.portal.daemon.reload()
        self.portal.daemon.wait_log("store stays as it was", 30, after=seen)
        sink = self.site.sinks["inside"]
        browser, path = self.reader("text=" + self.file("x"))
        form = browser.get(path + "/reply")
        once = re.search(r'name="once" value="([0-9a-f]{16})"', form.text).group(1)
        self.tap.ok(once not in browser.get(path + "/reply").text, "each form has a name of its own")
        before = len(sink.copies)
        body, kind = multipart({"csrf": csrf_of(form), "once": once, "text": "pressed twice"}, [("f", "a/b", b"x")])
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(browser.ask("POST", path + "/reply", body, Content_Type=kind, Origin=URL))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        answers.append(browser.ask("POST", path + "/reply", body, Content_Type=kind, Origin=URL))
        self.tap.ok([a.status for a in answers] == [200] * 4 and all(DOCTOR in a.text and "<textarea" not in a.text for a in answers), "a form that is sent four times was sent",
                    [(a.status, a.text[:500]) for a in answers])
        more, kind = multipart({"csrf": csrf_of(form), "text": "one more & more"})
        status = [browser.ask("POST", path + "/reply", more, Content_Type=kind, Origin=URL).status for _ in range(9)]
        many = browser.ask("POST", path + "/reply", more, Content_Type=kind, Origin=URL)
        self.tap.equal((status, many.status), ([200] * 9, 429), "ten answers in an hour are enough")
        self.tap.ok("one more &amp; more</textarea>" in many.text, "the text of the next is given back", many.text[:1000])
        lab.wait_for(lambda: len(sink.copies) >= before + 10, "the answers", 30)
        texts = [email.message_from_bytes(c.data, policy=email.policy.SMTP).get_body(("plain",)).get_content().strip() for c in sink.copies[before:]]
        self.tap.equal((texts.count("pressed twice"), texts.count("one more & more"), len(texts)), (1, 9, 10), "once, and nine more")

    def refused(self, browser, path, csrf):
        before = len(self.site.sinks["inside"].copies)
        body, kind = multipart({"csrf": csrf, "text": " \r\n"})
        self.tap.equal(browser.ask("POST", path + "/reply", body, Content_Type=kind, Origin=URL).status, 422, "an empty answer is none")
        body, kind = multipart({"csrf": "0" * 32, "text": "x"})
        other, kind2 = multipart({"csrf": csrf, "text": "x"})
        self.tap.equal((browser.ask("POST", path + "/reply", body, Content_Type=kind, Origin=URL).status,
                        browser.ask("POST", path + "/reply", other, Content_Type=kind2, Origin="https://evil.test").status), (403, 403), "nor is one of another site's making")
        body, kind = multipart({"csrf": csrf, "text": "kept"}, [("large", "a/b", b"x" * (2 << 20)), ("larger", "a/b", b"x" * (2 << 20) + b"x" * 20000)])
        large = browser.ask("POST", path + "/reply", body, Content_Type=kind, Origin=URL)
        self.tap.ok(large.status == 413 and "kept" in large.text and "4.0 MB" in large.text, "files that are too large are refused, the text is not lost", large.text[:1000])
        body, kind = multipart({"csrf": csrf, "text": "x"}, [("f%d" % i, "a/b", b"x") for i in range(60)])
        self.tap.equal(browser.ask("POST", path + "/reply", body, Content_Type=kind, Origin=URL).status, 413, "too many files, too")
        body, kind = multipart({"csrf": csrf, "text": "x" * 300000})
        self.tap.equal(browser.ask("POST", path + "/reply", body, Content_Type=kind, Origin=URL).status, 413, "and too long a text")
        broken = [browser.ask("POST", path + "/reply", b, Content_Type=k, Origin=URL).status for b, k in (
            (b"no form", "multipart/form-data; boundary=x"), (b"x=1", "application/x-www-form-urlencoded"), (b"--x\r\n\r\n\r\n--x--", "multipart/form-data; boundary=x"), (b"--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\ncut", "multipart/form-data; boundary=x"))]
        self.tap.ok(set(broken) <= {400, 403}, "what is no form is refused", broken)
        stranger = Browser(self.portal.path)
        body, kind = multipart({"csrf": csrf, "text": "my long answer <b>"}, [("f", "a/b", b"x")])
        late = stranger.ask("POST", path + "/reply", body, Content_Type=kind, Origin=URL)
        self.tap.ok(late.status == 403 and "my long answer &lt;b&gt;" in late.text, "who comes too late gets his text back", late.text[:1000])
        self.tap.equal(len(self.site.sinks["inside"].copies), before, "none of these was sent")
        self.site.postfix.stop()
        body, kind = multipart({"csrf": csrf, "text": "not lost & safe"})
        failed = browser.ask("POST", path + "/reply", body, Content_Type=kind, Origin=URL)
        self.tap.ok(failed.status == 503 and "not lost &amp; safe</textarea>" in failed.text, "without an MTA the text is given back", failed.text[:1000])
        store = os.path.join(self.site.folder, "portal")
        self.tap.equal(sorted(n for n in os.listdir(store) if not n.startswith("pickup.")), ["crates"], "nothing is left in the store's folder")

    def begin_slow(self):
        """Uploads that stop in the middle, as many as there are workers, while all else goes on."""
        browser, path = self.reader("text=" + self.file("x"))
        body, kind = multipart({"csrf": "x", "text": "x"})
        self.slow = []
        for _ in range(8):
            connection = browser.open()
            connection.putrequest("POST", path + "/reply")
            for name, value in (("Cookie", browser.cookie), ("Content-Type", kind), ("Content-Length", str(len(body)))):
                connection.putheader(name, value)
            connection.endheaders(body[:50])
            self.slow.append(connection)

    def end_slow(self):
        rest = []
        for connection in self.slow:
            connection.sock.settimeout(40)
            try:
                rest.append(connection.sock.recv(1))
            except ConnectionError:
                rest.append(b"")
            connection.close()
        self.tap.equal(rest, [b""] * 8, "uploads that stop are cut")


def main():
    if not os.path.exists(STOW):
        skip_all("tests/portal/stow is not built")
    if not shutil.which("unzip"):
        skip_all("unzip is not there")
    with lab.Site() as site:
        portal = Portal(site)
        view = View(site, portal)
        view.stow("text=" + view.file("x"))
        portal.daemon.start()
        view.begin_slow()
        view.html()
        view.kept()
        view.plain()
        view.names()
        view.large()
        view.steady()
        view.reply()
        view.end_slow()
        site.tap.equal(portal.daemon.stop(), 0, "it ends when it is told")


main()
