/* SPDX-License-Identifier: Apache-2.0 */
/* unread: does a policy say what becomes of mail that nobody could read? */
#include "policy/plan.h"

#include <string.h>

typedef bool (*is_fn)(const struct mw_plan *, const struct mw_expr *);

static bool holds_one(const struct mw_plan *p, const struct mw_expr *e, is_fn is)
{
	if (!e)
		return false;
	if (e->op == MW_OP_AND || e->op == MW_OP_OR || e->op == MW_OP_NOT)
		return holds_one(p, e->a, is) || holds_one(p, e->b, is);
	if (e->op == MW_OP_CLASS)
		return holds_one(p, p->cls[e->n].when, is); /* classes use those above them */
	return is(p, e);
}

static const char *fact_of(const struct mw_plan *p, const struct mw_expr *e)
{
	return p->module[e->module].plugin->facts[e->fact].name;
}

static bool is_unread(const struct mw_plan *p, const struct mw_expr *e)
{
	return e->op == MW_OP_UNREADABLE ||
	       (e->op == MW_OP_FACT && (strcmp(fact_of(p, e), "unreadable") == 0 || strcmp(fact_of(p, e), "indeterminate") == 0));
}

/* Is it about what stands in the message? */
static bool is_content(const struct mw_plan *p, const struct mw_expr *e)
{
	return e->op == MW_OP_RULE || (e->op == MW_OP_FACT && p->module[e->module].granted & MW_POWER_TEXT);
}

const struct mw_line *mw_plan_unread_line(const struct mw_plan *p)
{
	const struct mw_line *found = NULL;

	for (size_t i = 0; i < p->lines; i++) {
		const struct mw_line *line = p->line + i;

		if (holds_one(p, line->when, is_unread))
			return NULL;
		if (!found && line->means && line->mean[0].effect != MW_PASS && holds_one(p, line->when, is_content))
			found = line;
	}
	return found;
}
