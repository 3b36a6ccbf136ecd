/* SPDX-License-Identifier: Apache-2.0 */
#include "host/apply.h"

#include "base/buf.h"
#include "base/log.h"
#include "host/reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* libmilter's prototypes lack const; it copies or sends at once. */
static char *lose_const(const char *s)
{
	return (char *)(uintptr_t)s;
}

/* Was the recipient of the i-th tag, which may be one of many behind an alias, taken out with an earlier one? */
static bool is_deleted(const struct mw_envelope *env, const struct mw_edit_tag *tag, size_t i)
{
	const char *arg = env->rcpt[tag[i].rcpt].arg.p;

	for (size_t k = 0; k < i && env->rcpt[tag[i].rcpt].alias.n; k++)
		if (env->rcpt[tag[k].rcpt].arg.p == arg)
			return true;
	return false;
}

static int apply_tags(SMFICTX *ctx, const struct mw_msg *msg)
{
	const struct mw_envelope *env = mw_msg_envelope(msg);
	const struct mw_edit_tag *tag;
	size_t n = mw_msg_edit_tags(msg, &tag);

	for (size_t i = 0; i < n; i++)
		if (smfi_addrcpt_par(ctx, lose_const(tag[i].address),
				     tag[i].params && *tag[i].params ? lose_const(tag[i].params) : NULL) != MI_SUCCESS)
			return -EIO;
	for (size_t i = 0; i < n; i++) {
		/* Byte for byte as the client wrote it: both MTAs compare with case. */
		struct mw_str arg = env->rcpt[tag[i].rcpt].arg;
		char *verbatim;
		int r;

		if (is_deleted(env, tag, i))
			continue;
		verbatim = strndup(arg.p, arg.n);
		r = verbatim ? smfi_delrcpt(ctx, verbatim) : MI_FAILURE;
		free(verbatim);
		if (r != MI_SUCCESS)
			return -EIO;
	}
	return 0;
}

/*
 * RET is an argument of the sender, so the same sender is set again, with the ENVID that it had. Postfix knows no other arguments
 * here (it warns of SIZE, BODY and SMTPUTF8), and keeps what they said. Sendmail forgets them all: sender->again has what it needs.
 */
static int apply_return(SMFICTX *ctx, const struct mw_sender *sender)
{
	struct mw_buf params = MW_BUF_INIT;
	int r = MI_FAILURE;

	if (sender->headers_only)
		return 0;
	if (!sender->arg || !sender->envid || !sender->again)
		return -ENOMEM;
	mw_buf_puts(&params, "RET=HDRS");
	if (*sender->envid)
		mw_buf_printf(&params, " ENVID=%s", sender->envid);
	mw_buf_puts(&params, sender->again);
	if (mw_buf_ok(&params))
		r = smfi_chgfrom(ctx, lose_const(sender->arg), params.p);
	mw_buf_free(&params);
	return r == MI_SUCCESS ? 0 : -EIO;
}

/* Does the policy protect this message, or keep it for a person, who may let it go? */
static bool is_protected(const struct mw_msg *msg)
{
	const struct mw_edit_tag *tag;

	return mw_msg_edit_tags(msg, &tag) > 0 || mw_msg_outcome(msg)->effect == MW_HOLD;
}

/* In the order that the engine gives: removals with descending index (Postfix counts what is left), then additions. */
static int apply_fields(SMFICTX *ctx, const struct mw_msg *msg)
{
	const struct mw_edit_field *field;
	size_t n = mw_msg_edit_fields(msg, &field);

	for (size_t i = 0; i < n; i++) {
		char *name = lose_const(field[i].name), *value = lose_const(field[i].value);
		int r;

		if (!value || field[i].index)
			r = smfi_chgheader(ctx, name, (int)field[i].index, value);
		else if (field[i].first) /* 1: below the Received field that the MTA itself puts on top */
			r = smfi_insheader(ctx, 1, name, value);
		else
			r = smfi_addheader(ctx, name, value);
		if (r != MI_SUCCESS)
			return -EIO;
	}
	return 0;
}

/* Recipients for whom no means is there, where it is that which decides. NULL = there are none, or no memory. */
static struct mw_reply_rcpt *without_route(const struct mw_msg *msg, const struct mw_outcome *outcome, size_t *n)
{
	const struct mw_envelope *env = mw_msg_envelope(msg);
	struct mw_reply_rcpt *v = outcome->cause ? NULL : calloc(env->rcpts ? env->rcpts : 1, sizeof(*v));

	*n = 0;
	for (size_t i = 0; v && i < env->rcpts; i++) {
		const struct mw_verdict *verdict = mw_msg_verdict(msg, i);

		if (verdict && verdict->effect == outcome->effect && *verdict->skipped && env->rcpt[i].form == MW_ADDR_PLAIN)
			v[(*n)++] = (struct mw_reply_rcpt){.rcpt = &env->rcpt[i], .verdict = verdict};
	}
	return v;
}

/* The reply for the recipient that decided; NULL members when a cause did. */
static void make_reply(const struct mw_msg *msg, const struct mw_outcome *outcome, struct mw_reply *reply)
{
	const struct mw_envelope *env = mw_msg_envelope(msg);
	struct mw_reply_rcpt *route;
	size_t n;

	for (size_t i = 0; i < env->rcpts; i++) {
		const struct mw_verdict *v = mw_msg_verdict(msg, i);

		if (!v || v->effect != outcome->effect)
			continue;
		route = outcome->effect != MW_HOLD && *v->skipped ? without_route(msg, outcome, &n) : NULL;
		if (route && n)
			mw_reply_routes(outcome, route, n, reply);
		else
			mw_reply_make(outcome, v, &env->rcpt[i], reply);
		free(route);
		return;
	}
	mw_reply_make(outcome, NULL, NULL, reply);
}

/* When setreply fails the MTA says its own words; the decision stands. */
static sfsistat answer(SMFICTX *ctx, const struct mw_reply *reply)
{
	const char *line[MW_REPLY_MORE] = {NULL};

	_Static_assert(MW_REPLY_MORE == 5, "as many arguments as lines");
	for (size_t i = 0; i < reply->lines; i++)
		line[i] = reply->more[i];
	(void)smfi_setmlreply(ctx, reply->code, reply->status, reply->text, line[0], line[1], line[2], line[3], line[4], NULL);
	return *reply->code == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

sfsistat mw_apply(SMFICTX *ctx, const struct mw_msg *msg, const struct mw_sender *sender, struct mw_counts *counts)
{
	const struct mw_outcome *outcome = mw_msg_outcome(msg);
	struct mw_reply reply;
	int err;

	if (outcome->observe)
		return SMFIS_CONTINUE;
	if (outcome->effect == MW_REFUSE || outcome->effect == MW_TEMPFAIL) {
		make_reply(msg, outcome, &reply);
		return answer(ctx, &reply);
	}
	err = apply_tags(ctx, msg);
	if (!err && is_protected(msg))
		err = apply_return(ctx, sender);
	if (!err)
		err = apply_fields(ctx, msg);
	if (!err && outcome->effect == MW_HOLD) {
		make_reply(msg, outcome, &reply);
		err = smfi_quarantine(ctx, reply.text) == MI_SUCCESS ? 0 : -EIO;
	}
	if (err) {
		mw_count(&counts->edit_failed);
		mw_log(MW_ERROR, mw_msg_envelope(msg)->queue_id, "apply", "the MTA did not take the edits; message not taken");
		mw_reply_set(&reply, "451", "4.3.0", "message could not be handled, try again later");
		return answer(ctx, &reply);
	}
	return SMFIS_CONTINUE;
}
