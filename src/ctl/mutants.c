/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/mutants.h"

#include "ctl/implied.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A phrase that no text has, for a `near` entry that is taken away while its name stays. */
static const char *const nothing[] = {"qzxjvqzxjv"};

struct maker {
	struct mutants *out;
	struct mw_arena *arena;
	const struct mw_rule *rules; /* that the rule is among */
	const struct mw_rule *rule;
	const struct mw_syntax *tree;	     /* of its pattern; NULL: not understood */
	uint32_t implied[MW_NEAR_NAMES_MAX]; /* for each name those that hold where it holds */
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

/* ---- context that says the same ---------------------------------------------------------------------------------- */
/* Does the one entry see what the other sees on these sides, and more? */
static bool sees(const struct mw_near *more, const struct mw_near *less, uint32_t sides)
{
	bool all = (more->side & sides) == sides && more->within >= less->within && (!more->sentence || less->sentence) &&
		   more->least <= less->least;

	for (size_t k = 0; k < less->rules && all; k++) {
		all = false;
		for (size_t j = 0; j < more->rules && !all; j++)
			all = more->rule[j] == less->rule[k];
	}
	for (size_t k = 0; k < less->phrases && all; k++) {
		all = false;
		for (size_t j = 0; j < more->phrases && !all; j++)
			all = strcmp(more->phrase[j], less->phrase[k]) == 0;
	}
	return all;
}

/* Does an entry of the name, but for this one itself, see what this one sees on these sides? */
static bool name_sees(const struct mw_rule *r, uint32_t name, const struct mw_near *near, uint32_t sides)
{
	for (size_t i = 0; i < r->nears; i++)
		if (&r->near[i] != near && r->near[i].name == name && sees(&r->near[i], near, sides))
			return true;
	return false;
}

static void find_implied(struct maker *m)
{
	const struct mw_rule *r = m->rule;

	for (uint32_t a = 0; a < r->near_names; a++)
		for (uint32_t b = 0; b < r->near_names; b++) {
			bool all = a != b;

			for (size_t i = 0; i < r->nears && all; i++)
				all = r->near[i].name != a || name_sees(r, b, &r->near[i], r->near[i].side);
			m->implied[a] |= all ? 1u << b : 0;
		}
}

/* Can these names hold, and no others? */
static bool can_hold(const struct maker *m, uint32_t names)
{
	for (uint32_t a = 0; a < m->rule->near_names; a++)
		if (names >> a & 1 && m->implied[a] & ~names)
			return false;
	return true;
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

/* `(`, `(?<name>`, `(?'name'`, `(?P<name>`; a lookbehind begins as a name does. */
static bool group_captures(struct mw_str p, size_t at)
{
	if (begins(p, at, "(?<"))
		return !begins(p, at, "(?<=") && !begins(p, at, "(?<!");
	return !begins(p, at, "(?") || begins(p, at, "(?'") || begins(p, at, "(?P<");
}

/* Behind the group that begins at `at`. *captures: there is a group in it that others may count on. */
static size_t group_end(struct mw_str p, bool extended, size_t at, bool *captures)
{
	size_t deep = 0;

	for (size_t i = at; i < p.n; i = step(p, extended, i)) {
		if (p.p[i] == '(') {
			deep++;
			*captures |= i > at && group_captures(p, i);
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

/* Is the octet at `a` written where the one at `b` is: both of a fragment that the pattern has twice? */
static bool written_there(const struct mw_rule *r, size_t a, size_t b)
{
	struct mw_written x, y;

	return a == b || (mw_rule_written(r, a, &x) && mw_rule_written(r, b, &y) && x.file == y.file && x.line == y.line &&
			  x.column == y.column);
}

/* Is it implied wherever the pattern has it? */
static bool is_implied(const struct maker *m, struct mutants_cut lost)
{
	struct mw_str p = m->rule->pattern;
	struct mutants_cut cut;

	for (size_t at = lost.at; (cut = mutants_assertion(p, m->rule->extended, at)).n; at = cut.at + cut.n)
		if (written_there(m->rule, lost.at, cut.at) && !implied_assertion(m->tree, cut.at))
			return false;
	return true;
}

/* The pattern without an assertion, wherever the pattern has it: what is written once is lost once. */
static struct mw_str without(struct maker *m, struct mutants_cut lost)
{
	struct mw_str p = m->rule->pattern;
	char *text = copy(m, p.p, p.n, 1);
	struct mutants_cut cut;
	size_t n = 0, from = 0;

	if (!text)
		return p;
	for (size_t at = 0; (cut = mutants_assertion(p, m->rule->extended, at)).n; at = cut.at + cut.n) {
		if (!written_there(m->rule, lost.at, cut.at))
			continue;
		memcpy(text + n, p.p + from, cut.at - from);
		n += cut.at - from;
		from = cut.at + cut.n;
	}
	memcpy(text + n, p.p + from, p.n - from);
	return (struct mw_str){.p = text, .n = n + p.n - from};
}

/* Has an assertion before this one been written in the same place? */
static bool was_lost(const struct mw_rule *r, struct mutants_cut lost)
{
	struct mutants_cut cut;

	for (size_t at = 0; (cut = mutants_assertion(r->pattern, r->extended, at)).at < lost.at; at = cut.at + cut.n)
		if (written_there(r, lost.at, cut.at))
			return true;
	return false;
}

static void mutate_pattern(struct maker *m)
{
	struct mw_str p = m->rule->pattern;
	struct mutants_cut cut = mutants_assertion(p, m->rule->extended, 0);
	struct mw_written at;

	for (; cut.n && !m->no_memory; cut = mutants_assertion(p, m->rule->extended, cut.at + cut.n)) {
		struct mutant *v;

		if (was_lost(m->rule, cut) || is_implied(m, cut))
			continue;
		v = add(m, true, "%.*s%s of the pattern dropped", (int)(cut.n < 60 ? cut.n : 60), p.p + cut.at,
			cut.n < 60 ? "" : "...");
		if (!v)
			return;
		v->of_pattern = true;
		v->rule.pattern = without(m, cut);
		if (mw_rule_written(m->rule, cut.at, &at)) {
			v->file = at.file;
			v->line = at.line;
			v->column = at.column;
		}
	}
}

bool mutants_same(const struct mutant *a, const struct mutant *b)
{
	return a->of_pattern && b->of_pattern && a->file == b->file && a->line == b->line && a->column == b->column;
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
static bool differ(const struct maker *m, const struct mw_rule *b, bool *looser)
{
	const struct mw_rule *a = m->rule;

	for (uint32_t names = 0; names < 1u << a->near_names; names++) {
		struct mw_supposed what = {.names = names};

		if (can_hold(m, names) && gives(a, what) != gives(b, what)) {
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
	if (!differ(m, &changed, &looser) || !mw_level_possible(&changed))
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
static bool name_matters(const struct maker *m, uint32_t name, bool *looser)
{
	const struct mw_rule *r = m->rule;

	for (uint32_t names = 0; names < 1u << r->near_names; names++) {
		struct mw_supposed with = {.names = names | 1u << name}, without = {.names = names & ~(1u << name)};

		if (can_hold(m, with.names) && gives(r, with) != gives(r, without)) {
			*looser = gives(r, without) > gives(r, with);
			return true;
		}
	}
	return false;
}

/* The entry as it is written, but for what is behind its first phrase or rule. */
static void show_near(struct maker *m, const struct mw_near *near, char *to, size_t size)
{
	static const char *const side[] = {[MW_SIDE_BEFORE] = " before", [MW_SIDE_AFTER] = " after", [MW_SIDE_BOTH] = ""};
	const char *name = m->rule->near_name[near->name], *quote = near->rules ? "" : "\"";
	const char *first = near->rules ? m->rules[near->rule[0]].name : near->phrases ? near->phrase[0] : "";
	char within[16] = "sentence";

	if (!near->sentence)
		(void)snprintf(within, sizeof(within), "%u", near->within);
	(void)snprintf(to, size, "%s%s%s %s%.40s%s%s%s within %s", strcmp(name, "near") == 0 ? "" : "near ", name,
		       near->rules ? " rule" : "", quote, first, quote, near->phrases + near->rules > 1 ? ", ..." : "",
		       side[near->side], within);
}

/* The rule with another entry in this one's place. */
static void add_near(struct maker *m, const struct mw_near *near, struct mw_near other, bool loosened, const char *what)
{
	const struct mw_rule *r = m->rule;
	struct mw_near *changed;
	struct mutant *v;
	char shown[120];

	show_near(m, near, shown, sizeof(shown));
	v = add(m, loosened, "%s %s", shown, what);
	changed = v ? copy(m, r->near, r->nears, sizeof(*changed)) : NULL;
	if (!changed)
		return;
	changed[near - r->near] = other;
	v->rule.near = changed;
}

static void mutate_near(struct maker *m)
{
	const struct mw_rule *r = m->rule;

	for (size_t i = 0; i < r->nears && !m->no_memory; i++) {
		struct mw_near none = r->near[i], both = r->near[i], far = r->near[i];
		bool looser = false;

		if (!name_matters(m, none.name, &looser))
			continue;
		none.rules = 0;
		none.phrases = 1;
		none.phrase = nothing;
		if (!name_sees(r, none.name, &r->near[i], none.side))
			add_near(m, &r->near[i], none, looser, "dropped");
		far.sentence = false;
		if (r->near[i].sentence && !name_sees(r, far.name, &far, far.side))
			add_near(m, &r->near[i], far, !looser, "beyond the sentence");
		both.side = MW_SIDE_BOTH;
		if (r->near[i].side != MW_SIDE_BOTH && !name_sees(r, both.name, &r->near[i], MW_SIDE_BOTH & ~r->near[i].side))
			add_near(m, &r->near[i], both, !looser, "on both sides");
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

int mutants_add(struct mutants *out, struct mw_arena *arena, const struct mw_rule *rules, size_t i, bool is_data)
{
	const struct mw_rule *rule = &rules[i];
	struct maker m = {.out = out, .arena = arena, .rules = rules, .rule = rule};
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
	m.tree = mw_syntax_read(arena, rule->pattern, rule->caseless, rule->extended);
	find_implied(&m);
	mutate_excepts(&m);
	mutate_near(&m);
	mutate_levels(&m);
	mutate_pattern(&m);
	return m.no_memory ? -ENOMEM : 0;
}
