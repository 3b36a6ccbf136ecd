/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A condition is true, false, or unsure: a pattern reached its limit before anybody knew, or the recipient is written so that only
 * the MTA knows whom it means. What is unsure is read as what is stricter: a class counts as true; a line counts as matching and as
 * not matching, and the stricter of both decides.
 */
#include "policy/eval.h"

#include "base/str.h"
#include "policy/regex.h"
#include "policy/table.h"

#include <errno.h>
#include <string.h>

enum { NO = 0, YES = 1, UNSURE = 2 };

#define LOCAL_ROOM 512 /* octets of an address whose quotes are looked through; no MTA takes longer ones */

struct eval {
	const struct mw_plan *plan;
	const struct mw_view *view;
	const bool *classes;
	const struct mw_rcpt *rcpt;	     /* NULL: the message, not one recipient */
	const struct mw_consent_row **given; /* where a consent goes that counted; NULL with rcpt */
};

static bool compare(enum mw_cmp cmp, int order)
{
	switch (cmp) {
	case MW_CMP_EQ:
		return order == 0;
	case MW_CMP_NE:
		return order != 0;
	case MW_CMP_LT:
		return order < 0;
	case MW_CMP_LE:
		return order <= 0;
	case MW_CMP_GT:
		return order > 0;
	case MW_CMP_GE:
		return order >= 0;
	case MW_CMP_NONE:
		break;
	}
	return false;
}

static int order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int eval_fact(const struct eval *v, const struct mw_expr *e)
{
	const struct mw_fact *row = &v->plan->module[e->module].plugin->facts[e->fact];
	const char *text;
	int64_t n;

	if (row->type == MW_STR) {
		text = v->view->fact_str(v->view->ctx, e->module, e->fact);
		if (e->table)
			return text && mw_table_has_text(e->table, mw_str(text));
		return compare(e->cmp, strcmp(text ? text : "", e->text));
	}
	n = v->view->fact_int(v->view->ctx, e->module, e->fact);
	return compare(e->cmp, order_of(row->type == MW_BOOL ? n != 0 : n, e->number));
}

static int eval_rule(const struct eval *v, const struct mw_expr *e)
{
	uint64_t n = v->view->rule_count(v->view->ctx, e->n, e->zones);

	return compare(e->cmp, order_of(n > INT64_MAX ? INT64_MAX : (int64_t)n, e->number));
}

/* Any of the fields of that name; without a pattern their presence. */
static int eval_header(const struct eval *v, const struct mw_expr *e, const char *name)
{
	const char *value;
	int found = NO;

	for (size_t i = 0; found != YES && (value = v->view->header(v->view->ctx, name, i)) != NULL; i++) {
		int r = e->regex ? mw_regex_match(e->regex, value, strlen(value)) : 1;

		if (r < 0 && r != -EAGAIN)
			return r;
		if (r != 0)
			found = r > 0 ? YES : UNSURE;
	}
	return found;
}

static int eval_text(const char *text, struct mw_str address)
{
	return text[0] == '\0' ? address.n == 0 : mw_entry_matches(mw_str(text), address);
}

static bool rcpt_is(const struct mw_expr *e, struct mw_str address)
{
	return e->op == MW_OP_TO_TABLE ? mw_table_has_address(e->table, address) : eval_text(e->text, address);
}

/* Does the MTA make another address of it, which may be in a table when this one is not? */
static bool is_rewritten(uint32_t form)
{
	return form == MW_ADDR_SOURCE_ROUTE || form == MW_ADDR_BANG || form == MW_ADDR_PERCENT || form == MW_ADDR_TRAILING_DOT ||
	       form == MW_ADDR_MTA_DIFFERS || form == MW_ADDR_BAD;
}

/* "bob"@clinic.example is bob@clinic.example: quotes that change no meaning are taken out. address.n = 0: there are none, or it is too
 * long for this to matter to an MTA. */
static struct mw_str without_quotes(const struct mw_rcpt *rcpt, char plain[LOCAL_ROOM])
{
	size_t n = 0;

	if (!rcpt->local.n || !memchr(rcpt->local.p, '"', rcpt->local.n) || rcpt->local.n + 1 + rcpt->domain.n > LOCAL_ROOM)
		return (struct mw_str){.p = plain, .n = 0};
	for (size_t i = 0; i < rcpt->local.n; i++) {
		if (rcpt->local.p[i] == '"')
			continue;
		if (rcpt->local.p[i] == '\\' && i + 1 < rcpt->local.n)
			i++;
		plain[n++] = rcpt->local.p[i];
	}
	plain[n++] = '@';
	memcpy(plain + n, rcpt->domain.p, rcpt->domain.n);
	return (struct mw_str){.p = plain, .n = n + rcpt->domain.n};
}

/* The recipient as it is written, and without quotes; and, not sure, the alias that led to it: who names an alias may mean those behind
 * it, and must not let them pass by that. */
