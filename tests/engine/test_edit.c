/* SPDX-License-Identifier: Apache-2.0 */
/* edit: staged edits, as a module makes them and as the host gets them. */
#include "setup.h"

#include <errno.h>
#include <string.h>

#define POLICY OURS LOAD_PROBE "match any then pass\n"

static int edit(const struct mw_host *h, struct mw_self *s, struct mw_msg *m, const char *action, uint32_t rcpt,
		struct mw_err *err)
{
	(void)err;
	if (strcmp(action, "note") == 0) { /* what is signed is not changed any more */
		assert_int_equal(h->add_field(s, m, "X-Late", " 1", false), -EBUSY);
		assert_int_equal(h->tag(s, m, 0, "tls"), -EBUSY);
	}
	if (strcmp(action, "seal") != 0)
		return 0;
	assert_int_equal(rcpt, MW_ALL);
	assert_int_equal(h->del_fields(s, m, "x-milward-*"), 3);
	assert_int_equal(h->del_fields(s, m, "X-Twice"), 2);
	assert_int_equal(h->del_fields(s, m, "X-None"), 0);
	assert_int_equal(h->del_fields(s, m, "*"), -EINVAL);
	assert_int_equal(h->del_fields(s, m, ""), -EINVAL);
	assert_int_equal(h->add_field(s, m, "X-Last", " 1", false), 0);
	assert_int_equal(h->add_field(s, m, "X-First", " 2\n folded", true), 0);
	assert_int_equal(h->add_field(s, m, "X-Upmost", " 3", true), 0);
	assert_int_equal(h->del_fields(s, m, "X-Up*"), 0); /* what modules add stays */
	assert_int_equal(h->add_field(s, m, "", " 5", false), -EINVAL);
	assert_int_equal(h->add_field(s, m, "X Y", " 5", false), -EINVAL);
	assert_int_equal(h->add_field(s, m, "X:", " 5", false), -EINVAL);
	assert_int_equal(h->add_field(s, m, "X", " 5\nInjected: yes", false), -EINVAL);
	assert_int_equal(h->add_field(s, m, "X", " 5\n", false), -EINVAL);
	assert_int_equal(h->add_field(s, m, "X", " 5\r\n x", false), -EINVAL);
	assert_int_equal(h->add_field(s, m, NULL, " 5", false), -EINVAL);
	/* the header as it will be */
	assert_true(mw_str_eq(h->field(s, m, 0)->name, "X-Upmost"));
	assert_true(mw_str_eq(h->field(s, m, 1)->name, "X-First"));
	assert_true(mw_str_eq(h->field(s, m, 2)->name, "Subject"));
	assert_true(mw_str_eq(h->field(s, m, 3)->name, "X-Last"));
	assert_null(h->field(s, m, 4));
	/* tags */
	assert_int_equal(h->tag(s, m, 0, "tls"), 0);
	assert_int_equal(h->tag(s, m, 0, "portal"), 0); /* replaces it */
	assert_int_equal(h->tag(s, m, 1, "tls"), 0);
	assert_int_equal(h->tag(s, m, 2, "tls"), -EINVAL); /* source route */
	assert_int_equal(h->tag(s, m, 3, "tls"), -EINVAL); /* no such recipient */
	assert_int_equal(h->tag(s, m, 0, "TLS"), -EINVAL);
	assert_int_equal(h->tag(s, m, 0, "a.b"), -EINVAL);
	assert_int_equal(h->tag(s, m, 0, ""), -EINVAL);
	assert_int_equal(h->tag(s, m, 0, "muchtoolong"), -EINVAL);
	assert_int_equal(h->tag(s, m, 0, NULL), -EINVAL);
	return 0;
}

