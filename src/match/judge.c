/* SPDX-License-Identifier: Apache-2.0 */
/* judge: is a match a finding, and how sure is it? Asked about matches only, so context costs where something was found. */
#include "match/compiled.h"
#include "match/digest.h"
#include "match/sentence.h"

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
	size_t first, behind;		 /* octets of the sentence that it stands in; behind is 0 until somebody asks */
	uint32_t asked, held, by_column; /* names: bits */
	uint32_t cue[MW_NEAR_NAMES_MAX]; /* what made a name hold */
};

/* ---- context ------------------------------------------------------------------------------------------------------------- */

static void find_sentence(struct match *m)
{
	struct mw_str text = m->scan->folded->text;

	if (m->behind)
		return;
	m->first = mw_sentence_begin(text, m->start, m->start > MW_SENTENCE_MAX ? m->start - MW_SENTENCE_MAX : 0);
	m->behind = mw_sentence_end(text, m->end, text.n - m->end > MW_SENTENCE_MAX ? m->end + MW_SENTENCE_MAX : text.n);
}

/* May the entry count it? Asked last, of what is near. */
static bool in_sentence(struct match *m, const struct mw_compiled_near *near, const struct mw_span *span)
{
	if (!near->near->sentence)
		return true;
	find_sentence(m);
	return span->start < m->behind && span->end > m->first;
}

/* Of this rule the first finding that begins at `at` or behind it, and the last that begins before it; NULL: there is none. */
static const struct mw_span *span_behind(const struct match *m, uint32_t rule, size_t at)
{
	const struct mw_scratch *s = m->scan->scratch;
	const struct mw_run *of = &s->spans_of[rule];
	size_t i = of->n ? mw_span_from(s, of, at) : of->first;

	return i < of->first + of->n ? s->span + i : NULL;
}

static const struct mw_span *span_ahead(const struct match *m, uint32_t rule, size_t at)
{
	const struct mw_scratch *s = m->scan->scratch;
	const struct mw_run *of = &s->spans_of[rule];
	size_t i = of->n ? mw_span_from(s, of, at) : of->first;

	return i > of->first ? s->span + i - 1 : NULL;
}

/* The next finding behind the match, from `from` on, with all that overlap it: one word that three rules know is one, in whatever
 * order they are named. Its end; 0: none is so near. alone: nobody asks where it ends. */
static size_t next_behind(struct match *m, const struct mw_compiled_near *near, size_t from, bool alone, uint32_t *cue)
{
	const struct mw_span *first = NULL, *span;
	size_t end, grown;

	for (size_t i = 0; i < near->rules && !(first && alone); i++) {
		span = span_behind(m, near->rule[i], from);
		if (!span || span->start - m->end > near->near->within || (first && span->start >= first->start) ||
		    !in_sentence(m, near, span))
			continue;
		first = span;
		*cue = near->rule_cue[i];
	}
	for (end = 0, grown = first ? first->end : 0; end < grown && !alone;) {
		end = grown;
		for (size_t i = 0; i < near->rules; i++) {
			span = span_ahead(m, near->rule[i], end);
			grown = span && span->end > grown ? span->end : grown;
		}
	}
	return grown;
}

/* The same before the match, up to `to`: its start; SIZE_MAX: none. */
static size_t next_ahead(struct match *m, const struct mw_compiled_near *near, size_t to, bool alone, uint32_t *cue)
{
	size_t start, grown = SIZE_MAX, nearest = 0;

	for (size_t i = 0; i < near->rules && !(grown < SIZE_MAX && alone); i++) {
		const struct mw_span *span = span_ahead(m, near->rule[i], to);

		/* One that reaches beyond is not beside the match; that before it is, as findings of one rule do not overlap. */
		if (span && span->end > to)
			span = span_ahead(m, near->rule[i], span->start);
		if (!span || m->start - span->end > near->near->within || (grown < SIZE_MAX && span->end <= nearest) ||
		    !in_sentence(m, near, span))
			continue;
		nearest = span->end;
		grown = span->start;
		*cue = near->rule_cue[i];
	}
	for (start = SIZE_MAX; start > grown && !alone;) {
		start = grown;
		for (size_t i = 0; i < near->rules; i++) {
			const struct mw_span *span = span_ahead(m, near->rule[i], start);

			grown = span && span->end > start && span->start < grown ? span->start : grown;
		}
	}
	return grown;
}

