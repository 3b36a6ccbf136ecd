#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What an extractor can do that a document has taken over: nothing but end, and its document is unreadable then. deed.c does it."""
import ctypes
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.environ.get("MILWARD_SRC") or os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("MILWARD_BUILD") or os.environ.get("BUILD") or SRC
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SRC, "tests", "mta"))
from lab.tap import Tap, skip_all  # noqa: E402

CTL = os.path.join(BUILD, "milwardctl")
TAP = Tap()
PLAIN, RUN = "application/x-deed", "application/x-deed-run"
NO_ENTRY = ("EACCES", "EPERM")


def landlock():
    return ctypes.CDLL(None).syscall(444, None, 0, 1) > 0


def sanitized():
    with open(os.path.join(BUILD, "milward-reader"), "rb") as file:
        return re.search(rb"__[at]san_init", file.read()) is not None


def modules(folder):
    """The built modules, and both of ours."""
    built = os.path.join(BUILD, "modules", ".libs")
    for name in os.listdir(built):
        if name.endswith(".so"):
            shutil.copy(os.path.join(built, name), folder)
    for name, flags in (("deed", []), ("deed-run", ["-DRUN"])):
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-I" + os.path.join(SRC, "include"), *flags, "-o",
                        os.path.join(folder, name + ".so"), os.path.join(HERE, "deed.c")], check=True)


def within_another():
    """As a service manager's own filter: no seccomp(), no Landlock. Runs in the child."""
    number = {"x86_64": 317, "aarch64": 277}[platform.machine()]
    deny = 0x00050001  # SECCOMP_RET_ERRNO, EPERM
    code = [(0x20, 0, 0, 0), (0x15, 4, 0, number), (0x15, 3, 0, 444), (0x15, 2, 0, 445), (0x15, 1, 0, 446), (0x06, 0, 0, 0x7fff0000),
            (0x06, 0, 0, deny)]
    octets = b"".join(struct.pack("=HBBI", *row) for row in code)
    room = ctypes.create_string_buffer(octets, len(octets))
    program = struct.pack("@HP", len(code), ctypes.addressof(room))
    libc = ctypes.CDLL(None)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
        os._exit(99)


class World:
    def __init__(self, folder, options="", run_options=""):
        self.folder = folder
        self.policy = os.path.join(folder, "test.policy")
        with open(self.policy, "w", encoding="utf-8") as file:
            file.write("load deed { %s }\nload deed-run grant run { tool \"/usr/bin/cat\"; slow \"/usr/bin/sleep\"; %s }\n"
                       "load route grant edit, route, run\nlimit reading 2\nmatch any then pass\n" % (options, run_options))

    def run(self, deeds, seconds=120, before=None):
        """The parts of a mail with these documents (type, what it says): [(reason, text)], and what was logged."""
        mail = "From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"
        for kind, text in deeds:
            mail += "--B\nContent-Type: %s\n\n%s\n" % (kind, text)
        mail += "--B--\n"
        done = subprocess.run([CTL, "--modules", self.folder, "-p", self.policy, "text", "-"], input=mail.encode(), capture_output=True,
                              timeout=seconds, check=False, preexec_fn=before)
        out = done.stdout.decode("utf-8", "replace")
        found = {}
        for part in re.split(r"^== ", out, flags=re.M)[1:]:
            head, _, text = part.partition("\n")
            reason = re.search(r"unreadable: (\S+)", head)
            found[head.split()[0]] = (reason.group(1) if reason else "", text)
        self.parts = found
        return [found.get(str(i + 1), ("missing", "")) for i in range(len(deeds))], done.stderr.decode("utf-8", "replace")


def check(world, rows):
    """rows: (name, type, deed, reason, text as a pattern, log as a pattern)."""
    got, log = world.run([(row[1], row[2]) for row in rows])
    for row, (reason, text) in zip(rows, got):
        TAP.ok(reason == row[3] and re.search(row[4], text), row[0], "reason %r" % reason, "text   %r" % text[:300], log)
    for row in rows:
        if row[5]:
            TAP.ok(re.search(row[5], log), row[0] + ": that is logged", log)
    return log


