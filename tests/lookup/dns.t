#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The map dns of milward-lookup, and SPF of the module auth over it: zones that nsd serves with real signatures, and all ways in which DNS
fails. What DNS does not say is a temporary error within the time of a message, never a pass; verdicts are the same cold, warm and with 200
messages at once."""
import base64
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import traceback

top = os.environ.get("MILWARD_SRC") or os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.path.insert(0, os.path.join(top, "tests", "mta"))
from lab import namespace  # noqa: E402
from lab.process import freeze, thaw  # noqa: E402
from lab.lookup import Connection, Lookup  # noqa: E402
from lab.signed import FILTER, MUTE, Signed  # noqa: E402
from lab.tap import Tap, skip_all  # noqa: E402

build = os.environ.get("MILWARD_BUILD") or os.environ.get("BUILD") or top
for program in ("nsd", "ldns-signzone"):
    if not shutil.which(program):
        skip_all("%s is not installed (packaging/deps test)" % program)
SPF_ASK = os.path.join(build, "milters/auth/spf_ask")
CUT = "127.0.0.58"  # says that every answer is too long for UDP, and takes no TCP
TIME = 20000  # milliseconds of a message; milward-lookup gives up after 2 s, or at once
CLIENT = "192.0.2.1"
GOOD = '@ IN TXT "v=spf1 ip4:%s -all"' % CLIENT


def long_record(octets):
    """A record of SPF that ends with the client; strings of 255 octets."""
    text = "v=spf1 " + "".join("ip4:198.51.100.%d " % (i % 256) for i in range(octets // 19)) + "ip4:%s -all" % CLIENT
    return "@ IN TXT " + " ".join('"%s"' % text[i : i + 255] for i in range(0, len(text), 255))


def zones(folder):
    names = Signed(folder, "test")
    names.zone("good.test", [GOOD, "@ IN MX 10 mx", "@ IN MX 20 mx2.unsigned.test.", "mx IN A 192.0.2.9", "mx IN AAAA 2001:db8::9", "mx IN PTR good.test.",
                             "alias IN CNAME mx", "away IN CNAME unsigned.test.", "a\\032b IN TXT odd", "*.list IN A 127.0.0.2"])
    names.zone("unsigned.test", [GOOD], signed="no")
    names.zone("wrongds.test", [GOOD], signed="wrong")
    names.zone("expired.test", [GOOD], signed="expired")
    names.zone("servfail.test", [GOOD], server=FILTER)
    names.zone("mute.test", [GOOD], server=MUTE)
    names.zone("cut.test", [GOOD], signed="no", server=CUT)
    names.zone("long.test", [long_record(4000)])
    names.zone("huge.test", [long_record(50000)])
    names.zone("loop.test", ["@ IN TXT \"v=spf1 a:one.loop.test +all\"", "one IN CNAME two", "two IN CNAME one", "txt IN CNAME txt2", "txt2 IN CNAME txt"])
    names.zone("uses.test", ["mute IN TXT \"v=spf1 include:mute.test +all\"", "bogus IN TXT \"v=spf1 a:wrongds.test +all\"",
                             "servfail IN TXT \"v=spf1 redirect=servfail.test\"", "cut IN TXT \"v=spf1 exists:%{l}.cut.test +all\"",
                             "list IN TXT \"v=spf1 exists:%{l}.list.good.test -all\"", "mx IN TXT \"v=spf1 mx:good.test/24 -all\"",
                             "two IN TXT \"v=spf1 +all\"", "two IN TXT \"v=spf1 -all\"", "none IN TXT words", "wrong IN TXT \"v=spf1 a:%{x} -all\""])
    names.start()
    return names


def cut_server():
    """UDP with the TC bit set and nothing else; TCP is refused."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((CUT, 53))

    def serve():
        while True:
            query, client = sock.recvfrom(4096)
            at = 12
            while query[at]:
                at += query[at] + 1
            sock.sendto(query[:2] + struct.pack(">HHHHH", 0x8600, 1, 0, 0, 0) + query[12 : at + 5], client)

    threading.Thread(target=serve, daemon=True).start()


def b64(data):
    return base64.b64encode(data).decode()


