/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain: a whole message: the modules see it, the policy decides, the modules act.
 *
 * A failure is a cause, never an end: every message gets an outcome. The causes that a policy can judge (a limit, a module that
 * could not look) become the line of `on …`, for recipients outside, when it is stricter than their own. What the policy cannot
 * judge (something of the message was lost, an act failed half way) is a tempfail of the message.
 */
#include "engine/private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- verdicts ---------------------------------------------------------------------------------------------------- */
struct tracer {
	void (*fn)(void *ctx, uint32_t rcpt, const struct mw_line *, bool matched, const struct mw_expr *failed);
	void *ctx;
	uint32_t rcpt;
};

static void trace_line(void *ctx, const struct mw_line *line, bool matched, const struct mw_expr *failed)
{
	const struct tracer *t = ctx;

	t->fn(t->ctx, t->rcpt, line, matched, failed);
}

static void decide(struct decided *d, uint32_t effect, const struct mw_line *line, const struct mw_call *call)
{
	d->line = line;
	d->call = call;
	d->hold = NULL;
	d->verdict = (struct mw_verdict){
	    .effect = effect,
	    .action = call ? call->shown : mw_effect_name(effect),
	    .where = line && line->where ? line->where : "",
	    .reason = call && call->reason ? call->reason : "",
	    .skipped = "",
	    .attested = call && call->attested ? call->attested : "",
	};
}

/* Who recorded the consent, for the record. Without memory the message is not taken, as ever. */
static void decide_consent(struct mw_msg *m, struct decided *d, const struct mw_consent_row *row)
{
	struct mw_consent *c = mw_arena_alloc(m->arena, sizeof(*c));
	char *from = mw_arena_array(m->arena, 2, MW_DAY_TEXT);

	if (!c || !from) {
		(void)mw_msg_fail(m, -ENOMEM, NULL);
		return;
	}
	*c = (struct mw_consent){.name = row->name,
				 .by = row->by,
				 .from = mw_day_print(row->from, from),
				 .until = mw_day_print(row->until, from + MW_DAY_TEXT),
				 .where = row->where};
	d->verdict.consent = c;
}

/* Held, and it will go by the means that was decided. Both are shown; without memory the hold alone. */
static void decide_hold(struct mw_msg *m, struct decided *d, const struct mw_call *hold)
{
	const char *both = mw_arena_printf(m->arena, "%s, %s", hold->shown, d->call->shown);

	d->hold = hold;
	d->verdict.effect = MW_HOLD;
	d->verdict.action = both ? both : hold->shown;
	d->verdict.reason = hold->reason;
}

/* No means is there, and of one it could not be told whether it is. */
static void decide_later(struct decided *d)
{
	const char *skipped = d->verdict.skipped;

	decide(d, MW_TEMPFAIL, d->line, NULL);
	d->verdict.skipped = skipped;
	d->verdict.reason = "whether there is a key cannot be told now";
	d->cause = MW_CAUSE_ERROR;
}

/* What the policy's own lines say for recipient i. */
static void decide_by_policy(struct mw_msg *m, const struct mw_view *view, uint32_t i, struct tracer *t)
{
	struct decided *d = &m->decided[i];
	struct mw_decision found;
	int r;

	d->cause = MW_CAUSES;
	t->rcpt = i;
	r = mw_eval_rcpt(m->gen->plan, view, m->classes, i, m->arena, t->fn ? trace_line : NULL, t, &found);
	if (r < 0 && r != -EAGAIN) { /* unsure: found is the stricter reading */
		(void)mw_msg_fail(m, r, NULL);
		decide(d, MW_TEMPFAIL, NULL, NULL);
		d->verdict.reason = "could not be decided";
		d->cause = MW_CAUSE_ERROR;
		return;
	}
	decide(d, found.effect, found.line, found.call);
	if (found.hold)
		decide_hold(m, d, found.hold);
	d->verdict.skipped = found.skipped ? found.skipped : "";
	if (found.consent)
		decide_consent(m, d, found.consent);
	if (!found.line)
		d->verdict.reason = "no line of the policy matches";
	else if (!found.call && d->later)
		decide_later(d);
	else if (!found.call)
		d->verdict.reason = MW_NO_ROUTE;
	else if ((r == -EAGAIN || m->unsure) && !d->verdict.reason[0])
		d->verdict.reason = "a condition reached the limit of matching, and the stricter reading decides";
}

/* The means of a cause's line that is there; NULL when none is. skipped: why others were passed over. */
static const struct mw_call *choose_means(struct mw_msg *m, const struct mw_line *line, uint32_t rcpt, const char **skipped)
{
	*skipped = "";
	for (size_t i = 0; i < line->means; i++) {
		const char *why = "not there", *all;

		if (line->mean[i].effect != MW_ROUTE || mw_msg_able(m, &line->mean[i], rcpt, &why) == 1)
			return &line->mean[i];
		all = mw_arena_printf(m->arena, "%s%s%s: %s", *skipped, **skipped ? "; " : "", line->mean[i].shown, why);
		if (all)
			*skipped = all; /* without memory it is told by the outcome that it could not be decided */
	}
	return NULL;
}

