/* SPDX-License-Identifier: Apache-2.0 */
/* Consents: dates, which of several counts on which day for which sender. What a file may hold is in cases/consents*.policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "policy/consent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void test_days(void **state)
{
	static const struct {
		const char *text;
		int32_t day;
	} rows[] = {{"2026-03-01", 20260301},
		    {"2024-02-29", 20240229},
		    {"2000-02-29", 20000229},
		    {"1900-02-29", 0},
		    {"2100-02-29", 0},
		    {"2026-02-29", 0},
		    {"2026-04-31", 0},
		    {"2026-12-31", 20261231},
		    {"2026-13-01", 0},
		    {"2026-00-01", 0},
		    {"2026-01-00", 0},
		    {"1899-12-31", 0},
		    {"9999-12-31", 99991231},
		    {"2026-3-01", 0},
		    {"2026/03/01", 0},
		    {"2026-03-01 ", 0},
		    {"+026-03-01", 0},
		    {"", 0},
		    {"none", 0}};
	char text[MW_DAY_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(mw_day_parse(mw_str(rows[i].text)), rows[i].day);
		if (rows[i].day)
			assert_string_equal(mw_day_print(rows[i].day, text), rows[i].text);
	}
	assert_string_equal(mw_day_print(MW_DAY_NONE, text), "none");
	assert_int_equal(mw_day_after(20240228, 1), 20240229);
	assert_int_equal(mw_day_after(20251231, 60), 20260301);
	assert_int_equal(mw_day_after(99991231, 100000), 99991231);
	assert_int_equal(mw_day_after(MW_DAY_NONE, 3), MW_DAY_NONE);
}

/* The day is that of the site's time zone: at any moment it is tomorrow on the one side of the earth when it is today on the other. */
static void test_zone(void **state)
{
	int32_t east, west;

	(void)state;
	assert_int_equal(setenv("TZ", "EAST-14", 1), 0);
	tzset();
	east = mw_day_today();
	assert_int_equal(setenv("TZ", "WEST12", 1), 0);
	tzset();
	west = mw_day_today();
	assert_true(east > west);
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
}

static const char file[] = "\xef\xbb\xbf# consents\n"
			   "jones@x.example \"M. Adams, RN\" 2026-03-01 2026-08-31 \"a note\"\r\n"
			   "jones@x.example adams 2026-09-15 none for .labs.clinic.example\n"
			   "jones@x.example adams 2025-01-01 2025-12-31\n"
			   "smith@x.example adams 2026-01-01 none for lee@clinic.example, labs.clinic.example # comment\n"
			   "smith@x.example adams 2026-06-01 2026-06-30\n"
			   "old@x.example adams 2020-01-01 2020-12-31\n"
			   "old@x.example adams 2021-01-01 2021-12-31\n";

