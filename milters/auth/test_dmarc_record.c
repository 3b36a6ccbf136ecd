/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a record, and what makes one bad. */
#include "dmarc_record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *policy_letter(enum mw_dmarc_policy p)
{
	return p == MW_DMARC_ASKS_NOTHING ? "-" : p == MW_DMARC_ASKS_NONE ? "n" : p == MW_DMARC_ASKS_QUARANTINE ? "q" : "r";
}

/* "p sp np adkim aspf t psd fo pct ri", or how it fails. */
static void tell(const char *record, size_t n, char *to, size_t size)
{
	struct mw_dmarc_record r;
	const char *why = "-";
	int e = mw_dmarc_record_parse(record, n, &r, &why);

	if (e == -ENOENT)
		(void)snprintf(to, size, "none");
	else if (e < 0)
		(void)snprintf(to, size, "bad: %s", why);
	else
		(void)snprintf(to, size, "%s%s%s %c%c %s %c %u %u %u%s%s%s", policy_letter(r.p), policy_letter(r.sp),
			       policy_letter(r.np), r.adkim_strict ? 's' : 'r', r.aspf_strict ? 's' : 'r', r.testing ? "y" : "n",
			       r.psd, r.fo, r.pct, r.ri, r.monitors ? " monitors" : "", r.defect ? " without " : "",
			       r.defect ? r.defect : "");
}

static void test_records(void **state)
{
	static const struct {
		const char *record, *expect;
	} row[] = {
	    {"v=DMARC1; p=reject", "r-- rr n u 1 100 86400"},
	    {"v=DMARC1;p=none;", "n-- rr n u 1 100 86400"},
	    {"v = DMARC1 ; P = Quarantine ; SP=REJECT;np=none", "qrn rr n u 1 100 86400"},
	    {"v=DMARC1; p=reject; adkim=s; aspf=S; t=y; psd=Y; fo=0:1:d:s; pct=7; ri=60", "r-- ss y y 15 7 60"},
	    /* RFC 9989 lets p stand anywhere. */
	    {"v=DMARC1; rua=mailto:a@x.example; sp=none; p=reject", "rn- rr n u 1 100 86400"},
	    /* No record of DMARC. */
	    {"", "none"},
	    {"v=spf1 -all", "none"},
	    {"v=DMARC2; p=none", "none"},
	    {"v=DMARC10; p=none", "none"},
	    {"v=dmarc1; p=none", "none"},
	    {"v=DMARC1 p=none", "none"},
	    {" v=DMARC1; p=none", "none"},
	    {"p=none; v=DMARC1", "none"},
	    {"DMARC1; p=none", "none"},
	    {"v==DMARC1; p=none", "none"},
	    /* Bad ones. */
	    {"v=DMARC1", "bad: the record has no p"},
	    {"v=DMARC1;", "bad: the record has no p"},
	    {"v=DMARC1; sp=reject", "bad: the record has no p"},
	    {"v=DMARC1; p=deny", "bad: the record's p, sp or np is none of none, quarantine and reject"},
	    {"v=DMARC1; p=", "bad: the record's p, sp or np is none of none, quarantine and reject"},
	    {"v=DMARC1; p=reject; sp=reject none", "bad: the record's p, sp or np is none of none, quarantine and reject"},
	    {"v=DMARC1; p=reject; np=x; rua=http://x.example",
	     "bad: the record's p, sp or np is none of none, quarantine and reject"},
	    {"v=DMARC1; p=none; p=none", "bad: the record has a tag twice"},
	    {"v=DMARC1; p=none; v=DMARC1", "bad: the record has a tag twice"},
	    {"v=DMARC1; p=none; rua=mailto:a@x.example; RUA=mailto:a@x.example", "bad: the record has a tag twice"},
	    /* Bad ones that want reports are p=none. */
	    {"v=DMARC1; rua=mailto:a@x.example", "n-- rr n u 1 100 86400 monitors"},
	    {"v=DMARC1; p=deny; rua=mailto:a@x.example", "n-- rr n u 1 100 86400 monitors without p"},
	    {"v=DMARC1; p=reject; sp=deny; rua=mailto:a@x.example", "n-- rr n u 1 100 86400 monitors without sp"},
	    {"v=DMARC1; p=reject; np=deny; sp=reject; rua=https://x,mailto:a@x.example!5m",
	     "n-- rr n u 1 100 86400 monitors without np"},
	    /* What else is wrong is as if it were not there. */
	    {"v=DMARC1; p=reject; pct=101; adkim=x", "r-- rr n u 1 100 86400 without pct"},
	    {"v=DMARC1; p=reject; pct=-1", "r-- rr n u 1 100 86400 without pct"},
	    {"v=DMARC1; p=reject; pct=0100", "r-- rr n u 1 100 86400 without pct"},
	    {"v=DMARC1; p=reject; ri=99999999999", "r-- rr n u 1 100 86400 without ri"},
	    {"v=DMARC1; p=reject; ri=4294967295; fo=1:x", "r-- rr n u 1 100 4294967295 without fo"},
	    {"v=DMARC1; p=reject; fo=", "r-- rr n u 1 100 86400 without fo"},
	    {"v=DMARC1; p=reject; ;; =; x; p ;y=; pctt=5", "r-- rr n u 1 100 86400"},
	    {"v=DMARC1; p=reject; t=yes; psd=", "r-- rr n u 1 100 86400 without t"},
	    {"v=DMARC1; p=reject\xc2\xa0; rua=mailto:a@x.example", "n-- rr n u 1 100 86400 monitors without p"},
	};
	char got[200];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		tell(row[i].record, strlen(row[i].record), got, sizeof(got));
		if (strcmp(got, row[i].expect) != 0)
			fail_msg("%s: %s, not %s", row[i].record, got, row[i].expect);
	}
	/* NUL is no end of a record. */
	tell("v=DMARC1; p=reject\0; p=none", 27, got, sizeof(got));
	assert_string_equal(got, "bad: the record has a tag twice");
}

