/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions as the policy would write them. */
#include "policy/eval.h"
#include "policy/regex.h"
#include "policy/text.h"

static const char *cmp_shown(enum mw_cmp cmp)
{
	static const char *const signs[] = {"", "=", "!=", "<", "<=", ">", ">="};

	return signs[cmp];
}

static void print_regex(const struct mw_regex *r, struct mw_buf *out)
{
	if (r)
		mw_buf_printf(out, " /%s/%s%s", r->pattern, r->caseless ? "i" : "", r->extended ? "x" : "");
}

static void print_fact(const struct mw_plan *plan, const struct mw_expr *e, struct mw_buf *out)
{
	const struct mw_plan_module *m = &plan->module[e->module];
	const struct mw_fact *row = &m->plugin->facts[e->fact];

	if (row->type == MW_BOOL && !e->number)
		mw_buf_puts(out, "not ");
	mw_buf_printf(out, "%s.%s", m->name, row->name);
	if (e->table) {
		mw_buf_printf(out, " in <%s>", mw_table_name(e->table));
	} else if (row->type == MW_STR) {
		mw_buf_printf(out, " %s ", cmp_shown(e->cmp));
		mw_text_quote(e->text, out);
	} else if (row->type != MW_BOOL) {
		mw_buf_printf(out, " %s %lld", cmp_shown(e->cmp), (long long)e->number);
	}
}

static void print_party(const struct mw_expr *e, const char *word, struct mw_buf *out)
{
	mw_buf_printf(out, "%s ", word);
	if (e->table)
		mw_buf_printf(out, "<%s>", mw_table_name(e->table));
	else
		mw_text_quote(e->text, out);
}

static void print_one(const struct mw_plan *plan, const struct mw_expr *e, struct mw_buf *out)
{
	switch (e->op) {
	case MW_OP_CLASS:
		mw_buf_printf(out, "class %s", plan->cls[e->n].name);
		break;
	case MW_OP_FACT:
		print_fact(plan, e, out);
		break;
	case MW_OP_RULE:
		mw_buf_printf(out, "rule %s ", plan->rule[e->n].name);
		mw_text_zones(e->zones, "in ", out);
		mw_buf_printf(out, "%s%s %lld", e->zones ? " " : "", cmp_shown(e->cmp), (long long)e->number);
		break;
	case MW_OP_EXTERNAL:
		mw_buf_puts(out, "to external");
		break;
	case MW_OP_INTERNAL:
		mw_buf_puts(out, "to internal");
		break;
	case MW_OP_TO_TABLE:
	case MW_OP_TO_TEXT:
		print_party(e, "to", out);
		break;
	case MW_OP_FROM_TABLE:
	case MW_OP_FROM_TEXT:
		print_party(e, "from", out);
		break;
	case MW_OP_SUBJECT:
		mw_buf_puts(out, "subject");
		print_regex(e->regex, out);
		break;
	case MW_OP_HEADER:
		mw_buf_puts(out, "header ");
		mw_text_quote(e->text, out);
		print_regex(e->regex, out);
		break;
	case MW_OP_UNREADABLE:
		mw_buf_puts(out, "unreadable");
		if (e->text)
			mw_buf_printf(out, "(%s)", e->text);
		break;
	case MW_OP_CONSENT:
		mw_buf_printf(out, "consent %s", mw_consents_name(e->consents));
		break;
	default:
		mw_buf_puts(out, "any");
		break;
	}
}

/* Parentheses where `or` stands inside `and`, and around anything joined behind `not`. */
static void print_inside(const struct mw_plan *plan, const struct mw_expr *e, bool parens, struct mw_buf *out)
{
	mw_buf_puts(out, parens ? "(" : "");
	mw_expr_print(plan, e, out);
	mw_buf_puts(out, parens ? ")" : "");
}

void mw_expr_print(const struct mw_plan *plan, const struct mw_expr *e, struct mw_buf *out)
{
	if (e->op == MW_OP_NOT) {
		mw_buf_puts(out, "not ");
		print_inside(plan, e->a, e->a->op == MW_OP_AND || e->a->op == MW_OP_OR, out);
	} else if (e->op == MW_OP_AND || e->op == MW_OP_OR) {
		bool both = e->op == MW_OP_AND;

		print_inside(plan, e->a, both && e->a->op == MW_OP_OR, out);
		mw_buf_puts(out, both ? " and " : " or ");
		print_inside(plan, e->b, both && e->b->op == MW_OP_OR, out);
	} else {
		print_one(plan, e, out);
	}
}
