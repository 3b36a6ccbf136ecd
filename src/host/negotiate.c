/* SPDX-License-Identifier: Apache-2.0 */
#include "host/negotiate.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <milward/plugin.h>

/*
 * {mail_mailer} is empty for mail of local programs, {rcpt_addr} is what the MTA makes of the recipient ({rcpt_mailer} tells a user of
 * its own machine), and the queue id is only sure at the end. Client and login come with MAIL, which saves the CONNECT callback, and
 * so does v, which tells a Sendmail.
 */
const struct mw_macros mw_negotiate_macros[] = {
    {SMFIM_ENVFROM, "i v {client_addr} {client_name} {auth_type} {auth_authen} {mail_mailer}"},
    {SMFIM_ENVRCPT, "{rcpt_addr} {rcpt_mailer}"},
    {SMFIM_EOM, "i"},
    {-1, NULL},
};

/* Postfix and Sendmail have offered all of these since 2009; who lacks one cannot do what a policy may order. */
static const struct {
	unsigned long bit;
	const char *name;
} actions[] = {
    {SMFIF_ADDHDRS, "adding header fields"},
    {SMFIF_CHGHDRS, "removing header fields"},
    {SMFIF_CHGFROM, "changing the sender's parameters"},
    {SMFIF_ADDRCPT_PAR, "adding recipients with ESMTP parameters"},
    {SMFIF_DELRCPT, "removing recipients"},
    {SMFIF_QUARANTINE, "quarantine"},
    {SMFIF_SETSYMLIST, "lists of macros"},
};

int mw_negotiate(uint32_t stages, unsigned long mta_actions, unsigned long mta_protocol, struct mw_negotiation *ret,
		 const char **missing)
{
	struct mw_negotiation n = {.actions = 0};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!(mta_actions & actions[i].bit)) {
			*missing = actions[i].name;
			return -ENOTSUP;
		}
		n.actions |= actions[i].bit;
	}
	/* Without it values lose octets, and a signature over them breaks. */
	if (!(mta_protocol & SMFIP_HDR_LEADSPC)) {
		*missing = "leading space of header fields";
		return -ENOTSUP;
	}
	/* libmilter answers by itself where the MTA does not know NR_*. SKIP is of no use beside NR_BODY: no reply could carry it.
	 * Postfix keeps what no reply is due for until DATA: what is looked up from RCPT on begins there, before the content comes in. */
	n.protocol = SMFIP_HDR_LEADSPC | SMFIP_NOCONNECT | SMFIP_NOEOH | SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NR_MAIL |
		     SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_BODY;
	n.protocol |= stages & MW_SEE_HELO ? SMFIP_NR_HELO : SMFIP_NOHELO;
	*ret = n;
	return 0;
}
