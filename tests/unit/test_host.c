/* SPDX-License-Identifier: Apache-2.0 */
/* test_host: the parts of the daemon that need no MTA: replies, negotiation, gate, flow, progress, notify, pauses, command line. */
#include "host/flow.h"
#include "host/gate.h"
#include "host/negotiate.h"
#include "host/notify.h"
#include "host/options.h"
#include "host/progress.h"
#include "host/reply.h"
#include "host/supervisor.h"
#include "host/watch.h"
#include "base/clock.h"

#include <errno.h>
#include <getopt.h>
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- reply ---------------------------------------------------------------------------------------------------------------------- */

static void replies(void **state)
{
	static const struct mw_rcpt plain = {.form = MW_ADDR_PLAIN}, bang = {.form = MW_ADDR_BANG};
	static const struct {
		struct mw_outcome outcome;
		struct mw_verdict verdict;
		const struct mw_rcpt *rcpt;
		const char *code, *status, *text;
	} rows[] = {
	    {{.effect = MW_REFUSE, .reason = "no"},
	     {.effect = MW_REFUSE, .where = "a:1", .skipped = ""},
	     &plain,
	     "550",
	     "5.7.1",
	     "message refused by policy: no (a:1)"},
	    {{.effect = MW_REFUSE, .reason = ""},
	     {.effect = MW_REFUSE, .where = "a:1", .skipped = ""},
	     &plain,
	     "550",
	     "5.7.1",
	     "message refused by policy (a:1)"},
	    {{.effect = MW_REFUSE, .reason = "none"},
	     {.effect = MW_REFUSE, .where = "a:1", .skipped = "tls: off"},
	     &plain,
	     "550",
	     "5.7.1",
	     "message refused by policy: none: tls: off (a:1)"},
	    {{.effect = MW_REFUSE, .reason = "none"},
	     {.effect = MW_REFUSE, .where = "a:1", .skipped = "tls: form"},
	     &bang,
	     "553",
	     "5.1.3",
	     "address form not supported: bang path (a:1)"},
	    {{.effect = MW_REFUSE, .reason = "no"},
	     {.effect = MW_REFUSE, .where = "a:1", .skipped = ""},
	     &bang,
	     "550",
	     "5.7.1",
	     "message refused by policy: no (a:1)"},
	    {{.effect = MW_TEMPFAIL, .reason = ""},
	     {.effect = MW_TEMPFAIL, .where = "a:2", .skipped = ""},
	     &plain,
	     "451",
	     "4.7.1",
	     "message not taken now by policy (a:2)"},
	    {{.effect = MW_TEMPFAIL, .cause = "error", .reason = ""},
	     {.where = "", .skipped = ""},
	     NULL,
	     "451",
	     "4.7.1",
	     "message cannot be judged now, try again later: error"},
	    {{.effect = MW_REFUSE, .cause = "limit.size", .reason = "limit.size"},
	     {.where = "a:3", .skipped = ""},
	     &plain,
	     "550",
	     "5.7.1",
	     "message cannot be judged: limit.size (a:3)"},
	    {{.effect = MW_HOLD, .reason = "look"},
	     {.effect = MW_HOLD, .where = "a:4", .skipped = ""},
	     &plain,
	     "550",
	     "5.7.1",
	     "held by policy: look (a:4)"},
	    {{.effect = MW_HOLD, .cause = "limit.parts", .reason = ""},
	     {.where = "a:5", .skipped = ""},
	     &plain,
	     "550",
	     "5.7.1",
	     "held, could not be judged: limit.parts (a:5)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_reply r;

		mw_reply_make(&rows[i].outcome, &rows[i].verdict, rows[i].rcpt, &r);
		assert_string_equal(r.code, rows[i].code);
		assert_string_equal(r.status, rows[i].status);
		assert_string_equal(r.text, rows[i].text);
	}
}

static void replies_are_clean(void **state)
{
	char *reason = malloc(2001), *where = malloc(501);
	struct mw_outcome o = {.effect = MW_REFUSE, .reason = reason};
	struct mw_verdict v = {.effect = MW_REFUSE, .where = where, .skipped = reason};
	struct mw_reply r;

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		reason[i] = (char)(1 + i % 255);
	reason[2000] = '\0';
	memset(where, 'w', 500);
	where[500] = '\0';
	mw_reply_make(&o, &v, NULL, &r);
	assert_true(strlen(r.text) < sizeof(r.text) - 1); /* nothing was cut off: the line of the policy is there */
	assert_true(r.text[strlen(r.text) - 1] == ')');
	for (const char *p = r.text; *p; p++)
		assert_true(*p >= 0x20 && *p < 0x7f && *p != '%');
	mw_reply_set(&r, "451", "4.3.0", "a\r\n%s\tb");
	assert_string_equal(r.text, "a  ?s b");
	free(reason);
	free(where);
}

/* ---- negotiation ---------------------------------------------------------------------------------------------------------------- */

static void negotiation(void **state)
{
	struct mw_negotiation n, untouched = {1, 2};
	const char *missing;

	(void)state;
	assert_int_equal(mw_negotiate(0, 0x1ff, 0x1fffff, &n, &missing), 0);
	assert_true(n.protocol & SMFIP_NOHELO);
	assert_false(n.protocol & SMFIP_NR_HELO);
	assert_false(n.protocol & (SMFIP_NOMAIL | SMFIP_NORCPT | SMFIP_NOHDRS | SMFIP_NOBODY | SMFIP_SKIP | SMFIP_RCPT_REJ));
	assert_int_equal(mw_negotiate(MW_SEE_HELO, 0x1ff, 0x1fffff, &n, &missing), 0);
	assert_false(n.protocol & SMFIP_NOHELO);
	assert_true(n.protocol & SMFIP_NR_HELO);
	/* Each action that we ask for is needed; the others are not. */
	for (unsigned long bit = 1; bit <= 0x100; bit <<= 1) {
		n = untouched;
		missing = NULL;
		if (mw_negotiate(0, 0x1ff & ~bit, 0x1fffff, &n, &missing) == 0) {
			assert_false(n.actions & bit);
			continue;
		}
		assert_non_null(missing);
		assert_int_equal(n.actions, 1);
	}
	assert_int_equal(mw_negotiate(0, 0x1ff, 0x1fffff & ~SMFIP_HDR_LEADSPC, &n, &missing), -ENOTSUP);
	assert_int_equal(mw_negotiate(0, SMFI_V2_ACTS, SMFI_V2_PROT, &n, &missing), -ENOTSUP);
}

/* ---- gate ------------------------------------------------------------------------------------------------------------------------- */

#define CALLERS 8
struct turns {
	struct mw_gate *gate;
	pthread_mutex_t lock;
	int order[CALLERS], n;
	_Atomic int inside, most;
};
struct caller {
	struct turns *turns;
	int number;
};

static void *take_a_turn(void *arg)
{
	struct caller *c = arg;
	struct turns *t = c->turns;
	int now;

	if (mw_gate_enter(t->gate, 0, 60000))
		return arg;
	now = ++t->inside;
	if (now > t->most)
		t->most = now;
	(void)pthread_mutex_lock(&t->lock);
	t->order[t->n++] = c->number;
	(void)pthread_mutex_unlock(&t->lock);
	--t->inside;
	mw_gate_leave(t->gate, 0);
	return NULL;
}

static void gate_keeps_order(void **state)
{
	struct turns t = {.gate = mw_gate_new(1, 0), .lock = PTHREAD_MUTEX_INITIALIZER};
	struct caller c[CALLERS];
	pthread_t thread[CALLERS];
	void *failed;

	(void)state;
	assert_int_equal(mw_gate_enter(t.gate, 0, 0), 0);
	for (int i = 0; i < CALLERS; i++) {
		c[i] = (struct caller){&t, i};
		assert_int_equal(pthread_create(&thread[i], NULL, take_a_turn, &c[i]), 0);
		while (mw_gate_counts(t.gate).waiting != (uint64_t)i + 1)
			(void)sched_yield();
	}
	mw_gate_leave(t.gate, 0);
	for (int i = 0; i < CALLERS; i++) {
		assert_int_equal(pthread_join(thread[i], &failed), 0);
		assert_null(failed);
		assert_int_equal(t.order[i], i);
	}
	assert_int_equal(t.most, 1);
	assert_int_equal(mw_gate_counts(t.gate).peak, CALLERS);
	assert_int_equal(mw_gate_counts(t.gate).waited, CALLERS);
	assert_int_equal(mw_gate_counts(t.gate).inside, 0);
	mw_gate_free(&t.gate);
	assert_null(t.gate);
}

static void gate_gives_up(void **state)
{
	struct mw_gate *g = mw_gate_new(2, 0);

	(void)state;
	assert_int_equal(mw_gate_enter(g, 0, 0), 0);
	assert_int_equal(mw_gate_enter(g, 0, 0), 0);
	assert_int_equal(mw_gate_enter(g, 0, 20), -ETIMEDOUT);
	assert_int_equal(mw_gate_counts(g).waiting, 0);
	mw_gate_leave(g, 0);
	assert_int_equal(mw_gate_enter(g, 0, 0), 0);
	assert_int_equal(mw_gate_enter(g, 0, 0), -ETIMEDOUT);
	mw_gate_leave(g, 0);
	mw_gate_leave(g, 0);
	assert_int_equal(mw_gate_counts(g).inside, 0);
	mw_gate_free(&g);
}

struct heavy {
	struct mw_gate *gate;
	uint64_t need;
	int64_t patience;
	int result;
};

static void *go_in_heavy(void *arg)
{
	struct heavy *h = arg;

	h->result = mw_gate_enter(h->gate, h->need, h->patience);
	return NULL;
}

/* 60 of 100 are taken. Who needs 50 waits, and so does who needs 1 behind it; both get in when the first leaves. */
static void gate_bounds_memory(void **state)
{
	struct mw_gate *g = mw_gate_new(5, 100);
	struct heavy h[] = {{g, 50, 60000, -1}, {g, 1, 60000, -1}};
	pthread_t thread[2];

	(void)state;
	assert_int_equal(mw_gate_enter(g, 60, 0), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&thread[i], NULL, go_in_heavy, &h[i]), 0);
		while (mw_gate_counts(g).waiting != i + 1)
			(void)sched_yield();
	}
	assert_int_equal(mw_gate_counts(g).inside, 1);
	mw_gate_leave(g, 60);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(h[i].result, 0);
	}
	assert_int_equal(mw_gate_enter(g, 49, 0), 0); /* 100 of 100 */
	assert_int_equal(mw_gate_enter(g, 1, 0), -ETIMEDOUT);
	mw_gate_leave(g, 49);
	mw_gate_leave(g, 50);
	mw_gate_leave(g, 1);
	/* More than there is at all: alone. */
	assert_int_equal(mw_gate_enter(g, UINT64_MAX, 0), 0);
	assert_int_equal(mw_gate_enter(g, 0, 0), -ETIMEDOUT);
	mw_gate_leave(g, UINT64_MAX);
	assert_int_equal(mw_gate_enter(g, 100, 0), 0);
	mw_gate_leave(g, 100);
	mw_gate_free(&g);
}

