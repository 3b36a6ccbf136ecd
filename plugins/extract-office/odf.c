/* SPDX-License-Identifier: Apache-2.0 */
#include "odf.h"

#include "odftext.h"

#include <string.h>

/* ---- the manifest ----------------------------------------------------------------------------------------------------------------- */

enum { FILE_ENTRY = 1, ENCRYPTED };

struct manifest {
	struct office *office;
	size_t entry;
};

static const struct xml_name names[] = {{"file-entry", FILE_ENTRY}, {"encryption-data", ENCRYPTED}, {NULL, 0}};

static int on_start(void *ctx, struct xml *x, int id)
{
	struct manifest *m = ctx;

	if (id == FILE_ENTRY)
		m->entry = package_find(&m->office->package, xml_attribute(x, "full-path"));
	if (id == ENCRYPTED && m->entry != NO_ENTRY)
		m->office->package.entry[m->entry].encrypted = true;
	return 0;
}

static int manifest_read(struct office *o)
{
	static const struct xml_events events = {.names = names, .start = on_start, .end = xml_no_end, .text = xml_no_text};
	struct manifest m = {.office = o, .entry = NO_ENTRY};
	size_t entry = package_find_word(&o->package, "META-INF/manifest.xml");

	return entry == NO_ENTRY ? 0 : office_parse(o, entry, &events, &m);
}

/* ---- settings --------------------------------------------------------------------------------------------------------------------- */

enum { ITEM = 1 };

struct settings {
	struct office *office;
	struct buf value;
	bool octets; /* what the driver of a printer keeps */
	bool string;
};

static int item_begin(void *ctx, struct xml *x, int id)
{
	struct settings *s = ctx;

	s->value.n = 0;
	if (id == ITEM) {
		s->octets = xml_is(xml_attribute(x, "type"), "base64Binary");
		s->string = xml_is(xml_attribute(x, "type"), "string");
	}
	return 0;
}

/* Texts: numbers and switches are the program's own. */
static int item_end(void *ctx, struct xml *x, int id)
{
	struct settings *s = ctx;
	bool text = false;
	size_t n = s->value.n;

	(void)x;
	s->value.n = 0;
	for (size_t i = 0; i < n && !text; i++)
		text = (unsigned char)s->value.p[i] > '9' || (s->string && n > 4);
	if (id != ITEM || s->octets || !text || (n == 4 && memcmp(s->value.p, "true", 4) == 0) ||
	    (n == 5 && memcmp(s->value.p, "false", 5) == 0))
		return 0;
	return office_other(s->office, s->value.p, n);
}

static int item_text(void *ctx, struct xml *x, const char *p, size_t n)
{
	(void)x;
	return buf_flat(&((struct settings *)ctx)->value, p, n);
}

static int settings_read(struct office *o, size_t entry)
{
	static const struct xml_name items[] = {{"config-item", ITEM}, {NULL, 0}};
	static const struct xml_events events = {.names = items, .start = item_begin, .end = item_end, .text = item_text};
	struct settings s = {.office = o};
	int r = office_parse(o, entry, &events, &s);

	buf_free(&s.value);
	return r;
}

/* ---- the package ------------------------------------------------------------------------------------------------------------------ */

bool odf_is(const struct office *o)
{
	return package_find_word(&o->package, "content.xml") != NO_ENTRY &&
	       package_find_word(&o->package, "[Content_Types].xml") == NO_ENTRY;
}

/* Every part of this name, of the document and of those inside it. */
static int each(struct office *o, const char *base, int (*read)(struct office *, size_t entry))
{
	int r = 0;

	for (size_t i = 0; i < o->package.entries && r == 0; i++) {
		const struct entry *e = &o->package.entry[i];
		const char *slash = strrchr(e->name, '/');

		if (!e->used && strcmp(slash ? slash + 1 : e->name, base) == 0)
			r = read(o, i);
	}
	return r;
}

static int content_read(struct office *o, size_t entry)
{
	stream_feed(&o->out);
	return odftext_read(o, entry, false);
}

static int object_read(struct office *o, size_t entry)
{
	int r = stream_section(&o->out, "objects");

	return r == 0 ? content_read(o, entry) : r;
}

/* Pictures of objects that are read themselves, and where lines break. */
static void no_matter(struct office *o)
{
	static const char folder[] = "ObjectReplacements/";
	const size_t n = sizeof(folder) - 1;

	for (size_t i = 0; i < o->package.entries; i++) {
		struct entry *e = &o->package.entry[i];
		struct buf b = {0};

		if (strcmp(e->name, "layout-cache") == 0)
			e->used = true;
		if (strncmp(e->name, folder, n) != 0)
			continue;
		/* Without memory it is read as any other file. */
		if (buf_word(&b, e->name + n) == 0 && buf_word(&b, "/content.xml") == 0)
			e->used |= package_find(&o->package, buf_str(&b)) != NO_ENTRY;
		buf_free(&b);
	}
}

int odf_read(struct office *o)
{
	size_t main = package_find_word(&o->package, "content.xml");
	int r = manifest_read(o);

	no_matter(o);
	if (r == 0)
		r = o->host->sink_page(o->sink);
	if (r == 0)
		r = content_read(o, main);
	if (r == 0)
		r = each(o, "content.xml", object_read);
	if (r == 0)
		r = stream_section(&o->out, "headers");
	if (r == 0)
		r = each(o, "styles.xml", content_read);
	if (r == 0)
		r = each(o, "meta.xml", properties_read);
	return r == 0 ? each(o, "settings.xml", settings_read) : r;
}
