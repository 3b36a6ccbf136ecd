/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox: what the processes may do, in two steps. The keeper locks itself down when the modules are open, which its copies
 * inherit: system calls by a list (what is not on it fails as if it were forbidden by permissions; what no extractor has a reason
 * for kills), no files by Landlock, where there is one. A copy gives up what only the keeper needs: making processes and signals.
 */
#include "reader/inside.h"

#include "base/err.h"
#include "box/filter.h"
#include "box/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Address space of a reader beyond what it had before the document, and the document. */
#define MEMORY_MORE ((size_t)768 * 1024 * 1024)
#define CPU_GRACE_SECONDS 2
#define CPU_MOST_SECONDS 1800 /* more than any document may take, with those before it */

/* ---- system calls ---------------------------------------------------------------------------------------------------------------- */

static const int allowed[] = {
    SCMP_SYS(dup), SCMP_SYS(kill), SCMP_SYS(setpgid), SCMP_SYS(shutdown), SCMP_SYS(wait4),
};

/* Nobody calls these by mistake. */
static const int deadly[] = {
    SCMP_SYS(connect),
    SCMP_SYS(socket),
};
static const int deadly_alone[] = {SCMP_SYS(execve), SCMP_SYS(execveat)};

/* Programs, and the dynamic linker. */
static const int allowed_tools[] = {
    SCMP_SYS(access),	    SCMP_SYS(arch_prctl), SCMP_SYS(close_range),
    SCMP_SYS(dup2),	    SCMP_SYS(dup3),	  SCMP_SYS(execve),
    SCMP_SYS(faccessat),    SCMP_SYS(faccessat2), SCMP_SYS(fadvise64),
    SCMP_SYS(fstatfs),	    SCMP_SYS(getcwd),	  SCMP_SYS(getdents64),
    SCMP_SYS(getegid),	    SCMP_SYS(getgid),	  SCMP_SYS(lstat),
    SCMP_SYS(memfd_create), SCMP_SYS(newfstatat), SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(pipe2),	    SCMP_SYS(readlink),	  SCMP_SYS(readlinkat),
    SCMP_SYS(stat),	    SCMP_SYS(statfs),	  SCMP_SYS(statx),
    SCMP_SYS(umask),	    SCMP_SYS(uname),	  SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
};

/* An argument: its value, or those of its bits that are in mask. */
#define IS(argument, v) SCMP_CMP64((argument), SCMP_CMP_EQ, (v), 0)
#define BITS(argument, mask, v) SCMP_CMP64((argument), SCMP_CMP_MASKED_EQ, (mask), (v))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* What fork() of the C library asks for; and what tool.c does. CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID; CLONE_PIDFD. */
#define FORK_FLAGS ((uint64_t)(0x01200000u | SIGCHLD))
#define TOOL_FLAGS ((uint64_t)(0x1000u | SIGCHLD))
#define THREAD_FLAG ((uint64_t)0x10000u) /* CLONE_THREAD */
#define WRITE_FLAGS ((uint64_t)(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))

/* With conditions on their arguments. */
static int add_bounded(scmp_filter_ctx f)
{
	int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, IS(0, FORK_FLAGS));

	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1, IS(0, AF_UNIX));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 2, IS(0, PR_SET_PDEATHSIG), IS(1, SIGKILL));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 2, IS(0, PR_SET_SECCOMP), IS(1, SECCOMP_MODE_FILTER));
	/* Of itself, to less. */
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, IS(0, 0));
	/* The C library falls back to what it did before these came. */
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0);
	return r ? r : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 0);
}

/* No program: no memory with code that was not there. */
static int add_plain(scmp_filter_ctx f)
{
	int r = mw_filter_add(f, SCMP_ACT_KILL_PROCESS, deadly_alone, COUNT(deadly_alone));

	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, BITS(2, PROT_EXEC, 0));
	return r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, BITS(2, PROT_EXEC, 0));
}

/* A program may read files, as far as Landlock lets it, and have threads. */
static int add_tools(scmp_filter_ctx f)
{
	int r = mw_filter_add(f, SCMP_ACT_ALLOW, allowed_tools, COUNT(allowed_tools));

	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, IS(0, TOOL_FLAGS));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, BITS(0, THREAD_FLAG, THREAD_FLAG));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(open), 1, BITS(1, WRITE_FLAGS, 0));
	return r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, BITS(2, WRITE_FLAGS, 0));
}

