/* SPDX-License-Identifier: Apache-2.0 */
/* flowed: lines of a paragraph become one, quotes stay quotes (RFC 3676). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pickup/flowed.h"

#include <string.h>

static const struct {
	const char *what, *text;
	bool delsp;
	const char *joined;
} cases[] = {
    {"nothing", "", false, ""},
    {"fixed lines", "one\ntwo\n", false, "one\ntwo\n"},
    {"a paragraph", "one \ntwo \nthree\nfour\n", false, "one two three\nfour\n"},
    {"without a last line end", "one \ntwo", false, "one two\n"},
    {"that flows to the end", "one \n", false, "one \n"},
    {"delsp", "\xe4\xb8\x80 \n\xe4\xba\x8c\nx \n", true, "\xe4\xb8\x80\xe4\xba\x8c\nx \n"},
    {"an empty line ends it", "one \n\ntwo\n", false, "one \ntwo\n"},
    {"a line of one blank is an empty one", "one\n \ntwo\n", false, "one\n\ntwo\n"},
    {"quotes", "> one \n> two\n>> three \n>> four\nfive\n", false, "> one two\n>> three four\nfive\n"},
    {"quotes with blanks between", "> > one \n> > two\n", false, ">> one two\n"},
    {"another depth ends it", "> one \ntwo\nthree \n> four\n", false, "> one \ntwo\nthree \n> four\n"},
    {"a stuffed mark", " >one \n >two\n", false, " >one >two\n"},
    {"a stuffed From", " From here\n  two blanks\n", false, "From here\n two blanks\n"},
    {"a signature", "one \n-- \nme \nagain\n", false, "one \n-- \nme again\n"},
    {"a quoted signature", "> one \n> -- \n> me\n", false, "> one \n> -- \n> me\n"},
    {"an empty quote", ">\n> \n> x\n", false, "> \n> \n> x\n"},
};

static void test_join(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mw_buf out = MW_BUF_INIT;

		mw_flowed_join(mw_str(cases[i].text), cases[i].delsp, &out);
		assert_true(mw_buf_ok(&out));
		if (strcmp(mw_buf_text(&out), cases[i].joined) != 0)
			fail_msg("%s: \"%s\" is not \"%s\"", cases[i].what, mw_buf_text(&out), cases[i].joined);
		mw_buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_join)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
