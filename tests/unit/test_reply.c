/* SPDX-License-Identifier: Apache-2.0 */
/* reply: what the sender is told. */
#include "host/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies),
	    cmocka_unit_test(replies_are_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
