/* SPDX-License-Identifier: Apache-2.0 */
#include "host/worker.h"

#include "base/err.h"
#include "base/clock.h"
#include "host/daemon.h"
#include "host/session.h"
#include "host/socket.h"
#include "host/supervisor.h"
#include "mail/mime.h"

#include <errno.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Signs of life for ten minutes at most, which is how long RFC 5321 4.5.3.2.6 lets a client wait. */
#define PROGRESS_SECONDS 600
/* Judging an ordinary message takes less, see progress.h. */
#define BLOCKS_MS 50
/* A message has one document read at a time, so that more than --work never wait. */
#define READERS_MAX 256

struct worker {
	struct mw_daemon daemon;
	char *listen; /* as long as the process: libmilter and the end of us read it */
	struct mw_socket socket;
	int control;
	_Atomic bool draining;
};

/* ---- the process --------------------------------------------------------------------------------------------------------------- */

static void set_process_up(void)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
	struct rlimit files, core = {.rlim_cur = 1, .rlim_max = 1};
	sigset_t all;

	/* The service manager hears the supervisor alone. */
	(void)unsetenv("NOTIFY_SOCKET");
	/* The supervisor gives orders; libmilter waits for TERM, HUP and INT in a thread of its own. A full disk or a file size limit
	 * shall be an error of write(), and a peer that went away too. */
	(void)sigfillset(&all);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		(void)sigdelset(&all, faults[i]);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	/* Messages are in our memory: no core files. One octet, because 0 does not keep the kernel from a core_pattern with a pipe. */
	(void)setrlimit(RLIMIT_CORE, &core);
	/* A connection and perhaps a spool file for each session. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	(void)umask(077);
#ifdef M_ARENA_MAX
	/* libmilter makes many threads; an arena for each would keep what a large message has used. Large pieces go back to the system
	 * at once; left to itself, malloc() would keep pieces of up to 32 MB after the first of them. */
	(void)mallopt(M_ARENA_MAX, 4);
	(void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
	(void)mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
#endif
}

static enum mw_exit spool_check(const struct mw_options *o, struct mw_err *err)
{
	char probe[4096];
	int fd = o->start.test ? access(o->spool, W_OK | X_OK) : open(o->spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) { /* no unnamed files there: the store makes and unlinks one */
		if (snprintf(probe, sizeof(probe), "%s/start-XXXXXX", o->spool) < (int)sizeof(probe)) {
			fd = mkostemp(probe, O_CLOEXEC);
			if (fd >= 0)
				(void)unlink(probe);
		}
	}
	if (fd < 0) {
		(void)mw_fail(err, -errno, "spool %s: %s; make this folder writable for milward alone, or give --spool DIR",
			      o->spool, strerror(errno));
		return MW_EXIT_CREATE;
	}
	if (!o->start.test) /* then it is no descriptor: a test leaves nothing behind, not even for a moment */
		(void)close(fd);
	return MW_EXIT_OK;
}

/* ---- what sessions share --------------------------------------------------------------------------------------------------------- */

static enum mw_exit policy_open(struct worker *w, const struct mw_options *o, struct mw_err *err)
{
	mw_mime_init();
	w->daemon.options = o;
	w->daemon.loader = mw_loader_new(o->start.modules);
	if (w->daemon.loader) {
		if (w->daemon.counts) /* a test of the policy counts nothing */
			mw_count_attach(w->daemon.counts, w->daemon.loader);
		mw_loader_set_readers(w->daemon.loader, o->work < READERS_MAX ? o->work : READERS_MAX);
		w->daemon.current = mw_current_new(w->daemon.loader, o);
	}
	if (!w->daemon.current) {
		(void)mw_fail_memory(err);
		return MW_EXIT_SYSTEM;
	}
	return mw_current_load(w->daemon.current, err);
}

static void policy_close(struct worker *w)
{
	mw_current_free(&w->daemon.current);
	mw_loader_free(&w->daemon.loader);
}

/* The last of this worker: others in work are finished, so that they need not come again. Its modules are not closed: they may wait
 * for what the stuck one holds. */
static void give_up(void *arg)
{
	struct worker *w = arg;
	unsigned left = w->daemon.options->drain;

	mw_log(MW_ERROR, NULL, "stuck", "this worker ends, another takes its place; the MTA defers what is stuck");
	mw_socket_remove(&w->socket);
	while (left-- > 0 && !mw_flow_drain(w->daemon.flow, mw_watch_look(w->daemon.watch), 1))
		; /* looks again: more of them may be stuck by now */
	mw_counts_log(&w->daemon);
	_exit(MW_EXIT_STUCK);
}

