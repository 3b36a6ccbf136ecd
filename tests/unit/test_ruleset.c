/* SPDX-License-Identifier: Apache-2.0 */
#include "match/ruleset.h"

#include "base/str.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define LIT(s)                                                                                                                   \
	{                                                                                                                        \
		.p = (s), .n = sizeof(s) - 1                                                                                     \
	}
#define LIST(n, f, ...)                                                                                                          \
	.n = COUNT(((const char *const[]){__VA_ARGS__})), .f = (const char *const[])                                             \
	{                                                                                                                        \
		__VA_ARGS__                                                                                                      \
	}

#define LEVELS(...)                                                                                                              \
	.levels = COUNT(((const struct mw_level[]){__VA_ARGS__})), .level = (const struct mw_level[])                            \
	{                                                                                                                        \
		__VA_ARGS__                                                                                                      \
	}
#define NEARS(...)                                                                                                               \
	.nears = COUNT(((const struct mw_near[]){__VA_ARGS__})), .near = (const struct mw_near[])                                \
	{                                                                                                                        \
		__VA_ARGS__                                                                                                      \
	}
#define NEAR(within_, ...)                                                                                                       \
	LIST(near_names, near_name, "near"),                                                                                     \
	    NEARS({.side = MW_SIDE_BOTH, .within = (within_), LIST(phrases, phrase, __VA_ARGS__)})

static const struct mw_when when_near = {.op = MW_WHEN_NEAR};
static const unsigned char key[32] = "0123456789abcdef0123456789abcde";

static bool check_even(const void *inst, const char *p, size_t n)
{
	(void)inst;
	return n > 0 && strchr("02468", p[n - 1]);
}

/* The last octet is the site's. */
static bool check_site(const void *inst, const char *p, size_t n)
{
	return n > 0 && p[n - 1] == *(const char *)inst;
}

static const struct mw_check even = {"even", "", check_even, 0}, site = {"site", "", check_site, MW_CHECK_DATA};

static const struct mw_check *lookup(void *ctx, const char *name, const void **inst)
{
	(void)ctx;
	if (strcmp(name, "site") == 0) {
		*inst = "7";
		return &site;
	}
	if (strcmp(name, "absent") == 0)
		return &site;
	return strcmp(name, "even") == 0 ? &even : NULL;
}

static void report(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	char *out = ctx;
	size_t n = strlen(out);

	(void)snprintf(out + n, 512 - n, "%s:%zd:%s\n", r->name, (ssize_t)offset, text);
}

static struct mw_ruleset *compile(const struct mw_rule *v, size_t n)
{
	char out[512] = "";
	struct mw_ruleset *set = NULL;
	struct mw_err err;
	int rc = mw_ruleset_compile(v, n, lookup, report, out, &set, &err);

	if (rc)
		fail_msg("%d %s %s", rc, err.text, out);
	assert_int_equal(mw_ruleset_rules(set), n);
	return set;
}

static const struct mw_rule rules[] = {
    {.name = "ssn",
     .kind = MW_IDENTIFIER,
     .pattern = LIT("\\b\\d{3}([- ]?)\\d{2}\\1\\d{4}\\b"),
     LEVELS({55, NULL}, {85, &when_near}),
     NEAR(30, "ssn", "social security"),
     LIST(excepts, except, "078-05-1120")},
    {.name = "even", .kind = MW_IDENTIFIER, .pattern = LIT("x[0-9x]{2}"), .check = "even", LEVELS({60, NULL})},
    {.name = "only-near",
     .kind = MW_CLINICAL,
     .pattern = LIT("a1c"),
     .caseless = true,
     LEVELS({80, &when_near}),
     NEAR(20, "result")},
    {.name = "drug",
     .kind = MW_CLINICAL,
     LEVELS({75, NULL}),
     LIST(terms, term, "insulin", "insulin glargine", "glargine pen"),
     .whole_word = true},
    {.name = "spaced", .kind = MW_CLINICAL, .pattern = LIT(" q q # comment "), .extended = true, LEVELS({70, NULL})},
    {.name = "accent", .kind = MW_CLINICAL, .pattern = LIT("M.ni\xc3\xa8re"), .caseless = true, LEVELS({70, NULL})},
};

struct scanned {
	struct mw_arena *arena;
	struct mw_findings f;
	size_t rule;
	int rc;
};

