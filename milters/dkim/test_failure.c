/* SPDX-License-Identifier: Apache-2.0 */
/* What the dkim module does when signing fails, and when several threads sign. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "testsite.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/rsa.h>

/* ---- failures ---------------------------------------------------------------------------------------------------------------
 */

static atomic_int rsa_fails;

/* In front of libcrypto's: fails on demand, as it does without memory. */
MW_EXPORT int RSA_sign(int type, const unsigned char *m, unsigned int n, unsigned char *sig, unsigned int *size, RSA *key)
{
	int (*next)(int, const unsigned char *, unsigned int, unsigned char *, unsigned int *, RSA *) = NULL;
	void *symbol = dlsym(RTLD_NEXT, "RSA_sign");

	memcpy(&next, &symbol, sizeof(next)); /* ISO C has no cast for this */
	if (atomic_load(&rsa_fails) || !next)
		return 0;
	return next(type, m, n, sig, size, key);
}

/* A failure of one message must neither leave a half-signed message nor harm the key that all threads share. */
static void test_failure(void **state)
{
	struct mw_err err;
	struct mw_msg msg;
	void *inst;

	(void)state;
	assert_int_equal(td_open(&inst, &err, "multiple", "yes", NULL), 0);
	for (unsigned i = 0; i < 3; i++) {
		td_message(&msg, td_header, "b\r\n");
		atomic_store(&rsa_fails, 1);
		assert_true(td_process(inst, &msg, &err) < 0);
		atomic_store(&rsa_fails, 0);
		assert_non_null(strstr(err.text, "cannot sign: libopendkim at end"));
		assert_int_equal(msg.added, 0);
		fh_msg_reset(&msg);
		td_message(&msg, td_header, "b\r\n");
		assert_int_equal(td_process(inst, &msg, &err), 0);
		assert_int_equal(td_verified(&msg), 2);
		fh_msg_reset(&msg);
	}
	/* no memory from the host */
	for (size_t n = 1; n < 10; n++) {
		int r;

		td_message(&msg, td_header, "b\r\n");
		msg.fail_alloc = n;
		r = td_process(inst, &msg, &err);
		assert_true(r == 0 || r == -ENOMEM);
		assert_int_equal(msg.added, r == 0 ? 2 : 0);
		fh_msg_reset(&msg);
	}
	/* never unsigned because nobody looked */
	td_message(&msg, td_header, "b\r\n");
	{
		static const struct mw_order sign = {.rcpt = MW_ALL};
		void *tx;

		assert_int_equal(mw_plugin_dkim.hooks.begin(inst, &msg, &tx, &err), 0);
		assert_int_equal(mw_plugin_dkim.hooks.act(inst, tx, &msg, &sign, &err), -EIO);
	}
	fh_msg_reset(&msg);
	/* a NUL in a covered field */
	td_message(&msg, td_header, "b\r\n");
	((char *)(uintptr_t)msg.field[3].value.p)[2] = '\0';
	assert_int_equal(td_process(inst, &msg, &err), -EINVAL);
	fh_msg_reset(&msg);
	/* warnings for what others will break */
	td_message(&msg, td_header, "a\rb\r\n");
	assert_int_equal(td_process(inst, &msg, &err), 0);
	assert_true(fh_logged(&td_self, "dkim-bare-cr"));
	assert_false(fh_logged(&td_self, "dkim-long-line"));
	fh_msg_reset(&msg);
	{
		char line[1100];

		memset(line, 'x', sizeof(line));
		memcpy(line + 998, "\r\n", 3);
		td_message(&msg, td_header, line);
		assert_int_equal(td_process(inst, &msg, &err), 0);
		assert_false(fh_logged(&td_self, "dkim-long-line"));
		fh_msg_reset(&msg);
		memcpy(line + 998, "x\r\n", 4);
		td_message(&msg, td_header, line);
		msg.piece = 7;
		assert_int_equal(td_process(inst, &msg, &err), 0);
		assert_true(fh_logged(&td_self, "dkim-long-line"));
		fh_msg_reset(&msg);
	}
	mw_plugin_dkim.hooks.close(inst);
}

/* ---- threads ----------------------------------------------------------------------------------------------------------------
 */

static void *signer(void *inst)
{
	for (unsigned i = 0; i < 20; i++) {
		struct mw_err err = {0};
		struct mw_msg msg;
		int r, n;

		td_message(&msg, td_header, "hello\r\n");
		r = td_process(inst, &msg, &err);
		n = (int)msg.added;
		if (r != 0 || n != 2)
			return (void *)1;
		if (i == 19 && td_verified(&msg) != 2)
			return (void *)2;
		fh_msg_reset(&msg);
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t thread[4];
	struct mw_err err;
	void *inst, *result;

	(void)state;
	assert_int_equal(td_open(&inst, &err, "multiple", "yes", NULL), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, signer, inst), 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], &result), 0);
		assert_null(result);
	}
	mw_plugin_dkim.hooks.close(inst);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_failure),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, td_setup, td_teardown);
}
