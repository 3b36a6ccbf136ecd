#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""mime-suites: the messages of other MIME parsers, with what those expect of them, read by `milwardctl text`.

stalwart's JSON and mime4j's XML say which parts there are, where each stands in the tree, and what its text is; for the suites without
such files Python's email package says it. Each part must be ours, at the same place, with the same text; a picture or an archive must be
there and say that it is not read, with the same octets (mime_bench --leaves). And we may have no part that they do not have. What differs
is in DEVIATIONS, with the reason why ours is right or as good. What only we have beside the parts (names of files, header fields, other
readings) is no deviation. Each message says the same when its lines end with CR LF.

    mime-suites.t                the test; prints TAP
    mime-suites.t --show FILE    theirs and ours of one message

Needs MILWARD_BUILD (a built tree) and ../shared/data.
"""
import email
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
DATA = os.path.join(SRC, "../shared/data")
ARCHIVE = os.path.join(DATA, "mime-suites.tar.zst")
CTL = os.path.join(BUILD, "milwardctl")
POLICY = "load phi grant text\nload route grant edit, route, run\nmatch any then pass\n"  # no extractor: what is in a part, not what another program makes of it

# reason -> (message, what differs)
DEVIATIONS = {
    "a charset that few readers know: as they read it that do, then as the others (034 is UTF-7 too)": (
        ("stalwart/resources/eml/legacy/001.eml", "the subject", "the text of 1"),
        ("stalwart/resources/eml/legacy/005.eml", "the subject", "the text of 1"),
        ("stalwart/resources/eml/legacy/034.eml", "the text of 1"),
        ("zbateson/tests/_data/emails/m0006.txt", "the text of 1"),
        ("zbateson/tests/_data/emails/m0007.txt", "the text of 1"),
        ("zbateson/tests/_data/emails/m1011.txt", "the text of 1"),
    ),
    "UTF-8 under the label ISO-8859-1: we read what it is": (
        ("bounces/maildir/dos/lhost-mailmarshalsmtp-01.eml", "the text of 1"),
        ("bounces/maildir/mac/lhost-mailmarshalsmtp-01.eml", "the text of 1"),
    ),
    "text/enriched follows once more without its markup": (
        ("stalwart/resources/eml/rfc/000.eml", "the text of 4"),
        ("stalwart/resources/eml/rfc/003.eml", "the text of 2"),
    ),
    "a uuencoded part: we decode it, and have it as it stands in N.raw": (
        ("stalwart/resources/eml/legacy/017.eml", "the octets of 2", "the octets of 3"),
        ("stalwart/resources/eml/legacy/026.eml", "the text of 2"),
        ("stalwart/resources/eml/legacy/048.eml", "the octets of 2", "the octets of 3", "the octets of 4"),
    ),
    "a boundary of an outer multipart ends the inner ones, by RFC 2046 5.1.2; they look for that of the innermost alone": (
        ("stalwart/resources/eml/malformed/001.eml", "we have a part 2"),
        ("stalwart/resources/eml/malformed/008.eml", "they have a part 1.2", "we have a part 2"),
        ("stalwart/resources/eml/malformed/009.eml", "the text of 1.2", "we have a part 2"),
        ("stalwart/resources/eml/malformed/011.eml", "the text of 1.2", "we have a part 2"),
        ("stalwart/resources/eml/malformed/012.eml", "the text of 1.2.1", "we have a part 2.1"),
        ("stalwart/resources/eml/malformed/016.eml", "they have a part 1.1.2", "they have a part 1.1.3", "they have a part 1.1.4", "we have a part 2"),
    ),
    "no part begins: what stands there is our preamble, and the structure is damaged": (
        ("stalwart/resources/eml/malformed/002.eml", "they have a part 1"),
        ("stalwart/resources/eml/malformed/004.eml", "they have a part 1.1"),
        ("cpython/msg_17.txt", "they have a part 1"),
        ("cpython/msg_31.txt", "they have a part 1"),
        ("bounces/maildir/bsd/lhost-messagingserver-03.eml", "they have a part 1"),
        ("bounces/maildir/bsd/lhost-sendgrid-02.eml", "they have a part 3.1"),
        ("bounces/maildir/bsd/rfc3464-04.eml", "they have a part 1"),
        ("bounces/maildir/bsd/rhost-franceptt-07.eml", "they have a part 1"),
        ("bounces/maildir/bsd/rhost-google-02.eml", "they have a part 1"),
    ),
    "parts behind the last boundary: we read them too": (
        ("bounces/maildir/bsd/rhost-cox-01.eml", "we have a part 4", "we have a part 5", "we have a part 6"),
        ("bounces/maildir/dos/rhost-cox-01.eml", "we have a part 4", "we have a part 5", "we have a part 6"),
    ),
    "a boundary with blanks in it, as we read it without them; theirs is loose/": (
        ("zbateson/tests/_data/emails/m0021.txt", "the octets of 1"),
    ),
    "the same boundary in two multiparts: it is that of the inner one": (
        ("cpython/msg_15.txt", "the octets of 2", "they have a part 3", "we have a part 1.1", "we have a part 1.2"),
    ),
    "parts without a header: each boundary begins one here": (("cpython/msg_37.txt", "the octets of 2", "we have a part 7"),),
    "a digest of multiparts without a header of their own: what they hold is read here": (
        ("cpython/msg_39.txt", "they have a part 1.2", "they have a part 1.3")
        + tuple("we have a part 1.%d.%d" % (i, k) for i in (1, 2, 3) for k in (1, 2)),
    ),
    "a line that only begins with the boundary divides nothing, as nearly all readers have it; theirs is loose/": (
        ("mime4j/core/src/test/resources/testmsgs/ending-boundaries.msg", "they have a part 1"),
    ),
    "a boundary that is longer than the parser takes it": (
        ("mime4j/core/src/test/resources/testmsgs/very-long-boundary.msg", "the octets of 1", "we have a part 2"),
        ("mime4j/core/src/test/resources/testmsgs/very-very-long-boundary.msg", "they have a part 1"),
        ("mime4j/core/src/test/resources/testmsgs/weird-boundary.msg", "the octets of 1", "we have a part 2"),
    ),
    "no semicolon before the boundary, so that it is none by the letter: damaged, with theirs in loose/1": (
        ("stalwart/resources/eml/malformed/017.eml", "the octets of 1"),
    ),
    "pieces of several messages: we have more parts, and say that the structure is damaged": (
        ("stalwart/resources/eml/malformed/019.eml", "the text of 4", "they have a part 5.1")
        + tuple("we have a part %d" % i for i in (5, 6, 7, 8, 9)),
        ("stalwart/resources/eml/thirdparty/015.eml", "they have a part 2.1.1", "we have a part 4.1"),
    ),
    "two Content-Types in one header: by the first it is a multipart, by the last, which is theirs, the text in loose/1": (
        ("stalwart/resources/eml/malformed/020.eml", "they have a part 1", "we have a part 1.1"),
        ("stalwart/resources/eml/malformed/021.eml", "they have a part 1", "we have a part 1.1"),
    ),
    "a message that is none: its text is that of the message in it": (
        ("stalwart/resources/eml/malformed/022.eml", "they have a part 2", "we have a part 2.1"),
    ),
    "text behind base64 is text here": (("stalwart/resources/eml/thirdparty/002.eml", "the text of 2"),),
    "UTF-16 that is out of step behind a line end is read both ways; a boundary that is not at the start of a line is none": (
        ("stalwart/resources/eml/thirdparty/005.eml", "the text of 1", "the text of 5"),
    ),
    "mime4j drops the octets of a group of base64 that is not whole": (
        ("mime4j/core/src/test/resources/mimetools-testmsgs/frag.msg", "the octets of 2.2.2.2"),
    ),
    "dashes in base64: we read it with and without them": (
        ("mime4j/core/src/test/resources/mimetools-testmsgs/multi-frag.msg", "the octets of 3.2"),
    ),
    "a line that is no field ends the header here, and is text; mime4j takes the header to go on to an empty line": (
        ("mime4j/core/src/test/resources/mimetools-testmsgs/hdr-fakeout.msg", "the octets of 1"),
        ("mime4j/core/src/test/resources/testmsgs/basic-plain-with-bad-header-separator.msg", "the octets of 1"),
        ("mime4j/core/src/test/resources/testmsgs/malformedHeader-nocrlfcrlf.msg", "the octets of 1"),
        ("mime4j/core/src/test/resources/testmsgs/malformedHeader-noheader.msg", "the octets of 1"),
        ("mime4j/core/src/test/resources/testmsgs/malformedHeaderStartsBody-nocrlfcrlf.msg", "the octets of 1"),
        ("mime4j/core/src/test/resources/testmsgs/malformedHeaderStartsBody-noheader.msg", "the octets of 1"),
        ("mime4j/core/src/test/resources/testmsgs/obsolete.msg", "the octets of 1"),
    ),
    "a soft line break of quoted-printable before a CR: Python ends the text there": (
        ("bounces/maildir/mac/lhost-amazonses-01.eml", "the octets of 1"),
        ("bounces/maildir/mac/lhost-aol-01.eml", "the octets of 1"),
        ("bounces/maildir/mac/lhost-exchange2007-01.eml", "the octets of 1.1", "the octets of 1.2"),
        ("bounces/maildir/mac/lhost-office365-01.eml", "the octets of 1.1"),
        ("bounces/maildir/mac/lhost-zoho-01.eml", "the octets of 1"),
        ("bounces/maildir/mac/rhost-aol-01.eml", "the octets of 1"),
    ),
}
KNOWN = {row[0]: sorted(row[1:]) for rows in DEVIATIONS.values() for row in rows}

QUIET = ("application/pgp-signature",)  # nothing that a person wrote, and that is looked at
ICON = 2048  # octets of a picture in which there may be nothing to read
LEAF = re.compile(r"[0-9]+(\.[0-9]+)*")
BLANKS = " \t\r\n"


def below(path, word):
    return path + "." + str(word) if path else str(word)


class Part:
    """One leaf: text is what a person reads (None: not known), octets what was decoded (None: not known)."""

    def __init__(self, path, text=None, octets=None, name=None):
        self.path, self.text, self.octets, self.name = path, text, octets, name


# ---- theirs: lists of Part, and the subject (None: not known) ----------------------------------------------------------


def fields_of(part, name):
    return [field["value"] for field in part["headers"] if field["name"] == name]


def stalwart_name(part):
    for field, attribute in (("content_disposition", "filename"), ("content_type", "name")):
        for value in fields_of(part, field):
            for row in (isinstance(value, dict) and value.get("ContentType") or {}).get("attributes") or ():
                if row["name"] == attribute:
                    return row["value"]
    return None


def stalwart_part(message, index, path, root):
    part = message["parts"][index]
    body = part["body"]
    kind = next(iter(body))
    if kind == "Multipart":
        for i, child in enumerate(body[kind], 1):
            yield from stalwart_part(message, child, below(path, i), False)
    elif kind == "Message":
        yield from stalwart_part(body[kind], 0, below(path, 1) if root else path, True)
    else:
        path = below(path, 1) if root else path
        if kind in ("Text", "Html"):
            yield Part(path, text=body[kind], name=stalwart_name(part))
        else:
            yield Part(path, octets=bytes(body[kind]), name=stalwart_name(part))


def stalwart(path):
    with open(path[: -len(".eml")] + ".json", encoding="utf-8") as file:
        message = json.load(file)
    subjects = [value["Text"] for value in fields_of(message["parts"][0], "subject") if isinstance(value, dict) and "Text" in value]
    return list(stalwart_part(message, 0, "", True)), subjects[-1] if len(subjects) == 1 else None


def mime4j_entity(entity, folder, path, root):
    for node in entity:
        inner = below(path, 1) if root else path
        if node.tag == "multipart":
            for i, child in enumerate(node.findall("body-part"), 1):
                yield from mime4j_entity(child, folder, below(path, i), False)
        elif node.tag == "message":
            yield from mime4j_entity(node, folder, inner, True)
        elif node.tag in ("text-body", "binary-body"):
            with open(os.path.join(folder, node.get("name")), "rb") as file:
                yield Part(inner, octets=file.read())


def mime4j(path):
    with open(path[: -len(".msg")] + "_decoded.xml", "rb") as file:
        octets = file.read()
    tree = ElementTree.fromstring(re.sub(b"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"", octets))
    return list(mime4j_entity(tree, os.path.dirname(path), "", True)), None


def python_entity(part, path, root):
    inner = below(path, 1) if root else path
    if part.get_content_type() == "message/rfc822" and part.is_multipart():
        yield from python_entity(part.get_payload(0), inner, True)
    elif part.is_multipart() and not part.get_content_type().startswith("message/"):
        for i, child in enumerate(part.get_payload(), 1):
            yield from python_entity(child, below(path, i), False)
    elif part.is_multipart() or part.get_content_type() == "text/rfc822-headers":
        yield Part(inner)  # it is a header here, and text of fields there
    else:
        octets = part.get_payload(decode=True) or b""
        try:
            text = octets.decode(part.get_content_charset() or "ascii") if part.get_content_maintype() == "text" else None
        except (LookupError, UnicodeDecodeError):
            text = None  # the label is wrong: what the text is then, Python does not say
        yield Part(inner, text=text, octets=octets)


def python(path):
    with open(path, "rb") as file:
        return list(python_entity(email.message_from_bytes(file.read()), "", True)), None


# folder, end of names, who says what is expected, which of our readings is theirs: Python ends a line at a CR
SUITES = (
    ("stalwart/resources/eml", ".eml", stalwart, ""),
    ("mime4j/core/src/test/resources", ".msg", mime4j, ""),
    ("cpython", ".txt", python, ""),
    ("mblaze", ".eml", python, ""),
    ("zbateson/tests/_data/emails", ".txt", python, ""),
    ("bounces/maildir/bsd", ".eml", python, ""),
    ("bounces/maildir/dos", ".eml", python, ""),
    ("bounces/maildir/err", ".eml", python, ""),
    ("bounces/maildir/mac", ".eml", python, "lines/"),
)


# ---- ours --------------------------------------------------------------------------------------------------------------


def our_parts(path, policy):
    command = [CTL, "--modules", os.path.join(BUILD, "modules/.libs"), "text", "--json", "-p", policy, path]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return {row["part"]: row for row in map(json.loads, reversed(done.stdout.splitlines()))}


def digest(octets):
    return hashlib.sha256(octets.strip(BLANKS.encode()).replace(b"\r", b"")).hexdigest()


def our_digests(files):
    """file -> {path: SHA-256 of the decoded octets}"""
    found = {path: {} for path in files}
    for i in range(0, len(files), 1000):
        done = subprocess.run([os.path.join(BUILD, "tests/bench/mime_bench"), "--leaves", *files[i : i + 1000]], stdout=subprocess.PIPE, check=True)
        for line in done.stdout.decode("utf-8", "replace").splitlines():
            path, leaf, _, _, sha = line.split("\t")
            found[path].setdefault(leaf, sha)
    return found


# ---- both --------------------------------------------------------------------------------------------------------------


def plain(text):
    """Line ends, blanks around, and the mark of a byte order are nothing that anybody reads."""
    return text.replace("\ufeff", "").replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip(BLANKS)


def same_text(theirs, ours):
    """What they have no character for may be anything to us."""
    theirs, ours = plain(theirs), plain(ours)
    return theirs == ours or ("\ufffd" in theirs and re.fullmatch(re.escape(theirs).replace("\ufffd", ".{0,3}?"), ours, re.DOTALL) is not None)


def part_problem(part, row, sha):
    if not row:
        return "they have a part" if plain(part.text or (part.octets or b"").decode("latin-1")) else None
    if part.octets is not None and sha != digest(part.octets) and not same_text(part.octets.decode("utf-8", "replace"), row["text"]):
        return "the octets of"
    if part.text is not None and not same_text(part.text, row["text"]):
        return "the text of"
    quiet = row["type"] in QUIET or (row["type"].startswith("image/") and len(part.octets or b"") < ICON)
    if part.octets and part.octets.strip(b"\0") and not row["text"] and "unreadable" not in row and not quiet:
        return "nothing is said of"
    if part.name and not same_text(part.name, row["name"]):
        return "the name of"
    return None


def problems(theirs, subject, ours, sha, reading):
    for part in theirs:
        path = reading + part.path if reading + part.path in ours else part.path
        problem = part_problem(part, ours.get(path), sha.get(path))
        if problem:
            yield problem + " " + part.path
    have = {part.path for part in theirs}
    for path, row in ours.items():
        if LEAF.fullmatch(path) and path not in have and (row["text"].strip() or "unreadable" in row):
            yield "we have a part " + path
    if subject is not None and not same_text(subject, ours.get("subject", {}).get("text", "")):
        yield "the subject"


def list_files(top, end):
    found = []
    for folder, _, names in os.walk(top):
        found += [os.path.join(folder, name) for name in names if name.endswith(end) and name not in ("SOURCES.md", "ARTISTIC-LICENSE.txt", "README.txt")]
    return sorted(found)


def crlf_copy(path, folder):
    with open(path, "rb") as file:
        octets = file.read()
    copy = os.path.join(folder, "crlf")
    with open(copy, "wb") as file:
        file.write(octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    return copy if b"\r\n" not in octets else None


def check(path, suite, policy, sha, folder):
    theirs, subject = suite[2](path)
    ours = our_parts(path, policy)
    found = list(problems(theirs, subject, ours, sha, suite[3]))
    copy = crlf_copy(path, folder)
    if copy and {p: r["text"] for p, r in ours.items()} != {p: r["text"] for p, r in our_parts(copy, policy).items()}:
        found.append("with CR LF it says something else")
    return found


def show(path, policy):
    oracle = next(oracle for folder, end, oracle, _ in SUITES if "/" + folder + "/" in path and path.endswith(end))
    theirs, subject = oracle(path)
    print("subject %r" % subject)
    for part in theirs:
        print("theirs %s %r %r %r" % (part.path, part.name, part.text, part.octets))
    for part, row in reversed(our_parts(path, policy).items()):
        print("ours %s %r %r %s" % (part, row["name"], row["text"], row.get("unreadable", "")))


def main():
    with tempfile.TemporaryDirectory() as top:
        policy = os.path.join(top, "policy")
        with open(policy, "w", encoding="ascii") as file:
            file.write(POLICY)
        if sys.argv[1:2] == ["--show"]:
            show(sys.argv[2], policy)
            return 0
        if not os.access(CTL, os.X_OK) or not os.path.exists(ARCHIVE):
            print("1..0 # SKIP no milwardctl in %s, or no %s" % (BUILD, ARCHIVE))
            return 0
        subprocess.run(["make", "-s", "-C", BUILD, "tests/bench/mime_bench"], check=True, stdout=sys.stderr)
        subprocess.run(["tar", "-x", "--zstd", "-f", ARCHIVE, "-C", top], check=True)
        root = os.path.join(top, "mime-suites")
        bad = 0
        for n, suite in enumerate(SUITES, 1):
            folder = suite[0]
            files = list_files(os.path.join(root, folder), suite[1])
            sha = our_digests(files)
            known = {name: row for name, row in KNOWN.items() if name.startswith(folder + "/")}
            wrong = 0
            for path in files:
                name = path[len(root) + 1 :]
                found = check(path, suite, policy, sha[path], top)
                want = known.get(name, [])
                if sorted(found) != want:
                    wrong += 1
                    print("# %s: %s%s" % (name, "; ".join(found) or "nothing differs", " (expected: %s)" % "; ".join(want) if want else ""))
            good = files and not wrong and all(os.path.exists(os.path.join(root, name)) for name in known)
            bad += not good
            print("%sok %d - %s: %d messages as expected, %d of them with known deviations" % ("" if good else "not ", n, folder, len(files), len(known)))
        print("1..%d" % len(SUITES))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
