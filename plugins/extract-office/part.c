/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part: what readers do with one part of a package, whatever it is.
 */
#include "book.h"
#include "office.h"

#include <errno.h>
#include <string.h>

#define PEEK 512u	    /* octets that tell what a file is */
#define FONT_MAX 0x8000000u /* octets */

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

/* ---- names ------------------------------------------------------------------------------------------------------------------------ */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What programs make names of in all languages, but for the number behind it: "Rectangle: Rounded Corners". */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80 || (c && strchr(" -_.:&()'", c));
}

bool name_is_given(struct mw_str s)
{
	static const char image[] = "image", google[] = "Shape;";
	const char *dot = s.n ? memrchr(s.p, '.', s.n) : NULL;
	size_t n = s.n, digits = 0;

	if (s.n == 0 || s.p[0] == '_' || memmem(s.p, s.n, google, sizeof(google) - 1))
		return false;
	if (dot && s.n > sizeof(image) && strncasecmp(s.p, image, sizeof(image) - 1) == 0)
		n = (size_t)(dot - s.p);
	while (n && is_digit(s.p[n - 1])) {
		n--;
		digits++;
	}
	for (size_t i = 0; i < n; i++)
		if (!is_plain(s.p[i]))
			return true;
	/* A word or two, and a short number; or a word alone, which is a kind of shape. */
	return digits > 4 || (digits == 0 && memchr(s.p, ' ', s.n)) || (dot && n == s.n);
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

/* An attribute that is a name or a note for a person: in any element, or in one. */
static bool is_text_attribute(const char *element, const char *name)
{
	static const struct {
		const char *name, *element;
	} rows[] = {
	    {"descr", NULL},
	    {"title", NULL},
	    {"alt", NULL},
	    {"displayText", NULL},
	    {"userName", NULL},
	    {"displayName", NULL},
	    {"author", NULL},
	    {"caption", NULL},
	    {"command", NULL},
	    {"connection", NULL},
	    {"url", NULL},
	    {"href", NULL},
	    {"userId", NULL},
	    {"comment", NULL},
	    {"sourceFile", NULL},
	    {"prompt", NULL},
	    {"ddeTopic", NULL},
	    {"Command", NULL},
	    {"ConnectionString", NULL},
	    {"totalsRowLabel", NULL},
	    {"string", NULL},
	    {"UnicodeString", NULL},
	    {"name", "cmAuthor"},
	    {"name", "author"},
	    {"val", "sheetName"},
	    {"val", "item"},
	    {"value", "ocxPr"},
	    {"name", "ddeItem"},
	    {"name", "dataField"},
	    {"val", "lvlText"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i].name, name) == 0 && (!rows[i].element || strcmp(rows[i].element, element) == 0))
			return true;
	return false;
}