def ends(world):
    dead = r"module=deed crashed: signal %d"
    rows = [
        ("a document is read", PLAIN, "say hello", "", "hello", ""),
        ("options reach the module, which was opened with files", PLAIN, "conf", "", "^9 1 2 <one> <two, or three> opened by milward-reader", ""),
        ("a crash: what came before stays", PLAIN, "crash", "crashed", "before", dead % 11),
        ("abort()", PLAIN, "abort", "crashed", "", dead % 6),
        ("an end without a word", PLAIN, "exit", "crashed", "", r"did what no module does"),
        ("it goes round and round", PLAIN, "spin", "limit", "", r"did not end in time"),
        ("it sleeps", PLAIN, "sleep", "limit", "", r"did not end in time"),
        ("text without an end", PLAIN, "flood", "limit", "aaaa", ""),
        ("calls without an end", PLAIN, "chatter", "limit", "", r"did not end in time"),
        ("garbage on its socket", PLAIN, "garbage", "crashed", "", r"did what no module does"),
        ("a lie about its end", PLAIN, "lie", "crashed", "", ""),
        ("a call that nobody may make now", PLAIN, "unasked", "crashed", "", ""),
        ("recursion without an end", PLAIN, "recurse", "crashed", "", dead % 11),
        ("the next document is read all the same", PLAIN, "say hello again", "", "hello again", ""),
        ("also by a reader with a program", RUN, "say hello", "", "hello", ""),
    ]
    if not sanitized():
        rows.append(("memory without an end", PLAIN, "memory", "crashed", "before", r"used up its memory"))
    check(world, rows)
    TAP.ok(world.parts.get("3!part", ("", ""))[0] == "crashed" and "more" in world.parts["3!part"][1],
           "a crash: the section in work says so as well", str(world.parts.keys()))


def attempts(world, folder):
    fatal = r"module=deed crashed: signal 31"
    secret = os.path.join(folder, "test.policy")
    no = "^(%s)$" % "|".join(NO_ENTRY)
    rows = [
        ("it opens no file", PLAIN, "open " + secret, "", no, ""),
        ("it opens no file of the system", PLAIN, "open /etc/passwd", "", no, ""),
        ("it writes no file", PLAIN, "write %s/new" % folder, "", no, ""),
        ("it removes no file", PLAIN, "unlink " + secret, "", no, ""),
        ("it lists no folder", PLAIN, "list /", "", no, ""),
        ("it does not see whether there is a file", PLAIN, "stat /etc/passwd", "", no, ""),
        ("it has no network", PLAIN, "socket", "crashed", "^$", fatal),
        ("it has no local sockets", PLAIN, "unix", "crashed", "^$", fatal),
        ("it starts no program", PLAIN, "exec /bin/true", "crashed", "^$", fatal),
        ("it makes no process", PLAIN, "fork", "crashed", "^$", fatal),
        ("it sends no signal", PLAIN, "signal", "crashed", "^$", fatal),
        ("it sends no signal to a thread of another", PLAIN, "thread-signal", "crashed", "^$", fatal),
        ("nor has it sent by the kernel", PLAIN, "owner", "", no, ""),
        ("it debugs nobody", PLAIN, "ptrace", "crashed", "^$", fatal),
        ("it has no memory with new code", PLAIN, "code", "", no, ""),
        ("it ends with its keeper", PLAIN, "stay", "", no, ""),
        ("its limits are tight, and those of others are not its to set", PLAIN, "limits", "", r"^64 1 (EACCES|EPERM)$", ""),
        ("it runs nothing without the power", PLAIN, "run-other /usr/bin/cat", "", "^EPERM$", ""),
    ]
    check(world, rows)


def tools(world, folder):
    fatal = r"module=deed-run crashed: signal 31"
    no = "^(%s)$" % "|".join(NO_ENTRY)
    rows = [
        ("the program reads its input, and its output is text", RUN, "run some text", "", "^some textstatus 0$", ""),
        ("no other program is run", RUN, "run-other /usr/bin/id", "", "^EPERM$", ""),
        ("the program may read what libraries need", RUN, "run-file /usr/share/dict/../doc", "", "status 1", ""),
        ("a program that does not end", RUN, "run-slow", "limit", "", r"did not end in time"),
        ("two at once, one of which prints much before its turn", RUN, "run-beside first", "",
         "^meanwhile first status 0 status 0 second 1048576$", ""),
        ("what the first prints is refused: nobody waits for the second", RUN, "run-refused", "", "^meanwhile ENOSPC$", ""),
        ("no other program beside one that may run", RUN, "run-other-beside /usr/bin/id", "", "^EPERM$", ""),
        ("no more at once than there may be", RUN, "run-many", "", "^(meanwhile )?E2BIG$", ""),
        ("it has no network", RUN, "socket", "crashed", "^$", fatal),
        ("it makes no process of its own", RUN, "fork", "crashed", "^$", fatal),
        ("it sends no signal", RUN, "signal", "crashed", "^$", fatal),
        ("it sends no signal to a thread of another", RUN, "thread-signal", "crashed", "^$", fatal),
        ("it writes no file", RUN, "write %s/new" % folder, "", no, ""),
        ("it removes no file", RUN, "unlink %s/test.policy" % folder, "", no, ""),
    ]
    check(world, rows)
    if landlock():
        check(world, [
            ("the extractor opens no file of ours", RUN, "open %s/test.policy" % folder, "", no, ""),
            ("nor of the system", RUN, "open /etc/passwd", "", no, ""),
            ("it lists no folder", RUN, "list /", "", no, ""),
            ("it starts no other program by itself", RUN, "exec /usr/bin/id", "", no, ""),
            ("the program opens no file of ours", RUN, "run-file %s/test.policy" % folder, "", "^status 1$", ""),
            ("nor of the system", RUN, "run-file /etc/passwd", "", "^status 1$", ""),
        ])
    else:
        TAP.skip("files are out of reach of programs", "this kernel has no Landlock")


