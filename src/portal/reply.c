/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/reply.h"

#include "base/log.h"
#include "portal/content.h"
#include "portal/draft.h"
#include "portal/pages.h"
#include "portal/portal.h"
#include "portal/reply_mail.h"
#include "portal/work.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HOUR_MOST 10u	 /* replies to a message in an hour */
#define SUBJECT_MAX 300u /* octets of a Subject that is answered */

bool mw_reply_address(const struct mw_request *r, const struct mw_manifest *m, char to[MW_PICKUP_ADDRESS])
{
	return r->site->conf->submit && mw_reply_mail_to(m->reply_to, m->from, r->row.sender, to);
}

/* ---- pages ---------------------------------------------------------------------------------------------------------------------------- */

enum said { NOTHING, EMPTY, LARGE, FAILED, MANY, REFUSED, UNSURE };

/* "Re: " before the Subject, once. NULL: no memory. */
static const char *subject_of(struct mw_arena *arena, const struct mw_manifest *m)
{
	struct mw_str s = mw_str_trim(mw_str(m->subject));
	bool answered = s.n >= 3 && mw_str_caseeq((struct mw_str){.p = s.p, .n = 3}, "re:");

	if (s.n > SUBJECT_MAX)
		for (s.n = SUBJECT_MAX; s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80; s.n--)
			;
	return s.n == 0 ? "" : mw_arena_printf(arena, "%s%.*s", answered ? "" : "Re: ", (int)s.n, s.p);
}

static struct mw_values *values_of(struct mw_request *r, const char *to)
{
	struct mw_values *v = mw_page_values(r);

	if (!v)
		return NULL;
	mw_values_set(v, "id", r->arg[0]);
	mw_values_puts(v, "csrf", r->session.csrf);
	mw_values_puts(v, "to", to);
	return v;
}

static void show_form(struct mw_request *r, const struct mw_manifest *m, const char *to, enum said said, struct mw_str text)
{
	static const unsigned status[] = {
	    [NOTHING] = 200, [EMPTY] = 422, [LARGE] = 413, [FAILED] = 503, [MANY] = 429, [REFUSED] = 422, [UNSURE] = 504};
	struct mw_values *v = values_of(r, to);
	char limit[MW_CONTENT_SIZE], once[MW_SESSION_ONCE];

	if (v && !mw_secret_text(once, sizeof(once)))
		v = NULL;
	if (v) {
		mw_values_puts(v, "once", once);
		mw_content_size(r->site->conf->reply_size, limit);
		mw_values_puts(v, "subject", subject_of(r->arena, m));
		mw_values_puts(v, "limit", limit);
		mw_values_number(v, "idle", (r->site->conf->idle + 59) / 60);
		mw_values_set(v, "text", text);
		mw_values_flag(v, "empty", said == EMPTY);
		mw_values_flag(v, "large", said == LARGE);
		mw_values_flag(v, "failed", said == FAILED || said == MANY);
		mw_values_flag(v, "refused", said == REFUSED);
		mw_values_flag(v, "unsure", said == UNSURE);
	}
	mw_page(r, status[said], "reply.html", v && mw_values_ok(v) ? v : NULL);
}

/* False: an answer was made. The crate is not needed any more. */
static bool open_message(struct mw_request *r, struct mw_manifest *m, char to[MW_PICKUP_ADDRESS])
{
	struct mw_content content;

	if (!mw_content_open(r, &content))
		return false;
	*m = content.manifest;
	mw_content_close(&content);
	if (mw_reply_address(r, m, to))
		return true;
	mw_page_not_found(r);
	return false;
}

void mw_reply_show(struct mw_request *r)
{
	struct mw_manifest m;
	char to[MW_PICKUP_ADDRESS];

	if (open_message(r, &m, to))
		show_form(r, &m, to, NOTHING, mw_str(""));
}

/* ---- sending -------------------------------------------------------------------------------------------------------------------------- */

static bool is_blank(struct mw_str text)
{
	return mw_str_trim(text).n == 0;
}

