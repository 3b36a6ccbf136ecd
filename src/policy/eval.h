/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval: one message, one recipient at a time, against a plan. The first matching line wins. Pure: everything about the message
 * comes through struct mw_view, whether a means is there through `able`.
 */
#ifndef MW_POLICY_EVAL_H
#define MW_POLICY_EVAL_H

#include "policy/plan.h"

/* What the evaluator asks about the message. */
struct mw_view {
	void *ctx;
	const struct mw_envelope *envelope;
	struct mw_days days; /* what day it is, the same for all recipients */
	/* Facts by module (plan index) and row. A fact that was never set is 0 or NULL. */
	int64_t (*fact_int)(void *ctx, uint32_t module, uint32_t fact);
	const char *(*fact_str)(void *ctx, uint32_t module, uint32_t fact);
	/* Distinct values found by a rule; zones: bits of MW_ZONE_BIT, 0 = all. A rule in shadow finds none. */
	uint64_t (*rule_count)(void *ctx, uint32_t rule, uint32_t zones);
	/* Decoded fields of that name, one by one; NULL past the last. */
	const char *(*header)(void *ctx, const char *name, size_t i);
	/* Is some part unreadable for this reason (NULL = any)? */
	bool (*unreadable)(void *ctx, const char *reason);
	/* 1 there, 0 not (why: a few words, lives with the message), negative: failure. Asked for means (MW_ROUTE) only; NULL:
	 * every means is there. next: the means to its right, NULL = none. */
	int (*able)(void *ctx, const struct mw_call *, const struct mw_call *next, uint32_t rcpt, const char **why);
};

struct mw_decision {
	uint32_t effect;		      /* enum mw_effect */
	const struct mw_line *line;	      /* NULL: no line matched (treated as refuse, `check` warns) */
	const struct mw_call *call;	      /* chosen means or outcome; NULL: none of the means is there -> refuse */
	const struct mw_call *next;	      /* means to its right, NULL = none; contiguous with call */
	const struct mw_call *hold;	      /* call is a means, and this holds it first: effect is HOLD. NULL = not held */
	const char *skipped;		      /* "smime: no certificate; …" in the arena, "" */
	const struct mw_consent_row *consent; /* that the line asked for, NULL = it asked for none */
};

/* classes[i] for every class of the plan. Evaluated once a message. 0, -EAGAIN when a regex limit was reached (then the
 * class counts as true, which is the stricter reading), -ENOMEM. */
int mw_eval_classes(const struct mw_plan *, const struct mw_view *, bool *classes);
/* Decides one recipient. 0; -EAGAIN when a regex limit was reached: then *ret is the stricter of what the line says and of what
 * follows without it (so it is, with 0, for a recipient whose address the MTA rewrites, where a line names recipients); another
 * negative errno (of able(), -ENOMEM): *ret is untouched. trace (may be NULL) is called for every
 * line tried, with the first condition that failed. */
typedef void (*mw_eval_trace)(void *ctx, const struct mw_line *, bool matched, const struct mw_expr *failed);
int mw_eval_rcpt(const struct mw_plan *, const struct mw_view *, const bool *classes, uint32_t rcpt, struct mw_arena *,
		 mw_eval_trace, void *trace_ctx, struct mw_decision *ret);
/* The line for a cause, following the fallbacks; never NULL in a checked plan. */
const struct mw_line *mw_eval_cause(const struct mw_plan *, uint32_t cause);
/* Rank for combining: PASS < ROUTE < TEMPFAIL < HOLD < REFUSE. Returns the stricter. */
uint32_t mw_effect_stricter(uint32_t a, uint32_t b);
const char *mw_effect_name(uint32_t effect);
/* Why a condition does not hold for this recipient, where its own words do not tell: "consent ended 2026-03-01". Appends nothing else. */
void mw_eval_why(const struct mw_view *, uint32_t rcpt, const struct mw_expr *failed, struct mw_buf *out);
/* An expression as the policy would write it, for explain. */
void mw_expr_print(const struct mw_plan *, const struct mw_expr *, struct mw_buf *out);

#endif
