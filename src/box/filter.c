/* SPDX-License-Identifier: Apache-2.0 */
#include "box/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const int allowed[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fstat),
    SCMP_SYS(futex),
    SCMP_SYS(geteuid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getuid),
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
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sysinfo),
    SCMP_SYS(tgkill),
    SCMP_SYS(time),
    SCMP_SYS(times),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

/* Nobody calls these by mistake. */
static const int serving[] = {SCMP_SYS(accept), SCMP_SYS(accept4)};
static const int deadly[] = {
    SCMP_SYS(add_key),
    SCMP_SYS(bind),
    SCMP_SYS(bpf),
    SCMP_SYS(chroot),
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
    SCMP_SYS(umount2),
    SCMP_SYS(unshare),
    SCMP_SYS(userfaultfd),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

int mw_filter_add(scmp_filter_ctx f, uint32_t action, const int *call, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = seccomp_rule_add(f, action, call[i], 0);
	return r;
}

/* Not those that have the kernel send signals to others. */
static int add_fcntl(scmp_filter_ctx f)
{
	static const uint64_t commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,	   F_SETFD,
					    F_GETFL, F_SETFL,	      F_ADD_SEALS, F_GET_SEALS};
	int r = 0;

	for (size_t i = 0; i < COUNT(commands) && r == 0; i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_CMP64(1, SCMP_CMP_EQ, commands[i], 0));
	return r;
}

static int add_common(scmp_filter_ctx f)
{
	int r = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	r = r ? r : mw_filter_add(f, SCMP_ACT_ALLOW, allowed, COUNT(allowed));
	r = r ? r : mw_filter_add(f, SCMP_ACT_KILL_PROCESS, serving, COUNT(serving));
	r = r ? r : mw_filter_add(f, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
	return r ? r : add_fcntl(f);
}

/* Memory is written to or run, not both; modules that are loaded stay possible. Threads, but no processes: what clone3 is asked for cannot
 * be seen; without it clone is taken. */
static int add_server(scmp_filter_ctx f, void *ctx)
{
	static const int programs[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork)};
	const uint64_t both = PROT_WRITE | PROT_EXEC;
	int r = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	(void)ctx;
	r = r ? r : mw_filter_add(f, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
	r = r ? r : mw_filter_add(f, SCMP_ACT_KILL_PROCESS, programs, COUNT(programs));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(mmap), 1, SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, both, both));
	r = r ? r
	      : seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(mprotect), 1, SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, both, both));
	r = r ? r
	      : seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(clone), 1,
				 SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	r = r ? r : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	r = r ? r
	      : seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, SCMP_CMP64(0, SCMP_CMP_GT, AF_INET6, 0));
	return r;
}

static int read_back(int fd, struct sock_fprog *ret)
{
	off_t size = lseek(fd, 0, SEEK_END);
	struct sock_filter *code;

	if (size <= 0 || size > (off_t)(BPF_MAXINSNS * sizeof(*code)))
		return -EIO;
	code = malloc((size_t)size);
	if (!code)
		return -ENOMEM;
	if (pread(fd, code, (size_t)size, 0) != size) {
		free(code);
		return -EIO;
	}
	*ret = (struct sock_fprog){.len = (unsigned short)((size_t)size / sizeof(*code)), .filter = code};
	return 0;
}

static int add_listed(scmp_filter_ctx f, int (*rules)(scmp_filter_ctx, void *), void *ctx)
{
	int r = add_common(f);

	return r ? r : rules(f, ctx);
}

/* what: of all that no rule names. */
static int make(uint32_t what, int (*rules)(scmp_filter_ctx, void *), void *ctx, struct sock_fprog *ret)
{
	int fd = memfd_create("filter", MFD_CLOEXEC), r = fd < 0 ? -errno : 0;
	scmp_filter_ctx f;

	(void)seccomp_api_set(3); /* kernel 4.14, whatever it can find out about this one */
	f = seccomp_init(what);
	if (!f)
		r = -ENOMEM;
	if (r == 0)
		r = what == SCMP_ACT_ALLOW ? rules(f, ctx) : add_listed(f, rules, ctx);
	if (r == 0)
		r = seccomp_export_bpf(f, fd);
	if (r == 0)
		r = read_back(fd, ret);
	if (f)
		seccomp_release(f);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

int mw_filter_make(int (*rules)(scmp_filter_ctx, void *), void *ctx, struct sock_fprog *ret)
{
	return make(SCMP_ACT_ERRNO(EACCES), rules, ctx, ret);
}

int mw_filter_make_server(struct sock_fprog *ret)
{
	return make(SCMP_ACT_ALLOW, add_server, NULL, ret);
}

void mw_filter_free(struct sock_fprog *p)
{
	free(p->filter);
	*p = (struct sock_fprog){0};
}

/* Not by seccomp(), as libseccomp would do it: service managers allow that to few. */
int mw_filter_set(const struct sock_fprog *p)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, p) < 0 ? -errno : 0;
}