static int eval_to(const struct mw_rcpt *rcpt, const struct mw_expr *e)
{
	char room[LOCAL_ROOM];
	struct mw_str plain;

	if (is_rewritten(rcpt->form))
		return UNSURE;
	if (rcpt_is(e, rcpt->address))
		return YES;
	if (rcpt->local.n && memchr(rcpt->local.p, '"', rcpt->local.n)) {
		plain = without_quotes(rcpt, room);
		if (!plain.n)
			return UNSURE;
		if (rcpt_is(e, plain))
			return YES;
	}
	return rcpt->alias.n && rcpt_is(e, rcpt->alias) ? UNSURE : NO;
}

static enum mw_consent_state consent_of(const struct mw_view *view, const struct mw_rcpt *rcpt, const struct mw_expr *e,
					const struct mw_consent_row **row)
{
	struct mw_str sender = view->envelope->sender, plain;
	enum mw_consent_state state = mw_consents_find(e->consents, rcpt->address, sender, view->days, row);
	char room[LOCAL_ROOM];

	if (state != MW_CONSENT_NONE)
		return state;
	plain = without_quotes(rcpt, room);
	return mw_consents_find(e->consents, plain, sender, view->days, row);
}

static int eval_consent(const struct eval *v, const struct mw_expr *e)
{
	const struct mw_consent_row *row = NULL;

	if (!v->rcpt)
		return NO;
	if (is_rewritten(v->rcpt->form))
		return UNSURE;
	if (consent_of(v->view, v->rcpt, e, &row) != MW_CONSENT_GIVEN)
		return NO;
	*v->given = row;
	return YES;
}

void mw_eval_why(const struct mw_view *view, uint32_t rcpt, const struct mw_expr *failed, struct mw_buf *out)
{
	const struct mw_consent_row *row = NULL;
	char day[MW_DAY_TEXT];

	if (failed->op != MW_OP_CONSENT)
		return;
	switch (consent_of(view, &view->envelope->rcpt[rcpt], failed, &row)) {
	case MW_CONSENT_NONE:
		mw_buf_puts(out, "no consent is recorded");
		break;
	case MW_CONSENT_ENDED:
		mw_buf_printf(out, "consent ended %s (%s)", mw_day_print(row->until, day), row->where);
		break;
	case MW_CONSENT_FUTURE:
		mw_buf_printf(out, "consent begins %s (%s)", mw_day_print(row->from, day), row->where);
		break;
	case MW_CONSENT_SENDER:
		mw_buf_printf(out, "consent is for other senders (%s)", row->where);
		break;
	case MW_CONSENT_GIVEN:
		break;
	}
}

static int eval_one(const struct eval *v, const struct mw_expr *e)
{
	switch (e->op) {
	case MW_OP_ANY:
		return YES;
	case MW_OP_CLASS:
		return v->classes[e->n];
	case MW_OP_FACT:
		return eval_fact(v, e);
	case MW_OP_RULE:
		return eval_rule(v, e);
	case MW_OP_EXTERNAL:
		return v->rcpt && !v->rcpt->internal;
	case MW_OP_INTERNAL:
		return v->rcpt && v->rcpt->internal;
	case MW_OP_TO_TABLE:
	case MW_OP_TO_TEXT:
		return v->rcpt ? eval_to(v->rcpt, e) : NO;
	case MW_OP_FROM_TABLE:
		return mw_table_has_address(e->table, v->view->envelope->sender);
	case MW_OP_FROM_TEXT:
		return eval_text(e->text, v->view->envelope->sender);
	case MW_OP_SUBJECT:
		return eval_header(v, e, "Subject");
	case MW_OP_HEADER:
		return eval_header(v, e, e->text);
	case MW_OP_UNREADABLE:
		return v->view->unreadable(v->view->ctx, e->text);
	case MW_OP_CONSENT:
		return eval_consent(v, e);
	default:
		return -EINVAL; /* the checker makes no other */
	}
}

/* NO, YES, UNSURE or a negative errno. As deep as the parser allows. */
static int eval(const struct eval *v, const struct mw_expr *e)
{
	int a, b, stop;

	if (e->op == MW_OP_NOT) {
		a = eval(v, e->a);
		return a == YES ? NO : a == NO ? YES : a;
	}
	if (e->op != MW_OP_AND && e->op != MW_OP_OR)
		return eval_one(v, e);
	stop = e->op == MW_OP_AND ? NO : YES;
	a = eval(v, e->a);
	if (a < 0 || a == stop)
		return a;
	b = eval(v, e->b);
	if (b < 0 || b == stop)
		return b;
	return a == UNSURE ? UNSURE : b;
}

int mw_eval_classes(const struct mw_plan *plan, const struct mw_view *view, bool *classes)
{
	struct eval v = {.plan = plan, .view = view, .classes = classes};
	int result = 0;

	for (size_t i = 0; i < plan->classes; i++) {
		int r = eval(&v, plan->cls[i].when); /* names classes above this one only */

		if (r < 0)
			return r;
		classes[i] = r != NO;
		if (r == UNSURE)
			result = -EAGAIN;
	}
	return result;
}

