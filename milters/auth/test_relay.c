/* SPDX-License-Identifier: Apache-2.0 */
/* test_relay: the client that a relay of the site had. */
#include "relay.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *value, *address, *helo; /* NULL: cannot be read */
};

static const struct row rows[] = {
    /* Postfix */
    {" from mail.a.example (mail.a.example [192.0.2.1])\n\tby mx.clinic.example (Postfix) with ESMTPS id 4T\n\tfor "
     "<b@clinic.example>;",
     "192.0.2.1", "mail.a.example"},
    {" from mail.a.example (unknown [IPv6:2001:DB8:0::1])\r\n\t(using TLSv1.3 with cipher X (256/256 bits))\r\n\tby mx",
     "2001:db8::1", "mail.a.example"},
    {" from [10.9.9.9] (gw.a.example [192.0.2.2])\n\tby mx", "192.0.2.2", "[10.9.9.9]"},
    {" from [IPv6:2001:db8::9] (gw.a.example [IPv6:::ffff:192.0.2.3])\n\tby mx", "192.0.2.3", "[IPv6:2001:db8::9]"},
    /* Sendmail */
    {" from a.example (mail.a.example [192.0.2.4])\n\tby mx (8.17.1/8.17.1) with ESMTP id 2AB", "192.0.2.4", "a.example"},
    {" from a.example (mail.a.example [192.0.2.4] (may be forged))\n\tby mx", "192.0.2.4", "a.example"},
    {" from a.example ([192.0.2.5])\n\tby mx", "192.0.2.5", "a.example"},
    {" from a.example ([192.0.2.5] (may be forged))\n\tby mx", "192.0.2.5", "a.example"},
    {" from a.example (IDENT:joe@mail.a.example [192.0.2.6])\n\tby mx", "192.0.2.6", "a.example"},
    {" from a.example (mail.a.example [IPv6:2001:db8:0:0:0:0:0:7])\n\tby mx", "2001:db8::7", "a.example"},
    /* Exim */
    {" from mail.a.example ([192.0.2.8] helo=a.example)\n\tby mx with esmtps (Exim 4.96)", "192.0.2.8", "a.example"},
    {" from mail.a.example ([192.0.2.8])\n\tby mx", "192.0.2.8", "mail.a.example"},
    {" from mail.a.example ([2001:db8::8]:2525 helo=[10.1.1.1] ident=joe)\n\tby mx", "2001:db8::8", "[10.1.1.1]"},
    {" from [192.0.2.9] (helo=a.example)\n\tby mx", "192.0.2.9", "a.example"},
    {" from [192.0.2.9]:2525 (port=25 helo=a.example ident=joe)\n\tby mx", "192.0.2.9", "a.example"},
    {" FROM a.example (b.example [192.0.2.1]) by mx", "192.0.2.1", "a.example"},
    /* What a stranger tries: the name that he gives himself, or his address has, holds an address of its own. */
    {" from a.example(b [10.0.0.1]) (mail.a.example [192.0.2.1])\n\tby mx", NULL, NULL},
    {" from a (b [10.0.0.1]) by (mail.a.example [192.0.2.1])\n\tby mx", "10.0.0.1", "a"}, /* no relay lets a name have blanks */
    {" from \"a (b [10.0.0.1])\" (mail.a.example [192.0.2.1])\n\tby mx", NULL, NULL},
    {" from a\\(b (mail.a.example [192.0.2.1])\n\tby mx", NULL, NULL},
    {" from a.example (IDENT:x [10.0.0.1] y@mail.a.example [192.0.2.1])\n\tby mx", NULL, NULL},
    {" from a.example (IDENT:x(10)@mail.a.example [192.0.2.1])\n\tby mx", NULL, NULL},
    {" from a.example (mail [10.0.0.1] [192.0.2.1])\n\tby mx", NULL, NULL},
    {" from [10.0.0.1] (mail.a.example [192.0.2.1])\n\tby mx", "192.0.2.1", "[10.0.0.1]"},
    {" from [10.0.0.1] ([192.0.2.1] helo=x)\n\tby mx", "192.0.2.1", "x"},
    {" from a.example ([192.0.2.1] helo=x [10.0.0.1])\n\tby mx", NULL, NULL},
    /* no client, or not a form that is known */
    {" by mx.clinic.example (Postfix, from userid 1000)\n\tid 4T", NULL, NULL},
    {" from joe by mx with local (Exim 4.96)", NULL, NULL},
    {" from a.example (192.0.2.1) by mx with Microsoft SMTP Server", NULL, NULL},
    {" from a.example (mail.a.example [192.0.2.256]) by mx", NULL, NULL},
    {" from a.example (mail.a.example [192.0.2]) by mx", NULL, NULL},
    {" from a.example (mail.a.example [192.0.2.1] by mx", NULL, NULL},
    {" from a.example (mail.a.example [192.0.2.1])", NULL, NULL}, /* cut off */
    {" from a.example (mail.a.example [192.0.2.1])by mx", NULL, NULL},
    {" from a.example (mail.a.example [IPv6:192.0.2.1x]) by mx", NULL, NULL},
    {" from a.example (mail.a.example []) by mx", NULL, NULL},
    {" from [192.0.2.9] () by mx", NULL, NULL},
    {" from a.ex\xc3\xa4mple (mail.a.example [192.0.2.1]) by mx", NULL, NULL},
    {" fromage (mail.a.example [192.0.2.1]) by mx", NULL, NULL},
    {"", NULL, NULL},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_relay_hop hop;
		int r = mw_relay_parse(rows[i].value, strlen(rows[i].value), &hop);

		if (r != (rows[i].address ? 0 : -EBADMSG))
			fail_msg("\"%s\": %d", rows[i].value, r);
		if (!rows[i].address)
			continue;
		assert_string_equal(hop.address, rows[i].address);
		assert_string_equal(hop.helo, rows[i].helo);
	}
}

