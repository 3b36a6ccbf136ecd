/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of milward-seal that are pure: addresses, commands, answers, octets, parameters, results, headers. */
#include "base/str.h"
#include "smtp/address.h"
#include "smtp/dots.h"
#include "seal/control.h"
#include "seal/head.h"
#include "smtp/lmtp.h"
#include "seal/param.h"
#include "smtp/reply.h"
#include "seal/results.h"
#include "seal/site.h"
#include "seal/tag.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* behind those that it needs */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_tags(void **state)
{
	static const struct {
		const char *address;
		enum mw_tag_kind kind;
		const char *rest, *means;
	} rows[] = {
	    {"bob@example.com", MW_TAG_NONE, "bob@example.com", ""},
	    {"bob@example.com.mw-seals.invalid", MW_TAG_SEAL, "bob@example.com", "s"},
	    {"Bob+x@Example.com.MW-SealPOS.INVALID", MW_TAG_SEAL, "Bob+x@Example.com", "pos"},
	    {"\"a b\"@example.com.mw-open.invalid", MW_TAG_OPEN, "\"a b\"@example.com", ""},
	    {"bob@example.com.mw-Portal.invalid", MW_TAG_PORTAL, "bob@example.com", ""},
	    {"bob@example.com.mw-portals.invalid", MW_TAG_OTHER, NULL, ""},
	    {"bob@example.com.mw-seal.invalid", MW_TAG_OTHER, NULL, ""},
	    {"bob@example.com.mw-sealss.invalid", MW_TAG_OTHER, NULL, ""},
	    {"bob@example.com.mw-sealsopx.invalid", MW_TAG_OTHER, NULL, ""},
	    {"bob@example.com.mw-tls.invalid", MW_TAG_OTHER, NULL, ""},
	    {"bob@example.com.mw-seals.invalid.mw-open.invalid", MW_TAG_OTHER, NULL, ""},
	    {"bob@mw-seals.invalid", MW_TAG_OTHER, NULL, ""},
	    {"@mw-seals.invalid", MW_TAG_OTHER, NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mw_tag t = mw_tag_parse(mw_str(rows[i].address));

		assert_int_equal(t.kind, rows[i].kind);
		assert_true(mw_str_eq(t.address, rows[i].rest ? rows[i].rest : rows[i].address));
		assert_string_equal(t.means, rows[i].means);
	}
}

static void test_commands(void **state)
{
	struct mw_lmtp_command c;
	struct mw_lmtp_mail m;
	struct mw_lmtp_rcpt r;
	char known[MW_XFORWARDS][MW_XFORWARD_VALUE] = {{0}};

	(void)state;
	assert_null(mw_lmtp_parse(mw_str("mail from: <\"a > b\"@x> SIZE=12 BODY=8bitmime ENVID=a+2Bb RET=hdrs SMTPUTF8"), &c));
	assert_int_equal(c.verb, MW_LMTP_MAIL);
	assert_true(mw_str_eq(c.path, "\"a > b\"@x"));
	assert_null(mw_lmtp_mail_params(&c, &m));
	assert_true(m.size == 12 && m.eight_bit && m.utf8 && mw_str_eq(m.envid, "a+2Bb") && mw_str_eq(m.ret, "hdrs"));
	assert_null(mw_lmtp_parse(mw_str("RCPT TO:<x@y> NOTIFY=never ORCPT=rfc822;x@y"), &c));
	assert_null(mw_lmtp_rcpt_params(&c, &r));
	assert_true(mw_str_eq(r.notify, "never") && mw_str_eq(r.orcpt, "rfc822;x@y"));
	assert_null(mw_lmtp_parse(mw_str("XFORWARD IDENT=Q1 name=[UNAVAILABLE]"), &c));
	assert_null(mw_lmtp_xforward(&c, known));
	assert_string_equal(known[MW_XFORWARD_IDENT], "Q1");
	assert_string_equal(known[MW_XFORWARD_NAME], "[UNAVAILABLE]");
	assert_non_null(mw_lmtp_parse(mw_str("MAIL FROM:<a\tb>"), &c));
	assert_non_null(mw_lmtp_parse(mw_str("MAIL FROM:<a@b> A B C D E F G H I J K L M N O P Q"), &c));
	assert_non_null(mw_lmtp_parse(mw_str("RCPT TO:<a b@c>"), &c));
	assert_null(mw_lmtp_parse(mw_str("QUIT"), &c));
	assert_int_equal(c.verb, MW_LMTP_QUIT);
}

static void test_answers(void **state)
{
	static const struct {
		const char *text, *id;
	} ids[] = {{"2.0.0 Ok: queued as 4jXC-x", "4jXC-x"},
		   {"2.0.0 6AM2O93T017564 Message accepted for delivery", "6AM2O93T017564"},
		   {"OK id=1", "-"},
		   {"", "-"},
		   {"queued as \r\n", "-"}};
	static const struct {
		unsigned code;
		const char *text;
		unsigned got;
		const char *status;
	} passed[] = {{550, "5.1.1 who", 550, "5.1.1 x: who"},	 {550, "who", 550, "5.0.0 x: who"},
		      {451, "4.7.1 wait", 451, "4.7.1 x: wait"}, {421, "4.3.2 bye", 451, "4.3.2 x: bye"},
		      {550, "4.1.1 odd", 550, "5.0.0 x: odd"},	 {354, "go", 451, "4.0.0 x: go"},
		      {521, "5.3.2 no", 451, "4.0.0 x: no"},	 {450, "4.1.1\x01\xff", 450, "4.0.0 x: 4.1.1??"}};
	struct mw_answer a;
	unsigned code;
	bool more;
	struct mw_str text;
	char id[MW_QUEUE_ID];

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		mw_reply_queue_id(mw_str(ids[i].text), id);
		assert_string_equal(id, ids[i].id);
	}
	for (size_t i = 0; i < COUNT(passed); i++) {
		mw_answer_pass(&a, passed[i].code, mw_str(passed[i].text), "x: ");
		assert_int_equal(a.code, passed[i].got);
		assert_string_equal(a.text, passed[i].status);
	}
	assert_int_equal(mw_reply_line(mw_str("250-x"), &code, &more, &text), 0);
	assert_true(code == 250 && more && mw_str_eq(text, "x"));
	assert_int_equal(mw_reply_line(mw_str("250"), &code, &more, &text), 0);
	assert_true(!more && text.n == 0);
	assert_int_equal(mw_reply_line(mw_str("25"), &code, &more, &text), -EBADMSG);
	assert_int_equal(mw_reply_line(mw_str("650 x"), &code, &more, &text), -EBADMSG);
	assert_int_equal(mw_reply_line(mw_str("250x"), &code, &more, &text), -EBADMSG);
}

