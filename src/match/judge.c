/* SPDX-License-Identifier: Apache-2.0 */
/* judge: is a match a finding, and how sure is it? Asked about matches only, so context costs where something was found. */
#include "match/compiled.h"
#include "match/digest.h"

#include <errno.h>
#include <stdlib.h>

/* One match in work. */
struct match {
	struct mw_scan *scan;
	const struct mw_compiled *c;
	size_t start, end;
	int failed; /* an answer could not be given */
	uint32_t zone;
	bool zone_known, column_known;
	struct mw_str column;		 /* name of the column it stands in, "" when there is none */
	size_t floor;			 /* names of columns above this are context for their own cells alone */
	uint32_t asked, held, by_column; /* names: bits */
	uint32_t cue[MW_NEAR_NAMES_MAX]; /* what made a name hold */
};

/* ---- context ------------------------------------------------------------------------------------------------------------- */

/* What is counted for an entry of `near`: places, no two of which overlap: one word that three rules know is one. */
struct places {
	size_t n, enough;
	struct {
		size_t start, end;
	} v[MW_LEAST_MAX];
};

/* true: there are enough now. */
static bool place_add(struct places *p, const struct mw_span *span)
{
	for (size_t i = 0; i < p->n; i++)
		if (span->start < p->v[i].end && p->v[i].start < span->end)
			return false;
	p->v[p->n].start = span->start;
	p->v[p->n].end = span->end;
	return ++p->n == p->enough;
}

/* Adds the findings of the other rule that stand so near that no more than `within` octets are between them and the match; true:
 * there are enough now. Spans of a rule do not overlap, so the one before the match that begins last ends last too. */
static bool rule_near(const struct match *m, const struct mw_near *near, uint32_t rule, struct places *places)
{
	const struct mw_scratch *s = m->scan->scratch;
	const struct mw_run *of = &s->spans_of[rule];
	size_t i, end = of->first + of->n;

	if (of->n == 0)
		return false;
	if (near->side & MW_SIDE_AFTER)
		for (i = mw_span_from(s, of, m->end); i < end && s->span[i].start - m->end <= near->within; i++)
			if (place_add(places, s->span + i))
				return true;
	if (!(near->side & MW_SIDE_BEFORE))
		return false;
	i = mw_span_from(s, of, m->start);
	if (i > of->first && s->span[i - 1].end > m->start)
		i--; /* it overlaps the match: it is not beside it */
	for (; i > of->first && m->start - s->span[i - 1].end <= near->within; i--)
		if (place_add(places, s->span + i - 1))
			return true;
	return false;
}

/* The name of the match's column. */
static struct mw_str column_name(struct match *m)
{
	struct mw_str text = m->scan->folded->text;
	struct mw_cell cell;
	size_t header_end;

	if (!m->column_known) {
		int rc = mw_layout_column(&m->scan->scratch->layout, m->start, &cell, &header_end);

		m->column_known = true;
		if (rc < 0)
			m->failed = rc;
		else
			m->column = (struct mw_str){.p = text.p + cell.start, .n = cell.end - cell.start};
		if (m->column.n)
			m->floor = header_end;
	}
	return m->column;
}

static bool entry_in_column(struct match *m, const struct mw_compiled_near *near, uint32_t *cue)
{
	struct mw_str name = near->context ? column_name(m) : (struct mw_str){.p = NULL, .n = 0};
	size_t which;

	if (name.n == 0 || !mw_context_in(near->context, name, 0, name.n, &which))
		return false;
	*cue = near->cue + (uint32_t)which;
	return true;
}

static bool entry_beside(const struct match *m, const struct mw_compiled_near *near, uint32_t *cue)
{
	struct places places = {.n = 0, .enough = near->near->least ? near->near->least : 1};
	size_t which;

	if (near->context) {
		if (!mw_context_near(near->context, m->scan->folded->text, m->floor, m->start, m->end, &which))
			return false;
		*cue = near->cue + (uint32_t)which;
		return true;
	}
	for (size_t i = 0; i < near->rules; i++)
		if (rule_near(m, near->near, near->rule[i], &places)) {
			*cue = near->rule_cue[i];
			return true;
		}
	return false;
}