static struct mw_field received(const char *value)
{
	return (struct mw_field){.name = {"received ", 9}, .value = {value, strlen(value)}};
}

static void test_client(void **state)
{
	struct mw_field field[14] = {{.name = {"X-Spam", 6}, .value = {" no", 3}}};
	struct mw_dkim_net relay[2];
	struct mw_relay_hop hop;

	(void)state;
	assert_true(mw_dkim_net_parse("10.1.0.0/16", &relay[0]));
	assert_true(mw_dkim_net_parse("2001:db8:1::/48", &relay[1]));
	assert_int_equal(mw_relay_client(field, 1, relay, 2, &hop), -ENOENT);
	field[1] = received(" from localhost (localhost [127.0.0.1]) by r");
	field[2] = received(" from r1 (r1 [10.1.2.3]) by r");
	field[3] = received(" from r2 ([2001:db8:1::5] helo=r2) by r1");
	assert_int_equal(mw_relay_client(field, 4, relay, 2, &hop), -ENOENT);
	field[4] = received(" from a.example (mail.a.example [192.0.2.1]) by r2");
	field[5] = received(" from b.example (mail.b.example [192.0.2.2]) by a");
	assert_int_equal(mw_relay_client(field, 6, relay, 2, &hop), 0);
	assert_string_equal(hop.address, "192.0.2.1");
	assert_string_equal(hop.helo, "a.example");
	/* Nobody looks past what is not understood. */
	field[4] = received(" by r2 (Postfix, from userid 1000) id 4");
	assert_int_equal(mw_relay_client(field, 6, relay, 2, &hop), -EBADMSG);
	for (size_t i = 0; i < 14; i++)
		field[i] = received(" from r1 (r1 [10.1.2.3]) by r");
	assert_int_equal(mw_relay_client(field, 14, relay, 2, &hop), -ELOOP);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_client)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
