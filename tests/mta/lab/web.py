# SPDX-License-Identifier: Apache-2.0
"""web: an HTTPS server for any number of hosts, and policies of MTA-STS for them."""
import http.server
import ssl
import threading

DAY = 86400


class Web(http.server.ThreadingHTTPServer):
    """HTTPS for all names: pages[host] is a function of the request; certificates by name. seen: what was asked, as "host path"."""

    daemon_threads = True

    def __init__(self, ca, address="127.0.0.1", port=0):
        super().__init__((address, port), Handler)
        self.port, self.ca, self.pages, self.seen, self.contexts, self.kinds = self.server_address[1], ca, {}, [], {}, {}
        self.lock = threading.Lock()
        first = self.context("localhost")
        first.sni_callback = self.choose
        self.first = first
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def context(self, name):
        if name not in self.contexts:
            kind = self.kinds.get(name, "valid")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.ca.issue("other.test", "valid") if kind == "other" else self.ca.issue(name, kind))
            self.contexts[name] = context
        return self.contexts[name]

    def choose(self, sock, name, _context):
        with self.lock:
            sock.context = self.context(name or "localhost")

    def finish_request(self, request, client):
        try:
            request.settimeout(10)
            tls = self.first.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        try:
            self.RequestHandlerClass(tls, client, self)
        except OSError:
            pass
        finally:
            tls.close()

    def handle_error(self, request, client):
        pass

    def count(self, host):
        return sum(1 for line in self.seen if line.startswith(host + " "))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        host = (self.headers["Host"] or "").split(":")[0]
        self.server.seen.append("%s %s" % (host, self.path))
        page = self.server.pages.get(host)
        self.close_connection = True
        if page is None:
            self.answer(404, b"nothing here\n")
        else:
            page(self)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def answer(self, status, body, kind="text/plain", **fields):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


def policy(mode="enforce", age=DAY, mx=("mx.good.test", "*.good.test"), end="\r\n"):
    lines = ["version: STSv1", "mode: " + mode] + ["mx: " + m for m in mx] + ["max_age: %d" % age, ""]
    return end.join(lines).encode()


def page(body, status=200, kind="text/plain", **fields):
    return lambda request: request.answer(status, body, kind, **fields)
