/* SPDX-License-Identifier: Apache-2.0 */
/* reply: what the sender is told. */
#include "host/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct mw_rcpt plain = {.form = MW_ADDR_PLAIN}, bang = {.form = MW_ADDR_BANG};

static const struct {
	struct mw_outcome outcome;
	struct mw_verdict verdict;
	const struct mw_rcpt *rcpt;
	const char *code, *status, *text;
} replied[] = {
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

static void replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(replied) / sizeof(replied[0]); i++) {
		struct mw_reply r;

		mw_reply_make(&replied[i].outcome, &replied[i].verdict, replied[i].rcpt, &r);
		assert_string_equal(r.code, replied[i].code);
		assert_string_equal(r.status, replied[i].status);
		assert_string_equal(r.text, replied[i].text);
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

static const char *lines_of(const struct mw_reply *r)
{
	static char all[4000];
	size_t n = (size_t)snprintf(all, sizeof(all), "%s", r->text);

	for (size_t i = 0; i < r->lines; i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "|%s", r->more[i]);
	return all;
}

#define RCPT(a)                                                                                                                  \
	{                                                                                                                        \
		.address = { a, sizeof(a) - 1 }                                                                                  \
	}

/* Several recipients for whom no means is there: those with the same reason share a line, an alias is named once, by its own name. */
static void routes(void **state)
{
	static const struct mw_rcpt rcpt[] = {RCPT("a@x.test"),
					      RCPT("b@x.test"),
					      RCPT("c@y.test"),
					      RCPT("d@x.test"),
					      RCPT("e@x.test"),
					      {.address = {"f@z.test", 8}, .alias = {"team@c.test", 11}},
					      {.address = {"g@z.test", 8}, .alias = {"team@c.test", 11}}};
	static const char none[] = "none of the ways to send that the policy asks for is there";
	const struct mw_verdict tls = {
	    .effect = MW_REFUSE, .reason = none, .skipped = "tls: off; smime: no certificate", .where = "a:1"};
	const struct mw_verdict own = {
	    .effect = MW_REFUSE, .reason = "call us", .skipped = "portal: 100% full\n", .where = "a:2"};
	struct mw_reply_rcpt v[] = {{&rcpt[0], &tls}, {&rcpt[2], &own}, {&rcpt[1], &tls}, {&rcpt[5], &own},
				    {&rcpt[6], &own}, {&rcpt[3], &tls}, {&rcpt[4], &tls}};
	struct mw_outcome o = {.effect = MW_REFUSE, .reason = none};
	struct mw_verdict many[20];
	struct mw_reply_rcpt all[20];
	struct mw_verdict long_one;
	char why[20][600], w[200], wanted[1000];
	struct mw_reply r;

	(void)state;
	memset(w, 'w', sizeof(w) - 1);
	w[sizeof(w) - 1] = '\0';
	mw_reply_routes(&o, v, 1, &r);
	assert_string_equal(r.code, "550");
	assert_string_equal(lines_of(&r),
			    "message refused by policy: no route for a@x.test: tls: off; smime: no certificate (a:1)");
	mw_reply_routes(&o, v, 7, &r);
	assert_string_equal(
	    lines_of(&r),
	    "message refused by policy: no route for a@x.test, b@x.test, d@x.test and 1 more: tls: off; smime: no certificate "
	    "(a:1)|no route for c@y.test, team@c.test: call us; portal: 100? full  (a:2)");
	/* Reasons that are too long for a line go on in the next, as far as the others leave room; none is cut in the middle. */
	for (size_t i = 0; i < 3; i++)
		(void)snprintf(why[i], sizeof(why[i]), "smime: %.*s; openpgp: %.*s; tls: %.*s", 150, w, 120, w, 160 - (int)i, w);
	long_one = (struct mw_verdict){.effect = MW_REFUSE, .reason = none, .skipped = why[0], .where = "a:3"};
	all[0] = (struct mw_reply_rcpt){&rcpt[0], &long_one};
	mw_reply_routes(&o, all, 1, &r);
	(void)snprintf(wanted, sizeof(wanted),
		       "message refused by policy: no route for a@x.test: smime: %.*s;|openpgp: %.*s; tls: %.*s (a:3)", 150, w,
		       120, w, 160, w);
	assert_string_equal(lines_of(&r), wanted);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(why[i], sizeof(why[i]), "smime: %.*s; openpgp: %.*s; tls: %.*s", 190, w, 199 - (int)i, w, 180, w);
		many[i] = (struct mw_verdict){.effect = MW_REFUSE, .reason = none, .skipped = why[i], .where = "a:3"};
		all[i] = (struct mw_reply_rcpt){&rcpt[i], &many[i]};
	}
	mw_reply_routes(&o, all, 3, &r);
	assert_int_equal(r.lines, MW_REPLY_MORE);
	assert_non_null(strstr(r.more[2], "no route for b@x.test: smime: "));
	assert_non_null(strstr(r.more[r.lines - 1], "no route for c@y.test: smime: "));
	assert_non_null(strstr(r.more[r.lines - 1], ";... (a:3)"));
	o.effect = MW_TEMPFAIL;
	for (size_t i = 0; i < 20; i++) {
		memset(why[i], 'w', sizeof(why[i]) - 1);
		why[i][sizeof(why[i]) - 1] = '\0';
		why[i][0] = (char)('a' + i);
		many[i] = (struct mw_verdict){.effect = MW_TEMPFAIL, .reason = "", .skipped = why[i], .where = why[i]};
		all[i] = (struct mw_reply_rcpt){&rcpt[0], &many[i]};
	}
	mw_reply_routes(&o, all, 20, &r);
	assert_string_equal(r.status, "4.7.1");
	assert_int_equal(r.lines, MW_REPLY_MORE);
	assert_string_equal(r.more[MW_REPLY_MORE - 1], "and 15 more, for other reasons: see the log");
	for (size_t i = 0; i + 1 < r.lines; i++)
		assert_true(strlen(r.more[i]) < MW_REPLY_LINE - 1 && r.more[i][strlen(r.more[i]) - 1] == ')');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies),
	    cmocka_unit_test(replies_are_clean),
	    cmocka_unit_test(routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
