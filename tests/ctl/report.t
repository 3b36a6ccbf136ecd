#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl report: numbers against an independent count, months in time zones, chains that are whole and that are not, the page."""
import gzip
import html.parser
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import time

from auditfile import POLICY, Chain
from common import ENV, ctl, finish, ok

EVIL = '<script>alert("x")</script>&\x1b[31m'


def rcpt(address, route="pass", effect=None, line="outbound.policy:9", **more):
    return dict(address=address, route=route, effect=effect or (route if route in ("pass", "hold", "refuse", "tempfail") else "route"), line=line, reason="", skipped="", **more)


def report(*args, status=0, zone="UTC"):
    saved = ENV.get("TZ")
    ENV["TZ"] = zone
    code, out, err = ctl("report", "--json", *args)
    ENV["TZ"] = saved or ""
    ok(code == status, "report %s: exit %d" % (" ".join(str(a).rsplit("/", 1)[-1] for a in args), status), "%d\n%s%s" % (code, out[-2000:], err))
    return (json.loads(out) if out else {}), err


def rows(model, name):
    return {r["name"]: r for r in model[name]["rows"]}


def way(row):
    return {k: v for k, v in row["ways"].items() if v}


# ---- what is counted
def numbers(folder):
    chain = Chain(folder / "audit.log")
    chain.start("2026-10-31T22:00:00.000Z")
    chain.message("2026-10-31T23:30:00.000Z", rcpt("early@far.example"))
    rand, want = random.Random(1), {"domains": {}, "days": {}, "classes": {}, "senders": {}, "rules": {}, "ways": {}}
    routes = {"pass": "pass", "tls(verified)": "tls(verified)", "tls(encrypted), portal": "tls", "smime": "smime", "openpgp": "openpgp", "portal": "portal", "hold": "hold",
              "refuse": "refuse", "tempfail": "tempfail"}
    for i in range(600):
        day = 1 + i * 30 // 600
        to = [(rand.choice("abc") + ".example", rand.choice(list(routes))) for _ in range(rand.randint(1, 3))]
        classes = ["phi"] if rand.random() < 0.4 else []
        rules = {rand.choice(("us-ssn", "mrn")): rand.randint(1, 4)} if classes else {}
        sender = "user%d@%s.clinic.example" % (rand.randint(1, 5), rand.choice(("lab", "ward")))
        chain.message("2026-11-%02dT12:00:00.%03dZ" % (day, i % 1000), *(rcpt("p@" + d.upper(), r) for d, r in to), classes=classes, rules=rules, sender=sender)
        for domain, route in to:
            for table, key in (("domains", domain), ("days", day)) + ((("classes", "phi"), ("senders", sender)) if classes else ()):
                row = want[table].setdefault(key, {})
                row[routes[route]] = row.get(routes[route], 0) + 1
            want["ways"][routes[route]] = want["ways"].get(routes[route], 0) + 1
        for rule, n in rules.items():
            row = want["rules"].setdefault(rule, [0, 0])
            row[0] += 1
            row[1] += n
    chain.message("2026-12-01T00:00:00.000Z", rcpt("late@far.example"))
    chain.write()
    model, _ = report("--month", "2026-11", chain.path, status=1)  # nothing says that its end is the end
    ok(model["evidence"] == "not verified" and any("unanchored tail" in s for s in model["chains"][0]["said"]), "a chain whose end nothing anchors is not verified", model["chains"])
    after = chain.follow(folder / "audit.log.new", "2026-12-02T00:00:00.000Z")
    after.write()
    model, _ = report("--month", "2026-11", chain.path)
    ok(model["evidence"] == "verified" and model["chains"][0]["state"] == "intact" and model["chains"][0]["hash"] == chain.prev, "one that ended is", model["chains"])
    ok(model["totals"]["messages"] == 600 and model["records_before"] == 2 and model["records_after"] == 2, "messages of the month", model["totals"])
    ok(way(model["totals"]) == want["ways"], "recipients by way", (way(model["totals"]), want["ways"]))
    for table in ("domains", "classes", "senders"):
        got = {name: way(row) for name, row in rows(model, table).items()}
        ok(got == want[table], "%s by way" % table, (got, want[table]))
    ok({d["day"]: way(d) for d in model["days"] if d["records"]} == want["days"], "days by way")
    ok({n: [r["messages"], r["values"]] for n, r in rows(model, "rules").items()} == want["rules"], "rules: messages and values")
    names = folder / "departments"
    names.write_text("# who is who\nuser1@LAB.clinic.example  Head of the laboratory\n@lab.clinic.example Laboratory\n")
    model, _ = report("--month", "2026-11", "--departments", names, "--no-senders", chain.path)
    ok("senders" not in model and set(rows(model, "departments")) == {"Head of the laboratory", "Laboratory", "@ward.clinic.example"}, "departments", rows(model, "departments").keys())
    model, err = report("--month", "2026-11", "--departments", chain.path, chain.path, status=1)
    ok(":1: an address or @domain" in err, "a file of departments that is none is told", err)
    model, _ = report("--month", "2026-11", "--top", "1", chain.path)
    ok(len(model["rules"]["rows"]) == 1 and model["rules"]["more"] == 1, "--top says how many more there are")
    return chain


