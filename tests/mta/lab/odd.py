# SPDX-License-Identifier: Apache-2.0
"""odd: a site as it is found, from add to remove, with mail in between."""
from .message import harmless, phi
from .setup import octets, script, write


def lines(*more):
    return lambda text: text + b"\n" + b"\n".join(more) + b"\n"


def without(*names):
    """main.cf without some settings."""
    return lambda text: b"".join(l for l in text.splitlines(True) if l.split(b"=")[0].strip() not in names)


def both(first, second):
    return lambda text: second(first(text))


same = bytes


def mail(site, name, smarthost):
    """Protected mail and other mail, by SMTP and by sendmail(1)."""
    tap, postfix = site.tap, site.postfix
    wanted = {
        ("inside", "bob@clinic.test"): [None],
        ("portal", "portal@plain.test"): [None],
        # A smarthost with TLS takes what a recipient's own host cannot.
        ("valid" if smarthost else "portal", "bob@plain.test"): ["TLSv1.3"] if smarthost else [None],
        ("valid", "tls@valid.test"): ["TLSv1.3"],
    }
    rcpts = [rcpt for _sink, rcpt in wanted]
    message = phi()
    site.send(message, *rcpts)
    postfix.settle()
    tap.equal(site.copies(message), wanted, "%s: each recipient by its route" % name)
    message = phi()
    postfix.run("sendmail", "-i", "-f", "alice@clinic.test", *rcpts, stdin=message.octets.replace(b"\r\n", b"\n"))
    postfix.settle()
    tap.equal(site.copies(message), wanted, "%s: and by sendmail(1)" % name)
    message = harmless()
    site.send(message, "bob@clinic.test", "bob@plain.test")
    postfix.settle()
    copies = site.copies(message)
    tap.ok(len(copies) == 2 and copies.get(("inside", "bob@clinic.test")) == [None], "%s: other mail as ever" % name, copies)
    found = script(site, "show").stdout
    tap.ok("milward-portal:[127.0.0.21]:25" in found, "%s: show shows the routes" % name, found)
    tap.equal(postfix.queue(), [], "%s: nothing waits" % name)


def run(site, name, main, master, options):
    tap, postfix = site.tap, site.postfix
    stock = octets()
    before = {"main.cf": main(stock["main.cf"]), "master.cf": master(stock["master.cf"])}
    write(before)
    done = script(site, "add", "--socket", site.socket, "--portal", "[127.0.0.21]:25", *options)
    if tap.ok(done.returncode == 0, "%s: add" % name, done.stdout + done.stderr):
        done = script(site, "check")
        tap.ok(done.returncode == 0, "%s: check" % name, done.stdout + done.stderr)
        if master is not same or options:
            added = octets()
            script(site, "add", "--socket", site.socket, "--portal", "[127.0.0.21]:25", *options)
            tap.equal(octets(), added, "%s: add again changes nothing" % name)
        postfix.start()
        mail(site, name, "--smarthost" in options)
        postfix.stop()
        done = script(site, "remove")
        tap.ok(done.returncode == 0, "%s: remove" % name, done.stdout + done.stderr)
    tap.equal(octets(), before, "%s: and every octet is as it was" % name)
    write(stock)


def end(site):
    """What holds of all of them."""
    clear = [copy for name, sink in site.sinks.items() if name not in ("inside", "portal") for copy in sink.copies
             if not copy.tls and b"SSN" in copy.data]
    site.tap.equal(clear, [], "nothing protected left in clear")
    site.tap.equal(site.leaks(), [], "no log has what is in messages")
