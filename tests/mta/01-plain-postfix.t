#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The lab itself, without milward: what a stock Postfix does with each kind of destination. Later scenarios stand on this."""
import lab

WHERE = {
    "clinic": {("inside", "bob@clinic.test"): [None]},
    "plain": {("plain", "bob@plain.test"): [None]},
    "valid": {("valid", "bob@valid.test"): ["TLSv1.3"]},
    "selfsigned": {("selfsigned", "bob@selfsigned.test"): ["TLSv1.3"]},
    "wrongname": {("wrongname", "bob@wrongname.test"): ["TLSv1.3"]},
    "expired": {("expired", "bob@expired.test"): ["TLSv1.3"]},
    "brokentls": {("brokentls", "bob@brokentls.test"): [None]},
    "mixed": {("plain", "bob@mixed.test"): [None]},
}

with lab.Site() as site:
    tap = site.tap
    site.postfix.start()
    sent = {}
    for name in WHERE:
        sent[name] = lab.harmless()
        site.send(sent[name], "bob@%s.test" % name)
    site.postfix.settle()
    for name, wanted in WHERE.items():
        tap.equal(site.copies(sent[name]), wanted, "a stock Postfix delivers to %s.test" % name)

    lost = lab.harmless()
    site.send(lost, "bob@nosuch.test")
    down = lab.harmless()
    site.send(down, "bob@down.test")
    site.postfix.settle()
    tap.equal(site.copies(lost), {}, "an unknown domain gets nothing")
    report = [c for c in site.bounces() if b"bob@nosuch.test" in c.data]
    tap.ok(len(report) == 1 and report[0].to == ["alice@clinic.test"], "its sender gets one report")
    tap.equal(list(site.postfix.deferred()), ["bob@down.test"], "mail for a host that is down waits")

    many = lab.harmless()
    site.send(many, "bob@clinic.test", "bob@plain.test", "bob@valid.test")
    site.postfix.settle()
    tap.equal(len(site.postfix.queue_ids(many.id)), 1, "one message for three domains has one queue id")
    queue_id = site.postfix.queue_ids(many.id)[0]
    tap.equal(sorted(d[0] for d in site.postfix.deliveries(queue_id)), ["bob@clinic.test", "bob@plain.test", "bob@valid.test"],
              "the log tells each delivery")
    copy = [c for c in site.found(many) if c.sink == "valid"][0]
    tap.ok(copy.data.endswith(many.octets.split(b"\r\n\r\n", 1)[1]), "the sink has the octets that were sent")

    # The lab must see what it is there to see.
    open("log/fake", "w").write("Subject: Zebrafinch\n")
    tap.equal(site.leaks(), ["fake: Zebrafinch"], "a Subject in a log is found")
    later = lab.Milter(9999, {"E": lab.TEMPFAIL})
    site.postfix.set(smtpd_milters=later.spec)
    site.postfix.reload()
    refused = lab.harmless()
    try:
        site.send(refused, "bob@valid.test")
        tap.ok(False, "a milter of the lab can refuse")
    except lab.Refused as answer:
        tap.ok(answer.code == 451, "a milter of the lab can refuse", answer)
    site.postfix.settle()
    tap.equal(site.copies(refused), {}, "what it refused is not delivered")
