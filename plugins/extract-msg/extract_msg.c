/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-msg: a message, contact, task or template that Outlook has saved: its fields as lines, its bodies and attachments as files.
 * A message inside is read in the same way: it is a section, and the folder of what stands in it.
 */
#include "../mapi/file.h"
#include "../ole/ole_write.h"
#include "storage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 16u /* messages in messages */

enum { HEADER_TOP = 32, HEADER_EMBEDDED = 24, HEADER_OTHER = 8 };

struct instance {
	const struct mw_host *host;
};

struct reader {
	const struct mw_host *host;
	struct mw_sink *sink;
	struct storage s;
	bool too_deep;
};

/* One message in work. */
struct message {
	struct reader *r;
	struct mapi_work work;
	enum mapi_scope scope;
	struct mapi_file *file; /* of the attachment in work */
	unsigned depth, attachments, messages;
	char folder[MAPI_FOLDER_MAX];
};

static int message_read(struct reader *r, uint32_t folder, const char *name, unsigned depth, const char *charset);

/* ---- properties ------------------------------------------------------------------------------------------------------------------ */

static bool wants(void *ctx, const struct mapi_prop *p)
{
	struct message *m = ctx;

	return (m->file && mapi_file_wants(p)) || mapi_wants(&m->work, m->scope, p);
}

static int property(void *ctx, const struct mapi_prop *p)
{
	struct message *m = ctx;
	int r = mapi_property(&m->work, m->scope, p);

	return r == 0 && m->file ? mapi_file_property(&m->work, m->file, p) : r;
}

static int properties(struct message *m, uint32_t folder, enum mapi_scope scope, size_t header)
{
	m->scope = scope;
	return storage_each(&m->r->s, folder, header, wants, property, m);
}

/* ---- attachments ----------------------------------------------------------------------------------------------------------------- */

static int stream_write(struct message *m, const struct mapi_file *f, uint32_t e)
{
	char *p;
	size_t n;
	bool whole;
	int r = storage_read(&m->r->s, e, &p, &n, &whole);

	if (r < 0)
		return r;
	r = mapi_file_write(&m->work, f, m->attachments, NULL, (struct mw_str){.p = p ? p : "", .n = n},
			    whole ? NULL : "damaged");
	if (p)
		explicit_bzero(p, n);
	free(p);
	return r;
}

/* What a folder holds into a file of its own, folders inside it too. */
static int object_copy(struct storage *s, uint32_t folder, struct ole_writer *w, bool *whole)
{
	uint32_t from = folder, to = OLE_WRITE_ROOT, *made = malloc(s->ole.entries * sizeof(*made));
	char *p;
	size_t n;
	bool all;
	int r = made ? 0 : -ENOMEM;

	if (made)
		made[folder] = OLE_WRITE_ROOT;
	for (uint32_t e = s->first[folder]; r == 0 && e != OLE_NONE;) {
		if (storage_is_folder(s, e)) {
			made[e] = ole_write_folder(w, to, storage_name(s, e));
			s->known[e] = true;
		} else {
			r = storage_read(s, e, &p, &n, &all);
			*whole = *whole && all;
			if (r == 0)
				ole_write_stream(w, to, storage_name(s, e), p, n);
			if (p)
				explicit_bzero(p, n);
			free(p);
		}
		if (storage_is_folder(s, e) && s->first[e] != OLE_NONE) {
			from = e;
			to = made[e];
			e = s->first[e];
			continue;
		}
		while (s->next[e] == OLE_NONE && from != folder) {
			e = from;
			from = s->ole.entry[e].parent;
			to = made[from];
		}
		e = s->next[e];
	}
	free(made);
	return r;
}

static int object_write(struct message *m, const struct mapi_file *f, uint32_t folder)
{
	struct ole_writer w;
	char *p = NULL;
	size_t n = 0;
	bool whole = true;
	int r, end;

	ole_write_begin(&w);
	r = object_copy(&m->r->s, folder, &w, &whole);
	end = ole_write_end(&w, &p, &n);
	if (end == -EFBIG)
		whole = false;
	else if (r == 0)
		r = end;
	if (r == 0)
		r = mapi_file_write(&m->work, f, m->attachments, "", (struct mw_str){.p = p ? p : "", .n = n},
				    whole ? NULL : "damaged");
	if (p)
		explicit_bzero(p, n);
	free(p);
	return r;
}

static int embedded_read(struct message *m, uint32_t folder)
{
	char name[MAPI_FOLDER_MAX];
	int n = snprintf(name, sizeof(name), "%smessage %u/", m->folder, ++m->messages);

	if (m->depth >= DEPTH || n < 0 || (size_t)n >= sizeof(name)) {
		m->r->too_deep = true;
		return 0;
	}
	return message_read(m->r, folder, name, m->depth + 1, m->work.charset);
}

