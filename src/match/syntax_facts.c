/* SPDX-License-Identifier: Apache-2.0 */
/* syntax_facts: what follows from the tree of a pattern. Widths stop at MW_SYNTAX_MANY. */
#include "match/syntax.h"

static uint32_t add(uint32_t a, uint32_t b)
{
	return a >= MW_SYNTAX_MANY - b ? MW_SYNTAX_MANY : a + b;
}

uint32_t mw_syntax_times(uint32_t a, uint32_t b)
{
	uint64_t n = (uint64_t)a * b;

	if (a == 0 || b == 0)
		return 0;
	return a == MW_SYNTAX_MANY || b == MW_SYNTAX_MANY || n >= MW_SYNTAX_MANY ? MW_SYNTAX_MANY : (uint32_t)n;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

uint32_t mw_syntax_min(const struct mw_syntax *s)
{
	uint32_t n = 0;

	switch (s->kind) {
	case MW_SYNTAX_SET:
		return 1;
	case MW_SYNTAX_OPAQUE:
		return s->min;
	case MW_SYNTAX_REPEAT:
		return mw_syntax_times(mw_syntax_min(s->child), s->min);
	case MW_SYNTAX_CAT:
		for (const struct mw_syntax *c = s->child; c; c = c->next)
			n = add(n, mw_syntax_min(c));
		return n;
	case MW_SYNTAX_ALT:
		n = MW_SYNTAX_MANY;
		for (const struct mw_syntax *c = s->child; c; c = c->next)
			n = least(n, mw_syntax_min(c));
		return n;
	default:
		return 0;
	}
}

uint32_t mw_syntax_max(const struct mw_syntax *s)
{
	uint32_t n = 0;

	switch (s->kind) {
	case MW_SYNTAX_SET:
		return mw_octets_meet(s->set, MW_OCTETS_WIDE) ? 4 : 1;
	case MW_SYNTAX_OPAQUE:
		return s->max;
	case MW_SYNTAX_REPEAT:
		return mw_syntax_times(mw_syntax_max(s->child), s->max);
	case MW_SYNTAX_CAT:
		for (const struct mw_syntax *c = s->child; c; c = c->next)
			n = add(n, mw_syntax_max(c));
		return n;
	case MW_SYNTAX_ALT:
		for (const struct mw_syntax *c = s->child; c; c = c->next)
			n = most(n, mw_syntax_max(c));
		return n;
	default:
		return 0;
	}
}

struct mw_octets mw_syntax_octets(const struct mw_syntax *s)
{
	struct mw_octets o = {{0}};

	switch (s->kind) {
	case MW_SYNTAX_SET:
		return mw_octets_meet(s->set, MW_OCTETS_WIDE) ? mw_octets_or(s->set, MW_OCTETS_WIDE) : s->set;
	case MW_SYNTAX_OPAQUE:
		return MW_OCTETS_ALL;
	case MW_SYNTAX_REPEAT:
	case MW_SYNTAX_CAT:
	case MW_SYNTAX_ALT:
		for (const struct mw_syntax *c = s->child; c; c = c->next)
			o = mw_octets_or(o, mw_syntax_octets(c));
		return o;
	default:
		return o;
	}
}