static struct scanned scan(const struct mw_ruleset *set, const char *text, size_t n, size_t max)
{
	struct mw_scratch *scratch = mw_scratch_new(set, key);
	struct scanned s = {.arena = mw_arena_new(0), .f = {.max = max}, .rule = SIZE_MAX};
	struct mw_folded folded;

	assert_non_null(scratch);
	assert_int_equal(mw_fold(s.arena, (struct mw_str){.p = text, .n = n}, &folded), 0);
	s.rc = mw_ruleset_scan(set, scratch, &folded, s.arena, 3, MW_ZONE_BODY, &s.f, &s.rule);
	mw_scratch_free(&scratch);
	return s;
}

/* Findings as "rule:confidence:text|". */
static void show(const struct mw_ruleset *set, const struct scanned *s, const char *text, char *out, size_t n)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < s->f.n && at < n; i++) {
		const struct mw_finding *f = s->f.v + i;

		assert_int_equal(f->part, 3);
		assert_int_equal(f->zone, MW_ZONE_BODY);
		at += (size_t)snprintf(out + at, n - at, "%s:%u:%.*s|", mw_ruleset_rule(set, f->rule)->name, f->confidence,
				       (int)f->length, text + f->offset);
	}
}

static void test_scan(void **state)
{
	static const struct {
		const char *text, *found;
	} row[] = {
	    {"", ""},
	    {"219-09-9998", "ssn:55:219-09-9998|"},
	    {"SSN 219-09-9998 and 219 09 9997", "ssn:85:219-09-9998|ssn:85:219 09 9997|"},
	    {"219-09 9998", ""},
	    {"ssn 078-05-1120 078 05 1120", ""},
	    {"ssn \xef\xbc\x92\xef\xbc\x91\xef\xbc\x99-09-99\xe2\x80\x8b"
	     "98\xe2\x80\x8b.",
	     "ssn:85:\xef\xbc\x92\xef\xbc\x91\xef\xbc\x99-09-99\xe2\x80\x8b"
	     "98|"},
	    {"xx1 xx12 ", "even:60:x12|"}, /* a good match inside one that the check refused */
	    {"A1C", ""},
	    {"A1c result, result of a1c", "only-near:80:A1c|only-near:80:a1c|"},
	    {"Insulin; insulin glargine pen", "drug:75:Insulin|drug:75:insulin glargine pen|"},
	    {"qq q q", "spaced:70:qq|"},
	    {"m\xc3\xa9ni\xc3\xa8re M\xc3\x89NI\xc3\x88RE", "accent:70:m\xc3\xa9ni\xc3\xa8re|accent:70:M\xc3\x89NI\xc3\x88RE|"},
	    {"insulin x22 qq", "drug:75:insulin|even:60:x22|spaced:70:qq|"}, /* in order of offset, not of rules */
	};
	struct mw_ruleset *set = compile(rules, COUNT(rules));

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct scanned s = scan(set, row[i].text, strlen(row[i].text), 100);
		char out[512];

		assert_int_equal(s.rc, 0);
		show(set, &s, row[i].text, out, sizeof(out));
		assert_string_equal(out, row[i].found);
		mw_arena_free(&s.arena);
	}
	mw_ruleset_free(&set);
	assert_null(set);
}

/* Terms that overlap are one match, also where a later one joins several. */
static void test_unions(void **state)
{
	static const struct {
		const char *text, *found;
	} row[] = {
	    {"aa bb", "t:70:aa|t:70:bb|"},
	    {"aa bb cc", "t:70:aa bb cc|"},
	    {"aa aa bb cc dd", "t:70:aa|t:70:aa bb cc dd|"},
	    {"bb cc dd, bb", "t:70:bb|t:70:cc dd|t:70:bb|"},
	    {"aa bb cc aa bb cc dd", "t:70:aa bb cc|t:70:aa bb cc dd|"},
	};
	const struct mw_rule v[] = {
	    {.name = "t", LEVELS({70, NULL}), LIST(terms, term, "aa", "bb", "aa bb cc", "cc dd"), .whole_word = true}};
	struct mw_ruleset *set = compile(v, COUNT(v));

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct scanned s = scan(set, row[i].text, strlen(row[i].text), 100);
		char out[512];

		assert_int_equal(s.rc, 0);
		show(set, &s, row[i].text, out, sizeof(out));
		assert_string_equal(out, row[i].found);
		mw_arena_free(&s.arena);
	}
	mw_ruleset_free(&set);
}

