/* SPDX-License-Identifier: Apache-2.0 */
/* options of `milwardctl portal …`, among ids that may begin with "-". */
#include "pickup/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct parsed {
	const char *to;
	bool json, yes;
	char *argv[8];
	int n;
};

/* words: up to NULL, behind the name of the command. */
static void parse(struct parsed *p, const char *const *words)
{
	*p = (struct parsed){.argv = {(char *)(uintptr_t) "test"}};
	const struct mw_command_option rows[] = {
	    {"json", .flag = &p->json}, {"to", .value = &p->to}, {"yes", .flag = &p->yes}, {0}};
	int argc = 1;

	for (; words[argc - 1]; argc++)
		p->argv[argc] = (char *)(uintptr_t)words[argc - 1];
	p->n = mw_command_options("test", rows, argc, p->argv);
}

static void test_ids(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, (const char *const[]){"-bcdefghijklmnop", "--json", "ABCDEFGHIJKLMNOP", "--cdefghijklmnop", "--to", "-x@y",
					"---", NULL});
	assert_int_equal(p.n, -1); /* "---" is no id */
	parse(&p,
	      (const char *const[]){"-bcdefghijklmnop", "--json", "ABCDEFGHIJKLMNOP", "--cdefghijklmnop", "--to", "-x@y", NULL});
	assert_int_equal(p.n, 3);
	assert_string_equal(p.argv[1], "-bcdefghijklmnop");
	assert_string_equal(p.argv[2], "ABCDEFGHIJKLMNOP");
	assert_string_equal(p.argv[3], "--cdefghijklmnop");
	assert_string_equal(p.to, "-x@y");
	assert_true(p.json && !p.yes);
}

static void test_words(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, (const char *const[]){"--to=", "-", "--", "--json", "-z", NULL});
	assert_int_equal(p.n, 3);
	assert_string_equal(p.argv[1], "-");
	assert_string_equal(p.argv[2], "--json");
	assert_string_equal(p.argv[3], "-z");
	assert_string_equal(p.to, "");
	assert_false(p.json);
	parse(&p, (const char *const[]){NULL});
	assert_int_equal(p.n, 0);
}

static void test_wrong(void **state)
{
	static const char *const wrong[][2] = {{"-j"}, {"--jso"}, {"--jsonx"}, {"--json=yes"}, {"--to"}, {"--to", "--"}, {"--="}};
	struct parsed p;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		parse(&p, (const char *const[]){wrong[i][0], wrong[i][1], NULL});
		if (i == 5) { /* a value is whatever stands there */
			assert_int_equal(p.n, 0);
			assert_string_equal(p.to, "--");
		} else {
			assert_int_equal(p.n, -1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ids),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
