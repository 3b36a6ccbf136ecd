#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""seal-openpgp against GnuPG: every kind of key that may not be used, made by gpg; what is sealed, read by gpg; what gpg has made, opened;
folders that change, a Web Key Directory, and what goes wrong with each."""
import base64
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("MILWARD_BUILD") or SRC
sys.path.insert(0, os.path.join(SRC, "tests", "mta"))
from lab.tap import Tap, skip_all, wait_for  # noqa: E402

DRIVE = os.path.join(BUILD, "plugins", "seal-openpgp", "drive")
if not os.path.exists(DRIVE):
    skip_all("seal-openpgp is not built, or not its program for tests (make check)")
if not shutil.which("gpg"):
    skip_all("there is no gpg")
tap = Tap()
DIR = tempfile.mkdtemp(prefix="mw-openpgp.")


def path(*names):
    return os.path.join(DIR, *names)


class Gpg:
    """A GnuPG of its own."""

    def __init__(self, name):
        self.home = path(name)
        os.mkdir(self.home, 0o700)
        with open(os.path.join(self.home, "gpg-agent.conf"), "w") as f:
            f.write("s2k-count 65536\n")  # else it measures how fast this machine is

    def __call__(self, *args, data=None, at=None, wrong=False):
        time_args = ["--faked-system-time", at] if at else []
        r = subprocess.run(["gpg", "--homedir", self.home, "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "",
                            "--trust-model", "always", *time_args, *args], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if r.returncode and not wrong:
            raise RuntimeError("gpg %s: %s" % (" ".join(args), r.stderr.decode()))
        return r if wrong else r.stdout

    def fpr(self, who):
        return re.search(r"^fpr:+([0-9A-F]{40}):", self("-k", "--with-colons", who).decode(), re.M).group(1)

    def new(self, who, algo="ed25519", sub="cv25519", at=None, *args, until="never", sub_until="never", usage="default"):
        args = ("--trust-model", "always", *args)
        self(*args, "--quick-gen-key", who, algo, usage if not sub else "cert,sign", until, at=at)
        fpr = self.fpr(who)
        if sub:
            self(*args, "--quick-add-key", fpr, sub, "encr", sub_until, at=at)
        return fpr

    def end(self):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], stderr=subprocess.DEVNULL, check=False)


class Drive:
    def __init__(self, *options, **more):
        self.p = subprocess.Popen([DRIVE, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more)
        self.first = self.p.stdout.readline().strip()

    def __call__(self, *words):
        self.p.stdin.write(" ".join(words) + "\n")
        self.p.stdin.flush()
        return self.p.stdout.readline().strip()

    def end(self):
        self.p.stdin.close()
        self.p.stdout.close()
        return self.p.wait()


def write(name, data, mode=0o644):
    with open(path(name), "wb") as f:
        f.write(data)
    os.chmod(path(name), mode)
    return path(name)


def read(name):
    with open(path(name), "rb") as f:
        return f.read()


def short(fpr):
    return "0x" + fpr[-16:]


def tests():
    us, them = Gpg("us"), Gpg("them")
    try:
        unusable(them)
        sealing(us, them)
        opening(us, them)
        hostile(us)
        ocb(them)
        forked(us)
        configure()
        commands(them)
        directory(them)
    finally:
        us.end()
        them.end()


# ---- keys that may not be used -----------------------------------------------------------------------------------------------------
def revoke(gpg, fpr):
    with open(os.path.join(gpg.home, "openpgp-revocs.d", fpr + ".rev"), "rb") as f:
        gpg("--import", data=f.read().replace(b":-----BEGIN", b"-----BEGIN"))


def edit(gpg, who, *lines):
    gpg("--command-fd", "0", "--status-fd", "2", "--expert", "--edit-key", who, data=("\n".join(lines) + "\n").encode())


def unusable(gpg):
    os.mkdir(path("keys"))
    drive = Drive("keys=" + path("keys"))
    tap.equal(drive.first, "0", "the module opens, and RNP has passed its self-test")
    old = "20240110T000000"

    def case(name, who, words, fpr, data=None, file=None):
        write("keys/" + (file or who.split("@")[0] + ".asc"), data if data is not None else gpg("--export", fpr))
        got = drive("able", who)
        tap.ok(re.fullmatch(words.replace("ID", short(fpr) if fpr else ""), got), name, got, words)

    case("a key of gpg is used", "good@x.example", "1", gpg.new("Good <good@x.example>"))
    case("so is one of a NIST curve", "nist@x.example", "1", gpg.new("nist@x.example", "nistp256", "nistp256"))
    case("so is RSA 2048", "rsa@x.example", "1", gpg.new("rsa@x.example", "rsa2048", "rsa2048"))
    case("so is an armoured one", "armor@x.example", "1", None,
         gpg("--armor", "--export", gpg.new("Armor <ARMOR@x.example>")))
    tap.equal(drive("able", "Good@X.Example"), "1", "upper and lower case of the address are one")
    tap.equal(drive("able", "nobody@x.example"), "0 there is no OpenPGP key for it", "without a key that is the cause")
    fpr = gpg.new("expired@x.example", at=old, until="2024-03-01")
    case("expired", "expired@x.example", r"0 its OpenPGP key ID expired 2024-0[23]-\d\d", fpr)
    tap.equal(drive("able", "expired@x.example", "1706000000"), "1", "before that it is used")
    fpr = gpg.new("subexp@x.example", at=old, sub_until="2024-03-01")
    case("its subkey expired", "subexp@x.example", r"0 its OpenPGP key ID expired 2024-0[23]-\d\d", fpr)
    case("made in the future", "early@x.example", "0 its OpenPGP key ID is not valid before 2034-01-10",
         gpg.new("early@x.example", at="20340110T000000"))
    fpr = gpg.new("revoked@x.example")
    revoke(gpg, fpr)
    case("revoked", "revoked@x.example", "0 its OpenPGP key ID is revoked", fpr)
    fpr = gpg.new("subrev@x.example")
    edit(gpg, fpr, "key 1", "revkey", "y", "0", "", "y", "save")
    case("its subkey is revoked", "subrev@x.example", "0 its OpenPGP key ID is revoked", fpr)
    fpr = gpg.new("Two <two@x.example>")
    gpg("--quick-add-uid", fpr, "Two <deux@x.example>")
    gpg("--quick-revoke-uid", fpr, "Two <two@x.example>")
    case("its user id is revoked", "two@x.example", "0 on its OpenPGP key ID, the user id of this address is revoked", fpr)
    tap.equal(drive("able", "deux@x.example"), "1", "the other one is not")
    case("no encryption subkey", "nosub@x.example", "0 its OpenPGP key ID has no encryption subkey",
         gpg.new("nosub@x.example", sub=None, usage="sign"))
    case("weak: RSA 1024", "weak@x.example", "0 its OpenPGP key ID is weak: RSA 1024", gpg.new("weak@x.example", "rsa1024", "rsa1024"))
    case("a weak subkey", "weaksub@x.example", "0 its OpenPGP key ID is weak: RSA 1024", gpg.new("weaksub@x.example", sub="rsa1024"))
    case("weak: it signs itself with SHA-1", "sha1@x.example", "0 its OpenPGP key ID is weak: it signs itself with MD5 or SHA-1",
         gpg.new("sha1@x.example", "ed25519", "cv25519", None, "--cert-digest-algo", "SHA1"))
    fpr = gpg.new("odd@x.example", "ed25519", "cv25519", None, "--cert-notation", "!odd@x.example=1")
    case("an unknown critical extension", "odd@x.example", "0 its OpenPGP key ID has a critical extension that is not known", fpr)
    broken = bytearray(gpg("--export", gpg.new("broken@x.example")))
    at = broken.index(b"broken@x.example") + 60
    broken[at + 40] ^= 1
    case("a broken signature", "broken@x.example", r"0 .*is not (validly )?signed.*", None, bytes(broken))
    case("no key at all", "trash@x.example", "0 there is no OpenPGP key for it", None, b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n")
    case("a file of its own that is none", "named@x.example", "0 the file of its OpenPGP key is of no use: it holds no OpenPGP key", None, b"hello", "named@x.example.asc")
    case("a key of version 6", "six@x.example", "0 the file of its OpenPGP key is of no use: it holds a key of a version that is not supported", None,
         b"\xc6\x06\x06\0\0\0\0\x1b", "six@x.example")
    first = gpg.new("many@x.example", at=old, until="2024-03-01")
    write("keys/many-new.asc", gpg("--export", gpg.new("Many <many@x.example>")))
    case("the newest of several is used", "many@x.example", "1", first)
    by_name = gpg.new("Front Desk")
    case("a key is found by the name of its file", "desk@x.example", "1", by_name, file="desk@x.example.asc")
    two_in_one = gpg("--export", gpg.new("one@x.example")) + gpg("--export", gpg.new("other@x.example"))
    case("several keys in a file", "one@x.example", "1", None, two_in_one)
    tap.equal(drive("able", "other@x.example"), "1", "the second one too")
    copies(gpg, drive, case)
    changes(gpg, drive)
    tap.equal(drive.end(), 0, "the module closes")
    world(gpg)


def copies(gpg, drive, case):
    fpr = gpg.new("copy@x.example")
    case("one copy of a key", "copy@x.example", "1", fpr)
    revoke(gpg, fpr)
    write("keys/copy-revoked.asc", gpg("--export", fpr))
    tap.equal(drive("able", "copy@x.example"), "0 its OpenPGP key %s is revoked" % short(fpr), "a revocation in another copy of it holds")


def changes(gpg, drive):
    os.unlink(path("keys/good.asc"))
    tap.ok(drive("able", "good@x.example").startswith("0 there is no"), "a key that is taken out is gone at once")
    fpr = gpg.fpr("good@x.example")
    write("keys/good.asc", b"x" * 10)
    tap.ok(drive("able", "good@x.example").startswith("0 there is no"), "a file without a key is passed over")
    with open(path("keys/good.asc"), "r+b") as f:  # in place: the folder's own time stays
        f.write(gpg("--export", fpr))
    tap.ok(wait_for(lambda: drive("able", "good@x.example") == "1", "the changed file"), "a file that is written anew is seen")
    os.rename(path("keys"), path("away"))
    tap.ok(drive("able", "good@x.example").startswith("-"), "without the folder nothing is known")
    os.rename(path("away"), path("keys"))
    tap.equal(drive("able", "good@x.example"), "1", "it is back")


def world(gpg):
    os.chmod(path("keys"), 0o777)
    tap.ok("can be written by everybody" in Drive("keys=" + path("keys")).first, "a folder that everybody may write to is refused")
    os.chmod(path("keys"), 0o755)
    os.chmod(path("keys/good.asc"), 0o666)
    drive = Drive("keys=" + path("keys"))
    tap.ok(drive("able", "good@x.example").startswith("0 "), "so is such a file")
    os.chmod(path("keys/good.asc"), 0o644)
    drive.end()
    write("keys/secret.asc", gpg("--export-secret-keys", gpg.new("private@x.example")))
    drive = Drive("keys=" + path("keys"))
    tap.ok(drive("able", "private@x.example").startswith("0 "), "a secret key in it is passed over")
    drive.end()
    os.unlink(path("keys/secret.asc"))


# ---- sealing -----------------------------------------------------------------------------------------------------------------------
ENTITY = (b'Content-Type: text/plain; charset=utf-8; hp="cipher"\r\nSubject: The secret\r\n\r\n' +
          b"Dear Ann,\r\n.\r\n-- \r\nFrom here, trailing blanks   \r\n\xc3\xa4\r\n")


def armour(entity):
    found = re.search(rb"-----BEGIN PGP MESSAGE-----.*-----END PGP MESSAGE-----\r\n", entity, re.S)
    return found.group(0) if found else b""


def sealing(us, them):
    gateway = us.new("Gateway <gateway@clinic.example>")
    doctor = us.new("Doctor <doctor@clinic.example>", "rsa2048", "rsa2048")
    them("--import", data=us("--export"))
    os.mkdir(path("signing"), 0o700)
    write("signing/gateway.asc", us("--armor", "--export-secret-keys", gateway), 0o600)
    write("signing/doctor.gpg", us("--export-secret-keys", doctor), 0o600)
    write("in", ENTITY)
    drive = Drive("keys=" + path("keys"), "signing-keys=" + path("signing"), "signing-address=gateway@clinic.example")
    tap.equal(drive("unlock"), "0", "secret keys are read")
    for who in ("good", "nist", "rsa"):
        tap.equal(drive("seal", "-", who + "@x.example", path("in"), path("out")), "1", "sealed to a key: " + who)
        sealed = read("out")
        r = them("--status-fd", "2", "--decrypt", data=armour(sealed), wrong=True)
        tap.ok(r.stdout == ENTITY and b"DECRYPTION_OKAY" in r.stderr and b"GOODMDC" in r.stderr, "gpg reads it: " + who, r.stderr.decode())
        tap.ok(b"DECRYPTION_INFO 2 9" in r.stderr and b"GOODSIG " + gateway[-16:].encode() in r.stderr,
               "AES-256 with an MDC, signed by the gateway", r.stderr.decode())
    shape(sealed)
    tap.equal(drive("seal", "doctor@clinic.example", "good@x.example", path("in"), path("out")), "1", "sealed for a sender with a key")
    r = them("--status-fd", "2", "--decrypt", data=armour(read("out")), wrong=True)
    tap.ok(b"GOODSIG " + doctor[-16:].encode() in r.stderr, "it is signed with the sender's own", r.stderr.decode())
    listing = them("--list-packets", data=armour(read("out"))).decode()
    tap.ok("compressed packet" not in listing and "name=\"\"" in listing and "keyid 0000000000000000" not in listing,
           "nothing is compressed, named or hidden", listing)
    got = drive("seal", "-", "expired@x.example", path("in"), path("out"))
    tap.ok(re.match("0 its OpenPGP key .* expired", got) and read("out") == b"", "nothing is sealed to a key that expired", got)
    drive.end()
    large(them)


def shape(sealed):
    head, _, body = sealed.partition(b"\r\n\r\n")
    boundary = re.search(rb'boundary="([^"]+)"', head).group(1)
    tap.ok(head.startswith(b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"') and
           body.count(b"--" + boundary) == 3 and body.endswith(b"--" + boundary + b"--\r\n") and b"\r\nVersion: 1\r\n" in body,
           "it is PGP/MIME", head)
    tap.ok(re.sub(rb"\r\n", b"", sealed).count(b"\n") == 0 and max(map(len, sealed.split(b"\r\n"))) < 998 and b"Subject" not in sealed,
           "lines end with CRLF, and nothing of the fields inside shows")


def large(them):
    """20 MB under 32 MB of memory."""
    body = base64.encodebytes(os.urandom(15 << 20)).replace(b"\n", b"\r\n")
    write("large", b"Content-Type: text/plain\r\n\r\n" + body)
    drive = Drive("keys=" + path("keys"), "secret-keys=" + write("them.sec", them("--export-secret-keys", them.fpr("good@x.example")), 0o600))
    drive("unlock")
    tap.equal(drive("seal", "-", "good@x.example", path("large"), path("large.out")), "1", "20 MB are sealed")
    tap.equal(drive("unseal", "a@x.example", "b@x.example", path("large.out"), path("large.back")),
              "1 decrypted=1 signature=0 signer= why=", "and opened")
    memory = int(drive("status", "VmHWM"))
    tap.ok(read("large.back") == read("large"), "and are the same")
    sanitized = b"__asan_init" in open(DRIVE, "rb").read()
    if sanitized:
        tap.skip("with less than 32 MB of memory", "the sanitizer takes its own")
    else:
        tap.ok(memory < 32 * 1024, "with less than 32 MB of memory", "%d KB" % memory)
    drive.end()
    for name in ("large", "large.out", "large.back"):
        os.unlink(path(name))


# ---- opening -----------------------------------------------------------------------------------------------------------------------
def mime(armoured, eol=b"\r\n", encoding=None):
    text = armoured.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    extra = b""
    if encoding == "base64":
        text = base64.encodebytes(text).replace(b"\n", b"\r\n")
        extra = b"Content-Transfer-Encoding: base64\r\n"
    return (b'Content-Type: multipart/encrypted; boundary=b1;\r\n protocol="application/pgp-encrypted"\r\n\r\n--b1\r\n'
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b1\r\nContent-Type: application/octet-stream\r\n" + extra +
            b"\r\n" + text + b"\r\n--b1--\r\n")


def detached(gpg, part, *args):
    signature = gpg("--armor", "--detach-sign", *args, data=part).replace(b"\n", b"\r\n")
    return (b'Content-Type: multipart/signed; boundary="s1"; micalg=pgp-sha256; protocol="application/pgp-signature"\r\n\r\n--s1\r\n' + part +
            b"\r\n--s1\r\nContent-Type: application/pgp-signature; name=signature.asc\r\n\r\n" + signature + b"\r\n--s1--\r\n")


def opening(us, them):
    gateway = us.fpr("gateway@clinic.example")
    good = them.fpr("good@x.example")
    stranger = them.new("stranger@y.example")
    secret = write("gateway.sec", us("--export-secret-keys", gateway), 0o600)
    drive = Drive("keys=" + path("keys"), "secret-keys=" + secret)
    drive("unlock")

    def case(name, entity, wanted, text=ENTITY, sender="good@x.example"):
        write("sealed", entity)
        got = drive("unseal", sender, "gateway@clinic.example", path("sealed"), path("opened"))
        same = not got.startswith("1") or text is None or read("opened") == text
        tap.ok(re.fullmatch(wanted, got) and same, name, got, wanted, read("opened")[:200] if not same else "")

    encrypt = ("--armor", "--encrypt", "-r", gateway)
    plain = them(*encrypt, data=ENTITY)
    case("what gpg encrypts is opened", mime(plain), "1 decrypted=1 signature=0 signer= why=")
    case("in base64 as well", mime(plain, encoding="base64"), "1 decrypted=1 signature=0 signer= why=")
    case("lines that end with LF become CRLF", mime(them(*encrypt, data=ENTITY.replace(b"\r\n", b"\n"))), "1 decrypted=1 .*")
    signed = them(*encrypt, "--sign", "-u", good, data=ENTITY)
    case("signed by a key that is known", mime(signed), "1 decrypted=1 signature=1 signer=good@x.example why=")
    case("signed by a stranger", mime(them(*encrypt, "--sign", "-u", stranger, data=ENTITY)),
         "1 decrypted=1 signature=2 signer= why=the OpenPGP key 0x%s, which signed it, is not known" % stranger[-16:])
    case("the address is one of the key's, whoever sends", mime(signed), "1 decrypted=1 signature=1 signer=good@x.example why=", sender="eve@y.example")
    case("signed by a key that is revoked", mime(them_signs_revoked(them, gateway)), "1 decrypted=1 signature=3 signer= why=.*")
    inner = detached(them, ENTITY, "-u", good)
    case("signed first, then encrypted", mime(them(*encrypt, data=inner)), "1 decrypted=1 signature=1 signer=good@x.example why=", inner)
    case("signed alone", inner, "1 decrypted=0 signature=1 signer=good@x.example why=", inner)
    changed = inner.replace(b"Dear Ann", b"Dear Bob")
    case("signed and changed", changed, "1 decrypted=0 signature=3 signer= why=its OpenPGP signature does not fit.*", changed)
    case("encrypted to others", mime(them("--armor", "--encrypt", "-r", good, data=ENTITY)),
         "0 it is not encrypted to an OpenPGP key of this site")
    case("by a passphrase alone", mime(them("--armor", "--symmetric", "--s2k-count", "65536", "--passphrase", "x", data=ENTITY)), "0 it .*")
    case("only signed, and said to be encrypted", mime(them("--armor", "--sign", "-u", good, data=ENTITY)),
         "0 it says that it is encrypted with OpenPGP, and is not")
    case("nothing of OpenPGP", ENTITY, r"0 it is neither encrypted nor signed with OpenPGP \(PGP/MIME\)")
    case("inline is not opened", b"Content-Type: text/plain\r\n\r\n" + plain, r"0 it is neither .*")
    case("a third part", mime(plain).replace(b"--b1--", b"--b1\r\n\r\nx\r\n--b1--"), "0 it has more parts than PGP/MIME has.*")
    case("cut off", mime(plain)[:-300], "0 its MIME structure is damaged")
    case("cut off inside", mime(plain[:-200]), "0 its OpenPGP message is damaged")
    bomb = them(*encrypt, "-z", "9", "--compress-algo", "zlib", data=b"Content-Type: text/plain\r\n\r\n" + b"x" * (64 << 20))
    case("a bomb", mime(bomb), "0 what is in it is larger than allowed, or unpacks to a hundred times its size", None)
    drive.end()
    secrets(secret)


def them_signs_revoked(them, gateway):
    fpr = them.new("late@x.example")
    signed = them("--armor", "--encrypt", "-r", gateway, "--sign", "-u", fpr, data=ENTITY)
    revoke(them, fpr)
    write("keys/late.asc", them("--export", fpr))
    return signed


def secrets(secret):
    os.chmod(secret, 0o640)
    drive = Drive("secret-keys=" + secret)
    tap.ok("is open to others" in drive("unlock"), "a secret key that others may read is refused")
    drive.end()
    locked = Gpg("locked")
    fpr = locked.new("gateway@clinic.example", "ed25519", "cv25519", None, "--passphrase", "word")
    write("locked.sec", locked("--passphrase", "word", "--export-secret-keys", fpr), 0o600)
    write("sealed", mime(locked("--armor", "--encrypt", "-r", fpr, data=ENTITY)))
    locked.end()
    drive = Drive("secret-keys=" + path("locked.sec"))
    tap.ok("needs a passphrase" in drive("unlock"), "one with a passphrase needs it")
    drive.end()
    for word, wanted in (("word", "0"), ("other", "-13 the secret key %s in %s does not open with the passphrase" % (short(fpr), path("locked.sec")))):
        write("word", word.encode() + b"\n", 0o600)
        drive = Drive("secret-keys=" + path("locked.sec"), "passphrase=" + path("word"))
        tap.equal(drive("unlock"), wanted, "passphrase: " + word)
        if wanted == "0":
            tap.equal(drive("unseal", "a@x.example", "b@x.example", path("sealed"), path("opened")), "1 decrypted=1 signature=0 signer= why=",
                      "what was locked opens mail")
        drive.end()
    os.chmod(path("word"), 0o604)
    drive = Drive("secret-keys=" + path("locked.sec"), "passphrase=" + path("word"))
    tap.ok("is open to others" in drive("unlock"), "so is a passphrase that others may read")
    drive.end()
    for bad, words in ((path("none"), "cannot read"), (write("empty", b"", 0o600), "holds no OpenPGP key"),
                       (write("public", locked_public(secret), 0o600), "holds a public key")):
        drive = Drive("secret-keys=" + bad)
        got = drive("unlock")
        tap.ok(got.startswith("-") and words in got, "it does not unlock: " + words, got)
        drive.end()


def locked_public(secret):
    """The public part of any key."""
    with open(path("keys/good.asc"), "rb") as f:
        return f.read() if secret else b""


# ---- what gpg does not make --------------------------------------------------------------------------------------------------------
def packet(tag, body):
    return bytes([0xc0 | tag, 255]) + len(body).to_bytes(4, "big") + body


def hostile(us):
    """Without an MDC, and with one that does not fit: to an RSA key, by hand."""
    try:
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives import hashes
    except ImportError:
        tap.skip("mail without protection against changes", "there is no python3-cryptography")
        return
    fpr = us.fpr("doctor@clinic.example")
    listing = us("-k", "--with-colons", "--with-key-data", fpr).decode()
    sub = listing[listing.index("\nsub:"):]
    keyid = bytes.fromhex(re.search(r"\nsub:[^:]*:[^:]*:[^:]*:([0-9A-F]{16}):", sub).group(1))
    numbers = [int(x, 16) for x in re.findall(r"\npkd:\d:\d+:([0-9A-F]+):", sub)[:2]]
    key = rsa.RSAPublicNumbers(numbers[1], numbers[0]).public_key()
    session = os.urandom(32)
    wrapped = key.encrypt(b"\x09" + session + (sum(session) & 0xffff).to_bytes(2, "big"), padding.PKCS1v15())
    pkesk = packet(1, b"\x03" + keyid + b"\x01" + (8 * len(wrapped)).to_bytes(2, "big") + wrapped)
    literal = packet(11, b"b\0\0\0\0\0" + ENTITY)
    noise = os.urandom(16)
    noise += noise[-2:]

    def cfb(data, iv=bytes(16)):
        e = Cipher(algorithms.AES(session), modes.CFB(iv)).encryptor()
        return e.update(data) + e.finalize()

    def sha1(data):
        h = hashes.Hash(hashes.SHA1())
        h.update(data)
        return h.finalize()

    plain = noise + literal + b"\xd3\x14"
    fits = packet(18, b"\x01" + cfb(plain + sha1(plain)))
    changed = packet(18, b"\x01" + cfb(plain + sha1(plain + b"x")))
    head = cfb(noise)
    bare = packet(9, head + cfb(literal, head[2:]))
    write("doctor.sec", us("--export-secret-keys", fpr), 0o600)
    drive = Drive("secret-keys=" + path("doctor.sec"))
    drive("unlock")
    for name, data, wanted in (("made by hand, with an MDC", fits, "1 decrypted=1 signature=0 signer= why="),
                               ("with an MDC that does not fit", changed, "0 it cannot be decrypted.*|0 its OpenPGP message is damaged"),
                               ("without an MDC", bare, r"0 its OpenPGP message is not protected against changes \(no MDC\), and is not opened")):
        text = b"-----BEGIN PGP MESSAGE-----\n\n" + base64.encodebytes(pkesk + data) + b"-----END PGP MESSAGE-----\n"
        write("sealed", mime(text))
        got = drive("unseal", "a@x.example", "b@x.example", path("sealed"), path("opened"))
        tap.ok(re.fullmatch(wanted, got), name, got)
    drive.end()


def split(octets):
    """Packets with definite lengths: (tag, body, all of it)."""
    while octets:
        first, at = octets[0], 1
        if first & 0x40:
            tag, size, at = first & 0x3f, octets[1], 2
            if size >= 192:
                size, at = ((size - 192) << 8) + octets[2] + 192, 3
        else:
            tag, width = first >> 2 & 15, 1 << (first & 3)
            size, at = int.from_bytes(octets[1:1 + width], "big"), 1 + width
        yield tag, octets[at:at + size], octets[:at + size]
        octets = octets[at + size:]


def mpi(number):
    value = int.from_bytes(number, "big")
    return value.bit_length().to_bytes(2, "big") + value.to_bytes((value.bit_length() + 7) // 8, "big")


def ocb(them):
    """A key whose features ask for OCB, as GnuPG 2.3 makes them: gpg 2.2 does not, so it is signed anew by hand."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        tap.skip("keys that ask for OCB", "there is no python3-cryptography")
        return
    import hashlib
    fpr = them.new("ocb@x.example")
    public = list(split(them("--export", fpr)))
    body = public[0][1]
    secret = list(split(them("--export-secret-keys", fpr)))[0][1][len(body):]
    seed = secret[3:3 + (int.from_bytes(secret[1:3], "big") + 7) // 8].rjust(32, b"\0")
    uid = next(p[1] for p in public if p[0] == 13)
    hashed = b"".join(bytes([len(x)]) + x for x in (b"\x02" + int(time.time()).to_bytes(4, "big"), b"\x1b\x03", b"\x1e\x03", b"\x21\x04" + bytes.fromhex(fpr)))
    head = b"\x04\x13\x16\x08" + len(hashed).to_bytes(2, "big") + hashed
    digest = hashlib.sha256(b"\x99" + len(body).to_bytes(2, "big") + body + b"\xb4" + len(uid).to_bytes(4, "big") + uid + head +
                            b"\x04\xff" + len(head).to_bytes(4, "big")).digest()
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(digest)
    own = packet(2, head + b"\0\0" + digest[:2] + mpi(signature[:32]) + mpi(signature[32:]))
    write("keys/ocb.pgp", public[0][2] + next(p[2] for p in public if p[0] == 13) + own + b"".join(p[2] for p in public[-2:]))
    secret = write("ocb.sec", them("--export-secret-keys", fpr), 0o600)
    drive = Drive("keys=" + path("keys"), "secret-keys=" + secret)
    tap.equal((drive("unlock"), drive("able", "ocb@x.example"), drive("seal", "-", "ocb@x.example", path("in"), path("out"))), ("0", "1", "1"),
              "a key that asks for OCB is used")
    listing = them("--list-packets", data=armour(read("out")), wrong=True).stdout.decode()
    tap.ok("aead encrypted packet: cipher=9 aead=2" in listing, "and gets it", listing)
    tap.equal((drive("unseal", "-", "ocb@x.example", path("out"), path("opened")), read("opened") == ENTITY),
              ("1 decrypted=1 signature=0 signer= why=", True), "which opens again")
    changed = read("out")
    at = changed.index(b"\r\n\r\n", changed.index(b"BEGIN PGP")) + 250
    write("out", changed[:at] + (b"B" if changed[at:at + 1] == b"A" else b"A") + changed[at + 1:])
    got = drive("unseal", "-", "ocb@x.example", path("out"), path("opened"))
    tap.ok(got.startswith("0 "), "but not when it was changed", got)
    drive.end()


def configure():
    """RNP 0.18.0 is refused by name before anything is built."""
    if not shutil.which("autoconf") or not shutil.which("pkg-config"):
        tap.skip("configure refuses RNP 0.18.0", "there is no autoconf")
        return
    os.mkdir(path("configure"))
    write("configure/configure.ac", b"AC_INIT([x],[1])\nMW_RNP\nAC_OUTPUT\n")
    subprocess.run("aclocal -I %s/m4 && autoconf" % os.path.abspath(SRC), shell=True, cwd=path("configure"), check=True, stderr=subprocess.DEVNULL)
    for version, status in (("0.18.0", 1), ("0.18.1", 0), ("0.16.3", 0), ("0.16.0", 1)):
        write("configure/librnp.pc", b"Name: librnp\nDescription: x\nVersion: %s\nLibs: -lrnp\n" % version.encode())
        r = subprocess.run(["./configure"], cwd=path("configure"), env=dict(os.environ, PKG_CONFIG_PATH=path("configure")), stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, check=False)
        tap.ok(r.returncode == status and (version != "0.18.0" or b"CVE-2025-13470" in r.stdout), "configure and RNP %s: %s" %
               (version, "refused" if status else "taken"), r.stdout[-300:])


def forked(us):
    """milward-seal reads the keys and then forks for each connection: there RSA must not wait for threads that stayed behind."""
    drive = Drive("keys=" + path("keys"), "secret-keys=" + path("doctor.sec"), "signing-keys=" + path("doctor.sec"))
    tap.equal((drive("unlock"), drive("able", "rsa@x.example"), drive("status", "Threads")), ("0", "1", "1"),
              "reading keys and judging them begins no thread")
    write("keys/doctor.asc", us("--export", us.fpr("doctor@clinic.example")))
    tap.equal(drive("fork"), "0", "in a child of it")
    tap.equal((drive("seal", "doctor@clinic.example", "doctor@clinic.example", path("in"), path("sealed")),
               drive("unseal", "doctor@clinic.example", "x@x.example", path("sealed"), path("opened"))),
              ("1", "1 decrypted=1 signature=1 signer=doctor@clinic.example why="), "RSA signs, encrypts, decrypts and verifies")
    tap.equal(drive.end(), 0, "and it ends")


# ---- milwardctl --------------------------------------------------------------------------------------------------------------------
def commands(them):
    ctl = os.path.join(BUILD, "milwardctl")
    modules = os.path.join(BUILD, "modules", ".libs")
    if not os.path.exists(ctl) or not os.path.exists(os.path.join(modules, "seal-openpgp.so")):
        tap.skip("milwardctl seal-openpgp", "it is not built, or the module is not loadable")
        return
    os.mkdir(path("own"))
    policy = write("policy", b'load seal-openpgp grant keys, network { keys "own" }\nload route with seal-openpgp grant route, edit, run { mta none }\nmatch any then pass\n')

    def run(*args):
        r = subprocess.run([ctl, "-p", policy, "--modules", modules, "seal-openpgp", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return r.returncode, r.stdout.decode(), r.stderr.decode()

    good, old = them.fpr("good@x.example"), them.fpr("expired@x.example")
    write("two", them("--armor", "--export", good, old))
    got = run("add", path("two"))
    tap.ok(got[0] == 0 and "good@x.example\t%s\t" % short(good) in got[1] and len(os.listdir(path("own"))) == 2, "add puts a file for each key", got)
    got = run("list")
    tap.ok(got[0] == 0 and re.search(r"^good@x\.example\t.*\tEdDSA\t%s\.pgp\tok$" % good, got[1], re.M) and
           re.search(r"^expired@x\.example\t.*expired 2024-0[23]-\d\d$", got[1], re.M), "list tells what may be used", got)
    got = run("show", "Good@X.example")
    tap.ok(got[0] == 0 and got[1].endswith("good@x.example: can be sealed for\n"), "show: a key", got)
    got = run("show", "expired@x.example")
    tap.ok(got[0] == 2 and "expired@x.example: its OpenPGP key" in got[1], "show: none that may be used", got)
    soon = them.new("soon@x.example", until="10d")
    write("own/soon", them("--export", soon))
    got = run("list", "--expiring", "11")
    tap.ok(got[0] == 0 and re.fullmatch(r"soon@x\.example\t%s\t20\d\d-\d\d-\d\d\tEdDSA\tsoon\tok\n" % short(soon), got[1]) and not run("list", "--expiring", "9")[1],
           "list tells what expires soon", got)
    os.unlink(path("own/soon"))
    write("own/bad", b"x")
    got = run("list")
    tap.ok(got[0] == 1 and "bad: it holds no OpenPGP key" in got[2], "list names files that are of no use", got)
    got = run("add", write("private", them("--export-secret-keys", good), 0o600))
    tap.ok(got[0] == 1 and "secret key" in got[2], "a secret key is not put there", got)
    got = run("remove", "good@x.example")
    tap.ok(got[0] == 0 and run("show", "good@x.example")[0] == 2, "remove takes it out", got)
    tap.equal(run("remove", "good@x.example")[0], 2, "once")
    got = run("remove", short(old))
    tap.ok(got[0] == 0 and os.listdir(path("own")) == ["bad"], "by key ID, too", got)
    tap.equal(run("list", "x")[0], 64, "usage")


# ---- a Web Key Directory ------------------------------------------------------------------------------------------------------------
class Lookup:
    """milward-lookup's map wkd, with the answers of a test."""

    def __init__(self, answers):
        self.answers, self.asked, self.wait = answers, [], 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.path = path("lookup")
        self.socket.bind(self.path)
        self.socket.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(c,), daemon=True).start()

    def one(self, c):
        with c:
            data = c.recv(4096)
            size, _, rest = data.partition(b":")
            name, _, key = rest[:int(size)].partition(b" ")
            self.asked.append((name.decode(), key.decode()))
            time.sleep(self.wait)
            answer = self.answers.get(key.decode(), b"NOTFOUND ")
            if answer is not None:
                c.sendall(answer if answer.startswith(b"!") else b"%d:%s," % (len(answer), answer))


def directory(them):
    them.new("Web <web@w.example>")
    them.new("Else <else@w.example>")
    ok = b"OK " + base64.b64encode(them("--export", "web@w.example", "else@w.example"))
    lookup = Lookup({"web@w.example": ok, "alias@w.example": ok, "unread@w.example": b"OK " + base64.b64encode(b"hello"),
                     "six@w.example": b"OK " + base64.b64encode(b"\xc6\x06\x06\0\0\0\0\x1b"), "down@w.example": b"TEMP no answer by DNS", "cut@w.example": None,
                     "trash@w.example": b"OK !!", "odd@w.example": b"WHAT", "long@w.example": b"!9999999:"})
    # Whoever runs a domain may write any name into a key that he publishes for an address of his own, and take that address back.
    for who, back in (("both", False), ("eve", True)):
        fpr = them.new("%s@w.example" % who)
        them("--quick-add-uid", fpr, "Good <good@x.example>")
        if back:
            them("--quick-revoke-uid", fpr, "%s@w.example" % who)
        lookup.answers["%s@w.example" % who] = b"OK " + base64.b64encode(them("--export", fpr))
        write(who + ".signed", detached(them, ENTITY, "-u", fpr))
    drive = Drive("keys=" + path("keys"), "lookup=" + lookup.path, "lookup-wait=1 seconds")
    tap.equal(drive("unseal", "both@w.example", "a@clinic.example", path("both.signed"), path("opened")), "1 decrypted=0 signature=1 signer=both@w.example why=",
              "a key of the sender's domain stands for the sender")
    got = drive("unseal", "eve@w.example", "a@clinic.example", path("eve.signed"), path("opened"))
    tap.ok(got.startswith("1 decrypted=0 signature=2 signer= why=") and "no valid address" in got, "and for nobody else whom it names", got)
    lookup.asked.clear()
    tap.equal(drive.first, "0", "opens with a socket")
    tap.equal(drive("want", "web@w.example"), "0", "a question goes out")
    wait_for(lambda: lookup.asked, "the question")
    tap.equal(lookup.asked, [("wkd", "web@w.example")], "as it should")
    tap.equal(drive("able", "WEB@w.example"), "1", "its answer is used")
    write("in", ENTITY)
    tap.equal(drive("seal", "-", "web@w.example", path("in"), path("out")), "1", "and sealed to")
    tap.ok(them("--decrypt", data=armour(read("out"))) == ENTITY, "gpg reads it")
    tap.equal(len(lookup.asked), 1, "nothing was asked twice")
    tap.equal(drive("able", "alias@w.example"), "0 the OpenPGP key that its domain publishes has no user id of this address",
              "a key without a user id of the very address is none")
    tap.equal(drive("able", "unread@w.example"), "0 the OpenPGP key that its domain publishes cannot be read", "nor is trash")
    tap.equal(drive("able", "six@w.example"), "0 the OpenPGP key that its domain publishes is of a version that is not supported", "nor version 6")
    tap.equal(drive("able", "none@w.example"), "0 neither the site nor its domain has an OpenPGP key for it", "no key")
    for who, words in (("down", "no answer by DNS"), ("cut", "reset"), ("trash", "makes no sense"), ("odd", "makes no sense"), ("long", "makes no sense")):
        got = drive("able", who + "@w.example")
        tap.ok(got.startswith("-") and words in got, "it cannot be known: " + who, got)
    before = len(lookup.asked)
    drive("want", "good@x.example")
    tap.equal((drive("able", "good@x.example"), len(lookup.asked)), ("1", before), "whom the folder knows, nobody else is asked about")
    tap.ok(drive("able", "expired@x.example").startswith("0 its OpenPGP key"), "a key of the folder that expired is the cause")
    tap.equal(lookup.asked[-1], ("wkd", "expired@x.example"), "and its domain is asked for a better one")
    lookup.wait = 3
    began = time.monotonic()
    got = drive("able", "slow@w.example")
    tap.ok("no answer in time" in got and time.monotonic() - began < 2.5, "an answer is waited for within a bound", got)
    lookup.socket.close()
    os.unlink(lookup.path)
    tap.equal(drive("able", "web@w.example"), "1", "what is known stays known")
    tap.ok(drive("able", "new@w.example").startswith("-"), "without milward-lookup nothing new is")
    drive.end()


try:
    tests()
finally:
    shutil.rmtree(DIR, ignore_errors=True)
sys.exit(tap.end())
