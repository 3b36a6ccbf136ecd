/* SPDX-License-Identifier: Apache-2.0 */
/* readfile: a message file as if it had come by SMTP, for milwardctl and tests. */
#include "engine/private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)65536)

/* Reads to the end, or to one octet more than the limit of size: the message notes the breach itself. */
static int read_fd(int fd, uint64_t max, struct mw_buf *out)
{
	char piece[16384];

	while (out->n <= max) {
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		mw_buf_add(out, piece, (size_t)n);
		if (!mw_buf_ok(out))
			return -ENOMEM;
	}
	return 0;
}

static int read_path(const char *path, uint64_t max, struct mw_buf *out, struct mw_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return mw_fail(err, -errno, "cannot open %s: %s", path, strerror(errno));
	r = read_fd(fd, max, out);
	(void)close(fd);
	return r < 0 ? mw_fail(err, r, "cannot read %s: %s", path, strerror(-r)) : 0;
}

static int take_fields(struct mw_msg *m, const struct mw_header *h)
{
	int r = 0;

	for (size_t i = 0; i < h->n && (r == 0 || r == -EFBIG); i++)
		r = mw_msg_field(m, h->v[i].name, h->v[i].value);
	mw_msg_see(m, MW_SEE_HEADERS, NULL, 0);
	return r == -EFBIG ? 0 : r;
}

static int take_piece(struct mw_msg *m, const char *p, size_t n)
{
	int r = mw_msg_body(m, p, n);

	mw_msg_see(m, MW_SEE_BODY, p, n);
	return r == -EFBIG ? 0 : r;
}

/* SMTP knows CRLF alone: a bare LF of the file becomes one. before: the octet before s. */
static void add_lines(struct mw_str s, char before, struct mw_buf *out)
{
	while (s.n) {
		const char *lf = memchr(s.p, '\n', s.n);
		size_t n = lf ? (size_t)(lf - s.p) : s.n;

		mw_buf_add(out, s.p, n);
		before = n ? s.p[n - 1] : before;
		if (lf)
			mw_buf_add(out, before == '\r' ? "\n" : "\r\n", before == '\r' ? 1 : 2);
		before = '\n';
		s = mw_str_behind(s, n + (lf != NULL));
	}
}

static int take_body(struct mw_msg *m, struct mw_str body)
{
	struct mw_buf piece = MW_BUF_INIT;
	char before = '\0';
	int r = 0;

	while (r == 0 && body.n) {
		size_t n = body.n < PIECE ? body.n : PIECE;

		mw_buf_clear(&piece);
		add_lines((struct mw_str){.p = body.p, .n = n}, before, &piece);
		before = body.p[n - 1];
		body = mw_str_behind(body, n);
		r = mw_buf_ok(&piece) ? take_piece(m, piece.p, piece.n) : -ENOMEM;
	}
	mw_buf_free(&piece);
	return r;
}

int mw_msg_read_file(struct mw_msg *m, const char *path, struct mw_err *err)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf raw = MW_BUF_INIT;
	struct mw_header header = {0};
	struct mw_str body;
	int r = a ? read_path(path, m->gen->plan->limits.max[MW_LIMIT_SIZE], &raw, err) : mw_fail_memory(err);

	if (r == 0) {
		r = mw_header_parse(a, (struct mw_str){.p = mw_buf_text(&raw), .n = raw.n}, &header, &body);
		if (r == 0)
			r = take_fields(m, &header);
		if (r == 0)
			r = take_body(m, body);
		if (r < 0)
			(void)mw_fail(err, r, "cannot keep %s: %s", path, strerror(-r));
	}
	mw_buf_free(&raw);
	mw_arena_free(&a);
	return r;
}
