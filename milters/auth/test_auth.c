/* SPDX-License-Identifier: Apache-2.0 */
/* test_auth: whose mail is looked at, and what becomes of the header. */
#include "auth.h"
#include "tests/unit/fakehost.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct mw_plugin mw_plugin_auth;

struct world {
	const struct mw_plugin *plugin;
	struct mw_auth_conf conf;
	struct mw_self self;
	struct mw_msg msg;
	void *inst, *tx;
};

static void world_options(struct world *w, const char *relays)
{
	memset(w, 0, sizeof(*w));
	w->plugin = &mw_plugin_auth;
	fh_self(&w->self, w->plugin);
	fh_opts(w->plugin->options, &w->conf);
	fh_opt(w->plugin->options, &w->conf, "lookup", "/nonexistent/lookup.sock");
	fh_opt(w->plugin->options, &w->conf, "authserv-id", "mx.clinic.example");
	fh_opt(w->plugin->options, &w->conf, "other-ids", "mx2.clinic.example");
	fh_opt(w->plugin->options, &w->conf, "internal-hosts", "127.0.0.0/8,10.0.0.0/8");
	if (relays)
		fh_opt(w->plugin->options, &w->conf, "relays", relays);
}

static void world_start(struct world *w)
{
	struct mw_err err = {0};

	assert_int_equal(w->plugin->hooks.check(fh_host(), &w->conf, &err), 0);
	assert_int_equal(w->plugin->hooks.open(fh_host(), &w->self, &w->conf, &w->inst, &err), 0);
	fh_msg(&w->msg);
}

static void world_open(struct world *w, const char *relays)
{
	world_options(w, relays);
	world_start(w);
}

static void world_close(struct world *w)
{
	if (w->tx && w->plugin->hooks.end)
		w->plugin->hooks.end(w->inst, w->tx);
	fh_msg_reset(&w->msg);
	w->plugin->hooks.close(w->inst);
	fh_opts_free();
}

/* The message, as far as the facts. */
static void take(struct world *w, const char *client, const char *header)
{
	struct mw_err err = {0};

	w->msg.envelope.client_addr = fh_str(client);
	fh_header(&w->msg, header);
	assert_int_equal(w->plugin->hooks.begin(w->inst, &w->msg, &w->tx, &err), 0);
	assert_int_equal(w->plugin->hooks.see(w->inst, w->tx, &w->msg, MW_SEE_HELO, "helo.a.example", 14, &err), 0);
	assert_int_equal(w->plugin->hooks.see(w->inst, w->tx, &w->msg, MW_SEE_MAIL, "<a@x.example>", 13, &err), 0);
	assert_int_equal(w->plugin->hooks.see(w->inst, w->tx, &w->msg, MW_SEE_HEADERS, "", 0, &err), 0);
	assert_int_equal(w->plugin->hooks.see(w->inst, w->tx, &w->msg, MW_SEE_MESSAGE, NULL, 0, &err), 0);
}

static const char *fact(const struct world *w, const char *name)
{
	for (uint32_t i = 0; w->plugin->facts[i].name; i++)
		if (strcmp(w->plugin->facts[i].name, name) == 0)
			return w->msg.fact[i].text;
	fail_msg("no fact %s", name);
	return NULL;
}

static int64_t number(const struct world *w, const char *name)
{
	for (uint32_t i = 0; w->plugin->facts[i].name; i++)
		if (strcmp(w->plugin->facts[i].name, name) == 0)
			return w->msg.fact[i].number;
	fail_msg("no fact %s", name);
	return 0;
}

static void add(struct world *w, int64_t what)
{
	struct mw_order order = {.rcpt = MW_ALL, .args = &what};
	struct mw_err err = {0};

	assert_int_equal(w->plugin->hooks.act(w->inst, w->tx, &w->msg, &order, &err), 0);
}

static size_t count(const struct world *w, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < w->msg.fields; i++)
		for (size_t k = 0; k + strlen(text) <= w->msg.field[i].value.n; k++)
			n += memcmp(w->msg.field[i].value.p + k, text, strlen(text)) == 0;
	return n;
}

