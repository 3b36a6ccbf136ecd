#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The RPM packages: the spec as it is but for compiling, which is what 01-debian.t does: what make install has put there is packed."""
import atexit
import collections
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.environ.get("MILWARD_SRC") or os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SRC, "tests", "mta"))
from lab.tap import Tap, skip_all  # noqa: E402

tap = Tap()
SPEC = os.path.join(SRC, "packaging/rpm/milward.spec")


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)


def installed(prefix):
    """The spec, which installs that and builds nothing."""
    text = open(SPEC).read()
    for old, new in (("%autosetup\n", "%%setup -c -T\ncp -R %s/COPYING %s/plugins %s/doc %s/policies %s/packaging .\n" % ((SRC,) * 5)),
                     ("%make_install\n", "mkdir -p %%{buildroot}/usr && cp -a %s/. %%{buildroot}/usr\n" % prefix)):
        assert old in text, old
        text = text.replace(old, new)
    return re.sub(r"(?ms)^%build\n.*?(?=^%install)", "%build\n", re.sub(r"(?ms)^%check\n.*?\n\n", "", text))


def main():
    for tool in ("rpmbuild", "rpmspec", "rpmlint"):
        if not shutil.which(tool):
            skip_all("%s is not here" % tool)
    prefix = os.environ.get("MILWARD_PREFIX")
    if not prefix:
        skip_all("needs MILWARD_PREFIX, where make install has put it")
    folder = tempfile.mkdtemp(prefix="milward-rpm-")
    atexit.register(shutil.rmtree, folder, True)
    done = run("rpmspec", "-P", SPEC)
    tap.ok(done.returncode == 0 and "error" not in done.stdout.lower().split("%description")[0], "rpmspec reads the spec", done.stdout[-1500:])
    done = run("rpmlint", SPEC)
    tap.ok(re.search(r"\b0 errors\b", done.stdout), "rpmlint finds no error in it", done.stdout[-1500:])
    with open(os.path.join(folder, "milward.spec"), "w") as out:
        out.write(installed(prefix))
    have = {os.path.basename(path)[:-3] for path in glob.glob(prefix + "/lib/milward/modules/*.so")}
    without = [word for word, module in (("image", "extract-image"), ("openpgp", "seal-openpgp"), ("hs", "prefilter-hs")) if module not in have]
    defines = ["_topdir " + folder, "_libdir /usr/lib", "_docdir /usr/share/doc", "_build_id_links none", "debug_package %{nil}", "__os_install_post %{nil}",
               "_unitdir /usr/lib/systemd/system", "_sysusersdir /usr/lib/sysusers.d", "_tmpfilesdir /usr/lib/tmpfiles.d"]
    done = run("rpmbuild", "-bb", "--nodeps", *[word for d in defines for word in ("--define", d)], *["--without=" + w for w in without], out.name)
    if not tap.ok(done.returncode == 0, "rpmbuild packs every file", done.stdout[-3000:]):
        return
    holders = collections.defaultdict(list)
    for path in glob.glob(folder + "/RPMS/*/*.rpm"):
        package = run("rpm", "-qp", "--qf", "%{NAME}", path).stdout.split("\n")[-1]
        for line in run("rpm", "-qp", "--qf", "[%{FILEMODES:perms} %{FILENAMES}\n]", path).stdout.splitlines():
            if re.match(r"[-l][-rwxsS]{9} /", line):
                holders[line.split(" ", 1)[1]].append(package)
    twice = {name: who for name, who in holders.items() if len(who) > 1}
    tap.ok(not twice, "no file is in two packages", twice)
    wanted = ["/usr/" + os.path.relpath(os.path.join(top, name), prefix) for top, _, names in os.walk(prefix) for name in names if not name.endswith(".la")]
    missing = [name for name in wanted if name not in holders and name + ".gz" not in holders]
    tap.ok(wanted and not missing, "every file of make install is in one", "\n".join(missing))
    split = {os.path.basename(name)[:-3]: who[0] for name, who in holders.items() if "/milward/modules/" in name}
    debian = os.path.join(SRC, "packaging/debian")
    other = {name: who for name, who in split.items()
             if (who == "milward") != (name + ".so" not in "".join(open(f).read() for f in glob.glob(debian + "/milward-*.install")))}
    tap.ok(len(split) > 20 and not other, "modules are split as the Debian packages are", other)


main()
sys.exit(tap.end())
