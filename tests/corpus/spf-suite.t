#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""All cases of the test suite of RFC 7208 (openspf.org, as pyspf has it): what milters/auth says, over records out of a text file. All have
a result that the suite accepts. What libspf2 does differently when it is left alone is listed with its reason: it is why milters/auth gives
it one mechanism at a time (doc/adr/0050). Needs MILWARD_BUILD (a built tree) and ../shared/data."""
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
ARCHIVE = os.path.join(SRC, "../shared/data/auth-suites.tar.zst")
SUITE = "auth-suites/pyspf/test/rfc7208-tests.yml"

try:
    import yaml
except ImportError:
    print("1..0 # SKIP python3-yaml is not installed (packaging/deps test)")
    sys.exit(0)
# Reason: cases in which libspf2 of this version alone has another result.
VERSION = "1.2.10"
PLAIN = {
    "a record that is wrong is none, instead of permerror": """
        non-ascii-mech non-ascii-result badip4 detect-errors-anywhere modifier-charset-bad1 modifier-charset-bad2 all-dot all-arg all-cidr
        ptr-cidr a-bad-cidr4 a-bad-cidr6 a-dual-cidr-ip4-err include-syntax-error mx-bad-cidr4 mx-bad-cidr6 exists-implicit cidr4-33 bare-ip4
        bad-ip4-port bad-ip4-short ip4-dual-cidr bare-ip6 cidr6-129 cidr6-bad ip6-bad1 invalid-modifier empty-modifier-name undef-macro""",
    "a length of 0 is wrong for it": """
        a-nxdomain a-cidr4-0 a-cidr4-0-ip6 a-cidr6-0-ip4 a-cidr6-0-ip4mapped a-cidr6-0-ip6 a-cidr6-0-nxdomain mx-nxdomain mx-cidr4-0
        mx-cidr4-0-ip6 mx-cidr6-0-ip4 mx-cidr6-0-ip4mapped mx-cidr6-0-ip6 mx-cidr6-0-nxdomain cidr4-0 cidr6-0-ip4 cidr6-ip4 cidr6-0""",
    "octets that are no printable ASCII, and blanks of other kinds, are taken": "non-ascii-policy control-char-policy",
    "the domain of a term is not checked": """
        invalid-domain ptr-empty-domain a-bad-domain a-null a-numeric a-numeric-toplabel a-bad-toplabel a-only-toplabel
        a-only-toplabel-trailing-dot a-empty-domain mx-bad-domain mx-null mx-numeric-top-label mx-bad-toplab mx-empty-domain
        exists-empty-domain exists-cidr exp-empty-domain exp-syntax-error redirect-empty-domain""",
    "a length with a zero in front is taken": "cidr4-032",
    "an IPv4 address within IPv6 is one of IPv6": "a-colon-domain-ip4mapped mx-colon-domain-ip4mapped ip4-mapped-ip6",
    "redirect is a mechanism, which is evaluated where it stands": "redirect-after-mechanisms1 redirect-after-mechanisms2 redirect-is-modifier",
    "names of modifiers may not have all letters that they may": "modifier-charset-good",
    "redirect and exp may stand there twice": "exp-twice redirect-twice",
    "macros of modifiers, and % alone, are not checked": """
        unknown-modifier-syntax exp-only-macro-char invalid-macro-char invalid-embedded-macro-char invalid-trailing-macro-char""",
    "blanks in an explanation become %, and macros behind one are none": """
        redirect-cancels-prior-exp dorky-sentinel trailing-dot-exp exp-txt-macro-char v-macro-ip4 v-macro-ip6 p-macro-ip4-novalid
        p-macro-ip4-valid p-macro-ip6-novalid p-macro-ip6-valid""",
    "names that are too long lose no labels": "domain-name-truncation",
    "escapes are in lower case": "upper-macro",
    "an error of DNS within ptr is temperror, and more than 10 names are permerror": "ptr-cname-loop ptr-limit",
    "look-ups are counted anew in each include": "include-over-limit",
    "look-ups without an answer are not counted": "void-over-limit",
}

TYPES = ("A", "AAAA", "MX", "TXT", "PTR", "CNAME", "NS")


def octets(text):
    """The suite writes octets as characters below 256; longer ones are UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def quoted(text):
    return '"%s"' % "".join(chr(c) if 32 <= c < 127 and c not in b'"\\' else "\\%03d" % c for c in octets(text)[:255])


def strings(value):
    """A TXT record: strings of at most 255 octets."""
    parts = value if isinstance(value, list) else [value]
    pieces = [part[i : i + 255] for part in parts for i in range(0, max(len(part), 1), 255)]
    return " ".join(quoted(piece) for piece in pieces) or '""'


def name_of(text):
    return "".join(chr(c) if chr(c).isalnum() and c < 127 or c in b"-_.*" else "\\%03d" % c for c in octets(text)) or "."


