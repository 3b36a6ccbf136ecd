#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What milward-lookup says about domains whose zones are signed, not signed, and broken in all the ways that zones are. nsd serves
them with real signatures; libunbound inside of milward-lookup validates."""
import os
import shutil
import sys
import traceback

top = os.environ.get("MILWARD_SRC") or os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.path.insert(0, os.path.join(top, "tests", "mta"))
from lab import namespace  # noqa: E402
from lab.ca import Authority  # noqa: E402
from lab.lookup import Connection, Lookup  # noqa: E402
from lab.signed import FILTER, MUTE, Signed, tlsa  # noqa: E402
from lab.tap import Tap, skip_all  # noqa: E402

build = os.environ.get("MILWARD_BUILD") or os.environ.get("BUILD") or top
for program in ("nsd", "ldns-signzone"):
    if not shutil.which(program):
        skip_all("%s is not installed (packaging/deps test)" % program)

MX = ["@ IN MX 10 mx", "mx IN A 127.0.0.31"]


def zones(folder):
    cert = Authority(os.path.join(folder, "ca")).issue("mx.dane.test")
    good = tlsa("mx", cert)
    names = Signed(folder, "test")
    names.zone("dane.test", MX + [good, tlsa("mx", cert, port=587)])
    names.zone("ee.test", MX + [tlsa("mx", cert, 25, 3, 0, 0)])
    names.zone("ta.test", MX + [tlsa("mx", cert, 25, 2, 0, 2)])
    names.zone("wrong.test", MX + [tlsa("mx", "wrong")])
    names.zone("notlsa.test", MX)
    names.zone("pkix.test", MX + [tlsa("mx", cert, usage=1), "_25._tcp.mx IN TLSA 3 1 1 00"])
    names.zone("mixed.test", ["@ IN MX 10 mx.dane.test.", "@ IN MX 10 mx.notlsa.test."])
    names.zone("backup.test", ["@ IN MX 20 mx.notlsa.test.", "@ IN MX 10 mx.dane.test."])
    names.zone("lower.test", ["@ IN MX 20 mx.dane.test.", "@ IN MX 10 mx.notlsa.test."])
    names.zone("gone.test", ["@ IN MX 10 mx.dane.test.", "@ IN MX 10 nosuch.dane.test."])
    names.zone("allgone.test", ["@ IN MX 10 nosuch.dane.test."])
    names.zone("nomx.test", ["@ IN A 127.0.0.31", tlsa("@", cert).replace("_tcp.@", "_tcp")])
    names.zone("null.test", ["@ IN MX 0 ."])
    names.zone("alias.test", ["@ IN MX 10 mx", "mx IN CNAME mx.dane.test."])
    names.zone("aliasown.test", ["@ IN MX 10 mx", "mx IN CNAME mx.notlsa.test.", good])
    names.zone("aliasout.test", ["@ IN MX 10 mx", "mx IN CNAME mx.unsigned.test.", good])
    names.zone("aliasbad.test", ["@ IN MX 10 mx", "mx IN CNAME mx.unsigned.test."])
    names.zone("tlsaalias.test", MX + ["_25._tcp.mx IN CNAME _25._tcp.mx.dane.test."])
    names.zone("loop.test", ["@ IN MX 10 mx", "mx IN CNAME mx2", "mx2 IN CNAME mx"])
    names.zone("unsigned.test", MX + [good], signed="no")
    names.zone("wrongds.test", MX + [good], signed="wrong")
    names.zone("expired.test", MX + [good], signed="expired")
    names.zone("brokenhost.test", ["@ IN MX 10 mx.wrongds.test."])
    names.zone("halfbroken.test", ["@ IN MX 10 mx.wrongds.test.", "@ IN MX 10 mx.dane.test."])
    names.zone("outhost.test", ["@ IN MX 10 mx.unsigned.test."])
    names.zone("servfail.test", MX + [good], server=FILTER)
    names.zone("mute.test", MX + [good], server=MUTE)
    # (With the addresses of 300 hosts and their signatures beside them libunbound gives up: that is a guard of its own.)
    names.zone("many.test", ["@ IN MX 10 mx%d" % i for i in range(40)] + ["mx%d IN A 127.0.0.31" % i for i in range(40)]
               + ["_25._tcp.mx%d IN CNAME _25._tcp.mx.dane.test." % i for i in range(40)]
               + ["@ IN MX 20 mx%d.%s.elsewhere.test." % (i, "x" * 50) for i in range(260)])
    names.zone("odd.test", ["@ IN MX 10 mx\\032x", "@ IN MX 10 a\\010b", "@ IN MX 10 \\;rm\\036"])
    names.zone("oddplus.test", ["@ IN MX 10 mx\\032x", "@ IN MX 10 mx.dane.test."])
    names.start()
    names.filter()
    return names


DANE, NONE, TEMP = "OK dane ttl=", "OK none ttl=", "TEMP why="
CASES = (
    ("dane.test", DANE, "a domain that is signed, with TLSA records"),
    ("DANE.Test.", DANE, "its name in other letters"),
    ("ee.test", DANE, "a whole certificate"),
    ("ta.test", DANE, "an authority of its own, by SHA-512"),
    ("wrong.test", DANE, "TLSA of another certificate: delivery finds out, and fails"),
    ("notlsa.test", NONE + "*has no TLSA records", "signed, but no TLSA"),
    ("pkix.test", NONE + "*can be used", "TLSA records that SMTP may not use"),
    ("mixed.test", NONE + "*has no TLSA records", "one of two equal hosts without TLSA"),
    ("backup.test", DANE, "the backup without TLSA"),
    ("lower.test", NONE, "the best host without TLSA"),
    ("gone.test", DANE, "one of two hosts does not exist"),
    ("allgone.test", NONE + "*has an address", "the only host does not exist"),
    ("nomx.test", DANE, "no MX records: the domain's own host"),
    ("null.test", NONE + "*null MX", "null MX"),
    ("nosuch.test", NONE + "*no such domain", "no such domain"),
    ("nosuch.dane.test", NONE + "*no such domain", "no such domain below a signed one"),
    ("alias.test", DANE, "the MX host is an alias: TLSA where it leads to"),
    ("aliasown.test", DANE, "an alias, TLSA at its own name only"),
    ("aliasout.test", DANE, "an alias out of what is signed, TLSA at its own name"),
    ("aliasbad.test", NONE, "an alias out of what is signed"),
    ("tlsaalias.test", DANE, "the TLSA record is an alias"),
    ("loop.test", TEMP, "aliases in a circle"),
    ("unsigned.test", NONE + "*not signed", "TLSA records in a zone that is not signed"),
    ("wrongds.test", TEMP + "*DNSSEC", "a DS record of another key"),
    ("expired.test", TEMP + "*DNSSEC", "signatures that have expired"),
    ("brokenhost.test", TEMP, "the MX host is in a broken zone"),
    ("halfbroken.test", DANE, "one of two MX hosts is in a broken zone: the other one will do"),
    ("outhost.test", NONE + "*in no zone", "the MX host is in a zone that is not signed"),
    ("servfail.test", TEMP, "SERVFAIL for TLSA of a signed host: no downgrade"),
    ("mute.test", TEMP, "nobody answers"),
    ("many.test", DANE, "300 MX records (the answer takes TCP)"),
    ("odd.test", NONE + "*name no host", "MX records with octets that no host name has"),
    ("oddplus.test", DANE, "and one that is good beside them"),
    ("[mx.dane.test]", DANE, "a host in brackets"),
    ("[mx.dane.test]:587", DANE, "at another port"),
    ("[mx.dane.test]:2525", NONE, "at a port without TLSA"),
    ("[127.0.0.31]", NONE, "an address"),
    ("-bad.test", "OK none ttl=300 why=that is no mail domain", "no domain name"),
    ("a" * 64 + ".test", "OK none ttl=300 why=that is no mail domain", "a label that is too long"),
    ("x" * 5000, "OK none ttl=300 why=that is no mail domain", "5000 letters"),
    ("", "OK none ttl=300 why=that is no mail domain", "nothing"),
    ("dane.test\nOK", "OK none ttl=300 why=that is no mail domain", "a line end in the name"),
)


def like(got, wanted):
    start, _star, end = wanted.partition("*")
    return got is not None and got.startswith(start) and end in got


def run(tap, folder):
    names = zones(folder)
    quiet = names.mute()
    lookup = Lookup(folder, ['zones "test 127.0.0.54"', 'trust-anchor "%s"' % names.anchor, "timeout 6 seconds", "dns-timeout 2 seconds",
                             'resolvers "127.0.0.99"', "ttl-min 1 second"], build=build)
    lookup.start()
    # All at once, over one connection: answers come in the order of the questions.
    with Connection(lookup.socket) as connection:
        connection.send(*["verdict " + key for key, _wanted, _name in CASES])
        answers = [connection.receive() for _ in CASES]
    for (key, wanted, name), got in zip(CASES, answers):
        tap.ok(like(got, wanted), "%s: %s" % (name, wanted.split(" ")[1].split("=")[0] if got else "?"), key[:80], "got    %r" % got,
               "wanted %r" % wanted)
    # The maps of Postfix, from what is known by now.
    for key, wanted, name in (
        ("tls dane.test", "OK dane-only", "tls"),
        ("verified dane.test", "OK dane-only", "verified"),
        ("tls notlsa.test", "NOTFOUND ", "tls, when nothing assures"),
        ("verified unsigned.test", "NOTFOUND ", "verified, when nothing assures"),
        ("tls .dane.test", "NOTFOUND ", "tls, what Postfix asks for subdomains"),
        ("tls [127.0.0.31]:25", "NOTFOUND ", "tls of an address"),
        ("nosuch dane.test", "PERM there is no such map", "a map that is not there"),
        ("nothing", "PERM there is no such map", "no key"),
    ):
        tap.equal(lookup.ask(key), wanted, name)
    for key in ("wrongds.test", "servfail.test", "expired.test"):
        for kind in ("tls", "verified"):
            got = lookup.ask("%s %s" % (kind, key))
            tap.ok(got.startswith("TEMP "), "%s %s: not known, so mail waits" % (kind, key), got)
    tap.ok(all(32 <= ord(c) < 127 for answer in answers for c in answer), "answers are printable")
    log = lookup.log()
    tap.ok(all(32 <= ord(c) < 127 or c == "\n" for c in log), "and the log", log)
    tap.equal(lookup.stop(), 0, "it ends well")
    # What is known stays over a restart, also without DNS; what is not known is not made up.
    names.stop()
    for sock in quiet:
        sock.close()
    lookup.start()
    tap.ok(like(lookup.ask("verdict dane.test"), DANE), "a restart without DNS: DANE is not forgotten")
    tap.equal(lookup.ask("tls dane.test"), "OK dane-only", "nor for Postfix")
    got = lookup.ask("verdict other.test")
    tap.ok(like(got, TEMP), "a domain that nobody knows: not known now", got)
    tap.equal(lookup.stop(), 0, "it ends well again")
    for damage, name in ((lambda data: data[:-20], "cut off"), (lambda data: data.replace(b"mx.dane.test", b"mx.evil.test"), "changed")):
        path = os.path.join(lookup.cache, "dane")
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(damage(data))
        lookup.start()
        tap.ok("begins empty" in lookup.log() and like(lookup.ask("verdict dane.test"), TEMP), "a copy on disk that is %s is not used" % name)
        lookup.stop()
        with open(path, "wb") as file:
            file.write(data)


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
