# SPDX-License-Identifier: Apache-2.0
"""debs: what the tests of the Debian packages share: the packages, built once, and a Debian in a folder to install them in.

MILWARD_DEBS, a folder that packaging/build-deb has filled, saves the build while one works on the rest."""
import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.environ.get("MILWARD_SRC") or os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SRC, "tests", "mta"))
from lab.tap import skip_all  # noqa: E402

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
AWAY = re.compile(r"Failed to fetch|Could not resolve|Unable to fetch|Temporary failure")


def run(*command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          check=False, **more)


def chroot(tree, *command, env=None, **more):
    return run("chroot", tree, *command, env=dict(ENVIRONMENT, **(env or {})), **more)


def quick_build():
    """The same packages as always, compiled quickly: what is optimised is tested elsewhere."""
    env = dict(os.environ, DEB_BUILD_OPTIONS="parallel=2 nocheck noautodbgsym", DEB_CFLAGS_APPEND="-O1 -g0")
    if os.path.isdir("/usr/lib/ccache"):
        env["PATH"] = "/usr/lib/ccache:" + env["PATH"]
    return env


def newest(folder):
    """When something of the tree has changed last; the folder of a build below it does not count."""
    found = 0.0
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "build", "autom4te", "__pycache__"))]
        found = max([found] + [os.lstat(os.path.join(top, name)).st_mtime for name in names if not name.endswith(".pyc")])
    return found


def kept():
    """Where a script of this run leaves the packages for the next one."""
    build = os.environ.get("MILWARD_BUILD")
    return build and os.path.join(build, "packages")


def build(tap, folder, anew=False):
    """The packages in folder/debs. Compiled anew, or those that an earlier script has made of the same tree."""
    out, keep = os.path.join(folder, "debs"), kept()
    if os.environ.get("MILWARD_DEBS"):
        shutil.copytree(os.environ["MILWARD_DEBS"], out)
        return True
    stamp = keep and os.path.join(keep, "stamp")
    if not anew and stamp and os.path.exists(stamp) and os.stat(stamp).st_mtime > newest(SRC):
        shutil.copytree(keep, out)
        return True
    log = os.path.join(folder, "build.log")
    with open(log, "wb") as output:
        status = subprocess.run([os.path.join(SRC, "packaging/build-deb"), "--work", os.path.join(folder, "work"), out],
                                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=quick_build(), check=False).returncode
    with open(log, errors="replace") as text:
        tap.ok(status == 0, "packaging/build-deb builds the packages", "exit %d" % status, text.read()[-3000:])
    if status == 0 and keep:
        shutil.rmtree(keep, True)
        os.makedirs(keep)
        for path in glob.glob(out + "/*.deb") + glob.glob(out + "/*.changes"):
            shutil.copy(path, keep)
        with open(stamp, "w"):
            pass
    return status == 0


def release():
    with open("/etc/os-release") as file:
        found = re.search(r"^VERSION_CODENAME=(\w+)", file.read(), re.M)
    if not found:
        skip_all("this Debian has no codename")
    return found.group(1)


def start_tree(folder, *packages):
    """A fresh Debian of the same release in folder/tree, made while we do something else."""
    with open(os.path.join(folder, "tree.log"), "wb") as log:
        return subprocess.Popen(["mmdebstrap", "--mode=root", "--variant=minbase", "--skip=cleanup/apt/lists", "--aptopt=Acquire::Retries \"3\"",
                                 "--include=" + ",".join(packages), release(), os.path.join(folder, "tree")],
                                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def bring(folder, *names):
    """Folders of packages into the tree, and the way to apt's archive."""
    tree = os.path.join(folder, "tree")
    for name in names:
        os.mkdir(os.path.join(tree, name))
        for deb in glob.glob(os.path.join(folder, name, "*.deb")):
            os.link(deb, os.path.join(tree, name, os.path.basename(deb)))
    shutil.copy("/etc/resolv.conf", os.path.join(tree, "etc/resolv.conf"))


def packages_of(folder):
    """Name -> file, control fields, paths of files."""
    found = {}
    for path in sorted(glob.glob(folder + "/*.deb")):
        fields = dict(re.findall(r"(?m)^([A-Z][A-Za-z-]*): (.*)", run("dpkg-deb", "-f", path).stdout))
        lines = run("dpkg-deb", "-c", path).stdout.splitlines()
        names = [re.split(r"\s+", line, maxsplit=5)[5].split(" -> ")[0].lstrip(".") for line in lines if not line.startswith("d")]
        found[fields["Package"]] = {"file": path, "fields": fields, "names": names}
    return found


def next_version(packages, folder):
    """The same packages as a newer version in folder/next, in which a shipped conffile has changed too."""
    out = os.path.join(folder, "next")
    os.mkdir(out)
    for deb in packages.values():
        tree = os.path.join(folder, "repack")
        run("dpkg-deb", "-R", deb["file"], tree)
        version = deb["fields"]["Version"]
        control = os.path.join(tree, "DEBIAN/control")
        with open(control) as file:
            text = file.read().replace(version, version + "+1")
        with open(control, "w") as file:
            file.write(text)
        policy = os.path.join(tree, "etc/milward/outbound.policy")
        if os.path.exists(policy):
            with open(policy, "a") as file:
                file.write("# of the next version\n")
        done = run("dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, out)
        if done.returncode:
            print("# " + done.stdout)
        shutil.rmtree(tree)
    return len(os.listdir(out)) == len(packages)
