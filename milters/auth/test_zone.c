/* SPDX-License-Identifier: Apache-2.0 */
/* zone: records out of a text file: what they answer, and how they fail. */
#include "zone.h"

#include "dnsname.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "# a comment\n"
			   "; another\n"
			   "\n"
			   "example.org TXT \"v=spf1 \" \"a\\\"b\\065 -all\"\n"
			   "Example.ORG. MX 10 mail.example.org\r\n"
			   "example.org MX 20 .\n"
			   "$TTL 60\n"
			   "mail.example.org A 192.0.2.1\n"
			   "mail.example.org AAAA 2001:db8::1\n"
			   "www.example.org CNAME mail.example.org\n"
			   "loop1.example.org CNAME loop2.example.org\n"
			   "loop2.example.org CNAME loop1.example.org\n"
			   "slow.example.org * TIMEOUT\n"
			   "broken.example.org TXT SERVFAIL\n"
			   "large.example.org TXT TRUNCATED\n"
			   "forged.example.org TXT BOGUS\n"
			   "alias.example.org CNAME slow.example.org\n"
			   "a.b.c.example.org A 192.0.2.2\n"
			   "*.wild.example.org TXT \"w\"\n"
			   "odd\\032name.example.org TYPE99 \\# 3 01 02ff\n"
			   "$SECURE signed.example\n"
			   "x.signed.example TXT \"s\"\n"
			   "out.signed.example CNAME mail.example.org\n";

static void get(struct mw_resolver r, const char *name, unsigned type, struct mw_records *ret)
{
	memset(ret, 0x55, sizeof(*ret));
	r.want(r.ctx, name, type);
	assert_int_equal(r.get(r.ctx, name, type, ret), 0);
}

static void test_answers(void **state)
{
	static const struct {
		const char *name;
		unsigned type;
		enum mw_records_status status;
		unsigned rcode;
		bool secure;
		uint32_t ttl;
		const char *at;
		size_t n;
		const char *data;
		size_t data_n;
	} rows[] = {
	    {"EXAMPLE.org", MW_RR_TXT, 0, 0, false, 3600, "example.org", 1,
	     "\x07v=spf1 \x09"
	     "a\"bA -all",
	     18},
	    {"example.org.", MW_RR_MX, 0, 0, false, 3600, "example.org", 2, "\0\x0a\4mail\7example\3org", 20},
	    {"mail.example.org", MW_RR_A, 0, 0, false, 60, "mail.example.org", 1, "\xc0\0\2\1", 4},
	    {"www.example.org", MW_RR_A, 0, 0, false, 60, "mail.example.org", 1, "\xc0\0\2\1", 4},
	    {"www.example.org", MW_RR_CNAME, 0, 0, false, 60, "www.example.org", 1, "\4mail\7example\3org", 18},
	    {"mail.example.org", MW_RR_TXT, 0, 0, false, 3600, "mail.example.org", 0, NULL, 0},
	    {"loop1.example.org", MW_RR_A, MW_RECORDS_FAILED, 0, false, 0, "", 0, NULL, 0},
	    {"slow.example.org", MW_RR_A, MW_RECORDS_TIMEOUT, 0, false, 0, "", 0, NULL, 0},
	    {"alias.example.org", MW_RR_MX, MW_RECORDS_TIMEOUT, 0, false, 0, "", 0, NULL, 0},
	    {"broken.example.org", MW_RR_TXT, MW_RECORDS_FAILED, 0, false, 0, "", 0, NULL, 0},
	    {"broken.example.org", MW_RR_A, 0, 0, false, 3600, "broken.example.org", 0, NULL, 0},
	    {"large.example.org", MW_RR_TXT, MW_RECORDS_FAILED, 0, false, 0, "", 0, NULL, 0},
	    {"forged.example.org", MW_RR_TXT, MW_RECORDS_BOGUS, 0, false, 0, "", 0, NULL, 0},
	    {"b.c.example.org", MW_RR_A, 0, 0, false, 3600, "", 0, NULL, 0},
	    {"d.c.example.org", MW_RR_A, 0, MW_RCODE_NXDOMAIN, false, 3600, "", 0, NULL, 0},
	    {"any.at.wild.example.org", MW_RR_TXT, 0, 0, false, 60, "", 1, "\1w", 2},
	    {"odd name.example.org", 99, 0, 0, false, 60, "odd\\032name.example.org", 1, "\1\2\xff", 3},
	    {"x.signed.example", MW_RR_TXT, 0, 0, true, 60, "x.signed.example", 1, "\1s", 2},
	    {"y.signed.example", MW_RR_TXT, 0, MW_RCODE_NXDOMAIN, true, 3600, "", 0, NULL, 0},
	    {"out.signed.example", MW_RR_A, 0, 0, false, 60, "mail.example.org", 1, "\xc0\0\2\1", 4},
	    {"nowhere.test", MW_RR_A, 0, MW_RCODE_NXDOMAIN, false, 3600, "", 0, NULL, 0},
	};
	struct mw_zonefile *z = NULL;
	struct mw_err err = {0};

	(void)state;
	assert_int_equal(mw_zonefile_parse(text, strlen(text), &z, &err), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_records a;

		get(mw_zonefile_resolver(z), rows[i].name, rows[i].type, &a);
		assert_int_equal(a.status, rows[i].status);
		assert_string_equal(a.name, rows[i].at);
		assert_int_equal(a.rcode, rows[i].rcode);
		assert_int_equal(a.secure, rows[i].secure);
		assert_int_equal(a.ttl, rows[i].ttl);
		assert_int_equal(a.n, rows[i].n);
		if (a.n) {
			assert_int_equal(a.record[0].n, rows[i].data_n);
			assert_memory_equal(a.record[0].p, rows[i].data, rows[i].data_n);
		}
	}
	mw_zonefile_free(&z);
	assert_null(z);
	mw_zonefile_free(&z);
}

