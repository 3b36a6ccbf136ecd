/* SPDX-License-Identifier: Apache-2.0 */
#include "host/supervisor.h"

#include "base/clock.h"
#include "base/notify.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAUSE_FIRST 100 /* ms */
#define PAUSE_LONGEST 30000
#define YOUNG 60000	 /* a worker that lived longer did not die of its start */
#define DRAIN_GRACE 5000 /* beyond the drain time, before SIGKILL */

struct supervisor {
	const struct mw_options *options;
	struct mw_status *telling;
	struct mw_counts *counts;
	mw_work *work;
	sigset_t old_mask;
	int signals, control, ready_fd;
	pid_t worker;	/* 0 = none */
	bool ready;	/* this worker has said so */
	bool was_ready; /* some worker has: the service is up */
	bool stopping;
	unsigned failures;  /* workers in a row that died young */
	int64_t born, when; /* when: of the next start, or of SIGKILL; 0 = nothing to wait for */
	int64_t beat, next; /* signs of life for the service manager: every so often, and when; 0 = it wants none */
	int status;	    /* of the service; < 0: it goes on */
};

int64_t mw_supervise_pause(unsigned failures)
{
	int64_t pause = PAUSE_FIRST;

	while (failures-- > 1 && pause < PAUSE_LONGEST)
		pause *= 2;
	return pause < PAUSE_LONGEST ? pause : PAUSE_LONGEST;
}

static void worker_start(struct supervisor *s)
{
	int pair[2];
	pid_t pid;

	s->when = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		mw_log(MW_ERROR, NULL, "start", "socketpair: %s", strerror(errno));
		s->status = MW_EXIT_SYSTEM;
		return;
	}
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		(void)close(s->signals);
		if (s->ready_fd >= 0)
			(void)close(s->ready_fd);
		(void)setpgid(0, 0); /* an interrupt from the terminal is for us alone; the worker drains when we say so */
		mw_status_leave(s->telling);
		exit(s->work(s->options, s->counts, pair[1]));
	}
	(void)close(pair[1]);
	if (pid < 0) {
		mw_log(MW_ERROR, NULL, "start", "fork: %s", strerror(errno));
		(void)close(pair[0]);
		s->when = mw_clock_ms() + mw_supervise_pause(++s->failures);
		if (!s->was_ready)
			s->status = MW_EXIT_SYSTEM;
		return;
	}
	mw_count(&s->counts->worker_starts);
	mw_status_process(s->telling, (long)pid);
	s->worker = pid;
	s->control = pair[0];
	s->ready = false;
	s->born = mw_clock_ms();
}

static void order(struct supervisor *s, enum mw_to_worker what)
{
	char octet = (char)what;

	if (s->control >= 0 && send(s->control, &octet, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		mw_log(MW_ERROR, NULL, "control", "the worker does not take orders: %s", strerror(errno));
}

static void stop(struct supervisor *s)
{
	if (s->stopping) { /* asked twice: at once */
		if (s->worker)
			(void)kill(s->worker, SIGKILL);
		return;
	}
	s->stopping = true;
	if (s->worker)
		order(s, MW_DO_DRAIN); /* before it is told, as with a reload */
	(void)mw_notify("STOPPING=1\nSTATUS=waiting for messages in work");
	if (!s->worker) {
		s->status = MW_EXIT_OK;
		return;
	}
	s->when = mw_clock_ms() + (int64_t)s->options->drain * 1000 + DRAIN_GRACE;
}

static void take_signal(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			/* The order first: whoever is told that we reload may count on it. That it is done we tell later, ourselves. */
			if (s->worker)
				order(s, MW_DO_RELOAD);
			else /* it will read the policy anyway: do it now */
				s->when = mw_clock_ms();
			(void)mw_notify_reloading();
			break;
		case SIGUSR1:
			order(s, MW_DO_COUNTS);
			break;
		case SIGTERM:
		case SIGINT:
			stop(s);
			break;
		default: /* SIGCHLD: worker_reap() looks after every wake-up */
			break;
		}
	}
}

static void service_is_ready(struct supervisor *s)
{
	char octet = MW_EXIT_OK;

	s->was_ready = true;
	if (s->ready_fd < 0)
		return;
	(void)!write(s->ready_fd, &octet, 1);
	(void)close(s->ready_fd);
	s->ready_fd = -1;
	mw_leave_stderr(s->options);
}

static void take_word(struct supervisor *s)
{
	char text[256];
	ssize_t n = recv(s->control, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* the worker ends: SIGCHLD says how */
		(void)close(s->control);
		s->control = -1;
		return;
	}
	text[n] = '\0';
	if (*text == MW_IS_READY) {
		s->ready = true;
		mw_gauge_set(&s->counts->worker_up, 1);
		if (!s->stopping)
			(void)mw_notify("READY=1\nSTATUS=%s", text + 1);
		service_is_ready(s);
	} else if (*text == MW_KEEPS_OLD && !s->stopping) {
		(void)mw_notify("READY=1\nSTATUS=%s", text + 1);
	} else if (*text == MW_SAYS_WHY) {
		(void)mw_notify_status(text + 1);
	} else if (*text == MW_IS_ALIVE) {
		(void)mw_notify("WATCHDOG=1");
	}
}

