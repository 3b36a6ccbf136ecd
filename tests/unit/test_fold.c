/* SPDX-License-Identifier: Apache-2.0 */
#include "match/fold.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mw_folded fold(struct mw_arena *a, const char *p, size_t n)
{
	struct mw_folded f;

	assert_int_equal(mw_fold(a, (struct mw_str){.p = p, .n = n}, &f), 0);
	return f;
}

/* What is read, and what it is folded to. */
static const struct {
	const char *in, *out;
} row[] = {
    {"", ""},
    /* Letters that look like ASCII ones, in a word that has such: Cyrillic, Greek. Words of their own stay. */
    {"d\xd1\x96\xd0\xb0"
     "b\xd0\xb5tes \xd0\x85\xd0\x85N \xce\x9c\xce\xa1N",
     "diabetes SSN MPN"},
    {"\xd0\xbe\xd0\xbd\xd0\xb0 \xd1\x81\xd0\xb0\xd1\x85 \xce\xbf\xce\xb9 x\xd0\xb6",
     "\xd0\xbe\xd0\xbd\xd0\xb0 \xd1\x81\xd0\xb0\xd1\x85 \xce\xbf\xce\xb9 x\xd0\xb6"},
    {"SSN: 219-09-9998", "SSN: 219-09-9998"},
    {"2\xcc\xb6"
     "1\xcc\xb6"
     "9-\xcc\x81 S\xcc\xb5S\xe2\x83\x9d",
     "219- SS"},					 /* struck through, marked, surrounded */
    {"e\xcc\x81 \xd0\xb8\xcc\x86", "\xc3\xa9 \xd0\xb9"}, /* a letter and its mark are one letter */
    {"Caf\xc3\xa9 S\xc3\xb8ren \xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd \xe6\xbc\xa2",
     "Caf\xc3\xa9 S\xc3\xb8ren \xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd \xe6\xbc\xa2"},
    {"\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x8d\xef\xbc\x94\xef\xbc\x95", "123-45"}, /* full-width */
    {"\xd9\xa1\xd9\xa2\xd9\xa3 \xdb\xb4 \xe0\xa5\xab", "123 4 5"},	    /* Arabic-Indic, extended, Devanagari */
    {"\xf0\x9d\x9f\x99\xf0\x9d\x9f\x9a \xe2\x91\xa0 x\xc2\xb2", "12 1 x2"}, /* double-struck, circled, superscript */
    {"\xf0\x9d\x90\x92\xf0\x9d\x90\x92\xf0\x9d\x90\x8d", "SSN"},	    /* mathematical bold */
    {"\xef\xac\x81ve \xef\xac\x84", "five ffl"},			    /* ligatures */
    {"12\xe2\x80\x8b"
     "3\xe2\x80\x8d-\xc2\xad"
     "45\xef\xbb\xbf\xe2\x81\xa0",
     "123-45"}, /* zero width, soft hyphen */
    {"a\xe2\x80\xae"
     "b\xe2\x81\xa6"
     "c\xd8\x9c",
     "abc"}, /* bidi */
    {"a\xc2\xa0"
     "b\xe2\x80\xaf"
     "c\xe3\x80\x80"
     "d\xe2\x80\xa8"
     "e",
     "a b c d\ne"}, /* spaces, line separator */
    {"1\xe2\x80\x93"
     "2\xe2\x80\x94"
     "3\xe2\x80\x91"
     "4\xe2\x88\x92"
     "5",
     "1-2-3-4-5"},
    {"\xe2\x80\x98x\xe2\x80\x99 \xe2\x80\x9cy\xe2\x80\x9d \xc2\xaby\xc2\xbb", "'x' \"y\" \"y\""},
    {"\xe2\x84\xaa \xcd\xbe \xe2\x84\x83 \xe2\x80\xa6 \xc2\xbd", "K ; \xc2\xb0"
								 "C ... 1/2"},
    {"a\xc2\xa8z \xef\xb7\xba", "a\xc2\xa8z \xef\xb7\xba"}, /* free-standing accent, the 18-letter ligature */
    {"e\xcc\x81", "\xc3\xa9"},				    /* a letter and its marks are one letter */
    {"Jose\xcc\x81 Mun\xcc\x83oz, N\xcc\x83", "Jos\xc3\xa9 Mu\xc3\xb1oz, \xc3\x91"},
    {"e\xcc\xa3\xcc\x82|\xc3\xaa\xcc\xa3|\xe1\xba\xb9\xcc\x82", "\xe1\xbb\x87|\xe1\xbb\x87|\xe1\xbb\x87"},
    {"q\xcc\x81 \xcc\x81", "q\xcc\x81 "}, /* there is no such letter; no letter */
    {"=\xcc\xb8", "="},
    {"e\xcc\x81\xcc\x81\xcc\x81\xcc\x81", "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81"},
    {"a\xff\xfe"
     "b\xc3",
     "a??b?"}, /* stray octets */
    {"1\x01"
     "2\x08"
     "3\x0e"
     "4\x1b"
     "5\x7f-\xc2\x80"
     "6\xc2\x9f"
     "7",
     "12345-67"},								      /* controls */
    {"a\tb\nc\vd\fe\rf\x1cg\x1dh\x1ei\x1fj", "a\tb\nc\vd\fe\rf\x1cg\x1dh\x1ei\x1fj"}, /* that divide */
    {"abcdefg\x02hijklmn\nopqrst\x03\x04u", "abcdefghijklmn\nopqrstu"},
    {"\xc0\xaf|\xe0\x80\x80|\xed\xa0\x80|\xf4\x90\x80\x80", "??|???|???|????"}, /* overlong, surrogate, beyond */
};

