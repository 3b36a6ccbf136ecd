/* SPDX-License-Identifier: Apache-2.0 */
#include "entity.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int fail(struct entity_writer *w, int code)
{
	if (w->failed == 0)
		w->failed = code;
	return w->failed;
}

int entity_flush(struct entity_writer *w)
{
	size_t at = 0;

	while (w->failed == 0 && at < w->n) {
		ssize_t r = write(w->fd, w->buffer + at, w->n - at);

		if (r < 0 && errno != EINTR)
			return fail(w, -errno);
		at += r > 0 ? (size_t)r : 0;
	}
	w->n = 0;
	return w->failed;
}

int entity_put(struct entity_writer *w, const char *p, size_t n)
{
	while (w->failed == 0 && n) {
		size_t fits = sizeof(w->buffer) - w->n < n ? sizeof(w->buffer) - w->n : n;

		memcpy(w->buffer + w->n, p, fits);
		w->n += fits;
		p += fits;
		n -= fits;
		if (w->n == sizeof(w->buffer))
			(void)entity_flush(w);
	}
	return w->failed;
}

int entity_put_text(struct entity_writer *w, const char *text)
{
	return entity_put(w, text, strlen(text));
}

int entity_put_range(struct entity_writer *w, int fd, struct entity_range range)
{
	while (w->failed == 0 && range.begin < range.end) {
		uint64_t left = range.end - range.begin;
		ssize_t r;

		if (w->n == sizeof(w->buffer) && entity_flush(w) < 0)
			break;
		r = pread(fd, w->buffer + w->n, left < sizeof(w->buffer) - w->n ? (size_t)left : sizeof(w->buffer) - w->n,
			  (off_t)range.begin);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return fail(w, r < 0 ? -errno : -EIO); /* the file is shorter than it was */
		w->n += (size_t)r;
		range.begin += (size_t)r;
	}
	return w->failed;
}

/* A line, or its rest with padding. */
static int put_line(struct entity_writer *w, const unsigned char *p, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char line[78], *to = line;

	for (; n >= 3; n -= 3, p += 3) {
		*to++ = letters[p[0] >> 2];
		*to++ = letters[(p[0] & 3) << 4 | p[1] >> 4];
		*to++ = letters[(p[1] & 15) << 2 | p[2] >> 6];
		*to++ = letters[p[2] & 63];
	}
	if (n) {
		*to++ = letters[p[0] >> 2];
		*to++ = letters[(p[0] & 3) << 4 | (n > 1 ? p[1] >> 4 : 0)];
		*to++ = n > 1 ? letters[(p[1] & 15) << 2] : '=';
		*to++ = '=';
	}
	*to++ = '\r';
	*to++ = '\n';
	return entity_put(w, line, (size_t)(to - line));
}

int entity_put_base64(struct entity_writer *w, const char *p, size_t n)
{
	while (w->failed == 0 && n) {
		size_t fits = sizeof(w->line) - w->line_n < n ? sizeof(w->line) - w->line_n : n;

		if (w->line_n == 0 && fits == sizeof(w->line)) {
			(void)put_line(w, (const unsigned char *)p, fits);
		} else {
			memcpy(w->line + w->line_n, p, fits);
			w->line_n += fits;
			if (w->line_n == sizeof(w->line)) {
				(void)put_line(w, w->line, w->line_n);
				w->line_n = 0;
			}
		}
		p += fits;
		n -= fits;
	}
	return w->failed;
}

int entity_end_base64(struct entity_writer *w)
{
	if (w->line_n)
		(void)put_line(w, w->line, w->line_n);
	w->line_n = 0;
	return w->failed;
}
