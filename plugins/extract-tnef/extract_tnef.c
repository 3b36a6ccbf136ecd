/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-tnef: a mail that Outlook or Exchange has packed into winmail.dat: its fields as lines, its bodies and attachments as
 * files. Old attributes of TNEF are read as the properties that took their place, so that there is one way for both.
 */
#include "../mapi/codepage.h"
#include "../mapi/file.h"
#include "../mapi/when.h"
#include "tnef.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAC_BINARY 1u	  /* flag of an attachment */
#define OBJECT_HEADER 16u /* what kind of object follows: a GUID */

struct instance {
	const struct mw_host *host;
};

/* The attachment in work: its parts come in any order, and end where the next one begins. */
struct attachment {
	struct mapi_file file;
	struct mw_str data; /* p = NULL: none yet */
	const char *type;   /* of data; NULL = what the properties say */
	bool whole;
	unsigned number;
};

struct reader {
	struct mapi_work work;
	struct attachment attachment;
	bool damaged; /* of the attributes themselves */
};

/* ---- old attributes -------------------------------------------------------------------------------------------------------------- */

/* Those whose octets are a value as it stands. */
static const struct {
	uint16_t attribute, id;
} strings[] = {
    {TNEF_SUBJECT, 0x0037},
    {TNEF_MESSAGE_CLASS, MAPI_CLASS},
    {TNEF_BODY, MAPI_BODY},
    {TNEF_ATTACH_TITLE, MAPI_ATTACH_SHORT},
    {TNEF_ATTACH_NAME, MAPI_ATTACH_SHORT},
};

static const struct {
	uint16_t attribute, id;
} dates[] = {
    {TNEF_DATE_SENT, 0x0039},
    {TNEF_DATE_RECEIVED, 0x0e06},
    {TNEF_DATE_START, 0x0060},
    {TNEF_DATE_END, 0x0061},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int write_string(struct reader *r, enum mapi_scope scope, uint16_t id, struct mw_str s)
{
	const struct mapi_prop p = {.id = id, .type = MAPI_STRING8, .value = s};

	return mapi_property(&r->work, scope, &p);
}

static int write_date(struct reader *r, enum mapi_scope scope, uint16_t id, struct mw_str s)
{
	struct mapi_prop p = {.id = id, .type = MAPI_TIME};
	uint16_t part[6];
	uint64_t time;
	char octets[8];

	for (size_t i = 0; i < COUNT(part); i++)
		part[i] = s.n >= 2 * COUNT(part) ? mapi_u16(s.p + 2 * i) : 0;
	time = mapi_filetime(part);
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)(unsigned char)(time >> 8 * i);
	p.value = (struct mw_str){.p = octets, .n = sizeof(octets)};
	return mapi_property(&r->work, scope, &p);
}

/* A name and an address, each behind its length: {lengths at 4 and 6}, or {length, name, length, address}. */
static int write_person(struct reader *r, enum mapi_scope scope, struct mw_str s, bool triple)
{
	size_t at = triple ? 8 : 2, name, address = 0;
	int ret;

	if (s.n < at)
		return 0;
	name = mapi_u16(s.p + (triple ? 4 : 0));
	name = name < s.n - at ? name : s.n - at;
	if (triple)
		address = mapi_u16(s.p + 6);
	ret = write_string(r, scope, 0x0c1a, (struct mw_str){.p = s.p + at, .n = name});
	s = (struct mw_str){.p = s.p + at + name, .n = s.n - at - name};
	if (!triple && s.n >= 2) {
		address = mapi_u16(s.p);
		s = (struct mw_str){.p = s.p + 2, .n = s.n - 2};
	}
	s.n = address < s.n ? address : s.n;
	return ret == 0 ? write_string(r, scope, 0x0c1f, s) : ret;
}

/* One that is of no interest here is octets that may hold words. */
static int write_old(struct reader *r, enum mapi_scope scope, const struct tnef_attribute *a)
{
	const struct mapi_prop unknown = {.type = MAPI_BINARY, .value = a->data};

	for (size_t i = 0; i < COUNT(strings); i++)
		if (strings[i].attribute == a->id)
			return write_string(r, scope, strings[i].id, a->data);
	for (size_t i = 0; i < COUNT(dates); i++)
		if (dates[i].attribute == a->id)
			return write_date(r, scope, dates[i].id, a->data);
	if (a->id == TNEF_FROM)
		return write_person(r, scope, a->data, true);
	if (a->id == TNEF_OWNER || a->id == TNEF_SENT_FOR)
		return write_person(r, scope, a->data, false);
	return mapi_property(&r->work, scope, &unknown);
}

