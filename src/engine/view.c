/* SPDX-License-Identifier: Apache-2.0 */
/* view: what the policy asks about a message, and whether a means is there. */
#include "engine/private.h"

#include "mail/address.h"

#include <errno.h>
#include <string.h>

#define WHY_MAX 240u /* octets of why a means is not there */

static int64_t view_fact_int(void *ctx, uint32_t module, uint32_t fact)
{
	return mw_msg_fact(ctx, module, fact);
}

static const char *view_fact_str(void *ctx, uint32_t module, uint32_t fact)
{
	return mw_msg_fact_text(ctx, module, fact);
}

static uint64_t view_rule_count(void *ctx, uint32_t rule, uint32_t zones)
{
	return mw_msg_rule_count(ctx, rule, zones);
}

/* Decoded once: the same line may be tried for each of many recipients. */
static const char *decoded(struct mw_msg *m, size_t i)
{
	if (!m->decoded_value)
		m->decoded_value = mw_arena_array(m->arena, m->header.n, sizeof(*m->decoded_value));
	if (m->decoded_value && !m->decoded_value[i])
		m->decoded_value[i] = mw_header_decode(m->arena, m->header.v[i].value);
	return m->decoded_value ? m->decoded_value[i] : NULL;
}

static const char *view_header(void *ctx, const char *name, size_t i)
{
	struct mw_msg *m = ctx;
	const struct mw_field *f = NULL;
	const char *value;
	size_t from = 0;

	do {
		f = mw_header_find(&m->header, name, &from);
	} while (f && i-- > 0);
	if (!f)
		return NULL;
	value = decoded(m, (size_t)(f - m->header.v));
	if (!value)
		(void)mw_msg_fail(m, -ENOMEM, NULL);
	return value;
}

/* For whatever reason, unless one is asked for: what its sender has sealed is not unreadable, but meant for other eyes. */
static bool is_unread(const char *unread, const char *reason)
{
	return unread && (reason ? strcmp(unread, reason) == 0 : strcmp(unread, "sealed") != 0);
}

static bool view_unreadable(void *ctx, const char *reason)
{
	struct mw_msg *m = ctx;

	(void)mw_msg_scan_all(m); /* scanning may find a part indeterminate; a failure is a cause */
	for (size_t i = 0; i < m->parts; i++)
		if (is_unread(m->part[i]->pub.unread, reason))
			return true;
	return false;
}

static int view_able(void *ctx, const struct mw_call *call, const struct mw_call *next, uint32_t rcpt, const char **why)
{
	(void)next; /* mw_msg_order finds all that follow */
	return mw_msg_able(ctx, call, rcpt, why);
}

void mw_msg_find_day(struct mw_msg *m)
{
	int32_t latest = atomic_load(m->gen->latest_day);

	if (m->days.today != MW_DAY_NONE)
		return;
	m->days.today = mw_day_today();
	while (m->days.today > latest && !atomic_compare_exchange_weak(m->gen->latest_day, &latest, m->days.today))
		;
	m->days.latest = m->days.today > latest ? m->days.today : latest;
}

void mw_msg_set_day(struct mw_msg *m, int32_t day)
{
	m->days = (struct mw_days){.today = day, .latest = day};
}

void mw_msg_why(struct mw_msg *m, uint32_t rcpt, const struct mw_expr *failed, struct mw_buf *out)
{
	struct mw_view view;

	mw_msg_view(m, &view);
	mw_eval_why(&view, rcpt, failed, out);
}

void mw_msg_view(struct mw_msg *m, struct mw_view *ret)
{
	*ret = (struct mw_view){
	    .ctx = m,
	    .envelope = &m->env,
	    .days = m->days,
	    .fact_int = view_fact_int,
	    .fact_str = view_fact_str,
	    .rule_count = view_rule_count,
	    .header = view_header,
	    .unreadable = view_unreadable,
	    .able = view_able,
	};
}

