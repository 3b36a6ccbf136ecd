#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milward-lookup as a service: sockets and who may use them, garbage, crowds, partners, reload, crashes, and no DNS at all."""
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import traceback

top = os.environ.get("MILWARD_SRC") or os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.path.insert(0, os.path.join(top, "tests", "mta"))
from lab import namespace  # noqa: E402
from lab.ca import Authority  # noqa: E402
from lab.lookup import Connection, Lookup, netstring  # noqa: E402
from lab.signed import FILTER, MUTE, Signed, tlsa  # noqa: E402
from lab.tap import Tap, skip_all, wait_for  # noqa: E402

build = os.environ.get("MILWARD_BUILD") or os.environ.get("BUILD") or top
for program in ("nsd", "ldns-signzone"):
    if not shutil.which(program):
        skip_all("%s is not installed (packaging/deps test)" % program)

FINGERPRINT = ":".join("%02X" % i for i in range(32))
PARTNERS = """# partners of the clinic
lab.test        match=mx.lab.test:.lab.test
.group.test     match=.group.test
sub.group.test  match=special.test     # a line of its own wins
[relay.test]:587 fingerprint=%s fingerprint=%s
dane.test       match=mx.dane.test
""" % (FINGERPRINT.lower(), FINGERPRINT)


def zones(folder):
    cert = Authority(os.path.join(folder, "ca")).issue("mx.dane.test")
    names = Signed(folder, "test")
    records = ["@ IN MX 10 mx", "mx IN A 127.0.0.31", tlsa("mx", cert)]
    names.zone("dane.test", records)
    names.zone("counted.test", ["@ 3 IN MX 10 mx", "mx IN A 127.0.0.31", tlsa("mx", cert)], server=FILTER)
    for i in range(8):
        names.zone("many%d.test" % i, records)
        names.zone("mute%d.test" % i, records, server=MUTE)
    names.start()
    names.filter(fails=())
    return names


def options(names, partners=None, more=()):
    lines = ['zones "test 127.0.0.54"', 'trust-anchor "%s"' % names.anchor, 'resolvers "127.0.0.99"', "timeout 2 seconds",
             "dns-timeout 1 second", "ttl-min 2 seconds"]
    if partners:
        lines.append('partners "%s"' % partners)
    return lines + list(more)


def sockets(tap, folder, names):
    lookup = Lookup(folder, [], name="sockets", build=build, arguments=["--socket-mode", "0620", "--socket-group", "daemon"])
    lookup.write(options(names), listen=("inet:5353@127.0.0.1",))
    lookup.start()
    mode = os.stat(lookup.socket)
    tap.equal((stat.S_IMODE(mode.st_mode), mode.st_gid), (0o620, 1), "mode and group of the socket")
    with Connection(("127.0.0.1", 5353)) as connection:
        tap.ok(connection.ask("verdict dane.test").startswith("OK dane"), "TCP on loopback")
    other = Lookup(folder, options(names), socket_path=lookup.socket, name="second", build=build)
    try:
        other.start()
        tap.ok(False, "a second one on the same socket does not start")
    except AssertionError as error:
        tap.ok("another process listens there" in str(error) and other.process.returncode == 73,
               "a second one on the same socket does not start", error)
    tap.ok(lookup.ask("verdict dane.test").startswith("OK dane"), "and the first one goes on")
    lookup.kill()
    tap.ok(os.path.exists(lookup.socket), "kill -9 leaves the socket")
    lookup.start()
    tap.ok(lookup.ask("verdict dane.test").startswith("OK dane"), "which the next start replaces")
    tap.equal((lookup.stop(), os.path.exists(lookup.socket)), (0, False), "the end takes it away")
    for listen, words in (("inet:5353@192.0.2.1", "loopback"), ("unix:relative", "whole path")):
        lookup.write(options(names), listen=(listen,))
        try:
            lookup.start()
            tap.ok(False, "listen on %s is refused" % listen)
        except AssertionError as error:
            tap.ok(words in str(error), "listen on %s is refused, with the reason" % listen, error)


def resolvers(tap, folder, names):
    """Resolvers that are of no use are told of; and -v tells what is found."""
    lookup = Lookup(folder, ['resolvers "127.0.0.99"'], name="useless", build=build)
    if os.path.exists("/usr/share/dns/root.key"):
        lookup.start()
        lookup.wait_log("resolvers: ")
        tap.ok(True, "a resolver that does not answer is told of at the start")
        lookup.stop()
    else:
        tap.skip("a resolver that does not answer is told of at the start", "dns-root-data is not installed")
    lookup = Lookup(folder, options(names), name="verbose", build=build, arguments=["-v"]).start()
    lookup.ask("tls dane.test")
    tap.ok("dane: dane.test: yes, for " in lookup.log(), "-v tells what is found", lookup.log())
    tap.equal(lookup.ask("verdict D\xc3\xa4ne.test").split(" ")[:2], ["OK", "none"], "a domain in UTF-8")
    tap.ok("dane: xn--dne-qla.test: no: there is no such domain" in lookup.log(), "which DNS has by its A-label", lookup.log())
    lookup.stop()


