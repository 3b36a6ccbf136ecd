#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The portal behind Apache, with the example that is installed: from the link to the files, who may say where a client is, what is logged, and what
is said while the portal is down."""
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "mta"))
sys.dont_write_bytecode = True
import lab  # noqa: E402
from lab import apache  # noqa: E402
from lab.milward import Milward  # noqa: E402
from lab.tap import skip_all  # noqa: E402

BUILD = os.environ.get("MILWARD_BUILD") or os.path.normpath(os.path.join(HERE, "../../build-tests/gcc"))
STOW = os.path.join(BUILD, "tests", "portal", "stow")
HOST = "pickup.clinic.test"
TEXT = "Your potassium is 4.1 mmol/l. Zebrafinch."
PHRASE = "correct horse battery"
POLICY = """load portal grant keys, store { store "%(folder)s/portal"; keys "%(folder)s/portal.keys"; url "https://%(host)s"; site "Riverside Clinic"
	from "portal@clinic.test"; listen "unix:%(folder)s/portal.sock"; socket-group "www-data"; receipts no; remind 0 seconds; reply-size 1M }
"""


class Tls(http.client.HTTPSConnection):
    def connect(self):
        self.sock = self._context.wrap_socket(socket.create_connection(("127.0.0.1", 443), 30), server_hostname=HOST)


class Reader:
    def __init__(self, authority):
        self.context, self.cookie = ssl.create_default_context(cafile=authority), None

    def ask(self, method, path, form=None, **fields):
        """Status, header fields as a list, body."""
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        if self.cookie:
            fields["Cookie"] = self.cookie
        if form is not None:
            fields.update({"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://" + HOST})
        connection = Tls(HOST, context=self.context, timeout=30)
        connection.request(method, path, urllib.parse.urlencode(form) if form is not None else None, fields)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, [(k.lower(), v) for k, v in answer.getheaders()], body


def csrf(body):
    return re.search(rb'name="csrf" value="(\w+)"', body).group(1).decode()


if not apache.is_there():
    skip_all("apache2-bin is not installed (packaging/deps test)")
with lab.Site() as site:
    tap, folder = site.tap, site.folder
    os.mkdir(os.path.join(folder, "portal"), 0o700)
    os.chmod(folder, 0o711)
    files = {"text": TEXT.encode(), "scan.pdf": os.urandom(3 << 20)}
    for name, octets in files.items():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(octets)
    policy = os.path.join(folder, "portal.policy")
    with open(policy, "w") as out:
        out.write(POLICY % {"folder": folder, "host": HOST})
    link = subprocess.run([STOW, folder + "/portal", folder + "/portal.keys", "proof=passphrase", "passphrase=" + PHRASE, "text=%s/text" % folder,
                           "file=%s/scan.pdf:application/pdf" % folder], capture_output=True, text=True, check=True).stdout.strip()
    portal = Milward(folder, site.prefix, policy, "portal")
    portal.program, portal.arguments = os.path.join(site.prefix, "sbin", "milward-portal"), ["-p", policy]
    portal.start()
    front = apache.Apache(site, HOST, folder + "/portal.sock")
    status, said = front.check()
    tap.ok(status == 0 and said.strip() == "Syntax OK", "Apache has nothing to say against the example", said)
    front.start()
    reader = Reader(site.ca.path)

    status, fields, body = reader.ask("GET", "/m/" + link, Accept_Encoding="gzip, br", X_Forwarded_For="203.0.113.9", Forwarded="for=203.0.113.9", X_Real_IP="203.0.113.9")
    head = dict(fields)
    tap.ok(status == 200 and "default-src 'none'" in head["content-security-policy"] and head["cache-control"] == "no-store" and "set-cookie" not in head, "the link's page", fields)
    tap.equal(([v for k, v in fields if k == "strict-transport-security"], head["server"], head.get("content-encoding")), (["max-age=63072000; includeSubDomains"], "Apache", None),
              "HSTS once, no version, nothing compressed")
    page = reader.ask("POST", "/m/" + link, {"csrf": csrf(body)}, X_Forwarded_For="203.0.113.9")[2]
    status, fields, _ = reader.ask("POST", "/m/%s/code" % link, {"csrf": csrf(page), "passphrase": PHRASE}, X_Forwarded_For="203.0.113.9", Forwarded="for=203.0.113.9")
    reader.cookie = dict(fields).get("set-cookie", "").split(";")[0]
    tap.ok(status == 303 and dict(fields)["location"] == "/read/" + link[:16] and reader.cookie.startswith("__Secure-mw-"), "a passphrase opens it", status, fields)
    portal.wait_log("signed-in")
    tap.ok("client=127.0.0.1" in portal.log() and "203.0.113.9" not in portal.log(), "the address is the one that Apache saw, whatever the client says", portal.log())
    read = "/read/" + link[:16]
    status, fields, body = reader.ask("GET", read)
    names = [k for k, _ in fields if k not in ("connection", "vary")]
    tap.ok(status == 200 and TEXT.encode() in body and len(names) == len(set(names)), "the message is read, with each header field once", status, fields)
    status, fields, body = reader.ask("GET", read + "/part/2")
    tap.ok(status == 200 and body == files["scan.pdf"] and dict(fields)["content-disposition"].startswith("attachment"), "its file comes as it was", status, len(body))
    status, _, body = reader.ask("GET", read + "/part/2", Range="bytes=100-199")
    tap.equal((status, body), (206, files["scan.pdf"][100:200]), "or a piece of it")
    status, _, body = reader.ask("GET", read + "/zip")
    tap.ok(status == 200 and body.startswith(b"PK"), "and in a zip", status)
    status, _, body = reader.ask("POST", read + "/reply", {"csrf": "x", "text": "y" * (2 << 20)})
    tap.equal(status, 413, "what is too large is the portal's to refuse")
    status, fields, _ = reader.ask("GET", "/m/" + "A" * 48)
    tap.equal((status, [v for k, v in fields if k == "cache-control"]), (404, ["no-store"]), "and a link that is none, with each field once")
    odd = [reader.ask("GET", path)[0] for path in ("/m/%2e%2e/" + link, "/m/..%2f..%2fetc/passwd", "/read/%00", read + "/part/..%2f2", "/server-status", "/.htaccess")]
    tap.ok(set(odd) <= {400, 403, 404}, "odd paths lead nowhere", odd)
    tap.equal([reader.ask(method, "/m/" + link)[0] for method in ("TRACE", "PUT", "DELETE")], [405] * 3, "no other methods")
    plain = http.client.HTTPConnection("127.0.0.1", 80, timeout=30)
    plain.request("GET", "/m/" + link, headers={"Host": HOST})
    answer = plain.getresponse()
    tap.equal((answer.status, answer.getheader("Location")), (301, "https://%s/" % HOST), "a link without TLS is not sent on")
    portal.stop()
    status, fields, body = reader.ask("GET", "/m/" + link)
    head = dict(fields)
    tap.ok(status == 503 and b"not lost" in body and b"perdido" in body and "max-age" in head.get("strict-transport-security", ""), "an outage is said in words", status, fields, body)
    tap.equal([name for name, wanted in (("content-security-policy", "default-src 'none'"), ("cache-control", "no-store"), ("x-content-type-options", "nosniff"),
                                         ("referrer-policy", "no-referrer")) if wanted not in head.get(name, "")], [], "with header fields as all pages have them")
    front.stop()
    log = front.log()
    tap.ok(" GET - 200" in log and " GET %s 200" % read in log and link not in log and link[16:] not in log, "no link in Apache's logs", log)
