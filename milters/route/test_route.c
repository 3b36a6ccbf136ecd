/* SPDX-License-Identifier: Apache-2.0 */
/* The route module: tags, and the forms of addresses that they come to. */
#include "testing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_tags(void **state)
{
	static const struct {
		const char *means;
		bool portal;
		const char *tag;
	} rows[] = {
	    {"t", true, "tls"},
	    {"v", true, "ver"},
	    {"p", true, "portal"},
	    {"tp", true, "tlsp"},
	    {"vp", true, "verp"},
	    {"vt", true, "tls"},
	    {"vtp", true, "tlsp"},
	    {"tv", true, "tls"},
	    {"pt", true, "portal"},
	    {"vpt", true, "verp"},
	    {"tp", false, "tls"},
	    {"vp", false, "ver"},
	    {"vpt", false, "tls"},
	    /* What is sealed for at delivery is not tried by TLS again; a key that is gone is told to the sender. */
	    {"s", true, "seals"},
	    {"o", true, "sealo"},
	    {"sop", true, "sealsop"},
	    {"osp", true, "sealosp"},
	    {"stop", true, "sealsop"},
	    {"sop", false, "sealso"},
	    {"spo", true, "sealsp"},
	    {"i", true, "open"},
	    {"vsop", true, "verp"},
	    {"vs", true, "ver"},
	};
	struct mw_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_order o[5];
		struct route_fixture f;

		route_start(&f, false, rows[i].portal);
		(void)route_chain(rows[i].means, o);
		assert_int_equal(route_able(&f, o, &err), 1);
		assert_int_equal(route_act(&f, o, &err), 0);
		assert_int_equal(f.msg.tags, 1);
		assert_int_equal(f.msg.tag[0].rcpt, 1);
		assert_string_equal(f.msg.tag[0].tag, rows[i].tag);
		assert_int_equal(f.msg.added, strncmp(rows[i].tag, "seal", 4) == 0 || strcmp(rows[i].tag, "open") == 0);
		route_stop(&f);
	}
}

static void test_forms(void **state)
{
	struct mw_order o[2];
	struct route_fixture f;
	struct mw_err err;

	(void)state;
	route_start(&f, false, true);
	for (uint32_t form = MW_ADDR_NO_DOMAIN; form <= MW_ADDR_MTA_DIFFERS + 1; form++) {
		f.rcpt[1].form = form;
		for (const char *means = "tvpsoi"; *means; means++) {
			char one[2] = {*means, '\0'};

			assert_int_equal(route_able(&f, route_chain(one, o), &err), 0);
			assert_non_null(strstr(err.text, "address form not supported: "));
			assert_int_equal(route_act(&f, o, &err), -ENOTSUP);
		}
	}
	f.rcpt[1].form = MW_ADDR_SOURCE_ROUTE;
	(void)route_able(&f, route_chain("t", o), &err);
	assert_string_equal(err.text, "address form not supported: source route");
	assert_int_equal(f.msg.tags, 0);
	route_stop(&f);
}

/* By non_smtpd_milters the recipient as it was given is hidden, and would stay beside the tagged one. */
static void test_local(void **state)
{
	struct mw_order o[2];
	struct route_fixture f;
	struct mw_err err;

	(void)state;
	route_start(&f, false, true);
	f.msg.envelope.local = true;
	for (const char *means = "tvpsoi"; *means; means++) {
		char one[2] = {*means, '\0'};

		assert_int_equal(route_able(&f, route_chain(one, o), &err), 0);
		assert_non_null(strstr(err.text, "by SMTP"));
		assert_int_equal(route_act(&f, o, &err), -ENOTSUP);
	}
	assert_int_equal(f.msg.tags, 0);
	route_stop(&f);
}

