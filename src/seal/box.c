/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/box.h"

#include "base/sanitized.h"
#include "box/filter.h"
#include "box/landlock.h"
#include "engine/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATHS_MOST 256u
#define MEMORY_MORE ((size_t)768 * 1024 * 1024)
#define CPU_MOST ((rlim_t)86400)

/* ---- system calls ---------------------------------------------------------------------------------------------------------------- */

static const int allowed[] = {
    SCMP_SYS(access),	   SCMP_SYS(alarm),	 SCMP_SYS(connect),    SCMP_SYS(dup),	       SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),  SCMP_SYS(fadvise64),	 SCMP_SYS(fdatasync),  SCMP_SYS(fsync),	       SCMP_SYS(ftruncate),
    SCMP_SYS(getcwd),	   SCMP_SYS(getdents64), SCMP_SYS(getegid),    SCMP_SYS(getgid),       SCMP_SYS(getpeername),
    SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(lstat),      SCMP_SYS(memfd_create), SCMP_SYS(mlock),
    SCMP_SYS(mlock2),	   SCMP_SYS(munlock),	 SCMP_SYS(newfstatat), SCMP_SYS(pipe2),	       SCMP_SYS(pselect6),
    SCMP_SYS(pwrite64),	   SCMP_SYS(pwritev),	 SCMP_SYS(preadv),     SCMP_SYS(readlink),     SCMP_SYS(readlinkat),
    SCMP_SYS(select),	   SCMP_SYS(setsockopt), SCMP_SYS(shutdown),   SCMP_SYS(stat),	       SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),	   SCMP_SYS(statx),	 SCMP_SYS(uname),      SCMP_SYS(setitimer),
};
static const int deadly[] = {
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(kill), SCMP_SYS(vfork),
};

#define IS(argument, v) SCMP_CMP64((argument), SCMP_CMP_EQ, (v), 0)
#define BITS(argument, mask, v) SCMP_CMP64((argument), SCMP_CMP_MASKED_EQ, (mask), (v))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define WRITE_FLAGS ((uint64_t)(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))

static int add_rules(scmp_filter_ctx f, void *ctx)
{
	static const uint64_t locks[] = {F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK};
	int r = mw_filter_add(f, SCMP_ACT_ALLOW, allowed, COUNT(allowed));

	(void)ctx;
	r = r ? r : mw_filter_add(f, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, BITS(2, PROT_EXEC, 0));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, BITS(2, PROT_EXEC, 0));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(open), 1, BITS(1, WRITE_FLAGS, 0));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, BITS(2, WRITE_FLAGS, 0));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, IS(0, AF_UNIX));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, IS(0, 0));
	/* Threads: Botan, on which RNP rests, begins some for RSA. What clone3 is asked for cannot be seen; without it clone is taken. */
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, BITS(0, CLONE_THREAD, CLONE_THREAD));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0);
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 0);
	for (size_t i = 0; i < COUNT(locks) && r == 0; i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, IS(1, locks[i]));
	return r;
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

struct paths {
	struct mw_arena *arena;
	struct mw_landlock_path path[PATHS_MOST];
	size_t n;
};

static int add_path(struct paths *p, const char *path)
{
	if (p->n == PATHS_MOST)
		return -E2BIG;
	p->path[p->n++] = (struct mw_landlock_path){path, MW_LANDLOCK_READ | MW_LANDLOCK_LIST};
	return 0;
}

/* A folder, or what a file stands in: one that is replaced by another is another file. */
static int add_option(struct paths *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *folder;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_path(p, path);
	if (!slash || slash == path) /* not the whole system */
		return add_path(p, path);
	folder = mw_arena_dup(p->arena, path, (size_t)(slash - path));
	return folder ? add_path(p, folder) : -ENOMEM;
}

