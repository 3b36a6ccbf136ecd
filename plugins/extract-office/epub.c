/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epub: books, which are packages of XHTML. Chapters are files inside, in the order of reading; the title and author are properties.
 */
#include "office.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 16384u

struct item {
	char *id, *type;
	size_t entry;
};

struct epub {
	struct office *office;
	const char *part; /* that targets are relative to */
	struct item *v;
	size_t n, cap;
	size_t *chapter; /* indexes of items */
	size_t chapters, chapter_cap, references;
	size_t root;   /* the entry that lists the book */
	bool scramble; /* of fonts: no reader's text */
};

enum { ROOT = 1, ITEM, REFERENCE, METHOD, CIPHER };

static const struct xml_name names[] = {{"rootfile", ROOT},	     {"item", ITEM},
					{"itemref", REFERENCE},	     {"EncryptionMethod", METHOD},
					{"CipherReference", CIPHER}, {NULL, 0}};

static int item_add(struct epub *e, struct xml *x)
{
	struct mw_str s;
	char *path;

	if (e->n == ITEMS_MAX)
		return -EFBIG;
	if (e->n == e->cap) {
		size_t cap = e->cap ? e->cap * 2 : 32;
		struct item *more = reallocarray(e->v, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		e->v = more;
		e->cap = cap;
	}
	path = path_join(e->part, xml_attribute(x, "href"));
	if (!path)
		return -ENOMEM;
	e->v[e->n] = (struct item){.entry = package_find_word(&e->office->package, path)};
	free(path);
	s = xml_attribute(x, "id");
	e->v[e->n].id = strndup(s.p, s.n);
	s = xml_attribute(x, "media-type");
	e->v[e->n].type = strndup(s.p, s.n);
	return e->v[e->n].id && e->v[e->n++].type ? 0 : -ENOMEM;
}

static int chapter_add(struct epub *e, struct mw_str id)
{
	size_t i = 0;

	/* Each looks through all items. */
	if (e->references++ >= ITEMS_MAX)
		return -EFBIG;
	while (i < e->n && !xml_is(id, e->v[i].id))
		i++;
	if (i == e->n)
		return 0;
	if (e->chapters == e->chapter_cap) {
		size_t cap = e->chapter_cap ? e->chapter_cap * 2 : 32, *more = reallocarray(e->chapter, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		e->chapter = more;
		e->chapter_cap = cap;
	}
	e->chapter[e->chapters++] = i;
	return 0;
}

/* A part that is encrypted, where fonts that are only made unusable elsewhere are none. */
static int cipher(struct epub *e, struct mw_str uri)
{
	size_t entry = package_find(&e->office->package, uri);

	if (entry != NO_ENTRY && e->scramble)
		e->office->package.entry[entry].used = true;
	else if (entry != NO_ENTRY)
		e->office->package.entry[entry].encrypted = true;
	return 0;
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct epub *e = ctx;
	struct mw_str s;

	switch (id) {
	case ROOT:
		e->root = package_find(&e->office->package, xml_attribute(x, "full-path"));
		return 0;
	case ITEM:
		return item_add(e, x);
	case REFERENCE:
		return chapter_add(e, xml_attribute(x, "idref"));
	case METHOD:
		s = xml_attribute(x, "Algorithm");
		e->scramble = xml_is(s, "http://www.idpf.org/2008/embedding") || xml_is(s, "http://ns.adobe.com/pdf/enc#RC");
		return 0;
	case CIPHER:
		return cipher(e, xml_attribute(x, "URI"));
	default:
		return 0;
	}
}

static int chapters_read(struct epub *e)
{
	struct office *o = e->office;
	int r = 0;

	for (size_t i = 0; i < e->chapters && r == 0; i++) {
		const struct item *f = &e->v[e->chapter[i]];

		if (f->entry == NO_ENTRY)
			r = office_judge(o, -EBADMSG);
		else if (!o->package.entry[f->entry].used)
			r = office_member(o, f->entry, f->type);
	}
	/* What is listed and in no order: pictures, notes. */
	for (size_t i = 0; i < e->n && r == 0; i++)
		if (e->v[i].entry != NO_ENTRY && !o->package.entry[e->v[i].entry].used && strstr(e->v[i].type, "xhtml"))
			r = office_member(o, e->v[i].entry, e->v[i].type);
	return r;
}

bool epub_is(const struct office *o)
{
	return package_find_word(&o->package, "META-INF/container.xml") != NO_ENTRY &&
	       package_find_word(&o->package, "content.xml") == NO_ENTRY;
}

int epub_read(struct office *o)
{
	static const struct xml_events events = {.names = names, .start = on_start, .end = xml_no_end, .text = xml_no_text};
	struct epub e = {.office = o, .root = NO_ENTRY, .part = ""};
	size_t keys = package_find_word(&o->package, "META-INF/encryption.xml");
	int r = office_parse(o, package_find_word(&o->package, "META-INF/container.xml"), &events, &e);

	if (r == 0 && keys != NO_ENTRY)
		r = office_parse(o, keys, &events, &e);
	if (r == 0 && e.root != NO_ENTRY) {
		e.part = o->package.entry[e.root].name;
		r = office_parse(o, e.root, &events, &e);
		if (r == 0)
			r = properties_read(o, e.root);
	}
	if (r == 0)
		r = chapters_read(&e);
	for (size_t i = 0; i < e.n; i++) {
		free(e.v[i].id);
		free(e.v[i].type);
	}
	free(e.v);
	free(e.chapter);
	return r;
}