static void test_skipped(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, NULL);
	w.msg.envelope.auth_type = fh_str("PLAIN");
	take(&w, "192.0.2.1", "From: a@x.example\n");
	assert_string_equal(fact(&w, "skipped"), "authenticated");
	assert_string_equal(fact(&w, "spf"), "none");
	world_close(&w);
	world_open(&w, NULL);
	w.msg.envelope.local = true;
	take(&w, "127.0.0.1", "From: a@x.example\n");
	assert_string_equal(fact(&w, "skipped"), "local");
	world_close(&w);
	world_open(&w, NULL);
	take(&w, "10.1.2.3", "From: a@x.example\n");
	assert_string_equal(fact(&w, "skipped"), "internal");
	world_close(&w);
	world_open(&w, NULL);
	take(&w, "192.0.2.1", "From: a@x.example\n");
	assert_string_equal(fact(&w, "skipped"), "");
	world_close(&w);
	world_open(&w, NULL);
	take(&w, "", "From: a@x.example\n");
	assert_string_equal(fact(&w, "skipped"), "");
	assert_string_equal(fact(&w, "spf"), "temperror");
	world_close(&w);
}

static void test_relay(void **state)
{
	struct world w;

	(void)state;
	/* A relay that is an internal host, too, hands on others' mail. */
	world_open(&w, "10.1.0.0/16");
	take(&w, "10.1.2.3", "Received: from h (h [192.0.2.7]) by r\nFrom: a@x.example\n");
	assert_string_equal(fact(&w, "skipped"), "");
	assert_string_equal(fact(&w, "client"), "192.0.2.7");
	world_close(&w);
	/* What it got from the site's own hosts is not evaluated either. */
	world_open(&w, "10.1.0.0/16");
	take(&w, "10.1.2.3", "Received: from h (h [10.9.9.9]) by r\nFrom: a@x.example\n");
	assert_string_equal(fact(&w, "skipped"), "internal");
	world_close(&w);
	world_open(&w, "10.1.0.0/16");
	take(&w, "10.1.2.3", "Received: by r (from userid 0)\nReceived: from h (h [10.9.9.9]) by r\nFrom: a@x.example\n");
	assert_string_equal(fact(&w, "skipped"), "");
	assert_string_equal(fact(&w, "client"), "");
	assert_string_equal(fact(&w, "spf"), "temperror");
	assert_string_equal(fact(&w, "spf-helo"), "temperror");
	world_close(&w);
}

#define FORGED                                                                                                                   \
	"authentication-results: mx.clinic.example; spf=pass forged=1\n"                                                         \
	"Authentication-Results: mx.other.example; spf=pass theirs=1\n"                                                          \
	"AUTHENTICATION-RESULTS :\n (c)\n MX.clinic.example 1; spf=pass forged=1\n"                                              \
	"Authentication-Results: \"mx2.clinic.example\"; spf=pass forged=1\n"                                                    \
	"X-Authentication-Results: mx.clinic.example; spf=pass theirs=1\n"                                                       \
	"Received-SPF: pass (mx.clinic.example: domain of a) forged=1\n"                                                         \
	"Received-SPF: pass receiver=mx.other.example theirs=1\n"                                                                \
	"From: a@x.example\n"

static void test_stamp(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, NULL);
	take(&w, "192.0.2.1", FORGED);
	add(&w, 0);
	assert_int_equal(count(&w, "forged=1"), 1);
	assert_int_equal(count(&w, "theirs=1"), 3);
	assert_memory_equal(w.msg.field[0].value.p, " mx.clinic.example;", 19);
	add(&w, 1);
	add(&w, 0);
	assert_int_equal(count(&w, "forged=1"), 0);
	assert_int_equal(count(&w, "theirs=1"), 3);
	assert_int_equal(w.msg.added, 2);
	assert_true(w.msg.last_first);
	assert_string_equal(w.msg.last_name, "Received-SPF");
	world_close(&w);
}

