/* SPDX-License-Identifier: Apache-2.0 */
/* people: whose language and whose passphrase; expires: until when, as the sender asks and the site allows. */
#include "base/str.h"
#include "mail/mime.h"
#include "pickup/expires.h"
#include "pickup/people.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY 86400

static int read_text(const char *text, bool words, struct mw_people *p, struct mw_err *err)
{
	char path[] = "people.XXXXXX";
	int fd = mkstemp(path), r;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
	r = mw_people_read(path, words, p, err);
	assert_int_equal(unlink(path), 0);
	return r;
}

static void test_found(void **state)
{
	static const char text[] = "# languages\nMaria@Example.org es\n\n@example.org  fr\r\n\texample.net es-MX\n";
	static const struct {
		const char *address, *word;
	} rows[] = {
	    {"maria@example.org", "es"},
	    {"MARIA@EXAMPLE.ORG", "es"},
	    {"other@example.org", "fr"},
	    {"a@sub.example.org", "fr"},
	    {"a@deep.sub.example.net", "es-MX"},
	    {"a@notexample.net", NULL},
	    {"a@net", NULL},
	    {"example.org", "fr"},
	    {"", NULL},
	    {"\"a@example.net\"@x", NULL},
	};
	struct mw_people p;
	struct mw_err err;

	(void)state;
	assert_int_equal(read_text(text, true, &p, &err), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *word = mw_people_find(&p, rows[i].address);

		if (!rows[i].word)
			assert_null(word);
		else
			assert_string_equal(word, rows[i].word);
	}
	mw_people_free(&p);
	assert_int_equal(mw_people_read(NULL, true, &p, &err), 0);
	assert_null(mw_people_find(&p, "maria@example.org"));
	mw_people_free(&p);
	assert_int_equal(read_text("a@example.org\n", false, &p, &err), 0);
	assert_string_equal(mw_people_find(&p, "a@example.org"), "");
	mw_people_free(&p);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *text;
		bool words;
		const char *line;
	} rows[] = {
	    {"a@example.org\n", true, ":1:"},	    {"# x\na@example.org es more\n", true, ":2:"},
	    {"a@example.org es_MX\n", true, ":1:"}, {"@ es\n", true, ":1:"},
	    {"a@example.org es\n", false, ":1:"},
	};
	struct mw_people p;
	struct mw_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(read_text(rows[i].text, rows[i].words, &p, &err), -EINVAL);
		assert_non_null(strstr(err.text, rows[i].line));
	}
	assert_true(mw_people_read("people.not-there", true, &p, &err) < 0);
}

static void test_expires(void **state)
{
	static const struct mw_portal_conf conf = {.expire = 30 * DAY, .expire_min = DAY, .expire_max = 90 * DAY};
	static const struct {
		const char *head;
		int64_t days;
	} rows[] = {
	    {"Subject: x\r\n", 30},
	    {"Expires: Sat, 22 Nov 2025 12:00:00 +0000\r\n", 10}, /* now is ten days before */
	    {"expiry-date: 17 Nov 2025 14:00:00 +0200\r\n", 5},
	    {"Expires: Sat, 22 Nov 2025 12:00:00 +0000\r\nExpiry-Date: 17 Nov 2025 12:00:00 +0000\r\n", 10},
	    {"Expires: Sat, 22 Nov 2014 12:00:00 +0000\r\n", 1},
	    {"Expires: Fri, 22 Nov 2030 12:00:00 +0000\r\n", 90},
	    {"Expires: soon\r\n", 30},
	    {"Expires:\r\n", 30},
	    {"Expires: 99999999999999999999\r\n", 30},
	    /* what the policy says is the most, and what holds when the sender says nothing */
	    {"X-Milward-Expire: 604800\r\n", 7},
	    {"X-Milward-Expire: 604800\r\nx-milward-expire: 432000 \r\nX-Milward-Expire: 1209600\r\n", 5},
	    {"X-Milward-Expire: 3600\r\n", 1},
	    {"X-Milward-Expire: 9999999999\r\n", 90},
	    {"X-Milward-Expire: 99999999999\r\n", 30},
	    {"X-Milward-Expire: -1\r\nX-Milward-Expire:\r\nX-Milward-Expire: 1 day\r\nX-Milward-Expire: 0\r\n", 30},
	    {"X-Milward-Expire: 604800\r\nExpires: Sat, 22 Nov 2025 12:00:00 +0000\r\n", 7},
	    {"X-Milward-Expire: 604800\r\nExpiry-Date: 17 Nov 2025 14:00:00 +0200\r\n", 5},
	    {"X-Milward-Expire: 5184000\r\nExpires: Sat, 22 Nov 2025 12:00:00 +0000\r\n", 10},
	};
	const int64_t now = 1762948800; /* 2025-11-12 12:00 UTC */

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_arena *a = mw_arena_new(0);
		struct mw_header h = {0};
		struct mw_str body;

		assert_int_equal(mw_header_parse(a, mw_str(rows[i].head), &h, &body), 0);
		if (mw_expires_at(&conf, &h, now) != now + rows[i].days * DAY)
			fail_msg("%s: %lld seconds", rows[i].head, (long long)(mw_expires_at(&conf, &h, now) - now));
		mw_arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_found),
	    cmocka_unit_test(test_wrong),
	    cmocka_unit_test(test_expires),
	};

	mw_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
