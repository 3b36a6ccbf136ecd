#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""extract-pdf: every PDF of the shared data gives its words, or a named reason; the words against those that pdfminer finds.

Also those files encrypted by qpdf, cut off in the middle and with octets turned. Needs MILWARD_BUILD (a built tree with extract-pdf),
pdftotext, pdfminer and ../shared/data. Prints TAP.
"""

import email.message
import json
import logging
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
ARCHIVES = [os.path.join(SRC, "../shared/data", name) for name in ("attachments.tar.zst", "hostile.tar.zst")]
POLICY = "load phi with extract-pdf grant text, run\n"
WORD = re.compile(r"[A-Za-z0-9]{3,}")  # what no encoding of a font changes
MAX_PAGES = 12  # that pdfminer reads: it takes a second for three
REASONS = {"encrypted", "damaged", "image", "unknown-format", "limit"}

# What cannot be read, as a person has found who looked at them. All others have no reason.
UNREAD = {
    "testOCR.pdf": "image",  # a slide that is a picture
    "testPDF_jpeg2000.pdf/page-1-1.jp2": "image",  # a page that is a JPEG 2000, a file inside
    "testPDF_Version.11.x.PDFA-1b.pdf/page-1-1.tif": "image",  # a page that was made a white picture
    "testPDF_no_extract_yes_accessibility_owner_user.pdf": "encrypted",
    "testPassword4Spaces.pdf": "encrypted",
    "testUnicodePassword.pdf": "encrypted",
    "testPDF_bad_page_303226.pdf": "damaged",  # the contents of a page end in the middle
    "testMicrosoftIRMServices.pdf/MicrosoftIRMServices Protected PDF.pdf": "encrypted",
}
# Words of pdfminer that are none: the last of a line and the first of the next in one, in tables without rules.
GLUED = {
    "testPDF.pdf": {"02Tika"},
    "testPDF_childAttachments.pdf": {"300Deliver", "84201Of", "BusinessPenalty", "InDepartment", "InternetMailDVD", "ProductsPhoneWalk",
                                     "STDPostage", "ServicePermit", "TIPTIP"},
}
# Files that pdfminer itself cannot read.
UNREAD_BY_PDFMINER = {
    "testPDF_no_extract_yes_accessibility_owner_empty.pdf",  # it obeys, or does not know the encryption
    "testPDF_bad_page_303226.pdf",  # it ends at the bad page
}


class Reader:
    def __init__(self, top):
        self.top = top
        self.policy = os.path.join(top, "pdf.policy")
        with open(self.policy, "w", encoding="utf-8") as f:
            f.write(POLICY)

    def read(self, data):
        """The text of all parts, and the reasons by the path inside of the attachment."""
        message = email.message.EmailMessage()
        message["From"] = "a@example.org"
        message.set_content("see there\n")
        message.add_attachment(data, maintype="application", subtype="pdf", filename="x.pdf")
        path = os.path.join(self.top, "message")
        with open(path, "wb") as f:
            f.write(message.as_bytes())
        command = [os.path.join(BUILD, "milwardctl"), "-p", self.policy, "--modules", os.path.join(BUILD, "modules/.libs")]
        command += ["--policies", os.path.join(SRC, "policies"), "text", "--json", path]
        done = subprocess.run(command, capture_output=True, check=False, timeout=120)
        parts = [json.loads(line) for line in done.stdout.splitlines()]
        if not parts:
            sys.exit(done.stderr.decode("utf-8", "replace"))
        text = "\n".join(part["text"] for part in parts)
        reasons = {part["part"].partition("x.pdf")[2]: part["unreadable"] for part in parts if "unreadable" in part}
        return text, reasons


def find_pdfs(top):
    for archive in ARCHIVES:
        subprocess.run(["tar", "-x", "--zstd", "-f", archive, "-C", top], check=True)
    found = []
    for folder, _, names in os.walk(top):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                if b"%PDF-" in f.read(1024) and not name.endswith(".eml"):
                    found.append(os.path.join(folder, name))
    return sorted(found)


def octets_of(path):
    with open(path, "rb") as f:
        return f.read()


def words_of_pdfminer(path):
    from pdfminer.high_level import extract_text  # pylint: disable=import-outside-toplevel

    try:
        return set(WORD.findall(extract_text(path, maxpages=MAX_PAGES)))
    except Exception:  # pylint: disable=broad-except # whatever it stumbles over
        return None


def is_expected(name, reasons):
    """Are these the reasons of this file? Those of files inside that are none of ours do not count."""
    ours = {name + inside: reason for inside, reason in reasons.items() if not inside or inside.endswith((".pdf", ".jp2", ".tif"))}
    return ours == {path: reason for path, reason in UNREAD.items() if path == name or path.startswith(name + "/")}


def check_words(reader, pdfs, tap):
    wrong, missing, unread, total = [], [], [], 0
    for path in pdfs:
        name = os.path.basename(path)
        text, reasons = reader.read(octets_of(path))
        if not is_expected(name, reasons):
            wrong.append("%s: %s" % (name, reasons))
        theirs = words_of_pdfminer(path)
        if theirs is None:
            if UNREAD.get(name) != "encrypted" and name not in UNREAD_BY_PDFMINER:
                unread.append(name)
            continue
        # Words that are divided at the end of a line are joined by us.
        joined = re.sub("[^A-Za-z0-9]", "", text)
        lost = {word for word in theirs if word not in text and word not in joined} - GLUED.get(name, set())
        total += len(theirs)
        if lost:
            missing.append("%s: %s" % (name, sorted(lost)[:10]))
    tap(len(pdfs) > 35 and not wrong, "%d files give their text, or the reason that is known" % len(pdfs), wrong)
    tap(not unread, "pdfminer reads all but the known", unread)
    tap(total > 3000 and not missing, "of %d words that pdfminer finds none is missing" % total, missing)


def check_encrypted(reader, path, tap):
    wrong = []
    plain, _ = reader.read(octets_of(path))
    for bits in ("40", "128", "256"):
        for user in ("", "secret"):
            made = os.path.join(reader.top, "encrypted.pdf")
            command = ["qpdf", "--encrypt", user, "owner", bits, "--"] + [path, made]
            if bits != "256":
                command.insert(1, "--allow-weak-crypto")
            subprocess.run(command, check=True, capture_output=True)
            text, reasons = reader.read(octets_of(made))
            if user and reasons != {"": "encrypted"}:
                wrong.append("%s bits with a password: %s" % (bits, reasons))
            if not user and (reasons or sorted(text.split()) != sorted(plain.split())):
                wrong.append("%s bits that open without: %s %s" % (bits, reasons, set(text.split()) ^ set(plain.split())))
    tap(not wrong, "what is encrypted says so, and is read when it opens without a password", wrong)


def check_damaged(reader, pdfs, tap):
    """Nothing of it stops us, and nothing is passed over in silence."""
    dice = random.Random(1)
    wrong = []
    for path in pdfs:
        data = octets_of(path)
        turned = bytearray(data)
        for _ in range(1 + len(data) // 2000):
            turned[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        for how, damaged in (("half", data[: len(data) // 2]), ("turned", bytes(turned))):
            text, reasons = reader.read(damaged)
            if not set(reasons.values()) <= REASONS or (how == "half" and not reasons.get("")):
                wrong.append("%s of %s: %s" % (how, os.path.basename(path), reasons))
    tap(not wrong, "files that end in the middle or have octets turned give a reason, or text", wrong)


def main():
    logging.disable(logging.CRITICAL)
    missing = [path for path in ARCHIVES if not os.path.exists(path)]
    try:
        import pdfminer.high_level  # pylint: disable=import-outside-toplevel,unused-import
    except ImportError:
        missing.append("pdfminer")
    missing += [tool for tool in ("pdftotext", "qpdf") if not shutil.which(tool)]
    if not os.path.exists(os.path.join(BUILD, "modules/.libs/extract-pdf.so")):
        missing.append("extract-pdf (not built)")
    if missing:
        print("1..0 # SKIP no %s" % missing[0])
        return 0
    results = []

    def tap(good, name, why):
        results.append(good)
        print("%s %d - %s" % ("ok" if good else "not ok", len(results), name))
        for line in why:
            print("# %s" % line[:300])

    with tempfile.TemporaryDirectory() as top:
        reader = Reader(top)
        pdfs = find_pdfs(top)
        check_words(reader, pdfs, tap)
        check_encrypted(reader, next(path for path in pdfs if path.endswith("testPDFVarious.pdf")), tap)
        check_damaged(reader, pdfs, tap)
    print("1..%d" % len(results))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
