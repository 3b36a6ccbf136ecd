/* SPDX-License-Identifier: Apache-2.0 */
#include "checks.h"

#include "arc.h"
#include "dmarc.h"
#include "lookalike.h"
#include "spf.h"
#include "verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mw_checks {
	int64_t minimum_bits;
	struct mw_verifier *verifier;
	struct mw_dmarc *dmarc;
	struct mw_lookalike *lookalike;
};

int mw_checks_open(const struct mw_host *host, const struct mw_auth_conf *conf, struct mw_checks **ret, struct mw_err *err)
{
	struct mw_checks *c = calloc(1, sizeof(*c));
	int r = c ? 0 : host->fail(err, -ENOMEM, "out of memory");

	if (r == 0) {
		c->minimum_bits = conf->minimum_bits;
		r = mw_verifier_open(host, conf->minimum_bits, &c->verifier, err);
	}
	if (r == 0) {
		r = mw_dmarc_open(conf->tree_walk, &c->dmarc);
		if (r < 0)
			(void)host->fail(err, r, "the list of public suffixes cannot be read");
	}
	if (r == 0)
		r = mw_lookalike_open(host, &conf->own_domains, conf->partners, &c->lookalike, err);
	if (r < 0)
		mw_checks_close(&c);
	else
		*ret = c;
	return r;
}

void mw_checks_close(struct mw_checks **cp)
{
	struct mw_checks *c = *cp;

	if (!c)
		return;
	*cp = NULL;
	mw_verifier_free(c->verifier);
	mw_dmarc_close(&c->dmarc);
	mw_lookalike_close(&c->lookalike);
	free(c);
}

void mw_checks_want_client(const struct mw_checks *c, const struct mw_auth_mail *mail, const struct mw_resolver *dns)
{
	(void)c;
	mw_spf_want(mail, dns);
}

void mw_checks_want_header(const struct mw_checks *c, const struct mw_auth_mail *mail, const struct mw_resolver *dns)
{
	mw_dmarc_want(c->dmarc, mail, dns);
	mw_dkim_want(mail, dns);
	mw_arc_want(mail, dns);
}

static void spf_failed(struct mw_spf_result *spf, enum mw_spf_identity identity, const char *why)
{
	spf->word = MW_AUTH_TEMPERROR;
	spf->identity = identity;
	(void)snprintf(spf->why, sizeof(spf->why), "%s", why);
}

static void run_spf(const struct mw_auth_mail *mail, const struct mw_resolver *dns, const struct mw_auth *a,
		    enum mw_spf_identity identity, const struct mw_checks_watch *watch, struct mw_spf_result *ret)
{
	if (a->unknown_client)
		spf_failed(ret, identity, a->unknown_client);
	else
		(void)mw_spf_check(mail, dns, identity, watch ? watch->spf : NULL, ret);
}

static void tell(const struct mw_checks_watch *watch, enum mw_checked check, const struct mw_auth *a)
{
	if (watch)
		watch->done(watch->ctx, check, a);
}

/* The results of a check that failed say so themselves. */
void mw_checks_run(const struct mw_checks *c, const struct mw_auth_mail *mail, const struct mw_resolver *dns, struct mw_auth *a,
		   const struct mw_checks_watch *watch)
{
	run_spf(mail, dns, a, MW_SPF_MAILFROM, watch, &a->mailfrom);
	tell(watch, MW_CHECKED_MAILFROM, a);
	run_spf(mail, dns, a, MW_SPF_HELO, watch, &a->helo);
	tell(watch, MW_CHECKED_HELO, a);
	(void)mw_dkim_verify(c->verifier, mail, dns, a->dkim, &a->dkims, &a->dkims_more);
	tell(watch, MW_CHECKED_DKIM, a);
	(void)mw_arc_validate(mail, dns, c->minimum_bits, &a->arc);
	tell(watch, MW_CHECKED_ARC, a);
	(void)mw_dmarc_check(c->dmarc, mail, dns, a);
	tell(watch, MW_CHECKED_DMARC, a);
	mw_lookalike_check(c->lookalike, mail, &a->likeness);
}
