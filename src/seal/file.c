/* SPDX-License-Identifier: Apache-2.0 */
/* file: messages and their parts in files without names. */
#include "seal/job.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 32768u

int mw_file_begin(int fd, const struct mw_buf *head)
{
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return head ? mw_file_write_all(fd, mw_buf_text(head), head->n) : 0;
}

int mw_file_append(int to, int from, int64_t at)
{
	static char piece[PIECE];
	int r = 0;

	while (r == 0) {
		ssize_t n = pread(from, piece, sizeof(piece), at);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		r = mw_file_write_all(to, piece, (size_t)n);
		at += n;
	}
	explicit_bzero(piece, sizeof(piece));
	return r;
}

/* Where the empty line behind the header ends, or n. */
static size_t head_length(const char *p, size_t n)
{
	const char *end;

	if (n >= 2 && memcmp(p, "\r\n", 2) == 0)
		return 2;
	end = memmem(p, n, "\r\n\r\n", 4);
	return end ? (size_t)(end - p) + 4 : n;
}

int mw_file_header(struct mw_arena *arena, int fd, struct mw_header *ret, int64_t *body)
{
	struct mw_str head, rest;
	size_t n = PIECE, had = 0, length;
	struct stat st;
	char *p;

	if (fstat(fd, &st) < 0)
		return -errno;
	/* Once more and larger, until the end is among it. */
	for (;; n *= 4) {
		n = (uint64_t)st.st_size < n ? (size_t)st.st_size : n;
		p = mw_arena_alloc(arena, n + 1);
		if (!p)
			return -ENOMEM;
		had = n ? (size_t)pread(fd, p, n, 0) : 0;
		if (had != n)
			return -EIO;
		length = head_length(p, n);
		if (length < n || n == (size_t)st.st_size)
			break;
		if (n >= MW_HEAD_MOST)
			return -EMSGSIZE;
	}
	head = (struct mw_str){.p = p, .n = length};
	if (mw_header_parse(arena, head, ret, &rest) < 0)
		return -ENOMEM;
	*body = (int64_t)(length - rest.n);
	return 0;
}
