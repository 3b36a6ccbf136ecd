#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""postsuper: requeue, hold and release keep the route, and so does a hold that the policy ordered."""
import lab

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    site.outbound()

    def put_back(act, name):
        """Mail for a host without TLS and for one with it, treated by `act` while it is in the queue."""
        # (Not smtp: a flush tries what is deferred all the same, and verify(8) would remember that its probe was not sent.)
        postfix.set(defer_transports="milward-tls,milward-tlsp,milward-ver,milward-verp,milward-portal")
        postfix.reload()
        message = lab.phi()
        site.send(message, "tls@plain.test", "bob@plain.test", "tls@valid.test", "portal@valid.test")
        act(postfix.queue_ids(message.id)[0])
        postfix.settle()
        postfix.set(defer_transports="")
        postfix.reload()
        postfix.flush()
        lab.wait_for(lambda: not postfix.queue(), "%s: the queue is empty" % name)
        tap.equal(
            site.copies(message),
            {
                ("portal", "bob@plain.test"): [None],
                ("valid", "tls@valid.test"): ["TLSv1.3"],
                ("portal", "portal@valid.test"): [None],
            },
            "%s keeps every route" % name,
        )
        tap.ok([c for c in site.reports(message) if b"tls@plain.test" in c.data], "%s: what has no route left is reported" % name)

    def hold_and_release(queue_id):
        postfix.super("-h", queue_id)
        tap.equal([m["queue_name"] for m in postfix.queue()], ["hold"], "held")
        postfix.super("-H", queue_id)

    def hold_and_requeue(queue_id):
        postfix.super("-h", queue_id)
        postfix.super("-r", queue_id)

    put_back(lambda queue_id: postfix.super("-r", queue_id), "postsuper -r")
    put_back(hold_and_release, "postsuper -h and -H")
    put_back(hold_and_requeue, "postsuper -h and -r")
    put_back(lambda queue_id: postfix.super("-r", "ALL"), "postsuper -r ALL")

    # What the policy holds is released by -H. A requeue has it judged again, so it is held again.
    message = lab.phi()
    site.send(message, "bob@clinic.test", "hold@valid.test", "bob@plain.test", "tls@valid.test")
    postfix.settle()
    for how in ("-r", "-H"):
        tap.equal([m["queue_name"] for m in postfix.queue()], ["hold"], "the policy's hold holds the message")
        tap.equal(site.copies(message), {}, "nothing of it leaves")
        before = len(postfix.queue_ids(message.id))
        postfix.super(how, postfix.queue()[0]["queue_id"])
        if how == "-r":
            lab.wait_for(lambda: len(postfix.queue_ids(message.id)) > before, "the message is requeued")
        postfix.settle()
    lab.wait_for(lambda: not postfix.queue(), "the queue is empty")
    copies = site.copies(message)
    tap.equal(copies.get(("portal", "bob@plain.test")), [None], "released by postsuper -H: others keep their route")
    tap.equal(copies.get(("valid", "tls@valid.test")), ["TLSv1.3"], "released by postsuper -H: TLS stays")
    tap.equal([key for key, tls in copies.items() if key[0] == "plain"], [], "released by postsuper -H: nothing in clear")

    # Held with a route: a release goes that way, whatever else happens to it in the queue.
    def release(queue_id):
        postfix.super("-H", queue_id)

    def requeue_and_release(queue_id):
        before = len(postfix.queue_ids(message.id))
        postfix.super("-r", queue_id)
        lab.wait_for(lambda: len(postfix.queue_ids(message.id)) > before, "the message is requeued")
        postfix.settle()
        tap.equal([m["queue_name"] for m in postfix.queue()], ["hold"], "requeued and held again")
        postfix.super("-H", postfix.queue()[0]["queue_id"])

    for act, name in ((release, "-H"), (requeue_and_release, "-r and -H")):
        message = lab.phi()
        site.send(message, "bob@clinic.test", "heldtls@valid.test", "heldtls@plain.test", "heldverp@plain.test", "heldverp@valid.test")
        postfix.settle()
        tap.equal([m["queue_name"] for m in postfix.queue()], ["hold"], "hold with a route holds the message")
        tap.equal(site.copies(message), {}, "nothing of it leaves")
        act(postfix.queue()[0]["queue_id"])
        postfix.settle()
        lab.wait_for(lambda: not postfix.queue(), "the queue is empty")
        tap.equal(
            site.copies(message),
            {
                ("inside", "bob@clinic.test"): [None],
                ("valid", "heldtls@valid.test"): ["TLSv1.3"],
                ("valid", "heldverp@valid.test"): ["TLSv1.3"],
                ("portal", "heldverp@plain.test"): [None],
            },
            "released by postsuper %s: each goes its route, nothing in clear" % name,
        )
        reports = site.reports(message)
        tap.ok(len(reports) == 1 and b"heldtls@plain.test" in reports[0].data and b"219-09-9998" not in reports[0].data,
               "released by postsuper %s: what TLS cannot reach is bounced, without its body" % name)
