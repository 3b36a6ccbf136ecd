/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-office: text of documents that are ZIP packages of XML, and of the same as one XML file. What a document is, is told by what
 * is in it, not by its label.
 */
#include "odf.h"
#include "office.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

struct conf {
	uint64_t unpacked;
};

struct instance {
	const struct mw_host *host;
	uint64_t unpacked;
};

/* ---- Open Packaging Conventions ----------------------------------------------------------------------------------------------- */

struct family {
	const char *type;   /* in the content type of the main part */
	const char *folder; /* where that is as a rule */
	const char *usual;  /* and its name */
	int (*read)(struct office *, size_t entry);
};

static const struct family families[] = {
    {"wordprocessingml", "word/", "word/document.xml", word_read},
    {"ms-word", "word/", "word/document.xml", word_read},
    {"spreadsheetml", "xl/", "xl/workbook.xml", book_read},
    {"ms-excel", "xl/", "xl/workbook.xml", book_read},
    {"ms-excel", "xl/", "xl/workbook.bin", book_read},
    {"presentationml", "ppt/", "ppt/presentation.xml", slides_read},
    {"ms-powerpoint", "ppt/", "ppt/presentation.xml", slides_read},
    {"ms-visio", "visio/", "visio/document.xml", visio_read},
    {"fixeddocumentsequence", "FixedDoc", "FixedDocumentSequence.fdseq", xps_read},
};
#define FAMILIES (sizeof(families) / sizeof(*families))

static const struct family *family_of(const struct office *o, size_t entry)
{
	const char *name = o->package.entry[entry].name, *type = types_of(&o->types, name);

	for (size_t i = 0; i < FAMILIES; i++)
		if (strstr(type, families[i].type))
			return &families[i];
	for (size_t i = 0; i < FAMILIES; i++)
		if (strncmp(name, families[i].folder, strlen(families[i].folder)) == 0)
			return &families[i];
	return NULL;
}

static int opc_main(struct office *o, const struct relations *all)
{
	int r = 0;
	bool any = false;

	for (size_t i = 0; i < all->n && r == 0; i++) {
		const struct relation *to = &all->v[i];
		const struct family *f = to->entry == NO_ENTRY ? NULL : family_of(o, to->entry);

		if (!f || o->package.entry[to->entry].used ||
		    (strcmp(to->kind, "officeDocument") != 0 && strcmp(to->kind, "document") != 0 &&
		     strcmp(to->kind, "fixedrepresentation") != 0))
			continue;
		any = true;
		r = f->read(o, to->entry);
	}
	/* Relations that are gone or wrong. */
	for (size_t i = 0; i < FAMILIES && r == 0 && !any; i++) {
		size_t entry = package_find_word(&o->package, families[i].usual);

		any = entry != NO_ENTRY && !o->package.entry[entry].used;
		if (any)
			r = families[i].read(o, entry);
	}
	o->archive = !any;
	return r;
}

static int opc_read(struct office *o)
{
	struct relations all = {0};
	int r = office_judge(o, types_read(&o->package, &o->types));

	if (r == 0)
		r = office_relations(o, NO_ENTRY, &all);
	if (r == 0)
		r = opc_main(o, &all);
	for (size_t i = 0; i < all.n && r == 0; i++)
		if (all.v[i].entry != NO_ENTRY && name_ends(all.v[i].kind, "-properties") &&
		    !o->package.entry[all.v[i].entry].used)
			r = properties_read(o, all.v[i].entry);
	relations_free(&all);
	return r;
}

/* ---- what it is --------------------------------------------------------------------------------------------------------------- */

static int package_text(struct office *o)
{
	int r = package_open(&o->package, o->doc->data, o->unpacked), open = r;

	if (r == -EBADMSG)
		r = office_judge(o, r);
	if (r == 0)
		r = odf_is(o) ? odf_read(o) : epub_is(o) ? epub_read(o) : opc_read(o);
	if (r == 0)
		r = office_rest(o);
	if (r == 0)
		r = stream_end(&o->out);
	package_close(&o->package);
	types_free(&o->types);
	return r == 0 && open == -EFBIG ? open : r;
}

/* A file of another format with the label of an office document: the host judges it anew. */
static int other_text(struct office *o)
{
	static const char ole[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", stream[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
	const struct mw_str data = o->doc->data;
	struct mw_member m = {.name = {.p = "content", .n = 7}, .type = "", .charset = o->doc->charset, .packed = data.n};
	int r;

	if (data.n == 0) {
		o->reason = "damaged";
		return 0;
	}
	if (flat_is(data))
		return flat_read(o);
	if (data.n >= 8 && memcmp(data.p, ole, 8) == 0) {
		if (memmem(data.p, data.n, stream, sizeof(stream) - 1)) {
			o->reason = "encrypted";
			return 0;
		}
		m.type = "application/x-ole-storage";
	}
	r = o->host->member(o->sink, &m);
	if (r == 0)
		r = o->host->member_data(o->sink, data.p, data.n);
	return r == 0 ? o->host->member_end(o->sink, NULL) : r;
}

/* ---- hooks ---------------------------------------------------------------------------------------------------------------------- */

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	const struct instance *self = inst;
	struct office o = {.unpacked = self->unpacked,
			   .host = self->host,
			   .sink = sink,
			   .doc = doc,
			   .out = {.host = self->host, .sink = sink, .begun = true}};
	int r = package_is_zip(doc->data) ? package_text(&o) : other_text(&o);

	if (r == -EFBIG)
		stream_rescue(&o.out);
	stream_free(&o.out);
	buf_free(&o.links);
	buf_free(&o.other);
	if (r == -EFBIG)
		*reason = "limit";
	if (r < 0)
		return self->host->fail(err, r, r == -ENOMEM ? "out of memory" : "the document is not read to its end");
	if (!o.reason)
		return 0;
	*reason = o.reason;
	return self->host->fail(err, -EBADMSG, "some of the document cannot be read");
}

static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	const struct conf *c = conf;
	struct instance *i;

	(void)self;
	if (host->size < sizeof(struct mw_host))
		return host->fail(err, -ENOSYS, "this milward is too old for the module: it has no member()");
	i = calloc(1, sizeof(*i));
	if (!i)
		return host->fail(err, -ENOMEM, "out of memory");
	xmlInitParser();
	i->host = host;
	i->unpacked = c->unpacked;
	*inst = i;
	return 0;
}

static const char *const types[] = {
    "application/vnd.openxmlformats-officedocument.*",
    "application/vnd.ms-word.document.macroenabled.12",
    "application/vnd.ms-word.template.macroenabled.12",
    "application/vnd.ms-excel.sheet.macroenabled.12",
    "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    "application/vnd.ms-excel.template.macroenabled.12",
    "application/vnd.ms-excel.addin.macroenabled.12",
    "application/vnd.ms-powerpoint.*",
    "application/vnd.ms-visio.*",
    "application/vnd.ms-xpsdocument",
    "application/oxps",
    "application/vnd.oasis.opendocument.*",
    "application/vnd.sun.xml.*",
    "application/epub+zip",
    NULL,
};

static const struct mw_opt options[] = {
    MW_OPT(SIZE, struct conf, unpacked, "unpacked", .dflt = "1G", .min = 65536, .max = INT64_C(16) << 30,
	   .help = "that the parts of a document may have"),
    {.name = NULL},
};

MW_PLUGIN(extract_office, "extract-office", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "text of office documents: what is seen, then what is hidden", .types = types, .options = options,
	  .conf_size = sizeof(struct conf), .hooks = {.open = open_module, .close = free, .extract = extract});