static const struct {
	const char *address, *sender;
	int32_t today, latest;
	enum mw_consent_state state;
	unsigned line; /* 0: none is named */
} rows[] = {
    {"jones@x.example", "a@clinic.example", 20260301, 20260301, MW_CONSENT_GIVEN, 2},
    {"JONES@X.Example", "a@clinic.example", 20260831, 20260831, MW_CONSENT_GIVEN, 2},
    {"jones@x.example", "a@clinic.example", 20260228, 20260228, MW_CONSENT_FUTURE, 2},
    {"jones@x.example", "a@clinic.example", 20260901, 20260901, MW_CONSENT_FUTURE, 3},
    {"jones@x.example", "a@clinic.example", 20260915, 20260915, MW_CONSENT_SENDER, 3},
    {"jones@x.example", "a@x.labs.clinic.example", 20260915, 20260915, MW_CONSENT_GIVEN, 3},
    {"jones@x.example", "", 20260915, 20260915, MW_CONSENT_SENDER, 3},
    {"jones@x.example", "", 20260401, 20260401, MW_CONSENT_GIVEN, 2},
    /* the clock has jumped back: what has ended stays so, and what begins has to wait */
    {"jones@x.example", "a@clinic.example", 20260801, 20260901, MW_CONSENT_FUTURE, 3},
    {"old@x.example", "a@clinic.example", 20210601, 20260901, MW_CONSENT_ENDED, 8},
    {"smith@x.example", "lee@clinic.example", 20250101, 20260901, MW_CONSENT_FUTURE, 5},
    /* there is no clock */
    {"smith@x.example", "lee@clinic.example", MW_DAY_NONE, MW_DAY_NONE, MW_CONSENT_FUTURE, 5},
    {"old@x.example", "lee@clinic.example", MW_DAY_NONE, MW_DAY_NONE, MW_CONSENT_ENDED, 8},
    {"smith@x.example", "lee@clinic.example", 20260101, 20260101, MW_CONSENT_GIVEN, 5},
    {"smith@x.example", "a@labs.clinic.example", 20260101, 20260101, MW_CONSENT_GIVEN, 5},
    {"smith@x.example", "a@sub.labs.clinic.example", 20260101, 20260101, MW_CONSENT_SENDER, 5},
    {"smith@x.example", "a@sub.labs.clinic.example", 20260615, 20260615, MW_CONSENT_GIVEN, 6},
    {"smith@x.example", "lee@clinic.example", 20260615, 20260615, MW_CONSENT_GIVEN, 5}, /* the one that lasts longer */
    {"old@x.example", "a@clinic.example", 20260901, 20260901, MW_CONSENT_ENDED, 8},
    {"nobody@x.example", "a@clinic.example", 20260901, 20260901, MW_CONSENT_NONE, 0},
    {"x.example", "a@clinic.example", 20260901, 20260901, MW_CONSENT_NONE, 0},
    {"", "a@clinic.example", 20260901, 20260901, MW_CONSENT_NONE, 0},
};

static void test_find(void **state)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_source source = {.path = "c", .shown = "tables/c", .text = file, .n = sizeof(file) - 1};
	struct mw_diags diags;
	const struct mw_consents *t;

	(void)state;
	assert_non_null(a);
	mw_diags_init(&diags, a);
	diags.source = &source;
	diags.sources = 1;
	t = mw_consents_read(a, &diags, "plain", 0);
	assert_non_null(t);
	assert_int_equal(diags.errors, 0);
	assert_int_equal(mw_consents_count(t), 7);
	assert_string_equal(mw_consents_row(t, 0)->by, "M. Adams, RN");
	assert_string_equal(mw_consents_row(t, 0)->note, "a note");
	assert_string_equal(mw_consents_row(t, 0)->where, "tables/c:2");
	assert_null(mw_consents_row(t, 7));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_days days = {.today = rows[i].today, .latest = rows[i].latest};
		const struct mw_consent_row *row = NULL;
		enum mw_consent_state got = mw_consents_find(t, mw_str(rows[i].address), mw_str(rows[i].sender), days, &row);

		if (got != rows[i].state || (row ? row->place.line : 0) != rows[i].line)
			fail_msg("case %zu: state %d, line %u", i, got, row ? row->place.line : 0);
	}
	mw_arena_free(&a);
}

/* As many as a large site has: each is found again. */
static void test_many(void **state)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf text = MW_BUF_INIT;
	struct mw_source source = {.path = "c", .shown = "c"};
	const struct mw_consents *t;
	struct mw_diags diags;
	char address[40];

	(void)state;
	for (unsigned i = 0; i < 20000; i++)
		mw_buf_printf(&text, "p%u@x.example adams 2026-01-01 none\n", i);
	assert_true(mw_buf_ok(&text));
	source.text = text.p;
	source.n = text.n;
	mw_diags_init(&diags, a);
	diags.source = &source;
	diags.sources = 1;
	t = mw_consents_read(a, &diags, "plain", 0);
	assert_non_null(t);
	for (unsigned i = 0; i < 20001; i++) {
		const struct mw_consent_row *row = NULL;

		(void)snprintf(address, sizeof(address), "P%u@X.example", i);
		assert_int_equal(mw_consents_find(t, mw_str(address), mw_str(""), (struct mw_days){20260101, 20260101}, &row),
				 i < 20000 ? MW_CONSENT_GIVEN : MW_CONSENT_NONE);
		assert_int_equal(row ? row->place.line : 0, i < 20000 ? i + 1 : 0);
	}
	mw_buf_free(&text);
	mw_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_days), cmocka_unit_test(test_zone), cmocka_unit_test(test_find),
					   cmocka_unit_test(test_many)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