# ---- what else records have
def basis(folder):
    chain = Chain(folder / "basis.log")
    chain.start("2026-11-01T00:00:00.000Z")
    chain.add("2026-11-01T00:00:00.000Z", "reload", version="\x1b[1m<b>", policy="\x1b[2m<b>\N{PILE OF POO}" + 64 * "x", reason="\x1b[3m<b>")
    consent = dict(name="plain", by="M. Adams, RN", **{"from": "2026-03-01"}, until="none", at="tables/consents:12")
    chain.message("2026-11-02T00:00:00.000Z", rcpt("a@far.example", consent=consent), rcpt("b@far.example", attested="no PHI in it"), rcpt(EVIL + "@" + EVIL), classes=["phi", EVIL],
                  rules={EVIL: 1}, sender=EVIL, observe=True, unreadable={"encrypted": 2})
    chain.message("2026-11-02T00:00:00.000Z", rcpt("a@far.example", route="", effect="none"), outcome="tempfail", cause="busy", sender="")
    chain.message("2026-11-02T00:00:01.000Z", rcpt("a@far.example", route="quarantine-elsewhere", effect="route"))
    for step, when, who in (("stored", 3, 1), ("stored", 3, 2), ("stored", 3, 2), ("stored", 3, 3), ("read", 4, 1), ("read", 5, 1), ("read", 14, 2), ("fetched", 14, 2)):
        chain.add("2026-11-%02dT00:00:00.000Z" % when, "portal", step=step, id="%016d" % who, sender="a@clinic.example", recipient="b@far.example")
    chain.add("2026-11-29T00:00:00.000Z", "portal", step="expired", id="%016d" % 3, sender="a@clinic.example", recipient="b@far.example", detail="unread")
    chain.add("2026-12-01T00:00:00.000Z", "end")
    model, _ = report("--month", "2026-11", chain.write())
    ok(rows(model, "consents")["plain"]["count"] == 1 and rows(model, "attested")["no PHI in it"]["count"] == 1, "consents and attested")
    ok(rows(model, "causes")["busy"]["messages"] == 1 and rows(model, "causes")["busy"]["outcome"]["tempfail"] == 1, "causes", model["causes"])
    ok(way(model["totals"]) == {"pass": 3, "none": 1, "other": 1} and model["totals"]["observed"] == 1, "ways that are no means of route", model["totals"])
    ok(rows(model, "unreadable")["encrypted"]["values"] == 2, "parts that could not be read")
    portal = model["portal"]
    ok((portal["handed_in"], portal["picked_up"], portal["expired_unread"]) == (3, 2, 1), "the portal: each message once", portal)
    ok(portal["in_time"] == {"1 hour": 0, "1 day": 1, "3 days": 0, "7 days": 0, "later": 1}, "how soon they were picked up", portal)
    return chain


