/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as text, one line a thing: what the policy means once every name is resolved and every default is filled in. */
#include "policy/alias.h"
#include "policy/check.h"
#include "policy/eval.h"
#include "policy/text.h"

#include <string.h>

static void print_powers(uint32_t powers, struct mw_buf *out)
{
	const char *const *names = mw_power_names();
	const char *before = " grant ";

	for (unsigned k = 0; names[k]; k++)
		if (powers & 1u << k) {
			mw_buf_printf(out, "%s%s", before, names[k]);
			before = ", ";
		}
}

static void print_module(const struct mw_plan *plan, const struct mw_plan_module *m, struct mw_buf *out)
{
	static const char *const kinds[] = {"module", "milter", "extractor", "checker", "prefilter", "sealer", "service"};

	mw_buf_printf(out, "%s %s", kinds[m->plugin->kind <= MW_KIND_SERVICE ? m->plugin->kind : 0], m->name);
	for (size_t i = 0; i < m->withs; i++)
		mw_buf_printf(out, "%s%s", i ? ", " : " with ", plan->module[m->with[i]].name);
	print_powers(m->granted, out);
	mw_buf_putc(out, '\n');
	for (const struct mw_opt *row = m->conf ? m->plugin->options : NULL; row && row->name; row++) {
		mw_buf_printf(out, "\t%s ", row->name);
		mw_text_value(row, m->conf, out);
		mw_buf_putc(out, '\n');
	}
}

static void print_limits(const struct mw_plan *plan, struct mw_buf *out)
{
	for (size_t i = 0; i < MW_LIMITS; i++)
		mw_buf_printf(out, "limit %s %llu\n", mw_limit_rows[i].name, (unsigned long long)plan->limits.max[i]);
}

static void print_samples(const char *word, const struct mw_sample *v, size_t n, struct mw_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		mw_buf_printf(out, "\t%s ", word);
		mw_text_quote(v[i].text.p, out);
		if (v[i].level)
			mw_buf_printf(out, " at %u", v[i].level);
		mw_buf_printf(out, " at %u:%u\n", v[i].line, v[i].column);
	}
}

static void print_texts(const char *word, const char *const *v, size_t n, struct mw_buf *out)
{
	if (n == 0)
		return;
	mw_buf_printf(out, "\t%s ", word);
	mw_text_list(v, n < 5 ? n : 5, out);
	mw_buf_printf(out, n > 5 ? " … %zu in all\n" : "\n", n);
}

static void print_weights(const struct mw_rule *r, struct mw_buf *out)
{
	const struct mw_when *w = NULL;

	for (size_t i = 0; i < r->levels && !w; i++)
		w = mw_when_weight(r->level[i].when);
	if (!w)
		return;
	mw_buf_puts(out, "\tweigh");
	for (size_t i = 0; i < w->weights->n; i++)
		mw_buf_printf(out, "%s %d %s", i ? "," : "", w->weights->v[i].points, r->near_name[w->weights->v[i].name]);
	mw_buf_putc(out, '\n');
}

static void print_levels(const struct mw_rule *r, struct mw_buf *out)
{
	mw_buf_puts(out, "\tlevel");
	for (size_t i = 0; i < r->levels; i++) {
		mw_buf_printf(out, "%s %u", i ? "," : "", r->level[i].confidence);
		if (!r->level[i].when)
			continue;
		mw_buf_puts(out, " when ");
		mw_text_when(r, r->level[i].when, out);
	}
	mw_buf_putc(out, '\n');
}

static void print_context(const struct mw_plan *plan, const struct mw_rule *r, struct mw_buf *out)
{
	for (size_t i = 0; i < r->nears; i++) {
		mw_buf_putc(out, '\t');
		mw_text_near(plan->rule, r, r->near + i, out);
		mw_buf_putc(out, '\n');
	}
	print_weights(r, out);
	print_levels(r, out);
	if (r->zones) {
		mw_buf_putc(out, '\t');
		mw_text_zones(r->zones, "zone ", out);
		mw_buf_putc(out, '\n');
	}
}

static void print_except_patterns(const struct mw_rule *r, struct mw_buf *out)
{
	for (size_t i = 0; i < r->except_patterns; i++) {
		const struct mw_except_pattern *e = r->except_pattern + i;

		mw_buf_printf(out, "\texcept /%s/%s%s\n", e->pattern.p, e->caseless ? "i" : "", e->extended ? "x" : "");
	}
}

