/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROMPT_MS 5 /* between looks at a child that has closed its output and not ended yet */

/* Ends of the three pipes: [0] is read, [1] is written. -1 = closed. */
struct pipes {
	int in[2], out[2], err[2];
};

int64_t mw_run_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void pipes_close(struct pipes *p)
{
	shut(&p->in[0]);
	shut(&p->in[1]);
	shut(&p->out[0]);
	shut(&p->out[1]);
	shut(&p->err[0]);
	shut(&p->err[1]);
}

/* The input is short enough to lie in the pipe before anybody reads. */
static int pipes_open(struct pipes *p, const char *in)
{
	size_t n = in ? strlen(in) : 0;

	*p = (struct pipes){.in = {-1, -1}, .out = {-1, -1}, .err = {-1, -1}};
	if (n > MW_RUN_IN_MAX)
		return -EFBIG;
	if (pipe2(p->in, O_CLOEXEC) < 0 || pipe2(p->out, O_CLOEXEC) < 0 || pipe2(p->err, O_CLOEXEC) < 0)
		return -errno;
	if (n && write(p->in[1], in, n) != (ssize_t)n)
		return -EIO;
	shut(&p->in[1]);
	return 0;
}

static int spawn_actions(posix_spawn_file_actions_t *actions, const struct pipes *p)
{
	int r = posix_spawn_file_actions_adddup2(actions, p->in[0], STDIN_FILENO);

	if (!r)
		r = posix_spawn_file_actions_adddup2(actions, p->out[1], STDOUT_FILENO);
	if (!r)
		r = posix_spawn_file_actions_adddup2(actions, p->err[1], STDERR_FILENO);
	return r;
}

/* A process group of its own, and none of the signal settings of this process. */
static int spawn_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int r;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	r = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!r)
		r = posix_spawnattr_setpgroup(attr, 0);
	if (!r)
		r = posix_spawnattr_setsigmask(attr, &none);
	if (!r)
		r = posix_spawnattr_setsigdefault(attr, &all);
	return r;
}

static int spawn(const char *const *argv, const struct pipes *p, pid_t *pid)
{
	static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	r = spawn_actions(&actions, p);
	if (!r)
		r = spawn_attributes(&attr);
	/* The casts only say what posix_spawn() promises: it changes neither. */
	if (!r)
		r = posix_spawn(pid, argv[0], &actions, &attr, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Takes what is there. Closes fd at its end. */
static int take_out(struct mw_run_result *res, int *fd)
{
	ssize_t n;

	if (res->n >= MW_RUN_OUT_MAX)
		return -EFBIG;
	n = read(*fd, res->out + res->n, MW_RUN_OUT_MAX - res->n);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		shut(fd);
	res->n += (size_t)n;
	return 0;
}

static int take_err(struct mw_run_result *res, int *fd)
{
	char text[512];
	size_t have = strlen(res->err), room = sizeof(res->err) - 1 - have;
	ssize_t n = read(*fd, text, sizeof(text));

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		shut(fd);
	if ((size_t)n < room)
		room = (size_t)n;
	memcpy(res->err + have, text, room);
	res->err[have + room] = '\0';
	return 0;
}

static int collect(struct pipes *p, int64_t deadline, struct mw_run_result *res)
{
	while (p->out[0] >= 0 || p->err[0] >= 0) {
		struct pollfd fds[2] = {{.fd = p->out[0], .events = POLLIN}, {.fd = p->err[0], .events = POLLIN}};
		int64_t left = deadline - mw_run_now();
		int r;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(fds, 2, (int)(left > 60000 ? 60000 : left)) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		r = fds[0].revents ? take_out(res, &p->out[0]) : 0;
		if (r == 0 && fds[1].revents)
			r = take_err(res, &p->err[0]);
		if (r < 0)
			return r;
	}
	res->out[res->n] = '\0';
	return 0;
}

static int reap(pid_t pid, int64_t deadline, int *status)
{
	int raw = 0;
	pid_t r;

	for (;;) {
		r = waitpid(pid, &raw, WNOHANG);
		if (r == pid)
			break;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (mw_run_now() >= deadline)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, PROMPT_MS);
	}
	*status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
	return 0;
}

int mw_run(const char *const *argv, const char *in, int64_t deadline, struct mw_run_result *ret)
{
	struct mw_run_result res = {.out = malloc(MW_RUN_OUT_MAX + 1)};
	struct pipes p;
	pid_t pid;
	int r;

	if (!res.out)
		return -ENOMEM;
	r = pipes_open(&p, in);
	if (r == 0)
		r = spawn(argv, &p, &pid);
	if (r == 0) {
		shut(&p.in[0]);
		shut(&p.out[1]);
		shut(&p.err[1]);
		r = collect(&p, deadline, &res);
		if (r == 0)
			r = reap(pid, deadline, &res.status);
		if (r < 0 && r != -ECHILD) { /* ECHILD: somebody else has reaped it, the number may be another's by now */
			(void)kill(-pid, SIGKILL);
			while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
				continue;
		}
	}
	pipes_close(&p);
	if (r < 0)
		free(res.out);
	else
		*ret = res;
	return r;
}

void mw_run_result_free(struct mw_run_result *res)
{
	free(res->out);
	*res = (struct mw_run_result){0};
}
