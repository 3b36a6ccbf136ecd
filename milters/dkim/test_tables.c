/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of the dkim module: From, networks, OpenDKIM's tables, names of files. */
#include "../../tests/unit/fakehost.h"
#include "file.h"
#include "from.h"
#include "net.h"
#include "table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_from(void **state)
{
	static const struct {
		const char *value;
		int result;
		const char *local, *domain;
	} row[] = {
	    {" a@x.example", 0, "a", "x.example"},
	    {" A.b@X.Example", 0, "A.b", "x.example"},
	    {" \"Doe, J. (x)\" <j@x.example>", 0, "j", "x.example"},
	    {" J. Doe <j@x.example> (home)", 0, "j", "x.example"},
	    {"\r\n =?utf-8?q?=41?=\r\n <j@x.example>", 0, "j", "x.example"},
	    {" (a (nested \\) comment)) j @ x . example", 0, "j", "x.example"},
	    {" \"j d\"@x.example", 0, "j d", "x.example"},
	    {" \"a\\\"b\"@x.example", 0, "a\"b", "x.example"},
	    {" [ward 3] <j@x.example>", 0, "j", "x.example"},
	    {" j@x.example,", 0, "j", "x.example"},
	    {" , j@x.example", 0, "j", "x.example"},
	    {" \"b@evil.example\" <j@x.example>", 0, "j", "x.example"},
	    {" (b@evil.example) j@x.example", 0, "j", "x.example"},
	    {" j\303\266@x.example", 0, "j\303\266", "x.example"},
	    {" a@x.example, b@y.example", -E2BIG, NULL, NULL},
	    {" A <a@x.example>, B <b@y.example>", -E2BIG, NULL, NULL},
	    {"", -EINVAL, NULL, NULL},
	    {" <>", -EINVAL, NULL, NULL},
	    {" nobody", -EINVAL, NULL, NULL},
	    {" a@", -EINVAL, NULL, NULL},
	    {" @x.example", -EINVAL, NULL, NULL},
	    {" a@x..example", -EINVAL, NULL, NULL},
	    {" a@.x", -EINVAL, NULL, NULL},
	    {" a@x.", -EINVAL, NULL, NULL},
	    {" a@b@x.example", -EINVAL, NULL, NULL},
	    {" a@[192.0.2.1]", -EINVAL, NULL, NULL},
	    {" <@r.example:a@x.example>", -EINVAL, NULL, NULL},
	    {" group: a@x.example;", -EINVAL, NULL, NULL},
	    {" a@x.example b", -EINVAL, NULL, NULL},
	    {" <a@x.example> b", -EINVAL, NULL, NULL},
	    {" <a@x.example> <b@y.example>", -EINVAL, NULL, NULL},
	    {" <a@x.example", -EINVAL, NULL, NULL},
	    {" a@x.example>", -EINVAL, NULL, NULL},
	    {" \"open <a@x.example>", -EINVAL, NULL, NULL},
	    {" (open a@x.example", -EINVAL, NULL, NULL},
	    {" (open \\", -EINVAL, NULL, NULL},
	    {" \"open\\", -EINVAL, NULL, NULL},
	    {" Doe, J <j@x.example>", -EINVAL, NULL, NULL},
	    {" \"a\r\n b\"@x.example", -EINVAL, NULL, NULL},
	    {" a@x_y.ex!ample", -EINVAL, NULL, NULL},
	    {" a\x01@x.example", -EINVAL, NULL, NULL},
	    {" a@\"x.example\"", -EINVAL, NULL, NULL},
	};
	struct mw_dkim_from from;
	char big[1200];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		memset(&from, 0x55, sizeof(from));
		if (mw_dkim_from_parse(row[i].value, strlen(row[i].value), &from) != row[i].result)
			fail_msg("row %zu: %s", i, row[i].value);
		if (row[i].result == 0) {
			assert_string_equal(from.local, row[i].local);
			assert_string_equal(from.domain, row[i].domain);
		} else {
			assert_int_equal(from.local[0], 0x55); /* untouched */
		}
	}
	/* NUL inside, and an address longer than any can be. */
	assert_int_equal(mw_dkim_from_parse(" a\0b@x.example", 14, &from), -EINVAL);
	memset(big, 'a', sizeof(big));
	memcpy(big + 1000, "@x.example", 10);
	assert_int_equal(mw_dkim_from_parse(big, 1010, &from), -EINVAL);
	memcpy(big, "a@", 2);
	assert_int_equal(mw_dkim_from_parse(big, 900, &from), -EINVAL);
}

