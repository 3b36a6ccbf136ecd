/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trigger: the tree is written out as rows of items, one for each way through its alternatives as long as these are few. An item
 * is one octet of a set, or a gap of some octets. Each row then gives its best window of neighbouring octets: the one that
 * ordinary text has least often. A row may stop anywhere, for the window need only be necessary.
 */
#include "match/trigger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 24u
#define ROWS_MAX 512u
#define SHARE_FEW 0.1
#define COPIES_MAX 8u	  /* of what is repeated */
#define COST_MAX 0.05	  /* looks for each octet of text, beyond which a pattern is better run as it is */
#define SHARE_ENOUGH 1e-5 /* what is rarer needs no further octet */
#define COST_START 0.15	  /* of one more possible start, against the first */

struct item {
	struct mw_octets set;
	uint32_t min, max; /* both 1: one octet */
};

struct row {
	struct item item[ITEMS_MAX];
	uint8_t n;
	bool closed;		     /* what follows is left out */
	bool edge;		     /* nothing yet but \b */
	struct mw_octets prev, tail; /* what may stand before and behind it */
};

struct rows {
	struct row *v;
	size_t n;
};

static bool is_all(struct mw_octets o)
{
	return mw_octets_same(o, MW_OCTETS_ALL);
}

static bool narrow(const struct mw_syntax *s)
{
	return s->kind == MW_SYNTAX_SET && !mw_octets_meet(s->set, MW_OCTETS_WIDE);
}

/* What may stand next to a word character on the other side of \b, or next to another one. */
static struct mw_octets beyond_edge(struct mw_octets set)
{
	struct mw_octets word = mw_syntax_word();

	if (mw_octets_within(set, word))
		return mw_octets_not(word);
	return mw_octets_meet(set, word) ? MW_OCTETS_ALL : word;
}

/* ---- rows -------------------------------------------------------------------------------------------------------------------
 */

static bool near_start(const struct row *r, size_t i)
{
	uint64_t far = 0;

	for (size_t k = 0; k < i; k++)
		far += r->item[k].max;
	return far < 16;
}

/* Do the last octets make such a rare window that what follows need not be known? */
static bool rare_enough(const struct row *r)
{
	struct mw_octets set[MW_TRIGGER_SETS];
	size_t n = 0, i = r->n;

	while (i > 0 && n < MW_TRIGGER_SETS && r->item[i - 1].min == 1 && r->item[i - 1].max == 1) {
		i--;
		n++;
	}
	for (size_t k = 0; k < n; k++)
		set[k] = r->item[i + k].set;
	return n > 2 && near_start(r, i) && mw_trigger_share(set, n) <= SHARE_ENOUGH;
}

static void row_add(struct row *r, struct mw_octets set, uint32_t min, uint32_t max)
{
	bool one = min == 1 && max == 1;

	if (r->closed || max == 0)
		return;
	if (r->n == ITEMS_MAX) {
		r->closed = true;
		return;
	}
	if (r->n == 0 && r->edge && one)
		r->prev = mw_octets_and(r->prev, beyond_edge(set));
	r->edge = false;
	r->tail = MW_OCTETS_ALL;
	r->item[r->n++] = (struct item){.set = set, .min = min, .max = max};
	r->closed = one && rare_enough(r);
}

static void rows_add(struct rows *l, struct mw_octets set, uint32_t min, uint32_t max)
{
	for (size_t i = 0; i < l->n; i++)
		row_add(l->v + i, set, min, max);
}

static void rows_gap(struct rows *l, const struct mw_syntax *s)
{
	rows_add(l, mw_syntax_octets(s), mw_syntax_min(s), mw_syntax_max(s));
}

