/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/check.h"

#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LISTED_MAX 16u /* names that a hint lists */

static void report(struct mw_checker *c, enum mw_severity severity, struct mw_place place, const char *hint, const char *fmt,
		   va_list ap) MW_PRINTF(5, 0);

static void report(struct mw_checker *c, enum mw_severity severity, struct mw_place place, const char *hint, const char *fmt,
		   va_list ap)
{
	char text[600];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	mw_diag_add(c->diags, severity, place, hint, "%s", text);
}

void mw_check_error(struct mw_checker *c, struct mw_place place, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(c, MW_DIAG_ERROR, place, hint, fmt, ap);
	va_end(ap);
}

void mw_check_warn(struct mw_checker *c, struct mw_place place, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(c, MW_DIAG_WARNING, place, hint, fmt, ap);
	va_end(ap);
}

const char *mw_check_text(struct mw_checker *c, const char *fmt, ...)
{
	char text[500];
	const char *copy;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	copy = mw_arena_str(c->diags->arena, text);
	if (!copy)
		c->diags->no_memory = true;
	return copy ? copy : "";
}

void mw_names_add(struct mw_checker *c, struct mw_names *names, const char *name)
{
	MW_LIST_PUSH(c->scratch, c->diags, names, name);
}

static bool has_name(const struct mw_names *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names->v[i], name) == 0)
			return true;
	return false;
}

const char *mw_check_suggest(struct mw_checker *c, const char *word, struct mw_names *names)
{
	struct mw_buf list = MW_BUF_INIT;
	const char *hint;
	size_t n = names->n;

	mw_names_add(c, names, NULL);
	if (names->n != n + 1 || n == 0)
		return NULL;
	names->n = n;
	hint = mw_diag_did_you_mean(c->diags, word, names->v);
	if (hint || n > LISTED_MAX)
		return hint;
	for (size_t i = 0; i < n; i++)
		if (!has_name(names, i, names->v[i]))
			mw_buf_printf(&list, "%s%s", i ? ", " : n == 1 ? "there is " : "there are ", names->v[i]);
	hint = mw_check_text(c, "%s", mw_buf_text(&list));
	mw_buf_free(&list);
	return hint;
}

const char *mw_check_first_at(struct mw_checker *c, struct mw_place place)
{
	if (place.source >= c->diags->sources)
		return NULL;
	return mw_check_text(c, "first at %s:%u", c->diags->source[place.source].shown, place.line);
}

bool mw_check_is_broken(const struct mw_checker *c, enum mw_tok kind, const char *name)
{
	for (size_t i = 0; i < c->ast->broken.n; i++)
		if (c->ast->broken.v[i].kind == kind && strcmp(c->ast->broken.v[i].text, name) == 0)
			return true;
	return c->ast->incomplete;
}

void *mw_check_alloc(struct mw_checker *c, size_t n, size_t size)
{
	void *v = mw_arena_array(c->arena, n, size);

	if (!v)
		c->diags->no_memory = true;
	return v;
}

const char *mw_check_where(struct mw_checker *c, struct mw_place place)
{
	const char *where = mw_arena_printf(c->arena, "%s:%u", c->diags->source[place.source].shown, place.line);

	if (!where)
		c->diags->no_memory = true;
	return where ? where : "";
}

void mw_check_bad_regex(struct mw_checker *c, const struct mw_token *t, const struct mw_whole *whole, int result, size_t offset,
			const char *text)
{
	struct mw_rule rule = {.pieces = whole ? whole->pieces.n : 0, .piece = whole ? whole->pieces.v : NULL};
	struct mw_place place = t->place;
	struct mw_written at;

	if (result == -ENOMEM) {
		c->diags->no_memory = true;
		return;
	}
	place.column += 1 + (uint32_t)offset; /* behind the slash */
	if (mw_rule_written(&rule, offset, &at))
		place = (struct mw_place){.source = at.file, .line = at.line, .column = at.column};
	place.length = 1;
	mw_check_error(c, place, NULL, "bad pattern: %s", text);
}