static bool name_holds(void *ctx, uint32_t name)
{
	struct match *m = ctx;

	if (m->asked & 1u << name)
		return m->held & 1u << name;
	m->asked |= 1u << name;
	for (size_t i = 0; i < m->c->rule->nears; i++) {
		const struct mw_compiled_near *near = &m->c->near[i];
		bool in_column;

		if (near->near->name != name)
			continue;
		in_column = entry_in_column(m, near, &m->cue[name]);
		if (!in_column && !entry_beside(m, near, &m->cue[name]))
			continue;
		m->held |= 1u << name;
		m->by_column |= in_column ? 1u << name : 0;
		return true;
	}
	return false;
}

static bool column_holds(void *ctx)
{
	struct match *m = ctx;
	uint32_t cue;

	for (size_t i = 0; i < m->c->rule->nears; i++)
		if (entry_in_column(m, &m->c->near[i], &cue))
			return true;
	return false;
}

static uint32_t zone_of(void *ctx)
{
	struct match *m = ctx;

	if (!m->zone_known) {
		int rc = mw_layout_zone(&m->scan->scratch->layout, m->start, &m->zone);

		m->zone_known = true;
		if (mw_fold_origin(m->scan->folded, m->start) >= m->scan->folded->hidden)
			m->zone = MW_ZONE_HIDDEN;
		m->failed = rc < 0 ? rc : m->failed;
	}
	return m->zone;
}

/* Of the names that speak for it the heaviest that holds; of equal ones the first. */
static bool why_weight(const struct match *m, const struct mw_weights *weights, uint32_t *name)
{
	int32_t most = 0;

	for (size_t i = 0; i < weights->n; i++)
		if (weights->v[i].points > most && m->held >> weights->v[i].name & 1u) {
			most = weights->v[i].points;
			*name = weights->v[i].name;
		}
	return most > 0;
}

/* The first name that the condition asks for and that holds. */
static bool why(const struct match *m, const struct mw_when *w, uint32_t *name)
{
	if (!w || w->op == MW_WHEN_NOT)
		return false;
	if (w->op == MW_WHEN_WEIGHT)
		return why_weight(m, w->weights, name);
	if (w->op == MW_WHEN_NEAR) {
		*name = w->n;
		return m->held >> w->n & 1u;
	}
	return why(m, w->a, name) || why(m, w->b, name);
}

/* ---- findings ------------------------------------------------------------------------------------------------------------ */

