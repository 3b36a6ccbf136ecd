/* SPDX-License-Identifier: Apache-2.0 */
/*
 * book: the sheets of a workbook in their order, each a section that has the sheet's name, with its comments and drawings.
 */
#include "book.h"

#include "wordtext.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SHEETS_MAX 4096u

struct leaf {
	char *name;
	size_t entry;
	bool hidden;
};

struct list {
	struct book book;
	struct relations related; /* of the workbook */
	struct leaf *v;
	size_t n, cap;
	bool constant; /* in a name that stands for something */
	struct buf formula;
};

enum { SHEET = 1, PROPERTIES, NAME };

static const struct xml_name names[] = {{"sheet", SHEET}, {"workbookPr", PROPERTIES}, {"definedName", NAME}, {NULL, 0}};

/* ---- texts in formulas ------------------------------------------------------------------------------------------------------------ */

int formula_texts(struct office *o, struct mw_str f)
{
	size_t at = 0;
	int r = 0;

	while (at < f.n && r == 0) {
		const char *open = memchr(f.p + at, '"', f.n - at), *p, *close;

		if (!open)
			break;
		p = open + 1;
		close = memchr(p, '"', (size_t)(f.p + f.n - p));
		if (!close)
			close = f.p + f.n;
		/* What is shorter is no text of a person. */
		if (close - p > 3) {
			r = stream_put(&o->out, true, p, (size_t)(close - p));
			r = r == 0 ? stream_put(&o->out, true, "\n", 1) : r;
		}
		at = (size_t)(close - f.p) + 1;
	}
	return r;
}

/* ---- the workbook ----------------------------------------------------------------------------------------------------------------- */

static int leaf_add(struct list *l, struct mw_str name, size_t entry, bool hidden)
{
	if (l->n == SHEETS_MAX)
		return -EFBIG;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		struct leaf *more = reallocarray(l->v, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->v = more;
		l->cap = cap;
	}
	l->v[l->n] = (struct leaf){.name = strndup(name.p, name.n), .entry = entry, .hidden = hidden};
	return l->v[l->n++].name ? 0 : -ENOMEM;
}

/* A name, and what is said of it. */
static int name_begin(struct list *l, struct xml *x)
{
	static const char *const texts[] = {"name", "comment", "description", "help", "statusBar", "customMenu"};
	int r = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && r == 0; i++) {
		struct mw_str v = xml_attribute(x, texts[i]);

		if (v.n && !(v.n > 6 && memcmp(v.p, "_xlnm.", 6) == 0))
			r = office_other(l->book.office, v.p, v.n);
	}
	return r;
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct list *l = ctx;
	struct mw_str state;
	size_t entry;
	bool hidden;

	switch (id) {
	case SHEET:
		state = xml_attribute(x, "state");
		hidden = xml_is(state, "hidden") || xml_is(state, "veryHidden");
		entry = relation_target(&l->related, xml_related(x, "id"));
		return leaf_add(l, xml_attribute(x, "name"), entry, hidden);
	case PROPERTIES:
		l->book.from_1904 = xml_has(x, "date1904") && xml_on(x, "date1904");
		return 0;
	case NAME:
		l->constant = true;
		l->formula.n = 0;
		return name_begin(l, x);
	default:
		return 0;
	}
}

static int on_end(void *ctx, struct xml *x, int id)
{
	struct list *l = ctx;
	struct mw_str f = buf_str(&l->formula);

	(void)x;
	if (id != NAME)
		return 0;
	l->constant = false;
	/* A name for cells says nothing that these do not; texts beside them do. */
	return memchr(f.p, '!', f.n) && !memchr(f.p, '"', f.n) ? 0 : office_other(l->book.office, f.p, f.n);
}

static int on_text(void *ctx, struct xml *x, const char *p, size_t n)
{
	struct list *l = ctx;

	(void)x;
	return l->constant ? buf_add(&l->formula, p, n) : 0;
}

static bool is_kind(const struct list *l, size_t i, const char *kind)
{
	return l->related.v[i].entry != NO_ENTRY && strcmp(l->related.v[i].kind, kind) == 0;
}

static bool is_binary(const struct office *o, size_t entry)
{
	return name_ends(o->package.entry[entry].name, ".bin");
}

