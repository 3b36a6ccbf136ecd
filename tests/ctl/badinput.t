#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is no file, an output that cannot be written, and programs that nobody should start: each ends at once with one line that names it."""
import json
import os
import pathlib
import subprocess
import tempfile

from auditfile import Chain
from common import BUILD, ENV, SRC, ctl, finish, ok

NOTHING = subprocess.DEVNULL
FOLDERS = ("--modules", ENV["MILWARD_MODULES"], "--policies", ENV["MILWARD_POLICIES"])


def told(name, done, status, *texts):
    """One line on standard error with these texts, and that exit status."""
    code, out, err = done
    ok(code == status and len(err.splitlines()) == 1 and all(str(t) in err for t in texts), "%s: exit %d, one line" % (name, status), "%s\n%s%s" % (code, out[-500:], err))


def program(name, *args, stdout=subprocess.PIPE):
    """A daemon, with nothing but its standard files open."""
    done = subprocess.run([BUILD / name, *map(str, args)], env=ENV, stdin=NOTHING, stdout=stdout, stderr=subprocess.PIPE, timeout=60, check=False)
    return done.returncode, "", done.stderr.decode()


with tempfile.TemporaryDirectory() as name:
    d = pathlib.Path(name)
    fifo, empty = d / "fifo", d / "empty"
    os.mkfifo(fifo)
    empty.mkdir()
    policy = d / "p.policy"
    policy.write_text("load route grant edit, route, run { mta none }\nmatch any then pass\n")
    chain = Chain(d / "audit.log")
    chain.start("2026-11-01T00:00:00.000Z")
    chain.write()
    month = ("report", "--month", "2026-11", "--utc")

    # A file takes the place of what has its name: not that of a device or a FIFO.
    told("report --html to what is no file", ctl(*month, "--html", fifo, chain.path), 1, fifo, "no regular file")
    ok(fifo.is_fifo(), "and it stays")
    (d / "page.html").symlink_to(d / "real.html")
    (d / "real.html").write_text("old")
    ctl(*month, "--html", d / "page.html", chain.path)
    ok((d / "page.html").is_symlink() and "<html" in (d / "real.html").read_text(), "behind a link it goes where that leads")
    told("report --departments of a FIFO", ctl(*month, "--departments", fifo, chain.path, timeout=20), 1, fifo, "no regular file")
    table = d / "patients.csv"
    table.write_text("mrn\n")
    told("an index of nothing", ctl("index", "-o", d / "x.index", "--key", d / "x.key", "--new-key", table), 1, table)
    ok(not (d / "x.key").exists(), "leaves no key behind, so that the next try can make one")
    table.write_text("mrn\n48151623\n")
    told("an index where no file is", ctl("index", "-o", fifo, "--key", d / "x.key", "--new-key", table), 1, fifo, "no file")
    ok(fifo.is_fifo() and not (d / "x.key").exists(), "and it stays")
    told("consent add to a FIFO", ctl("consent", "add", "--by", "A", "--until", "none", fifo, "bob@x.example", timeout=20), 1, fifo)

    consents = d / "consents"
    whole = b"#" * 1019 + b"\n"
    consents.write_bytes(whole)
    done = subprocess.run(["bash", "-c", 'trap "" XFSZ; ulimit -f 1; exec "$@"', "-", BUILD / "milwardctl", "consent", "add", "--by", "A", "--until", "none", consents, "bob@x.example"],
                          env=ENV, stdin=NOTHING, stdout=NOTHING, stderr=subprocess.PIPE, timeout=60, check=False)
    told("consent add to a full disk", (done.returncode, "", done.stderr.decode()), 1, consents)
    ok(consents.read_bytes() == whole, "and no half of a line stays")

    # Nothing compared is no comparison.
    told("diff with an empty folder", ctl("diff", policy, policy, "--corpus", empty), 1, empty, "no message")
    told("diff with a FIFO", ctl("diff", policy, policy, "--corpus", fifo, timeout=20), 1, fifo, "not a regular file")
    told("diff with standard input", ctl("diff", policy, policy, "--corpus", "-", stdin=b"Subject: x\n\nx\n"), 1, "-: not a regular file")
    (d / "none.test").write_text("# nothing\n")
    told("a file without tests", ctl("-p", policy, "test", d / "none.test"), 1, d / "none.test")
    told("a folder without tests", ctl("-p", policy, "test", empty), 1, empty, ".test")
    (d / "nul.policy").write_bytes(b"\0" * 5000)
    code, out, err = ctl("check", d / "nul.policy")
    ok(code == 1 and err.count("control character") == 1, "NULs in a row are one mistake", err[:500])

    # a name that is no UTF-8 does not make an answer empty
    odd = os.fsencode(d) + b"/caf\xe9.policy"
    with open(odd, "wb") as out:
        out.write(policy.read_bytes())
    done = subprocess.run([BUILD / "milwardctl", "check", "--digest", "--json", odd], env=ENV, stdin=NOTHING, stdout=subprocess.PIPE, timeout=60, check=False)
    ok(done.returncode == 0 and len(json.loads(done.stdout.decode())["digest"]) == 64, "a name that is no UTF-8 in JSON", done)

    # the command line
    told("--policy without a name", ctl("-p", "", "check"), 64, "--policy")
    code, out, err = ctl("diff", policy, policy, "--corpus")
    ok(code == 64 and "requires an argument" in err and "unknown" not in err and len(err.splitlines()) == 2, "an option without its value is not unknown", err)
    code, out, err = ctl("status", "inet:99999")
    ok(code == 3 and "no port 99999" in out, "a port that is none is not another one", out + err)

    # daemons
    for daemon in ("milward-lookup", "milward-seal", "milward-portal"):
        if not (BUILD / daemon).exists():
            continue
        for what in (d, fifo, d / "nosuch"):
            told("%s, -p %s" % (daemon, what.name if what != d else "a folder"), program(daemon, "-t", "-p", what), 66, what, "-p FILE")
    if (BUILD / "milward-lookup").exists():
        lookup = d / "lookup.policy"
        for option, texts in (('trust-anchor "%s"' % fifo, (fifo, "not a regular file")), ('partners "%s/none"' % d, ("partners", d / "none")),
                              ('cache "%s/none"' % d, (d / "none", "make its folder"))):
            lookup.write_text('load lookup { listen "unix:%s/lookup.sock"; %s }\n' % (d, option if "cache" in option else option + '; cache "%s"' % d))
            told("milward-lookup, %s" % option.split(" ")[0], program("milward-lookup", *FOLDERS, "-p", lookup), 69, *texts)
        lookup.write_text('load lookup { listen "unix:%s/lookup.sock"; trust-anchor "%s" }\n' % (d, fifo))
        code, out, err = ctl("doctor", "-c", d, "postfix", lookup, timeout=100)
        ok(code == 2 and " warning" in out, "doctor does not wait for a FIFO", out + err)
    if (BUILD / "milward-seal").exists():
        seal = d / "seal.policy"
        seal.write_text('load route grant edit, route, run { mta none }\nload seal { state "%s/none/state" }\nmatch any then pass\n' % d)
        code, out, err = program("milward-seal", *FOLDERS, "-p", seal)
        ok(code == 73 and len([line for line in err.splitlines() if "start:" in line]) == 1 and "%s/none/state" % d in err and "make this folder" in err, "milward-seal, state", err)
    if (BUILD / "milward-portal").exists():
        portal = d / "portal.policy"
        portal.write_text('load portal grant keys, store { url "https://p.example"; site "S"; from "p@clinic.example"; store "%s/st"; keys "%s/k" }\n' % (d, d))
        told("milward-portal, no folder of templates", program("milward-portal", *FOLDERS, "--templates", d / "none", "-p", portal), 69, d / "none", "--templates")
        told("milward-portal, no keys", program("milward-portal", *FOLDERS, "--templates", SRC / "templates/portal", "-p", portal), 69, d / "k", "portal rekey")
        told("milward-portal, no templates", program("milward-portal", *FOLDERS, "--templates", empty, "-p", portal), 69, empty, "--templates")
    for daemon in ("milward", "milward-lookup", "milward-seal", "milward-portal"):
        if (BUILD / daemon).exists():
            with open("/dev/full", "wb") as full:
                told("%s --help to a full disk" % daemon, program(daemon, "--help", stdout=full), 73, "standard output")
    told("milward-reader by hand", program("milward-reader", "--help"), 64, "by hand")
finish()
