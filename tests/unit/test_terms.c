/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of terms and what they stand on: tokens, context, digests. */
#include "match/context.h"
#include "match/digest.h"
#include "match/rule.h"
#include "match/terms.h"
#include "match/token.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void test_tokens(void **state)
{
	static const struct {
		const char *in, *out; /* words joined by | */
	} row[] = {
	    {"", ""},
	    {" ,.- ", ""},
	    {"Type 2 Diabetes", "type|2|diabetes"},
	    {"Crohn's disease' 'x", "crohns|disease|x"},
	    {"Sj\xc3\xb6gren SJ\xc3\x96GREN sjo\xcc\x88gren", "sjogren|sjogren|sjogren"},
	    {"Stra\xc3\x9f"
	     "e",
	     "strasse"},
	    {"a\xe2\x80\xa2z", "a|z"},
	    {"\xce\xb1-Thalass\xc3\xa4mie", "\xce\xb1|thalassamie"},
	    {"x\xff\xfey", "x|y"}, /* not valid: never read beyond, never joined */
	    {"0123456789012345678901234567890123456789012345678901234567890123 y",
	     "0123456789012345678901234567890123456789012345678901234567890123|y"},
	    {"01234567890123456789012345678901234567890123456789012345678901234 y", "|y"}, /* 65: too long, empty */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct mw_tokens r = {.text = mw_str(row[i].in), .seed = 7};
		char out[256] = "";
		struct mw_token t;
		size_t n = 0, last = 0;

		while (mw_tokens_next(&r, &t)) {
			uint64_t hash = 7;

			assert_true(t.start >= last && t.end > t.start && t.end <= r.text.n);
			last = t.end;
			for (size_t k = 0; k < t.n; k++)
				hash = mw_token_hash(hash, t.p[k]);
			if (t.n)
				assert_true(hash == t.hash);
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%.*s", n || t.start > 0 ? "|" : "", (int)t.n, t.p);
		}
		assert_string_equal(out[0] == '|' && row[i].out[0] != '|' ? out + 1 : out, row[i].out);
	}
}

static void test_gaps(void **state)
{
	static const struct {
		const char *gap;
		unsigned kind;
	} row[] = {
	    {"", MW_GAP_SOFT},
	    {" ", MW_GAP_SOFT},
	    {"-", MW_GAP_SOFT},
	    {" / ", MW_GAP_SOFT},
	    {"\r\n> ", MW_GAP_SOFT},
	    {"\n\n", MW_GAP_BREAK},
	    {".", '.'},
	    {". ", '.' | MW_GAP_BLANK},
	    {", ", ',' | MW_GAP_BLANK},
	    {" (", '(' | MW_GAP_BLANK},
	    {"), ", MW_GAP_BREAK},
	    {"                 ", MW_GAP_BREAK},
	    {"\xe2\x80\xa2", MW_GAP_BREAK},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_int_equal(mw_token_gap(mw_str(row[i].gap), 0, strlen(row[i].gap)), row[i].kind);
}

struct seen {
	char out[512];
	size_t n;
	const char *text;
};

static int see(void *ctx, uint32_t rule, size_t start, size_t end)
{
	struct seen *s = ctx;

	s->n += (size_t)snprintf(s->out + s->n, sizeof(s->out) - s->n, "%u:%.*s|", rule, (int)(end - start), s->text + start);
	return 0;
}

static const struct {
	const char *term;
	uint32_t rule;
	bool whole_word;
} term[] = {
    {"Diabetes", 0, true},
    {"diabetes mellitus", 0, true},
    {"type 2 diabetes mellitus", 0, true},
    {"HIV/AIDS", 0, true},
    {"Crohn's disease", 0, true},
    {"E11.9", 1, true},
    {"pain, abdominal", 0, true},
    {"insulin", 0, true},
    {"insulin", 2, true},
    {"onco", 3, false},
    {"chronic nephr", 3, false},
    {"onc", 3, false},
    {"Sjogren syndrome", 0, true},
    {"diabetes", 0, true},
};

static struct mw_terms *build(struct mw_arena *a)
{
	size_t words = 0;
	struct mw_terms *t;

	for (size_t i = 0; i < COUNT(term); i++)
		words += mw_terms_count(mw_str(term[i].term));
	t = mw_terms_new(a, words);
	assert_non_null(t);
	for (size_t i = 0; i < COUNT(term); i++)
		assert_int_equal(mw_terms_add(t, a, mw_str(term[i].term), term[i].rule, term[i].whole_word), 0);
	return t;
}

static void test_terms(void **state)
{
	static const struct {
		const char *text, *seen;
	} row[] = {
	    {"", ""},
	    {"She has DIABETES.", "0:DIABETES|"},
	    {"prediabetes diabetess diabete", ""},
	    {"type 2\r\n> diabetes mellitus", "0:diabetes|0:type 2\r\n> diabetes mellitus|0:diabetes mellitus|"},
	    {"diabetes. mellitus", "0:diabetes|"},
	    {"diabetes\n\nmellitus", "0:diabetes|"},
	    {"HIV AIDS, hiv-aids; hiv.aids", "0:HIV AIDS|0:hiv-aids|"},
	    {"crohn's disease, Crohns disease, crohn disease", "0:crohn's disease|0:Crohns disease|"},
	    {"E11.9 e11.9 E11 9 E11. 9 E11.90 XE11.9", "1:E11.9|1:e11.9|"},
	    {"pain, abdominal; pain abdominal", "0:pain, abdominal|"},
	    {"insulin", "2:insulin|0:insulin|"},
	    {"oncology Oncologist onc conco", "3:oncology|3:oncology|3:Oncologist|3:Oncologist|3:onc|"},
	    {"chronic nephritis chronic nephr chronic neph", "3:chronic nephritis|3:chronic nephr|"},
	    {"Sj\xc3\xb6gren syndrome", "0:Sj\xc3\xb6gren syndrome|"},
	    {"type type 2 diabetes mellitus", "0:diabetes|0:type 2 diabetes mellitus|0:diabetes mellitus|"},
	};
	struct mw_arena *a = mw_arena_new(0);
	struct mw_terms *t = build(a);

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct seen s = {.text = row[i].text};

		assert_int_equal(mw_terms_scan(t, mw_str(row[i].text), see, &s), 0);
		assert_string_equal(s.out, row[i].seen);
	}
	mw_arena_free(&a);
}