static void test_net(void **state)
{
	static const char *const bad[] = {"",		"x",	   "10.0.0.0/33",    "10.0.0.0/",   "10.0.0.0/8x",
					  "10.1.0.0/8", "::1/129", "2001:db8::1/32", "10.0.0.0/-1", "10.0.0.0/0008",
					  "localhost",	".example"};
	static const struct {
		const char *net, *addr;
		bool in;
	} row[] = {
	    {"127.0.0.0/8", "127.1.2.3", true},
	    {"127.0.0.0/8", "128.0.0.1", false},
	    {"192.0.2.1", "192.0.2.1", true},
	    {"192.0.2.1", "192.0.2.2", false},
	    {"::1", "::1", true},
	    {"::1", "IPv6:::1", true},
	    {"::1", "::2", false},
	    {"2001:db8::/33", "2001:db8:7fff::1", true},
	    {"2001:db8::/33", "2001:db8:8000::1", false},
	    {"10.0.0.0/8", "::ffff:10.1.1.1", true},
	    {"::/0", "192.0.2.1", true},
	    {"0.0.0.0/0", "192.0.2.1", true},
	    {"0.0.0.0/0", "2001:db8::1", false},
	    {"0.0.0.0/0", "", false},
	    {"0.0.0.0/0", "unknown", false},
	};
	struct mw_dkim_net net;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (mw_dkim_net_parse(bad[i], &net))
			fail_msg("taken: %s", bad[i]);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_true(mw_dkim_net_parse(row[i].net, &net));
		if (mw_dkim_net_has(&net, 1, row[i].addr, strlen(row[i].addr)) != row[i].in)
			fail_msg("%s in %s", row[i].addr, row[i].net);
	}
	assert_false(mw_dkim_net_has(&net, 0, "127.0.0.1", 9));
	assert_false(mw_dkim_net_has(&net, 1, "127.0.0.1\0", 10));
}

static void test_keytable(void **state)
{
	static const char text[] = "# keys\n\n  one\tx.example:s1:/k/one.pem # behind\r\n"
				   "two %:sel.two:./k/%.pem\nthree x.example : s3 : MIIBOgIBAAJB+/=\n"
				   "one other.example:dropped:/k/dropped.pem\nlast y.example:s:/k/last.pem";
	const struct mw_dkim_keyrow *row;
	struct mw_dkim_keytable t;
	struct mw_err err = {0};

	(void)state;
	assert_int_equal(mw_dkim_keytable_parse(fh_host(), "kt", strdup(text), strlen(text), &t, &err), 0);
	assert_int_equal(t.rows, 4);
	row = mw_dkim_keytable_find(&t, "one");
	assert_string_equal(row->domain, "x.example");
	assert_string_equal(row->selector, "s1");
	assert_string_equal(row->key, "/k/one.pem");
	assert_int_equal(row->line, 3);
	row = mw_dkim_keytable_find(&t, "two");
	assert_string_equal(row->domain, "%");
	assert_string_equal(row->key, "./k/%.pem");
	row = mw_dkim_keytable_find(&t, "three");
	assert_string_equal(row->domain, "x.example");
	assert_string_equal(row->selector, "s3");
	assert_string_equal(row->key, "MIIBOgIBAAJB+/=");
	assert_string_equal(mw_dkim_keytable_find(&t, "last")->key, "/k/last.pem");
	assert_null(mw_dkim_keytable_find(&t, "One"));
	assert_null(mw_dkim_keytable_find(&t, ""));
	mw_dkim_keytable_free(&t);
	assert_int_equal(mw_dkim_keytable_parse(fh_host(), "kt", strdup(""), 0, &t, &err), 0);
	assert_null(mw_dkim_keytable_find(&t, "one"));
	mw_dkim_keytable_free(&t);
}

static void test_table_errors(void **state)
{
	static const struct {
		bool keys, wild;
		const char *text, *error;
	} row[] = {
	    {true, false, "a\n", "t:1: a second word is missing"},
	    {true, false, "#\na x.example:s\n", "t:2: \"a\" needs DOMAIN:SELECTOR:KEY"},
	    {true, false, "a x.example\n", "t:1: \"a\" needs DOMAIN:SELECTOR:KEY"},
	    {true, false, "a x..y:s:/k\n", "t:1: the domain of \"a\""},
	    {true, false, "a x;d=y:s:/k\n", "t:1: the domain of \"a\""},
	    {true, false, "a :s:/k\n", "t:1: the domain of \"a\""},
	    {true, false, "a x.example:s s:/k\n", "t:1: the selector of \"a\""},
	    {true, false, "a x.example::/k\n", "t:1: the selector of \"a\""},
	    {true, false, "a x.example:s:\n", "t:1: \"a\" names no key"},
	    {false, false, "x.example\n", "t:1: a second word is missing"},
	    {false, false, "x.example :me@x\n", "t:1: \"x.example\" needs one key name"},
	    {false, false, "x.example a b\n", "t:1: \"x.example\" needs one key name"},
	    {false, false, "x.example a:me;x\n", "t:1: the signer of \"x.example\""},
	    {false, true, "*@x.example a\n\n(a|b)@x.example a\n", "t:3: \"(a|b)@x.example\": * is the only wildcard"},
	};
	char *big = malloc(MW_DKIM_LINE_MAX + 2);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mw_err err = {0};
		struct mw_dkim_keytable keys;
		struct mw_dkim_signtable signs;
		size_t n = strlen(row[i].text);
		int r;

		if (row[i].keys)
			r = mw_dkim_keytable_parse(fh_host(), "t", strdup(row[i].text), n, &keys, &err);
		else
			r = mw_dkim_signtable_parse(fh_host(), "t", row[i].wild, strdup(row[i].text), n, &signs, &err);
		assert_int_equal(r, -EINVAL);
		if (!strstr(err.text, row[i].error))
			fail_msg("row %zu: %s", i, err.text);
	}
	{
		struct mw_err err = {0};
		struct mw_dkim_keytable keys;

		memset(big, 'a', MW_DKIM_LINE_MAX + 1);
		big[MW_DKIM_LINE_MAX + 1] = '\0';
		assert_int_equal(mw_dkim_keytable_parse(fh_host(), "t", big, MW_DKIM_LINE_MAX + 1, &keys, &err), -EINVAL);
		assert_non_null(strstr(err.text, "t:1: line is longer"));
		assert_int_equal(mw_dkim_keytable_parse(fh_host(), "t", memcpy(calloc(1, 5), "a\0b", 3), 4, &keys, &err),
				 -EINVAL);
		assert_non_null(strstr(err.text, "NUL"));
	}
}