# ---- the page
class Page(html.parser.HTMLParser):
    VOID = {"meta"}

    def __init__(self, text):
        super().__init__()
        self.open, self.bad, self.tags, self.text, self.rows = [], [], {}, "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
        self.bad += [(tag, name, value) for name, value in attrs if name.startswith("on") or name == "src" or (name == "href" and not value.startswith("#"))]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        # what may stay open in HTML
        while self.open and self.open[-1] != tag and self.open[-1] in ("tr", "td", "th", "p", "li"):
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            self.bad.append("/" + tag)

    def handle_data(self, data):
        self.text += data
        if self.rows and self.rows[-1] and {"td", "tr"} <= set(self.open):
            self.rows[-1][-1] += data


LOOK = """<script>addEventListener('load', function () {
  var all = function (what) { return Array.from(document.querySelectorAll(what)); };
  document.body.setAttribute('data-look', JSON.stringify({
    width: innerWidth, page: document.documentElement.scrollWidth,
    narrow: all('td:first-child').filter(function (e) { return e.offsetWidth < 100; }).length,
    small: all('svg text').filter(function (e) { return e.getBoundingClientRect().height < 9; }).length,
    texts: all('svg text').length, tables: all('table').length })); });</script>"""


def phone(folder, text):
    """What a browser as wide as a phone makes of the page; it takes the size of all things, by a script that only this copy has."""
    name = "the page on a phone: nothing of it is wider but what moves by itself, no column is a letter wide, pictures can be read"
    if not shutil.which("chromium"):
        print("ok - %s # SKIP chromium is not installed" % name)
        return
    copy = folder / "phone.html"
    copy.write_text(re.sub(r'<meta http-equiv="?Content-Security-Policy[^>]*>', "", text).replace("</head>", LOOK + "</head>"), encoding="utf-8")
    done = subprocess.run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=%s" % (folder / "chromium"), "--window-size=360,740", "--dump-dom", copy.as_uri()],
                          capture_output=True, text=True, timeout=120)
    found = re.search(r'data-look="([^"]*)"', done.stdout)
    look = json.loads(html.unescape(found.group(1))) if found else {}
    ok(look and look["page"] <= look["width"] < 600 and look["narrow"] == look["small"] == 0 and look["texts"] > 50 and look["tables"] > 5, name, (look, done.stderr[-500:]))


def shown(name):
    return name.replace("\x1b", "?")


def same_numbers(page, model):
    """Rows of the page are what the JSON says."""
    columns = (("pass",), ("tls",), ("tls(verified)",), ("smime", "openpgp"), ("portal",), ("hold",), ("refuse",), ("tempfail", "none"))
    wanted = [[shown(r["name"]), str(r["messages"]), str(r["values"])] for r in model["rules"]["rows"]]
    for table in ("classes", "domains", "routes", "departments", "senders"):
        wanted += [[shown(r["name"]), str(r.get("messages", r.get("count")))] + [str(sum(r["ways"][w] for w in column)) for column in columns] for r in model.get(table, {"rows": []})["rows"]]
    missing = [row for row in wanted if row not in page.rows]
    ok(len(wanted) > 8 and not missing, "numbers of the page are those of the JSON", (len(wanted), missing[:3], [row for row in page.rows if "far.example" in row]))