/* Who gives up lets those in who waited behind it only because it was large. */
static void gate_gives_up_a_large_one(void **state)
{
	struct mw_gate *g = mw_gate_new(5, 100);
	struct heavy large = {g, 90, 300, -1}, small = {g, 10, 60000, -1};
	pthread_t thread[2];

	(void)state;
	assert_int_equal(mw_gate_enter(g, 60, 0), 0);
	assert_int_equal(pthread_create(&thread[0], NULL, go_in_heavy, &large), 0);
	while (mw_gate_counts(g).waiting != 1)
		(void)sched_yield();
	assert_int_equal(pthread_create(&thread[1], NULL, go_in_heavy, &small), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(large.result, -ETIMEDOUT);
	assert_int_equal(small.result, 0);
	assert_int_equal(mw_gate_counts(g).inside, 2);
	mw_gate_leave(g, 10);
	mw_gate_leave(g, 60);
	mw_gate_free(&g);
}

/* ---- watch ------------------------------------------------------------------------------------------------------------------------ */

static void note_stuck(void *ctx)
{
	(void)atomic_fetch_add((_Atomic int *)ctx, 1);
}

static void watch_finds_what_is_stuck(void **state)
{
	_Atomic int told = 0;
	struct mw_watch_conf conf = {.patience = 50, .stuck = note_stuck, .ctx = &told};
	struct mw_watch_item idle = {.queue_id = ""}, busy[3] = {{.queue_id = "A"}, {.queue_id = "B"}, {.queue_id = ""}};
	struct mw_watch *w = NULL;

	(void)state;
	assert_int_equal(mw_watch_new(&conf, &w), 0);
	mw_watch_begin(w, &idle);
	for (int i = 0; i < 3; i++) {
		busy[i].busy.module = "m";
		busy[i].busy.hook = "see";
		mw_watch_begin(w, &busy[i]);
	}
	assert_int_equal(mw_watch_look(w), 0);
	busy[1].busy.since = mw_clock_ms() - 20;
	assert_int_equal(mw_watch_look(w), 0);
	busy[0].busy.since = mw_clock_ms() - 60;
	busy[2].busy.since = mw_clock_ms() - 5000;
	assert_in_range(mw_watch_look(w), 2, 3);
	while (!told)
		(void)sched_yield();
	for (int i = 0; i < 3; i++)
		mw_watch_end(w, &busy[i]);
	assert_int_equal(mw_watch_look(w), 0);
	mw_watch_end(w, &idle);
	mw_watch_free(&w);
	assert_null(w);
	assert_int_equal(told, 1);
}

/* ---- flow --------------------------------------------------------------------------------------------------------------------------- */

static void flow_shares_memory(void **state)
{
	struct mw_flow *f = mw_flow_new(64 << 20);
	uint64_t share[200], sum = 0;

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		share[i] = mw_flow_begin(f);
		assert_true(share[i] >= MW_FLOW_LEAST);
		sum += share[i];
	}
	assert_int_equal(share[0], 1 << 20);
	assert_int_equal(share[199], MW_FLOW_LEAST);
	assert_true(sum <= (64 << 20) + 200 * MW_FLOW_LEAST);
	assert_int_equal(mw_flow_active(f), 200);
	assert_false(mw_flow_drain(f, 0, 0));
	assert_false(mw_flow_drain(f, 199, 0));
	assert_true(mw_flow_drain(f, 200, 60));
	for (size_t i = 0; i < 200; i++)
		mw_flow_end(f, share[i]);
	assert_true(mw_flow_drain(f, 0, 0));
	assert_int_equal(mw_flow_begin(f), 1 << 20);
	mw_flow_end(f, 1 << 20);
	mw_flow_free(&f);
}