static void test_dots(void **state)
{
	static const struct {
		const char *in, *out;
		bool done, bare;
	} rows[] = {
	    {".\r\n", "", true, false},
	    {"a\r\n.\r\n", "a\r\n", true, false},
	    {"..\r\n.b\r\n.\r\n", ".\r\nb\r\n", true, false},
	    {"a\n.\n", "a\n.\n", false, true},
	    {"a\r.\rb", "a\r.\rb", false, true},
	    {"a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", true, true},
	    {"a\r\n.\nb", "a\r\n\nb", false, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t piece = 1; piece < 9; piece++) {
			struct mw_undot u = {0};
			struct mw_buf out = MW_BUF_INIT;
			struct mw_str in = mw_str(rows[i].in);

			while (in.n && !u.done)
				in = mw_str_behind(
				    in, mw_undot(&u, (struct mw_str){.p = in.p, .n = in.n < piece ? in.n : piece}, &out));
			assert_string_equal(mw_buf_text(&out), rows[i].out);
			assert_true(u.done == rows[i].done && u.bare == rows[i].bare);
			mw_buf_free(&out);
		}
}

static void test_dots_out(void **state)
{
	static const struct {
		const char *in;
		bool repair, eight_bit;
		const char *out; /* NULL: refused */
	} rows[] = {
	    {"", false, false, ".\r\n"},
	    {"a", false, false, "a\r\n.\r\n"},
	    {".\r\n.a\r\n", false, false, "..\r\n..a\r\n.\r\n"},
	    {"a\nb", false, false, NULL},
	    {"a\rb", false, true, NULL},
	    {"a\r", false, true, NULL},
	    {"a\n.b\rc\r", true, false, "a\r\n..b\r\nc\r\n.\r\n"},
	    {"\xc3\xa4", false, false, NULL},
	    {"\xc3\xa4\r\n", false, true, "\xc3\xa4\r\n.\r\n"},
	};
	struct mw_buf out = MW_BUF_INIT;
	char line[1000];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mw_dot d = {.repair = rows[i].repair, .eight_bit_ok = rows[i].eight_bit};

		mw_buf_clear(&out);
		mw_dot(&d, mw_str(rows[i].in), &out);
		mw_dot_end(&d, &out);
		assert_true((d.wrong == NULL) == (rows[i].out != NULL));
		if (rows[i].out)
			assert_string_equal(mw_buf_text(&out), rows[i].out);
	}
	memset(line, 'x', sizeof(line));
	for (size_t n = 998; n <= 999; n++) {
		struct mw_dot d = {0};

		mw_dot(&d, (struct mw_str){.p = line, .n = 500}, &out);
		mw_dot(&d, (struct mw_str){.p = line, .n = n - 500}, &out);
		assert_true((d.wrong == NULL) == (n == 998));
	}
	mw_buf_free(&out);
}

