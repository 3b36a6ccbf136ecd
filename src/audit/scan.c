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

/* More octets behind those that are there. 1, 0 at the end of the file, negative. */
static int fill(struct mw_audit_lines *l)
{
	size_t want = l->size - l->next < PIECE ? (size_t)(l->size - l->next) : PIECE;
	ssize_t n;

	if (l->next >= l->size)
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
		n = pread(l->fd, l->p + l->n, want, (off_t)l->next);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	l->n += (size_t)n;
	l->next += (uint64_t)n;
	return n > 0;
}

/* What was given goes, and of what is too long to be a record the rest: a line without an end could fill the memory. */
static void make_room(struct mw_audit_lines *l)
{
	if (l->given) /* a line that is too long stays where it is, piece after piece */
		memmove(l->p, l->p + l->given, l->n - l->given);
	l->n -= l->given;
	l->given = 0;
	if (l->n > MW_AUDIT_LINE_MAX + PIECE)
		l->n = MW_AUDIT_LINE_MAX + 1;
	l->searched = l->n;
}

/* Gives n octets in front, and what ends them. */
static int give(struct mw_audit_lines *l, size_t n, size_t ending, struct mw_audit_line *ret)
{
	ret->p = l->p + l->given;
	ret->n = n < MW_AUDIT_LINE_MAX ? n : MW_AUDIT_LINE_MAX;
	l->given += n + ending;
	l->searched = 0;
	ret->end = l->next - (l->n - l->given);
	ret->whole = ending > 0;
	return 1;
}

int mw_audit_lines_next(struct mw_audit_lines *l, struct mw_audit_line *ret)
{
	for (;;) {
		size_t from = l->given + l->searched;
		const char *lf = from < l->n ? memchr(l->p + from, '\n', l->n - from) : NULL;
		int r;

		if (lf)
			return give(l, (size_t)(lf - l->p) - l->given, 1, ret);
		make_room(l);
		r = fill(l);
		if (r < 0)
			return r;
		if (r == 0)
			return l->n ? give(l, l->n, 0, ret) : 0;
	}
}

void mw_audit_lines_end(struct mw_audit_lines *l)
{
	free(l->p);
	*l = (struct mw_audit_lines){.fd = -1};
}

int mw_audit_scan_lines(int fd, uint64_t from, uint64_t size, mw_audit_line_fn fn, void *ctx)
{
	struct mw_audit_lines l = {.fd = fd, .next = from, .size = size};
	struct mw_audit_line line;
	int r;

	while ((r = mw_audit_lines_next(&l, &line)) > 0) {
		r = fn(ctx, line.p, line.n, line.end, line.whole);
		if (r != 0)
			break;
	}
	mw_audit_lines_end(&l);
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