static void test_values(void **state)
{
	static const char text[] = "219-09-9998 219 09 9998 219099998 219-09-9999";
	struct mw_ruleset *set = compile(rules, 1);
	struct scanned s = scan(set, text, sizeof(text) - 1, 100);

	(void)state;
	assert_int_equal(s.f.n, 4);
	assert_true(s.f.v[0].value == s.f.v[1].value && s.f.v[1].value == s.f.v[2].value);
	assert_true(s.f.v[0].value != s.f.v[3].value);
	mw_arena_free(&s.arena);
	mw_ruleset_free(&set);
}

static void test_findings_limit(void **state)
{
	static const char text[] = "219-09-9998 219-09-9997 219-09-9996 insulin";
	struct mw_ruleset *set = compile(rules, COUNT(rules));
	struct scanned s = scan(set, text, sizeof(text) - 1, 2);

	(void)state;
	assert_int_equal(s.rc, -EFBIG);
	assert_int_equal(s.f.n, 2);
	mw_arena_free(&s.arena);
	s = scan(set, text, sizeof(text) - 1, 4);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.f.n, 4);
	mw_arena_free(&s.arena);
	mw_ruleset_free(&set);
}

/* A rule that finds very much leaves room for the others. */
static void test_findings_share(void **state)
{
	struct mw_ruleset *set = compile(rules, COUNT(rules));
	const size_t n = 2000;
	char *text = malloc(n * 20 + 1);
	size_t at = 0, drugs = 0;
	struct scanned s;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "219-09-%04zu\n", 1000 + i);
	at += (size_t)sprintf(text + at, "insulin\n");
	s = scan(set, text, at, 1024);
	assert_int_equal(s.rc, -EFBIG);
	for (size_t i = 0; i < s.f.n; i++)
		drugs += strcmp(mw_ruleset_rule(set, s.f.v[i].rule)->name, "drug") == 0;
	assert_int_equal(drugs, 1);
	assert_int_equal(s.f.n, 1024 - 1024 / 4 + 1);
	mw_arena_free(&s.arena);
	free(text);
	mw_ruleset_free(&set);
}

/* A rule of kind context is never found and is context; `least` findings must be near, and those that overlap are one. */
static void test_least(void **state)
{
	static const uint32_t others[] = {0, 1};
	const struct mw_rule v[] = {
	    {.name = "word", .kind = MW_CONTEXT, .pattern = LIT("flu"), LEVELS({70, NULL})},
	    {.name = "longer", .kind = MW_CONTEXT, .pattern = LIT("a flu|cold"), LEVELS({70, NULL})},
	    {.name = "both",
	     .kind = MW_CLINICAL,
	     .pattern = LIT("x"),
	     LEVELS({80, &when_near}),
	     LIST(near_names, near_name, "near"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 10, .least = 2, .rules = COUNT(others), .rule = others})},
	};
	static const struct {
		const char *text, *found;
	} row[] = {
	    {"x a flu", ""}, /* one word, whoever knows it */
	    {"x flu flu", "both:80:x|"},
	    {"flu x flu", "both:80:x|"},
	    {"a flu x cold", "both:80:x|"},
	    {"x flu          flu", ""}, /* too far */
	    {"flu flu", ""},
	};
	struct mw_ruleset *set = compile(v, COUNT(v));
	char out[64];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct scanned s = scan(set, row[i].text, strlen(row[i].text), 100);

		show(set, &s, row[i].text, out, sizeof(out));
		assert_string_equal(out, row[i].found);
		mw_arena_free(&s.arena);
	}
	mw_ruleset_free(&set);
}

/* A pattern that explodes is indeterminate, soon, and the other rules still speak. */
static void test_catastrophic(void **state)
{
	const struct mw_rule v[] = {
	    {.name = "ok", .pattern = LIT("b+"), LEVELS({70, NULL})},
	    {.name = "bad", .pattern = LIT("(a+)+$"), LEVELS({70, NULL})},
	    {.name = "ok2", .pattern = LIT("c"), LEVELS({70, NULL})},
	};
	static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab c";
	struct mw_ruleset *set = compile(v, COUNT(v));
	char out[64];

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct scanned s = scan(set, text, sizeof(text) - 1, 100);

		assert_int_equal(s.rc, -EAGAIN);
		assert_int_equal(s.rule, 1);
		show(set, &s, text, out, sizeof(out));
		assert_string_equal(out, "ok:70:b|ok2:70:c|");
		mw_arena_free(&s.arena);
	}
	mw_ruleset_free(&set);
}

