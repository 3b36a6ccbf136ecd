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
#include "tool.h"
#include "unseen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLES "/usr/share/poppler/cidToUnicode" /* of the package poppler-data, which pdftotext does without */
#define ODD_SOME 20u /* characters without a meaning that make a text suspicious, when they are one in ten */

#define PORTION_PAGES 5u /* take pdftotext about as long as its start */
#define PORTIONS_MOST 4u

struct conf {
	const char *pdftotext;
	uint64_t contents;
	int64_t revisions;
	int64_t at_once;
};

struct instance {
	const struct mw_host *host;
	char *pdftotext;
	uint64_t contents; /* octets of pages that are decoded to see what is drawn */
	size_t revisions;  /* earlier ones that are read */
	size_t at_once;	   /* pdftotexts */
	bool tables;	   /* of Chinese, Japanese and Korean */
};

/* Pages that one pdftotext reads. */
struct portion {
	struct reading *of;
	struct words words;
	size_t first; /* page, from 0 */
	char from[16], to[16];
	const char *argv[12];
};

/* The pages of one file. */
struct reading {
	struct pen out;
	struct portion portion[PORTIONS_MOST];
	size_t portions, now;
	bool whole;		     /* all portions have come to their ends, and none lacks pages */
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
	struct mw_str data;
	struct pdf pdf;
	bool open;	    /* pdf is */
	struct lines lines; /* of the pages, when there is something to compare with them */
	struct revisions revisions;
	struct sheets sheets;
	bool walked;	    /* what is not on the pages has been read */
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

static int note_page(struct reading *r, size_t letters)
{
	if (r->pages == r->cap) {
		size_t cap = r->cap * 2 + 64;
		uint32_t *v = reallocarray(r->letters, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		r->letters = v;
		r->cap = cap;
	}
	r->letters[r->pages++] = letters > UINT32_MAX ? UINT32_MAX : (uint32_t)letters;
	return 0;
}

static int end_page(void *ctx)
{
	struct reading *r = ctx;

	if (note_page(r, r->page.letters) < 0)
		return -ENOMEM;
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

/* The portions before this one have ended. A page that one of them lacks is there without letters, so that all have their numbers. */
static int turn_to(struct reading *r, size_t portion)
{
	int rc = 0;

	while (rc == 0 && r->now < portion) {
		struct portion *p = &r->portion[r->now++];

		rc = words_end(&p->words);
		r->whole &= p->words.whole && r->pages >= p[1].first;
		while (rc == 0 && r->pages < p[1].first)
			rc = note_page(r, 0);
	}
	return rc;
}

static int take_output(void *ctx, const char *octets, size_t n)
{
	struct portion *p = ctx;
	int rc = turn_to(p->of, (size_t)(p - p->of->portion));

	return rc == 0 ? words_take(&p->words, octets, n) : rc;
}

/* pages: how many there seem to be; the last portion goes to the end, wherever that is. */
static void divide(const struct instance *self, struct reading *r, size_t pages, struct mw_str data, struct mw_program *runs)
{
	static const struct words_to to = {.page = take_page, .word = take_word, .page_end = end_page};
	size_t most = self->at_once < PORTIONS_MOST ? self->at_once : PORTIONS_MOST;

	r->portions = pages / PORTION_PAGES < most ? pages / PORTION_PAGES : most;
	r->portions += r->portions == 0;
	r->now = 0;
	r->whole = true;
	for (size_t i = 0, k = 0; i < r->portions; i++, k = 0) {
		struct portion *p = &r->portion[i];

		p->of = r;
		p->first = pages * i / r->portions;
		words_init(&p->words, &to, r);
		p->argv[k++] = self->pdftotext;
		if (i) {
			(void)snprintf(p->from, sizeof(p->from), "%zu", p->first + 1);
			p->argv[k++] = "-f";
			p->argv[k++] = p->from;
		}
		if (i + 1 < r->portions) {
			(void)snprintf(p->to, sizeof(p->to), "%zu", pages * (i + 1) / r->portions);
			p->argv[k++] = "-l";
			p->argv[k++] = p->to;
		}
		memcpy(&p->argv[k], (const char *const[]){"-bbox", "-q", "-enc", "UTF-8", "-", "-", NULL}, 7 * sizeof(*p->argv));
		runs[i] = (struct mw_program){.argv = p->argv, .input = data, .fn = take_output, .ctx = p};
	}
}

/* pages: into portions of which they may be divided; 0 = it is read in one. 0, or what the sink or run_beside() gave; *status as that
 * has it, of the first that failed. */
static int read_pages(struct work *w, struct mw_str data, struct reading *r, size_t pages, int (*meanwhile)(void *), int *status)
{
	struct mw_program runs[PORTIONS_MOST];
	int rc, ended;

	divide(w->self, r, pages, data, runs);
	rc = w->self->host->run_beside(w->sink, runs, r->portions, meanwhile, w);
	ended = rc == 0 ? turn_to(r, r->portions - 1) : 0;
	/* Also the words of a page in the middle of which it was stopped. */
	ended = ended == 0 ? words_end(&r->portion[r->now].words) : ended;
	r->whole &= r->portion[r->now].words.whole;
	pen_flush(&r->out);
	page_free(&r->page);
	page_free(&r->outside);
	*status = 0;
	for (size_t i = 0; i < r->portions; i++) {
		*status = *status ? *status : runs[i].status;
		explicit_bzero(r->portion[i].words.word, sizeof(r->portion[i].words.word));
	}
	rc = rc == 0 ? ended : rc;
	return rc == 0 ? r->out.failed : rc;
}

/* What is not on the pages, while pdftotext reads those. */
static int walk_rest(void *ctx)
{
	struct work *w = ctx;
	struct pen *o = &w->reading->out;
	struct walk walk = {.pdf = &w->pdf, .out = o};
	int (*tap)(void *, const char *, size_t) = o->tap, pages;

	if (!w->open || w->walked)
		return 0;
	w->walked = true;
	pages = qpdf_get_num_pages(w->pdf.q);
	o->tap = NULL; /* no line of a page */
	walk_document(&walk, w->data, pages < 0 ? 0 : (size_t)pages);
	pen_section(o, NULL, false);
	pen_flush(o);
	o->tap = tap;
	return o->failed;
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
static int read_seen(struct work *w, struct reading *r)
{
	struct mw_str data = w->data;
	int in_file = w->open ? qpdf_get_num_pages(w->pdf.q) : 0, status = 0, rc;
	size_t pages = in_file > 0 ? (size_t)in_file : 0;

	revisions_find(data, w->self->revisions, &w->revisions);
	if (w->revisions.n || (w->open && layers_hide(&w->pdf))) {
		r->out.tap = keep_lines;
		r->out.tap_ctx = w;
	}
	if (w->open && sheets_widen(&w->pdf, data, &w->sheets) < 0)
		return -ENOMEM;
	r->sheets = w->sheets.p ? &w->sheets : NULL;
	rc =
	    read_pages(w, w->sheets.p ? (struct mw_str){.p = w->sheets.p, .n = w->sheets.n} : data, r, pages, walk_rest, &status);
	if (rc == 0 && w->sheets.p && r->pages == 0) {
		/* What we have made of it is not read: then as it came. */
		r->sheets = NULL;
		rc = read_pages(w, data, r, 0, walk_rest, &status);
	}
	if (rc == -ETIME)
		give_reason(w, "limit");
	if (rc != 0)
		return rc == -ETIME ? 0 : rc;
	if (status > 128)
		give_reason(w, "crashed");
	else if (status != 0 || !r->whole || pages > r->pages)
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
	rc = read_pages(w, data, &s->reading, 0, NULL, &status);
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

/* What is on the pages and no text, and what was found out of all. */
static int judge(struct work *w, struct reading *r)
{
	struct walk walk = {.pdf = &w->pdf, .out = &r->out};
	int in_file = qpdf_get_num_pages(w->pdf.q);
	size_t pages = in_file < 0 ? 0 : (size_t)in_file;
	struct unseen unseen = {.tables = w->self->tables};
	int rc;

	r->out.tap = NULL;
	unseen_find(&walk, r->letters, pages < r->pages ? pages : r->pages, w->self->contents, &unseen);
	pen_flush(&r->out);
	rc = r->out.failed;
	if (w->pdf.limit)
		give_reason(w, "limit");
	if (unseen.font)
		give_reason(w, "unknown-format");
	if (unseen.picture)
		give_reason(w, "image");
	if (w->pdf.damaged || in_file < 0 || !pdf_is_whole(w->data))
		give_reason(w, "damaged");
	return rc;
}

static int read_document(struct work *w)
{
	struct reading *r = w->reading;
	int rc = pdf_open(&w->pdf, w->data, &w->reason);

	if (rc == -EACCES || rc == -ENOMEM)
		return rc;
	w->open = rc == 0;
	rc = read_seen(w, r);
	if (rc == 0 && w->open)
		rc = judge(w, r);
	return rc == 0 ? read_unseen(w) : rc;
}

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	struct work w = {.self = inst, .sink = sink, .data = doc->data, .reading = calloc(1, sizeof(*w.reading))};
	const struct mw_host *host = w.self->host;
	int r;

	if (!w.reading) {
		*reason = "limit";
		return host->fail(err, -ENOMEM, "out of memory");
	}
	pen_init(&w.reading->out, host, sink);
	r = read_document(&w);
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
		return host->fail(err, -ENOSYS, "this milward is too old for the module: it has no run_beside()");
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
	i->at_once = (size_t)c->at_once;
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
    MW_OPT(INT, struct conf, at_once, "at-once", .dflt = "2", .min = 1, .max = PORTIONS_MOST,
	   .help = "programs that read the pages of one document"),
    {.name = NULL},
};

MW_PLUGIN(extract_pdf, "extract-pdf", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "text of PDF: pages, forms, comments, what is hidden, files inside", .powers = MW_POWER_RUN,
	  .options = options, .conf_size = sizeof(struct conf), .types = types,
	  .hooks = {.open = open_module, .close = close_module, .extract = extract});
