/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part: what readers do with one part of a package, whatever it is.
 */
#include "office.h"

#include <errno.h>
#include <string.h>

int office_judge(struct office *o, int r)
{
	const char *reason = r == -EBADMSG ? "damaged" : r == -EACCES ? "encrypted" : NULL;

	if (!reason)
		return r;
	if (!o->reason)
		o->reason = reason;
	return stream_unread(&o->out, reason);
}

int xml_no_end(void *ctx, struct xml *x, int id)
{
	(void)ctx;
	(void)x;
	(void)id;
	return 0;
}

int xml_no_text(void *ctx, struct xml *x, const char *p, size_t n)
{
	(void)ctx;
	(void)x;
	(void)p;
	(void)n;
	return 0;
}

int office_parse(struct office *o, size_t entry, const struct xml_events *events, void *ctx)
{
	struct xml x;
	int r = xml_open(&x, events, ctx), closed;

	if (r < 0)
		return r;
	r = package_read(&o->package, entry, xml_piece, &x);
	closed = xml_close(&x);
	return office_judge(o, r < 0 ? r : closed);
}

int office_parse_octets(struct office *o, struct mw_str data, const struct xml_events *events, void *ctx)
{
	struct xml x;
	int r = xml_open(&x, events, ctx);

	if (r < 0)
		return r;
	(void)xml_piece(&x, data.p, data.n);
	return office_judge(o, xml_close(&x));
}

int office_relations(struct office *o, size_t entry, struct relations *to)
{
	const char *name = entry == NO_ENTRY ? "" : o->package.entry[entry].name;

	return office_judge(o, relations_read(&o->package, name, to, &o->links));
}

int office_other(struct office *o, const char *p, size_t n)
{
	int r = n ? buf_flat(&o->other, p, n) : 0;

	return r == 0 && n ? buf_char(&o->other, '\n') : r;
}

/* ---- members ---------------------------------------------------------------------------------------------------------------------- */

struct giving {
	struct office *office;
	int failed; /* of the sink */
};

static int give(void *ctx, const char *p, size_t n)
{
	struct giving *g = ctx;

	g->failed = g->office->host->member_data(g->office->sink, p, n);
	return g->failed;
}

int office_member(struct office *o, size_t entry, const char *type)
{
	const char *name = o->package.entry[entry].name;
	const struct mw_member m = {.name = {.p = name, .n = strlen(name)}, .type = type, .charset = ""};
	struct giving g = {.office = o};
	const char *unread;
	int r = o->host->member(o->sink, &m);

	if (r < 0)
		return r;
	r = package_read(&o->package, entry, give, &g);
	o->out.stopped |= g.failed < 0;
	if (g.failed)
		return g.failed;
	unread = r == -EBADMSG ? "damaged" : r == -EACCES ? "encrypted" : r == -EFBIG ? "limit" : NULL;
	if (r < 0 && !unread) {
		o->out.stopped = true; /* inside of the member */
		return r;
	}
	return o->host->member_end(o->sink, unread);
}

static int sextet(char c)
{
	return c >= 'A' && c <= 'Z'   ? c - 'A'
	       : c >= 'a' && c <= 'z' ? c - 'a' + 26
	       : c >= '0' && c <= '9' ? c - '0' + 52
	       : c == '+' || c == '-' ? 62
	       : c == '/' || c == '_' ? 63
				      : -1;
}

int office_base64(struct office *o, struct mw_str encoded)
{
	const struct mw_member m = {.name = {.p = "object", .n = 6}, .type = "", .charset = ""};
	struct buf b = {0};
	uint32_t bits = 0;
	unsigned have = 0;
	int r = 0;

	for (size_t i = 0; i < encoded.n && r == 0; i++) {
		int six = sextet(encoded.p[i]);

		if (six < 0)
			continue;
		bits = bits << 6 | (uint32_t)six;
		have += 6;
		if (have >= 8) {
			have -= 8;
			r = buf_char(&b, (char)(bits >> have & 0xff));
		}
	}
	if (r == 0 && b.n) {
		r = o->host->member(o->sink, &m);
		if (r == 0)
			r = o->host->member_data(o->sink, b.p, b.n);
		if (r == 0)
			r = o->host->member_end(o->sink, NULL);
		o->out.stopped |= r < 0;
	}
	buf_free(&b);
	return r;
}

/* ---- unknown parts ---------------------------------------------------------------------------------------------------------------- */