static void knock(void *arg)
{
	const struct worker *w = arg;

	mw_socket_knock(&w->socket);
}

static enum mw_exit threads_start(struct worker *w, const struct mw_options *o, struct mw_err *err)
{
	struct mw_progress_conf conf = {.interval = (int64_t)o->progress * 1000,
					.times = PROGRESS_SECONDS / o->progress,
					.send = mw_session_progress,
					.blocks = BLOCKS_MS,
					.knock = knock,
					.knock_ctx = w};
	struct mw_watch_conf watch = {.patience = (int64_t)o->stuck * 1000, .stuck = give_up, .ctx = w};

	/* A quarter for what comes in, the rest for what is judged: of the default, two messages of 25 MB at a time. */
	w->daemon.gate = mw_gate_new(o->work, o->memory - o->memory / 4);
	w->daemon.flow = mw_flow_new(o->memory / 4);
	if (w->daemon.gate && w->daemon.flow && mw_progress_new(&conf, &w->daemon.progress) == 0 &&
	    mw_watch_new(&watch, &w->daemon.watch) == 0)
		return MW_EXIT_OK;
	(void)mw_fail(err, -EAGAIN, "not enough memory or threads to start");
	return MW_EXIT_SYSTEM;
}

static enum mw_exit socket_open(struct worker *w, const struct mw_options *o, struct mw_err *err)
{
	struct mw_generation *g = mw_current_get(w->daemon.current);
	const char *listen = o->socket ? o->socket : mw_generation_plan(g)->listen;
	bool none = !listen;
	int r;

	w->listen = listen ? strdup(listen) : NULL;
	mw_generation_unref(&g);
	if (none) {
		(void)mw_fail(err, -EINVAL, "%s: no `listen` line says where the MTA finds us; add one, or give --socket",
			      o->start.policy);
		return MW_EXIT_POLICY;
	}
	if (!w->listen) {
		(void)mw_fail_memory(err);
		return MW_EXIT_SYSTEM;
	}
	r = mw_socket_prepare(w->listen, &w->socket, err);
	if (!r && mw_session_register(&w->daemon))
		r = mw_fail(err, -ENOMEM, "libmilter does not take our callbacks");
	if (!r)
		r = mw_socket_open(&w->socket, o, err);
	if (r)
		return MW_EXIT_CREATE;
	if (!w->socket.path)
		mw_log(MW_WARNING, NULL, "start",
		       "%s: each callback waits 40 ms on an inet socket with Sendmail; a unix socket does not", w->listen);
	return MW_EXIT_OK;
}

/* ---- orders ---------------------------------------------------------------------------------------------------------------------- */

static void tell(struct worker *w, enum mw_from_worker what, const char *text)
{
	char packet[256];
	int n = snprintf(packet, sizeof(packet), "%c%s", what, text);

	if (n > 0)
		(void)send(w->control, packet, (size_t)n < sizeof(packet) ? (size_t)n : sizeof(packet) - 1, MSG_NOSIGNAL);
}

static void tell_ready(struct worker *w, const char *event)
{
	struct mw_generation *g = mw_current_get(w->daemon.current);
	const struct mw_plan *plan = mw_generation_plan(g);
	char text[200];

	mw_count_plan(w->daemon.counts, plan);
	mw_common_policy(&w->daemon.counts->common, plan->path, plan->digest, plan->observe);
	(void)snprintf(text, sizeof(text), "policy %s, digest %.12s", plan->path, plan->digest);
	if (!w->daemon.options->socket && plan->listen && w->socket.spec && strcmp(plan->listen, w->socket.spec) != 0)
		mw_log(MW_WARNING, NULL, event, "`listen` has changed; a restart is needed for that");
	mw_log(MW_NOTICE, NULL, event, "%s%s, listening on %s", text, plan->observe ? ", mode observe" : "", w->socket.spec);
	mw_generation_unref(&g);
	tell(w, MW_IS_READY, text);
}

static void reload(struct worker *w)
{
	struct mw_err err;

	if (mw_current_load(w->daemon.current, &err) == MW_EXIT_OK) {
		mw_common_reload(&w->daemon.counts->common, true);
		tell_ready(w, "reload");
		return;
	}
	mw_common_reload(&w->daemon.counts->common, false);
	mw_log(MW_ERROR, NULL, "reload", "%s", err.text);
	mw_log(MW_ERROR, NULL, "reload", "the running policy stays as it is");
	tell(w, MW_KEEPS_OLD, "reload failed, the old policy is running; see the log");
}

