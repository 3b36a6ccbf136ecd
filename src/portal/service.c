/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/service.h"

#include "base/clock.h"
#include "base/listen.h"
#include "base/notify.h"
#include "mail/mime.h"
#include "portal/housekeeper.h"
#include "portal/box.h"
#include "portal/inherit.h"
#include "portal/server.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 500
#define SWEEP_MS 10000

struct service {
	const struct mw_portal_options *options;
	struct mw_loader *loader;
	struct mw_site *site;
	struct mw_portal portal;
	struct mw_server *server;
	struct mw_housekeeper *housekeeper;
	char *spec; /* of listen: policies come and go */
	struct mw_listen listen;
	int fd; /* of listen, or the service manager's */
	int signals;
	int64_t swept;
	int64_t until; /* when draining: time at which it ends; 0 = it is not */
	struct mw_status *status;
};

/* ---- the policy ------------------------------------------------------------------------------------------------------------------ */

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* An option that differs, of those that only a start takes; NULL: none does. */
static const char *differs(const struct mw_portal_conf *a, const struct mw_portal_conf *b)
{
	return !same(a->store, b->store)		 ? "store"
	       : !same(a->keys, b->keys)		 ? "keys"
	       : !same(a->listen, b->listen)		 ? "listen"
	       : !same(a->socket_group, b->socket_group) ? "socket-group"
	       : !same(a->socket_mode, b->socket_mode)	 ? "socket-mode"
	       : a->connections != b->connections	 ? "connections"
	       : a->workers != b->workers		 ? "workers"
	       : a->sessions != b->sessions		 ? "sessions"
							 : NULL;
}

static void tell_policy(struct service *s)
{
	const struct mw_plan *plan = mw_generation_plan(s->site->gen);

	mw_common_policy(&s->portal.counts->common, plan->path, plan->digest, false);
}

static void reload(struct service *s)
{
	struct mw_site *fresh = NULL;
	struct mw_err err = {0};
	const char *other;

	(void)mw_notify_reloading();
	if (mw_pickup_keys_reread(s->portal.keys, &err) < 0 || mw_site_load(s->loader, s->options, &fresh, &err) != MW_EXIT_OK) {
		mw_log(MW_ERROR, NULL, "reload", "%s", err.text[0] ? err.text : "out of memory");
		mw_log(MW_ERROR, NULL, "reload", "the running policy stays as it is");
		mw_common_reload(&s->portal.counts->common, false);
		(void)mw_notify("READY=1\nSTATUS=reload failed, the old policy is running; see the log");
		return;
	}
	other = differs(s->site->conf, fresh->conf);
	if (other)
		mw_log(MW_WARNING, NULL, "reload", "%s stays as it was until a restart", other);
	mw_server_set_site(s->server, fresh);
	mw_housekeeper_set_site(s->housekeeper, fresh);
	mw_sessions_set_times(s->portal.sessions, fresh->conf->idle, fresh->conf->session);
	mw_site_unref(&s->site);
	s->site = fresh;
	mw_common_reload(&s->portal.counts->common, true);
	tell_policy(s);
	mw_log(MW_NOTICE, NULL, "reload", "the new policy is running");
	(void)mw_notify("READY=1\nSTATUS=running %s", s->options->start.policy);
}

/* ---- the loop -------------------------------------------------------------------------------------------------------------------- */

static void drain(struct service *s)
{
	if (s->until)
		return;
	s->until = mw_clock_ms() + s->site->conf->drain * 1000;
	mw_server_drain(s->server);
	mw_listen_close(&s->listen);
	(void)mw_notify("STOPPING=1");
	mw_log(MW_NOTICE, NULL, "stop", "%zu requests are left", mw_server_busy(s->server));
}

static void take_signals(struct service *s)
{
	struct signalfd_siginfo one;

	while (read(s->signals, &one, sizeof(one)) == (ssize_t)sizeof(one)) {
		if (one.ssi_signo != SIGHUP)
			drain(s);
		else if (!s->until)
			reload(s);
	}
}

static void turn(struct service *s)
{
	struct pollfd p[2] = {{.fd = s->signals, .events = POLLIN}, {.fd = mw_status_fd(s->status), .events = POLLIN}};

	if (poll(p, 2, s->until ? TICK_MS / 10 : TICK_MS) > 0) {
		take_signals(s);
		mw_status_turn(s->status);
	}
	mw_server_tick(s->server);
	if (mw_clock_ms() - s->swept >= SWEEP_MS) {
		s->swept = mw_clock_ms();
		(void)mw_sessions_sweep(s->portal.sessions, s->swept);
	}
}

static bool done(struct service *s)
{
	return s->until && (mw_server_busy(s->server) == 0 || mw_clock_ms() >= s->until);
}

/* ---- start and end --------------------------------------------------------------------------------------------------------------- */

static int open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_store(struct service *s, struct mw_err *err)
{
	struct mw_pickup *store = NULL;
	const struct mw_portal_conf *c = s->site->conf;
	struct mw_recorder_setup setup = {.path = c->audit,
					  .key = c->audit_key,
					  .visit = s->options->start.test,
					  .policy = mw_generation_plan(s->site->gen)->digest};
	int r = mw_pickup_keys_open(c->keys, &s->portal.keys, err);

	if (r == -ENOENT)
		(void)mw_fail(err, r, "keys %s: there is no such file; make it with: milwardctl -p %s portal rekey", c->keys,
			      s->options->start.policy);
	else if (r < 0)
		mw_err_prefix(err, "keys");
	/* Workers open it for themselves: it is there then, and of this version. */
	if (r == 0)
		r = mw_pickup_open(c->store, s->portal.keys, true, &store, err);
	if (r == 0)
		mw_pickup_close(&store);
	if (r == 0)
		s->portal.store = open(c->store, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && s->portal.store < 0)
		r = mw_fail(err, -errno, "%s: %s", c->store, strerror(errno));
	return r < 0 ? r : mw_recorder_open(&setup, &s->portal.recorder, err);
}