/* ---- attachments ----------------------------------------------------------------------------------------------------------------- */

static int attachment_end(struct reader *r)
{
	struct attachment *a = &r->attachment;
	int ret = 0;

	if (a->data.p)
		ret = mapi_file_write(&r->work, &a->file, ++a->number, a->type, a->data, a->whole ? NULL : "damaged");
	mapi_file_reset(&a->file);
	a->data = (struct mw_str){0};
	a->type = NULL;
	return ret;
}

/* What the next attachment is like: its kind, where its icon stands, and flags. */
static int attachment_begin(struct reader *r, struct mw_str data)
{
	int ret = attachment_end(r);

	r->attachment.file.mac = data.n >= 14 && mapi_u32(data.p + 10) == MAC_BINARY;
	return ret;
}

/* A second set of octets is a file of its own, whatever stands between. */
static int attachment_data(struct reader *r, struct mw_str data, const char *type, bool whole)
{
	int ret = r->attachment.data.p ? attachment_end(r) : 0;

	r->attachment.data = data;
	r->attachment.type = type;
	r->attachment.whole = whole;
	return ret;
}

/* A message inside is a TNEF stream again; any other object is octets that the host knows or does not. */
static int attachment_object(struct reader *r, struct mw_str data, bool whole)
{
	struct mw_str inside =
	    data.n > OBJECT_HEADER ? (struct mw_str){.p = data.p + OBJECT_HEADER, .n = data.n - OBJECT_HEADER} : data;

	if (tnef_is(data))
		inside = data;
	return attachment_data(r, inside, tnef_is(inside) ? "application/ms-tnef" : "", whole);
}

/* ---- properties ------------------------------------------------------------------------------------------------------------------ */

static int write_property(struct reader *r, enum mapi_scope scope, const struct mapi_prop *p, bool whole)
{
	int ret = mapi_property(&r->work, scope, p);

	if (ret < 0 || scope != MAPI_ATTACHMENT || r->work.phase != MAPI_FILES)
		return ret;
	if (p->id == MAPI_ATTACH_DATA && p->value.n && p->type == MAPI_OBJECT)
		return attachment_object(r, p->value, whole);
	if (p->id == MAPI_ATTACH_DATA && p->value.n && p->type == MAPI_BINARY)
		return attachment_data(r, p->value, NULL, whole);
	return mapi_file_property(&r->work, &r->attachment.file, p);
}

/* The words of what cannot be read. */
static int write_rest(struct reader *r, enum mapi_scope scope, struct mw_str rest)
{
	const struct mapi_prop p = {.type = MAPI_BINARY, .value = rest};

	return rest.n ? mapi_property(&r->work, scope, &p) : 0;
}

static int write_block(struct reader *r, enum mapi_scope scope, struct tnef_props *t)
{
	struct mapi_prop p;
	int ret = 0;

	while (ret == 0 && tnef_props_next(t, &p))
		ret = write_property(r, scope, &p, !t->damaged);
	if (ret == 0 && t->damaged) {
		r->damaged = true;
		ret = write_rest(r, scope, t->rest);
	}
	return ret;
}

static int write_properties(struct reader *r, enum mapi_scope scope, struct mw_str data)
{
	struct tnef_props t;
	int ret;

	tnef_props_begin(&t, data);
	ret = write_block(r, scope, &t);
	return ret == 0 && !t.damaged ? write_rest(r, scope, t.rest) : ret;
}

static int write_recipients(struct reader *r, struct mw_str data)
{
	struct tnef_props t = {.rest = data, .damaged = data.n < 4};
	uint32_t rows = t.damaged ? 0 : mapi_u32(data.p);
	int ret = 0;

	if (rows)
		t.rest = (struct mw_str){.p = data.p + 4, .n = data.n - 4};
	while (ret == 0 && rows-- && !t.damaged) {
		tnef_props_begin(&t, t.rest);
		ret = write_block(r, MAPI_RECIPIENT, &t);
	}
	r->damaged = r->damaged || t.damaged;
	return ret == 0 && !t.damaged ? write_rest(r, MAPI_RECIPIENT, t.rest) : ret;
}

