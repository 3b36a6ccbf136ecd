#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who may have it in clear, by consent or by the sender's word, and who is behind an alias: on a real Postfix, with the record of it."""
import datetime
import json
import os
from email.header import decode_header, make_header

import lab
from lab.site import LOAD

TODAY = datetime.date.today()
DAY = datetime.timedelta(days=1)
CONSENTS = """\
yes@plain.test      "M. Adams, RN"  2020-01-01  none        "form 12"
ended@plain.test    adams           2020-01-01  %s
soon@plain.test     adams           %s  none
others@plain.test   adams           2020-01-01  none        for dr.lee@clinic.test
""" % (TODAY - 2 * DAY, TODAY + 2 * DAY)
VIRTUAL = """\
team@clinic.test    carol@clinic.test, bob@valid.test, ann@plain.test
all@clinic.test     team@clinic.test, yes@plain.test
copy@clinic.test    copy@clinic.test, bob@valid.test
inside@clinic.test  carol@clinic.test, dave@clinic.test
desk@lists.clinic.test  desk@lists.clinic.test
named@clinic.test       desk
"""
LOCAL = """\
staff: carol@clinic.test, bob@valid.test, helpers
helpers: eve@plain.test
owner-news: postmaster@clinic.test
news: bob@valid.test
desk: bob@valid.test
more: desk+late@lists.clinic.test
"""
MORE = """
load audit grant store { path "%(folder)s/audit.log"; sync no }
consents plain file "consents"
table <may-opt-out> { "research@clinic.test" }
table <local> { "lists.clinic.test" }
aliases virtual "virtual", local "aliases" for <local>
match class phi to external consent plain then pass
match class phi to external from <may-opt-out> header "X-No-PHI" /^ *I attest$/ then pass attested "no health data", strip header "X-No-PHI"
match subject /\\[secure\\]/i to external then send by tls, strip-subject "[secure]"
match header "X-Secure" /^ *yes$/i to external then send by tls, strip header "X-Secure"
"""


def records(site, message):
    """{recipient: what the audit record says of it} of a message."""
    with open(os.path.join(site.folder, "audit.log")) as log:
        all_of_it = [json.loads(line) for line in log]
    ids = site.postfix.queue_ids(message.id)
    return {r["address"]: r for record in all_of_it if record.get("queue_id") in ids for r in record["recipients"]}


def consents(site):
    tap, postfix = site.tap, site.postfix
    message = lab.phi()
    site.send(message, *["%s@plain.test" % name for name in ("yes", "ended", "soon", "others", "none")])
    postfix.settle()
    wanted = {("portal", "%s@plain.test" % name): [None] for name in ("ended", "soon", "others", "none")}
    wanted["plain", "yes@plain.test"] = [None]
    tap.equal(site.copies(message), wanted, "who consents gets plain mail, nobody else")
    found = records(site, message)
    tap.equal(found["yes@plain.test"].get("consent"),
              {"name": "plain", "by": "M. Adams, RN", "from": "2020-01-01", "until": "none", "at": "consents:1"},
              "the record has who recorded the consent, and when")
    tap.ok(not any("consent" in found["%s@plain.test" % name] for name in ("ended", "soon", "others", "none")), "of the others it has none", found)
    message = lab.phi(sender="dr.lee@clinic.test")
    site.send(message, "others@plain.test")
    postfix.settle()
    tap.equal(site.copies(message), {("plain", "others@plain.test"): [None]}, "a consent for one sender counts for that one")
    tap.ok("form 12" not in open(os.path.join(site.folder, "audit.log")).read() + site.daemon_.log(), "a note is written down nowhere")
    # Withdrawn: what counted until yesterday counts no more when the policy is read again.
    with open(os.path.join(site.folder, "consents"), "w") as out:
        out.write(CONSENTS.replace("none        \"form", "%s  \"form" % (TODAY - DAY)))
    at = len(site.daemon_.log())
    site.daemon_.reload()
    site.daemon_.wait_log("reload", after=at)
    message = lab.phi()
    site.send(message, "yes@plain.test")
    postfix.settle()
    tap.equal(site.copies(message), {("portal", "yes@plain.test"): [None]}, "a consent that is withdrawn counts no more after a reload")


