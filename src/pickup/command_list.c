/* SPDX-License-Identifier: Apache-2.0 */
/* `milwardctl portal list` and `show`. */
#include "base/str.h"
#include "pickup/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- list -------------------------------------------------------------------------------------------------------------------- */

struct list {
	struct mw_command_work *w;
	bool only_locked;
	uint64_t n;
	bool failed;
};

static int list_one(void *ctx, const struct mw_pickup_row *row)
{
	struct list *l = ctx;
	char id[MW_PICKUP_ID_TEXT], created[MW_COMMAND_TIME], expires[MW_COMMAND_TIME], size[16];

	if (l->only_locked && !mw_command_locked(l->w, row))
		return 0;
	if (l->w->json) {
		l->failed |= !mw_command_json_put(mw_command_json_row(l->w, row));
		l->n++;
		return l->failed ? -EIO : 0;
	}
	if (l->n++ == 0)
		printf("%-16s  %-8s  %-16s  %-16s  %7s  %s\n", "ID", "STATE", "HANDED IN", "EXPIRES", "SIZE", "FROM, TO");
	mw_pickup_id_text(row->id, id);
	mw_command_time(row->created, created);
	mw_command_time(row->expires, expires);
	printf("%s  ", id);
	mw_command_state(l->w, row, 8);
	printf("  %-16s  %-16s  %7s  ", created, expires, mw_command_size(row->size, size, sizeof(size)));
	mw_command_text(stdout, *row->sender ? row->sender : "<>");
	fputs(" -> ", stdout);
	mw_command_text(stdout, row->recipient);
	putchar('\n');
	return 0;
}

/* "waiting,read"; locked is no state of the store, but what an administrator looks for. */
static bool states_of(const char *text, struct mw_pickup_filter *f, bool *locked)
{
	char copy[200], *word, *rest = NULL;

	if (strlen(text) >= sizeof(copy))
		return false;
	memcpy(copy, text, strlen(text) + 1);
	for (word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		uint32_t bit = 0;

		if (strcmp(word, "locked") == 0) {
			*locked = true;
			continue;
		}
		for (uint32_t s = MW_PICKUP_STORED; s <= MW_PICKUP_RECALLED; s++)
			if (strcmp(word, mw_pickup_state_name((enum mw_pickup_state)s)) == 0)
				bit = 1u << s;
		if (!bit)
			return false;
		f->states |= bit;
	}
	return true;
}

static bool most_of(const char *text, struct mw_pickup_filter *f)
{
	unsigned long n = strlen(text) < 10 && strspn(text, "0123456789") == strlen(text) ? strtoul(text, NULL, 10) : 0;

	f->most = (uint32_t)n;
	return n > 0;
}

static bool list_options(struct mw_command_work *w, struct mw_pickup_filter *f, bool *locked, int argc, char **argv)
{
	const char *state = NULL, *since = NULL, *most = NULL;
	const struct mw_command_option rows[] = {{"json", .flag = &w->json},
						 {"state", .value = &state},
						 {"to", .value = &f->recipient},
						 {"from", .value = &f->sender},
						 {"since", .value = &since},
						 {"most", .value = &most},
						 {0}};

	if (mw_command_options("list", rows, argc, argv) != 0)
		return false;
	if (state && !states_of(state, f, locked))
		fprintf(stderr, "milwardctl portal list: \"%s\" is none of stored, waiting, read, expired, recalled, locked\n",
			state);
	else if (since && !mw_command_time_parse(since, (int64_t)time(NULL), &f->since))
		fprintf(stderr, "milwardctl portal list: \"%s\" is no time as 2026-11-22T03:25 or 7d\n", since);
	else if (most && !most_of(most, f))
		fprintf(stderr, "milwardctl portal list: \"%s\" is no number\n", most);
	else
		return true;
	return false;
}

static void print_total(struct mw_command_work *w, uint64_t shown)
{
	struct mw_pickup_total total = {0};
	struct mw_err err = {0};
	char size[16];

	if (mw_pickup_total(w->store, &total, &err) < 0)
		return;
	fprintf(stderr, "%" PRIu64 " of: ", shown);
	for (unsigned s = MW_PICKUP_STORED; s <= MW_PICKUP_RECALLED; s++)
		fprintf(stderr, "%s%" PRIu64 " %s", s > MW_PICKUP_STORED ? ", " : "", total.messages[s],
			mw_pickup_state_name((enum mw_pickup_state)s));
	fprintf(stderr, "; %s\n", mw_command_size(total.octets, size, sizeof(size)));
}

