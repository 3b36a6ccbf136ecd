/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/chores.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BATCH 200u  /* messages of a chore in one round */
#define LETTERS 50u /* mails of one round */
#define BACK_OFF 60 /* seconds until a mail is tried again; doubled each time */
#define BACK_OFF_MOST 3600
#define GIVE_UP (5 * 86400) /* the MTA's own limit, for what it did not even take */
#define SWEEP_EVERY 300	    /* seconds; all 256 folders in less than a day */
#define SWEEP_GRACE 3600    /* a crate without a row may be one that is being handed in */
#define EMPTY_EVERY 10	    /* seconds; what others end is in the log, too, and readers may have kept them from emptying it */
#define REMIND_LEAST 3600   /* not when so little is left */

/* ---- expiry ------------------------------------------------------------------------------------------------------------------ */

struct walk {
	struct mw_chores *c;
	int64_t now;
	size_t done;
	struct mw_err *err;
};

/* A message that was read has been told of; one that was never noticed, too: its sender knows from the MTA. */
static enum mw_pickup_mail receipt(const struct mw_chores *c, const struct mw_pickup_row *row, enum mw_pickup_mail mail)
{
	return c->site.conf->receipts && *row->sender ? mail : MW_MAIL_NONE;
}

static int expire_one(void *ctx, const struct mw_pickup_row *row)
{
	struct walk *w = ctx;
	enum mw_pickup_mail mail = row->first_read ? MW_MAIL_NONE : receipt(w->c, row, MW_MAIL_EXPIRED);
	int r = mw_pickup_end(w->c->store, row->id, MW_PICKUP_EXPIRED, row->first_read ? "read" : "unread", mail, w->now, NULL,
			      w->err);

	w->c->emptied = false;
	w->done += r > 0;
	return r == -ENOENT || r > 0 ? 0 : r;
}

static int expire(struct mw_chores *c, int64_t now, bool *more, struct mw_err *err)
{
	struct mw_pickup_filter filter = {.expires_before = now, .most = BATCH};
	struct walk w = {.c = c, .now = now, .err = err};
	int r = mw_pickup_each(c->store, &filter, expire_one, &w, err);

	*more |= w.done == BATCH;
	return r;
}

/* What had ended when a crash came: the rest of it. */
static int finish_one(void *ctx, const struct mw_pickup_row *row)
{
	struct walk *w = ctx;
	int r = mw_pickup_end(w->c->store, row->id, row->state, NULL, MW_MAIL_NONE, w->now, NULL, w->err);

	w->c->emptied = false;
	return r < 0 && r != -ENOENT ? r : 0;
}

static int finish(struct mw_chores *c, int64_t now, bool *more, struct mw_err *err)
{
	struct mw_pickup_filter filter = {.unremoved = true, .most = BATCH};
	struct walk w = {.c = c, .now = now, .err = err};

	(void)more; /* the next round: what cannot be removed must not keep us busy */
	return mw_pickup_each(c->store, &filter, finish_one, &w, err);
}

/* ---- reminders ---------------------------------------------------------------------------------------------------------------- */

static int remind_one(void *ctx, const struct mw_pickup_row *row)
{
	struct walk *w = ctx;
	int r;

	if (row->expires - w->now < REMIND_LEAST)
		return 0;
	r = mw_pickup_note(w->c->store, row->id, MW_EVENT_REMINDED, NULL, MW_MAIL_REMINDER, w->now, w->err);
	w->done += r == 0;
	return r == -ENOENT ? 0 : r;
}

/* The first one after the notice, the others after the one before. */
static int remind(struct mw_chores *c, int64_t now, bool *more, struct mw_err *err)
{
	const struct mw_portal_conf *conf = c->site.conf;
	struct mw_pickup_filter first = {.unreminded = true, .noticed_before = now - conf->remind},
				again = {.reminders_below = (uint32_t)conf->reminders,
					 .reminded_before = now - conf->remind_again};
	struct walk w = {.c = c, .now = now, .err = err};
	int r = 0;

	(void)more;
	if (conf->remind && conf->remind_again && conf->reminders > 1)
		r = mw_pickup_each(c->store, &again, remind_one, &w, err);
	return r == 0 && conf->remind ? mw_pickup_each(c->store, &first, remind_one, &w, err) : r;
}

/* ---- mails -------------------------------------------------------------------------------------------------------------------- */

static int64_t due_again(const struct mw_pickup_letter *l, int64_t now)
{
	int64_t wait = BACK_OFF;

	for (uint32_t i = 0; i < l->tries && wait < BACK_OFF_MOST; i++)
		wait *= 2;
	return now + (wait < BACK_OFF_MOST ? wait : BACK_OFF_MOST);
}

/* Does somebody want it still? Why not, or NULL. */
static const char *moot(const struct mw_chores *c, const struct mw_pickup_letter *l)
{
	if (l->kind == MW_MAIL_REMINDER)
		return l->row.state == MW_PICKUP_WAITING ? NULL : "no longer unread";
	if (!*l->row.sender)
		return "null sender";
	return c->site.conf->receipts || l->kind == MW_MAIL_RECALLED ? NULL : "no receipts";
}

