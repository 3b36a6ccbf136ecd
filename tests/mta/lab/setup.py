# SPDX-License-Identifier: Apache-2.0
"""setup: the set-up script and the two files that it changes, octet by octet."""
import os
import subprocess

from .postfix import CONFIG


def octets():
    return {name: open(os.path.join(CONFIG, name), "rb").read() for name in ("main.cf", "master.cf")}


def write(files):
    for name, text in files.items():
        with open(os.path.join(CONFIG, name), "wb") as out:
            out.write(text)


def script(site, *arguments, path="", **more):
    """The script as it is, with no arguments but these."""
    program = os.path.join(site.prefix, "share", "milward", "postfix", "milward-postfix")
    env = dict(os.environ, PATH=path + os.environ["PATH"])
    # Programs of Postfix read a main.cf that is younger than two seconds again and again: an old one saves minutes here.
    os.utime(os.path.join(CONFIG, "main.cf"), (1e9, 1e9))
    return subprocess.run((program,) + arguments, capture_output=True, text=True, env=env, **more)


def wrapper(site, name, body):
    """A folder for PATH with a program that stands before the real one."""
    folder = os.path.join(site.folder, name)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "postfix")
    with open(path, "w") as out:
        out.write("#!/bin/sh\n%s\nexec /usr/sbin/postfix \"$@\"\n" % body)
    os.chmod(path, 0o755)
    return folder + ":"