static const char *how_it_ended(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		(void)snprintf(text, size, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		(void)snprintf(text, size, "exit status %d", WEXITSTATUS(status));
	return text;
}

static void worker_ended(struct supervisor *s, int status)
{
	char how[80];
	bool good = WIFEXITED(status) && WEXITSTATUS(status) == MW_EXIT_OK;

	s->worker = 0;
	mw_count_no_worker(s->counts);
	mw_status_process(s->telling, (long)getpid());
	if (s->control >= 0)
		(void)close(s->control);
	s->control = -1;
	if (s->stopping) {
		if (!good)
			mw_log(MW_ERROR, NULL, "stop", "the worker did not end well: %s", how_it_ended(status, how, sizeof(how)));
		s->status = good ? MW_EXIT_OK : MW_EXIT_SOFTWARE;
		return;
	}
	if (!s->was_ready) { /* it has told why; trying again would say the same */
		if (WIFSIGNALED(status))
			mw_log(MW_ERROR, NULL, "start", "the worker ended by %s", how_it_ended(status, how, sizeof(how)));
		s->status = WIFEXITED(status) && !good ? WEXITSTATUS(status) : MW_EXIT_SOFTWARE;
		return;
	}
	mw_count(&s->counts->worker_ends[WIFSIGNALED(status)			? MW_ENDED_SIGNAL
					 : WEXITSTATUS(status) == MW_EXIT_STUCK ? MW_ENDED_STUCK
										: MW_ENDED_ERROR]);
	s->failures = s->ready && mw_clock_ms() - s->born > YOUNG ? 1 : s->failures + 1;
	s->when = mw_clock_ms() + mw_supervise_pause(s->failures);
	mw_log(MW_ERROR, NULL, "worker", "ended by %s, the MTA defers mail; next start in %lld ms",
	       how_it_ended(status, how, sizeof(how)), (long long)mw_supervise_pause(s->failures));
	(void)mw_notify("STATUS=worker ended by %s; starting another", how);
}

static void worker_reap(struct supervisor *s)
{
	int status;

	if (s->worker && waitpid(s->worker, &status, WNOHANG) == s->worker) {
		if (s->control >= 0) /* its last words */
			take_word(s);
		worker_ended(s, status);
	}
}

static void when_due(struct supervisor *s)
{
	if (!s->when || mw_clock_ms() < s->when)
		return;
	s->when = 0;
	if (s->stopping && s->worker) {
		mw_log(MW_WARNING, NULL, "stop", "the worker takes too long: killed");
		(void)kill(s->worker, SIGKILL);
	} else if (!s->worker) {
		worker_start(s);
	}
}

/* The sign of life is the worker's, so that one that takes no orders any more ends the service, and it starts anew. Without a worker, or
 * when it drains, we have deadlines of our own. */
static void beat(struct supervisor *s)
{
	if (!s->beat || mw_clock_ms() < s->next)
		return;
	s->next = mw_clock_ms() + s->beat;
	if (s->worker && !s->stopping)
		order(s, MW_DO_ANSWER);
	else
		(void)mw_notify("WATCHDOG=1");
}

static void wait_for_something(const struct supervisor *s)
{
	struct pollfd fds[3] = {{.fd = s->signals, .events = POLLIN},
				{.fd = s->control, .events = POLLIN},
				{.fd = mw_status_fd(s->telling), .events = POLLIN}};
	int64_t first = s->beat && (!s->when || s->next < s->when) ? s->next : s->when;
	int64_t left = first ? first - mw_clock_ms() : -1;

	(void)poll(fds, 3, first ? (int)(left < 0 ? 0 : left < INT32_MAX ? left : INT32_MAX) : -1);
}

static int signals_open(struct supervisor *s)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, &s->old_mask))
		return -errno;
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? -errno : 0;
}

int mw_supervise(const struct mw_options *options, struct mw_status *telling, mw_work *work, int ready_fd)
{
	struct supervisor s = {.options = options,
			       .telling = telling,
			       .counts = mw_status_counters(telling),
			       .work = work,
			       .control = -1,
			       .ready_fd = ready_fd,
			       .status = -1};

	if (signals_open(&s)) {
		mw_log(MW_ERROR, NULL, "start", "signals: %s", strerror(errno));
		return MW_EXIT_SYSTEM;
	}
	/* Four in a period, so that an answer may be late: the worker may be reading a policy. */
	s.beat = (mw_notify_watchdog() + 3) / 4;
	worker_start(&s);
	while (s.status < 0) {
		beat(&s);
		wait_for_something(&s);
		mw_status_turn(s.telling);
		take_signal(&s);
		if (s.control >= 0)
			take_word(&s);
		worker_reap(&s);
		when_due(&s);
	}
	(void)close(s.signals);
	return s.status;
}