/* 1: it is done with; 0: later; negative: the store failed. */
static int deliver(struct mw_chores *c, const struct mw_pickup_letter *l, int64_t now, struct mw_err *err)
{
	const char *why = moot(c, l), *name = mw_letter_name(l->kind);
	char said[200] = "", detail[256], id[MW_PICKUP_ID_TEXT];
	struct mw_letter letter;
	struct mw_err cause = {0};
	int r;

	mw_pickup_id_text(l->row.id, id);
	if (why)
		return mw_pickup_outbox_done(c->store, l->number, false, why, now, err) < 0 ? err->code : 1;
	r = mw_letter_make(&c->site, l, &letter, &cause);
	if (r == 0) {
		r = c->send(c->ctx, &letter, said, sizeof(said), &cause);
		mw_buf_free(&letter.text);
	} else if (r == -EINVAL) {
		(void)snprintf(said, sizeof(said), "%.180s", cause.text);
		r = MW_SENT_NEVER;
	}
	if (r < 0 && now - l->created >= GIVE_UP) {
		(void)snprintf(said, sizeof(said), "given up: %.180s", cause.text);
		r = MW_SENT_NEVER;
	}
	if (r < 0) {
		mw_log(MW_WARNING, id, "portal-mail-later", "mail=%s tries=%" PRIu32 ": %s", name ? name : "?", l->tries + 1,
		       cause.text);
		r = mw_pickup_outbox_later(c->store, l->number, due_again(l, now), err);
		return r < 0 ? r : 0;
	}
	(void)snprintf(detail, sizeof(detail), "%s %s", name ? name : "?", said);
	if (r == MW_SENT_NEVER)
		mw_log(MW_ERROR, id, "portal-mail-lost", "mail=%s: %s", name ? name : "?", said);
	r = mw_pickup_outbox_done(c->store, l->number, r == MW_SENT, detail, now, err);
	return r < 0 ? r : 1;
}

static int mails(struct mw_chores *c, int64_t now, bool *more, struct mw_err *err)
{
	for (unsigned i = 0; i < LETTERS; i++) {
		struct mw_pickup_letter l;
		int r = mw_pickup_outbox_next(c->store, now, &l, err);

		if (r == -ENOENT)
			return 0;
		r = r < 0 ? r : deliver(c, &l, now, err);
		if (r <= 0) /* when the MTA is away it is for the others, too */
			return r;
	}
	*more = true;
	return 0;
}

/* ---- records ------------------------------------------------------------------------------------------------------------------ */

static int record_one(void *ctx, const struct mw_pickup_record *event)
{
	struct walk *w = ctx;
	int r = mw_record_event(w->c->recorder, event, w->err);

	return r < 0 ? r : mw_pickup_recorded(w->c->store, event->number, w->err);
}

/* What somebody did to the store without an audit file: before there was one. */
static int record(struct mw_chores *c, int64_t now, bool *more, struct mw_err *err)
{
	struct walk w = {.c = c, .now = now, .err = err};

	(void)more;
	return c->recorder ? mw_pickup_unrecorded(c->store, BATCH, record_one, &w, err) : 0;
}

/* ---- keys and files ------------------------------------------------------------------------------------------------------------ */

static int rewrap(struct mw_chores *c, int64_t now, bool *more, struct mw_err *err)
{
	size_t done = 0;
	int r;

	(void)now;
	if (!c->keys)
		return 0;
	r = mw_pickup_keys_reread(c->keys, err);
	if (r == 0)
		r = mw_pickup_rewrap(c->store, BATCH, &done, err);
	*more |= done == BATCH;
	if (done)
		mw_log(MW_NOTICE, NULL, "portal-rewrapped", "messages=%zu: on the newest server key now", done);
	return r;
}

static int sweep(struct mw_chores *c, int64_t now, bool *more, struct mw_err *err)
{
	struct mw_pickup_swept swept = {0};
	int r, forgot;

	(void)more;
	if (c->swept && now >= c->swept && now - c->swept < SWEEP_EVERY)
		return 0;
	r = mw_pickup_sweep(c->store, c->folder, SWEEP_GRACE, now, &swept, err);
	c->swept = now;
	c->folder = (c->folder + 1) % 256;
	if (swept.missing)
		mw_log(MW_ERROR, NULL, "portal-lost", "messages=%zu: their files are gone", swept.missing);
	if (swept.crates || swept.ended) {
		c->emptied = false;
		mw_log(MW_NOTICE, NULL, "portal-swept", "files=%zu messages=%zu", swept.crates, swept.ended);
	}
	forgot = mw_pickup_forget(c->store, now - c->site.conf->retain, BATCH, &(size_t){0}, r < 0 ? NULL : err);
	return r < 0 ? r : forgot;
}

/* So that a key that was removed is in no file any more. */
static int empty(struct mw_chores *c, int64_t now, bool *more, struct mw_err *err)
{
	int r;

	(void)more;
	if (c->emptied && now >= c->looked && now - c->looked < EMPTY_EVERY)
		return 0;
	c->looked = now;
	if (c->emptied && !mw_pickup_logged(c->store))
		return 0;
	r = mw_pickup_checkpoint(c->store, err);
	c->emptied = r == 0;
	return r == -EBUSY ? 0 : r;
}

/* ---- a round ------------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(struct mw_chores *, int64_t now, bool *more, struct mw_err *);
} chores[] = {{"expiry", expire}, {"removal", finish}, {"reminders", remind}, {"records", record},
	      {"mails", mails},	  {"keys", rewrap},    {"files", sweep},      {"log of the database", empty}};

bool mw_chores_round(struct mw_chores *c, int64_t now)
{
	bool more = false;

	for (size_t i = 0; i < sizeof(chores) / sizeof(*chores); i++) {
		struct mw_err err = {0};
		uint32_t bit = 1u << i;

		if (chores[i].run(c, now, &more, &err) < 0) {
			if (!(c->complain & bit))
				mw_log(MW_ERROR, NULL, "portal-chore", "%s: %s", chores[i].name, err.text);
			c->complain |= bit;
		} else if (c->complain & bit) {
			mw_log(MW_NOTICE, NULL, "portal-chore", "%s: works again", chores[i].name);
			c->complain &= ~bit;
		}
	}
	return more;
}
