/* SPDX-License-Identifier: Apache-2.0 */
#include "match/hunt.h"

#include "match/compiled.h"

#include <errno.h>
#include <stdlib.h>

struct mw_hunter {
	struct mw_matcher *matcher;
};

struct mw_hunter *mw_hunter_new(const struct mw_ruleset *set)
{
	struct mw_hunter *h = calloc(1, sizeof(*h));

	(void)set;
	if (!h)
		return NULL;
	h->matcher = mw_matcher_new();
	if (!h->matcher)
		mw_hunter_free(&h);
	return h;
}

void mw_hunter_free(struct mw_hunter **h)
{
	if (!*h)
		return;
	mw_matcher_free(&(*h)->matcher);
	free(*h);
	*h = NULL;
}

static int hunt_rule(const struct mw_pattern *p, struct mw_matcher *m, struct mw_str text, uint32_t rule, mw_hunt_found found,
		     void *ctx)
{
	struct mw_allowance allowance = {0};
	size_t at = 0, start, end;
	int rc;

	for (;;) {
		rc = mw_pattern_next(p, m, &allowance, text, at, &start, &end);
		if (rc <= 0)
			return rc;
		rc = found(ctx, rule, start, end);
		if (rc < 0)
			return rc;
		/* What is refused may hide a good match that begins inside it. */
		at = rc ? end : start + 1;
	}
}

int mw_hunt(const struct mw_ruleset *set, struct mw_hunter *h, struct mw_str text, const bool *run, mw_hunt_found found,
	    void *ctx, size_t *limited)
{
	struct mw_octets octets = mw_octets_of(text);
	bool any = false;

	for (size_t i = 0; i < set->n; i++) {
		const struct mw_pattern *p = set->rule[i].pattern;
		int rc;

		if (!run[i] || !p || !mw_pattern_possible(p, &octets, text.n))
			continue;
		rc = hunt_rule(p, h->matcher, text, (uint32_t)i, found, ctx);
		if (rc == -EAGAIN && !any)
			*limited = i;
		any |= rc == -EAGAIN;
		if (rc < 0 && rc != -EAGAIN)
			return rc;
	}
	return any ? -EAGAIN : 0;
}
