/* SPDX-License-Identifier: Apache-2.0 */
/* `rule` and `words`: the entries of their blocks, the files of terms, the samples. */
#include "policy/check_rule.h"

#include "policy/regex.h"

#include <string.h>

#define LEVEL_DEFAULT 75u

void mw_work_wrong(struct mw_work *w, const char *entry, const char *what)
{
	const struct mw_token *t = mw_cursor_peek(&w->cur);

	if (mw_cursor_is_over(&w->cur))
		mw_check_error(w->c, w->cur.end, NULL, "\"%s\" of %s \"%s\" needs %s", entry, w->form, w->name, what);
	else if (t->kind != MW_TOK_BAD)
		mw_check_error(w->c, t->place, NULL, "\"%s\" of %s \"%s\" needs %s, not %s", entry, w->form, w->name, what,
			       mw_token_shown(w->c->diags, t));
}

const struct mw_token *mw_work_take(struct mw_work *w, const char *entry, enum mw_tok kind, const char *what)
{
	if (mw_cursor_peek(&w->cur)->kind == kind)
		return mw_cursor_take(&w->cur);
	mw_work_wrong(w, entry, what);
	return NULL;
}

bool mw_work_texts(struct mw_work *w, const char *entry,
		   void (*add)(struct mw_work *, const char *entry, const struct mw_token *))
{
	do {
		const struct mw_token *t = mw_work_take(w, entry, MW_TOK_STRING, "texts in quotes");

		if (!t)
			return false;
		add(w, entry, t);
		if (mw_cursor_peek(&w->cur)->kind != MW_TOK_COMMA)
			return true;
		(void)mw_cursor_take(&w->cur);
	} while (!w->c->diags->no_memory);
	return false;
}

bool mw_work_number(struct mw_work *w, const char *entry, int64_t min, int64_t max, uint32_t *ret)
{
	const struct mw_token *t = mw_work_take(w, entry, MW_TOK_NUMBER, "a number");

	if (!t)
		return false;
	if (t->number < min || t->number > max) {
		mw_check_error(w->c, t->place, NULL, "\"%s\" of %s \"%s\" must be between %lld and %lld", entry, w->form, w->name,
			       (long long)min, (long long)max);
		return false;
	}
	*ret = (uint32_t)t->number;
	return true;
}

/* ---- entries ------------------------------------------------------------------------------------------------------------- */

static bool entry_about(struct mw_work *w, const char *entry)
{
	const struct mw_token *t = mw_work_take(w, entry, MW_TOK_STRING, "a text in quotes");

	if (t)
		w->rule->about = t->text;
	return t != NULL;
}

static bool entry_kind(struct mw_work *w, const char *entry)
{
	static const char *const kinds[] = {"identifier", "clinical", "structure",
					    "context"}; /* in the order of enum mw_rule_kind */
	const struct mw_token *t = mw_work_take(w, entry, MW_TOK_NAME, "a word");
	struct mw_names names = {0};

	if (!t)
		return false;
	for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		mw_names_add(w->c, &names, kinds[i]);
		if (strcmp(kinds[i], t->text) == 0)
			w->rule->kind = i + MW_IDENTIFIER;
	}
	if (!w->rule->kind)
		mw_check_error(w->c, t->place, mw_check_suggest(w->c, t->text, &names), "unknown kind \"%s\" of %s \"%s\"",
			       t->text, w->form, w->name);
	return w->rule->kind != 0;
}

static bool entry_pattern(struct mw_work *w, const char *entry)
{
	const struct mw_token *t = mw_work_take(w, entry, MW_TOK_REGEX, "a /pattern/");
	struct mw_whole whole = {.text = {.p = ""}};
	struct mw_regex regex;
	char text[MW_REGEX_TEXT];
	size_t offset = 0;
	int r;

	if (!t)
		return false;
	w->rule->pattern = (struct mw_str){.p = t->text, .n = t->n};
	if (!mw_check_whole(w->c, t, &whole))
		return true; /* the entry itself is whole */
	w->rule->pattern = whole.text;
	w->rule->caseless = t->caseless;
	w->rule->extended = t->extended;
	w->rule->piece = mw_work_copy(w->c, whole.pieces.v, whole.pieces.n, sizeof(*whole.pieces.v));
	w->rule->pieces = w->rule->piece ? whole.pieces.n : 0;
	r = mw_regex_compile(&regex, whole.text.p, whole.text.n, t->caseless, t->extended, &offset, text);
	if (r < 0) {
		mw_check_bad_regex(w->c, t, &whole, r, offset, text);
		return true; /* the entry itself is whole */
	}
	if (mw_regex_matches_empty(&regex))
		mw_check_warn(w->c, t->place, "it would be found everywhere",
			      "the pattern of rule \"%s\" can match nothing at all", w->name);
	mw_regex_free(&regex);
	return true;
}

