/* SPDX-License-Identifier: Apache-2.0 */
/* lookalike: which domains want to be taken for the site's or a partner's, and which do not. */
#include "lookalike.h"

#include "confusables.h"
#include "tests/unit/fakehost.h"
#include "words2047.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const own[] = {"clinic.example", "mail.lakeside-health.org", "m\xc3\xbcller-praxis.de", "abc.com"};
static const struct mw_list own_list = {.n = 4, .v = own};

static struct mw_lookalike *open_own(void)
{
	struct mw_lookalike *l = NULL;

	assert_int_equal(mw_lookalike_open(fh_host(), &own_list, NULL, &l, NULL), 0);
	return l;
}

static void test_domains(void **state)
{
	static const struct {
		const char *domain, *of, *why;
	} rows[] = {
	    /* The site's own, and what is below. */
	    {"clinic.example", "", ""},
	    {"mail.clinic.example", "", ""},
	    {"lakeside-health.org", "", ""},
	    {"xn--mller-praxis-dlb.de", "", ""},
	    /* Others. */
	    {"hospital.example", "", ""},
	    {"example", "", ""},
	    {"abd.com", "", ""}, /* every short name is close to another */
	    {"clients.example", "", ""},
	    {"health.org", "", ""},
	    {"notaclinic.test", "", ""},
	    {"myclinic.example2", "", ""},
	    /* What looks the same. */
	    {"c1inic.example", "clinic.example", "it looks the same"},
	    {"dinic.example", "clinic.example", "it looks the same"},
	    {"xn--linic-0ye.example", "clinic.example", "it looks the same"}, /* Cyrillic es */
	    {"xn--clnic-dta.example", "clinic.example", "it looks the same"}, /* i with diaeresis */
	    {"lakeside-hea1th.org", "lakeside-health.org", "it looks the same"},
	    {"muller-praxis.de", "xn--mller-praxis-dlb.de", "it looks the same"},
	    {"abc.co", "abc.com", "the same name under another suffix"},
	    /* Hyphens, suffixes. */
	    {"cli-nic.example", "clinic.example", "only hyphens differ"},
	    {"lakesidehealth.org", "lakeside-health.org", "only hyphens differ"},
	    {"clinic.test", "clinic.example", "the same name under another suffix"},
	    {"www.clinic.co.uk", "clinic.example", "the same name under another suffix"},
	    {"lakesidehealth.com", "lakeside-health.org", "the same name under another suffix"},
	    /* Letters. */
	    {"clinnic.example", "clinic.example", "a letter or two differ"},
	    {"clini.example", "clinic.example", "a letter or two differ"},
	    {"clinik.example", "clinic.example", "a letter or two differ"},
	    {"cilnic.example", "clinic.example", "a letter or two differ"},
	    {"lakesde-heath.org", "lakeside-health.org", "a letter or two differ"},
	    {"laekside-healht.org", "lakeside-health.org", "a letter or two differ"},
	    {"lakesde-heath.net", "", ""},
	    {"lakde-heath.org", "", ""},
	    {"clinnicc.example", "", ""},
	    /* The whole domain inside of another. */
	    {"clinic.example.evil.test", "clinic.example", "it stands inside of another domain"},
	    {"login-clinic.example.evil.test", "clinic.example", "it stands inside of another domain"},
	    {"clinic-example.evil.test", "clinic.example", "it stands inside of another domain"},
	    {"a.lakeside-health.org-login.test", "lakeside-health.org", "it stands inside of another domain"},
	    {"clinic-example-login.test", "clinic.example", "it stands inside of another domain"},
	    {"myclinic.example.test", "", ""},
	    {"clinic.examples.test", "", ""},
	    {"evil.test.clinic.example", "", ""},
	};
	struct mw_lookalike *l = open_own();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_likeness_result r = {.of = ""};
		bool found = mw_lookalike_domain(l, rows[i].domain, &r);

		if (found != r.found || found != (*rows[i].of != '\0') || strcmp(r.of, rows[i].of) != 0 ||
		    strcmp(r.why, rows[i].why) != 0)
			fail_msg("%s: \"%s\" (%s), not \"%s\" (%s)", rows[i].domain, r.of, r.why, rows[i].of, rows[i].why);
		if (found)
			assert_string_equal(r.domain, rows[i].domain);
	}
	mw_lookalike_close(&l);
}

static void test_display(void **state)
{
	static const struct {
		const char *value, *of;
	} rows[] = {
	    {" \"Dr. Roe\" <a@evil.test>", ""},
	    {" \"roe@clinic.example\" <a@evil.test>", "clinic.example"},
	    {" \"roe@Mail.CLINIC.example.\" <a@evil.test>", "clinic.example"},
	    {" roe\xef\xbc\xa0"
	     "clinic.example <a@evil.test>",
	     "clinic.example"},
	    {" a@evil.test (roe@clinic.example)", "clinic.example"},
	    {" =?utf-8?q?roe=40clinic=2Eexample?= <a@evil.test>", "clinic.example"},
	    {" =?UTF-8?B?cm9lQGNs?=\r\n =?UTF-8?B?aW5pYy5leGFtcGxl?= <a@evil.test>", "clinic.example"},
	    {" =?utf-8*en?Q?roe=40?= =?x?b?Y2xpbmljLmV4YW1wbGU=?= <a@evil.test>", "clinic.example"},
	    {" \"roe@clinic.example.evil.test\" <a@evil.test>", ""},
	    {" \"clinic.example\" <a@evil.test>", ""},
	    {" \"x@y@clinic.example\" <a@evil.test>", "clinic.example"},
	    {" =?utf-8?q?roe=40clinic=2Eexample <a@evil.test>", ""},
	    {" \"@ @@ @. \" <a@evil.test>", ""},
	};
	struct mw_lookalike *l = open_own();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_likeness_result r = {.of = ""};
		struct mw_str value = {rows[i].value, strlen(rows[i].value)};

		(void)mw_lookalike_display(l, "evil.test", value, &r);
		if (strcmp(r.of, rows[i].of) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].value, r.of, rows[i].of);
		/* Who is inside may name others. */
		assert_false(mw_lookalike_display(l, "clinic.example", value, &r));
	}
	mw_lookalike_close(&l);
}

