/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/agent.h"

#include "base/clock.h"
#include "base/listen.h"
#include "base/notify.h"
#include "seal/children.h"
#include "seal/session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct agent {
	const struct mw_start *options;
	struct mw_loader *loader;
	struct mw_site *site;
	size_t old; /* sites that only children have */
	struct mw_site **past;
	struct mw_journal *journal;
	char *spec; /* of listen: policies come and go */
	struct mw_listen listen;
	int signals;
	size_t n, room;
	struct mw_child *child;
	struct pollfd *poll; /* three more than children */
	struct mw_status *status;
	struct mw_seal_counts *counts;
	int64_t until; /* when draining: time at which it ends; 0 = it is not */
	bool done;
};

/* ---- a child --------------------------------------------------------------------------------------------------------------------- */

/* A file without a name, where there is room for messages. */
static int nameless(const char *folder)
{
	char path[4096];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), n;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	n = snprintf(path, sizeof(path), "%s/work.XXXXXX", folder);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

static int child_connect(void *ctx)
{
	char text[64] = "";
	int fd = -1;
	int told = mw_parent_ask(ctx, MW_ASK_CONNECT, (struct mw_str){0}, text, sizeof(text), &fd);

	if (told == MW_TOLD_OK && fd >= 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return told < 0 ? told : -(*text ? atoi(text) : EIO);
}

static bool child_goes_on(void *ctx)
{
	return mw_parent_lives(ctx);
}

/* What is the parent's alone. Sealers have files of their own open, which stay. */
static void leave_parent(struct agent *a)
{
	(void)close(a->listen.fd);
	(void)close(a->signals);
	mw_status_leave(a->status);
	for (size_t i = 0; i < a->n; i++) {
		mw_child_forget(&a->child[i]);
		(void)close(a->child[i].sock);
	}
	mw_journal_close(&a->journal);
	if (a->site->custody)
		a->site->custody->leave(a->site->custody_inst);
	mw_seal_recorder_leave(&a->site->recorder);
	for (size_t i = 0; i < a->old; i++)
		mw_seal_recorder_leave(&a->past[i]->recorder);
}

static _Noreturn void be_child(struct agent *a, int client, int sock, const int *file, pid_t parent)
{
	static struct mw_worker w;
	sigset_t none;
	int r;

	w = (struct mw_worker){.conf = a->site->conf,
			       .name = a->site->name,
			       .author = a->site->author,
			       .gen = a->site->gen,
			       .custody = a->site->custody,
			       .custody_inst = a->site->custody_inst,
			       .parent = {.sock = sock},
			       .counts = a->counts,
			       .reentry = {.name = a->site->name,
					   .reply = a->site->conf->reply * 1000,
					   .connect = child_connect,
					   .goes_on = child_goes_on,
					   .ctx = &w.parent,
					   .stream = {.fd = -1}},
			       .file = {file[0], file[1], file[2]}};
	leave_parent(a);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = getppid() != parent ? -ESRCH : mw_box_enter(&a->site->box, a->site->conf->size);
	if (r < 0) {
		mw_log(MW_ERROR, NULL, "sandbox", "a child cannot lock itself down: %s", strerror(-r));
		_exit(1);
	}
	mw_session_run(&w, client);
	_exit(0);
}

/* Nothing was taken yet: the MTA tries again later. */
static void turn_away(int client, const char *why)
{
	static const char text[] = "421 4.3.2 not now\r\n";

	mw_log(MW_ERROR, NULL, "connection", "%s: %s", why, strerror(errno));
	(void)send(client, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void start_child(struct agent *a, int client)
{
	int pair[2] = {-1, -1}, file[3] = {-1, -1, -1};
	pid_t pid = -1, me = getpid();
	bool good = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0;

	for (size_t i = 0; i < 3 && good; i++) {
		file[i] = nameless(a->site->conf->state);
		good = file[i] >= 0;
	}
	if (good)
		pid = fork();
	if (pid == 0)
		be_child(a, client, pair[1], file, me);
	if (pid < 0)
		turn_away(client, good ? "no process for it" : "no working files for it");
	for (size_t i = 0; i < 3; i++)
		if (file[i] >= 0)
			(void)close(file[i]);
	if (pair[1] >= 0)
		(void)close(pair[1]);
	if (pid > 0)
		mw_count(&a->counts->connections);
	if (pid > 0)
		a->child[a->n++] = (struct mw_child){.pid = pid, .sock = pair[0], .site = a->site, .room = -1};
	else if (pair[0] >= 0)
		(void)close(pair[0]);
}

static void take_connection(struct agent *a)
{
	int fd = accept4(a->listen.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	start_child(a, fd);
	(void)close(fd);
}

/* ---- the policy ------------------------------------------------------------------------------------------------------------------ */

/* Policies that no child has any more. */
static void forget_sites(struct agent *a)
{
	size_t left = 0;

	for (size_t i = 0; i < a->old; i++) {
		bool used = false;

		for (size_t k = 0; k < a->n; k++)
			used |= a->child[k].site == a->past[i];
		if (used)
			a->past[left++] = a->past[i];
		else
			mw_site_free(&a->past[i]);
	}
	a->old = left;
}

static void stop_children(struct agent *a)
{
	for (size_t i = 0; i < a->n; i++)
		(void)mw_control_send(a->child[i].sock, MW_TOLD_STOP, (struct mw_str){0}, -1);
}

static int grow(struct agent *a, size_t children)
{
	struct mw_child *c;
	struct pollfd *p;

	if (children <= a->room)
		return 0;
	c = realloc(a->child, children * sizeof(*c));
	if (c)
		a->child = c;
	p = realloc(a->poll, (children + 3) * sizeof(*p));
	if (p)
		a->poll = p;
	if (!c || !p)
		return -ENOMEM;
	a->room = children;
	return 0;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void warn_of_change(const struct mw_seal_conf *was, const struct mw_seal_conf *is)
{
	if (!same(was->listen, is->listen) || !same(was->socket_group, is->socket_group) ||
	    !same(was->socket_mode, is->socket_mode) || !same(was->state, is->state))
		mw_log(MW_WARNING, NULL, "reload",
		       "listen, socket-group, socket-mode and state stay as they were until a restart");
}

static void tell_policy(struct agent *a)
{
	const struct mw_plan *plan = mw_generation_plan(a->site->gen);

	mw_common_policy(&a->counts->common, plan->path, plan->digest, false);
}

static void reload(struct agent *a)
{
	struct mw_site *fresh = NULL, **past;
	struct mw_err err = {0};

	(void)mw_notify_reloading();
	past = realloc(a->past, (a->old + 1) * sizeof(struct mw_site *));
	if (past)
		a->past = past;
	if (!past || mw_site_load(a->loader, a->options, &fresh, &err) != MW_EXIT_OK ||
	    grow(a, (size_t)fresh->conf->children) < 0) {
		mw_site_free(&fresh);
		mw_log(MW_ERROR, NULL, "reload", "%s", err.text[0] ? err.text : "out of memory");
		mw_log(MW_ERROR, NULL, "reload", "the running policy stays as it is");
		mw_common_reload(&a->counts->common, false);
		(void)mw_notify("READY=1\nSTATUS=reload failed, the old policy is running; see the log");
		return;
	}
	warn_of_change(a->site->conf, fresh->conf);
	a->past[a->old++] = a->site;
	a->site = fresh;
	mw_journal_set_limits(a->journal, fresh->conf->remember, fresh->conf->journal);
	stop_children(a); /* those that wait for nothing; the others when they are done */
	forget_sites(a);
	mw_common_reload(&a->counts->common, true);
	tell_policy(a);
	mw_log(MW_NOTICE, NULL, "reload", "the new policy is running");
	(void)mw_notify("READY=1\nSTATUS=running %s", a->options->policy);
}

/* ---- the loop -------------------------------------------------------------------------------------------------------------------- */

static void child_gone(struct agent *a, size_t i)
{
	if (a->child[i].key[0]) /* why is told when its process is reaped */
		mw_log(MW_ERROR, a->child[i].queue_id, "child",
		       "process %ld ended with this message in work; the MTA tries it again", (long)a->child[i].pid);
	mw_child_forget(&a->child[i]);
	(void)close(a->child[i].sock);
	a->child[i] = a->child[--a->n];
}

static void reap(struct agent *a)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (WIFSIGNALED(status))
			mw_count(&a->counts->crashed);
		if (WIFSIGNALED(status))
			mw_log(MW_ERROR, NULL, "child", "process %ld was ended by signal %d%s", (long)pid, WTERMSIG(status),
			       WTERMSIG(status) == SIGALRM  ? " (a step took too long)"
			       : WTERMSIG(status) == SIGSYS ? " (it did what it may not do)"
							    : "");
	}
}

static void drain(struct agent *a)
{
	if (a->until)
		return;
	a->until = mw_clock_ms() + a->site->conf->drain * 1000;
	mw_listen_close(&a->listen);
	stop_children(a);
	(void)mw_notify("STOPPING=1");
	mw_log(MW_NOTICE, NULL, "stop", "%zu connections are left", a->n);
}

static void take_signals(struct agent *a)
{
	struct signalfd_siginfo s;

	while (read(a->signals, &s, sizeof(s)) == (ssize_t)sizeof(s)) {
		switch (s.ssi_signo) {
		case SIGCHLD:
			reap(a);
			break;
		case SIGHUP:
			if (!a->until)
				reload(a);
			break;
		default:
			drain(a);
		}
	}
}

static int timeout(const struct agent *a)
{
	int64_t left;

	if (!a->until)
		return -1;
	left = a->until - mw_clock_ms();
	return left <= 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* One turn: who has asked is answered, and the journal goes to disk once for all of them. */
static void turn(struct agent *a)
{
	size_t n = a->n;
	bool room = a->n < a->room && a->n < (size_t)a->site->conf->children;

	a->poll[0] = (struct pollfd){.fd = a->signals, .events = POLLIN};
	a->poll[1] = (struct pollfd){.fd = a->until || !room ? -1 : a->listen.fd, .events = POLLIN};
	a->poll[2] = (struct pollfd){.fd = mw_status_fd(a->status), .events = POLLIN};
	for (size_t i = 0; i < n; i++)
		a->poll[i + 3] = (struct pollfd){.fd = a->child[i].sock, .events = POLLIN};
	if (poll(a->poll, (nfds_t)n + 3, timeout(a)) < 0)
		return;
	for (size_t i = n; i-- > 0;) /* from the end: one that goes is replaced by one that was looked at */
		if (a->poll[i + 3].revents && !mw_child_ask(a->child, a->n, &a->child[i], a->journal, a->site))
			child_gone(a, i);
	mw_children_settle(a->child, a->n, a->journal);
	forget_sites(a);
	if (a->poll[1].revents)
		take_connection(a);
	if (a->poll[2].revents)
		mw_status_turn(a->status);
	if (a->poll[0].revents)
		take_signals(a);
	a->done = a->until && (a->n == 0 || mw_clock_ms() >= a->until);
}

/* ---- start and end --------------------------------------------------------------------------------------------------------------- */

static int open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Messages in clear are written there, if without names. */
static int check_folder(const char *path, struct mw_err *err)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return mw_fail(err, -errno,
			       "state %s: %s; make this folder for the user of milward-seal, or name another with `state`", path,
			       strerror(errno));
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return mw_fail(err, -ENOTDIR, "state %s: not a folder; name another with `state`", path);
	if (st.st_uid != geteuid() || (st.st_mode & 0022))
		return mw_fail(err, -EPERM, "%s: must belong to the user of milward-seal, and nobody else may write to it", path);
	return 0;
}

static int open_files(struct agent *a, struct mw_err *err)
{
	const struct mw_seal_conf *c = a->site->conf;
	int r = check_folder(c->state, err), fd;

	if (r == 0) {
		fd = nameless(c->state);
		r = fd < 0 ? mw_fail(err, -errno, "%s: %s", c->state, strerror(errno)) : 0;
		if (fd >= 0)
			(void)close(fd);
	}
	if (r == 0)
		r = mw_journal_open(c->state, c->remember, c->journal, (int64_t)time(NULL), &a->journal, err);
	a->spec = strdup(c->listen);
	if (r == 0 && !a->spec)
		r = mw_fail_memory(err);
	if (r == 0)
		r = mw_listen_open(a->spec, a->site->mode, c->socket_group, &a->listen, err);
	return r;
}

static void refresh(void *ctx)
{
	const struct agent *a = ctx;

	mw_gauge_set(&a->counts->open, (int64_t)a->n);
	mw_gauge_set(&a->counts->limit, a->site->conf->children);
	mw_gauge_set(&a->counts->journal, (int64_t)mw_journal_count(a->journal));
}

static int open_status(struct agent *a, struct mw_err *err)
{
	struct mw_status_conf conf = {
	    .start = a->options, .rows = mw_seal_rows, .size = sizeof(struct mw_seal_counts), .refresh = refresh, .ctx = a};
	int status = (int)mw_status_new(&conf, &a->status, err);

	if (status != MW_EXIT_OK)
		return status;
	a->counts = mw_status_counters(a->status);
	tell_policy(a);
	return MW_EXIT_OK;
}

static int set_up(struct agent *a, struct mw_err *err)
{
	int status;

	(void)signal(SIGPIPE, SIG_IGN);
	tzset();
	/* The keys of the site are in our memory. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		(void)mw_fail(err, -errno, "prctl: %s", strerror(errno));
		return MW_EXIT_SYSTEM;
	}
	a->loader = mw_loader_new(a->options->modules);
	if (!a->loader) {
		(void)mw_fail_memory(err);
		return MW_EXIT_SYSTEM;
	}
	status = mw_site_load(a->loader, a->options, &a->site, err);
	if (status != MW_EXIT_OK || a->options->test)
		return status;
	a->signals = open_signals();
	if (a->signals < 0 || grow(a, (size_t)a->site->conf->children) < 0) {
		(void)mw_fail_memory(err);
		return MW_EXIT_SYSTEM;
	}
	return open_files(a, err) < 0 ? MW_EXIT_CREATE : open_status(a, err);
}

static void tear_down(struct agent *a)
{
	for (size_t i = 0; i < a->n; i++) {
		(void)kill(a->child[i].pid, SIGKILL);
		mw_child_forget(&a->child[i]);
		(void)close(a->child[i].sock);
	}
	if (a->n)
		mw_log(MW_WARNING, NULL, "stop", "%zu connections are given up; the MTA tries their mail again", a->n);
	a->n = 0;
	forget_sites(a);
	mw_site_free(&a->site);
	mw_listen_close(&a->listen);
	mw_status_free(&a->status);
	mw_journal_close(&a->journal);
	mw_loader_free(&a->loader);
	free(a->spec);
	free(a->past);
	free(a->child);
	free(a->poll);
	if (a->signals >= 0)
		(void)close(a->signals);
}

int mw_agent_run(const struct mw_start *o)
{
	struct agent a = {.options = o, .listen = {.fd = -1}, .signals = -1};
	struct mw_err err = {0};
	int status = set_up(&a, &err);

	if (status == MW_EXIT_OK && !o->test) {
		mw_log(MW_NOTICE, NULL, "start", "milward-seal " MW_VERSION ", listening on %s, %zu copies in the journal",
		       a.site->conf->listen, mw_journal_count(a.journal));
		(void)mw_notify("READY=1\nSTATUS=running %s", o->policy);
		while (!a.done)
			turn(&a);
		mw_log(MW_NOTICE, NULL, "stop", "stopped");
	}
	tear_down(&a);
	return status == MW_EXIT_OK ? status : mw_start_refused(o, status, "%s", err.text);
}
