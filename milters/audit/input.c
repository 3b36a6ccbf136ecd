/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int mw_audit_input_open(const char *file, struct stat *st)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0)
		r = -errno;
	else if (!S_ISREG(st->st_mode))
		r = S_ISDIR(st->st_mode) ? -EISDIR : -ENOTSUP;
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

const char *mw_audit_input_why(int r)
{
	return r == -ENOTSUP ? "it is no regular file; give one that has what is in it" : strerror(-r);
}