static int open_socket(struct service *s, struct mw_err *err)
{
	const struct mw_portal_conf *c = s->site->conf;
	int r = mw_inherit_socket(&s->fd, err);

	if (r < 0 || s->fd >= 0)
		return r;
	s->spec = strdup(c->listen);
	r = s->spec ? mw_listen_open(s->spec, s->site->mode, c->socket_group, &s->listen, err) : mw_fail_memory(err);
	if (r == 0)
		s->fd = s->listen.fd;
	return r;
}

static int start(struct service *s, struct mw_err *err)
{
	const struct mw_portal_conf *c = s->site->conf;
	int r;

	s->signals = open_signals();
	if (s->signals < 0 || RAND_priv_bytes(s->portal.form_key, sizeof(s->portal.form_key)) != 1)
		return mw_fail(err, -EIO, "no signals, or no random octets");
	if (gethostname(s->portal.host, sizeof(s->portal.host) - 1) < 0)
		return mw_fail(err, -errno, "gethostname: %s", strerror(errno));
	r = mw_sessions_new((size_t)c->sessions, c->idle, c->session, &s->portal.sessions, err);
	if (r == 0)
		r = mw_housekeeper_start(&s->portal, s->site, &s->housekeeper, err);
	return r < 0 ? r : mw_server_start(&s->portal, s->site, s->fd, mw_inherit_local(s->fd), &s->server, err);
}

/* A descriptor a connection, one a file on its way, and the store's. */
static void allow_descriptors(void)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) == 0 && most.rlim_cur < most.rlim_max) {
		most.rlim_cur = most.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &most);
	}
}

static void refresh(void *ctx)
{
	const struct service *s = ctx;
	struct mw_portal_counts *c = s->portal.counts;

	if (s->server)
		mw_gauge_set(&c->requests_open, (int64_t)mw_server_busy(s->server));
	if (s->portal.sessions)
		mw_gauge_set(&c->sessions_open, (int64_t)mw_sessions_sweep(s->portal.sessions, mw_clock_ms()));
}

static int open_status(struct service *s, struct mw_err *err)
{
	struct mw_status_conf conf = {.start = &s->options->start,
				      .rows = mw_portal_rows,
				      .size = sizeof(struct mw_portal_counts),
				      .refresh = refresh,
				      .ctx = s};
	int status = (int)mw_status_new(&conf, &s->status, err);

	if (status != MW_EXIT_OK)
		return status;
	s->portal.counts = mw_status_counters(s->status);
	tell_policy(s);
	return MW_EXIT_OK;
}

static int set_up(struct service *s, struct mw_err *err)
{
	int status;

	(void)signal(SIGPIPE, SIG_IGN);
	tzset();
	allow_descriptors();
	/* The keys of messages are in our memory. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		(void)mw_fail(err, -errno, "prctl: %s", strerror(errno));
		return MW_EXIT_SYSTEM;
	}
	s->loader = mw_loader_new(s->options->start.modules);
	if (!s->loader) {
		(void)mw_fail_memory(err);
		return MW_EXIT_SYSTEM;
	}
	status = mw_site_load(s->loader, s->options, &s->site, err);
	if (status == MW_EXIT_OK && open_store(s, err) < 0)
		status = MW_EXIT_MODULE;
	if (status != MW_EXIT_OK || s->options->start.test)
		return status;
	if (open_socket(s, err) < 0)
		return MW_EXIT_CREATE;
	status = open_status(s, err);
	if (status != MW_EXIT_OK)
		return status;
	/* Before there are threads, and before a word from outside is read. */
	if (mw_box_enter(s->site, s->options, mw_status_path(s->status), err) < 0)
		return MW_EXIT_SYSTEM;
	return start(s, err) < 0 ? MW_EXIT_SYSTEM : MW_EXIT_OK;
}

static void tear_down(struct service *s)
{
	mw_housekeeper_stop(&s->housekeeper);
	mw_server_stop(&s->server);
	mw_sessions_free(&s->portal.sessions);
	mw_recorder_close(&s->portal.recorder);
	mw_pickup_keys_close(&s->portal.keys);
	if (s->portal.store >= 0)
		(void)close(s->portal.store);
	mw_site_unref(&s->site);
	mw_listen_close(&s->listen);
	mw_status_free(&s->status);
	mw_loader_free(&s->loader);
	OPENSSL_cleanse(&s->portal, sizeof(s->portal));
	free(s->spec);
	if (s->signals >= 0)
		(void)close(s->signals);
}

int mw_portal_run(const struct mw_portal_options *o)
{
	struct service s = {.options = o, .portal = {.store = -1}, .listen = {.fd = -1}, .fd = -1, .signals = -1};
	struct mw_err err = {0};
	int status;

	mw_mime_init();
	status = set_up(&s, &err);

	if (status == MW_EXIT_OK && !o->start.test) {
		mw_log(MW_NOTICE, NULL, "start", "milward-portal " MW_VERSION ", serving %s",
		       s.listen.fd >= 0 ? s.spec : "the service manager's socket");
		(void)mw_notify("READY=1\nSTATUS=running %s", o->start.policy);
		while (!done(&s))
			turn(&s);
		mw_log(MW_NOTICE, NULL, "stop", "stopped");
	}
	tear_down(&s);
	return status == MW_EXIT_OK ? status : mw_start_refused(&o->start, status, "%s", err.text);
}
