#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The RPM packages: the spec as it is but for compiling, which is what 01-debian.t does: what make install has put there is packed.

MILWARD_RPM=compile has packaging/build-rpm compile and pack all of it, from a tarball, in place of that (five minutes and more)."""
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


# Folders as Debian has them, where rpm's own macros know others; nothing that belongs to another system.
DEFINES = ["_libdir /usr/lib", "_docdir /usr/share/doc", "_build_id_links none", "debug_package %{nil}", "__os_install_post %{nil}",
           "_unitdir /usr/lib/systemd/system", "_sysusersdir /usr/lib/sysusers.d", "_tmpfilesdir /usr/lib/tmpfiles.d"]


def words(defines):
    return [word for define in defines for word in ("--define", define)]


def tarball(folder):
    """As make dist names it: the tree as git would commit it, or all of a copy of it."""
    with open(os.path.join(SRC, "configure.ac")) as file:
        name = "milward-" + re.search(r"^AC_INIT\(\[milward\], \[(.*)\]\)$", file.read(), re.M).group(1)
    path = os.path.join(folder, name + ".tar.xz")
    names = run("git", "-C", SRC, "ls-files").stdout.split("\n") if os.path.exists(os.path.join(SRC, ".git")) else ["."]
    with open(os.path.join(folder, "names"), "w") as out:
        out.write("\n".join(n for n in names if n and os.path.exists(os.path.join(SRC, n))) + "\n")
    done = run("tar", "-C", SRC, "--exclude=./build*", "--exclude=autom4te.cache", "--transform", "s,^\\(\\./\\)*,%s/," % name, "-cJf", path, "-T", out.name)
    assert done.returncode == 0, done.stdout
    return path


def compiled(folder, without):
    """By packaging/build-rpm, as a person calls it."""
    out = os.path.join(folder, "RPMS", "all")
    return run(os.path.join(SRC, "packaging/build-rpm"), "--work", os.path.join(folder, "work"), out, tarball(folder), "--nodeps", "--nocheck",
               *words(DEFINES), *without)


def packed(folder, prefix, without):
    with open(os.path.join(folder, "milward.spec"), "w") as out:
        out.write(installed(prefix))
    return run("rpmbuild", "-bb", "--nodeps", *words(["_topdir " + folder] + DEFINES), *without, out.name)


def called(folder, path, script, left):
    """What that script of a package asks systemctl and milward-restart for, when LEFT versions of the package are there then."""
    body = run("rpm", "-qp", "--qf", "%%|%s?{%%{%s}}|" % (script, script), path).stdout
    said = os.path.join(folder, "said")
    stub = os.path.join(folder, "stub")
    os.makedirs(stub, exist_ok=True)
    open(said, "w").close()
    for name in ("systemctl", "milward-restart", "systemd-update-helper", "install"):
        with open(os.path.join(stub, name), "w") as out:
            out.write("#!/bin/sh\necho %s \"$@\" >>%s\n" % (name, said))
        os.chmod(out.name, 0o755)
    for name in ("/usr/libexec/milward/", "/usr/lib/systemd/"):
        body = body.replace(name, stub + "/")
    done = subprocess.run(["sh", "-e", "-c", body, "sh", str(left)], env={"PATH": stub + ":/usr/bin:/bin"}, stdin=subprocess.DEVNULL, check=False)
    with open(said) as file:
        return file.read() + ("exit %d\n" % done.returncode if done.returncode else "")


def look_at_scripts(folder):
    """A package looks after its own units, and restarts nothing: that is milward-restart's, when all is there."""
    found = 0
    for path in sorted(glob.glob(folder + "/RPMS/*/*.rpm")):
        units = re.findall(r"^/usr/lib/systemd/system/(\S+)$", run("rpm", "-qpl", path).stdout, re.M)
        if not units:
            continue
        found += 1
        package = run("rpm", "-qp", "--qf", "%{NAME}", path).stdout.split("\n")[-1]
        first, second = called(folder, path, "POSTIN", 1), called(folder, path, "POSTIN", 2)
        tap.equal([unit for unit in units if unit not in first], [], "%s: a preset decides over its units" % package)
        tap.ok(not re.search(r"systemctl|system-units", second), "%s: and not again in an upgrade" % package, second)
        tap.equal(called(folder, path, "PREUN", 1), "", "%s: an upgrade stops nothing" % package)
        gone = called(folder, path, "PREUN", 0)
        stops = [line for line in gone.splitlines() if line.startswith("milward-restart stop ")]
        wanted = [unit.replace("@.", "@*.") for unit in units]
        tap.equal([sorted(line.split()[2:]) for line in stops], [sorted(wanted)], "%s: removal stops all of it, and of no other" % package)
        tap.equal([unit for unit in units if unit not in "".join(line for line in gone.splitlines() if line not in stops)], [], "%s: and disables it" % package)
        tap.ok(not re.search(r"restart|start|exit", called(folder, path, "POSTUN", 1)), "%s: nothing is restarted before all packages are there" % package)
    tap.equal(found, 4, "four packages have units")


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
    have = {os.path.basename(path)[:-3] for path in glob.glob(prefix + "/lib/milward/modules/*.so")}
    without = [word for word, module in (("image", "extract-image"), ("openpgp", "seal-openpgp"), ("hs", "prefilter-hs")) if module not in have]
    compile = os.environ.get("MILWARD_RPM") == "compile"
    without = ["--without=" + word for word in without]
    done = compiled(folder, without) if compile else packed(folder, prefix, without)
    if not tap.ok(done.returncode == 0, "rpmbuild %s" % ("compiles, and packs every file" if compile else "packs every file"), done.stdout[-3000:]):
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
    look_at_scripts(folder)


main()
sys.exit(tap.end())
