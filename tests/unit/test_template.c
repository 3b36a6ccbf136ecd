/* SPDX-License-Identifier: Apache-2.0 */
/* Templates of the portal: what they make of values, what is wrong with them, and the folders that they come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "pickup/templates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	struct mw_arena *arena;
	struct mw_values *values;
};

static int set_up(void **state)
{
	static struct fixture f;
	struct mw_values *item;

	f.arena = mw_arena_new(0);
	f.values = mw_values_new(f.arena);
	mw_values_puts(f.values, "site", "St. Mary's <Clinic> & \"Sons\"");
	mw_values_puts(f.values, "empty", "");
	mw_values_set(f.values, "odd", (struct mw_str){.p = "a\0b\xff\r\nBcc: c\x7f", .n = 13});
	mw_values_flag(f.values, "yes", true);
	mw_values_flag(f.values, "no", false);
	for (int i = 1; i <= 3; i++) {
		item = mw_values_item(f.values, "parts");
		mw_values_number(item, "n", i);
		mw_values_flag(item, "odd-one", i % 2 == 1);
		mw_values_puts(mw_values_item(item, "tags"), "tag", "t");
	}
	*state = &f;
	return f.values && mw_values_ok(f.values) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	mw_arena_free(&f->arena);
	return 0;
}

static int piece(void *ctx, struct mw_str name, struct mw_template_source *ret, struct mw_err *err)
{
	(void)ctx;
	if (mw_str_eq(name, "head.html"))
		*ret = (struct mw_template_source){.text = MW_STR_LIT("<h1>{{site}}</h1>\n"), .file = "head.html"};
	else if (mw_str_eq(name, "self.html"))
		*ret = (struct mw_template_source){.text = MW_STR_LIT("{{>self.html}}"), .file = "self.html"};
	else if (mw_str_eq(name, "bad.html"))
		*ret = (struct mw_template_source){.text = MW_STR_LIT("\n{{/yes}}"), .file = "bad.html"};
	else {
		(void)snprintf(err->text, sizeof(err->text), "no such piece");
		return -ENOENT;
	}
	return 0;
}

#define STRAY "\xef\xbf\xbd"

static const struct {
	enum mw_template_kind kind;
	const char *text, *becomes;
} good[] = {
    {MW_TEMPLATE_PAGE, "", ""},
    {MW_TEMPLATE_PAGE, "plain { } {x}} text", "plain { } {x}} text"},
    {MW_TEMPLATE_PAGE, "{{site}}", "St. Mary&#39;s &lt;Clinic&gt; &amp; &quot;Sons&quot;"},
    {MW_TEMPLATE_MAIL, "{{ site }}", "St. Mary's <Clinic> & \"Sons\""},
    {MW_TEMPLATE_PAGE, "{{odd}}", "a" STRAY "b" STRAY "\r\nBcc: c" STRAY},
    {MW_TEMPLATE_MAIL, "Subject: {{odd}}", "Subject: a b" STRAY "  Bcc: c "},
    {MW_TEMPLATE_PAGE, "{{#yes}}1{{/yes}}{{#no}}2{{/no}}{{^no}}3{{/no}}{{^yes}}4{{/yes}}", "13"},
    {MW_TEMPLATE_PAGE, "{{#nobody}}1{{/nobody}}{{^nobody}}2{{/nobody}}{{#empty}}3{{/empty}}{{^empty}}4{{/empty}}", "24"},
    {MW_TEMPLATE_MAIL, "{{#site}}{{site}}{{/site}}", "St. Mary's <Clinic> & \"Sons\""},
    {MW_TEMPLATE_PAGE, "{{#parts}}{{n}}{{#odd-one}}!{{/odd-one}},{{/parts}}", "1!,2,3!,"},
    {MW_TEMPLATE_PAGE, "{{#parts}}{{#tags}}{{tag}}{{n}}{{/tags}}{{/parts}}", "t1t2t3"},
    {MW_TEMPLATE_PAGE, "{{#parts}}{{#no}}{{unknown}}{{/no}}{{^no}}{{n}}{{/no}}{{/parts}}", "123"},
    {MW_TEMPLATE_PAGE, "a\n{{#yes}}\nb\n{{/yes}}\nc\n", "a\nb\nc\n"},
    {MW_TEMPLATE_PAGE, "a\r\n  {{#yes}}\r\nb\r\n{{/yes}}  \r\nc", "a\r\nb\r\nc"},
    {MW_TEMPLATE_PAGE, "a {{#yes}}\nb\n{{/yes}}", "a \nb\n"},
    {MW_TEMPLATE_PAGE, "{{! a word <b> }}\nx{{!}}y", "xy"},
    {MW_TEMPLATE_PAGE, "{{>head.html}}\nx", "<h1>St. Mary&#39;s &lt;Clinic&gt; &amp; &quot;Sons&quot;</h1>\nx"},
    {MW_TEMPLATE_MAIL, "{{#parts}}{{>head.html}}{{/parts}}",
     "<h1>St. Mary's <Clinic> & \"Sons\"</h1>\n<h1>St. Mary's <Clinic> & \"Sons\"</h1>\n<h1>St. Mary's <Clinic> & "
     "\"Sons\"</h1>\n"},
};

static void test_good(void **state)
{
	const struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct mw_template_source source = {.text = mw_str(good[i].text), .file = "t"};
		const struct mw_template *t = NULL;
		struct mw_buf out = MW_BUF_INIT;
		struct mw_err err = {0};

		if (mw_template_parse(f->arena, good[i].kind, &source, piece, NULL, &t, &err) < 0 ||
		    mw_template_fill(t, f->values, 1000, &out, &err) < 0)
			fail_msg("%s: %s", good[i].text, err.text);
		assert_string_equal(mw_buf_text(&out), good[i].becomes);
		mw_buf_free(&out);
	}
}

static const struct {
	const char *text;
	int code;
	const char *why;
} bad[] = {
    {"a\n{{site", -EINVAL, "t:2: \"{{\" without \"}}\""},
    {"{{Site}}", -EINVAL, "t:1: no name (a-z, 0-9, \"-\"): \"Site\""},
    {"{{}}", -EINVAL, "t:1: no name (a-z, 0-9, \"-\"): \"\""},
    {"{{{site}}}", -EINVAL, "t:1: no name (a-z, 0-9, \"-\"): \"{site\""},
    {"{{&site}}", -EINVAL, "t:1: no name (a-z, 0-9, \"-\"): \"&site\""},
    {"{{#a}}\n\n{{#yes}}\n", -EINVAL, "t:3: a section that does not end: \"yes\""},
    {"{{#yes}}\n{{#no}}{{/yes}}{{/no}}", -EINVAL, "t:2: another section has to end before \"yes\""},
    {"x\n\n{{/yes}}", -EINVAL, "t:3: this ends a section that did not begin in this file: \"yes\""},
    {"{{#yes}}\n{{>bad.html}}", -EINVAL, "bad.html:2: this ends a section that did not begin in this file: \"yes\""},
    {"{{>../secret}}", -EINVAL, "t:1: no name of a file: \"../secret\""},
    {"{{>.hidden}}", -EINVAL, "t:1: no name of a file: \".hidden\""},
    {"{{>other.html}}", -ENOENT, "t:1: no such piece"},
    {"\n\xff", -EINVAL, "t:2: not UTF-8"},
    {"\xed\xa0\x80", -EINVAL, "t:1: not UTF-8"},
    {"{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}\n{{#a}}", -E2BIG,
     "t:2: too many sections within each other"},
};

static void test_bad(void **state)
{
	const struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct mw_template_source source = {.text = mw_str(bad[i].text), .file = "t"};
		const struct mw_template *t = NULL;
		struct mw_err err = {0};

		assert_int_equal(mw_template_parse(f->arena, MW_TEMPLATE_PAGE, &source, piece, NULL, &t, &err), bad[i].code);
		assert_string_equal(err.text, bad[i].why);
		assert_null(t);
	}
}

static void test_limits(void **state)
{
	const struct fixture *f = *state;
	struct mw_template_source source = {.text = MW_STR_LIT("{{>self.html}}"), .file = "t"};
	const struct mw_template *t = NULL;
	struct mw_buf big = MW_BUF_INIT, out = MW_BUF_INIT;
	struct mw_err err = {0};

	assert_int_equal(mw_template_parse(f->arena, MW_TEMPLATE_PAGE, &source, piece, NULL, &t, &err), -E2BIG);
	for (size_t i = 0; i <= MW_TEMPLATE_NODES; i++)
		mw_buf_puts(&big, "{{site}}");
	source.text = (struct mw_str){.p = big.p, .n = big.n};
	assert_int_equal(mw_template_parse(f->arena, MW_TEMPLATE_PAGE, &source, piece, NULL, &t, &err), -E2BIG);
	source.text.n = 8 * 100;
	assert_int_equal(mw_template_parse(f->arena, MW_TEMPLATE_PAGE, &source, piece, NULL, &t, &err), 0);
	assert_int_equal(mw_template_fill(t, f->values, 1000, &out, &err), -EFBIG);
	assert_true(out.n < 2000);
	mw_buf_free(&out);
	source.text.n = MW_TEMPLATE_SIZE + 1;
	mw_buf_reserve(&big, MW_TEMPLATE_SIZE);
	assert_int_equal(mw_template_parse(f->arena, MW_TEMPLATE_PAGE, &source, piece, NULL, &t, &err), -E2BIG);
	mw_buf_free(&big);
	/* A list within itself, again and again, adds nothing and never ends. */
	source.text =
	    MW_STR_LIT("{{#parts}}{{#parts}}{{#parts}}{{#parts}}{{#parts}}{{#parts}}{{#parts}}{{#parts}}{{#parts}}{{#parts}}"
		       "{{#parts}}{{#parts}}{{#parts}}{{#parts}}{{#parts}}{{/parts}}{{/parts}}{{/parts}}{{/parts}}{{/parts}}"
		       "{{/parts}}{{/parts}}{{/parts}}{{/parts}}{{/parts}}{{/parts}}{{/parts}}{{/parts}}{{/parts}}{{/parts}}");
	assert_int_equal(mw_template_parse(f->arena, MW_TEMPLATE_PAGE, &source, piece, NULL, &t, &err), 0);
	assert_int_equal(mw_template_fill(t, f->values, 1000, &out, &err), -EFBIG);
	mw_buf_free(&out);
}

