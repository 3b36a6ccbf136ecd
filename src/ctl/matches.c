/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/matches.h"

#include "base/str.h"
#include "match/ruleset.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FINDINGS_MAX 1000000u

struct matches {
	const struct ctl *ctl;
	const struct mw_plan *plan;
	const struct mw_rule *rule;
	const struct mw_weights *weights; /* NULL: the rule weighs nothing */
	int32_t asked;			  /* of the weight, by the first level that asks for one */
	const struct mw_part *part;
	size_t n;
};

static int32_t points_of(const struct matches *x, uint32_t name)
{
	for (size_t i = 0; x->weights && i < x->weights->n; i++)
		if (x->weights->v[i].name == name)
			return x->weights->v[i].points;
	return 0;
}

static void print_outcome(const struct matches *x, const struct mw_judgement *t)
{
	int32_t sum = 0;

	switch (t->judged) {
	case MW_JUDGED_CHECK:
		printf("%sno%s: check %s refuses it", ctl_style(x->ctl, CTL_YELLOW), ctl_style(x->ctl, CTL_PLAIN),
		       x->rule->check);
		break;
	case MW_JUDGED_EXCEPT:
		printf("%sno%s: an exception", ctl_style(x->ctl, CTL_YELLOW), ctl_style(x->ctl, CTL_PLAIN));
		break;
	case MW_JUDGED_ZONE:
		printf("%sno%s: the rule does not look in this zone", ctl_style(x->ctl, CTL_YELLOW),
		       ctl_style(x->ctl, CTL_PLAIN));
		break;
	case MW_JUDGED_LEVEL:
		printf("%sno%s: no level for it", ctl_style(x->ctl, CTL_YELLOW), ctl_style(x->ctl, CTL_PLAIN));
		break;
	case MW_JUDGED_FOUND:
		printf("%sfound%s: %u", ctl_style(x->ctl, CTL_GREEN), ctl_style(x->ctl, CTL_PLAIN), t->confidence);
		break;
	}
	for (uint32_t name = 0; name < x->rule->near_names; name++)
		sum += t->names >> name & 1u ? points_of(x, name) : 0;
	if (x->weights)
		printf(", weight %d of %d", sum, x->asked);
	putchar('\n');
}

/* A name that holds, and by what. */
static void print_name(const struct matches *x, const struct mw_judgement *t, uint32_t name)
{
	size_t at = 0;
	const struct mw_near *near = mw_rule_cue(x->rule, t->cue[name], &at);
	int32_t points = points_of(x, name);

	printf("      %-8s", x->rule->near_name[name]);
	if (points)
		printf(" %+3d", points);
	else
		printf("    ");
	if (near && at < near->phrases)
		printf("  \"%s\"", near->phrase[at]);
	else if (near)
		printf("  rule %s", x->plan->rule[near->rule[at - near->phrases]].name);
	puts(t->columns >> name & 1u ? " in the column's header" : "");
}

static void told(void *ctx, const struct mw_judgement *t)
{
	struct matches *x = ctx;
	const char *before = "      without ";

	x->n++;
	fputs("  ", stdout);
	ctl_print_cell(mw_str(x->part->path), 10);
	printf(" %-10s %8llu %6llu  ", mw_zone_word(t->zone), (unsigned long long)t->offset, (unsigned long long)t->length);
	print_outcome(x, t);
	for (uint32_t name = 0; name < x->rule->near_names; name++)
		if (t->names >> name & 1u)
			print_name(x, t, name);
	for (uint32_t name = 0; name < x->rule->near_names; name++)
		if (!(t->names >> name & 1u)) {
			printf("%s%s", before, x->rule->near_name[name]);
			before = ", ";
		}
	fputs(before[0] == ',' ? "\n" : "", stdout);
}

/* 0 or negative; a limit that was reached is told, and what came before it holds. */
static int scan_part(struct matches *x, const struct mw_ruleset *set, struct mw_scratch *scratch, const struct mw_part *part)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_findings found = {.max = FINDINGS_MAX};
	struct mw_folded folded;
	size_t limited;
	int r = a ? mw_fold(a, part->text, &folded) : -ENOMEM;

	x->part = part;
	if (r == 0) {
		folded.hidden = part->hidden;
		r = mw_ruleset_scan(set, scratch, &folded, a, 0, part->zone, &found, &limited);
	}
	mw_arena_free(&a);
	if (r != -EAGAIN && r != -EFBIG)
		return r;
	printf("  %sa limit of matching was reached in part%s ", ctl_style(x->ctl, CTL_RED), ctl_style(x->ctl, CTL_PLAIN));
	ctl_print_safe(mw_str(part->path));
	putchar('\n');
	return 0;
}

static size_t rule_named(const struct mw_plan *plan, const char *name)
{
	size_t i = 0;

	while (i < plan->rules && strcmp(plan->rule[i].name, name) != 0)
		i++;
	return i;
}

int ctl_matches(const struct ctl *ctl, struct mw_generation *gen, struct mw_msg *msg, const char *name)
{
	static const unsigned char key[32];
	const struct mw_ruleset *set = mw_generation_rules(gen);
	struct matches x = {.ctl = ctl, .plan = mw_generation_plan(gen)};
	size_t rule = rule_named(x.plan, name);
	struct mw_scratch *scratch;
	int r = 0;

	if (rule == x.plan->rules)
		return ctl_fail("%s: no rule or list of terms is named \"%s\"", x.plan->path, name);
	x.rule = &x.plan->rule[rule];
	for (size_t i = 0; i < x.rule->levels && !x.weights; i++) {
		const struct mw_when *w = mw_when_weight(x.rule->level[i].when);

		x.weights = w ? w->weights : NULL;
		x.asked = w ? (int32_t)w->sum : 0;
	}
	scratch = mw_scratch_new(set, key);
	if (!scratch)
		return ctl_fail("out of memory");
	mw_scratch_tell(scratch, rule, told, &x);
	printf("\n%smatches of %s%s  (%s:%u)\n", ctl_style(ctl, CTL_BOLD), x.rule->name, ctl_style(ctl, CTL_PLAIN),
	       x.plan->source[x.rule->file].shown, x.rule->line);
	for (size_t i = 0; i < mw_msg_parts(msg) && r == 0; i++)
		r = scan_part(&x, set, scratch, mw_msg_part(msg, i));
	if (r == 0 && x.n == 0)
		printf("  none: %s in no part\n", x.rule->pattern.n ? "its pattern matches" : "a term of it is");
	mw_scratch_free(&scratch);
	return r < 0 ? ctl_fail("%s", strerror(-r)) : CTL_OK;
}
