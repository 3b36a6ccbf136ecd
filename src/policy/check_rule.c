/* SPDX-License-Identifier: Apache-2.0 */
/* `rule` and `words`: the entries of their blocks, the files of terms, the samples. */
#include "policy/check.h"

#include "policy/regex.h"

#include <string.h>

#define LEVEL_DEFAULT 75u
#define WITHIN_DEFAULT 60u
#define WITHIN_MAX 10000
#define TERM_MAX 200u
#define TERMS_MAX 1000000u

struct samples {
	struct mw_sample *v;
	size_t n, cap;
};

/* One rule in work. */
struct work {
	struct mw_checker *c;
	const struct mw_ast_rule *ast;
	const char *name, *form; /* form: rule or words */
	struct mw_rule *rule;
	struct mw_cursor cur;
	struct mw_names near, except, terms;
	struct samples hit, miss;
	bool level_set, level_near_set;
};

static void wrong(struct work *w, const char *entry, const char *what)
{
	const struct mw_token *t = mw_cursor_peek(&w->cur);

	if (mw_cursor_is_over(&w->cur))
		mw_check_error(w->c, w->cur.end, NULL, "\"%s\" of %s \"%s\" needs %s", entry, w->form, w->name, what);
	else if (t->kind != MW_TOK_BAD)
		mw_check_error(w->c, t->place, NULL, "\"%s\" of %s \"%s\" needs %s, not %s", entry, w->form, w->name, what,
			       mw_token_shown(w->c->diags, t));
}

static const struct mw_token *take(struct work *w, const char *entry, enum mw_tok kind, const char *what)
{
	if (mw_cursor_peek(&w->cur)->kind == kind)
		return mw_cursor_take(&w->cur);
	wrong(w, entry, what);
	return NULL;
}

/* "a", "b": calls add() for each. */
static bool take_texts(struct work *w, const char *entry, void (*add)(struct work *, const char *entry, const struct mw_token *))
{
	do {
		const struct mw_token *t = take(w, entry, MW_TOK_STRING, "texts in quotes");

		if (!t)
			return false;
		add(w, entry, t);
		if (mw_cursor_peek(&w->cur)->kind != MW_TOK_COMMA)
			return true;
		(void)mw_cursor_take(&w->cur);
	} while (!w->c->diags->no_memory);
	return false;
}

