/* SPDX-License-Identifier: Apache-2.0 */
/* parts: the parts of a multipart (RFC 2046 5.1.1), by their offsets in a file. Linear; lines may be of any length. */
#include "entity.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BOUNDARY_MAX 70u
#define PIECE 65536u

/* LINE_UNSURE: it begins like a delimiter, and some readers ask for no more. */
enum line { LINE_OTHER, LINE_BLANK, LINE_DELIMITER, LINE_CLOSING, LINE_UNSURE };

struct finder {
	const char *boundary;
	size_t boundary_n;
	struct entity_range *part;
	size_t max;
	struct entity_parts found;
	bool open;	 /* within a part */
	uint64_t before; /* where the line end in front of this line begins */
};

static bool blank(const char *p, size_t n)
{
	while (n && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	return n == 0;
}

/* What a line is, without its line end. */
static enum line line_kind(const struct finder *f, const char *p, size_t n)
{
	size_t at = f->boundary_n + 2;

	if (n < at || p[0] != '-' || p[1] != '-' || memcmp(p + 2, f->boundary, f->boundary_n) != 0)
		return blank(p, n) ? LINE_BLANK : LINE_OTHER;
	if (blank(p + at, n - at))
		return LINE_DELIMITER;
	return n >= at + 2 && p[at] == '-' && p[at + 1] == '-' && blank(p + at + 2, n - at - 2) ? LINE_CLOSING : LINE_UNSURE;
}

static int take_line(struct finder *f, enum line kind, uint64_t after)
{
	if (kind == LINE_UNSURE || (f->found.closed && (kind == LINE_DELIMITER || kind == LINE_CLOSING)))
		return -EBADMSG;
	if (kind == LINE_OTHER || kind == LINE_BLANK) {
		if (kind != LINE_BLANK && !f->open)
			f->found.around = true;
		return 0;
	}
	if (f->open) {
		struct entity_range *r = &f->part[f->found.n - 1];

		r->end = f->before > r->begin ? f->before : r->begin;
	}
	f->open = kind == LINE_DELIMITER;
	f->found.closed = kind == LINE_CLOSING;
	if (!f->open)
		return 0;
	if (f->found.n == f->max)
		return -E2BIG;
	f->part[f->found.n++].begin = after;
	return 0;
}

/* The lines of p[0, n), which stands at offset `at`; *used: octets of whole lines. last: the file ends with them. */
static int take_lines(struct finder *f, const char *p, size_t n, uint64_t at, bool last, size_t *used)
{
	int r = 0;

	*used = 0;
	while (r == 0 && *used < n) {
		const char *begin = p + *used, *lf = memchr(begin, '\n', n - *used);
		size_t len = lf ? (size_t)(lf - begin) : n - *used, next = *used + len + (lf ? 1 : 0);
		bool cr = lf && len && begin[len - 1] == '\r';

		if (!lf && !last)
			return 0;
		/* A delimiter at the very end may have no line end. */
		r = take_line(f, line_kind(f, begin, len - cr), at + next);
		f->before = at + *used + len - cr;
		*used = next;
	}
	return r;
}

/* A line that does not fit into the buffer, p[0, n): to behind its end. */
static int skip_long(struct finder *f, int fd, char *p, size_t n, uint64_t *at, uint64_t end)
{
	enum line kind = line_kind(f, p, n);
	bool cr = false;

	while (*at < end) {
		size_t want = end - *at < PIECE ? (size_t)(end - *at) : PIECE;
		ssize_t r = pread(fd, p, want, (off_t)*at);
		const char *lf = r > 0 ? memchr(p, '\n', (size_t)r) : NULL;

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -EIO;
		if (lf) {
			*at += (size_t)(lf - p) + 1;
			f->before = *at - 1 - (lf > p ? lf[-1] == '\r' : cr);
			break;
		}
		*at += (size_t)r;
		cr = p[r - 1] == '\r';
	}
	return take_line(f, kind, *at);
}

static int read_lines(struct finder *f, int fd, struct entity_range body)
{
	char p[PIECE];
	uint64_t at = body.begin;
	size_t used;
	int ret = 0;

	while (ret == 0 && at < body.end) {
		size_t want = body.end - at < PIECE ? (size_t)(body.end - at) : PIECE;
		ssize_t r = pread(fd, p, want, (off_t)at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -EIO; /* it is shorter than it was */
		ret = take_lines(f, p, (size_t)r, at, at + (size_t)r == body.end, &used);
		at += used;
		if (ret == 0 && used == 0)
			ret = skip_long(f, fd, p, (size_t)r, &at, body.end);
	}
	return ret;
}

static bool boundary_good(const char *boundary, size_t n)
{
	if (n == 0 || n > BOUNDARY_MAX || boundary[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++)
		if (boundary[i] < ' ' || boundary[i] > '~')
			return false;
	return true;
}

int entity_parts(int fd, struct entity_range body, const char *boundary, struct entity_range *part, size_t max,
		 struct entity_parts *ret)
{
	struct finder f = {.boundary = boundary, .boundary_n = strlen(boundary), .part = part, .max = max, .before = body.begin};
	int r = boundary_good(boundary, f.boundary_n) && body.begin <= body.end ? read_lines(&f, fd, body) : -EBADMSG;

	if (r < 0)
		return r;
	if (f.open)
		part[f.found.n - 1].end = body.end;
	*ret = f.found;
	return 0;
}