def wrong_setup(tap, folder, names):
    """What is wrong is said at the start and by -t, with the place."""
    lookup = Lookup(folder, [], name="wrong", build=build)
    table = os.path.join(folder, "wrong.partners")
    for lines, status, words in (
        (['resolvers "nonsense"'], 69, "nonsense"),
        (['trust-anchor "/no/such/file"'], 69, "/no/such/file"),
        (['trust-anchor "/etc/hostname"'], 69, "trust anchor"),
        (['zones "test"'], 69, "ZONE ADDRESS"),
        (['zones "test nonsense"'], 69, "nonsense"),
        (['partners "/no/such/table"'], 69, "/no/such/table"),
        (['timeout 500 seconds'], 78, "timeout"),
        (['nosuch 1'], 78, "nosuch"),
        (["ttl-min 1 hour; ttl-max 1 minute"], 78, "ttl-min"),
    ):
        lookup.write(lines)
        got, text = lookup.test()
        tap.ok(got == status and words in text, "refused: " + lines[0], got, text)
    for line, words in (
        ("lab.test", "what must the certificate be"),
        ("lab.test match=", "match= takes"),
        ("lab.test match=a..b", "match= takes"),
        ("lab.test match=a$b", "match= takes"),
        ("lab.test fingerprint=AB:CD", "SHA-256"),
        ("lab.test fingerprint=%s:00" % FINGERPRINT, "SHA-256"),
        ("lab.test match=a.test fingerprint=" + FINGERPRINT, "not by both"),
        ("lab.test may", "write match="),
        ("lab_test! match=a.test", "begins with a domain"),
        (".lab.test:25 match=a.test\n.lab.test:587 match=a.test", "begins with a domain"),
        ("a.test match=a.test\nA.test match=b.test", "same domain"),
    ):
        with open(table, "w") as out:
            out.write("# a table\n" + line + "\n")
        lookup.write(['partners "%s"' % table])
        got, text = lookup.test()
        number = 2 + line.count("\n")
        tap.ok(got == 69 and "%s:%d: " % (table, number) in text and words in text, "partners: " + line.replace(FINGERPRINT, "…").splitlines()[0],
               got, text)


def partners(tap, lookup, table):
    prints = " match=" + FINGERPRINT
    for key, wanted, name in (
        ("tls lab.test", "OK secure match=mx.lab.test:.lab.test servername=hostname", "a partner"),
        ("tls LAB.test", "OK secure match=mx.lab.test:.lab.test servername=hostname", "in capitals"),
        ("tls a.b.group.test", "OK secure match=.group.test servername=hostname", "below a partner's domain"),
        ("tls sub.group.test", "OK secure match=special.test servername=hostname", "the exact line wins"),
        ("tls [relay.test]:587", "OK fingerprint" + prints + prints, "a host and a port, known by fingerprints"),
        ("tls [relay.test]:25", "NOTFOUND ", "but not its other ports"),
        ("tls dane.test", "OK secure match=mx.dane.test servername=hostname", "the site's word before DANE"),
        ("verdict lab.test", "OK partner ttl=300", "the verdict about a partner"),
    ):
        got = lookup.ask(key)
        tap.equal("NOTFOUND " if key == "tls [relay.test]:25" and got.startswith("NOTFOUND") else got, wanted, "partners: " + name)
    with open(table, "w") as out:
        out.write("other.test match=x.test\n")
    lookup.reload()
    tap.ok(lookup.ask("tls dane.test") == "OK dane-only" and lookup.ask("tls other.test").startswith("OK secure match=x.test"),
           "partners: reload takes a new table")
    with open(table, "w") as out:
        out.write("other.test match=\n")
    lookup.reload()
    tap.ok(lookup.ask("tls other.test").startswith("OK secure match=x.test") and "stay as they are" in lookup.log(),
           "partners: a wrong one is not taken, the old one stays")
    with open(lookup.policy) as policy:
        good = policy.read()
    with open(lookup.policy, "w") as policy:
        policy.write(good.replace("ttl-min 2 seconds", "ttl-min 1 hour\n ttl-max 2 minutes"))
    lookup.reload()
    tap.ok('module "lookup": ttl-min is more than ttl-max' in lookup.log() and lookup.ask("tls dane.test") == "OK dane-only",
           "reload: options that do not go together change nothing")
    with open(lookup.policy, "w") as policy:
        policy.write(good)
    lookup.reload()