/* All of `from` behind those of l. false: no room; l is as it was. */
static int rows_join(struct rows *l, const struct rows *from)
{
	struct row *v;

	if (l->n + from->n > ROWS_MAX)
		return 0;
	v = reallocarray(l->v, l->n + from->n, sizeof(*v));
	if (!v)
		return -ENOMEM;
	memcpy(v + l->n, from->v, from->n * sizeof(*v));
	l->v = v;
	l->n += from->n;
	return 1;
}

static void rows_free(struct rows *l)
{
	free(l->v);
	*l = (struct rows){0};
}

/* Those that may go on, and those that are closed. */
static int rows_divide(const struct rows *l, struct rows *open, struct rows *closed)
{
	int rc = 1;

	for (size_t i = 0; i < l->n && rc > 0; i++)
		rc = rows_join(l->v[i].closed ? closed : open, &(const struct rows){.v = l->v + i, .n = 1});
	return rc;
}

static int expand(struct rows *l, const struct mw_syntax *s);

/* One way of several: rows of `from` that go on with s (NULL: with nothing) join l. 1; 0: too many; negative. */
static int expand_way(struct rows *l, const struct rows *from, const struct mw_syntax *s)
{
	struct rows way = {0};
	int rc = rows_join(&way, from);

	if (rc > 0 && s)
		rc = expand(&way, s) < 0 ? -ENOMEM : 1;
	if (rc > 0)
		rc = rows_join(l, &way);
	free(way.v);
	return rc;
}

/* Every row goes on in each of the ways; when that is too much, all of them are one gap. */
static int expand_ways(struct rows *l, const struct mw_syntax *first, bool or_nothing, const struct mw_syntax *whole)
{
	struct rows out = {0}, open = {0};
	int rc = rows_divide(l, &open, &out);

	if (rc > 0 && open.n == 0) {
		rows_free(&out);
		return 0;
	}
	for (const struct mw_syntax *c = first; c && rc > 0; c = whole->kind == MW_SYNTAX_ALT ? c->next : NULL)
		rc = expand_way(&out, &open, c);
	if (rc > 0 && or_nothing)
		rc = expand_way(&out, &open, NULL);
	rows_free(&open);
	if (rc > 0) {
		free(l->v);
		*l = out;
		return 0;
	}
	rows_free(&out);
	if (rc == 0)
		rows_gap(l, whole);
	return rc;
}

static uint32_t less(uint32_t n, uint32_t by)
{
	return n == MW_SYNTAX_MANY ? n : n - by;
}

static int expand_repeat(struct rows *l, const struct mw_syntax *s)
{
	const struct mw_syntax *c = s->child;
	uint32_t copies = s->min < COPIES_MAX ? s->min : COPIES_MAX, min, max;

	if (s->min == 0 && s->max == 1)
		return expand_ways(l, c, true, s);
	for (uint32_t i = 0; i < copies; i++)
		if (expand(l, c) < 0)
			return -ENOMEM;
	min = less(s->min, copies);
	max = less(s->max, copies);
	if (min == 0 && max == 1) {
		struct mw_syntax once = *s;

		once.min = 0;
		once.max = 1;
		return expand_ways(l, c, true, &once);
	}
	rows_add(l, mw_syntax_octets(c), mw_syntax_times(mw_syntax_min(c), min), mw_syntax_times(mw_syntax_max(c), max));
	return 0;
}

/* Characters that are refused as a whole: those of every alternative that is one character and nothing else. Exact, or left out.
 */
static struct mw_octets refused(const struct mw_syntax *s)
{
	struct mw_octets o = {{0}};

	if (s->kind == MW_SYNTAX_SET && !s->loose)
		return s->set;
	if (s->kind == MW_SYNTAX_CAT && s->child && !s->child->next)
		return refused(s->child);
	for (const struct mw_syntax *c = s->kind == MW_SYNTAX_ALT ? s->child : NULL; c; c = c->next)
		o = mw_octets_or(o, refused(c));
	return o;
}

/* Characters of which one must stand there; all: not known. */
static struct mw_octets wanted(const struct mw_syntax *s)
{
	struct mw_octets o = {{0}};

