/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <strings.h>

enum {
	SKIPPED,
	CLIENT,
	SPF,
	SPF_DOMAIN,
	SPF_HELO,
	DKIM,
	DKIM_DOMAIN,
	DKIM_WEAK,
	DKIM_LENGTH,
	DKIM_EXPIRED,
	DKIM_SECURE,
	DMARC,
	DMARC_ASKS,
	FROM_DOMAIN,
	ORGANISATION,
	AUTHORS,
	SPF_ALIGNED,
	DKIM_ALIGNED,
	ARC,
	ARC_SEALER,
	ARC_SETS,
	ARC_SAID,
	LOOK_ALIKE,
	FIRST_TIME,
	TEMPORARY,
	FACTS
};

const struct mw_fact mw_auth_facts[] = {
    [SKIPPED] = {"skipped", "why nothing was evaluated: authenticated, local, internal; empty otherwise", MW_STR, {NULL}},
    [CLIENT] = {"client", "address that is judged; empty when a relay does not tell it", MW_STR, {NULL}},
    [SPF] = {"spf", "result for the envelope sender, or for HELO when there is none", MW_STR, {NULL}},
    [SPF_DOMAIN] = {"spf-domain", "domain that SPF was asked of", MW_STR, {NULL}},
    [SPF_HELO] = {"spf-helo", "result for the name that the client gave itself", MW_STR, {NULL}},
    [DKIM] = {"dkim", "the best result of all signatures", MW_STR, {NULL}},
    [DKIM_DOMAIN] = {"dkim-domain", "domain of that signature; of an aligned one when there is one", MW_STR, {NULL}},
    [DKIM_WEAK] = {"dkim-weak", "that signature's key is smaller than the site wants", MW_BOOL, {NULL}},
    [DKIM_LENGTH] = {"dkim-length", "that signature has l=: what was added below the text is not signed", MW_BOOL, {NULL}},
    [DKIM_EXPIRED] = {"dkim-expired", "a signature of the message was good until a time that is over", MW_BOOL, {NULL}},
    [DKIM_SECURE] = {"dkim-secure", "DNSSEC proves that signature's key", MW_BOOL, {NULL}},
    [DMARC] = {"dmarc", "does the domain of From stand for the message?", MW_STR, {NULL}},
    [DMARC_ASKS] = {"dmarc-asks",
		    "what that domain asks for: none, quarantine, reject; empty when it has no record",
		    MW_STR,
		    {NULL}},
    [FROM_DOMAIN] = {"from-domain", "domain of From; empty when there is not exactly one", MW_STR, {NULL}},
    [ORGANISATION] = {"organisation", "the domain that the one of From is registered under", MW_STR, {NULL}},
    [AUTHORS] = {"authors", "how many addresses stand in From; 0 when that cannot be told", MW_INT, {NULL}},
    [SPF_ALIGNED] = {"spf-aligned", "SPF passes for the domain of From", MW_BOOL, {NULL}},
    [DKIM_ALIGNED] = {"dkim-aligned", "a good signature is that of the domain of From", MW_BOOL, {NULL}},
    [ARC] = {"arc", "is the chain of those who handed it on whole?", MW_STR, {NULL}},
    [ARC_SEALER] = {"arc-sealer", "domain of the newest seal", MW_STR, {NULL}},
    [ARC_SETS] = {"arc-sets", "how many have sealed it", MW_INT, {NULL}},
    [ARC_SAID] = {"arc-said", "result of DMARC that the newest sealer says it saw", MW_STR, {NULL}},
    [LOOK_ALIKE] = {"look-alike", "domain of the site or a partner that From's can be taken for; empty = none", MW_STR, {NULL}},
    [FIRST_TIME] = {"first-time", "no mail of this domain was seen before", MW_BOOL, {NULL}},
    [TEMPORARY] = {"temporary", "something could not be found out now, and would be if the client came again", MW_BOOL, {NULL}},
    [FACTS] = {0},
};

/* What policies act on, best first. */
static int rank(enum mw_auth_word word)
{
	static const int ranks[] = {
	    [MW_AUTH_PASS] = 7, [MW_AUTH_POLICY] = 6,	 [MW_AUTH_TEMPERROR] = 5, [MW_AUTH_NEUTRAL] = 4,
	    [MW_AUTH_FAIL] = 3, [MW_AUTH_PERMERROR] = 2, [MW_AUTH_SOFTFAIL] = 1,  [MW_AUTH_NONE] = 0,
	};

	return ranks[word];
}

