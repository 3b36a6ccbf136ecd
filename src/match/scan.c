/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan: runs a rule set over one text. The patterns (hunt.c), then all lists of terms in one walk; what they propose goes through
 * the rule's check, exceptions and context before it is a finding.
 */
#include "match/compiled.h"
#include "match/digest.h"
#include "match/hunt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A term that was seen. They are merged rule by rule when the text is done. */
struct seen {
	uint32_t rule;
	size_t start, end;
};

#define SEEN_KEEP 4096u /* room that stays with the scratch between texts */
#define SEEN_MAX (1u << 24)

struct mw_scratch {
	struct mw_hunter *hunter;
	unsigned char key[32]; /* digests use the first 16; the rest is for a wider one */
	struct seen *seen;
	size_t n, cap;
	bool *cue; /* for each rule: one of its phrases is in the text */
	bool *run; /* for each rule: its pattern is looked for */
	size_t rules;
};

/* One text in work. */
struct scan {
	const struct mw_ruleset *set;
	struct mw_scratch *scratch;
	const struct mw_folded *folded;
	struct mw_arena *arena;
	struct mw_findings *out;
	size_t only; /* rule, SIZE_MAX = all */
	uint32_t part, zone;
};

struct mw_scratch *mw_scratch_new(const struct mw_ruleset *set, const unsigned char key[32])
{
	struct mw_scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	memcpy(s->key, key, sizeof(s->key));
	s->hunter = mw_hunter_new(set);
	s->rules = set->n;
	s->cue = calloc(set->n ? set->n : 1, sizeof(*s->cue));
	s->run = calloc(set->n ? set->n : 1, sizeof(*s->run));
	if (!s->hunter || !s->cue || !s->run)
		mw_scratch_free(&s);
	return s;
}

void mw_scratch_free(struct mw_scratch **s)
{
	if (!*s)
		return;
	mw_hunter_free(&(*s)->hunter);
	free((*s)->seen);
	free((*s)->cue);
	free((*s)->run);
	explicit_bzero((*s)->key, sizeof((*s)->key));
	free(*s);
	*s = NULL;
}