static uint32_t effect_of(const struct mw_line *line)
{
	if (!line || !line->means)
		return MW_TEMPFAIL;
	return line->hold ? MW_HOLD : line->mean[0].effect;
}

/* A cause decides where it is stricter, for recipients outside. What it holds keeps the route that it has. */
static void decide_by_cause(struct mw_msg *m, uint32_t i, uint32_t cause)
{
	const struct mw_line *line = mw_eval_cause(m->gen->plan, cause);
	uint32_t effect = effect_of(line);
	struct decided *d = &m->decided[i];
	const struct mw_call *call, *route = d->call && d->call->effect == MW_ROUTE ? d->call : NULL, *hold;
	const char *skipped = "";

	if (effect == d->verdict.effect || mw_effect_stricter(effect, d->verdict.effect) != effect)
		return;
	call = line ? choose_means(m, line, i, &skipped) : NULL;
	hold = call && call->effect == MW_HOLD ? call : call && call->effect == MW_ROUTE ? line->hold : NULL;
	if (hold && route)
		call = route;
	decide(d, call ? call->effect : MW_TEMPFAIL, line, call); /* the last of `send by A or hold` is no means */
	if (hold && call->effect == MW_ROUTE)
		decide_hold(m, d, hold);
	d->cause = cause;
	d->verdict.skipped = skipped;
	if (!d->verdict.reason[0])
		d->verdict.reason = mw_cause_name(cause);
}

static void decide_all(struct mw_msg *m, struct tracer *t)
{
	struct mw_view view;
	int r;

	mw_msg_find_day(m);
	mw_msg_view(m, &view);
	r = mw_eval_classes(m->gen->plan, &view, m->classes);
	m->unsure = r == -EAGAIN;
	if (r < 0 && !m->unsure)
		(void)mw_msg_fail(m, r, NULL);
	m->decided = mw_arena_array(m->arena, m->env.rcpts, sizeof(*m->decided));
	if (!m->decided) {
		(void)mw_msg_fail(m, -ENOMEM, NULL);
		return;
	}
	for (uint32_t i = 0; i < m->env.rcpts; i++)
		decide_by_policy(m, &view, i, t);
	/* Only now are all causes known: a later recipient's line may have been the first to ask for the parts. */
	for (uint32_t i = 0; i < m->env.rcpts; i++)
		for (uint32_t cause = 0; cause < MW_CAUSES; cause++)
			if ((m->causes & (uint64_t)1 << cause) && !m->rcpt[i].internal)
				decide_by_cause(m, i, cause);
	m->decided_all = true;
}

/* Strictest of the recipients; what is broken is not delivered, and not held either: a person could release it unrouted. */
static void combine(struct mw_msg *m)
{
	struct mw_outcome o = {.effect = MW_PASS, .reason = "", .observe = m->gen->plan->observe};

	for (size_t i = 0; m->decided_all && i < m->env.rcpts; i++) {
		const struct decided *d = &m->decided[i];

		if (i && (d->verdict.effect == o.effect || mw_effect_stricter(d->verdict.effect, o.effect) == o.effect))
			continue;
		o.effect = d->verdict.effect;
		o.reason = d->verdict.reason;
		o.cause = d->cause < MW_CAUSES ? mw_cause_name(d->cause) : NULL;
	}
	if (m->settled.effect)
		o = m->settled;
	if (m->broken && o.effect != MW_REFUSE) {
		o.effect = MW_TEMPFAIL;
		o.cause = mw_cause_name(m->broken_by);
		o.reason = "";
	}
	m->outcome = o;
	m->has_outcome = true;
}

/* ---- act --------------------------------------------------------------------------------------------------------- */
/* An act that failed has staged half of what it should: all of it goes. */
static void act(struct mw_msg *m, const struct mw_call *call, uint32_t rcpt)
{
	const struct mw_self *s = call->module == MW_NO_MODULE ? NULL : &m->gen->self[call->module];
	const struct mw_order *order;
	struct mw_busy_mark mark;
	struct mw_err err = {0};
	int r = -EIO;

	if (!s || !s->opened || !s->plugin->hooks.act)
		return;
	order = mw_msg_order(m, call, rcpt);
	if (!order)
		(void)mw_msg_fail(m, -ENOMEM, NULL);
	else if (!m->tx[call->module].begun)
		(void)mw_msg_module_failed(m, s, r, &err);
	else {
		mark = mw_busy_enter(m->busy, s->plugin->name, "act");
		r = s->plugin->hooks.act(s->inst, m->tx[call->module].p, m, order, &err);
		mw_busy_leave(m->busy, mark);
	}
	if (r >= 0)
		return;
	(void)mw_msg_module_failed(m, s, r, &err);
	mw_msg_broken(m, MW_CAUSE_ERROR);
}

