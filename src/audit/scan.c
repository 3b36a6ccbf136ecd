/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (256u << 10)

/* ---- lines ------------------------------------------------------------------------------------------------------------------
 */

struct lines {
	char *p;
	size_t n, room; /* what was read and not yet given out */
	uint64_t at;	/* offset of p in the file */
};

/* More octets at the end of the buffer. 1, 0 at the end of the file, negative. */
static int fill(struct lines *l, int fd, uint64_t size)
{
	uint64_t from = l->at + l->n;
	size_t want = size - from < PIECE ? (size_t)(size - from) : PIECE;
	ssize_t n;

	if (want == 0)
		return 0;
	if (l->n + want > l->room) {
		size_t room = 2 * (l->n + want);
		char *p = realloc(l->p, room);

		if (!p)
			return -ENOMEM;
		l->p = p;
		l->room = room;
	}
	do
		n = pread(fd, l->p + l->n, want, (off_t)from);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	l->n += (size_t)n;
	return n > 0;
}

/* Gives the lines in the buffer. What is left over is moved to its front. */
static int give(struct lines *l, mw_audit_line_fn fn, void *ctx, size_t searched)
{
	size_t done = 0;
	int r = 0;
	char *lf;

	while (r == 0 && (lf = memchr(l->p + done + searched, '\n', l->n - done - searched)) != NULL) {
		size_t n = (size_t)(lf - l->p) - done;

		r = fn(ctx, l->p + done, n < MW_AUDIT_LINE_MAX ? n : MW_AUDIT_LINE_MAX, l->at + done + n + 1, true);
		done += n + 1;
		searched = 0;
	}
	if (done) /* a line that is too long stays where it is, piece after piece */
		memmove(l->p, l->p + done, l->n - done);
	l->n -= done;
	l->at += done;
	return r;
}

int mw_audit_scan_lines(int fd, uint64_t from, uint64_t size, mw_audit_line_fn fn, void *ctx)
{
	struct lines l = {.at = from};
	size_t before = 0;
	int r = 0;

	while (from < size && (r = fill(&l, fd, size)) > 0) {
		r = give(&l, fn, ctx, before);
		if (r != 0)
			break;
		/* A line without an end could fill the memory: what is too long to be a record is only counted. */
		if (l.n > MW_AUDIT_LINE_MAX + PIECE) {
			l.at += l.n - MW_AUDIT_LINE_MAX - 1;
			l.n = MW_AUDIT_LINE_MAX + 1;
		}
		before = l.n;
	}
	if (r == 0 && l.n)
		r = fn(ctx, l.p, l.n < MW_AUDIT_LINE_MAX ? l.n : MW_AUDIT_LINE_MAX, l.at + l.n, false);
	free(l.p);
	return r;
}

bool mw_audit_scan_in_use(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool mw_audit_scan_grows(int fd, uint64_t size)
{
	struct stat st;

	return mw_audit_scan_in_use(fd) || fstat(fd, &st) < 0 || (uint64_t)st.st_size != size;
}

/* ---- the chain --------------------------------------------------------------------------------------------------------------
 */

static bool hash_is(const struct mw_audit_record *rec, const struct mw_audit_head *head)
{
	return rec->seq == head->seq && memcmp(rec->hash.p, head->hash, MW_AUDIT_HEX) == 0;
}

static void head_set(struct mw_audit_head *head, const struct mw_audit_record *rec, uint64_t end)
{
	head->seq = rec->seq;
	head->end = end;
	memcpy(head->hash, rec->hash.p, MW_AUDIT_HEX);
	head->hash[MW_AUDIT_HEX] = '\0';
}

int mw_audit_scan_at(struct mw_audit_scan *s, const struct mw_audit_head *head)
{
	/* The last members of a record are enough: its hash is unique. */
	char tail[MW_AUDIT_HEX + 3];
	ssize_t n;

	if (head->end > s->size || head->end < sizeof(tail))
		return 0;
	n = pread(s->fd, tail, sizeof(tail), (off_t)(head->end - sizeof(tail)));
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(tail) && memcmp(tail, head->hash, MW_AUDIT_HEX) == 0 &&
	       memcmp(tail + MW_AUDIT_HEX, "\"}\n", 3) == 0;
}

struct find {
	struct mw_audit_scan *s;
	const struct mw_audit_head *head;
	struct mw_audit_head *ret;
	bool first;
};

static int find_line(void *ctx, const char *line, size_t n, uint64_t end, bool whole)
{
	struct find *f = ctx;
	struct mw_audit_record rec;
	bool first = f->first;
	int r;

	f->first = false;
	if (!whole || !mw_audit_record_parse(line, n, &rec))
		return f->head ? 0 : -ENOENT;
	if (f->head && !hash_is(&rec, f->head) &&
	    !(first && rec.seq == f->head->seq + 1 && memcmp(rec.prev.p, f->head->hash, MW_AUDIT_HEX) == 0))
		return 0;
	r = mw_audit_record_check(f->s->chain, line, &rec);
	if (r <= 0)
		return r < 0 ? r : f->head ? 0 : -ENOENT;
	head_set(f->ret, &rec, end);
	return 1;
}

int mw_audit_scan_find(struct mw_audit_scan *s, const struct mw_audit_head *head, struct mw_audit_head *ret)
{
	struct find f = {.s = s, .head = head, .ret = ret, .first = true};
	int r = mw_audit_scan_lines(s->fd, 0, s->size, find_line, &f);

	return r == -ENOENT ? 0 : r;
}

struct forward {
	struct mw_audit_scan *s;
	struct mw_audit_head *end;
};

static int forward_line(void *ctx, const char *line, size_t n, uint64_t end, bool whole)
{
	struct forward *f = ctx;
	struct mw_audit_record rec;
	int r = 0;

	if (whole && mw_audit_record_parse(line, n, &rec) && rec.seq == f->end->seq + 1 &&
	    memcmp(rec.prev.p, f->end->hash, MW_AUDIT_HEX) == 0)
		r = mw_audit_record_check(f->s->chain, line, &rec);
	if (r < 0)
		return r;
	if (r == 0) {
		f->s->line_end = whole;
		return 1;
	}
	head_set(f->end, &rec, end);
	return 0;
}

int mw_audit_scan_forward(struct mw_audit_scan *s, struct mw_audit_head *end)
{
	struct forward f = {.s = s, .end = end};
	int r = mw_audit_scan_lines(s->fd, end->end, s->size, forward_line, &f);

	return r < 0 ? r : 1;
}