def pages(folder, *chains):
    out = folder / "report.html"
    code, said, err = ctl("report", "--month", "2026-11", "--site", EVIL, "--html", out, *(c.path for c in chains))
    ok(code == 0 and not said, "--html: made, and nothing printed", said + err)
    text = out.read_text(encoding="utf-8")
    page = Page(text)
    ok(not page.bad and not page.open, "the page: what is opened is closed, nothing is fetched, nothing runs", (page.bad, page.open))
    ok("script" not in page.tags and page.tags.get("svg", 0) > 5 and "url(" not in text and "@import" not in text, "pictures and no script", page.tags)
    ok('<script>alert("x")</script>&?[31m' in page.text and "\x1b" not in text, "what comes from records is text")
    ok("prefers-color-scheme:dark" in text and "@media print" in text and "default-src 'none'" in text, "light, dark, print")
    phone(folder, text)
    same_numbers(page, report("--month", "2026-11", *(c.path for c in chains))[0])
    ok("Audit chain: verified." in page.text and all(c.prev in page.text for c in chains), "it says that the chains are whole, and their last hashes")
    ok(os.stat(out).st_mode & 0o777 == 0o640 and [p.name for p in folder.iterdir() if p.name.startswith("report.html")] == ["report.html"], "it is not for everybody, and nothing is left beside it")
    code, said, err = ctl("report", "--month", "2026-11", "--html", folder / "none/report.html", chains[0].path)
    ok(code == 1 and "cannot write" in err, "a page that cannot be written is told", err)
    code, said, err = ctl("report", "--month", "2026-11", *(c.path for c in chains))
    ok(code == 0 and "\x1b" not in said and "Audit records: verified" in said and re.search(r"(?m)^  plain +1 ", said), "as text", said + err)


# ---- chains
def chains(folder):
    first = Chain(folder / "a.log.2")
    first.start("2026-10-20T00:00:00.000Z")
    first.message("2026-11-01T12:00:00.000Z", rcpt("a@far.example"))
    second = first.follow(folder / "a.log.1", "2026-11-10T00:00:00.000Z")
    second.message("2026-11-11T12:00:00.000Z", rcpt("a@far.example"))
    third = second.follow(folder / "a.log", "2026-11-20T00:00:00.000Z")
    third.message("2026-11-21T12:00:00.000Z", rcpt("a@far.example"))
    third.add("2026-12-01T12:00:00.000Z", "end")
    third.write()
    model, _ = report("--month", "2026-11", third.path, first.path, second.path)
    ok(len(model["chains"]) == 1 and [pathlib.Path(f["path"]).name for f in model["chains"][0]["files"]] == ["a.log.2", "a.log.1", "a.log"] and model["totals"]["messages"] == 3,
       "files of one chain, in any order", model["chains"])
    model, _ = report("--month", "2026-11", third.path, first.path, second.path, third.path)
    ok(model["totals"]["messages"] == 3, "a file that is given twice counts once")
    copy = folder / "a.log.copy"
    copy.write_text("".join(second.lines[:2]))
    model, err = report("--month", "2026-11", third.path, copy, first.path, second.path)
    ok(model["totals"]["messages"] == 3 and len(model["chains"]) == 1 and "a.log.copy begins as" in err, "neither does a copy", err)
    copy.unlink()
    model, _ = report("--month", "2026-11", third.path, first.path, status=1)
    ok(model["evidence"] == "verified, with gaps" and len(model["chains"]) == 2 and model["totals"]["messages"] == 2, "a file in the middle is missing: a gap", model["chains"])
    model, _ = report("--month", "2026-11", third.path, status=1)
    ok("older file" in str(model["chains"][0]["remarks"]), "so is one at the beginning", model["chains"])
    model, _ = report("--month", "2026-11", first.path, second.path, status=1)
    ok("younger file" in str(model["chains"][0]["remarks"]), "and one at the end", model["chains"])
    text = second.path.read_text()
    second.path.write_text(text.replace("11T12:00:00.000Z", "11T12:00:00.001Z"))
    model, _ = report("--month", "2026-11", third.path, first.path, second.path, status=1)
    ok(model["evidence"] == "not verified" and model["chains"][0]["wrong"] == 1 and "edited" in str(model["chains"][0]["said"]), "an edited record", model["chains"])
    second.path.write_text(text.replace(second.lines[1], ""))
    model, _ = report("--month", "2026-11", third.path, first.path, second.path, status=1)
    ok("removed: record" in str(model["chains"][0]["said"]), "a removed record", model["chains"])
    second.path.write_text(text)
    model, _ = report("--month", "2026-11", third.write(cut=40), first.path, second.path, status=1)
    ok("truncated" in str(model["chains"][0]["said"]), "a torn tail", model["chains"])
    third.write()
    packed = folder / "a.log.3.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    _, err = report("--month", "2026-11", packed, status=1)
    ok("is compressed" in err, "a compressed file is told", err)
    empty = folder / "empty"
    empty.write_text("")
    model, _ = report("--month", "2026-11", empty, status=1)
    ok("It holds no record." in str(model["chains"][0]["remarks"]), "an empty file", model["chains"])
    junk = folder / "junk"
    junk.write_text("junk\n" * 200)
    model, _ = report("--month", "2026-11", junk, status=1)
    ok(model["evidence"] == "not verified" and model["totals"]["messages"] == 0, "a file of something else", model["chains"])


