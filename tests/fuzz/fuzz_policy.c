/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as a policy (that may read no files): there is a plan and no error, or an error and no plan; both can be printed;
 * and the plan decides.
 */
#include "policy/eval.h"
#include "policy/fakes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t fact_int(void *ctx, uint32_t module, uint32_t fact)
{
	(void)ctx;
	return (int64_t)(module + fact) % 3;
}

static const char *fact_str(void *ctx, uint32_t module, uint32_t fact)
{
	(void)ctx;
	return (module + fact) % 2 ? "pass" : NULL;
}

static uint64_t rule_count(void *ctx, uint32_t rule, uint32_t zones)
{
	(void)ctx;
	return (rule + zones) % 3;
}

static const char *header(void *ctx, const char *name, size_t i)
{
	(void)ctx;
	return i == 0 && strlen(name) % 2 ? "Re: [secure] aaaaaaaaaaaaaaaaaaaaaaaa!" : NULL;
}

static bool unreadable(void *ctx, const char *reason)
{
	(void)ctx;
	return reason != NULL;
}

static int able(void *ctx, const struct mw_call *call, const struct mw_call *next, uint32_t rcpt, const char **why)
{
	(void)ctx;
	(void)rcpt;
	*why = "no";
	if (call->effect != MW_ROUTE)
		abort();
	return next == NULL;
}

static void decide(const struct mw_plan *plan)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_rcpt rcpt = {.address = {.p = "bob@x.example", .n = 13}};
	struct mw_envelope envelope = {.sender = {.p = "a@clinic.example", .n = 16}, .rcpts = 1, .rcpt = &rcpt};
	struct mw_view view = {.envelope = &envelope,
			       .fact_int = fact_int,
			       .fact_str = fact_str,
			       .rule_count = rule_count,
			       .header = header,
			       .unreadable = unreadable,
			       .able = able};
	bool *classes = calloc(plan->classes + 1, sizeof(*classes));
	struct mw_decision d = {.effect = 0};

	if (!arena || !classes)
		abort();
	(void)mw_eval_classes(plan, &view, classes);
	(void)mw_eval_rcpt(plan, &view, classes, 0, arena, NULL, NULL, &d);
	if (d.effect < MW_PASS || d.effect > MW_REFUSE)
		abort();
	free(classes);
	mw_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_str text = {.p = (const char *)data, .n = size};
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_buf out = MW_BUF_INIT;
	struct mw_plan *plan = NULL;
	struct mw_diags diags;
	int r;

	if (!arena)
		return 0;
	mw_diags_init(&diags, arena);
	r = mw_plan_load_text(text, "fuzz.policy", &fake_catalog, &diags, &plan);
	if ((r == 0) != (plan != NULL) || (r == 0) != (diags.errors == 0 && !diags.no_memory && size <= 1 << 20))
		abort();
	mw_diags_print(&diags, true, &out);
	mw_diags_print_json(&diags, &out);
	if (plan) {
		mw_plan_print(plan, &out);
		decide(plan);
	}
	if (!mw_buf_ok(&out))
		abort();
	mw_buf_free(&out);
	mw_plan_free(&plan);
	mw_arena_free(&arena);
	return 0;
}
