/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the policy layer by themselves: tokens, tables, diagnostics, digests, and the limits that take too much for a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "policy/fakes.h"
#include "policy/lexer.h"
#include "policy/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct mw_arena *arena;
static struct mw_diags diags;

static int setup(void **state)
{
	(void)state;
	arena = mw_arena_new(0);
	mw_diags_init(&diags, arena);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	mw_arena_free(&arena);
	return 0;
}

/* ---- tokens ---------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	enum mw_tok kind;
	const char *content;
	int64_t number;
} tokens[] = {
    {"name", MW_TOK_NAME, "name", 0},
    {"us-ssn", MW_TOK_NAME, "us-ssn", 0},
    {"phi.people=", MW_TOK_NAME, "phi.people", 0},
    {"unix:/run/x.sock;", MW_TOK_SOCKET, "unix:/run/x.sock", 0},
    {"inet:8891@[::1] x", MW_TOK_SOCKET, "inet:8891@[::1]", 0},
    {"\"a\\\"b\\\\c\\n\\t\\r\\x41\\xfF\"", MW_TOK_STRING, "a\"b\\c\n\t\rA\xff", 0},
    {"\"\"", MW_TOK_STRING, "", 0},
    {"\"# no comment\"", MW_TOK_STRING, "# no comment", 0},
    {"12", MW_TOK_NUMBER, "", 12},
    {"-12", MW_TOK_NUMBER, "", -12},
    {"64K", MW_TOK_NUMBER, "", 65536},
    {"25M", MW_TOK_NUMBER, "", 26214400},
    {"1G", MW_TOK_NUMBER, "", 1073741824},
    {"9223372036854775807", MW_TOK_NUMBER, "", INT64_MAX},
    {"9223372036854775808", MW_TOK_BAD, "", 0},
    {"8589934591G", MW_TOK_NUMBER, "", 8589934591ll << 30},
    {"8589934592G", MW_TOK_BAD, "", 0},
    {"5T", MW_TOK_BAD, "", 0},
    {"/a\\/b[0-9]/ix", MW_TOK_REGEX, "a\\/b[0-9]", 0},
    {"/\\\\/", MW_TOK_REGEX, "\\\\", 0},
    {"<ours>", MW_TOK_TABLE, "ours", 0},
    {"<ours", MW_TOK_BAD, "", 0},
    {"<= 5", MW_TOK_LE, "", 0},
    {"< 5", MW_TOK_LT, "", 0},
    {"> 5", MW_TOK_GT, "", 0},
    {">=5", MW_TOK_GE, "", 0},
    {"!=", MW_TOK_NE, "", 0},
    {"!", MW_TOK_BAD, "", 0},
    {"=", MW_TOK_EQ, "", 0},
    {"{", MW_TOK_BLOCK, "", 0},
    {"# only a comment", MW_TOK_END, "", 0},
    {"", MW_TOK_END, "", 0},
    {"\\", MW_TOK_BAD, "", 0},
    {"\"\\", MW_TOK_BAD, "", 0},
    {"/\\", MW_TOK_BAD, "", 0},
};

static void test_tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		size_t errors = diags.errors;
		struct mw_lexer l;
		struct mw_token t;

		mw_lexer_init_text(&l, &diags, arena, tokens[i].text);
		mw_lexer_next(&l, &t);
		if (t.kind != tokens[i].kind || strcmp(t.text, tokens[i].content) != 0 || t.number != tokens[i].number)
			fail_msg("%s: kind %d, \"%s\", %lld", tokens[i].text, (int)t.kind, t.text, (long long)t.number);
		assert_int_equal(diags.errors - errors, t.kind == MW_TOK_BAD ? 1 : 0);
	}
}

static void test_places(void **state)
{
	static const char text[] = "a \"b\"\n\t/c/ # x\r\n  <d>";
	static const struct {
		uint32_t line, column, length;
		bool first;
	} want[] = {{1, 1, 1, true}, {1, 3, 3, false}, {2, 2, 3, true}, {3, 3, 3, true}, {3, 6, 1, true}};
	struct mw_lexer l;
	struct mw_token t;

	(void)state;
	mw_lexer_init_text(&l, &diags, arena, text);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		mw_lexer_next(&l, &t);
		assert_int_equal(t.place.line, want[i].line);
		assert_int_equal(t.place.column, want[i].column);
		assert_int_equal(t.place.length, want[i].length);
		assert_int_equal(t.first, want[i].first);
	}
	assert_int_equal(t.kind, MW_TOK_END);
	mw_lexer_next(&l, &t);
	assert_int_equal(t.kind, MW_TOK_END);
}

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t n, length;
	} v[] = {
	    {"a", 1, 1},
	    {"\xc3\xa9", 2, 2},
	    {"\xe2\x82\xac", 3, 3},
	    {"\xf0\x9f\x98\x80", 4, 4},
	    {"\xc3", 1, 0},
	    {"\xc3\x28", 2, 0},
	    {"\xc0\x80", 2, 0},
	    {"\xe0\x80\x80", 3, 0},
	    {"\xed\xa0\x80", 3, 0},
	    {"\xf4\x90\x80\x80", 4, 0},
	    {"\xf4\x8f\xbf\xbf", 4, 4},
	    {"\x80", 1, 0},
	    {"\xff", 1, 0},
	    {"", 0, 0},
	    {"\xf0\x8f\xbf\xbf", 4, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		assert_int_equal(mw_utf8_length(v[i].text, v[i].n), v[i].length);
}

/* ---- tables ---------------------------------------------------------------------------------------------------------------- */

