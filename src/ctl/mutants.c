/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/mutants.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A phrase that no text has, for a `near` entry that is taken away while its name stays. */
static const char *const nothing[] = {"qzxjvqzxjv"};

struct maker {
	struct mutants *out;
	struct mw_arena *arena;
	const struct mw_rule *rule;
	bool no_memory;
};

static struct mutant *add(struct maker *m, bool loosened, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A mutant that is still the rule itself. NULL = no memory, noted. */
static struct mutant *add(struct maker *m, bool loosened, const char *fmt, ...)
{
	struct mutant *v = mw_arena_grow(m->arena, m->out->v, &m->out->cap, m->out->n + 1, sizeof(*v));
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (v) {
		m->out->v = v;
		v += m->out->n;
		*v = (struct mutant){.what = mw_arena_str(m->arena, what),
				     .loosened = loosened,
				     .file = m->rule->file,
				     .line = m->rule->line,
				     .column = m->rule->column,
				     .rule = *m->rule};
	}
	if (!v || !v->what) {
		m->no_memory = true;
		return NULL;
	}
	m->out->n++;
	return v;
}

static void *copy(struct maker *m, const void *v, size_t n, size_t size)
{
	void *to = mw_arena_array(m->arena, n ? n : 1, size);

	if (!to)
		m->no_memory = true;
	else if (n)
		memcpy(to, v, n * size);
	return to;
}

/* ---- patterns ---------------------------------------------------------------------------------------------------- */
/* Behind the class that begins at `at`. */
static size_t class_end(struct mw_str p, size_t at)
{
	at++;
	at += at < p.n && p.p[at] == '^';
	at += at < p.n && p.p[at] == ']';
	while (at < p.n && p.p[at] != ']') {
		if (p.p[at] == '[' && at + 1 < p.n && p.p[at + 1] == ':') {
			while (at + 1 < p.n && !(p.p[at] == ':' && p.p[at + 1] == ']'))
				at++;
			at++;
		}
		at += at < p.n && p.p[at] == '\\' ? 2 : 1;
	}
	return at < p.n ? at + 1 : p.n;
}

/* Behind what begins at `at`: an escape, a class, a comment, one octet. */
static size_t step(struct mw_str p, bool extended, size_t at)
{
	if (p.p[at] == '\\')
		return at + 2 < p.n ? at + 2 : p.n;
	if (p.p[at] == '[')
		return class_end(p, at);
	if (p.p[at] == '#' && extended) {
		while (at < p.n && p.p[at] != '\n')
			at++;
		return at;
	}
	return at + 1;
}

static bool begins(struct mw_str p, size_t at, const char *word)
{
	size_t n = strlen(word);

	return p.n - at >= n && memcmp(p.p + at, word, n) == 0;
}

/* Behind the group that begins at `at`. *captures: there is a group in it that others may count on. */
static size_t group_end(struct mw_str p, bool extended, size_t at, bool *captures)
{
	size_t deep = 0;

	for (size_t i = at; i < p.n; i = step(p, extended, i)) {
		if (p.p[i] == '(') {
			deep++;
			*captures |= i > at && (i + 1 == p.n || p.p[i + 1] != '?' || begins(p, i, "(?<") || begins(p, i, "(?P<"));
		} else if (p.p[i] == ')' && --deep == 0) {
			return i + 1;
		}
	}
	return p.n;
}

struct mutants_cut mutants_assertion(struct mw_str p, bool extended, size_t at)
{
	static const char *const look[] = {"(?=", "(?!", "(?<=", "(?<!"};

	for (; at < p.n; at = step(p, extended, at)) {
		if (begins(p, at, "\\b") || begins(p, at, "\\B"))
			return (struct mutants_cut){.at = at, .n = 2};
		for (size_t k = 0; k < sizeof(look) / sizeof(*look); k++) {
			bool captures = false;
			size_t end = begins(p, at, look[k]) ? group_end(p, extended, at, &captures) : 0;

			if (end && !captures)
				return (struct mutants_cut){.at = at, .n = end - at};
		}
	}
	return (struct mutants_cut){.at = p.n, .n = 0};
}

static void mutate_pattern(struct maker *m)
{
	struct mw_str p = m->rule->pattern;
	struct mutants_cut cut = mutants_assertion(p, m->rule->extended, 0);
	struct mw_written at;

	for (; cut.n; cut = mutants_assertion(p, m->rule->extended, cut.at + cut.n)) {
		struct mutant *v = add(m, true, "%.*s%s of the pattern dropped", (int)(cut.n < 60 ? cut.n : 60), p.p + cut.at,
				       cut.n < 60 ? "" : "...");
		char *text = v ? copy(m, p.p, p.n, 1) : NULL;

		if (!text)
			return;
		memmove(text + cut.at, text + cut.at + cut.n, p.n - cut.at - cut.n);
		v->rule.pattern = (struct mw_str){.p = text, .n = p.n - cut.n};
		if (mw_rule_written(m->rule, cut.at, &at)) {
			v->file = at.file;
			v->line = at.line;
			v->column = at.column;
		}
	}
}

/* ---- levels ------------------------------------------------------------------------------------------------------ */
static bool samples_have_levels(const struct mw_rule *r)
{
	for (size_t i = 0; i < r->hits; i++)
		if (r->hit[i].level)
			return true;
	for (size_t i = 0; i < r->misses; i++)
		if (r->miss[i].level)
			return true;
	return false;
}

/* How sure the rule is then, as far as its samples can tell: they see only found or not when none has a level. */
static uint32_t gives(const struct mw_rule *r, struct mw_supposed what)
{
	uint32_t level = mw_level_supposed(r, what);

	return samples_have_levels(r) ? level : level > 0;
}

/* Is there anything that one finds and the other does not, or not as surely? In a sample there is no column. *looser: the second
 * finds it, or is surer. */
static bool differ(const struct mw_rule *a, const struct mw_rule *b, bool *looser)
{
	for (uint32_t names = 0; names < 1u << a->near_names; names++) {
		struct mw_supposed what = {.names = names};

		if (gives(a, what) != gives(b, what)) {
			*looser = gives(b, what) > gives(a, what);
			return true;
		}
	}
	return false;
}

/* The rule with other levels, when that makes a difference. */
static void add_levels(struct maker *m, const struct mw_level *level, size_t n, const char *what, size_t clause)
{
	struct mw_rule changed = *m->rule;
	struct mutant *v;
	bool looser;

	changed.level = level;
	changed.levels = n;
	if (!differ(m->rule, &changed, &looser) || !mw_level_possible(&changed))
		return;
	v = add(m, looser, "level %u: %s", m->rule->level[clause].confidence, what);
	if (v)
		v->rule = changed;
}

/* The condition with its k-th `and` or `or` replaced by one of its sides. NULL = no memory. *k counts down. */
static const struct mw_when *prune(struct maker *m, const struct mw_when *w, size_t *k, bool left)
{
	struct mw_when *to;

	if ((w->op == MW_WHEN_AND || w->op == MW_WHEN_OR) && (*k)-- == 0)
		return left ? w->a : w->b;
	to = copy(m, w, 1, sizeof(*w));
	if (to && w->a)
		to->a = prune(m, w->a, k, left);
	if (to && w->b && *k != SIZE_MAX)
		to->b = prune(m, w->b, k, left);
	return to;
}

static size_t count_pairs(const struct mw_when *w)
{
	return w ? (w->op == MW_WHEN_AND || w->op == MW_WHEN_OR) + count_pairs(w->a) + count_pairs(w->b) : 0;
}

static void mutate_levels(struct maker *m)
{
	const struct mw_rule *r = m->rule;

	for (size_t i = 0; i < r->levels && !m->no_memory; i++) {
		struct mw_level *without = copy(m, r->level, r->levels, sizeof(*without)),
				*always = copy(m, r->level, r->levels, sizeof(*always));

		if (!without || !always)
			return;
		memmove(without + i, without + i + 1, (r->levels - i - 1) * sizeof(*without));
		if (r->levels > 1)
			add_levels(m, without, r->levels - 1, "clause dropped", i);
		always[i].when = NULL;
		if (r->level[i].when && r->level[i].confidence)
			add_levels(m, always, r->levels, "condition dropped", i);
		for (size_t k = 0; k < count_pairs(r->level[i].when); k++)
			for (int left = 0; left < 2; left++) {
				struct mw_level *pruned = copy(m, r->level, r->levels, sizeof(*pruned));
				size_t at = k;

				if (!pruned)
					return;
				pruned[i].when = prune(m, r->level[i].when, &at, left);
				if (m->no_memory)
					return;
				add_levels(m, pruned, r->levels,
					   left ? "right side of its condition dropped" : "left side of its condition dropped",
					   i);
			}
	}
}

/* ---- context ----------------------------------------------------------------------------------------------------- */
/* Does it make a difference in a sample whether the name holds? *looser: it is found more without. */
static bool name_matters(const struct mw_rule *r, uint32_t name, bool *looser)
{
	for (uint32_t names = 0; names < 1u << r->near_names; names++) {
		struct mw_supposed with = {.names = names | 1u << name}, without = {.names = names & ~(1u << name)};

		if (gives(r, with) != gives(r, without)) {
			*looser = gives(r, without) > gives(r, with);
			return true;
		}
	}
	return false;
}

static void mutate_near(struct maker *m)
{
	const struct mw_rule *r = m->rule;

	for (size_t i = 0; i < r->nears; i++) {
		const struct mw_near *near = &r->near[i];
		bool looser = false;
		struct mutant *v;
		struct mw_near *changed;

		if (!name_matters(r, near->name, &looser))
			continue;
		v = add(m, looser, "%s%s%s \"%s\"%s dropped", strcmp(r->near_name[near->name], "near") == 0 ? "" : "near ",
			r->near_name[near->name], near->rules ? " rule" : "", near->phrases ? near->phrase[0] : "...",
			near->phrases + near->rules > 1 ? ", ..." : "");
		changed = v ? copy(m, r->near, r->nears, sizeof(*changed)) : NULL;
		if (!changed)
			return;
		changed[i].rules = 0;
		changed[i].phrases = 1;
		changed[i].phrase = nothing;
		v->rule.near = changed;
		if (near->side == MW_SIDE_BOTH)
			continue;
		v = add(m, !looser, "%s \"%s\"%s on both sides", r->near_name[near->name],
			near->phrases ? near->phrase[0] : "...", near->phrases > 1 ? ", ..." : "");
		changed = v ? copy(m, r->near, r->nears, sizeof(*changed)) : NULL;
		if (!changed)
			return;
		changed[i].side = MW_SIDE_BOTH;
		v->rule.near = changed;
	}
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */
static void mutate_excepts(struct maker *m)
{
	const struct mw_rule *r = m->rule;

	for (size_t i = 0; i < r->excepts; i++) {
		struct mutant *v = add(m, true, "except \"%s\" dropped", r->except[i]);
		const char **list = v ? copy(m, r->except, r->excepts, sizeof(*list)) : NULL;

		if (!list)
			return;
		list[i] = list[r->excepts - 1];
		v->rule.except = list;
		v->rule.excepts = r->excepts - 1;
	}
	for (size_t i = 0; i < r->except_patterns; i++) {
		struct mutant *v = add(m, true, "except /%.*s/ dropped",
				       (int)(r->except_pattern[i].pattern.n < 60 ? r->except_pattern[i].pattern.n : 60),
				       r->except_pattern[i].pattern.p);
		struct mw_except_pattern *list = v ? copy(m, r->except_pattern, r->except_patterns, sizeof(*list)) : NULL;

		if (!list)
			return;
		list[i] = list[r->except_patterns - 1];
		v->rule.except_pattern = list;
		v->rule.except_patterns = r->except_patterns - 1;
	}
}

int mutants_add(struct mutants *out, struct mw_arena *arena, const struct mw_rule *rule, bool is_data)
{
	struct maker m = {.out = out, .arena = arena, .rule = rule};
	struct mutant *v = add(&m, false, "disabled");

	if (v)
		v->disabled = true;
	if (rule->check && !is_data) {
		v = add(&m, true, "check %s dropped", rule->check);
		if (v)
			v->rule.check = NULL;
	}
	if (rule->terms && rule->whole_word) {
		v = add(&m, true, "whole-word dropped");
		if (v)
			v->rule.whole_word = false;
	}
	mutate_excepts(&m);
	mutate_near(&m);
	mutate_levels(&m);
	mutate_pattern(&m);
	return m.no_memory ? -ENOMEM : 0;
}
