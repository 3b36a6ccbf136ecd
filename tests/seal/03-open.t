#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mail that came encrypted or signed: opened layer by layer, with Authentication-Results, its Subject, and keys to keep."""
import email
import email.policy
import os

from common import Agent, Mta, Tap, seal, wait_for

tap = Tap()
mta = Mta()
numbers = iter(range(1, 1000))
SIGNED = "application/x-signed-smime"


def message(entity, head="", sender="Carol <carol@out.test>"):
    return ("Received: from out\r\nX-Milward-Id: %032x\r\nAuthentication-Results: other.test; dkim=pass\r\nAuthentication-Results: gw.clinic.test; smime=pass\r\n"
            "Authentication-Results: (a) \"GW.clinic.test\" 1; spf=pass\r\nFrom: %s\r\nTo: bob@clinic.test\r\nSubject: [...]\r\n%sMIME-Version: 1.0\r\n" % (next(numbers), sender, head)).encode() + entity


def inner(fields="", type="text/plain; charset=utf-8"):
    return ("Content-Type: %s\r\n%s\r\nDear Bob\r\n" % (type, fields)).encode()


def deliver(agent, octets, rcpt="bob@clinic.test"):
    """(answer, mail, octets) of a delivery."""
    answer = agent.deliver(octets, rcpt + ".mw-open.invalid")[0]
    return answer, email.message_from_bytes(mta.copies[-1].data, policy=email.policy.SMTP), mta.copies[-1].data


