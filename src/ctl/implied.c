/* SPDX-License-Identifier: Apache-2.0 */
/*
 * implied: what may stand on either side of each place of the tree, as a set of octets that is never too small. Where the pattern
 * begins or ends anything may stand, and nothing; that is all octets, too, since no assertion holds before all of them.
 *
 * Patterns are compiled without PCRE2_UCP: a character beyond ASCII is no word character.
 */
#include "ctl/implied.h"

struct finder {
	size_t at;
	bool found, holds;
};

static struct mw_octets first_of(const struct mw_syntax *list, struct mw_octets after);
static struct mw_octets last_of(const struct mw_syntax *list, struct mw_octets before);

static struct mw_octets none(void)
{
	return (struct mw_octets){{0}};
}

/* What it may begin (or end) with; nothing for what takes nothing. */
static struct mw_octets end_of(const struct mw_syntax *s, bool first)
{
	struct mw_octets o = none();

	switch (s->kind) {
	case MW_SYNTAX_SET:
		return mw_syntax_octets(s);
	case MW_SYNTAX_OPAQUE:
		return MW_OCTETS_ALL;
	case MW_SYNTAX_CAT:
	case MW_SYNTAX_REPEAT:
		return first ? first_of(s->child, o) : last_of(s->child, o);
	case MW_SYNTAX_ALT:
		for (const struct mw_syntax *c = s->child; c; c = c->next)
			o = mw_octets_or(o, end_of(c, first));
		return o;
	default:
		return o;
	}
}

static struct mw_octets first_of(const struct mw_syntax *list, struct mw_octets after)
{
	struct mw_octets o = none();

	for (; list; list = list->next) {
		o = mw_octets_or(o, end_of(list, true));
		if (mw_syntax_min(list) > 0)
			return o;
	}
	return mw_octets_or(o, after);
}

static struct mw_octets last_of(const struct mw_syntax *list, struct mw_octets before)
{
	for (; list; list = list->next) {
		struct mw_octets o = end_of(list, false);

		before = mw_syntax_min(list) > 0 ? o : mw_octets_or(before, o);
	}
	return before;
}

/* Is one of the two of words only, and the other of other octets only (or, for \B, both of the same)? */
static bool edge_holds(bool no, struct mw_octets before, struct mw_octets after)
{
	struct mw_octets word = mw_syntax_word(), other = mw_octets_not(word);

	if (no)
		return mw_octets_within(mw_octets_or(before, after), word) ||
		       mw_octets_within(mw_octets_or(before, after), other);
	return (mw_octets_within(before, word) && mw_octets_within(after, other)) ||
	       (mw_octets_within(before, other) && mw_octets_within(after, word));
}

static bool holds(const struct mw_syntax *s, struct mw_octets before, struct mw_octets after)
{
	if (s->kind == MW_SYNTAX_EDGE)
		return edge_holds(s->no, before, after);
	/* What must not be there begins with what can not be there. */
	return s->no && mw_syntax_min(s->child) > 0 &&
	       !mw_octets_meet(end_of(s->child, s->kind == MW_SYNTAX_AHEAD), s->kind == MW_SYNTAX_AHEAD ? after : before);
}

static void find(struct finder *f, const struct mw_syntax *s, struct mw_octets before, struct mw_octets after)
{
	switch (s->kind) {
	case MW_SYNTAX_CAT:
		for (const struct mw_syntax *c = s->child; c && !f->found; c = c->next) {
			find(f, c, before, first_of(c->next, after));
			before = mw_syntax_min(c) > 0 ? end_of(c, false) : mw_octets_or(before, end_of(c, false));
		}
		return;
	case MW_SYNTAX_ALT:
		for (const struct mw_syntax *c = s->child; c && !f->found; c = c->next)
			find(f, c, before, after);
		return;
	case MW_SYNTAX_REPEAT:
		find(f, s->child, mw_octets_or(before, end_of(s->child, false)), mw_octets_or(after, end_of(s->child, true)));
		return;
	case MW_SYNTAX_EDGE:
	case MW_SYNTAX_AHEAD:
	case MW_SYNTAX_BEHIND:
		if (s->at == f->at) {
			f->found = true;
			f->holds = holds(s, before, after);
		} else if (s->child) {
			find(f, s->child, s->kind == MW_SYNTAX_AHEAD ? before : MW_OCTETS_ALL,
			     s->kind == MW_SYNTAX_AHEAD ? MW_OCTETS_ALL : after);
		}
		return;
	default:
		return;
	}
}

bool implied_assertion(const struct mw_syntax *tree, size_t at)
{
	struct finder f = {.at = at};

	if (tree)
		find(&f, tree, MW_OCTETS_ALL, MW_OCTETS_ALL);
	return f.found && f.holds;
}
