/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All callbacks before the end return SMFIS_NOREPLY, as negotiated: what goes wrong is remembered and decides at the end. A
 * callback without a session (a peer that never negotiated) answers tempfail.
 */
#include "host/session.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "host/apply.h"
#include "base/clock.h"
#include "host/negotiate.h"
#include "host/reply.h"
#include "host/report.h"
#include "mail/address.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One connection of the MTA. Small: hundreds of them idle. */
struct session {
	struct mw_watch_item watched;
	uint32_t stages; /* MW_SEE_… that this connection delivers */
	char *helo;
	bool in_message; /* the rest is about the message in work */
	struct mw_generation *generation;
	struct mw_msg *msg;
	struct mw_sender sender;
	const char *broken;   /* why it cannot be judged at all, NULL when it can */
	uint64_t share;	      /* of the memory */
	uint64_t more;	      /* that it took from the gate while it was judged */
	int64_t waited;	      /* nanoseconds, for its turn */
	bool failed;	      /* a piece of it is lost */
	bool headers_seen;    /* see(HEADERS) was done */
	bool reserved_domain; /* a recipient in a tag domain, named by the client */
};

/* Set once before smfi_main(); see session.h. */
static struct mw_daemon *session_daemon;

void mw_session_progress(void *ctx)
{
	(void)smfi_progress(ctx);
}

static struct mw_str macro(SMFICTX *ctx, const char *name)
{
	return mw_str(smfi_getsymval(ctx, (char *)(uintptr_t)name));
}

/* ---- the life of a message ---------------------------------------------------------------------------------------------------- */

static void message_end(struct session *s)
{
	if (!s->in_message)
		return;
	mw_msg_free(&s->msg);
	mw_generation_unref(&s->generation);
	mw_flow_end(session_daemon->flow, s->share);
	mw_gauge_add(&session_daemon->counts->messages_open, -1);
	s->in_message = false;
}

/* A failure while filling has made the outcome a tempfail already: the rest need not be kept. A limit (-EFBIG) is no failure; the
 * engine drops the rest by itself. */
static void message_check(struct session *s, int err)
{
	if (err < 0 && err != -EFBIG)
		s->failed = true;
}

static void see(struct session *s, uint32_t stage, struct mw_str p)
{
	if (mw_generation_stages(s->generation) & stage)
		mw_msg_see(s->msg, stage, p.p, p.n);
}

/* Files inside of a message take memory that nobody knew of. */
static int more_memory(void *ctx, uint64_t octets, int64_t patience)
{
	struct session *s = ctx;
	int r = mw_gate_more(session_daemon->gate, octets, patience);

	if (r == 0)
		s->more += octets;
	return r;
}

static void message_begin(struct session *s)
{
	struct mw_msg_options options = {
	    .spool = session_daemon->options->spool, .busy = &s->watched.busy, .more = more_memory, .more_ctx = s};

	options.memory = s->share = mw_flow_begin(session_daemon->flow);
	mw_gauge_add(&session_daemon->counts->messages_open, 1);
	s->in_message = true;
	mw_watch_name(session_daemon->watch, &s->watched, "");
	s->broken = NULL;
	s->failed = s->headers_seen = s->reserved_domain = false;
	s->generation = mw_current_get(session_daemon->current);
	s->msg = s->generation ? mw_msg_new(s->generation, &options) : NULL;
	s->sender = (struct mw_sender){.arg = NULL};
	if (!s->generation)
		s->broken = "the service stops";
	else if (!s->msg)
		s->broken = "out of memory";
	else if (mw_generation_stages(s->generation) & MW_NEGOTIATED_STAGES & ~s->stages)
		s->broken = "the connection is older than a reload that needs more of it";
}

/* sendmail(1) and what else enters by Postfix's pickup: a simulated session of localhost that knows its queue id at MAIL, which
 * Postfix's smtpd does not, and that has resolved no sender, which every SMTP server has. */
static bool is_local(struct mw_str client, struct mw_str queue_id, struct mw_str mailer)
{
	return queue_id.n > 0 && mailer.n == 0 && (mw_str_eq(client, "127.0.0.1") || mw_str_eq(client, "::1"));
}