/* libmilter's own way to stop drops what is in work and takes up to five seconds, so the process ends here. */
static _Noreturn void drain_and_exit(struct worker *w)
{
	bool done;

	w->draining = true;
	mw_socket_remove(&w->socket);
	done = mw_flow_drain(w->daemon.flow, 0, w->daemon.options->drain);
	if (!done)
		mw_log(MW_WARNING, NULL, "stop", "%llu messages still in work are given up; the MTA defers them",
		       (unsigned long long)mw_flow_active(w->daemon.flow));
	mw_counts_log(&w->daemon);
	mw_log(MW_NOTICE, NULL, "stop", "stopped");
	/* Modules close with the last message. No exit(): handlers of libraries (libmilter has one) would pull away what threads of
	 * libmilter still use while they wait for their next message. */
	mw_current_close(w->daemon.current);
	_exit(MW_EXIT_OK);
}

/* Waits for orders, and takes all that are there: a reload reads what is on disk by then, so one does for all that were asked for while
 * another one took its time; and neither a stop nor a sign of life waits for any of them. */
struct orders {
	bool reload, counts, answer, drain;
};

static struct orders orders_take(const struct worker *w)
{
	struct orders o = {.reload = false};
	int flags = 0;
	char order;

	for (;;) {
		ssize_t n = recv(w->control, &order, 1, flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && flags && (errno == EAGAIN || errno == EWOULDBLOCK))
			return o;
		if (n <= 0) {
			mw_log(MW_ERROR, NULL, "stop", "the supervisor is gone");
			o.drain = true;
			return o;
		}
		o.reload |= order == MW_DO_RELOAD;
		o.counts |= order == MW_DO_COUNTS;
		o.answer |= order == MW_DO_ANSWER;
		o.drain |= order == MW_DO_DRAIN;
		flags = MSG_DONTWAIT;
	}
}

static void *obey(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		const struct orders o = orders_take(w);

		if (o.answer)
			tell(w, MW_IS_ALIVE, "");
		if (o.drain)
			drain_and_exit(w);
		if (o.reload)
			reload(w);
		if (o.counts)
			mw_counts_log(&w->daemon);
	}
	return NULL;
}

/* ---- the whole -------------------------------------------------------------------------------------------------------------------- */

static enum mw_exit set_up(struct worker *w, const struct mw_options *o, struct mw_err *err)
{
	enum mw_exit status = spool_check(o, err);

	if (status == MW_EXIT_OK)
		status = policy_open(w, o, err);
	if (status == MW_EXIT_OK)
		status = threads_start(w, o, err);
	if (status == MW_EXIT_OK)
		status = socket_open(w, o, err);
	return status;
}

static void tear_down(struct worker *w)
{
	mw_watch_free(&w->daemon.watch);
	mw_progress_free(&w->daemon.progress);
	mw_flow_free(&w->daemon.flow);
	mw_gate_free(&w->daemon.gate);
	mw_socket_remove(&w->socket);
	policy_close(w);
}

int mw_worker_run(const struct mw_options *o, struct mw_counts *counts, int control)
{
	static struct worker w; /* threads of libmilter may outlive main() */
	struct mw_err err;
	enum mw_exit status;
	pthread_t thread;

	w.control = control;
	w.daemon.counts = counts;
	mw_gauge_set(&counts->judging_limit, o->work);
	set_process_up();
	status = set_up(&w, o, &err);
	if (status == MW_EXIT_OK && pthread_create(&thread, NULL, obey, &w)) {
		(void)mw_fail(&err, -EAGAIN, "no thread for the orders of the supervisor");
		status = MW_EXIT_SYSTEM;
	}
	if (status != MW_EXIT_OK) {
		tell(&w, MW_SAYS_WHY, err.text);
		tear_down(&w);
		return mw_start_refused(&o->start, (int)status, "%s", err.text);
	}
	tell_ready(&w, "start");
	mw_leave_stderr(o);
	(void)smfi_main();
	if (w.draining)
		(void)pthread_join(thread, NULL); /* does not return: it ends the process */
	mw_log(MW_ERROR, NULL, "stop",
	       "libmilter ended by itself (or somebody sent the worker a signal: signals are for process %ld)", (long)getppid());
	_exit(MW_EXIT_SOFTWARE);
}

int mw_worker_test(const struct mw_options *o)
{
	struct worker w = {.control = -1};
	struct mw_err err;
	enum mw_exit status;

	status = spool_check(o, &err);
	if (status == MW_EXIT_OK)
		status = policy_open(&w, o, &err);
	policy_close(&w);
	return status == MW_EXIT_OK ? MW_EXIT_OK : mw_start_refused(&o->start, (int)status, "%s", err.text);
}
