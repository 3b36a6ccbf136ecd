/* SPDX-License-Identifier: Apache-2.0 */
/* What the dkim module does not start with: options, tables, keys and who may read them. */
#include "testsite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/rsa.h>

static void expect_refused(const char *text, ...)
{
	struct mw_err err;
	const char *name, *value;
	va_list ap;
	void *inst;

	va_start(ap, text);
	name = va_arg(ap, const char *);
	value = va_arg(ap, const char *);
	va_end(ap);
	assert_true(td_open(&inst, &err, name, value, NULL) < 0);
	assert_null(inst);
	if (!strstr(err.text, text))
		fail_msg("said \"%s\", not \"%s\"", err.text, text);
}

static void table_with(const char *key)
{
	char text[400];

	(void)snprintf(text, sizeof(text), "\nk x.example:s:%s\n", key);
	td_write("bad", text);
}

/* Root looks at what is the daemon's; the daemon takes root's and its own alone. */
static void test_owner(void)
{
	struct mw_err err;
	void *inst;

	table_with("./k.x.example.pem");
	td_write("bad-signs", "x.example k\n");
	assert_int_equal(chown(td_path("k.x.example.pem"), 12345, 0), 0);
	assert_int_equal(td_open(&inst, &err, "key-table", td_path("bad"), "signing-table", td_path("bad-signs"), NULL), 0);
	mw_plugin_dkim.hooks.close(inst);
	assert_int_equal(chmod(td_path("k.x.example.pem"), 0644), 0);
	assert_int_equal(chmod(td_path("bad"), 0644), 0);
	assert_int_equal(chmod(td_path(""), 0755), 0);
	assert_int_equal(seteuid(12346), 0);
	expect_refused("belongs to user 12345: run chown 12346 ", "key-table", td_path("bad"));
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(td_path(""), 0700), 0);
	assert_int_equal(chmod(td_path("k.x.example.pem"), 0600), 0);
	assert_int_equal(chown(td_path("k.x.example.pem"), 0, 0), 0);
}

static void test_refusals(void **state)
{
	char folder[300];
	struct mw_err err;
	void *inst;

	(void)state;
	expect_refused("key-table: cannot open /nowhere/keys: No such file", "key-table", "/nowhere/keys");
	expect_refused("signing-table: cannot open /nowhere/signs: No such file", "signing-table", "/nowhere/refile:signs");
	expect_refused("names of keys are no patterns", "key-table", td_path("refile:keys"));
	expect_refused("kind \"ldap\"", "key-table", td_path("ldap:keys"));
	expect_refused("not a regular file", "key-table", td_path(""));
	td_write("unknown", "x.example nokey\n");
	expect_refused("unknown:1: no key \"nokey\" in ", "signing-table", td_path("unknown"));
	expect_refused("\"10.0.0.1/8\" is neither an address nor a network", "internal-hosts", "10.0.0.1/8");
	expect_refused("\"Fr om\" is not the name of a header field", "oversign", "Fr om");

	table_with("./missing.pem");
	expect_refused("bad:2: private key: cannot open ", "key-table", td_path("bad"));
	table_with("./tiny.pem");
	expect_refused("has 768 bits: RSA keys under 1024 are refused", "key-table", td_path("bad"));
	table_with("./ec.pem");
	expect_refused("is neither RSA nor Ed25519", "key-table", td_path("bad"));
	table_with("./locked.pem");
	expect_refused("opens without a passphrase", "key-table", td_path("bad"));
	table_with("AAAA");
	expect_refused("neither a path (begin it with / or ./) nor DER in base64", "key-table", td_path("bad"));
	table_with("rsa.pem");
	expect_refused("neither a path", "key-table", td_path("bad"));
	td_write("junk.pem", "-----BEGIN PRIVATE KEY-----\njunk\n-----END PRIVATE KEY-----\n");
	assert_int_equal(chmod(td_path("junk.pem"), 0600), 0);
	table_with("./junk.pem");
	expect_refused("holds no private key in PEM form", "key-table", td_path("bad"));

	table_with("./rsa.pem");
	for (unsigned mode = 0640; mode >= 0601; mode = mode == 0640 ? 0604 : 0600) {
		assert_int_equal(chmod(td_path("rsa.pem"), mode), 0);
		expect_refused("run chmod 600 ", "key-table", td_path("bad"));
	}
	assert_int_equal(chmod(td_path("rsa.pem"), 0600), 0);
	assert_int_equal(chmod(td_path(""), 0702), 0);
	expect_refused("everybody may write into its folder: run chmod o-w ", "key-table", td_path("bad"));
	assert_int_equal(chmod(td_path(""), 0700), 0);
	/* a link in a safe folder that leads into an unsafe one */
	(void)snprintf(folder, sizeof(folder), "%s", td_path("open"));
	assert_int_equal(mkdir(folder, 0700), 0);
	td_write_key("open/k.pem", td_rsa, NULL);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(symlink("open/k.pem", td_path("link.pem")), 0);
	table_with("./link.pem");
	expect_refused("everybody may write into its folder", "key-table", td_path("bad"));
	if (geteuid() == 0)
		test_owner();
	table_with("./none.%.pem\nrsa x.example:s:./rsa.pem");
	td_write("bad", "k %:s:./none.%.pem\n");
	expect_refused("no file ", "key-table", td_path("bad"));

	td_write("weak", "rsa x.example:s:./weak.pem\n");
	td_write("weak-signs", "x.example rsa\n");
	assert_int_equal(td_open(&inst, &err, "key-table", td_path("weak"), "signing-table", td_path("weak-signs"), NULL), 0);
	assert_true(fh_logged(&td_self, "4 dkim-weak-key key \"rsa\" is RSA with less than 2048 bits"));
	mw_plugin_dkim.hooks.close(inst);
	mw_plugin_dkim.hooks.close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, td_setup, td_teardown);
}
