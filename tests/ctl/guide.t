#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""doc/writing-rules.md: its files are written, its rules checked, its commands run, and what they print is what stands there. TAP."""
import pathlib
import re
import subprocess
import tempfile

from common import BUILD, ENV, SRC, finish, ok
ENV["NO_COLOR"] = "1"


def run(command, folder):
    """As a shell would; milwardctl is that of the build."""
    r = subprocess.run(["sh", "-c", f'milwardctl() {{ "{BUILD}/milwardctl" "$@"; }}; {command}'], env=ENV, cwd=folder, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=120)
    return r.returncode, r.stdout.decode("utf-8", "replace")


def same(expected, got):
    """… stands for any text, and alone on a line for any lines."""
    pattern = "".join("(?:.*\n)*?" if line == "…\n" else re.escape(line).replace("…", ".*") for line in expected.splitlines(keepends=True))
    return re.fullmatch(pattern, got) is not None


text = (SRC / "doc/writing-rules.md").read_text(encoding="utf-8")
blocks = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", text, flags=re.M | re.S)
kinds = set()
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for kind, name, body in blocks:
        kinds.add(kind)
        if kind == "console":
            for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
                command, _, expected = part.partition("\n")
                code, got = run(command, work)
                ok(same(expected, got) and code in (0, 1), f"$ {command}", got)
            continue
        path = work / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(body, encoding="utf-8")
        if kind in ("rules", "policy"):
            # Rules that change shipped ones are checked together with them.
            target = name
            if re.search(r"^(replace|disable) ", body, flags=re.M):
                target = "site.policy"
                (work / target).write_text('load phi with extract-html, check-us, check-names grant text\nload route grant route, edit, run { mta none }\n'
                                           'table <ours> { "clinic.example" }\ninclude "rules/phi.rules"\n'
                                           f'include "{name}"\nmatch any then pass\n')
            code, got = run(f"milwardctl check {target}", work)
            ok(code == 0 and "error" not in got, f"{name}: {body.split(chr(10))[0]}", got)
ok(kinds >= {"rules", "policy", "console", "test", "mail", "text", "terms"}, "the guide has blocks of each kind", kinds)
anchors = re.findall(r"\]\(#([^)]+)\)", text)
titles = [re.sub(r"[^a-z0-9 -]", "", t.lower()).replace(" ", "-") for t in re.findall(r"^## (.*)$", text, flags=re.M)]
ok(anchors == titles, "the table of contents names each chapter", (anchors, titles))
links = [l for l in re.findall(r"\]\(([^)#]+)\)", text) if not l.startswith("http")]
ok(links and all((SRC / "doc" / link).exists() for link in links), "links lead somewhere", links)
finish()