def keys(folder):
    (folder / "key").write_bytes(b"k" * 32)
    (folder / "key").chmod(0o600)
    chain = Chain(folder / "keyed.log", b"k" * 32)
    chain.start("2026-11-01T00:00:00.000Z")
    chain.message("2026-11-02T12:00:00.000Z", rcpt("a@far.example"))
    chain.add("2026-12-01T12:00:00.000Z", "end")
    chain.write()
    other = Chain(folder / "other.log")
    other.start("2026-11-01T00:00:00.000Z")
    other.add("2026-12-01T12:00:00.000Z", "end")
    other.write()
    model, _ = report("--month", "2026-11", "--key", folder / "key", chain.path, other.path)
    ok([c["key"] for c in model["chains"]] == [True, False] and model["evidence"] == "verified", "chains with a key and without", model["chains"])
    model, _ = report("--month", "2026-11", chain.path, status=1)
    ok(model["chains"][0]["state"] == "unverifiable" and model["totals"]["messages"] == 1, "without the key nothing is proved", model["chains"])
    policy = folder / "outbound.policy"
    policy.write_text('load phi with check-us grant text\nload route grant route, edit, run { mta none }\nload audit grant store { path "%s/keyed.log"; key "%s/key" }\n'
                      "match any then pass\nalways record audit\n" % (folder, folder))
    for end in ("1.gz", "2025.tgz", "2025.zip"):
        (folder / ("keyed.log." + end)).write_bytes(b"what is older was packed")
    (folder / "keyed.log.old").mkdir()
    code, out, err = ctl("-p", policy, "report", "--month", "2026-11", "--json")
    ok(code == 0 and json.loads(out)["evidence"] == "verified", "the policy names file and key", out + err)


# ---- time
def months(folder):
    chain = Chain(folder / "zone.log")
    chain.start("2026-09-01T00:00:00.000Z")
    for when in ("2026-09-30T21:59:59.999Z", "2026-09-30T22:00:00.000Z", "2026-10-25T22:59:59.999Z", "2026-10-25T23:00:00.000Z", "2026-10-31T22:59:59.999Z", "2026-10-31T23:00:00.000Z"):
        chain.message(when, rcpt("a@far.example"))
    chain.add("2026-12-01T12:00:00.000Z", "end")
    chain.write()
    model, _ = report("--month", "2026-10", chain.path, zone="Europe/Berlin")
    got = [d["day"] for d in model["days"] for _ in range(d["messages"])]
    ok(got == [1, 25, 26, 31] and model["period"]["zone"] == "CEST (UTC+02:00)", "days of a zone, across the end of summer time", (got, model["period"]))
    model, _ = report("--month", "2026-10", "--utc", chain.path, zone="Europe/Berlin")
    got = [d["day"] for d in model["days"] for _ in range(d["messages"])]
    ok(got == [25, 25, 31, 31] and model["period"]["zone"] == "UTC", "--utc", (got, model["period"]))
    model, _ = report("--month", "last", chain.path)
    year, month = time.gmtime()[:2]
    ok(model["period"]["month"] == ("%04d-%02d" % (year, month - 1) if month > 1 else "%04d-12" % (year - 1)), "--month last", model["period"])
    for bad in (("--month", "2026-13"), ("--month", "2026"), ("--month", ""), (), ("--month", "2026-11", "--top", "0"), ("--month", "2026-11", "--html", "x")):
        code, _, err = ctl("report", "--json", *bad, chain.path)
        ok(code == 64 and err, "report %s: wrong usage" % " ".join(bad), err)


