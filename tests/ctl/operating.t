#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""doc/operating.md and doc/index.md: policies and tests in them are loaded, commands that need nothing but files are typed, the others
exist; alerts, units, manual pages and links that they name are there; each document and manual page is in the index."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from auditfile import Chain
from common import BUILD, ENV, SRC, ctl, finish, ok

TEXT = (SRC / "doc/operating.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?ms)^```(\w*) ?(\S*)\n(.*?)^```$", TEXT)
# What asks a daemon, an MTA, a store or keys: typed elsewhere.
ELSEWHERE = ("doctor", "status", "portal", "dkim", "seal-smime", "seal-openpgp")
CSV = "First Name,Last Name,DOB,MRN\nJane,Quimby,1962-03-14,48151623\n"
RULES = 'rule own-badge {\n    kind identifier\n    pattern /\\bBDG-[0-9]{6}\\b/\n    level 80\n    hit "badge BDG-123456"\n}\n'


def lines():
    """Lines of shell, without comments."""
    return [re.sub(r"\s+#.*", "", line) for kind, _, body in BLOCKS if kind == "sh" for line in body.splitlines() if line.strip()]


def place(folder):
    """What stands where the text says, below a folder of this test."""
    for name in ("etc/tables", "etc/tests", "var", "srv/sent", "srv/backup", "srv/reports", "tmp", "bin"):
        (folder / name).mkdir(parents=True)
    (folder / "share").symlink_to(SRC)
    (folder / "bin/milwardctl").symlink_to(BUILD / "milwardctl")
    shutil.copy(SRC / "tests/corpus/mail/phi-lab-result.eml", folder / "srv/sent/one.eml")
    shutil.copy(folder / "srv/sent/one.eml", folder / "tmp/message.eml")
    (folder / "etc/own.rules").write_text(RULES)
    (folder / "srv/patients.csv").write_text(CSV)
    chain = Chain(folder / "srv/backup/audit.log.1")
    chain.start("2026-10-31T00:00:00.000Z")
    chain = chain.follow(folder / "srv/backup/audit.log", "2026-11-20T00:00:00.000Z")
    chain.add("2026-12-01T00:00:00.000Z", "end")
    chain.write()
    for name in ("audit.log.1", "audit.log"):
        shutil.copy(folder / "srv/backup" / name, folder / "var")


def here(text, folder):
    where = {"/etc/milward": "etc", "/var/lib/milward": "var", "/usr/share/milward": "share", "/srv": "srv", "/tmp": "tmp"}
    return re.sub(r"(?<![\w./-])(%s)(?=/|\s|$)" % "|".join(map(re.escape, where)), lambda found: str(folder / where[found[1]]), text)


def edited(path, folder):
    path.write_text(here(path.read_text(encoding="utf-8"), folder), encoding="utf-8")


