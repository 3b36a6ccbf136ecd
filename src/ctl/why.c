/* SPDX-License-Identifier: Apache-2.0 */
/* why: what made a finding as sure as it is, in the words of its rule. Nothing of the message is in it. */
#include "ctl/ctl.h"

#include <string.h>

void ctl_why(const struct mw_plan *plan, const struct mw_finding *f, struct mw_buf *out)
{
	const struct mw_rule *rule = &plan->rule[f->rule];
	size_t at = 0;
	const struct mw_near *near = f->cue == MW_NO_CUE ? NULL : mw_rule_cue(rule, f->cue, &at);

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