# ---- the MTA's log
POSTFIX = """\
Nov 23 02:27:40 gw postfix/smtp[1477]: 4jXq2Z: to=<bob@clinic.test>, relay=10.0.0.20[10.0.0.20]:25, delay=0.11, delays=0.02/0.09/0/0, dsn=2.0.0, status=sent (250 2.0.0 ok)
Nov 23 02:27:40 gw postfix/milward-tlsp/smtp[1476]: 4jXq2Z: TLS is required, but was not offered by host mx.plain.test[192.0.2.11]
Nov 23 02:27:40 gw postfix/milward-tls/smtp[1475]: Trusted TLS connection established to mx.valid.test[192.0.2.12]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
Nov 23 02:27:40 gw postfix/milward-tls/smtp[1475]: 4jXq2Z: to=<tls@valid.test.mw-tls.invalid>, relay=mx.valid.test[192.0.2.12]:25, delay=0.14, delays=0.02/0.1/0.01/0.01, dsn=2.0.0, status=sent (250 2.0.0 ok)
2026-11-23T02:27:40.123456+00:00 gw postfix/milward-ver/smtp[1480]: Verified TLS connection established to mx.valid.test[192.0.2.12]:25: TLSv1.3 with cipher X (256/256 bits)
2026-11-23T03:27:40.223456+01:00 gw postfix/milward-ver/smtp[1480]: 4jXq2Y: to=<ver@Valid.test.mw-ver.invalid>, relay=mx.valid.test[192.0.2.12]:25, delay=0.14, delays=0/0/0/0, dsn=2.0.0, status=sent (250 ok)
Nov 23 02:27:40 gw postfix/smtp[1483]: Untrusted TLS connection established to mx.valid.test[192.0.2.12]:25: TLSv1.3 with cipher X (256/256 bits)
Nov 23 02:27:40 gw postfix/smtp[1483]: 4jXq2c: to=<a@valid.test>, orig_to=<b@clinic.test>, relay=mx.valid.test[192.0.2.12]:25, delay=0.15, delays=0/0/0/0, dsn=2.0.0, status=sent (250 ok)
Nov 23 02:37:40 gw postfix/smtp[1483]: 4jXq2d: to=<a@valid.test>, relay=mx.valid.test[192.0.2.12]:25, delay=0.15, delays=0/0/0/0, dsn=2.0.0, status=sent (250 the TLS line above is of another connection)
Nov 23 02:37:40 gw postfix/smtp[1483]: 4jXq2e: to=<a@valid.test>, relay=mx.valid.test[192.0.2.12]:25, conn_use=2, delay=0.15, delays=0/0/0/0, dsn=2.0.0, status=sent (250 but this one says that it goes on)
Nov 23 02:27:41 gw postfix/milward-tlsp/smtp[1476]: 4jXq2Z: to=<bob@plain.test.mw-tlsp.invalid>, relay=10.0.0.21[10.0.0.21]:25, delay=1.2, delays=0.02/0.1/1.1/0, dsn=2.0.0, status=sent (250 2.0.0 ok)
Nov 23 02:27:41 gw postfix/milward-tlsp/smtp[1484]: 4jXq2l: to=<bob@down.test.mw-tlsp.invalid>, relay=127.0.0.1[127.0.0.1]:10531, delay=1.2, delays=0.01/0.15/0.01/1, dsn=4.4.1, status=deferred (x)
Nov 23 02:27:41 gw postfix/milward-portal/smtp[1484]: 4jXq2m: to=<bob@down.test.mw-portal.invalid>, relay=10.0.0.21[10.0.0.21]:25, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 ok)
Nov 23 02:27:41 gw postfix/smtp[1494]: 4jXq3j: to=<bob@down.test>, relay=none, delay=0, delays=0/0/0/0, dsn=4.4.1, status=undeliverable (a probe)
Oct 31 02:27:41 gw postfix/smtp[1494]: 4jXq3k: to=<bob@old.test>, relay=mx[192.0.2.1]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 ok)
"""
SENDMAIL = """\
Nov 23 02:30:11 gw sm-mta[263]: STARTTLS=client, relay=mx.selfsigned.test., version=TLSv1.3, verify=FAIL, cipher=TLS_AES_256_GCM_SHA384, bits=256/256
Nov 23 02:30:11 gw sm-mta[263]: 6AN2UB5n000261: to=<bob@selfsigned.test.mw-tlsp.invalid>, delay=00:00:00, xdelay=00:00:00, mailer=milward-tlsp, pri=240361, relay=mx.selfsigned.test. [192.0.2.13], dsn=2.0.0, stat=Sent (ok)
Nov 23 02:30:11 gw sm-mta[263]: STARTTLS=client, relay=mx.valid.test., version=TLSv1.3, verify=OK, cipher=TLS_AES_256_GCM_SHA384, bits=256/256
Nov 23 02:30:11 gw sm-mta[263]: 6AN2UB5n000261: to=<ver@valid.test.mw-ver.invalid>, delay=00:00:00, xdelay=00:00:00, mailer=milward-ver, pri=240361, relay=mx.valid.test. [192.0.2.12], dsn=2.0.0, stat=Sent (ok)
Nov 23 02:30:11 gw sm-mta[267]: STARTTLS=client, relay=mx.valid.test., version=TLSv1.3, verify=OK, cipher=TLS_AES_256_GCM_SHA384, bits=256/256
Nov 23 02:30:11 gw sm-mta[267]: 6AN2UBiY000265: to=<ver@valid.test>,<portal@valid.test>,<bob@valid.test>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=240301, relay=mx.valid.test. [192.0.2.12], dsn=2.0.0, stat=Sent (ok)
Nov 23 02:30:11 gw sm-mta[263]: 6AN2UB5n000261: to=<verp@wrongname.test.mw-verp.invalid>, delay=00:00:00, xdelay=00:00:00, mailer=milward-verp, pri=240361, relay=[10.0.0.21] [10.0.0.21], dsn=2.0.0, stat=Sent (ok)
Nov 23 02:30:11 gw sm-mta[267]: 6AN2UBiY000265: to=<bob@down.test>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=240301, relay=mx.down.test. [192.0.2.99], dsn=4.4.1, stat=Deferred: Connection refused by mx.down.test.
Nov 23 02:30:11 gw sm-mta[267]: 6AN2UBiY000265: to=<bob@plain.test>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=240301, relay=mx.plain.test. [192.0.2.11], dsn=2.0.0, stat=Sent (ok)
"""