static void test_edits(void **state)
{
	static const struct mw_edit_field want[] = {
	    {"X-Milward-B", NULL, 1, false}, {"X-TWICE", NULL, 2, false},    {"x-milward-a", NULL, 2, false},
	    {"X-Milward-A", NULL, 1, false}, {"X-Twice", NULL, 1, false},    {"X-First", " 2\n folded", 0, true},
	    {"X-Upmost", " 3", 0, true},     {"X-Seal", " sealed", 0, true}, {"X-Last", " 1", 0, false},
	};
	const struct mw_str none = {.p = "", .n = 0};
	const struct mw_edit_field *fields;
	const struct mw_edit_tag *tags;
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, POLICY "always seal; note\n", 0);
	probe_in_act(edit);
	m = msg_to(&w, "");
	assert_int_equal(mw_msg_rcpt(m, mw_str("<B+t@X.example>"), none, none, none), 0);
	assert_int_equal(
	    mw_msg_rcpt(m, mw_str("<c@x.example>"), none, mw_str("SUCCESS,FAILURE"), mw_str("rfc822;C+2Bd@x.example")), 0);
	assert_int_equal(mw_msg_rcpt(m, mw_str("<@a.example:c@x.example>"), none, none, none), 0);
	msg_take(m, "X-Twice: a\nX-Milward-A: 1\nSubject: s\nx-milward-a: 2\nX-TWICE: b\nX-Milward-B: 3\n\nbody");
	mw_msg_run(m, NULL, NULL);
	assert_int_equal(mw_msg_outcome(m)->effect, MW_PASS);
	assert_int_equal(mw_msg_edit_fields(m, &fields), 9);
	for (size_t i = 0; i < 9; i++) {
		assert_string_equal(fields[i].name, want[i].name);
		assert_int_equal(fields[i].index, want[i].index);
		assert_int_equal(fields[i].first, want[i].first);
		if (want[i].value)
			assert_string_equal(fields[i].value, want[i].value);
		else
			assert_null(fields[i].value);
	}
	assert_int_equal(mw_msg_edit_tags(m, &tags), 2);
	assert_int_equal(tags[0].rcpt, 0);
	assert_string_equal(tags[0].address, "<B+t@X.example.mw-portal.invalid>");
	assert_string_equal(tags[0].params, "ORCPT=rfc822;B+2Bt@X.example");
	assert_string_equal(tags[1].address, "<c@x.example.mw-tls.invalid>");
	assert_string_equal(tags[1].params, "ORCPT=rfc822;C+2Bd@x.example NOTIFY=SUCCESS,FAILURE");
	mw_msg_free(&m);
	world_close(&w);
}

/* Parameters of a client never end our own. */
static void test_hostile_dsn(void **state)
{
	const struct mw_edit_tag *tags;
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, OURS LOAD_PROBE "match any then send by tls\n", 0);
	m = msg_to(&w, "");
	assert_int_equal(
	    mw_msg_rcpt(m, mw_str("<c@x.example>"), mw_str(""), mw_str("NEVER RCPT TO"), mw_str("rfc822;a> NOTIFY=")), 0);
	mw_msg_run(m, NULL, NULL);
	assert_int_equal(mw_msg_edit_tags(m, &tags), 1);
	assert_string_equal(tags[0].params, "ORCPT=rfc822;c@x.example");
	mw_msg_free(&m);
	world_close(&w);
}

/* ---- one field of many -------------------------------------------------------------------------------------------- */
static int pick(const struct mw_host *h, struct mw_self *s, struct mw_msg *m, const char *action, uint32_t rcpt,
		struct mw_err *err)
{
	(void)rcpt, (void)err;
	if (strcmp(action, "note") == 0)
		assert_int_equal(h->del_field(s, m, 0), -EBUSY);
	if (strcmp(action, "seal") != 0)
		return 0;
	assert_int_equal(h->add_field(s, m, "A", " ours", true), 0);
	assert_int_equal(h->del_field(s, m, 0), -EINVAL); /* ours */
	assert_int_equal(h->del_field(s, m, 6), -EINVAL);
	assert_int_equal(h->del_field(s, m, 4), 0);
	assert_int_equal(h->del_field(s, m, 2), 0);
	assert_true(mw_str_eq(h->field(s, m, 1)->value, " 1"));
	assert_true(mw_str_eq(h->field(s, m, 2)->value, " 3"));
	assert_true(mw_str_eq(h->field(s, m, 3)->value, " 5"));
	return 0;
}

