# SPDX-License-Identifier: Apache-2.0
"""namespace: runs the calling script again in a world of its own, and takes the world away with it.

Own network (only lo), own processes (all die with the script), own mounts: /dev with a private /dev/log, /run, /etc/hosts,
/etc/resolv.conf, and a working folder on a tmpfs. Nothing of it is seen outside, so that scripts may run side by side.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

from .tap import skip_all

_MARK = "MILWARD_LAB"
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_HOSTS = "127.0.0.1 gw.clinic.test gw localhost\n"
_RESOLV = "nameserver 127.0.0.53\noptions trust-ad edns0\n"


def enter():
    """Returns the working folder inside the namespace. Outside it runs the script there and exits with its status."""
    inside = os.environ.pop(_MARK, None)
    if inside:
        _furnish(inside)
        return inside
    if os.geteuid() != 0:
        skip_all("needs root: a network namespace, chroot and port 25")
    folder = tempfile.mkdtemp(prefix="milward-lab-")
    os.chmod(folder, 0o711)
    unshare = ["unshare", "--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation", "private"]
    if subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        os.rmdir(folder)
        skip_all("no namespaces here (unshare is refused)")
    child = subprocess.Popen(unshare + [sys.executable] + sys.argv, env=dict(os.environ, **{_MARK: folder}))

    def stop(number, _frame):
        child.kill()  # and --kill-child ends everything inside
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        status = child.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status if status >= 0 else 128 - status)


def _mount(*args):
    subprocess.run(("mount",) + args, check=True)


def _bind_text(folder, path, text):
    """Lets `path` have `text` here; the file itself is not touched."""
    copy = os.path.join(folder, os.path.basename(path))
    with open(copy, "w") as out:
        out.write(text)
    if not os.path.exists(path):
        return
    _mount("--bind", copy, os.path.realpath(path))


def _furnish(folder):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # /proc of these processes, where the sandbox allows it; nothing depends on it.
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], stderr=subprocess.DEVNULL)
    _queues()
    _mount("-t", "tmpfs", "-o", "mode=711,size=2g", "lab", folder)
    os.chdir(folder)
    os.mkdir("log")
    _furnish_dev(folder)
    _mount("-t", "tmpfs", "-o", "mode=755", "run", "/run")
    _bind_text(folder, "/etc/hosts", _HOSTS)
    _bind_text(folder, "/etc/resolv.conf", _RESOLV)
    socket.sethostname("gw.clinic.test")
    _syslog(folder)


def _queues():
    """Room for more than ten datagrams on a unix socket: when many of Postfix's processes are killed at once, its master tells postlogd of
    each, postlogd tells the master that it is at work, and with both queues full they wait for each other for ever."""
    try:
        with open("/proc/sys/net/unix/max_dgram_qlen", "w") as out:
            out.write("4096")
    except OSError:
        pass  # not ours to set here


def _furnish_dev(folder):
    """A small /dev on a tmpfs, so that /dev/log is ours. Devices are bound, not made: mknod may be forbidden."""
    dev = os.path.join(folder, "dev")
    os.mkdir(dev)
    _mount("-t", "tmpfs", "-o", "mode=755", "dev", dev)
    for name in _DEVICES:
        path = os.path.join(dev, name)
        open(path, "w").close()
        _mount("--bind", "/dev/" + name, path)
    os.mkdir(os.path.join(dev, "shm"), 0o1777)
    os.mkdir(os.path.join(dev, "pts"))
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, os.path.join(dev, name))
    _mount("--move", dev, "/dev")


def _syslog(folder):
    """What programs send to syslog goes to log/syslog."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind("/dev/log")
    os.chmod("/dev/log", 0o666)
    out = open(os.path.join(folder, "log", "syslog"), "ab", buffering=0)

    def receive():
        while True:
            out.write(sock.recv(65536) + b"\n")

    threading.Thread(target=receive, daemon=True).start()
