/* SPDX-License-Identifier: Apache-2.0 */
#include "box/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the newest kernel knows it: older headers lack the later members and names. */
struct ruleset {
	uint64_t fs, net, scoped;
};
#define FS_ALL_1 ((1ull << 13) - 1) /* all of the first version */
#define FS_FILE_WRITE (1ull << 1)
#define FS_REMOVE_DIR (1ull << 4)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_DIR (1ull << 7)
#define FS_MAKE_REG (1ull << 8)
#define FS_REFER (1ull << 13)
#define FS_TRUNCATE (1ull << 14)
#define FS_IOCTL (1ull << 15)
#define NET_TCP 3ull /* bind, connect */
#define SCOPED 3ull  /* abstract sockets, signals */

static struct ruleset handled(long version)
{
	struct ruleset r = {.fs = FS_ALL_1};

	r.fs |= version >= 2 ? FS_REFER : 0;
	r.fs |= version >= 3 ? FS_TRUNCATE : 0;
	r.net = version >= 4 ? NET_TCP : 0;
	r.fs |= version >= 5 ? FS_IOCTL : 0;
	r.scoped = version >= 6 ? SCOPED : 0;
	return r;
}

static size_t ruleset_size(long version)
{
	return version >= 6 ? sizeof(struct ruleset) : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static uint64_t rights(uint32_t access)
{
	uint64_t writing = FS_FILE_WRITE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_REFER | FS_TRUNCATE;

	return (access & MW_LANDLOCK_READ ? LANDLOCK_ACCESS_FS_READ_FILE : 0u) |
	       (access & MW_LANDLOCK_LIST ? LANDLOCK_ACCESS_FS_READ_DIR : 0u) |
	       (access & MW_LANDLOCK_RUN ? LANDLOCK_ACCESS_FS_EXECUTE : 0u) | (access & MW_LANDLOCK_WRITE ? writing : 0u) |
	       (access & MW_LANDLOCK_REMOVE ? FS_REMOVE_FILE : 0u);
}

/* What is not there needs no rule. */
static int allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	struct stat st;
	int r;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode)) /* a file cannot be listed, and the kernel minds */
		rule.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE | FS_FILE_WRITE | FS_TRUNCATE;
	r = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0u) < 0 ? -errno : 0;
	(void)close(rule.parent_fd);
	return r;
}

static int make(const struct mw_landlock_path *path, size_t n, bool online)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset all;
	int fd, r = 0;

	if (version < 1) /* not built in, switched off, or hidden by the sandbox that we are in ourselves */
		return -ENOSYS;
	all = handled(version);
	if (online)
		all.net = 0;
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, ruleset_size(version), 0u);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < n && r == 0; i++)
		r = allow(fd, path[i].path, rights(path[i].access) & all.fs);
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

int mw_landlock_make(const struct mw_landlock_path *path, size_t n)
{
	return make(path, n, false);
}

int mw_landlock_make_online(const struct mw_landlock_path *path, size_t n)
{
	return make(path, n, true);
}

int mw_landlock_enter(int fd)
{
	return syscall(SYS_landlock_restrict_self, fd, 0u) < 0 ? -errno : 0;
}
