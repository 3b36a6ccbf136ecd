/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/entity.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "mail/header.h"
#include "mail/label.h"

/* Fields of MIME itself, which programs write; what they carry for a person is the file name. */
static const char *const mime_fields[] = {
    "content-type",	   "content-transfer-encoding",
    "content-disposition", "content-id",
    "content-language",	   "content-length",
    "content-md5",	   "mime-version",
    "x-attachment-id",
};

/* A field of which there may be several. */
struct field {
	struct mw_str first, last;
	bool any, twofold;
};

struct fields {
	struct field type, transfer, disposition;
};

/* With a blank before its colon it is no field to some. */
static bool is_tight(struct mw_field f)
{
	return f.name.p + f.name.n + 1 == f.value.p;
}

static void take(struct field *f, struct mw_field found)
{
	struct mw_str value = mw_str_trim(found.value);

	if (f->any && !mw_str_casesame(f->first, value))
		f->twofold = true;
	if (!f->any)
		f->first = value;
	if (is_tight(found))
		f->last = value;
	f->any = true;
}

/* What is no field here may be one to a reader that trims lines: the blanks before it, or all of the line. */
static void skip_junk(struct mw_str *header)
{
	if (header->p[0] != ' ' && header->p[0] != '\t') {
		mw_header_skip_line(header);
		return;
	}
	while (header->n && (header->p[0] == ' ' || header->p[0] == '\t')) {
		header->p++;
		header->n--;
	}
}

static bool next_field(struct mw_str *header, struct mw_field *ret)
{
	while (header->n) {
		const char *line = header->p;

		if (mw_header_next(header, ret))
			return true;
		if (header->p == line)
			skip_junk(header);
	}
	return false;
}

static struct fields find_fields(struct mw_str header)
{
	const struct field none = {.first = MW_STR_LIT(""), .last = MW_STR_LIT("")};
	struct fields f = {.type = none, .transfer = none, .disposition = none};
	struct mw_field field;

	while (next_field(&header, &field)) {
		if (mw_str_caseeq(field.name, "content-type"))
			take(&f.type, field);
		else if (mw_str_caseeq(field.name, "content-transfer-encoding"))
			take(&f.transfer, field);
		else if (mw_str_caseeq(field.name, "content-disposition"))
			take(&f.disposition, field);
	}
	return f;
}

static bool fits(const struct field *f)
{
	return mw_label_fits(f->first) && (f->last.p == f->first.p || mw_label_fits(f->last));
}

static bool is_multipart(const char *type)
{
	return strncmp(type, "multipart/", 10) == 0;
}

static int read_labels(struct mw_arena *a, const struct fields *f, const char *dflt, bool loose, struct mw_entity *e)
{
	struct mw_label letter, glance;
	int r = mw_label_by_letter(a, f->type.first, f->transfer.first, dflt, &letter);

	if (r == 0)
		r = mw_label_at_glance(a, f->type.last, f->transfer.last, dflt, &glance);
	if (r < 0)
		return r;
	e->doubtful = !mw_label_same(&letter, &glance);
	e->damaged =
	    f->type.twofold || f->transfer.twofold || f->disposition.twofold || !fits(&f->type) || !fits(&f->disposition);
	if (loose && *glance.boundary && !is_multipart(letter.type) && !is_multipart(glance.type))
		glance.type = "multipart/mixed"; /* to a reader that goes by the boundary alone */
	if (loose)
		letter = glance;
	e->type = letter.type;
	e->charset = letter.charset;
	e->boundary = letter.boundary;
	e->transfer = letter.transfer;
	e->delsp = letter.delsp;
	return 0;
}

