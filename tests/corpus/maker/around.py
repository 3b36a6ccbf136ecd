# SPDX-License-Identifier: Apache-2.0
"""around: what stands around the text of every mail: greetings are in the templates; here are signatures and disclaimers.

They are filled with providers, practices and offices: nobody's PHI, and the same around mails with PHI and clean ones.
"""

SIGNATURES = {
    "dev": [
        "-- \n{me.full}, RN\n{org}\n{s.addr}\nT {s.phone}  F {t.phone}",
        "{me.full}\nPractice Manager | {org}\nPhone: {s.phone} | Fax: {t.phone}\n{s.mail}",
        "-- \n{doc.full}\nNPI {npi}\n{org}",
        "Regards,\n{me.full}\nPatient Access Representative\n{org}\n{s.addr2}\n{s.phone}",
        "{me}\nSent from my iPhone",
        "",
        "Warmly,\n\n{me.full}, MSN, APRN, FNP-C\n{org} * Department of Medicine\noffice {s.phone} * pager {digits:5}",
        "--\n{me.full} | Senior Analyst, Revenue Integrity\n{org}, {s.city}, {s.state} {s.zip}\np: {s.phone} m: {t.phone}\nwww.clinic.example",
        "{doc.full}\nDEA and NPI ({npi}) on file\nBoard certified in Internal Medicine and Geriatrics\n{s.addr}",
        "Get Outlook for Android",
        "\n-{me.initlast}",
        "",
    ],
    "held-out": [
        "{me.full}\nClinical Informatics, {org}\n{s.addr}\nOffice {s.phone} | Cell {t.phone} | {s.mail}",
        "Best,\n{doc.full}\nAssociate Professor of Surgery\n{org}",
        "Thank you,\n{me.full} | Medical Assistant to {doc}\nNPI {npi} | Tax ID 12-{digits:7}",
        "--\n{me.full}, PharmD, BCPS\n{s.phone}",
        "Sent via mobile. Please excuse typos.",
        "",
        "",
    ],
}
DISCLAIMERS = {
    "dev": [
        "CONFIDENTIALITY NOTICE: This e-mail may contain protected health information (PHI) that is privileged under HIPAA. If you are not the intended recipient, please delete it and call {u.phone}.",
        "This message is for the intended recipient only. It may hold medical records of a patient. Any other use is prohibited.",
        "",
        "",
        "The information transmitted, including any diagnosis, treatment or other patient data, is meant only for the person to whom it is addressed. Received in error? Contact the privacy officer, {u.name}, at {u.phone}.",
        "*** External e-mail: do not open links or attachments unless you know the sender. ***\nPrivileged and confidential. 42 CFR Part 2 prohibits unauthorized disclosure of substance use disorder records.",
        "",
    ],
    "held-out": [
        "NOTICE: This communication may include individually identifiable health information about a patient's condition, medications or treatment. Unauthorized review is forbidden. Call {u.name} in Compliance, {u.phone}.",
        "If you are having a medical emergency, such as chest pain or trouble breathing, call 911. This mailbox is not read at night.",
        "",
        "",
        "",
    ],
}


def around(fill, text):
    """The text with a signature and a disclaimer of its split, or without."""
    for one in (fill.rng.choice(SIGNATURES[fill.split]), fill.rng.choice(DISCLAIMERS[fill.split])):
        if one:
            text += "\n\n" + fill.text(one)
    return text
