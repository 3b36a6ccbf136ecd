#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The dkim and audit modules inside the real daemon, over the milter protocol: what dkimpy says of its signatures, keys that change
with a reload, records that survive kill -9, a second daemon on one file, a disk that fills up."""
import base64
import json
import os
import resource
import shutil
import signal
import subprocess
import sys

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(SRC, "tests", "milter"))
import daemon  # noqa: E402
from daemon import Daemon  # noqa: E402
from lab.tap import Tap, skip_all, wait_for  # noqa: E402
from peer import Closed, Session  # noqa: E402

try:
    import dkim
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
except ImportError as e:
    skip_all("python3-dkim or python3-cryptography is missing: %s" % e)
for name in ("dkim", "audit"):
    if not os.path.exists(os.path.join(daemon.BUILD, "modules", ".libs", name + ".so")):
        skip_all("the %s module is not built as a loadable file" % name)

tap = Tap()
CTL = os.path.join(daemon.BUILD, "milwardctl")
POLICY = """listen unix:%(dir)s/sock
load route grant route, edit, run { mta none }
load dkim grant headers, edit, keys { key-table "keys"; signing-table "refile:signs"; multiple yes }
load audit grant store { path "audit/log"; checkpoint 3 }
table <ours> { "clinic.example" }
match dkim.signatures = 0 to external then refuse "no key for this author"
match any then pass
always strip header "X-Milward-*"; sign dkim; record audit
"""
FILES = {"keys": "r clinic.example:r:./r.pem\ne clinic.example:e:./e.pem\n", "signs": "*@clinic.example r\n*@clinic.example e\n"}
HEADERS = [("From", " Nurse <nurse@clinic.example>"), ("To", " bob@other.example"), ("X-Milward-Route", " tls"),
           ("Subject", " hello\n\tagain"), ("Date", " Sun, 22 Nov 2026 03:00:00 +0000")]
public = {}


def keys(d):
    """New keys, as the administrator would put them there."""
    os.makedirs(os.path.join(d.dir, "audit"), mode=0o700, exist_ok=True)
    for name, private in (("r", rsa.generate_private_key(65537, 2048)), ("e", ed25519.Ed25519PrivateKey.generate())):
        path = os.path.join(d.dir, name + ".pem")
        with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
            f.write(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        os.rename(path + ".new", path)
        if name == "e":
            raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            public[name] = b"v=DKIM1; k=ed25519; p=" + base64.b64encode(raw)
        else:
            der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            public[name] = b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


def submit(s, headers=HEADERS, body=b"hello\r\n\r\nworld \r\n", queue_id="4Q", rcpt="<bob@other.example>", macros=None):
    s.mail("<nurse@clinic.example>", macros={"{client_addr}": "127.0.0.1"} if macros is None else macros)
    s.rcpt(rcpt)
    for name, value in headers:
        s.header(name, value)
    s.body(body)
    return s.eom(queue_id)


def leaves(answer, headers=HEADERS, body=b"hello\r\n\r\nworld \r\n"):
    """The message as the MTA would send it on."""
    fields = list(headers)
    for e in answer.edits:
        if e[0] == "insert":
            fields.insert(max(e[1] - 1, 0), (e[2], e[3]))  # 1 is the top for both MTAs
        elif e[0] == "append":
            fields.append((e[1], e[2]))
        elif e[0] == "change" and not e[3]:
            at = [i for i, f in enumerate(fields) if f[0].lower() == e[2].lower()][e[1] - 1]
            del fields[at]
    text = "".join("%s:%s\n" % f for f in fields).replace("\n", "\r\n").encode()
    return text + b"\r\n" + body


def tempfails(answer):
    return answer.final == "t" or (answer.final == "y" and answer.text.startswith("4"))


def verifies(message):
    d = dkim.DKIM(message)
    n = sum(1 for name, _ in d.headers if name.lower() == b"dkim-signature")
    try:
        return n == 2 and all(dkim.DKIM(message).verify(idx=i, dnsfunc=lambda q, timeout=5: public[q.decode().split(".")[0]])
                              for i in range(2))
    except dkim.DKIMException:
        return False


def audit(d, *words):
    p = subprocess.run([CTL, "--modules", Daemon.modules, "--policies", d.dir, "-p", d.policy, "audit", *words], capture_output=True, text=True)
    return p.returncode, p.stdout + p.stderr


def records(d):
    with open(os.path.join(d.dir, "audit", "log"), encoding="ascii") as f:
        return [json.loads(line) for line in f]


# ---- one message ------------------------------------------------------------------------------------------------------------
d = Daemon(POLICY, files=FILES)
keys(d)
with d:
    with Session(d.path) as s:
        answer = submit(s)
        message = leaves(answer)
        tap.equal(answer.final, "c", "a message of ours is accepted")
        tap.ok(verifies(message), "dkimpy verifies RSA and Ed25519 over what leaves", message)
        tap.ok(b"X-Milward-Route" not in message and message.startswith(b"DKIM-Signature:"), "signed behind the edits, on top", message)
        answer = submit(s, body=b"")
        tap.ok(verifies(leaves(answer, body=b"")), "an empty body verifies")
        big = b"\xe4\xf6 a line of 8-bit text  \r\n" * 20000 + b"\r\n\r\n"
        tap.ok(verifies(leaves(submit(s, body=big), body=big)), "half a megabyte of 8-bit text verifies")
        foreign = [("From", " eve@evil.example")] + HEADERS[1:]
        answer = submit(s, headers=foreign)
        tap.ok(answer.final == "y" and "no key for this author" in answer.text, "the policy sees that there is no signature", answer)
        answer = submit(s, macros={"{client_addr}": "192.0.2.1"})
        tap.equal(answer.final, "y", "a client that is not ours gets no signature")
        answer = submit(s, macros={"{client_addr}": "192.0.2.1", "{auth_type}": "PLAIN", "{auth_authen}": "nurse"})
        tap.ok(verifies(leaves(answer)), "a client that authenticated itself does")
    tap.ok("dkim-slow" not in d.log(), "decoded keys are in use inside the daemon")

    # ---- reload -------------------------------------------------------------------------------------------------------------------
    old = dict(public)
    keys(d)
    with Session(d.path) as s:
        new, public_now = dict(public), dict(public)
        public.update(old)
        tap.ok(verifies(leaves(submit(s))), "new keys on disk change nothing before a reload")
        public.update(new)
    d.process.send_signal(signal.SIGHUP)
    with Session(d.path) as s:
        wait_for(lambda: verifies(leaves(submit(s))), "the new keys")
    tap.ok(True, "a reload takes up new keys")
    os.chmod(os.path.join(d.dir, "r.pem"), 0o644)
    d.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "chmod 600" in d.log(), "the refusal in the log")
    with Session(d.path) as s:
        tap.ok(verifies(leaves(submit(s))), "a reload with a key that others can read changes nothing")
    os.chmod(os.path.join(d.dir, "r.pem"), 0o600)

    # ---- audit --------------------------------------------------------------------------------------------------------------------
    rows = records(d)
    first = [r for r in rows if r["kind"] == "message"][0]
    tap.ok(first["queue_id"] == "4Q" and first["sender"] == "nurse@clinic.example" and first["outcome"] == "pass" and
           first["recipients"][0]["address"] == "bob@other.example" and first["recipients"][0]["line"].endswith(":7"),
           "the record says who, what and by which line", first)
    tap.ok(all(word not in json.dumps(rows) for word in ("hello", "again", "world")), "no content in any record")
    status, said = audit(d, "verify")
    tap.ok(status == 0 and "intact: records 1 to %d" % len(rows) in said, "milwardctl audit verify, while the daemon runs", said)
    checkpoint = [line.split("head=")[1].strip() for line in d.log().splitlines() if "audit-checkpoint" in line][0]
    status, said = audit(d, "verify", "--head", checkpoint)
    tap.equal(status, 0, "verify against a checkpoint of the log")
    other = Daemon(POLICY, files=FILES)
    for name in ("r.pem", "e.pem"):
        shutil.copy(os.path.join(d.dir, name), other.dir)
    other.write("test.policy", POLICY.replace('"audit/log"', '"%s/audit/log"' % d.dir))
    status, log = other.run_to_end()
    tap.ok(status != 0 and "is in use by another process" in log, "a second daemon on the same file does not start", log)
    shutil.rmtree(other.dir)

    # ---- rotation, removal of the folder ----------------------------------------------------------------------------------------------
    log = os.path.join(d.dir, "audit", "log")
    os.rename(log, log + ".1")
    with Session(d.path) as s:
        tap.equal(submit(s, queue_id="AFTER").final, "c", "a message after the file was renamed")
        status, said = audit(d, "verify", log + ".1", log)
        tap.ok(status == 0 and [r["kind"] for r in records(d)][0] == "continue", "both files are one chain", said)
        os.rename(os.path.join(d.dir, "audit"), os.path.join(d.dir, "gone"))
        tap.ok(tempfails(submit(s, queue_id="LOST")), "no folder: tempfail")
        os.rename(os.path.join(d.dir, "gone"), os.path.join(d.dir, "audit"))
        tap.equal(submit(s, queue_id="FOUND").final, "c", "the folder is back: accepted")
    status, said = audit(d, "verify", log + ".1", log)
    tap.equal(status, 0, "the chain is whole, without the message that was not accepted")
    tap.ok("LOST" not in [r.get("queue_id") for r in records(d)], "and has no record of it")
    d.stop()
    tap.equal(records(d)[-1]["kind"], "stop", "the last record says that the daemon stopped")
    status, said = audit(d, "verify")
    tap.equal(status, 0, "and the file verifies")

# ---- kill -9 ------------------------------------------------------------------------------------------------------------------
d = Daemon(POLICY, files=FILES)
keys(d)
accepted = []
with d:
    for turn in range(5):
        with Session(d.path) as s:
            for i in range(turn * 3 + 1):
                name = "K%dN%d" % (turn, i)
                if submit(s, queue_id=name).final == "c":
                    accepted.append(name)
            s.mail("<nurse@clinic.example>", macros={"{client_addr}": "127.0.0.1"})
            s.rcpt("<bob@other.example>")
            for name, value in HEADERS:
                s.header(name, value)
            s.send("E")
            worker = d.worker()
            os.kill(worker, signal.SIGKILL)
            try:
                s.answer()
            except (Closed, OSError):
                pass
        wait_for(lambda: d.worker() not in (None, worker), "a new worker")

        def answers():
            try:
                with Session(d.path, timeout=5) as s:
                    return submit(s, queue_id="UP%d" % turn).final == "c"
            except (Closed, OSError):
                return False
        wait_for(answers, "the new worker to answer")
    d.stop()
    ids = [r.get("queue_id") for r in records(d)]
    tap.ok(set(accepted) <= set(ids), "every accepted message is recorded, over 5 workers that were killed", set(accepted) - set(ids))
    status, said = audit(d, "verify")
    tap.ok(status == 0, "and the chain is whole", said)


# ---- a full disk ------------------------------------------------------------------------------------------------------------------
def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))


d = Daemon(POLICY.replace("load dkim grant headers, edit, keys { key-table \"keys\"; signing-table \"refile:signs\"; multiple yes }\n", "")
           .replace("match dkim.signatures = 0 to external then refuse \"no key for this author\"\n", "").replace("sign dkim; ", ""),
           before=small_files)
os.mkdir(os.path.join(d.dir, "audit"), 0o700)
with d:
    finals = ""
    with Session(d.path) as s:
        for i in range(20):
            answer = submit(s, queue_id="F%d" % i)
            finals += "t" if tempfails(answer) else answer.final
    tap.ok(finals.startswith("cc") and finals.endswith("tt") and "tc" not in finals, "a full disk: accepted, then tempfail", finals)
    d.stop()
    n = sum(1 for r in records(d) if r["kind"] == "message")
    tap.equal(n, finals.count("c"), "exactly the accepted messages are recorded")
    status, said = audit(d, "verify")
    tap.ok(status == 0, "and the chain is whole", said)

sys.exit(tap.end())