/* A user of the site may not claim what only the site's hosts can say; nothing is said about him. What the site's hosts wrote stays. */
static void test_stamp_own(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, NULL);
	w.msg.envelope.auth_type = fh_str("PLAIN");
	take(&w, "192.0.2.1", FORGED);
	add(&w, 0);
	add(&w, 1);
	assert_int_equal(count(&w, "forged=1"), 0);
	assert_int_equal(count(&w, "theirs=1"), 3);
	assert_int_equal(w.msg.added, 0);
	world_close(&w);
	world_open(&w, NULL);
	take(&w, "10.1.2.3", FORGED);
	add(&w, 0);
	add(&w, 1);
	assert_int_equal(count(&w, "forged=1"), 4);
	assert_int_equal(w.msg.added, 0);
	world_close(&w);
}

/* ---- a milward-lookup that hears all and answers nothing --------------------------------------------------------------------- */

#define CLIENTS 100

struct deaf {
	char folder[64], path[80];
	struct pollfd fd[CLIENTS]; /* the listener, the end, and clients */
	nfds_t n;
	int end[2];
	pthread_t thread;
	pthread_mutex_t lock;
	char heard[65536];
	size_t size;
};

static void *deaf_listen(void *arg)
{
	struct deaf *d = arg;

	while (poll(d->fd, d->n, -1) >= 0 && !d->fd[1].revents) {
		if (d->fd[0].revents && d->n < CLIENTS)
			d->fd[d->n++] = (struct pollfd){.fd = accept(d->fd[0].fd, NULL, NULL), .events = POLLIN};
		(void)pthread_mutex_lock(&d->lock);
		for (nfds_t i = 2; i < d->n; i++) {
			ssize_t got =
			    d->fd[i].revents ? read(d->fd[i].fd, d->heard + d->size, sizeof(d->heard) - 1 - d->size) : 0;

			if (got > 0)
				d->size += (size_t)got;
			else if (d->fd[i].revents)
				d->fd[i].events = 0;
		}
		(void)pthread_mutex_unlock(&d->lock);
	}
	return NULL;
}

static void deaf_start(struct deaf *d)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	memset(d, 0, sizeof(*d));
	strcpy(d->folder, "/tmp/milward-auth-XXXXXX");
	assert_non_null(mkdtemp(d->folder));
	(void)snprintf(d->path, sizeof(d->path), "%s/sock", d->folder);
	strcpy(to.sun_path, d->path);
	assert_int_equal(pipe(d->end), 0);
	d->fd[0] = (struct pollfd){.fd = socket(AF_UNIX, SOCK_STREAM, 0), .events = POLLIN};
	d->fd[1] = (struct pollfd){.fd = d->end[0], .events = POLLIN};
	d->n = 2;
	assert_int_equal(bind(d->fd[0].fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(d->fd[0].fd, CLIENTS), 0);
	assert_int_equal(pthread_mutex_init(&d->lock, NULL), 0);
	assert_int_equal(pthread_create(&d->thread, NULL, deaf_listen, d), 0);
}

static void deaf_stop(struct deaf *d)
{
	assert_int_equal(write(d->end[1], "", 1), 1);
	assert_int_equal(pthread_join(d->thread, NULL), 0);
	for (nfds_t i = 0; i < d->n; i++)
		(void)close(d->fd[i].fd);
	(void)close(d->end[1]);
	(void)pthread_mutex_destroy(&d->lock);
	(void)unlink(d->path);
	(void)rmdir(d->folder);
}

/* Waits until the question came. */
static void hears(struct deaf *d, const char *question)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	bool found = false;

	for (int i = 0; i < 6000 && !found; i++) {
		(void)pthread_mutex_lock(&d->lock);
		d->heard[d->size] = '\0';
		found = strstr(d->heard, question) != NULL;
		(void)pthread_mutex_unlock(&d->lock);
		if (!found)
			(void)nanosleep(&pause, NULL);
	}
	if (!found)
		fail_msg("\"%s\" is not asked", question);
}

#define SIGNED                                                                                                                   \
	"DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=key; h=from; bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=; "       \
	"b=AAAA\n"                                                                                                               \
	"From: a@y.example\n"