static void test_table(void **state)
{
	struct mw_table *t = mw_table_new(arena, "t");
	char name[40];

	(void)state;
	assert_non_null(t);
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "D%d.Example", i);
		assert_int_equal(mw_table_add(arena, t, mw_str(mw_arena_str(arena, name))), 0);
	}
	assert_int_equal(mw_table_add(arena, t, mw_str("d7.example")), 0); /* once more */
	assert_int_equal(mw_table_entries(t), 5000);
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "d%d.eXAMPLE", i);
		assert_true(mw_table_has(t, mw_str(name)));
	}
	assert_false(mw_table_has(t, mw_str("d5000.example")));
	assert_false(mw_table_has(t, mw_str("")));
	assert_true(mw_table_has_address(t, mw_str("x@d1.example")));
	assert_false(mw_table_has_address(t, mw_str("x@sub.d1.example")));
	assert_false(mw_table_has_address(t, mw_str("d1.example@")));
	assert_false(mw_table_has_address(t, mw_str("@")));
	assert_string_equal(mw_table_name(t), "t");
}

static void test_entries(void **state)
{
	static const struct {
		const char *entry;
		bool good;
	} v[] = {
	    {"bob@x.example", true},
	    {"x.example", true},
	    {".x.example", true},
	    {"10.0.0.0/8", false},
	    {"2001:db8::/32", false},
	    {"::1", false},
	    {"192.0.2.1", false},
	    {"localhost", true},
	    {"b\xc3\xbc@x.example", true},
	    {"\"a b\"@x", false},
	    {"", false},
	    {".", false},
	    {"a@", false},
	    {"@a", false},
	    {"a..b", false},
	    {"a.", false},
	    {"*@x", false},
	    {"2001:db8::/129", false},
	    {"10.0.0.0/", false},
	    {"10.0.0.0/8x", false},
	    {"a b", false},
	    {"<a@b>", false},
	    {"a@b/c", false},
	    {"10.0.0.0/0008", false},
	};
	char label[70], local[80];

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if ((mw_table_wrong(mw_str(v[i].entry)) == NULL) != v[i].good)
			fail_msg("%s", v[i].entry);
	memset(label, 'a', 64);
	label[64] = '\0';
	assert_non_null(mw_table_wrong(mw_str(label)));
	assert_null(mw_table_wrong(mw_str(label + 1)));
	(void)snprintf(local, sizeof(local), "%s@b", label);
	assert_null(mw_table_wrong(mw_str(local)));
}

/* ---- diagnostics ----------------------------------------------------------------------------------------------------------- */

static const char *printed(bool colour, bool json)
{
	static struct mw_buf out;

	mw_buf_free(&out);
	if (json)
		mw_diags_print_json(&diags, &out);
	else
		mw_diags_print(&diags, colour, &out);
	assert_true(mw_buf_ok(&out));
	return mw_buf_text(&out);
}

static void add_source(const char *shown, const char *text)
{
	diags.source = mw_arena_grow(arena, diags.source, &diags.sources_cap, diags.sources + 1, sizeof(*diags.source));
	assert_non_null(diags.source);
	diags.source[diags.sources++] = (struct mw_source){.path = shown, .shown = shown, .text = text, .n = strlen(text)};
}