static void *end_a_message(void *arg)
{
	mw_flow_end(arg, MW_FLOW_LEAST);
	return NULL;
}

static void flow_drains(void **state)
{
	struct mw_flow *f = mw_flow_new(0);
	pthread_t thread;

	(void)state;
	assert_int_equal(mw_flow_begin(f), MW_FLOW_LEAST);
	assert_int_equal(pthread_create(&thread, NULL, end_a_message, f), 0);
	assert_true(mw_flow_drain(f, 0, 60));
	assert_int_equal(pthread_join(thread, NULL), 0);
	mw_flow_free(&f);
}

/* ---- progress ------------------------------------------------------------------------------------------------------------------------- */

static void count_one(void *ctx)
{
	++*(_Atomic int *)ctx;
}

static void progress_gives_signs(void **state)
{
	_Atomic int n[3] = {0}, knocks = 0;
	struct mw_progress_conf conf = {
	    .interval = 5, .times = 3, .send = count_one, .blocks = 60000, .knock = count_one, .knock_ctx = &knocks};
	struct mw_progress *p;
	struct mw_progress_item a, b, c;
	int was;

	(void)state;
	assert_int_equal(mw_progress_new(&conf, &p), 0);
	mw_progress_begin(p, &a, &n[0]);
	mw_progress_begin(p, &b, &n[1]);
	mw_progress_begin(p, &c, &n[2]);
	mw_progress_end(p, &b);
	was = n[1];
	while (n[0] < 3 || n[2] < 3)
		(void)sched_yield();
	assert_int_equal(n[1], was);
	/* No more than that many; and the thread, which has nothing left to do, hears of a new one. */
	mw_progress_begin(p, &b, &n[1]);
	while (n[1] < was + 3)
		(void)sched_yield();
	assert_int_equal(n[0], 3);
	assert_int_equal(n[2], 3);
	assert_int_equal(mw_progress_counts(p).signs, 9 + was);
	assert_int_equal(mw_progress_counts(p).knocks, 0);
	mw_progress_end(p, &c);
	mw_progress_end(p, &a);
	mw_progress_end(p, &b);
	mw_progress_free(&p);
	assert_null(p);
	assert_int_equal(knocks, 0);
}