def commands(folder):
    env = dict(ENV, PATH="%s:%s" % (folder / "bin", os.environ["PATH"]), TZ="UTC")
    env["MILWARD_POLICIES"] = str(SRC / "policies")
    typed = 0
    for line in lines():
        if line.startswith("cp /usr/share/milward/") or (line.startswith("milwardctl ") and not re.search(r"(^milwardctl|\.policy) (%s)\b" % "|".join(ELSEWHERE), line)):
            if "report" in line:  # of last month: there may be no record
                line = line.replace("--month last", "--month 2026-11")
            done = subprocess.run(["sh", "-c", here(line, folder)], env=env, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
            ok(done.returncode == 0, line, done.stdout[-1500:] + done.stderr)
            typed += 1
        policy = folder / "etc/outbound.policy"
        if line.startswith("cp ") and "outbound.policy" in line:
            edited(policy, folder)
            shutil.copy(policy, str(policy) + ".new")
    ok(typed > 15, "there were commands to type", typed)


def files(folder):
    """Policies and files of tests in the text."""
    for kind, name, body in BLOCKS:
        if kind == "policy":
            (folder / "etc" / name).write_text(here(body, folder), encoding="utf-8")
            code, out, err = ctl("check", folder / "etc" / name)
            ok(code == 0, "the policy %s is right" % name, out + err)
        elif kind == "test":
            (folder / "etc/tests" / name).write_text(body, encoding="utf-8")
            (folder / "etc/outbound.policy").write_text((SRC / "policies/outbound.policy").read_text(encoding="utf-8"), encoding="utf-8")
            shutil.copytree(SRC / "policies/tables", folder / "etc/tables", dirs_exist_ok=True)
            edited(folder / "etc/outbound.policy", folder)
            code, out, err = ctl("test", folder / "etc/tests" / name)
            ok(code == 0, "the tests %s pass" % name, out + err)
    ok({"policy", "test", "sh"} <= {kind for kind, _, _ in BLOCKS}, "blocks of each kind")


def exist():
    """Commands and their options, without running them."""
    named = set()
    for text in lines() + re.findall(r"`(milwardctl [^`]*)`", TEXT):
        found = re.match(r"milwardctl (?:-p \S+ )?([a-z-]+)(?: ([a-z]+))?", text)
        if found:
            named.add((found[1], found[2] or "", tuple(re.findall(r" (--[a-z-]+)", text))))
    for command, word, flags in sorted(named):
        code, out, err = ctl(command, "--help")
        if word and re.search(r"(?m)^  %s %s\b" % (command, word), out):
            code, out, err = ctl(command, word, "--help")
        page = "\n".join((SRC / "doc/man" / p).read_text() for p in ("milwardctl.1", "milward-%s.7" % command, "milward-audit.7") if (SRC / "doc/man" / p).exists())
        ok(code == 0 and all(f in out or "Fl -" + f[2:] in page for f in flags), "there is milwardctl %s %s %s" % (command, word, " ".join(flags)), out + err)


def names(where, text):
    """Manual pages and links."""
    pages = set(re.findall(r"\b(milward[\w.-]*)\((\d)\)", text))
    ok(all((SRC / "doc/man" / ("%s.%s" % p)).exists() for p in pages), "%s: manual pages are there" % where, pages)
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith(("http", "#"))]
    ok(all((SRC / "doc" / link).exists() for link in links), "%s: links lead somewhere" % where, [link for link in links if not (SRC / "doc" / link).exists()])
    return pages


def index():
    text = (SRC / "doc/index.md").read_text(encoding="utf-8")
    pages = names("index.md", text)
    there = {tuple(p.name.rsplit(".", 1)) for p in (SRC / "doc/man").iterdir()}
    ok(there <= pages, "each manual page is in the index", there - pages)
    rows = re.findall(r"(?m)^\| (milward[\w.-]*)\((\d)\) \|", text)
    ok(len(rows) == len(set(rows)) == len(there), "each has one line of its own", len(rows))
    for document in sorted((SRC / "doc").glob("*.md")):
        ok(document.name == "index.md" or "](%s" % document.name in text, "%s is in the index" % document.name)
    readme = (SRC / "README.md").read_text(encoding="utf-8")
    ok("doc/index.md" in readme and "doc/operating.md" in readme, "README.md leads to both")


with tempfile.TemporaryDirectory() as top:
    top = pathlib.Path(top)
    place(top)
    files(top)
    commands(top)
exist()
names("operating.md", TEXT)
anchors = re.findall(r"(?m)^- \[[^\]]*\]\(#([^)]+)\)", TEXT)
titles = [re.sub(r"[^a-z0-9 -]", "", t.lower()).replace(" ", "-") for t in re.findall(r"(?m)^## (.*)$", TEXT)]
ok(anchors == titles, "the table of contents names each chapter", (anchors, titles))
alerts = set(re.findall(r"(?m)^ +- alert: (\w+)", (SRC / "packaging/monitoring/milward.rules.yml").read_text()))
ok(set(re.findall(r"`(Milward\w+)`", TEXT)) == alerts, "each alert is told of, and is there", alerts ^ set(re.findall(r"`(Milward\w+)`", TEXT)))
units = {re.sub("@.*", "@", u) for u in re.findall(r"\b(milward[\w-]*@?)\w*(?:\.service)?(?= |$|`|\n)", "\n".join(l for l in lines() if l.startswith("systemctl") and "*" not in l)) if u}
known = {re.sub(r"\.service\.in$", "", p.name) for p in (SRC / "packaging/systemd").glob("*.service.in")}
ok(units and units <= known, "units are there", units - known)
index()
finish()
