# SPDX-License-Identifier: Apache-2.0
"""tap: test results as lines that tests/run counts, and waiting for a condition."""
import sys
import time


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, passed, name, *why):
        """One test. `why` is printed when it failed."""
        self.count += 1
        if not passed:
            self.failed += 1
        print("%s %d - %s" % ("ok" if passed else "not ok", self.count, name.replace("#", "")), flush=True)
        if not passed:
            for item in why:
                note(item)
        return bool(passed)

    def equal(self, got, wanted, name):
        return self.ok(got == wanted, name, "got    %r" % (got,), "wanted %r" % (wanted,))

    def skip(self, name, why):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, name, why), flush=True)

    def end(self):
        print("1..%d" % self.count, flush=True)
        return 1 if self.failed or not self.count else 0


def note(text):
    """Lines for a person who looks at a failure."""
    for line in str(text).splitlines():
        print("# " + line, flush=True)


def skip_all(why):
    print("1..0 # SKIP " + why, flush=True)
    sys.exit(0)


class Timeout(AssertionError):
    pass


def wait_for(condition, what, seconds=30, seen=None):
    """Polls until condition() is true and returns its value; fails with `what`, and with what seen() sees, after `seconds`."""
    end = time.monotonic() + seconds
    pause = 0.01
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Timeout("waited %d s for: %s%s" % (seconds, what, "; there is: %s" % seen() if seen else ""))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
