/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/tool.h"

#include "reader/inside.h"
#include "reader/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE 65536u
#define CLONE_PIDFD_FLAG 0x1000u /* CLONE_PIDFD, which older headers lack */

struct tool {
	int output; /* where we read what it prints */
	int pidfd;
	pid_t pid;
};

/* ---- in the new process ---------------------------------------------------------------------------------------------------------- */

static _Noreturn void be_tool(const char *const *argv, pid_t parent, int input, int output, int null)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "OMP_THREAD_LIMIT=1", "HOME=/nonexistent",
					  NULL};
	const struct rlimit nothing = {0};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || syscall(SYS_getppid) != parent)
		_exit(126);
	if (dup2(null, STDERR_FILENO) < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0) /* null may be 1 */
		_exit(126);
	if (syscall(SYS_close_range, 3u, ~0u, 0u) < 0 || setrlimit(RLIMIT_FSIZE, &nothing) < 0 || mw_sandbox_tool() < 0)
		_exit(126);
	(void)execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
	_exit(126);
}

/* ---- in ours --------------------------------------------------------------------------------------------------------------------- */

/* A signal goes to what we hold and to no number: a reader may send signals to nothing else. */
static pid_t fork_held(int *pidfd)
{
	return (pid_t)syscall(SYS_clone, (unsigned long)(CLONE_PIDFD_FLAG | SIGCHLD), NULL, pidfd, NULL, 0ul);
}

static int start(const char *const *argv, struct mw_str input, int null, struct tool *t)
{
	int in = mw_sealed_file(input), pipes[2], r = 0;
	pid_t self = getpid();

	if (in < 0)
		return in;
	if (lseek(in, 0, SEEK_SET) < 0 || pipe2(pipes, O_CLOEXEC) < 0) {
		r = -errno;
		(void)close(in);
		return r;
	}
	t->pid = fork_held(&t->pidfd);
	if (t->pid == 0)
		be_tool(argv, self, in, pipes[1], null);
	if (t->pid < 0)
		r = -errno;
	(void)close(in);
	(void)close(pipes[1]);
	t->output = pipes[0];
	if (r < 0)
		(void)close(pipes[0]);
	return r;
}

static int take_output(const struct tool *t, int64_t until, int (*fn)(void *ctx, const char *p, size_t n), void *ctx)
{
	static char piece[PIECE];

	for (;;) {
		int r = mw_wait_readable(t->output, until);
		ssize_t n;

		if (r <= 0)
			return r < 0 ? r : -ETIME;
		n = read(t->output, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		r = fn(ctx, piece, (size_t)n);
		if (r != 0)
			return r;
	}
}

/* It may have closed its output and go on. */
static int wait_end(const struct tool *t, int64_t until, int *status)
{
	int r = mw_wait_readable(t->pidfd, until), code = 0;

	if (r <= 0)
		(void)syscall(SYS_pidfd_send_signal, t->pidfd, SIGKILL, NULL, 0u);
	while (waitpid(t->pid, &code, 0) < 0)
		if (errno != EINTR)
			return -errno;
	*status = WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code);
	return r > 0 ? 0 : r < 0 ? r : -ETIME;
}

int mw_tool_run(const char *const *argv, struct mw_str input, int null, int64_t until,
		int (*fn)(void *ctx, const char *p, size_t n), void *ctx, int *status)
{
	struct tool t = {.pidfd = -1};
	int r, ended, code = 0;

	if (access(argv[0], X_OK) < 0)
		return -ENOENT;
	r = start(argv, input, null, &t);
	if (r < 0)
		return r;
	r = take_output(&t, until, fn, ctx);
	(void)close(t.output);
	if (r != 0)
		(void)syscall(SYS_pidfd_send_signal, t.pidfd, SIGKILL, NULL, 0u);
	ended = wait_end(&t, until, &code);
	(void)close(t.pidfd);
	r = r != 0 ? r : ended;
	if (r == 0)
		*status = code;
	return r;
}
