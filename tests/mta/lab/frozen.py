# SPDX-License-Identifier: Apache-2.0
"""A process that stands still, as one does that waits for a disk or has no processor: it is there, and does nothing."""
import glob
import os
import signal

from .tap import wait_for


def _stands(pid):
    states = []
    for path in glob.glob("/proc/%d/task/*/stat" % pid):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                states.append(file.read().rpartition(")")[2].split()[0])
        except OSError:
            pass  # this thread has ended
    return bool(states) and all(state in "TtZX" for state in states)


def freeze(*pids):
    """Returns when every thread of them stands: kill() comes back earlier, and what is running on another processor goes on for a while."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        wait_for(lambda pid=pid: _stands(pid), "process %d stands still" % pid)


def thaw(*pids):
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
