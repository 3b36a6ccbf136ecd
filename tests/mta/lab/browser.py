# SPDX-License-Identifier: Apache-2.0
"""browser: headless Chromium, driven from outside by tests/portal/browser/driver.js with playwright-core, and judged by axe-core.

    folder = browser.install()                  # outside of the namespace, where npm's registry can be reached
    with browser.Browser(folder, shots) as chromium:
        page = chromium.page(viewport={"width": 360, "height": 720})
        status, headers = page.open("https://pickup.clinic.test/")
"""
import itertools
import json
import os
import re
import shutil
import subprocess

from .tap import skip_all

HERE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../portal/browser"))


def folder():
    """Where its packages are, and what the test makes: beside the build."""
    build = os.environ.get("MILWARD_BUILD") or os.path.normpath(os.path.join(HERE, "../../../build-tests/gcc"))
    return os.path.join(os.path.dirname(os.path.abspath(build)), "browser")


def install():
    """Packages as package-lock.json pins them, by digest. Ends the test with the reason when they cannot be had."""
    for program, package in (("node", "nodejs"), ("npm", "npm"), ("chromium", "chromium"), ("nginx", "nginx-light")):
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin"):
            skip_all("%s is not installed (packaging/deps test)" % package)
    where = folder()
    os.makedirs(where, exist_ok=True)
    with open(os.path.join(HERE, "package-lock.json"), "rb") as file:
        wanted = file.read()
    done = os.path.join(where, "installed")
    if os.path.exists(done) and open(done, "rb").read() == wanted:
        return where
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, name), where)
    try:
        npm = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000"], cwd=where,
                             capture_output=True, text=True, timeout=90)
        code = re.search(r"npm (?:error|ERR!) code (\S+)", npm.stderr)
        why = (code.group(1) if code else "exit %d" % npm.returncode) if npm.returncode else None
    except subprocess.TimeoutExpired:
        why = "no answer"
    if why in ("EINTEGRITY", "EUSAGE"):
        raise SystemExit("npm: %s: what the registry gives is not what the lock file pins" % why)
    if why:
        skip_all("playwright-core and axe-core cannot be had from npm's registry now: %s" % why)
    with open(done, "wb") as file:
        file.write(wanted)
    return where


class Page:
    """A page in a context of its own: no cookies of others. Methods are those of the driver, else Playwright's of Page."""

    def __init__(self, browser, number, name):
        self.browser, self.number, self.name = browser, number, name

    def __getattr__(self, call):
        return lambda *args: self.browser.order(page=self.number, call=call, args=args)

    def open(self, url):
        """Goes there: status and header fields."""
        answer = self.browser.order(page=self.number, call="status", args=[url])
        return answer["status"], answer["headers"]

    def shot(self, name):
        self.screenshot({"path": os.path.join(self.browser.shots, name + ".png"), "fullPage": True})

    def text(self):
        return self.innerText("body")


class Browser:
    def __init__(self, packages, shots, *arguments):
        self.shots = shots
        os.makedirs(shots, exist_ok=True)
        env = dict(os.environ, NODE_PATH=os.path.join(packages, "node_modules"), HOME=os.getcwd())
        self.log = open("log/browser", "wb")
        self.process = subprocess.Popen(["node", os.path.join(HERE, "driver.js"), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, env=env)
        self.version = self._answer()
        self.numbers = itertools.count()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the browser's driver has ended: %s" % open("log/browser", errors="replace").read()[-2000:])
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]

    def order(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def page(self, name="page", **options):
        number = next(self.numbers)
        self.order(page=number, call="open", options=options)
        return Page(self, number, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)