static int add_sealers(struct paths *p, const struct mw_plan *plan)
{
	int r = 0;

	for (size_t i = 0; i < plan->modules; i++) {
		const struct mw_plan_module *m = &plan->module[i];

		/* A custody has read what its children need, and they have left its store and keys. */
		if (m->plugin->kind != MW_KIND_SEALER || !m->conf || mw_descriptor_custody(m->plugin))
			continue;
		for (const struct mw_opt *o = m->plugin->options; o && o->name && r == 0; o++) {
			const char *path = NULL;

			if (o->type == MW_PATH)
				memcpy(&path, (const char *)m->conf + o->offset, sizeof(path));
			if (path)
				r = add_option(p, path);
		}
	}
	return r;
}

static int make_landlock(const struct mw_generation *g, struct mw_box *b)
{
	static const char *const system[] = {"/usr/lib", "/usr/share",	   "/lib",	"/lib64",      "/usr/lib64",
					     "/etc/ssl", "/etc/localtime", "/dev/null", "/dev/urandom"};
	struct paths p = {.arena = mw_arena_new(0)};
	int r = p.arena ? 0 : -ENOMEM, fd;

	for (size_t i = 0; i < COUNT(system) && r == 0; i++)
		r = add_path(&p, system[i]);
	r = r < 0 ? r : add_sealers(&p, mw_generation_plan(g));
	if (r == 0) {
		fd = mw_landlock_make(p.path, p.n);
		r = fd == -ENOSYS ? 0 : fd < 0 ? fd : 0;
		b->landlock = fd < 0 ? -1 : fd;
	}
	mw_arena_free(&p.arena);
	return r;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------- */

int mw_box_make(const struct mw_generation *g, struct mw_box *ret, struct mw_err *err)
{
	struct mw_box b = {.landlock = -1};
	int r = mw_filter_make(add_rules, NULL, &b.filter);

	if (r < 0)
		return mw_fail(err, r, "sandbox: seccomp: %s", strerror(-r));
	r = make_landlock(g, &b);
	if (r < 0) {
		mw_box_free(&b);
		return mw_fail(err, r, "sandbox: landlock: %s", strerror(-r));
	}
	*ret = b;
	return 0;
}

void mw_box_free(struct mw_box *b)
{
	mw_filter_free(&b->filter);
	if (b->landlock >= 0)
		(void)close(b->landlock);
	b->landlock = -1;
}

/* A limit that is lower already stays: it was set from outside, and only root may lift it. */
static int limit(int what, rlim_t soft, rlim_t hard)
{
	struct rlimit l = {.rlim_cur = soft, .rlim_max = hard}, now;

	if (getrlimit((__rlimit_resource_t)what, &now) == 0 && now.rlim_max < l.rlim_max)
		l.rlim_max = now.rlim_max;
	if (l.rlim_cur > l.rlim_max)
		l.rlim_cur = l.rlim_max;
	return setrlimit((__rlimit_resource_t)what, &l) < 0 ? -errno : 0;
}

static size_t memory_used(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	if (f)
		(void)fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int bound(uint64_t file)
{
	size_t used = memory_used();
	int r = limit(RLIMIT_CORE, 1, 1); /* 0 does not keep the kernel from a core_pattern with a pipe */

	/* A sealed message is at most twice as large, and then some; standard error may be a file, too. */
	file = 4 * file + (64u << 20);
	r = r < 0 ? r : limit(RLIMIT_FSIZE, (rlim_t)file, (rlim_t)file);
	r = r < 0 ? r : limit(RLIMIT_NOFILE, 128, 128);
	if (r == 0 && !MW_SANITIZED && used)
		r = limit(RLIMIT_AS, used + MEMORY_MORE, used + MEMORY_MORE);
	return r;
}

int mw_box_enter(const struct mw_box *b, uint64_t file)
{
	int r = bound(file);

	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r == 0 && b->landlock >= 0)
		r = mw_landlock_enter(b->landlock);
	return r < 0 || MW_SANITIZED ? r : mw_filter_set(&b->filter);
}

void mw_box_time(int64_t more)
{
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) == 0)
		(void)limit(RLIMIT_CPU, (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + more + 1), CPU_MOST);
}