def attested(site):
    tap, postfix = site.tap, site.postfix
    for sender, says, where in (("research@clinic.test", "I attest", "plain"), ("research@clinic.test", "maybe", "portal"),
                                ("alice@clinic.test", "I attest", "portal")):
        message = lab.phi(sender=sender, head="X-No-PHI: %s\r\n" % says)
        site.send(message, "none@plain.test")
        postfix.settle()
        tap.equal(site.copies(message), {(where, "none@plain.test"): [None]}, "%s says %s: %s" % (sender, says, where))
        wanted = "no health data" if where == "plain" else None
        tap.equal(records(site, message)["none@plain.test"].get("attested"), wanted, "and the record %s it" % ("has" if wanted else "does not have"))
        if wanted:
            tap.equal([copy.header("X-No-PHI") for copy in site.found(message)], [[]], "the header field is taken out")


def triggers(site):
    """The sender asks for protection, and the sign for it does not reach the recipient."""
    tap = site.tap
    for subject, seen in (("Re: [Secure] plans", "Re: plans"),
                          ("=?utf-8?q?=5Bsecure=5D_J=C3=B6rg?=", "J\xf6rg"), ("a line\r\n that is [secure]\r\n folded", "a line that is folded")):
        message = lab.harmless(subject=subject)
        site.send(message, "bob@valid.test")
        site.postfix.settle()
        found = site.found(message)
        got = [str(make_header(decode_header(value))) for copy in found for value in copy.header("Subject")]
        tap.equal((site.copies(message), got), ({("valid", "bob@valid.test"): ["TLSv1.3"]}, [seen]), "%r: by TLS, and the tag is gone" % subject)
        order = [line.split(b":")[0] for copy in found for line in copy.data.split(b"\r\n\r\n")[0].split(b"\r\n") if line[:1].isalpha()]
        tap.ok(order.index(b"Subject") == order.index(b"To") + 1, "it stays in its place", order)
    message = lab.harmless(head="X-Secure: Yes\r\n")
    site.send(message, "bob@valid.test")
    site.postfix.settle()
    tap.equal((site.copies(message), [copy.header("X-Secure") for copy in site.found(message)]), ({("valid", "bob@valid.test"): ["TLSv1.3"]}, [[]]),
              "a header field asks for it, too")


def virtual(site):
    tap, postfix = site.tap, site.postfix
    wanted = {("inside", "carol@clinic.test"): [None], ("valid", "bob@valid.test"): ["TLSv1.3"], ("portal", "ann@plain.test"): [None]}
    for rcpt in ("Team@Clinic.test", '"team"@clinic.test'):
        message = lab.phi()
        site.send(message, rcpt)
        postfix.settle()
        tap.equal(site.copies(message), wanted, "%s: each behind it by a route of its own, once" % rcpt)
    tap.equal(records(site, message)["bob@valid.test"]["alias"], '"team"@clinic.test', "the record names the alias")
    message = lab.harmless()
    site.send(message, "team@clinic.test")
    postfix.settle()
    tap.equal(sorted(site.copies(message)), sorted([("inside", "carol@clinic.test"), ("valid", "bob@valid.test"), ("plain", "ann@plain.test")]),
              "what needs no protection is left to Postfix")
    message = lab.phi()
    with lab.Client() as smtp:
        smtp.mail(message.sender, "RET=HDRS ENVID=Q7")
        smtp.rcpt("all@clinic.test", "NOTIFY=FAILURE ORCPT=rfc822;everybody@clinic.test")
        smtp.rcpt("dave@clinic.test", "NOTIFY=NEVER")
        smtp.data(message.octets)
    postfix.settle()
    more = dict(wanted)
    more.update({("portal", "yes@plain.test"): [None], ("inside", "dave@clinic.test"): [None]})
    tap.equal(site.copies(message), more, "an alias of an alias, beside another recipient")
    arguments = sorted(r for copy in site.found(message) for r in copy.rcpts)
    tap.ok(all("ORCPT=rfc822;everybody@clinic.test" in r and "NOTIFY=FAILURE" in r for r in arguments if "dave" not in r) and
           any(r.startswith("<dave@clinic.test>") and "NOTIFY=NEVER" in r for r in arguments), "ORCPT and NOTIFY are those of the alias", arguments)
    message = lab.phi()
    site.send(message, "carol@clinic.test", "team@clinic.test", "team@clinic.test", "bob@valid.test")
    postfix.settle()
    got = site.copies(message)
    tap.ok(set(got) == set(wanted) and all(set(got[key]) == set(wanted[key]) for key in wanted), "who is named beside the alias that leads to him is not lost", got)
    message = lab.phi()
    site.send(message, "inside@clinic.test")
    postfix.settle()
    tap.equal(sorted(site.copies(message)), [("inside", "carol@clinic.test"), ("inside", "dave@clinic.test")], "an alias that stays inside is left alone")
    said = refused(site, "copy@clinic.test")
    tap.ok(said.startswith("550") and "keeps a copy" in said, "who keeps a copy and forwards: refused, with the reason", said)
    # Tagged and requeued: nothing of the alias comes back.
    message = lab.phi()
    site.sinks["valid"].down()
    site.send(message, "team@clinic.test")
    postfix.settle()
    postfix.super("-r", "ALL")
    postfix.settle()
    site.sinks["valid"].up()
    postfix.flush()
    lab.wait_for(lambda: not postfix.queue(), "the queue is empty")
    tap.equal(site.copies(message), wanted, "a destination that was down, and a requeue: each once, by its route")


