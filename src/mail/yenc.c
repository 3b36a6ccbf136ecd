/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/yenc.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define CHUNK 4096u

static bool begins(struct mw_str s, const char *word)
{
	size_t n = strlen(word);

	return s.n >= n && memcmp(s.p, word, n) == 0;
}

/* What stands behind " KEY=" in a control line, up to the next blank; "name=" goes to the end of the line. */
static struct mw_str value_of(struct mw_str line, const char *key)
{
	size_t n = strlen(key), end = 0;
	const char *at;

	for (at = line.p; (at = memmem(at, (size_t)(line.p + line.n - at), key, n)) != NULL; at++)
		if (at > line.p && at[-1] == ' ')
			break;
	if (!at)
		return MW_STR_LIT("");
	line = mw_str_behind(line, (size_t)(at - line.p) + n);
	if (strcmp(key, "name=") == 0)
		return mw_str_trim(line);
	while (end < line.n && line.p[end] != ' ' && line.p[end] != '\r')
		end++;
	return (struct mw_str){.p = line.p, .n = end};
}

/* 0 when it is none. */
static uint64_t number_of(struct mw_str line, const char *key)
{
	struct mw_str digits = value_of(line, key);
	uint64_t n = 0;

	for (size_t i = 0; i < digits.n && i < 18; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return 0;
		n = n * 10 + (uint64_t)(digits.p[i] - '0');
	}
	return n;
}

/* A part that is all of the file is no piece of it. */
static bool is_piece(struct mw_str begin, struct mw_str part)
{
	if (value_of(begin, "part=").n == 0)
		return false;
	return !begins(part, "=ypart ") || number_of(part, "begin=") != 1 || number_of(part, "end=") != number_of(begin, "size=");
}

bool mw_yenc_at(struct mw_str text, struct mw_str *file, struct mw_str *name, bool *piece)
{
	struct mw_str rest = text, begin = mw_str_take_line(&rest), next, part;

	if (!begins(begin, "=ybegin ") || value_of(begin, "line=").n == 0)
		return false;
	next = rest;
	part = mw_str_take_line(&next);
	*name = value_of(begin, "name=");
	*piece = is_piece(begin, part);
	while (rest.n && !begins(rest, "=yend")) {
		const char *mark = memmem(rest.p, rest.n, "\n=yend", 6);

		rest = mw_str_behind(rest, mark ? (size_t)(mark + 1 - rest.p) : rest.n);
	}
	*piece = *piece || rest.n == 0;
	(void)mw_str_take_line(&rest);
	*file = (struct mw_str){.p = text.p, .n = text.n - rest.n};
	return true;
}

static int flush(const char *p, size_t n, uint64_t *left, struct mw_buf *out)
{
	size_t fits = n < *left ? n : (size_t)*left;

	mw_buf_add(out, p, fits);
	*left -= fits;
	return !mw_buf_ok(out) ? -ENOMEM : fits < n ? -EFBIG : 0;
}

static int decode_line(struct mw_str line, uint64_t *left, struct mw_buf *out)
{
	char chunk[CHUNK];
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < line.n && r == 0; i++) {
		unsigned c = (unsigned char)line.p[i];

		if (c == '\r' || c == '\0')
			continue;
		if (c == '=') {
			if (++i == line.n)
				break;
			c = (unsigned char)line.p[i] + 256u - 64u;
		}
		chunk[n++] = (char)((c + 256u - 42u) & 0xff);
		if (n == sizeof(chunk)) {
			r = flush(chunk, n, left, out);
			n = 0;
		}
	}
	if (r == 0)
		r = flush(chunk, n, left, out);
	explicit_bzero(chunk, line.n < sizeof(chunk) ? line.n : sizeof(chunk));
	return r;
}

int mw_yenc_decode(struct mw_str s, uint64_t max, struct mw_buf *out)
{
	bool within = false;
	int r = 0;

	while (s.n && r == 0) {
		struct mw_str line = mw_str_take_line(&s);

		if (begins(line, "=ybegin "))
			within = true;
		else if (begins(line, "=yend"))
			within = false;
		else if (within && !begins(line, "=ypart "))
			r = decode_line(line, &max, out);
	}
	return r;
}
