# SPDX-License-Identifier: Apache-2.0
"""Processes as the kernel shows them: whether they run, and how one is made to stand still, as one does that waits for a disk."""
import glob
import os
import signal

from .tap import wait_for


def _threads(pid):
    """The state letters of its threads, as in proc(5)."""
    states = []
    for path in glob.glob("/proc/%d/task/*/stat" % pid):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                states.append(file.read().rpartition(")")[2].split()[0])
        except OSError:
            pass  # this thread has ended
    return states


def alive(pid):
    """Does a thread of it run? Its first one is a zombie as soon as it has ended itself, while others still hold sockets and locks; and all
    of it may be listed until somebody asks for its status."""
    return any(state not in "ZX" for state in _threads(pid))


def _parents():
    """Who the parent of each process is: /proc/PID/task/TID/children leaves some out while another one ends (proc(5))."""
    parents = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                parents[int(path.split("/")[2])] = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            pass  # this process has ended
    return parents


def children(pid):
    """Lowest number first."""
    return sorted(child for child, parent in _parents().items() if parent == pid)


def tree(top):
    """It and all below it, of one look at all processes."""
    parents = _parents()
    found = [top]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def freeze(*pids):
    """Returns when every thread of them stands: kill() comes back earlier, and what is running on another processor goes on for a while."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        wait_for(lambda pid=pid: all(state in "TtZX" for state in _threads(pid)), "process %d stands still" % pid)


def thaw(*pids):
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