static bool number(struct work *w, const char *entry, int64_t min, int64_t max, uint32_t *ret)
{
	const struct mw_token *t = take(w, entry, MW_TOK_NUMBER, "a number");

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

static bool entry_about(struct work *w, const char *entry)
{
	const struct mw_token *t = take(w, entry, MW_TOK_STRING, "a text in quotes");

	if (t)
		w->rule->about = t->text;
	return t != NULL;
}

static bool entry_kind(struct work *w, const char *entry)
{
	static const char *const kinds[] = {"identifier", "clinical", "structure"}; /* in the order of enum mw_rule_kind */
	const struct mw_token *t = take(w, entry, MW_TOK_NAME, "a word");
	struct mw_names names = {0};

	if (!t)
		return false;
	for (uint32_t i = 0; i < 3; i++) {
		mw_names_add(w->c, &names, kinds[i]);
		if (strcmp(kinds[i], t->text) == 0)
			w->rule->kind = i + MW_IDENTIFIER;
	}
	if (!w->rule->kind)
		mw_check_error(w->c, t->place, mw_check_suggest(w->c, t->text, &names), "unknown kind \"%s\" of %s \"%s\"",
			       t->text, w->form, w->name);
	return w->rule->kind != 0;
}

static bool entry_pattern(struct work *w, const char *entry)
{
	const struct mw_token *t = take(w, entry, MW_TOK_REGEX, "a /pattern/");
	struct mw_regex regex;
	char text[MW_REGEX_TEXT];
	size_t offset = 0;
	int r;

	if (!t)
		return false;
	w->rule->pattern = (struct mw_str){.p = t->text, .n = t->n};
	w->rule->caseless = t->caseless;
	w->rule->extended = t->extended;
	w->rule->pattern_line = t->place.line;
	w->rule->pattern_column = t->place.column + 1;
	r = mw_regex_compile(&regex, t->text, t->n, t->caseless, t->extended, &offset, text);
	if (r < 0) {
		mw_check_bad_regex(w->c, t, r, offset, text);
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

static bool entry_check(struct work *w, const char *entry)
{
	const struct mw_token *t = take(w, entry, MW_TOK_NAME, "the name of a check");
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

static void add_near(struct work *w, const char *entry, const struct mw_token *t)
{
	if (t->n == 0)
		mw_check_error(w->c, t->place, NULL, "\"%s\" of %s \"%s\" has an empty text", entry, w->form, w->name);
	mw_names_add(w->c, &w->near, t->text);
}

static bool entry_near(struct work *w, const char *entry)
{
	if (!take_texts(w, entry, add_near))
		return false;
	if (!mw_cursor_at_word(&w->cur, "within"))
		return true;
	(void)mw_cursor_take(&w->cur);
	return number(w, "within", 1, WITHIN_MAX, &w->rule->within);
}

static bool when_near(struct work *w)
{
	if (!mw_cursor_at_word(&w->cur, "when"))
		return false;
	(void)mw_cursor_take(&w->cur);
	if (!mw_cursor_at_word(&w->cur, "near")) {
		wrong(w, "level", "\"near\" behind \"when\"");
		return false;
	}
	(void)mw_cursor_take(&w->cur);
	return true;
}

/* level 75; level 55, 85 when near; level 85 when near */
static bool entry_level(struct work *w, const char *entry)
{
	uint32_t first, second;

	if (!number(w, entry, 1, 100, &first))
		return false;
	w->level_set = true;
	if (mw_cursor_peek(&w->cur)->kind == MW_TOK_COMMA) {
		(void)mw_cursor_take(&w->cur);
		if (!number(w, entry, 1, 100, &second))
			return false;
		if (!mw_cursor_at_word(&w->cur, "when")) {
			wrong(w, entry, "\"when near\" behind its second number");
			return false;
		}
		w->rule->level = first;
		w->rule->level_near = second;
		w->level_near_set = when_near(w);
		return w->level_near_set;
	}
	w->level_near_set = mw_cursor_at_word(&w->cur, "when");
	w->rule->level = w->level_near_set ? 0 : first;
	w->rule->level_near = first;
	return !w->level_near_set || when_near(w);
}

static void add_except(struct work *w, const char *entry, const struct mw_token *t)
{
	(void)entry;
	mw_names_add(w->c, &w->except, t->text);
}

static bool entry_except(struct work *w, const char *entry)
{
	return take_texts(w, entry, add_except);
}

static void add_sample(struct work *w, const char *entry, const struct mw_token *t)
{
	struct mw_sample sample = {
	    .text = {.p = t->text, .n = t->n}, .file = t->place.source, .line = t->place.line, .column = t->place.column};

	MW_LIST_PUSH(w->c->scratch, w->c->diags, strcmp(entry, "hit") == 0 ? &w->hit : &w->miss, sample);
}

static bool entry_sample(struct work *w, const char *entry)
{
	return take_texts(w, entry, add_sample);
}

/* ---- words --------------------------------------------------------------------------------------------------------------- */

static void add_term(struct work *w, const char *text, size_t n, struct mw_place place)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i += len) {
		len = mw_utf8_length(text + i, n - i);
		if (len == 0) {
			mw_check_error(w->c, place, "terms are written in UTF-8", "a term of \"%s\" is not UTF-8", w->name);
			return;
		}
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
			mw_check_error(w->c, place, "words of a term are separated by blanks",
				       "a term of \"%s\" holds a control character", w->name);
			return;
		}
	}
	if (n == 0 || n > TERM_MAX) {
		mw_check_error(w->c, place, NULL, "a term of \"%s\" has %zu octets: it must have 1 to %u", w->name, n, TERM_MAX);
		return;
	}
	if (w->terms.n == TERMS_MAX)
		mw_check_error(w->c, place, NULL, "words \"%s\" has more than %u terms", w->name, TERMS_MAX);
	if (w->terms.n <= TERMS_MAX)
		mw_names_add(w->c, &w->terms, text);
}

static void add_inline_term(struct work *w, const char *entry, const struct mw_token *t)
{
	(void)entry;
	add_term(w, t->text, t->n, t->place);
}

static bool entry_terms(struct work *w, const char *entry)
{
	return take_texts(w, entry, add_inline_term);
}

static void add_term_file(struct work *w, const char *entry, const struct mw_token *t)
{
	struct mw_checker *c = w->c;
	struct mw_place place = {0};
	const struct mw_source *s;
	struct mw_str term;
	size_t at = 0;
	char *copy;

	(void)entry;
	if (mw_source_find(c->sources, t->text, MW_TERMS_MAX, t->place, &place.source) < 0)
		return;
	s = &c->diags->source[place.source];
	copy = mw_check_alloc(c, s->n + 1, 1); /* one copy; each term is ended in place */
	while (copy && !c->diags->no_memory && mw_check_next_line(s, &at, &place.line, &term, &place.column)) {
		char *mine = copy + (term.p - s->text);

		memcpy(mine, term.p, term.n); /* the octet behind is still NUL */
		place.length = (uint32_t)term.n;
		add_term(w, mine, term.n, place);
	}
}

static bool entry_file(struct work *w, const char *entry)
{
	return take_texts(w, entry, add_term_file);
}

static bool entry_whole_word(struct work *w, const char *entry)
{
	(void)entry;
	w->rule->whole_word = true;
	return true;
}

/* ---- the block ----------------------------------------------------------------------------------------------------------- */

struct entry {
	const char *name;
	bool (*take)(struct work *, const char *entry);
	bool in_rule, in_words, many;
	const char *inner[2]; /* words that stand in it */
};

static const struct entry entries[] = {
    {"about", entry_about, true, true, false, {NULL}},	    {"kind", entry_kind, true, true, false, {NULL}},
    {"pattern", entry_pattern, true, false, false, {NULL}}, {"check", entry_check, true, true, false, {NULL}},
    {"near", entry_near, true, true, false, {"within"}},    {"level", entry_level, true, true, false, {"when", "near"}},
    {"except", entry_except, true, true, true, {NULL}},	    {"hit", entry_sample, true, true, true, {NULL}},
    {"miss", entry_sample, true, true, true, {NULL}},	    {"file", entry_file, false, true, true, {NULL}},
    {"terms", entry_terms, false, true, true, {NULL}},	    {"whole-word", entry_whole_word, false, true, false, {NULL}},
};
#define ENTRIES (sizeof(entries) / sizeof(entries[0]))

static bool belongs(const struct work *w, const struct entry *e)
{
	return w->ast->words ? e->in_words : e->in_rule;
}

static const struct entry *find_entry(const struct work *w, const struct mw_token *t)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if (t->kind == MW_TOK_NAME && belongs(w, &entries[i]) && strcmp(entries[i].name, t->text) == 0)
			return &entries[i];
	return NULL;
}