static void test_print(void **state)
{
	struct mw_place place = {.source = 0, .line = 2, .column = 4, .length = 6}, nowhere = {.source = UINT32_MAX};

	(void)state;
	add_source("a.policy", "first\n\t\xc3\xa9wihtin 60");
	mw_diag_add(&diags, MW_DIAG_ERROR, place, "did you mean \"within\"?", "unknown word \"%s\"", "wihtin");
	mw_diag_add(&diags, MW_DIAG_WARNING, nowhere, NULL,
		    "something \x1b[31m\xff\xc2\x9b"
		    "5m");
	assert_string_equal(printed(false, false), "warning: something ?[31m???5m\n"
						   "a.policy:2:4: error: unknown word \"wihtin\"\n"
						   "    2 | \t\xc3\xa9wihtin 60\n"
						   "      | \t ^^^^^^ did you mean \"within\"?\n");
	assert_string_equal(printed(true, false),
			    "\033[1m\033[1;33mwarning:\033[0m\033[1m something ?[31m???5m\033[0m\n"
			    "\033[1ma.policy:2:4: \033[1;31merror:\033[0m\033[1m unknown word \"wihtin\"\033[0m\n"
			    "    2 | \t\xc3\xa9wihtin 60\n"
			    "      | \t \033[1;31m^^^^^^\033[0m did you mean \"within\"?\n");
	assert_string_equal(printed(false, true),
			    "{\"file\":null,\"line\":0,\"column\":0,\"length\":0,\"severity\":\"warning\","
			    "\"text\":\"something ?[31m???5m\",\"hint\":null}\n"
			    "{\"file\":\"a.policy\",\"line\":2,\"column\":4,\"length\":6,\"severity\":\"error\","
			    "\"text\":\"unknown word \\\"wihtin\\\"\",\"hint\":\"did you mean \\\"within\\\"?\"}\n");
}

/* Places that no file has must not be read. */
static void test_print_odd_places(void **state)
{
	static const struct mw_place v[] = {{0, 1, 100, 5}, {0, 9, 1, 1}, {0, 2, 0, 0}, {0, 1, 1, 4000000000u}, {7, 1, 1, 1}};

	(void)state;
	add_source("a.policy", "one\n");
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		mw_diag_add(&diags, MW_DIAG_ERROR, v[i], NULL, "case %zu", i);
	assert_non_null(strstr(printed(false, false), "a.policy:1:1: error: case 3\n    1 | one\n      | ^^^\n"));
	assert_non_null(strstr(printed(false, false), "a.policy:1:100: error: case 0\n    1 | one\n      |    ^\n"));
}

static void test_did_you_mean(void **state)
{
	static const char *const words[] = {"within", "when", "near", NULL};

	(void)state;
	assert_string_equal(mw_diag_did_you_mean(&diags, "wihtin", words), "did you mean \"within\"?");
	assert_string_equal(mw_diag_did_you_mean(&diags, "whn", words), "did you mean \"when\"?");
	assert_null(mw_diag_did_you_mean(&diags, "x", words));
	assert_null(mw_diag_did_you_mean(&diags, "near", words));
	assert_null(mw_diag_did_you_mean(&diags, "", words));
	/* what is only counted asks for no hint */
	for (size_t i = 0; i <= MW_DIAGS_MAX; i++)
		mw_diag_add(&diags, MW_DIAG_ERROR, (struct mw_place){.source = UINT32_MAX}, NULL, "case %zu", i);
	assert_null(mw_diag_did_you_mean(&diags, "wihtin", words));
	assert_non_null(strstr(printed(false, false), "1 more not shown\n"));
}

/* ---- policies in memory -----------------------------------------------------------------------------------------------------
 */

static int load(const char *text, struct mw_plan **ret)
{
	return mw_plan_load_text(mw_str(text), "t.policy", &fake_catalog, &diags, ret);
}

static void assert_told(const char *text)
{
	if (!strstr(printed(false, false), text))
		fail_msg("\"%s\" is not in\n%s", text, printed(false, false));
}

static void test_sealed(void **state)
{
	struct mw_plan *plan = NULL;

	(void)state;
	assert_int_equal(load("include \"/etc/passwd\"\ntable <t> file \"/etc/passwd\"\n", &plan), -EINVAL);
	assert_null(plan);
	assert_int_equal(diags.errors, 2);
	assert_told("cannot open /etc/passwd: this policy may read no files");
}

static void test_no_file(void **state)
{
	struct mw_plan *plan = NULL;

	(void)state;
	assert_int_equal(mw_plan_load("/nonexistent/x.policy", NULL, &fake_catalog, &diags, &plan), -EINVAL);
	assert_null(plan);
	assert_string_equal(printed(false, false), "error: cannot open /nonexistent/x.policy: No such file or directory\n");
}

static void test_too_large(void **state)
{
	struct mw_plan *plan = NULL;
	struct mw_str text = {.p = "", .n = (1u << 20) + 1};

	(void)state;
	assert_int_equal(mw_plan_load_text(text, "t.policy", &fake_catalog, &diags, &plan), -EFBIG);
	assert_null(plan);
}

static void test_second_load(void **state)
{
	struct mw_plan *a = NULL, *b = NULL;

	(void)state;
	assert_int_equal(load("lod x\n", &a), -EINVAL);
	/* Errors of one file do not fail the next; places are those of the diagnostics. */
	assert_int_equal(load("load route grant route\nmatch any then pass\n", &b), 0);
	assert_int_equal(b->line[0].place.source, 1);
	assert_int_equal(b->sources, 2);
	assert_string_equal(b->source[1].shown, "t.policy");
	assert_string_equal(b->line[0].where, "t.policy:2");
	mw_plan_free(&b);
	mw_plan_free(&b);
}

