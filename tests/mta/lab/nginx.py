# SPDX-License-Identifier: Apache-2.0
"""nginx: the web server in front of the portal, with the example that is installed and nothing else changed in it than names."""
import os
import shutil

from .webserver import Webserver

OUTER = """user www-data;
worker_processes 1;
daemon off;
pid %(folder)s/nginx.pid;
error_log %(logs)s/nginx-main.log notice;
events { worker_connections 1024; }
http {
	include /etc/nginx/mime.types;
	client_body_temp_path %(folder)s/body;
	proxy_temp_path %(folder)s/proxy;
	access_log %(logs)s/nginx-all.log;
	include %(folder)s/site.conf;
}
"""


class Nginx(Webserver):
    def __init__(self, site, host, sock):
        self.host, self.folder, self.logs = host, os.path.join(site.folder, "nginx"), os.path.join(site.folder, "log")
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o755)
        certificate = site.ca.issue(host)
        with open(os.path.join(site.prefix, "share/milward/web/nginx.conf")) as file:
            text = file.read()
        for old, new in (("/etc/ssl/private/pickup.clinic.example.key", certificate), ("/etc/ssl/pickup.clinic.example.pem", certificate),
                         ("pickup.clinic.example", host), ("/run/milward/portal.sock", sock), ("/var/log/nginx", self.logs),
                         ("listen [::]", "#listen [::]")):
            assert old in text, old
            text = text.replace(old, new)
        self._write("site.conf", text)
        self._write("nginx.conf", OUTER % {"folder": self.folder, "logs": self.logs})

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as out:
            out.write(text)

    def command(self):
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        return [program, "-c", os.path.join(self.folder, "nginx.conf"), "-e", os.path.join(self.logs, "nginx-start.log")]

    def log(self):
        """The folder is the lab's: others write there, too."""
        return self.logged("nginx", "portal.log", "error.log")

    def kept(self):
        """Files that it made of what went through."""
        return [os.path.join(path, name) for sub in ("body", "proxy") for path, _, names in os.walk(os.path.join(self.folder, sub)) for name in names]
