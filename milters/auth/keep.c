/* SPDX-License-Identifier: Apache-2.0 */
#include "keep.h"

#include "dmarc_log.h"
#include "firsttime.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct mw_keep {
	const struct mw_host *host;
	struct mw_self *self;
	const struct mw_auth_conf *conf;
	struct mw_firsttime *seen;    /* NULL = no file */
	struct mw_dmarc_log *reports; /* NULL = no folder */
	atomic_bool said;	      /* that it cannot be told who was seen */
};

int mw_keep_open(const struct mw_host *host, struct mw_self *self, const struct mw_auth_conf *conf, struct mw_keep **ret,
		 struct mw_err *err)
{
	struct mw_keep *k = calloc(1, sizeof(*k));
	int r = 0;

	if (!k)
		return host->fail(err, -ENOMEM, "out of memory");
	k->host = host;
	k->self = self;
	k->conf = conf;
	if (conf->seen && *conf->seen)
		r = mw_firsttime_open(host, conf->seen, conf->fresh, &k->seen, err);
	if (r == 0 && conf->dmarc_reports && *conf->dmarc_reports)
		r = mw_dmarc_log_open(host, self, conf->dmarc_reports, &k->reports, err);
	if (r < 0)
		mw_keep_close(&k);
	else
		*ret = k;
	return r;
}

void mw_keep_close(struct mw_keep **kp)
{
	struct mw_keep *k = *kp;

	if (!k)
		return;
	*kp = NULL;
	mw_firsttime_close(&k->seen);
	mw_dmarc_log_close(&k->reports);
	free(k);
}

void mw_keep_see(struct mw_keep *k, const struct mw_auth_mail *mail, struct mw_auth *a)
{
	const char *domain = *a->dmarc.organisation ? a->dmarc.organisation : a->dmarc.from;
	int r;

	if (!k->seen || !*domain)
		return;
	r = mw_firsttime_see(k->seen, domain, mail->now);
	a->likeness.first_time = r == 1;
	if (atomic_exchange(&k->said, r < 0) != (r < 0))
		k->host->log(k->self, NULL, r < 0 ? MW_WARNING : MW_NOTICE, "seen", "%s: %s", k->conf->seen,
			     r < 0 ? "it cannot be told which domains were seen" : "can be used again");
}

void mw_keep_report(struct mw_keep *k, const struct mw_auth_mail *mail, const struct mw_auth *a, const struct mw_outcome *o)
{
	enum mw_disposition done = o->effect == MW_REFUSE ? MW_DISPOSITION_REJECT
				   : o->effect == MW_HOLD ? MW_DISPOSITION_QUARANTINE
							  : MW_DISPOSITION_NONE;

	/* What is asked to come back is told of when it does. */
	if (k->reports && (o->observe || o->effect != MW_TEMPFAIL))
		mw_dmarc_log_add(k->reports, mail, a, o->observe ? MW_DISPOSITION_NONE : done);
}
