/* SPDX-License-Identifier: Apache-2.0 */
/* message: filling it, its limits, what a module may ask of it, and staged edits. */
#include "setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POLICY OURS LOAD_PROBE "match any then pass\n"

static bool has_cause(const struct mw_msg *m, enum mw_limit l)
{
	return (mw_msg_causes(m) & (uint64_t)1 << (MW_CAUSE_LIMIT_FIRST + (uint32_t)l)) != 0;
}

/* ---- envelope ---------------------------------------------------------------------------------------------------- */
static void test_envelope(void **state)
{
	const struct mw_envelope *e;
	struct world w;
	struct mw_msg *m;

	(void)state;
	world_open(&w, POLICY, 0);
	m = msg_to(&w, "Bob@X.Example al@Clinic.example @a.example:al@clinic.example");
	assert_int_equal(mw_msg_rcpt(m, mw_str("<al@clinic.example>"), mw_str("other@clinic.example"), mw_str(""), mw_str("")),
			 0);
	e = mw_msg_envelope(m);
	assert_string_equal(e->queue_id, "-");
	assert_true(mw_str_eq(e->sender, "alice@clinic.example"));
	assert_true(mw_str_eq(e->sender_domain, "clinic.example"));
	assert_int_equal(e->rcpts, 4);
	assert_true(mw_str_eq(e->rcpt[0].domain, "x.example"));
	assert_false(e->rcpt[0].internal);
	assert_true(e->rcpt[1].internal);
	assert_int_equal(e->rcpt[2].form, MW_ADDR_SOURCE_ROUTE);
	assert_false(e->rcpt[2].internal);
	assert_int_equal(e->rcpt[3].form, MW_ADDR_MTA_DIFFERS);
	assert_false(e->rcpt[3].internal); /* the MTA sends it elsewhere than it looks */
	assert_int_equal(mw_msg_set(m, MW_MSG_QUEUE_ID, mw_str("4jX")), 0);
	assert_int_equal(mw_msg_set(m, MW_MSG_CLIENT_ADDR, mw_str("192.0.2.1")), 0);
	assert_int_equal(mw_msg_set(m, MW_MSG_CLIENT_NAME, mw_str("h")), 0);
	assert_int_equal(mw_msg_set(m, MW_MSG_AUTH_TYPE, mw_str("PLAIN")), 0);
	assert_int_equal(mw_msg_set(m, MW_MSG_AUTH_USER, mw_str("u")), 0);
	assert_int_equal(mw_msg_set(m, (enum mw_msg_text)99, mw_str("u")), -EINVAL);
	mw_msg_set_local(m, true);
	assert_string_equal(e->queue_id, "4jX");
	assert_true(mw_str_eq(e->client_addr, "192.0.2.1") && mw_str_eq(e->client_name, "h") &&
		    mw_str_eq(e->auth_type, "PLAIN") && mw_str_eq(e->auth_user, "u") && e->local);
	mw_msg_free(&m);
	mw_msg_free(&m); /* NULL is fine */
	world_close(&w);
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */
static void test_recipient_limit(void **state)
{
	const struct mw_str none = {.p = "", .n = 0};
	struct world w;
	struct mw_msg *m;

	(void)state;
	world_open(&w, POLICY "limit recipients 2\non limit portal\n", 0);
	m = msg_to(&w, "a@clinic.example b@clinic.example");
	assert_int_equal(mw_msg_rcpt(m, mw_str("<c@x.example>"), none, none, none), -EFBIG);
	msg_take(m, PLAIN_MAIL);
	mw_msg_run(m, NULL, NULL);
	/* A portal for the two that are known would let the third go as it is. */
	assert_string_equal(msg_shown(m), "pass pass policy:3 / pass pass policy:3 => tempfail limit.recipients");
	mw_msg_free(&m);
	world_close(&w);
}

static void test_header_limits(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	world_open(&w, POLICY "limit headers 10, header 1K\n" RULES, MW_GEN_OFFLINE);
	m = msg_to(&w, "b@x.example");
	for (int i = 0; i < 10; i++)
		assert_int_equal(mw_msg_field(m, mw_str("X-A"), mw_str(" b")), 0);
	assert_int_equal(mw_msg_field(m, mw_str("X-A"), mw_str(" b")), -EFBIG);
	assert_int_equal(mw_msg_field(m, mw_str("X-A"), mw_str(" b")), -EFBIG);
	assert_int_equal(mw_msg_body(m, "123456789\r\n", 11), 0); /* still read */
	mw_msg_run(m, NULL, NULL);
	assert_true(has_cause(m, MW_LIMIT_HEADERS));
	assert_false(has_cause(m, MW_LIMIT_HEADER));
	assert_int_equal(mw_msg_findings(m), 1);
	assert_string_equal(mw_msg_outcome(m)->cause, "limit.headers");
	assert_string_equal(mw_msg_cause_why(m, MW_CAUSE_LIMIT_FIRST + MW_LIMIT_HEADERS), "more than 10 header fields");
	mw_msg_free(&m);
	m = msg_to(&w, "b@x.example");
	assert_int_equal(mw_msg_field(m, mw_str("X-A"), (struct mw_str){.p = w.policy, .n = 0}), 0);
	assert_int_equal(mw_msg_field(m, mw_str("X-B"), (struct mw_str){.p = (char[1024]){""}, .n = 1024}), -EFBIG);
	assert_true(has_cause(m, MW_LIMIT_HEADER));
	mw_msg_free(&m);
	world_close(&w);
}

static void test_size_limit(void **state)
{
	static char piece[2048];
	struct world w;
	struct mw_msg *m;

	(void)state;
	memset(piece, 'x', sizeof(piece));
	world_open(&w, POLICY "limit size 4K\non limit.size hold \"large\"\n", 0);
	m = msg_to(&w, "b@x.example");
	assert_int_equal(mw_msg_field(m, mw_str("Subject"), mw_str(" x")), 0);
	assert_int_equal(mw_msg_body(m, piece, sizeof(piece)), 0);
	assert_int_equal(mw_msg_envelope(m)->size, 12 + 2048);
	assert_int_equal(mw_msg_body(m, piece, sizeof(piece)), -EFBIG);
	assert_int_equal(mw_msg_body(m, "y", 1), -EFBIG); /* nothing behind a gap */
	mw_msg_run(m, NULL, NULL);
	assert_true(has_cause(m, MW_LIMIT_SIZE));
	assert_string_equal(msg_shown(m), "hold hold policy:5 => hold limit.size");
	mw_msg_free(&m);
	m = msg_to(&w, "");
	assert_int_equal(mw_msg_text(m, (struct mw_str){.p = piece, .n = sizeof(piece)}), 0);
	assert_int_equal(mw_msg_causes(m), 0);
	mw_msg_free(&m);
	world_close(&w);
}

/* The store cannot keep the message: never delivered as if it had been seen. */
static void test_no_spool(void **state)
{
	const struct mw_msg_options options = {.memory = 1024, .spool = "/proc/self/nowhere"};
	const struct mw_str none = {.p = "", .n = 0};
	static char piece[4096];
	struct world w;
	struct mw_msg *m;

	(void)state;
	world_open(&w, POLICY, 0);
	m = mw_msg_new(w.gen, &options);
	assert_non_null(m);
	assert_int_equal(mw_msg_sender(m, mw_str("<a@clinic.example>")), 0);
	assert_int_equal(mw_msg_rcpt(m, mw_str("<b@clinic.example>"), none, none, none), 0);
	assert_true(mw_msg_body(m, piece, sizeof(piece)) < 0);
	mw_msg_run(m, NULL, NULL);
	assert_string_equal(msg_shown(m), "pass pass policy:3 => tempfail error");
	assert_true(mw_msg_cause_why(m, MW_CAUSE_ERROR)[0] != '\0');
	mw_msg_free(&m);
	world_close(&w);
}

static void test_causes_of_host(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	world_open(&w, POLICY "on timeout hold \"late\"\n", 0);
	m = msg_to(&w, "b@x.example c@clinic.example");
	mw_msg_cause(m, MW_CAUSE_TIMEOUT, "first");
	mw_msg_cause(m, MW_CAUSE_TIMEOUT, "second");
	msg_take(m, PLAIN_MAIL);
	mw_msg_run(m, NULL, NULL);
	assert_string_equal(msg_shown(m), "hold hold policy:4 / pass pass policy:3 => hold timeout");
	assert_string_equal(mw_msg_cause_why(m, MW_CAUSE_TIMEOUT), "first");
	assert_string_equal(mw_msg_cause_why(m, MW_CAUSE_ERROR), "");
	assert_string_equal(mw_msg_cause_why(m, 1000), "");
	mw_msg_free(&m);
	m = msg_to(&w, "b@x.example");
	mw_msg_cause(m, 1000, NULL); /* what is no cause is an error */
	assert_int_equal(mw_msg_causes(m), 1 << MW_CAUSE_ERROR);
	mw_msg_free(&m);
	world_close(&w);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */
static struct mw_msg *read_text(struct world *w, const char *text, struct mw_err *err, int *r)
{
	char path[] = "/tmp/mw-mail-XXXXXX";
	int fd = mkstemp(path);
	struct mw_msg *m = msg_to(w, "b@x.example");

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
	*r = mw_msg_read_file(m, path, err);
	assert_int_equal(unlink(path), 0);
	return m;
}

static void test_read_file(void **state)
{
	static const char *const files[] = {
	    "Subject: a\n b\nX: y\n\none\ntwo\n",
	    "Subject: a\r\n b\r\nX: y\r\n\r\none\r\ntwo\r\n",
	    "From mbox Mon Jan  1 10:00:00 2024\nSubject: a\n b\nX: y\n\none\r\ntwo\n",
	};
	struct mw_err err;
	struct world w;
	int r;

	(void)state;
	world_open(&w, POLICY, MW_GEN_OFFLINE);
	for (size_t i = 0; i < 3; i++) {
		struct mw_msg *m = read_text(&w, files[i], &err, &r);

		assert_int_equal(r, 0);
		probe_reset();
		mw_msg_run(m, NULL, NULL);
		assert_true(mw_str_eq(msg_part(m, "subject")->text, "a b"));
		assert_true(mw_str_eq(msg_part(m, "1")->text, "one\ntwo\n"));
		mw_msg_free(&m);
	}
	world_close(&w);
}

static void test_read_file_fails(void **state)
{
	struct mw_err err;
	struct world w;
	struct mw_msg *m;
	int r;

	(void)state;
	world_open(&w, POLICY "limit size 1K\n", MW_GEN_OFFLINE);
	m = msg_to(&w, "");
	assert_int_equal(mw_msg_read_file(m, "/nowhere/mail", &err), -ENOENT);
	assert_string_equal(err.text, "cannot open /nowhere/mail: No such file or directory");
	assert_int_equal(mw_msg_read_file(m, "/tmp", &err), -EISDIR);
	mw_msg_free(&m);
	m = read_text(&w,
		      "Subject: x\n\n"
		      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\n",
		      &err, &r);
	assert_int_equal(r, 0);
	assert_true(has_cause(m, MW_LIMIT_SIZE));
	mw_msg_free(&m);
	world_close(&w);
}

/* ---- services, from inside --------------------------------------------------------------------------------------- */
static int collect(void *ctx, const char *p, size_t n)
{
	struct mw_buf *b = ctx;

	mw_buf_add(b, p, n);
	return 0;
}

static int stop(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return 7;
}

static int look(const struct mw_host *h, struct mw_self *s, struct mw_msg *m, struct mw_err *err)
{
	struct mw_buf body = MW_BUF_INIT;
	const struct mw_finding *f = NULL;
	size_t n = 99;

	(void)err;
	assert_int_equal(h->size, sizeof(struct mw_host));
	assert_true(mw_str_eq(h->field(s, m, 1)->name, "Subject"));
	assert_true(mw_str_eq(h->field(s, m, 1)->value, " hello"));
	assert_null(h->field(s, m, 2));
	assert_int_equal(h->body(s, m, collect, &body), 0);
	assert_string_equal(mw_buf_text(&body), "Patient 123456789 has diabetes.\n");
	assert_int_equal(h->body(s, m, stop, NULL), 7);
	mw_buf_free(&body);
	assert_string_equal(h->part(s, m, 0)->path, "subject");
	assert_null(h->part(s, m, 100));
	assert_int_equal(h->scan(s, m, 100, &f, &n), -EINVAL);
	assert_int_equal(n, 99);
	assert_int_equal(h->scan(s, m, 2, &f, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(f[0].offset, 8);
	assert_int_equal(f[0].length, 9);
	assert_string_equal(h->rule(m, f[0].rule)->name, "num");
	assert_null(h->rule(m, 1000));
	assert_int_equal(h->set_int(s, m, 1000, 1), -EINVAL);
	assert_int_equal(h->set_int(s, m, 2, 1), -EINVAL);   /* a text */
	assert_int_equal(h->set_str(s, m, 0, "x"), -EINVAL); /* a number */
	assert_int_equal(h->set_str(s, m, 2, NULL), -EINVAL);
	assert_int_equal(h->set_int(s, m, 1, 42), 0); /* a flag is 0 or 1 */
	assert_null(h->verdict(m, 0));		      /* nothing is decided yet */
	assert_null(h->outcome(m));
	assert_int_equal(h->add_field(s, m, "X", " y", false), -EBUSY);
	assert_int_equal(h->del_fields(s, m, "X"), -EBUSY);
	assert_int_equal(h->tag(s, m, 0, "tls"), -EBUSY);
	assert_non_null(h->alloc(m, 0));
	assert_null(h->alloc(m, SIZE_MAX));
	assert_int_equal((h->fail)(NULL, -EIO, "x"), -EIO);
	return 0;
}

static void test_services(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, POLICY RULES, 0);
	probe_in_see(look);
	m = msg_run(&w, "b@x.example", SICK_MAIL);
	assert_string_equal(msg_shown(m), "pass pass policy:3 => pass");
	mw_msg_free(&m);
	world_close(&w);
}

/* Before the end nothing is made that would then be taken for the whole. */
static int look_early(const struct mw_host *h, struct mw_self *s, struct mw_msg *m, struct mw_err *err)
{
	const struct mw_finding *f;
	size_t n;

	(void)err;
	assert_null(h->part(s, m, 0));
	assert_int_equal(h->scan(s, m, 0, &f, &n), -EBUSY);
	assert_int_equal(h->body(s, m, stop, NULL), -EBUSY);
	(void)h->field(s, m, 0);
	return 0;
}

static void test_early(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, POLICY RULES, 0);
	probe_early(look_early);
	probe_in_see(look);
	m = msg_to(&w, "b@x.example");
	mw_msg_see(m, MW_SEE_MAIL, "", 0);
	msg_take(m, SICK_MAIL);
	mw_msg_see(m, MW_SEE_BODY, "", 0);
	mw_msg_run(m, NULL, NULL);
	assert_string_equal(msg_shown(m), "pass pass policy:3 => pass");
	mw_msg_free(&m);
	world_close(&w);
}

static int log_lines; /* what the services log goes to stderr: counted there */

static int without_power(const struct mw_host *h, struct mw_self *s, struct mw_msg *m, struct mw_err *err)
{
	const struct mw_finding *f;
	size_t n;

	(void)err;
	for (int i = 0; i < 3; i++) {
		assert_null(h->field(s, m, 0));
		assert_int_equal(h->body(s, m, stop, NULL), -EPERM);
		assert_null(h->part(s, m, 0));
		assert_int_equal(h->scan(s, m, 0, &f, &n), -EPERM);
		assert_int_equal(h->add_field(s, m, "X", " y", false), -EPERM);
		assert_int_equal(h->del_fields(s, m, "X"), -EPERM);
		assert_int_equal(h->tag(s, m, 0, "tls"), -EPERM);
	}
	log_lines++;
	return 0;
}

/* The checker refuses such a policy; the services must not depend on it. */
static void test_powers(void **state)
{
	struct world w;
	struct mw_msg *m;
	char text[4096];
	int pipes[2], keep;
	ssize_t n;
	size_t lines = 0;

	(void)state;
	probe_reset();
	world_open(&w, POLICY, 0);
	((struct mw_plan_module *)mw_generation_plan(w.gen)->module)[0].granted = 0;
	probe_in_see(without_power);
	assert_int_equal(pipe(pipes), 0);
	keep = dup(STDERR_FILENO);
	assert_true(keep >= 0 && dup2(pipes[1], STDERR_FILENO) >= 0);
	for (int i = 0; i < 2; i++) {
		m = msg_run(&w, "b@x.example", PLAIN_MAIL);
		mw_msg_free(&m);
	}
	assert_true(dup2(keep, STDERR_FILENO) >= 0);
	assert_int_equal(close(keep) | close(pipes[1]), 0);
	n = read(pipes[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_int_equal(close(pipes[0]), 0);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, 4); /* headers, text, edit, route: once each */
	assert_non_null(strstr(text, "power: module=probe used a service that needs the power \"headers\""));
	assert_int_equal(log_lines, 2);
	world_close(&w);
}

/* Late: what is not read yet stays unread, and the policy's line for it decides. */
static int take_long(const struct mw_host *h, struct mw_self *s, struct mw_msg *m, struct mw_err *err)
{
	struct timespec begun, now;
	const struct mw_finding *f;
	size_t n = 1;

	(void)err;
	(void)clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000 < 3);
	assert_int_equal(h->scan(s, m, 0, &f, &n), -EAGAIN);
	assert_int_equal(n, 0);
	return 0;
}

static void test_timeout(void **state)
{
	const struct mw_msg_options options = {.memory = 65536, .spool = "/tmp", .time = 1};
	const struct mw_str none = {.p = "", .n = 0};
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, POLICY "on timeout hold \"slow\"\n" RULES, 0);
	probe_in_see(take_long);
	m = mw_msg_new(w.gen, &options);
	assert_non_null(m);
	assert_int_equal(mw_msg_sender(m, mw_str("<a@clinic.example>")), 0);
	assert_int_equal(mw_msg_rcpt(m, mw_str("<b@x.example>"), none, none, none), 0);
	msg_take(m, SICK_MAIL);
	mw_msg_run(m, NULL, NULL);
	assert_string_equal(msg_shown(m), "hold hold policy:4 => hold timeout");
	assert_string_equal(mw_msg_part(m, 0)->unread, "limit");
	assert_string_equal(mw_msg_part(m, mw_msg_parts(m) - 1)->unread, "limit");
	assert_string_equal(mw_msg_cause_why(m, MW_CAUSE_TIMEOUT), "reading it takes more than 1 ms");
	mw_msg_free(&m);
	world_close(&w);
}

/* A signature over half of a message is not made; a module that asks for the body is told. */
static int body_is_cut(const struct mw_host *h, struct mw_self *s, struct mw_msg *m, struct mw_err *err)
{
	(void)err;
	assert_int_equal(h->body(s, m, stop, NULL), -EFBIG);
	return 0;
}

static void test_truncated(void **state)
{
	static char piece[4096];
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	memset(piece, 'x', sizeof(piece));
	world_open(&w, POLICY "limit size 1K\non limit portal\nalways seal; note\n", 0);
	probe_in_see(body_is_cut);
	m = msg_to(&w, "b@x.example");
	assert_int_equal(mw_msg_body(m, piece, sizeof(piece)), -EFBIG);
	mw_msg_run(m, NULL, NULL);
	assert_string_equal(msg_shown(m), "route portal policy:5 => route limit.size");
	assert_non_null(strstr(probe_calls(), "act:portal:0 act:note"));
	mw_msg_free(&m);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_envelope),   cmocka_unit_test(test_recipient_limit), cmocka_unit_test(test_header_limits),
	    cmocka_unit_test(test_size_limit), cmocka_unit_test(test_no_spool),	       cmocka_unit_test(test_causes_of_host),
	    cmocka_unit_test(test_read_file),  cmocka_unit_test(test_read_file_fails), cmocka_unit_test(test_services),
	    cmocka_unit_test(test_powers),     cmocka_unit_test(test_truncated),       cmocka_unit_test(test_timeout),
	    cmocka_unit_test(test_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
