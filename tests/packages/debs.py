# SPDX-License-Identifier: Apache-2.0
"""debs: what the tests of the Debian packages share: the packages, built once, and a Debian in a folder to install them in.

MILWARD_DEBS, a folder that packaging/build-deb has filled, saves the build while one works on the rest."""
import atexit
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

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


def workshop(name):
    """A folder for what is built, which goes away with the script, however that ends."""
    folder = tempfile.mkdtemp(prefix="milward-%s-" % name)
    atexit.register(shutil.rmtree, folder, True)
    os.chmod(folder, 0o711)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    return folder


def quick_build(folder):
    """The same packages as always, packed quickly, and compiled by the commands of tests/run's build with gcc, so that its cache has the results."""
    env = dict(os.environ, DEB_BUILD_OPTIONS="parallel=2 nocheck noautodbgsym", DEB_CFLAGS_SET="-g -O2", DEB_CPPFLAGS_SET="", LC_ALL="C.UTF-8",
               XZ_DEFAULTS="-0", DPKG_DEB_COMPRESSOR_LEVEL="0", CONFIG_SITE=os.path.join(folder, "config.site"))
    with open(env["CONFIG_SITE"], "w") as site:
        site.write("enable_dependency_tracking=yes\n")  # dh says no
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
        shutil.copytree(keep, out, ignore=shutil.ignore_patterns("debian.tar*", "stamp"))
        return True
    log = os.path.join(folder, "build.log")
    with open(log, "wb") as output:
        status = subprocess.run([os.path.join(SRC, "packaging/build-deb"), "--work", os.path.join(folder, "work"), out],
                                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=quick_build(folder), check=False).returncode
    with open(log, errors="replace") as text:
        tap.ok(status == 0, "packaging/build-deb builds the packages", "exit %d" % status, text.read()[-3000:])
    if status == 0 and keep:
        os.makedirs(keep, exist_ok=True)
        for path in glob.glob(keep + "/*.deb") + glob.glob(keep + "/*.changes"):
            os.unlink(path)
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


def away(done):
    """Why an archive of apt's did not answer; None: it did. Any other failure of apt is one of the test."""
    assert done.returncode == 0 or AWAY.search(done.stdout), done.stdout
    return done.stdout[-2000:] if done.returncode else None


class Tree:
    """A fresh Debian of the same release with a Postfix, made while we do something else; kept for the next script, and for a day."""

    def __init__(self, folder):
        self.folder = folder
        self.path = os.path.join(folder, "tree")
        self.kept = os.path.join(kept() or folder, "debian.tar")
        self.making = None
        if os.path.exists(self.kept) and 0 <= time.time() - os.stat(self.kept).st_mtime < 86400:
            return
        os.makedirs(os.path.dirname(self.kept), exist_ok=True)
        # What is written here is thrown away, so nothing waits for the disk.
        with open(os.path.join(folder, "tree.log"), "wb") as log:
            self.making = subprocess.Popen(
                ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar", "--skip=cleanup/apt/lists", "--aptopt=Acquire::Retries \"3\"",
                 "--dpkgopt=force-unsafe-io", "--include=postfix,postfix-pcre,postfix-sqlite", release(), self.kept + ".new"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        atexit.register(self.end)

    def end(self):
        if self.making.poll() is None:
            os.killpg(self.making.pid, signal.SIGTERM)
            self.making.wait()

    def unpack(self, *packages):
        """The tree with these packages; None, or why there is none: apt's archive cannot be had."""
        if self.making:
            if self.making.wait() != 0:
                with open(os.path.join(self.folder, "tree.log"), errors="replace") as log:
                    return log.read()[-2000:]
            os.rename(self.kept + ".new", self.kept)
        os.mkdir(self.path)
        run("tar", "-C", self.path, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xf", self.kept)
        shutil.copy("/etc/resolv.conf", os.path.join(self.path, "etc/resolv.conf"))
        policy = self._forbid()
        done = self.apt("install", *packages)
        os.unlink(policy)
        return away(done)

    def install(self, folders, *patterns):
        """Ours, by apt, which brings what they depend on; no service starts by itself, then or later."""
        self._forbid()
        bring(self.folder, *folders)
        return self.apt("install", *patterns)

    def _forbid(self):
        policy = os.path.join(self.path, "usr/sbin/policy-rc.d")
        with open(policy, "w") as out:
            out.write("#!/bin/sh\nexit 101\n")
        os.chmod(policy, 0o755)
        return policy

    def apt(self, *arguments):
        return chroot(self.path, "sh", "-c", "apt-get -q -y -o Acquire::Retries=3 --no-install-recommends " + " ".join(arguments))


def bring(folder, *names):
    """Folders of packages into the tree."""
    tree = os.path.join(folder, "tree")
    for name in names:
        os.mkdir(os.path.join(tree, name))
        for deb in glob.glob(os.path.join(folder, name, "*.deb")):
            os.link(deb, os.path.join(tree, name, os.path.basename(deb)))


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
