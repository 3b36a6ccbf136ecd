/* SPDX-License-Identifier: Apache-2.0 */
/* why: what made a finding as sure as it is, in the words of its rule. Nothing of the message is in it. */
#include "ctl/ctl.h"

#include <string.h>

/* "weight 5 of 4 (3 close, 2 one, -1 press), ": what was weighed, when that decided. */
static void weighed(const struct mw_rule *rule, const struct mw_finding *f, struct mw_buf *out)
{
	const struct mw_when *w = NULL;
	const char *before = " (";
	int32_t sum = 0;

	for (size_t i = 0; i < rule->levels && !w; i++)
		w = rule->level[i].confidence == f->confidence ? mw_when_weight(rule->level[i].when) : NULL;
	if (!w)
		return;
	for (size_t i = 0; i < w->weights->n; i++)
		sum += f->names >> w->weights->v[i].name & 1u ? w->weights->v[i].points : 0;
	mw_buf_printf(out, "weight %d of %d", sum, w->sum);
	for (size_t i = 0; i < w->weights->n; i++) {
		const struct mw_weight *one = w->weights->v + i;

		if (!(f->names >> one->name & 1u))
			continue;
		mw_buf_printf(out, "%s%d %s", before, one->points, rule->near_name[one->name]);
		before = ", ";
	}
	mw_buf_printf(out, "%s, ", before[0] == ',' ? ")" : "");
}

void ctl_why(const struct mw_plan *plan, const struct mw_finding *f, struct mw_buf *out)
{
	const struct mw_rule *rule = &plan->rule[f->rule];
	size_t at = 0;
	const struct mw_near *near = f->cue == MW_NO_CUE ? NULL : mw_rule_cue(rule, f->cue, &at);

	weighed(rule, f, out);
	if (near) {
		const char *name = rule->near_name[near->name];

		mw_buf_printf(out, "%s%s", strcmp(name, "near") == 0 ? "" : "near ", name);
		if (at < near->phrases)
			mw_buf_printf(out, " \"%s\"", near->phrase[at]);
		else
			mw_buf_printf(out, " rule %s", plan->rule[near->rule[at - near->phrases]].name);
		if (f->flags & MW_FINDING_COLUMN)
			mw_buf_puts(out, " in the column's header");
	} else if (rule->nears) {
		mw_buf_puts(out, "no context");
	}
	if (f->flags & MW_FINDING_SHADOW)
		mw_buf_puts(out, out->n ? ", in shadow" : "in shadow");
}