static void test_unknown(void **state)
{
	const struct fixture *f = *state;
	static const char *const text[] = {"\n{{nobody}}", "\n{{parts}}", "\n{{yes}}"};

	for (size_t i = 0; i < 3; i++) {
		struct mw_template_source source = {.text = mw_str(text[i]), .file = "t"};
		const struct mw_template *t = NULL;
		struct mw_buf out = MW_BUF_INIT;
		struct mw_err err = {0};

		assert_int_equal(mw_template_parse(f->arena, MW_TEMPLATE_PAGE, &source, NULL, NULL, &t, &err), 0);
		assert_int_equal(mw_template_fill(t, f->values, 1000, &out, &err), -ENOENT);
		assert_non_null(strstr(err.text, "t:2: there is no text called"));
		mw_buf_free(&out);
	}
}

static void test_memory(void **state)
{
	struct mw_arena *small = mw_arena_new(600);
	struct mw_values *v = mw_values_new(small);
	struct mw_template_source source = {.text = MW_STR_LIT("x"), .file = "t"};
	const struct fixture *f = *state;
	const struct mw_template *t = NULL;
	struct mw_buf out = MW_BUF_INIT;

	assert_int_equal(mw_template_parse(f->arena, MW_TEMPLATE_PAGE, &source, NULL, NULL, &t, NULL), 0);
	for (int i = 0; i < 50; i++)
		mw_values_puts(mw_values_item(v, "l"), "name", "0123456789");
	assert_false(mw_values_ok(v));
	assert_int_equal(mw_template_fill(t, v, 1000, &out, NULL), -ENOMEM);
	mw_buf_free(&out);
	mw_arena_free(&small);
}

