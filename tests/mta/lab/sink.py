# SPDX-License-Identifier: Apache-2.0
"""sink: an SMTP server that takes everything and remembers how it came: envelope, octets, and whether it was encrypted."""
import json
import os
import socket
import ssl
import threading

EXTENSIONS = ("PIPELINING", "SIZE 100000000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")


class Copy:
    """One message as a sink got it. `rcpts` are the arguments of RCPT as they came, `to` the addresses alone."""

    def __init__(self, sink, tls, helo, mail, rcpts, data):
        self.sink, self.tls, self.helo, self.mail, self.rcpts, self.data = sink, tls, helo, mail, rcpts, data
        self.cert = None  # what the sink has shown of itself

    @property
    def to(self):
        return [r[r.index("<") + 1 : r.rindex(">")] for r in self.rcpts]

    def header(self, name):
        """Values of a header field, unfolded, in order."""
        head = self.data.split(b"\r\n\r\n", 1)[0].replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ")
        start = name.lower().encode() + b":"
        return [l[len(start) :].strip().decode("utf-8", "replace") for l in head.split(b"\r\n") if l.lower().startswith(start)]

    def __repr__(self):
        return "<%s tls=%s from=%s to=%s %d octets>" % (self.sink, self.tls, self.mail, self.rcpts, len(self.data))


class Sink:
    """mode: notls (no STARTTLS), tls (with `cert`), 454 (STARTTLS is answered 454), tls10 (nothing newer than TLS 1.0)."""

    extensions = EXTENSIONS

    def __init__(self, name, address, mode="notls", cert=None, folder=None, port=25):
        self.name, self.address, self.mode, self.cert, self.folder, self.port = name, address, mode, cert, folder, port
        self.copies = []  # complete messages
        self.sessions = 0  # connections that got as far as EHLO
        self.answers = {}  # "MAIL", "RCPT", "DATA" or "." -> what to answer instead of 250
        self.lock = threading.Lock()
        self.listener = None
        self.clients = set()

    def up(self):
        self.listener = socket.create_server((self.address, self.port), backlog=100)
        threading.Thread(target=self._listen, args=(self.listener,), daemon=True).start()

    def down(self):
        """Refuses connections from now on, and drops those that a client keeps open."""
        listener, self.listener = self.listener, None
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        with self.lock:
            for conn in self.clients:
                try:
                    conn.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def _listen(self, listener):
        while True:
            try:
                conn, _peer = listener.accept()
            except OSError:
                return
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        with self.lock:
            self.clients.add(conn)
        try:
            self.session(conn).run()
        except (OSError, EOFError, ssl.SSLError):
            pass
        finally:
            with self.lock:
                self.clients.discard(conn)
            conn.close()

    def context(self, cert):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert)
        if self.mode == "tls10":
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        return context

    def session(self, conn):
        return Session(self, conn)

    def keep(self, copy):
        with self.lock:
            self.copies.append(copy)
            number = len(self.copies)
        if self.folder:
            path = os.path.join(self.folder, "%s-%03d" % (self.name, number))
            with open(path + ".json", "w") as out:
                json.dump({"tls": copy.tls, "helo": copy.helo, "mail": copy.mail, "rcpts": copy.rcpts}, out)
            with open(path + ".eml", "wb") as out:
                out.write(copy.data)


class Session:
    def __init__(self, sink, conn):
        self.sink, self.conn, self.file = sink, conn, conn.makefile("rb")
        self.tls = self.cert = None
        self.helo = ""
        self.mail, self.rcpts = None, []

    def say(self, text):
        self.conn.sendall(text.encode() + b"\r\n")

    def answer(self, verb, text):
        other = self.sink.answers.get(verb)
        self.say(other or text)
        return other is None

    def line(self):
        line = self.file.readline(65536)
        if not line:
            raise EOFError
        return line

    def run(self):
        self.say("220 %s ESMTP sink" % self.sink.name)
        while True:
            text = self.line().rstrip(b"\r\n").decode("utf-8", "replace")
            verb = text.split(" ")[0].upper()
            if verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            getattr(self, "do_" + verb.lower(), self.unknown)(text)

    def unknown(self, _text):
        self.say("502 5.5.1 what")

    def do_helo(self, text):
        self.helo = text
        self.say("250 " + self.sink.name)

    def do_ehlo(self, text):
        self.helo = text
        if not self.tls:
            self.sink.sessions += 1
        offers = [self.sink.name] + list(self.sink.extensions)
        if self.sink.mode != "notls" and not self.tls:
            offers.append("STARTTLS")
        self.say("\r\n".join("250%s%s" % ("-" if i < len(offers) - 1 else " ", offer) for i, offer in enumerate(offers)))

    def do_starttls(self, _text):
        if self.sink.mode == "notls":
            return self.say("502 5.5.1 no")
        if self.sink.mode == "454":
            return self.say("454 4.7.0 TLS not available")
        self.say("220 2.0.0 go")
        self.cert = self.sink.cert
        self.conn = self.sink.context(self.cert).wrap_socket(self.conn, server_side=True)
        self.file = self.conn.makefile("rb")
        self.tls = self.conn.version()
        self.mail, self.rcpts = None, []
        return None

    def do_mail(self, text):
        if self.answer("MAIL", "250 2.1.0 ok"):
            self.mail, self.rcpts = text[10:], []

    def do_rcpt(self, text):
        if self.answer("RCPT", "250 2.1.5 ok"):
            self.rcpts.append(text[8:])

    def do_data(self, _text):
        if not self.rcpts:
            return self.say("554 5.5.1 no recipients")
        if not self.answer("DATA", "354 go"):
            return None
        lines = []
        while True:
            line = self.line()
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        # Remembered first: who has seen the answer may look for the copy.
        if "." not in self.sink.answers:
            copy = Copy(self.sink.name, self.tls, self.helo, self.mail, self.rcpts, b"".join(lines))
            copy.cert = self.cert
            self.sink.keep(copy)
        self.answer(".", "250 2.0.0 ok")
        self.mail, self.rcpts = None, []
        return None

    def do_rset(self, _text):
        self.mail, self.rcpts = None, []
        self.say("250 2.0.0 ok")

    def do_noop(self, _text):
        self.say("250 2.0.0 ok")
