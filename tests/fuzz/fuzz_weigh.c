/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_weigh: octets decide about a rule that weighs what is near, and about a text. What the engine finds, which asks no more
 * than it must and sleeps where it can, is what follows when everything is asked about every match.
 */
#include "match/compiled.h"
#include "match/phrase.h"
#include "match/ruleset.h"
#include "match/sentence.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define LIT(s)                                                                                                                   \
	{                                                                                                                        \
		.p = (s), .n = sizeof(s) - 1                                                                                     \
	}
#define NAMES MW_NEAR_NAMES_MAX
#define ENTRIES (NAMES + 4)
#define LEVELS 3u
#define TEXT 2000u

enum { SPOT, LISTED, WEIGHED, LATER, RULES };

struct dice {
	const uint8_t *p;
	size_t n, at;
};

/* A rule that was rolled, and what it is made of. */
struct game {
	struct mw_rule rule[RULES];
	struct mw_near near[ENTRIES + 1]; /* the last is of LATER */
	struct mw_weight weight[NAMES];
	struct mw_weights weights;
	struct mw_when when[LEVELS][4];
	struct mw_level level[LEVELS];
	uint32_t zone;
	char text[TEXT];
	size_t n;
};

/* Where a rule that is context matched, in order. */
struct spans {
	size_t n;
	struct {
		size_t start, end;
	} v[TEXT];
};

/* One match, all of it known. */
struct known {
	uint32_t held, zone;
	bool column;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static uint32_t roll(struct dice *d, uint32_t sides)
{
	return d->at < d->n ? d->p[d->at++] % sides : 0;
}

/* ---- a rule and a text ------------------------------------------------------------------------------------------------------
 */

static const char *const near_names[NAMES] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
static const char *const phrase_sets[][2] = {{"a", "c"}, {"a c", "ac"}, {"c-a", "dd"}, {"zz", "ca"}};
static const uint32_t rule_sets[][2] = {{SPOT, LISTED}, {LISTED, SPOT}};
static const struct mw_level always[] = {{50, NULL}};
static const struct mw_when is_near = {.op = MW_WHEN_NEAR};
static const struct mw_level when_near[] = {{70, &is_near}};
static const char *const terms[] = {"dd", "d c"};

static struct mw_near entry_roll(struct dice *d, uint32_t name)
{
	struct mw_near e = {.name = name, .side = 1 + roll(d, 3), .within = roll(d, 24), .sentence = roll(d, 3) == 0};