def garbage(tap, lookup):
    seed = random.Random(5)
    rubbish = [b"GET / HTTP/1.0\r\n\r\n", b"0:,", b"00:,", b"5:abc", b"99999:" + b"x" * 20000, b"17000:" + b"x" * 17000 + b",", b"3:abcX", b":,",
               b"-1:,", b"1:\0,", b"13:verdict \xff\xfe\0a\r,", b"\0" * 100000, b"1" * 100000]
    rubbish += [bytes(seed.randrange(256) for _ in range(seed.randrange(1, 300))) for _ in range(40)]
    for data in rubbish:
        with Connection(lookup.socket, 5) as connection:
            try:
                connection.sock.sendall(data)
                connection.sock.shutdown(socket.SHUT_WR)
                while connection.sock.recv(65536):
                    pass
            except (ConnectionError, socket.timeout):
                pass
    tap.ok(lookup.process.poll() is None and lookup.ask("tls dane.test") == "OK dane-only", "garbage: it closes those connections and goes on")
    # In small pieces, and after the other side has said all.
    with Connection(lookup.socket) as connection:
        for octet in netstring("tls dane.test"):
            connection.sock.sendall(bytes([octet]))
        first = connection.receive()
        connection.send("tls dane.test", "nosuch x", "tls dane.test")
        connection.sock.shutdown(socket.SHUT_WR)
        tap.equal([first] + [connection.receive() for _ in range(4)],
                  ["OK dane-only", "OK dane-only", "PERM there is no such map", "OK dane-only", None], "octet by octet; and answers after the end")
    # One that asks much and reads nothing.
    with Connection(lookup.socket) as deaf:
        deaf.sock.settimeout(0.5)
        try:
            for _ in range(3000):
                deaf.sock.sendall(netstring("tls dane.test") * 100)
        except (socket.timeout, ConnectionError):
            pass
        tap.equal(lookup.ask("tls dane.test"), "OK dane-only", "one that does not read its answers holds up nobody")


def crowd(tap, lookup, names):
    """200 at once: those with the same question are one question to DNS."""
    before = sum(1 for name, kind in names.asked if name == "counted.test" and kind == 15)
    answers, keys = [], ["counted.test"] + ["many%d.test" % i for i in range(8)]

    def one(i):
        with Connection(lookup.socket) as connection:
            answers.append([connection.ask("verdict " + keys[0]), connection.ask("verdict " + keys[1 + i % 8])])

    workers = [threading.Thread(target=one, args=(i,)) for i in range(200)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    good = [a for a in answers if all(text.startswith("OK dane") for text in a)]
    tap.equal((len(answers), len(good)), (200, 200), "200 clients at once: each has its answers")
    asked = sum(1 for name, kind in names.asked if name == "counted.test" and kind == 15) - before
    tap.ok(asked <= 2, "and DNS was asked once", asked)
    ttl = int(lookup.ask("verdict counted.test").split("ttl=")[1])
    tap.ok(1 <= ttl <= 3, "the time of an answer is that of the record", ttl)
    wait_for(lambda: lookup.ask("verdict counted.test") and
             sum(1 for name, kind in names.asked if name == "counted.test" and kind == 15) > asked + before, "it is asked again when that is over", 15)
    tap.ok(True, "and when that is over, DNS is asked again")


def dead(tap, lookup, names):
    """Hundreds of domains whose servers do not answer keep nobody else waiting."""
    quiet = names.mute()
    held = [Connection(lookup.socket) for _ in range(8)]
    for i, connection in enumerate(held):
        connection.send(*["verdict h%d.mute%d.test" % (j, i) for j in range(60)])
    started = time.monotonic()
    answers = [lookup.ask("verdict h%d.many%d.test" % (i, i)) for i in range(8)]
    seconds = time.monotonic() - started
    tap.ok(all(text.startswith("OK none") for text in answers) and seconds < 1, "480 dead domains: others are answered meanwhile", seconds, answers)
    tap.equal({connection.receive()[:4] for connection in held for _ in range(60)}, {"TEMP"}, "and they are not known")
    for connection in held:
        connection.close()
    for sock in quiet:
        sock.close()


def limits(tap, folder, names):
    lookup = Lookup(folder, options(names, more=["clients 5", "idle 1 second"]), name="limits", build=build).start()
    held = [Connection(lookup.socket) for _ in range(5)]
    for connection in held:
        connection.ask("tls dane.test")
    tap.equal(lookup.ask("tls dane.test"), "OK dane-only", "one client too many: there is room for it")
    tap.equal(held[0].receive(), None, "because the one that was idle longest had to go")
    started = time.monotonic()
    tap.equal([c.receive() for c in held[1:]], [None] * 4, "who asks nothing is closed")
    tap.ok(time.monotonic() - started < 5, "in time")
    for connection in held:
        connection.close()
    lookup.stop()
    # No descriptors left: it waits, and goes on.
    lookup = Lookup(folder, options(names), name="files", build=build, wrapper=["prlimit", "--nofile=60:60"]).start()
    held = [Connection(lookup.socket) for _ in range(80)]
    wait_for(lambda: "accept" in lookup.log(), "no descriptors are left")
    for connection in held:
        connection.close()
    tap.equal(lookup.ask("verdict [127.0.0.1]", 10).split(" ")[1], "none", "no file descriptors left: it goes on when there are")
    lookup.stop()


def full_disk(tap, folder, names):
    lookup = Lookup(folder, options(names), name="full", build=build)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "full", lookup.cache], check=True)
    with open(os.path.join(lookup.cache, "ballast"), "wb", buffering=0) as out:
        try:
            while True:
                out.write(b"x" * 512)
        except OSError:
            pass
    lookup.start()
    tap.equal(lookup.ask("tls dane.test"), "OK dane-only", "a disk that is full: it starts and answers")
    tap.equal((lookup.stop(), "cannot be written" in lookup.log()), (0, True), "and says that a restart forgets")
    tap.equal([name for name in os.listdir(lookup.cache) if name.startswith("dane")], [], "and leaves nothing half written")


