/* SPDX-License-Identifier: Apache-2.0 */
/* milward-portal: forms and header fields, tokens of forms, sessions, routes, connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "portal/connection.h"
#include "portal/field.h"
#include "portal/routes.h"
#include "portal/secret.h"
#include "portal/session.h"
#include "portal/work.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void expect(struct mw_str got, const char *wanted)
{
	if (!mw_str_eq(got, wanted))
		fail_msg("\"%.*s\" is not \"%s\"", (int)got.n, got.p, wanted);
}

/* ---- forms ----------------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *form;
	int code;
	size_t n;
	const char *name, *value;
} forms[] = {
    {"", 0, 0, "a", ""},
    {"a=1", 0, 1, "a", "1"},
    {"a=1&b=2", 0, 2, "b", "2"},
    {"&&a=1&", 0, 1, "a", "1"},
    {"a", 0, 1, "a", ""},
    {"a=b=c", 0, 1, "a", "b=c"},
    {"code=1234+5678&x=", 0, 2, "code", "1234 5678"},
    {"a=%41%7a%2B%26", 0, 1, "a", "Az+&"},
    {"%61=x", 0, 1, "a", "x"},
    {"a=%c3%a9", 0, 1, "a", "\xc3\xa9"},
    {"a=%0d%0aX", 0, 1, "a", "\r\nX"},
    {"a=%4", -EBADMSG, 0, NULL, NULL},
    {"a=%", -EBADMSG, 0, NULL, NULL},
    {"a=%zz", -EBADMSG, 0, NULL, NULL},
    {"a=%-1", -EBADMSG, 0, NULL, NULL},
    {"a=1&a=2", -EBADMSG, 0, NULL, NULL},
    {"a=1&%61=2", -EBADMSG, 0, NULL, NULL},
    {"1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16", 0, 16, "16", ""},
    {"1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17", -E2BIG, 0, NULL, NULL},
};

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct mw_arena *a = mw_arena_new(0);
		struct mw_fields f = {.n = 99};
		int r = mw_fields_parse(a, mw_str(forms[i].form), &f);

		if (r != forms[i].code || (r == 0 && f.n != forms[i].n) || (r < 0 && f.n != 99))
			fail_msg("%s: %d, %zu fields", forms[i].form, r, f.n);
		if (r == 0)
			expect(mw_fields_get(&f, forms[i].name), forms[i].value);
		mw_arena_free(&a);
	}
}

/* ---- header fields --------------------------------------------------------------------------------------------------------------- */

