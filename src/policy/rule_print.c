/* SPDX-License-Identifier: Apache-2.0 */
/* What is around a match, as a rule would write it. */
#include "policy/text.h"

#include "base/str.h"

#define PHRASES_SHOWN 5u

void mw_text_zones(uint32_t zones, const char *word, struct mw_buf *out)
{
	for (uint32_t i = MW_ZONE_SUBJECT; i <= MW_ZONE_LAST; i++)
		if (zones & MW_ZONE_BIT(i)) {
			mw_buf_printf(out, "%s%s", word, mw_zone_word(i));
			word = ", ";
		}
}

/* Parentheses where `or` stands inside `and`, and around anything joined behind `not`. */
static void when_inside(const struct mw_rule *r, const struct mw_when *w, bool parens, struct mw_buf *out)
{
	mw_buf_puts(out, parens ? "(" : "");
	mw_text_when(r, w, out);
	mw_buf_puts(out, parens ? ")" : "");
}

void mw_text_when(const struct mw_rule *r, const struct mw_when *w, struct mw_buf *out)
{
	bool both = w->op == MW_WHEN_AND;

	switch (w->op) {
	case MW_WHEN_NEAR:
		mw_buf_puts(out, r->near_name[w->n]);
		break;
	case MW_WHEN_COLUMN:
		mw_buf_puts(out, "column");
		break;
	case MW_WHEN_ZONE:
		mw_buf_puts(out, mw_zone_word(w->n));
		break;
	case MW_WHEN_WEIGHT:
		mw_buf_printf(out, "weight >= %d", w->sum);
		break;
	case MW_WHEN_NOT:
		mw_buf_puts(out, "not ");
		when_inside(r, w->a, w->a->op == MW_WHEN_AND || w->a->op == MW_WHEN_OR, out);
		break;
	default:
		when_inside(r, w->a, both && w->a->op == MW_WHEN_OR, out);
		mw_buf_puts(out, both ? " and " : " or ");
		when_inside(r, w->b, both && w->b->op == MW_WHEN_OR, out);
		break;
	}
}

void mw_text_near(const struct mw_rule *all, const struct mw_rule *r, const struct mw_near *near, struct mw_buf *out)
{
	const char *name = r->near_name[near->name];

	mw_buf_puts(out, "near ");
	if (!mw_str_eq(mw_str(name), "near"))
		mw_buf_printf(out, "%s ", name);
	for (size_t i = 0; i < near->phrases && i < PHRASES_SHOWN; i++) {
		mw_buf_puts(out, i ? ", " : "");
		mw_text_quote(near->phrase[i], out);
	}
	if (near->phrases > PHRASES_SHOWN)
		mw_buf_printf(out, " … %zu in all", near->phrases);
	if (near->phrases == 0)
		mw_buf_puts(out, near->rules ? "rule" : "rule, all disabled");
	for (size_t i = 0; i < near->rules; i++)
		mw_buf_printf(out, "%s%s", i ? ", " : " ", all[near->rule[i]].name);
	mw_buf_puts(out, near->side == MW_SIDE_BEFORE ? " before" : near->side == MW_SIDE_AFTER ? " after" : "");
	if (near->sentence)
		mw_buf_puts(out, " within sentence");
	else
		mw_buf_printf(out, " within %u", near->within);
	if (near->least)
		mw_buf_printf(out, " at least %u", near->least);
}