/* False: there is an answer. */
static bool few(struct mw_request *r, const struct mw_manifest *m, const char *to, struct mw_draft *d)
{
	char id[MW_PICKUP_ID_TEXT];
	struct mw_err err = {0};
	uint64_t n = 0;
	int e = mw_pickup_events(r->store, r->session.id, MW_EVENT_REPLIED, r->now - 3600, &n, &err);

	mw_pickup_id_text(r->session.id, id);
	if (e < 0)
		mw_log(MW_ERROR, id, "store", "%s", err.text);
	else if (n >= HOUR_MOST)
		mw_log(MW_NOTICE, id, "reply", "not sent: %u were in this hour", HOUR_MOST);
	if (e == 0 && n < HOUR_MOST)
		return true;
	show_form(r, m, to, e < 0 ? FAILED : MANY, mw_draft_text(d));
	return false;
}

/* True: it is the MTA's now. */
static bool send(struct mw_request *r, const struct mw_manifest *m, const char *to, struct mw_draft *d)
{
	const struct mw_reply_mail written = {.conf = r->site->conf,
					      .host = r->portal->host,
					      .to = to,
					      .by = r->row.recipient,
					      .subject = subject_of(r->arena, m),
					      .message_id = m->message_id};
	char queue_id[MW_QUEUE_ID], id[MW_PICKUP_ID_TEXT];
	struct mw_err err = {0};
	int e = written.subject ? mw_reply_mail_send(&written, d, queue_id, &err) : mw_fail_memory(&err);

	mw_pickup_id_text(r->session.id, id);
	mw_log(e < 0 ? MW_ERROR : MW_INFO, id, "reply", "%s%s", e < 0 ? err.text : "sent, queue id ", e < 0 ? "" : queue_id);
	if (e < 0) {
		/* What the MTA said against it is for the log: it may tell of the site's rules, or of what they found. */
		show_form(r, m, to, e == -EPERM ? REFUSED : e == -EINPROGRESS ? UNSURE : FAILED, mw_draft_text(d));
		return false;
	}
	/* It is sent, whatever becomes of the record. */
	if (mw_pickup_note(r->store, r->session.id, MW_EVENT_REPLIED, queue_id, MW_MAIL_NONE, r->now, &err) < 0)
		mw_log(MW_ERROR, id, "store", "%s", err.text);
	mw_page(r, 200, "sent.html", values_of(r, to));
	return true;
}

/* One reply of a message at a time, and that of a form once: who presses the button twice, or loads the answer again, has sent it. */
static void send_in_turn(struct mw_request *r, const struct mw_manifest *m, const char *to, struct mw_draft *d)
{
	struct mw_str token = mw_request_token(r), once = mw_draft_once(d);
	int turn;

	if (!mw_work_may_post(r->portal)) {
		mw_log(MW_WARNING, NULL, "reply", "not sent: too many wait for the MTA");
		show_form(r, m, to, FAILED, mw_draft_text(d));
		return;
	}
	turn = mw_sessions_reply(r->portal->sessions, r->session.id, token, once);
	if (turn == 1)
		mw_sessions_replied(r->portal->sessions, r->session.id, token, once, few(r, m, to, d) && send(r, m, to, d));
	else if (turn == 0)
		mw_page(r, 200, "sent.html", values_of(r, to));
	else
		mw_page_left(r);
	mw_work_posted(r->portal);
}

void mw_reply_send(struct mw_request *r)
{
	struct mw_draft *d = r->upload;
	struct mw_manifest m;
	char to[MW_PICKUP_ADDRESS];

	if (!mw_request_from_us(r) || !mw_request_csrf_good(r, mw_draft_csrf(d))) {
		mw_page_stale(r);
		return;
	}
	if (!mw_draft_complete(d)) {
		mw_page(r, 400, "method.html", mw_page_values(r));
		return;
	}
	if (!open_message(r, &m, to))
		return;
	if (mw_draft_large(d))
		show_form(r, &m, to, LARGE, mw_draft_text(d));
	else if (mw_draft_failed(d))
		show_form(r, &m, to, FAILED, mw_draft_text(d));
	else if (is_blank(mw_draft_text(d)) && !mw_draft_files(d))
		show_form(r, &m, to, EMPTY, mw_draft_text(d));
	else
		send_in_turn(r, &m, to, d);
}