static void print_rule(const struct mw_plan *plan, const struct mw_rule *r, struct mw_buf *out)
{
	static const char *const kinds[] = {"?", "identifier", "clinical", "structure", "context"};
	struct mw_written at;

	mw_buf_printf(out, "%s %s at %s:%u:%u\n\tkind %s\n", r->terms ? "words" : "rule", r->name, plan->source[r->file].shown,
		      r->line, r->column, kinds[r->kind <= MW_CONTEXT ? r->kind : 0]);
	if (r->about[0]) {
		mw_buf_puts(out, "\tabout ");
		mw_text_quote(r->about, out);
		mw_buf_putc(out, '\n');
	}
	if (mw_rule_written(r, 0, &at))
		mw_buf_printf(out, "\tpattern /%s/%s%s at %u:%u\n", r->pattern.p, r->caseless ? "i" : "", r->extended ? "x" : "",
			      at.line, at.column);
	if (r->check)
		mw_buf_printf(out, "\tcheck %s\n", r->check);
	print_context(plan, r, out);
	print_texts("terms", r->term, r->terms, out);
	if (r->whole_word)
		mw_buf_puts(out, "\twhole-word\n");
	print_texts("except", r->except, r->excepts, out);
	print_except_patterns(r, out);
	mw_buf_puts(out, r->shadow ? "\tshadow\n" : "");
	print_samples("hit", r->hit, r->hits, out);
	print_samples("miss", r->miss, r->misses, out);
}

static void print_call(const struct mw_plan *plan, const struct mw_call *call, struct mw_buf *out)
{
	const struct mw_plan_module *m = call->module == MW_NO_MODULE ? NULL : &plan->module[call->module];
	const struct mw_opt *row = m ? m->plugin->actions[call->action].args : NULL;
	const char *before = " {";

	mw_buf_printf(out, "%s%s%s", m ? m->name : "", m ? "." : "", call->shown);
	for (; call->args && row && row->name; row++, before = ",") {
		mw_buf_printf(out, "%s %s ", before, row->name);
		mw_text_value(row, call->args, out);
	}
	mw_buf_puts(out, call->args ? " }" : "");
}

static void print_line(const struct mw_plan *plan, const struct mw_line *line, struct mw_buf *out)
{
	if (line->hold) {
		print_call(plan, line->hold, out);
		mw_buf_puts(out, ", ");
	}
	for (size_t i = 0; i < line->means; i++) {
		if (line->mean[0].effect == MW_ROUTE)
			mw_buf_puts(out, i ? " or " : "send by ");
		print_call(plan, &line->mean[i], out);
	}
	for (size_t i = 0; i < line->extras; i++) {
		mw_buf_puts(out, ", ");
		print_call(plan, &line->extra[i], out);
	}
	mw_buf_putc(out, '\n');
}

static void print_orders(const struct mw_plan *plan, struct mw_buf *out)
{
	for (size_t i = 0; i < plan->lines; i++) {
		mw_buf_printf(out, "match %s: ", plan->line[i].where);
		mw_expr_print(plan, plan->line[i].when, out);
		mw_buf_puts(out, " then ");
		print_line(plan, &plan->line[i], out);
	}
	for (size_t i = 0; i < plan->always; i++) {
		mw_buf_puts(out, "always ");
		print_call(plan, &plan->always_call[i], out);
		mw_buf_putc(out, '\n');
	}
	for (uint32_t i = 0; i < MW_CAUSES; i++) {
		if (!plan->cause[i].means)
			continue;
		mw_buf_printf(out, "on %s: %s ", plan->cause[i].where, mw_cause_name(i));
		print_line(plan, &plan->cause[i], out);
	}
}

void mw_plan_print(const struct mw_plan *plan, struct mw_buf *out)
{
	if (plan->listen)
		mw_buf_printf(out, "listen %s\n", plan->listen);
	mw_buf_printf(out, "mode %s\n", plan->observe ? "observe" : "enforce");
	print_limits(plan, out);
	for (size_t i = 0; i < plan->modules; i++)
		print_module(plan, &plan->module[i], out);
	for (size_t i = 0; i < plan->tables; i++)
		mw_buf_printf(out, "table <%s> %zu\n", mw_table_name(plan->table[i]), mw_table_entries(plan->table[i]));
	for (size_t i = 0; plan->aliases && i < plan->aliases->n; i++)
		mw_buf_printf(out, "aliases %s %zu\n",
			      mw_alias_file_kind(plan->aliases->file[i]) == MW_ALIAS_LOCAL ? "local" : "virtual",
			      mw_alias_file_count(plan->aliases->file[i]));
	for (size_t i = 0; i < plan->consents; i++)
		mw_buf_printf(out, "consents %s %zu\n", mw_consents_name(plan->consent[i]), mw_consents_count(plan->consent[i]));
	for (size_t i = 0; i < plan->rules; i++)
		print_rule(plan, &plan->rule[i], out);
	for (size_t i = 0; i < plan->classes; i++) {
		mw_buf_printf(out, "class %s when ", plan->cls[i].name);
		mw_expr_print(plan, plan->cls[i].when, out);
		mw_buf_putc(out, '\n');
	}
	print_orders(plan, out);
}
