# SPDX-License-Identifier: Apache-2.0
"""common: what every test of milwardctl needs: the build that BUILD names (or the current folder), a test as a line, a run."""
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
SRC = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(SRC / "tests/mta"))
from lab.tap import Tap  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", ".")).resolve()
ENV = dict(os.environ, MILWARD_MODULES=str(BUILD / "modules/.libs"), MILWARD_POLICIES=str(SRC / "policies"), LC_ALL="C.UTF-8")
TAP = Tap()


def ok(condition, name, why=""):
    """One test; why is printed when it failed."""
    TAP.ok(condition, name, why)


def run(*args, stdin=None, cwd=None, stderr=subprocess.PIPE, timeout=120):
    """Exit status, the octets of standard output, and the text of standard error."""
    done = subprocess.run([BUILD / "milwardctl", *map(str, args)], env=ENV, input=stdin, cwd=cwd, stdout=subprocess.PIPE, stderr=stderr,
                          timeout=timeout, check=False)
    return done.returncode, done.stdout, (done.stderr or b"").decode("utf-8", "replace")


def ctl(*args, **how):
    """Exit status, and both outputs as text."""
    code, out, err = run(*args, **how)
    return code, out.decode(), err


def finish():
    sys.exit(TAP.end())
