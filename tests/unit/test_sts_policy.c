/* SPDX-License-Identifier: Apache-2.0 */
/* Records and policies of MTA-STS, good and bad; which hosts a policy names, and what Postfix is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lookup/sts_policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS32 "01234567890123456789012345678901"

static const struct {
	const char *text, *id;
	int rc;
} records[] = {
    {"v=STSv1; id=20160831085700Z;", "20160831085700Z", 0}, /* RFC 8461, 3.1 */
    {"v=STSv1;id=a", "a", 0},
    {"v=STSv1 ;\tid=a ; ", "a", 0},
    {"v=STSv1; id=" DIGITS32, DIGITS32, 0},
    {"v=STSv1; x-y.z_1=!<>~; id=1;", "1", 0},
    {"v=STSv1; id=1; id=2", "1", 0},
    {"v=STSv1; x=1", NULL, -EINVAL},
    {"v=STSv1; id=" DIGITS32 "x", NULL, -EINVAL},
    {"v=STSv1; id=2016-08-31", NULL, -EINVAL},
    {"v=STSv1; id=", NULL, -EINVAL},
    {"v=STSv1; id", NULL, -EINVAL},
    {"v=STSv1; id=1 2", NULL, -EINVAL},
    {"v=STSv1; id=1;;", NULL, -EINVAL},
    {"v=STSv1; ;id=1", NULL, -EINVAL},
    {"v=STSv1; id=1=2", NULL, -EINVAL},
    {"v=STSv1; id =1", NULL, -EINVAL},
    {"v=STSv1; ID=1", NULL, -EINVAL},
    {"v=STSv1; id=1; -x=1", NULL, -EINVAL},
    {"v=STSv1; id=1; x=\x01", NULL, -EINVAL},
    {"v=STSv1; id=1; x23456789012345678901234567890123=1", NULL, -EINVAL},
    {"v=STSv1;", NULL, -EINVAL},
    {"v=STSv1", NULL, -ENOENT},
    {"v=STSv10; id=1", NULL, -ENOENT},
    {"v=stsv1; id=1", NULL, -ENOENT},
    {" v=STSv1; id=1", NULL, -ENOENT},
    {"id=1; v=STSv1", NULL, -ENOENT},
    {"v=spf1 -all", NULL, -ENOENT},
    {"", NULL, -ENOENT},
};

static void test_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
		char id[MW_STS_ID_MAX + 1] = "untouched";
		struct mw_err err;
		int rc = mw_sts_record_parse(records[i].text, strlen(records[i].text), id, &err);

		if (rc != records[i].rc)
			fail_msg("%s: %d", records[i].text, rc);
		assert_string_equal(id, rc == 0 ? records[i].id : "untouched");
	}
}

/* Octets that no C string has. */
static void test_record_with_nul(void **state)
{
	static const char text[] = "v=STSv1; id=1\0";
	char id[MW_STS_ID_MAX + 1];

	(void)state;
	assert_int_equal(mw_sts_record_parse(text, sizeof(text) - 1, id, NULL), -EINVAL);
}

#define HEAD "version: STSv1\nmode: enforce\nmax_age: 604800\n"

