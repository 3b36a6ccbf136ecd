# SPDX-License-Identifier: Apache-2.0
"""peer: the MTA's side of the milter protocol, to drive a daemon packet by packet: also wrongly, when a test asks for it."""
import socket
import struct

ALL_ACTIONS = 0x1FF
ALL_PROTOCOL = 0x1FFFFF
NO_CONNECT, NO_HELO, NO_MAIL, NO_RCPT, NO_BODY, NO_HEADERS, NO_EOH = (1 << n for n in range(7))
NR_HEADER, NO_UNKNOWN, NO_DATA, SKIP = 0x80, 0x100, 0x200, 0x400
NR_CONNECT, NR_HELO, NR_MAIL, NR_RCPT, NR_DATA, NR_UNKNOWN, NR_EOH, NR_BODY = (0x1000 << n for n in range(8))
LEADING_SPACE = 0x100000
ADD_HEADER, _, ADD_RCPT, DEL_RCPT, CHANGE_HEADER, QUARANTINE, CHANGE_FROM, ADD_RCPT_PAR, SETSYMLIST = (1 << n for n in range(9))
STAGES = {0: "connect", 1: "helo", 2: "mail", 3: "rcpt", 4: "data", 5: "eom", 6: "eoh"}


class Closed(Exception):
    """The daemon closed the connection."""


def _octets(text):
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


class Answer:
    """What came back at the end of a message: final is "c", "r", "t", "y" …; edits in the order of the wire."""

    def __init__(self, final, text, edits, progress):
        self.final, self.text, self.edits, self.progress = final, text, edits, progress

    def __repr__(self):
        return "%s %r %r progress=%d" % (self.final, self.text, self.edits, self.progress)


class Session:
    def __init__(self, where, timeout=30, actions=ALL_ACTIONS, protocol=ALL_PROTOCOL, negotiate=True):
        family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        self.sock.connect(where)
        self.protocol = 0
        self.symbols = {}
        if negotiate:
            self.negotiate(actions, protocol)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- packets ------------------------------------------------------------------------------------------------------------
    def raw(self, octets):
        self.sock.sendall(octets)

    def send(self, command, payload=b""):
        self.raw(struct.pack(">I", len(payload) + 1) + command.encode() + payload)

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                raise Closed()
            data += more
        return data

    def receive(self):
        try:
            size = struct.unpack(">I", self._exactly(4))[0]
            packet = self._exactly(size)
        except ConnectionError as error:
            raise Closed() from error
        return chr(packet[0]), packet[1:]

    def macros(self, command, values):
        if values:
            pairs = b"".join(_octets(k) + b"\0" + _octets(v) + b"\0" for k, v in values.items())
            self.send("D", command.encode() + pairs)

    # -- the dialogue -----------------------------------------------------------------------------------------------------------
    def negotiate(self, actions, protocol):
        self.send("O", struct.pack(">III", 6, actions, protocol))
        command, payload = self.receive()
        assert command == "O", command
        self.version, self.actions, self.protocol = struct.unpack(">III", payload[:12])
        rest = payload[12:]
        while rest:
            stage = struct.unpack(">I", rest[:4])[0]
            names, _, rest = rest[4:].partition(b"\0")
            self.symbols[STAGES[stage]] = names.decode()

    def _step(self, command, payload, skipped, silent):
        """Sends one step as the negotiation says. The reply, or None when there is none."""
        if self.protocol & skipped:
            return None
        self.send(command, payload)
        return None if self.protocol & silent else self.receive()

    def helo(self, name="client.example"):
        return self._step("H", _octets(name) + b"\0", NO_HELO, NR_HELO)

    def mail(self, sender="<alice@clinic.example>", *args, macros=None):
        values = {"{client_addr}": "192.0.2.1", "{client_name}": "client.example", "{mail_mailer}": "smtp"}
        values.update(macros or {})
        self.macros("M", {k: v for k, v in values.items() if v is not None})
        return self._step("M", b"".join(_octets(a) + b"\0" for a in (sender,) + args), NO_MAIL, NR_MAIL)

    def rcpt(self, address, *args, macros=None):
        self.macros("R", {"{rcpt_addr}": address.strip("<>")} if macros is None else macros)
        return self._step("R", b"".join(_octets(a) + b"\0" for a in (address,) + args), NO_RCPT, NR_RCPT)

    def header(self, name, value):
        return self._step("L", _octets(name) + b"\0" + _octets(value) + b"\0", NO_HEADERS, NR_HEADER)

    def body(self, octets):
        for at in range(0, len(octets), 65535):
            self._step("B", octets[at:at + 65535], NO_BODY, NR_BODY)

    def eom(self, queue_id="4TESTQUEUE"):
        self.macros("E", {"i": queue_id})
        self.send("E")
        return self.answer()

    def answer(self):
        edits, progress = [], 0
        while True:
            command, payload = self.receive()
            if command == "p":
                progress += 1
            elif command in "acdrty":
                return Answer(command, payload.rstrip(b"\0").decode("ascii"), edits, progress)
            else:
                edits.append(edit(command, payload))

    def abort(self):
        self.send("A")

    def quit(self):
        self.send("Q")

    def message(self, rcpts=("<bob@other.example>",), headers=(("Subject", " hello"),), body=b"hello\r\n", queue_id="4TESTQUEUE",
                sender="<alice@clinic.example>"):
        """A whole message. The answer."""
        self.mail(sender)
        for rcpt in rcpts:
            self.rcpt(*((rcpt,) if isinstance(rcpt, str) else rcpt))
        for name, value in headers:
            self.header(name, value)
        if body:
            self.body(body)
        return self.eom(queue_id)


def edit(command, payload):
    words = [w.decode("utf-8", "surrogateescape") for w in payload.split(b"\0")]
    if command == "2":
        return ("add", words[0], words[1])
    if command == "-":
        return ("del", words[0])
    if command == "q":
        return ("hold", words[0])
    if command == "e":
        return ("from", words[0], words[1])
    if command == "h":
        return ("append", words[0], words[1])
    index = struct.unpack(">I", payload[:4])[0]
    words = [w.decode("utf-8", "surrogateescape") for w in payload[4:].split(b"\0")]
    return ({"i": "insert", "m": "change"}[command], index, words[0], words[1])