static int stop(void *ctx, uint32_t rule, size_t start, size_t end)
{
	(void)rule;
	(void)start;
	(void)end;
	return ++*(int *)ctx == 2 ? -EFBIG : 0;
}

static void test_stop(void **state)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_terms *t = build(a);
	int n = 0;

	(void)state;
	assert_int_equal(mw_terms_scan(t, mw_str("diabetes diabetes diabetes"), stop, &n), -EFBIG);
	assert_int_equal(n, 2);
	mw_arena_free(&a);
}

static void test_term_bounds(void **state)
{
	static const struct {
		const char *term;
		size_t words;
	} row[] = {
	    {"", 0},
	    {"...", 0},
	    {"a b c d e f g h i j k l m n o p", 16},
	    {"a b c d e f g h i j k l m n o p q", 0},
	    {"01234567890123456789012345678901234567890123456789012345678901234", 0},
	    {"vitamin d (25-oh)", 4},
	    {"a (b), c", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_int_equal(mw_terms_count(mw_str(row[i].term)), row[i].words);
}

/* Many terms that share words: every one is found, and nothing else. */
static void test_many(void **state)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_terms *t = mw_terms_new(a, 40000);
	char text[64];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		(void)snprintf(text, sizeof(text), "w%u x%u", i % 200, i);
		assert_int_equal(mw_terms_add(t, a, mw_str(text), i, true), 0);
	}
	for (unsigned i = 0; i < 20000; i += 7) {
		char want[80];
		struct seen s = {.text = text};

		(void)snprintf(text, sizeof(text), "w%u w%u x%u x%u", i % 200, i % 200, i, i + 1);
		(void)snprintf(want, sizeof(want), "%u:w%u x%u|", i, i % 200, i);
		assert_int_equal(mw_terms_scan(t, mw_str(text), see, &s), 0);
		assert_string_equal(s.out, want);
	}
	mw_arena_free(&a);
}

