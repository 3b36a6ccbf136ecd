/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint: a repeat is open when it can go on for long and can also stop earlier. Two open repeats that may share octets, one inside
 * of the other or side by side, let PCRE2 divide one text among them in many ways, and it tries all of them before it gives up.
 */
#include "match/lint.h"

#include "match/pattern.h"
#include "match/syntax.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_FROM 12u  /* rounds between the least and the most that make a repeat open */
#define ANYTHING 80u   /* octets of a set that is nearly everything */
#define FAR_FROM 1000u /* so much of nearly everything is no bound */
#define PROBE_OCTETS 12000u
#define SAMPLE_MAX 400u

struct lint {
	const struct mw_rule *rule;
	mw_lint_report report;
	void *ctx;
	const struct mw_syntax *root;
	struct mw_pattern *pattern;
	struct mw_matcher *matcher;
	bool told; /* of something that grows */
};

static void tell(struct lint *l, const struct mw_syntax *s, const char *text, const char *hint)
{
	l->told = true;
	l->report(l->ctx, l->rule, s->at, s->size ? s->size : 1, text, hint);
}

static bool is_open(const struct mw_syntax *s)
{
	return s->kind == MW_SYNTAX_REPEAT && !s->fixed && !s->child->fixed &&
	       (s->max == MW_SYNTAX_MANY || s->max - s->min >= OPEN_FROM) && mw_syntax_max(s->child) > 0;
}

static bool meet(const struct mw_syntax *a, const struct mw_syntax *b)
{
	return mw_octets_meet(mw_syntax_octets(a), mw_syntax_octets(b));
}

/* ---- repeats in repeats ------------------------------------------------------------------------------------------------------
 */

/* Do all pieces of the row beside `inner` possibly hold nothing but what it may hold, too? Then nothing tells rounds apart. */
static bool blends(const struct mw_syntax *row, const struct mw_syntax *inner)
{
	for (const struct mw_syntax *c = row->child; c; c = c->next)
		if (c != inner && mw_syntax_min(c) > 0 && !meet(c, inner))
			return false;
	return true;
}

/* The open repeat in s that blends with what is around it, NULL = none. */
static const struct mw_syntax *open_inside(const struct mw_syntax *s)
{
	if (is_open(s))
		return s;
	if (s->fixed || (s->kind != MW_SYNTAX_CAT && s->kind != MW_SYNTAX_ALT && s->kind != MW_SYNTAX_REPEAT))
		return NULL;
	for (const struct mw_syntax *c = s->child; c; c = c->next) {
		const struct mw_syntax *in = open_inside(c);

		if (in && (s->kind != MW_SYNTAX_CAT || blends(s, c)))
			return in;
	}
	return NULL;
}

/* May one text be taken by either? Octet by octet as far as both are sets. */
static bool alike(const struct mw_syntax *a, const struct mw_syntax *b)
{
	if (a->kind == MW_SYNTAX_SET && b->kind == MW_SYNTAX_SET)
		return mw_octets_meet(a->set, b->set);
	if (a->kind == MW_SYNTAX_SET)
		return b->kind == MW_SYNTAX_CAT && b->child && alike(a, b->child);
	if (b->kind == MW_SYNTAX_SET)
		return alike(b, a);
	if (a->kind != MW_SYNTAX_CAT || b->kind != MW_SYNTAX_CAT)
		return meet(a, b);
	a = a->child;
	b = b->child;
	for (; a && b && a->kind == MW_SYNTAX_SET && b->kind == MW_SYNTAX_SET; a = a->next, b = b->next)
		if (!mw_octets_meet(a->set, b->set))
			return false;
	return !a || !b || meet(a, b);
}

static const struct mw_syntax *only_child(const struct mw_syntax *s)
{
	while (s->kind == MW_SYNTAX_CAT && s->child && !s->child->next)
		s = s->child;
	return s;
}

static bool ways_alike(const struct mw_syntax *alt)
{
	for (const struct mw_syntax *a = alt->child; a; a = a->next)
		for (const struct mw_syntax *b = a->next; b; b = b->next)
			if (mw_syntax_max(a) && mw_syntax_max(b) && alike(only_child(a), only_child(b)))
				return true;
	return false;
}

static void check_repeat(struct lint *l, const struct mw_syntax *s)
{
	const struct mw_syntax *body = only_child(s->child), *inside;

	if (!is_open(s))
		return;
	inside = open_inside(body);
	if (inside)
		tell(l, inside,
		     "a repeat inside of a repeat, and nothing tells their rounds apart: time can double with each octet",
		     "make the inner one possessive (++), or begin each round with a sign that it can not hold");
	else if (body->kind == MW_SYNTAX_ALT && !body->fixed && ways_alike(body))
		tell(l, s, "a repeat of alternatives that can match the same: time can double with each octet",
		     "make the alternatives differ in their first character, or one of them a character class");
}

