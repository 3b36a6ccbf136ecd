# SPDX-License-Identifier: Apache-2.0
"""milter: a small milter in Python, to stand before or behind milward in smtpd_milters. It speaks the protocol itself."""
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