static void test_context(void **state)
{
	static const struct {
		const char *text; /* the match is what is in [] */
		int phrase;	  /* -1: none is near */
		uint32_t side;	  /* 0 = both */
	} row[] = {
	    {"SSN: [1]", 0, 0},
	    {"my ssn is [1]", 0, 0},
	    {"[1] is my SSN", 0, 0},
	    {"ssns [1]", -1, 0},
	    {"xssn [1]", -1, 0},
	    {"ssn_no [1]", 0, 0},
	    {"social  \r\n security [1]", 1, 0},
	    {"social_security [1]", 1, 0},
	    {"social-security [1]", -1, 0},
	    {"socialsecurity [1]", -1, 0},
	    {"SS# [1]", 2, 0},
	    {"SS#[1]", 2, 0},
	    {"[ssn]", -1, 0},		  /* the match itself is no context */
	    {"so[cial] security", -1, 0}, /* nor is one that it cuts */
	    {"ssn 345678901234567[1]", 0, 0},
	    {"ssn 3456789012345678[1]", 0, 0}, /* begins 20 octets before */
	    {"ssn 34567890123456789[1]", -1, 0},
	    {"[1]4567890123456 ssn", 0, 0},
	    {"[1]4567890123456789 ssn", 0, 0},
	    {"[1]45678901234567890 ssn", -1, 0},
	    {"\xc3\xa9ssn [1]", -1, 0},
	    {"patientSSN: [1]", 0, 0},
	    {"{\"socialSecurity\":[1]", 1, 0},
	    {"ssnNumber [1]", 0, 0},
	    {"aSsn [1]", -1, 0}, /* one letter is no word */
	    {"PATIENTSSN [1]", -1, 0},
	    {"socialsecurity [1]", -1, 0},
	    {"ssn [1]", 0, MW_SIDE_BEFORE},
	    {"ssn [1]", -1, MW_SIDE_AFTER},
	    {"[1] ss#", 2, MW_SIDE_AFTER},
	    {"[1] ss#", -1, MW_SIDE_BEFORE},
	    {"ssn [1] ss#", 0, MW_SIDE_BEFORE},
	    {"ssn [1] ss#", 2, MW_SIDE_AFTER},
	};
	static const char *const phrase[] = {"ssn", "Social Security", "ss#", "  "};
	struct mw_arena *a = mw_arena_new(0);
	struct mw_str v[COUNT(phrase)];
	const struct mw_context *c[MW_SIDE_BOTH + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(phrase); i++)
		v[i] = mw_str(phrase[i]);
	for (uint32_t side = MW_SIDE_BEFORE; side <= MW_SIDE_BOTH; side++) {
		c[side] = mw_context_new(a, v, COUNT(v), side, 20);
		assert_non_null(c[side]);
	}
	for (size_t i = 0; i < COUNT(row); i++) {
		char text[80];
		const char *open = strchr(row[i].text, '['), *shut = strchr(row[i].text, ']');
		size_t start = (size_t)(open - row[i].text), end = (size_t)(shut - row[i].text) - 1, which = 99;
		bool near;

		(void)snprintf(text, sizeof(text), "%.*s%.*s%s", (int)start, row[i].text, (int)(end - start), open + 1, shut + 1);
		near =
		    mw_context_near(c[row[i].side ? row[i].side : MW_SIDE_BOTH], mw_str(text), 0, SIZE_MAX, start, end, &which);
		if (near != (row[i].phrase >= 0) || (near && which != (size_t)row[i].phrase))
			fail_msg("row %zu: %s: %zu", i, row[i].text, which);
	}
	/* A ceiling ends no word: what is before it in "1 ssns" is no ssn. */
	for (size_t ceiling = 0; ceiling <= 6; ceiling++) {
		size_t which;

		assert_false(mw_context_near(c[MW_SIDE_AFTER], mw_str("1 ssns"), 0, ceiling, 0, 1, &which));
		assert_int_equal(mw_context_near(c[MW_SIDE_AFTER], mw_str("1 ssn;"), 0, ceiling, 0, 1, &which), ceiling >= 5);
	}
	mw_arena_free(&a);
}

/* Vectors of the authors' reference implementation: key 00..0f, message 00 01 02 …. */
static void test_siphash(void **state)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} row[] = {{0, 0x726fdb47dd0e0e31u},
		   {1, 0x74f839c593dc67fdu},
		   {7, 0xab0200f58b01d137u},
		   {8, 0x93f5f5799a932462u},
		   {15, 0xa129ca6149be45e5u}};
	unsigned char key[16], in[16];

	(void)state;
	for (unsigned char i = 0; i < 16; i++)
		key[i] = in[i] = i;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_true(mw_siphash(key, (struct mw_str){.p = (const char *)in, .n = row[i].n}) == row[i].hash);
}

static void test_normal(void **state)
{
	static const unsigned char key[16] = "0123456789abcde";
	static const struct {
		const char *a, *b;
		bool same;
	} row[] = {
	    {"219-09-9998", "219 09 9998", true},
	    {"219-09-9998", "219099998", true},
	    {"1EG4-te5-mk73", "1eg4TE5MK73", true},
	    {"219-09-9998", "219-09-9999", false},
	    {"12", "123", false},
	    {"", " - ", true},
	    {"a.b", "ab", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_int_equal(mw_normal_same(mw_str(row[i].a), mw_str(row[i].b)), row[i].same);
		assert_int_equal(mw_normal_digest(key, mw_str(row[i].a)) == mw_normal_digest(key, mw_str(row[i].b)), row[i].same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tokens),  cmocka_unit_test(test_gaps),	cmocka_unit_test(test_terms),
	    cmocka_unit_test(test_stop),    cmocka_unit_test(test_term_bounds), cmocka_unit_test(test_many),
	    cmocka_unit_test(test_context), cmocka_unit_test(test_siphash),	cmocka_unit_test(test_normal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
