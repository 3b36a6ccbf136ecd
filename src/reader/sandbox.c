/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox: what the processes may do, in two steps. The keeper locks itself down when the modules are open, which its copies
 * inherit: system calls by a list (what is not on it fails as if it were forbidden by permissions; what no extractor has a reason
 * for kills), no files by Landlock, where there is one. A copy gives up what only the keeper needs: making processes and signals.
 */
#include "reader/inside.h"
#include "reader/landlock.h"

#include "base/err.h"

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
#include <sys/syscall.h>
#include <unistd.h>

/* Address space of a reader beyond what it had before the document, and the document. */
#define MEMORY_MORE ((size_t)768 * 1024 * 1024)
#define CPU_GRACE_SECONDS 2

/* ---- system calls ---------------------------------------------------------------------------------------------------------------- */

static const int allowed[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(dup),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fcntl),
    SCMP_SYS(fstat),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(membarrier),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(pread64),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(shutdown),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sysinfo),
    SCMP_SYS(tgkill),
    SCMP_SYS(time),
    SCMP_SYS(times),
    SCMP_SYS(wait4),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(rseq),
    SCMP_SYS(seccomp),
    SCMP_SYS(kill),
};

/* Nobody calls these by mistake. */
static const int deadly[] = {
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(add_key),
    SCMP_SYS(bind),
    SCMP_SYS(bpf),
    SCMP_SYS(chroot),
    SCMP_SYS(connect),
    SCMP_SYS(delete_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(init_module),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(listen),
    SCMP_SYS(mount),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pivot_root),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(ptrace),
    SCMP_SYS(request_key),
    SCMP_SYS(setns),
    SCMP_SYS(socket),
    SCMP_SYS(umount2),
    SCMP_SYS(unshare),
    SCMP_SYS(userfaultfd),
};
static const int deadly_alone[] = {SCMP_SYS(execve), SCMP_SYS(execveat)};

static int add_all(scmp_filter_ctx f, uint32_t action, const int *call, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = seccomp_rule_add(f, action, call[i], 0);
	return r;
}

/* With conditions on their arguments. */
static int add_bounded(scmp_filter_ctx f)
{
	/* What fork() of the C library asks for, and no thread or namespace. */
	const uint64_t fork_flags = 0x01200000 | SIGCHLD; /* CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID */
	int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_EQ, fork_flags));

	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	r = r ? r
	      : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 2, SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG),
				 SCMP_A1(SCMP_CMP_EQ, SIGKILL));
	/* Of itself, to less. */
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A0(SCMP_CMP_EQ, 0));
	/* The C library falls back to what it did before these came. */
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r;
}

static int add_rules(scmp_filter_ctx f, bool tools)
{
	int r = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	r = r ? r : add_all(f, SCMP_ACT_ALLOW, allowed, sizeof(allowed) / sizeof(allowed[0]));
	r = r ? r : add_all(f, SCMP_ACT_KILL_PROCESS, deadly, sizeof(deadly) / sizeof(deadly[0]));
	if (!tools)
		r = r ? r : add_all(f, SCMP_ACT_KILL_PROCESS, deadly_alone, sizeof(deadly_alone) / sizeof(deadly_alone[0]));
	return r ? r : add_bounded(f);
}

static int filter_load(bool tools)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EACCES));
	int r;

	if (!f)
		return -ENOMEM;
	r = add_rules(f, tools);
	r = r ? r : seccomp_load(f);
	seccomp_release(f);
	return r;
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
	r = limit(RLIMIT_CORE, 0);
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = -errno;
	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r < 0)
		return mw_fail(err, r, "sandbox: %s", strerror(-r));
	r = mw_landlock(box->tools ? paths : NULL);
	if (r < 0)
		return mw_fail(err, r, "sandbox: landlock: %s", strerror(-r));
	box->landlock = r > 0;
	r = filter_load(box->tools);
	return r < 0 ? mw_fail(err, r, "sandbox: seccomp: %s", strerror(-r)) : 0;
}

#define NUMBER offsetof(struct seccomp_data, nr)
#define FIRST_ARGUMENT offsetof(struct seccomp_data, args[0])
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(at))
/* Goes on behind n more instructions when it is not v. */
#define UNLESS(v, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(v), 0, (n))
#define GIVE(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define DEADLY(call) UNLESS((call), 1), GIVE(SECCOMP_RET_KILL_PROCESS)

/* On top of the other: a list of its own would be translated by the kernel for each copy. That has seen to the architecture. */
int mw_sandbox_copy(const struct mw_sandbox *box)
{
	struct sock_filter code[] = {
	    LOAD(NUMBER),
	    DEADLY(SCMP_SYS(clone)),
	    DEADLY(SCMP_SYS(kill)),
	    DEADLY(SCMP_SYS(socketpair)),
	    DEADLY(SCMP_SYS(seccomp)),
	    /* abort() sends a signal to itself. */
	    UNLESS(SCMP_SYS(tgkill), 3),
	    LOAD(FIRST_ARGUMENT),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 1, 0),
	    GIVE(SECCOMP_RET_KILL_PROCESS),
	    GIVE(SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	(void)box;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0u, &program) < 0 ? -errno : 0;
}

int mw_sandbox_bound(const struct mw_sandbox *box, size_t octets, int64_t ms)
{
	int r = limit(RLIMIT_NOFILE, 64);

	r = r < 0 ? r : limit(RLIMIT_FSIZE, 0);
	r = r < 0 ? r : limit(RLIMIT_CPU, (rlim_t)(ms / 1000 + CPU_GRACE_SECONDS));
	if (r == 0 && !MW_SANITIZED && box->memory)
		r = limit(RLIMIT_AS, box->memory + MEMORY_MORE + octets);
	return r;
}
