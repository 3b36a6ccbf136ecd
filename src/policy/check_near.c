/* SPDX-License-Identifier: Apache-2.0 */
/* What is around a match: `near`, `level … when`, `zone`. */
#include "policy/check_rule.h"

#include "match/sentence.h"

#include <string.h>

#define LEVEL_DEFAULT 75u
#define WITHIN_MAX 10000
#define NESTING_MAX 20u
#define OPERANDS_MAX 50u

static const char *const zone_words[] = {MW_ZONE_WORDS, NULL};

static uint32_t zone_of(const char *word)
{
	for (uint32_t i = 0; zone_words[i]; i++)
		if (strcmp(zone_words[i], word) == 0)
			return i + MW_ZONE_SUBJECT;
	return 0;
}

/* ---- names --------------------------------------------------------------------------------------------------------------- */

/* Words that have a meaning where a name may stand. */
static bool is_reserved(const char *word)
{
	static const char *const words[] = {"near", "column", "and",	"or",	 "not",	  "when",
					    "rule", "within", "before", "after", "weight"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return zone_of(word) != 0;
}

/* The name's index; MW_NONE: too many, reported. */
static uint32_t name_index(struct mw_work *w, const struct mw_token *t, const char *text)
{
	struct mw_work_name name = {.token = *t};

	for (uint32_t i = 0; i < w->names.n; i++)
		if (strcmp(w->names.v[i].token.text, text) == 0)
			return i;
	if (w->names.n == MW_NEAR_NAMES_MAX) {
		mw_check_error(w->c, t->place, NULL, "%s \"%s\" has more than %u names of context", w->form, w->name,
			       MW_NEAR_NAMES_MAX);
		return MW_NONE;
	}
	name.token.text = text;
	MW_LIST_PUSH(w->c->scratch, w->c->diags, &w->names, name);
	return w->c->diags->no_memory ? MW_NONE : (uint32_t)(w->names.n - 1);
}

static void unknown_name(struct mw_work *w, const struct mw_token *t)
{
	struct mw_names names = {0};

	if (strcmp(t->text, "near") == 0) {
		mw_check_error(w->c, w->ast->name.place, "add: near \"…\"",
			       "the level of \"%s\" depends on \"near\", which it does not have", w->name);
		return;
	}
	for (size_t i = 0; i < w->names.n; i++)
		if (w->names.v[i].given)
			mw_names_add(w->c, &names, w->names.v[i].token.text);
	mw_names_add(w->c, &names, "near");
	mw_names_add(w->c, &names, "column");
	for (size_t i = 0; zone_words[i]; i++)
		mw_names_add(w->c, &names, zone_words[i]);
	mw_check_error(w->c, t->place, mw_check_suggest(w->c, t->text, &names), "unknown word \"%s\" in \"level\" of %s \"%s\"",
		       t->text, w->form, w->name);
}

/* ---- near ---------------------------------------------------------------------------------------------------------------- */

/* The near entry in work is the last of the list. */
static struct mw_work_near *entry_in_work(struct mw_work *w)
{
	return &w->nears.v[w->nears.n - 1];
}

static void add_phrase(struct mw_work *w, const char *entry, const struct mw_token *t)
{
	if (t->n == 0)
		mw_check_error(w->c, t->place, NULL, "\"%s\" of %s \"%s\" has an empty text", entry, w->form, w->name);
	mw_names_add(w->c, &entry_in_work(w)->phrases, t->text);
}

/* Behind `near` and `near NAME`: rule a, b */
static bool take_rules(struct mw_work *w, const char *entry)
{
	(void)mw_cursor_take(&w->cur);
	do {
		const struct mw_token *t = mw_work_take(w, entry, MW_TOK_NAME, "the names of rules");

		if (!t)
			return false;
		MW_LIST_PUSH(w->c->scratch, w->c->diags, &entry_in_work(w)->rules, *t);
		if (mw_cursor_peek(&w->cur)->kind != MW_TOK_COMMA)
			return true;
		(void)mw_cursor_take(&w->cur);
	} while (!w->c->diags->no_memory);
	return false;
}

/* at least 2 */
static bool take_least(struct mw_work *w)
{
	(void)mw_cursor_take(&w->cur);
	if (mw_cursor_is_over(&w->cur) || !mw_cursor_at_word(&w->cur, "least")) {
		mw_work_wrong(w, "at", "\"least\" and a number");
		return false;
	}
	(void)mw_cursor_take(&w->cur);
	return mw_work_number(w, "at least", 1, MW_LEAST_MAX, &entry_in_work(w)->near.least);
}

/* within 60, within sentence */
static bool take_within(struct mw_work *w)
{
	struct mw_near *near = &entry_in_work(w)->near;

	if (mw_cursor_is_over(&w->cur) || mw_cursor_peek(&w->cur)->kind == MW_TOK_NUMBER)
		return mw_work_number(w, "within", 1, WITHIN_MAX, &near->within);
	if (!mw_cursor_at_word(&w->cur, "sentence")) {
		mw_work_wrong(w, "within", "a number or \"sentence\"");
		return false;
	}
	(void)mw_cursor_take(&w->cur);
	near->sentence = true;
	near->within = MW_SENTENCE_MAX;
	return true;
}

/* before, after, within 60, and behind rules at least 2: in any order, each at most once */
static bool take_window(struct mw_work *w)
{
	bool side = false, within = false, rules = entry_in_work(w)->rules.n > 0;

	for (;;) {
		bool before = mw_cursor_at_word(&w->cur, "before"), after = mw_cursor_at_word(&w->cur, "after");

		if (mw_cursor_peek(&w->cur)->first)
			return true;
		if (!side && (before || after)) {
			side = true;
			(void)mw_cursor_take(&w->cur);
			entry_in_work(w)->near.side = before ? MW_SIDE_BEFORE : MW_SIDE_AFTER;
		} else if (!within && mw_cursor_at_word(&w->cur, "within")) {
			within = true;
			(void)mw_cursor_take(&w->cur);
			if (!take_within(w))
				return false;
		} else if (rules && !entry_in_work(w)->near.least && mw_cursor_at_word(&w->cur, "at")) {
			if (!take_least(w))
				return false;
		} else {
			return true;
		}
	}
}

static bool begin_near(struct mw_work *w, const struct mw_token *t, const char *name)
{
	struct mw_work_near near = {.near = {.side = MW_SIDE_BOTH, .within = MW_WITHIN_DEFAULT}};

	if (w->nears.n == MW_NEARS_MAX) {
		mw_check_error(w->c, t->place, NULL, "%s \"%s\" has more than %u entries of \"near\"", w->form, w->name,
			       MW_NEARS_MAX);
		return false;
	}
	near.near.name = name_index(w, t, name);
	if (near.near.name == MW_NONE)
		return false;
	w->names.v[near.near.name].given = true;
	MW_LIST_PUSH(w->c->scratch, w->c->diags, &w->nears, near);
	return !w->c->diags->no_memory;
}

/* near "a", "b" before within 30; near NAME "a"; near rule x, y; near NAME rule x, y */
bool mw_entry_near(struct mw_work *w, const char *entry)
{
	const struct mw_token *t = mw_cursor_peek(&w->cur);
	bool over = mw_cursor_is_over(&w->cur);
	const char *name = "near";

	if (!over && t->kind == MW_TOK_NAME && strcmp(t->text, "rule") != 0) {
		name = t->text;
		if (is_reserved(name)) {
			mw_check_error(w->c, t->place, "as in: near \"a\", \"b\" before within 30",
				       "\"%s\" can not be the name of a \"near\"", name);
			return false;
		}
		(void)mw_cursor_take(&w->cur);
	}
	if (!begin_near(w, t, name))
		return false;
	if (!mw_cursor_is_over(&w->cur) && mw_cursor_at_word(&w->cur, "rule")) {
		if (!take_rules(w, entry))
			return false;
	} else if (!mw_work_texts(w, entry, add_phrase)) {
		return false;
	}
	return take_window(w);
}

/* ---- weigh --------------------------------------------------------------------------------------------------------------- */

/* 3 close */
static bool take_weight(struct mw_work *w, const char *entry)
{
	const struct mw_token *number = mw_work_take(w, entry, MW_TOK_NUMBER, "points, as in: weigh 3 close, -2 press"), *t;
	struct mw_weight weight;

	t = number ? mw_work_take(w, entry, MW_TOK_NAME, "the name of a \"near\" behind its points") : NULL;
	if (!t)
		return false;
	if (number->number == 0 || number->number > MW_POINTS_MAX || number->number < -MW_POINTS_MAX) {
		mw_check_error(w->c, number->place, NULL, "points of \"%s\" of %s \"%s\" must be between -%d and %d, and not 0",
			       entry, w->form, w->name, MW_POINTS_MAX, MW_POINTS_MAX);
		return false;
	}
	weight = (struct mw_weight){.name = name_index(w, t, t->text), .points = (int32_t)number->number};
	if (weight.name == MW_NONE)
		return false;
	for (size_t i = 0; i < w->weights.n; i++)
		if (w->weights.v[i].name == weight.name) {
			mw_check_error(w->c, t->place, NULL, "\"%s\" is weighed twice in %s \"%s\"", t->text, w->form, w->name);
			return false;
		}
	w->names.v[weight.name].asked = true;
	MW_LIST_PUSH(w->c->scratch, w->c->diags, &w->weights, weight);
	return !w->c->diags->no_memory;
}

/* weigh 3 close, 2 one, -2 press */
bool mw_entry_weigh(struct mw_work *w, const char *entry)
{
	if (!mw_cursor_is_over(&w->cur))
		w->weigh_at = *mw_cursor_peek(&w->cur);
	while (take_weight(w, entry)) {
		if (mw_cursor_peek(&w->cur)->kind != MW_TOK_COMMA)
			return true;
		(void)mw_cursor_take(&w->cur);
	}
	return false;
}

/* ---- level --------------------------------------------------------------------------------------------------------------- */

static const struct mw_when *take_or(struct mw_work *w);

static struct mw_when *when_new(struct mw_work *w, enum mw_when_op op)
{
	struct mw_when *v = mw_check_alloc(w->c, 1, sizeof(*v));

	if (v)
		v->op = op;
	return v;
}

static const struct mw_when *join(struct mw_work *w, enum mw_when_op op, const struct mw_when *a, const struct mw_when *b)
{
	struct mw_when *v = a && b ? when_new(w, op) : NULL;

	if (v) {
		v->a = a;
		v->b = b;
	}
	return v;
}

static bool at_word(struct mw_work *w, const char *word)
{
	return !mw_cursor_is_over(&w->cur) && mw_cursor_at_word(&w->cur, word);
}

/* weight >= 4 */
static const struct mw_when *take_sum(struct mw_work *w, const struct mw_token *t)
{
	struct mw_when *v = when_new(w, MW_WHEN_WEIGHT);
	const struct mw_token *number;

	if (!w->weigh) {
		w->weigh = mw_check_alloc(w->c, 1, sizeof(*w->weigh));
		w->weight_at = *t;
	}
	if (!v || !w->weigh || !mw_work_take(w, "weight", MW_TOK_GE, "\">=\" and a number"))
		return NULL;
	number = mw_work_take(w, "weight", MW_TOK_NUMBER, "a number");
	if (!number)
		return NULL;
	if (number->number > MW_POINTS_MAX || number->number < -MW_POINTS_MAX) {
		mw_check_error(w->c, number->place, NULL, "\"weight\" of %s \"%s\" must be between -%d and %d", w->form, w->name,
			       MW_POINTS_MAX, MW_POINTS_MAX);
		return NULL;
	}
	v->weights = w->weigh;
	v->sum = (int32_t)number->number;
	return v;
}

/* near, a name, column, a zone, weight >= 4 */
static const struct mw_when *take_operand(struct mw_work *w)
{
	const struct mw_token *t = mw_cursor_peek(&w->cur);
	uint32_t zone = t->kind == MW_TOK_NAME ? zone_of(t->text) : 0;
	struct mw_when *v;

	if (mw_cursor_is_over(&w->cur) || t->kind != MW_TOK_NAME) {
		mw_work_wrong(w, "level", "\"near\", a name of a \"near\", \"column\" or a zone behind \"when\"");
		return NULL;
	}
	if (++w->operands > OPERANDS_MAX) {
		mw_check_error(w->c, t->place, NULL, "\"level\" of %s \"%s\" has more than %u conditions", w->form, w->name,
			       OPERANDS_MAX);
		return NULL;
	}
	(void)mw_cursor_take(&w->cur);
	if (strcmp(t->text, "column") == 0)
		return when_new(w, MW_WHEN_COLUMN);
	if (strcmp(t->text, "weight") == 0)
		return take_sum(w, t);
	v = when_new(w, zone ? MW_WHEN_ZONE : MW_WHEN_NEAR);
	if (!v)
		return NULL;
	v->n = zone ? zone : name_index(w, t, t->text);
	if (v->n == MW_NONE)
		return NULL;
	if (!zone)
		w->names.v[v->n].asked = true;
	return v;
}

static const struct mw_when *take_inside(struct mw_work *w)
{
	const struct mw_when *v;

	(void)mw_cursor_take(&w->cur);
	v = take_or(w);
	if (!v || mw_work_take(w, "level", MW_TOK_CLOSE, "\"and\", \"or\" or \")\" there"))
		return v;
	return NULL;
}

static const struct mw_when *take_not(struct mw_work *w)
{
	bool negated = at_word(w, "not");
	const struct mw_when *a;
	struct mw_when *v;

	if (!negated && mw_cursor_peek(&w->cur)->kind != MW_TOK_OPEN)
		return take_operand(w);
	if (w->nesting >= NESTING_MAX) {
		mw_check_error(w->c, mw_cursor_peek(&w->cur)->place, NULL, "conditions are nested more than %u deep",
			       NESTING_MAX);
		return NULL;
	}
	w->nesting++;
	if (negated)
		(void)mw_cursor_take(&w->cur);
	a = negated ? take_not(w) : take_inside(w);
	w->nesting--;
	if (!a || !negated)
		return a;
	v = when_new(w, MW_WHEN_NOT);
	if (v)
		v->a = a;
	return v;
}

static const struct mw_when *take_and(struct mw_work *w)
{
	const struct mw_when *v = take_not(w);

	while (v && at_word(w, "and")) {
		(void)mw_cursor_take(&w->cur);
		v = join(w, MW_WHEN_AND, v, take_not(w));
	}
	return v;
}

static const struct mw_when *take_or(struct mw_work *w)
{
	const struct mw_when *v = take_and(w);

	while (v && at_word(w, "or")) {
		(void)mw_cursor_take(&w->cur);
		v = join(w, MW_WHEN_OR, v, take_and(w));
	}
	return v;
}

/* 85 when near and column; only the first clause may do without a condition. */
static bool take_clause(struct mw_work *w, const char *entry)
{
	struct mw_level level = {.when = NULL};

	if (!mw_work_number(w, entry, 0, 100, &level.confidence))
		return false;
	if (at_word(w, "when")) {
		(void)mw_cursor_take(&w->cur);
		w->nesting = w->operands = 0;
		level.when = take_or(w);
		if (!level.when)
			return false;
	} else if (w->levels.n) {
		mw_work_wrong(w, entry, "\"when\" behind every number but the first");
		return false;
	}
	MW_LIST_PUSH(w->c->scratch, w->c->diags, &w->levels, level);
	return !w->c->diags->no_memory;
}

/* level 75; level 55, 85 when near; level 85 when near; level 40, 70 when near, 0 when street and not near */
bool mw_entry_level(struct mw_work *w, const char *entry)
{
	while (take_clause(w, entry)) {
		if (mw_cursor_peek(&w->cur)->kind != MW_TOK_COMMA)
			return true;
		(void)mw_cursor_take(&w->cur);
	}
	return false;
}

/* ---- zone ---------------------------------------------------------------------------------------------------------------- */

static void unknown_zone(struct mw_checker *c, const struct mw_token *t)
{
	struct mw_names names = {0};

	for (size_t i = 0; zone_words[i]; i++)
		mw_names_add(c, &names, zone_words[i]);
	mw_check_error(c, t->place, mw_check_suggest(c, t->text, &names), "unknown zone \"%s\"", t->text);
}

bool mw_check_zone(struct mw_checker *c, const struct mw_token *t, uint32_t *bits)
{
	uint32_t zone = t->kind == MW_TOK_NAME ? zone_of(t->text) : 0;

	if (!zone) {
		unknown_zone(c, t);
		return false;
	}
	*bits |= MW_ZONE_BIT(zone);
	return true;
}

/* zone new, quoted; zone not signature, disclaimer */
bool mw_entry_zone(struct mw_work *w, const char *entry)
{
	const uint32_t all = (MW_ZONE_BIT(MW_ZONE_LAST + 1u) - 1) & ~MW_ZONE_BIT(0);
	bool negated = at_word(w, "not"), first = true;
	uint32_t bits = 0;

	if (negated)
		(void)mw_cursor_take(&w->cur);
	do {
		const struct mw_token *t;

		if (!first)
			(void)mw_cursor_take(&w->cur);
		if (first && mw_cursor_is_over(&w->cur)) {
			mw_work_wrong(w, entry, "zones");
			return false;
		}
		first = false;
		t = mw_work_take(w, entry, MW_TOK_NAME, "zones");
		if (!t || !mw_check_zone(w->c, t, &bits))
			return false;
	} while (mw_cursor_peek(&w->cur)->kind == MW_TOK_COMMA);
	w->rule->zones = negated ? all & ~bits : bits;
	if (w->rule->zones == 0)
		mw_check_error(w->c, w->cur.end, "leave the entry out: then it looks everywhere", "%s \"%s\" looks into no zone",
			       w->form, w->name);
	return true;
}

/* ---- the whole of it ----------------------------------------------------------------------------------------------------- */

static void unused_name(struct mw_work *w, const struct mw_work_name *name)
{
	if (strcmp(name->token.text, "near") == 0)
		mw_check_warn(w->c, w->ast->name.place, "write: level 55, 85 when near", "\"near\" of \"%s\" changes nothing",
			      w->name);
	else
		mw_check_warn(w->c, name->token.place, mw_check_text(w->c, "write: level 55, 85 when %s", name->token.text),
			      "\"near %s\" of \"%s\" changes nothing", name->token.text, w->name);
}

static bool asks_column(const struct mw_when *v)
{
	return v && (v->op == MW_WHEN_COLUMN || asks_column(v->a) || asks_column(v->b));
}

static bool levels_ask_column(const struct mw_work *w)
{
	for (size_t i = 0; i < w->levels.n; i++)
		if (asks_column(w->levels.v[i].when))
			return true;
	return false;
}

void mw_near_check(struct mw_work *w, size_t errors)
{
	struct mw_checker *c = w->c;
	bool column = levels_ask_column(w);

	for (size_t i = 0; i < w->names.n; i++)
		if (w->names.v[i].asked && !w->names.v[i].given)
			unknown_name(w, &w->names.v[i].token);
	if (c->diags->errors != errors || c->diags->no_memory)
		return;
	if (w->weigh && w->weights.n == 0)
		mw_check_error(c, w->weight_at.place, "add: weigh 3 close, -2 press",
			       "the level of \"%s\" depends on \"weight\", and it weighs nothing", w->name);
	else if (w->weights.n && !w->weigh)
		mw_check_error(c, w->weigh_at.place, "write: level 70 when weight >= 4", "\"weigh\" of \"%s\" changes nothing",
			       w->name);
	else if (column && w->nears.n == 0)
		mw_check_error(
		    c, w->ast->name.place, "add: near \"…\"",
		    "the level of \"%s\" depends on \"column\", and there is no \"near\" whose words could stand there", w->name);
	else if (!mw_level_possible(w->rule))
		mw_check_error(c, w->ast->name.place, NULL, "the level of \"%s\" is 0, whatever is found", w->name);
	for (size_t i = 0; c->diags->errors == errors && i < w->names.n; i++)
		if (!w->names.v[i].asked && !column)
			unused_name(w, &w->names.v[i]);
}

void mw_near_finish(struct mw_work *w)
{
	struct mw_checker *c = w->c;
	struct mw_rule *r = w->rule;
	struct mw_level level = {.confidence = LEVEL_DEFAULT};
	const char **names = mw_check_alloc(c, w->names.n, sizeof(*names));
	struct mw_near *nears = mw_check_alloc(c, w->nears.n, sizeof(*nears));

	if (w->weigh) {
		w->weigh->n = w->weights.n;
		w->weigh->v = mw_work_copy(c, w->weights.v, w->weights.n, sizeof(*w->weights.v));
	}
	if (w->levels.n == 0)
		MW_LIST_PUSH(c->scratch, c->diags, &w->levels, level);
	for (size_t i = 0; names && i < w->names.n; i++)
		names[i] = w->names.v[i].token.text;
	for (size_t i = 0; nears && i < w->nears.n; i++) {
		struct mw_work_near *near = &w->nears.v[i];
		struct mw_rule_ref ref = {.near = &nears[i], .names = near->rules, .owner = w->ast};

		nears[i] = near->near;
		nears[i].phrases = near->phrases.n;
		nears[i].phrase = mw_work_copy(c, near->phrases.v, near->phrases.n, sizeof(*near->phrases.v));
		if (near->rules.n)
			MW_LIST_PUSH(c->scratch, c->diags, &c->rule_refs, ref);
	}
	r->near_names = names ? w->names.n : 0;
	r->near_name = names;
	r->nears = nears ? w->nears.n : 0;
	r->near = nears;
	r->levels = w->levels.n;
	r->level = mw_work_copy(c, w->levels.v, w->levels.n, sizeof(*w->levels.v));
}
