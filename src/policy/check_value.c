/* SPDX-License-Identifier: Apache-2.0 */
/* Typed values: options of `load NAME { … }` and arguments of actions, stored into the module's own struct. */
#include "policy/check.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct mw_token *mw_cursor_peek(const struct mw_cursor *cur)
{
	static const struct mw_token end = {.kind = MW_TOK_END, .text = ""};

	return cur->at < cur->tokens->n ? &cur->tokens->v[cur->at] : &end;
}

const struct mw_token *mw_cursor_take(struct mw_cursor *cur)
{
	const struct mw_token *t = mw_cursor_peek(cur);

	if (cur->at < cur->tokens->n) {
		cur->at++;
		cur->end = t->place;
	}
	return t;
}

bool mw_cursor_at_word(const struct mw_cursor *cur, const char *word)
{
	const struct mw_token *t = mw_cursor_peek(cur);

	return t->kind == MW_TOK_NAME && strcmp(t->text, word) == 0;
}

bool mw_cursor_is_over(const struct mw_cursor *cur)
{
	const struct mw_token *t = mw_cursor_peek(cur);

	return t->kind == MW_TOK_END || t->kind == MW_TOK_SEMICOLON || (t->kind == MW_TOK_NAME && t->first);
}

const char *mw_value_shown(const struct mw_opt *row)
{
	switch (row->type) {
	case MW_BOOL:
		return "yes or no";
	case MW_INT:
		return "a number";
	case MW_SIZE:
		return "a size: 64K, 25M, 1G";
	case MW_TIME:
		return "a time: 30 seconds, 6 years";
	case MW_WORD:
		return "a word";
	case MW_LIST:
		return "texts in quotes: \"a\", \"b\"";
	default:
		return "a text in quotes";
	}
}

static size_t type_size(uint32_t type)
{
	switch (type) {
	case MW_BOOL:
		return sizeof(bool);
	case MW_STR:
	case MW_PATH:
		return sizeof(const char *);
	case MW_LIST:
		return sizeof(struct mw_list);
	case MW_INT:
	case MW_SIZE:
	case MW_TIME:
	case MW_WORD:
		return sizeof(int64_t);
	default:
		return 0;
	}
}

struct value {
	struct mw_checker *c;
	const struct mw_opt *row;
	struct mw_cursor *cur;
	const char *what;
	char *base;
};

static bool store(const struct value *v, const void *p)
{
	memcpy(v->base + v->row->offset, p, type_size(v->row->type));
	return true;
}

static bool wrong_type(const struct value *v)
{
	const struct mw_token *t = mw_cursor_peek(v->cur);

	if (mw_cursor_is_over(v->cur))
		mw_check_error(v->c, v->cur->end, NULL, "%s needs %s", v->what, mw_value_shown(v->row));
	else if (t->kind != MW_TOK_BAD)
		mw_check_error(v->c, t->place, NULL, "%s needs %s, not %s", v->what, mw_value_shown(v->row),
			       mw_token_shown(v->c->diags, t));
	return false;
}

static bool take_bool(const struct value *v)
{
	bool yes = mw_cursor_at_word(v->cur, "yes");

	if (!yes && !mw_cursor_at_word(v->cur, "no"))
		return wrong_type(v);
	(void)mw_cursor_take(v->cur);
	return store(v, &yes);
}

/* 60, or 60K with a suffix, as it makes sense for people. */
static const char *number_shown(struct mw_checker *c, uint32_t type, int64_t n)
{
	static const char *const suffix[] = {"", "K", "M", "G"};
	int i = 0;

	while (type == MW_SIZE && n && n % 1024 == 0 && i < 3) {
		n /= 1024;
		i++;
	}
	return mw_check_text(c, "%lld%s%s", (long long)n, suffix[i], type == MW_TIME ? " seconds" : "");
}

