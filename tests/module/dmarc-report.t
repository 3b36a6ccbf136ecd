#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""milwardctl dmarc report, with the built module: reports that are valid by the schema of RFC 7489, with every message counted once, for
those that may have them; and nothing for lines that are none."""
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("MILWARD_BUILD", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "mta"))
from lab.tap import Tap, skip_all  # noqa: E402

if not os.path.exists(os.path.join(BUILD, "modules", ".libs", "auth.so")):
    skip_all("the auth module is not built as a loadable file")
if not shutil.which("xmllint"):
    skip_all("xmllint is missing (libxml2-utils)")

tap = Tap()
work = tempfile.TemporaryDirectory()
DAY, BEGIN = "2026-09-21", 1789948800
SCHEMA = os.path.join(SRC, "tests", "module", "dmarc-report.xsd")


def policy(domain, rua, **more):
    return dict({"domain": domain, "adkim": "r", "aspf": "s", "p": "reject", "sp": "none", "fo": "0", "pct": 100, "rua": rua}, **more)


def row(**more):
    return dict({"ip": "192.0.2.1", "disposition": "none", "dkim": "pass", "spf": "fail", "reason": "", "from": "a.example", "sender": "b.example",
                 "auth_dkim": [{"domain": "a.example", "selector": "s<&>\"", "result": "pass"}],
                 "auth_spf": {"domain": "b.example", "scope": "mfrom", "result": "softfail"}}, **more)


A = policy("a.example", ["d@a.example", "d@reports.test"])
LINES = [(A, row())] * 3 + [
    (A, row(ip="2001:db8::1", disposition="quarantine", dkim="fail", reason="local_policy", auth_dkim=[])),
    (A, row(sender="", auth_spf={"domain": "mx.b.example", "scope": "helo", "result": "none"})),
    (policy("a.example", ["d@a.example"], p="none"), row()),
    (policy("b.example", ["x@mail.b.example"]), row(**{"from": "b.example"})),
    (policy("c.example", ["x@reports.test"]), row()),
    (policy("d.example", ["x@slow.test"]), row()),
    (policy("e.example", []), row())]
BAD = ['{"time":1,"pol', "", "[]", '{"policy":{},"row":{}}', json.dumps({"policy": policy("../x", ["d@a.example"]), "row": row()}),
       json.dumps({"policy": A, "row": row(ip="nowhere")}), '"' + "x" * 20000]
with open(os.path.join(work.name, "dmarc-%s.jsonl" % DAY), "w") as out:
    for one in LINES[:5] + [None] + LINES[5:]:
        out.write("\n".join(BAD) + "\n" if one is None else json.dumps({"time": BEGIN + 5, "policy": one[0], "row": one[1]}) + "\n")
with open(os.path.join(work.name, "zone"), "w") as out:
    out.write('a.example._report._dmarc.reports.test TXT "v=DMARC1"\n*.slow.test * TIMEOUT\n')


def report(name, *args, day=DAY, records=True):
    to = os.path.join(work.name, name)
    os.mkdir(to)
    got = subprocess.run([os.path.join(BUILD, "milwardctl"), "--modules", os.path.join(BUILD, "modules", ".libs"), "dmarc", "report", "--org",
                          "A & B <Clinic>", "--email", "dmarc@clinic.example", "--data", work.name, "--day", day, *args,
                          *(("--records", os.path.join(work.name, "zone")) if records else ()), to],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return got, to, dict(line.split("\t") for line in got.stdout.splitlines())


def read(to, name):
    data = open(os.path.join(to, name), "rb").read()
    return ET.fromstring(gzip.decompress(data) if name.endswith(".gz") else data)


def valid(to):
    files = [os.path.join(to, f) for f in os.listdir(to)]
    if not files:
        return False
    got = subprocess.run(["xmllint", "--noout", "--schema", SCHEMA] + files, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return got.returncode == 0 or print("# " + got.stdout.replace("\n", "\n# "))


NAME = "clinic.example!%s!{}!{}%s.xml".format(BEGIN, BEGIN + 86399)
got, to, made = report("plain")
first = [n for n in (NAME % ("a.example", ""), NAME % ("a.example", "!1")) if n in made]
tap.ok(got.returncode == 0 and set(made) == {NAME % ("a.example", ""), NAME % ("a.example", "!1"), NAME % ("b.example", "")}
       and sorted(os.listdir(to)) == sorted(made), "a file for each record of a domain that somebody wants reports for")
tap.ok(valid(to), "they are valid by the schema")
tap.ok(sorted(made[n] for n in first) == ["d@a.example", "d@a.example,d@reports.test"] and made[NAME % ("b.example", "")] == "x@mail.b.example",
       "they go to the domain's own addresses, and to others that say so in DNS")
tap.ok("c.example: no report to x@reports.test: reports.test does not say in DNS" in got.stderr
       and "d.example: no report to x@slow.test: slow.test cannot be asked in DNS now" in got.stderr, "why others get none")
whole = read(to, [n for n in first if "," in made[n]][0])
counts = sorted((r.findtext("row/source_ip"), int(r.findtext("row/count"))) for r in whole.iter("record"))
tap.ok(counts == [("192.0.2.1", 1), ("192.0.2.1", 3), ("2001:db8:0:0:0:0:0:1", 1)], "equal messages are one row with their count")
tap.ok(whole.findtext("report_metadata/org_name") == "A & B <Clinic>" and whole.findtext("policy_published/p") == "reject"
       and whole.findtext("record/auth_results/dkim/selector") == 's<&>"', "texts are escaped")
six = [r for r in whole.iter("record") if ":" in r.findtext("row/source_ip")][0]
tap.ok(six.findtext("row/policy_evaluated/disposition") == "quarantine" and six.findtext("row/policy_evaluated/reason/type") == "local_policy"
       and not six.findall("auth_results/dkim"), "what was done, and why it is not what was asked for")
tap.ok("lines that are not whole: " in got.stderr and not any(".." in n for n in made), "lines that are none are counted and left out")
ids = [read(to, n).findtext("report_metadata/report_id") for n in made]
tap.ok(len(set(ids)) == 3, "each has a name of its own")

got, to, made = report("gzip", "--gzip", "--domain", "b.example")
tap.ok(list(made) == [NAME % ("b.example", "") + ".gz"] and read(to, list(made)[0]).findtext("policy_published/domain") == "b.example",
       "one domain alone, packed")
got, to, made = report("nobody", records=False)
tap.ok(got.returncode == 0 and set(made.values()) == {"d@a.example", "x@mail.b.example"} and "nobody is there to ask DNS" in got.stderr,
       "without DNS, others get nothing, and it is said")
got, to, made = report("never", day="2026-01-01")
tap.ok(got.returncode == 1 and "No such file" in got.stderr and not made, "a day without a file is told")
tap.ok(report("day", day="2026-1-1")[0].returncode == 64, "a day that is none is wrong usage")

got = subprocess.run([os.path.join(BUILD, "milwardctl"), "--modules", os.path.join(BUILD, "modules", ".libs"), "auth", "dmarc", "report",
                      "--org", "x", "--email", "a@b.example", "--data", work.name, "--day", DAY, "/nowhere"],
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
tap.ok(got.returncode == 1 and "/nowhere" in got.stderr and not got.stdout, "a folder that is not there fails, and names no report")
sys.exit(tap.end())
