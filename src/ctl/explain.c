/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl explain: for a person: what was found where, which line decided for each recipient, and why the others did not. */
#include "ctl/matches.h"
#include "ctl/offline.h"

#include "base/str.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One line that was tried for a recipient. */
struct tried {
	uint32_t rcpt;
	const struct mw_line *line;
	bool matched;
	const struct mw_expr *failed;
};

struct explain {
	struct ctl *ctl;
	const struct mw_plan *plan;
	struct mw_msg *msg;
	struct tried *tried;
	size_t n, cap;
	bool no_memory;
};

static void remember(void *ctx, uint32_t rcpt, const struct mw_line *line, bool matched, const struct mw_expr *failed)
{
	struct explain *x = ctx;

	if (x->n == x->cap) {
		size_t cap = x->cap ? x->cap * 2 : 64;
		struct tried *p = reallocarray(x->tried, cap, sizeof(*p));

		if (!p) {
			x->no_memory = true;
			return;
		}
		x->tried = p;
		x->cap = cap;
	}
	x->tried[x->n++] = (struct tried){.rcpt = rcpt, .line = line, .matched = matched, .failed = failed};
}

static void heading(const struct explain *x, const char *text)
{
	printf("\n%s%s%s\n", ctl_style(x->ctl, CTL_BOLD), text, ctl_style(x->ctl, CTL_PLAIN));
}

static void print_message(const struct explain *x, const char *path)
{
	const struct mw_envelope *env = mw_msg_envelope(x->msg);
	const bool *in = mw_msg_classes(x->msg);
	bool any = false;

	printf("message  ");
	ctl_print_safe(mw_str(path));
	printf("  (%llu octets, %zu parts)\nsender   <", (unsigned long long)env->size, mw_msg_parts(x->msg));
	ctl_print_safe(env->sender);
	printf(">\npolicy   %s%s\nclasses  %s", x->plan->path, x->plan->observe ? "  (observe mode: nothing is changed)" : "",
	       ctl_style(x->ctl, CTL_YELLOW));
	for (size_t i = 0; i < x->plan->classes; i++)
		if (in[i]) {
			printf("%s%s", any ? ", " : "", x->plan->cls[i].name);
			any = true;
		}
	printf("%s%s\n", any ? "" : "none", ctl_style(x->ctl, CTL_PLAIN));
}

static void print_classes(const struct explain *x)
{
	const bool *in = mw_msg_classes(x->msg);

	if (x->plan->classes)
		heading(x, "classes");
	for (size_t i = 0; i < x->plan->classes; i++) {
		struct mw_buf text = MW_BUF_INIT;

		mw_expr_print(x->plan, x->plan->cls[i].when, &text);
		printf("  %s%s%s  %s when ", ctl_style(x->ctl, in[i] ? CTL_YELLOW : CTL_DIM), in[i] ? "yes" : "no ",
		       ctl_style(x->ctl, CTL_PLAIN), x->plan->cls[i].name);
		ctl_print_buf(&text, stdout);
		putchar('\n');
	}
}

static void print_findings(const struct explain *x)
{
	const size_t n = mw_msg_findings(x->msg);

	heading(x, n ? "found" : "found nothing");
	if (n)
		printf("  %-26s %-10s %10s  %-10s %-10s %8s %6s  why\n", "rule", "kind", "confidence", "zone", "part", "offset",
		       "length");
	for (size_t i = 0; i < n; i++) {
		const struct mw_finding *f = mw_msg_finding(x->msg, i);
		const struct mw_rule *rule = &x->plan->rule[f->rule];
		struct mw_buf why = MW_BUF_INIT;

		ctl_why(x->plan, f, &why);
		printf("  %-26s %-10s %10u  %-10s ", rule->name, ctl_kind_name(rule->kind), f->confidence, mw_zone_word(f->zone));
		ctl_print_cell(mw_str(mw_msg_part(x->msg, f->part)->path), 10);
		printf(" %8llu %6llu%s", (unsigned long long)f->offset, (unsigned long long)f->length, why.n ? "  " : "");
		ctl_print_buf(&why, stdout);
		putchar('\n');
	}
	for (size_t i = 0; i < mw_msg_parts(x->msg); i++) {
		const struct mw_part *part = mw_msg_part(x->msg, i);

		if (!part->unread)
			continue;
		printf("  %sunreadable%s part ", ctl_style(x->ctl, CTL_RED), ctl_style(x->ctl, CTL_PLAIN));
		ctl_print_safe(mw_str(part->path));
		fputs(" (", stdout);
		ctl_print_safe(mw_str(part->type));
		printf("): %s\n", part->unread);
	}
}

