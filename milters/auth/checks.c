/* SPDX-License-Identifier: Apache-2.0 */
#include "checks.h"

#include <stdio.h>

static void spf_failed(struct mw_spf_result *spf, enum mw_spf_identity identity, const char *why)
{
	spf->word = MW_AUTH_TEMPERROR;
	spf->identity = identity;
	(void)snprintf(spf->why, sizeof(spf->why), "%s", why);
}

void mw_checks_run(const struct mw_auth_mail *mail, struct mw_auth *ret)
{
	(void)mail;
	if (ret->unknown_client) {
		spf_failed(&ret->mailfrom, MW_SPF_MAILFROM, ret->unknown_client);
		spf_failed(&ret->helo, MW_SPF_HELO, ret->unknown_client);
	}
}