static void add_entry_names(struct work *w, struct mw_names *names)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if (belongs(w, &entries[i]))
			mw_names_add(w->c, names, entries[i].name);
}

/* What stands behind an entry and begins none. before: that entry, NULL at the start of the block. */
static void unknown(struct work *w, const struct entry *before)
{
	const struct mw_token *t = mw_cursor_peek(&w->cur);
	struct mw_names names = {0};
	char in[60] = "";

	if (t->kind == MW_TOK_BAD)
		return;
	for (size_t i = 0; before && !t->first && i < 2 && before->inner[i]; i++)
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
	for (size_t i = 0; e && i < 2 && e->inner[i]; i++)
		if (t->kind == MW_TOK_NAME && strcmp(e->inner[i], t->text) == 0)
			return true;
	return false;
}

/* From inside of the entry (NULL: of none) to where the next one may begin. */
static void skip(struct work *w, const struct entry *inside)
{
	while (!mw_cursor_is_over(&w->cur)) {
		const struct mw_token *t = mw_cursor_peek(&w->cur);

		if (find_entry(w, t) && !is_inner(inside, t))
			return;
		(void)mw_cursor_take(&w->cur);
	}
}

static void take_block(struct work *w)
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

static void check_whole(struct work *w, size_t errors)
{
	struct mw_checker *c = w->c;
	struct mw_place place = w->ast->name.place;
	const struct mw_rule *r = w->rule;

	if (c->diags->errors != errors)
		return; /* what is wrong may be what is missing */
	if (!r->kind)
		mw_check_error(c, place, "identifier, clinical or structure", "%s \"%s\" has no \"kind\"", w->form, w->name);
	if (!w->ast->words && r->pattern.n == 0)
		mw_check_error(c, place, NULL, "rule \"%s\" has no \"pattern\"", w->name);
	if (w->ast->words && w->terms.n == 0)
		mw_check_error(c, place, "add \"terms\" or \"file\"", "words \"%s\" has no terms", w->name);
	if (w->level_near_set && w->near.n == 0)
		mw_check_error(c, place, "add: near \"…\"", "the level of \"%s\" depends on \"near\", which it does not have",
			       w->name);
	if (w->level_near_set && r->level_near < r->level)
		mw_check_error(c, place, NULL, "the level of \"%s\" is lower with context than without", w->name);
	if (c->diags->errors != errors)
		return;
	if (!w->level_near_set && w->near.n)
		mw_check_warn(c, place, "write: level 55, 85 when near", "\"near\" of \"%s\" changes nothing", w->name);
	if (!w->ast->words && w->hit.n == 0)
		mw_check_warn(c, place, "add: hit \"…\"", "rule \"%s\" has no sample that it must match", w->name);
	if (!w->ast->words && w->miss.n == 0)
		mw_check_warn(c, place, "add: miss \"…\"", "rule \"%s\" has no sample that it must not match", w->name);
}

