/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/keeper.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MS 1000 /* to end in order */

struct mw_keeper {
	atomic_uint refs;
	int socket;
	pid_t pid;
};

/* ---- starting the program -------------------------------------------------------------------------------------------------------- */

/* Nothing of our own environment, except for where libraries are and what a sanitizer is told. */
static void environment(const char *env[], size_t max)
{
	static const char *const kept[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH"};
	size_t n = 0;

	env[n++] = "PATH=/usr/bin:/bin";
	env[n++] = "LC_ALL=C";
	env[n++] = "OMP_THREAD_LIMIT=1";
	for (char **e = environ; e && *e; e++)
		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]) && n + 1 < max; i++)
			if (strncmp(*e, kept[i], strlen(kept[i])) == 0 && (*e)[strlen(kept[i])] == '=')
				env[n++] = *e;
	env[n] = NULL;
}

/* Of a thread of a large process: spawned, not forked. In a session of its own, so that what a terminal says to us does not end it
 * before us. */
static int spawn(const char *program, int theirs, pid_t *pid)
{
	char name[] = "milward-reader", *const argv[] = {name, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	const char *env[16];
	sigset_t none, all;
	int err;

	environment(env, sizeof(env) / sizeof(env[0]));
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if (posix_spawn_file_actions_init(&files))
		return -ENOMEM;
	if (posix_spawnattr_init(&attr)) {
		(void)posix_spawn_file_actions_destroy(&files);
		return -ENOMEM;
	}
	err = posix_spawn_file_actions_adddup2(&files, theirs, MW_KEEPER_FD);
	err = err ? err : posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	err = err ? err : posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	err = err ? err : posix_spawnattr_setsigmask(&attr, &none);
	err = err ? err : posix_spawnattr_setsigdefault(&attr, &all);
	err = err ? err : posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	err = err ? err : posix_spawn(pid, program, &files, &attr, argv, (char *const *)(uintptr_t)env);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&files);
	return -err;
}

/* dup2() of a descriptor to itself would leave it to be closed by exec. */
static int spawn_with_socket(const char *program, int theirs, pid_t *pid)
{
	int moved = theirs, r;

	if (theirs == MW_KEEPER_FD) {
		moved = fcntl(theirs, F_DUPFD_CLOEXEC, MW_KEEPER_FD + 1);
		if (moved < 0)
			return -errno;
	}
	r = spawn(program, moved, pid);
	if (moved != theirs)
		(void)close(moved);
	return r;
}

/* ---- the talk at the start ------------------------------------------------------------------------------------------------------- */

struct talk {
	int socket;
	int64_t until;
	void (*log)(void *ctx, enum mw_log_level, const char *module, const char *text);
	void *ctx;
};

static void pass_log(const struct talk *t, const char *p, size_t n)
{
	const char *end = n > 1 ? memchr(p + 1, '\0', n - 1) : NULL;

	if (t->log && end)
		t->log(t->ctx, (enum mw_log_level)(unsigned char)*p, p + 1, end + 1);
}

static int gone(struct mw_err *err)
{
	return mw_fail(err, -EIO, "the readers ended before they were ready");
}

static int wait_open(const struct talk *t, struct mw_err *err)
{
	char packet[MW_KEEPER_PACKET + 1];

	for (;;) {
		int r = mw_wait_readable(t->socket, t->until), fd;

		if (r == 0)
			return mw_fail(err, -ETIME, "the readers are not ready in time");
		if (r > 0)
			r = mw_receive_with_fd(t->socket, packet, MW_KEEPER_PACKET, &fd);
		if (r == -EAGAIN)
			continue;
		if (r <= 0)
			return gone(err);
		packet[r] = '\0';
		switch (packet[0]) {
		case MW_KEEPER_OPEN:
			return 0;
		case MW_KEEPER_LOG:
			pass_log(t, packet + 1, (size_t)r - 1);
			break;
		case MW_KEEPER_ERROR:
			return mw_fail(err, -ENOEXEC, "%s", packet + 1);
		default:
			return gone(err);
		}
	}
}

static int send_setup(int socket, struct mw_str setup, struct mw_err *err)
{
	int fd = mw_sealed_file(setup), r;

	if (fd < 0)
		return mw_fail(err, fd, "no file in memory: %s", strerror(-fd));
	r = mw_send_with_fd(socket, "s", 1, fd);
	(void)close(fd);
	return r < 0 ? gone(err) : 0;
}

int mw_keeper_start(const char *program, struct mw_str setup, int64_t wait,
		    void (*log)(void *ctx, enum mw_log_level, const char *module, const char *text), void *ctx,
		    struct mw_keeper **ret, struct mw_err *err)
{
	struct talk talk = {.until = mw_clock_ms() + wait, .log = log, .ctx = ctx};
	struct mw_keeper *k = calloc(1, sizeof(*k));
	int pair[2], r;

	if (!k)
		return mw_fail_memory(err);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		r = mw_fail(err, -errno, "socketpair: %s", strerror(errno));
		free(k);
		return r;
	}
	atomic_init(&k->refs, 1);
	k->socket = talk.socket = pair[0];
	r = spawn_with_socket(program, pair[1], &k->pid);
	(void)close(pair[1]);
	if (r < 0) {
		r = mw_fail(err, r, "cannot start %s: %s", program, strerror(-r));
		k->pid = 0;
	}
	if (r == 0)
		r = send_setup(k->socket, setup, err);
	if (r == 0)
		r = wait_open(&talk, err);
	if (r < 0)
		mw_keeper_unref(k);
	else
		*ret = k;
	return r;
}

/* ---- its life --------------------------------------------------------------------------------------------------------------------- */

struct mw_keeper *mw_keeper_ref(struct mw_keeper *k)
{
	(void)atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
	return k;
}

/* Its end of the socket tells it to go, and it takes its readers along; they go with it too when it is killed. */
static void end_process(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0u);

	if (fd < 0 || mw_wait_readable(fd, mw_clock_ms() + END_MS) != 1)
		(void)kill(pid, SIGKILL);
	if (fd >= 0)
		(void)close(fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void mw_keeper_unref(struct mw_keeper *k)
{
	if (!k || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
		return;
	(void)close(k->socket);
	if (k->pid > 0)
		end_process(k->pid);
	free(k);
}

int mw_keeper_reader(struct mw_keeper *k, int other, int64_t until)
{
	char word;

	for (;;) {
		int r = mw_wait_either(k->socket, other, until), fd = -1;

		if (r == 0)
			return -ETIME;
		if (r == 2)
			return -EAGAIN;
		if (r > 0)
			r = mw_receive_with_fd(k->socket, &word, 1, &fd);
		if (r == -EAGAIN) /* another thread took it */
			continue;
		if (r < 0 && r != -ECONNRESET)
			return r;
		if (r == 1 && word == MW_KEEPER_READER && fd >= 0)
			return fd;
		if (fd >= 0)
			(void)close(fd);
		if (r == 1 && word == MW_KEEPER_READER)
			return -EMFILE; /* the descriptor did not fit in */
		return -EPIPE;
	}
}
