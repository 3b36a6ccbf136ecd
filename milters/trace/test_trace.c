/* SPDX-License-Identifier: Apache-2.0 */
/* The trace module: a line for every callback, and nothing of the message in any of them. */
#include "tests/unit/fakehost.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

extern const struct mw_plugin mw_plugin_trace;
static const struct mw_hooks *const hooks = &mw_plugin_trace.hooks;

/* Would be seen in a log that should not have it. */
#define SECRET "123-45-6789"

static void run_message(struct mw_self *self, struct mw_msg *msg, void *inst)
{
	static const struct {
		uint32_t stage;
		const char *p;
	} stages[] = {{MW_SEE_CONNECT, SECRET}, {MW_SEE_HELO, SECRET}, {MW_SEE_MAIL, "<" SECRET "@x.example>"},
		      {MW_SEE_RCPT, SECRET},	{MW_SEE_HEADERS, ""},  {MW_SEE_BODY, SECRET},
		      {MW_SEE_BODY, SECRET},	{MW_SEE_MESSAGE, ""}};
	const struct mw_order order = {.action = 0, .rcpt = MW_ALL};
	struct mw_err err = {0};
	void *tx = NULL;

	(void)self;
	assert_int_equal(hooks->begin(inst, msg, &tx, &err), 0);
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		assert_int_equal(hooks->see(inst, tx, msg, stages[i].stage, stages[i].p, strlen(stages[i].p), &err), 0);
	assert_int_equal(hooks->act(inst, tx, msg, &order, &err), 0);
	hooks->end(inst, tx);
}

static void test_lines(void **state)
{
	static const char *const lines[] = {
	    "6 open abi=1.",
	    "6 begin sender=",
	    "6 see stage=connect octets=11",
	    "6 see stage=helo octets=11",
	    "6 see stage=mail octets=23",
	    "6 see stage=rcpt octets=11",
	    "6 see stage=headers octets=0",
	    "6 see stage=body octets=11",
	    "6 see stage=body octets=11",
	    "6 see stage=message size=4711 rcpts=1 pieces=2 body=22",
	    "6 act outcome=hold cause=none observe=no classes=1",
	    "6 verdict rcpt=0 effect=hold action=hold line=p:3",
	    "6 end calls=8",
	    "6 see stage=close",
	    "6 close generation ends",
	};
	const struct mw_rcpt rcpt = {.address = fh_str(SECRET "@x.example")};
	const struct mw_verdict verdict = {.effect = MW_HOLD, .action = "hold", .where = "p:3", .reason = SECRET, .skipped = ""};
	const char *const classes[] = {"phi", NULL};
	struct mw_self self;
	struct mw_msg msg;
	struct mw_err err = {0};
	void *inst = NULL;

	(void)state;
	fh_self(&self, &mw_plugin_trace);
	fh_msg(&msg);
	msg.envelope.size = 4711;
	msg.envelope.rcpts = 1;
	msg.envelope.rcpt = &rcpt;
	msg.verdict = &verdict;
	msg.outcome = (struct mw_outcome){.effect = MW_HOLD, .reason = SECRET};
	msg.classes = classes;
	assert_int_equal(hooks->open(fh_host(), &self, NULL, &inst, &err), 0);
	run_message(&self, &msg, inst);
	assert_int_equal(hooks->see(inst, NULL, NULL, MW_SEE_CLOSE, NULL, 0, &err), 0);
	hooks->close(inst);
	assert_int_equal(self.lines, sizeof(lines) / sizeof(lines[0]));
	for (size_t i = 0; i < self.lines; i++)
		if (strncmp(self.line[i], lines[i], strlen(lines[i])) != 0)
			fail_msg("line %zu is \"%s\", not \"%s\"", i, self.line[i], lines[i]);
	assert_false(fh_logged(&self, SECRET));
	fh_msg_reset(&msg);
}

static void test_no_memory(void **state)
{
	struct mw_self self;
	struct mw_msg msg;
	struct mw_err err = {0};
	void *inst = NULL, *tx = NULL;

	(void)state;
	fh_self(&self, &mw_plugin_trace);
	fh_msg(&msg);
	assert_int_equal(hooks->open(fh_host(), &self, NULL, &inst, &err), 0);
	msg.fail_alloc = 1;
	assert_int_equal(hooks->begin(inst, &msg, &tx, &err), -ENOMEM);
	hooks->close(inst);
	hooks->close(NULL);
	fh_msg_reset(&msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_no_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