/* A policy as "MODE MAX_AGE MX MX", or a part of the error's text. */
static const struct {
	const char *text, *policy, *error;
} policies[] = {
    /* RFC 8461, 3.2 and appendix A, with CR LF */
    {"version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmx: backupmx.example.com\r\nmax_age: "
     "604800\r\n",
     "enforce 604800 mail.example.com *.example.net backupmx.example.com", NULL},
    {"version: STSv1\nmode: testing\nmx: mx1.example.com\nmx: mx2.example.com\nmx: mx.backup-example.com\nmax_age: 1296000\n",
     "testing 1296000 mx1.example.com mx2.example.com mx.backup-example.com", NULL},
    {HEAD "mx:a.example", "enforce 604800 a.example", NULL},
    {HEAD "mx: \tMail.EXAMPLE  \t\n\n", "enforce 604800 mail.example", NULL},
    {HEAD "\n \nmx: a.example\n", "enforce 604800 a.example", NULL},
    {"mx: a.example\nmax_age: 1\nmode: enforce\nversion: STSv1", "enforce 1 a.example", NULL},
    {"version: STSv1\nmode: none\nmax_age: 0\n", "none 0", NULL},
    {"version: STSv1\nmode: none\nmx: a.example\nmax_age: 86400\n", "none 86400 a.example", NULL},
    {"version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 9999999999\n", "enforce 31557600 a.example", NULL},
    {HEAD "mx: a.example\nmode: none\nmax_age: 1\nversion: STSv2\n", "enforce 604800 a.example", NULL},
    {HEAD "mx: a.example\nx-thing_1.2: what ever: \xc3\xa9\n", "enforce 604800 a.example", NULL},
    {HEAD "mx: _x.a-b.example\nmx: *.b\nmx: xn--mller-kva.example\n", "enforce 604800 _x.a-b.example *.b xn--mller-kva.example",
     NULL},
    {"", NULL, "no version"},
    {"version: STSv1\n", NULL, "no mode"},
    {"version: STSv1\nmode: enforce\nmx: a.example\n", NULL, "no max_age"},
    {HEAD, NULL, "no mx"},
    {"version: STSv1\nmode: testing\nmax_age: 1\n", NULL, "no mx"},
    {"mode: enforce\nmax_age: 1\nmx: a.example\n", NULL, "no version"},
    {"version: STSv2\nversion: STSv1\n" HEAD "mx: a.example\n", NULL, "line 1 of the policy: version"},
    {"version: stsv1\n", NULL, "version"},
    {"Version: STSv1\nmode: none\nmax_age: 1\n", NULL, "no version"},
    {"version: STSv1\nmode: Enforce\n", NULL, "line 2 of the policy: mode"},
    {"version: STSv1\nmode: enforced\n", NULL, "mode"},
    {"version: STSv1\nmode:\n", NULL, "line 2 of the policy has no value"},
    {"version: STSv1\nmode: enforce\nmax_age: -1\n", NULL, "max_age"},
    {"version: STSv1\nmode: enforce\nmax_age: 86400s\n", NULL, "max_age"},
    {"version: STSv1\nmode: enforce\nmax_age: 1 2\n", NULL, "max_age"},
    {"version: STSv1\nmode: enforce\nmax_age: 00000000001\n", NULL, "max_age"},
    {HEAD "mx: a.example, b.example\n", NULL, "line 4 of the policy: mx"},
    {HEAD "mx: a..example\n", NULL, "mx"},
    {HEAD "mx: a.example.\n", NULL, "mx"},
    {HEAD "mx: .example\n", NULL, "mx"},
    {HEAD "mx: *\n", NULL, "mx"},
    {HEAD "mx: *.\n", NULL, "mx"},
    {HEAD "mx: *.*.example\n", NULL, "mx"},
    {HEAD "mx: a.*.example\n", NULL, "mx"},
    {HEAD "mx: m*.example\n", NULL, "mx"},
    {HEAD "mx: 192.0.2.1\n", NULL, "mx"},
    {HEAD "mx: [192.0.2.1]\n", NULL, "mx"},
    {HEAD "mx: a.example:25\n", NULL, "mx"},
    {HEAD "mx: m\xc3\xbcller.example\n", NULL, "mx"},
    {HEAD "mx a.example\n", NULL, "no \"name: value\""},
    {HEAD "mx : a.example\n", NULL, "no \"name: value\""},
    {HEAD " mx: a.example\n", NULL, "no \"name: value\""},
    {HEAD "mx: a.example\n<html>\n", NULL, "no \"name: value\""},
    {HEAD "mx: a.example\nx: a\x01\n", NULL, "no value"},
    {HEAD "mx: a.example\rmx: b.example\n", NULL, "no value"},
    {HEAD "mx: a.example\r\r\n", NULL, "no value"},
    {"\xef\xbb\xbf" HEAD "mx: a.example\n", NULL, "line 1"},
    {"<!DOCTYPE html>\n", NULL, "line 1"},
};

static void write_policy(const struct mw_sts_policy *policy, struct mw_buf *out)
{
	mw_buf_printf(out, "%s %lld", mw_sts_mode_words[policy->mode], (long long)policy->max_age);
	for (size_t i = 0; i < policy->n_mx; i++)
		mw_buf_printf(out, " %s", policy->mx[i]);
}

