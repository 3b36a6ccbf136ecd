/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/record.h"

#include "audit/writer.h"
#include "base/log.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECKPOINT 1000	    /* records between two checkpoints in the log */
#define ROOM (256u * 1024u) /* octets that are to be there before a copy is sent: of all that can be in work at a time */

/* What this program has for the host that a module is given. */
struct mw_self {
	const char *policy;
};

struct mw_seal_recorder {
	struct mw_audit_writer *writer;
	struct mw_self self;
};

/* ---- a host for src/audit -------------------------------------------------------------------------------------------------------- */

static void own_log(struct mw_self *, struct mw_msg *, enum mw_log_level, const char *event, const char *fmt, ...)
    MW_PRINTF(5, 6);

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
	return self->policy;
}

static const struct mw_host own_host = {
    .size = sizeof(own_host), .fail = mw_fail, .log = own_log, .own_policy_digest = own_digest};

/* ---- details --------------------------------------------------------------------------------------------------------------------- */

/* Words with blanks between them, NAME=VALUE each. */
static const char *const names[] = {"means", "key", "signer", "digest", "size", "results"};

static bool is_word(const char *s)
{
	while (*s > ' ' && *s < 0x7f)
		s++;
	return !*s;
}

static void put_word(char *to, const char *name, const char *value)
{
	size_t n = strlen(to);

	if (value && *value && is_word(value) && n + strlen(name) + strlen(value) + 3 < MW_JOURNAL_DETAIL)
		(void)snprintf(to + n, MW_JOURNAL_DETAIL - n, "%s%s=%s", n ? " " : "", name, value);
}

void mw_seal_detail_put(const struct mw_seal_detail *d, char ret[MW_JOURNAL_DETAIL])
{
	char size[24] = "";

	if (d->digest && *d->digest)
		(void)snprintf(size, sizeof(size), "%lld", d->size);
	ret[0] = '\0';
	put_word(ret, "means", d->means);
	put_word(ret, "key", d->key);
	put_word(ret, "signer", d->signer);
	put_word(ret, "digest", d->digest);
	put_word(ret, "size", size);
	put_word(ret, "results", d->results);
}

/* ---- records --------------------------------------------------------------------------------------------------------------------- */

/* Octets that are no UTF-8 are kept readable, as the audit module does it. */
static json_t *text(const char *s, size_t n)
{
	json_t *made = json_stringn(s, n);
	size_t at = 0;
	char *p;

	if (made)
		return made;
	p = malloc(4 * n + 1);
	if (!p)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] < 0x80)
			p[at++] = s[i];
		else
			at += (size_t)sprintf(p + at, "\\x%02X", (unsigned char)s[i]);
	}
	made = json_stringn(p, at);
	free(p);
	return made;
}

static int add(json_t *o, const char *name, const char *value)
{
	return json_object_set_new(o, name, text(value, strlen(value)));
}

/* One NAME=VALUE of n octets. A number stays one; what has another name, or comes twice, is left out. */
static int add_word(json_t *o, const char *word, size_t n)
{
	const char *equals = memchr(word, '=', n);
	size_t length = equals ? (size_t)(equals - word) : 0;

	for (size_t i = 0; length && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) != length || memcmp(names[i], word, length) != 0 || json_object_get(o, names[i]))
			continue;
		if (strcmp(names[i], "size") == 0)
			return json_object_set_new(o, "size", json_integer(strtoll(equals + 1, NULL, 10)));
		return json_object_set_new(o, names[i], text(equals + 1, n - length - 1));
	}
	return 0;
}

static int fill(json_t *o, const struct mw_seal_record *r)
{
	const char *at = r->detail;
	size_t id = strcspn(r->key, " ");
	int bad = add(o, "queue_id", r->queue_id);

	bad |= json_object_set_new(o, "id", text(r->key, id));
	bad |= add(o, "sender", r->sender);
	bad |= add(o, "recipient", r->recipient);
	while (*at) {
		size_t n = strcspn(at, " ");

		bad |= add_word(o, at, n);
		at += n + (at[n] == ' ');
	}
	bad |= add(o, "queued_as", r->queued_as);
	if (r->again)
		bad |= json_object_set_new(o, "again", json_true());
	bad |= add(o, "policy", r->policy);
	return bad;
}

char *mw_seal_record_members(const struct mw_seal_record *r)
{
	json_t *o = json_object();
	char *made = NULL;
	size_t n;

	if (o && fill(o, r) == 0)
		made = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	if (!made)
		return NULL;
	n = strlen(made);
	memmove(made, made + 1, n - 2);
	made[n - 2] = '\0';
	return made;
}

/* ---- the recorder ---------------------------------------------------------------------------------------------------------------- */

int mw_seal_recorder_open(const char *path, const char *key, const char *policy, struct mw_seal_recorder **ret,
			  struct mw_err *err)
{
	struct mw_audit_setup setup = {.path = path, .key = key, .sync = true, .checkpoint = CHECKPOINT, .shared = true};
	struct mw_seal_recorder *made;
	int r;

	*ret = NULL;
	if (!path)
		return 0;
	made = calloc(1, sizeof(*made));
	if (!made)
		return mw_fail_memory(err);
	made->self.policy = policy;
	r = mw_audit_writer_open(&own_host, &made->self, &setup, &made->writer, err);
	if (r < 0)
		free(made);
	else
		*ret = made;
	return r;
}

void mw_seal_recorder_close(struct mw_seal_recorder **at)
{
	struct mw_seal_recorder *rec = *at;

	*at = NULL;
	if (!rec)
		return;
	mw_audit_writer_close(rec->writer, &rec->self);
	free(rec);
}

void mw_seal_recorder_leave(struct mw_seal_recorder **at)
{
	struct mw_seal_recorder *rec = *at;

	*at = NULL;
	if (!rec)
		return;
	mw_audit_writer_leave(rec->writer);
	free(rec);
}

int mw_seal_recorder_ready(struct mw_seal_recorder *rec, struct mw_err *err)
{
	return rec ? mw_audit_writer_ready(rec->writer, &rec->self, ROOM, err) : 0;
}

int mw_seal_recorder_write(struct mw_seal_recorder *rec, const char *const *members, size_t n, struct mw_err *err)
{
	struct mw_str *v = calloc(n ? n : 1, sizeof(*v));
	int r;

	if (!v)
		return mw_fail_memory(err);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct mw_str){.p = members[i], .n = strlen(members[i])};
	r = mw_audit_writer_append_all(rec->writer, &rec->self, "seal", v, n, err);
	free(v);
	return r;
}
