/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"

#include "audit/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
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

struct run {
	const struct mw_audit_query *q;
	mw_audit_query_fn fn;
	void *ctx;
	uint64_t skipped;
	int fd;
	uint64_t size; /* that is read of it */
};

static int run_line(void *ctx, const char *line, size_t n, uint64_t end, bool whole)
{
	struct run *run = ctx;
	struct mw_audit_record rec;
	json_t *json;
	int r = 0;

	(void)end;
	if (!whole && mw_audit_scan_grows(run->fd, run->size)) /* it is half written */
		return 0;
	if (!whole || !mw_audit_record_parse(line, n, &rec)) {
		run->skipped++;
		return 0;
	}
	if (!in_time(run->q, rec.time))
		return 0;
	json = json_loadb(line, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!json)
		run->skipped++;
	else if (wanted(run->q, json))
		r = run->fn(run->ctx, &rec, line, n, json);
	json_decref(json);
	return r;
}

int mw_audit_query_run(const struct mw_audit_query *q, const char *file, mw_audit_query_fn fn, void *ctx, uint64_t *skipped)
{
	struct run run = {.q = q, .fn = fn, .ctx = ctx};
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
	} else {
		run.fd = fd;
		run.size = (uint64_t)st.st_size;
		r = mw_audit_scan_lines(fd, 0, run.size, run_line, &run);
	}
	if (fd >= 0)
		(void)close(fd);
	*skipped += run.skipped;
	return r;
}