	if (s->kind == MW_SYNTAX_SET)
		return s->set;
	if (s->kind == MW_SYNTAX_CAT && s->child && !s->child->next)
		return wanted(s->child);
	if (s->kind != MW_SYNTAX_ALT)
		return MW_OCTETS_ALL;
	for (const struct mw_syntax *c = s->child; c; c = c->next)
		o = mw_octets_or(o, wanted(c));
	return o;
}

/* What a look ahead or behind lets stand there. Of characters beyond ASCII, and of the edge of the text, nothing is said. */
static struct mw_octets looked_for(const struct mw_syntax *s)
{
	return mw_octets_or(s->no ? mw_octets_not(refused(s->child)) : wanted(s->child), MW_OCTETS_WIDE);
}

static void expand_look(struct rows *l, const struct mw_syntax *s)
{
	for (size_t i = 0; i < l->n; i++) {
		struct row *r = l->v + i;

		if (s->kind == MW_SYNTAX_BEHIND && r->n == 0)
			r->prev = mw_octets_and(r->prev, looked_for(s));
		else if (s->kind == MW_SYNTAX_AHEAD && r->n > 0 && !r->closed)
			r->tail = mw_octets_and(r->tail, looked_for(s));
	}
}

static void expand_edge(struct rows *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct row *r = l->v + i;
		const struct item *last = r->n ? r->item + r->n - 1 : NULL;

		if (!last)
			r->edge = true;
		else if (!r->closed && last->min == 1 && last->max == 1)
			r->tail = mw_octets_and(r->tail, beyond_edge(last->set));
	}
}

/* A character of more than one octet begins with one of them, and so many may follow. Where the ASCII ones of the set are few
 * they go a way of their own, on which the next octet is known, too. */
static int expand_set(struct rows *l, const struct mw_syntax *s)
{
	struct mw_octets ascii = mw_octets_and(s->set, mw_octets_not(MW_OCTETS_WIDE));
	struct rows other = {0};
	int rc = 0;

	if (narrow(s)) {
		rows_add(l, s->set, 1, 1);
		return 0;
	}
	if (!mw_octets_none(ascii) && mw_trigger_share(&ascii, 1) < SHARE_FEW && l->n * 2 <= ROWS_MAX) {
		struct rows closed = {0};

		rc = rows_divide(l, &other, &closed);
		rows_free(&closed);
		rows_add(l, ascii, 1, 1);
		rows_add(&other, MW_OCTETS_WIDE, 1, 1);
		rows_add(&other, MW_OCTETS_WIDE, 0, 3);
		if (rc > 0 && other.n)
			rc = rows_join(l, &other);
		rows_free(&other);
		return rc < 0 ? rc : 0;
	}
	rows_add(l, mw_octets_or(s->set, MW_OCTETS_WIDE), 1, 1);
	rows_add(l, MW_OCTETS_WIDE, 0, 3);
	return 0;
}

static int expand(struct rows *l, const struct mw_syntax *s)
{
	int rc = 0;

	switch (s->kind) {
	case MW_SYNTAX_CAT:
		for (const struct mw_syntax *c = s->child; c && rc == 0; c = c->next)
			rc = expand(l, c);
		return rc;
	case MW_SYNTAX_ALT:
		return expand_ways(l, s->child, false, s);
	case MW_SYNTAX_REPEAT:
		return expand_repeat(l, s);
	case MW_SYNTAX_SET:
		return expand_set(l, s);
	case MW_SYNTAX_BEHIND:
	case MW_SYNTAX_AHEAD:
		expand_look(l, s);
		return 0;
	case MW_SYNTAX_EDGE:
		if (!s->no)
			expand_edge(l);
		return 0;
	case MW_SYNTAX_ANCHOR:
		return 0;
	default:
		break;
	}
	rows_gap(l, s);
	return 0;
}