static void test_policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		const char *text = policies[i].text;
		struct mw_buf out = MW_BUF_INIT;
		struct mw_sts_policy policy;
		struct mw_err err = {.text = ""};
		int rc = mw_sts_policy_parse(text, strlen(text), &policy, &err);

		if (rc != (policies[i].policy ? 0 : -EINVAL))
			fail_msg("%s: %d %s", text, rc, err.text);
		if (rc == 0) {
			write_policy(&policy, &out);
			assert_string_equal(mw_buf_text(&out), policies[i].policy);
			mw_sts_policy_clear(&policy);
		} else if (!strstr(err.text, policies[i].error)) {
			fail_msg("%s: %s", text, err.text);
		}
		mw_buf_free(&out);
	}
}

static void test_bounds(void **state)
{
	struct mw_buf text = MW_BUF_INIT;
	struct mw_sts_policy policy;
	size_t full;

	(void)state;
	mw_buf_puts(&text, HEAD);
	for (int i = 0; i < MW_STS_MX_MAX; i++)
		mw_buf_printf(&text, "mx: mx%d.example\n", i);
	assert_int_equal(mw_sts_policy_parse(text.p, text.n, &policy, NULL), 0);
	assert_int_equal(policy.n_mx, MW_STS_MX_MAX);
	mw_sts_policy_clear(&policy);
	full = text.n;
	mw_buf_puts(&text, "mx: one.more.example\n");
	assert_int_equal(mw_sts_policy_parse(text.p, text.n, &policy, NULL), -EINVAL);
	mw_buf_cut(&text, full);
	mw_buf_puts(&text, "x: ");
	while (text.n < MW_STS_POLICY_MAX)
		mw_buf_putc(&text, 'x');
	assert_int_equal(mw_sts_policy_parse(text.p, text.n, &policy, NULL), 0);
	mw_sts_policy_clear(&policy);
	mw_buf_putc(&text, 'x');
	assert_int_equal(mw_sts_policy_parse(text.p, text.n, &policy, NULL), -EINVAL);
	mw_buf_free(&text);
	assert_int_equal(mw_sts_policy_parse(HEAD "mx: a.example\nx: \0", sizeof(HEAD "mx: a.example\nx: \0") - 1, &policy, NULL),
			 -EINVAL);
}

static const struct {
	const char *host;
	bool named;
} hosts[] = {
    {"mail.example.com", true},
    {"MAIL.example.COM", true},
    {"mail.example.com.", false},
    {"x.mail.example.com", false},
    {"example.com", false},
    {"a.example.net", true},
    {"A.Example.Net", true},
    {"a.b.example.net", false}, /* one label, RFC 8461, 4.1 */
    {"example.net", false},
    {".example.net", false},
    {"aexample.net", false},
    {"*.example.net", false},
    {"a b.example.net", false},
    {"a:b.example.net", false},
    {"", false},
    {".", false},
};

#define TWO HEAD "mx: mail.example.com\nmx: *.example.net\n"

static void test_names(void **state)
{
	struct mw_sts_policy policy;

	(void)state;
	assert_int_equal(mw_sts_policy_parse(TWO, strlen(TWO), &policy, NULL), 0);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		if (mw_sts_policy_names(&policy, hosts[i].host) != hosts[i].named)
			fail_msg("%s", hosts[i].host);
	}
	mw_sts_policy_clear(&policy);
	assert_false(mw_sts_policy_names(&policy, "mail.example.com"));
}

static void test_postfix(void **state)
{
	static const char *const mx[] = {"evil.example.org", "Mail.Example.com", "a.b.example.net", "b.example.net",
					 "x y.example.net"};
	struct mw_sts_policy policy;
	struct mw_buf out = MW_BUF_INIT;
	struct mw_err err;

	(void)state;
	assert_int_equal(mw_sts_policy_parse(TWO, strlen(TWO), &policy, NULL), 0);
	assert_int_equal(mw_sts_policy_postfix(&policy, mx, 5, &out, &err), 0);
	assert_string_equal(mw_buf_text(&out),
			    "secure match=mail.example.com:b.example.net servername=hostname protocols=>=TLSv1.2");
	mw_buf_clear(&out);
	assert_int_equal(mw_sts_policy_postfix(&policy, mx, 1, &out, &err), -ENOENT);
	assert_int_equal(out.n, 0);
	assert_int_equal(mw_sts_policy_postfix(&policy, NULL, 0, &out, &err), -ENOENT);
	mw_sts_policy_clear(&policy);
	mw_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records), cmocka_unit_test(test_record_with_nul), cmocka_unit_test(test_policies),
	    cmocka_unit_test(test_bounds),  cmocka_unit_test(test_names),	    cmocka_unit_test(test_postfix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