	if (roll(d, 2)) {
		e.phrases = 1 + roll(d, 2);
		e.phrase = phrase_sets[roll(d, COUNT(phrase_sets))];
	} else {
		e.rules = 1 + roll(d, 2);
		e.rule = rule_sets[roll(d, COUNT(rule_sets))];
		e.least = roll(d, 4);
	}
	return e;
}

/* A condition of two at most, in v[0]. */
static const struct mw_when *when_roll(struct dice *d, const struct game *g, struct mw_when v[4])
{
	uint32_t form = roll(d, 8), names = (uint32_t)g->rule[WEIGHED].near_names;

	v[1] = (struct mw_when){.op = MW_WHEN_WEIGHT, .weights = &g->weights, .sum = (int32_t)roll(d, 16) - 6};
	v[2] = (struct mw_when){.op = MW_WHEN_NEAR, .n = roll(d, names)};
	v[3] = (struct mw_when){.op = MW_WHEN_NOT, .a = v + 2};
	switch (form) {
	case 0:
		return NULL;
	case 1:
		return v + 3;
	case 2:
		v[0] = (struct mw_when){.op = MW_WHEN_AND, .a = v + 1, .b = v + 3};
		return v;
	case 3:
		v[0] = (struct mw_when){.op = MW_WHEN_OR, .a = v + 2, .b = v + 1};
		return v;
	case 4:
		v[2] = (struct mw_when){.op = MW_WHEN_COLUMN};
		v[0] = (struct mw_when){.op = MW_WHEN_AND, .a = v + 1, .b = roll(d, 2) ? v + 2 : v + 3};
		return v;
	case 5:
		v[2] = (struct mw_when){.op = MW_WHEN_ZONE, .n = MW_ZONE_SUBJECT};
		v[0] = (struct mw_when){.op = MW_WHEN_AND, .a = v + 2, .b = v + 1};
		return v;
	case 6:
		v[0] = (struct mw_when){.op = MW_WHEN_NOT, .a = v + 1};
		return v;
	default:
		return v + 1;
	}
}

static void weighed_roll(struct dice *d, struct game *g)
{
	struct mw_rule *r = &g->rule[WEIGHED];

	r->near_names = 1 + roll(d, roll(d, 40) ? 5 : NAMES);
	r->nears = r->near_names + roll(d, ENTRIES - NAMES + 1);
	for (uint32_t i = 0; i < r->nears; i++)
		g->near[i] = entry_roll(d, i < r->near_names ? i : roll(d, (uint32_t)r->near_names));
	for (uint32_t i = 0; i < r->near_names; i++)
		if (roll(d, 8))
			g->weight[g->weights.n++] = (struct mw_weight){.name = i, .points = (int32_t)roll(d, 9) - 4};
	r->levels = 1 + roll(d, LEVELS);
	for (size_t i = 0; i < r->levels; i++) {
		g->level[i].confidence = roll(d, 4) * 30;
		g->level[i].when = when_roll(d, g, g->when[i]);
	}
}

static void game_roll(struct dice *d, struct game *g)
{
	static const char octets[] = "aaccbd@e  -.\n\tzd@. X";
	static const uint32_t zones[] = {MW_ZONE_ATTACHMENT, MW_ZONE_SUBJECT, MW_ZONE_HEADER};
	static const uint32_t weighed[] = {WEIGHED};

	*g = (struct game){.zone = zones[roll(d, COUNT(zones))], .weights = {.v = g->weight}};
	g->rule[SPOT] =
	    (struct mw_rule){.name = "spot", .kind = MW_CLINICAL, .pattern = LIT("b+d?"), .levels = 1, .level = always};
	g->rule[LISTED] = (struct mw_rule){.name = "listed",
					   .kind = MW_CLINICAL,
					   .terms = COUNT(terms),
					   .term = terms,
					   .whole_word = true,
					   .levels = 1,
					   .level = always};
	g->rule[WEIGHED] = (struct mw_rule){.name = "weighed",
					    .kind = MW_IDENTIFIER,
					    .pattern = LIT("@+"),
					    .near_name = near_names,
					    .near = g->near,
					    .level = g->level};
	weighed_roll(d, g);
	g->near[ENTRIES] = (struct mw_near){.side = 1 + roll(d, 3), .within = roll(d, 9), .rules = 1, .rule = weighed};
	g->rule[LATER] = (struct mw_rule){.name = "later",
					  .kind = MW_IDENTIFIER,
					  .pattern = LIT("e"),
					  .near_names = 1,
					  .near_name = near_names,
					  .nears = 1,
					  .near = &g->near[ENTRIES],
					  .levels = 1,
					  .level = when_near};
	while (d->at < d->n && g->n < TEXT)
		g->text[g->n++] = octets[roll(d, sizeof(octets) - 1)];
}

/* ---- all of it asked --------------------------------------------------------------------------------------------------------
 */

static bool phrases_in(const struct mw_near *e, struct mw_str text, size_t from, size_t to)
{
	for (size_t i = 0; i < e->phrases; i++)
		for (size_t at = from; at < to; at++)
			if (!mw_phrase_cut(text, at) && mw_phrase_at(mw_str(e->phrase[i]), text, at, to))
				return true;
	return false;
}

static size_t later_of(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* What an entry looks at: octets [first, behind). */
struct view {
	size_t first, behind;
};

static struct view view_of(const struct mw_near *e, struct mw_str text, size_t start, size_t end)
{
	size_t least = start > MW_SENTENCE_MAX ? start - MW_SENTENCE_MAX : 0;
	size_t most = text.n - end > MW_SENTENCE_MAX ? end + MW_SENTENCE_MAX : text.n;

	if (!e->sentence)
		return (struct view){0, text.n};
	return (struct view){mw_sentence_begin(text, start, least), mw_sentence_end(text, end, most)};
}

static bool phrases_near(const struct mw_near *e, struct mw_str text, size_t floor, size_t start, size_t end)
{
	struct view view = view_of(e, text, start, end);
	size_t from = later_of(start > e->within ? start - e->within : 0, later_of(floor, view.first));
	size_t to = text.n - end > e->within ? end + e->within : text.n;

	to = to < view.behind ? to : view.behind;
	return (e->side & MW_SIDE_BEFORE && phrases_in(e, text, from, start)) ||
	       (e->side & MW_SIDE_AFTER && phrases_in(e, text, end, to));
}

static bool is_beside(const struct mw_near *e, size_t from, size_t to, size_t start, size_t end)
{
	return (e->side & MW_SIDE_AFTER && from >= end && from - end <= e->within) ||
	       (e->side & MW_SIDE_BEFORE && to <= start && start - to <= e->within);
}

/* Findings of the two rules never overlap, so each counts. */
static bool rules_near(const struct mw_near *e, struct mw_str text, const struct spans *of, size_t start, size_t end)
{
	struct view view = view_of(e, text, start, end);
	size_t n = 0;

	for (size_t i = 0; i < e->rules; i++)
		for (size_t k = 0; k < of[e->rule[i]].n; k++) {
			size_t from = of[e->rule[i]].v[k].start, to = of[e->rule[i]].v[k].end;

			n += from < view.behind && to > view.first && is_beside(e, from, to, start, end);
		}
	return n >= (e->least ? e->least : 1);
}

static struct known know(const struct game *g, struct mw_layout *layout, const struct spans *of, size_t start, size_t end)
{
	const struct mw_rule *r = &g->rule[WEIGHED];
	struct mw_str text = layout->text, name;
	struct known k = {.zone = g->zone};
	struct mw_cell cell;
	size_t header_end = 0;

	must(mw_layout_column(layout, start, &cell, &header_end) == 0);
	name = (struct mw_str){.p = text.p + cell.start, .n = cell.end - cell.start};
	for (size_t i = 0; i < r->nears; i++) {
		const struct mw_near *e = r->near + i;
		bool in_column = e->phrases && phrases_in(e, name, 0, name.n);
		bool beside =
		    e->phrases ? phrases_near(e, text, name.n ? header_end : 0, start, end) : rules_near(e, text, of, start, end);

		k.column |= in_column;
		k.held |= in_column || beside ? 1u << e->name : 0;
	}
	return k;
}

static bool holds(const struct mw_when *w, const struct known *k)
{
	int32_t sum = 0;

	switch (w->op) {
	case MW_WHEN_NEAR:
		return k->held >> w->n & 1u;
	case MW_WHEN_COLUMN:
		return k->column;
	case MW_WHEN_ZONE:
		return k->zone == w->n;
	case MW_WHEN_AND:
		return holds(w->a, k) && holds(w->b, k);
	case MW_WHEN_OR:
		return holds(w->a, k) || holds(w->b, k);
	case MW_WHEN_NOT:
		return !holds(w->a, k);
	case MW_WHEN_WEIGHT:
		for (size_t i = 0; i < w->weights->n; i++)
			sum += k->held >> w->weights->v[i].name & 1u ? w->weights->v[i].points : 0;
		return sum >= w->sum;
	}
	abort();
}

/* The clause that counts; NULL: no finding. */
static const struct mw_level *level_of(const struct mw_rule *r, const struct known *k)
{
	const struct mw_level *last = NULL;

	for (size_t i = 0; i < r->levels; i++)
		if (!r->level[i].when || holds(r->level[i].when, k))
			last = r->level + i;
	return last && last->confidence ? last : NULL;
}

/* ---- the two ----------------------------------------------------------------------------------------------------------------
 */

/* The next finding of this rule from *at on. */
static const struct mw_finding *next_of(const struct mw_findings *f, uint32_t rule, size_t *at)
{
	while (*at < f->n && f->v[*at].rule != rule)
		++*at;
	return *at < f->n ? &f->v[(*at)++] : NULL;
}

static void spans_add(struct spans *of, size_t start, size_t end)
{
	of->v[of->n].start = start;
	of->v[of->n++].end = end;
}

static void take_spans(const struct mw_findings *f, uint32_t rule, struct spans *of)
{
	const struct mw_finding *v;

	for (size_t at = 0; (v = next_of(f, rule, &at));)
		spans_add(of, v->offset, v->offset + v->length);
}

static void check_weighed(const struct game *g, struct mw_layout *layout, const struct mw_findings *f, struct spans *of)
{
	const char *p = g->text, *last = g->text + g->n;
	size_t at = 0;

	while ((p = memchr(p, '@', (size_t)(last - p)))) {
		size_t start = (size_t)(p - g->text), end = start;
		const struct mw_finding *v;
		const struct mw_level *level;
		struct known k;

		while (end < g->n && g->text[end] == '@')
			end++;
		p = g->text + end;
		k = know(g, layout, of, start, end);
		level = level_of(&g->rule[WEIGHED], &k);
		if (!level)
			continue;
		v = next_of(f, WEIGHED, &at);
		must(v && v->offset == start && v->length == end - start && v->confidence == level->confidence);
		must((v->names & ~k.held) == 0);
		for (size_t i = 0; mw_when_weight(level->when) && i < g->weights.n; i++)
			must(((v->names ^ k.held) >> g->weight[i].name & 1u) == 0);
		spans_add(&of[WEIGHED], start, end);
	}
	must(!next_of(f, WEIGHED, &at));
}

static void check_later(const struct game *g, const struct mw_findings *f, const struct spans *of)
{
	struct mw_str text = {.p = g->text, .n = g->n};
	const struct mw_finding *v;
	size_t at = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (g->text[i] != 'e' || !rules_near(&g->near[ENTRIES], text, of, i, i + 1))
			continue;
		v = next_of(f, LATER, &at);
		must(v && v->offset == i && v->confidence == 70);
	}
	must(!next_of(f, LATER, &at));
}

static void refused(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	(void)ctx;
	(void)offset;
	(void)text;
	must(strcmp(r->name, "weighed") == 0); /* levels that never give a finding */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char key[32] = "fuzz";
	static struct game g;
	static struct spans of[RULES];
	struct dice d = {.p = data, .n = size};
	struct mw_ruleset *set = NULL;
	struct mw_layout layout = {.zone = 0};
	struct mw_findings f = {.max = 100000};
	struct mw_arena *a = mw_arena_new(0);
	struct mw_scratch *scratch;
	struct mw_folded folded;
	size_t rule;

	game_roll(&d, &g);
	memset(of, 0, sizeof(of));
	must(a && mw_fold(a, (struct mw_str){.p = g.text, .n = g.n}, &folded) == 0 && folded.text.n == g.n);
	if (mw_ruleset_compile(g.rule, RULES, NULL, refused, NULL, &set, NULL) == 0) {
		scratch = mw_scratch_new(set, key);
		must(scratch && mw_ruleset_scan(set, scratch, &folded, a, 0, g.zone, &f, &rule) == 0);
		mw_layout_begin(&layout, folded.text, g.zone);
		take_spans(&f, SPOT, &of[SPOT]);
		take_spans(&f, LISTED, &of[LISTED]);
		check_weighed(&g, &layout, &f, of);
		check_later(&g, &f, of);
		mw_layout_free(&layout);
		mw_scratch_free(&scratch);
		mw_ruleset_free(&set);
	}
	mw_arena_free(&a);
	return 0;
}