/* ---- folders --------------------------------------------------------------------------------------------------------------------- */

static char root[64];

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
}

static int set_up_folders(void **state)
{
	static const char *const folder[] = {"shipped", "shipped/en", "shipped/es", "site", "site/es", "site/notes.d"};
	char path[128];

	(void)snprintf(root, sizeof(root), "%s/mw-template.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(root))
		return -1;
	for (size_t i = 0; i < sizeof(folder) / sizeof(*folder); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", root, folder[i]);
		if (mkdir(path, 0700) < 0)
			return -1;
	}
	put("shipped/style.css", "a{}");
	put("shipped/foot.html", "common");
	put("shipped/en/page.html", "<p>en {{>foot.html}}");
	put("shipped/en/only.html", "only <en>");
	put("shipped/en/mail.txt", "mail {{site}}");
	put("shipped/es/page.html", "<p>es {{>foot.html}}");
	put("site/es/page.html", "<p>site's es {{>foot.html}}");
	put("site/style.css", "b{}");
	put("site/notes.d/x.html", "{{");
	put("site/es/.page.html.swp", "{{");
	put("site/es/page.html~", "{{");
	return set_up(state);
}

static int tear_down_folders(void **state)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command) == 0 ? tear_down(state) : -1;
}

static void expect(const struct fixture *f, const struct mw_templates *set, const char *language, const char *name,
		   const char *tag, const char *text)
{
	const char *is = NULL;
	const struct mw_template *t = mw_templates_find(set, mw_str(language), name, &is);
	struct mw_buf out = MW_BUF_INIT;

	assert_non_null(t);
	assert_string_equal(is, tag);
	assert_int_equal(mw_template_fill(t, f->values, 1000, &out, NULL), 0);
	assert_string_equal(mw_buf_text(&out), text);
	mw_buf_free(&out);
}