/* The loaded checker that offers it; in a rules file that stands alone, any checker that is installed. */
static bool has_check(struct mw_checker *c, const char *name, struct mw_names *names)
{
	for (size_t i = 0; i < c->modules.n; i++) {
		const struct mw_check *row = c->modules.v[i].plugin->checks;

		for (; row && row->name; row++) {
			mw_names_add(c, names, row->name);
			if (strcmp(row->name, name) == 0)
				return true;
		}
	}
	return false;
}

static bool entry_check(struct mw_work *w, const char *entry)
{
	const struct mw_token *t = mw_work_take(w, entry, MW_TOK_NAME, "the name of a check");
	struct mw_names names = {0};
	const char *hint;

	if (!t)
		return false;
	w->rule->check = t->text;
	if (has_check(w->c, t->text, &names) || w->c->unloaded)
		return true;
	if (w->c->rules_only && mw_check_load_checker(w->c, t->text, t->place))
		return true;
	hint = mw_check_suggest(w->c, t->text, &names);
	if (!hint)
		hint = w->c->rules_only ? "no installed module offers it" : "load its checker: load phi with check-…";
	mw_check_error(w->c, t->place, hint, "no loaded checker offers the check \"%s\"", t->text);
	return true;
}

static void add_except(struct mw_work *w, const struct mw_token *t)
{
	struct mw_except_pattern except = {.caseless = t->caseless, .extended = t->extended};
	struct mw_whole whole = {.text = {.p = ""}};
	struct mw_regex regex;
	char text[MW_REGEX_TEXT];
	size_t offset = 0;
	int r;

	if (t->kind == MW_TOK_STRING) {
		mw_names_add(w->c, &w->except, t->text);
		return;
	}
	if (!mw_check_whole(w->c, t, &whole))
		return;
	except.pattern = whole.text;
	r = mw_regex_compile(&regex, whole.text.p, whole.text.n, t->caseless, t->extended, &offset, text);
	if (r < 0) {
		mw_check_bad_regex(w->c, t, &whole, r, offset, text);
		return;
	}
	mw_regex_free(&regex);
	except.piece = mw_work_copy(w->c, whole.pieces.v, whole.pieces.n, sizeof(*whole.pieces.v));
	except.pieces = except.piece ? whole.pieces.n : 0;
	MW_LIST_PUSH(w->c->scratch, w->c->diags, &w->except_patterns, except);
}

/* except "text", /pattern/ */
static bool entry_except(struct mw_work *w, const char *entry)
{
	do {
		enum mw_tok kind = mw_cursor_peek(&w->cur)->kind == MW_TOK_REGEX ? MW_TOK_REGEX : MW_TOK_STRING;
		const struct mw_token *t = mw_work_take(w, entry, kind, "texts in quotes or /patterns/");

		if (!t)
			return false;
		add_except(w, t);
		if (mw_cursor_peek(&w->cur)->kind != MW_TOK_COMMA)
			return true;
		(void)mw_cursor_take(&w->cur);
	} while (!w->c->diags->no_memory);
	return false;
}

/* hit "SSN 219-09-9998" at 95, "219-09-9998" */
static bool entry_sample(struct mw_work *w, const char *entry)
{
	do {
		const struct mw_token *t = mw_work_take(w, entry, MW_TOK_STRING, "texts in quotes");
		struct mw_sample sample = {.level = 0};

		if (!t)
			return false;
		if (t->n == 0) {
			mw_check_error(w->c, t->place, NULL, "\"%s\" of %s \"%s\" has an empty text", entry, w->form, w->name);
			return false;
		}
		sample.text = (struct mw_str){.p = t->text, .n = t->n};
		sample.file = t->place.source;
		sample.line = t->place.line;
		sample.column = t->place.column;
		if (!mw_cursor_is_over(&w->cur) && mw_cursor_at_word(&w->cur, "at")) {
			(void)mw_cursor_take(&w->cur);
			if (!mw_work_number(w, entry, 1, 100, &sample.level))
				return false;
		}
		MW_LIST_PUSH(w->c->scratch, w->c->diags, strcmp(entry, "hit") == 0 ? &w->hit : &w->miss, sample);
		if (mw_cursor_peek(&w->cur)->kind != MW_TOK_COMMA)
			return true;
		(void)mw_cursor_take(&w->cur);
	} while (!w->c->diags->no_memory);
	return false;
}

