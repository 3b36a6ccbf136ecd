/* SPDX-License-Identifier: Apache-2.0 */
/* Where sentences begin and end. [ and ] stand around the match, { and } around the sentence that it stands in. */
#include "match/sentence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char *const rows[] = {
    "{[Ann] is ill}",
    "We met.{ [Ann] is ill.} We left.",
    "Did we?{ Is [Ann] ill?} Yes!",
    "We met!\"{ \"Is [Ann] ill?\" he said.}",
    "(We met.){ ([Ann] is ill.)} We left.",
    "We met...{ [Ann] is ill...} We left",

    /* no end */
    "We met.{ Mr. and Mrs. [Jones] saw Dr. J. Lee of St. Mary.} We left",
    "{her A1c of 9.1 and [Ann], at 4 p.m. today}",
    "{by e.g. [Ann] etc. and others}",
    "{her É. Dupont, No. 7 of [Ann]}",
    "{this line is long enough that it was wrapped, etc.\n> and this [Ann] is ill, of whom we spoke to you}",
    "{the room of 5,   [Ann] vs. Bob.   and others of us}",
    "{see a.b.example, [Ann].x}",

    /* one letter that is no initial, and a word that ends as a title does */
    "It is vitamin c.{ [Ann] takes it}",
    "He is in a bistr.{ [Ann] is ill}",

    "We met on May 1st.{ [Ann] is ill}",
    "She is 45F.{ [Ann] is ill}",
    "They said no.{ [Ann] is ill}",

    /* lines */
    "{this line is long enough that it was wrapped where\n[Ann] is ill and this one, too, for it is as long\nas the other}",
    "Dear colleagues,\n{[Ann] is ill.}\nWe left",
    "{[Ann] is ill\n}We left",
    "this line is long enough that it was wrapped, no\n\n{and [Ann] is ill, in this one that is as long, as\n}\nthe other",
    "> this line is long enough that it was wrapped, no\n> \n{> and [Ann] is ill, in this one that is as long, as\n}> \n> the "
    "other",
    "this line is long enough that it was wrapped, but\n{- [Ann] is ill, and her line is as long as the other\n}- Bob",
    "this line is long enough that it was wrapped, but\n  12.{ [Ann] is ill, and her line is as long as others\n}  \xe2\x80\xa2 "
    "Bob",
    "{this line is long enough that it was wrapped, but\n12 [Ann] is ill, and her line is as long as the other\n-x and}",
    "x\r\n{[Ann] is ill}",
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[256];
		size_t n = 0, at[4] = {0}; /* { [ ] } */
		struct mw_str all;

		for (const char *p = rows[i]; *p; p++) {
			const char *mark = strchr("{[]}", *p);

			if (mark)
				at[mark - "{[]}"] = n;
			else
				text[n++] = *p;
		}
		all = (struct mw_str){.p = text, .n = n};
		if (mw_sentence_begin(all, at[1], 0) != at[0] || mw_sentence_end(all, at[2], n) != at[3])
			fail_msg("%s: from %zu to %zu", rows[i], mw_sentence_begin(all, at[1], 0),
				 mw_sentence_end(all, at[2], n));
	}
}

static void test_limits(void **state)
{
	static const struct mw_str text = MW_STR_LIT("We met. Ann is ill. We left.");

	(void)state;
	assert_int_equal(mw_sentence_begin(text, 8, 8), 8);
	assert_int_equal(mw_sentence_begin(text, 12, 9), 9);
	assert_int_equal(mw_sentence_end(text, 11, 15), 15);
	assert_int_equal(mw_sentence_end(text, 11, 11), 11);
	assert_int_equal(mw_sentence_end((struct mw_str){.p = NULL, .n = 0}, 0, 0), 0);
	assert_int_equal(mw_sentence_begin((struct mw_str){.p = NULL, .n = 0}, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