static int add_rules(scmp_filter_ctx f, void *ctx)
{
	const bool *tools = ctx;
	int r = mw_filter_add(f, SCMP_ACT_ALLOW, allowed, COUNT(allowed));

	r = r ? r : mw_filter_add(f, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
	r = r ? r : add_bounded(f);
	return r ? r : *tools ? add_tools(f) : add_plain(f);
}

static int filter_load(bool tools)
{
	struct sock_fprog program = {0};
	int r = mw_filter_make(add_rules, &tools, &program);

	if (r == 0)
		r = mw_filter_set(&program);
	mw_filter_free(&program);
	return r;
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

#define PATHS_MOST 256

/* What the programs are, and what they need of the system's libraries and fonts. */
static size_t list_programs(const char *const *tools, struct mw_landlock_path *ret)
{
	static const struct mw_landlock_path system[] = {
	    {"/usr/lib", MW_LANDLOCK_READ | MW_LANDLOCK_LIST},
	    {"/usr/lib32", MW_LANDLOCK_READ | MW_LANDLOCK_LIST},
	    {"/usr/lib64", MW_LANDLOCK_READ | MW_LANDLOCK_LIST},
	    {"/usr/share", MW_LANDLOCK_READ | MW_LANDLOCK_LIST},
	    {"/usr/local/lib", MW_LANDLOCK_READ | MW_LANDLOCK_LIST},
	    {"/lib", MW_LANDLOCK_READ | MW_LANDLOCK_LIST},
	    {"/lib64", MW_LANDLOCK_READ | MW_LANDLOCK_LIST},
	    {"/etc/fonts", MW_LANDLOCK_READ | MW_LANDLOCK_LIST},
	    {"/usr/local/share", MW_LANDLOCK_READ | MW_LANDLOCK_LIST},
	    {"/usr/libexec", MW_LANDLOCK_READ | MW_LANDLOCK_LIST},
	    {"/etc/ld.so.cache", MW_LANDLOCK_READ},
	    {"/etc/ld.so.preload", MW_LANDLOCK_READ},
	    {"/etc/papersize", MW_LANDLOCK_READ},
	    {"/etc/localtime", MW_LANDLOCK_READ},
	    {"/dev/null", MW_LANDLOCK_READ},
	    /* The dynamic linkers, which the kernel starts in place of a program. */
	    {"/lib64/ld-linux-x86-64.so.2", MW_LANDLOCK_READ | MW_LANDLOCK_RUN},
	    {"/lib/ld-linux-aarch64.so.1", MW_LANDLOCK_READ | MW_LANDLOCK_RUN},
	    {"/lib/ld-linux.so.2", MW_LANDLOCK_READ | MW_LANDLOCK_RUN},
	    {"/lib/ld-linux-armhf.so.3", MW_LANDLOCK_READ | MW_LANDLOCK_RUN},
	    {"/lib64/ld64.so.2", MW_LANDLOCK_READ | MW_LANDLOCK_RUN},
	    {"/lib/ld64.so.1", MW_LANDLOCK_READ | MW_LANDLOCK_RUN},
	    {"/lib/ld-linux-riscv64-lp64d.so.1", MW_LANDLOCK_READ | MW_LANDLOCK_RUN},
	    {"/lib/ld-musl-x86_64.so.1", MW_LANDLOCK_READ | MW_LANDLOCK_RUN},
	};
	size_t n = COUNT(system);

	memcpy(ret, system, sizeof(system));
	for (size_t i = 0; tools[i] && n < PATHS_MOST; i++)
		ret[n++] = (struct mw_landlock_path){tools[i], MW_LANDLOCK_READ | MW_LANDLOCK_RUN};
	return n;
}

/* tools: programs that may run, NULL ends; NULL = no file at all. 1; 0: the kernel has it not; negative errno. */
static int landlock(const char *const *tools)
{
	struct mw_landlock_path path[PATHS_MOST];
	int fd = mw_landlock_make(path, tools ? list_programs(tools, path) : 0), r;

	if (fd < 0)
		return fd == -ENOSYS ? 0 : fd;
	r = mw_landlock_enter(fd);
	(void)close(fd);
	return r < 0 ? r : 1;
}

/* ---- limits ---------------------------------------------------------------------------------------------------------------------- */

static int limit(int what, rlim_t most)
{
	const struct rlimit l = {.rlim_cur = most, .rlim_max = most};
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)what, &now) == 0 && now.rlim_max != RLIM_INFINITY && now.rlim_max <= most)
		return 0;
	return setrlimit((__rlimit_resource_t)what, &l) < 0 ? -errno : 0;
}

/* Octets of address space in use. */
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

/* ---- steps ----------------------------------------------------------------------------------------------------------------------- */