static bool entry_shadow(struct mw_work *w, const char *entry)
{
	(void)entry;
	w->rule->shadow = true;
	return true;
}

static bool entry_whole_word(struct mw_work *w, const char *entry)
{
	(void)entry;
	w->rule->whole_word = true;
	return true;
}

/* ---- the block ----------------------------------------------------------------------------------------------------------- */

#define INNER_MAX 6

struct entry {
	const char *name;
	bool (*take)(struct mw_work *, const char *entry);
	bool in_rule, in_words, many;
	const char *inner[INNER_MAX]; /* words that stand in it */
};

static const struct entry entries[] = {
    {"about", entry_about, true, true, false, {NULL}},
    {"kind", entry_kind, true, true, false, {NULL}},
    {"pattern", entry_pattern, true, false, false, {NULL}},
    {"check", entry_check, true, true, false, {NULL}},
    {"near", mw_entry_near, true, true, true, {"within", "before", "after", "rule"}},
    {"weigh", mw_entry_weigh, true, true, false, {NULL}},
    {"level", mw_entry_level, true, true, false, {"when", "near", "and", "or", "not", "column"}},
    {"zone", mw_entry_zone, true, true, false, {"not"}},
    {"except", entry_except, true, true, true, {NULL}},
    {"shadow", entry_shadow, true, true, false, {NULL}},
    {"hit", entry_sample, true, true, true, {"at"}},
    {"miss", entry_sample, true, true, true, {"at"}},
    {"file", mw_entry_file, false, true, true, {NULL}},
    {"terms", mw_entry_terms, false, true, true, {NULL}},
    {"whole-word", entry_whole_word, false, true, false, {NULL}},
};
#define ENTRIES (sizeof(entries) / sizeof(entries[0]))

static bool belongs(const struct mw_work *w, const struct entry *e)
{
	return w->ast->words ? e->in_words : e->in_rule;
}

static const struct entry *find_entry(const struct mw_work *w, const struct mw_token *t)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if (t->kind == MW_TOK_NAME && belongs(w, &entries[i]) && strcmp(entries[i].name, t->text) == 0)
			return &entries[i];
	return NULL;
}

static void add_entry_names(struct mw_work *w, struct mw_names *names)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if (belongs(w, &entries[i]))
			mw_names_add(w->c, names, entries[i].name);
}

/* What stands behind an entry and begins none. before: that entry, NULL at the start of the block. */
static void unknown(struct mw_work *w, const struct entry *before)
{
	const struct mw_token *t = mw_cursor_peek(&w->cur);
	struct mw_names names = {0};
	char in[60] = "";

	if (t->kind == MW_TOK_BAD)
		return;
	for (size_t i = 0; before && !t->first && i < INNER_MAX && before->inner[i]; i++)
		mw_names_add(w->c, &names, before->inner[i]);
	add_entry_names(w, &names);
	if (before && !t->first) {
		strcpy(in, "\"");
		strncat(in, before->name, 40);
		strcat(in, "\" of ");
	}
	if (t->kind == MW_TOK_NAME)
		mw_check_error(w->c, t->place, mw_check_suggest(w->c, t->text, &names), "unknown word \"%s\" in %s%s \"%s\"",
			       t->text, in, w->form, w->name);
	else
		mw_check_error(w->c, t->place, NULL, "unexpected %s in %s%s \"%s\"", mw_token_shown(w->c->diags, t), in, w->form,
			       w->name);
}

static bool is_inner(const struct entry *e, const struct mw_token *t)
{
	for (size_t i = 0; e && i < INNER_MAX && e->inner[i]; i++)
		if (t->kind == MW_TOK_NAME && strcmp(e->inner[i], t->text) == 0)
			return true;
	return false;
}