static bool in_range(const struct value *v, const struct mw_token *t, int64_t n)
{
	const struct mw_opt *row = v->row;

	if (row->type == MW_INT && row->min == 0 && row->max == 0)
		return true;
	if (n >= row->min && (n <= row->max || (row->min == 0 && row->max == 0)))
		return true;
	if (row->min == 0 && row->max == 0)
		mw_check_error(v->c, t->place, NULL, "%s cannot be negative", v->what);
	else
		mw_check_error(v->c, t->place, NULL, "%s must be between %s and %s", v->what,
			       number_shown(v->c, row->type, row->min), number_shown(v->c, row->type, row->max));
	return false;
}

/* A month has 31 days and a year 366: what must be kept for a time is never let go too early. */
static int64_t unit_seconds(const char *name)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {{"second", 1},    {"minute", 60},	      {"hour", 3600},	    {"day", 86400},
		     {"week", 604800}, {"month", 31 * 86400}, {"year", 366 * 86400}};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(name, units[i].name, len) == 0 && (n == len || (n == len + 1 && name[len] == 's')))
			return units[i].seconds;
	}
	return 0;
}

static bool take_unit(const struct value *v, int64_t *n)
{
	static const char *const units[] = {"seconds", "minutes", "hours", "days", "weeks", "months", "years", NULL};
	const struct mw_token *t = mw_cursor_peek(v->cur);
	int64_t seconds = t->kind == MW_TOK_NAME ? unit_seconds(t->text) : 0;

	if (seconds == 0) {
		bool wrong = t->kind == MW_TOK_NAME && !t->first;
		const char *hint = wrong ? mw_diag_did_you_mean(v->c->diags, t->text, units) : NULL;

		mw_check_error(v->c, wrong ? t->place : v->cur->end,
			       hint ? hint : "seconds, minutes, hours, days, weeks, months or years", "%s needs a unit of time",
			       v->what);
		return false;
	}
	if (*n > INT64_MAX / seconds || *n < INT64_MIN / seconds) {
		mw_check_error(v->c, v->cur->end, NULL, "%s is too long", v->what);
		return false;
	}
	*n *= seconds;
	(void)mw_cursor_take(v->cur);
	return true;
}

static bool take_number(const struct value *v)
{
	const struct mw_token *t = mw_cursor_peek(v->cur);
	int64_t n = t->number;

	if (t->kind != MW_TOK_NUMBER || (t->size && v->row->type != MW_SIZE))
		return wrong_type(v);
	(void)mw_cursor_take(v->cur);
	if (v->row->type == MW_TIME && !take_unit(v, &n))
		return false;
	if (!in_range(v, t, n))
		return false;
	return store(v, &n); /* int64_t and uint64_t alike: not negative for SIZE */
}

static bool take_word(const struct value *v)
{
	const struct mw_token *t = mw_cursor_peek(v->cur);
	struct mw_names names = {0};

	if (t->kind != MW_TOK_NAME)
		return wrong_type(v);
	(void)mw_cursor_take(v->cur);
	for (const struct mw_word *w = v->row->words; w && w->name; w++) {
		if (strcmp(w->name, t->text) == 0)
			return store(v, &w->value);
		mw_names_add(v->c, &names, w->name);
	}
	mw_check_error(v->c, t->place, mw_check_suggest(v->c, t->text, &names), "unknown word \"%s\" for %s", t->text, v->what);
	return false;
}

static const char *take_text(const struct value *v)
{
	if (mw_cursor_peek(v->cur)->kind != MW_TOK_STRING) {
		(void)wrong_type(v);
		return NULL;
	}
	return mw_cursor_take(v->cur)->text;
}

/* "refile:/etc/x" names a kind of file first; a path begins behind it. */
static size_t scheme_length(const char *path)
{
	size_t n = strspn(path, "abcdefghijklmnopqrstuvwxyz");

	return n && path[n] == ':' ? n + 1 : 0;
}