static void test_message(void **state)
{
	static const char first[] = " \"roe@clinic.example\" <a@evil.test>", second[] = " a@evil.test, b@c1inic.example";
	struct mw_field field[2] = {{.name = {"To", 2}, .value = {first, sizeof(first) - 1}},
				    {.name = {"from", 4}, .value = {second, sizeof(second) - 1}}};
	struct mw_auth_mail mail = {.field = field, .fields = 2};
	struct mw_likeness_result r = {.of = ""};
	struct mw_lookalike *l = open_own();

	(void)state;
	mw_lookalike_check(l, &mail, &r);
	assert_string_equal(r.domain, "c1inic.example");
	assert_string_equal(r.why, "it looks the same");
	memset(&r, 0, sizeof(r));
	field[1].value = field[0].value;
	mw_lookalike_check(l, &mail, &r);
	assert_string_equal(r.domain, "evil.test");
	assert_string_equal(r.of, "clinic.example");
	mw_lookalike_close(&l);
}

/* Partners stand in a file; the same organisation twice is one. */
static void test_partners(void **state)
{
	char path[] = "/tmp/lookalike.XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	struct mw_likeness_result r;
	struct mw_lookalike *l = NULL;
	struct mw_list none = {0};
	struct mw_err err;
	struct timespec begin, end;
	int64_t us;

	(void)state;
	assert_non_null(f);
	(void)fprintf(f, "# partners\n\n  lab.partner.example # theirs\r\npartner.example\n");
	for (unsigned i = 0; i < 20000; i++)
		(void)fprintf(f, "practice-of-doctor-%c%c%c%c-%u.example\n", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676 % 26,
			      'q', i);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(mw_lookalike_open(fh_host(), &none, path, &l, &err), 0);
	assert_true(mw_lookalike_domain(l, "partmer.example", &r));
	assert_string_equal(r.of, "partner.example");
	assert_false(mw_lookalike_domain(l, "lab.partner.example", &r));
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	for (unsigned i = 0; i < 100; i++)
		assert_false(mw_lookalike_domain(l, "newsletter.some-shop.test", &r));
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	us = (end.tv_sec - begin.tv_sec) * 10000 + (end.tv_nsec - begin.tv_nsec) / 100000;
	printf("# a domain among 20,000: %lld us\n", (long long)us);
	mw_lookalike_close(&l);

	assert_non_null(f = fopen(path, "w"));
	(void)fprintf(f, "nodots\n");
	assert_int_equal(fclose(f), 0);
	assert_int_equal(mw_lookalike_open(fh_host(), &none, path, &l, &err), -EINVAL);
	assert_string_equal(err.text, "\"nodots\" is no domain");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mw_lookalike_open(fh_host(), &none, path, &l, &err), -ENOENT);
	assert_null(l);
}

static void test_empty(void **state)
{
	struct mw_list none = {0};
	struct mw_lookalike *l = NULL;
	struct mw_likeness_result r;

	(void)state;
	assert_int_equal(mw_lookalike_open(fh_host(), &none, "", &l, NULL), 0);
	assert_false(mw_lookalike_domain(l, "clinic.example", &r));
	assert_false(mw_lookalike_display(l, "clinic.example", (struct mw_str){" a@b", 4}, &r));
	mw_lookalike_close(&l);
}

static void test_skeletons(void **state)
{
	static const struct {
		const char *a, *b;
	} same[] = {{"paypal", "p\xd0\xb0yp\xd0\xb0l"},
		    {"modern", "modem"},
		    {"vvood", "wood"},
		    {"g00gle", "google"},
		    {"cafe", "caf\xc3\xa9"},
		    {"cafe", "cafe\xcc\x81"},
		    {"clear", "d3ar"}};
	char x[64], y[64];

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		(void)mw_confusables_fold(x, mw_confusables_letters(same[i].a, strlen(same[i].a), x, sizeof(x)));
		(void)mw_confusables_fold(y, mw_confusables_letters(same[i].b, strlen(same[i].b), y, sizeof(y)));
		assert_true((strcmp(x, y) == 0) == (i < 6));
	}
	/* Whatever comes in, it is cut off and ends. */
	assert_int_equal(mw_confusables_letters("\xf0\xff\xc3", 3, x, 2), 1);
	assert_int_equal(strlen(x), 1);
	for (size_t i = 1; i < mw_confusables_n; i++)
		assert_true(mw_confusables[i - 1].letter < mw_confusables[i].letter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_domains),  cmocka_unit_test(test_display), cmocka_unit_test(test_message),
	    cmocka_unit_test(test_partners), cmocka_unit_test(test_empty),   cmocka_unit_test(test_skeletons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
