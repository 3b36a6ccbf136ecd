/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mw_text_free(struct mw_text *t)
{
	free(t->p);
	*t = (struct mw_text){0};
}

static bool room(struct mw_text *t, size_t more)
{
	size_t size = t->size ? t->size : 1024;
	char *grown;

	if (t->failed || more >= SIZE_MAX / 4 - t->n) {
		t->failed = true;
		return false;
	}
	while (size <= t->n + more)
		size *= 2;
	if (size == t->size)
		return true;
	grown = realloc(t->p, size);
	if (!grown) {
		t->failed = true;
		return false;
	}
	t->p = grown;
	t->size = size;
	return true;
}

void mw_text_putn(struct mw_text *t, const char *p, size_t n)
{
	if (!room(t, n))
		return;
	memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}

void mw_text_put(struct mw_text *t, const char *s)
{
	mw_text_putn(t, s, strlen(s));
}

void mw_text_printf(struct mw_text *t, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		t->failed = true;
	else if (room(t, (size_t)n)) {
		(void)vsnprintf(t->p + t->n, (size_t)n + 1, fmt, again);
		t->n += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

/* RFC 2045 5.1 */
static bool is_token(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("()<>@,;:\\\"/[]?=", s.p[i]))
			return false;
	return s.n > 0;
}

void mw_text_quoted(struct mw_text *t, struct mw_str s, size_t most)
{
	mw_text_put(t, "\"");
	for (size_t i = 0; i < s.n && i < most; i++) {
		char c = s.p[i] >= ' ' && s.p[i] <= '~' ? s.p[i] : '?';

		if (c == '"' || c == '\\')
			mw_text_put(t, "\\");
		mw_text_putn(t, &c, 1);
	}
	mw_text_put(t, "\"");
}

void mw_text_pvalue(struct mw_text *t, struct mw_str s, size_t most)
{
	if (s.n > most)
		s.n = most;
	if (is_token(s))
		mw_text_putn(t, s.p, s.n);
	else
		mw_text_quoted(t, s, most);
}
