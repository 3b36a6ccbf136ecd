/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of the daemon. */
#include "host/options.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int parse(struct mw_options *o, const char *const *words)
{
	char *argv[16] = {(char *)(uintptr_t) "milward"};
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	optind = 0; /* glibc and musl: begin anew */
	opterr = 0;
	return mw_options_parse(argc, argv, o);
}

static void command_line(void **state)
{
	static const char *const bad[][4] = {
	    {NULL},
	    {"-p", "/x", "y"},
	    {"-p", ""},
	    {"-p", "/x", "--memory=1X"},
	    {"-p", "/x", "--memory=-1"},
	    {"-p", "/x", "--memory=99999999999G"},
	    {"-p", "/x", "--memory=1K"},
	    {"-p", "/x", "--work=0"},
	    {"-p", "/x", "--work=1K"},
	    {"-p", "/x", "--progress=61"},
	    {"-p", "/x", "--socket-mode=888"},
	    {"-p", "/x", "--socket-mode=1777"},
	    {"-p", "/x", "--log=file"},
	    {"-p", "/x", "--user="},
	};
	struct mw_options o;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&o, bad[i]), MW_EXIT_USAGE + 1);

	assert_int_equal(parse(&o, (const char *const[]){"-p", "/a.policy", NULL}), 0);
	assert_string_equal(o.start.policy, "/a.policy");
	assert_false(o.detach || o.reentry);
	assert_int_equal(o.start.log_to, MW_LOG_STDERR);
	assert_int_equal(o.socket_mode, 0660);
	assert_true(o.work >= 2);

	assert_int_equal(parse(&o, (const char *const[]){"-d", "-v", "--policy=a.policy", "--memory=2G", "--socket-mode=600",
							 "--work=7", "--wait=9", "--drain=0", "--reentry", NULL}),
			 0);
	assert_true(o.start.policy[0] == '/' && strcmp(strrchr(o.start.policy, '/'), "/a.policy") == 0);
	assert_true(o.detach && o.reentry);
	assert_int_equal(o.start.log_to, MW_LOG_SYSLOG);
	assert_int_equal(o.start.log_level, MW_DEBUG);
	assert_true(o.memory == UINT64_C(2) << 30);
	assert_int_equal(o.socket_mode, 0600);
	assert_int_equal(o.work, 7);
	assert_int_equal(o.wait, 9);
	assert_int_equal(o.drain, 0);
	free((char *)(uintptr_t)o.start.policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
