/* SPDX-License-Identifier: Apache-2.0 */
/* note: steps that people make with messages: one by itself, and those of many together. */
#include "pickup/private.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The message of a step. Changes nothing. */
static int find(struct mw_pickup *p, const struct mw_pickup_step *s, struct mw_pickup_row *row, struct mw_err *err)
{
	int r = mw_pickup_row_find(p, s->id, row, err);

	/* Who took it back was told that nobody had read it: nobody does from then on, who had it open before neither. */
	if (r == 0 && (s->event == MW_EVENT_READ || s->event == MW_EVENT_FETCHED) && row->ended)
		return mw_fail(err, -ESTALE, "the message is %s", mw_pickup_state_name(row->state));
	return r;
}

/* What it changes in the row. */
static int change(struct mw_pickup *p, const struct mw_pickup_step *s, int64_t number, struct mw_err *err)
{
	int r = 0;

	if (s->event == MW_EVENT_READ)
		r = mw_db_change(&p->db, SQL_READ, DB_VALUES(DB_INT(s->now), DB_INT(number)), err);
	else if (s->event == MW_EVENT_REMINDED)
		r = mw_db_change(&p->db, SQL_REMINDED, DB_VALUES(DB_INT(s->now), DB_INT(number)), err);
	return r < 0 ? r : 0;
}

static int check_event(enum mw_pickup_event event, struct mw_err *err)
{
	if (mw_pickup_event_name(event)[0] == '\0' || event == MW_EVENT_EXPIRED || event == MW_EVENT_RECALLED ||
	    event == MW_EVENT_REMOVED || event == MW_EVENT_LOST)
		return mw_fail(err, -EINVAL, "event %d cannot be noted", (int)event);
	return 0;
}

/* ---- one ------------------------------------------------------------------------------------------------------------------------- */

static int note(struct mw_pickup *p, const struct mw_pickup_step *s, struct mw_err *err)
{
	struct mw_pickup_row row;
	int r = find(p, s, &row, err);

	r = r < 0 ? r : change(p, s, row.number, err);
	r = r < 0 ? r : mw_pickup_event_of(p, &row, s->event, s->detail, s->now, err);
	return r < 0 ? r
		     : mw_pickup_mail_add(p, row.number, s->mail, s->mail == MW_MAIL_REMINDER ? row.reminders : 0, s->now, err);
}

static int note_alone(struct mw_pickup *p, const struct mw_pickup_step *s, struct mw_err *err)
{
	int r = check_event(s->event, err);

	r = r < 0 ? r : mw_db_begin(&p->db, err);
	return r < 0 ? r : mw_db_end(&p->db, note(p, s, err), err);
}

int mw_pickup_note(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], enum mw_pickup_event event, const char *detail,
		   enum mw_pickup_mail mail, int64_t now, struct mw_err *err)
{
	struct mw_pickup_step s = {.event = event, .detail = detail, .mail = mail, .now = now};

	memcpy(s.id, id, sizeof(s.id));
	return note_alone(p, &s, err);
}

/* ---- many ------------------------------------------------------------------------------------------------------------------------ */

/* Steps of a group that can be made. */
struct group {
	struct mw_pickup *p;
	size_t n;
	struct mw_pickup_record *record;
	struct made {
		const struct mw_pickup_step *step;
		int64_t number, nth; /* of the message; of its mails */
	} * made;
	/* of the witness */
	int witnessed;
	struct mw_err err;
};

/* In a transaction. That a message has ended, or is not there, is its step's own; another failure is that of all. */
static int group_find(struct group *g, struct mw_pickup_step *step, size_t n, struct mw_err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct mw_pickup_step *s = &step[i];
		struct mw_pickup_row row;

		s->result = find(g->p, s, &row, &s->err);
		if (s->result == -ESTALE || s->result == -ENOENT)
			continue;
		r = s->result < 0 ? s->result : mw_pickup_record_of(&row, s->event, s->detail, s->now, &g->record[g->n], err);
		g->made[g->n++] = (struct made){
		    .step = s, .number = row.number, .nth = s->mail == MW_MAIL_REMINDER ? (int64_t)row.reminders : 0};
	}
	return r;
}

static int group_change(struct group *g, struct mw_err *err)
{
	int r = 0;

	for (size_t i = 0; i < g->n && r == 0; i++) {
		const struct made *m = &g->made[i];

		r = change(g->p, m->step, m->number, err);
		r = r < 0 ? r : mw_pickup_event_put(g->p, m->number, &g->record[i], true, err);
		r = r < 0 ? r : mw_pickup_mail_add(g->p, m->number, m->step->mail, m->nth, m->step->now, err);
	}
	return r;
}

static void *tell(void *ctx)
{
	struct group *g = ctx;

	g->witnessed = g->p->witness(g->p->witness_ctx, g->record, g->n, &g->err);
	return NULL;
}

/* The witness waits for his disk while the rows are changed here; both are done when the transaction ends. */
static int group_make(struct group *g, struct mw_err *err)
{
	pthread_t thread;
	bool beside = g->p->witness && g->n && pthread_create(&thread, NULL, tell, g) == 0;
	int r = group_change(g, err);

	if (beside)
		(void)pthread_join(thread, NULL);
	else if (r == 0 && g->p->witness && g->n)
		(void)tell(g);
	if (r == 0 && g->witnessed < 0) {
		*err = g->err;
		r = g->witnessed;
	}
	return r;
}

static int group_note(struct group *g, struct mw_pickup_step *step, size_t n, struct mw_err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = check_event(step[i].event, err);
	g->record = calloc(n, sizeof(*g->record));
	g->made = calloc(n, sizeof(*g->made));
	if (r == 0)
		r = g->record && g->made ? mw_db_begin(&g->p->db, err) : mw_fail_memory(err);
	if (r == 0) {
		r = group_find(g, step, n, err);
		r = mw_db_end(&g->p->db, r < 0 ? r : group_make(g, err), err);
	}
	free(g->record);
	free(g->made);
	return r;
}

void mw_pickup_note_all(struct mw_pickup *p, struct mw_pickup_step *step, size_t n)
{
	struct group g = {.p = p};
	struct mw_err err = {0};
	int r = n > 1 ? group_note(&g, step, n, &err) : -EAGAIN;

	/* One by one: who made it fail fails alone. But each of them would wait as long for a lock as all have. */
	for (size_t i = 0; i < n && r < 0; i++) {
		step[i].err = err;
		step[i].result = r == -EBUSY ? r : note_alone(p, &step[i], &step[i].err);
	}
}
