/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/verdict.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

#define PARTNER_TTL 300 /* seconds: the site may change its table */
#define TEMP_TTL 5

static void set(struct mw_tls_verdict *v, enum mw_assured by, int64_t ttl)
{
	v->by = by;
	v->ttl = ttl > 0 ? ttl : 1;
}

void mw_verdict_clear(struct mw_tls_verdict *v)
{
	mw_buf_free(&v->policy);
	mw_buf_free(&v->why);
	*v = (struct mw_tls_verdict){0};
}

void mw_verdict_unknown(struct mw_tls_verdict *v, const char *why)
{
	set(v, MW_NOT_KNOWN, TEMP_TTL);
	mw_buf_clear(&v->why);
	mw_buf_puts(&v->why, why);
}

void mw_verdict_partner(struct mw_tls_verdict *v, const char *policy)
{
	set(v, MW_BY_PARTNER, PARTNER_TTL);
	mw_buf_puts(&v->policy, policy);
}

/* No DANE, or not only for the moment: why is kept, and MTA-STS says more. */
bool mw_verdict_dane(struct mw_tls_verdict *v, const struct mw_dest *d, const struct mw_dane_finding *f, int64_t ttl)
{
	switch (f->dane) {
	case MW_DANE_YES:
		set(v, MW_BY_DANE, ttl);
		mw_buf_puts(&v->policy, "dane-only");
		return true;
	case MW_DANE_TEMP:
		mw_verdict_unknown(v, f->why);
		return true;
	case MW_DANE_NO:
		break;
	}
	set(v, MW_BY_NOTHING, ttl);
	mw_buf_printf(&v->why, "no DANE: %s", f->why);
	return f->nowhere || d->host; /* MTA-STS is about MX hosts */
}

static void sts_enforced(struct mw_tls_verdict *v, const struct mw_dane_finding *f, const struct mw_sts_verdict *s)
{
	struct mw_err err;
	int r = mw_sts_policy_postfix(s->policy, f->host, f->n, &v->policy, &err);

	/* RFC 8461, 5: no mail to a host that the policy does not name. DNS may be lying. */
	if (r == -ENOENT)
		mw_verdict_unknown(v, "its MTA-STS policy names none of its mail hosts");
	else if (r)
		mw_verdict_unknown(v, "out of memory");
	else
		set(v, MW_BY_STS, s->seconds < v->ttl ? s->seconds : v->ttl);
}

void mw_verdict_sts(struct mw_tls_verdict *v, const struct mw_dane_finding *f, const struct mw_sts_verdict *s)
{
	bool enforced = s->answer == MW_STS_POLICY && s->policy->mode == MW_STS_MODE_ENFORCE;

	if (s->answer == MW_STS_TEMP) {
		mw_verdict_unknown(v, s->why);
	} else if (enforced) {
		sts_enforced(v, f, s);
	} else {
		set(v, MW_BY_NOTHING, s->seconds < v->ttl ? s->seconds : v->ttl);
		v->outage = s->answer == MW_STS_UNFETCHED && s->transient;
		mw_buf_printf(&v->why, "; no MTA-STS: %s",
			      s->answer != MW_STS_POLICY	       ? s->why
			      : s->policy->mode == MW_STS_MODE_TESTING ? "its policy is for testing"
								       : "its policy says so");
	}
	if (!mw_buf_ok(&v->policy) || !mw_buf_ok(&v->why))
		mw_verdict_unknown(v, "out of memory");
}

static struct mw_str text_of(const struct mw_buf *b)
{
	return (struct mw_str){.p = mw_buf_text(b), .n = b->n};
}

void mw_verdict_policy(const struct mw_tls_verdict *v, struct mw_answer *a)
{
	if (v->by == MW_BY_NOTHING)
		*a = (struct mw_answer){.kind = MW_ANSWER_NOTFOUND, .text = {.p = ""}};
	else if (v->by == MW_NOT_KNOWN || !mw_buf_ok(&v->policy) || !v->policy.n)
		*a = (struct mw_answer){.kind = MW_ANSWER_TEMP, .text = text_of(&v->why)};
	else
		*a = (struct mw_answer){.kind = MW_ANSWER_OK, .text = text_of(&v->policy)};
}

void mw_verdict_words(const struct mw_tls_verdict *v, struct mw_buf *b, struct mw_answer *a)
{
	static const char *const words[] = {
	    [MW_BY_NOTHING] = "none", [MW_BY_PARTNER] = "partner", [MW_BY_DANE] = "dane", [MW_BY_STS] = "mta-sts"};

	bool known = v->by != MW_NOT_KNOWN && !v->outage;

	mw_buf_clear(b);
	a->kind = known ? MW_ANSWER_OK : MW_ANSWER_TEMP;
	if (known)
		mw_buf_printf(b, "%s ttl=%lld", words[v->by], (long long)v->ttl);
	if (!known || v->by == MW_BY_NOTHING)
		mw_buf_printf(b, "%swhy=%s", b->n ? " " : "", mw_buf_text(&v->why));
	a->text = text_of(b);
	if (!mw_buf_ok(b) || !mw_buf_ok(&v->policy))
		*a = (struct mw_answer){.kind = MW_ANSWER_TEMP, .text = MW_STR_LIT("why=out of memory")};
}
