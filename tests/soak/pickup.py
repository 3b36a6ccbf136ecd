# SPDX-License-Identifier: Apache-2.0
"""pickup: recipients of the portal. Each one who gets a notice opens its link, asks for a code, signs in, reads, takes the file, answers once in a
while, and leaves; whatever breaks, he tries again. Nobody else must see his message: each has a word that no other one has, a page that shows
another one's word is a failure, and so is one that a stranger gets."""
import collections
import email
import email.policy
import http.client
import queue
import random
import re
import socket
import threading
import time
import urllib.parse

from lab.message import SECRETS

DOMAIN = "pickup.test"
QUEUE_ID = re.compile(rb"(?ims)^Received: .*?\bid (\w+)")  # of the newest
WORD = re.compile(rb"Zyx[a-z]{8}q")
PEOPLE = 8  # who read at the same time
ANSWERED = 5  # one in so many messages
PATIENCE = 300  # seconds for which somebody tries
CODES = 3  # that one may ask for in an hour
BOUNDARY = "----a-soak"
SENDER = "alice@clinic.test"


def word(number):
    """What stands in one message alone."""
    return b"Zyx" + bytes(ord("a") + number // 26 ** i % 26 for i in reversed(range(8))) + b"q"


BUSY = "later"


class Again(Exception):
    """Not now: it is tried once more."""


class Wrong(Exception):
    """That must not be."""


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("pickup.clinic.test", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status, self.octets = response.status, response.read()
        self.location, self.cookie = response.getheader("Location") or "", (response.getheader("Set-Cookie") or "").split(";")[0]

    @property
    def csrf(self):
        found = re.search(rb'name="csrf" value="(\w+)"', self.octets)
        if not found:
            raise Again("a page without a form: %d" % self.status)
        return found.group(1).decode()


def form(fields):
    """A form with files, as browsers send it, without any."""
    lines = ["--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n" % (BOUNDARY, name, value) for name, value in fields.items()]
    return "".join(lines) + "--%s--\r\n" % BOUNDARY


class Visit:
    """One message, and who reads it. link: what stands in the notice behind /m/."""

    def __init__(self, pickup, item, rcpt, link):
        self.pickup, self.item, self.rcpt, self.link = pickup, item, rcpt, link
        self.word = word(item.number)
        self.codes_asked = 0
        self.read = self.answers = 0
        self.cookie = self.path = None

    def ask(self, method, path, fields=None, cookie=None, body=None, kind="application/x-www-form-urlencoded"):
        """A word of another message is in nothing that anybody gets. Busy or away: again."""
        if fields is not None:
            body = urllib.parse.urlencode(fields)
        head = {name: value for name, value in (("Cookie", cookie), ("Content-Type", kind if body else None)) if value}
        connection = Unix(self.pickup.socket)
        try:
            connection.request(method, path, body, head)
            answer = Answer(connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            raise Again("%s: %s" % (type(error).__name__, error)) from error
        finally:
            connection.close()
        others = set(WORD.findall(answer.octets)) - {self.word}
        if others:
            raise Wrong("%s of %s shows %s" % (path.split("/")[1], self.rcpt, others))
        if answer.status in (429, 503):
            raise Again(BUSY)
        return answer

    def code(self, page):
        """The newest that came; asks for one when none has."""
        if not self.pickup.codes[self.rcpt] and self.codes_asked < CODES:
            self.codes_asked += 1
            try:
                self.ask("POST", "/m/" + self.link, {"csrf": page.csrf})
            except Again as why:
                self.codes_asked -= str(why) == BUSY  # none was mailed
                raise
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.pickup.codes[self.rcpt]:
                return self.pickup.codes[self.rcpt].pop()
            time.sleep(0.02)
        raise Again("no code")

    def sign_in(self):
        # A program that looks at links, and then the person.
        for method in ("GET", "HEAD"):
            if self.ask(method, "/m/" + self.link).status != 200:
                raise Wrong("%s: the link leads nowhere" % self.rcpt)
        page = self.ask("GET", "/m/" + self.link)
        answer = self.ask("POST", "/m/%s/code" % self.link, {"csrf": page.csrf, "code": self.code(page)})
        if answer.status != 303:
            raise Again("the code is not taken: %d" % answer.status)
        self.path, self.cookie = answer.location, answer.cookie

    def look(self):
        """The message, its frame, its file: with its own word, and for nobody else."""
        page = self.own(self.path)
        if b"<iframe" in page.octets:
            page.octets += self.own(self.path + "/html").octets
        if self.word not in page.octets:
            raise Wrong("%s: the page lacks its text" % self.rcpt)
        self.read += 1
        for part in set(re.findall(rb'href="(%s/part/\d+)"' % self.path.encode(), page.octets)):
            if self.word not in self.own(part.decode()).octets:
                raise Wrong("%s: the file is not what was sent" % self.rcpt)
        stranger = self.pickup.stranger(self)
        for cookie in (None, stranger, self.cookie[:-1] + ("0" if self.cookie[-1] != "0" else "1")):
            seen = self.ask("GET", self.path, cookie=cookie)
            if seen.status != 403 or self.word in seen.octets:
                raise Wrong("%s: a stranger gets %d" % (self.rcpt, seen.status))

    def own(self, path):
        answer = self.ask("GET", path, cookie=self.cookie)
        if answer.status == 403:  # the process has ended, and the session with it
            self.cookie = None
            raise Again("signed out")
        if answer.status != 200:
            raise Wrong("%s: %d for who is signed in" % (self.rcpt, answer.status))
        return answer

    def answer(self):
        """What was sent may have gone out when nobody says so."""
        page = self.own(self.path + "/reply")
        once = re.search(rb'name="once" value="(\w+)"', page.octets).group(1).decode()
        body = form({"csrf": page.csrf, "once": once, "text": "Thank you, %s." % self.word.decode()})
        self.pickup.unsure[self.item.number] += 1
        if self.ask("POST", self.path + "/reply", body=body, cookie=self.cookie, kind="multipart/form-data; boundary=" + BOUNDARY).status != 200:
            raise Again("the answer is not taken")
        self.answers += 1

    def go(self):
        """Until all is done. Again: come back."""
        if not self.cookie:
            self.sign_in()
        if not self.read:
            self.look()
        if self.item.number % ANSWERED == 0 and not self.answers:
            self.answer()
        page = self.own(self.path)
        if self.ask("POST", self.path + "/leave", {"csrf": page.csrf}, cookie=self.cookie).status != 200:
            raise Again("not signed out")
        if self.ask("GET", self.path, cookie=self.cookie).status != 403:
            raise Wrong("%s: a session that has ended goes on" % self.rcpt)


class Pickup:
    """All who read. book: of messages."""

    def __init__(self, path, book):
        self.socket, self.book = path, book
        self.codes = collections.defaultdict(list)  # recipient -> codes that came and were not used
        self.visits = {}  # link -> Visit
        self.waiting = queue.Queue()
        self.done, self.again, self.wrong = [], collections.Counter(), []
        # By number of the message: how often an answer was sent, the queue ids under which answers came, receipts. Postfix delivers again
        # what it was killed over, under the same queue id.
        self.unsure, self.answers, self.receipts = collections.Counter(), collections.defaultdict(set), collections.Counter()
        self.lock, self.before = threading.Lock(), None
        for _ in range(PEOPLE):
            threading.Thread(target=self._run, daemon=True).start()

    def stranger(self, visit):
        """The cookie of somebody else's message, under the name of this one's."""
        with self.lock:
            before, self.before = self.before, visit
        return visit.cookie.partition("=")[0] + "=" + before.cookie.partition("=")[2] if before and before.cookie and before is not visit else None

    # ---- what comes by mail
    def arrived(self, copy):
        """A copy that is the portal's: of a notice, a code, an answer or a receipt. False: it is something else."""
        if copy.sink == "inside":
            return self._inside(copy)
        if not all(rcpt.endswith("@" + DOMAIN) for rcpt in copy.to) or "portal@clinic.test" not in copy.mail + copy.header("From")[0]:
            return False
        text = email.message_from_bytes(copy.data, policy=email.policy.SMTP).get_body(("plain",)).get_content()
        link, digits = re.search(r"/m/([A-Za-z0-9_-]+)", text), re.search(r"^(\d{4}) ?(\d{4})\s*$", text, re.M)
        with self.lock:
            self.book.clear += ["a mail of the portal to %s" % copy.to for secret in SECRETS if secret.encode() in copy.data]
            for rcpt in copy.to:
                if digits and not link:
                    self.codes[rcpt].append("".join(digits.groups()))
                elif link:
                    self._notice(rcpt, link.group(1))
        return True

    def _notice(self, rcpt, link):
        item = self.book.notice(rcpt)
        if item and link not in self.visits:
            self.visits[link] = Visit(self, item, rcpt, link)
            self.waiting.put(self.visits[link])

    def _inside(self, copy):
        about = re.search(rb"(?im)^(?:In-Reply-To|Original-Message-ID):\s*<soak\.(\d+)@clinic\.test>", copy.data)
        receipt = copy.mail.startswith("<>") and b"disposition-notification" in copy.data
        if not about or not (receipt or copy.mail.startswith("<portal@")):
            return False
        number = int(about.group(1))
        with self.lock:
            if receipt:
                self.receipts[number] += 1
            else:
                self.answers[number].add(QUEUE_ID.search(copy.data).group(1))
            if copy.to != [SENDER] or set(WORD.findall(copy.data)) - {word(number)}:
                self.wrong.append("a mail of the portal about %d went to %s, or is about another one" % (number, copy.to))
        return True

    # ---- who reads
    def _run(self):
        while True:
            visit = self.waiting.get()
            self._end(visit, self._try(visit, time.monotonic() + PATIENCE))

    def _try(self, visit, end):
        """Until he has done what he came for, or nothing more can be done: then what is wrong."""
        while True:
            try:
                return visit.go()
            except Again as why:
                with self.lock:
                    self.again[str(why)[:60]] += 1
                if time.monotonic() > end:
                    return "%s gives up: %s" % (visit.rcpt, why)
                time.sleep(random.uniform(0.2, 0.5))
            except Exception as error:  # pylint: disable=broad-except
                return "%s: %s" % (type(error).__name__, error)

    def _end(self, visit, wrong):
        with self.lock:
            self.done.append(visit)
            self.wrong += [wrong] if wrong else []

    def settle(self, nudge, seconds=PATIENCE + 30):
        """Until everybody who has a notice has read, or given up. False: for so long nobody has done either. nudge(): the MTA tries again
        what it has put off, codes among it."""
        done, end, nudged = len(self.done), time.monotonic() + seconds, 0
        while time.monotonic() < end and len(self.done) < len(self.visits):
            if len(self.done) > done:
                done, end = len(self.done), time.monotonic() + seconds
            if time.monotonic() - nudged > 10:
                nudge()
                nudged = time.monotonic()
            time.sleep(0.1)
        return len(self.done) >= len(self.visits)

    def missing(self):
        """Answers that were said to be sent, and have not come."""
        return ["an answer to %d" % v.item.number for v in self.done if v.answers and not self.answers[v.item.number]]

    def foreign(self):
        """Answers that nobody has sent, or that came more often than they were sent."""
        return ["%d answers to %d: %s" % (len(ids), number, ids) for number, ids in self.answers.items() if len(ids) > self.unsure[number]]

    def unread(self, rows):
        """What the portal says of messages, against what their readers know. rows: of milwardctl portal list --json."""
        states = {row["id"]: row["state"] for row in rows}
        odd = ["%s was read and is %s" % (v.rcpt, states.get(v.link[:16])) for v in self.done if v.read and states.get(v.link[:16]) != "read"]
        return odd + ["%s was not read and is %s" % (v.rcpt, states.get(v.link[:16])) for v in self.done if not v.codes_asked and states.get(v.link[:16]) == "read"]

    def __str__(self):
        return "portal: %d notices, %d read, %d answers of %d, %d receipts; tried again: %s" % (
            len(self.visits), sum(v.read > 0 for v in self.done), len(self.answers), sum(v.answers for v in self.done), len(self.receipts), self.again.most_common(5))
