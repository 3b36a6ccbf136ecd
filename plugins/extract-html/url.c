/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

#include "ascii.h"
#include "entity.h"

static bool begins_one(struct mw_str s, const char *const *list)
{
	while (*list && !ascii_begins(s, 0, *list))
		list++;
	return *list != NULL;
}

/* "data:text/html;base64,…": what is before the comma says so. */
static enum url data_kind(struct mw_str s)
{
	static const char *const seen_or_heard[] = {"data:image/", "data:font/", "data:audio/", "data:video/", NULL};

	if (begins_one(s, seen_or_heard))
		return URL_NOTHING;
	for (; s.n && s.p[0] != ','; s.p++, s.n--)
		if (ascii_begins(s, 0, ";base64"))
			return URL_SEALED;
	return URL_TEXT;
}

enum url url_kind(struct mw_str s)
{
	static const char *const no_text[] = {"cid:", "javascript:", "mid:", NULL};

	while (s.n && ascii_is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	if (s.n < 2 || begins_one(s, no_text))
		return URL_NOTHING; /* "#" leads nowhere */
	return ascii_begins(s, 0, "data:") ? data_kind(s) : URL_TEXT;
}

/* Octets of the well-formed UTF-8 character in p, 0 = it is none, or a control character. */
static size_t character(const unsigned char *p, size_t n)
{
	size_t want = p[0] < 0x80		    ? 1
		      : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
		      : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
		      : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						    : 0;

	if (want == 0 || want > n || p[0] < ' ' || p[0] == 0x7f)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return want;
}

/* The character that a run of "%XX" at s stands for, as UTF-8; *len 0 = none that could be text. Returns the octets read. */
static size_t percent(struct mw_str s, unsigned char out[4], size_t *len)
{
	size_t n = 0;

	while (n < 4 && 3 * n + 2 < s.n && s.p[3 * n] == '%' && ascii_hex(s.p[3 * n + 1]) >= 0 &&
	       ascii_hex(s.p[3 * n + 2]) >= 0) {
		out[n] = (unsigned char)(ascii_hex(s.p[3 * n + 1]) << 4 | ascii_hex(s.p[3 * n + 2]));
		n++;
	}
	*len = n ? character(out, n) : 0;
	return 3 * *len;
}

void url_text(struct flow *to, struct mw_str s)
{
	size_t start = 0, i = 0, n, len;
	unsigned char c[4];

	while (i < s.n && !to->failed) {
		const char *mark = memchr(s.p + i, '%', s.n - i);

		if (!mark)
			break;
		i = (size_t)(mark - s.p);
		n = percent(ascii_piece(s, i, s.n), c, &len);
		if (n == 0) {
			i++;
			continue;
		}
		entity_text(to, ascii_piece(s, start, i), true);
		flow_text(to, (const char *)c, len);
		start = i += n;
	}
	entity_text(to, ascii_piece(s, start, s.n), true);
}