static void test_params(void **state)
{
	static const char *const names[] = {"hp", NULL};
	static const struct {
		const char *value, *dropped, *hp;
	} rows[] = {
	    {" text/plain", " text/plain", NULL},
	    {" text/plain; hp=\"cipher\"", " text/plain", "cipher"},
	    {" text/plain;\r\n\tHP = clear (c) ; charset=x;", " text/plain; charset=x", "clear"},
	    {" m/m; boundary=\";hp=1\"; x=(;hp=2) y", " m/m; boundary=\";hp=1\"; x=(;hp=2) y", NULL},
	    {" text/plain; (a;b) hp=\"c\\\"d\"; hp=2", " text/plain", "c\"d"},
	    {" text/plain; php=1; hp*=x", " text/plain; php=1; hp*=x", NULL},
	    {" text/plain; name=\"open", " text/plain; name=\"open", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mw_buf out = MW_BUF_INIT;
		char got[16];

		mw_param_drop(mw_str(rows[i].value), names, &out);
		assert_string_equal(mw_buf_text(&out), rows[i].dropped);
		assert_true(mw_param_get(mw_str(rows[i].value), "hp", got, sizeof(got)) == (rows[i].hp != NULL));
		if (rows[i].hp)
			assert_string_equal(got, rows[i].hp);
		mw_buf_free(&out);
	}
}

static void test_results(void **state)
{
	static const struct {
		const char *value;
		bool ours;
	} rows[] = {
	    {" gw.test; spf=pass", true},
	    {" GW.Test 1; none", true},
	    {" (c (d)) \"gw.test\"; none", true},
	    {" gw.test.evil; none", false},
	    {" other; x=gw.test", false},
	    {"\r\n\tgw.test;", true},
	    {" \"gw\\.test\"; none", false},
	    {" \"gw.\\test gw.test\"; x", true},
	    {"", false},
	    {" (gw.test", true},
	    {" gw.test(c); none", true},
	    {" gw.test.; none", true},
	    {" \"gw.test.\" 1; none", true},
	    {" .; none", false},
	};
	struct mw_result r = {.method = "smime", .opened = true};
	struct mw_buf out = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_true(mw_results_is_by(mw_str(rows[i].value), "gw.test") == rows[i].ours);
	assert_true(mw_results_is_by(mw_str("gw.test."), "gw.test."));
	assert_true(mw_results_is_by(mw_str("gw.test"), "gw.test."));
	r.found.signature = MW_SIGNATURE_GOOD;
	(void)snprintf(r.found.signer, sizeof(r.found.signer), "a@b.test");
	(void)snprintf(r.found.why, sizeof(r.found.why), "x) spf=pass (\r\nX: y");
	assert_string_equal(mw_result_word(&r, "A@B.test"), "pass");
	assert_string_equal(mw_result_word(&r, "c@b.test"), "policy");
	assert_string_equal(mw_result_word(&r, ""), "policy");
	mw_results_put(&out, "gw.test", &r, 1, "a@b.test");
	assert_string_equal(mw_buf_text(&out),
			    "Authentication-Results: gw.test;\r\n\tsmime=pass (not encrypted, x  spf=pass    X: y)\r\n"
			    "\tbody.smime-identifier=\"a@b.test\"\r\n");
	r.found.signature = MW_SIGNATURE_BAD;
	assert_string_equal(mw_result_word(&r, "a@b.test"), "fail");
	r.found.signature = MW_SIGNATURE_UNKNOWN;
	assert_string_equal(mw_result_word(&r, "a@b.test"), "neutral");
	mw_buf_free(&out);
}

static void test_authors(void **state)
{
	static const struct {
		const char *value, *author;
	} rows[] = {
	    {" a@b.test", "a@b.test"},
	    {" <a@b.test>\r\n", "a@b.test"},
	    {" Ann [x] B. <a@b.test>", "a@b.test"},
	    {" =?utf-8?q?=2C?= (c, \\) (d@e.test)) <a@b.test>", "a@b.test"},
	    {" \"B, \\\" <c@d.test>\"\r\n <a@b.test>", "a@b.test"},
	    {" A@b.test <a@b.test>", "a@b.test"},
	    {" c@d.test, <a@b.test>", ""},
	    {" c@d.test <a@b.test>", ""},
	    {" <c@d.test> <a@b.test>", ""},
	    {" <c@d.test>, Ann <a@b.test>", ""},
	    {" g: c@d.test; <a@b.test>", ""},
	    {" c@d.test (x <a@b.test>", ""},
	    {" \"c@d.test <a@b.test>", ""},
	    {" a) c@d.test <a@b.test>", ""},
	    {" <a@b.test> c@d.test", ""},
	    {" <a@b.test> (x)", ""},
	    {" a@b.test,c@d.test", ""},
	    {" <@c.test:a@b.test>", ""},
	    {" <\"c@d.test\"@b.test>", ""},
	    {" <a@b.test", ""},
	    {" <>", ""},
	    {" a", ""},
	    {"", ""},
	};
	char got[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		mw_results_author(mw_str(rows[i].value), got, sizeof(got));
		assert_string_equal(got, rows[i].author);
	}
	mw_results_author(mw_str("a@too-long-for-it.test"), got, sizeof(got));
	assert_string_equal(got, "");
}

/* A million octets of fields inside and outside: each is looked at once, not with each other. */
static void test_many_fields(void **state)
{
	const size_t n = 60000;
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf in = MW_BUF_INIT, out = MW_BUF_INIT;
	struct mw_header opened;
	struct mw_str body;
	clock_t from;

	(void)state;
	mw_buf_puts(&in, "Content-Type: text/plain; hp=cipher\r\n");
	for (size_t i = 0; i < n; i++)
		mw_buf_printf(&in, "X%05zu:\r\n", i);
	for (size_t i = 0; i < n; i++)
		mw_buf_puts(&in, "Subject: inner\r\n");
	mw_buf_puts(&in, "\r\n");
	assert_true(mw_buf_ok(&in));
	assert_int_equal(mw_header_parse(a, (struct mw_str){.p = in.p, .n = in.n}, &opened, &body), 0);
	from = clock();
	mw_head_onward(&opened, &opened, NULL, &out);
	assert_true(clock() - from < 3 * CLOCKS_PER_SEC);
	assert_non_null(strstr(mw_buf_text(&out), "X59999:\r\nSubject: inner\r\nMIME-Version"));
	mw_buf_free(&in);
	mw_buf_free(&out);
	mw_arena_free(&a);
}

static void test_sealed_fields(void **state)
{
	static const struct {
		const char *entity;
		int r;
		const char *out;
	} rows[] = {
	    {"Content-Type: a/b\r\nX-Other: x\r\n\r\n", 0, "Content-Type: a/b\r\n\r\n"},
	    {"X: y\r\n\r\n", -EPROTO, NULL},
	    {"Content-Type: \xff\r\n\r\n", -EPROTO, NULL},
	    {"Content-Type: a/b\n x\r\n\r\n", -EPROTO, NULL},
	};
	struct mw_arena *a = mw_arena_new(0);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mw_header h;
		struct mw_str body;
		struct mw_buf out = MW_BUF_INIT;

		assert_int_equal(mw_header_parse(a, mw_str(rows[i].entity), &h, &body), 0);
		assert_int_equal(mw_head_sealed(&h, &out), rows[i].r);
		if (rows[i].out)
			assert_string_equal(mw_buf_text(&out), rows[i].out);
		mw_buf_free(&out);
	}
	mw_arena_free(&a);
}

