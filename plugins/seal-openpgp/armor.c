/* SPDX-License-Identifier: Apache-2.0 */
#include "armor.h"

#include "plugins/mime-entity/entity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN "-----BEGIN PGP "
#define END "-----END PGP "

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* to: room for n + 2 * ENTITY_SLACK. */
static long base64(struct mw_str s, char *to)
{
	struct entity_decoder d = {.coding = ENTITY_BASE64};
	ssize_t n = entity_decode(&d, s.p, s.n, to), end = n >= 0 ? entity_decode_end(&d, to + n) : n;

	return end < 0 ? end : n + end;
}

/* ---- blocks ---------------------------------------------------------------------------------------------------------------------- */

/* The next line without its end and the blanks before that. */
static struct mw_str line_next(struct mw_str *s)
{
	const char *lf = memchr(s->p, '\n', s->n);
	struct mw_str line = {.p = s->p, .n = lf ? (size_t)(lf - s->p) : s->n};

	s->p += line.n + (lf ? 1 : 0);
	s->n -= line.n + (lf ? 1 : 0);
	while (line.n && is_blank(line.p[line.n - 1]))
		line.n--;
	return line;
}

static bool begins(struct mw_str line, const char *word)
{
	size_t n = strlen(word);

	return line.n >= n && memcmp(line.p, word, n) == 0;
}

static bool is_begin(struct mw_str line)
{
	return begins(line, BEGIN "PUBLIC KEY BLOCK-----") || begins(line, BEGIN "PRIVATE KEY BLOCK-----");
}

static void skip_headers(struct mw_str *s)
{
	struct mw_str at = *s, line = line_next(&at);

	while (line.n && memchr(line.p, ':', line.n)) {
		*s = at;
		line = line_next(&at);
	}
	if (!line.n)
		*s = at;
}

/* s stands behind the line that begins it. */
static long read_block(struct mw_str *s, char *to)
{
	struct mw_str line, text;

	skip_headers(s);
	text = (struct mw_str){.p = s->p, .n = 0};
	for (;;) {
		if (!s->n)
			return -EBADMSG;
		line = line_next(s);
		if (begins(line, END))
			break;
		if (line.n != 5 || line.p[0] != '=')
			text.n = (size_t)(s->p - text.p);
	}
	return base64(text, to);
}

int pgp_dearmor(const char *p, size_t n, char **ret, size_t *size)
{
	struct mw_str s = {.p = p, .n = n};
	char *octets = n ? malloc(n + 2 * ENTITY_SLACK) : NULL;
	size_t have = 0;
	long r = 0;

	if (!octets)
		return n ? -ENOMEM : -EBADMSG;
	if (p[0] & 0x80) {
		memcpy(octets, p, n);
		have = n;
		s.n = 0;
	}
	while (s.n && r >= 0) {
		if (!is_begin(line_next(&s)))
			continue;
		r = read_block(&s, octets + have);
		have += r > 0 ? (size_t)r : 0;
	}
	if (r >= 0 && have) {
		*ret = octets;
		*size = have;
		return 0;
	}
	explicit_bzero(octets, n);
	free(octets);
	return -EBADMSG;
}