/* Relative to the file that says it, and then absolute: the daemon changes its folder. */
static const char *absolute(struct mw_checker *c, const struct mw_token *t)
{
	size_t scheme = scheme_length(t->text);
	const char *base = t->place.source < c->diags->sources ? c->diags->source[t->place.source].path : "";
	char *path = mw_path_beside(c->scratch, base, t->text + scheme), *cwd = NULL, *all = NULL;

	if (path && path[0] != '/')
		cwd = getcwd(NULL, 0);
	if (path && (path[0] == '/' || cwd))
		all = mw_arena_printf(c->arena, "%.*s%s%s%s", (int)scheme, t->text, cwd ? cwd : "", cwd ? "/" : "", path);
	free(cwd);
	if (!all)
		c->diags->no_memory = true;
	return all;
}

static bool take_path(const struct value *v)
{
	const struct mw_token *t = mw_cursor_peek(v->cur);
	const char *path;

	if (!take_text(v))
		return false;
	if (t->n == scheme_length(t->text)) {
		mw_check_error(v->c, t->place, NULL, "%s is empty", v->what);
		return false;
	}
	path = absolute(v->c, t);
	return path && store(v, &path);
}

static bool take_list(const struct value *v)
{
	struct mw_names texts = {0};
	struct mw_list list;
	const char **copy;

	do {
		const char *text;

		if (texts.n)
			(void)mw_cursor_take(v->cur);
		text = take_text(v);
		if (!text)
			return false;
		mw_names_add(v->c, &texts, text);
	} while (mw_cursor_peek(v->cur)->kind == MW_TOK_COMMA);
	copy = mw_check_alloc(v->c, texts.n, sizeof(*copy));
	if (!copy)
		return false;
	memcpy(copy, texts.v, texts.n * sizeof(*copy));
	list = (struct mw_list){.n = texts.n, .v = copy};
	return store(v, &list);
}

bool mw_value_take(struct mw_checker *c, const struct mw_opt *row, struct mw_cursor *cur, const char *what, char *base,
		   size_t size)
{
	struct value v = {.c = c, .row = row, .cur = cur, .what = what, .base = base};
	size_t need = type_size(row->type);
	const char *text;

	if (need == 0 || need > size || row->offset > size - need) {
		mw_check_error(c, cur->end, "the module is broken", "%s has no place in its module's struct", what);
		return false;
	}
	switch (row->type) {
	case MW_BOOL:
		return take_bool(&v);
	case MW_WORD:
		return take_word(&v);
	case MW_LIST:
		return take_list(&v);
	case MW_PATH:
		return take_path(&v);
	case MW_STR:
		text = take_text(&v);
		return text && store(&v, &text);
	default:
		return take_number(&v);
	}
}

/* Defaults are in policy syntax; texts may leave their quotes out. */
static bool take_default(struct mw_checker *c, const struct mw_opt *row, struct mw_place place, const char *what, char *base,
			 size_t size)
{
	struct mw_lexer lexer;
	struct mw_tokens tokens = {0};
	struct mw_token t;
	struct mw_cursor cur = {.tokens = &tokens, .end = place};
	bool bare = (row->type == MW_STR || row->type == MW_PATH) && row->dflt[0] != '"';

	mw_lexer_init_text(&lexer, c->diags, c->arena, row->dflt);
	do {
		mw_lexer_next(&lexer, &t);
		if (bare) {
			t.kind = MW_TOK_STRING;
			t.text = row->dflt;
			t.n = strlen(row->dflt);
		}
		t.place = place; /* of the load line: a default has none of its own */
		if (t.kind != MW_TOK_END)
			MW_LIST_PUSH(c->scratch, c->diags, &tokens, t);
	} while (t.kind != MW_TOK_END && !bare);
	return mw_value_take(c, row, &cur, what, base, size);
}

char *mw_value_struct(struct mw_checker *c, const struct mw_opt *rows, size_t size, struct mw_place place, const char *owner)
{
	char *base = mw_check_alloc(c, 1, size);

	for (; base && rows && rows->name; rows++)
		if (rows->dflt &&
		    !take_default(c, rows, place, mw_check_text(c, "the default of \"%s\" of %s", rows->name, owner), base, size))
			base = NULL;
	return base;
}
