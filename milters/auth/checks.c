/* SPDX-License-Identifier: Apache-2.0 */
#include "checks.h"

#include "dmarc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mw_checks {
	struct mw_dmarc *dmarc;
};

int mw_checks_open(const struct mw_host *host, const struct mw_auth_conf *conf, struct mw_checks **ret, struct mw_err *err)
{
	struct mw_checks *c = calloc(1, sizeof(*c));
	int r = c ? mw_dmarc_open(conf->tree_walk, &c->dmarc) : -ENOMEM;

	if (r < 0) {
		mw_checks_close(&c);
		return host->fail(err, r, "the list of public suffixes cannot be read");
	}
	*ret = c;
	return 0;
}

void mw_checks_close(struct mw_checks **cp)
{
	struct mw_checks *c = *cp;

	if (!c)
		return;
	*cp = NULL;
	mw_dmarc_close(&c->dmarc);
	free(c);
}

/* The records of the names that SPF is asked of. */
void mw_checks_want_client(const struct mw_checks *c, const struct mw_auth_mail *mail, const struct mw_resolver *dns)
{
	const struct mw_str names[] = {mail->sender_domain, mail->helo};
	char name[MW_AUTH_NAME];

	(void)c;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].n == 0 || names[i].n >= sizeof(name))
			continue;
		memcpy(name, names[i].p, names[i].n);
		name[names[i].n] = '\0';
		dns->want(dns->ctx, name, MW_RR_TXT);
	}
}

void mw_checks_want_header(const struct mw_checks *c, const struct mw_auth_mail *mail, const struct mw_resolver *dns)
{
	mw_dmarc_want(c->dmarc, mail, dns);
}

static void spf_failed(struct mw_spf_result *spf, enum mw_spf_identity identity, const char *why)
{
	spf->word = MW_AUTH_TEMPERROR;
	spf->identity = identity;
	(void)snprintf(spf->why, sizeof(spf->why), "%s", why);
}

static void run_spf(struct mw_auth *a)
{
	if (a->unknown_client) {
		spf_failed(&a->mailfrom, MW_SPF_MAILFROM, a->unknown_client);
		spf_failed(&a->helo, MW_SPF_HELO, a->unknown_client);
		return;
	}
}

static void run_dmarc(const struct mw_checks *c, const struct mw_auth_mail *mail, const struct mw_resolver *dns,
		      struct mw_auth *a)
{
	if (mw_dmarc_check(c->dmarc, mail, dns, a) == 0)
		return;
	a->dmarc.word = MW_AUTH_TEMPERROR;
	a->dmarc.asks = MW_DMARC_ASKS_NOTHING;
	(void)snprintf(a->dmarc.why, sizeof(a->dmarc.why), "out of memory");
}

void mw_checks_run(const struct mw_checks *c, const struct mw_auth_mail *mail, const struct mw_resolver *dns, struct mw_auth *a)
{
	run_spf(a);
	run_dmarc(c, mail, dns, a);
}