struct unknown {
	struct office *office;
	struct buf line;
};

static int unknown_flush(struct unknown *u)
{
	size_t at = 0;
	int r = 0;

	while (at < u->line.n && (unsigned char)u->line.p[at] <= ' ')
		at++;
	while (u->line.n > at && (unsigned char)u->line.p[u->line.n - 1] <= ' ')
		u->line.n--;
	if (at < u->line.n)
		r = stream_put(&u->office->out, true, u->line.p + at, u->line.n - at);
	if (r == 0 && at < u->line.n)
		r = stream_put(&u->office->out, true, "\n", 1);
	u->line.n = 0;
	return r;
}

/* An element or an attribute that is a name or a note for a person, wherever it stands. */
static bool is_text_attribute(const char *name)
{
	static const char *const names[] = {"descr",  "title",	 "alt",	    "displayText", "userName", "displayName",
					    "author", "caption", "command", "connection",  "url",      "href"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int unknown_edge(void *ctx, struct xml *x, int id)
{
	struct unknown *u = ctx;
	int r = unknown_flush(u);

	(void)id;
	for (int i = 0; r == 0 && i < x->n_attributes; i++) {
		const char *local;
		struct mw_str value = xml_attribute_at(x, i, &local);

		if (is_text_attribute(local)) {
			r = buf_flat(&u->line, value.p, value.n);
			r = r == 0 ? unknown_flush(u) : r;
		}
	}
	return r;
}

static int unknown_text(void *ctx, struct xml *x, const char *p, size_t n)
{
	(void)x;
	return buf_flat(&((struct unknown *)ctx)->line, p, n);
}

int office_unknown(struct office *o, size_t entry)
{
	static const struct xml_name none[] = {{NULL, 0}};
	static const struct xml_events events = {
	    .names = none, .start = unknown_edge, .end = unknown_edge, .text = unknown_text, .comment = unknown_text};
	struct unknown u = {.office = o};
	int r = office_parse(o, entry, &events, &u);

	if (r == 0)
		r = unknown_flush(&u);
	buf_free(&u.line);
	return r;
}

/* ---- the rest --------------------------------------------------------------------------------------------------------------------- */

static bool is_xml(const struct office *o, const char *name)
{
	const char *type = types_of(&o->types, name);

	return name_ends(name, ".xml") || name_ends(name, ".rels") || name_ends(name, ".vml") || name_ends(name, ".rdf") ||
	       name_ends(name, ".opf") || name_ends(name, ".ncx") || name_ends(type, "+xml") ||
	       strcmp(type, "application/xml") == 0 || strcmp(type, "text/xml") == 0;
}

static bool is_font(const char *name)
{
	static const char *const ends[] = {".ttf", ".otf", ".woff", ".woff2", ".odttf", ".fntdata"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (name_ends(name, ends[i]))
			return true;
	return false;
}

/* Fonts, settings of a printer and indexes of cells hold no text of the writer. */
static bool is_no_matter(const struct office *o, const char *name)
{
	const char *type = types_of(&o->types, name);

	return strcmp(name, "mimetype") == 0 || is_font(name) || strcmp(type, "application/vnd.ms-excel.binindexws") == 0 ||
	       strcmp(type, "application/vnd.ms-excel.calcchain") == 0 || name_ends(type, ".obfuscatedfont") ||
	       name_ends(type, ".printersettings") || strcmp(type, "application/vnd.ms-package.obfuscated-opentype") == 0 ||
	       strcmp(type, "application/x-fontdata") == 0;
}

/* Office packages written as XML hold pages of HTML or XHTML, too: an .xhtml is a text of its own. */
int office_rest(struct office *o)
{
	int r = stream_section(&o->out, "other");

	for (size_t i = 0; i < o->package.entries && r == 0; i++) {
		const struct entry *e = &o->package.entry[i];

		if (e->used)
			continue;
		if (o->archive)
			r = office_member(o, i, "");
		else if (is_xml(o, e->name))
			r = office_unknown(o, i);
		else if (!is_no_matter(o, e->name))
			r = office_member(o, i, "");
	}
	if (r == 0)
		r = stream_put(&o->out, true, o->other.p, o->other.n);
	o->other.n = 0;
	if (r == 0)
		r = stream_put(&o->out, true, o->links.p, o->links.n);
	o->links.n = 0;
	return r;
}
