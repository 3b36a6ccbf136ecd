#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What README.md says to type for files and milwardctl, typed: with a folder for /etc/milward, and the tree for what is installed."""
import os
import re
import shutil
import subprocess
import tempfile

from common import BUILD, ENV, SRC, finish, ok

FILES = {
    "own.rules": 'rule own-badge {\n    kind identifier\n    pattern /\\bBDG-[0-9]{6}\\b/\n    level 80\n    hit "badge BDG-123456"\n}\n',
    "patients.csv": "First Name,Last Name,DOB,MRN\nJane,Quimby,1962-03-14,48151623\n",
}


def commands():
    """Lines of the blocks that need nothing but files, in order; --live and doctor ask an MTA, status a daemon, report
    its records, and what milward-seal has stored needs it. tests/ctl/doctor.t, report.t and tests/module/status.t have those."""
    with open(SRC / "README.md", encoding="utf-8") as text:
        blocks = re.findall(r"(?ms)^```\n(.*?)^```", text.read())
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if re.match(r"(install -d /|cp |milwardctl |editor /etc/milward/outbound.policy)", line) and not re.search(r"--live|portal list|milwardctl (-p \S+ )?(status|doctor|report)\b", line)]


def edit(policy, folder):
    """What the editor is told to do: the portal's line of the policy, out of its comment; with folders of this test."""
    with open(policy, encoding="utf-8") as file:
        text = file.read()
    places = 'store "%s/portal"; keys "%s/portal.keys"; url' % (folder, folder)
    text = re.sub(r"(?m)^# (load +portal .*?)\burl", lambda found: found.group(1) + places, text)
    with open(policy, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    with tempfile.TemporaryDirectory() as top:
        for name in ("bin", "share", "FOLDER", "portal", "nginx/sites-enabled"):
            os.makedirs(os.path.join(top, name))
        os.chmod(os.path.join(top, "portal"), 0o700)
        os.symlink(BUILD / "milwardctl", os.path.join(top, "bin", "milwardctl"))
        os.symlink(SRC / "policies", os.path.join(top, "share/policies"))
        os.symlink(SRC / "packaging/portal", os.path.join(top, "share/web"))
        for name, text in FILES.items():
            with open(os.path.join(top, name), "w", encoding="utf-8") as out:
                out.write(text)
        mail = SRC / "tests/corpus/mail/phi-lab-result.eml"
        for name in ("message.eml", "FOLDER/one.eml"):
            shutil.copy(mail, os.path.join(top, name))
        for name in ("old.policy", "new.policy"):
            with open(os.path.join(top, name), "w", encoding="utf-8") as out:
                out.write("load phi with extract-html, check-us grant text\nload route grant route, edit, run { mta none }\n"
                          'include "rules/hipaa-identifiers.rules"\nmatch any then pass\n')
        env = dict(ENV, PATH=os.path.join(top, "bin") + ":" + os.environ["PATH"])
        typed = commands()
        for line in typed:
            if line.startswith("editor "):
                edit(os.path.join(top, "etc/outbound.policy"), top)
                continue
            here = line.replace("/etc/nginx", top + "/nginx").replace("/etc/milward", top + "/etc").replace("/usr/share/milward", top + "/share")
            done = subprocess.run(["sh", "-c", here], cwd=top, env=env, capture_output=True, text=True, timeout=120, check=False)
            ok(done.returncode == 0, line.split("  ")[0], done.stdout + done.stderr)
        ok(len(typed) > 10, "README.md has commands to type")


main()
finish()