/* The signature that the facts are about; NULL = there is none. */
static const struct mw_dkim_result *best_signature(const struct mw_auth *a)
{
	const struct mw_dkim_result *best = a->dkims ? &a->dkim[0] : NULL;

	if (a->dmarc.dkim_aligned && a->dmarc.signature < a->dkims)
		return &a->dkim[a->dmarc.signature];
	for (size_t i = 1; i < a->dkims; i++)
		if (rank(a->dkim[i].word) > rank(best->word))
			best = &a->dkim[i];
	return best;
}

static bool any_flag(const struct mw_auth *a, unsigned flag)
{
	for (size_t i = 0; i < a->dkims; i++)
		if (a->dkim[i].flags & flag)
			return true;
	return false;
}

static bool is_temporary(const struct mw_auth *a)
{
	for (size_t i = 0; i < a->dkims; i++)
		if (a->dkim[i].word == MW_AUTH_TEMPERROR)
			return true;
	return a->mailfrom.word == MW_AUTH_TEMPERROR || a->helo.word == MW_AUTH_TEMPERROR || a->dmarc.word == MW_AUTH_TEMPERROR ||
	       a->arc.word == MW_AUTH_TEMPERROR;
}

struct out {
	const struct mw_host *host;
	struct mw_self *self;
	struct mw_msg *msg;
	int failed;
};

static void put(struct out *o, uint32_t fact, const char *text)
{
	int r = o->host->set_str(o->self, o->msg, fact, text);

	if (r < 0)
		o->failed = r;
}

static void put_int(struct out *o, uint32_t fact, int64_t n)
{
	int r = o->host->set_int(o->self, o->msg, fact, n);

	if (r < 0)
		o->failed = r;
}

static void put_dkim(struct out *o, const struct mw_auth *a)
{
	const struct mw_dkim_result *d = best_signature(a);

	put(o, DKIM, mw_auth_word(d ? d->word : MW_AUTH_NONE));
	put(o, DKIM_DOMAIN, d ? d->domain : "");
	put_int(o, DKIM_WEAK, d && d->flags & MW_DKIM_WEAK);
	put_int(o, DKIM_LENGTH, d && d->flags & MW_DKIM_LENGTH);
	put_int(o, DKIM_EXPIRED, any_flag(a, MW_DKIM_EXPIRED));
	put_int(o, DKIM_SECURE, d && d->secure);
}

/* What was said of another author does not count for this one. */
static enum mw_auth_word said(const struct mw_auth *a)
{
	return *a->arc.said_from && strcasecmp(a->arc.said_from, a->dmarc.from) != 0 ? MW_AUTH_NONE : a->arc.said_dmarc;
}

int mw_auth_publish(const struct mw_host *host, struct mw_self *self, struct mw_msg *msg, const struct mw_auth *a,
		    const char *client)
{
	struct out o = {.host = host, .self = self, .msg = msg};
	const struct mw_spf_result *spf = a->mailfrom.identity ? &a->mailfrom : &a->helo;

	put(&o, SKIPPED, a->skipped ? a->skipped : "");
	put(&o, CLIENT, client);
	put(&o, SPF, mw_auth_word(spf->word));
	put(&o, SPF_DOMAIN, spf->domain);
	put(&o, SPF_HELO, mw_auth_word(a->helo.word));
	put_dkim(&o, a);
	put(&o, DMARC, mw_auth_word(a->dmarc.word));
	put(&o, DMARC_ASKS, mw_dmarc_policy(a->dmarc.asks));
	put(&o, FROM_DOMAIN, a->dmarc.from);
	put(&o, ORGANISATION, a->dmarc.organisation);
	put_int(&o, AUTHORS, a->dmarc.authors);
	put_int(&o, SPF_ALIGNED, a->dmarc.spf_aligned);
	put_int(&o, DKIM_ALIGNED, a->dmarc.dkim_aligned);
	put(&o, ARC, mw_auth_word(a->arc.word));
	put(&o, ARC_SEALER, a->arc.sealer);
	put_int(&o, ARC_SETS, a->arc.sets);
	put(&o, ARC_SAID, mw_auth_word(said(a)));
	put(&o, LOOK_ALIKE, a->likeness.found ? a->likeness.of : "");
	put_int(&o, FIRST_TIME, a->likeness.first_time);
	put_int(&o, TEMPORARY, is_temporary(a));
	return o.failed;
}
