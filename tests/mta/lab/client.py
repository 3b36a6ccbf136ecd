# SPDX-License-Identifier: Apache-2.0
"""client: an SMTP client that sends exactly what it is told to."""
import socket
import struct


class Refused(Exception):
    """The server answered with something else than was expected; .code and .text are its words."""

    def __init__(self, step, code, text):
        super().__init__("%s: %s" % (step, text))
        self.code, self.text = code, text


def stuff(data):
    """Octets of a message as DATA wants them: dots doubled, CRLF at the end."""
    if data.startswith(b"."):
        data = b"." + data
    data = data.replace(b"\r\n.", b"\r\n..")
    return data if data.endswith(b"\r\n") else data + b"\r\n"


class Client:
    """source: the client's own address, any of 127.0.0.0/8."""

    def __init__(self, address="127.0.0.1", port=25, helo="client.clinic.test", timeout=60, source=None):
        self.sock = socket.create_connection((address, port), timeout=timeout, source_address=source and (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb")
        self.expect("banner", self.reply(), 220)
        self.expect("EHLO", self.command("EHLO " + helo), 250)

    def __enter__(self):
        return self

    def __exit__(self, kind, _value, _trace):
        if kind is None:
            self.quit()
        else:
            self.sock.close()

    def reply(self):
        """(code, text) of one reply; code 0 when the server has gone."""
        lines = []
        while True:
            line = self.file.readline().decode("utf-8", "replace").rstrip("\r\n")
            if not line:
                return 0, "connection closed"
            lines.append(line)
            if line[3:4] != "-":
                return int(line[:3]), "\n".join(lines)

    @staticmethod
    def expect(step, reply, code):
        if reply[0] // 100 != code // 100:
            raise Refused(step, *reply)
        return reply

    def send(self, octets):
        self.sock.sendall(octets)

    def command(self, text):
        self.send(text.encode() + b"\r\n")
        return self.reply()

    def mail(self, sender, params=""):
        return self.expect("MAIL", self.command("MAIL FROM:<%s>%s" % (sender, params and " " + params)), 250)

    def rcpt(self, address, params=""):
        """address with or without <>; parameters as they go over the wire."""
        if not address.startswith("<"):
            address = "<%s>" % address
        return self.expect("RCPT " + address, self.command("RCPT TO:%s%s" % (address, params and " " + params)), 250)

    def data(self, octets, raw=False):
        """DATA and the message; raw: the caller has stuffed the dots. The final reply."""
        self.expect("DATA", self.command("DATA"), 354)
        self.send((octets if raw else stuff(octets)) + b".\r\n")
        return self.expect("message", self.reply(), 250)

    def quit(self):
        try:
            self.command("QUIT")
        except OSError:
            pass
        self.sock.close()

    def vanish(self):
        """Drops the connection without a word (RST)."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.file.close()
        self.sock.close()
