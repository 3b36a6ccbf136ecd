#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""seal-smime in the real milward-seal, with openssl (and gpgsm, where there is one) at the other end, and with the real milward-lookup in front of a
real OCSP responder: what leaves, why it does not, what comes in, and the commands."""
import email
import email.policy
import os
import re
import shutil
import socket
import subprocess
import tempfile

import common
from common import BUILD, Agent, Mta, Tap, memory, sanitized, skip_all, wait_for
from lab.lookup import Lookup

for module in ("seal-smime", "lookup"):
    if not os.path.exists(os.path.join(BUILD, "modules", ".libs", module + ".so")):
        skip_all("no module %s in %s" % (module, BUILD))
if not os.path.exists(os.path.join(BUILD, "milward-lookup")):
    skip_all("no milward-lookup in " + BUILD)

tap = Tap()
mta = Mta()
DIR = tempfile.mkdtemp(prefix="milward-smime-t-")


def path(*names):
    return os.path.join(DIR, *names)


def run(*words, data=None, good=True):
    done = subprocess.run(words, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, cwd=DIR)
    if good and done.returncode:
        raise AssertionError("%s: %s" % (" ".join(words), done.stderr.decode()))
    return done.stdout if good else done


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- people --------------------------------------------------------------------------------------------------------------------------

PORT = free_port()
for folder in ("people", "store", "signers", "keys", "log"):
    os.mkdir(path(folder))
run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Issuer",
    "-days", "30", "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")
number = iter(range(0x1000, 0x2000))
index = []


def person(address, name, key=("-newkey", "rsa:2048"), status="V", extensions="", dates=()):
    """NAME.key, NAME.pem and a line of the issuer's book."""
    serial = next(number)
    run("openssl", "req", *key, "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + name)
    with open(path("ext"), "w") as out:
        out.write("subjectAltName=email:%s\nextendedKeyUsage=emailProtection\nbasicConstraints=CA:FALSE\n"
                  "authorityInfoAccess=OCSP;URI:http://127.0.0.1:%d/\n%s\n" % (address, PORT, extensions))
    run("openssl", "x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "0x%x" % serial, "-extfile", "ext", "-out",
        name + ".pem", *(dates or ("-days", "10")))
    index.append("%s\t491231235959Z\t%s\t%X\tunknown\t/CN=%s\n" % (status, "250102030405Z" if status == "R" else "", serial, name))


EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
person("bob@out.test", "bob")
person("ec@out.test", "ec", EC)
person("revoked@out.test", "revoked", EC, status="R")
person("late@out.test", "late", EC)
person("small@out.test", "small", ("-newkey", "rsa:1024"))
person("carol@out.test", "carol")
person("alice@clinic.test", "alice", EC)
person("site@clinic.test", "site")
with open(path("index"), "w") as out:
    out.writelines(index)
for name in ("bob", "ec", "revoked", "late", "small"):
    shutil.copy(path(name + ".pem"), path("people"))
for folder, name, file in (("signers", "alice", "alice@clinic.test.pem"), ("keys", "site", "site.pem")):
    with open(os.open(path(folder, file), os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
        for part in (name + ".key", name + ".pem"):
            with open(path(part)) as text:
                out.write(text.read())

OPTIONS = ('certificates "%s"; store "%s"; anchors "%s"; signers "%s"; keys "%s"; revocation ocsp; lookup "%s"; gcm "ec@out.test"'
           % (path("people"), path("store"), path("ca.pem"), path("signers"), path("keys"), path("lookup.sock")))
LOAD = 'load seal-smime grant keys, store { %s }\nload route with seal-smime grant route, edit, run { mta none }' % OPTIONS
HEAD = b"Received: from ward\r\nFrom: Alice <alice@clinic.test>\r\nTo: bob@out.test\r\nSubject: Zebrafinch\r\nMessage-ID: <%d@clinic.test>\r\n"
numbers = iter(range(1, 1000))


def message():
    return HEAD % next(numbers) + b"\r\nmetformin\r\n"


def responder():
    log = open(path("log", "ocsp"), "ab")
    process = subprocess.Popen(["openssl", "ocsp", "-index", "index", "-port", str(PORT), "-rsigner", "ca.pem", "-rkey", "ca.key", "-CA", "ca.pem",
                                "-nmin", "5"], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=DIR)
    wait_for(listens, "the responder listens", 15)
    return process


def listens():
    """A connection that says nothing would be its end."""
    with open(path("log", "ocsp")) as file:
        return "waiting for OCSP client connections" in file.read()


def opened(name):
    """The last copy as its owner reads it: (what was encrypted, what was signed in it)."""
    with open(path("copy"), "wb") as out:
        out.write(mta.copies[-1].data)
    inner = run("openssl", "cms", "-decrypt", "-binary", "-inform", "smime", "-in", "copy", "-recip", name + ".pem", "-inkey", name + ".key")
    return inner, run("openssl", "cms", "-verify", "-inform", "smime", "-CAfile", "ca.pem", data=inner)


def ctl(agent, *words):
    done = run(os.path.join(BUILD, "milwardctl"), "--modules", Agent.modules, "-p", agent.policy_path, *words, good=False)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def test_out(agent):
    answer = agent.deliver(message(), "bob@out.test.mw-seals.invalid")[0]
    tap.ok(answer.startswith("250"), "sealed", answer)
    copy = mta.copies[-1].data
    tap.ok(b"Zebrafinch" not in copy and b"metformin" not in copy and b"Subject: [...]" in copy, "nothing of it is outside")
    inner, signed = opened("bob")
    tap.ok(b"Subject: Zebrafinch" in signed and signed.endswith(b"\r\n\r\nmetformin\r\n"), "openssl decrypts it, and verifies the sender's signature", inner)
    tap.ok(b'hp="cipher"' in signed, "the protected header is in what is signed")
    agent.deliver(message(), "ec@out.test.mw-seals.invalid")
    tap.ok(b"authEnveloped-data" in mta.copies[-1].data and b"Zebrafinch" in opened("ec")[1], "AES-GCM to an EC key")
    large = message() + (b"metformin " * 7 + b"\r\n") * (20 * 1024 * 1024 // 72)
    answer, most = memory(agent, large, "bob@out.test.mw-seals.invalid")
    tap.ok(answer.startswith("250") and opened("bob")[1].endswith(large.partition(b"\r\n\r\n")[2]), "20 MB are what was sent", answer)
    tap.ok(most < 32 or sanitized(), "and took %d MB of memory at most" % most)
    if shutil.which("gpgsm"):
        home = path("gnupg")
        os.mkdir(home, 0o700)
        with open(os.path.join(home, "gpg-agent.conf"), "w") as out:
            out.write("s2k-count 65536\nallow-loopback-pinentry\n")
        sm = ["gpgsm", "--homedir", home, "--batch", "--quiet", "--disable-crl-checks", "--disable-dirmngr", "--pinentry-mode", "loopback", "--passphrase-fd", "0"]
        agent.deliver(message(), "bob@out.test.mw-seals.invalid")
        for _ in range(8):  # gpgsm 2.2 cannot read some of these files: other salt, other luck
            run("openssl", "pkcs12", "-export", "-in", "bob.pem", "-inkey", "bob.key", "-out", "bob.p12", "-passout", "pass:x", "-certpbe", "PBE-SHA1-3DES",
                "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1")
            if run(*sm, "--import", "bob.p12", data=b"x\n", good=False).returncode == 0:
                break
        der = email.message_from_bytes(mta.copies[-1].data).get_payload(decode=True)
        with open(path("der"), "wb") as file:
            file.write(der)
        done = run(*sm, "--decrypt", "der", data=b"x\n", good=False)
        tap.ok(b"metformin" in done.stdout, "gpgsm decrypts it", done.stderr.decode())
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], stderr=subprocess.DEVNULL, check=False)
    for who, why in (("small", "weak: its RSA key has 1024 bits"), ("revoked", "revoked on 2025-01-02"), ("nobody", "there is no certificate for it")):
        n = len(mta.copies)
        answer = agent.deliver(message(), who + "@out.test.mw-seals.invalid")[0]
        tap.ok(answer[:1] == "5" and len(mta.copies) == n, "not sealed: %s" % why, answer)
        status, text = ctl(agent, "seal-smime", "show", who + "@out.test")
        tap.ok(status == 2 and why in text, "which show tells", text)


def test_explain():
    with open(path("explain.policy"), "w") as out:
        out.write('listen unix:%s\nload seal-smime grant keys, store { %s }\n'
                  'load route with seal-smime grant route, edit, run { mta none; portal yes; seal yes }\ntable <ours> { "clinic.test" }\n'
                  'match any to external then send by smime or portal\nmatch any then pass\n' % (path("sock"), OPTIONS))
    with open(path("mail"), "wb") as out:
        out.write(message())
    done = run(os.path.join(BUILD, "milwardctl"), "--modules", Agent.modules, "-p", "explain.policy", "explain", "--from", "alice@clinic.test", "--to",
               "ec@out.test", "--to", "small@out.test", "mail", good=False)
    text = done.stdout.decode() + done.stderr.decode()
    bob, _, small = text.partition("small@out.test")
    tap.ok("smime" in bob.partition("ec@out.test")[2], "explain: by S/MIME", text)
    tap.ok("portal" in small and "weak: its RSA key has 1024 bits" in small, "explain: why not by S/MIME, but by the portal", text)


def test_unknown(agent, ocsp):
    ocsp.terminate()
    ocsp.wait()
    n = len(mta.copies)
    answer = agent.deliver(message(), "late@out.test.mw-seals.invalid")[0]
    tap.ok(answer[:1] == "4" and len(mta.copies) == n, "no responder: later", answer)
    status, text = ctl(agent, "seal-smime", "show", "late@out.test")
    tap.ok(status == 1 and "the responder cannot be asked now" in text, "which show tells", text)


def arrives(agent, command, sender="carol@out.test"):
    """An entity that the shell's openssl makes of `in`, as mail: (mail, octets)."""
    entity = re.sub(rb"\r?\n", b"\r\n", run("sh", "-c", command))
    entity = entity.replace(b"MIME-Version: 1.0\r\n", b"", 1)
    head = b"Received: from out\r\nFrom: Carol <%s>\r\nTo: site@clinic.test\r\nSubject: [...]\r\nMIME-Version: 1.0\r\n" % sender.encode()
    answer = agent.deliver(head + entity, "site@clinic.test.mw-open.invalid", sender=sender)[0]
    if not answer.startswith("250"):
        raise AssertionError(answer)
    return email.message_from_bytes(mta.copies[-1].data, policy=email.policy.SMTP), mta.copies[-1].data


def results(mail):
    return " ".join(mail["Authentication-Results"].split())


def test_in(agent):
    with open(path("in"), "wb") as out:
        out.write(b'Content-Type: text/plain; hp="cipher"\r\nSubject: Zebrafinch\r\n\r\nmetformin\r\n')
    sign = "openssl cms -sign -binary -in in -signer carol.pem -inkey carol.key"
    mail, octets = arrives(agent, sign + " -nodetach | openssl cms -encrypt -aes256 site.pem")
    tap.ok("smime=pass (decrypted)" in results(mail) and 'smime-identifier="carol@out.test"' in results(mail), "encrypted and signed: opened", octets)
    tap.ok(str(mail["Subject"]) == "Zebrafinch" and octets.endswith(b"\r\n\r\nmetformin\r\n"), "with its Subject", octets)
    wait_for(lambda: os.path.exists(path("store", "carol@out.test.pem")), "the certificate is kept")
    wait_for(lambda: agent.deliver(message(), "carol@out.test.mw-seals.invalid")[0].startswith("250"), "it is seen", 10)  # folders are looked at once a second
    tap.ok(b"Zebrafinch" in opened("carol")[1], "and used for the answer")
    mail, octets = arrives(agent, "openssl cms -encrypt -aes256 -in in site.pem")
    tap.ok("smime=none (decrypted, not signed, nothing tells whether it was changed on its way)" in results(mail), "AES-CBC without a signature", octets)
    mail, octets = arrives(agent, sign.replace("-binary ", ""))
    tap.ok("smime=pass (not encrypted)" in results(mail) and mail.get_content_type() == "multipart/signed", "signed in clear: stays as it is", octets)
    mail, octets = arrives(agent, sign.replace("-binary ", "") + " | sed s/metformin/insulin/")
    tap.ok("smime=fail" in results(mail), "changed on its way", octets)
    mail, octets = arrives(agent, "openssl cms -encrypt -aes256 -in in bob.pem")
    tap.ok("for none of the site's keys" in results(mail) and mail.get_content_type() == "application/pkcs7-mime", "for somebody else: stays as it is", octets)
    mail, octets = arrives(agent, "printf 'Content-Type: multipart/mixed; boundary=b\\n\\n--b\\n'; openssl cms -encrypt -aes256 -in in site.pem; printf -- '--b--\\n'")
    tap.ok(b"metformin" not in octets, "a sealed part beside others is not opened", octets)


def test_commands(agent):
    status, text = ctl(agent, "seal-smime", "list")
    tap.ok(status == 0 and re.search(r"^bob@out\.test\t\S+\tRSA-2048\tcertificates/bob\.pem\tok$", text, re.M), "list", text)
    tap.ok(re.search(r"^carol@out\.test\t\S+\tRSA-2048\tstore/carol@out\.test\.pem\tok", text, re.M), "list: one that came by mail", text)
    status, text = ctl(agent, "seal-smime", "list", "--expiring", "5")
    tap.equal((status, text), (0, ""), "none ends within five days")
    status, text = ctl(agent, "seal-smime", "list", "--expiring", "20")
    tap.ok(status == 0 and "bob@out.test" in text and "small@" not in text, "they do within twenty", text)
    status, text = ctl(agent, "seal-smime", "show", "ec@out.test")
    tap.ok(status == 0 and "ec@out.test: ec.pem is used, with AES-256-GCM" in text, "show", text)
    person("new@out.test", "new", EC)
    status, text = ctl(agent, "seal-smime", "add", path("new.pem"))
    tap.ok(status == 0 and re.fullmatch(r"new@out\.test-[0-9a-f]{16}\.pem\n", text) and os.path.exists(path("people", text.strip())), "add", text)
    status, text = ctl(agent, "seal-smime", "add", path("keys", "site.pem"))
    tap.ok(status == 1 and "private key" in text, "add: a private key is refused", text)
    status, text = ctl(agent, "seal-smime", "remove", "new@out.test")
    tap.ok(status == 0 and not [f for f in os.listdir(path("people")) if f.startswith("new@")], "remove", text)
    status, text = ctl(agent, "seal-smime", "remove", "new@out.test")
    tap.ok(status == 2, "remove: there is none", text)
    with open(path("people", "two.pem"), "wb") as out:
        out.write(run("cat", "bob.pem", "ec.pem"))
    status, text = ctl(agent, "seal-smime", "remove", "bob@out.test")
    tap.ok(status == 1 and "two.pem" in text and "of others, too" in text, "remove: not with others", text)
    for words in (("list", "x"), ("show",), ("add",), ("remove",), ("list", "--expiring", "x")):
        status, text = ctl(agent, "seal-smime", *words)
        tap.ok(status == 64 and "usage:" in text, "usage: " + " ".join(words), text)


lookup = Lookup(DIR, ['resolvers "127.0.0.99"', "private-hosts yes", "timeout 3 seconds", "dns-timeout 1 second"], build=BUILD)
process = responder()
try:
    lookup.start()
    Agent.modules = common.modules()
    for module in ("seal-smime.so",):
        shutil.copy(os.path.join(BUILD, "modules", ".libs", module), Agent.modules)
    with Agent(mta, load=LOAD) as daemon:
        test_out(daemon)
        test_in(daemon)
        test_commands(daemon)
        test_explain()
        test_unknown(daemon, process)
finally:
    process.kill()
    process.wait()
    lookup.stop()
    shutil.rmtree(DIR, ignore_errors=True)
tap.end()