/* ---- windows ----------------------------------------------------------------------------------------------------------------
 */

/* A thousandth of the octets of mail: space to DEL; letters of both cases below. */
static double octet_share(unsigned c)
{
	static const uint8_t letter[] = {50, 11, 24, 25, 82, 14, 14, 26, 52, 2,	 6, 29, 20,
					 48, 52, 17, 1,	 46, 46, 62, 21, 8,  10, 3, 12, 2};

	if (c >= 'a' && c <= 'z')
		return letter[c - 'a'] / 1000.0;
	if (c >= 'A' && c <= 'Z')
		return 0.0005 + letter[c - 'A'] / 20000.0;
	if (c >= '0' && c <= '9')
		return 0.006;
	if (c == ' ')
		return 0.15;
	if (c == '\n')
		return 0.03;
	if (c >= 0x80)
		return 0.0002;
	return strchr(".,-=>/:<", (int)c) && c ? 0.012 : 0.002;
}

static double set_share(struct mw_octets o)
{
	double sum = 0;

	for (unsigned i = 0; i < 4; i++)
		for (uint64_t m = o.bit[i]; m; m &= m - 1)
			sum += octet_share(64 * i + (unsigned)__builtin_ctzll(m));
	return sum > 1 ? 1 : sum;
}

/* Digits, capitals and small letters come in runs. */
static double share_after(struct mw_octets before, struct mw_octets o)
{
	static const struct mw_octets run[] = {
	    {{0x03ff000000000000u, 0, 0, 0}}, {{0, 0x07fffffeu, 0, 0}}, {{0, 0x07fffffe00000000u, 0, 0}}};
	static const double stays[] = {0.5, 0.4, 0.8};
	double share = set_share(o);

	for (size_t i = 0; i < 3; i++)
		if (mw_octets_within(before, run[i]) && mw_octets_meet(o, run[i]))
			share += stays[i] * set_share(mw_octets_and(o, run[i])) / set_share(run[i]);
	return share > 1 ? 1 : share;
}

double mw_trigger_share(const struct mw_octets *set, size_t n)
{
	double share = n ? set_share(set[0]) : 1;

	for (size_t i = 1; i < n; i++)
		share *= share_after(set[i - 1], set[i]);
	return share;
}

static bool wants_more(const struct mw_trigger *t)
{
	return t->n < MW_TRIGGER_SETS && mw_trigger_share(t->set, t->n) > SHARE_ENOUGH;
}

/* The window that begins at item i; false: there is none, or too far away. */
static bool window_at(const struct row *r, size_t i, struct mw_trigger *t)
{
	uint64_t min = 0, max = 0;
	size_t k = i;

	*t = (struct mw_trigger){0};
	for (size_t g = 0; g < i; g++) {
		min += r->item[g].min;
		max += r->item[g].max;
		t->between = mw_octets_or(t->between, r->item[g].set);
	}
	if (max > MW_TRIGGER_FAR)
		return false;
	t->min = (int16_t)min;
	t->max = (int16_t)max;
	if (i == 0 && !is_all(r->prev)) {
		t->set[t->n++] = r->prev;
		t->min = t->max = -1;
	}
	for (; k < r->n && wants_more(t) && r->item[k].min == 1 && r->item[k].max == 1; k++)
		t->set[t->n++] = r->item[k].set;
	if (k == r->n && k > i && wants_more(t) && !r->closed && !is_all(r->tail))
		t->set[t->n++] = r->tail;
	return k > i;
}

/* The best window of a row. Its cost: looks for each octet. */
static double row_window(const struct row *r, struct mw_trigger *best)
{
	double least = 2;

	for (size_t i = 0; i < r->n; i++) {
		struct mw_trigger t;
		double cost;

		if (!window_at(r, i, &t))
			continue;
		cost = mw_trigger_share(t.set, t.n) * (1 + COST_START * (t.max - t.min));
		if (cost < least) {
			least = cost;
			*best = t;
		}
	}
	return least;
}

