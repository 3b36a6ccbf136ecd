/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `fragment`: a part of patterns that has a name. Rules write it as PCRE2 writes a call of a group, `(?&NAME)`, and get the text of
 * the fragment there, in a group that captures nothing.
 */
#include "policy/check.h"
#include "policy/regex.h"

#include <string.h>

#define WHOLE_MAX 20000u /* octets of a pattern with all fragments in place */

struct writer {
	struct mw_checker *c;
	const struct mw_token *token;
	struct mw_whole *whole;
	struct mw_buf out;
};

/* What comes next is written here. */
static void begin_piece(struct writer *w, size_t at)
{
	const struct mw_written piece = {.at = w->out.n,
					 .file = w->token->place.source,
					 .line = w->token->place.line,
					 .column = w->token->place.column + 1 + (uint32_t)at};

	MW_LIST_PUSH(w->c->arena, w->c->diags, &w->whole->pieces, piece);
}

static const struct mw_fragment *find(const struct mw_checker *c, const char *name, size_t n)
{
	for (size_t i = 0; i < c->fragments.n; i++)
		if (strlen(c->fragments.v[i].name) == n && memcmp(c->fragments.v[i].name, name, n) == 0)
			return &c->fragments.v[i];
	return NULL;
}

/* Behind an escape, or a class of characters with all that is in it: nothing is called in there. */
static size_t skip(const char *p, size_t n, size_t i)
{
	bool quoted = p[i] == '\\' && i + 1 < n && p[i + 1] == 'Q';

	if (quoted) {
		for (i += 2; i + 1 < n && (p[i] != '\\' || p[i + 1] != 'E'); i++)
			;
		return i + 2 < n ? i + 2 : n;
	}
	if (p[i] == '\\')
		return i + 2 < n ? i + 2 : n;
	if (p[i] != '[')
		return i + 1;
	i += i + 1 < n && p[i + 1] == '^' ? 2 : 1;
	for (size_t first = i; i < n && (p[i] != ']' || i == first);) {
		const char *posix = p[i] == '[' && i + 1 < n && p[i + 1] == ':' ? memmem(p + i + 2, n - i - 2, ":]", 2) : NULL;

		i = posix ? (size_t)(posix - p) + 2 : p[i] == '\\' ? skip(p, n, i) : i + 1;
	}
	return i < n ? i + 1 : n;
}

static void add_fragment(struct writer *w, const struct mw_fragment *f, size_t at)
{
	size_t n;

	begin_piece(w, at);
	mw_buf_puts(&w->out, "(?:");
	n = w->out.n;
	for (size_t i = 0; i < f->whole.pieces.n; i++) {
		struct mw_written piece = f->whole.pieces.v[i];

		piece.at += n;
		MW_LIST_PUSH(w->c->arena, w->c->diags, &w->whole->pieces, piece);
	}
	mw_buf_add(&w->out, f->whole.text.p, f->whole.text.n);
	begin_piece(w, at);
	mw_buf_putc(&w->out, ')');
}

/* A group of this name in the pattern itself: `(?<name>…)`, and PCRE2's other ways to write it. */
static bool has_group(const struct mw_token *t, const char *name, size_t n)
{
	for (size_t i = 0; i + n < t->n; i++)
		if (i > 2 && memcmp(t->text + i, name, n) == 0 && strchr("<'", t->text[i - 1]) && strchr(">'", t->text[i + n]))
			return true;
	return false;
}

static void unknown(struct writer *w, size_t at, const char *name, size_t n)
{
	struct mw_place place = w->token->place;
	struct mw_names names = {0};
	const char *word = mw_check_text(w->c, "%.*s", (int)(n < 200 ? n : 200), name);

	if (mw_check_is_broken(w->c, MW_TOK_NAME, word))
		return;
	place.column += 1 + (uint32_t)at;
	place.length = (uint32_t)n;
	for (size_t i = 0; i < w->c->fragments.n; i++)
		mw_names_add(w->c, &names, w->c->fragments.v[i].name);
	mw_check_error(w->c, place, mw_check_suggest(w->c, word, &names),
		       "there is no fragment \"%s\" above, and no group of that name here", word);
}

