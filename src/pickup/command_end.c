/* SPDX-License-Identifier: Apache-2.0 */
/* `milwardctl portal recall` and `expire`: the end of messages. */
#include "pickup/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* What is to end. */
struct wanted {
	const char *message_id, *queue_id, *to;
	int64_t before; /* handed in; 0: any */
};

struct ending {
	struct mw_command_work *w;
	const struct wanted *wanted;
	enum mw_pickup_state state;
	bool count_only;
	uint64_t n, failed;
};

/* ---- what was -------------------------------------------------------------------------------------------------------------------- */

static int count_fetched(void *ctx, const struct mw_pickup_record *e)
{
	uint64_t *n = ctx;

	*n += e->event == MW_EVENT_FETCHED;
	return 0;
}

/* row: as it was before. */
static void tell(struct ending *e, const struct mw_pickup_row *row, bool now, uint64_t fetched)
{
	char id[MW_PICKUP_ID_TEXT], at[MW_COMMAND_TIME];

	mw_pickup_id_text(row->id, id);
	printf("%s to ", id);
	mw_command_text(stdout, row->recipient);
	mw_command_time(now ? row->first_read : row->ended, at);
	if (!now)
		printf(": had %s on %s\n", row->state == MW_PICKUP_RECALLED ? "been recalled" : "expired", at);
	else if (row->first_read)
		printf(": was read on %s, %" PRIu32 " times, files fetched: %" PRIu64
		       ". That cannot be taken back; it is closed now\n",
		       at, row->reads, fetched);
	else if (e->state == MW_PICKUP_RECALLED)
		printf(": recalled before it was read\n");
	else
		printf(": expired, unread\n");
}

static bool tell_json(const struct mw_pickup_row *row, enum mw_pickup_state state, bool now, uint64_t fetched)
{
	char id[MW_PICKUP_ID_TEXT];

	mw_pickup_id_text(row->id, id);
	return mw_command_json_put(json_pack("{s:s, s:o, s:o, s:b, s:s, s:o, s:I, s:I}", "id", id, "sender",
					     mw_command_json_text(row->sender), "recipient", mw_command_json_text(row->recipient),
					     "ended_now", (int)now, "state", mw_pickup_state_name(now ? state : row->state),
					     "first_read", mw_command_json_time(row->first_read), "reads", (json_int_t)row->reads,
					     "fetched", (json_int_t)fetched));
}

/* ---- the end --------------------------------------------------------------------------------------------------------------------- */

static int end_one(struct ending *e, const unsigned char id[MW_PICKUP_ID])
{
	struct mw_command_work *w = e->w;
	bool recall = e->state == MW_PICKUP_RECALLED;
	enum mw_pickup_mail mail = recall ? MW_MAIL_RECALLED : MW_MAIL_EXPIRED;
	struct mw_pickup_row row;
	struct mw_err err = {0};
	uint64_t fetched = 0;
	int r = mw_pickup_find(w->store, id, &row, &err);

	/* what was read has been told of when it was; that it is closed is told by a recall alone */
	if (r == 0 && (!w->conf->receipts || !*row.sender || (!recall && row.first_read)))
		mail = MW_MAIL_NONE;
	if (r == 0)
		r = mw_pickup_end(w->store, id, e->state, w->by, mail, w->now, &row, &err);
	if (r < 0) {
		e->failed++;
		(void)mw_command_fail(w, "%s", err.text);
		return r == -ENOENT ? 0 : r;
	}
	e->n++;
	if (row.first_read)
		(void)mw_pickup_history(w->store, id, count_fetched, &fetched, NULL);
	if (!w->json)
		tell(e, &row, r > 0, fetched);
	else if (!tell_json(&row, e->state, r > 0, fetched))
		return -EIO;
	return 0;
}

static bool is(const char *wanted, const char *a, const char *b)
{
	return !wanted || strcmp(wanted, a) == 0 || strcmp(wanted, b) == 0;
}

/* A Message-ID may be given without its brackets. */
static bool is_message(const char *wanted, const char *has)
{
	size_t n = strlen(has);

	return strcmp(wanted, has) == 0 || (n > 2 && strlen(wanted) == n - 2 && strncmp(wanted, has + 1, n - 2) == 0);
}

static int match_one(void *ctx, const struct mw_pickup_row *row)
{
	struct ending *e = ctx;
	const struct wanted *q = e->wanted;

	if (q->message_id && !is_message(q->message_id, row->origin_message_id) && !is_message(q->message_id, row->message_id))
		return 0;
	if (!is(q->queue_id, row->origin_queue_id, row->queue_id) || (q->to && strcasecmp(q->to, row->recipient) != 0))
		return 0;
	if (q->before && (row->created >= q->before || row->ended))
		return 0;
	if (e->count_only)
		return e->n++, 0;
	return end_one(e, row->id);
}

