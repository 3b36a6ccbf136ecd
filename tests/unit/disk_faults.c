/* SPDX-License-Identifier: Apache-2.0 */
#include "disk_faults.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* What is not said otherwise is hidden (configure), and libraries call libc's. */
#define SEEN __attribute__((visibility("default")))

static enum disk_fault fault;
static unsigned fails_at, steps;

void disk_arm(enum disk_fault f, unsigned step)
{
	fails_at = step;
	steps = 0;
	fault = f;
}

unsigned disk_disarm(void)
{
	fault = DISK_WELL;
	return steps;
}

/* Is this the step that fails? errno is set then. torn: tear() comes next. */
static bool fails(bool needs_room, bool torn)
{
	if (fault == DISK_WELL)
		return false;
	steps++;
	if (fault == DISK_FULL && needs_room && steps >= fails_at) {
		errno = ENOSPC;
		return true;
	}
	if (steps != fails_at)
		return false;
	if (fault == DISK_KILLS || (fault == DISK_TEARS && !torn))
		(void)kill(getpid(), SIGKILL);
	errno = EIO;
	return fault == DISK_FAILS;
}

static void tear(int fd, const void *p, size_t n, off_t at)
{
	if (fault != DISK_TEARS || steps != fails_at)
		return;
	(void)syscall(SYS_pwrite64, fd, p, n / 2, at);
	(void)kill(getpid(), SIGKILL);
}

SEEN ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	if (fails(true, true))
		return -1;
	tear(fd, p, n, at);
	return syscall(SYS_pwrite64, fd, p, n, at);
}

SEEN ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return pwrite(fd, p, n, at);
}

SEEN ssize_t write(int fd, const void *p, size_t n)
{
	if (fd > 2 && fails(true, false))
		return -1;
	return syscall(SYS_write, fd, p, n);
}

SEEN int fsync(int fd)
{
	return fails(false, false) ? -1 : (int)syscall(SYS_fsync, fd);
}

SEEN int fdatasync(int fd)
{
	return fails(false, false) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

SEEN int ftruncate(int fd, off_t n)
{
	return fails(false, false) ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

SEEN int ftruncate64(int fd, off_t n)
{
	return ftruncate(fd, n);
}

SEEN int linkat(int from, const char *a, int to, const char *b, int flags)
{
	return fails(true, false) ? -1 : (int)syscall(SYS_linkat, from, a, to, b, flags);
}

SEEN int unlinkat(int at, const char *path, int flags)
{
	return fails(false, false) ? -1 : (int)syscall(SYS_unlinkat, at, path, flags);
}

SEEN int unlink(const char *path)
{
	return unlinkat(-100 /* AT_FDCWD */, path, 0);
}

SEEN int rename(const char *from, const char *to)
{
	return fails(true, false) ? -1 : (int)syscall(SYS_renameat2, -100, from, -100, to, 0);
}
