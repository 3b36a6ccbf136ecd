/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-pdf: the text of PDF. pdftotext, which is run, gives the words of the pages; page.c makes lines and tables of them. The rest of
 * the document (forms, comments, files, what is hidden) is read with libqpdf.
 */
#include "layers.h"
#include "lines.h"
#include "page.h"
#include "revisions.h"
#include "sheets.h"
#include "unseen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLES "/usr/share/poppler/cidToUnicode" /* of the package poppler-data, which pdftotext does without */
#define ODD_SOME 20u /* characters without a meaning that make a text suspicious, when they are one in ten */

struct conf {
	const char *pdftotext;
	uint64_t contents;
	int64_t revisions;
};

struct instance {
	const struct mw_host *host;
	char *pdftotext;
	uint64_t contents; /* octets of pages that are decoded to see what is drawn */
	size_t revisions;  /* earlier ones that are read */
	bool tables;	   /* of Chinese, Japanese and Korean */
};

/* One run of pdftotext. */
struct reading {
	struct pen out;
	struct words words;
	struct page page, outside;   /* outside: what stands beside the page */
	const struct sheets *sheets; /* NULL: the pages are as wide as they are */
	bool again;		     /* pages were counted by the first */
	uint32_t *letters;	     /* of each page */
	size_t pages, cap;
	size_t all, odd; /* letters of all pages, and what is none */
};

struct work {
	const struct instance *self;
	struct mw_sink *sink;
	struct pdf pdf;
	bool open;	    /* pdf is */
	struct lines lines; /* of the pages, when there is something to compare with them */
	struct revisions revisions;
	struct sheets sheets;
	const char *reason; /* NULL, or why not all was read */
	struct reading *reading;
};

/* ---- pages ----------------------------------------------------------------------------------------------------------------------- */

static int take_page(void *ctx)
{
	struct reading *r = ctx;

	page_clear(&r->page);
	page_clear(&r->outside);
	return r->again ? 0 : r->out.host->sink_page(r->out.sink);
}

static int take_word(void *ctx, struct box at, struct mw_str text)
{
	struct reading *r = ctx;

	return page_add(r->sheets && sheets_is_outside(r->sheets, r->pages, &at) ? &r->outside : &r->page, at, text);
}

