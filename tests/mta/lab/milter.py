# SPDX-License-Identifier: Apache-2.0
"""milter: a small milter in Python, to stand before or behind milward in smtpd_milters. It speaks the protocol itself."""
import os
import socket
import struct
import threading

CONTINUE, TEMPFAIL, REJECT = b"c", b"t", b"r"


class Milter:
    """answers: command letter (E = end of message, R = recipient, M = sender …) -> CONTINUE, TEMPFAIL, REJECT, or a function
    that gets the payload and returns one of them, or b"y550 5.7.1 text\\0" for a reply of its own."""

    def __init__(self, port, answers=None):
        self.spec = "inet:127.0.0.1:%d" % port
        self.answers = answers or {}
        self.seen = []  # command letters
        self.listener = socket.create_server(("127.0.0.1", port), backlog=100)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            conn, _peer = self.listener.accept()
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        file = conn.makefile("rb")
        try:
            while True:
                head = file.read(4)
                if len(head) < 4:
                    return
                packet = file.read(struct.unpack(">I", head)[0])
                command, payload = packet[:1], packet[1:]
                if command == b"O":
                    self._send(conn, b"O" + struct.pack(">III", 6, 0x1FF, 0))
                elif command == b"Q":
                    return
                elif command not in (b"A", b"D", b"K"):
                    letter = command.decode()
                    self.seen.append(letter)
                    answer = self.answers.get(letter, CONTINUE)
                    self._send(conn, answer(payload) if callable(answer) else answer)
        except OSError:
            pass
        finally:
            conn.close()

    @staticmethod
    def _send(conn, packet):
        conn.sendall(struct.pack(">I", len(packet)) + packet)


class Proxy:
    """Stands between Postfix and a milter on unix sockets, and breaks the line at a chosen packet.

    `breaks` gets (session, packets so far, direction, letter) for each packet before it is handed on; direction is ">" towards
    the milter and "<" towards the MTA. It returns None (hand on), "cut" (close both sides) or "hang" (never hand on again).
    """

    def __init__(self, path, target, breaks=None):
        self.path, self.target, self.breaks = path, target, breaks or (lambda *packet: None)
        self.packets = []  # [(direction, letter)] of the latest session
        self.sessions = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(100)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            mta, _peer = self.listener.accept()
            milter = socket.socket(socket.AF_UNIX)
            try:
                milter.connect(self.target)
            except OSError:
                mta.close()
                continue
            self.sessions += 1
            packets = self.packets = []
            line = (self.sessions, packets, threading.Lock(), (mta, milter))
            threading.Thread(target=self._pass, args=(mta, milter, ">") + line, daemon=True).start()
            threading.Thread(target=self._pass, args=(milter, mta, "<") + line, daemon=True).start()

    def _pass(self, source, sink, direction, session, packets, lock, both):
        file = source.makefile("rb")
        try:
            while True:
                head = file.read(4)
                if len(head) < 4:
                    break
                packet = file.read(struct.unpack(">I", head)[0])
                letter = packet[:1].decode("latin-1")
                with lock:
                    number = len(packets)
                    packets.append((direction, letter))
                    what = self.breaks(session, number, direction, letter)
                if what == "hang":
                    return
                if what == "cut":
                    break
                sink.sendall(head + packet)
        except OSError:
            pass
        for sock in both:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