/* A sheet of a binary workbook. */
static int on_sheet(void *ctx, struct mw_str name, struct mw_str id, bool hidden)
{
	struct list *l = ctx;

	return leaf_add(l, name, relation_target(&l->related, id), hidden);
}

/* Texts and formats come before the sheets that need them. */
static int commons(struct list *l)
{
	struct office *o = l->book.office;
	int r = 0;

	for (size_t i = 0; i < l->related.n && r == 0; i++) {
		size_t entry = l->related.v[i].entry;

		if (is_kind(l, i, "sharedStrings"))
			r = is_binary(o, entry) ? shared_binary_read(&l->book, entry) : shared_read(&l->book, entry);
		else if (is_kind(l, i, "styles"))
			r = is_binary(o, entry) ? formats_binary_read(&l->book, entry) : formats_read(&l->book, entry);
	}
	return r;
}

/* ---- a sheet ---------------------------------------------------------------------------------------------------------------------- */

static int remarks(struct book *b, const struct relations *all)
{
	struct office *o = b->office;
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++) {
		const struct relation *to = &all->v[i];

		if (to->entry == NO_ENTRY || o->package.entry[to->entry].used ||
		    (strcmp(to->kind, "comments") != 0 && strcmp(to->kind, "threadedComment") != 0))
			continue;
		stream_feed(&o->out);
		r = is_binary(o, to->entry) ? comments_binary_read(b, to->entry) : wordtext_read(o, to->entry, NULL, false);
	}
	return r;
}

static int leaf_read(struct list *l, const struct leaf *f)
{
	struct office *o = l->book.office;
	struct relations all;
	int r = stream_section(&o->out, *f->name ? f->name : "sheet");

	if (r == 0)
		r = o->host->sink_page(o->sink);
	if (r == 0 && f->hidden)
		r = stream_hide(&o->out);
	if (r < 0)
		return r;
	if (f->entry == NO_ENTRY)
		return office_judge(o, -EBADMSG);
	if (o->package.entry[f->entry].used)
		return 0;
	r = is_binary(o, f->entry) ? sheet_binary_read(&l->book, f->entry) : sheet_read(&l->book, f->entry);
	if (r < 0)
		return r;
	r = office_relations(o, f->entry, &all);
	if (r == 0)
		r = remarks(&l->book, &all);
	if (r == 0)
		r = drawings_read(o, &all, false);
	relations_free(&all);
	return r;
}

static int pivots(struct list *l)
{
	struct office *o = l->book.office;
	int r = 0;

	for (size_t i = 0; i < l->related.n && r == 0; i++)
		if (is_kind(l, i, "pivotCacheDefinition")) {
			size_t entry = l->related.v[i].entry;

			r = stream_section(&o->out, "pivot");
			if (r == 0)
				r = is_binary(o, entry) ? other_binary_read(o, entry) : pivot_read(o, entry);
		}
	return r;
}

static int leaves_read(struct list *l)
{
	int r = 0;

	for (size_t i = 0; i < l->n && r == 0; i++)
		r = leaf_read(l, &l->v[i]);
	/* Sheets that the workbook does not name are shown by nobody. */
	for (size_t i = 0; i < l->related.n && r == 0; i++) {
		struct leaf f = {.name = l->related.v[i].id, .entry = l->related.v[i].entry, .hidden = true};

		if (is_kind(l, i, "worksheet") && !l->book.office->package.entry[f.entry].used)
			r = leaf_read(l, &f);
	}
	return r;
}

int book_read(struct office *o, size_t entry)
{
	static const struct xml_events events = {.names = names, .start = on_start, .end = on_end, .text = on_text};
	struct list l = {.book.office = o};
	int r = office_relations(o, entry, &l.related);

	if (r == 0)
		r = commons(&l);
	if (r == 0)
		r = is_binary(o, entry) ? book_binary_read(&l.book, entry, on_sheet, &l) : office_parse(o, entry, &events, &l);
	if (r == 0)
		r = leaves_read(&l);
	if (r == 0)
		r = pivots(&l);
	if (r == 0)
		r = shared_unused(&l.book);
	for (size_t i = 0; i < l.n; i++)
		free(l.v[i].name);
	free(l.v);
	buf_free(&l.formula);
	relations_free(&l.related);
	book_free(&l.book);
	return r;
}