/* ---- repeats in a row ---------------------------------------------------------------------------------------------------------
 */

static bool nearly_anything(const struct mw_syntax *s)
{
	struct mw_octets o = mw_syntax_octets(s->child);
	unsigned n = 0;

	for (unsigned c = 0; c < 128; c++)
		n += mw_octets_has(&o, c);
	return n >= ANYTHING && (s->max == MW_SYNTAX_MANY || s->max > FAR_FROM);
}

static bool more_follows(const struct mw_syntax *s)
{
	for (s = s->next; s; s = s->next)
		if (mw_syntax_min(s) > 0)
			return true;
	return false;
}

/* Could a be taken for b throughout? Not when a round of a must hold something that b can not. */
static bool runs_into(const struct mw_syntax *a, const struct mw_syntax *b)
{
	const struct mw_syntax *body = only_child(a->child);

	return meet(a, b) && (body->kind != MW_SYNTAX_CAT || blends(body, b));
}

/* Pieces that stand before: children of `row` as far as `at`, and those before the row. */
struct lead {
	const struct lead *up;
	const struct mw_syntax *row, *at;
};

/* Must something stand before the repeat that it can not hold? Then the next start lies behind what was read from this one. */
static bool divided(const struct lead *lead, const struct mw_syntax *repeat)
{
	struct mw_octets held = mw_syntax_octets(repeat);
	bool in_line = !mw_octets_has(&held, '\n');

	for (; lead; lead = lead->up)
		for (const struct mw_syntax *c = lead->row->child; c != lead->at; c = c->next)
			if ((mw_syntax_min(c) > 0 && !meet(c, repeat)) || (c->kind == MW_SYNTAX_ANCHOR && in_line))
				return true;
	return false;
}

static void check_row(struct lint *l, const struct mw_syntax *row, const struct lead *up)
{
	const struct mw_syntax *open = NULL;

	for (const struct mw_syntax *c = row->child; c; c = c->next) {
		const struct lead lead = {.up = up, .row = row, .at = c};

		if (open && is_open(c) && runs_into(open, c) && runs_into(c, open))
			tell(l, c, "two repeats in a row that can hold the same: time can grow with the square of a run",
			     "make the first one possessive (++), or bound both");
		if (is_open(c) && nearly_anything(c) && more_follows(c) && !divided(&lead, c))
			tell(l, c, "what is repeated is nearly anything, and more must follow: each start may read on to the end",
			     "bound it, as in {0,80}, or leave out what divides the two, as in [^\\n:]*");
		if (is_open(c))
			open = c;
		else if (mw_syntax_min(c) > 0)
			open = NULL;
	}
}

static void walk(struct lint *l, const struct mw_syntax *s, const struct lead *up)
{
	if (s->kind == MW_SYNTAX_REPEAT)
		check_repeat(l, s);
	if (s->kind == MW_SYNTAX_CAT)
		check_row(l, s, up);
	for (const struct mw_syntax *c = s->child; c; c = c->next) {
		const struct lead lead = {.up = up, .row = s, .at = c};

		walk(l, c, s->kind == MW_SYNTAX_CAT ? &lead : up);
	}
}

/* ---- texts that are made to hurt ----------------------------------------------------------------------------------------------
 */

struct text {
	char p[PROBE_OCTETS + SAMPLE_MAX];
	size_t n;
	size_t max;
	const char *liked; /* octets, the first of which that may stand somewhere does */
};

static void octet_add(struct text *t, const struct mw_octets *set)
{
	const char *liked = t->liked;
	unsigned c = ' ';

	while (*liked && !mw_octets_has(set, (unsigned char)*liked))
		liked++;
	while (!*liked && c < 127 && !mw_octets_has(set, c))
		c++;
	if (t->n < t->max)
		t->p[t->n++] = *liked ? *liked : (char)c;
}

/* Something that s takes, the least of it. false: it goes up to `stop` and not behind it. */
static bool sample_add(struct text *t, const struct mw_syntax *s, const struct mw_syntax *stop)
{
	if (s == stop)
		return false;
	switch (s->kind) {
	case MW_SYNTAX_SET:
		octet_add(t, &s->set);
		return true;
	case MW_SYNTAX_CAT:
		for (const struct mw_syntax *c = s->child; c; c = c->next)
			if (!sample_add(t, c, stop))
				return false;
		return true;
	case MW_SYNTAX_ALT:
		for (const struct mw_syntax *c = s->child; c && stop; c = c->next) {
			struct text *before = t;
			size_t n = t->n;

			if (!sample_add(before, c, stop))
				return false;
			t->n = n;
		}
		return !s->child || sample_add(t, s->child, NULL);
	case MW_SYNTAX_REPEAT:
		for (uint32_t i = 0; i < s->min && t->n < t->max; i++)
			if (!sample_add(t, s->child, stop))
				return false;
		return s->min > 0 || !stop || sample_add(t, s->child, stop);
	case MW_SYNTAX_AHEAD: {
		size_t n = t->n;

		if (stop && !sample_add(t, s->child, stop))
			return false;
		t->n = n;
		return true;
	}
	default:
		return true;
	}
}

