/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/diag.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 1000u /* octets of one message; a policy word can be long */

void mw_diags_init(struct mw_diags *d, struct mw_arena *arena)
{
	*d = (struct mw_diags){.arena = arena};
}

/* Messages quote words of the policy. */
char *mw_diag_printable(char *text)
{
	size_t n = strlen(text), i = 0;

	while (i < n) {
		size_t len = mw_utf8_shown(text + i, n - i);

		if (len == 0)
			text[i] = '?';
		i += len ? len : 1;
	}
	return text;
}

static const char *keep(struct mw_diags *d, const char *text)
{
	char *copy = mw_arena_str(d->arena, text);

	if (!copy) {
		d->no_memory = true;
		return "";
	}
	return mw_diag_printable(copy);
}

void mw_diag_add(struct mw_diags *d, enum mw_severity severity, struct mw_place place, const char *hint, const char *fmt, ...)
{
	char text[TEXT_MAX];
	struct mw_diag *v;
	va_list ap;

	if (severity == MW_DIAG_ERROR)
		d->errors++;
	else
		d->warnings++;
	if (d->n >= MW_DIAGS_MAX)
		return;
	v = mw_arena_grow(d->arena, d->v, &d->cap, d->n + 1, sizeof(*v));
	if (!v) {
		d->no_memory = true;
		return;
	}
	d->v = v;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->v[d->n] =
	    (struct mw_diag){.severity = severity, .place = place, .text = keep(d, text), .hint = hint ? keep(d, hint) : NULL};
	d->n++;
}

/* A near miss differs in a third of its letters at most: "wihtin", but not "tls" for "dkim". */
static unsigned near_enough(const char *word)
{
	size_t n = strlen(word) / 3;

	return n < 1 ? 1 : n > 3 ? 3 : (unsigned)n;
}

const char *mw_diag_did_you_mean(struct mw_diags *d, const char *word, const char *const *words)
{
	unsigned best = near_enough(word) + 1;
	const char *found = NULL, *hint;

	if (d->n >= MW_DIAGS_MAX)
		return NULL; /* it would not be shown, and a large policy has many words */
	for (; *words; words++) {
		unsigned distance = mw_str_distance(word, *words, best);

		if (distance < best && strcmp(word, *words) != 0) {
			best = distance;
			found = *words;
		}
	}
	if (!found)
		return NULL;
	hint = mw_arena_printf(d->arena, "did you mean \"%s\"?", found);
	if (!hint)
		d->no_memory = true;
	return hint;
}

/* Octets of the UTF-8 character at p (RFC 3629: shortest form, no surrogates), 0 when there is none. */
size_t mw_utf8_length(const char *p, size_t n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = n ? (unsigned char)p[0] : 0xff;
	size_t len = c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 0;
	uint32_t point;

	if (len == 0 || len > n)
		return 0;
	if (len == 1)
		return 1;
	point = c & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | ((unsigned char)p[i] & 0x3fu);
	}
	if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	return len;
}

size_t mw_utf8_shown(const char *p, size_t n)
{
	size_t len = mw_utf8_length(p, n);
	unsigned char c = len ? (unsigned char)p[0] : 0;

	return c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)p[1] < 0xa0) ? 0 : len;
}
