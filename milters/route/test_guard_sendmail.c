/* SPDX-License-Identifier: Apache-2.0 */
/* The guard against a Sendmail that a shell script plays. (The real one is asked in tests/sendmail.) */
#include "guard.h"
#include "guard_mta.h"
#include "tests/unit/fakehost.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

extern const struct mw_plugin mw_plugin_route;
static char dir[] = "/tmp/mw-guard-XXXXXX";

static void put(const char *name, const char *text, mode_t mode)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/*
 * Address test mode as it looks: prompts before answers, and what rulesets do on the way. The file "odd" is read by the shell
 * before it answers, and may change $mailer and $tls, for the tag in $tag and the ruleset's input in $verify.
 */
static const char script[] =
    "#!/bin/sh\ndir=${0%/*}; echo \"$*\" >>\"$dir/calls\"\necho 'ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)'\n"
    "while read -r what arg; do case $what in\n"
    "/parse) tag=${arg#*.mw-}; tag=${tag%.invalid}; mailer=milward-$tag\n"
    " case $tag in nosuch) mailer='*error*';; seal*|open) mailer=milward-seal;; esac; . \"$dir/odd\"\n"
    " printf '> Cracked address = $g\\nparse returns: $# %s\\nmailer %s, host example.org, user x\\n' \"$mailer\" \"$mailer\";;\n"
    "Local_tls_server) verify=$arg tls='$# error $@ 5 . 7 . 4'; . \"$dir/odd\"\n"
    " printf '> Local_tls_server   input: %s\\nLocal_tls_server returns: %s\\n' \"$arg\" \"$tls\";;\n"
    "*) printf '> > %s returns: x\\n' \"$what\";; esac; done\n";

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	put("sendmail", script, 0755);
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static off_t calls(void)
{
	char path[256];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/calls", dir);
	return stat(path, &st) == 0 ? st.st_size : 0;
}

static const struct row {
	const char *odd, *why; /* why NULL: good */
	bool portal, seal;
} rows[] = {
    {"", NULL, true, true},
    {"[ $tag != tls ] || mailer=esmtp", "does not give .mw-tls.invalid to the mailer milward-tls", false, false},
    {"[ $tag != ver ] || mailer=milward-verp", "does not give .mw-ver.invalid to the mailer milward-ver", false, false},
    {"[ $tag != portal ] || mailer=esmtp", "does not give .mw-portal.invalid", true, false},
    {"[ $tag != portal ] || mailer=esmtp", NULL, false, true},
    {"[ $tag != portal ] || mailer=milward-seal", NULL, true, true},
    {"[ $tag != tlsp ] || mailer=milward-seal", "does not give .mw-tlsp.invalid", true, true},
    {"[ $tag != open ] || mailer=esmtp", "does not give .mw-open.invalid to the mailer milward-seal", true, true},
    {"[ $tag != open ] || mailer=esmtp", NULL, true, false},
    {"[ $tag != nosuch ] || mailer=relay", "a tag that has no route is no error", false, false},
    {"[ \"$tag $verify\" != 'tls NONE' ] || tls=NONE", "the mailer milward-tls would take a host", false, false},
    {"[ \"$tag $verify\" != 'ver FAIL' ] || tls=OK", "the mailer milward-ver would take a host", false, false},
    {"[ \"$tag $verify\" != 'tls SOFTWARE' ] || tls='$# discard'", "the mailer milward-tls would take a host", false, false},
    {"exit 70", "is no error", false, false},
    {"[ $tag = nosuch ] || exit 70", "does not give .mw-tls.invalid", false, false},
};

static void test_rows(void **state)
{
	struct mw_self self;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_guard_conf conf = {.mta = &mw_guard_sendmail,
					     .command_dir = dir,
					     .config_dir = dir,
					     .portal = rows[i].portal,
					     .seal = rows[i].seal,
					     .recheck = 1000};
		struct mw_err err = {0};
		struct mw_guard *g;
		off_t before;

		put("odd", rows[i].odd, 0644);
		put("sendmail.cf", "", 0644);
		fh_self(&self, &mw_plugin_route);
		g = mw_guard_new(fh_host(), &self, &conf);
		assert_non_null(g);
		assert_int_equal(mw_guard_check(g, &err), rows[i].why ? -EHOSTUNREACH : 0);
		if (rows[i].why && !strstr(err.text, rows[i].why))
			fail_msg("row %zu: %s", i, err.text);
		before = calls();
		assert_int_equal(mw_guard_check(g, &err), rows[i].why ? -EHOSTUNREACH : 0);
		assert_int_equal(calls(), before); /* nothing is asked again while nothing changes */
		put("odd", "", 0644);
		put("sendmail.cf", "changed\n", 0644);
		assert_int_equal(mw_guard_check(g, &err), 0);
		assert_true(calls() > before);
		mw_guard_free(&g);
	}
}

static void test_not_there(void **state)
{
	struct mw_guard_conf conf = {.mta = &mw_guard_sendmail, .command_dir = "/nowhere", .recheck = 1000};
	struct mw_self self;
	struct mw_err err = {0};
	struct mw_guard *g;

	(void)state;
	fh_self(&self, &mw_plugin_route);
	g = mw_guard_new(fh_host(), &self, &conf);
	assert_non_null(g);
	assert_int_equal(mw_guard_check(g, &err), -EHOSTUNREACH);
	assert_non_null(strstr(err.text, "Sendmail does not route milward's tags: /nowhere/sendmail: "));
	assert_true(fh_logged(&self, "3 guard /nowhere/sendmail: "));
	mw_guard_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_not_there),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