static void test_queue_ids(void **state)
{
	static const struct {
		const char *header, *id;
	} rows[] = {
	    {"Received: from a (b [192.0.2.1])\r\n\tby gw (8.17.1.9/8.17.1.9) with ESMTP id "
	     "6AM2O93T017564\r\n\t(version=TLSv1.3);\r\n\tdate\r\nReceived: by x id OLD; y\r\n\r\n",
	     "6AM2O93T017564"},
	    {"Received: by gw (Postfix)\r\n\tid 4jXCcW55ZMz1bYG3; Thu\r\n\r\n", "4jXCcW55ZMz1bYG3"},
	    {"Received: by gw; id x\r\n\r\n", ""},
	    {"Received: id \r\n\r\n", ""},
	    {"Subject: by x id y\r\n\r\n", ""},
	};
	struct mw_arena *a = mw_arena_new(0);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mw_header h;
		struct mw_str body;
		char id[64];

		assert_int_equal(mw_header_parse(a, mw_str(rows[i].header), &h, &body), 0);
		mw_head_queue_id(&h, id, sizeof(id));
		assert_string_equal(id, rows[i].id);
	}
	mw_arena_free(&a);
}

static void test_addresses(void **state)
{
	static const char *const good[] = {"inet:2600@127.0.0.1", "inet:127.0.0.1:2600", "inet6:2600@[::1]",
					   "inet:[::1]:2600",	  "unix:/run/x",	 "/run/x"};
	static const char *const bad[] = {"smtp",  "inet:x@127.0.0.1",	  "inet:127.0.0.1", "tcp:1@127.0.0.1", "unix:run/x",
					  "inet:", "inet:65536@127.0.0.1"};
	struct sockaddr_storage to;
	struct mw_err err;
	socklen_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_int_equal(mw_smtp_address(good[i], &to, &n, &err), 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_true(mw_smtp_address(bad[i], &to, &n, &err) < 0);
}

/* ---- what parent and child say to each other -------------------------------------------------------------------------------------- */

/* The next two descriptors that a file would get. */
static void next_files(int ret[2])
{
	ret[0] = dup(STDIN_FILENO);
	ret[1] = dup(STDIN_FILENO);
	assert_true(ret[0] >= 0 && ret[1] >= 0);
	(void)close(ret[0]);
	(void)close(ret[1]);
}

/* A child that sends two descriptors where one is due leaves none of them open in the parent. */
static void test_control(void **state)
{
	int pair[2], before[2], after[2], got = -1;
	const int sent[2] = {STDIN_FILENO, STDIN_FILENO};
	char word = 'x', packet[8];
	struct iovec iov = {.iov_base = &word, .iov_len = 1};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(sent))];
	} control = {0};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.room)};

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	control.head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(sent))};
	memcpy(CMSG_DATA(&control.head), sent, sizeof(sent));
	next_files(before);
	assert_int_equal(sendmsg(pair[0], &m, 0), 1);
	assert_int_equal(mw_control_receive(pair[1], packet, sizeof(packet), &got), 1);
	if (got >= 0)
		(void)close(got);
	assert_int_equal(sendmsg(pair[0], &m, 0), 1);
	assert_int_equal(mw_control_receive(pair[1], packet, sizeof(packet), NULL), 1);
	next_files(after);
	assert_memory_equal(after, before, sizeof(before));
	(void)close(pair[0]);
	(void)close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tags),      cmocka_unit_test(test_commands),	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_dots),      cmocka_unit_test(test_dots_out),	    cmocka_unit_test(test_params),
	    cmocka_unit_test(test_results),   cmocka_unit_test(test_sealed_fields), cmocka_unit_test(test_queue_ids),
	    cmocka_unit_test(test_addresses), cmocka_unit_test(test_authors),	    cmocka_unit_test(test_many_fields),
	    cmocka_unit_test(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
