#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Address forms that Postfix rewrites after the milter: refused for protected mail, untouched for other mail."""
import lab

# form -> where a stock Postfix brings it; all of them lead to a host without TLS when they are not understood
ODD = {
    "<@valid.test:user@plain.test>": "user@plain.test",
    "<@valid.test,@clinic.test:user@plain.test>": "user@plain.test",
    "plain.test!user": "user@plain.test",
    "valid.test!plain.test!user": None,
    "user%plain.test": "user@plain.test",
    "user%plain.test@localhost": "user@plain.test",
    '"user@plain.test"': "user@plain.test",
    '"user@plain.test"@localhost': "user@plain.test",
    '"a@b"@plain.test': '"a@b"@plain.test',
    "user@[127.0.0.11]": "user@[127.0.0.11]",
    "<user@plain.test.>": "user@plain.test",
}
LONG = "x@" + ".".join(["d" * 60] * 4)[:243] + ".test"


def attempt(site, message, rcpt):
    try:
        site.send(message, rcpt)
        return 250, ""
    except lab.Refused as answer:
        return answer.code, answer.text


with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    daemon = site.outbound()
    for form, wanted in ODD.items():
        message = lab.phi()
        code, text = attempt(site, message, form)
        postfix.settle()
        tap.ok(code // 100 == 5, "%s: protected mail is refused" % form, code, text)
        tap.equal(site.copies(message), {}, "%s: and goes nowhere" % form)
        message = lab.harmless()
        attempt(site, message, form)
        postfix.settle()
        if wanted:
            tap.equal(site.copies(message), {("plain", wanted): [None]}, "%s: other mail goes as ever" % form)

    message = lab.phi()
    code, text = attempt(site, message, LONG)
    tap.ok(code // 100 == 5, "a domain with no room for a tag: protected mail is refused", code, text)

    # A message with one odd recipient among good ones is refused as a whole: no copy without the client knowing.
    message = lab.phi()
    with lab.Client() as smtp:
        smtp.mail(message.sender)
        smtp.rcpt("bob@valid.test")
        smtp.rcpt("plain.test!user")
        try:
            smtp.data(message.octets)
            tap.ok(False, "an odd recipient among good ones: refused")
        except lab.Refused as answer:
            tap.ok(answer.code // 100 == 5, "an odd recipient among good ones: refused", answer)
    postfix.settle()
    tap.equal(site.copies(message), {}, "and nobody gets a copy")

    # Inside, too, an address counts only when it is written plainly: where it leads is the MTA's knowledge, not milward's.
    for rcpt in ("user%x@clinic.test", "postmaster"):
        message = lab.phi()
        code, text = attempt(site, message, rcpt)
        tap.ok(code // 100 == 5, "%s: protected mail is refused" % rcpt, code, text)

    # Forms that only look odd.
    for rcpt, wanted in (
        ("BOB@Plain.TEST", ("portal", "BOB@Plain.TEST")),
        ("<bob+tag@plain.test>", ("portal", "bob+tag@plain.test")),
        ("o'brien@plain.test", ("portal", "o'brien@plain.test")),
    ):
        message = lab.phi()
        code, text = attempt(site, message, rcpt)
        postfix.settle()
        copies = {(sink, rcpt.lower()): tls for (sink, rcpt), tls in site.copies(message).items()}
        tap.equal(copies, {(wanted[0], wanted[1].lower()): [None]}, "%s is an ordinary address (%d)" % (rcpt, code))

    # A line for recipients of some domain is not got around by writing the domain in another way.
    daemon.stop()
    with open(daemon.policy) as policy:
        text = policy.read()
    with open(daemon.policy, "w") as policy:
        policy.write(text.replace("match any then pass", 'match to "plain.test" then send by tls(verified)\nmatch any then pass'))
    daemon.start()
    for form in ("bob@plain.test", *ODD):
        if "[" in form:
            continue  # a host, not a domain
        message = lab.harmless()
        code, text = attempt(site, message, form)
        postfix.settle()
        tap.equal(site.copies(message), {}, "%s: what a line says of the domain holds (%d)" % (form, code))
    for rcpt, sink in (("bob@valid.test", "valid"), ('"a b"@clinic.test', "inside")):
        message = lab.harmless()
        site.send(message, rcpt)
        postfix.settle()
        tap.equal([key for key in site.copies(message)], [(sink, rcpt)], "%s: and others go as ever" % rcpt)