/* A means that staged no tag would let its recipient's copy go as if nothing had been decided. */
static void act_rcpt(struct mw_msg *m, uint32_t rcpt)
{
	const struct mw_call *call = m->decided[rcpt].call;
	const struct mw_err err = {.text = "a means did not route its recipient"};

	if (!call)
		return;
	act(m, call, rcpt);
	if (m->decided[rcpt].hold)
		act(m, m->decided[rcpt].hold, rcpt);
	if (call->effect != MW_ROUTE || !m->gen->self[call->module].opened || m->broken || mw_msg_has_tag(m, rcpt))
		return;
	(void)mw_msg_module_failed(m, &m->gen->self[call->module], -EIO, &err);
	mw_msg_broken(m, MW_CAUSE_ERROR);
}

/* Everything that is ordered beside delivery, each once: by the lines that decided, and by `always`. NULL = no memory. */
static const struct mw_call **collect_calls(struct mw_msg *m, size_t *n)
{
	const struct mw_plan *plan = m->gen->plan;
	const struct mw_call **v = NULL;
	size_t cap = 0;

	*n = 0;
	v = mw_arena_grow(m->arena, NULL, &cap, plan->always + 1, sizeof(*v));
	for (size_t i = 0; v && m->decided_all && i < m->env.rcpts; i++) {
		const struct mw_line *line = m->decided[i].line;

		for (size_t j = 0; v && line && j < line->extras; j++) {
			size_t k = 0;

			while (k < *n && v[k] != &line->extra[j])
				k++;
			if (k < *n)
				continue;
			v = mw_arena_grow(m->arena, v, &cap, *n + 1 + plan->always, sizeof(*v));
			if (v)
				v[(*n)++] = &line->extra[j];
		}
	}
	for (size_t i = 0; v && i < plan->always; i++)
		v[(*n)++] = &plan->always_call[i];
	return v;
}

static void act_calls(struct mw_msg *m, const struct mw_call **v, size_t n, uint32_t effect)
{
	for (size_t i = 0; i < n; i++)
		if (v[i]->effect == effect)
			act(m, v[i], MW_ALL);
}

/* Delivery, edits and signatures: as far as there is a delivery. A failure ends it. */
static void act_delivery(struct mw_msg *m, const struct mw_call **v, size_t n)
{
	if (m->outcome.effect == MW_REFUSE || m->outcome.effect == MW_TEMPFAIL)
		return;
	for (uint32_t i = 0; i < m->env.rcpts && !m->broken; i++)
		act_rcpt(m, i);
	if (!m->broken && mw_msg_tag_kin(m) == 0)
		act_calls(m, v, n, MW_EDIT);
	/* A signature over half of a message would be wrong. The policy has chosen to send what is over a limit: unsigned. */
	if (!m->broken && !m->truncated)
		act_calls(m, v, n, MW_SIGN);
}

static void act_all(struct mw_msg *m)
{
	const struct mw_call **v;
	size_t n;

	combine(m);
	v = collect_calls(m, &n);
	if (!v) {
		(void)mw_msg_fail(m, -ENOMEM, NULL);
		combine(m);
		return;
	}
	m->edits_open = true;
	act_delivery(m, v, n);
	m->edits_open = false; /* a record that changed the message would break its signature */
	combine(m);
	if (m->broken)
		mw_msg_drop_edits(m);
	for (size_t i = 0; i < n; i++)
		if (v[i]->effect == MW_RECORD) {
			act(m, v[i], MW_ALL);
			combine(m); /* so that the next record tells the truth about this one's failure */
		}
}

void mw_msg_run(struct mw_msg *m,
		void (*trace)(void *ctx, uint32_t rcpt, const struct mw_line *, bool matched, const struct mw_expr *failed),
		void *trace_ctx)
{
	struct mw_busy_mark mark = mw_busy_enter(m->busy, "milward", "run");
	struct tracer t = {.fn = trace, .ctx = trace_ctx};

	mw_msg_begin(m);
	mw_msg_complete(m);
	if (m->gen->offline)
		(void)mw_msg_scan_all(m);
	mw_msg_see(m, MW_SEE_MESSAGE, NULL, 0);
	(void)mw_msg_late(m); /* a module that took too long may have looked at half of it */
	decide_all(m, &t);
	act_all(m);
	if (mw_msg_list_edits(m) < 0)
		combine(m);
	if (m->outcome.observe || m->outcome.effect == MW_REFUSE || m->outcome.effect == MW_TEMPFAIL)
		mw_msg_drop_edits(m);
	mw_msg_scan_done(m);
	mw_busy_leave(m->busy, mark);
}

void mw_msg_settle(struct mw_msg *m, uint32_t effect, const char *cause, const char *reason)
{
	m->settled = (struct mw_outcome){.effect = effect, .cause = cause, .reason = reason};
	mw_msg_begin(m);
	act_all(m);
}
