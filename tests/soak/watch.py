# SPDX-License-Identifier: Apache-2.0
"""watch: memory, descriptors and threads of every process of milward, over time, and whether what they hold grows.

Memory is PSS: pages that several processes share count once in all. It is never flat: messages in work take some, caches (answers of
milward-lookup, decisions of route, recipients that were seen) fill up to their bound, and malloc() keeps what it had at a peak in up to four
arenas, each of which settles after it has met its largest message. All of that ends; a leak does not. So what is judged is the floor under
load: the lower quartile of each of 24 stretches of a phase, behind a first quarter for warming up. It grows when
  - the slope of a straight line through the floors is above zero by its 99.5 % confidence interval,
  - the second half of the time alone shows it too (by 90 %), and is at least half as steep as the first: what fills up gets slower, and
  - it makes more than a share of what was there, or, of descriptors and threads, more than one: the shorter the phase, the more of it is
    still warming up, so the share is one by the root of its seconds (3 % of a quarter of an hour, 1.7 % of an hour).
At rest, when all sessions are closed, descriptors and threads have to be back where they were when a phase began.
"""
import collections
import math
import os
import threading
import time

PROGRAMS = ("milward", "milward-reader", "milward-seal", "milward-lookup", "milward-portal")
STRETCHES = 24


def _read(path):
    with open(path, "rb") as file:
        return file.read()


class Process:
    """What one process holds now. None of it is there when it has just ended."""

    def __init__(self, pid):
        self.pid = pid
        stat = _read("/proc/%d/stat" % pid).rpartition(b")")[2].split()
        self.parent, self.threads = int(stat[1]), int(stat[17])
        self.processor = int(stat[11]) + int(stat[12])
        self.command = _read("/proc/%d/cmdline" % pid)
        self.pss = sum(int(line.split()[1]) for line in _read("/proc/%d/smaps_rollup" % pid).splitlines() if line.startswith(b"Pss:"))
        self.fds = len(os.listdir("/proc/%d/fd" % pid))


def processes():
    """{role: [Process]}: a role is the program, and for milward which one and whether it reads mail or watches over the one that does."""
    found, names = [], {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            name = _read("/proc/%s/comm" % pid).decode().strip()
            if name in PROGRAMS:
                found.append(Process(int(pid)))
                names[int(pid)] = name
        except (OSError, IndexError):
            pass  # it has ended
    roles = collections.defaultdict(list)
    for one in found:
        name = names[one.pid]
        if name == "milward":
            name = "signer" if b"--reentry" in one.command else "milward"
            name += " worker" if names.get(one.parent) == "milward" else ""
        elif names.get(one.parent) == name and name != "milward-reader":
            name += " child"
        roles[name].append(one)
    return roles


def held():
    """{role: (processes, KB, descriptors, threads)} now."""
    return {role: (len(all_), sum(p.pss for p in all_), sum(p.fds for p in all_), sum(p.threads for p in all_)) for role, all_ in processes().items()}


def number_of(*names):
    """How many processes of these programs there are."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            count += _read("/proc/%s/comm" % pid).decode().strip() in names
        except OSError:
            pass
    return count


class Watch:
    """Looks every so many seconds; looks: [(seconds since the start, phase, {role: …})]."""

    def __init__(self, every):
        self.every, self.begin = every, time.monotonic()
        self.looks, self.phase, self.marks = [], "", []
        self.over = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def now(self):
        return time.monotonic() - self.begin

    def enter(self, phase):
        self.phase = phase
        self.marks.append((self.now(), phase))

    def _run(self):
        while not self.over.wait(self.every):
            phase, what = self.phase, held()
            self.looks.append((self.now(), phase, what))

    def series(self, phase, role, column):
        return [(t, what[role][column]) for t, p, what in self.looks if p == phase and role in what]


def _line(points):
    """Least squares: slope, and its standard error. Memory wanders: a stretch above the line is followed by another, so there are fewer
    independent ones than it seems, by how much each says of the next (their correlation at lag one)."""
    n = len(points)
    mx, my = (sum(p[i] for p in points) / n for i in (0, 1))
    sxx = sum((x - mx) ** 2 for x, _ in points)
    slope = sum((x - mx) * (y - my) for x, y in points) / sxx
    off = [y - my - slope * (x - mx) for x, y in points]
    rest = sum(d * d for d in off)
    alike = max(sum(a * b for a, b in zip(off, off[1:])) / rest, 0) if rest else 0
    return slope, math.sqrt(rest / (n - 2) / sxx * (1 + alike) / max(1 - alike, 0.05))


# Student's t, one-sided: 99.5 % for all stretches, 90 % for half of them.
T_WHOLE, T_HALF = 2.819, 1.372


def floors(series, stretches=STRETCHES):
    """The lower quartile of each stretch of time, behind the first quarter."""
    if len(series) < 2 * stretches:
        stretches = max(len(series) // 2, 1)
    series = series[len(series) // 4:]
    size = len(series) / stretches
    cut = [series[int(i * size):int((i + 1) * size)] for i in range(stretches)]
    return [(sum(t for t, _ in part) / len(part), sorted(v for _, v in part)[len(part) // 4]) for part in cut if part]


class Growth:
    """slope a second with its margin, level, and whether it grows (None: too few looks to say)."""

    def __init__(self, series, least=0.0):
        points = floors(series)
        self.level = sorted(v for _, v in points)[len(points) // 2] if points else 0
        self.slope = self.margin = 0.0
        self.grows = None
        if len(points) < STRETCHES:
            return
        self.slope, error = _line(points)
        self.margin = error * T_WHOLE
        seconds = points[-1][0] - points[0][0]
        (early, _), (late, doubt) = (_line(half) for half in (points[:len(points) // 2], points[len(points) // 2:]))
        self.grows = (self.slope > self.margin and late > doubt * T_HALF and late > early / 2
                      and self.slope * seconds > max(self.level / math.sqrt(seconds), least))