# What the other host says stands in these, too: it makes no line of TLS, no delivery, and no connection that was used before.
WORDS = """
Nov 23 02:40:00 gw postfix/smtp[1500]: 4jXq5a: to=<a@evil.test>, relay=mx.evil.test[192.0.2.66]:25, delay=0.1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 Verified TLS connection established to mx.evil.test[192.0.2.66]:25: TLSv1.3)
Nov 23 02:40:00 gw postfix/smtp[1500]: 4jXq5b: to=<b@evil.test>, relay=mx.evil.test[192.0.2.66]:25, delay=0.1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 ok)
Nov 23 02:40:00 gw postfix/smtp[1500]: 4jXq5c: host mx.evil.test[192.0.2.66] said: 450 x: to=<c@good.test>, relay=mx.good.test[192.0.2.12]:25, delays=0/0/0/0, status=sent (x) (in reply to RCPT TO command)
Nov 23 02:00:00 gw postfix/smtp[1501]: Verified TLS connection established to mx.evil.test[192.0.2.66]:25: TLSv1.3 with cipher X (256/256 bits)
Nov 23 02:40:00 gw postfix/smtp[1501]: 4jXq5d: to=<d@evil.test>, relay=mx.evil.test[192.0.2.66]:25, delay=0.1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 ok, conn_use=2, delays=9/9/9e300/9)
Nov 23 02:40:00 gw sm-mta[300]: 6AN2UB5n000299: to=<e@evil.test>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, relay=mx.evil.test. [192.0.2.66], dsn=2.0.0, stat=Sent (STARTTLS=client, relay=mx.evil.test., version=TLSv1.3, verify=OK)
Nov 23 02:40:00 gw sm-mta[300]: 6AN2UB5n000299: to=<f@evil.test>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, relay=mx.evil.test. [192.0.2.66], dsn=2.0.0, stat=Sent (ok)
"""