static int finding_add(struct scan *s, uint32_t rule, uint32_t confidence, size_t start, size_t end, struct mw_str match)
{
	struct mw_findings *f = s->out;
	struct mw_finding *v;
	size_t from = mw_fold_origin(s->folded, start);

	if (f->n >= f->max)
		return -EFBIG;
	v = mw_arena_grow(s->arena, f->v, &f->cap, f->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	f->v = v;
	f->v[f->n++] = (struct mw_finding){
	    .rule = rule,
	    .part = s->part,
	    .zone = s->zone,
	    .confidence = confidence,
	    .offset = from,
	    .length = mw_fold_end(s->folded, end) - from,
	    .value = mw_normal_digest(s->scratch->key, match),
	};
	return 0;
}

/* One rule alone is a sample being tried, which knows nothing of a site's data; data that is not there passes nothing. */
static bool check_passes(const struct scan *s, const struct mw_compiled *c, struct mw_str match)
{
	if (c->check->flags & MW_CHECK_DATA) {
		if (s->only != SIZE_MAX)
			return true;
		if (!c->inst)
			return false;
	}
	return c->check->valid(c->inst, match.p, match.n);
}

/* What a pattern or a list proposes. 1: taken or knowingly left out; 0: the check refuses it; negative. */
static int propose(struct scan *s, uint32_t rule, size_t start, size_t end)
{
	const struct mw_compiled *c = s->set->rule + rule;
	struct mw_str match = {.p = s->folded->text.p + start, .n = end - start};
	uint32_t level = c->rule->level;
	int rc;

	if (c->check && !check_passes(s, c, match))
		return 0;
	for (size_t i = 0; i < c->excepts; i++)
		if (mw_normal_same(c->except[i], match))
			return 1;
	if (c->context && c->rule->level_near != level && mw_context_near(c->context, s->folded->text, start, end))
		level = c->rule->level_near;
	if (level == 0)
		return 1;
	rc = finding_add(s, rule, level, start, end, match);
	return rc < 0 ? rc : 1;
}

static int pattern_found(void *ctx, uint32_t rule, size_t start, size_t end)
{
	return propose(ctx, rule, start, end);
}

static int term_seen(void *ctx, uint32_t rule, size_t start, size_t end)
{
	struct scan *s = ctx;
	struct mw_scratch *scratch = s->scratch;

	if (s->only != SIZE_MAX && s->only != rule)
		return 0;
	if (scratch->n == SEEN_MAX)
		return -EFBIG;
	if (scratch->n == scratch->cap) {
		size_t cap = scratch->cap ? scratch->cap * 2 : 256;
		struct seen *v = reallocarray(scratch->seen, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		scratch->seen = v;
		scratch->cap = cap;
	}
	scratch->seen[scratch->n++] = (struct seen){.rule = rule, .start = start, .end = end};
	return 0;
}

static int seen_order(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end == y->end ? 0 : x->end > y->end ? -1 : 1;
}

/* Terms of one rule that overlap are one finding: the longest, or their union. */
static int scan_terms(struct scan *s)
{
	struct mw_scratch *scratch = s->scratch;
	struct seen *v;
	int rc;

	scratch->n = 0;
	rc = mw_terms_scan(s->set->terms, s->folded->text, term_seen, s);
	v = scratch->seen;
	if (rc == 0 && scratch->n > 1)
		qsort(v, scratch->n, sizeof(*v), seen_order);
	for (size_t i = 0, next; i < scratch->n && rc >= 0; i = next) {
		size_t end = v[i].end;

		for (next = i + 1; next < scratch->n && v[next].rule == v[i].rule && v[next].start < end; next++)
			end = v[next].end > end ? v[next].end : end;
		rc = propose(s, v[i].rule, v[i].start, end);
	}
	if (scratch->cap > SEEN_KEEP) {
		free(scratch->seen);
		scratch->seen = NULL;
		scratch->cap = 0;
	}
	return rc < 0 ? rc : 0;
}

static int finding_order(const void *a, const void *b)
{
	const struct mw_finding *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return x->length == y->length ? 0 : x->length > y->length ? -1 : 1;
}

/* A pattern that finds nothing without its phrases is not looked for where none of them is. */
static void choose(struct scan *s)
{
	struct mw_scratch *scratch = s->scratch;

	memset(scratch->cue, 0, scratch->rules * sizeof(*scratch->cue));
	if (s->set->cues)
		mw_cues_look(s->set->cues, s->folded->text, scratch->cue);
	for (size_t i = 0; i < s->set->n; i++)
		scratch->run[i] = (s->only == SIZE_MAX || s->only == i) && (!s->set->rule[i].needs_cue || scratch->cue[i]);
}

static int scan_rules(struct scan *s, size_t *rule)
{
	int limited, rc;

	choose(s);
	limited = mw_hunt(s->set, s->scratch->hunter, s->folded->text, s->scratch->run, pattern_found, s, rule);
	if (limited < 0 && limited != -EAGAIN)
		return limited;
	rc = s->set->terms ? scan_terms(s) : 0;
	return rc == 0 ? limited : rc;
}

int mw_scan(const struct mw_ruleset *set, struct mw_scratch *scratch, const struct mw_folded *folded, struct mw_arena *arena,
	    size_t only, uint32_t part, uint32_t zone, struct mw_findings *out, size_t *rule)
{
	struct scan s = {
	    .set = set,
	    .scratch = scratch,
	    .folded = folded,
	    .arena = arena,
	    .out = out,
	    .only = only,
	    .part = part,
	    .zone = zone,
	};
	size_t before = out->n;
	int rc = scan_rules(&s, rule);

	if (out->n - before > 1)
		qsort(out->v + before, out->n - before, sizeof(*out->v), finding_order);
	return rc;
}

int mw_ruleset_scan(const struct mw_ruleset *set, struct mw_scratch *scratch, const struct mw_folded *folded,
		    struct mw_arena *arena, uint32_t part, uint32_t zone, struct mw_findings *out, size_t *rule)
{
	return mw_scan(set, scratch, folded, arena, SIZE_MAX, part, zone, out, rule);
}
