/* SPDX-License-Identifier: Apache-2.0 */
#include "host/report.h"

#include "base/log.h"
#include "policy/eval.h"

#include <inttypes.h>

/* An address in a log line: outsiders choose its octets and its length. */
static int shown(struct mw_str s)
{
	return s.n > 320 ? 320 : (int)s.n;
}

static void report_rcpt(const struct mw_msg *msg, size_t i)
{
	const struct mw_envelope *env = mw_msg_envelope(msg);
	const struct mw_verdict *v = mw_msg_verdict(msg, i);
	struct mw_str to = env->rcpt[i].address, alias = env->rcpt[i].alias;

	if (v)
		mw_log(MW_INFO, env->queue_id, "verdict", "to=<%.*s>%s%.*s%s action=%s line=%s%s%s%s%s%s%s%s", shown(to), to.p,
		       alias.n ? " alias=<" : "", shown(alias), alias.n ? alias.p : "", alias.n ? ">" : "", v->action, v->where,
		       *v->reason ? " reason=" : "", v->reason, *v->skipped ? " skipped=" : "", v->skipped,
		       v->consent ? " consent=" : "", v->consent ? v->consent->where : "", *v->attested ? " attested=yes" : "");
}

static void list_classes(const struct mw_msg *msg, const struct mw_plan *plan, struct mw_buf *b)
{
	const bool *in = mw_msg_classes(msg);

	for (size_t i = 0; i < plan->classes; i++)
		if (in && in[i])
			mw_buf_printf(b, "%s%s", b->n ? "," : " classes=", plan->cls[i].name);
}

void mw_report(const struct mw_msg *msg, const struct mw_plan *plan, int64_t ms)
{
	const struct mw_envelope *env = mw_msg_envelope(msg);
	const struct mw_outcome *o = mw_msg_outcome(msg);
	uint64_t causes = mw_msg_causes(msg);
	struct mw_buf more = MW_BUF_INIT;

	for (size_t i = 0; i < env->rcpts; i++)
		report_rcpt(msg, i);
	list_classes(msg, plan, &more);
	for (uint32_t i = 0; i < MW_CAUSES; i++) {
		if (!(causes >> i & 1))
			continue;
		mw_buf_printf(&more, " cause=%s", mw_cause_name(i));
		mw_log(MW_WARNING, env->queue_id, "cause", "%s: %s", mw_cause_name(i), mw_msg_cause_why(msg, i));
	}
	if (o->observe)
		mw_buf_puts(&more, " observe=yes");
	mw_log(MW_INFO, env->queue_id, "message", "from=<%.*s> size=%" PRIu64 " rcpts=%zu outcome=%s%s ms=%" PRId64,
	       shown(env->sender), env->sender.p, env->size, env->rcpts, mw_effect_name(o->effect), mw_buf_text(&more), ms);
	mw_buf_free(&more);
}