static void test_folders(void **state)
{
	const struct fixture *f = *state;
	struct mw_templates *set = NULL;
	char shipped[96], site[96];
	struct mw_str text = {0};
	struct mw_err err = {0};

	(void)snprintf(shipped, sizeof(shipped), "%s/shipped", root);
	(void)snprintf(site, sizeof(site), "%s/site", root);
	assert_int_equal(mw_templates_load(shipped, NULL, "en", &set, &err), 0);
	expect(f, set, "es", "page.html", "es", "<p>es common");
	mw_templates_free(&set);
	assert_int_equal(mw_templates_load(shipped, site, "en", &set, &err), 0);
	expect(f, set, "en", "page.html", "en", "<p>en common");
	expect(f, set, "es-MX", "page.html", "es", "<p>site's es common");
	expect(f, set, "ES", "only.html", "en", "only <en>");
	expect(f, set, "", "mail.txt", "en", "mail St. Mary's <Clinic> & \"Sons\"");
	expect(f, set, "..", "page.html", "en", "<p>en common");
	assert_null(mw_templates_find(set, mw_str("en"), "../en/page.html", NULL));
	assert_null(mw_templates_find(set, mw_str("en"), "style.css", NULL));
	assert_string_equal(mw_templates_language(set, mw_str("es-MX")), "es");
	assert_string_equal(mw_templates_language(set, mw_str("fr")), "en");
	assert_string_equal(mw_templates_language(set, mw_str("")), "en");
	assert_int_equal(mw_templates_asset(set, "style.css", &text), 0);
	assert_int_equal(text.n, 3);
	assert_memory_equal(text.p, "b{}", 3);
	assert_int_equal(mw_templates_asset(set, "foot.html", &text), -ENOENT);
	assert_int_equal(mw_templates_asset(set, "logo.svg", &text), -ENOENT);
	mw_templates_free(&set);
	assert_int_equal(mw_templates_load(shipped, site, "fr", &set, &err), -ENOENT);
	assert_int_equal(mw_templates_load(root, NULL, "en", &set, &err), -ENOENT);
	put("site/es/page.html", "a\n{{#x}}");
	assert_int_equal(mw_templates_load(shipped, site, "en", &set, &err), -EINVAL);
	assert_non_null(strstr(err.text, "/site/es/page.html:2: a section that does not end: \"x\""));
	assert_null(set);
}

