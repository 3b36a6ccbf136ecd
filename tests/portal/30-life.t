#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The life of a portal message: receipts and reminders through a real Postfix, expiry, recall, new server keys, processes that are killed
and a disk that is full; and after its end nothing of it is left in any file."""
import base64
import contextlib
import email
import email.policy
import http.client
import json
import os
import pathlib
import pty
import re
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
TEXT = "Your potassium is 4.1 mmol/l. Zebrafinch."
PHRASE = "correct horse battery staple"
SENDER = "doctor@clinic.test"
POLICY = """load portal grant keys, store { store "%(folder)s/portal"; keys "%(folder)s/keys/portal"; audit "%(folder)s/audit/portal.log"
	url "https://pickup.clinic.test"; site "Riverside Clinic"; from "portal@clinic.test"; listen "unix:%(folder)s/portal.sock"
	reentry "inet:10533@127.0.0.1"; drain 5 seconds; remind %(remind)d seconds }
load route grant route, edit, run { mta none }
match any then pass
"""


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("pickup.clinic.test", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Portal(Milward):
    """milward-portal with a store that no MTA has filled."""

    def __init__(self, site):
        self.site, self.folder = site, site.folder
        self.store, self.audit = os.path.join(self.folder, "portal"), os.path.join(self.folder, "audit", "portal.log")
        for name in ("portal", "keys", "audit"):
            os.mkdir(os.path.join(self.folder, name), mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", os.path.dirname(self.audit)], check=True)
        super().__init__(site.folder, site.prefix, self.write(), "portal")
        self.program = os.path.join(site.prefix, "sbin", "milward-portal")
        self.arguments = ["-p", self.policy]
        with open(os.path.join(self.folder, "text"), "w") as out:
            out.write(TEXT + "\n")

    def write(self, remind=0):
        path = os.path.join(self.folder, "portal.policy")
        with open(path, "w") as out:
            out.write(POLICY % {"folder": self.folder, "remind": remind})
        return path

    def stow(self, to, *more):
        """Messages; their links."""
        done = subprocess.run([STOW, self.store, os.path.join(self.folder, "keys", "portal"), "from=" + SENDER, "to=" + to,
                               "text=" + os.path.join(self.folder, "text"), *more], capture_output=True, text=True, check=True)
        return done.stdout.split()

    def run(self, command, *arguments, words=None):
        """milwardctl portal …: status, what it prints."""
        done = subprocess.run([os.path.join(self.prefix, "bin", "milwardctl"), "-p", self.policy, "portal", command, *arguments],
                              capture_output=True, text=True, check=False, input=words)
        if done.returncode == 0:
            return 0, done.stdout
        return done.returncode, done.stdout + done.stderr

    def ctl(self, command, *arguments, words=None):
        """One that must succeed: what it prints."""
        status, said = self.run(command, *arguments, words=words)
        if status:
            raise AssertionError("milwardctl portal %s: %d %s" % (command, status, said))
        return said

    def ask(self, method, path, form=None, cookie=None):
        head = {"Cookie": cookie} if cookie else {}
        if form is not None:
            head["Content-Type"] = "application/x-www-form-urlencoded"
        connection = Unix(os.path.join(self.folder, "portal.sock"))
        try:
            connection.request(method, path, urllib.parse.urlencode(form) if form is not None else None, head)
            response = connection.getresponse()
            body = response.read().decode("utf-8", "replace")
            return response.status, body, response.getheader("Set-Cookie") or ""
        finally:
            connection.close()

    def csrf(self, body):
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', body)
        return found.group(1) if found else ""

    def press(self, link):
        return self.ask("POST", "/m/" + link, {"csrf": self.csrf(self.ask("GET", "/m/" + link)[1])})

    def sign_in(self, link, to):
        """The cookie of a person who had a code by mail."""
        before = len(self.mails(to, "code"))
        page = self.press(link)[1]
        lab.wait_for(lambda: len(self.mails(to, "code")) > before, "a code for " + to)
        text = body_of(self.mails(to, "code")[before])
        code = "".join(re.search(r"^(\d{4}) ?(\d{4})\s*$", text, re.M).groups())
        status, said, cookie = self.ask("POST", "/m/%s/code" % link, {"csrf": self.csrf(page), "code": code})
        assert status == 303, (status, said)
        return cookie.split(";")[0]

    def enter(self, link):
        """The same by a passphrase."""
        status, said, cookie = self.ask("POST", "/m/%s/code" % link, {"csrf": self.csrf(self.press(link)[1]), "passphrase": PHRASE})
        assert status == 303, (status, said)
        return cookie.split(";")[0]

    def read(self, link, to):
        cookie = self.sign_in(link, to)
        status, body, _ = self.ask("GET", "/read/" + link[:16], cookie=cookie)
        assert status == 200, (status, body)
        return cookie

    def sql(self, query, *values):
        with contextlib.closing(sqlite3.connect(os.path.join(self.store, "pickup.db"), timeout=60)) as db, db:
            return db.execute(query, values).fetchall()

    def row(self, link, what):
        return self.sql("SELECT %s FROM message WHERE hex(id) = ?" % what, ident(link))[0][0]

    def mails(self, to, about):
        """What came for somebody, with such a word in its Message-ID or subject."""
        copies = [c for sink in self.site.sinks.values() for c in list(sink.copies) if to in c.to]
        return [c for c in copies if about in " ".join(c.header("Message-ID") + c.header("Subject"))]

    def receipt(self, link, about, most=1):
        """Of that message: waits for it."""
        mine = lambda: [c for c in self.mails(SENDER, about) if link[:16] in c.header("Message-ID")[0]]  # noqa: E731
        lab.wait_for(mine, "the receipt %s" % about)
        assert len(mine()) <= most, [c.header("Message-ID") for c in mine()]
        return mine()[0]

    def verify(self):
        done = subprocess.run([os.path.join(self.prefix, "bin", "milwardctl"), "audit", "verify", self.audit], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def records(self, link=None):
        with open(self.audit) as log:
            all_of_them = [json.loads(line) for line in log]
        return [r["step"] for r in all_of_them if r["kind"] == "portal" and (link is None or r.get("id") == link[:16])]


def ident(link):
    return base64.urlsafe_b64decode(link[:16]).hex().upper()


def body_of(copy):
    message = email.message_from_bytes(copy.data, policy=email.policy.SMTP)
    return (message.get_body(("plain",)) if not message.get_content_type() == "multipart/report" else next(message.iter_parts())).get_content()


# ---- receipts

def receipts(site, portal):
    tap = site.tap
    link = portal.stow("alice@plain.test", "subject=Secret")[0]
    portal.read(link, "alice@plain.test")
    copy = portal.receipt(link, "picked-up")
    report = email.message_from_bytes(copy.data, policy=email.policy.SMTP)
    parts = list(report.iter_parts())
    tap.equal((report.get_content_type(), report.get_param("report-type"), [p.get_content_type() for p in parts]),
              ("multipart/report", "disposition-notification", ["text/plain", "message/disposition-notification"]), "a receipt is a report of RFC 8098")
    fields = parts[1].get_payload(0) if parts[1].is_multipart() else email.message_from_string(parts[1].get_content())
    tap.equal((fields["Disposition"], fields["Original-Message-ID"], fields["Final-Recipient"]),
              ("manual-action/MDN-sent-automatically; displayed", "<stowed@stow.invalid>", "rfc822; alice@plain.test"), "which says what happened")
    tap.ok(copy.mail.startswith("<>") and copy.header("Auto-Submitted") == ["auto-replied"], "from nobody, so that nobody answers", copy.mail)
    tap.ok(not re.search(b"Zebrafinch|potassium|Secret|/m/", copy.data), "and has nothing of the message, and no link")
    lab.wait_for(lambda: "stored" in portal.records(link), "records of what stow did without an audit file")
    tap.equal(sorted(set(portal.records(link)) - {"code"}), ["mailed", "noticed", "read", "signed-in", "stored"], "each step is a record")


def mta_away(site, portal):
    tap = site.tap
    site.postfix.stop()
    links = portal.stow("bob@plain.test", "count=3", "expires=1")
    lab.wait_for(lambda: portal.sql("SELECT count(*) FROM message WHERE state = 4 AND removed > 0")[0][0] >= 3, "expiry without an MTA")
    lab.wait_for(lambda: portal.sql("SELECT max(tries) FROM outbox")[0][0] >= 1, "a try")
    portal.kill()
    site.postfix.start()
    portal.sql("UPDATE outbox SET due = 1 WHERE done = 0")
    portal.start()
    for link in links:
        portal.receipt(link, "expired")
    tap.ok(True, "what the MTA could not take is sent when it is back, also after a crash")


def killed(site, portal):
    """Killed at any point of expiry, removal and receipts, again and again."""
    links = []
    for i in range(4):
        links += portal.stow("carol@plain.test", "count=4")
        before = portal.sql("SELECT count(*) FROM event")[0][0]
        portal.sql("UPDATE message SET expires = 1 WHERE recipient = 'carol@plain.test'")
        lab.wait_for(lambda b=before, n=i: portal.sql("SELECT count(*) FROM event")[0][0] > b + n % 5, "events")
        portal.kill()
        portal.start()
    done = "SELECT count(*) FROM message WHERE recipient = 'carol@plain.test' AND state = 4 AND removed > 0"
    lab.wait_for(lambda: portal.sql(done)[0][0] == len(links), "all are removed")
    for link in links:
        portal.receipt(link, "expired", most=4)
    # A receipt that was sent twice has one Message-ID, so that it is one for its reader.
    ids = [c.header("Message-ID")[0] for c in portal.mails(SENDER, "expired")]
    per_link = [len({i for i in ids if link[:16] in i}) for link in links]
    site.tap.equal(set(per_link), {1}, "killed at any point: each has its receipt, under one Message-ID")
    steps = [portal.records(link) for link in links]
    site.tap.ok(all({"expired", "removed", "mailed"} <= set(s) for s in steps), "and the records of its end", steps)
    site.tap.ok(not [name for _, _, files in os.walk(portal.store + "/crates") for name in files if any(name == link[:16] for link in links)], "and no file")


# ---- recall

def recall(site, portal):
    tap = site.tap
    unread, read, other = (portal.stow("dave@plain.test")[0] for _ in range(3))
    queue_id = portal.row(other, "origin_queue_id")
    cookie = portal.read(read, "dave@plain.test")
    said = portal.ctl("recall", unread[:16])
    tap.ok("recalled before it was read" in said, "recall tells that nobody had read it", said)
    tap.ok("Nobody had opened it." in body_of(portal.receipt(unread, "recalled")), "so does the mail to its sender")
    said = portal.ctl("recall", read[:16])
    tap.ok(re.search(r"was read on 20\d\d-.*cannot be taken back", said), "or that it cannot be taken back", said)
    tap.ok("HAD BEEN OPENED" in body_of(portal.receipt(read, "recalled")), "so does the mail")
    tap.ok(portal.ask("GET", "/read/" + read[:16], cookie=cookie)[0] != 200, "who was reading reads no more")
    gone, unknown = portal.ask("GET", "/m/" + unread), portal.ask("GET", "/m/" + "A" * 43)
    tap.equal(gone, unknown, "the link of a recalled message is like one that never was")
    tap.equal(portal.run("recall", unread[:16])[1].count("had been recalled on"), 1, "twice is told")
    rows = [json.loads(line) for line in portal.ctl("recall", "--json", "--queue-id", queue_id, "--to", "dave@plain.test").splitlines()]
    tap.equal([(r["id"], r["state"], r["ended_now"], r["first_read"]) for r in rows], [(other[:16], "recalled", True, None)], "by queue id, as JSON")
    tap.equal([portal.run("recall", "--message-id", "none@x")[0], portal.run("recall", "A" * 16)[0], portal.run("recall")[0]], [2, 2, 64], "what there is not")
    tap.ok("recalled" in portal.records(unread), "it is recorded")


# ---- the way back

def unlock(site, portal):
    tap = site.tap
    link = portal.stow("grace@plain.test")[0]
    csrf = portal.csrf(portal.press(link)[1])
    lab.wait_for(lambda: portal.mails("grace@plain.test", "code"), "a code that nobody types")
    tries = [portal.ask("POST", "/m/%s/code" % link, {"csrf": csrf, "code": "0000000%d" % n})[0] for n in range(5)]
    tap.equal((tries, portal.ask("GET", "/m/" + link)[0]), ([403] * 5, 404), "who guesses is locked out")
    said = portal.ctl("unlock", link[:16])
    tap.ok(": unlocked, " in said, "an administrator lets him in again", said)
    portal.read(link, "grace@plain.test")
    row = json.loads(portal.ctl("unlock", "--json", link[:16]))
    tap.equal((row["id"], row["was_locked"]), (link[:16], False), "who is not locked out is told")
    tap.equal([portal.run("unlock", "A" * 16)[0], portal.run("unlock", "none")[0], portal.run("unlock")[0]], [2, 2, 64], "what there is not")
    tap.ok({"locked", "unlocked", "read"} <= set(portal.records(link)), "it is recorded", portal.records(link))


# ---- reminders

def reminders(site, portal):
    link = portal.stow("erin@plain.test")[0]
    begin = len(portal.log())
    portal.write(remind=1)
    portal.reload()
    portal.wait_log("the new policy is running", after=begin)
    lab.wait_for(lambda: portal.mails("erin@plain.test", "reminder"), "a reminder")
    portal.write(remind=0)
    begin = len(portal.log())
    portal.reload()
    portal.wait_log("the new policy is running", after=begin)
    copies = portal.mails("erin@plain.test", "reminder")
    site.tap.ok(len(copies) == 1 and copies[0].header("In-Reply-To") == [portal.row(link, "message_id")], "one reminder, in the notice's thread", copies)
    site.tap.ok(b"http" not in copies[0].data and not re.search(b"Zebrafinch|doctor", copies[0].data), "without a link")


# ---- commands

def lists(site, portal):
    tap = site.tap
    rows = [json.loads(line) for line in portal.ctl("list", "--json", "--state", "read,waiting").splitlines()]
    tap.ok(rows and {r["state"] for r in rows} <= {"read", "waiting"}, "list --json --state", rows[:3])
    tap.equal({json.loads(line)["recipient"] for line in portal.ctl("list", "--json", "--to", "ERIN@plain.test", "--from", SENDER, "--since", "1h").splitlines()},
              {"erin@plain.test"}, "list of one recipient")
    said = portal.ctl("list")
    tap.ok(said.startswith("ID ") and "dave@plain.test" in said and "\033" not in said, "a table, without colour in a pipe", said[:300])
    link = rows[0]["id"]
    one = json.loads(portal.ctl("show", "--json", link))
    tap.ok(one["id"] == link and any(e["event"] == "stored" for e in one["events"]), "show --json tells what happened", one)
    tap.ok("stored" in portal.ctl("show", link), "and show")
    tap.equal([portal.run("show", "x")[0], portal.run("show", "A" * 16)[0], portal.run("list", "--state", "x")[0], portal.run("list", "--since", "x")[0],
               portal.run("expire", "--all-before", "1h")[0], portal.run("expire", "--all-before", "x")[0]], [64, 2, 64, 64, 1, 64], "exit statuses")
    tap.equal([portal.run("list", "--most", n)[0] for n in ("0", "-5", "5x", "99999999999", "5")], [64, 64, 64, 64, 0], "a number of messages is one")
    tap.equal(portal.run("check")[0], 0, "check: all fits together")


def passphrases(site, portal):
    """From standard input, and from a terminal that does not show it."""
    tap = site.tap
    portal.ctl("passphrase", "frank@plain.test", words=PHRASE + "\n")
    said = json.loads(portal.ctl("passphrase", "--list", "--json"))
    tap.equal((said["recipient"], said["sender"]), ("frank@plain.test", ""), "a passphrase from standard input")
    tap.equal(portal.run("passphrase", "frank@plain.test", words="short\n")[0], 1, "a short one is refused")
    os.makedirs("/dev/pts", exist_ok=True)
    subprocess.run(["mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts", "/dev/pts"], check=True)
    os.symlink("pts/ptmx", "/dev/ptmx")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(os.path.join(portal.prefix, "bin", "milwardctl"), ["milwardctl", "-p", portal.policy, "portal", "passphrase", "grace@plain.test", "--from", SENDER])
    seen, prompts = b"", [b"Passphrase: ", b"Once more: "]
    try:
        while True:
            seen += os.read(terminal, 1000)
            if prompts and prompts[0] in seen:
                prompts.pop(0)
                os.write(terminal, PHRASE.encode() + b"\n")
    except OSError:  # its end
        pass
    tap.ok(os.waitpid(pid, 0)[1] == 0 and not prompts and b"horse" not in seen and "grace@plain.test" in portal.ctl("passphrase", "--list"),
           "from a terminal, unseen", seen)
    portal.ctl("passphrase", "grace@plain.test", "--from", SENDER, "--remove")
    tap.equal((portal.run("passphrase", "grace@plain.test", "--from", SENDER, "--remove")[0], portal.records().count("passphrase-set")), (2, 2), "removed; all recorded")


# ---- server keys

def rekeys(site, portal, secrets):
    """New server keys while people sign in."""
    tap, wrong, count, stop = site.tap, [], [0], threading.Event()
    links = portal.stow("frank@plain.test", "count=20", "proof=passphrase")
    before = {w for (w,) in portal.sql("SELECT wrapped FROM message WHERE wrapped NOT NULL")}

    def people(number):
        while not stop.is_set():
            link = links[(count[0] * 7 + number) % len(links)]
            page = portal.press(link)[1]
            status, body, _ = portal.ask("POST", "/m/%s/code" % link, {"csrf": portal.csrf(page), "passphrase": PHRASE})
            count[0] += 1
            if status != 303:
                wrong.append((status, re.findall("<h1>(.*?)</h1>", body)))

    threads = [threading.Thread(target=people, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            done = count[0]
            said = portal.ctl("rekey")
            lab.wait_for(lambda d=done: count[0] > d + 2 or wrong, "people who sign in")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    tap.ok(not wrong and count[0] > 5, "two new server keys, and nobody who signs in meets an error", count, wrong[:3])
    tap.ok("is new" in said and portal.sql("SELECT count(DISTINCT key) FROM message WHERE key > 0")[0][0] == 1, "all messages are on the newest", said)
    path = os.path.join(portal.folder, "keys", "portal")
    with open(path) as file:
        text = file.read()
    keys = [line for line in text.splitlines() if line and not line.startswith("#")]
    with open(path, "w") as file:
        file.write("\n".join("%s %s %d" % (*line.split()[:2], int(line.split()[2]) - 7200) for line in keys) + "\n")
    said = json.loads(portal.ctl("rekey", "--finish", "--json"))
    tap.equal((said["new"], said["dropped"], said["keys"], len(keys)), (False, 2, 1, 3), "keys that nobody needs are dropped")
    after = {w for (w,) in portal.sql("SELECT wrapped FROM message WHERE wrapped NOT NULL")}
    tap.equal((len(before & after), portal.records().count("rekeyed")), (0, 2), "no old wrap is left, and it is recorded")
    page = portal.press(links[0])[1]
    tap.equal(portal.ask("POST", "/m/%s/code" % links[0], {"csrf": portal.csrf(page), "passphrase": PHRASE})[0], 303, "the link opens as before")
    os.rename(path, path + ".lost")
    status, said = portal.run("rekey")
    tap.ok(status == 1 and "bring it back" in said and not os.path.exists(path), "no new file of keys stands for one that is lost", said)
    os.rename(path + ".lost", path)
    secrets |= before | after


# ---- a full disk

def disk_full(site, portal):
    """What cannot be recorded does not happen."""
    tap = site.tap
    link, *many = portal.stow("heidi@plain.test", "count=20")
    cookie = portal.sign_in(link, "heidi@plain.test")
    kept = portal.stow("ivan@plain.test")[0]
    of_ivan = portal.read(kept, "ivan@plain.test")
    filler = os.path.join(os.path.dirname(portal.audit), "filler")
    with open(filler, "wb", buffering=0) as file:
        for size in (65536, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    # The last page of the file has room for some.
    for last in many:
        status, said = portal.run("recall", last[:16])
        if status:
            break
    tap.equal((status, "No space left" in said, portal.row(last, "ended"), portal.records(last).count("recalled")), (1, True, 0, 0), "a full disk stops a recall")
    # Records are not all as long: one more may find room, and is made then.
    late = many[-3:]
    for one in late:
        portal.sql("UPDATE message SET expires = 1 WHERE hex(id) = ?", ident(one))
    lab.wait_for(lambda: "No space left" in portal.log(), "a word in the log")
    ended = [(bool(portal.row(one, "ended")), "expired" in portal.records(one)) for one in late]
    tap.ok((False, False) in ended and (True, False) not in ended, "and the end of a message", ended)
    status, body, _ = portal.ask("GET", "/read/" + link[:16], cookie=cookie)
    seen = status >= 500, TEXT in body, portal.row(link, "reads"), portal.records(link).count("read")
    tap.ok(seen in ((True, False, 0, 0), (False, True, 1, 1)), "and reading, of a page that is made and waits in memory", status, seen)
    status, body, _ = portal.ask("GET", "/read/" + kept[:16], cookie=of_ivan)
    tap.equal((status, TEXT in body, portal.row(kept, "reads")), (200, True, 1), "a page that was read a moment ago is loaded again: that takes no room")
    os.unlink(filler)
    tap.equal((portal.ask("GET", "/read/" + link[:16], cookie=cookie)[0], portal.row(link, "reads"), portal.records(link).count("read")), (200, 1, 1), "with room again it is read")
    lab.wait_for(lambda: all(portal.row(one, "removed") for one in late), "the end of the others")
    status, said = portal.verify()
    tap.ok(status == 0, "the records are whole", said)


# ---- pages in memory, and an end without warning

def killed_reading(site, portal):
    """A session and its pages end with the process, at whatever moment; the message does not."""
    tap = site.tap
    link = portal.stow("judy@plain.test")[0]
    cookie, path, answers = portal.read(link, "judy@plain.test"), "/read/" + link[:16], []

    def load():
        try:
            while True:
                answers.append(portal.ask("GET", path, cookie=cookie)[:2])
        except (OSError, http.client.HTTPException):
            pass

    readers = [threading.Thread(target=load) for _ in range(4)]
    for reader in readers:
        reader.start()
    lab.wait_for(lambda: len(answers) > 20, "pages")
    portal.kill()
    for reader in readers:
        reader.join()
    tap.ok(all(status == 200 and TEXT in body for status, body in answers), "killed while pages go out of memory", {status for status, _ in answers})
    portal.start()
    status, body, _ = portal.ask("GET", path, cookie=cookie)
    tap.ok(status == 403 and TEXT not in body, "the session is over", status)
    found = [name for folder, _, files in os.walk(portal.store) for name in files if TEXT.encode() in pathlib.Path(folder, name).read_bytes()]
    tap.equal((found, portal.row(link, "reads"), portal.records(link).count("read")), ([], 1, 1), "and nothing of a page was on disk")
    cookie = portal.read(link, "judy@plain.test")
    tap.equal(portal.row(link, "reads"), 1, "with a new code it is read on")


def killed_together(site, portal):
    """Many look for the first time, at once, and the process is killed: whoever has seen his message is written down."""
    tap, seen = site.tap, {}
    links = portal.stow("kate@plain.test", "count=40", "proof=passphrase", "passphrase=" + PHRASE)
    cookies = [portal.enter(link) for link in links]

    def look(link, cookie):
        try:
            seen[link] = portal.ask("GET", "/read/" + link[:16], cookie=cookie)[:2]
        except (OSError, http.client.HTTPException):
            pass

    readers = [threading.Thread(target=look, args=pair) for pair in zip(links, cookies)]
    for reader in readers:
        reader.start()
    lab.wait_for(lambda: len(seen) > 3, "pages")
    portal.kill()
    for reader in readers:
        reader.join()
    portal.start()
    shown = [link for link, (status, body) in seen.items() if status == 200 and TEXT in body]
    tap.ok(len(shown) == len(seen), "killed while many look for the first time", len(shown), len(seen))
    tap.equal([link[:16] for link in shown if portal.row(link, "reads") != 1 or "read" not in portal.records(link)], [], "whoever has seen his message is written down")
    status, said = portal.verify()
    tap.ok(status == 0, "and the records are whole", said)


# ---- nothing is left

def nothing_left(site, portal, secrets):
    tap = site.tap
    secrets |= {w for (w,) in portal.sql("SELECT wrapped FROM message WHERE wrapped NOT NULL")}
    newest = portal.sql("SELECT max(created) FROM message")[0][0]
    lab.wait_for(lambda: time.time() >= newest + 1, "a second that all messages are older than")
    portal.ctl("expire", "--all-before", "0s", "--yes")
    lab.wait_for(lambda: portal.sql("SELECT count(*) FROM message WHERE removed = 0")[0][0] == 0, "all are removed")
    lab.wait_for(lambda: os.path.getsize(portal.store + "/pickup.db-wal") == 0, "an empty log of the database")
    found = []
    for folder, _, files in os.walk(portal.store):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                octets = file.read()
            found += [name for word in (b"Zebrafinch", b"potassium", b"horse battery", b"MWCRATE") if word in octets]
            found += [name for secret in secrets if secret[:24] in octets or secret[-24:] in octets]
    tap.ok(secrets and not found, "of %d messages no key, no word and no file is left" % len(secrets), found[:5])
    tap.equal(portal.run("check")[0], 0, "check: nothing is amiss")
    tap.equal(portal.stop(), 0, "milward-portal ends")
    status, said = portal.verify()
    tap.ok(status == 0, "and the records are intact", said)
    with open(portal.audit, "rb") as file:
        tap.ok(not re.search(b"Zebrafinch|potassium|Secret|horse", file.read()), "without a word of the messages")
    done = subprocess.run([os.path.join(portal.prefix, "bin", "milwardctl"), "audit", "show", "--recipient", "erin@plain.test", portal.audit], capture_output=True, text=True, check=False)
    tap.ok("portal reminded" in done.stdout and "alice" not in done.stdout, "audit show tells the life of a message", done.stdout)


def main():
    with lab.Site() as site:
        if not os.access(STOW, os.X_OK):
            raise AssertionError("%s is not there: build with tests/run gcc" % STOW)
        site.postfix.service("10533", "inet", "smtpd", smtpd_milters="")
        site.postfix.start()
        portal = Portal(site)
        site.tap.ok("with key 1" in portal.ctl("rekey"), "rekey makes the first key")
        portal.start()
        secrets = set()
        for part in (receipts, mta_away, killed, recall, unlock, reminders, lists, passphrases, rekeys, disk_full, killed_reading, killed_together, nothing_left):
            begin = time.monotonic()
            part(site, portal, *([secrets] if part in (rekeys, nothing_left) else []))
            lab.note("%s: %.1f s" % (part.__name__, time.monotonic() - begin))


if __name__ == "__main__":
    main()
