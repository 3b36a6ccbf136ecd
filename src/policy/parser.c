/* SPDX-License-Identifier: Apache-2.0 */
/* parser: the tokens of one file, and what begins a statement. */
#include "policy/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const mw_parser_keywords[] = {"listen",  "load",	"table",    "include", "class", "match", "always",
					  "on",	     "mode",	"limit",    "rule",    "words", "group", "fragment",
					  "replace", "disable", "consents", "aliases", NULL};

bool mw_parser_is_keyword(const struct mw_token *t)
{
	for (size_t i = 0; mw_parser_keywords[i]; i++)
		if (t->kind == MW_TOK_NAME && strcmp(t->text, mw_parser_keywords[i]) == 0)
			return true;
	return false;
}

bool mw_parser_at_statement(struct mw_parser *p)
{
	const struct mw_token *t = mw_parser_peek(p, 0);

	return t->first && mw_parser_is_keyword(t);
}

const struct mw_token *mw_parser_peek(struct mw_parser *p, unsigned i)
{
	while (p->held <= i)
		mw_lexer_next(&p->lexer, &p->ahead[p->held++]);
	return &p->ahead[i];
}

struct mw_token mw_parser_take(struct mw_parser *p)
{
	struct mw_token t = *mw_parser_peek(p, 0);

	p->end = t.place;
	p->end.column += t.place.length;
	p->end.length = 1;
	p->held--;
	memmove(&p->ahead[0], &p->ahead[1], p->held * sizeof(p->ahead[0]));
	return t;
}

bool mw_parser_at(struct mw_parser *p, enum mw_tok kind)
{
	return mw_parser_peek(p, 0)->kind == kind;
}

bool mw_parser_at_word(struct mw_parser *p, const char *word)
{
	return mw_parser_at(p, MW_TOK_NAME) && strcmp(mw_parser_peek(p, 0)->text, word) == 0;
}

void *mw_parser_alloc(struct mw_parser *p, size_t n)
{
	void *v = mw_arena_alloc(p->all->scratch, n);

	if (!v)
		p->diags->no_memory = true;
	return v;
}

void mw_parser_error(struct mw_parser *p, struct mw_place place, const char *hint, const char *fmt, ...)
{
	char text[500];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mw_diag_add(p->diags, MW_DIAG_ERROR, place, hint, "%s", text);
}

void mw_parser_expected(struct mw_parser *p, const char *what, const char *hint)
{
	const struct mw_token *t = mw_parser_peek(p, 0);

	if (t->kind == MW_TOK_BAD)
		return; /* the lexer has told */
	if (t->kind == MW_TOK_END || mw_parser_at_statement(p))
		mw_parser_error(p, p->end, hint, "expected %s, not the end of the statement", what);
	else
		mw_parser_error(p, t->place, hint, "expected %s, not %s", what, mw_token_shown(p->diags, t));
}

bool mw_parser_expect(struct mw_parser *p, enum mw_tok kind, const char *what, struct mw_token *ret)
{
	if (!mw_parser_at(p, kind) || mw_parser_at_statement(p)) { /* no name is a keyword at the start of a line */
		mw_parser_expected(p, what, NULL);
		return false;
	}
	if (ret)
		*ret = mw_parser_take(p);
	else
		(void)mw_parser_take(p);
	return true;
}
