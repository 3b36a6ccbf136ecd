/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep: copies of this process that wait for a document, and those that read one. Nothing of a document comes here.
 *
 * A copy has a socket to milward, of which this process holds a second handle of the copy's end: through it the end of the copy is
 * told, and it says when milward has closed its end, which ends the copy.
 */
#include "reader/inside.h"
#include "reader/keeper.h"
#include "reader/wire.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RETRY_MS 100

struct copy {
	int fd; /* -1: nothing here */
	pid_t pid;
	bool killed; /* by us: its end is near */
	bool gone;   /* and that is to be told */
	int status;
};

struct nest {
	const struct mw_keep *keep;
	struct copy *copy; /* keep->readers of them */
	struct pollfd *poll;
	bool failed; /* the last attempt to make one */
};

/* ---- a copy ---------------------------------------------------------------------------------------------------------------------- */

static _Noreturn void be_copy(const struct nest *n, pid_t parent, int fd, int other)
{
	sigset_t none;

	/* The end of the parent is the end of the copy, also when that came before this line. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	(void)setpgid(0, 0); /* what it starts ends with it, see end_group() */
	(void)close(n->keep->control);
	(void)close(n->keep->signals);
	(void)close(other);
	for (size_t i = 0; i < n->keep->readers; i++)
		if (n->copy[i].fd >= 0)
			(void)close(n->copy[i].fd);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (mw_sandbox_copy(n->keep->sandbox) < 0)
		_exit(1);
	mw_serve(n->keep->sandbox, n->keep->module, n->keep->modules, fd);
}

/* The copy and all that it has started. */
static void end_group(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)kill(-pid, SIGKILL);
}

static int copy_make(const struct nest *n, struct copy *c)
{
	static const char word = MW_KEEPER_READER;
	pid_t self = getpid(), pid;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		be_copy(n, self, pair[1], pair[0]);
	r = pid < 0 ? -errno : mw_send_with_fd(n->keep->control, &word, 1, pair[0]);
	(void)close(pair[0]);
	if (pid < 0) {
		(void)close(pair[1]);
		return r;
	}
	(void)setpgid(pid, pid); /* whoever is first */
	*c = (struct copy){.fd = pair[1], .pid = pid};
	if (r < 0)
		end_group(pid);
	return r;
}

/* ---- all of them ----------------------------------------------------------------------------------------------------------------- */

static void fill(struct nest *n)
{
	n->failed = false;
	for (size_t i = 0; i < n->keep->readers && !n->failed; i++)
		if (n->copy[i].fd < 0)
			n->failed = copy_make(n, &n->copy[i]) < 0;
}

static void forget(struct copy *c)
{
	(void)close(c->fd);
	*c = (struct copy){.fd = -1};
}

/* Milward must hear of it, or it would take this process for gone as well. */
static void tell_gone(struct copy *c)
{
	const struct mw_frame f = {.kind = MW_FRAME_GONE, .number = (uint64_t)(unsigned)c->status};
	struct mw_buf out = MW_BUF_INIT;
	ssize_t sent = -1;

	if (mw_frame_put(&out, &f) == 0)
		sent = send(c->fd, mw_buf_text(&out), out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	mw_buf_free(&out);
	if (sent >= 0 || errno != EAGAIN)
		forget(c);
}

static void reap(struct nest *n)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)!read(n->keep->signals, &info, sizeof(info));
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < n->keep->readers; i++)
			if (n->copy[i].fd >= 0 && n->copy[i].pid == pid && !n->copy[i].gone) {
				(void)kill(-pid, SIGKILL); /* no number is used again while its group is there */
				n->copy[i].gone = true;
				n->copy[i].status = status;
				tell_gone(&n->copy[i]);
			}
}

static void look_at(struct copy *c, short events)
{
	if (events & (POLLHUP | POLLERR)) {
		c->killed = true;
		if (c->gone)
			forget(c);
		else
			end_group(c->pid);
	} else if (c->gone && (events & POLLOUT)) {
		tell_gone(c);
	}
}

/* false: milward is gone. */
static bool wait_for_more(struct nest *n)
{
	struct pollfd *p = n->poll;
	size_t slots = n->keep->readers;

	p[0] = (struct pollfd){.fd = n->keep->control};
	p[1] = (struct pollfd){.fd = n->keep->signals, .events = POLLIN};
	for (size_t i = 0; i < slots; i++) {
		const struct copy *c = &n->copy[i];

		p[2 + i] = (struct pollfd){.fd = c->killed && !c->gone ? -1 : c->fd, .events = c->gone ? POLLOUT : 0};
	}
	if (poll(p, 2 + slots, n->failed ? RETRY_MS : -1) < 0)
		return errno == EINTR;
	if (p[0].revents & (POLLHUP | POLLERR))
		return false;
	for (size_t i = 0; i < slots; i++)
		if (p[2 + i].revents)
			look_at(&n->copy[i], p[2 + i].revents);
	if (p[1].revents)
		reap(n);
	return true;
}

int mw_keep(const struct mw_keep *keep)
{
	struct nest n = {.keep = keep};

	n.copy = calloc(keep->readers, sizeof(*n.copy));
	n.poll = calloc(keep->readers + 2, sizeof(*n.poll));
	if (!n.copy || !n.poll)
		return 1;
	for (size_t i = 0; i < keep->readers; i++)
		n.copy[i].fd = -1;
	do
		fill(&n);
	while (wait_for_more(&n));
	for (size_t i = 0; i < keep->readers; i++)
		if (n.copy[i].fd >= 0)
			end_group(n.copy[i].pid);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		; /* in a container, nobody else may */
	return 0;
}