/* Namespaces of office programs, where most attributes are about looks. In all others an attribute is data. */
static bool is_of_programs(const char *space)
{
	static const char *const begin[] = {"http://schemas.openxmlformats.org/",
					    "http://purl.oclc.org/ooxml/",
					    "http://schemas.microsoft.com/",
					    "urn:schemas-microsoft-com:",
					    "urn:oasis:names:tc:opendocument",
					    "http://openoffice.org/",
					    "http://www.w3.org/",
					    "http://www.daisy.org/",
					    "http://www.idpf.org/",
					    "http://schemas.openxps.org/"};

	for (size_t i = 0; space && i < sizeof(begin) / sizeof(*begin); i++)
		if (strncmp(space, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

/* How a list is numbered: "%1." and a bullet are no text. */
static bool is_label(struct mw_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (i == 0 || s.p[i - 1] != '%') &&
		     ((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= 'a' && s.p[i] <= 'z'));
	return n > 2;
}

/* Is an attribute that a program's own element has a text? */
static bool is_text(const char *element, const char *name, struct mw_str value)
{
	return is_text_attribute(element, name) && (strcmp(element, "lvlText") != 0 || is_label(value));
}

static int unknown_edge(void *ctx, struct xml *x, int id)
{
	struct unknown *u = ctx;
	bool data = !is_of_programs(x->space);
	int r = unknown_flush(u);

	(void)id;
	for (int i = 0; r == 0 && i < x->n_attributes; i++) {
		const char *local, *space = (const char *)x->attributes[5 * i + 2];
		struct mw_str value = xml_attribute_at(x, i, &local);
		bool named = data && !is_of_programs(space);

		if (value.n == 0 || (!named && !is_text(x->name, local, value)))
			continue;
		r = named ? buf_word(&u->line, local) : 0;
		r = r == 0 && named ? buf_word(&u->line, ": ") : r;
		r = r == 0 ? buf_flat(&u->line, value.p, value.n) : r;
		r = r == 0 ? unknown_flush(u) : r;
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

/* Records of a workbook that no reader has taken. */
static bool is_records(const struct office *o, const char *name)
{
	const char *type = types_of(&o->types, name);

	return name_ends(name, ".bin") && strncmp(type, "application/vnd.ms-excel.", 25) == 0;
}

static int peek(void *ctx, const char *p, size_t n)
{
	struct buf *b = ctx;

	return b->n >= PEEK ? 1 : buf_add(b, p, n < PEEK - b->n ? n : PEEK - b->n);
}

static uint32_t big(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The tables of a font: names of four letters in order, places and sizes. The first 32 octets of some are scrambled. */
static bool has_font_tables(const struct buf *b)
{
	const unsigned char *p = (const unsigned char *)b->p;
	size_t rows = 0;

	for (size_t at = 12 + 2 * 16; at + 16 <= b->n && rows < 4; at += 16, rows++)
		if (p[at] < ' ' || p[at] > 'z' || p[at + 3] < ' ' || p[at + 3] > 'z' || big(p + at + 8) > FONT_MAX ||
		    big(p + at + 12) > FONT_MAX || (rows && memcmp(p + at, p + at - 16, 4) <= 0))
			return false;
	return rows == 4;
}

static bool begins_one_of(const struct buf *b, const char *const *begin)
{
	for (; *begin; begin++)
		if (b->n >= strlen(*begin) && memcmp(b->p, *begin, strlen(*begin)) == 0)
			return true;
	return false;
}

static bool is_font_content(const struct buf *b)
{
	static const char *const begin[] = {"wOFF", "wOF2", "ttcf", NULL};

	return begins_one_of(b, begin) || has_font_tables(b) || (b->n >= 36 && b->p[34] == 'L' && b->p[35] == 'P');
}

static bool is_font_name(const char *name)
{
	static const char *const ends[] = {".ttf", ".otf", ".woff", ".woff2", ".odttf", ".fntdata"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (name_ends(name, ends[i]))
			return true;
	return false;
}

/* No text of a person has NUL in it where a printer's settings and a workbook's own indexes have many. */
static bool is_octets(const struct buf *b)
{
	return b->n == 0 || memchr(b->p, '\0', b->n < 256 ? b->n : 256);
}

static bool is_picture(const struct buf *b)
{
	static const char *const begin[] = {"\x89PNG", "\xff\xd8\xff", "GIF8", "BM", "VCLMTF", NULL};

	return begins_one_of(b, begin);
}

static bool is_drawn(const struct buf *b)
{
	static const char *const begin[] = {"\xd7\xcd\xc6\x9a", NULL};

	return begins_one_of(b, begin) || (b->n > 44 && memcmp(b->p + 40, " EMF", 4) == 0);
}

static bool is_archive(const struct buf *b)
{
	static const char *const begin[] = {"PK\003\004", "\xd0\xcf\x11\xe0", "%PDF", "Rar!", "7z\xbc\xaf", "\x1f\x8b\x08", NULL};

	return begins_one_of(b, begin) || is_picture(b) || is_drawn(b);
}

/* The picture of the first page, or of a table, that programs put into a document: it shows what the text says. One that is drawn is a
 * file inside: words in it can be read, and may be older than the text. */
static bool is_thumbnail(const char *name)
{
	static const char *const folders[] = {"docProps/thumbnail.", "Thumbnails/", "Pictures/TablePreview"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (strncmp(name, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

/* Fonts, settings of a printer, indexes of cells and the picture of the first page hold no text of the writer, when they are what they are called. */
static int is_no_matter(struct office *o, size_t entry, bool *no)
{
	const char *name = o->package.entry[entry].name, *type = types_of(&o->types, name);
	bool font = is_font_name(name) || name_ends(type, ".obfuscatedfont") || strcmp(type, "application/x-fontdata") == 0 ||
		    strcmp(type, "application/vnd.ms-package.obfuscated-opentype") == 0,
	     other = strcmp(type, "application/vnd.ms-excel.binindexws") == 0 ||
		     strcmp(type, "application/vnd.ms-excel.calcchain") == 0 || name_ends(type, ".printersettings"),
	     thumbnail = is_thumbnail(name);
	struct buf b = {0};
	int r;

	*no = strcmp(name, "mimetype") == 0;
	if (!font && !other && !thumbnail)
		return 0;
	r = package_read(&o->package, entry, peek, &b);
	if (r == 0 || r == 1)
		*no = font ? is_font_content(&b) : thumbnail ? is_picture(&b) : is_octets(&b) && !is_archive(&b);
	buf_free(&b);
	return r == -ENOMEM ? r : 0;
}

/* What was written with a pen: a picture of words. */
static bool is_ink(const struct office *o, const char *name)
{
	return strcmp(types_of(&o->types, name), "application/inkml+xml") == 0 || strstr(name, "/ink/ink");
}

static int rest(struct office *o, size_t entry)
{
	const char *name = o->package.entry[entry].name;
	bool no = false;
	int r;

	if (o->archive)
		return office_member(o, entry, "");
	if (is_ink(o, name))
		return stream_unread(&o->out, "image");
	if (is_xml(o, name))
		return office_unknown(o, entry);
	r = is_no_matter(o, entry, &no);
	if (r < 0 || no)
		return r;
	return is_records(o, name) ? other_binary_read(o, entry) : office_member(o, entry, "");
}

/* Office packages written as XML hold pages of HTML or XHTML, too: an .xhtml is a text of its own. */
int office_rest(struct office *o)
{
	int r = stream_section(&o->out, "other");

	for (size_t i = 0; i < o->package.entries && r == 0; i++)
		if (!o->package.entry[i].used)
			r = rest(o, i);
	if (r == 0)
		r = stream_put(&o->out, true, o->other.p, o->other.n);
	o->other.n = 0;
	if (r == 0)
		r = stream_put(&o->out, true, o->links.p, o->links.n);
	o->links.n = 0;
	return r;
}