static void progress_knocks(void **state)
{
	_Atomic int knocks = 0, signs = 0;
	struct mw_progress_conf conf = {
	    .interval = 60000, .times = 1, .send = count_one, .blocks = 5, .knock = count_one, .knock_ctx = &knocks};
	struct mw_progress *p;
	struct mw_progress_item a, b;

	(void)state;
	assert_int_equal(mw_progress_new(&conf, &p), 0);
	mw_progress_begin(p, &a, &signs);
	while (knocks < 1)
		(void)sched_yield();
	/* The first one needs no second knock; one that comes later needs its own, though the thread sleeps for a minute. */
	mw_progress_begin(p, &b, &signs);
	while (knocks < 2)
		(void)sched_yield();
	assert_int_equal(mw_progress_counts(p).knocks, 2);
	assert_int_equal(signs, 0);
	mw_progress_end(p, &a);
	mw_progress_end(p, &b);
	mw_progress_free(&p);
}

/* ---- notify ---------------------------------------------------------------------------------------------------------------------------- */

static void notify_is(const char *path, socklen_t length, const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char got[64] = "";

	assert_int_equal(bind(fd, (const struct sockaddr *)addr, length), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
	assert_int_equal(mw_notify("READY=1\nSTATUS=%d", 7), 0);
	assert_int_equal(recv(fd, got, sizeof(got) - 1, 0), 16);
	assert_string_equal(got, "READY=1\nSTATUS=7");
	assert_int_equal(mw_notify_reloading(), 0);
	assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
	assert_memory_equal(got, "RELOADING=1\nMONOTONIC_USEC=", 27);
	(void)close(fd);
	assert_int_equal(mw_notify("READY=1"), -ECONNREFUSED);
}

static void notify_sends(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/test-host-XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/notify", folder);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	notify_is(path, sizeof(addr), &addr);
	(void)unlink(path);
	(void)rmdir(folder);

	(void)snprintf(path, sizeof(path), "@test-host-%ld", (long)getpid());
	memset(addr.sun_path, 0, sizeof(addr.sun_path));
	memcpy(addr.sun_path + 1, path + 1, strlen(path) - 1);
	notify_is(path, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)), &addr);

	assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
	assert_int_equal(mw_notify("READY=1"), -EINVAL);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(mw_notify("READY=1"), 0);
}