static int attachment_write(struct message *m, uint32_t folder)
{
	struct storage *s = &m->r->s;
	struct mapi_file f = {0};
	int r;

	m->attachments++;
	m->file = &f;
	r = properties(m, folder, MAPI_ATTACHMENT, HEADER_OTHER);
	m->file = NULL;
	for (uint32_t e = s->first[folder]; r == 0 && e != OLE_NONE; e = s->next[e]) {
		if (!storage_is(s, e, MAPI_ATTACH_DATA))
			continue;
		if (!storage_is_folder(s, e))
			r = stream_write(m, &f, e);
		else if (storage_is_message(s, e))
			r = embedded_read(m, e);
		else
			r = object_write(m, &f, e);
	}
	mapi_file_reset(&f);
	return r;
}

/* ---- messages -------------------------------------------------------------------------------------------------------------------- */

static int phase_read(struct message *m, uint32_t folder)
{
	const struct storage *s = &m->r->s;
	int r = properties(m, folder, MAPI_MESSAGE, m->depth ? HEADER_EMBEDDED : HEADER_TOP);

	if (m->work.phase == MAPI_SCAN)
		return r;
	for (uint32_t e = s->first[folder]; r == 0 && e != OLE_NONE; e = s->next[e]) {
		if (!storage_is_folder(s, e))
			continue;
		if (storage_begins(s, e, "__recip_version1.0_"))
			r = properties(m, e, MAPI_RECIPIENT, HEADER_OTHER);
		else if (storage_begins(s, e, "__attach_version1.0_"))
			r = m->work.phase == MAPI_FILES ? attachment_write(m, e)
							: properties(m, e, MAPI_ATTACHMENT, HEADER_OTHER);
	}
	return r;
}

/* name: "" or "message 1/": the folder of its members, and without the slash its section. */
static int message_read(struct reader *r, uint32_t folder, const char *name, unsigned depth, const char *charset)
{
	static const enum mapi_phase phases[] = {MAPI_SCAN, MAPI_SEEN, MAPI_HIDDEN, MAPI_FILES};
	struct message m = {.r = r, .depth = depth};
	int ret = 0;

	if (depth) {
		(void)snprintf(m.folder, sizeof(m.folder), "%.*s", (int)strlen(name) - 1, name);
		ret = r->host->sink_section(r->sink, m.folder);
		(void)snprintf(m.folder, sizeof(m.folder), "%s", name);
	}
	mapi_begin(&m.work, r->host, r->sink, m.folder, charset);
	for (size_t i = 0; ret == 0 && i < sizeof(phases) / sizeof(*phases); i++) {
		m.work.phase = phases[i];
		ret = phase_read(&m, folder);
	}
	mapi_end(&m.work);
	return ret;
}

/* Streams that no part of the format names: nobody is shown them, and somebody may have put them there. */
static int strangers_write(struct reader *r)
{
	struct message m = {.r = r};
	const struct mapi_file f = {0};
	int ret = 0;

	mapi_begin(&m.work, r->host, r->sink, "other/", "");
	for (size_t i = 0; ret == 0 && i < r->s.ole.entries; i++)
		if (r->s.ole.entry[i].kind == OLE_STREAM && !r->s.known[i] && r->s.ole.entry[i].size) {
			m.attachments++;
			ret = stream_write(&m, &f, (uint32_t)i);
		}
	mapi_end(&m.work);
	return ret;
}

static int all_read(struct reader *r)
{
	int ret = message_read(r, OLE_ROOT, "", 0, "");

	if (ret == 0 && !r->too_deep)
		ret = strangers_write(r);
	if (ret == 0)
		ret = r->host->sink_section(r->sink, NULL);
	if (ret == 0 && r->too_deep)
		ret = r->host->sink_unread(r->sink, "limit");
	if (ret == 0 && r->s.damaged)
		ret = r->host->sink_unread(r->sink, "damaged");
	return ret;
}

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	const struct instance *self = inst;
	struct reader r = {.host = self->host, .sink = sink};
	int ret = storage_open(&r.s, doc->data);

	if (ret == -ENOENT || ret == -EBADMSG) {
		*reason = ret == -ENOENT || !ole_is(doc->data) ? "unknown-format" : "damaged";
		return self->host->fail(err, ret == -ENOENT ? -ENOTSUP : ret, "the part is no file of Outlook");
	}
	if (ret < 0)
		return self->host->fail(err, ret, "out of memory");
	ret = all_read(&r);
	storage_close(&r.s);
	if (ret == -EFBIG)
		*reason = "limit";
	return ret < 0
		   ? self->host->fail(err, ret, ret == -ENOMEM ? "out of memory" : "the mail of Outlook is not read to its end")
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

static const char *const types[] = {"application/vnd.ms-outlook", "application/x-msg", NULL};

MW_PLUGIN(extract_msg, "extract-msg", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "mails, contacts and tasks that Outlook has saved: fields, bodies, attachments", .types = types,
	  .hooks = {.open = open_module, .close = free, .extract = extract});
