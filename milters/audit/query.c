/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"

#include "audit/scan.h"
#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool mw_audit_time_valid(const char *s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
	size_t n = strlen(s);

	if (n < 4 || n > sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < n; i++)
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return false;
	return true;
}

static bool in_time(const struct mw_audit_query *q, struct mw_str time)
{
	if (q->since && strncmp(time.p, q->since, strlen(q->since)) < 0)
		return false;
	/* Up to and with all that begins so: --until 2026-11-22 is that whole day. */
	return !q->until || strncmp(time.p, q->until, strlen(q->until)) <= 0;
}

static bool has_recipient(const json_t *record, const char *address)
{
	const json_t *list = json_object_get(record, "recipients"), *one;
	const char *only = json_string_value(json_object_get(record, "recipient"));
	size_t i;

	if (only && strcasecmp(only, address) == 0)
		return true;
	json_array_foreach(list, i, one)
	{
		const char *s = json_string_value(json_object_get(one, "address"));

		if (s && strcasecmp(s, address) == 0)
			return true;
	}
	return false;
}

/* By the MTA's name for it, before milward-seal had it or afterwards. The portal has a notice's in its step. */
static bool has_queue_id(const json_t *record, const char *id)
{
	static const char *const names[] = {"queue_id", "queued_as", "detail"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *s = json_string_value(json_object_get(record, names[i]));

		if (s && strcmp(s, id) == 0)
			return true;
	}
	return false;
}

static bool wanted(const struct mw_audit_query *q, const json_t *record)
{
	if (q->queue_id && !has_queue_id(record, q->queue_id))
		return false;
	return !q->recipient || has_recipient(record, q->recipient);
}

/* A file, and the record of it whose turn is next. */
struct source {
	const char *file;
	struct mw_audit_lines lines;
	struct mw_audit_line line;
	struct mw_audit_record rec;
	bool left;	  /* there is one */
	uint64_t skipped; /* lines that are no records */
};

/* The next line that is a record, within the times that are asked for. 0 or negative errno. */
static int advance(const struct mw_audit_query *q, struct source *s)
{
	int r;

	s->left = false;
	while ((r = mw_audit_lines_next(&s->lines, &s->line)) > 0) {
		if (!s->line.whole && mw_audit_scan_grows(s->lines.fd, s->lines.size)) /* it is half written */
			continue;
		if (!s->line.whole || !mw_audit_record_parse(s->line.p, s->line.n, &s->rec))
			s->skipped++;
		else if (in_time(q, s->rec.time))
			s->left = true;
		if (s->left)
			return 0;
	}
	return r;
}

static int source_open(const struct mw_audit_query *q, const char *file, struct source *s)
{
	struct stat st;

	*s = (struct source){.file = file, .lines.fd = mw_audit_input_open(file, &st)};
	if (s->lines.fd < 0)
		return s->lines.fd;
	s->lines.size = (uint64_t)st.st_size;
	return advance(q, s);
}

static void source_close(struct source *s)
{
	int fd = s->lines.fd;

	mw_audit_lines_end(&s->lines);
	if (fd >= 0)
		(void)close(fd);
}

/* Whose record is the oldest? Of those that are as old, the file that was named first. */
static struct source *oldest(struct source *v, size_t n)
{
	struct source *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (v[i].left && (!best || memcmp(v[i].rec.time.p, best->rec.time.p, best->rec.time.n) < 0))
			best = &v[i];
	return best;
}

static int give(const struct mw_audit_query *q, struct source *s, mw_audit_query_fn fn, void *ctx)
{
	struct mw_audit_seen seen = {.file = s->file, .rec = &s->rec, .line = s->line.p, .n = s->line.n};
	json_t *json = json_loadb(s->line.p, s->line.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	int r = 0;

	seen.json = json;
	if (!json)
		s->skipped++;
	else if (wanted(q, json))
		r = fn(ctx, &seen);
	json_decref(json);
	return r;
}

int mw_audit_query_run(const struct mw_audit_query *q, size_t files, char *const *file, mw_audit_query_fn fn,
		       mw_audit_told_fn told, void *ctx)
{
	struct source *v = calloc(files ? files : 1, sizeof(*v)), *s;
	int first = 0, stop = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < files; i++) {
		int r = source_open(q, file[i], &v[i]);

		first = first ? first : r;
		if (r < 0 && told)
			told(ctx, file[i], -r, 0);
	}
	while (stop == 0 && (s = oldest(v, files)) != NULL) {
		int r;

		stop = give(q, s, fn, ctx);
		r = advance(q, s);
		first = first ? first : r;
		if (r < 0 && told)
			told(ctx, s->file, -r, 0);
	}
	for (size_t i = 0; i < files; i++) {
		if (v[i].skipped && told)
			told(ctx, v[i].file, 0, v[i].skipped);
		source_close(&v[i]);
	}
	free(v);
	return first ? first : stop;
}