def records(name, entries):
    """Lines of a zone file. A name without TXT records has those of type SPF as TXT; "TIMEOUT" is for all types that are not there."""
    known = [entry for entry in entries if isinstance(entry, dict)]
    has_txt = any("TXT" in entry for entry in known)
    lines, types = [], set()
    for entry in known:
        for kind, value in entry.items():
            if kind == "SPF":
                if has_txt:
                    continue
                kind = "TXT"
            if value == "NONE":
                continue
            types.add(kind)
            if value == "TIMEOUT":
                text = "TIMEOUT"
            elif kind == "TXT":
                text = strings(value)
            elif kind == "MX":
                text = "%d %s" % (value[0], name_of(value[1]))
            elif kind in ("PTR", "CNAME", "NS"):
                text = name_of(value)
            else:
                text = value
            lines.append("%s %s %s" % (name_of(name), kind, text))
    if "TIMEOUT" in entries:
        lines += ["%s %s TIMEOUT" % (name_of(name), kind) for kind in TYPES if kind not in types]
    if not lines:
        lines = ["%s NS ns.invalid" % name_of(name)]  # the name is there
    return lines


def zone_of(scenario):
    zone = tempfile.NamedTemporaryFile("w", suffix=".zone")
    zone.write("\n".join(line for name, entries in scenario["zonedata"].items() for line in records(str(name), entries)) + "\n")
    zone.flush()
    return zone


def ask(zone, cases):
    """(word, explanation, why, look-ups) of each case."""
    lines = ["%s\t%s\t%s\n" % (case["host"], case["helo"], case["mailfrom"]) for case in cases]
    done = subprocess.run([os.path.join(BUILD, "milters/auth/spf_ask"), zone.name], input="".join(lines).encode(), stdout=subprocess.PIPE, check=True)
    return [line.split("\t") for line in done.stdout.decode().splitlines()]


def ask_plain(zone, case):
    """(word, explanation) by libspf2 alone."""
    command = [os.path.join(BUILD, "milters/auth/spf_plain"), zone.name, case["host"], case["helo"], octets(case["mailfrom"])]
    done = subprocess.run(command, stdout=subprocess.PIPE)
    return done.stdout.decode("latin-1").rstrip("\n").split("\t") if done.returncode == 0 else ["ends with %d" % done.returncode, ""]


def good(case, word, explanation, default):
    accepted = case["result"] if isinstance(case["result"], list) else [case["result"]]
    wanted = case.get("explanation", "DEFAULT")
    return word in accepted and (explanation == wanted or (wanted == "DEFAULT" and (default or not explanation)))


def main():
    number, failed, differs = 0, 0, set()

    def ok(fine, what, *notes):
        nonlocal number, failed
        number += 1
        failed += not fine
        print("%sok %d - %s" % ("" if fine else "not ", number, what))
        if not fine:
            print("".join("# %s\n" % note for note in notes), end="")

    if not os.path.exists(ARCHIVE):
        print("1..0 # SKIP no %s" % ARCHIVE)
        return 0
    subprocess.run(["make", "-s", "-C", BUILD, "milters/auth/spf_ask", "milters/auth/spf_plain"], check=True, stdout=sys.stderr)
    done = subprocess.run(["tar", "-x", "-O", "--zstd", "-f", ARCHIVE, SUITE], check=True, stdout=subprocess.PIPE)
    for scenario in filter(None, yaml.safe_load_all(done.stdout.decode("utf-8"))):
        cases = scenario["tests"]
        with zone_of(scenario) as zone:
            answers = ask(zone, cases.values())
            with ThreadPoolExecutor(2) as pool:
                plain = list(pool.map(lambda case: ask_plain(zone, case), cases.values()))
        for (name, case), (word, explanation, why, _), (plain_word, plain_explanation) in zip(cases.items(), answers, plain):
            # Without a "DEFAULT" of its own, ours is none; libspf2's is a sentence of its own.
            ok(good(case, word, explanation, "explanation" not in case), "%s: %s" % (scenario["description"], name),
               "wanted %s %r" % (case["result"], case.get("explanation", "")), "got %s %r (%s)" % (word, explanation, why))
            if not good(case, plain_word, plain_explanation.strip(), True):
                differs.add(name)
        ok(len(answers) == len(cases), "%s: all %d cases" % (scenario["description"], len(cases)), len(answers))
    version = subprocess.run([os.path.join(BUILD, "milters/auth/spf_plain")], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
    if version != VERSION:
        print("ok %d - what libspf2 does differently # SKIP it is %s, not %s" % (number + 1, version, VERSION))
        print("1..%d" % (number + 1))
        return failed != 0
    listed = {name for names in PLAIN.values() for name in names.split()}
    ok(differs == listed, "libspf2 alone differs in %d of them, for %d reasons" % (len(listed), len(PLAIN)), "not listed: %s" % sorted(differs - listed),
       "listed, and not so: %s" % sorted(listed - differs))
    print("1..%d" % number)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