static void test_text(void **state)
{
	struct mw_arena *a = mw_arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct mw_folded f = fold(a, row[i].in, strlen(row[i].in));

		assert_int_equal(f.origin_n, strlen(row[i].in));
		if (f.text.n != strlen(row[i].out) || memcmp(f.text.p, row[i].out, f.text.n) != 0)
			fail_msg("row %zu: %.*s, not %s", i, (int)f.text.n, f.text.p, row[i].out);
		if (!strcmp(row[i].in, row[i].out))
			assert_ptr_equal(f.text.p, row[i].in);
	}
	mw_arena_free(&a);
}

static void test_nul_is_text(void **state)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_folded f = fold(a, "a\0b\xc2\xa0", 5);

	(void)state;
	assert_int_equal(f.text.n, 4);
	assert_memory_equal(f.text.p, "a\0b ", 4);
	mw_arena_free(&a);
}

/* Where a digit that was moved by what vanished or shrank before it came from. */
static void test_places(void **state)
{
	/*                 0    3 (zero width)  6 (full-width 1) 9..  */
	static const char in[] = "SSN\xe2\x80\x8b\xef\xbc\x91"
				 "23 \xef\xac\x83x\xc2\xad";
	static const size_t origin[] = {0, 1, 2, 6, 9, 10, 11, 12, 12, 12, 15, 18};
	static const size_t end[] = {0, 1, 2, 3, 9, 10, 11, 12, 15, 15, 15, 16};
	struct mw_arena *a = mw_arena_new(0);
	struct mw_folded f = fold(a, in, sizeof(in) - 1);

	(void)state;
	assert_int_equal(f.text.n, 11);
	assert_memory_equal(f.text.p, "SSN123 ffix", 11);
	for (size_t i = 0; i <= f.text.n; i++) {
		assert_int_equal(mw_fold_origin(&f, i), origin[i]);
		assert_int_equal(mw_fold_end(&f, i), end[i]);
	}
	mw_arena_free(&a);
}

static unsigned long random_next(unsigned long *s)
{
	*s = *s * 6364136223846793005ul + 1442695040888963407ul;
	return *s >> 33;
}

/* Random mixes of ASCII, whole code points and stray octets. */
static size_t random_text(unsigned long *seed, char *p, size_t max)
{
	static const char *const piece[] = {"\xef\xbc\x91", "\xe2\x80\x8b", "\xc2\xad", "\xc3\xa9",
					    "\xef\xac\x83", "\xff",	    "\xe2\x80", "\xf0\x9d\x9f\x99",
					    "\xef\xb7\xbb", "\xd9\xa3",	    "\xc2\xa0"};
	size_t n = 0;

	while (n + 8 < max) {
		unsigned long r = random_next(seed);

		if (r % 3) {
			p[n++] = (char)(' ' + r / 3 % 95);
		} else {
			const char *s = piece[r / 3 % (sizeof(piece) / sizeof(*piece))];

			memcpy(p + n, s, strlen(s));
			n += strlen(s);
		}
		if (r % 61 == 0)
			break;
	}
	return n;
}

static bool is_start(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static void check_map(const char *in, size_t n, const struct mw_folded *f)
{
	size_t last = 0;

	assert_int_equal(mw_fold_origin(f, f->text.n), n);
	for (size_t i = 0; i < f->text.n; i++) {
		size_t origin = mw_fold_origin(f, i), end = mw_fold_end(f, i + 1);

		assert_true(origin >= last && origin < n);
		assert_true(end > origin && end <= n);
		/* ASCII that was not made from something else maps to itself. */
		if (!(in[origin] & 0x80))
			assert_int_equal(in[origin], f->text.p[i]);
		last = origin;
	}
}

static void test_property(void **state)
{
	unsigned long seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct mw_arena *a = mw_arena_new(0);
		char in[512];
		size_t n = random_text(&seed, in, sizeof(in));
		struct mw_folded f = fold(a, in, n), again;

		check_map(in, n, &f);
		/* Folding is stable: folded text does not change any more, and is valid UTF-8. */
		again = fold(a, f.text.p, f.text.n);
		assert_ptr_equal(again.text.p, f.text.p);
		assert_true(f.text.n == 0 || is_start(f.text.p[0]));
		mw_arena_free(&a);
	}
}

static void test_ascii_round_trip(void **state)
{
	struct mw_arena *a = mw_arena_new(1); /* no memory is needed for text that does not change */
	char in[300];
	struct mw_folded f;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (char)(i % 4 ? ' ' + i % 95 : i % 3 ? '\n' : '\0');
	for (size_t n = 0; n <= sizeof(in); n++) {
		f = fold(a, in, n);
		assert_ptr_equal(f.text.p, in);
		for (size_t i = 0; i <= n; i++) {
			assert_int_equal(mw_fold_origin(&f, i), i);
			assert_int_equal(mw_fold_end(&f, i), i);
		}
	}
	mw_arena_free(&a);
}

static void test_no_memory(void **state)
{
	struct mw_arena *a = mw_arena_new(32);
	struct mw_folded f = {.origin_n = 77};
	char in[300];

	(void)state;
	for (size_t i = 0; i + 2 <= sizeof(in); i += 2)
		memcpy(in + i, "\xc2\xa0", 2);
	assert_int_equal(mw_fold(a, (struct mw_str){.p = in, .n = sizeof(in)}, &f), -ENOMEM);
	assert_int_equal(f.origin_n, 77);
	mw_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),     cmocka_unit_test(test_nul_is_text),      cmocka_unit_test(test_places),
	    cmocka_unit_test(test_property), cmocka_unit_test(test_ascii_round_trip), cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