static void print_facts(const struct explain *x)
{
	bool any = false;

	for (size_t m = 0; m < x->plan->modules; m++) {
		const struct mw_plugin *plugin = x->plan->module[m].plugin;

		for (uint32_t f = 0; plugin->facts && plugin->facts[f].name; f++) {
			const char *text = mw_msg_fact_text(x->msg, (uint32_t)m, f);

			if (!any)
				heading(x, "facts");
			any = true;
			printf("  %s.%s = ", plugin->name, plugin->facts[f].name);
			if (plugin->facts[f].type == MW_STR) {
				putchar('"');
				ctl_print_safe(mw_str(text));
				puts("\"");
			} else {
				printf("%lld\n", (long long)mw_msg_fact(x->msg, (uint32_t)m, f));
			}
		}
	}
}

static enum ctl_style effect_style(uint32_t effect)
{
	switch (effect) {
	case MW_PASS:
		return CTL_GREEN;
	case MW_ROUTE:
		return CTL_CYAN;
	default:
		return CTL_RED;
	}
}

static void print_tried(const struct explain *x, const struct tried *t)
{
	struct mw_buf text = MW_BUF_INIT, why = MW_BUF_INIT;

	if (t->matched) {
		printf("    %s%s  matches%s\n", ctl_style(x->ctl, CTL_BOLD), t->line->where, ctl_style(x->ctl, CTL_PLAIN));
		return;
	}
	if (t->failed) {
		mw_expr_print(x->plan, t->failed, &text);
		mw_msg_why(x->msg, t->rcpt, t->failed, &why);
		if (why.n)
			mw_buf_printf(&text, ": %s", mw_buf_text(&why));
	}
	mw_buf_free(&why);
	printf("    %s%s  does not: ", ctl_style(x->ctl, CTL_DIM), t->line->where);
	ctl_print_buf(&text, stdout);
	printf("%s\n", ctl_style(x->ctl, CTL_PLAIN));
}

/* What it rests on that protected mail goes out in clear. */
static void print_basis(const struct mw_verdict *v)
{
	const struct mw_consent *c = v->consent;

	if (c) {
		printf("  consent %s: from %s until %s, recorded by ", c->name, c->from, c->until);
		ctl_print_safe(mw_str(c->by));
		printf(" (%s)\n", c->where);
	}
	if (v->attested[0]) {
		fputs("  attested: ", stdout);
		ctl_print_safe(mw_str(v->attested));
		putchar('\n');
	}
}

static void print_rcpt(const struct explain *x, uint32_t i)
{
	const struct mw_rcpt *rcpt = &mw_msg_envelope(x->msg)->rcpt[i];
	const struct mw_verdict *v = mw_msg_verdict(x->msg, i);

	if (!v)
		return; /* something failed before anything was decided, which is told */
	printf("\n%s<", ctl_style(x->ctl, CTL_BOLD));
	ctl_print_safe(rcpt->address);
	printf(">%s  %s", ctl_style(x->ctl, CTL_PLAIN), rcpt->internal ? "internal" : "external");
	if (rcpt->alias.n) {
		fputs(", behind the alias <", stdout);
		ctl_print_safe(rcpt->alias);
		putchar('>');
	} else if (rcpt->unsplit) {
		fputs(", an alias that leads outside", stdout);
	}
	printf("\n  %s%s%s", ctl_style(x->ctl, effect_style(v->effect)), v->action, ctl_style(x->ctl, CTL_PLAIN));
	if (v->reason[0])
		printf(" \"%s\"", v->reason);
	printf("  decided by %s\n", v->where);
	if (v->skipped[0]) {
		fputs("  passed over: ", stdout);
		ctl_print_safe(mw_str(v->skipped));
		putchar('\n');
	}
	print_basis(v);
	for (size_t t = 0; t < x->n; t++)
		if (x->tried[t].rcpt == i)
			print_tried(x, &x->tried[t]);
}