static void set_texts(SMFICTX *ctx, struct session *s)
{
	static const struct {
		enum mw_msg_text text;
		const char *macro;
	} rows[] = {
	    {MW_MSG_QUEUE_ID, "i"},
	    {MW_MSG_CLIENT_ADDR, "{client_addr}"},
	    {MW_MSG_CLIENT_NAME, "{client_name}"},
	    {MW_MSG_AUTH_TYPE, "{auth_type}"},
	    {MW_MSG_AUTH_USER, "{auth_authen}"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_str value = macro(ctx, rows[i].macro);

		if (value.n)
			message_check(s, mw_msg_set(s->msg, rows[i].text, value));
	}
	mw_msg_set_local(s->msg, is_local(macro(ctx, "{client_addr}"), macro(ctx, "i"), macro(ctx, "{mail_mailer}")));
}

/* Value of an ESMTP parameter such as "NOTIFY=". */
static struct mw_str parameter(char **argv, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 1; argv[0] && argv[i]; i++)
		if (strncasecmp(argv[i], name, n) == 0)
			return mw_str(argv[i] + n);
	return mw_str("");
}

/* $v of Sendmail is its version ("8.17.1"); that of Postfix starts with a name. */
static bool is_sendmail(SMFICTX *ctx)
{
	struct mw_str v = macro(ctx, "v");

	return v.n > 0 && *v.p >= '0' && *v.p <= '9';
}