/* Does the pattern reach its limits on text that leads to the repeat, fills it, and then does not go on? whole: something that the
 * pattern takes stands behind all of that. */
static bool hurts_with(const struct lint *l, struct text *t, const struct mw_syntax *repeat, const char *liked, bool whole)
{
	struct mw_allowance allowance = {0};
	size_t start, end, at = 0, lead;
	int rc;

	t->liked = liked;
	t->n = 0;
	t->max = SAMPLE_MAX;
	(void)sample_add(t, l->root, repeat);
	lead = t->n;
	t->max = PROBE_OCTETS;
	do {
		at = t->n;
		(void)sample_add(t, repeat->child, NULL);
	} while (t->n > at);
	t->p[t->n++] = '\x01';
	t->max = sizeof(t->p);
	if (whole)
		(void)sample_add(t, l->root, NULL);
	mw_allowance_begin(&allowance);
	for (at = 0; at <= lead + 64 && at < t->n; at = end) {
		rc = mw_pattern_next(l->pattern, l->matcher, &allowance, (struct mw_str){.p = t->p, .n = t->n}, at, lead + 64,
				     &start, &end);
		if (rc <= 0)
			return rc == -EAGAIN;
	}
	return false;
}

/* PCRE2 may not even begin where an octet that every match needs is nowhere; and what may be anything takes that for its end. */
static bool hurts(const struct lint *l, struct text *t, const struct mw_syntax *repeat, const char *liked)
{
	return hurts_with(l, t, repeat, liked, true) || hurts_with(l, t, repeat, liked, false);
}

static bool probe(struct lint *l, struct text *t, const struct mw_syntax *s)
{
	/* Capital letters are what names begin with, and may be in what goes on behind the first of them. */
	if (is_open(s) && (hurts(l, t, s, "a1A -,.:/_@") || hurts(l, t, s, "A1a -,.:/_@"))) {
		tell(l, s, "a text made for it reaches the limits of matching, and a message with such a text is indeterminate",
		     "bound the repeats, make them possessive (++), or let a sign stand between them");
		return true;
	}
	for (const struct mw_syntax *c = s->child; c; c = c->next)
		if (probe(l, t, c))
			return true;
	return false;
}

static int probe_all(struct lint *l)
{
	struct text *t = calloc(1, sizeof(*t));
	size_t offset;
	char why[128];
	int rc = t ? mw_pattern_new(l->rule->pattern, l->rule->caseless, l->rule->extended, &l->pattern, &offset, why) : -ENOMEM;

	l->matcher = rc == 0 ? mw_matcher_new() : NULL;
	if (rc == 0 && !l->matcher)
		rc = -ENOMEM;
	if (rc == 0)
		(void)probe(l, t, l->root);
	mw_matcher_free(&l->matcher);
	mw_pattern_free(&l->pattern);
	free(t);
	return rc == -EINVAL ? 0 : rc;
}

static int lint_pattern(const struct mw_rule *rule, mw_lint_report report, void *ctx)
{
	struct lint l = {.rule = rule, .report = report, .ctx = ctx};
	struct mw_arena *a = mw_arena_new(0);
	int rc = 0;

	if (!a)
		return -ENOMEM;
	l.root = mw_syntax_read(a, rule->pattern, rule->caseless, rule->extended);
	if (l.root)
		walk(&l, l.root, NULL);
	if (l.root && !l.told)
		rc = probe_all(&l);
	mw_arena_free(&a);
	return rc;
}

int mw_lint(const struct mw_rule *rule, mw_lint_report report, void *ctx)
{
	int rc = rule->pattern.n ? lint_pattern(rule, report, ctx) : 0;

	for (size_t i = 0; i < rule->except_patterns && rc == 0; i++) {
		const struct mw_except_pattern *e = rule->except_pattern + i;
		struct mw_rule except = *rule;

		except.pattern = e->pattern;
		except.caseless = e->caseless;
		except.extended = e->extended;
		except.pieces = e->pieces;
		except.piece = e->piece;
		rc = e->pattern.n ? lint_pattern(&except, report, ctx) : 0;
	}
	return rc;
}
