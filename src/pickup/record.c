/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/record.h"

#include "audit/writer.h"
#include "base/log.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECKPOINT 1000 /* records between two checkpoints in the log */

/* What a program has for the host that a module is given. */
struct mw_self {
	const char *policy;
};

struct mw_recorder {
	struct mw_audit_writer *writer;
	struct mw_self *self;
	struct mw_self own;
};

/* ---- a host for programs ---------------------------------------------------------------------------------------------------- */

static int own_fail(struct mw_err *err, int code, const char *fmt, ...) MW_PRINTF(3, 4);
static void own_log(struct mw_self *, struct mw_msg *, enum mw_log_level, const char *event, const char *fmt, ...)
    MW_PRINTF(5, 6);

static int own_fail(struct mw_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = mw_failv(err, code, fmt, ap);
	va_end(ap);
	return code;
}

static void own_log(struct mw_self *self, struct mw_msg *msg, enum mw_log_level level, const char *event, const char *fmt, ...)
{
	va_list ap;

	(void)self;
	(void)msg;
	va_start(ap, fmt);
	mw_logv(level, NULL, event, fmt, ap);
	va_end(ap);
}

static const char *own_digest(struct mw_self *self)
{
	return self->policy ? self->policy : "";
}

/* What src/audit asks of a host, and nothing else. */
static const struct mw_host own_host = {
    .size = sizeof(own_host), .fail = own_fail, .log = own_log, .own_policy_digest = own_digest};

/* ---- the recorder ----------------------------------------------------------------------------------------------------------- */

int mw_recorder_open(const struct mw_recorder_setup *setup, struct mw_recorder **ret, struct mw_err *err)
{
	struct mw_audit_setup file = {.path = setup->path,
				      .key = setup->key,
				      .sync = true,
				      .checkpoint = CHECKPOINT,
				      .shared = true,
				      .visit = setup->visit};
	struct mw_recorder *made;
	int r;

	if (!setup->path) {
		*ret = NULL;
		return 0;
	}
	made = calloc(1, sizeof(*made));
	if (!made)
		return mw_fail_memory(err);
	made->own.policy = setup->policy;
	made->self = setup->host ? setup->self : &made->own;
	r = mw_audit_writer_open(setup->host ? setup->host : &own_host, made->self, &file, &made->writer, err);
	if (r < 0) {
		free(made);
		return r;
	}
	*ret = made;
	return 0;
}

void mw_recorder_close(struct mw_recorder **at)
{
	if (!*at)
		return;
	mw_audit_writer_close((*at)->writer, (*at)->self);
	free(*at);
	*at = NULL;
}

void mw_recorder_leave(struct mw_recorder **at)
{
	if (!*at)
		return;
	mw_audit_writer_leave((*at)->writer);
	free(*at);
	*at = NULL;
}

/* ---- records ---------------------------------------------------------------------------------------------------------------- */

/* Octets that are no UTF-8 are kept readable, as the audit module does it. */
static json_t *text(const char *s)
{
	json_t *made = json_string(s);
	size_t n = strlen(s), at = 0;
	char *p;

	if (made)
		return made;
	p = malloc(4 * n + 1);
	if (!p)
		return NULL;
	for (; *s; s++) {
		if ((unsigned char)*s < 0x80)
			p[at++] = *s;
		else
			at += (size_t)sprintf(p + at, "\\x%02X", (unsigned char)*s);
	}
	made = json_stringn(p, at);
	free(p);
	return made;
}

static int add(json_t *o, const char *name, const char *value)
{
	return value ? json_object_set_new(o, name, text(value)) : 0;
}

/* A record's members, without braces; the caller frees *ret. step as it stands in the record; the others may be NULL. */
static int make_line(const char *step, const char *id, const char *sender, const char *recipient, const char *detail, char **ret,
		     struct mw_str *members, struct mw_err *err)
{
	json_t *o = json_object();
	int r = add(o, "step", step);

	r |= add(o, "id", id);
	r |= add(o, "sender", sender);
	r |= add(o, "recipient", recipient);
	r |= add(o, "detail", detail && *detail ? detail : NULL);
	*ret = r == 0 ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	json_decref(o);
	*members = (struct mw_str){.p = *ret ? *ret + 1 : "", .n = *ret ? strlen(*ret) : 0};
	if (members->n < 2)
		return mw_fail_memory(err);
	members->n -= 2;
	return 0;
}

static int event_line(const struct mw_pickup_record *event, char **ret, struct mw_str *members, struct mw_err *err)
{
	char id[MW_PICKUP_ID_TEXT];

	mw_pickup_id_text(event->id, id);
	return make_line(mw_pickup_event_name(event->event), id, event->sender, event->recipient, event->detail, ret, members,
			 err);
}

/* All of them in one write. */
static int witness(void *ctx, const struct mw_pickup_record *event, size_t n, struct mw_err *err)
{
	const struct mw_recorder *rec = ctx;
	struct mw_str *members = calloc(n, sizeof(*members));
	char **line = calloc(n, sizeof(*line));
	int r = members && line ? 0 : mw_fail_memory(err);

	for (size_t i = 0; i < n && r == 0; i++)
		r = event_line(&event[i], &line[i], &members[i], err);
	if (r == 0)
		r = mw_audit_writer_append_all(rec->writer, rec->self, "portal", members, n, err);
	for (size_t i = 0; line && i < n; i++)
		free(line[i]);
	free(line);
	free(members);
	return r;
}

int mw_record(struct mw_recorder *rec, const char *step, const char *sender, const char *recipient, const char *detail,
	      struct mw_err *err)
{
	struct mw_str members;
	char *line = NULL;
	int r;

	if (!rec)
		return 0;
	r = make_line(step, NULL, sender, recipient, detail, &line, &members, err);
	r = r < 0 ? r : mw_audit_writer_append(rec->writer, rec->self, "portal", members, err);
	free(line);
	return r;
}

int mw_record_event(struct mw_recorder *rec, const struct mw_pickup_record *event, struct mw_err *err)
{
	return rec ? witness(rec, event, 1, err) : 0;
}

void mw_recorder_attach(struct mw_recorder *rec, struct mw_pickup *pickup)
{
	mw_pickup_witness(pickup, rec ? witness : NULL, rec);
}