/* ---- means ------------------------------------------------------------------------------------------------------- */
static size_t calls_after(const struct mw_line *line, const struct mw_call *call)
{
	for (size_t i = 0; i < line->means; i++)
		if (&line->mean[i] == call)
			return line->means - 1 - i;
	return 0;
}

/* How many means stand behind this one in its line; 0 for a call that is no means. */
static size_t means_behind(const struct mw_plan *plan, const struct mw_call *call)
{
	size_t n = 0;

	for (size_t i = 0; n == 0 && i < plan->lines; i++)
		n = calls_after(&plan->line[i], call);
	for (size_t i = 0; n == 0 && i < MW_CAUSES; i++)
		n = calls_after(&plan->cause[i], call);
	return n;
}

struct mw_order *mw_msg_order(struct mw_msg *m, const struct mw_call *call, uint32_t rcpt)
{
	size_t n = means_behind(m->gen->plan, call), same = 0;
	struct mw_order *v;

	while (same < n && call[same + 1].module == call->module && call[same + 1].effect == MW_ROUTE)
		same++;
	v = mw_arena_array(m->arena, same + 1, sizeof(*v));
	for (size_t i = 0; v && i <= same; i++)
		v[i] = (struct mw_order){
		    .action = call[i].action,
		    .rcpt = rcpt,
		    .args = call[i].args,
		    .next = i < same ? &v[i + 1] : NULL,
		};
	return v;
}

/* It goes to logs, records and replies: it may tell what a name server or a certificate said. NULL = no memory. */
static const char *shown_reason(struct mw_msg *m, const char *text)
{
	size_t n = strnlen(text, WHY_MAX + 1);
	char *copy;

	if (n > WHY_MAX)
		for (n = WHY_MAX - 3; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--; /* not inside of a character */
	copy = mw_arena_printf(m->arena, "%.*s%s", (int)n, text, text[n] ? "..." : "");
	return copy ? mw_diag_printable(copy) : NULL;
}

int mw_msg_able(struct mw_msg *m, const struct mw_call *call, uint32_t rcpt, const char **why)
{
	const struct mw_self *s = &m->gen->self[call->module];
	const struct mw_rcpt *r = &m->rcpt[rcpt];
	struct mw_err err = {0};
	const struct mw_order *order;
	struct mw_busy_mark mark;
	int able;

	if (call->effect == MW_ROUTE && r->unsplit) {
		*why = mw_arena_printf(m->arena, "an alias that leads outside cannot be sent to as one: %s", r->unsplit);
		return *why ? 0 : mw_msg_fail(m, -ENOMEM, NULL);
	}
	if (call->effect == MW_ROUTE && r->form != MW_ADDR_PLAIN) {
		/* An MTA would rewrite such an address behind the tag, and the tag with it. */
		*why = mw_arena_printf(m->arena, "cannot be done for an address of the form %s", mw_address_form_name(r->form));
		return *why ? 0 : mw_msg_fail(m, -ENOMEM, NULL);
	}
	if (s->plugin->actions[call->action].sealer) {
		able = mw_msg_able_to_seal(m, s, s->plugin->actions[call->action].sealer, rcpt, why);
		if (able <= 0)
			return able;
	}
	if (!s->opened || !s->plugin->hooks.able)
		return 1;
	order = m->tx[call->module].begun ? mw_msg_order(m, call, rcpt) : NULL;
	if (!order)
		return mw_msg_fail(m, -EIO, NULL);
	mark = mw_busy_enter(m->busy, s->plugin->name, "able");
	able = s->plugin->hooks.able(s->inst, m->tx[call->module].p, m, order, &err);
	mw_busy_leave(m->busy, mark);
	if (able < 0) {
		mw_msg_broken(m, MW_CAUSE_ERROR);
		return mw_msg_module_failed(m, s, able, &err);
	}
	if (able > 0)
		return 1;
	*why = shown_reason(m, err.text[0] ? err.text : "not there");
	return *why ? 0 : mw_msg_fail(m, -ENOMEM, NULL);
}
