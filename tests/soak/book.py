# SPDX-License-Identifier: Apache-2.0
"""book: every message and what became of it. A recipient's address is his message's alone (n17.2@valid.test), and so is the Message-ID, so
that a copy, a line of the queue and a report each tell which message they are about."""
import collections
import re
import threading

from lab.message import SECRETS

import pickup

ID = re.compile(rb"(?im)^message-id:\s*<soak\.(\d+)@clinic\.test>")
SEALED_FOR = "smime@plain.test"  # he has a certificate, so his address is the same in every message

# Kind of recipient -> domain, and for each word of the policy where his copy may be: "sink", "sink+" by TLS, "sink*" sealed, "hold" the
# queue, "notice" in milward's own portal, "refused", "bounced". The first is what the policy says; the others are stricter, and happen when a part of milward is away.
INSIDE, VALID, PLAIN, HELD, REFUSED, SEALED, NOWHERE, PICKUP = "inside", "valid", "plain", "held", "refused", "sealed", "nowhere", "pickup"
DOMAINS = {INSIDE: "clinic.test", VALID: "valid.test", PLAIN: "plain.test", HELD: "held.test", REFUSED: "refused.test", NOWHERE: "nosuch.test",
           PICKUP: pickup.DOMAIN}
ALLOWED = {
    INSIDE: {"phi": ["inside"], "unreadable": ["inside"], "plain": ["inside"]},
    VALID: {"phi": ["valid+", "portal"], "unreadable": ["valid+", "portal"], "plain": ["valid", "valid+", "portal"]},
    PLAIN: {"phi": ["portal"], "unreadable": ["portal"], "plain": ["plain", "portal"]},
    HELD: {"phi": ["hold", "portal"], "unreadable": ["portal"], "plain": ["plain", "portal"]},
    REFUSED: {"phi": ["refused", "portal"], "unreadable": ["portal"], "plain": ["plain", "portal"]},
    SEALED: {"phi": ["plain*", "portal"], "unreadable": ["portal"], "plain": ["plain", "portal"]},
    PICKUP: {"phi": ["notice"]},
    NOWHERE: {"phi": ["portal", "bounced"], "unreadable": ["portal", "bounced"], "plain": ["bounced", "portal"]},
}
# Who gets a message: one to three kinds, each as often as in ordinary use, about. Postfix holds a message for all of its recipients, so who is
# to be held is alone.
MIXTURES = [[VALID], [PLAIN], [INSIDE], [VALID, PLAIN], [INSIDE, PLAIN], [VALID, INSIDE], [PLAIN, VALID, INSIDE], [SEALED], [SEALED, PLAIN],
            [VALID], [PLAIN], [PICKUP], [INSIDE, VALID], [HELD], [REFUSED], [NOWHERE, VALID], [PLAIN], [VALID, SEALED], [PICKUP, PLAIN], [VALID], [PLAIN],
            [INSIDE]]


class Item:
    """A message. told: how often the client was told that it was taken; unsure: how often the connection broke behind the data."""

    __slots__ = ("number", "sample", "rcpts", "told", "unsure", "later", "refused", "at")

    def __init__(self, number, sample, kinds):
        self.number, self.sample = number, sample
        self.rcpts = {SEALED_FOR if kind == SEALED else "n%d.%d@%s" % (number, i, DOMAINS[kind]): kind for i, kind in enumerate(kinds)}
        self.told = self.unsure = self.later = 0
        self.refused = None
        self.at = collections.Counter()  # (recipient, place) -> copies

    @property
    def id(self):
        return "soak.%d@clinic.test" % self.number

    def octets(self):
        octets = self.sample.octets
        if self.sample.kind == PICKUP:
            octets = octets.replace(pickup.word(0), pickup.word(self.number))
        return b"Message-ID: <%s>\r\n" % self.id.encode() + octets