/* ---- the stream ------------------------------------------------------------------------------------------------------------------ */

static void codepage_read(struct reader *r, struct mw_str data)
{
	const char *charset = data.n >= 4 ? mapi_charset(mapi_u32(data.p)) : "";

	if (r->work.phase == MAPI_SCAN && *charset && strncmp(charset, "utf-16", 6) != 0)
		r->work.charset = charset;
}

/* Numbers are unique: what an attribute is does not hang on the level that it says it is of, and some readers do not look at that. */
static int read_attribute(struct reader *r, const struct tnef_attribute *a)
{
	bool files = r->work.phase == MAPI_FILES;
	const struct mapi_prop title = {.id = MAPI_ATTACH_SHORT, .type = MAPI_STRING8, .value = a->data};

	switch (a->id) {
	case TNEF_PROPERTIES:
		return write_properties(r, MAPI_MESSAGE, a->data);
	case TNEF_RECIPIENTS:
		return write_recipients(r, a->data);
	case TNEF_CODEPAGE:
		codepage_read(r, a->data);
		return 0;
	case TNEF_ATTACH_BEGIN:
		return files ? attachment_begin(r, a->data) : 0;
	case TNEF_ATTACH_DATA:
		return files ? attachment_data(r, a->data, NULL, a->whole) : 0;
	case TNEF_ATTACH_PROPERTIES:
		return write_properties(r, MAPI_ATTACHMENT, a->data);
	case TNEF_ATTACH_TITLE:
	case TNEF_ATTACH_NAME:
		return files ? mapi_file_property(&r->work, &r->attachment.file, &title) : write_old(r, MAPI_ATTACHMENT, a);
	default:
		return write_old(r, MAPI_MESSAGE, a);
	}
}

static bool is_padding(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\0' && s.p[i] != '\r' && s.p[i] != '\n')
			return false;
	return true;
}

static int read_phase(struct reader *r, struct mw_str data)
{
	struct tnef_attribute a;
	struct tnef t;
	int ret = 0;

	tnef_begin(&t, data);
	while (ret == 0 && tnef_next(&t, &a)) {
		r->damaged = r->damaged || t.damaged;
		ret = read_attribute(r, &a);
	}
	if (ret == 0 && !is_padding(t.rest)) {
		r->damaged = true;
		ret = write_rest(r, MAPI_MESSAGE, t.rest);
	}
	return ret == 0 && r->work.phase == MAPI_FILES ? attachment_end(r) : ret;
}

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	const struct instance *self = inst;
	static const enum mapi_phase phases[] = {MAPI_SCAN, MAPI_SEEN, MAPI_HIDDEN, MAPI_FILES};
	struct reader r = {0};
	int ret = 0;

	if (!tnef_is(doc->data)) {
		*reason = "unknown-format";
		return self->host->fail(err, -ENOTSUP, "the part is no TNEF stream");
	}
	mapi_begin(&r.work, self->host, sink, "", "");
	for (size_t i = 0; i < COUNT(phases) && ret == 0; i++) {
		r.work.phase = phases[i];
		ret = read_phase(&r, doc->data);
	}
	mapi_file_reset(&r.attachment.file);
	mapi_end(&r.work);
	if (ret == 0 && r.damaged)
		ret = self->host->sink_unread(sink, "damaged");
	if (ret == -EFBIG)
		*reason = "limit";
	return ret < 0 ? self->host->fail(err, ret, ret == -ENOMEM ? "out of memory" : "the TNEF stream is not read to its end")
		       : 0;
}

static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct instance *i;

	(void)self;
	(void)conf;
	if (host->size < sizeof(struct mw_host))
		return host->fail(err, -ENOSYS, "this milward is too old for the module: it has no member()");
	i = calloc(1, sizeof(*i));
	if (!i)
		return host->fail(err, -ENOMEM, "out of memory");
	i->host = host;
	*inst = i;
	return 0;
}

static const char *const types[] = {"application/ms-tnef", "application/vnd.ms-tnef", "application/x-tnef", NULL};

MW_PLUGIN(extract_tnef, "extract-tnef", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "mails that Outlook packs into winmail.dat: fields, bodies, attachments", .types = types,
	  .hooks = {.open = open_module, .close = free, .extract = extract});