int mw_portal_list(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct mw_command_work w = {0};
	struct mw_pickup_filter f = {.newest_first = true};
	struct list l = {.w = &w};
	struct mw_err err = {0};
	int status = MW_COMMAND_FAILED;

	(void)host;
	if (!list_options(&w, &f, &l.only_locked, argc, argv))
		return mw_command_usage("list",
					"[--json] [--state STATE,...] [--from ADDRESS] [--to ADDRESS] [--since TIME] [--most N]");
	if (mw_command_open(&w, "list", conf, 0)) {
		if (mw_pickup_each(w.store, &f, list_one, &l, &err) < 0)
			(void)mw_command_fail(&w, "%s", l.failed ? "cannot write" : err.text);
		else
			status = fflush(stdout) == 0 ? MW_COMMAND_OK : MW_COMMAND_FAILED;
		if (status == MW_COMMAND_OK && !w.json)
			print_total(&w, l.n);
	}
	mw_command_close(&w);
	return status;
}

/* ---- show -------------------------------------------------------------------------------------------------------------------- */

static int event_json(void *ctx, const struct mw_pickup_record *e)
{
	json_t *one = json_pack("{s:o, s:s, s:o}", "time", mw_command_json_time(e->at), "event", mw_pickup_event_name(e->event),
				"detail", mw_command_json_text(e->detail));

	return json_array_append_new(ctx, one) == 0 ? 0 : -ENOMEM;
}

static int event_text(void *ctx, const struct mw_pickup_record *e)
{
	char at[MW_COMMAND_TIME];

	(void)ctx;
	mw_command_time(e->at, at);
	printf("  %s  %s", at, mw_pickup_event_name(e->event));
	if (*e->detail) {
		fputs(": ", stdout);
		mw_command_text(stdout, e->detail);
	}
	putchar('\n');
	return 0;
}

static void line_text(const char *label, const char *value)
{
	if (!*value)
		return;
	printf("%-12s", label);
	mw_command_text(stdout, value);
	putchar('\n');
}

static void line_time(const char *label, int64_t at)
{
	char text[MW_COMMAND_TIME];

	if (!at)
		return;
	mw_command_time(at, text);
	printf("%-12s%s\n", label, text);
}

static void print_row(const struct mw_command_work *w, const struct mw_pickup_row *row)
{
	char id[MW_PICKUP_ID_TEXT], size[16];

	mw_pickup_id_text(row->id, id);
	printf("%-12s%s\n%-12s", "id", id, "state");
	mw_command_state(w, row, 0);
	putchar('\n');
	line_text("from", *row->sender ? row->sender : "<>");
	line_text("to", row->recipient);
	line_text("message-id", row->origin_message_id);
	line_text("queue-id", row->origin_queue_id);
	line_text("notice", row->queue_id);
	line_time("handed in", row->created);
	line_time("noticed", row->noticed);
	line_time("expires", row->ended ? 0 : row->expires);
	line_time("reminded", row->reminded);
	line_time("first read", row->first_read);
	line_time("last read", row->last_read);
	line_time("locked to", mw_command_locked(w, row) ? row->locked_until : 0);
	line_time("ended", row->ended);
	line_time("removed", row->removed);
	line_time("file lost", row->lost);
	printf("%-12s%s in %" PRIu32 " parts, read %" PRIu32 " times\n", "size", mw_command_size(row->size, size, sizeof(size)),
	       row->objects ? row->objects - 1 : 0, row->reads);
}

static int show(struct mw_command_work *w, const unsigned char id[MW_PICKUP_ID], const char *text)
{
	struct mw_pickup_row row;
	struct mw_err err = {0};
	int r = mw_pickup_find(w->store, id, &row, &err);

	if (r == -ENOENT) {
		(void)mw_command_fail(w, "there is no message %s", text);
		return MW_COMMAND_NONE;
	}
	if (r == 0 && w->json) {
		json_t *events = json_array(), *o = mw_command_json_row(w, &row);

		if (!o || json_object_set_new(o, "events", events) != 0)
			r = mw_fail_memory(&err);
		else
			r = mw_pickup_history(w->store, id, event_json, events, &err);
		if (r < 0)
			json_decref(o);
		else if (!mw_command_json_put(o))
			r = mw_fail(&err, -EIO, "cannot write");
	} else if (r == 0) {
		print_row(w, &row);
		r = mw_pickup_history(w->store, id, event_text, NULL, &err);
	}
	if (r < 0)
		return mw_command_fail(w, "%s", err.text);
	return fflush(stdout) == 0 ? MW_COMMAND_OK : MW_COMMAND_FAILED;
}

int mw_portal_show(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct mw_command_work w = {0};
	const struct mw_command_option rows[] = {{"json", .flag = &w.json}, {0}};
	unsigned char id[MW_PICKUP_ID];
	int n = mw_command_options("show", rows, argc, argv), status = MW_COMMAND_FAILED;

	(void)host;
	if (n != 1)
		return mw_command_usage("show", "[--json] ID");
	if (!mw_pickup_id_parse(mw_str(argv[1]), id)) {
		fprintf(stderr, "milwardctl portal show: \"%s\" is no id, as `portal list` has it\n", argv[1]);
		return MW_COMMAND_USAGE;
	}
	if (mw_command_open(&w, "show", conf, 0))
		status = show(&w, id, argv[1]);
	mw_command_close(&w);
	return status;
}
