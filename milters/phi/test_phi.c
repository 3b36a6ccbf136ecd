/* SPDX-License-Identifier: Apache-2.0 */
/* The phi module alone: what it counts, and what it says when a scan fails. With real rules: tests/engine/test_parts.c. */
#include "tests/unit/fakehost.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

/* In the order of the module's rows. */
enum { IDENTIFIERS, CLINICAL, STRUCTURE, FINDINGS, PEOPLE, PATIENTS, INDETERMINATE, UNREADABLE, FACTS };
enum { SSN, MRN, ILL, TABLE };

extern const struct mw_plugin mw_plugin_phi;
static const struct mw_hooks *const hooks = &mw_plugin_phi.hooks;

static const struct mw_rule_info rules[] = {[SSN] = {"ssn", MW_IDENTIFIER},
					    [MRN] = {"mrn", MW_IDENTIFIER},
					    [ILL] = {"ill", MW_CLINICAL},
					    [TABLE] = {"table", MW_STRUCTURE}};

#define FOUND(r, v, c)                                                                                                           \
	{                                                                                                                        \
		.rule = (r), .value = (v), .confidence = (c)                                                                     \
	}

/* The result of a scan of each part. */
struct scanned {
	int result;
	size_t n;
	struct mw_finding v[8];
};
static const struct scanned *scans;

static int scan(struct mw_msg *m, size_t part, const struct mw_finding **ret, size_t *n)
{
	(void)m;
	if (scans[part].result < 0 && scans[part].result != -EAGAIN)
		return scans[part].result;
	*ret = scans[part].v;
	*n = scans[part].n;
	return scans[part].result;
}

struct outcome {
	const char *name;
	struct scanned part[3];
	int64_t fact[FACTS];
	int result;
	const char *unread; /* of the second part */
};

static const struct outcome cases[] = {
    {"nothing", {{0}}, {0}, 0, NULL},
    {"one value many times",
     {{0, 2, {FOUND(SSN, 7, 90), FOUND(SSN, 7, 90)}}, {0, 1, {FOUND(SSN, 7, 90)}}},
     {1, 0, 0, 3, 1},
     0,
     NULL},
    {"a value that two rules find", {{0, 2, {FOUND(SSN, 7, 90), FOUND(MRN, 7, 90)}}}, {1, 0, 0, 2, 1}, 0, NULL},
    {"kinds are counted apart",
     {{0, 3, {FOUND(SSN, 7, 90), FOUND(ILL, 7, 90), FOUND(TABLE, 7, 90)}}},
     {1, 1, 1, 3, 1, 1},
     0,
     NULL},
    {"people: a person has one value of a rule",
     {{0, 3, {FOUND(SSN, 1, 90), FOUND(SSN, 2, 90), FOUND(MRN, 3, 90)}},
      {0, 3, {FOUND(MRN, 4, 90), FOUND(MRN, 5, 90), FOUND(MRN, 3, 90)}}},
     {5, 0, 0, 6, 4},
     0,
     NULL},
    {"a clinical rule tells of no people",
     {{0, 3, {FOUND(ILL, 1, 90), FOUND(ILL, 2, 90), FOUND(SSN, 3, 90)}}},
     {1, 2, 0, 3, 1, 1},
     0,
     NULL},
    {"records of patients are patients", {{0, 2, {FOUND(TABLE, 1, 90), FOUND(TABLE, 2, 90)}}}, {0, 0, 2, 2, 2, 2}, 0, NULL},
    {"shadow counts nowhere", {{0, 1, {{.rule = SSN, .value = 1, .confidence = 90, .flags = MW_FINDING_SHADOW}}}}, {0}, 0, NULL},
    {"below the confidence", {{0, 3, {FOUND(SSN, 1, 64), FOUND(SSN, 2, 65), FOUND(ILL, 3, 0)}}}, {1, 0, 0, 1, 1}, 0, NULL},
    {"indeterminate: what was found counts", {{-EAGAIN, 1, {FOUND(SSN, 1, 90)}}, {0, 0, {{0}}}}, {1, 0, 0, 1, 1, 0, 1}, 0, NULL},
    {"unreadable", {{0, 0, {{0}}}}, {0, 0, 0, 0, 0, 0, 0, 1}, 0, "encrypted"},
    {"a scan that fails", {{0, 0, {{0}}}, {-ENOMEM, 0, {{0}}}}, {0}, -ENOMEM, NULL},
};

static void run_case(const struct outcome *c)
{
	const struct mw_part parts[] = {{.path = "1", .unread = NULL}, {.path = "2", .unread = c->unread}, {.path = "3"}};
	const struct {
		int64_t confidence, distance;
	} conf = {65, 600};
	struct mw_self self;
	struct mw_msg msg;
	struct mw_err err = {0};
	void *inst = NULL;
	int r;

	scans = c->part;
	fh_self(&self, &mw_plugin_phi);
	fh_msg(&msg);
	msg.parts = 3;
	msg.part = parts;
	msg.rules = 4;
	msg.rule = rules;
	msg.scan = scan;
	assert_int_equal(hooks->open(fh_host(), &self, &conf, &inst, &err), 0);
	r = hooks->see(inst, NULL, &msg, MW_SEE_MESSAGE, NULL, 0, &err);
	if (r != c->result)
		fail_msg("%s: %d %s", c->name, r, err.text);
	for (int i = 0; r == 0 && i < FACTS; i++)
		if (msg.fact[i].number != c->fact[i])
			fail_msg("%s: %s is %lld, not %lld", c->name, mw_plugin_phi.facts[i].name, (long long)msg.fact[i].number,
				 (long long)c->fact[i]);
	msg.fail_alloc = 1;
	if (r == 0)
		assert_int_equal(hooks->see(inst, NULL, &msg, MW_SEE_MESSAGE, NULL, 0, &err), -ENOMEM);
	hooks->close(inst);
	fh_msg_reset(&msg);
}

static void test_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(&cases[i]);
	hooks->close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