/* From inside of the entry (NULL: of none) to where the next one may begin. */
static void skip(struct mw_work *w, const struct entry *inside)
{
	while (!mw_cursor_is_over(&w->cur)) {
		const struct mw_token *t = mw_cursor_peek(&w->cur);

		if (find_entry(w, t) && !is_inner(inside, t))
			return;
		(void)mw_cursor_take(&w->cur);
	}
}

static void take_block(struct mw_work *w)
{
	bool given[ENTRIES] = {false};
	const struct entry *before = NULL;

	while (w->cur.at < w->ast->block.n && !w->c->diags->no_memory) {
		const struct mw_token *t = mw_cursor_peek(&w->cur);
		const struct entry *e = find_entry(w, t);

		if (t->kind == MW_TOK_SEMICOLON) {
			(void)mw_cursor_take(&w->cur);
			before = NULL;
			continue;
		}
		if (!e) {
			unknown(w, before);
			(void)mw_cursor_take(&w->cur);
			skip(w, NULL);
			continue;
		}
		if (given[e - entries] && !e->many)
			mw_check_error(w->c, t->place, NULL, "\"%s\" of %s \"%s\" is given twice", e->name, w->form, w->name);
		given[e - entries] = true;
		(void)mw_cursor_take(&w->cur);
		if (!e->take(w, e->name))
			skip(w, e);
		before = e;
	}
}

/* ---- what a rule must have ----------------------------------------------------------------------------------------------- */

static void check_whole(struct mw_work *w, size_t errors)
{
	struct mw_checker *c = w->c;
	struct mw_place place = w->ast->name.place;
	const struct mw_rule *r = w->rule;

	if (c->diags->errors != errors)
		return; /* what is wrong may be what is missing */
	if (!r->kind)
		mw_check_error(c, place, "identifier, clinical, structure or context", "%s \"%s\" has no \"kind\"", w->form,
			       w->name);
	if (!w->ast->words && r->pattern.n == 0)
		mw_check_error(c, place, NULL, "rule \"%s\" has no \"pattern\"", w->name);
	if (w->ast->words && w->terms.n == 0)
		mw_check_error(c, place, "add \"terms\" or \"file\"", "words \"%s\" has no terms", w->name);
	if (c->diags->errors != errors)
		return;
	if (!w->ast->words && w->hit.n == 0)
		mw_check_warn(c, place, "add: hit \"…\"", "rule \"%s\" has no sample that it must match", w->name);
	if (!w->ast->words && w->miss.n == 0)
		mw_check_warn(c, place, "add: miss \"…\"", "rule \"%s\" has no sample that it must not match", w->name);
}

const void *mw_work_copy(struct mw_checker *c, const void *v, size_t n, size_t size)
{
	void *mine = mw_check_alloc(c, n, size);

	if (mine && n)
		memcpy(mine, v, n * size);
	return mine;
}

static void finish(struct mw_work *w)
{
	struct mw_rule *r = w->rule;
	struct mw_checker *c = w->c;

	r->excepts = w->except.n;
	r->except = mw_work_copy(c, w->except.v, w->except.n, sizeof(*w->except.v));
	r->except_patterns = w->except_patterns.n;
	r->except_pattern = mw_work_copy(c, w->except_patterns.v, w->except_patterns.n, sizeof(*w->except_patterns.v));
	r->terms = w->terms.n;
	r->term = mw_work_copy(c, w->terms.v, w->terms.n, sizeof(*w->terms.v));
	r->hits = w->hit.n;
	r->hit = mw_work_copy(c, w->hit.v, w->hit.n, sizeof(*w->hit.v));
	r->misses = w->miss.n;
	r->miss = mw_work_copy(c, w->miss.v, w->miss.n, sizeof(*w->miss.v));
}

void mw_check_rule(struct mw_checker *c, const struct mw_ast_rule *ast, struct mw_rule *rule)
{
	struct mw_work w = {.c = c,
			    .ast = ast,
			    .name = ast->name.text,
			    .form = ast->words ? "words" : "rule",
			    .rule = rule,
			    .cur = {.tokens = &ast->block, .end = ast->name.place}};
	size_t errors = c->diags->errors;

	*rule = (struct mw_rule){.name = ast->name.text,
				 .about = "",
				 .pattern = {.p = "", .n = 0},
				 .file = ast->name.place.source,
				 .line = ast->name.place.line,
				 .column = ast->name.place.column};
	take_block(&w);
	finish(&w);
	mw_near_finish(&w);
	mw_near_check(&w, errors);
	check_whole(&w, errors);
}