/* Quadratic patterns never reach PCRE2's limit for one start position; the allowance of processor time ends them. */
static void test_quadratic(void **state)
{
	const struct mw_rule v[] = {{.name = "slow", .pattern = LIT("a(?=.*b).*c@"), LEVELS({70, NULL})}};
	struct mw_ruleset *set = compile(v, 1);
	size_t n = 1u << 19;
	char *text = malloc(n);
	struct scanned s;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', n);
	/* The '@' that the pattern needs is there, but never behind a letter. */
	text[n - 2] = ' ';
	text[n - 1] = '@';
	s = scan(set, text, n, 100);
	assert_int_equal(s.rc, -EAGAIN);
	assert_int_equal(s.rule, 0);
	mw_arena_free(&s.arena);
	free(text);
	mw_ruleset_free(&set);
}

/* Random texts of these pieces: wherever the second rule is sure, the first one finds the same, and nothing else. */
static void compare_twins(const struct mw_rule twins[2], const char *const *piece, size_t pieces)
{
	struct mw_ruleset *set = compile(twins, 2);
	unsigned long seed = 7, near = 0, far = 0;

	for (int round = 0; round < 5000; round++) {
		char text[256] = "";
		struct scanned s;
		size_t left = 0;

		for (int i = 0; i < 12; i++) {
			seed = seed * 6364136223846793005ul + 1442695040888963407ul;
			strcat(text, piece[(seed >> 33) % pieces]);
		}
		s = scan(set, text, strlen(text), 100);
		for (size_t i = 0; i < s.f.n; i++) {
			left += s.f.v[i].rule == 0 ? 1u : s.f.v[i].confidence == 80 ? (size_t)-1 : 0u;
			near += s.f.v[i].confidence == 80;
			far += s.f.v[i].confidence == 1;
		}
		if (left)
			fail_msg("\"%s\": %zd", text, (ssize_t)left);
		mw_arena_free(&s.arena);
	}
	assert_true(near > 500 && far > 500);
	mw_ruleset_free(&set);
}

/* A rule that finds nothing without context is only run where one of its phrases stands. The same findings come out as from its
 * twin that is always run. */
static void test_cues(void **state)
{
	static const char *const phrase[] = {"ssn", "Date of Birth", "#", "d.o.b", "mr #", "\xc3\xa9t\xc3\xa9"};
	static const char *const piece[] = {"12",     "ssn",	 "SSNS",  "date",
					    " ",      "_",	 "of",	  "\n",
					    "Birth",  "#",	 "D.O.B", ".",
					    "mr",     "MR",	 "\t",	  "\xc3\xa9t\xc3\xa9",
					    "x",      "34 ",	 ":",	  "date_of \r\n birth",
					    "dateOf", "OfBirth", "iSsn"};
	const struct mw_rule twins[] = {
	    {.name = "cued",
	     .pattern = LIT("\\b\\d\\d\\b"),
	     LEVELS({80, &when_near}),
	     LIST(near_names, near_name, "near"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 12, .phrases = COUNT(phrase), .phrase = phrase})},
	    {.name = "always",
	     .pattern = LIT("\\b\\d\\d\\b"),
	     LEVELS({1, NULL}, {80, &when_near}),
	     LIST(near_names, near_name, "near"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 12, .phrases = COUNT(phrase), .phrase = phrase})},
	};

	(void)state;
	compare_twins(twins, piece, COUNT(piece));
}

/* The same of rules that need several names, and a column. */
static void test_awake(void **state)
{
	static const struct mw_when a = {.op = MW_WHEN_NEAR, .n = 0}, b = {.op = MW_WHEN_NEAR, .n = 1},
				    c = {.op = MW_WHEN_COLUMN}, both = {.op = MW_WHEN_AND, .a = &a, .b = &b},
				    all = {.op = MW_WHEN_AND, .a = &both, .b = &c};
	static const char *const piece[] = {"ssn|dob\n", "12|34\n", "56|x\n",	      "ssn 12 dob\n", "\n",
					    "dob\n",	 "a|b\n",   "name|DOB|ssn\n", "1|22|33\n"};
	const struct mw_rule twins[] = {
	    {.name = "cued",
	     .pattern = LIT("\\b\\d\\d\\b"),
	     LEVELS({80, &all}),
	     LIST(near_names, near_name, "a", "b"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 30, LIST(phrases, phrase, "ssn")},
		   {.name = 1, .side = MW_SIDE_BOTH, .within = 30, LIST(phrases, phrase, "dob")})},
	    {.name = "always",
	     .pattern = LIT("\\b\\d\\d\\b"),
	     LEVELS({1, NULL}, {80, &all}),
	     LIST(near_names, near_name, "a", "b"),
	     NEARS({.side = MW_SIDE_BOTH, .within = 30, LIST(phrases, phrase, "ssn")},
		   {.name = 1, .side = MW_SIDE_BOTH, .within = 30, LIST(phrases, phrase, "dob")})},
	};

	(void)state;
	compare_twins(twins, piece, COUNT(piece));
}