/* milward-seal knows a message by a field of ours: one, whatever came in under its name. */
static void test_mark(void **state)
{
	struct mw_order o[3];
	struct route_fixture f;
	struct mw_err err;

	(void)state;
	route_start(&f, false, true);
	fh_header(&f.msg, "X-Milward-Id: 1\nSubject: x\nx-milward-id: 2\n");
	assert_int_equal(route_act(&f, route_chain("so", o), &err), 0);
	o[0].rcpt = o[1].rcpt = 0;
	assert_int_equal(route_act(&f, o, &err), 0);
	assert_int_equal(f.msg.tags, 2);
	assert_int_equal(f.msg.deleted, 2);
	assert_int_equal(f.msg.added, 1);
	assert_int_equal(f.msg.fields, 2);
	assert_int_equal(f.msg.field[1].value.n, 33);
	assert_int_equal(strspn(f.msg.field[1].value.p + 1, "0123456789abcdef"), 32);
	route_stop(&f);
}

/* The time in the portal goes in a field of ours: the least that was asked for, and nothing that came in under its name. */
static void test_expire(void **state)
{
	static const int64_t day = 86400, week = 7 * 86400;
	struct mw_order o[4];
	struct route_fixture f;
	struct mw_err err;

	(void)state;
	route_start(&f, false, true);
	fh_header(&f.msg, "X-Milward-Expire: 1\nSubject: x\nx-milward-expire: 2\n");
	assert_int_equal(route_act(&f, route_chain("t", o), &err), 0); /* whatever the means */
	assert_int_equal(f.msg.deleted, 2);
	assert_int_equal(f.msg.added, 0);
	(void)route_chain("tp", o);
	o[1].args = &week;
	assert_int_equal(route_act(&f, o, &err), 0);
	assert_int_equal(f.msg.added, 1);
	assert_string_equal(f.msg.last_name, "X-Milward-Expire");
	assert_string_equal(f.msg.last_value, " 604800");
	(void)route_chain("p", o);
	o[0].rcpt = 0;
	assert_int_equal(route_act(&f, o, &err), 0); /* says nothing of it */
	o[0].args = &week;
	assert_int_equal(route_act(&f, o, &err), 0);
	assert_int_equal(f.msg.added, 1);
	(void)route_chain("sp", o);
	o[1].args = &day;
	assert_int_equal(route_act(&f, o, &err), 0);
	assert_int_equal(f.msg.added, 3); /* with the number */
	assert_string_equal(f.msg.last_value, " 86400");
	assert_int_equal(f.msg.deleted, 2);
	route_stop(&f);
}

static void test_other_actions(void **state)
{
	static const char *const header = "X-Milward-*";
	struct route_fixture f;
	struct mw_err err;

	(void)state;
	route_start(&f, false, false);
	for (uint32_t action = PASS; action <= TEMPFAIL; action++) {
		struct mw_order o = {.action = action, .rcpt = 0};

		assert_int_equal(route_able(&f, &o, &err), 1);
		assert_int_equal(mw_plugin_route.hooks.act(f.inst, NULL, &f.msg, &o, &err), 0);
	}
	fh_header(&f.msg, "X-Milward-Id: 1\nSubject: x\nx-milward-route: tls\n");
	assert_int_equal(mw_plugin_route.hooks.act(f.inst, NULL, &f.msg,
						   &(struct mw_order){.action = STRIP, .rcpt = MW_ALL, .args = &header}, &err),
			 0);
	assert_int_equal(f.msg.deleted, 2);
	assert_int_equal(f.msg.fields, 1);
	/* A route is never for a message as a whole, and the portal must be there. */
	assert_int_equal(route_able(&f, &(struct mw_order){.action = TLS, .rcpt = MW_ALL}, &err), -EINVAL);
	assert_int_equal(route_able(&f, &(struct mw_order){.action = PORTAL, .rcpt = 0}, &err), 0);
	assert_string_equal(err.text, "the portal is switched off");
	route_stop(&f);
	mw_plugin_route.hooks.close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tags), cmocka_unit_test(test_forms),	cmocka_unit_test(test_local),
	    cmocka_unit_test(test_mark), cmocka_unit_test(test_expire), cmocka_unit_test(test_other_actions),
	};

	return cmocka_run_group_tests(tests, postfix_setup, postfix_teardown);
}