def text(*strings):
    return b64(b"".join(bytes([len(s)]) + s.encode() for s in strings))


MAP = (
    ("TXT good.test", "OK secure 0 300 good.test " + text("v=spf1 ip4:%s -all" % CLIENT), "a record that is proved"),
    ("TXT unsigned.test", "OK insecure 0 300 unsigned.test " + text("v=spf1 ip4:%s -all" % CLIENT), "one that is not"),
    ("TXT GOOD.test", "OK secure 0 300 good.test ", "letters of any case"),
    ("A mx.good.test", "OK secure 0 300 mx.good.test " + b64(bytes([192, 0, 2, 9])), "an address"),
    ("AAAA mx.good.test", "OK secure 0 300 mx.good.test " + b64(socket.inet_pton(socket.AF_INET6, "2001:db8::9")), "an address of IPv6"),
    ("PTR mx.good.test", "OK secure 0 300 mx.good.test " + b64(b"\4good\4test\0"), "a name"),
    ("NS good.test", "OK secure 0 300 good.test " + b64(b"\2ns\4good\4test\0"), "a name server"),
    ("CNAME alias.good.test", "OK secure 0 300 alias.good.test " + b64(b"\2mx\4good\4test\0"), "an alias itself"),
    ("A alias.good.test", "OK secure 0 300 mx.good.test " + b64(bytes([192, 0, 2, 9])), "where an alias leads to"),
    ("TXT away.good.test", "OK insecure 0 300 unsigned.test ", "an alias that leads out of what is proved"),
    ("TXT a\\032b.good.test", "OK secure 0 300 a\\032b.good.test " + text("odd"), "a name that no host has"),
    ("TXT mx.good.test", "OK secure 0 60 mx.good.test", "no record of that type"),
    ("TXT nosuch.good.test", "OK secure 3 60 nosuch.good.test", "no such name"),
    ("TXT nosuch.unsigned.test", "OK insecure 3 60 nosuch.unsigned.test", "no such name, not proved"),
    ("TXT wrongds.test", "OK bogus 0 0 .", "keys that are not the parent's"),
    ("TXT expired.test", "OK bogus 0 0 .", "signatures that are over"),
    ("TXT servfail.test", "TEMP failed: ", "SERVFAIL"),
    ("TXT mute.test", "TEMP timeout: ", "no answer"),
    ("TXT cut.test", "TEMP ", "an answer that is cut off, and no TCP"),
    ("TXT txt.loop.test", "TEMP failed: ", "aliases in a ring"),
    ("TXT long.test", "OK secure 0 300 long.test ", "an answer by TCP"),
    ("TXT huge.test", "OK secure 0 300 huge.test ", "one of 50 KB"),
    ("SOA good.test", "PERM ", "a type that is not asked for"),
    ("TXT a..test", "PERM ", "no name"),
    ("TXT", "PERM ", "no name at all"),
)

SPF = (  # sender, client, word
    ("u@good.test", CLIENT, "pass"),
    ("u@good.test", "192.0.2.2", "fail"),
    ("u@unsigned.test", CLIENT, "pass"),
    ("u@away.good.test", CLIENT, "pass"),
    ("u@long.test", CLIENT, "pass"),
    ("u@huge.test", CLIENT, "permerror"),
    ("u@wrongds.test", CLIENT, "temperror"),
    ("u@expired.test", CLIENT, "temperror"),
    ("u@servfail.test", CLIENT, "temperror"),
    ("u@mute.test", CLIENT, "temperror"),
    ("u@cut.test", CLIENT, "temperror"),
    ("u@loop.test", CLIENT, "temperror"),
    ("u@txt.loop.test", CLIENT, "temperror"),
    ("u@mute.uses.test", CLIENT, "temperror"),
    ("u@bogus.uses.test", CLIENT, "temperror"),
    ("u@servfail.uses.test", CLIENT, "temperror"),
    ("u@cut.uses.test", CLIENT, "temperror"),
    ("a+b c@list.uses.test", "203.0.113.1", "pass"),
    ("u@mx.uses.test", "192.0.2.77", "pass"),
    ("u@mx.uses.test", "198.51.100.1", "fail"),
    ("u@two.uses.test", CLIENT, "permerror"),
    ("u@wrong.uses.test", CLIENT, "permerror"),
    ("u@none.uses.test", CLIENT, "none"),
    ("u@nosuch.good.test", CLIENT, "none"),
)


