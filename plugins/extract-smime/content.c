/* SPDX-License-Identifier: Apache-2.0 */
#include "content.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define PIECE 65536u
#define HEAD 8192u /* octets that tell what it is */

/* ---- octets ---------------------------------------------------------------------------------------------------------------------- */

static int inflate_all(z_stream *z, content_fn *fn, void *ctx)
{
	unsigned char out[PIECE];
	int ret = 0, state = Z_OK;

	while (ret == 0 && state == Z_OK) {
		z->next_out = out;
		z->avail_out = sizeof(out);
		state = inflate(z, Z_NO_FLUSH);
		if (z->avail_out < sizeof(out))
			ret = fn(ctx, (const char *)out, sizeof(out) - z->avail_out);
	}
	if (ret != 0)
		return ret;
	if (state == Z_MEM_ERROR)
		return -ENOMEM;
	return state == Z_STREAM_END && z->avail_in == 0 ? 0 : -EBADMSG;
}

static int read_packed(struct mw_str data, content_fn *fn, void *ctx)
{
	z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)data.p, .avail_in = (uInt)data.n};
	int ret;

	if (data.n > UINT32_MAX)
		return -EBADMSG;
	if (inflateInit(&z) != Z_OK)
		return -ENOMEM;
	ret = inflate_all(&z, fn, ctx);
	(void)inflateEnd(&z);
	return ret;
}

int content_read(const struct content *c, content_fn *fn, void *ctx)
{
	if (c->packed)
		return read_packed(c->data, fn, ctx);
	return c->data.n ? fn(ctx, c->data.p, c->data.n) : 0;
}

/* ---- its kind -------------------------------------------------------------------------------------------------------------------- */

struct head {
	char p[HEAD];
	size_t n;
};

/* Stops the reading when there is enough. */
static int head_add(void *ctx, const char *p, size_t n)
{
	struct head *h = ctx;
	size_t fits = n < HEAD - h->n ? n : HEAD - h->n;

	memcpy(h->p + h->n, p, fits);
	h->n += fits;
	return h->n == HEAD;
}

/* The next line without its end. */
static struct mw_str line_next(struct mw_str *s)
{
	const char *lf = memchr(s->p, '\n', s->n);
	struct mw_str line = {.p = s->p, .n = lf ? (size_t)(lf - s->p) : s->n};

	s->p += line.n + (lf ? 1 : 0);
	s->n -= line.n + (lf ? 1 : 0);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* A name, maybe blanks, and a colon. */
static bool is_field(struct mw_str line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] > ' ' && line.p[n] <= '~' && line.p[n] != ':')
		n++;
	if (n == 0)
		return false;
	while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	return n < line.n && line.p[n] == ':';
}

static bool begins(struct mw_str line, const char *word)
{
	size_t n = strlen(word);

	return line.n >= n && strncasecmp(line.p, word, n) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

enum content_kind content_kind(const struct content *c)
{
	struct head head = {.n = 0};
	struct mw_str s, line;
	enum content_kind kind = CONTENT_FILE;

	(void)content_read(c, head_add, &head); /* what is wrong shows again when it is read */
	s = (struct mw_str){.p = head.p, .n = head.n};
	while (s.n) {
		line = line_next(&s);
		if (line.n == 0 || is_blank(line.p[0]))
			kind = CONTENT_EITHER;
		if (line.n == 0)
			break;
		if (is_field(line) && (begins(line, "content-") || begins(line, "mime-version")))
			return CONTENT_MAIL;
		if (is_field(line))
			kind = CONTENT_EITHER;
		else if (!is_blank(line.p[0]))
			break;
	}
	return kind;
}
