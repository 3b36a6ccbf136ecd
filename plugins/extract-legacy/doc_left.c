/* SPDX-License-Identifier: Apache-2.0 */
#include "doc_left.h"

#include "../ole/ole.h"

#include <errno.h>
#include <stdlib.h>

#define GAP_MIN 4u /* octets */

static int by_begin(const void *a, const void *b)
{
	const struct doc_span *x = a, *y = b;

	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Is every second octet mostly zero? */
static bool is_wide(struct mw_str s)
{
	size_t zeros = 0;

	for (size_t i = 1; i < s.n; i += 2)
		zeros += s.p[i] == '\0';
	return zeros > s.n / 8;
}

static int wide(struct mw_str s, struct bytes *to)
{
	int r = 0;

	for (size_t i = 0; i + 2 <= s.n && r == 0; i += 2) {
		uint32_t c = ole_u16(s.p + i);

		r = bytes_char(to, c < ' ' && c != '\t' ? '\n' : c);
	}
	return r;
}

static int narrow(struct mw_str s, unsigned page, struct codepages *pages, struct bytes *to)
{
	const uint32_t *high = codepage_table(pages, page);
	int r = high ? 0 : -ENOMEM;

	for (size_t i = 0; i < s.n && r == 0; i++) {
		unsigned char c = (unsigned char)s.p[i];

		r = bytes_char(to, c >= 0x80 ? high[c - 0x80] : c < ' ' && c != '\t' ? '\n' : c);
	}
	return r;
}

static int gap(struct mw_str s, unsigned page, struct out *o, struct codepages *pages)
{
	struct bytes text = {0};
	int r;

	if (s.n < GAP_MIN)
		return 0;
	r = is_wide(s) ? wide(s, &text) : narrow(s, page, pages, &text);
	give_to(o, OUT_MAIN, true);
	if (r == 0)
		r = give_break(o);
	if (r == 0)
		r = give_text(o, text.p, text.n);
	bytes_free(&text);
	return r;
}

int doc_left_read(struct mw_str text, struct doc_span *span, size_t n, unsigned page, struct out *o, struct codepages *pages)
{
	uint64_t at = 0;
	int r = 0;

	if (n)
		qsort(span, n, sizeof(*span), by_begin);
	for (size_t i = 0; i <= n && r == 0; i++) {
		uint64_t begin = i < n && span[i].begin < text.n ? span[i].begin : text.n;

		if (begin > at)
			r = gap((struct mw_str){.p = text.p + at, .n = (size_t)(begin - at)}, page, o, pages);
		at = begin > at ? begin : at;
		if (i < n && span[i].end > at)
			at = span[i].end < text.n ? span[i].end : text.n;
	}
	return r;
}