/* The leftmost of the conditions joined by `and` that does not hold. */
static const struct mw_expr *first_failed(const struct eval *v, const struct mw_expr *e)
{
	const struct mw_expr *failed;

	if (e->op != MW_OP_AND)
		return eval(v, e) == NO ? e : NULL;
	failed = first_failed(v, e->a);
	return failed ? failed : first_failed(v, e->b);
}

static int skip(struct mw_arena *arena, struct mw_decision *d, const struct mw_call *call, const char *why)
{
	const char *text =
	    mw_arena_printf(arena, "%s%s%s: %s", d->skipped, d->skipped[0] ? "; " : "", call->shown, why ? why : "not there");

	if (!text)
		return -ENOMEM;
	d->skipped = text;
	return 0;
}

/* Is it there for this recipient? An outcome always is. */
static int able(const struct mw_view *view, const struct mw_call *call, const struct mw_call *next, uint32_t rcpt,
		const char **why)
{
	if (call->effect != MW_ROUTE || !view->able)
		return 1;
	return view->able(view->ctx, call, next, rcpt, why);
}

static int decide(const struct mw_view *view, const struct mw_line *line, uint32_t rcpt, struct mw_arena *arena,
		  struct mw_decision *ret)
{
	struct mw_decision d = {.effect = MW_REFUSE, .line = line, .skipped = ""};

	for (size_t i = 0; i < line->means; i++) {
		const struct mw_call *call = &line->mean[i];
		const struct mw_call *next = i + 1 < line->means && call[1].effect == MW_ROUTE ? call + 1 : NULL;
		const char *why = NULL;
		int r = able(view, call, next, rcpt, &why);

		if (r > 0) {
			d.effect = call->effect;
			d.call = call;
			d.next = next;
			if (call->effect == MW_ROUTE && line->hold) {
				d.effect = MW_HOLD;
				d.hold = line->hold;
			}
			break;
		}
		if (r == 0)
			r = skip(arena, &d, call, why);
		if (r < 0)
			return r;
	}
	*ret = d;
	return 0;
}

static bool is_stricter(uint32_t a, uint32_t b)
{
	return a != b && mw_effect_stricter(a, b) == a;
}

int mw_eval_rcpt(const struct mw_plan *plan, const struct mw_view *view, const bool *classes, uint32_t rcpt,
		 struct mw_arena *arena, mw_eval_trace trace, void *trace_ctx, struct mw_decision *ret)
{
	const struct mw_consent_row *given;
	struct eval v = {.plan = plan, .view = view, .classes = classes, .rcpt = &view->envelope->rcpt[rcpt], .given = &given};
	struct mw_decision best = {.effect = 0}, one, none = {.effect = MW_REFUSE, .skipped = ""};
	bool unsure = false;
	int matched = NO;

	for (size_t i = 0; i < plan->lines && matched != YES; i++) {
		const struct mw_line *line = &plan->line[i];
		int r;

		given = NULL;
		matched = line->when ? eval(&v, line->when) : YES;
		if (matched < 0)
			return matched;
		if (trace)
			trace(trace_ctx, line, matched != NO, matched == NO ? first_failed(&v, line->when) : NULL);
		if (matched == NO)
			continue;
		unsure = unsure || (matched == UNSURE && !is_rewritten(v.rcpt->form) && !v.rcpt->alias.n);
		r = decide(view, line, rcpt, arena, &one);
		if (r < 0)
			return r;
		one.consent = given;
		if (!best.effect || is_stricter(one.effect, best.effect))
			best = one;
	}
	if (matched != YES && (!best.effect || is_stricter(none.effect, best.effect)))
		best = none; /* no line is sure to match */
	*ret = best;
	return unsure ? -EAGAIN : 0;
}

const struct mw_line *mw_eval_cause(const struct mw_plan *plan, uint32_t cause)
{
	if (cause < MW_CAUSES && plan->cause[cause].means)
		return &plan->cause[cause];
	if (cause >= MW_CAUSE_LIMIT_FIRST && cause < MW_CAUSES && plan->cause[MW_CAUSE_LIMIT].means)
		return &plan->cause[MW_CAUSE_LIMIT];
	return &plan->cause[MW_CAUSE_ERROR];
}

static uint32_t rank(uint32_t effect)
{
	return effect >= MW_PASS && effect <= MW_REFUSE ? effect
							: 0; /* enum mw_effect is in this order; the others decide nothing */
}

uint32_t mw_effect_stricter(uint32_t a, uint32_t b)
{
	return rank(b) > rank(a) ? b : a;
}

const char *mw_effect_name(uint32_t effect)
{
	static const char *const names[] = {
	    [MW_PASS] = "pass",	    [MW_ROUTE] = "route", [MW_TEMPFAIL] = "tempfail", [MW_HOLD] = "hold",
	    [MW_REFUSE] = "refuse", [MW_EDIT] = "edit",	  [MW_SIGN] = "sign",	      [MW_RECORD] = "record"};

	return effect >= MW_PASS && effect <= MW_RECORD ? names[effect] : "?";
}