/* Names of the keys that sign for local@domain, in order. */
static void expect(bool wild, const char *table, const char *local, const char *domain, bool multiple, const char *names)
{
	const struct mw_dkim_signrow *row[8];
	struct mw_dkim_signtable t;
	struct mw_err err = {0};
	char got[200] = "";
	size_t n;

	assert_int_equal(mw_dkim_signtable_parse(fh_host(), "t", wild, strdup(table), strlen(table), &t, &err), 0);
	n = mw_dkim_signtable_find(&t, local, domain, multiple, row, 8);
	for (size_t i = 0; i < n && i < 8; i++) {
		strcat(got, i ? " " : "");
		strcat(got, row[i]->name);
	}
	mw_dkim_signtable_free(&t);
	if (strcmp(got, names) != 0)
		fail_msg("%s@%s: got \"%s\", not \"%s\"", local, domain, got, names);
}

static void test_signtable(void **state)
{
	static const char plain[] = "* star\nu@* anyhost\n.com com\nu@.com ucom\n.example.com sub\nu@.example.com usub\n"
				    "lab.example.com host\nu@lab.example.com full\nplain.example one\nplain.example two\n";
	static const char wild[] = "*@x.example first\na*@*.example second\n*b@X.EXAMPLE third\n*@*c*d last\n";

	(void)state;
	/* opendkim.conf(5): user@host, host, user@.domain and .domain for each parent, user@*, * */
	expect(false, plain, "u", "lab.example.com", true, "full host usub sub ucom com anyhost star");
	expect(false, plain, "u", "lab.example.com", false, "full");
	expect(false, plain, "v", "lab.example.com", true, "host sub com star");
	expect(false, plain, "v", "LAB.example.com", false, "host");
	expect(false, plain, "u", "example.com", true, "ucom com anyhost star");
	expect(false, plain, "u", "x.org", true, "anyhost star");
	expect(false, plain, "v", "x.org", true, "star");
	expect(false, plain, "a", "plain.example", true, "one two star");
	expect(false, plain, "a", "plain.example", false, "one");
	expect(false, "u@x.example a\n", "u", "y.example", true, "");
	expect(false, "", "u", "y.example", true, "");
	expect(true, wild, "ab", "x.example", true, "first second third");
	expect(true, wild, "ab", "x.example", false, "first");
	expect(true, wild, "b", "x.example", true, "first third");
	expect(true, wild, "a", "y.example", true, "second");
	expect(true, wild, "z", "axcyydzd", true, "last");
	expect(true, wild, "z", "axcyydz", true, "");
	/* time stays small where a backtracking matcher would not end */
	expect(true, "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b@x k\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x", true,
	       "");
}

static void test_spec(void **state)
{
	static const struct {
		const char *option, *path;
		bool refile;
	} row[] = {
	    {"/etc/opendkim/signing.table", "/etc/opendkim/signing.table", false},
	    {"/etc/milward/refile:/etc/opendkim/signing.table", "/etc/opendkim/signing.table", true},
	    {"/etc/milward/file:/etc/x", "/etc/x", false},
	    {"/etc/milward/refile:tables/signing", "/etc/milward/tables/signing", true},
	    {"refile:/etc/x", "/etc/x", true},
	    {"refile:x", "x", true},
	    {"/etc/my:dir/x", "/etc/my:dir/x", false},
	};
	struct mw_err err = {0};
	bool refile;
	char *path;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(mw_dkim_file_spec(fh_host(), row[i].option, &path, &refile, &err), 0);
		assert_string_equal(path, row[i].path);
		assert_int_equal(refile, row[i].refile);
		free(path);
	}
	assert_int_equal(mw_dkim_file_spec(fh_host(), "/etc/milward/dsn:mysql://x", &path, &refile, &err), -EINVAL);
	assert_non_null(strstr(err.text, "kind \"dsn\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_from),	 cmocka_unit_test(test_net),	   cmocka_unit_test(test_keytable),
	    cmocka_unit_test(test_table_errors), cmocka_unit_test(test_signtable), cmocka_unit_test(test_spec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