static bool is_utf8(const char *p, size_t n)
{
	for (size_t at = 0, step; at < n; at += step) {
		step = mw_utf8_step(p + at, n - at);
		if (step == 0)
			return false;
	}
	return true;
}

static void test_utf8(void **state)
{
	static const char *const is[] = {"",
					 "a",
					 "\xc2\x80",
					 "\xdf\xbf",
					 "\xe0\xa0\x80",
					 "\xed\x9f\xbf",
					 "\xee\x80\x80",
					 "\xf0\x90\x80\x80",
					 "\xf4\x8f\xbf\xbf"};
	static const char *const is_not[] = {"\x80",
					     "\xc0\x80",
					     "\xc1\xbf",
					     "\xc2",
					     "\xc2g",
					     "\xe0\x9f\xbf",
					     "\xe1\x80",
					     "\xed\xa0\x80",
					     "\xf0\x8f\xbf\xbf",
					     "\xf4\x90\x80\x80",
					     "\xf5\x80\x80\x80",
					     "\xff",
					     "\xf1\x80\x80"};

	(void)state;
	for (size_t i = 0; i < sizeof(is) / sizeof(*is); i++)
		assert_true(is_utf8(is[i], strlen(is[i])));
	for (size_t i = 0; i < sizeof(is_not) / sizeof(*is_not); i++)
		assert_false(is_utf8(is_not[i], strlen(is_not[i])));
}

/* What an octet is on a page, when no other belongs to it. */
static const char *on_page(unsigned c, char one[2])
{
	one[0] = (char)c;
	one[1] = '\0';
	return c == '&'							? "&amp;"
	       : c == '<'						? "&lt;"
	       : c == '>'						? "&gt;"
	       : c == '"'						? "&quot;"
	       : c == '\''						? "&#39;"
	       : c >= 0x7f || (c < ' ' && !memchr("\t\n\r", (int)c, 3)) ? "\xef\xbf\xbd"
									: one;
}

/* Texts are looked at in blocks of octets: each octet is escaped wherever it stands. */
static void test_escape(void **state)
{
	(void)state;
	for (size_t n = 1; n < 150; n += n < 40 ? 1 : 13)
		for (size_t at = 0; at < n; at++)
			for (unsigned c = 0; c < 256; c++) {
				struct mw_buf out = MW_BUF_INIT, want = MW_BUF_INIT;
				char text[150], one[2];

				memset(text, 'a', n);
				text[at] = (char)c;
				mw_template_escape(&out, (struct mw_str){.p = text, .n = n});
				mw_buf_add(&want, text, at);
				mw_buf_puts(&want, on_page(c, one));
				mw_buf_add(&want, text + at + 1, n - at - 1);
				assert_int_equal(out.n, want.n);
				assert_memory_equal(out.p, want.p, want.n);
				mw_buf_free(&out);
				mw_buf_free(&want);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_bad, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_unknown, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_memory, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_folders, set_up_folders, tear_down_folders),
	    cmocka_unit_test(test_utf8),
	    cmocka_unit_test(test_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
