/* SPDX-License-Identifier: Apache-2.0 */
#include "words2047.h"

#include <string.h>

struct out {
	char *p;
	size_t n, room;
};

static void put(struct out *o, char c)
{
	if (o->n < o->room)
		o->p[o->n++] = c;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void decode_q(struct mw_str s, struct out *o)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '=' && s.n - i > 2 && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0) {
			put(o, (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2])));
			i += 2;
		} else {
			put(o, s.p[i] == '_' ? ' ' : s.p[i]);
		}
	}
}

static int digit64(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void decode_b(struct mw_str s, struct out *o)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < s.n; i++) {
		int d = digit64(s.p[i]);

		if (d < 0)
			continue;
		bits = (bits << 6 | (uint32_t)d) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			put(o, (char)(bits >> have & 0xff));
		}
	}
}

/* "=?CHARSET?B?TEXT?=" at the start of s: its length, 0 when there is none. */
static size_t word(struct mw_str s, char *how, struct mw_str *text)
{
	const char *charset, *end;
	size_t n;

	if (s.n < 8 || s.p[0] != '=' || s.p[1] != '?')
		return 0;
	charset = memchr(s.p + 2, '?', s.n - 2);
	n = charset ? (size_t)(charset - s.p) + 1 : s.n;
	if (s.n - n < 4 || n >= s.n || s.p[n + 1] != '?')
		return 0;
	*how = (char)(s.p[n] | 0x20);
	if (*how != 'b' && *how != 'q')
		return 0;
	text->p = s.p + n + 2;
	for (end = text->p; end + 1 < s.p + s.n; end++)
		if (end[0] == '?' && end[1] == '=') {
			text->n = (size_t)(end - text->p);
			return (size_t)(end + 2 - s.p);
		}
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t mw_words2047_decode(struct mw_str value, char *to, size_t room)
{
	struct out o = {.p = to, .room = room};
	size_t last = value.n; /* behind the end of the last word that there can be */

	while (last >= 2 && (value.p[last - 2] != '?' || value.p[last - 1] != '='))
		last--;
	for (size_t i = 0; i < value.n;) {
		struct mw_str rest = {value.p + i, value.n - i}, text;
		size_t n = 0, next;
		char how;

		if (i < last && rest.p[0] == '=')
			n = word(rest, &how, &text);
		if (n == 0) {
			put(&o, value.p[i++]);
			continue;
		}
		if (how == 'b')
			decode_b(text, &o);
		else
			decode_q(text, &o);
		i += n;
		for (next = i; next < value.n && is_blank(value.p[next]);)
			next++;
		if (value.n - next > 1 && value.p[next] == '=' && value.p[next + 1] == '?')
			i = next;
	}
	return o.n;
}
