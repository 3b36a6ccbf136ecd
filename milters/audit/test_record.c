/* SPDX-License-Identifier: Apache-2.0 */
/* What the audit module writes, and what it refuses to write to. */
#include "testlog.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

static json_t *record(const char *queue_id)
{
	size_t n;
	char *p = tl_read(tl_path("log"), &n), *at = strstr(p, queue_id), *end;
	json_t *json;

	assert_non_null(at);
	while (at > p && at[-1] != '\n')
		at--;
	end = strchr(at, '\n');
	json = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	free(p);
	return json;
}

static void expect_text(const json_t *o, const char *name, const char *value)
{
	const char *got = json_string_value(json_object_get(o, name));

	if (!got || strcmp(got, value) != 0)
		fail_msg("%s is \"%s\", not \"%s\"", name, got ? got : "(none)", value);
}

static void test_record(void **state)
{
	struct tl t;
	json_t *o, *rcpt, *consent;
	struct stat st;

	(void)state;
	tl_fill();
	tl_intact(NULL);
	assert_int_equal(stat(tl_path("log"), &st), 0);
	assert_int_equal(st.st_mode & 0137, 0);
	o = record("\"Q2\"");
	assert_int_equal(json_integer_value(json_object_get(o, "v")), 1);
	assert_int_equal(json_integer_value(json_object_get(o, "seq")), 3);
	expect_text(o, "kind", "message");
	expect_text(o, "queue_id", "Q2");
	expect_text(o, "sender", "a@x.example");
	expect_text(o, "client", "192.0.2.1");
	expect_text(o, "user", "");
	assert_int_equal(json_integer_value(json_object_get(o, "size")), 1234);
	expect_text(o, "outcome", "route");
	expect_text(o, "cause", "");
	assert_true(json_is_false(json_object_get(o, "observe")));
	assert_int_equal(strlen(json_string_value(json_object_get(o, "policy"))), 64);
	expect_text(json_array_get(json_object_get(o, "classes"), 0) ? o : NULL, "kind", "message");
	assert_string_equal(json_string_value(json_array_get(json_object_get(o, "classes"), 0)), "phi");
	/* counts are of different values */
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "rules"), "us-ssn")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "rules"), "icd10")), 1);
	assert_int_equal(json_object_size(json_object_get(o, "rules")), 2);
	assert_int_equal(json_object_size(json_object_get(o, "shadow")), 1);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "shadow"), "on-trial")), 1);
	assert_int_equal(json_object_size(json_object_get(o, "unreadable")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "unreadable"), "encrypted")), 1);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "unreadable"), "image")), 2);
	assert_int_equal(json_array_size(json_object_get(o, "recipients")), 2);
	rcpt = json_array_get(json_object_get(o, "recipients"), 0);
	expect_text(rcpt, "address", "bob@far.example");
	expect_text(rcpt, "route", "tls(verified)");
	expect_text(rcpt, "effect", "route");
	assert_null(json_object_get(rcpt, "alias"));
	assert_null(json_object_get(rcpt, "consent"));
	assert_null(json_object_get(rcpt, "attested"));
	expect_text(rcpt, "line", "outbound.policy:18");
	rcpt = json_array_get(json_object_get(o, "recipients"), 1);
	expect_text(rcpt, "address", "J\\xC3\\xB6@n\\xFFr.example"); /* no UTF-8: escaped, not lost */
	expect_text(rcpt, "effect", "pass");
	expect_text(rcpt, "reason", "say \"why\"");
	expect_text(rcpt, "skipped", "smime: no certificate");
	expect_text(rcpt, "alias", "team@clinic.example");
	expect_text(rcpt, "attested", "there is no \"PHI\" in it");
	consent = json_object_get(rcpt, "consent");
	expect_text(consent, "name", "plain");
	expect_text(consent, "by", "M. Adams, RN");
	expect_text(consent, "from", "2026-03-01");
	expect_text(consent, "until", "none");
	expect_text(consent, "at", "tables/consents:12");
	json_decref(o);
	o = record("\"kind\":\"start\"");
	expect_text(o, "digest", "sha-256");
	expect_text(o, "policy", FH_DIGEST);
	json_decref(o);
	/* goes on where it ended */
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q3", &t.err), 0);
	tl_close(&t);
	tl_intact(NULL);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"start\""), 2);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"stop\""), 2);
	assert_int_equal(tl_count(tl_path("log"), "\"kind\":\"message\""), 3);
	mw_plugin_audit.hooks.close(NULL);
}

static void test_checkpoints(void **state)
{
	struct tl_check check = {0};
	unsigned long long seq;
	struct tl t;
	const char *at;

	(void)state;
	tl_fresh();
	assert_int_equal(tl_open(&t, "checkpoint", "3", NULL), 0);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(tl_message(&t, "Q", &t.err), 0);
	tl_close(&t);
	assert_int_equal(t.self.lines, 3); /* records 3, 6, and at the end */
	at = strstr(t.self.line[1], "head=");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "head=%llu:%64s", &seq, check.head_hash), 2);
	assert_int_equal(seq, 6);
	check.head_seq = seq;
	tl_intact(&check);
}

static void expect_refused(const char *path, const char *text)
{
	struct tl t;

	assert_true(tl_open(&t, "path", path, NULL) < 0);
	assert_null(t.inst);
	if (!strstr(t.err.text, text))
		fail_msg("said \"%s\", not \"%s\"", t.err.text, text);
}

static void test_refusals(void **state)
{
	struct tl t;

	(void)state;
	tl_fresh();
	assert_int_equal(mkdir(tl_path("open"), 0777), 0);
	assert_int_equal(chmod(tl_path("open"), 0777), 0);
	expect_refused(tl_path("open/log"), "everybody may write into its folder: run chmod o-w ");
	expect_refused(tl_path("nofolder/log"), "its folder is not there");
	expect_refused(tl_path("open"), "cannot open audit file ");
	tl_write(tl_path("log"), "", 0);
	assert_int_equal(chmod(tl_path("log"), 0666), 0);
	expect_refused(tl_path("log"), "may be written by everybody: run chmod o-w ");
	tl_fresh();
	assert_int_equal(symlink(tl_path("elsewhere"), tl_path("log")), 0);
	expect_refused(tl_path("log"), "cannot open audit file");
	tl_fresh();
	if (geteuid() == 0) {
		tl_write(tl_path("log"), "", 0);
		assert_int_equal(chown(tl_path("log"), 12345, 0), 0);
		expect_refused(tl_path("log"), "belongs to user 12345: run chown 0 ");
		tl_fresh();
	}
	tl_write(tl_path("log"), "something else\n", 15);
	expect_refused(tl_path("log"), "does not begin with a record: move it away");
	tl_fresh();
	/* a file that is refused is not touched, and the next one is not hindered */
	assert_int_equal(tl_open(&t, NULL), 0);
	tl_close(&t);
	tl_intact(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_record),
	    cmocka_unit_test(test_checkpoints),
	    cmocka_unit_test(test_refusals),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	tl_remove();
	return r;
}