/* At a call: behind it; 0: it calls nothing, reported. */
static size_t take_call(struct writer *w, size_t at)
{
	const char *p = w->token->text, *name = p + at + 3;
	const char *close = memchr(name, ')', w->token->n - at - 3);
	const struct mw_fragment *f;
	size_t n;

	if (!close) {
		mw_buf_add(&w->out, p + at, 3); /* PCRE2 tells what is wrong */
		return at + 3;
	}
	n = (size_t)(close - name);
	f = find(w->c, name, n);
	if (!f && !has_group(w->token, name, n)) {
		unknown(w, at + 3, name, n);
		return 0;
	}
	if (f)
		add_fragment(w, f, at);
	else
		mw_buf_add(&w->out, p + at, n + 4);
	at += n + 4;
	begin_piece(w, at);
	return at;
}

static bool put_together(struct writer *w)
{
	const char *p = w->token->text;
	size_t n = w->token->n;

	begin_piece(w, 0);
	for (size_t i = 0; i < n && w->out.n <= WHOLE_MAX;) {
		size_t next;

		if (n - i > 3 && memcmp(p + i, "(?&", 3) == 0) {
			i = take_call(w, i);
			if (i == 0)
				return false;
			continue;
		}
		next = skip(p, n, i);
		mw_buf_add(&w->out, p + i, next - i);
		i = next;
	}
	if (w->out.n > WHOLE_MAX)
		mw_check_error(w->c, w->token->place, NULL, "with its fragments, the pattern has more than %u octets", WHOLE_MAX);
	return w->out.n <= WHOLE_MAX;
}

bool mw_check_whole(struct mw_checker *c, const struct mw_token *t, struct mw_whole *ret)
{
	struct writer w = {.c = c, .token = t, .whole = ret, .out = MW_BUF_INIT};
	char *text;
	bool ok;

	*ret = (struct mw_whole){.text = {.p = "", .n = 0}};
	ok = put_together(&w);
	text = ok ? mw_check_alloc(c, w.out.n + 1, 1) : NULL;
	if (text && !mw_buf_ok(&w.out))
		c->diags->no_memory = true;
	if (text) {
		memcpy(text, mw_buf_text(&w.out), w.out.n);
		ret->text = (struct mw_str){.p = text, .n = w.out.n};
	}
	mw_buf_free(&w.out);
	return text && !c->diags->no_memory;
}

/* It must be a pattern of its own, so that what is wrong in it is told once and here. */
static bool compiles(struct mw_checker *c, const struct mw_ast_fragment *ast, const struct mw_whole *whole)
{
	struct mw_regex regex;
	char text[MW_REGEX_TEXT];
	size_t offset = 0;
	bool captures;
	int r = mw_regex_compile(&regex, whole->text.p, whole->text.n, false, false, &offset, text);

	if (r < 0) {
		mw_check_bad_regex(c, &ast->pattern, whole, r, offset, text);
		return false;
	}
	captures = mw_regex_captures(&regex);
	mw_regex_free(&regex);
	if (captures)
		mw_check_error(c, ast->pattern.place, "write (?:…) for a group", "a fragment has no groups that capture");
	return !captures;
}

static void check_one(struct mw_checker *c, const struct mw_ast_fragment *ast)
{
	struct mw_fragment f = {.name = ast->name.text, .place = ast->name.place};
	const struct mw_fragment *first = find(c, ast->name.text, strlen(ast->name.text));

	if (first)
		mw_check_error(c, ast->name.place, mw_check_first_at(c, first->place), "fragment \"%s\" is defined twice",
			       f.name);
	if (ast->pattern.caseless || ast->pattern.extended)
		mw_check_error(c, ast->pattern.place, "write (?i:…) for letters of both cases",
			       "a fragment has no flags: those of the pattern that it stands in hold");
	if (mw_check_whole(c, &ast->pattern, &f.whole) && compiles(c, ast, &f.whole))
		MW_LIST_PUSH(c->scratch, c->diags, &c->fragments, f);
	else
		MW_LIST_PUSH(c->scratch, c->diags, &c->ast->broken, ast->name);
}

void mw_check_fragments(struct mw_checker *c)
{
	for (size_t i = 0; i < c->ast->fragments.n && !c->diags->no_memory; i++)
		check_one(c, &c->ast->fragments.v[i]);
}
