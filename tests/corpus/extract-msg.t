#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""extract-msg: every Outlook file of the shared data against python3-olefile and msgconvert (libemail-outlook-message-perl).

Prints TAP.
"""

import email
import email.policy
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import outlook  # noqa: E402 # pylint: disable=wrong-import-position

try:
    import olefile
except ImportError:
    olefile = None

# What msgconvert takes from properties; other fields it makes up, or copies from the header that came.
FIELDS = ("Subject", "From", "To", "Cc")


class Case:
    def __init__(self, path, top, number):
        self.path = path
        self.base = os.path.basename(path)
        self.members, self.text = outlook.unpack("msg", path, os.path.join(top, "ours-%d" % number))


def is_outlook(path):
    return outlook.octets_of(path)[:8] == olefile.MAGIC and olefile.OleFileIO(path).exists("__properties_version1.0")


def streams_of(path):
    """Names and octets of all streams but those that hold the names of properties."""
    with olefile.OleFileIO(path) as ole:
        return {"/".join(entry): ole.openstream(entry).read() for entry in ole.listdir() if entry[0] != "__nameid_version1.0"}


def check_strings(tap, cases, policy):
    """All strings of all properties are in the text, wherever."""
    wrong, seen = [], 0
    for case in cases:
        text = "\n".join(part["text"] for part in policy.parts(case.path, "application/vnd.ms-outlook"))
        for name, octets in streams_of(case.path).items():
            if not name.endswith("001F") and not name.endswith("001E"):
                continue
            string = octets.decode("utf-16-le" if name.endswith("F") else "cp1252", "replace")
            words = outlook.WORD.findall(string.replace("\0", ""))
            seen += len(words)
            lost = [word for word in words if word not in text]
            if lost:
                wrong.append("%s: %s: %s" % (case.base, name, lost[:5]))
    tap.result(seen > 500 and not wrong, "of %d words in properties of strings none is missing" % seen, wrong)


def is_rtf(octets):
    return octets.startswith(b"{\\rtf1") and octets.rstrip(b"\0\r\n ").endswith(b"}")


def check_files(tap, cases):
    """Attachments, bodies of octets and nothing else are members."""
    wrong, seen = [], 0
    for case in cases:
        ours = [member.octets for member in case.members]
        for name, octets in streams_of(case.path).items():
            if name.endswith(("37010102", "10130102", "1000001F", "007D001F")):
                seen += 1
                if octets.rstrip(b"\0") not in [ours_octets.rstrip(b"\0") for ours_octets in ours]:
                    wrong.append("%s: %s" % (case.base, name))
        wrong += ["%s: %s is damaged" % (case.base, member.name) for member in case.members if member.unread]
        wrong += ["%s: %s is none" % (case.base, member.name) for member in case.members
                  if member.type == "application/rtf" and not is_rtf(member.octets)]
    tap.result(seen > 8 and not wrong, "%d bodies and attachments have their octets, and RTF is whole" % seen, wrong)


def converted(path, top):
    eml = os.path.join(top, "converted.eml")
    subprocess.run(["msgconvert", "--outfile", eml, path], capture_output=True, check=False)
    with open(eml, "rb") as f:
        return email.message_from_binary_file(f, policy=email.policy.default)


def check_converted(tap, cases, policy, top):
    """The words of header, bodies and file names in what msgconvert makes of it."""
    wrong, seen = [], 0
    for case in cases:
        text = "\n".join(part["text"] + part["part"] for part in policy.parts(case.path, "application/vnd.ms-outlook"))
        for part in converted(case.path, top).walk():
            source = " ".join(str(part[name]) for name in FIELDS if part[name]) + " " + (part.get_filename() or "")
            if part.get_content_maintype() == "text" and part.get_content_subtype() in ("plain", "html"):
                source += " " + part.get_content()
            if part.get_content_subtype() == "rtf":  # with a line end of compressed RTF the wrong way round
                rtf = part.get_payload(decode=True).replace(b"\n\r", b"\r\n").rstrip(b"\0")
                if rtf not in [member.octets.rstrip(b"\0") for member in case.members]:
                    wrong.append("%s: other RTF" % case.base)
            words = outlook.WORD.findall(source)
            seen += len(words)
            lost = [word for word in words if word.lower() not in text.lower()]
            if lost:
                wrong.append("%s: %s" % (case.base, lost[:8]))
    tap.result(seen > 100 and not wrong, "of %d words that msgconvert gives none is missing, and RTF is the same" % seen, wrong)


def main():
    outlook.skip_unless("extract-msg", ["attachments.tar.zst"], ["msgconvert"])
    outlook.unpack_build()
    if not olefile:
        print("1..0 # SKIP no python3-olefile")
        return 0
    tap = outlook.Tap()
    with tempfile.TemporaryDirectory() as top:
        outlook.unpack_archive("attachments.tar.zst", top)
        files = [path for path in outlook.files_under(top) if is_outlook(path)]
        cases = [Case(path, top, number) for number, path in enumerate(files)]
        policy = outlook.Policy("extract-msg", top)
        check_strings(tap, cases, policy)
        check_files(tap, cases)
        check_converted(tap, cases, policy, top)
        damaged = [case.base for case in cases if "!unread" in case.text]
        tap.result(len(cases) >= 5 and not damaged, "%d files are read, none is damaged" % len(cases), damaged)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
