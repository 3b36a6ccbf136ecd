/* SPDX-License-Identifier: Apache-2.0 */
#include "compound.h"

#include "../ole/ole.h"
#include "blip.h"
#include "doc.h"
#include "embedded.h"
#include "found.h"
#include "ppt.h"
#include "summary.h"
#include "vba.h"
#include "xls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTROL_MIN 4u /* characters of a text in what a control keeps */
#define ANSI 1252u
#define EMPTY_MAX 4096u /* octets of a compound file without streams */

struct work {
	struct ole ole;
	struct out *out;
	struct codepages *pages;
	bool known;	/* something in it is a document or a file */
	bool encrypted; /* the document itself */
	char name[32];
};

/* A stream as a block of its own, wiped when it goes. */
struct block {
	char *p;
	size_t n;
	bool whole;
};

static int block_read(struct work *w, uint32_t entry, struct block *b)
{
	*b = (struct block){.whole = true};
	if (entry == OLE_NONE)
		return 0;
	return ole_read(&w->ole, entry, &b->p, &b->n, &b->whole);
}

static void block_free(struct block *b)
{
	if (b->p)
		explicit_bzero(b->p, b->n);
	free(b->p);
	*b = (struct block){0};
}

static struct mw_str str(const struct block *b)
{
	return (struct mw_str){.p = b->p ? b->p : "", .n = b->n};
}

/* ---- documents ------------------------------------------------------------------------------------------------------------------- */

static int read_workbook(struct work *w, uint32_t folder, const struct block *stream)
{
	(void)folder;
	return xls_read(str(stream), w->out, w->pages);
}

static int read_word(struct work *w, uint32_t folder, const struct block *stream)
{
	struct block table = {0}, data = {0};
	const char *name = doc_table_name(str(stream));
	int r = block_read(w, ole_find(&w->ole, folder, name), &table);

	if (r == 0)
		r = block_read(w, ole_find(&w->ole, folder, "Data"), &data);
	if (r == 0)
		r = doc_read(str(stream), str(&table), str(&data), w->out, w->pages);
	if (r == 0)
		r = blip_find(str(stream), w->out);
	if (r == 0)
		r = blip_find(str(&data), w->out);
	block_free(&table);
	block_free(&data);
	return r;
}

static int read_slides(struct work *w, uint32_t folder, const struct block *stream)
{
	struct block user = {0}, pictures = {0};
	int r = ole_find(&w->ole, folder, "EncryptedSummary") != OLE_NONE ? -EACCES : 0;

	if (r == 0)
		r = block_read(w, ole_find(&w->ole, folder, "Current User"), &user);
	if (r == 0)
		r = ppt_read(str(stream), str(&user), w->out, w->pages);
	if (r == 0)
		r = block_read(w, ole_find(&w->ole, folder, "Pictures"), &pictures);
	if (r == 0)
		r = blip_find(str(&pictures), w->out);
	block_free(&user);
	block_free(&pictures);
	return r;
}