/* ---- supervisor and command line ---------------------------------------------------------------------------------------------------------- */

static void pauses(void **state)
{
	(void)state;
	assert_int_equal(mw_supervise_pause(1), 100);
	assert_int_equal(mw_supervise_pause(2), 200);
	assert_int_equal(mw_supervise_pause(5), 1600);
	assert_int_equal(mw_supervise_pause(20), 30000);
	assert_int_equal(mw_supervise_pause(UINT32_MAX), 30000);
}

static int parse(struct mw_options *o, const char *const *words)
{
	char *argv[16] = {(char *)(uintptr_t) "milward"};
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	optind = 0; /* glibc and musl: begin anew */
	opterr = 0;
	return mw_options_parse(argc, argv, o);
}

static void command_line(void **state)
{
	static const char *const bad[][4] = {
	    {NULL},
	    {"-p", "/x", "y"},
	    {"-p", ""},
	    {"-p", "/x", "--memory=1X"},
	    {"-p", "/x", "--memory=-1"},
	    {"-p", "/x", "--memory=99999999999G"},
	    {"-p", "/x", "--memory=1K"},
	    {"-p", "/x", "--work=0"},
	    {"-p", "/x", "--work=1K"},
	    {"-p", "/x", "--progress=61"},
	    {"-p", "/x", "--socket-mode=888"},
	    {"-p", "/x", "--socket-mode=1777"},
	    {"-p", "/x", "--log=file"},
	    {"-p", "/x", "--user="},
	};
	struct mw_options o;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&o, bad[i]), MW_EXIT_USAGE + 1);

	assert_int_equal(parse(&o, (const char *const[]){"-p", "/a.policy", NULL}), 0);
	assert_string_equal(o.policy, "/a.policy");
	assert_false(o.detach);
	assert_int_equal(o.log_to, MW_LOG_STDERR);
	assert_int_equal(o.socket_mode, 0660);
	assert_true(o.work >= 2);

	assert_int_equal(parse(&o, (const char *const[]){"-d", "-v", "--policy=a.policy", "--memory=2G", "--socket-mode=600",
							 "--work=7", "--wait=9", "--drain=0", NULL}),
			 0);
	assert_true(o.policy[0] == '/' && strcmp(strrchr(o.policy, '/'), "/a.policy") == 0);
	assert_true(o.detach);
	assert_int_equal(o.log_to, MW_LOG_SYSLOG);
	assert_int_equal(o.log_level, MW_DEBUG);
	assert_true(o.memory == UINT64_C(2) << 30);
	assert_int_equal(o.socket_mode, 0600);
	assert_int_equal(o.work, 7);
	assert_int_equal(o.wait, 9);
	assert_int_equal(o.drain, 0);
	free((char *)(uintptr_t)o.policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies),
	    cmocka_unit_test(replies_are_clean),
	    cmocka_unit_test(negotiation),
	    cmocka_unit_test(gate_keeps_order),
	    cmocka_unit_test(gate_gives_up),
	    cmocka_unit_test(gate_bounds_memory),
	    cmocka_unit_test(gate_gives_up_a_large_one),
	    cmocka_unit_test(watch_finds_what_is_stuck),
	    cmocka_unit_test(flow_shares_memory),
	    cmocka_unit_test(flow_drains),
	    cmocka_unit_test(progress_gives_signs),
	    cmocka_unit_test(progress_knocks),
	    cmocka_unit_test(notify_sends),
	    cmocka_unit_test(pauses),
	    cmocka_unit_test(command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