def crashes(tap, lookup, names):
    """kill -9 and no DNS: what was known long enough to be written is known again."""
    wait_for(lambda: b"many7.test" in open(os.path.join(lookup.cache, "dane"), "rb").read(), "the cache is written", 15)
    lookup.kill()
    names.stop()
    lookup.start()
    tap.ok(lookup.ask("verdict many7.test").startswith("OK dane"), "kill -9, and no DNS: what was known is known")
    got = lookup.ask("tls new.test")
    tap.ok(got.startswith("TEMP"), "what was not is not", got)
    # Those who ask go away, and it is told to stop, while it waits for DNS.
    for i in range(20):
        with Connection(lookup.socket) as connection:
            connection.send("tls away%d.test" % i, "verdict away.test")
    held = Connection(lookup.socket)
    held.send("tls held.test", "verdict held.test")
    lookup.process.send_signal(signal.SIGUSR1)
    lookup.wait_log("counters: connections=")
    tap.equal((lookup.stop(), held.receive()), (0, None), "told to stop in the middle of questions: it ends well")


def user(tap, folder, names):
    """As root it may be started, to become nobody."""
    place = os.path.join(folder, "nobody")
    os.mkdir(place)
    os.chown(place, 65534, 65534)
    os.chmod(folder, 0o755)
    lookup = Lookup(folder, options(names), socket_path=os.path.join(place, "s"), name="nobody", build=build, arguments=["--user", "nobody"])
    os.chown(lookup.cache, 65534, 65534)
    lookup.start()
    with open("/proc/%d/status" % lookup.process.pid) as status:
        ids = [line.split()[1:] for line in status if line.startswith(("Uid:", "Gid:"))]
    tap.equal(ids, [["65534"] * 4] * 2, "--user nobody: it is nobody")
    tap.equal(lookup.stop(), 0, "and ends well")
    shutil.rmtree(lookup.cache)
    os.mkdir(lookup.cache, 0o700)
    try:
        lookup.start()
        tap.ok(False, "a folder for the cache that it may not write to is said at once")
    except AssertionError as error:
        tap.ok("Permission denied" in str(error), "a folder for the cache that it may not write to is said at once", error)


def run(tap, folder):
    names = zones(folder)
    sockets(tap, folder, names)
    resolvers(tap, folder, names)
    wrong_setup(tap, folder, names)
    table = os.path.join(folder, "partners")
    with open(table, "w") as out:
        out.write(PARTNERS)
    lookup = Lookup(folder, options(names, table), build=build).start()
    partners(tap, lookup, table)
    with open(table, "w") as out:
        out.write("")
    garbage(tap, lookup)
    crowd(tap, lookup, names)
    dead(tap, lookup, names)
    limits(tap, folder, names)
    user(tap, folder, names)
    full_disk(tap, folder, names)
    crashes(tap, lookup, names)


folder = namespace.enter()
tap = Tap()
try:
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