static void test_no_name(void **state)
{
	char labels[300], label[80];
	const char *bad[] = {"a..b", ".a", "a\\25", "a\\256", labels, label};
	struct mw_records a = {.n = 77};
	struct mw_zonefile *z = NULL;
	struct mw_resolver r;
	struct mw_err err = {0};

	(void)state;
	memset(label, 'a', sizeof(label));
	label[64] = '\0';
	for (size_t i = 0; i < sizeof(labels); i++)
		labels[i] = i % 2 ? '.' : 'a';
	labels[255] = '\0';
	assert_int_equal(mw_zonefile_parse(NULL, 0, &z, &err), 0);
	r = mw_zonefile_resolver(z);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(r.get(r.ctx, bad[i], MW_RR_A, &a), -EINVAL);
		assert_int_equal(a.n, 77);
	}
	/* The longest of each is a name. */
	label[63] = '\0';
	labels[253] = '\0';
	assert_int_equal(r.get(r.ctx, label, MW_RR_A, &a), 0);
	assert_int_equal(r.get(r.ctx, labels, MW_RR_A, &a), 0);
	assert_int_equal(a.rcode, MW_RCODE_NXDOMAIN);
	mw_zonefile_free(&z);
}

static void test_wrong_lines(void **state)
{
	static const struct {
		const char *text, *err;
	} rows[] = {
	    {"a.example", "line 1: a type that is not known"},
	    {"\na.example A 1.2.3", "line 2: that is no address"},
	    {"a.example A 192.0.2.1 192.0.2.2", "line 1: something stands behind the value"},
	    {"a.example TXT word", "line 1: TXT needs strings in \"\""},
	    {"a.example TXT", "line 1: TXT needs strings in \"\""},
	    {"a.example TXT \"x", "line 1: a string has no end"},
	    {"a.example MX mail.example", "line 1: MX needs a preference"},
	    {"a.example * 192.0.2.1", "line 1: \"*\" is for TIMEOUT, SERVFAIL, BOGUS and TRUNCATED"},
	    {"a.example TLSA 3 1 1 00", "line 1: records of this type are written as \\# LENGTH HEX"},
	    {"a.example TLSA \\# 2 00", "line 1: \\# needs as many hexadecimal octets as it says"},
	    {"a.example TLSA \\# 1 0000", "line 1: \\# needs as many hexadecimal octets as it says"},
	    {"a.example TLSA \\# 1 0g", "line 1: \\# needs as many hexadecimal octets as it says"},
	    {"a..example A 192.0.2.1", "line 1: that is no name"},
	    {"a.example TYPE0 \\# 0", "line 1: a type that is not known"},
	    {"$TTL -1", "line 1: $TTL needs seconds"},
	    {"$ORIGIN example", "line 1: a word that is not known"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_zonefile *z = NULL;
		struct mw_err err = {0};

		assert_int_equal(mw_zonefile_parse(rows[i].text, strlen(rows[i].text), &z, &err), -EINVAL);
		assert_string_equal(err.text, rows[i].err);
		assert_null(z);
	}
}

static void test_wire(void **state)
{
	static const struct {
		const char *text, *wire;
		size_t n;
		const char *back;
	} rows[] = {
	    {"", "", 1, ""},
	    {".", "", 1, ""},
	    {"Example.ORG", "\7example\3org", 13, "example.org"},
	    {"_a-b.c.", "\4_a-b\1c", 8, "_a-b.c"},
	    {"a\\.b.c", "\3a.b\1c", 7, "a\\046b.c"},
	    {"a\\065.c", "\2aa\1c", 6, "aa.c"},
	    {"\\000.c", "\1\0\1c", 5, "\\000.c"},
	};
	uint8_t wire[MW_DNSNAME_WIRE_MAX];
	char back[MW_RESOLVER_NAME_MAX];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(mw_dnsname_wire((struct mw_str){rows[i].text, strlen(rows[i].text)}, wire, &n));
		assert_int_equal(n, rows[i].n);
		assert_memory_equal(wire, rows[i].wire, n);
		assert_int_equal(mw_dnsname_length(wire, n), n);
		assert_int_equal(mw_dnsname_length(wire, n - 1), 0);
		assert_int_equal(mw_dnsname_text(wire, back), strlen(rows[i].back));
		assert_string_equal(back, rows[i].back);
	}
	assert_int_equal(mw_dnsname_length((const uint8_t *)"\xc0\0", 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_no_name),
	    cmocka_unit_test(test_wrong_lines),
	    cmocka_unit_test(test_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