static void print_outcome(const struct explain *x)
{
	const struct mw_outcome *o = mw_msg_outcome(x->msg);

	heading(x, "the message");
	printf("  %s%s%s%s%s", ctl_style(x->ctl, effect_style(o->effect)), mw_effect_name(o->effect),
	       ctl_style(x->ctl, CTL_PLAIN), o->cause ? " because of " : "", o->cause ? o->cause : "");
	if (o->reason[0]) {
		printf(": ");
		ctl_print_safe(mw_str(o->reason));
	}
	printf("%s\n", o->observe ? "  (observe mode: it would; it is delivered as it is)" : "");
}

static int explain_message(struct ctl *ctl, struct mw_generation *gen, const struct offline *how, const char *rule,
			   const char *path)
{
	struct explain x = {.ctl = ctl, .plan = mw_generation_plan(gen)};
	struct mw_err err = {0};
	struct mw_msg *msg = offline_read(gen, how, path, &err);
	int r = CTL_OK;

	if (!msg)
		return ctl_fail("%s", err.text);
	x.msg = msg;
	if (offline_run(msg, path, remember, &x, &err) < 0)
		r = ctl_fail("%s", err.text);
	print_message(&x, path);
	if (rule) {
		if (ctl_matches(ctl, gen, msg, rule) != CTL_OK)
			r = CTL_FAILED;
		mw_msg_free(&msg);
		free(x.tried);
		return r;
	}
	print_findings(&x);
	print_facts(&x);
	print_classes(&x);
	for (uint32_t i = 0; i < mw_msg_envelope(msg)->rcpts; i++)
		print_rcpt(&x, i);
	if (mw_msg_envelope(msg)->rcpts)
		print_outcome(&x);
	else
		printf("\nno recipients: add --to ADDRESS to see what would happen\n");
	mw_msg_free(&msg);
	free(x.tried);
	return x.no_memory ? ctl_fail("out of memory") : r;
}

int ctl_explain(struct ctl *ctl, int argc, char **argv)
{
	static const struct option longs[] = {{"from", required_argument, NULL, 'f'},	{"to", required_argument, NULL, 't'},
					      {"policy", required_argument, NULL, 'p'}, {"live", no_argument, NULL, 'l'},
					      {"rule", required_argument, NULL, 'r'},	{NULL, 0, NULL, 0}};
	struct offline how = {.rcpt = calloc((size_t)argc, sizeof(*how.rcpt))};
	unsigned flags = MW_GEN_OFFLINE;
	struct mw_generation *gen = NULL;
	const char *policy, *rule = NULL;
	int c, r = CTL_FAILED;

	if (!how.rcpt)
		return ctl_fail("out of memory");
	while ((c = getopt_long(argc, argv, "p:f:t:", longs, NULL)) != -1) {
		if (c == 'f')
			how.from = optarg;
		else if (c == 't')
			how.rcpt[how.rcpts++] = optarg;
		else if (c == 'p')
			ctl->policy = optarg;
		else if (c == 'l')
			flags = MW_GEN_DRY;
		else if (c == 'r')
			rule = optarg;
		else
			break;
	}
	if (c != -1 || optind + 1 != argc) {
		free(how.rcpt);
		return ctl_usage("explain", "one message, please");
	}
	policy = ctl_policy(ctl);
	gen = policy ? ctl_generation(ctl, policy, flags) : NULL;
	if (gen)
		r = explain_message(ctl, gen, &how, rule, argv[optind]);
	mw_generation_unref(&gen);
	free(how.rcpt);
	return r;
}