static int end_page(void *ctx)
{
	struct reading *r = ctx;

	if (r->pages == r->cap) {
		size_t cap = r->cap * 2 + 64;
		uint32_t *v = reallocarray(r->letters, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		r->letters = v;
		r->cap = cap;
	}
	r->letters[r->pages++] = r->page.letters > UINT32_MAX ? UINT32_MAX : (uint32_t)r->page.letters;
	r->all += r->page.letters;
	r->odd += r->page.odd;
	if (page_write(&r->page, &r->out) < 0)
		return -ENOMEM;
	if (r->outside.words) {
		pen_section(&r->out, "outside", true);
		if (page_write(&r->outside, &r->out) < 0)
			return -ENOMEM;
		pen_section(&r->out, NULL, false);
	}
	return r->out.failed;
}

static int take_output(void *ctx, const char *p, size_t n)
{
	return words_take(&((struct reading *)ctx)->words, p, n);
}

/* 0, or what the sink or run() gave; *status as run() has it. */
static int read_pages(struct work *w, struct mw_str data, struct reading *r, int *status)
{
	static const struct words_to to = {.page = take_page, .word = take_word, .page_end = end_page};
	const char *const argv[] = {w->self->pdftotext, "-bbox", "-q", "-enc", "UTF-8", "-", "-", NULL};
	int rc, ended;

	words_init(&r->words, &to, r);
	rc = w->self->host->run(w->sink, argv, data, take_output, r, status);
	/* Also the words of a page in the middle of which it was stopped. */
	ended = words_end(&r->words);
	pen_flush(&r->out);
	page_free(&r->page);
	page_free(&r->outside);
	explicit_bzero(r->words.word, sizeof(r->words.word));
	rc = rc == 0 ? ended : rc;
	return rc == 0 ? r->out.failed : rc;
}

static void give_reason(struct work *w, const char *reason)
{
	if (!w->reason)
		w->reason = reason;
}

static int keep_lines(void *ctx, const char *p, size_t n)
{
	return lines_take(&((struct work *)ctx)->lines, p, n);
}

/* The pages as they are seen, and why not all of them could be read. */
static int read_seen(struct work *w, struct mw_str data, struct reading *r)
{
	int status = 0, rc;

	revisions_find(data, w->self->revisions, &w->revisions);
	if (w->revisions.n || (w->open && layers_hide(&w->pdf))) {
		r->out.tap = keep_lines;
		r->out.tap_ctx = w;
	}
	if (w->open && sheets_widen(&w->pdf, data, &w->sheets) < 0)
		return -ENOMEM;
	r->sheets = w->sheets.p ? &w->sheets : NULL;
	rc = read_pages(w, w->sheets.p ? (struct mw_str){.p = w->sheets.p, .n = w->sheets.n} : data, r, &status);
	if (rc == 0 && w->sheets.p && r->pages == 0) {
		/* What we have made of it is not read: then as it came. */
		r->sheets = NULL;
		rc = read_pages(w, data, r, &status);
	}
	if (rc == -ETIME)
		give_reason(w, "limit");
	if (rc != 0)
		return rc == -ETIME ? 0 : rc;
	if (status > 128)
		give_reason(w, "crashed");
	else if (status != 0 || !r->words.whole || (w->open && qpdf_get_num_pages(w->pdf.q) > (int)r->pages))
		give_reason(w, "damaged");
	if (r->odd > ODD_SOME && r->odd * 10 > r->all + r->odd)
		give_reason(w, "unknown-format");
	return 0;
}

/* ---- what is not seen ------------------------------------------------------------------------------------------------------------ */

/* Text of pages in another state: lines that were not there before. */
struct second {
	struct work *work;
	struct pen out;
	struct reading reading;
	char line[4096]; /* a longer one is several */
	size_t n;
};

static void end_line(struct second *s)
{
	struct mw_str line = {.p = s->line, .n = s->n};

	if (s->n && !lines_has(&s->work->lines, line)) {
		pen_text(&s->out, line);
		pen_put(&s->out, "\n");
	}
	s->n = 0;
}

static int take_second(void *ctx, const char *p, size_t n)
{
	struct second *s = ctx;

	for (size_t i = 0; i < n && s->out.failed == 0; i++) {
		if (p[i] == '\n' || (s->n > sizeof(s->line) - 8 && ((unsigned char)p[i] & 0xc0) != 0x80))
			end_line(s);
		if (p[i] != '\n' && s->n < sizeof(s->line))
			s->line[s->n++] = p[i];
	}
	/* What is new is so once. */
	return s->out.failed ? s->out.failed : lines_take(&s->work->lines, p, n);
}

static int read_again(struct work *w, struct mw_str data, const struct sheets *sheets, const char *section)
{
	struct second *s = calloc(1, sizeof(*s));
	int rc, status = 0;

	if (!s)
		return -ENOMEM;
	s->work = w;
	pen_init(&s->out, w->self->host, w->sink);
	pen_section(&s->out, section, true);
	pen_init(&s->reading.out, w->self->host, w->sink);
	s->reading.out.tap = take_second;
	s->reading.out.tap_ctx = s;
	s->reading.out.divert = true;
	s->reading.again = true;
	s->reading.sheets = sheets;
	rc = read_pages(w, data, &s->reading, &status);
	end_line(s);
	pen_flush(&s->out);
	explicit_bzero(s->line, sizeof(s->line));
	rc = rc == 0 ? s->out.failed : rc;
	free(s->reading.letters);
	free(s);
	if (rc == -ETIME || status != 0)
		give_reason(w, rc == -ETIME ? "limit" : "damaged");
	return rc == -ETIME ? 0 : rc;
}

static int read_unseen(struct work *w)
{
	int rc = 0;

	for (size_t i = 0; i < w->revisions.n && rc == 0; i++)
		rc = read_again(w, w->revisions.file[i], NULL, "earlier");
	if (w->revisions.more)
		give_reason(w, "limit");
	if (rc == 0 && w->open && layers_hide(&w->pdf)) {
		struct mw_str data = layers_shown(&w->pdf);

		if (data.n)
			rc = read_again(w, data, w->sheets.p ? &w->sheets : NULL, "layers");
		else
			give_reason(w, "damaged");
	}
	return rc;
}

/* ---- all ------------------------------------------------------------------------------------------------------------------------- */

static int read_rest(struct work *w, struct mw_str data, struct reading *r)
{
	struct walk walk = {.pdf = &w->pdf, .out = &r->out};
	int in_file = qpdf_get_num_pages(w->pdf.q);
	size_t pages = in_file < 0 ? 0 : (size_t)in_file;
	struct unseen unseen = {.tables = w->self->tables};
	int rc;

	r->out.tap = NULL;
	unseen_find(&walk, r->letters, pages < r->pages ? pages : r->pages, w->self->contents, &unseen);
	walk_document(&walk, data, pages);
	pen_flush(&r->out);
	rc = r->out.failed;
	if (w->pdf.limit)
		give_reason(w, "limit");
	if (unseen.font)
		give_reason(w, "unknown-format");
	if (unseen.picture)
		give_reason(w, "image");
	if (w->pdf.damaged || in_file < 0 || !pdf_is_whole(data))
		give_reason(w, "damaged");
	return rc;
}

static int read_document(struct work *w, struct mw_str data)
{
	struct reading *r = w->reading;
	int rc = pdf_open(&w->pdf, data, &w->reason);

	if (rc == -EACCES || rc == -ENOMEM)
		return rc;
	w->open = rc == 0;
	rc = read_seen(w, data, r);
	if (rc == 0 && w->open)
		rc = read_rest(w, data, r);
	return rc == 0 ? read_unseen(w) : rc;
}

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	struct work w = {.self = inst, .sink = sink, .reading = calloc(1, sizeof(*w.reading))};
	const struct mw_host *host = w.self->host;
	int r;

	if (!w.reading) {
		*reason = "limit";
		return host->fail(err, -ENOMEM, "out of memory");
	}
	pen_init(&w.reading->out, host, sink);
	r = read_document(&w, doc->data);
	sheets_free(&w.sheets);
	pdf_close(&w.pdf);
	lines_free(&w.lines);
	free(w.reading->letters);
	free(w.reading);
	if (w.reason || r < 0)
		*reason = r == -EFBIG || r == -ENOMEM ? "limit"
			  : r == -ENOENT	      ? "unknown-format" /* the host has said so when it started */
			  : w.reason		      ? w.reason
						      : "crashed";
	if (r < 0)
		return host->fail(err, r, "%s",
				  r == -EACCES	 ? "the PDF needs a password"
				  : r == -ENOMEM ? "out of memory"
				  : r == -ENOENT ? "there is no pdftotext"
						 : "the PDF is not read to its end");
	return w.reason ? host->fail(err, -EBADMSG, "not all of the PDF can be read") : 0;
}

