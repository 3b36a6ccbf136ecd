# SPDX-License-Identifier: Apache-2.0
"""shared: finds ../shared/data and unpacks what is needed of it."""

import os
import shutil
import subprocess

SETS = ["phi-text", "mail-ham", "mime-suites"]


class Absent(Exception):
    """There is no ../shared/data here: where was looked."""


class Damaged(Exception):
    """It is there, and cannot be unpacked: why."""


def shared(src, folder):
    """The folder with phi-text, mail-ham, mime-suites and facts. Throws Absent, Damaged."""
    source = os.path.join(src, "../shared/data")
    if not os.path.exists(os.path.join(source, "phi-text.tar.zst")):
        raise Absent("no ../shared/data")
    target = os.path.join(folder, "data")
    os.makedirs(target)
    for one in SETS:
        done = subprocess.run(
            ["tar", "-x", "--zstd", "-f", os.path.join(source, one + ".tar.zst"), "-C", target],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Damaged(f"{one}.tar.zst cannot be unpacked: {done.stderr.strip()}")
    shutil.copytree(os.path.join(source, "facts"), os.path.join(target, "facts"))
    return target