static void test_digest(void **state)
{
	struct mw_plan *a = NULL, *b = NULL;

	(void)state;
	/* printf '\0\0\0\0\0\0\0\53load route grant route\nmatch any then pass\n' | sha256sum */
	assert_int_equal(load("load route grant route\nmatch any then pass\n", &a), 0);
	assert_int_equal(load("load route grant route\nmatch any then pass \n", &b), 0);
	assert_string_equal(a->digest, "a2a02d117b5a144613915f8f84662579f1f1c20ad922e13c41007ac53c294c00");
	assert_int_equal(strlen(b->digest), 64);
	assert_string_not_equal(a->digest, b->digest);
	mw_plan_free(&a);
	mw_plan_free(&b);
}

static void test_no_memory(void **state)
{
	static const char text[] = "load phi with check-us grant text; load route grant route\n"
				   "table <ours> { \"a.example\", \"b.example\" }\n"
				   "rule r { kind clinical; pattern /x/; hit \"x\"; miss \"y\" }\n"
				   "words w { kind clinical; terms \"a\", \"b\" }\n"
				   "class c when phi.people > 1 and rule r\n"
				   "match class c to external subject /x/ then send by tls or portal\n"
				   "match any then pas\n";
	struct mw_plan *plan = NULL;
	int r = -ENOMEM;

	(void)state;
	/* With whatever little memory for messages, there is an end and a result. */
	for (size_t limit = 16; r == -ENOMEM && limit < 100000; limit += 64) {
		struct mw_arena *small = mw_arena_new(limit);
		struct mw_diags few;

		assert_non_null(small);
		mw_diags_init(&few, small);
		r = mw_plan_load_text(mw_str(text), "t.policy", &fake_catalog, &few, &plan);
		assert_int_equal(few.no_memory, r == -ENOMEM);
		mw_arena_free(&small);
	}
	assert_int_equal(r, -EINVAL);
	assert_null(plan);
}

/* ---- limits that need many files or much text --------------------------------------------------------------------------------
 */

static char *folder(void)
{
	static char path[] = "test-policy-XXXXXX";

	strcpy(path, "test-policy-XXXXXX");
	assert_non_null(mkdtemp(path));
	return path;
}

static void write_file(const char *dir, const char *name, const char *text, size_t times)
{
	char path[200];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	while (times--)
		assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void remove_file(const char *dir, const char *name)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

static int load_file(const char *dir, struct mw_plan **ret)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/t.policy", dir);
	return mw_plan_load(path, NULL, &fake_catalog, &diags, ret);
}

static void test_many_files(void **state)
{
	const char *dir = folder();
	struct mw_buf text = MW_BUF_INIT;
	struct mw_plan *plan = NULL;

	(void)state;
	write_file(dir, "x", "a.example\n", 1);
	for (int i = 0; i < 201; i++)
		mw_buf_printf(&text, "table <t%d> file \"x\"\n", i);
	write_file(dir, "t.policy", mw_buf_text(&text), 1);
	assert_int_equal(load_file(dir, &plan), -EINVAL);
	assert_told("/x: more than 200 files in one policy");
	assert_int_equal(diags.errors, 2);
	mw_buf_free(&text);
	remove_file(dir, "x");
	remove_file(dir, "t.policy");
	assert_int_equal(rmdir(dir), 0);
}

static void test_large_files(void **state)
{
	const char *dir = folder();
	struct mw_plan *plan = NULL;

	(void)state;
	write_file(dir, "t.policy", "# 15 octets ...\n", 65537);
	assert_int_equal(load_file(dir, &plan), -EINVAL);
	assert_told("t.policy: larger than 1048576 octets");
	write_file(dir, "t.policy", "words w { kind clinical; file \"terms\" }\n", 1);
	write_file(dir, "terms", "t\n", 1000001);
	assert_int_equal(load_file(dir, &plan), -EINVAL);
	assert_told("terms:1000001:1: error: words \"w\" has more than 1000000 terms");
	remove_file(dir, "terms");
	remove_file(dir, "t.policy");
	assert_int_equal(rmdir(dir), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_tokens),	 T(test_places),	   T(test_utf8),	 T(test_table),	    T(test_entries),
	    T(test_print),	 T(test_print_odd_places), T(test_did_you_mean), T(test_sealed),    T(test_no_file),
	    T(test_too_large),	 T(test_second_load),	   T(test_digest),	 T(test_no_memory), T(test_many_files),
	    T(test_large_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