def spf(lookup, cases, sessions=1, rounds=1, time=TIME):
    """Of each case: word, how many had it, milliseconds of the slowest."""
    lines = "".join("%s\thelo.good.test\t%s\n" % (client, sender) for sender, client, _ in cases)
    done = subprocess.run([SPF_ASK, "lookup=" + lookup.socket, str(time), str(sessions), str(rounds)], input=lines, capture_output=True, text=True,
                          timeout=120)
    if done.returncode:
        raise AssertionError("spf_ask: %d %s" % (done.returncode, done.stderr))
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [(row[0], int(row[4]), int(row[5]), row[2]) for row in rows]


def run(tap, folder):
    names = zones(folder)
    names.filter(fails=(16,))
    quiet = names.mute()
    cut_server()
    lookup = Lookup(folder, ['zones "test 127.0.0.54"', 'trust-anchor "%s"' % names.anchor, 'resolvers "127.0.0.99"', "dns-timeout 2 seconds"], build=build)
    lookup.start()
    with Connection(lookup.socket) as connection:
        connection.send(*["dns " + key for key, _, _ in MAP])
        answers = [connection.receive() for _ in MAP]
    for (key, wanted, name), got in zip(MAP, answers):
        good = got.startswith(wanted) if wanted.endswith(" ") else got == wanted
        tap.ok(good, "dns: " + name, key, "got    %r" % got[:200], "wanted %r" % wanted)
    tap.ok(len(answers[-4]) > 60000, "all of it", len(answers[-4]))
    lookup.stop()

    lookup.start()  # knows nothing again
    sessions = 200
    for way, count in (("cold and warm, one at a time", 1), ("cold and warm, 200 at once", sessions)):
        found = spf(lookup, SPF, count, 2)
        for (sender, client, wanted), (word, same, slowest, why) in zip(SPF, found):
            tap.ok(word == wanted and same == 2 * count, "SPF %s: %s from %s: %s" % (way, sender, client, wanted), "%s %d times: %s" % (word, same, why))
        slow = max(row[2] for row in found)
        tap.ok(slow < TIME + 10000, "within the time of a message", "%d ms" % slow)
        lookup.stop()
        lookup.start()

    # milward-lookup hangs, dies, and comes back.
    good = SPF[:1]
    freeze(lookup.process.pid)
    word, _, slowest, why = spf(lookup, good, time=500)[0]
    tap.ok(word == "temperror" and slowest < 30000, "milward-lookup hangs: a temporary error in time", word, slowest, why)
    thaw(lookup.process.pid)
    tap.equal(spf(lookup, good)[0][0], "pass", "it goes on: pass")
    lookup.kill()
    word, _, slowest, why = spf(lookup, good)[0]
    tap.ok(word == "temperror" and slowest < TIME, "it is dead: a temporary error at once", word, slowest, why)
    lookup.start()
    tap.equal(spf(lookup, good)[0][0], "pass", "it is there again: pass")
    names.stop()
    for sock in quiet:
        sock.close()
    lookup.stop()
    lookup.start()
    word, _, slowest, why = spf(lookup, good)[0]
    tap.ok(word == "temperror" and slowest < TIME + 10000, "no DNS at all: a temporary error in time", word, slowest, why)
    tap.equal(lookup.stop(), 0, "it ends well")


folder = namespace.enter()
tap = Tap()
try:
    subprocess.run(["make", "-s", "-C", build, "milters/auth/spf_ask"], check=True, stdout=sys.stderr)
    run(tap, folder)
except Exception:
    tap.ok(False, "the scenario runs to its end", traceback.format_exc())
status = tap.end()
if status:
    for name in sorted(os.listdir("log")):
        with open(os.path.join("log", name), errors="replace") as file:
            print("".join("# %s: %s\n" % (name, line) for line in file.read().splitlines()[-30:]))
sys.stdout.flush()
os._exit(status)
