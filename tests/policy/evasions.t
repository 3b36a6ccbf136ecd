#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""evasions: what a reader sees is what rules see. The same sentence, written in all the ways that look alike to a person, gives the same
findings as the plain form, by the shipped policy. Needs MILWARD_BUILD (a built tree) and MILWARD_SRC. Prints TAP."""
import base64
import json
import os
import subprocess
import sys
import tempfile
import unicodedata

TOP = os.environ.get("MILWARD_SRC") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ.get("MILWARD_BUILD") or os.environ.get("BUILD") or TOP
CTL = os.path.join(BUILD, "milwardctl")
TEXT = "Patient Ann Marie Lee, DOB 04/12/1961, SSN 219-09-9998, MRN 00482913, has type 2 diabetes and takes metformin."
HEAD = "MIME-Version: 1.0\nSubject: x\nContent-Type: text/%s; charset=utf-8\n%s\n"


def each(text, change):
    """Letters and digits changed."""
    return "".join(change(c) if c.isalnum() else c for c in text)


def plain(text):
    return HEAD % ("plain", "") + text + "\n"


def html(text):
    return HEAD % ("html", "") + "<html><body><p>" + text + "</p></body></html>\n"


def behind(c):
    """Something that nobody sees behind each letter and digit."""
    return each(TEXT, lambda x: x + c)


def alphabet(upper, lower, digit):
    def one(c):
        if c.isdigit():
            return digit(int(c))
        return chr(upper + ord(c) - ord("A")) if c.isupper() else chr(lower + ord(c) - ord("a"))
    return each(TEXT, one)


def hidden(tag):
    """Text that is not shown, in the middle of a number and of a word."""
    return html(TEXT.replace("219-09", "219%s-09" % tag).replace("diabetes", "dia%sbetes" % tag))


FORMS = {
    "HTML": html(TEXT),
    "split by tags": html(behind("<b></b>")),
    "each letter in a tag of its own": html(each(TEXT, lambda c: '<span style="color:red">%s</span>' % c)),
    "split by <wbr>": html(behind("<wbr>")),
    "split by comments": html(behind("<!-- x -->")),
    "decimal references": html(each(TEXT, lambda c: "&#%d;" % ord(c))),
    "hexadecimal references": html(each(TEXT, lambda c: "&#x%x;" % ord(c))),
    "soft hyphens": plain(behind("\u00ad")),
    "soft hyphens by name": html(behind("&shy;")),
    "zero-width spaces": plain(behind("\u200b")),
    "zero-width spaces by number": html(behind("&#8203;")),
    "zero-width non-joiners": plain(behind("\u200c")),
    "word joiners": plain(behind("\u2060")),
    "byte order marks": plain(behind("\ufeff")),
    "variation selectors": plain(behind("\ufe0f")),
    "directional marks": plain(behind("\u202c")),
    "tag characters": plain(behind("\U000e0041")),
    "grapheme joiners": plain(behind("\u034f")),
    "struck through": plain(behind("\u0336")),
    "letters of Cyrillic": plain(TEXT.translate(str.maketrans("aceopxyijABCEHKMOPSTXY", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0410\u0412\u0421\u0415\u041d\u041a\u041c\u041e\u0420\u0405\u0422\u0425\u0423"))),
    "letters of Greek": plain(TEXT.translate(str.maketrans("oABEHKMNOPTXYZ", "\u03bf\u0391\u0392\u0395\u0397\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7\u03a5\u0396"))),
    "full width": plain("".join(chr(ord(c) + 0xfee0) if "!" <= c <= "~" else c for c in TEXT)),
    "mathematical bold": plain(alphabet(0x1d400, 0x1d41a, lambda n: chr(0x1d7ce + n))),
    "in circles": plain(alphabet(0x24b6, 0x24d0, lambda n: chr(0x245f + n) if n else "\u24ea")),
    "Arabic-Indic digits": plain(each(TEXT, lambda c: chr(0x660 + int(c)) if c.isdigit() else c)),
    "no-break spaces": plain(TEXT.replace(" ", "\u00a0")),
    "no-break spaces by name": html(TEXT.replace(" ", "&nbsp;")),
    "thin spaces": plain(TEXT.replace(" ", "\u2009")),
    "ideographic spaces": plain(TEXT.replace(" ", "\u3000")),
    "en dashes": plain(TEXT.replace("-", "\u2013")),
    "no-break hyphens": plain(TEXT.replace("-", "\u2011")),
    "minus signs": plain(TEXT.replace("-", "\u2212")),
    "soft line breaks": HEAD % ("plain", "Content-Transfer-Encoding: quoted-printable\n")
    + "=\n".join(TEXT[i:i + 5] for i in range(0, len(TEXT), 5)) + "\n",
    "text of no display": hidden('<span style="display:none">junk</span>'),
    "hidden text": hidden("<i hidden>9</i>"),
    "invisible text": hidden('<i style="visibility: hidden">9<b>8</b></i>'),
    "text of no size": hidden('<font style="font-size:0px">9</font>'),
    "text that a later declaration does not show": hidden('<i style="display:none;display:nonsense">9</i>'),
    "text behind a comment of CSS": hidden('<i style="display:/**/n&#x6f;ne">9</i>'),
    "text that only looks hidden": html(TEXT.replace("19-09-9", '19<i style="dis play:none">-0</i><b style="display:none;display:inline">9-9</b>')),
    "hidden text with an element that looks ended": hidden("<i hidden>9<i/>8</i>7</i>"),
    "controls that nobody shows": plain(behind("\x01")),
    "tags that nobody heeds": html(TEXT.replace("219-09", "219</body>-</select><body>09").replace("00482913", "0048</td>2913")),
    "a template": hidden("<template>9</template>"),
    "invisible operators by name": html(behind("&ic;").replace("&ic; ", " ")),
    "letters of mathematics by name": html(TEXT.replace("SSN", "&Sopf;&sscr;&Nfr;").replace("MRN", "&Mopf;&Ropf;&Nopf;")),
    "a style sheet that looks ended": hidden("<style/>9</style>"),
}

# What is read in two ways: all that is in the plain form is found, some of it twice, or beside what the other way makes of it.
TWICE = {
    "written backwards": plain(TEXT.replace("219-09-9998", "\u202e8999-90-912\u202c")),
    "written backwards by a tag": html(TEXT.replace("219-09-9998", "<bdo dir=rtl>8999-90-912</bdo>")),
    "base64 with an = too many": HEAD % ("plain", "Content-Transfer-Encoding: base64\n") + base64.b64encode(TEXT.encode()).decode().replace("M", "=M", 1) + "\n",
}

# Two writings of one text: the same findings, and who it is about is among them.
NAMED = "Patient José Muñoz, DOB 04/12/1961, has type 2 diabetes and takes metformin."
PAIRS = {
    "marks apart from their letters": (plain(NAMED), plain(unicodedata.normalize("NFD", NAMED))),
    "marks apart from their letters, in HTML": (html(NAMED), html(unicodedata.normalize("NFD", NAMED))),
}


def scan(folder, mails):
    for name, text in mails.items():
        with open(os.path.join(folder, name + ".eml"), "w", encoding="utf-8") as f:
            f.write(text)
    done = subprocess.run([CTL, "--modules", os.path.join(BUILD, "modules/.libs"), "--policies", os.path.join(TOP, "policies"), "scan", "--json",
                           "-p", os.path.join(TOP, "policies/outbound.policy"), folder],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    if done.returncode != 0:
        sys.exit("scan: %s" % done.stderr)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {os.path.basename(r["file"])[:-4]: sorted((f["rule"], f["confidence"]) for f in r["findings"]) for r in rows}


if not os.access(CTL, os.X_OK):
    print("1..0 # SKIP no milwardctl in %s" % BUILD)
    sys.exit(0)
with tempfile.TemporaryDirectory() as folder:
    found = scan(folder, dict(FORMS, **TWICE, plain=plain(TEXT)))
    pairs = {name: [scan(folder, {str(i): text})[str(i)] for i, text in enumerate(two)] for name, two in PAIRS.items()}
want = found["plain"]
rules = {rule for rule, _ in want}
bad = not {"us-ssn", "mrn", "birth-date", "drugs"} <= rules
print("%sok 1 - the plain form is found: %s" % ("not " if bad else "", ", ".join(sorted(rules))))
for n, name in enumerate(FORMS, 2):
    good = found.get(name) == want
    bad |= not good
    print("%sok %d - %s" % ("" if good else "not ", n, name))
    if not good:
        print("# %s" % found.get(name))
for n, name in enumerate(TWICE, len(FORMS) + 2):
    good = {"us-ssn", "mrn", "birth-date", "drugs"} <= {rule for rule, _ in found.get(name, [])}
    bad |= not good
    print("%sok %d - %s" % ("" if good else "not ", n, name))
for n, (name, (one, other)) in enumerate(pairs.items(), len(FORMS) + len(TWICE) + 2):
    good = one == other and "birth-date" in {rule for rule, _ in one}
    bad |= not good
    print("%sok %d - %s" % ("" if good else "not ", n, name))
    if not good:
        print("# %s\n# %s" % (one, other))
print("1..%d" % (len(FORMS) + len(TWICE) + len(PAIRS) + 1))
sys.exit(1 if bad else 0)
