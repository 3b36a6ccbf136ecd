#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milward-seal with seal-openpgp, in its sandbox: what it sends is read by gpg, what gpg sends is opened; RSA, which needs threads, and curves."""
import base64
import os
import re
import shutil
import subprocess
import tempfile

from common import BUILD, Agent, Mta, Tap, memory, sanitized, skip_all, threads

built = os.path.join(BUILD, "modules", ".libs")
if not os.path.exists(os.path.join(built, "seal-openpgp.so")) or not shutil.which("gpg"):
    skip_all("no seal-openpgp, or no gpg")
tap = Tap()
folder = tempfile.mkdtemp(prefix="milward-seal-pgp-")
HOME = os.path.join(folder, "gpg")
os.mkdir(HOME, 0o700)
SECRET = b"Zebrafinch"


def gpg(*args, data=None):
    return subprocess.run(["gpg", "--homedir", HOME, "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always",
                           "--status-fd", "2", *args], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)


def new(who, algo, sub):
    gpg("--quick-gen-key", who, algo, "cert,sign", "never")
    fpr = re.search(r"^fpr:+([0-9A-F]{40}):", gpg("-k", "--with-colons", who).stdout.decode(), re.M).group(1)
    gpg("--quick-add-key", fpr, sub, "encr", "never")
    return fpr


def armour(octets):
    return re.search(rb"-----BEGIN PGP MESSAGE-----.*-----END PGP MESSAGE-----\r\n", octets, re.S).group(0)


def put(name, octets, mode=0o600):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(octets)
    os.chmod(path, mode)
    return path


def message(body, head=b""):
    return b"From: Alice <alice@clinic.test>\r\nTo: bob@out.test\r\nSubject: " + SECRET + b"\r\nMessage-ID: <1@clinic.test>\r\n" + head + b"\r\n" + body


def sealing(agent, mta, gateway):
    for who in ("bob", "carol"):
        answer = agent.deliver(message(b"Patient Quimby\r\n"), who + "@out.test.mw-sealo.invalid")[0]
        tap.ok(answer.startswith("250"), "sealed for " + who, answer, agent.log())
        copy = mta.copies[-1]
        r = gpg("--decrypt", data=armour(copy.data))
        tap.ok(b"\r\nSubject: [...]\r\n" in copy.data and SECRET not in copy.data and copy.data.count(b"Content-Type: multipart/encrypted;") == 1,
               "the Subject is hidden outside")
        tap.ok(b"Subject: " + SECRET in r.stdout and r.stdout.endswith(b"\r\n\r\nPatient Quimby\r\n") and b'hp="cipher"' in r.stdout, "gpg reads the Subject and the text inside",
               r.stdout)
        tap.ok(b"GOODSIG " + gateway[-16:].encode() in r.stderr, "signed by the gateway's key", r.stderr)
    large = message((b"metformin " * 7 + b"\r\n") * (20 * 1024 * 1024 // 72))
    answer, most = memory(agent, large, "carol@out.test.mw-sealo.invalid")
    tap.ok(answer.startswith("250") and gpg("--decrypt", data=armour(mta.copies[-1].data)).stdout.endswith(large.partition(b"\r\n\r\n")[2]), "20 MB are what was sent", answer)
    tap.ok(most < 32 or sanitized(), "and took %d MB of memory at most" % most)
    answer = agent.deliver(message(b"x\r\n"), "nobody@out.test.mw-sealo.invalid")[0]
    tap.ok(answer.startswith("5") and "there is no OpenPGP key for it" in answer, "who has no key: the cause is in the answer", answer)
    before = len(mta.copies)
    answers = threads(8, lambda i: agent.deliver(message(b"%d\r\n" % i), "bob@out.test.mw-sealo.invalid")[0])
    tap.ok(all(str(a).startswith("250") for a in answers) and len(mta.copies) == before + 8, "eight at once", answers)
    keys = {gpg("--show-session-key", "--decrypt", data=armour(c.data)).stderr.split(b"SESSION_KEY ")[1].split()[0] for c in mta.copies[before:]}
    tap.equal(len(keys), 8, "each by a key of its own")


def opening(agent, mta, gateway):
    inner = b'Content-Type: text/plain; hp="cipher"\r\nSubject: The true subject\r\n\r\nHello doctor\r\n'
    text = gpg("--armor", "--encrypt", "-r", gateway, "--sign", "-u", "bob@out.test", data=inner).stdout.replace(b"\n", b"\r\n")
    mail = (b"From: Bob <bob@out.test>\r\nTo: alice@clinic.test\r\nSubject: ...\r\nMessage-ID: <2@out.test>\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/encrypted; boundary=b; protocol="application/pgp-encrypted"\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n'
            b"--b\r\nContent-Type: application/octet-stream\r\n\r\n" + text + b"\r\n--b--\r\n")
    answer = agent.deliver(mail, "alice@clinic.test.mw-open.invalid", sender="bob@out.test")[0]
    data = mta.copies[-1].data
    tap.ok(answer.startswith("250") and data.endswith(b"\r\nHello doctor\r\n") and b"\r\nSubject: The true subject\r\n" in data, "mail to the gateway is opened", answer, data)
    result = re.search(rb"^Authentication-Results:.*?(?=\r\n\S)", data, re.S | re.M)
    tap.ok(result and b"openpgp=pass" in result.group(0) and b"bob@out.test" in result.group(0), "and its signature is good", result and result.group(0))


def tests():
    mta = Mta()
    gateway = new("gateway@clinic.test", "rsa2048", "rsa2048")
    for who, algo, sub in (("bob@out.test", "rsa2048", "rsa2048"), ("carol@out.test", "ed25519", "cv25519")):
        put("keys/" + who, gpg("--export", new(who, algo, sub)).stdout, 0o644)
    secret = put("secret", gpg("--export-secret-keys", gateway).stdout)
    Agent.modules = os.path.join(folder, "modules")
    os.mkdir(Agent.modules)
    for name in ("seal", "route", "seal-openpgp"):
        shutil.copy(os.path.join(built, name + ".so"), Agent.modules)
    load = ('load seal-openpgp grant keys, network { keys "%s"; signing-keys "%s"; signing-address "gateway@clinic.test"; secret-keys "%s" }\n'
            "load route with seal-openpgp grant route, edit, run { mta none }" % (os.path.join(folder, "keys"), secret, secret))
    with Agent(mta, load=load) as agent:
        sealing(agent, mta, gateway)
        opening(agent, mta, gateway)


try:
    tests()
finally:
    subprocess.run(["gpgconf", "--homedir", HOME, "--kill", "all"], stderr=subprocess.DEVNULL, check=False)
    shutil.rmtree(folder, ignore_errors=True)
raise SystemExit(tap.end())