static void test_cookies(void **state)
{
	static const char *const row[][2] = {
	    {"", ""},	 {"a=1", "1"},	   {" a = 1 ", "1"}, {"b=2; a=1", "1"}, {"b=2;a=1;c=3", "1"}, {"aa=1; a=2", "2"},
	    {"A=1", ""}, {"a=1; a=2", ""}, {"a", ""},	     {"a=x=y", "x=y"},	{"; ;; a=1;;", "1"},  {"b=a=1", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		expect(mw_field_cookie(mw_str(row[i][0]), "a"), row[i][1]);
	expect(mw_field_type(mw_str("text/plain; charset=utf-8")), "text/plain");
	expect(mw_field_type(mw_str(" application/x-www-form-urlencoded")), "application/x-www-form-urlencoded");
	expect(mw_field_type(mw_str("")), "");
}

static void test_languages(void **state)
{
	static const char *const row[][3] = {
	    {"", "", ""},
	    {"es", "es", ""},
	    {"es-MX,es;q=0.9,en;q=0.8", "es-MX", "es"},
	    {"en;q=0.3, es;q=0.7", "es", "en"},
	    {"en;q=0, es", "es", ""},
	    {"de;q=0.5,fr;q=0.5", "de", "fr"},
	    {"*, en", "en", ""},
	    {"en;q=nonsense,es;q=0.1", "es", ""},
	    {"<b>,e,es", "es", ""},
	    {"en;q=99999999999999999999, es", "en", "es"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		expect(mw_field_language(mw_str(row[i][0]), 0), row[i][1]);
		expect(mw_field_language(mw_str(row[i][0]), 1), row[i][2]);
	}
	expect(mw_field_language(mw_str("es"), 9), "");
}

static void test_forwarded(void **state)
{
	static const char *const row[][3] = {
	    {"X-Forwarded-For", "192.0.2.1", "192.0.2.1"},
	    {"x-forwarded-for", "evil, 198.51.100.7 , 192.0.2.1", "192.0.2.1"},
	    {"X-Forwarded-For", "192.0.2.1:4711", "192.0.2.1"},
	    {"X-Forwarded-For", "192.0.2.1,", "192.0.2.1"},
	    {"X-Forwarded-For", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
	    {"X-Forwarded-For", "[2001:db8:1:2:3:4:5:6]:80", "2001:db8:1:2::"},
	    {"X-Forwarded-For", "::ffff:192.0.2.1", "192.0.2.1"},
	    {"X-Forwarded-For", "192.0.2.1\tx", ""},
	    {"X-Forwarded-For", "unix:", ""},
	    {"X-Forwarded-For", "", ""},
	    {"X-Real-IP", "192.0.2.9", "192.0.2.9"},
	    {"Forwarded", "for=192.0.2.1;proto=https;by=203.0.113.43", "192.0.2.1"},
	    {"Forwarded", "for=198.51.100.7, proto=https; For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::"},
	    {"Forwarded", "for=unknown", ""},
	    {"Forwarded", "for=192.0.2.1, proto=https", ""},
	};
	char got[MW_FIELD_CLIENT];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_int_equal(mw_field_forwarded(row[i][0], mw_str(row[i][1]), got), *row[i][2] != '\0');
		assert_string_equal(got, row[i][2]);
	}
}

/* ---- tokens of forms ------------------------------------------------------------------------------------------------------------- */

static void test_tokens(void **state)
{
	static const unsigned char key[MW_SECRET_KEY] = {1}, other[MW_SECRET_KEY] = {2};
	struct mw_str link = MW_STR_LIT("link"), another = MW_STR_LIT("linl"), token;
	char text[MW_SECRET_FORM], wrong[MW_SECRET_FORM];

	(void)state;
	assert_true(mw_secret_form(key, "ask", link, 1000, text));
	token = mw_str(text);
	assert_int_equal(token.n, MW_SECRET_FORM - 1);
	assert_true(mw_secret_form_good(key, "ask", link, 1000, 60, token));
	assert_true(mw_secret_form_good(key, "ask", link, 1060, 60, token));
	assert_false(mw_secret_form_good(key, "ask", link, 1061, 60, token)); /* too old */
	assert_false(mw_secret_form_good(key, "ask", link, 999, 60, token));  /* of tomorrow */
	assert_false(mw_secret_form_good(key, "code", link, 1000, 60, token));
	assert_false(mw_secret_form_good(key, "ask", another, 1000, 60, token));
	assert_false(mw_secret_form_good(other, "ask", link, 1000, 60, token));
	for (size_t i = 0; i < token.n; i++) {
		memcpy(wrong, text, sizeof(wrong));
		wrong[i] = wrong[i] == '0' ? '1' : '0';
		assert_false(mw_secret_form_good(key, "ask", link, 1000, 60, mw_str(wrong)));
		assert_false(mw_secret_form_good(key, "ask", link, 1000, 60, (struct mw_str){.p = text, .n = i}));
	}
	assert_false(mw_secret_form_good(key, "ask", link, INT64_MAX, INT64_MAX,
					 MW_STR_LIT("ffffffffffffffff00000000000000000000000000000000")));
	assert_true(mw_secret_text(text, 33));
	assert_true(mw_secret_text(wrong, 33));
	assert_int_equal(strlen(text), 32);
	assert_int_equal(strspn(text, "0123456789abcdef"), 32);
	assert_string_not_equal(text, wrong);
}

/* ---- sessions -------------------------------------------------------------------------------------------------------------------- */

static const unsigned char one[MW_PICKUP_ID] = {1}, two[MW_PICKUP_ID] = {2}, key_one[MW_PICKUP_KEY] = {11},
			   key_two[MW_PICKUP_KEY] = {22};

static void test_sessions(void **state)
{
	struct mw_sessions *s = NULL;
	struct mw_session found;
	char a[MW_SESSION_TOKEN], b[MW_SESSION_TOKEN], c[MW_SESSION_TOKEN] = "";
	struct mw_err err;

	(void)state;
	assert_int_equal(mw_sessions_new(2, 60, 600, &s, &err), 0);
	assert_int_equal(mw_sessions_begin(s, one, key_one, 0, a, &err), 0);
	assert_int_equal(mw_sessions_begin(s, two, key_two, 0, b, &err), 0);
	assert_int_equal(strlen(a), MW_SESSION_TOKEN - 1);
	assert_true(mw_sessions_find(s, one, mw_str(a), 1, &found));
	assert_memory_equal(found.key, key_one, sizeof(key_one));
	assert_int_equal(strlen(found.csrf), MW_SESSION_CSRF - 1);
	assert_false(mw_sessions_find(s, two, mw_str(a), 1, &found)); /* another message's */
	assert_false(mw_sessions_find(s, one, mw_str(b), 1, &found));
	assert_false(mw_sessions_find(s, one, mw_str(""), 1, &found));
	assert_false(mw_sessions_find(s, one, (struct mw_str){.p = a, .n = 63}, 1, &found));
	assert_int_equal(mw_sessions_begin(s, one, key_one, 1, c, &err), -EAGAIN); /* full */
	assert_string_equal(c, "");
	mw_sessions_end(s, two, mw_str(a)); /* not its own: nothing happens */
	assert_true(mw_sessions_find(s, one, mw_str(a), 1, &found));
	mw_sessions_end(s, two, mw_str(b));
	assert_false(mw_sessions_find(s, two, mw_str(b), 1, &found));
	assert_int_equal(mw_sessions_begin(s, one, key_one, 1, c, &err), 0);
	mw_sessions_end_all(s, one);
	assert_false(mw_sessions_find(s, one, mw_str(a), 1, &found));
	assert_false(mw_sessions_find(s, one, mw_str(c), 1, &found));
	assert_int_equal(mw_sessions_sweep(s, 1), 0);
	mw_sessions_free(&s);
	assert_null(s);
}

static void test_session_times(void **state)
{
	struct mw_sessions *s = NULL;
	struct mw_session found;
	char a[MW_SESSION_TOKEN], b[MW_SESSION_TOKEN];
	struct mw_err err;

	(void)state;
	assert_int_equal(mw_sessions_new(2, 60, 100, &s, &err), 0);
	assert_int_equal(mw_sessions_begin(s, one, key_one, 0, a, &err), 0);
	assert_int_equal(mw_sessions_begin(s, two, key_two, 0, b, &err), 0);
	assert_true(mw_sessions_find(s, one, mw_str(a), 59999, &found));
	assert_false(mw_sessions_find(s, two, mw_str(b), 60000, &found)); /* idle */
	assert_true(mw_sessions_find(s, one, mw_str(a), 99999, &found));
	assert_false(mw_sessions_find(s, one, mw_str(a), 100000, &found)); /* too old */
	assert_int_equal(mw_sessions_begin(s, one, key_one, 100000, a, &err), 0);
	assert_int_equal(mw_sessions_begin(s, two, key_two, 100000, b, &err), 0);
	assert_int_equal(mw_sessions_begin(s, two, key_two, 160000, b, &err), 0); /* in place of those that were idle */
	mw_sessions_set_times(s, 10, 100);
	assert_int_equal(mw_sessions_sweep(s, 169999), 1);
	assert_int_equal(mw_sessions_sweep(s, 170000), 0);
	mw_sessions_free(&s);
}

/* ---- pages of sessions */

static unsigned wiped;

static void count_wiped(void *page)
{
	wiped++;
	free(page);
}

static struct mw_kept *page_of(struct mw_site *site, size_t octets, int64_t until)
{
	char *text = malloc(4);
	struct MHD_Response *response;
	struct mw_kept *k;

	assert_non_null(text);
	response = MHD_create_response_from_buffer_with_free_callback_cls(4, text, count_wiped, text);
	assert_non_null(response);
	k = mw_kept_new(response, octets, site, 0, until);
	assert_non_null(k);
	return k;
}

static void keep(struct mw_sessions *s, struct mw_site *site, const char *token, unsigned page, size_t octets, int64_t until)
{
	struct mw_kept *k = page_of(site, octets, until);

	mw_sessions_keep(s, one, mw_str(token), page, k);
	mw_kept_unref(&k);
}

static bool has(struct mw_sessions *s, const char *token, unsigned page, int64_t now)
{
	struct mw_kept *k = mw_sessions_kept(s, one, mw_str(token), now, page);
	bool there = k != NULL;

	mw_kept_unref(&k);
	return there;
}

static void test_session_pages(void **state)
{
	struct mw_site site = {.count = 1};
	struct mw_sessions *s = NULL;
	struct mw_kept *k;
	char a[MW_SESSION_TOKEN], b[MW_SESSION_TOKEN];
	struct mw_err err;

	(void)state;
	wiped = 0;
	assert_int_equal(mw_sessions_new(4, 60, 600, &s, &err), 0);
	assert_int_equal(mw_sessions_begin(s, one, key_one, 0, a, &err), 0);
	assert_int_equal(mw_sessions_begin(s, one, key_one, 0, b, &err), 0);
	keep(s, &site, a, 0, 10, 1000);
	assert_true(has(s, a, 0, 999));
	assert_false(has(s, a, 0, 1000)); /* its time is over */
	assert_false(has(s, a, 1, 0));
	assert_false(has(s, b, 0, 0)); /* another session, though of the same message */
	assert_null(mw_sessions_kept(s, two, mw_str(a), 0, 0));
	keep(s, &site, a, 0, 10, 2000); /* in place of the first */
	assert_int_equal(wiped, 1);
	assert_int_equal(mw_sessions_sweep(s, 1999), 2);
	assert_true(has(s, a, 0, 1999));
	k = mw_sessions_kept(s, one, mw_str(a), 1999, 0); /* it is on its way to somebody */
	mw_sessions_end(s, one, mw_str(a));
	assert_int_equal(wiped, 1);
	mw_kept_unref(&k);
	assert_int_equal(wiped, 2);
	keep(s, &site, a, 0, 10, 2000); /* that session has ended */
	assert_int_equal(wiped, 3);
	keep(s, &site, b, 0, MW_KEPT_ALL - 1, 3000);
	keep(s, &site, b, 1, 1, 2500);
	assert_int_equal(wiped, 3);
	assert_int_equal(mw_sessions_begin(s, one, key_one, 2000, a, &err), 0);
	keep(s, &site, a, 0, 1, 4000); /* the oldest goes */
	assert_int_equal(wiped, 4);
	assert_true(has(s, b, 0, 2000) && !has(s, b, 1, 2000) && has(s, a, 0, 2000));
	assert_int_equal(mw_sessions_sweep(s, 3000), 2);
	assert_int_equal(wiped, 5);
	mw_sessions_end_all(s, one);
	assert_int_equal(wiped, 6);
	assert_int_equal(site.count, 1);
	assert_int_equal(mw_sessions_begin(s, one, key_one, 3000, a, &err), 0);
	keep(s, &site, a, 1, 5, 4000);
	mw_sessions_free(&s);
	assert_int_equal(wiped, 7);
	assert_int_equal(site.count, 1);
}

/* Who signs in again and again to one message takes no other's place, and ends none but the one of his that was idle for longest. */
static void test_session_crowd(void **state)
{
	enum { EACH = 16 };
	struct mw_sessions *s = NULL;
	struct mw_session found;
	char other[MW_SESSION_TOKEN], token[EACH + 1][MW_SESSION_TOKEN];
	struct mw_err err;

	(void)state;
	assert_int_equal(mw_sessions_new(EACH + 2, 60, 600, &s, &err), 0);
	assert_int_equal(mw_sessions_begin(s, two, key_two, 0, other, &err), 0);
	for (int i = 0; i < EACH; i++)
		assert_int_equal(mw_sessions_begin(s, one, key_one, i, token[i], &err), 0);
	assert_true(mw_sessions_find(s, one, mw_str(token[0]), 20, &found));
	assert_int_equal(mw_sessions_begin(s, one, key_one, 30, token[EACH], &err), 0);
	for (int i = 0; i <= EACH; i++)
		assert_int_equal(mw_sessions_find(s, one, mw_str(token[i]), 30, &found), i != 1);
	assert_true(mw_sessions_find(s, two, mw_str(other), 30, &found));
	assert_int_equal(mw_sessions_sweep(s, 30), EACH + 1);
	assert_int_equal(mw_sessions_begin(s, two, key_two, 30, other, &err), 0); /* the room that was left */
	mw_sessions_free(&s);
}

/* ---- replies --------------------------------------------------------------------------------------------------------------------- */

static void test_reply_once(void **state)
{
	struct mw_sessions *s = NULL;
	char a[MW_SESSION_TOKEN], b[MW_SESSION_TOKEN], name[MW_SESSION_ONCE];
	struct mw_err err;

	(void)state;
	assert_int_equal(mw_sessions_new(3, 60, 600, &s, &err), 0);
	assert_int_equal(mw_sessions_begin(s, one, key_one, 0, a, &err), 0);
	assert_int_equal(mw_sessions_begin(s, two, key_two, 0, b, &err), 0);
	assert_int_equal(mw_sessions_reply(s, one, mw_str(a), mw_str("f1")), 1);
	assert_int_equal(mw_sessions_reply(s, two, mw_str(b), mw_str("f1")), 1); /* another message's */
	mw_sessions_replied(s, one, mw_str(a), mw_str("f1"), false);
	mw_sessions_replied(s, two, mw_str(b), mw_str("f1"), true);
	assert_int_equal(mw_sessions_reply(s, one, mw_str(a), mw_str("f1")), 1); /* it failed: once more */
	mw_sessions_replied(s, one, mw_str(a), mw_str("f1"), true);
	assert_int_equal(mw_sessions_reply(s, one, mw_str(a), mw_str("f1")), 0);
	for (int i = 0; i < 3; i++) { /* a form without a name is never the same */
		assert_int_equal(mw_sessions_reply(s, one, mw_str(a), mw_str("")), 1);
		mw_sessions_replied(s, one, mw_str(a), mw_str(""), true);
	}
	for (int i = 0; i < 15; i++) {
		(void)snprintf(name, sizeof(name), "0123456789abc%03d", i);
		assert_int_equal(mw_sessions_reply(s, one, mw_str(a), mw_str(name)), 1);
		mw_sessions_replied(s, one, mw_str(a), mw_str(name), true);
		assert_int_equal(mw_sessions_reply(s, one, mw_str(a), mw_str(name)), 0);
	}
	assert_int_equal(mw_sessions_reply(s, one, mw_str(a), mw_str("f1")), 0); /* still known */
	assert_int_equal(mw_sessions_reply(s, one, mw_str(b), mw_str("f2")), -ENOENT);
	mw_sessions_end(s, one, mw_str(a));
	assert_int_equal(mw_sessions_reply(s, one, mw_str(a), mw_str("f1")), -ENOENT);
	mw_sessions_free(&s);
}

struct second {
	struct mw_sessions *s;
	const char *token, *once;
	int got;
};

static void *press_again(void *ctx)
{
	struct second *me = ctx;

	me->got = mw_sessions_reply(me->s, one, mw_str(me->token), mw_str(me->once));
	return NULL;
}

/* Who presses twice waits for what becomes of the first, also from another session of the message. */
static void test_reply_waits(void **state)
{
	static const struct {
		bool other, sent;
		int gets;
	} row[] = {{false, true, 0}, {false, false, 1}, {true, true, 1}};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char a[MW_SESSION_TOKEN], b[MW_SESSION_TOKEN];
		struct second second = {.once = "form"};
		struct mw_sessions *s = NULL;
		struct mw_err err;
		pthread_t thread;

		assert_int_equal(mw_sessions_new(3, 60, 600, &s, &err), 0);
		assert_int_equal(mw_sessions_begin(s, one, key_one, 0, a, &err), 0);
		assert_int_equal(mw_sessions_begin(s, one, key_one, 0, b, &err), 0);
		second.s = s;
		second.token = row[i].other ? b : a;
		assert_int_equal(mw_sessions_reply(s, one, mw_str(a), mw_str("form")), 1);
		assert_int_equal(pthread_create(&thread, NULL, press_again, &second), 0);
		mw_sessions_replied(s, one, mw_str(a), mw_str("form"), row[i].sent);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(second.got, row[i].gets);
		mw_sessions_free(&s);
	}
}

static void test_posts(void **state)
{
	struct mw_portal p = {.posts = 2};

	(void)state;
	assert_true(mw_work_may_post(&p));
	assert_true(mw_work_may_post(&p));
	assert_false(mw_work_may_post(&p));
	assert_false(mw_work_may_post(&p));
	mw_work_posted(&p);
	assert_true(mw_work_may_post(&p));
	assert_false(mw_work_may_post(&p));
}

/* ---- routes ---------------------------------------------------------------------------------------------------------------------- */

static void test_routes(void **state)
{
	static const struct {
		const char *method, *path;
		bool known, found;
		const char *arg;
	} row[] = {
	    {"GET", "/m/abc-_9", true, true, "abc-_9"},
	    {"HEAD", "/m/abc", true, true, "abc"},
	    {"POST", "/m/abc", true, true, "abc"},
	    {"POST", "/m/abc/code", true, true, "abc"},
	    {"PUT", "/m/abc", true, false, NULL},
	    {"get", "/m/abc", true, false, NULL},
	    {"POST", "/logo", true, false, NULL},
	    {"GET", "/logo", true, true, ""},
	    {"GET", "/", false, false, NULL},
	    {"GET", "", false, false, NULL},
	    {"GET", "/m/", false, false, NULL},
	    {"GET", "/m/abc/", false, false, NULL},
	    {"GET", "/m/a.b", false, false, NULL},
	    {"GET", "/m/a%2fb", false, false, NULL},
	    {"GET", "/m/../logo", false, false, NULL},
	    {"GET", "/logox", false, false, NULL},
	    {"GET", "/m/0123456789012345678901234567890123456789012345678901234567890123", true, true,
	     "0123456789012345678901234567890123456789012345678901234567890123"},
	    {"GET", "/m/01234567890123456789012345678901234567890123456789012345678901234", false, false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct mw_str arg[MW_ROUTE_ARGS] = {{0}};
		bool known = !row[i].known;
		const struct mw_route *route = mw_routes_find(row[i].method, mw_str(row[i].path), arg, &known);

		if ((route != NULL) != row[i].found || known != row[i].known)
			fail_msg("%s %s", row[i].method, row[i].path);
		if (route)
			expect(arg[0], row[i].arg);
	}
	assert_string_equal(mw_routes_allow(mw_str("/m/abc")), "GET, HEAD, POST");
	assert_string_equal(mw_routes_allow(mw_str("/logo")), "GET, HEAD");
	assert_string_equal(mw_routes_allow(mw_str("/m/abc/code")), "GET, HEAD, POST");
}

/* ---- connections ----------------------------------------------------------------------------------------------------------------- */

static void test_connections(void **state)
{
	struct mw_connections *all = mw_connections_new();
	struct mw_connection *c[3];
	int pair[2];
	char octet;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	c[0] = mw_connection_add(all, pair[0], 1000);
	c[1] = mw_connection_add(all, -1, 0);
	c[2] = mw_connection_add(all, -1, 2000);
	assert_int_equal(mw_connections_cut(all, 999), 0);
	assert_int_equal(mw_connections_cut(all, 1000), 1);
	assert_int_equal(read(pair[1], &octet, 1), 0);	    /* it was ended */
	assert_int_equal(mw_connections_cut(all, 1001), 0); /* once */
	mw_connection_until(all, c[2], 0);
	assert_int_equal(mw_connections_cut(all, 9000), 0);
	assert_true(mw_connection_enter(all, c[0], "192.0.2.1", 2));
	assert_true(mw_connection_enter(all, c[1], "192.0.2.1", 2));
	assert_false(mw_connection_enter(all, c[2], "192.0.2.1", 2));
	assert_true(mw_connection_enter(all, c[2], "192.0.2.2", 2));
	assert_true(mw_connection_enter(all, c[2], "", 0)); /* nobody knows who */
	mw_connection_leave(all, c[0]);
	mw_connection_leave(all, c[2]);
	assert_true(mw_connection_enter(all, c[2], "192.0.2.1", 2));
	mw_connection_remove(all, c[1]);
	assert_true(mw_connection_enter(all, c[0], "192.0.2.1", 2));
	mw_connection_remove(all, c[0]);
	mw_connection_remove(all, c[2]);
	mw_connection_remove(all, NULL);
	mw_connections_free(&all);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),	  cmocka_unit_test(test_cookies),	cmocka_unit_test(test_languages),
	    cmocka_unit_test(test_forwarded),	  cmocka_unit_test(test_tokens),	cmocka_unit_test(test_sessions),
	    cmocka_unit_test(test_session_times), cmocka_unit_test(test_session_crowd), cmocka_unit_test(test_routes),
	    cmocka_unit_test(test_connections),	  cmocka_unit_test(test_reply_once),	cmocka_unit_test(test_reply_waits),
	    cmocka_unit_test(test_posts),	  cmocka_unit_test(test_session_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
