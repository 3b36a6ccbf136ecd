#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""html-words: the words of HTML in real mail, as extract-html reads them, against Python's html.parser.

Every word that Python finds in text outside of scripts and styles must be in our text of the message. Needs MILWARD_BUILD (a built
tree with extract-html) and ../shared/data. Prints TAP.
"""

import email
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
ARCHIVE = os.path.join(SRC, "../shared/data/mail-ham.tar.zst")
POLICY = "load phi with extract-html grant text\n"
MESSAGES = 150
WORD = re.compile(r"\w+", re.ASCII)  # what no character set changes


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text = []
        self.unseen = 0

    def handle_starttag(self, tag, attrs):
        self.unseen += tag in ("script", "style")
        self.text.append(" ")

    def handle_endtag(self, tag):
        self.unseen -= tag in ("script", "style")

    def handle_data(self, data):
        if self.unseen <= 0:
            self.text.append(data)


def html_of(path):
    """The HTML parts of a message as text."""
    with open(path, "rb") as f:
        message = email.message_from_bytes(f.read())
    return [part.get_payload(decode=True).decode("latin-1") for part in message.walk() if part.get_content_type() == "text/html"]


def words_of(source):
    reader = Reader()
    reader.feed(source)
    reader.close()
    return set(WORD.findall("".join(reader.text)))


def read_by_us(policy, path):
    command = [os.path.join(BUILD, "milwardctl"), "-p", policy, "--modules", os.path.join(BUILD, "modules/.libs")]
    command += ["--policies", os.path.join(SRC, "policies"), "text", "--json", path]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr.decode("utf-8", "replace"))
    return " ".join(json.loads(line)["text"] for line in done.stdout.splitlines())


def main():
    if not os.path.exists(ARCHIVE):
        print("1..0 # SKIP no %s" % ARCHIVE)
        return 0
    if not os.path.exists(os.path.join(BUILD, "modules/.libs/extract-html.so")):
        print("1..0 # SKIP extract-html is not built")
        return 0
    missing = words = read = 0
    with tempfile.TemporaryDirectory() as top:
        policy = os.path.join(top, "html.policy")
        with open(policy, "w", encoding="utf-8") as f:
            f.write(POLICY)
        subprocess.run(["tar", "-x", "--zstd", "-f", ARCHIVE, "-C", top], check=True)
        files = sorted(os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names)
        for path in files:
            sources = html_of(path) if read < MESSAGES else []
            if not sources:
                continue
            read += 1
            text = read_by_us(policy, path)
            ours = set(WORD.findall(text))
            theirs = set().union(*map(words_of, sources))
            lost = {word for word in theirs - ours if word not in text}
            words += len(theirs)
            missing += len(lost)
            if lost:
                print("# %s: %s" % (path[len(top) :], sorted(lost)[:10]))
    print("%s 1 - %d messages with HTML were read" % ("ok" if read > 100 else "not ok", read))
    print("%s 2 - of %d words that Python's parser finds, %d are missing" % ("not ok" if missing else "ok", words, missing))
    print("1..2")
    return 0 if read > 100 and not missing else 1


if __name__ == "__main__":
    sys.exit(main())