/* DNS is asked as soon as a name is known, long before the message is there; and waited for no longer than the policy says. */
static void test_early(void **state)
{
	struct mw_err err = {0};
	struct deaf d;
	struct world w;

	(void)state;
	deaf_start(&d);
	world_open(&w, NULL);
	w.plugin->hooks.close(w.inst);
	w.inst = NULL;
	fh_opt(w.plugin->options, &w.conf, "lookup", d.path);
	fh_opt(w.plugin->options, &w.conf, "time", "1");
	assert_int_equal(w.plugin->hooks.open(fh_host(), &w.self, &w.conf, &w.inst, &err), 0);
	w.msg.envelope.client_addr = fh_str("192.0.2.1");
	fh_header(&w.msg, SIGNED);
	assert_int_equal(w.plugin->hooks.begin(w.inst, &w.msg, &w.tx, &err), 0);
	assert_int_equal(w.plugin->hooks.see(w.inst, w.tx, &w.msg, MW_SEE_HELO, "helo.a.example", 14, &err), 0);
	assert_int_equal(w.plugin->hooks.see(w.inst, w.tx, &w.msg, MW_SEE_MAIL, "<a@x.example>", 13, &err), 0);
	hears(&d, "TXT x.example,");
	hears(&d, "TXT helo.a.example,");
	assert_int_equal(w.plugin->hooks.see(w.inst, w.tx, &w.msg, MW_SEE_HEADERS, "", 0, &err), 0);
	hears(&d, "TXT _dmarc.y.example,");
	hears(&d, "TXT key._domainkey.x.example,");
	assert_int_equal(w.plugin->hooks.see(w.inst, w.tx, &w.msg, MW_SEE_MESSAGE, NULL, 0, &err), 0);
	assert_string_equal(fact(&w, "spf"), "temperror");
	assert_string_equal(fact(&w, "dkim"), "temperror");
	assert_string_equal(fact(&w, "dmarc"), "temperror");
	world_close(&w);
	deaf_stop(&d);
}

static void test_options(void **state)
{
	static const char *const rows[][2] = {
	    {"authserv-id", "mx clinic"},      {"authserv-id", "mx;clinic"},	{"other-ids", "a.example,b;c"},
	    {"internal-hosts", "10.0.0.0/33"}, {"relays", "mx.clinic.example"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_auth_conf conf = {0};
		struct mw_err err = {0};

		fh_opts(mw_plugin_auth.options, &conf);
		fh_opt(mw_plugin_auth.options, &conf, rows[i][0], rows[i][1]);
		if (mw_plugin_auth.hooks.check(fh_host(), &conf, &err) != -EINVAL)
			fail_msg("%s \"%s\"", rows[i][0], rows[i][1]);
		assert_non_null(strstr(err.text, rows[i][0]));
		fh_opts_free();
	}
}

/* Domains that were seen, look-alikes, and the report of a message whose DMARC cannot be told: there is none, and nothing fails. */
static void test_kept(void **state)
{
	char folder[] = "/tmp/test_auth.XXXXXX", seen[64];
	struct mw_outcome outcome = {.effect = MW_PASS};
	struct mw_order order = {.rcpt = MW_ALL, .args = &(int64_t){0}};
	struct mw_err err = {0};
	struct world w;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(seen, sizeof(seen), "%s/seen", folder);
	world_options(&w, NULL);
	fh_opt(w.plugin->options, &w.conf, "own-domains", "clinic.example");
	fh_opt(w.plugin->options, &w.conf, "seen", seen);
	fh_opt(w.plugin->options, &w.conf, "dmarc-reports", folder);
	world_start(&w);
	take(&w, "192.0.2.1", "From: \"nurse@clinic.example\" <a@mail.c1inic.example>\n");
	assert_string_equal(fact(&w, "dmarc"), "temperror");
	assert_string_equal(fact(&w, "look-alike"), "clinic.example");
	assert_int_equal(number(&w, "first-time"), 1);
	while (strcmp(w.plugin->actions[order.action].name, "report") != 0)
		order.action++;
	w.msg.outcome = outcome;
	assert_int_equal(w.plugin->hooks.act(w.inst, w.tx, &w.msg, &order, &err), 0);
	world_close(&w);
	assert_int_equal(unlink(seen), 0);
	assert_int_equal(rmdir(folder), 0); /* which is empty */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_skipped),   cmocka_unit_test(test_relay),   cmocka_unit_test(test_stamp),
	    cmocka_unit_test(test_stamp_own), cmocka_unit_test(test_options), cmocka_unit_test(test_kept),
	    cmocka_unit_test(test_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