/* Are there as many findings beside the match as the entry asks for? */
static bool rules_beside(struct match *m, const struct mw_compiled_near *near, uint32_t *cue)
{
	uint32_t lacking = near->near->least ? near->near->least : 1;

	for (size_t at = m->end; lacking && near->near->side & MW_SIDE_AFTER; lacking--) {
		at = next_behind(m, near, at, lacking == 1, cue);
		if (!at)
			break;
	}
	for (size_t at = m->start; lacking && near->near->side & MW_SIDE_BEFORE; lacking--) {
		at = next_ahead(m, near, at, lacking == 1, cue);
		if (at == SIZE_MAX)
			break;
	}
	return lacking == 0;
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

/* Is a phrase of the entry beside the match, between these octets? */
static bool phrase_beside(const struct match *m, const struct mw_compiled_near *near, size_t floor, size_t ceiling, uint32_t *cue)
{
	size_t which;

	if (!mw_context_near(near->context, m->scan->folded->text, floor, ceiling, m->start, m->end, &which))
		return false;
	*cue = near->cue + (uint32_t)which;
	return true;
}

static bool entry_beside(struct match *m, const struct mw_compiled_near *near, uint32_t *cue)
{
	if (!near->context)
		return rules_beside(m, near, cue);
	if (!phrase_beside(m, near, m->floor, m->scan->folded->text.n, cue))
		return false;
	if (!near->near->sentence)
		return true;
	find_sentence(m);
	return phrase_beside(m, near, m->floor > m->first ? m->floor : m->first, m->behind, cue);
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

/* Its fate, or negative. *clause: the level that counts, of one that is found. */
static int fate_of(struct match *m, size_t *clause)
{
	struct mw_known known = {.ctx = m, .name = name_holds, .column = column_holds, .zone = zone_of};
	struct mw_str match = {.p = m->scan->folded->text.p + m->start, .n = m->end - m->start};
	int rc;

	if (m->c->check && !check_passes(m, match))
		return MW_JUDGED_CHECK;
	rc = is_except(m, match);
	if (rc != 0)
		return rc < 0 ? rc : MW_JUDGED_EXCEPT;
	if (!in_zone(m))
		return MW_JUDGED_ZONE;
	*clause = mw_level_clause(m->c->rule, &known);
	if (m->failed)
		return m->failed;
	return *clause == SIZE_MAX || m->c->rule->level[*clause].confidence == 0 ? MW_JUDGED_LEVEL : MW_JUDGED_FOUND;
}

/* All names are asked, not only those that decided. */
static void tell(struct match *m, int fate, size_t clause)
{
	const struct mw_scratch *s = m->scan->scratch;
	struct mw_judgement told = {
	    .judged = (enum mw_judged)fate,
	    .zone = zone_of(m),
	    .confidence = fate == MW_JUDGED_FOUND ? m->c->rule->level[clause].confidence : 0,
	    .offset = mw_fold_origin(m->scan->folded, m->start),
	    .cue = m->cue,
	};

	told.length = mw_fold_end(m->scan->folded, m->end) - told.offset;
	for (uint32_t name = 0; name < m->c->rule->near_names; name++)
		(void)name_holds(m, name);
	told.names = m->held;
	told.columns = m->by_column;
	s->tell(s->tell_ctx, &told);
}

int mw_judge(struct mw_scan *s, uint32_t rule, size_t start, size_t end)
{
	struct match m = {.scan = s, .c = s->set->rule + rule, .start = start, .end = end};
	size_t clause = SIZE_MAX;
	int rc = fate_of(&m, &clause);

	if (rc < 0)
		return rc;
	if (rule == s->scratch->told)
		tell(&m, rc, clause);
	if (rc != MW_JUDGED_FOUND)
		return rc != MW_JUDGED_CHECK;
	rc = m.c->is_source ? span_add(&m) : 0;
	if (rc == 0 && (s->only == SIZE_MAX ? m.c->rule->kind != MW_CONTEXT : s->only == rule))
		rc = finding_add(&m, &m.c->rule->level[clause]);
	return rc < 0 ? rc : m.failed ? m.failed : 1;
}
