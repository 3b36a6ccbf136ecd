/* SPDX-License-Identifier: Apache-2.0 */
/* Deflate64, as bits that the test writes itself, and as zlib writes what both have in common. 7-Zip's is in tests/corpus. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "deflate64.h"

#define MOST (1u << 20)

static char packed[MOST], text[MOST], got[MOST];
static size_t n_packed, n_bits, n_got, most;

static int take(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	if (n > most - n_got)
		return -EFBIG;
	memcpy(got + n_got, p, n);
	n_got += n;
	return 0;
}

static int unpack(size_t n, size_t *used)
{
	/* The exact size, so that a sanitizer sees one octet too many. */
	char *copy = malloc(n ? n : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, packed, n);
	n_got = 0;
	r = deflate64_unpack((struct mw_str){.p = copy, .n = n}, take, NULL, used);
	free(copy);
	return r;
}

/* ---- bits ------------------------------------------------------------------------------------------------------------------------ */

static void begin(void)
{
	memset(packed, 0, sizeof(packed));
	n_bits = n_packed = 0;
	most = MOST;
}

/* The lowest first. */
static void bits(unsigned int v, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++, n_bits++)
		packed[n_bits / 8] = (char)((unsigned char)packed[n_bits / 8] | (v >> i & 1) << n_bits % 8);
	n_packed = (n_bits + 7) / 8;
}

/* The highest first. */
static void code(unsigned int v, unsigned int n)
{
	while (n--)
		bits(v >> n & 1, 1);
}

/* In a block of fixed codes. */
static void literal(char c)
{
	code(0x30 + (unsigned char)c, 8); /* below 144 */
}

static void far_length(unsigned int length, unsigned int distance_code, unsigned int extra, unsigned int n_extra)
{
	code(0xc0 + 285 - 280, 8);
	bits(length - 3, 16);
	code(distance_code, 5);
	bits(extra, n_extra);
}

static void test_far(void **state)
{
	size_t used;

	(void)state;
	begin();
	bits(1, 1);
	bits(1, 2);
	literal('x');
	literal('a');
	far_length(65534, 0, 0, 0);	  /* 65535 "a" behind the "x" */
	far_length(4, 31, 16383, 14);	  /* 65536 before: "xaaa" */
	far_length(65538, 31, 16383, 14); /* all of the window, which began with three "a", an "x" … */
	code(0, 7);
	packed[n_packed] = '!'; /* no part of it */
	assert_int_equal(unpack(n_packed + 1, &used), 0);
	assert_int_equal(used, n_packed);
	assert_int_equal(n_got, 65536 + 4 + 65538);
	memset(text, 'a', n_got);
	text[0] = text[65536] = text[2 * 65536] = 'x';
	assert_memory_equal(got, text, n_got);
	/* Before the beginning. */
	begin();
	bits(1, 1);
	bits(1, 2);
	literal('x');
	far_length(3, 1, 0, 0);
	code(0, 7);
	assert_int_equal(unpack(n_packed, &used), -EBADMSG);
	assert_int_equal(n_got, 1);
}

static void test_damaged(void **state)
{
	static const struct {
		unsigned char octets[4];
		size_t n;
	} rows[] = {
	    {"", 0},
	    {{7}, 1},			/* a kind of block that there is not */
	    {{1, 1, 0, 0}, 4},		/* a length of what is stored that is no such */
	    {{1, 5, 0, 0xfa}, 4},	/* which ends in the middle of it */
	    {{5, 0xff, 0xff, 0xff}, 4}, /* codes for more symbols than there are */
	    {{0xff, 0xff, 0xff, 0xff}, 4},
	};
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin();
		memcpy(packed, rows[i].octets, rows[i].n);
		assert_int_equal(unpack(rows[i].n, &used), -EBADMSG);
		assert_true(used <= rows[i].n);
		assert_int_equal(n_got, 0);
	}
}

/* ---- by zlib --------------------------------------------------------------------------------------------------------------------- */

/* Words in no order, so that nothing is there for longer than 257 octets: zlib says more by symbol 285, which says something else here. */
static void make_text(unsigned int words)
{
	uint32_t dice = 1;

	for (size_t i = 0; i < MOST; i++) {
		dice = dice * 1664525 + 1013904223;
		text[i] = i % 97 == 0 ? (char)(dice >> 24) : "etaoin shrdlu\n\xc3\xa9"[(dice >> 16) % words];
	}
}

static size_t deflate_by(int level, int strategy, size_t n)
{
	z_stream z = {.next_in = (Bytef *)text, .avail_in = (uInt)n, .next_out = (Bytef *)packed, .avail_out = MOST};

	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -15, 9, strategy), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return MOST - z.avail_out;
}

static void test_zlib(void **state)
{
	static const struct {
		int level, strategy;
		unsigned int words;
		size_t n;
	} rows[] = {
	    {9, Z_DEFAULT_STRATEGY, 16, 700000}, {1, Z_DEFAULT_STRATEGY, 3, 400000},  {9, Z_FIXED, 16, 300000},
	    {9, Z_HUFFMAN_ONLY, 16, 300000},	 {0, Z_DEFAULT_STRATEGY, 16, 200000}, {9, Z_DEFAULT_STRATEGY, 16, 0},
	    {9, Z_DEFAULT_STRATEGY, 2, 1},
	};
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n;

		begin();
		make_text(rows[i].words);
		n = deflate_by(rows[i].level, rows[i].strategy, rows[i].n);
		assert_int_equal(unpack(n, &used), 0);
		assert_int_equal(used, n);
		assert_int_equal(n_got, rows[i].n);
		assert_memory_equal(got, text, n_got);
		/* What is there of it comes, wherever it ends. */
		assert_int_equal(unpack(n - 1, &used), -EBADMSG);
		assert_true(n_got <= rows[i].n && memcmp(got, text, n_got) == 0);
		most = 1000;
		if (rows[i].n > most)
			assert_int_equal(unpack(n, &used), -EFBIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_far),
	    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_zlib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
