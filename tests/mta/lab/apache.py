# SPDX-License-Identifier: Apache-2.0
"""apache: Apache in front of the portal, with the example that is installed and nothing else changed in it than names."""
import os
import subprocess

from .webserver import Webserver

PROGRAM = "/usr/sbin/apache2"
MODULES = "/usr/lib/apache2/modules"
# What Debian has always, and what the example says that must be turned on.
DEFAULTS = ("mpm_event", "authz_core", "alias")
OUTER = """ServerRoot "%(folder)s"
ServerName localhost
ServerTokens Prod
User www-data
Group www-data
PidFile "%(folder)s/pid"
DefaultRuntimeDir "%(folder)s"
ErrorLog "%(logs)s/apache-main.log"
LogFormat "%%h %%r" common
Listen 127.0.0.1:80
Listen 127.0.0.1:443
StartServers 1
%(modules)s
Include "%(folder)s/site.conf"
"""


def is_there():
    return os.path.exists(PROGRAM) and os.path.exists(os.path.join(MODULES, "mod_proxy_http.so"))


class Apache(Webserver):
    def __init__(self, site, host, sock):
        self.folder = os.path.join(site.folder, "apache")
        self.logs = os.path.join(self.folder, "log")
        os.makedirs(self.logs)
        certificate = site.ca.issue(host)
        with open(os.path.join(site.prefix, "share/milward/web/apache.conf")) as file:
            text = file.read()
        wanted = text[text.index("a2enmod ") + 8:text.index(" &&")].split()
        for old, new in (("/etc/ssl/private/pickup.clinic.example.key", certificate), ("/etc/ssl/pickup.clinic.example.pem", certificate),
                         ("pickup.clinic.example", host), ("/run/milward/portal.sock", sock), ("/var/log/apache2", self.logs)):
            assert old in text, old
            text = text.replace(old, new)
        modules = "\n".join("LoadModule %s_module %s/mod_%s.so" % (m, MODULES, m) for m in (*DEFAULTS, *wanted, "socache_shmcb")
                            if os.path.exists("%s/mod_%s.so" % (MODULES, m)))
        for name, octets in (("site.conf", text), ("apache.conf", OUTER % {"folder": self.folder, "logs": self.logs, "modules": modules})):
            with open(os.path.join(self.folder, name), "w") as out:
                out.write(octets)

    def _run(self, *arguments):
        return [PROGRAM, "-f", os.path.join(self.folder, "apache.conf"), *arguments]

    def check(self):
        """What Apache says of the example."""
        done = subprocess.run(self._run("-t"), capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def command(self):
        return self._run("-DFOREGROUND")

    def log(self):
        return self.logged()
