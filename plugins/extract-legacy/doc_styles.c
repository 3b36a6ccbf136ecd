/* SPDX-License-Identifier: Apache-2.0 */
#include "doc_styles.h"

#include "../ole/ole.h"
#include "doc_format.h"

#include <errno.h>
#include <stdlib.h>

#define BASES_MAX 12u /* how often a style may build on another one; Word allows fewer */
#define NO_BASE 0xfffu
#define PARAGRAPH 1u
#define CHARACTER 2u

/* The instructions of a style for its characters; empty = none. */
static struct mw_str instructions(struct mw_str std, size_t base_size)
{
	const struct mw_str none = {.p = std.p, .n = 0};
	unsigned kind = std.n >= 6 ? ole_u16(std.p + 2) & 0xf : 0, skip = kind == PARAGRAPH ? 1 : 0;
	size_t at = base_size, n;

	if ((kind != PARAGRAPH && kind != CHARACTER) || at + 2 > std.n)
		return none;
	at += (size_t)ole_u16(std.p + at) * 2 + 4; /* its name, and NUL */
	for (;; skip--) {
		if (at + 2 > std.n)
			return none;
		n = ole_u16(std.p + at);
		at += 2;
		if (n > std.n - at)
			return none;
		if (skip == 0)
			return (struct mw_str){.p = std.p + at, .n = n};
		at += n + n % 2;
	}
}

/* What a style does not say, the one that it builds on does. */
static void inherit(struct doc_styles *s, const uint16_t *base)
{
	for (unsigned pass = 0; pass < BASES_MAX; pass++)
		for (size_t i = 0; i < s->n; i++) {
			uint16_t below = base[i] < s->n ? s->flags[base[i]] : 0;

			if (!(s->flags[i] & (DOC_HIDDEN | DOC_SEEN)))
				s->flags[i] |= below & (DOC_HIDDEN | DOC_SEEN);
			if (!(s->flags[i] & (DOC_PALE | DOC_COLOURED)))
				s->flags[i] |= below & (DOC_PALE | DOC_COLOURED);
			s->flags[i] |= below & DOC_SHADED;
		}
}

int doc_styles_read(struct mw_str sheet, struct doc_styles *to)
{
	size_t head = sheet.n >= 2 ? ole_u16(sheet.p) : 0, at = head + 2, n, base_size;
	uint16_t *base;

	*to = (struct doc_styles){0};
	if (head < 4 || at > sheet.n)
		return 0;
	n = ole_u16(sheet.p + 2);
	base_size = ole_u16(sheet.p + 4);
	to->flags = calloc(n + 1, sizeof(*to->flags));
	base = calloc(n + 1, sizeof(*base));
	if (!to->flags || !base) {
		free(base);
		doc_styles_free(to);
		return -ENOMEM;
	}
	for (to->n = 0; to->n < n && at + 2 <= sheet.n; to->n++) {
		size_t size = ole_u16(sheet.p + at);
		struct doc_run run = {0};
		struct mw_str std = {.p = sheet.p + at + 2, .n = size < sheet.n - at - 2 ? size : sheet.n - at - 2};

		base[to->n] = std.n >= 4 ? ole_u16(std.p + 2) >> 4 : NO_BASE;
		doc_format_apply(instructions(std, base_size), NULL, &run);
		to->flags[to->n] = run.flags & (DOC_HIDDEN | DOC_SEEN | DOC_PALE | DOC_COLOURED | DOC_SHADED);
		at += 2 + size + size % 2;
	}
	inherit(to, base);
	free(base);
	return 0;
}

void doc_styles_free(struct doc_styles *s)
{
	free(s->flags);
	*s = (struct doc_styles){0};
}

uint16_t doc_styles_flags(const struct doc_styles *s, unsigned style)
{
	return s && style < s->n ? s->flags[style] : 0;
}
