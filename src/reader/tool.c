/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/tool.h"

#include "reader/inside.h"
#include "reader/keeper.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE 65536u
#define CLONE_PIDFD_FLAG 0x1000u /* CLONE_PIDFD, which older headers lack */

/* Of what is printed before its turn comes; a program that prints more waits. */
#define KEPT_MOST ((size_t)16 << 20)

struct tool {
	struct mw_program *what;
	int output; /* where we read what it prints; -1 when that has ended */
	int pidfd;
	pid_t pid;
	char *kept;
	size_t n, cap;
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

static int start(struct tool *t, struct mw_program *what, int null)
{
	int in = access(what->argv[0], X_OK) < 0 ? -ENOENT : mw_sealed_file(what->input), pipes[2], r = 0;
	pid_t self = getpid();

	if (in < 0)
		return in;
	if (lseek(in, 0, SEEK_SET) < 0 || pipe2(pipes, O_CLOEXEC) < 0) {
		r = -errno;
		(void)close(in);
		return r;
	}
	*t = (struct tool){.what = what, .output = pipes[0], .pidfd = -1};
	t->pid = fork_held(&t->pidfd);
	if (t->pid == 0)
		be_tool(what->argv, self, in, pipes[1], null);
	if (t->pid < 0)
		r = -errno;
	(void)close(in);
	(void)close(pipes[1]);
	if (r < 0)
		(void)close(pipes[0]);
	return r;
}

/* It has closed its output, or we want no more of it. */
static void end_output(struct tool *t)
{
	if (t->output >= 0)
		(void)close(t->output);
	t->output = -1;
}

static int keep(struct tool *t, const char *p, size_t n)
{
	if (n > t->cap - t->n) {
		size_t cap = (t->n + n) * 2;
		char *more = malloc(cap);

		if (!more)
			return -ENOMEM;
		if (t->n) {
			memcpy(more, t->kept, t->n);
			explicit_bzero(t->kept, t->n);
		}
		free(t->kept);
		t->kept = more;
		t->cap = cap;
	}
	memcpy(t->kept + t->n, p, n);
	t->n += n;
	return 0;
}

static int give_kept(struct tool *t)
{
	int r = t->n ? t->what->fn(t->what->ctx, t->kept, t->n) : 0;

	if (t->kept)
		explicit_bzero(t->kept, t->n);
	free(t->kept);
	t->kept = NULL;
	t->n = t->cap = 0;
	return r;
}

/* What is there to read. now: whose turn it is. */
static int take_some(struct tool *t, bool now)
{
	static char piece[PIECE];
	ssize_t n = read(t->output, piece, sizeof(piece));

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0) {
		end_output(t);
		return 0;
	}
	return now ? t->what->fn(t->what->ctx, piece, (size_t)n) : keep(t, piece, (size_t)n);
}

/* All that the first of these prints; what the others do is kept. */
static int take_first(struct tool *t, size_t n, int64_t until)
{
	int r = give_kept(t);

	while (r == 0 && t->output >= 0) {
		struct pollfd fds[MW_PROGRAMS_MOST];
		int64_t left = until - mw_clock_ms();

		for (size_t i = 0; i < n; i++)
			fds[i] = (struct pollfd){.fd = i && t[i].n >= KEPT_MOST ? -1 : t[i].output, .events = POLLIN};
		if (left <= 0)
			return -ETIME;
		r = poll(fds, (nfds_t)n, left < 60000 ? (int)left : 60000);
		r = r < 0 && errno != EINTR ? -errno : 0;
		for (size_t i = 0; i < n && r == 0; i++)
			if (fds[i].revents && t[i].output >= 0)
				r = take_some(&t[i], i == 0);
	}
	return r;
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

/* r: of what was before; when that is a failure, it is killed. */
static int end_tool(struct tool *t, int64_t until, int r)
{
	int ended;

	if (r != 0)
		(void)syscall(SYS_pidfd_send_signal, t->pidfd, SIGKILL, NULL, 0u);
	end_output(t);
	ended = wait_end(t, until, &t->what->status);
	(void)close(t->pidfd);
	if (t->kept)
		explicit_bzero(t->kept, t->n);
	free(t->kept);
	return r != 0 ? r : ended;
}

int mw_tools_run(struct mw_program *runs, size_t n, int null, int64_t until, int (*meanwhile)(void *ctx), void *ctx)
{
	struct tool tool[MW_PROGRAMS_MOST];
	size_t started = 0;
	int r = n <= MW_PROGRAMS_MOST ? 0 : -E2BIG;

	while (r == 0 && started < n) {
		r = start(&tool[started], &runs[started], null);
		started += r == 0;
	}
	if (r == 0 && meanwhile)
		r = meanwhile(ctx);
	for (size_t i = 0; i < started; i++) {
		if (r == 0)
			r = take_first(&tool[i], started - i, until);
		r = end_tool(&tool[i], until, r);
	}
	return r;
}