/* A way on which no character can stand somewhere matches nothing. */
static bool never(const struct row *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->item[i].min > 0 && mw_octets_none(r->item[i].set))
			return true;
	return mw_octets_none(r->prev) || mw_octets_none(r->tail);
}

/* Wherever b stands, a stands too. */
static bool covers(const struct mw_trigger *a, const struct mw_trigger *b)
{
	if ((a->min < 0) != (b->min < 0))
		return false;
	if (a->n > b->n || !mw_octets_within(b->between, a->between) || b->min > a->max + 1 || b->max < a->min - 1)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!mw_octets_within(b->set[i], a->set[i]))
			return false;
	return true;
}

/* Ways that begin alike often have like windows, at distances that touch: one is enough. */
static bool merged(struct mw_triggers *l, size_t from, struct mw_trigger *t)
{
	bool into = false;

	for (size_t i = from; i < l->n && !into; i++) {
		struct mw_trigger *old = l->v + i;
		int16_t min = t->min < old->min ? t->min : old->min, max = t->max > old->max ? t->max : old->max;

		if (covers(old, t)) {
			into = true;
		} else if (covers(t, old)) {
			*old = *t;
			into = true;
		}
		if (into) {
			old->min = min;
			old->max = max;
		}
	}
	return into;
}

static int windows(struct mw_triggers *l, struct mw_arena *a, const struct rows *rows)
{
	size_t from = l->n;
	double cost = 0;

	for (size_t i = 0; i < rows->n && cost <= COST_MAX; i++) {
		struct mw_trigger t, *v;
		double more;

		if (never(rows->v + i))
			continue;
		more = row_window(rows->v + i, &t);
		t.list = l->lists;
		if (more <= COST_MAX && merged(l, from, &t))
			continue;
		cost += more;
		if (cost > COST_MAX)
			continue;
		v = mw_arena_grow(a, l->v, &l->cap, l->n + 1, sizeof(*v));
		if (!v)
			return -ENOMEM;
		l->v = v;
		l->v[l->n++] = t;
	}
	if (cost <= COST_MAX)
		return 1;
	l->n = from;
	return 0;
}

static bool same(const struct mw_trigger *a, const struct mw_trigger *b)
{
	if (a->n != b->n || a->min != b->min || a->max != b->max || !mw_octets_same(a->between, b->between))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!mw_octets_same(a->set[i], b->set[i]))
			return false;
	return true;
}

/* The list of the triggers from v[from] on: an older one that is the same takes their place. */
static uint32_t list_of(struct mw_triggers *l, size_t from, bool seldom)
{
	size_t n = l->n - from, k;

	for (size_t at = 0, next; at < from; at = next) {
		for (next = at; next < from && l->v[next].list == l->v[at].list; next++)
			;
		for (k = 0; next - at == n && k < n && same(l->v + at + k, l->v + from + k); k++)
			;
		if (n && k == n) {
			for (k = at; k < next; k++)
				l->v[k].seldom &= seldom;
			l->n = from;
			return l->v[at].list;
		}
	}
	for (k = from; k < l->n; k++)
		l->v[k].seldom = seldom;
	return l->lists++;
}

int mw_triggers_add(struct mw_triggers *l, struct mw_arena *a, const struct mw_syntax *s, bool seldom, uint32_t *list)
{
	struct rows rows = {.v = calloc(1, sizeof(*rows.v)), .n = 1};
	size_t from = l->n;
	int rc;

	if (!rows.v)
		return -ENOMEM;
	rows.v[0].prev = rows.v[0].tail = MW_OCTETS_ALL;
	rc = expand(&rows, s);
	if (rc == 0)
		rc = windows(l, a, &rows);
	if (rc > 0)
		*list = list_of(l, from, seldom);
	free(rows.v);
	return rc;
}