static void test_pick(void **state)
{
	static const struct mw_edit_field want[] = {
	    {"A", NULL, 3, false}, {"a", NULL, 2, false}, {"A", " ours", 0, true}, {"X-Seal", " sealed", 0, true}};
	const struct mw_edit_field *fields;
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, POLICY "always seal; note\n", 0);
	probe_in_act(pick);
	m = msg_to(&w, "b@x.example");
	msg_take(m, "A: 1\na: 2\nB: 3\nA: 4\nA: 5\n\nbody");
	mw_msg_run(m, NULL, NULL);
	assert_int_equal(mw_msg_outcome(m)->effect, MW_PASS);
	assert_int_equal(mw_msg_edit_fields(m, &fields), sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_string_equal(fields[i].name, want[i].name);
		assert_int_equal(fields[i].index, want[i].index);
	}
	mw_msg_free(&m);
	world_close(&w);
}

/* ---- a text out of a field ---------------------------------------------------------------------------------------- */
static int cut(const struct mw_host *h, struct mw_self *s, struct mw_msg *m, const char *action, uint32_t rcpt,
	       struct mw_err *err)
{
	(void)rcpt, (void)err;
	if (strcmp(action, "seal") != 0)
		return 0;
	assert_int_equal(h->add_field(s, m, "Subject", " ours [SECURE]", false), 0);
	assert_int_equal(h->cut_text(s, m, "SUBJECT", "[secure]"), 8);
	assert_int_equal(h->cut_text(s, m, "Subject", "[secure]"), 0);
	assert_int_equal(h->cut_text(s, m, "Subject", ""), 0);
	assert_int_equal(h->cut_text(s, m, "X-None", "[secure]"), 0);
	assert_int_equal(h->del_fields(s, m, "X-Gone"), 1);
	return 0;
}

static void test_cut(void **state)
{
	static const struct mw_edit_field want[] = {
	    {"Subject", " a b", 8, false},	   {"Subject", " =?UTF-8?B?SsO2cmcncyBsYWJz?=", 7, false},
	    {"Subject", " J\xc3\xb6rg", 6, false}, {"Subject", " folded", 5, false},
	    {"subject", " b", 4, false},	   {"X-Gone", NULL, 1, false},
	    {"Subject", "results", 3, false},	   {"Subject", " labs", 1, false},
	    {"X-Seal", " sealed", 0, true},	   {"Subject", " ours", 0, false},
	};
	const struct mw_edit_field *fields;
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, POLICY "always seal; note\n", 0);
	probe_in_act(cut);
	m = msg_to(&w, "b@x.example");
	msg_take(m, "Subject: [Secure] labs\nSubject: none here\nSubject:results [SECURE]\nX-Gone: [secure]\nsubject: "
		    "[sec[secure]ure] b\n"
		    "Subject: [secure]\n folded\nSubject: [secure] J\xc3\xb6rg\nSubject: =?utf-8?q?=5Bsec?=\n "
		    "=?iso-8859-1?q?ure]_J=F6rg?='s labs\n"
		    "Subject: a [secure]  b\n\nbody");
	mw_msg_run(m, NULL, NULL);
	assert_int_equal(mw_msg_outcome(m)->effect, MW_PASS);
	assert_int_equal(mw_msg_edit_fields(m, &fields), sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_string_equal(fields[i].name, want[i].name);
		assert_int_equal(fields[i].index, want[i].index);
		if (want[i].value)
			assert_string_equal(fields[i].value, want[i].value);
		else
			assert_null(fields[i].value);
	}
	mw_msg_free(&m);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_edits), cmocka_unit_test(test_hostile_dsn),
					   cmocka_unit_test(test_cut), cmocka_unit_test(test_pick)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
