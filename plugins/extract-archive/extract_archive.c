/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-archive: the files in archives and packed files, for the host to read. zip_read.c knows zips, unpack.c has libarchive
 * for all the others, and for what is packed in zips.
 */
#include "filter.h"
#include "unpack.h"
#include "work.h"
#include "zip_list.h"
#include "zip_read.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

struct conf {
	uint64_t dictionary;
};

struct instance {
	const struct mw_host *host;
	uint64_t dictionary;
	bool has_filter[FILTERS];
	locale_t utf8; /* libarchive has names that are UTF-16 in the archive in the charset of the thread's locale */
};

/* Programs that unpack themselves: what of them is no archive is not read. */
static bool is_program(struct mw_str s)
{
	return s.n >= 4 && (memcmp(s.p, "MZ", 2) == 0 || memcmp(s.p, "\177ELF", 4) == 0);
}

static int put_text(void *ctx, const char *utf8, size_t n)
{
	struct work *w = ctx;

	return w->host->sink_text(w->sink, utf8, n);
}

static int read_document(struct work *w)
{
	struct mw_str data = w->doc->data;
	bool known = true;
	int r;

	if (zip_begins(data))
		return zip_read(w);
	r = unpack_document(w, &known);
	if (r < 0 || (known && w->members)) {
		if (is_program(data))
			work_unread(w, "unknown-format");
		return r;
	}
	if (zip_list_ends(data)) {
		w->reason = NULL;
		return zip_read(w);
	}
	if (known)
		return 0;
	/* No archive, whatever its label says; as the host does with what nobody can read, a text is scanned all the same. */
	w->reason = "unknown-format";
	return work_is_text(data) ? w->host->to_utf8(data, w->doc->charset, put_text, w) : 0;
}

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	const struct instance *self = inst;
	struct work w = {
	    .host = self->host, .sink = sink, .doc = doc, .has_filter = self->has_filter, .dictionary = self->dictionary};
	locale_t old = uselocale(self->utf8);
	int r = doc->data.n ? read_document(&w) : 0;

	(void)uselocale(old);
	if (r == -EFBIG)
		w.reason = "limit";
	*reason = w.reason;
	if (r == 0 && w.reason)
		r = -EBADMSG;
	return r < 0 ? self->host->fail(err, r, r == -ENOMEM ? "out of memory" : "the archive is not read to its end") : 0;
}

static void close_module(void *inst)
{
	struct instance *i = inst;

	if (i && i->utf8)
		freelocale(i->utf8);
	free(i);
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
	i->host = host;
	i->dictionary = c->dictionary;
	i->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!i->utf8) {
		free(i);
		return host->fail(err, -ENOENT, "the locale C.UTF-8 is not on this machine");
	}
	filter_probe(i->has_filter);
	*inst = i;
	return 0;
}

static const char *const types[] = {
    "application/zip",
    "application/x-zip*", /* -compressed */
    "application/java-archive",
    "application/x-java-archive",
    "application/vnd.android.package-archive",
    "application/x-7z-compressed",
    "application/vnd.rar",
    "application/rar",
    "application/x-rar*",
    "application/x-tar",
    "application/tar",
    "application/x-gtar*",
    "application/x-ustar",
    "application/gzip",
    "application/x-gzip*",
    "application/x-tgz",
    "application/x-gtgz",
    "application/x-compressed*", /* -tar */
    "application/x-compress",
    "application/x-bzip*", /* 2, -compressed-tar */
    "application/bzip2",
    "application/x-xz*",
    "application/x-lzma*",
    "application/x-lzip*",
    "application/zstd",
    "application/x-zstd*",
    "application/x-lz4*",
    "application/lz4",
    "application/x-cpio*",
    "application/x-archive",
    "application/x-unix-archive",
    "application/vnd.debian.binary-package",
    "application/x-deb",
    "application/vnd.ms-cab-compressed",
    "application/x-cab*",
    "application/x-iso9660-image",
    "application/x-lzh*",
    "application/x-lha*",
    "application/x-executable",
    "application/x-dosexec",
    "application/x-msdos-program",
    "application/vnd.microsoft.portable-executable",
    NULL,
};

static const struct mw_opt options[] = {
    MW_OPT(SIZE, struct conf, dictionary, "dictionary", .dflt = "256M", .min = 65536, .max = INT64_C(4) << 30,
	   .help = "that a file packed by LZMA may ask for"),
    {.name = NULL},
};

MW_PLUGIN(extract_archive, "extract-archive", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "files in archives: zip, 7z, rar, tar, gzip and others", .types = types, .options = options,
	  .conf_size = sizeof(struct conf), .hooks = {.open = open_module, .close = close_module, .extract = extract});
