/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the newest kernel knows it: older headers lack the later members and names. */
struct ruleset {
	uint64_t fs, net, scoped;
};
#define FS_ALL_1 ((1ull << 13) - 1) /* all of the first version */
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

/* What is not there needs no rule. */
static int allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	int r;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
	r = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0u) < 0 ? -errno : 0;
	(void)close(rule.parent_fd);
	return r;
}

static int allow_programs(int ruleset, const char *const *paths)
{
	static const char *const files[] = {"/usr/lib",		"/usr/lib32",	"/usr/lib64", "/usr/share",
					    "/usr/local/lib",	"/lib",		"/lib64",     "/etc/fonts",
					    "/usr/local/share", "/usr/libexec", NULL};
	static const char *const single[] = {"/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/papersize",
					     "/etc/localtime",	 "/dev/null",	       NULL};
	/* The dynamic linkers, which the kernel starts in place of a program. */
	static const char *const linkers[] = {
	    "/lib64/ld-linux-x86-64.so.2",	"/lib/ld-linux-aarch64.so.1", "/lib/ld-linux.so.2",
	    "/lib/ld-linux-armhf.so.3",		"/lib64/ld64.so.2",	      "/lib/ld64.so.1",
	    "/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-musl-x86_64.so.1",   NULL};
	const uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE, list = LANDLOCK_ACCESS_FS_READ_DIR, run = LANDLOCK_ACCESS_FS_EXECUTE;
	int r = 0;

	for (size_t i = 0; files[i] && r == 0; i++)
		r = allow(ruleset, files[i], read | list);
	for (size_t i = 0; single[i] && r == 0; i++)
		r = allow(ruleset, single[i], read);
	for (size_t i = 0; linkers[i] && r == 0; i++)
		r = allow(ruleset, linkers[i], read | run);
	for (size_t i = 0; paths[i] && r == 0; i++)
		r = allow(ruleset, paths[i], read | run);
	return r;
}

int mw_landlock(const char *const *paths)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset all;
	int fd, r = 0;

	if (version < 1) /* not built in, switched off, or hidden by the sandbox that we are in ourselves */
		return 0;
	all = handled(version);
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, ruleset_size(version), 0u);
	if (fd < 0)
		return -errno;
	if (paths)
		r = allow_programs(fd, paths);
	if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0u) < 0)
		r = -errno;
	(void)close(fd);
	return r < 0 ? r : 1;
}
