/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wake: levels are asked about every set of names once, when rules are compiled: there are 4,096 at most. In a text the names that
 * hold somewhere are one such set.
 */
#include "match/wake.h"

#include "match/compiled.h"

/* Does a finding need one of these names, and would it not with one of them less? */
static bool is_group(const struct mw_wake *w, uint32_t all, uint32_t names)
{
	if (mw_wake_enough(w, all & ~names))
		return false;
	for (uint32_t m = names; m; m &= m - 1)
		if (!mw_wake_enough(w, all & ~(names & ~(m & -m))))
			return false;
	return true;
}

void mw_wake_make(const struct mw_rule *r, uint32_t beside, struct mw_wake *ret)
{
	struct mw_wake w = {.needs_column = mw_level_needs_column(r)};
	uint32_t all = (1u << r->near_names) - 1;

	for (uint32_t names = 0; names <= all; names++) {
		bool enough = mw_level_gives(r, names);

		for (uint32_t m = names; m && !enough; m &= m - 1)
			enough = mw_wake_enough(&w, names & ~(m & -m));
		w.enough[names / 64] |= (uint64_t)enough << (names % 64);
	}
	for (uint32_t names = 0; names <= all; names++)
		for (uint32_t m = all & ~names; m; m &= m - 1)
			if (mw_wake_enough(&w, names | (m & -m)) && !mw_wake_enough(&w, names))
				w.asks |= m & -m;
	for (uint32_t names = 1; names <= all && w.groups < MW_WAKE_GROUPS; names++)
		if (!(names & ~beside) && is_group(&w, all, names))
			w.group[w.groups++] = names;
	*ret = w;
}

/* ---- in a text --------------------------------------------------------------------------------------------------------------
 */

bool mw_wake_up(const struct mw_scan *s, uint32_t rule)
{
	const struct mw_compiled *c = s->set->rule + rule;
	const uint64_t *source = c->source;
	uint32_t names = s->scratch->cue[rule];

	for (uint32_t name = 0; name < c->rule->near_names; name++, source += s->set->words)
		for (size_t i = 0; i < s->set->words; i++)
			if (source[i] & s->scratch->here[i]) {
				names |= 1u << name;
				break;
			}
	return mw_wake_enough(c->wake, names) && (!c->wake->needs_column || mw_layout_has_columns(&s->scratch->layout));
}

size_t mw_span_from(const struct mw_scratch *s, const struct mw_run *of, size_t at)
{
	size_t lo = of->first, hi = of->first + of->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->span[mid].start < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Findings of the rules that names of the group hold by. */
static size_t group_spans(const struct mw_scan *s, const struct mw_compiled *c, uint32_t group)
{
	size_t n = 0;

	for (size_t i = 0; i < c->rule->nears; i++)
		for (size_t k = 0; group >> c->near[i].near->name & 1u && k < c->near[i].rules; k++)
			n += s->scratch->spans_of[c->near[i].rule[k]].n;
	return n;
}

/* What is so near to findings of a rule. Those do not overlap, so their ends are in order, too. */
static void mark_rule(const struct mw_scratch *s, uint32_t rule, const struct mw_near *near, struct mw_window *w)
{
	const struct mw_run *of = &s->spans_of[rule];
	size_t end = of->first + of->n, far = near->within, i;

	if (of->n == 0)
		return;
	i = mw_span_from(s, of, w->from);
	while (i > of->first && near->side & MW_SIDE_BEFORE && s->span[i - 1].end + far >= w->from)
		i--;
	for (; i < end && s->span[i].start < w->to + far; i++) {
		const struct mw_span *v = s->span + i;

		if (near->side & MW_SIDE_AFTER)
			mw_window_mark(w, v->start > far ? v->start - far : 0, v->start);
		if (near->side & MW_SIDE_BEFORE)
			mw_window_mark(w, v->end, v->end + far);
	}
}

bool mw_wake_where(const struct mw_scan *s, uint32_t rule, struct mw_window *w)
{
	const struct mw_compiled *c = s->set->rule + rule;
	uint32_t best = 0;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < c->wake->groups; i++) {
		size_t n = group_spans(s, c, c->wake->group[i]);

		best = n < least ? c->wake->group[i] : best;
		least = n < least ? n : least;
	}
	for (size_t i = 0; i < c->rule->nears; i++)
		for (size_t k = 0; best >> c->near[i].near->name & 1u && k < c->near[i].rules; k++)
			mark_rule(s->scratch, c->near[i].rule[k], c->near[i].near, w);
	return best != 0;
}