static const void *copy(struct mw_checker *c, const void *v, size_t n, size_t size)
{
	void *mine = mw_check_alloc(c, n, size);

	if (mine && n)
		memcpy(mine, v, n * size);
	return mine;
}

static void finish(struct work *w)
{
	struct mw_rule *r = w->rule;
	struct mw_checker *c = w->c;

	if (!w->level_set)
		r->level = r->level_near = LEVEL_DEFAULT;
	r->nears = w->near.n;
	r->near = copy(c, w->near.v, w->near.n, sizeof(*w->near.v));
	r->excepts = w->except.n;
	r->except = copy(c, w->except.v, w->except.n, sizeof(*w->except.v));
	r->terms = w->terms.n;
	r->term = copy(c, w->terms.v, w->terms.n, sizeof(*w->terms.v));
	r->hits = w->hit.n;
	r->hit = copy(c, w->hit.v, w->hit.n, sizeof(*w->hit.v));
	r->misses = w->miss.n;
	r->miss = copy(c, w->miss.v, w->miss.n, sizeof(*w->miss.v));
}

static void check_rule(struct mw_checker *c, const struct mw_ast_rule *ast, struct mw_rule *rule)
{
	struct work w = {.c = c,
			 .ast = ast,
			 .name = ast->name.text,
			 .form = ast->words ? "words" : "rule",
			 .rule = rule,
			 .cur = {.tokens = &ast->block, .end = ast->name.place}};
	size_t errors = c->diags->errors;

	*rule = (struct mw_rule){.name = ast->name.text,
				 .about = "",
				 .pattern = {.p = "", .n = 0},
				 .within = WITHIN_DEFAULT,
				 .file = ast->name.place.source,
				 .line = ast->name.place.line,
				 .column = ast->name.place.column};
	take_block(&w);
	check_whole(&w, errors);
	finish(&w);
}

static void check_name(struct mw_checker *c, size_t at)
{
	const struct mw_token *name = &c->ast->rules.v[at].name;

	for (size_t i = 0; i < at; i++) {
		if (strcmp(c->ast->rules.v[i].name.text, name->text) != 0)
			continue;
		mw_check_error(c, name->place, mw_check_first_at(c, c->ast->rules.v[i].name.place),
			       "rule \"%s\" is defined twice", name->text);
		return;
	}
}

void mw_check_rules(struct mw_checker *c)
{
	size_t n = c->ast->rules.n;
	struct mw_rule *v = mw_check_alloc(c, n, sizeof(*v));

	for (size_t i = 0; v && i < n && !c->diags->no_memory; i++) {
		check_name(c, i);
		check_rule(c, &c->ast->rules.v[i], &v[i]);
	}
	c->plan->rules = v ? n : 0;
	c->plan->rule = v;
}