static int span_add(struct match *m)
{
	struct mw_scratch *s = m->scan->scratch;

	if (s->spans == s->span_cap) {
		size_t cap = s->span_cap ? s->span_cap * 2 : 64;
		struct mw_span *v = reallocarray(s->span, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->span = v;
		s->span_cap = cap;
	}
	s->span[s->spans++] = (struct mw_span){.rule = (uint32_t)(m->c - m->scan->set->rule), .start = m->start, .end = m->end};
	return 0;
}

static uint32_t flags_of(const struct match *m, const struct mw_when *when, bool data)
{
	uint32_t flags = (m->c->rule->shadow ? MW_FINDING_SHADOW : 0u) | (data ? MW_FINDING_ROW : 0u), name;

	if (!why(m, when, &name))
		return flags;
	return flags | MW_FINDING_NEAR | (m->by_column >> name & 1u ? MW_FINDING_COLUMN : 0u);
}

/* The last quarter of the room is for rules that have found little: who is in a table of 100,000 rows must not keep out what is
 * said about them. */
static bool has_share(const struct mw_findings *f, size_t found)
{
	size_t share = f->max / 64;

	return share == 0 || f->n < f->max - f->max / 4 || found < share;
}

/* A sum is shown whole: all that is weighed is asked, not only what decided. */
static void ask_weights(struct match *m, const struct mw_when *when)
{
	const struct mw_when *w = mw_when_weight(when);

	for (size_t i = 0; w && i < w->weights->n; i++)
		(void)name_holds(m, w->weights->v[i].name);
}

static int finding_add(struct match *m, const struct mw_level *level)
{
	struct mw_scan *s = m->scan;
	size_t *found = &s->scratch->found[m->c - s->set->rule];
	struct mw_findings *f = s->out;
	struct mw_finding *v;
	struct mw_str match = {.p = s->folded->text.p + m->start, .n = m->end - m->start};
	size_t from = mw_fold_origin(s->folded, m->start);
	uint32_t name, record;
	bool data;
	int rc = mw_layout_record(&s->scratch->layout, m->start, &record, &data);

	if (rc < 0)
		return rc;
	if (f->n >= f->max)
		return -EFBIG;
	if (!has_share(f, *found)) {
		s->full = true;
		return 0;
	}
	v = mw_arena_grow(s->arena, f->v, &f->cap, f->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	f->v = v;
	++*found;
	ask_weights(m, level->when);
	f->v[f->n++] = (struct mw_finding){
	    .rule = (uint32_t)(m->c - s->set->rule),
	    .part = s->part,
	    .zone = zone_of(m),
	    .confidence = level->confidence,
	    .offset = from,
	    .length = mw_fold_end(s->folded, m->end) - from,
	    .value = mw_normal_digest(s->scratch->key, match),
	    .record = record,
	    .flags = flags_of(m, level->when, data),
	    .cue = why(m, level->when, &name) ? m->cue[name] : MW_NO_CUE,
	    .names = m->held,
	};
	return 0;
}

/* 1: an exception; 0: none; negative. */
static int is_except(const struct match *m, struct mw_str match)
{
	const struct mw_compiled *c = m->c;

	for (size_t i = 0; i < c->excepts; i++)
		if (mw_normal_same(c->except[i], match))
			return 1;
	for (size_t i = 0; i < c->rule->except_patterns; i++) {
		struct mw_allowance allowance = {0};
		size_t start, end;
		int rc;

		mw_allowance_begin(&allowance);
		rc =
		    mw_pattern_next(c->except_pattern[i], m->scan->scratch->matcher, &allowance, match, 0, match.n, &start, &end);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/* One rule alone is a sample being tried, which knows nothing of a site's data; data that is not there passes nothing. */
static bool check_passes(const struct match *m, struct mw_str match)
{
	const struct mw_check *check = m->c->check;

	if (check->flags & MW_CHECK_DATA) {
		if (m->scan->only != SIZE_MAX)
			return true;
		if (!m->c->inst)
			return false;
	}
	return check->valid(m->c->inst, match.p, match.n);
}

static bool in_zone(struct match *m)
{
	uint32_t zones = m->c->rule->zones, zone = zones ? zone_of(m) : 0;

	return zone == 0 || zones & MW_ZONE_BIT(zone);
}

int mw_judge(struct mw_scan *s, uint32_t rule, size_t start, size_t end)
{
	struct match m = {.scan = s, .c = s->set->rule + rule, .start = start, .end = end};
	struct mw_known known = {.ctx = &m, .name = name_holds, .column = column_holds, .zone = zone_of};
	struct mw_str match = {.p = s->folded->text.p + start, .n = end - start};
	size_t clause;
	int rc;

	if (m.c->check && !check_passes(&m, match))
		return 0;
	rc = is_except(&m, match);
	if (rc != 0 || !in_zone(&m))
		return rc < 0 ? rc : 1;
	clause = mw_level_clause(m.c->rule, &known);
	if (m.failed)
		return m.failed;
	if (clause == SIZE_MAX || m.c->rule->level[clause].confidence == 0)
		return 1;
	rc = m.c->is_source ? span_add(&m) : 0;
	if (rc == 0 && (s->only == SIZE_MAX ? m.c->rule->kind != MW_CONTEXT : s->only == rule))
		rc = finding_add(&m, &m.c->rule->level[clause]);
	return rc < 0 ? rc : m.failed ? m.failed : 1;
}
