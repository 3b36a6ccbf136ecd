# SPDX-License-Identifier: Apache-2.0
"""policy: the policy of the scenarios. The local part of a recipient outside tells which route it gets: verp@valid.test."""

# local part -> what the policy says for mail with PHI; any other local part: tls or portal
ROUTES = {
    "tls": "send by tls",
    "ver": "send by tls(verified)",
    "verp": "send by tls(verified) or portal",
    "portal": "send by portal",
    "hold": 'hold "a person must look"',
    "heldtls": 'hold "a person must look", send by tls',
    "heldverp": 'send by tls(verified) or portal, hold "a person must look"',
    "refuse": 'refuse "not by mail"',
    "tempfail": 'tempfail "later"',
}


def outbound(domains, socket, load, then="", mode="", also=""):
    """Its text. domains: outside; load: load lines; also: statements before the last match, then: behind it."""
    lines = ["listen unix:%s" % socket, load, 'table <ours> { "clinic.test", ".clinic.test" }']
    for name in ROUTES:
        lines.append("table <%s> { %s }" % (name, ", ".join('"%s@%s"' % (name, domain) for domain in domains)))
    lines.append('include "rules/hipaa-identifiers.rules", "rules/clinical.rules"')
    lines.append("class phi when phi.identifiers >= 1 and phi.clinical >= 1")
    lines += ["match class phi to <%s> then %s" % item for item in ROUTES.items()]
    lines += ["match class phi to external then send by tls or portal", also, "match any then pass", then, "on error tempfail", mode]
    return "\n".join(line for line in lines if line) + "\n"
