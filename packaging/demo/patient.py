# SPDX-License-Identifier: Apache-2.0
"""patient: reads a message in the pickup portal, as a browser would: by the portal's own socket, where the web server stands elsewhere."""
import email
import email.policy
import html.parser
import http.client
import re
import socket
import urllib.parse


class _Words(html.parser.HTMLParser):
    """What is to be read between <main> and </main>."""

    BLOCKS = ("h1", "h2", "p", "li", "div", "dt", "section", "article", "button", "label")

    def __init__(self, page):
        super().__init__()
        self.inside, self.button, self.words = False, False, []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "main":
            self.inside = True
        if tag in self.BLOCKS:
            self.words.append("\n")
        if tag in ("a", "button"):
            self.button = tag == "button" or "button" in (dict(attrs).get("class") or "").split()
            self.words.append("\n[ " if self.button else "")
        if tag == "dd":
            self.words.append(": ")

    def handle_endtag(self, tag):
        if tag == "main":
            self.inside = False
        if tag in ("a", "button"):
            self.words.append(" ]\n" if self.button else "")

    def handle_data(self, data):
        if self.inside:
            self.words.append(data)

    def text(self):
        lines = (re.sub(r"[ \t]+", " ", l).strip() for l in "".join(self.words).split("\n"))
        return "\n".join(l for l in lines if l and l != "[")


class _Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("pickup", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Browser:
    """One person. url: of the portal; path: of its socket."""

    def __init__(self, url, path):
        self.url, self.path, self.cookie, self.at, self.page = url, path, None, None, ""

    def _ask(self, method, path, fields=None):
        body = urllib.parse.urlencode(fields) if fields else None
        headers = {"Host": self.url.split("/")[2], "X-Forwarded-For": "192.0.2.7", "Accept-Language": "en"}
        if body:
            headers.update({"Content-Type": "application/x-www-form-urlencoded", "Origin": self.url})
        if self.cookie:
            headers["Cookie"] = self.cookie
        connection = _Connection(self.path)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        page = answer.read()
        connection.close()
        if answer.getheader("Set-Cookie"):
            self.cookie = answer.getheader("Set-Cookie").split(";")[0]
        if answer.status == 303:
            return self._ask("GET", answer.getheader("Location"))
        self.at, self.page = path, page.decode("utf-8", "replace")
        return answer.status

    def go(self, path):
        return self._ask("GET", path)

    def press(self, **fields):
        """The button of the page's first form, with what was typed."""
        form = re.search(r'<form[^>]* action="([^"]+)".*?</form>', self.page, re.S)
        hidden = re.search(r'name="csrf" value="([^"]*)"', form.group(0)).group(1)
        return self._ask("POST", form.group(1), dict(fields, csrf=hidden))

    def read(self):
        """The words of the page; of an HTML message, those of its frame too."""
        words = _Words(self.page).text()
        frame = re.search(r'<iframe[^>]* src="([^"]+)"', self.page)
        if frame:
            page = self.page
            self._ask("GET", frame.group(1))
            words += "\n" + _Words("<main>%s</main>" % self.page).text()
            self.page = page
        return words


def text(copy):
    """The plain text of a mail; "" when it has none."""
    body = email.message_from_bytes(copy.data, policy=email.policy.SMTP).get_body(("plain",))
    return body.get_content().replace("\r\n", "\n") if body else ""


def link(url, notice):
    found = re.search(re.escape(url) + r"(/m/[A-Za-z0-9_-]+)", text(notice))
    return found and found.group(1)


def code(mail):
    return re.search(r"^\d{4} ?\d{4}\r?$", text(mail), re.M).group(0).strip()
