/* SPDX-License-Identifier: Apache-2.0 */
/* To whom an answer goes. */
#include "mail/mime.h"
#include "portal/reply_mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *reply_to, *from, *sender, *to;
} rows[] = {
    {"", "", "a@clinic.test", "a@clinic.test"},
    {"", "Dr. A <dr.a@clinic.test>", "bounce+1@clinic.test", "dr.a@clinic.test"},
    {"desk@CLINIC.test", "dr.a@clinic.test", "bounce@clinic.test", "desk@CLINIC.test"},
    /* never to another domain */
    {"evil@evil.test", "dr.a@clinic.test", "a@clinic.test", "dr.a@clinic.test"},
    {"evil@evil.test", "evil@evil.test", "a@clinic.test", "a@clinic.test"},
    {"x@clinic.test.evil.test", "\"x@clinic.test\" <evil@evil.test>", "a@clinic.test", "a@clinic.test"},
    {"\"<x@clinic.test>\" <evil@evil.test>", "", "a@clinic.test", "a@clinic.test"},
    /* nor to several, nor to what an MTA would rewrite */
    {"b@clinic.test, c@clinic.test", "b@clinic.test, c@clinic.test", "a@clinic.test", "a@clinic.test"},
    {"", "Doe, Jane <c@clinic.test>", "a@clinic.test", "c@clinic.test"}, /* a name that has lost its quotes */
    {"team: b@clinic.test;", "", "a@clinic.test", "a@clinic.test"},
    {"evil%evil.test@clinic.test", "@evil.test:b@clinic.test", "a@clinic.test", "a@clinic.test"},
    {"\"b@evil.test\"@clinic.test", "b@[192.0.2.1]", "a@clinic.test", "a@clinic.test"},
    {"b@clinic.test\r\nBcc: evil@evil.test", "<b@clinic.test", "a@clinic.test", NULL},
    /* nobody */
    {"b@clinic.test", "b@clinic.test", "", ""},
};

static void answers_go_to_who_sent_it(void **state)
{
	char to[MW_PICKUP_ADDRESS];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool found = mw_reply_mail_to(rows[i].reply_to, rows[i].from, rows[i].sender, to);

		if (!found)
			assert_string_equal(rows[i].to, "");
		else if (rows[i].to)
			assert_string_equal(to, rows[i].to);
		else if (strpbrk(to, " \r\n,;<>") || !strstr(to, "@clinic.test"))
			fail_msg("%s", to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(answers_go_to_who_sent_it)};

	mw_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
