/* SPDX-License-Identifier: Apache-2.0 */
/* rule: what the levels of a rule say, for what is known of a match. */
#include "match/rule.h"

/* Asks no more names than it must: where the rest can not change the answer, it stands. */
static bool outweighs(const struct mw_when *w, const struct mw_known *k)
{
	int32_t sum = 0, up = 0, down = 0;

	for (size_t i = 0; i < w->weights->n; i++) {
		int32_t points = w->weights->v[i].points;

		*(points > 0 ? &up : &down) += points;
	}
	for (size_t i = 0; i < w->weights->n && sum + down < w->sum && sum + up >= w->sum; i++) {
		int32_t points = w->weights->v[i].points;

		*(points > 0 ? &up : &down) -= points;
		sum += k->name(k->ctx, w->weights->v[i].name) ? points : 0;
	}
	return sum + down >= w->sum;
}

bool mw_when_holds(const struct mw_when *w, const struct mw_known *k)
{
	switch (w->op) {
	case MW_WHEN_NEAR:
		return k->name(k->ctx, w->n);
	case MW_WHEN_COLUMN:
		return k->column(k->ctx);
	case MW_WHEN_ZONE:
		return k->zone(k->ctx) == w->n;
	case MW_WHEN_AND:
		return mw_when_holds(w->a, k) && mw_when_holds(w->b, k);
	case MW_WHEN_OR:
		return mw_when_holds(w->a, k) || mw_when_holds(w->b, k);
	case MW_WHEN_NOT:
		return !mw_when_holds(w->a, k);
	case MW_WHEN_WEIGHT:
		return outweighs(w, k);
	}
	return false;
}

const struct mw_when *mw_when_weight(const struct mw_when *w)
{
	const struct mw_when *v;

	if (!w || w->op == MW_WHEN_WEIGHT)
		return w;
	v = mw_when_weight(w->a);
	return v ? v : mw_when_weight(w->b);
}

size_t mw_level_clause(const struct mw_rule *r, const struct mw_known *k)
{
	for (size_t i = r->levels; i > 0; i--)
		if (!r->level[i - 1].when || mw_when_holds(r->level[i - 1].when, k))
			return i - 1;
	return SIZE_MAX;
}

static bool supposed_name(void *ctx, uint32_t name)
{
	return ((const struct mw_supposed *)ctx)->names >> name & 1u;
}

static bool supposed_column(void *ctx)
{
	return ((const struct mw_supposed *)ctx)->column;
}

static uint32_t supposed_zone(void *ctx)
{
	return ((const struct mw_supposed *)ctx)->zone;
}

uint32_t mw_level_supposed(const struct mw_rule *r, struct mw_supposed what)
{
	struct mw_known k = {.ctx = &what, .name = supposed_name, .column = supposed_column, .zone = supposed_zone};
	size_t clause = mw_level_clause(r, &k);

	return clause == SIZE_MAX ? 0 : r->level[clause].confidence;
}

/* The last zone that can make a difference to the levels: there are 2^12 sets of names to be tried in each. */
static uint32_t last_zone(const struct mw_rule *r)
{
	return mw_level_asks_zone(r) ? MW_ZONE_LAST : 0;
}

bool mw_level_gives(const struct mw_rule *r, uint32_t names)
{
	for (uint32_t zone = 0; zone <= last_zone(r); zone++) {
		/* A column that counts has the words of a name in its header, so one of the names holds. */
		if (mw_level_supposed(r, (struct mw_supposed){.names = names, .zone = zone}) ||
		    (names && mw_level_supposed(r, (struct mw_supposed){.names = names, .zone = zone, .column = true})))
			return true;
	}
	return false;
}

bool mw_level_possible(const struct mw_rule *r)
{
	for (uint32_t names = 0; names < 1u << r->near_names; names++)
		if (mw_level_gives(r, names))
			return true;
	return false;
}

bool mw_level_needs_column(const struct mw_rule *r)
{
	for (uint32_t names = 0; names < 1u << r->near_names; names++)
		for (uint32_t zone = 0; zone <= last_zone(r); zone++)
			if (mw_level_supposed(r, (struct mw_supposed){.names = names, .zone = zone}))
				return false;
	return true;
}

static bool asks_zone(const struct mw_when *w)
{
	return w && (w->op == MW_WHEN_ZONE || asks_zone(w->a) || asks_zone(w->b));
}

bool mw_level_asks_zone(const struct mw_rule *r)
{
	for (size_t i = 0; i < r->levels; i++)
		if (asks_zone(r->level[i].when))
			return true;
	return false;
}

const struct mw_near *mw_rule_cue(const struct mw_rule *r, uint32_t cue, size_t *at)
{
	size_t left = cue;

	for (size_t i = 0; i < r->nears; i++) {
		size_t n = r->near[i].phrases + r->near[i].rules;

		if (left < n) {
			*at = left;
			return r->near + i;
		}
		left -= n;
	}
	return NULL;
}

bool mw_rule_written(const struct mw_rule *r, size_t offset, struct mw_written *ret)
{
	size_t i = r->pieces;

	while (i > 0 && r->piece[i - 1].at > offset)
		i--;
	if (i == 0)
		return false;
	*ret = r->piece[i - 1];
	ret->column += (uint32_t)(offset - ret->at);
	ret->at = offset;
	return true;
}

const char *mw_zone_word(uint32_t zone)
{
	static const char *const words[] = {MW_ZONE_WORDS};

	return zone >= MW_ZONE_SUBJECT && zone <= MW_ZONE_LAST ? words[zone - MW_ZONE_SUBJECT] : "?";
}
