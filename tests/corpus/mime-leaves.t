#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""mime-leaves: what we find in real and in broken mail, against Python's email package.

Each leaf that Python finds must be among ours with the same decoded octets, or be named below with the reason. Of the ordinary
messages none may need a second reading: who writes mail as everybody does must not be told that it is damaged.

Needs MILWARD_BUILD (a configured build) and ../shared/data. Prints TAP.
"""

import email
import hashlib
import os
import subprocess
import sys
import tempfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
DATA = os.path.join(SRC, "../shared/data")

# archive, folder in it, ends of names, leaves of Python's that are not ours as they are
SETS = (
    ("mail-ham", "", ("",), {"hard_ham/00005.34bcaad58ad5f598f5d6af8cfa0c0465": "\"==\" in quoted-printable: we keep both"}),
    (
        "mime-suites",
        "stalwart/resources/eml",
        (".eml",),
        {
            "rfc/008.eml": "a message in base64: we read what is in it",
            "rfc/000.eml": "dashes in what is no base64: we read it with and without them",
            "rfc/001.eml": "a phantom body is one text with its header here",
            "thirdparty/009.eml": "a fragment is one text with its header here",
            "thirdparty/002.eml": "a word behind base64 is kept here",
            "thirdparty/003.eml": "a blank behind the name of an encoding: Python does not decode",
            "malformed/019.eml": "\"Fro :\" is a field here",
        },
    ),
    (
        "mime-suites",
        "mime4j",
        (".msg",),
        {
            "base64encoded-rfc822message.msg": "a message in base64: we read what is in it",
            "base64encoded-rfc822message-nested.msg": "a message in base64: we read what is in it",
            "testmsgs/multi-frag.msg": "dashes in base64: we read it with and without them",
            "testmsgs/obsolete.msg": "\"Subject :\" is a field here",
            "very-very-long-boundary.msg": "more parentheses and semicolons than we read in one field",
            "testmsgs/twopart.msg": "a blank behind the name of an encoding: Python does not decode",
        },
    ),
    ("mime-suites", "cpython", (".txt",), {"msg_36.txt": "a phantom body is one text with its header here"}),
    ("mime-suites", "bounces/maildir/bsd", (".eml",), {}),
    ("mime-suites", "mblaze", (".eml",), {}),
    ("mime-suites", "zbateson/tests/_data/emails", (".txt",), {}),
)

BLANKS = b" \t\r\n"


def digest(octets):
    return hashlib.sha256(octets.strip(BLANKS).replace(b"\r", b"")).hexdigest()


def theirs(path):
    """Digests of what Python's email package finds."""
    with open(path, "rb") as f:
        message = email.message_from_bytes(f.read())
    leaves = [part.get_payload(decode=True) or b"" for part in message.walk() if not part.is_multipart()]
    return {digest(leaf) for leaf in leaves if leaf.strip(BLANKS)}


def ours(files):
    """file -> [(path, digest)] of all that we read or name as unread."""
    found = {path: [] for path in files}
    for i in range(0, len(files), 1000):
        done = subprocess.run(
            [os.path.join(BUILD, "tests/bench/mime_bench"), "--leaves", *files[i : i + 1000]], capture_output=True, check=True
        )
        for line in done.stdout.decode("utf-8", "replace").splitlines():
            path, leaf, _, unread, sha = line.split("\t")
            found[path].append((leaf, unread, sha))
    return found


def unpack(archive, folder):
    name = os.path.join(DATA, archive + ".tar.zst")
    subprocess.run(["tar", "-x", "--zstd", "-f", name, "-C", folder], check=True)


def list_files(top, ends):
    found = []
    for folder, _, names in os.walk(top):
        found += [os.path.join(folder, name) for name in names if name.endswith(ends) and name != "SOURCES.md"]
    return sorted(found)


def other_reading(leaves):
    return any("/" in leaf or leaf == "structure" for leaf, _, _ in leaves)


def main():
    if not os.path.exists(os.path.join(DATA, "mail-ham.tar.zst")):
        print("1..0 # SKIP no %s" % DATA)
        return 0
    subprocess.run(["make", "-s", "-C", BUILD, "tests/bench/mime_bench"], check=True, stdout=sys.stderr)
    bad = n = 0
    with tempfile.TemporaryDirectory() as top:
        for archive in sorted({one[0] for one in SETS}):
            unpack(archive, top)
        for archive, folder, ends, known in SETS:
            files = list_files(os.path.join(top, archive, folder), ends)
            found = ours(files)
            missing = {path for path in files if theirs(path) - {sha for _, _, sha in found[path]}}
            unknown = sorted(path for path in missing if not path.endswith(tuple(known)))
            gone = sorted(name for name in known if not any(path.endswith(name) for path in missing))
            for path in unknown:
                print("# %s: a leaf of Python's is not among %s" % (path[len(top) :], [leaf for leaf, _, _ in found[path]]))
            for name in gone:
                print("# %s: differs no more" % name)
            good = files and not unknown and not gone
            n += 1
            bad += not good
            what = "%s/%s: %d messages, all leaves of Python's, %d known deviations" % (archive, folder, len(files), len(known))
            print("%s %d - %s" % ("ok" if good else "not ok", n, what))
            if archive == "mail-ham":
                twice = [path for path in files if other_reading(found[path])]
                n += 1
                bad += bool(twice)
                print("%s %d - %d of %d ordinary messages need a second reading" % ("not ok" if twice else "ok", n, len(twice), len(files)))
    print("1..%d" % n)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