static void test_long_record(void **state)
{
	char *record = malloc(MW_DMARC_RECORD_MAX + 1), got[200];

	(void)state;
	assert_non_null(record);
	memset(record, ';', MW_DMARC_RECORD_MAX + 1);
	memcpy(record, "v=DMARC1; p=reject", 18);
	tell(record, MW_DMARC_RECORD_MAX, got, sizeof(got));
	assert_string_equal(got, "r-- rr n u 1 100 86400");
	tell(record, MW_DMARC_RECORD_MAX + 1, got, sizeof(got));
	assert_string_equal(got, "bad: the record is too long");
	free(record);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *list, *expect;
	} row[] = {
	    {"mailto:a@x.example", "a@x.example "},
	    {"MAILTO:a+b@x.example!10m , mailto:c%2Bd@y.example", "a+b@x.example c+d@y.example "},
	    {"https://x.example/,mailto:a@x.example", "a@x.example "},
	    {"mailto:a@x.example?subject=x", ""},
	    {"mailto:a@b@c", ""},
	    {"mailto:@x.example,mailto:a@,mailto:a,mailto:,,", ""},
	    {"mailto:-a@x.example,mailto:a@-x.example,mailto:a@.x.example,mailto:a@x.example.", ""},
	    {"mailto:a%00@x.example,mailto:a%@x.example,mailto:a%4", ""},
	    {"mailto:a;b@x.example,mailto:`id`@x.example,mailto:$(id)@x.example,mailto:a%0ab@x.example,mailto:\"a b\"@x.example",
	     ""},
	    {"mailto:a@x.ex\xc3\xa4mple", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mw_str list = {.p = row[i].list, .n = strlen(row[i].list)};
		char got[500] = "", address[MW_DMARC_ADDRESS];

		while (mw_dmarc_address_next(&list, address)) {
			(void)strncat(got, address, sizeof(got) - strlen(got) - 1);
			(void)strncat(got, " ", sizeof(got) - strlen(got) - 1);
		}
		assert_string_equal(got, row[i].expect);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_long_record),
	    cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