with Agent(mta) as agent:
    protected = "Subject: Zebrafinch\r\n results\r\nFrom: mallory@evil.test\r\nX-Milward-Id: 1\r\nAuthentication-Results: gw.clinic.test; smime=pass\r\nTo: Bob <bob@clinic.test>\r\nHP-Outer: Subject: [...]\r\n"
    answer, mail, octets = deliver(agent, message(seal(inner(protected, 'text/plain; charset=utf-8; hp="cipher"'))))
    tap.ok(answer.startswith("250"), "opened", answer)
    tap.equal(mta.copies[-1].rcpts, ["<bob@clinic.test> ORCPT=rfc822;bob@clinic.test"], "untagged")
    tap.ok(octets.endswith(b"\r\n\r\nDear Bob\r\n"), "the text is there", octets)
    tap.equal((str(mail["Subject"]), str(mail["To"]), len(mail.get_all("Subject"))), ("Zebrafinch results", "Bob <bob@clinic.test>", 1), "the protected Subject and To take the place of those outside")
    tap.equal(str(mail["From"]), "Carol <carol@out.test>", "From does not")
    tap.equal((mail.get_content_type(), mail["Content-Type"].params.get("hp"), mail["HP-Outer"], mail["X-Milward-Id"]), ("text/plain", None, None, None), "no trace of the protection is left")
    tap.equal([" ".join(v.split()) for v in mail.get_all("Authentication-Results")], ["gw.clinic.test; smime=none (decrypted, not signed)", "other.test; dkim=pass"], "results: ours first, forged ones gone, others kept")
    tap.ok(octets.startswith(b"Authentication-Results: gw.clinic.test;\r\n\tsmime="), "on top")
    answer, mail, octets = deliver(agent, message(seal(inner(protected))))
    tap.equal(str(mail["Subject"]), "[...]", "fields that nothing says are protected are not taken")
    answer, mail, octets = deliver(agent, message(seal(inner("Subject: a\rX-Evil: 1\r\nSubject: twice\r\n", 'text/plain;\r\n protected-headers="v1"'))))
    tap.equal((str(mail["Subject"]), mail["X-Evil"]), ("a X-Evil: 1", None), "a CR begins no field; the first of two is taken")

    # ---- signatures, layers
    answer, mail, octets = deliver(agent, message(seal(seal(inner("Subject: deep\r\n", "text/plain; hp=cipher"), SIGNED))))
    results = " ".join(mail.get_all("Authentication-Results")[0].split())
    tap.equal(results, 'gw.clinic.test; smime=none (decrypted, not signed); smime=pass (not encrypted) body.smime-identifier="carol@out.test"', "encrypted, and signed inside")
    tap.equal(str(mail["Subject"]), "deep", "the innermost header counts")
    wait_for(lambda: os.path.exists(os.path.join(agent.keys, "kept")), "the key is kept")
    with open(os.path.join(agent.keys, "kept")) as file:
        tap.equal(file.read(), "smime key", "the signer's key is kept, by another process")
    for sender in ("mallory@evil.test", "carol@out.test, mallory@evil.test", "mallory@evil.test, <carol@out.test>", "mallory@evil.test <carol@out.test>"):
        answer, mail, octets = deliver(agent, message(seal(inner(), SIGNED), sender=sender))
        tap.ok("smime=policy (not encrypted, signed by another address than From)" in " ".join(mail.get_all("Authentication-Results")[0].split()), "signed by another than From: " + sender, octets)
    answer, mail, octets = deliver(agent, message(seal(seal(inner(), "application/x-sealed-openpgp"))))
    tap.ok("smime=none (decrypted" in octets.decode() and "x-openpgp=none (decrypted" in octets.decode() and octets.endswith(b"Dear Bob\r\n"), "layers of two kinds")
    entity = inner()
    for _ in range(9):
        entity = seal(entity)
    answer, mail, octets = deliver(agent, message(entity))
    tap.ok(answer.startswith("250") and b"Dear" not in octets, "nine layers are too many: the rest stays as it is", answer)

    # ---- what cannot be opened
    sealed = message(seal(inner()))
    answer, mail, octets = deliver(agent, sealed, "nokey@clinic.test")
    tap.ok(answer.startswith("250") and octets.endswith(sealed.partition(b"\r\n\r\n")[2]) and mail.get_content_type() == "application/x-sealed-smime", "what is for another goes on as it came", answer)
    tap.equal(" ".join(mail.get_all("Authentication-Results")[0].split()), "gw.clinic.test; smime=none (not opened: encrypted to another key ); x-openpgp=none (not opened: not for it)", "and says why")
    plain = message(inner())
    answer, mail, octets = deliver(agent, plain)
    tap.ok(octets.endswith(b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDear Bob\r\n"), "plain mail is left alone", octets)
    answer, mail, octets = deliver(agent, message(seal(b"no header\nat\rall")))
    tap.ok(answer.startswith("250") and octets.endswith(b"\r\n\r\nno header\r\nat\r\nall\r\n"), "line ends inside are repaired", octets)
    answers = agent.deliver(message(seal(inner())), "a@clinic.test.mw-open.invalid", "b@out.test.mw-seals.invalid", "c@clinic.test.mw-open.invalid")
    tap.equal([a[:3] for a in answers], ["250"] * 3, "opened and sealed from one message")
    tap.equal([c.data.endswith(b"Dear Bob\r\n") for c in mta.copies[-3:]], [True, False, True], "each his own")
    log = agent.log()
    tap.ok("by=open smime=none(decrypted),smime=pass" in log and "Zebrafinch" not in log and "Dear" not in log, "the log has the results and no content")

    agent.policy(options='authserv-id "mx.clinic.test"; keep-results yes')
    agent.process.send_signal(1)
    agent.wait_word("READY=1")
    answer, mail, octets = deliver(agent, message(inner(), head="Authentication-Results: mx.clinic.test; spf=pass\r\nAuthentication-Results: mx.clinic.test; smime=pass\r\n"))
    tap.equal([" ".join(v.split())[:31] for v in mail.get_all("Authentication-Results") if "mx.clinic" in v], ["mx.clinic.test; smime=none (not", "mx.clinic.test; spf=pass"], "keep-results keeps what milters before it have found")
tap.end()