/* Parameters of MAIL that Sendmail forgets when the sender is set again: " NAME=VALUE" each. (SIZE is what came by now.) */
static const char *parameters_again(struct mw_arena *a, char **argv)
{
	static const char *const names[] = {"BODY=", "AUTH=", "SMTPUTF8"};
	struct mw_buf text = MW_BUF_INIT;
	const char *kept;

	for (size_t i = 1; argv[0] && argv[i]; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (strncasecmp(argv[i], names[k], strlen(names[k])) == 0)
				mw_buf_printf(&text, " %s", argv[i]);
	kept = mw_buf_ok(&text) ? mw_arena_str(a, mw_buf_text(&text)) : NULL;
	mw_buf_free(&text);
	return kept;
}

/* Without memory the message goes on; mw_apply() takes it only when none of this is needed. */
static void keep_sender(SMFICTX *ctx, struct session *s, char **argv)
{
	struct mw_arena *a = mw_msg_arena(s->msg);

	s->sender.arg = mw_arena_str(a, argv[0]);
	s->sender.envid = mw_arena_str(a, parameter(argv, "ENVID=").p);
	s->sender.again = is_sendmail(ctx) ? parameters_again(a, argv) : "";
	s->sender.headers_only = mw_str_casesame(parameter(argv, "RET="), mw_str("HDRS"));
}

/* ---- callbacks ---------------------------------------------------------------------------------------------------------------- */

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2, unsigned long f3,
			     unsigned long *pf0, unsigned long *pf1, unsigned long *pf2, unsigned long *pf3)
{
	struct mw_daemon *d = session_daemon;
	struct mw_generation *generation = mw_current_get(d->current);
	uint32_t stages = generation ? mw_generation_stages(generation) : 0;
	struct mw_negotiation n;
	struct session *s;
	const char *missing;

	(void)f2, (void)f3;
	mw_generation_unref(&generation);
	if (mw_negotiate(stages, f0, f1, &n, &missing)) {
		mw_count(&d->counts->sessions_refused);
		mw_log(MW_ERROR, NULL, "session", "the MTA does not offer: %s (Postfix 2.6 or Sendmail 8.14 is the oldest)",
		       missing);
		return SMFIS_REJECT; /* libmilter closes the connection, and the MTA does its default action */
	}
	/* The lists go out with the answer to the negotiation, so this is the only place to give them. */
	for (const struct mw_macros *m = mw_negotiate_macros; m->stage >= 0; m++)
		if (smfi_setsymlist(ctx, m->stage, (char *)(uintptr_t)m->names) != MI_SUCCESS)
			return SMFIS_REJECT;
	s = calloc(1, sizeof(*s));
	if (!s)
		return SMFIS_REJECT;
	s->stages = stages;
	if (smfi_setpriv(ctx, s) != MI_SUCCESS) {
		free(s);
		return SMFIS_REJECT;
	}
	mw_watch_begin(d->watch, &s->watched);
	mw_count(&d->counts->sessions);
	mw_gauge_add(&d->counts->sessions_open, 1);
	*pf0 = n.actions;
	*pf1 = n.protocol;
	*pf2 = *pf3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat on_helo(SMFICTX *ctx, char *name)
{
	struct session *s = smfi_getpriv(ctx);

	if (!s)
		return SMFIS_TEMPFAIL;
	free(s->helo);
	s->helo = strdup(name); /* without memory the modules see none, as with a client that said none */
	return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *ctx, char **argv)
{
	struct session *s = smfi_getpriv(ctx);
	struct mw_str sender = mw_str(argv[0]);

	if (!s)
		return SMFIS_TEMPFAIL;
	message_end(s); /* an MTA that forgot to say that the last one ended */
	message_begin(s);
	if (s->broken)
		return SMFIS_NOREPLY;
	set_texts(ctx, s);
	keep_sender(ctx, s, argv);
	message_check(s, mw_msg_sender(s->msg, sender));
	see(s, MW_SEE_CONNECT, macro(ctx, "{client_name}"));
	if (s->helo)
		see(s, MW_SEE_HELO, mw_str(s->helo));
	see(s, MW_SEE_MAIL, sender);
	return SMFIS_NOREPLY;
}

/* Sendmail says "bob" of a user of its own machine, whom the mailer "local" gets; all other addresses have a domain. */
static bool is_user(SMFICTX *ctx, struct mw_str mta)
{
	return mta.n && !memchr(mta.p, '@', mta.n) && mw_str_same(macro(ctx, "{rcpt_mailer}"), mw_str("local")) &&
	       is_sendmail(ctx);
}

static sfsistat on_rcpt(SMFICTX *ctx, char **argv)
{
	struct session *s = smfi_getpriv(ctx);
	struct mw_str arg = mw_str(argv[0]), mta = macro(ctx, "{rcpt_addr}");
	struct mw_str notify = parameter(argv, "NOTIFY="), orcpt = parameter(argv, "ORCPT=");

	if (!s)
		return SMFIS_TEMPFAIL;
	if (!s->in_message || s->broken)
		return SMFIS_NOREPLY;
	if (!session_daemon->options->reentry && (mw_address_is_tag(arg) || mw_address_is_tag(mta)))
		s->reserved_domain = true;
	message_check(s, is_user(ctx, mta) ? mw_msg_rcpt_user(s->msg, arg, mta, notify, orcpt)
					   : mw_msg_rcpt(s->msg, arg, mta, notify, orcpt));
	see(s, MW_SEE_RCPT, arg);
	return SMFIS_NOREPLY;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *s = smfi_getpriv(ctx);

	if (!s)
		return SMFIS_TEMPFAIL;
	if (s->in_message && !s->broken && !s->failed)
		message_check(s, mw_msg_field(s->msg, mw_str(name), mw_str(value)));
	return SMFIS_NOREPLY;
}

static void headers_end(struct session *s)
{
	if (s->headers_seen)
		return;
	s->headers_seen = true;
	see(s, MW_SEE_HEADERS, mw_str(""));
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *p, size_t n)
{
	struct session *s = smfi_getpriv(ctx);

	if (!s)
		return SMFIS_TEMPFAIL;
	if (!s->in_message || s->broken || s->failed)
		return SMFIS_NOREPLY;
	headers_end(s);
	message_check(s, mw_msg_body(s->msg, (const char *)p, n));
	see(s, MW_SEE_BODY, (struct mw_str){(const char *)p, n});
	return SMFIS_NOREPLY;
}

/* ---- the end of a message ------------------------------------------------------------------------------------------------------ */

/* Code and status of a reply of our own. */
static sfsistat not_judged(SMFICTX *ctx, struct mw_str queue_id, const char *why, const char *code, const char *status)
{
	struct mw_reply reply;

	mw_reply_set(&reply, code, status, why);
	mw_log(MW_WARNING, queue_id.n ? queue_id.p : NULL, "message", "not judged: %s %s %s", code, status, why);
	(void)smfi_setreply(ctx, (char *)(uintptr_t)code, (char *)(uintptr_t)status, reply.text);
	return *code == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

/* What judging takes beside what the message holds already: its octets while they are taken apart, and its text. What is packed in it
 * is not known yet: see more_memory(). */
static uint64_t memory_to_judge(const struct mw_msg *msg)
{
	return 2 * mw_msg_envelope(msg)->size;
}

static int judge(SMFICTX *ctx, struct session *s)
{
	struct mw_daemon *d = session_daemon;
	uint64_t need = memory_to_judge(s->msg);
	struct mw_progress_item item;
	int64_t came = mw_clock_ns();
	struct mw_in_work *mark;
	int err;

	mw_progress_begin(d->progress, &item, ctx);
	s->more = 0;
	mw_gauge_add(&d->counts->waiting, 1);
	err = mw_gate_enter(d->gate, need, (int64_t)d->options->wait * 1000);
	mw_gauge_add(&d->counts->waiting, -1);
	s->waited = mw_clock_ns() - came;
	if (!err) {
		mw_gauge_add(&d->counts->judging, 1);
		mark = mw_count_judge(d->counts, mw_msg_envelope(s->msg)->queue_id);
		mw_msg_run(s->msg, NULL, NULL);
		mw_msg_forget_text(s->msg);
		mw_gate_leave(d->gate, need + s->more);
		mw_gauge_add(&d->counts->judging, -1);
		mw_count_judged(mark);
	}
	mw_progress_end(d->progress, &item);
	return err;
}

static sfsistat message_finish(SMFICTX *ctx, struct session *s)
{
	struct mw_daemon *d = session_daemon;
	struct mw_str queue_id = macro(ctx, "i");
	int64_t begun = mw_clock_ns();
	sfsistat r;

	if (!s->in_message || s->broken) {
		mw_count(&d->counts->unjudged[MW_UNJUDGED_BROKEN]);
		return not_judged(ctx, queue_id, s->broken ? s->broken : "no envelope", "451", "4.3.0");
	}
	if (queue_id.n) {
		message_check(s, mw_msg_set(s->msg, MW_MSG_QUEUE_ID, queue_id));
		mw_watch_name(d->watch, &s->watched, queue_id.p);
	}
	if (s->reserved_domain) {
		mw_count(&d->counts->unjudged[MW_UNJUDGED_RESERVED]);
		mw_msg_settle(s->msg, MW_REFUSE, "reserved-domain", "a recipient is in a reserved domain");
		return not_judged(ctx, queue_id, "a recipient is in a reserved domain", "550", "5.7.1");
	}
	headers_end(s);
	if (judge(ctx, s)) {
		mw_count(&d->counts->unjudged[MW_UNJUDGED_BUSY]);
		mw_msg_settle(s->msg, MW_TEMPFAIL, "busy", "too busy, try again later");
		return not_judged(ctx, queue_id, "too busy, try again later", "451", "4.3.2");
	}
	mw_report(s->msg, mw_generation_plan(s->generation), (mw_clock_ns() - begun) / 1000000);
	r = mw_apply(ctx, s->msg, &s->sender, d->counts);
	mw_count_message(d->counts, mw_generation_plan(s->generation), s->msg, mw_clock_ns() - begun, s->waited);
	return r;
}

static sfsistat on_eom(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);
	sfsistat r;

	if (!s)
		return SMFIS_TEMPFAIL;
	r = message_finish(ctx, s);
	message_end(s);
	return r;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (!s || !s->in_message)
		return SMFIS_CONTINUE;
	mw_count(&session_daemon->counts->aborted);
	if (!s->broken)
		see(s, MW_SEE_ABORT, mw_str(""));
	message_end(s);
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);
	struct mw_generation *generation;

	if (!s)
		return SMFIS_CONTINUE;
	(void)on_abort(ctx); /* a connection that timed out is closed without an abort */
	generation = mw_current_get(session_daemon->current);
	if (generation && mw_generation_stages(generation) & MW_SEE_CLOSE)
		mw_generation_closed(generation, &s->watched.busy);
	mw_generation_unref(&generation);
	mw_watch_end(session_daemon->watch, &s->watched);
	mw_gauge_add(&session_daemon->counts->sessions_open, -1);
	(void)smfi_setpriv(ctx, NULL);
	free(s->helo);
	free(s);
	return SMFIS_CONTINUE;
}

int mw_session_register(struct mw_daemon *d)
{
	struct smfiDesc desc = {.xxfi_name = (char *)(uintptr_t) "milward",
				.xxfi_version = SMFI_VERSION,
				.xxfi_helo = on_helo,
				.xxfi_envfrom = on_mail,
				.xxfi_envrcpt = on_rcpt,
				.xxfi_header = on_header,
				.xxfi_body = on_body,
				.xxfi_eom = on_eom,
				.xxfi_abort = on_abort,
				.xxfi_close = on_close,
				.xxfi_negotiate = on_negotiate};

	session_daemon = d;
	/* The default of 64 KB would end the session at a header field that Postfix takes (header_size_limit, 100 KB). */
	(void)smfi_setmaxdatasize(1u << 20);
	return smfi_register(desc) == MI_SUCCESS ? 0 : -ENOMEM;
}
