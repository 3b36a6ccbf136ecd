/* SPDX-License-Identifier: Apache-2.0 */
/*
 * office_bench: the text of office documents, by the extract-office module, against the least that any reader must do: unpack by
 * libarchive and parse by libxml2, with nothing done at any event. In MB of XML a second, one core.
 *     office_bench FILE…
 */
#include "rate.h"
#include "tests/unit/fakesink.h"

#include <archive.h>
#include <archive_entry.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct mw_plugin mw_plugin_extract_office;

struct bench {
	void *inst;
	struct mw_str data;
	size_t xml; /* octets of XML in it */
};

static struct mw_host host;

static int fail(struct mw_err *err, int code, const char *fmt, ...)
{
	(void)err;
	(void)fmt;
	return code;
}

/* Counts, so that the sink takes no time. */
static int count_text(struct mw_sink *s, const char *utf8, size_t n)
{
	(void)utf8;
	s->n += n;
	return 0;
}

static void extract(void *ctx)
{
	const struct bench *b = ctx;
	const struct mw_document doc = {.data = b->data, .type = "application/zip", .charset = "", .name = ""};
	struct mw_sink sink = {.max = 0};
	const char *reason = NULL;
	struct mw_err err;

	if (mw_plugin_extract_office.hooks.extract(b->inst, &doc, &sink, &reason, &err) < 0 || sink.n == 0) {
		(void)fprintf(stderr, "no text: %s\n", reason ? reason : "");
		exit(1);
	}
	sink.n = 0;
	fs_reset(&sink);
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_spaces,
		     const xmlChar **spaces, int n, int n_default, const xmlChar **attributes)
{
	(void)ctx;
	(void)name;
	(void)prefix;
	(void)uri;
	(void)n_spaces;
	(void)spaces;
	(void)n;
	(void)n_default;
	(void)attributes;
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	(void)ctx;
	(void)name;
	(void)prefix;
	(void)uri;
}

static void on_text(void *ctx, const xmlChar *p, int n)
{
	(void)ctx;
	(void)p;
	(void)n;
}

static void parse(struct archive *a, size_t *octets)
{
	xmlSAXHandler sax = {
	    .initialized = XML_SAX2_MAGIC, .startElementNs = on_start, .endElementNs = on_end, .characters = on_text};
	xmlParserCtxtPtr x = xmlCreatePushParserCtxt(&sax, NULL, NULL, 0, NULL);
	const void *p;
	size_t n;
	la_int64_t at;

	while (x && archive_read_data_block(a, &p, &n, &at) == ARCHIVE_OK) {
		(void)xmlParseChunk(x, p, (int)n, 0);
		*octets += n;
	}
	xmlFreeParserCtxt(x);
}

static void bare(void *ctx)
{
	struct bench *b = ctx;
	struct archive *a = archive_read_new();
	struct archive_entry *e;

	b->xml = 0;
	if (!a || archive_read_support_format_zip_seekable(a) != ARCHIVE_OK ||
	    archive_read_open_memory(a, b->data.p, b->data.n) != ARCHIVE_OK) {
		(void)fprintf(stderr, "not a package\n");
		exit(1);
	}
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(e), *dot = name ? strrchr(name, '.') : NULL;

		if (dot && (strcmp(dot, ".xml") == 0 || strcmp(dot, ".rels") == 0))
			parse(a, &b->xml);
	}
	archive_read_free(a);
}

static struct mw_str read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *p = NULL;
	long n;

	if (f && fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) > 0 && fseek(f, 0, SEEK_SET) == 0 && (p = malloc((size_t)n)) &&
	    fread(p, 1, (size_t)n, f) == (size_t)n) {
		(void)fclose(f);
		return (struct mw_str){.p = p, .n = (size_t)n};
	}
	(void)fprintf(stderr, "cannot read %s\n", path);
	exit(1);
}

int main(int argc, char **argv)
{
	static const rate_fn ways[] = {extract, bare};
	struct bench b = {.inst = NULL};
	struct mw_err err;
	double rate[2];

	host = (struct mw_host){FS_HOST, .fail = fail};
	host.sink_text = count_text;
	if (argc < 2 || mw_plugin_extract_office.hooks.open(&host, NULL, NULL, &b.inst, &err) < 0) {
		(void)fprintf(stderr, "usage: office_bench FILE…\n");
		return 2;
	}
	(void)printf("%-28s %8s %10s %12s %12s %6s\n", "", "MB XML", "ours ms", "ours MB/s", "parse MB/s", "ratio");
	for (int i = 1; i < argc; i++) {
		const char *name = strrchr(argv[i], '/');
		double mb;

		b.data = read_file(argv[i]);
		rate_measure(ways, 2, &b, 1, rate);
		mb = (double)b.xml / 1e6;
		(void)printf("%-28s %8.1f %10.1f %12.0f %12.0f %6.2f\n", name ? name + 1 : argv[i], mb, 1e3 / rate[0],
			     mb * rate[0], mb * rate[1], rate[1] / rate[0]);
		free((char *)(uintptr_t)b.data.p);
	}
	mw_plugin_extract_office.hooks.close(b.inst);
	return 0;
}
