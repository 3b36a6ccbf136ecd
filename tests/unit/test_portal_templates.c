/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped templates of the portal: each is there in each language, and can be filled with the most and the least that it may get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pickup/templates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const languages[] = {"en", "es"};

/* As templates/portal/README has them. always: values that are never missing; may: texts that may be; flags; dates. */
static const struct {
	const char *name, *always, *may, *flags, *dates;
} templates[] = {
    {"link.html", "link csrf", "", "code passphrase", ""},
    {"code.html", "link csrf minutes", "", "code passphrase wrong again many", ""},
    {"gone.html", "", "", "", ""},
    {"expired.html", "", "", "", "expires"},
    {"tries.html", "", "minutes", "", ""},
    {"stale.html", "", "", "", ""},
    {"notfound.html", "", "", "", ""},
    {"method.html", "", "", "", ""},
    {"later.html", "", "", "", ""},
    {"large.html", "", "limit", "", ""},
    {"message.html", "id csrf idle height all", "from to cc subject text pictures", "html files several replies cut",
     "date expires"},
    {"print.html", "id csrf idle", "from to cc subject text", "html files cut", "date expires"},
    {"print-end.html", "id", "", "files", ""},
    {"reply.html", "id csrf once to subject limit idle text", "", "empty large failed refused unsure", ""},
    {"sent.html", "id csrf to", "", "", ""},
    {"left.html", "", "idle text", "", ""},
    {"notice.html", "link", "sender logo", "code passphrase", "expires"},
    {"notice.txt", "link", "sender logo", "code passphrase", "expires"},
    {"code.txt", "code minutes", "", "", ""},
    {"reminder.txt", "", "", "", "noticed expires"},
    {"receipt-read.txt", "recipient", "", "", "sent when"},
    {"receipt-expired.txt", "recipient", "", "", "sent when"},
    {"receipt-locked.txt", "recipient", "", "", "sent when"},
    {"receipt-recalled.txt", "recipient", "", "", "sent when read"},
};

struct fixture {
	struct mw_templates *set;
	struct mw_arena *arena;
};

static int set_up(void **state)
{
	static struct fixture f;
	const char *srcdir = getenv("srcdir");
	struct mw_err err = {0};
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/templates/portal", srcdir ? srcdir : ".");
	if (mw_templates_load(path, NULL, "en", &f.set, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	f.arena = mw_arena_new(0);
	*state = &f;
	return f.arena ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	mw_arena_free(&f->arena);
	mw_templates_free(&f->set);
	return 0;
}

enum what { TEXTS, FLAGS, DATES };

static void put(struct mw_values *v, struct mw_arena *a, const char *names, enum what what)
{
	char *copy = mw_arena_str(a, names), *next = NULL;

	assert_non_null(copy);
	for (char *name = strtok_r(copy, " ", &next); name; name = strtok_r(NULL, " ", &next)) {
		if (what == FLAGS)
			mw_values_flag(v, name, true);
		else if (what == DATES)
			mw_values_date(v, name, 1796472000); /* noon of 5 December 2026, UTC */
		else
			mw_values_puts(v, name, "<value> & {{more}}");
	}
}

static char *fill(const struct fixture *f, const char *language, size_t i, bool most)
{
	const char *tag = NULL, *name = templates[i].name;
	const struct mw_template *t = mw_templates_find(f->set, mw_str(language), name, &tag);
	struct mw_values *v = mw_values_new(f->arena);
	struct mw_buf out = MW_BUF_INIT;
	struct mw_err err = {0};
	char *copy;
	int r;

	assert_non_null(t);
	assert_string_equal(tag, language);
	assert_non_null(v);
	mw_values_puts(v, "site", "A & B");
	put(v, f->arena, templates[i].always, TEXTS);
	if (most) {
		put(v, f->arena, templates[i].may, TEXTS);
		put(v, f->arena, templates[i].flags, FLAGS);
		put(v, f->arena, templates[i].dates, DATES);
		for (int part = 0; part < 2; part++)
			put(mw_values_item(v, "parts"), f->arena, "n name size", TEXTS);
	}
	assert_true(mw_values_ok(v));
	r = mw_template_fill(t, v, 65536, &out, &err);
	if (r < 0)
		fail_msg("%s/%s: %s", language, name, err.text);
	copy = mw_arena_str(f->arena, mw_buf_text(&out));
	mw_buf_free(&out);
	assert_non_null(copy);
	return copy;
}

static bool is_mail(const char *name)
{
	return strstr(name, ".txt") != NULL;
}

static void look_at_page(const char *name, const char *language, const char *text)
{
	char lang[32];

	(void)snprintf(lang, sizeof(lang), "<html lang=\"%s\"", language);
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "<value>"));
	assert_null(strstr(text, "http:"));
	assert_null(strstr(text, "//")); /* nothing from elsewhere */
	if (strcmp(name, "print-end.html") == 0)
		return;
	assert_int_equal(strncmp(text, "<!doctype html>\n", 16), 0);
	assert_non_null(strstr(text, lang));
	assert_non_null(strstr(text, "<title>"));
	assert_non_null(strstr(text, "<h1"));
	if (strcmp(name, "notice.html") != 0)
		assert_null(strstr(text, " style=")); /* the portal's headers forbid it */
}

static void test_all(void **state)
{
	const struct fixture *f = *state;

	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < 2 * sizeof(templates) / sizeof(*templates); i++) {
			const char *name = templates[i / 2].name, *text = fill(f, languages[l], i / 2, i % 2);

			if (is_mail(name)) {
				const char *end = strchr(text, '\n');

				assert_int_equal(strncmp(text, "Subject: ", 9), 0);
				assert_true(end && end[1] == '\n' && end - text < 78);
				assert_null(strstr(text, "\n\n\n"));
			} else {
				look_at_page(name, languages[l], text);
			}
		}
}

/* What a language leaves out would be seen by its readers alone. */
static void test_same(void **state)
{
	static const char *const marks[] = {"&lt;value&gt;", "<form",  "<input",	 "<button",	     "<a ", "<h1",
					    "<h2",	     "<label", "role=\"alert\"", "aria-describedby", "2026"};
	const struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(templates) / sizeof(*templates); i++)
		for (size_t m = 0; m < sizeof(marks) / sizeof(*marks); m++) {
			int n[2] = {0, 0};

			for (size_t l = 0; l < 2; l++)
				for (const char *p = fill(f, languages[l], i, true); (p = strstr(p, marks[m])) != NULL; p++)
					n[l]++;
			if (n[0] != n[1])
				fail_msg("%s: %d times \"%s\" in English, %d in Spanish", templates[i].name, n[0], marks[m],
					 n[1]);
		}
}

static void test_date(void **state)
{
	const struct fixture *f = *state;
	size_t i = 0;

	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	while (strcmp(templates[i].name, "receipt-read.txt") != 0)
		i++;
	assert_non_null(strstr(fill(f, "en", i, true), "on December 5, 2026 at 12:00."));
	assert_non_null(strstr(fill(f, "es", i, true), "el 5 de diciembre de 2026 a las 12:00."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all), cmocka_unit_test(test_same), cmocka_unit_test(test_date)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