/* ---- module ---------------------------------------------------------------------------------------------------------------------- */

static void close_module(void *inst)
{
	struct instance *i = inst;

	if (i)
		free(i->pdftotext);
	free(i);
}

static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	const struct conf *c = conf;
	struct instance *i;

	(void)self;
	if (host->size < sizeof(struct mw_host))
		return host->fail(err, -ENOSYS, "this milward is too old for the module: it has no run()");
	i = calloc(1, sizeof(*i));
	if (i)
		i->pdftotext = strdup(c->pdftotext);
	if (!i || !i->pdftotext) {
		close_module(i);
		return host->fail(err, -ENOMEM, "out of memory");
	}
	i->host = host;
	i->contents = c->contents;
	i->revisions = (size_t)c->revisions;
	i->tables = access(TABLES, R_OK) == 0;
	*inst = i;
	return 0;
}

static const char *const types[] = {"application/pdf", "application/x-pdf", "text/pdf", "application/vnd.adobe.pdf", NULL};

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct conf, pdftotext, "pdftotext", .flags = MW_TOOL, .dflt = "\"" MW_PDFTOTEXT "\"",
	   .help = "install poppler-utils, or set pdftotext to poppler's program that gives the words of pages"),
    MW_OPT(SIZE, struct conf, contents, "contents", .dflt = "256M", .min = 65536, .max = INT64_C(4) << 30,
	   .help = "of all pages that is unpacked to see what is drawn on them"),
    MW_OPT(INT, struct conf, revisions, "revisions", .dflt = "8", .max = REVISIONS_MAX, .help = "earlier ones that are read"),
    {.name = NULL},
};

MW_PLUGIN(extract_pdf, "extract-pdf", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "text of PDF: pages, forms, comments, what is hidden, files inside", .powers = MW_POWER_RUN,
	  .options = options, .conf_size = sizeof(struct conf), .types = types,
	  .hooks = {.open = open_module, .close = close_module, .extract = extract});
