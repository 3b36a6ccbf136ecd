/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, char *p, size_t n, size_t *got)
{
	size_t at = 0;

	while (at < n) {
		ssize_t r = read(fd, p + at, n - at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		at += (size_t)r;
	}
	*got = at;
	return 0;
}

static int read_fd(struct mw_arena *a, int fd, const char *path, size_t max, struct mw_str *ret, struct mw_err *err)
{
	struct stat st;
	size_t n = 0;
	char *p;
	int r;

	if (fstat(fd, &st) < 0)
		return mw_fail(err, -errno, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return mw_fail(err, -EINVAL, "cannot read %s: not a regular file", path);
	if (st.st_size < 0 || (uintmax_t)st.st_size > max)
		return mw_fail(err, -EFBIG, "cannot read %s: larger than %zu octets", path, max);
	p = mw_arena_alloc(a, (size_t)st.st_size + 2);
	if (!p)
		return mw_fail_memory(err);
	r = read_all(fd, p, (size_t)st.st_size + 1, &n);
	if (r < 0)
		return mw_fail(err, r, "cannot read %s: %s", path, strerror(-r));
	/* Half of a table is worse than none: whoever writes it has not ended. */
	if (n != (size_t)st.st_size)
		return mw_fail(err, -EAGAIN, "cannot read %s: its size changed while it was read", path);
	*ret = (struct mw_str){.p = p, .n = n};
	return 0;
}

int mw_file_read(struct mw_arena *a, const char *path, size_t max, struct mw_str *ret, struct mw_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* O_NONBLOCK: a FIFO must not hang us */
	int r;

	if (fd < 0)
		return mw_fail(err, -errno, "cannot open %s: %s", *path ? path : "a file without a name", strerror(errno));
	r = read_fd(a, fd, path, max, ret, err);
	(void)close(fd);
	return r;
}

int mw_file_write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w < 0 ? -errno : -EIO;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

char *mw_path_beside(struct mw_arena *a, const char *base_file, const char *path)
{
	const char *slash = strrchr(base_file, '/');

	if (path[0] == '/' || !slash)
		return mw_arena_str(a, path);
	return mw_arena_printf(a, "%.*s/%s", (int)(slash - base_file), base_file, path);
}