/* The name that readers show first: of the disposition, else of the type. */
static int read_disposition(struct mw_arena *a, const struct fields *f, struct mw_entity *e)
{
	struct mw_str value = f->disposition.first;
	size_t n = 0;

	while (n < value.n && value.p[n] != ';' && value.p[n] != ' ' && value.p[n] != '\t' && value.p[n] != '\r' &&
	       value.p[n] != '\n')
		n++;
	e->attachment = n && !mw_str_caseeq((struct mw_str){.p = value.p, .n = n}, "inline");
	e->name = mw_label_param(a, value, "filename");
	if (e->name && !*e->name)
		e->name = mw_label_param(a, f->type.first, "name");
	return e->name ? 0 : -ENOMEM;
}

static bool is_mime_field(struct mw_str name)
{
	for (size_t i = 0; i < sizeof(mime_fields) / sizeof(mime_fields[0]); i++)
		if (mw_str_caseeq(name, mime_fields[i]))
			return true;
	return false;
}

/* The names in all fields of that name, whichever a reader may choose. */
static int add_names_of(struct mw_arena *a, struct mw_str header, const char *field, const char *param, struct mw_buf *text)
{
	struct mw_field f;
	int r = 0;

	while (r == 0 && next_field(&header, &f))
		if (mw_str_caseeq(f.name, field))
			r = mw_label_names(a, mw_str_trim(f.value), param, text);
	return r;
}

static int add_names(struct mw_arena *a, struct mw_str header, struct mw_buf *text)
{
	int r = add_names_of(a, header, "content-disposition", "filename", text);

	return r < 0 ? r : add_names_of(a, header, "content-type", "name", text);
}

/* A message/external-body has in its parameters where its content is: that is what a reader sees of it. */
static int add_fields(struct mw_arena *a, struct mw_str header, bool external, struct mw_buf *text)
{
	struct mw_field f;

	while (next_field(&header, &f)) {
		const char *value;

		if (mw_str_trim(f.value).n == 0)
			continue;
		if (is_mime_field(f.name) && !(external && mw_str_caseeq(f.name, "content-type")))
			continue;
		value = mw_header_decode(a, f.value);
		if (!value)
			return -ENOMEM;
		mw_buf_add(text, f.name.p, f.name.n);
		mw_buf_puts(text, ": ");
		mw_buf_puts(text, value);
		mw_buf_putc(text, '\n');
	}
	return 0;
}

/* Moves what was gathered to the arena; r: 0 or what went wrong. NULL = no memory. */
static const char *keep(struct mw_arena *a, struct mw_buf *text, int r)
{
	const char *ret = r < 0 || !mw_buf_ok(text) ? NULL : text->n ? mw_arena_dup(a, text->p, text->n) : "";

	mw_buf_free(text);
	return ret;
}

static int read_text(struct mw_arena *a, struct mw_str header, bool part, struct mw_entity *e)
{
	struct mw_buf names = MW_BUF_INIT, text = MW_BUF_INIT;
	bool external = strcmp(e->type, "message/external-body") == 0;

	e->names = keep(a, &names, add_names(a, header, &names));
	e->text = keep(a, &text, part || external ? add_fields(a, header, external, &text) : 0);
	return e->names && e->text ? 0 : -ENOMEM;
}

/* Messages that are attached as nothing in particular. */
static bool is_message_file(const struct mw_entity *e)
{
	size_t n = strlen(e->name);

	return strcmp(e->type, "application/octet-stream") == 0 && n > 4 && mw_str_caseeq(mw_str(e->name + n - 4), ".eml");
}

int mw_entity_read(struct mw_arena *a, struct mw_str header, bool part, const char *dflt, bool loose, struct mw_entity *ret)
{
	struct fields f = find_fields(header);
	struct mw_entity e = {0};
	int r = read_labels(a, &f, dflt, loose, &e);

	if (r == 0)
		r = read_disposition(a, &f, &e);
	if (r == 0 && is_message_file(&e))
		e.type = "message/rfc822";
	if (r == 0)
		r = read_text(a, header, part, &e);
	if (r == 0)
		*ret = e;
	return r;
}