static int end_ids(struct ending *e, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		unsigned char id[MW_PICKUP_ID];
		struct mw_pickup_row row;

		if (!mw_pickup_id_parse((struct mw_str){.p = argv[i], .n = strlen(argv[i])}, id) ||
		    mw_pickup_find(e->w->store, id, &row, NULL) == -ENOENT) {
			e->failed++;
			(void)mw_command_fail(e->w, "there is no message %s", argv[i]);
		} else if (end_one(e, id) < 0) {
			return -EIO;
		}
	}
	return 0;
}

static int end_all(struct ending *e, int argc, char **argv, struct mw_err *err)
{
	struct mw_pickup_filter all = {0};
	int r = argc > 0 ? end_ids(e, argc, argv) : mw_pickup_each(e->w->store, &all, match_one, e, err);

	/* What was removed is to be in no file any more. When readers are in the way, the daemon does it later. */
	if (e->n && !e->count_only)
		(void)mw_pickup_checkpoint(e->w->store, NULL);
	return r;
}

static int status_of(struct ending *e, int r, const struct mw_err *err)
{
	if (r < 0)
		return err->code ? mw_command_fail(e->w, "%s", err->text) : MW_COMMAND_FAILED;
	if (fflush(stdout) != 0)
		return MW_COMMAND_FAILED;
	if (e->n == 0 && e->failed == 0 && !e->wanted->before)
		(void)mw_command_fail(e->w, "there is no such message");
	return e->n == 0 && !e->wanted->before ? MW_COMMAND_NONE : e->failed ? MW_COMMAND_FAILED : MW_COMMAND_OK;
}

/* ---- recall ------------------------------------------------------------------------------------------------------------------------ */

/* The number of ids; -1: wrong usage. */
static int recall_options(struct mw_command_work *w, struct wanted *q, int argc, char **argv)
{
	const struct mw_command_option rows[] = {{"json", .flag = &w->json},
						 {"message-id", .value = &q->message_id},
						 {"queue-id", .value = &q->queue_id},
						 {"to", .value = &q->to},
						 {0}};
	int n = mw_command_options("recall", rows, argc, argv);

	/* one way to name it; an address alone would be everything to it */
	if (n > 0)
		return !q->message_id && !q->queue_id && !q->to ? n : -1;
	return q->message_id || q->queue_id ? n : -1;
}

int mw_portal_recall(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct mw_command_work w = {0};
	struct wanted q = {0};
	struct ending e = {.w = &w, .wanted = &q, .state = MW_PICKUP_RECALLED};
	struct mw_err err = {0};
	int n = recall_options(&w, &q, argc, argv), status = MW_COMMAND_FAILED;

	(void)host;
	if (n < 0)
		return mw_command_usage("recall",
					"[--json] ID... | --message-id ID [--to ADDRESS] | --queue-id ID [--to ADDRESS]");
	if (mw_command_open(&w, "recall", conf, MW_COMMAND_CHANGES))
		status = status_of(&e, end_all(&e, n, argv + 1, &err), &err);
	mw_command_close(&w);
	return status;
}

/* ---- expire ------------------------------------------------------------------------------------------------------------------------ */

static bool agreed(struct ending *e, struct mw_err *err)
{
	char answer[16];

	if (!isatty(STDIN_FILENO)) {
		(void)mw_command_fail(e->w, "this ends many messages: say --yes");
		return false;
	}
	e->count_only = true;
	if (end_all(e, 0, NULL, err) < 0) {
		(void)mw_command_fail(e->w, "%s", err->text);
		return false;
	}
	e->count_only = false;
	fprintf(stderr, "%" PRIu64 " messages can no longer be read then. Expire them? [y/N] ", e->n);
	e->n = 0;
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* The number of ids; -1: wrong usage. */
static int expire_options(struct mw_command_work *w, struct wanted *q, bool *yes, int argc, char **argv)
{
	const char *before = NULL;
	const struct mw_command_option rows[] = {
	    {"json", .flag = &w->json}, {"all-before", .value = &before}, {"yes", .flag = yes}, {0}};
	int n = mw_command_options("expire", rows, argc, argv);

	if (n >= 0 && before && (!mw_command_time_parse(before, (int64_t)time(NULL), &q->before) || q->before <= 0)) {
		fprintf(stderr, "milwardctl portal expire: \"%s\" is no time as 2026-11-22T03:25 or 30d\n", before);
		return -1;
	}
	return before ? (n == 0 ? 0 : -1) : (n > 0 ? n : -1);
}

int mw_portal_expire(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct mw_command_work w = {0};
	struct wanted q = {0};
	struct ending e = {.w = &w, .wanted = &q, .state = MW_PICKUP_EXPIRED};
	struct mw_err err = {0};
	bool yes = false;
	int n = expire_options(&w, &q, &yes, argc, argv), status = MW_COMMAND_FAILED;

	(void)host;
	if (n < 0)
		return mw_command_usage("expire", "[--json] ID... | --all-before TIME [--yes]");
	if (mw_command_open(&w, "expire", conf, MW_COMMAND_CHANGES) && (n > 0 || yes || agreed(&e, &err)))
		status = status_of(&e, end_all(&e, n, argv + 1, &err), &err);
	mw_command_close(&w);
	return status;
}