def refused(site, rcpt):
    """What the sender is told; "taken" when he is not."""
    message = lab.phi()
    try:
        site.send(message, rcpt)
        said = "taken"
    except lab.Refused as answer:
        said = answer.text
    site.tap.ok(not site.found(message), "%s: nothing of it goes anywhere" % rcpt, site.found(message))
    return said


def unsplit(site):
    """A Postfix that cannot take out an alias with what it has made of it would lose a recipient."""
    site.postfix.set(enable_original_recipient="no")
    site.postfix.reload()
    said = refused(site, "team@clinic.test")
    site.tap.ok(said.startswith("550") and "members of an alias" in said, "enable_original_recipient=no: refused, with the reason", said)


def several(site):
    """One refusal for several recipients tells the reason of each."""
    message = lab.phi()
    try:
        site.send(message, "copy@clinic.test", "news@lists.clinic.test", "bob@valid.test", "tls@valid.test")
        said = "taken"
    except lab.Refused as answer:
        said = answer.text
    wanted = ("550-5.7.1 message refused by policy: no route for copy@clinic.test: tls", "it keeps a copy", "550 5.7.1 no route for news@lists.clinic.test: tls", "owner")
    site.tap.ok(all(text in said for text in wanted) and not site.found(message), "several recipients without a route: one reply with a line for each", said)
    found = records(site, message)
    site.tap.ok("it keeps a copy" in found["copy@clinic.test"]["skipped"] and "owner" in found["news@lists.clinic.test"]["skipped"] and
                not found["tls@valid.test"]["skipped"], "and so does the record", found)


def local(site):
    tap, postfix = site.tap, site.postfix
    message = lab.phi()
    site.send(message, "staff@lists.clinic.test")
    postfix.settle()
    tap.equal(site.copies(message), {("inside", "carol@clinic.test"): [None], ("valid", "bob@valid.test"): ["TLSv1.3"], ("portal", "eve@plain.test"): [None]},
              "aliases(5): each behind it by a route of its own")
    message = lab.phi()
    site.send(message, "desk@lists.clinic.test")
    postfix.settle()
    tap.equal(site.copies(message), {("valid", "bob@valid.test"): ["TLSv1.3"]}, "what virtual(5) leads to itself, and aliases(5) elsewhere")
    for rcpt, why in (("named@clinic.test", "no address"), ("more@lists.clinic.test", "extension")):
        said = refused(site, rcpt)
        tap.ok(said.startswith("550") and why in said, "%s, which leads outside by a name or an extension: refused, with the reason" % rcpt, said)
    said = refused(site, "news@lists.clinic.test")
    tap.ok(said.startswith("550") and "owner" in said, "a list with an owner: refused, with the reason", said)


with lab.Site() as site:
    for name, text in (("consents", CONSENTS), ("virtual", VIRTUAL), ("aliases", LOCAL)):
        with open(os.path.join(site.folder, name), "w") as out:
            out.write(text)
    site.postfix.set(virtual_alias_maps="texthash:%s/virtual" % site.folder, alias_maps="texthash:" + site.postfix.file("aliases.map", LOCAL.replace(":", " ")),
                     mydestination="localhost, lists.clinic.test", recipient_delimiter="+")
    site.daemon_ = site.outbound(load=LOAD + MORE % {"folder": site.folder}, then="always record audit")
    consents(site)
    attested(site)
    triggers(site)
    virtual(site)
    local(site)
    several(site)
    unsplit(site)
    site.tap.equal(site.leaks(), [], "no log has what was found, or a Subject")
    site.tap.equal(site.bounces(), [], "nothing bounced")