/* Matches around every place where one slice of start positions ends and the next begins. */
static void test_long_text(void **state)
{
	struct mw_ruleset *set = compile(rules, COUNT(rules));
	size_t n = 200000;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	for (size_t shift = 0; shift < 24; shift++) {
		const size_t at[] = {0, 16372 + shift, 16384 + shift, 60000, 199988};
		struct scanned s;

		memset(text, ' ', n);
		for (size_t i = 0; i < COUNT(at); i++)
			memcpy(text + at[i], "219-09-9998 ", 12);
		s = scan(set, text, n, 100);
		assert_int_equal(s.rc, 0);
		assert_int_equal(s.f.n, COUNT(at));
		for (size_t i = 0; i < COUNT(at); i++)
			assert_int_equal(s.f.v[i].offset, at[i]);
		mw_arena_free(&s.arena);
	}
	free(text);
	mw_ruleset_free(&set);
}

/* Bad rules, one by one: where and why. */
static void test_refused(void **state)
{
	const struct {
		struct mw_rule rule;
		const char *why;
	} row[] = {
	    {{.name = "r", .pattern = LIT("ab(c"), LEVELS({1, NULL})}, "r:4:missing closing parenthesis"},
	    {{.name = "r", .pattern = LIT("a\\C"), LEVELS({1, NULL})}, "r:3:using \\C is disabled"},
	    {{.name = "r", .pattern = LIT("a\xff"), LEVELS({1, NULL})}, "r:1:UTF-8 error"},
	    {{.name = "r", LEVELS({1, NULL})}, "r:-1:a rule needs a pattern or terms"},
	    {{.name = "r", .pattern = LIT("a"), LEVELS({1, NULL}), LIST(terms, term, "b")},
	     "r:-1:a rule has a pattern or terms, not both"},
	    {{.name = "r", .pattern = LIT("a"), LEVELS({1, NULL}), .check = "evn"}, "r:-1:unknown check"},
	    {{.name = "r", .pattern = LIT("a"), LEVELS({101, NULL})}, "r:-1:this level never"},
	    {{.name = "r", .pattern = LIT("a")}, "r:-1:this level never"},
	    {{.name = "r", .pattern = LIT("a"), LIST(near_names, near_name, "near"), LEVELS({0, &when_near})},
	     "r:-1:this level never"},
	    {{.name = "r", LEVELS({1, NULL}), LIST(terms, term, "b", " . ")}, "r:-1:term 2 of the list"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char out[512] = "";
		struct mw_ruleset *set = NULL;
		struct mw_err err = {0};

		assert_int_equal(mw_ruleset_compile(&row[i].rule, 1, lookup, report, out, &set, &err), -EINVAL);
		assert_null(set);
		assert_int_equal(err.code, -EINVAL);
		if (strncmp(out, row[i].why, strlen(row[i].why)) != 0)
			fail_msg("%s, not %s", out, row[i].why);
	}
}

struct failed {
	char out[256];
};

static void sample_failed(void *ctx, const struct mw_rule *r, const struct mw_sample *s, bool is_hit)
{
	char *out = ((struct failed *)ctx)->out;
	size_t n = strlen(out);

	(void)snprintf(out + n, 256 - n, "%s:%s:%.*s|", r->name, is_hit ? "hit" : "miss", (int)s->text.n, s->text.p);
}

static void test_samples(void **state)
{
	static const struct mw_sample hit[] = {{.text = LIT("219-09-9998")}, {.text = LIT("219-09-999")}};
	static const struct mw_sample miss[] = {{.text = LIT("nothing")}, {.text = LIT("219-09-9998")}};
	static const struct mw_sample drug[] = {{.text = LIT("insulin")}};
	static const struct mw_sample bad[] = {{.text = LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")}};
	struct mw_rule v[] = {rules[0], rules[3], {.name = "bad", .pattern = LIT("(a+)+$"), LEVELS({70, NULL})}};
	struct failed f = {""};
	struct mw_ruleset *set;
	struct mw_err err;

	(void)state;
	v[0].hit = hit;
	v[0].miss = miss;
	v[0].hits = v[0].misses = 2;
	v[1].hit = drug;
	v[1].miss = miss;
	v[1].hits = v[1].misses = 1;
	v[2].miss = bad;
	v[2].misses = 1;
	set = compile(v, COUNT(v));
	assert_int_equal(mw_ruleset_samples(set, sample_failed, &f, &err), 3);
	assert_string_equal(f.out, "ssn:hit:219-09-999|ssn:miss:219-09-9998|"
				   "bad:miss:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab|");
	mw_ruleset_free(&set);
}

/* A check with data of a site: asked in a scan, passed in a sample, nothing without the data. */
static void test_data(void **state)
{
	static const struct mw_sample hit[] = {{.text = LIT("m1")}};
	struct mw_rule v[] = {
	    {.name = "here", .pattern = LIT("m\\d"), .check = "site", LEVELS({70, NULL}), .hits = 1, .hit = hit},
	    {.name = "absent", .pattern = LIT("m\\d"), .check = "absent", LEVELS({70, NULL}), .hits = 1, .hit = hit},
	};
	struct failed f = {""};
	struct mw_ruleset *set = compile(v, COUNT(v));
	struct mw_err err;
	struct scanned s = scan(set, "m6 m7", 5, 10);

	(void)state;
	assert_int_equal(mw_ruleset_samples(set, sample_failed, &f, &err), 0);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.f.n, 1);
	assert_int_equal(s.f.v[0].rule, 0);
	assert_int_equal(s.f.v[0].offset, 3);
	mw_arena_free(&s.arena);
	mw_ruleset_free(&set);
}

static void test_no_memory(void **state)
{
	struct mw_ruleset *set = compile(rules, COUNT(rules));
	struct mw_scratch *scratch = mw_scratch_new(set, key);
	struct mw_arena *a = mw_arena_new(64);
	struct mw_findings f = {.max = 100};
	struct mw_folded folded;
	size_t rule;

	(void)state;
	assert_int_equal(mw_fold(a, mw_str("219-09-9998"), &folded), 0);
	assert_int_equal(mw_ruleset_scan(set, scratch, &folded, a, 0, 0, &f, &rule), -ENOMEM);
	assert_int_equal(f.n, 0);
	mw_arena_free(&a);
	mw_scratch_free(&scratch);
	mw_ruleset_free(&set);
}

static void *worker(void *ctx)
{
	const struct mw_ruleset *set = ctx;
	static const char text[] = "ssn 219-09-9998 a1c result insulin glargine pen x22 \xef\xbc\x91";
	size_t n = 0;

	for (int i = 0; i < 200; i++) {
		struct scanned s = scan(set, text, sizeof(text) - 1, 100);

		n += s.rc == 0 ? s.f.n : 0;
		mw_arena_free(&s.arena);
	}
	return n == 800 ? ctx : NULL;
}

/* One set, two threads, each with its own scratch. Worth most under the thread sanitizer. */
static void test_threads(void **state)
{
	struct mw_ruleset *set = compile(rules, COUNT(rules));
	pthread_t t[2];

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(pthread_create(t + i, NULL, worker, set), 0);
	for (size_t i = 0; i < COUNT(t); i++) {
		void *ok = NULL;

		assert_int_equal(pthread_join(t[i], &ok), 0);
		assert_ptr_equal(ok, set);
	}
	mw_ruleset_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_scan),	   cmocka_unit_test(test_unions),	  cmocka_unit_test(test_values),
	    cmocka_unit_test(test_findings_limit), cmocka_unit_test(test_findings_share), cmocka_unit_test(test_catastrophic),
	    cmocka_unit_test(test_quadratic),	   cmocka_unit_test(test_long_text),	  cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_samples),	   cmocka_unit_test(test_no_memory),	  cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_cues),	   cmocka_unit_test(test_awake),	  cmocka_unit_test(test_data),
	    cmocka_unit_test(test_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
