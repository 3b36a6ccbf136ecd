#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The set-up script with mail in the queue, on a site with one address, and on one with two instances."""
import os
import subprocess

import lab
from lab.setup import octets, script, write


def other_instance(site):
    """A second instance is set up, the first is not touched."""
    tap, postfix = site.tap, site.postfix
    two = os.path.join(site.folder, "postfix-two")
    os.makedirs(two)
    first = octets()
    for name, text in first.items():
        open(os.path.join(two, name), "wb").write(text)
    postfix.run("postconf", "-c", two, "-e", "queue_directory=%s/spool-two" % site.folder, "data_directory=%s/data-two" % site.folder,
                "multi_instance_name=postfix-two", "smtpd_milters=inet:127.0.0.1:9994")
    os.makedirs(site.folder + "/spool-two", mode=0o755)
    os.makedirs(site.folder + "/data-two")
    subprocess.run(["chown", "postfix", site.folder + "/data-two"], check=True)
    before = {name: open(os.path.join(two, name), "rb").read() for name in first}
    done = script(site, "add", "-c", two, "--port", "10800")
    tap.equal((done.returncode, octets() == first), (0, True), "a second instance is set up, the first is not touched")
    note = done.stdout + done.stderr
    tap.ok(script(site, "check", "-c", two).returncode == 0, "check knows it", note)
    tap.ok(script(site, "check").returncode == 1, "and does not take it for the first")
    script(site, "remove", "-c", two)
    tap.equal({name: open(os.path.join(two, name), "rb").read() for name in first}, before, "and it is removed again")


def waiting_mail(site):
    """Mail in the queue needs its route: without it a relayhost would get it in clear."""
    tap, postfix = site.tap, site.postfix
    postfix.set(relayhost="[127.0.0.11]:25")
    daemon = site.outbound()
    added = octets()
    message = lab.phi()
    site.send(message, "tls@down.test", "bob@clinic.test")
    postfix.settle()
    tap.equal(len(postfix.queue()), 1, "protected mail waits for a host that is down")
    done = script(site, "remove")
    tap.ok(done.returncode == 1 and "1 messages" in done.stderr, "remove refuses while mail needs the routes", done.stderr)
    tap.equal(script(site, "remove", "--force").returncode, 1, "also by force")
    tap.equal(octets(), added, "and changes nothing")
    postfix.super("-h", "ALL")
    tap.equal(script(site, "remove").returncode, 1, "also when it is on hold")
    postfix.super("-d", "ALL")
    tap.equal(script(site, "remove").returncode, 0, "remove removes when it is gone")
    tap.equal([key for key in site.copies(message) if key[0] != "inside"], [], "and nothing of it went out")
    daemon.stop()
    message = lab.harmless()
    site.send(message, "bob@valid.test")
    postfix.settle()
    tap.equal(site.copies(message), {("plain", "bob@valid.test"): [None]}, "mail flows as it did before milward")
    # Mail of local programs has no tag before its hop, while milward is away.
    site.setup("add")
    added = octets()
    message = lab.phi()
    postfix.run("sendmail", "-i", "-f", "alice@clinic.test", "bob@plain.test", stdin=message.octets.replace(b"\r\n", b"\n"))
    postfix.settle()
    tap.equal(list(postfix.deferred()), ["bob@plain.test"], "mail of a local program waits for milward")
    done = script(site, "remove")
    tap.ok(done.returncode == 1 and "1 messages" in done.stderr and octets() == added, "remove refuses while it does", done.stderr)
    done = script(site, "add", "--port", "10700")
    tap.ok(done.returncode == 1 and "port 10532" in done.stderr and octets() == added, "so does add with another port", done.stderr)
    site.setup("add")
    tap.equal(octets(), added, "and not with the same")
    daemon.start()
    postfix.flush()
    lab.wait_for(lambda: not postfix.queue(), "it is delivered when milward is back")
    tap.equal(site.copies(message), {("portal", "bob@plain.test"): [None]}, "by its route")
    site.sinks["plain"].answers["RCPT"] = "451 4.7.1 later"
    site.send(lab.Message(lab.NO_PHI + "milward-local:[127.0.0.1]:10532\r\n"), "bob@plain.test")
    postfix.settle()
    tap.equal((len(postfix.queue()), script(site, "remove").returncode), (1, 0), "other mail that waits is no matter, whatever it says")
    postfix.super("-d", "ALL")
    del site.sinks["plain"].answers["RCPT"]
    daemon.stop()
    postfix.unset("relayhost")
    postfix.stop()


def one_address(site):
    """A site that listens on, and connects from, one address that is not loopback; and names for verified TLS."""
    tap, postfix = site.tap, site.postfix
    subprocess.run(["ip", "address", "add", "10.77.0.1/32", "dev", "lo"], check=True)
    names = os.path.join(site.folder, "names")
    open(names, "w").write("# partners\nmixed.test mx.valid.test  # taken by another company\nplain.test mx.valid.test\n")
    postfix.set(inet_interfaces="10.77.0.1", mynetworks="127.0.0.0/8, 10.77.0.1/32", smtpd_milter_maps="inline:{{127.0.0.1=DISABLE}}")
    site.setup("add", "--names", names)
    daemon = site.daemon().start()
    postfix.start()
    message = lab.phi()
    site.send(message, "bob@plain.test", "tls@valid.test", "ver@mixed.test", "verp@plain.test", address="10.77.0.1")
    postfix.settle()
    tap.equal(site.copies(message), {
        ("portal", "bob@plain.test"): [None],
        ("valid", "tls@valid.test"): ["TLSv1.3"],
        ("valid", "ver@mixed.test"): ["TLSv1.3"],
        ("portal", "verp@plain.test"): [None],
    }, "one inet_interfaces: fallback and TLS work, and names that were given are verified")
    message = lab.phi()
    postfix.run("sendmail", "-i", "-f", "alice@clinic.test", "bob@plain.test", "tls@valid.test", stdin=message.octets.replace(b"\r\n", b"\n"))
    postfix.settle()
    tap.equal(site.copies(message), {("portal", "bob@plain.test"): [None], ("valid", "tls@valid.test"): ["TLSv1.3"]},
              "and mail of local programs meets milward, whatever smtpd_milter_maps say of this machine")
    tap.equal(postfix.queue(), [], "nothing waits")
    daemon.stop()
    postfix.stop()


with lab.Site() as site:
    for part in (other_instance, waiting_mail, one_address):
        part(site)
    site.tap.equal(site.leaks(), [], "no log has what is in messages")