static int read_pivot(struct work *w, uint32_t folder, const struct block *stream)
{
	(void)folder;
	return xls_read_pivot(str(stream), w->out, w->pages);
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

/* A file that was dropped into the document, behind its length. */
static int read_native(struct work *w, uint32_t folder, const struct block *stream)
{
	struct mw_str s = str(stream);

	(void)folder;
	if (s.n < 4)
		return 0;
	return embedded_object(w->out, w->pages, "", (struct mw_str){.p = s.p + 4, .n = s.n - 4}, ++w->out->objects,
			       stream->whole ? NULL : "damaged");
}

static int read_file(struct work *w, uint32_t folder, const struct block *stream)
{
	(void)folder;
	return stream->n ? embedded_object(w->out, w->pages, "", str(stream), ++w->out->objects, stream->whole ? NULL : "damaged")
			 : 0;
}

static int read_encrypted(struct work *w, uint32_t folder, const struct block *stream)
{
	(void)w;
	(void)folder;
	(void)stream;
	return -EACCES;
}

/* ---- macros, data of programs ---------------------------------------------------------------------------------------------------- */

static int read_module(struct work *w, uint32_t folder, const struct block *stream)
{
	(void)folder;
	return vba_read(str(stream), w->out, w->pages);
}

/* What controls of a form or a sheet say. */
static int read_controls(struct work *w, uint32_t folder, const struct block *stream)
{
	int r;

	(void)folder;
	give_to(w->out, give_section(w->out, "macros"), true);
	r = found_wide(w->out, str(stream), CONTROL_MIN);
	return r == 0 ? found_narrow(w->out, w->pages, ANSI, str(stream), CONTROL_MIN) : r;
}

/* What is in a control of Word's or Excel's own begins with the version of its form; with a picture in it, it is a file as any other. */
static int read_contents(struct work *w, uint32_t folder, const struct block *stream)
{
	static const char form[] = {0, 2}, picture[] = {0x04, 0x52, (char)0xe3, 0x0b, (char)0x91, (char)0x8f, (char)0xce, 0x11};
	struct mw_str s = str(stream);

	if (s.n < sizeof(form) || memcmp(s.p, form, sizeof(form)) != 0 || memmem(s.p, s.n, picture, sizeof(picture)))
		return read_file(w, folder, stream);
	return read_controls(w, folder, stream);
}

static int read_log(struct work *w, uint32_t folder, const struct block *stream)
{
	(void)folder;
	return xls_read_log(str(stream), w->out);
}

/* Data in XML that a document is bound to. */
static int read_bound(struct work *w, uint32_t folder, const struct block *stream)
{
	static const struct mw_str name = {.p = "item.xml", .n = 8};

	(void)folder;
	return stream->n ? give_member(w->out, name, "text/xml", str(stream), 0, stream->whole ? NULL : "damaged") : 0;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------- */

struct kind {
	const char *name;
	int (*read)(struct work *, uint32_t folder, const struct block *);
	bool document; /* its text is a section when it is not the part itself */
};

static const struct kind kinds[] = {
    {"WordDocument", read_word, true},
    {"Workbook", read_workbook, true},
    {"Book", read_workbook, true},
    {"PowerPoint Document", read_slides, true},
    {"EncryptedPackage", read_encrypted, true},
    {"\tDRMContent", read_encrypted, true},
    {"\001Ole10Native", read_native, false},
    {"Package", read_file, false},
    {"CONTENTS", read_contents, false},
    {"Revision Log", read_log, false},
    {"ETExtData", read_log, false},
    {"WpsCustomData", read_controls, false},
};

static const struct kind pivot = {"", read_pivot, false}, module = {"", read_module, false},
			 controls = {"", read_controls, false}, bound = {"", read_bound, false};

static bool is_one_of(const char *name, const char *const *rows)
{
	while (*rows && strcasecmp(name, *rows) != 0)
		rows++;
	return *rows != NULL;
}

/* Is it in a folder of this name, however deep? */
static bool is_below(const struct ole *o, const struct ole_entry *e, const char *folder)
{
	uint32_t up = e->parent;

	for (size_t depth = 0; up != OLE_NONE && up != OLE_ROOT && depth < o->entries; depth++, up = o->entry[up].parent)
		if (strcasecmp(o->entry[up].name, folder) == 0)
			return true;
	return false;
}

/* What the compiler keeps for itself. */
static bool is_compiled(const char *name)
{
	return strcmp(name, "dir") == 0 || strcmp(name, "_VBA_PROJECT") == 0 || strncmp(name, "__SRP_", 6) == 0;
}

static bool is_macros(const struct ole *o, const struct ole_entry *e)
{
	return is_below(o, e, "Macros") || is_below(o, e, "_VBA_PROJECT_CUR");
}

static const struct kind *kind_of(const struct ole *o, const struct ole_entry *e)
{
	const char *folder;

	if (e->kind != OLE_STREAM)
		return NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcasecmp(e->name, kinds[i].name) == 0)
			return &kinds[i];
	folder = o->entry[e->parent].name;
	if (strncmp(folder, "_SX_DB", 6) == 0)
		return &pivot;
	if (strcasecmp(folder, "VBA") == 0)
		return is_compiled(e->name) ? NULL : &module;
	if (strcmp(e->name, "Ctls") == 0 || (is_macros(o, e) && (strcmp(e->name, "f") == 0 || strcmp(e->name, "o") == 0)))
		return &controls;
	return strcmp(e->name, "Item") == 0 && is_below(o, e, "MsoDataStore") ? &bound : NULL;
}

/* Streams without text of the writer, or that the reader of another looks at. */
static bool is_no_matter(const struct ole *o, const struct ole_entry *e)
{
	static const char *const names[] = {"0Table",	       "1Table",	   "Data",    "Current User", "Pictures",
					    "Equation Native", "EncryptionInfo",   "PROJECT", "PROJECTwm",    "PROJECTlk",
					    "User Names",      "EncryptedSummary", NULL};

	return e->size == 0 || (unsigned char)e->name[0] < ' ' || is_one_of(e->name, names) || is_compiled(e->name) ||
	       is_below(o, e, "\006DataSpaces") || is_below(o, e, "MsoDataStore");
}

/* What one document cannot say of itself, the section does, so that the others are read. */
static int entry_failed(struct work *w, uint32_t folder, int r)
{
	if (r == -EACCES && folder == OLE_ROOT)
		w->encrypted = true;
	give_to(w->out, OUT_MAIN, false);
	if (r == -EACCES)
		return give_unread(w->out, "encrypted");
	if (r == -EBADMSG)
		return give_unread(w->out, "damaged");
	if (r == -ENOTSUP)
		return give_unread(w->out, "unknown-format");
	return r;
}

static int entry_read(struct work *w, const struct kind *k, uint32_t i)
{
	uint32_t folder = w->ole.entry[i].parent;
	struct block stream;
	int r;

	if (k->document && folder != OLE_ROOT) {
		(void)snprintf(w->name, sizeof(w->name), "object-%u", ++w->out->objects);
		give_within(w->out, w->name);
	}
	w->known = true;
	r = block_read(w, i, &stream);
	if (r == 0)
		r = k->read(w, folder, &stream);
	if (r < 0)
		r = entry_failed(w, folder, r);
	else if (k->document && !stream.whole)
		r = entry_failed(w, folder, -EBADMSG);
	block_free(&stream);
	give_within(w->out, NULL);
	return r;
}

/* Objects that programs of their own have made, and what programs keep beside a document, of which nobody knows the format. */
static int unknown_streams(struct work *w)
{
	for (size_t i = 1; i < w->ole.entries; i++) {
		const struct ole_entry *e = &w->ole.entry[i];

		if (e->kind == OLE_STREAM && !kind_of(&w->ole, e) && !is_no_matter(&w->ole, e))
			return give_unread(w->out, "unknown-format");
	}
	return 0;
}

/* Title, author and what else is told of the document. */
static int summary(struct work *w)
{
	static const char *const names[] = {"\005SummaryInformation", "\005DocumentSummaryInformation"};
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++) {
		struct block b;

		r = block_read(w, ole_find(&w->ole, OLE_ROOT, names[i]), &b);
		if (r == 0)
			r = summary_read(str(&b), w->out, w->pages);
		block_free(&b);
	}
	return r;
}

/* Word keeps a storage for data in XML in each document of RTF, which mostly has nothing in it. What is larger has lost what it had. */
static bool is_empty(const struct ole *o, struct mw_str data)
{
	if (data.n > EMPTY_MAX)
		return false;
	for (size_t i = 1; i < o->entries; i++)
		if (o->entry[i].kind == OLE_STREAM && o->entry[i].size)
			return false;
	return true;
}

int compound_read(struct mw_str data, struct out *o, struct codepages *pages)
{
	struct work w = {.out = o, .pages = pages};
	int r = ole_open(&w.ole, data);

	if (r < 0)
		return r;
	for (size_t i = 1; i < w.ole.entries && r == 0; i++) {
		const struct kind *k = w.ole.entry[i].kind ? kind_of(&w.ole, &w.ole.entry[i]) : NULL;

		if (k)
			r = entry_read(&w, k, (uint32_t)i);
	}
	if (r == 0 && !w.encrypted)
		r = summary(&w);
	if (r == 0 && w.known && !w.encrypted)
		r = unknown_streams(&w);
	w.known |= is_empty(&w.ole, data);
	ole_close(&w.ole);
	return r < 0 ? r : w.encrypted ? -EACCES : w.known ? 0 : -ENOTSUP;
}