int mw_sandbox_lock(struct mw_sandbox *box, const char *const *paths, struct mw_err *err)
{
	int r;

	box->memory = memory_used();
	r = limit(RLIMIT_CORE, 1); /* 0 does not keep the kernel from a core_pattern with a pipe */
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = -errno;
	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r < 0)
		return mw_fail(err, r, "sandbox: %s", strerror(-r));
	r = landlock(box->tools ? paths : NULL);
	if (r < 0)
		return mw_fail(err, r, "sandbox: landlock: %s", strerror(-r));
	box->landlock = r > 0;
	r = filter_load(box->tools);
	return r < 0 ? mw_fail(err, r, "sandbox: seccomp: %s", strerror(-r)) : 0;
}

#define LOAD(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, what))
/* Skip: the instructions that are passed over when the condition does not hold. */
#define IF_IS(v, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(v), 0, (skip))
#define IF_NOT(v, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(v), (skip), 0)
#define IF_LACKS(bit, skip) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(bit), (skip), 0)
#define GIVE(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define DEADLY(call) IF_IS((call), 1), GIVE(SECCOMP_RET_KILL_PROCESS)

/* These stand on top of the other: a list of its own would be translated by the kernel for each copy. That one has seen to the
 * architecture. */
static int filter_copy(void)
{
	struct sock_filter code[] = {
	    LOAD(nr),
	    DEADLY(SCMP_SYS(clone)),
	    DEADLY(SCMP_SYS(kill)),
	    DEADLY(SCMP_SYS(setpgid)),
	    DEADLY(SCMP_SYS(socketpair)),
	    IF_IS(SCMP_SYS(tgkill), 3), /* abort() sends a signal to itself */
	    LOAD(args[0]),
	    IF_NOT(getpid(), 1),
	    GIVE(SECCOMP_RET_KILL_PROCESS),
	    GIVE(SECCOMP_RET_ALLOW),
	};

	return mw_filter_set(&(struct sock_fprog){.len = COUNT(code), .filter = code});
}

static int filter_copy_tools(void)
{
	struct sock_filter code[] = {
	    LOAD(nr),
	    DEADLY(SCMP_SYS(kill)),
	    DEADLY(SCMP_SYS(setpgid)),
	    DEADLY(SCMP_SYS(socketpair)),
	    IF_IS(SCMP_SYS(clone), 3),
	    LOAD(args[0]),
	    IF_IS(FORK_FLAGS, 1),
	    GIVE(SECCOMP_RET_KILL_PROCESS),
	    LOAD(nr),
	    IF_IS(SCMP_SYS(tgkill), 3), /* a program that calls abort() ends by this as well */
	    LOAD(args[0]),
	    IF_NOT(getpid(), 1),
	    GIVE(SECCOMP_RET_KILL_PROCESS),
	    GIVE(SECCOMP_RET_ALLOW),
	};

	return mw_filter_set(&(struct sock_fprog){.len = COUNT(code), .filter = code});
}

int mw_sandbox_tool(void)
{
	struct sock_filter code[] = {
	    LOAD(nr),
	    IF_IS(SCMP_SYS(clone), 3),
	    LOAD(args[0]),
	    IF_LACKS(THREAD_FLAG, 1),
	    GIVE(SECCOMP_RET_KILL_PROCESS),
	    GIVE(SECCOMP_RET_ALLOW),
	};

	return mw_filter_set(&(struct sock_fprog){.len = COUNT(code), .filter = code});
}

int mw_sandbox_copy(const struct mw_sandbox *box)
{
	return box->tools ? filter_copy_tools() : filter_copy();
}

/* Processor time is counted from the start of the process, and it may have read before. */
static int limit_time(int64_t ms)
{
	struct rlimit l = {.rlim_max = CPU_MOST_SECONDS};
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) < 0)
		return -errno;
	l.rlim_cur = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + ms / 1000 + CPU_GRACE_SECONDS);
	l.rlim_cur = l.rlim_cur < l.rlim_max ? l.rlim_cur : l.rlim_max;
	return setrlimit(RLIMIT_CPU, &l) < 0 ? -errno : 0;
}

int mw_sandbox_bound(const struct mw_sandbox *box, size_t octets, int64_t ms, bool first)
{
	int r = limit_time(ms);

	if (!first)
		return r;
	r = r < 0 ? r : limit(RLIMIT_NOFILE, 64);
	if (!box->tools) /* what a program gets is a file in memory */
		r = r < 0 ? r : limit(RLIMIT_FSIZE, 0);
	if (r == 0 && !MW_SANITIZED && box->memory)
		r = limit(RLIMIT_AS, box->memory + MEMORY_MORE + octets);
	return r;
}