def inside(world, folder):
    """Under the filter of a service manager."""
    if platform.machine() not in ("x86_64", "aarch64"):
        TAP.skip("within another sandbox", "its numbers are not known here")
        return
    rows = [(PLAIN, "say hello", "", "^hello$"), (PLAIN, "open " + world.policy, "", "^EACCES$"), (PLAIN, "socket", "crashed", "^$"),
            (PLAIN, "fork", "crashed", "^$"), (RUN, "run text", "", "^textstatus 0$"), (RUN, "socket", "crashed", "^$"),
            (RUN, "write %s/new" % folder, "", "^EACCES$"), (RUN, "unlink " + world.policy, "", "^EACCES$"), (RUN, "fork", "crashed", "^$")]
    got, log = world.run([row[:2] for row in rows], before=within_another)
    for row, (reason, text) in zip(rows, got):
        TAP.ok(reason == row[2] and re.search(row[3], text), "within another sandbox, without Landlock: %s" % row[1].split()[0],
               "reason %r text %r" % (reason, text), log)
    TAP.ok("this kernel has no Landlock" in log, "without Landlock: that is logged", log)


def charsets(world):
    """Those that a reader has, and those that it asks for."""
    rows = []
    for charset, text, wanted in (("koi8-r", "=F0=F2=E9=F7=E5=F4", "ПРИВЕТ"), ("iso-8859-7", "=E1=E2=E3", "αβγ"), ("utf-8", "=C3=A9", "é"),
                                  ("windows-1253", "=E1", "α"), ("ibm855", "=A0", "а"), ("euc-jp", "=C6=FC=CB=DC", "日本"),
                                  ("iso-2022-jp", "=1B$BF|K\\=1B(B", "日本"), ("no-such-charset", "=E9", "é"), ("", "=E9", "é")):
        rows.append((charset, text, wanted))
    mail = [(PLAIN + "\nContent-Transfer-Encoding: quoted-printable", "convert %s %s" % (c, t)) for c, t, _ in rows]
    got, log = world.run(mail)
    for (charset, _, wanted), (reason, text) in zip(rows, got):
        TAP.ok(reason == "" and text.rstrip("\n").endswith(wanted), "to_utf8: %s" % (charset or "no charset"), "%r %r" % (reason, text), log)
    big = "=E1" * 200000
    (reason, text), = world.run([mail[0][:1] + ("convert iso-8859-7 " + big,)])[0]
    TAP.ok(text.count("α") == 200000, "to_utf8: more than a packet", reason, str(len(text)))


def main():
    if not os.access(CTL, os.X_OK) or not os.path.isdir(os.path.join(BUILD, "modules", ".libs")):
        skip_all("no milwardctl in " + BUILD)
    with tempfile.TemporaryDirectory(prefix="milward-reader-") as folder:
        modules(folder)
        world = World(folder, "number 9; flag; words \"one\", \"two, or three\"")
        ends(world)
        attempts(world, folder)
        tools(world, folder)
        inside(world, folder)
        charsets(world)
        world = World(folder, "fail \"no table today\"")
        _, log = world.run([(PLAIN, "say hello")])
        TAP.ok("no table today" in log and "deed" in log, "a module that does not open: its own words", log)
        env = dict(os.environ, MILWARD_READER="/nonexistent")
        done = subprocess.run([CTL, "--modules", folder, "-p", world.policy, "text", "-"], env=env, capture_output=True, timeout=60,
                              input=b"From: a@b.example\nMIME-Version: 1.0\nContent-Type: application/x-deed\n\nsay hello\n", check=False)
        TAP.ok(done.returncode == 1 and b"/nonexistent" in done.stderr and b"hello" not in done.stdout,
               "no reader: that is a failure, and nothing is read in another way", done)
    return TAP.end()


sys.exit(main())