class Book:
    def __init__(self, mixture):
        self.mixture = mixture
        self.lock = threading.Lock()
        self.items = []
        self.clear = []  # copies on the wire that show what they must not
        self.unknown = 0  # copies of no message of ours
        self.pickup = None  # who reads in the portal, when there is one
        self.open = 0  # recipients of messages that were taken whose copy is on its way

    def new(self):
        with self.lock:
            number = len(self.items)
            kinds = MIXTURES[number % len(MIXTURES)]
            item = Item(number, self.mixture.draw(PICKUP in kinds), kinds)
            self.items.append(item)
        return item

    def told(self, item):
        with self.lock:
            item.told += 1
            self.open += sum(1 for rcpt in item.rcpts if not any(item.at[rcpt, place] for place in self.places(item, rcpt)))

    @staticmethod
    def places(item, rcpt):
        return ALLOWED[item.rcpts[rcpt]][item.sample.word]

    # ---- what came
    def arrived(self, copy):
        """keep() of every sink."""
        if self.pickup and self.pickup.arrived(copy):
            return
        if copy.mail.startswith("<>") and copy.sink == "inside":
            self._report(copy)
            return
        found = ID.search(copy.data.partition(b"\r\n\r\n")[0] + b"\r\n")
        number = int(found.group(1)) if found else -1
        if not 0 <= number < len(self.items):
            self.unknown += 1
            return
        item = self.items[number]
        sealed = b"application/pkcs7-mime" in copy.data[:20000]
        place = copy.sink + ("+" if copy.tls else "*" if sealed and item.sample.word == "phi" else "")
        with self.lock:
            for rcpt in copy.to:
                self._note(item, rcpt, place)
            if copy.sink not in ("inside", "portal") and not copy.tls and item.sample.kind == "phi":
                self.clear += [item.id for secret in SECRETS if secret.encode() in copy.data]

    def notice(self, rcpt):
        """A notice of the portal came: of this message, or None."""
        found = re.match(r"n(\d+)\.\d+@", rcpt)
        item = self.items[int(found.group(1))] if found and int(found.group(1)) < len(self.items) else None
        with self.lock:
            if item and rcpt in item.rcpts:
                self._note(item, rcpt, "notice")
                return item
            self.unknown += 1
        return None

    def _note(self, item, rcpt, place):
        if item.told and not sum(item.at[rcpt, p] for p in self.places(item, rcpt)):
            self.open -= 1
        item.at[rcpt, place] += 1

    def _report(self, copy):
        """A bounce: for whom, by the blocks that say so."""
        text = copy.data.decode("utf-8", "replace")
        with self.lock:
            for block in text.split("\r\n\r\n"):
                if "\nAction: failed" in block:
                    for rcpt in set(re.findall(r"(n\d+\.\d+@[a-z.]+?)(?:\.mw-[a-z]+\.invalid)?\r", block)):
                        number = int(rcpt[1:].split(".")[0])
                        if number < len(self.items) and rcpt in self.items[number].rcpts:
                            self._note(self.items[number], rcpt, "bounced")

    def waiting(self, queue):
        """postqueue -j: what is held, and what waits with its reason. Only where nothing is at work any more."""
        left = []
        for message in queue:
            for rcpt in message["recipients"]:
                address = re.sub(r"\.mw-[a-z]+\.invalid$", "", rcpt["address"])
                found = re.match(r"n(\d+)\.\d+@", address)
                if message["queue_name"] == "hold" and found:
                    with self.lock:
                        self._note(self.items[int(found.group(1))], address, "hold")
                else:
                    left.append("%s in %s: %s" % (rcpt["address"], message["queue_name"], rcpt.get("delay_reason", "")))
        return left

    # ---- the sum
    def count(self, first, last, cut_off=0):
        """What became of the messages first to last-1: {word: number}, and what is wrong: {kind of wrong: [text]}. cut_off: deliveries that
        were killed at work, each of which may have left a copy more."""
        sums = collections.Counter()
        wrong = {"lost": [], "elsewhere": [], "twice": []}
        more = 0
        for item in self.items[first:last]:
            if item.refused:
                sums["refused"] += 1
            for rcpt, kind in item.rcpts.items():
                allowed = ALLOWED[kind][item.sample.word]
                places = {place: n for (to, place), n in item.at.items() if to == rcpt and n}
                name = "%s of %s (%s, %s): %s, told %d, unsure %d" % (rcpt, item.id, item.sample.kind, item.sample.word, places, item.told, item.unsure)
                sums.update({place: n for place, n in places.items()})
                sums["stricter"] += bool(places) and allowed[0] not in places and allowed[:2] != ["valid", "valid+"]
                # A report in place of a copy is a delivery's failure with a reason: never to somebody who can be reached.
                wrong["elsewhere"] += [name for place in places if place not in allowed]
                if item.told and not places:
                    wrong["lost"].append(name)
                beyond = sum(places.values()) - max(1, item.told + item.unsure)
                if beyond > 0 and places:
                    more += beyond
                    wrong["twice"].append(name)
        sums["twice"] = more
        if more <= cut_off:
            wrong["twice"] = []
        return sums, wrong