def deliveries(folder, chain):
    def domains(text):
        (folder / "maillog").write_text(text)
        model, _ = report("--month", "2026-11", "--mail-log", folder / "maillog", chain.path)
        m = model["mail_log"]
        return m, {d["domain"]: [d["delivered"], d["verified"], d["encrypted"], d["no_tls_seen"], *list(d["protected"].values())] for d in m["domains"]}

    # delivered, verified, encrypted, none; protected: delivered, verified, encrypted, portal, unknown
    m, got = domains(POSTFIX)
    ok(got == {"clinic.test": [1, 0, 0, 1, 0, 0, 0, 0, 0], "valid.test": [5, 0, 2, 1, 2, 1, 1, 0, 0], "plain.test": [1, 0, 0, 0, 1, 0, 0, 1, 0]}, "Postfix's log", got)
    ok((m["deferred"], m["protected_deferred"], m["handed_on_here"], m["outside_month"], m["tls_is_logged"]) == (1, 1, 1, 1, True), "what was not delivered", m)
    m, got = domains(SENDMAIL)
    ok(got == {"selfsigned.test": [1, 0, 0, 0, 1, 0, 1, 0, 0], "valid.test": [4, 0, 3, 0, 1, 1, 0, 0, 0], "wrongname.test": [1, 0, 0, 0, 1, 0, 0, 1, 0],
               "plain.test": [1, 0, 0, 1, 0, 0, 0, 0, 0]}, "Sendmail's log", got)
    m, got = domains(WORDS)
    ok(got == {"evil.test": [5, 0, 0, 5, 0, 0, 0, 0, 0]}, "what the other host says is not believed", got)
    m, got = domains("Nov 23 02:30:11 gw \x00 x[1]: Q: to=<\n" + "\x00\xff junk\n" * 10 + "Nov 23 02:30:11 gw x[1]: Q: to=<\n" + POSTFIX[:500])
    ok(m["deliveries_read"] == 1, "what is no line of a log is passed over", m)


with tempfile.TemporaryDirectory() as top:
    top = pathlib.Path(top)
    for name in ("numbers", "pages", "chains", "keys", "months", "mail"):
        (top / name).mkdir()
    one = numbers(top / "numbers")
    two = basis(top / "pages")
    pages(top / "pages", two, one)
    chains(top / "chains")
    keys(top / "keys")
    months(top / "months")
    deliveries(top / "mail", one)
finish()
