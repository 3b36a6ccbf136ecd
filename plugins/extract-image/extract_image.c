/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-image: text in pictures, by optical character recognition. It takes a second or two a page, so no shipped policy loads it.
 * A picture in which little or nothing legible is found stays unreadable(image): nobody knows that there is nothing in it.
 */
#include "ocr.h"
#include "picture.h"
#include "told.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <allheaders.h>

#define MEGA 1000000u

struct conf {
	const char *languages;
	const char *data;
	int64_t pages, megapixels, confidence, time;
};

struct instance {
	const struct mw_host *host;
	const struct conf *conf;
	struct TessBaseAPI *tesseract; /* of this process, which reads one document at a time */
};

/* One document. */
struct work {
	const struct instance *self;
	struct mw_sink *sink;
	size_t words, legible;
	int64_t left; /* milliseconds */
	bool told;    /* the host knows a reason why not all can be read */
};

/* ---- text ------------------------------------------------------------------------------------------------------------------------ */

/* Wide gaps in a line are columns. */
static int put_text(struct work *w, char *text)
{
	size_t to = 0, blanks = 0;

	for (size_t i = 0; text[i]; i++) {
		if (text[i] == ' ') {
			blanks++;
			continue;
		}
		if (blanks && text[i] != '\n')
			text[to++] = blanks >= 3 ? '\t' : ' ';
		blanks = 0;
		text[to++] = text[i];
	}
	return to ? w->self->host->sink_text(w->sink, text, to) : 0;
}

static int unread(struct work *w, const char *reason)
{
	if (w->told)
		return 0;
	w->told = true;
	return w->self->host->sink_unread(w->sink, reason);
}

static int64_t milliseconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Tesseract is sure of words that have no letter: what it takes for a picture in the page. */
static bool has_letter(const char *text)
{
	for (; *text; text++)
		if ((*text >= '0' && *text <= '9') || ((unsigned char)*text | 0x20) >= 'a')
			return true;
	return false;
}

static int read_page(struct work *w, struct Pix *pix)
{
	const struct conf *conf = w->self->conf;
	int64_t begin = milliseconds();
	struct ocr_page page;
	int r = w->left > 0 ? ocr_read(w->self->tesseract, pix, (int)conf->confidence, w->left, &page) : -ETIME;

	w->left -= milliseconds() - begin;
	if (r == -ETIME)
		return unread(w, "limit");
	if (r == -EIO)
		return unread(w, "image");
	if (r < 0)
		return r;
	w->words += page.words;
	w->legible += has_letter(page.text) ? page.legible : 0;
	r = put_text(w, page.text);
	if (r == 0 && page.late)
		r = unread(w, "limit");
	ocr_free(&page);
	return r;
}

static int read_pages(struct work *w, struct picture *p)
{
	const struct conf *conf = w->self->conf;
	int r = 0, got = 1;

	for (int64_t i = 0; r == 0; i++) {
		struct Pix *pix;

		got = picture_next(p, (uint64_t)conf->megapixels * MEGA, &pix);
		if (got <= 0)
			break;
		if (i == conf->pages) {
			pixDestroy(&pix);
			return unread(w, "limit");
		}
		r = w->self->host->sink_page(w->sink);
		if (r == 0)
			r = read_page(w, pix);
		pixDestroy(&pix);
	}
	if (r < 0 || got == 0 || got == 1)
		return r;
	return unread(w, got == -EFBIG ? "limit" : "damaged");
}

/* ---- hooks ----------------------------------------------------------------------------------------------------------------------- */

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	const struct instance *self = inst;
	struct work w = {.self = self, .sink = sink, .left = self->conf->time * 1000};
	struct told told = {.host = self->host, .sink = sink};
	struct picture p;
	int r;

	if (!picture_begin(&p, doc->data)) {
		*reason = "image";
		return self->host->fail(err, -ENOTSUP, "a format of pictures that is not known");
	}
	r = read_pages(&w, &p);
	if (r == 0)
		r = told_read(&p, &told);
	/* What was read stays, and what nobody could read is told. */
	if (r == 0 && (w.legible == 0 || w.legible * 2 < w.words || picture_moves(&p)))
		r = unread(&w, "image");
	if (r == -EFBIG)
		*reason = "limit";
	return r < 0 ? self->host->fail(err, r, r == -ENOMEM ? "out of memory" : "the picture is not read to its end") : 0;
}

static void close_module(void *inst)
{
	struct instance *i = inst;

	if (i)
		ocr_close(i->tesseract);
	free(i);
}

static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct instance *i;

	(void)self;
	if (host->size < sizeof(struct mw_host))
		return host->fail(err, -ENOSYS, "this milward is too old for the module");
	i = calloc(1, sizeof(*i));
	if (!i)
		return host->fail(err, -ENOMEM, "out of memory");
	i->host = host;
	i->conf = conf;
	i->tesseract = ocr_open(i->conf->data, i->conf->languages);
	if (!i->tesseract) {
		close_module(i);
		return host->fail(err, -ENOENT, "Tesseract has no data for these languages");
	}
	*inst = i;
	return 0;
}

static const struct mw_opt options[] = {
    MW_OPT(STR, struct conf, languages, "languages", .dflt = "eng",
	   .help = "what the text is written in, as Tesseract names it: \"eng+spa\""),
    MW_OPT(PATH, struct conf, data, "data", .help = "folder of Tesseract's data, when it is not where that looks"),
    MW_OPT(INT, struct conf, pages, "pages", .dflt = "10", .min = 1, .max = 1000, .help = "pages of one picture that are read"),
    MW_OPT(INT, struct conf, megapixels, "megapixels", .dflt = "40", .min = 1, .max = 200,
	   .help = "size of a page up to which it is read"),
    MW_OPT(INT, struct conf, confidence, "confidence", .dflt = "60", .min = 0, .max = 100,
	   .help = "from which on a word is taken for legible"),
    MW_OPT(TIME, struct conf, time, "time", .dflt = "20 seconds", .min = 1, .max = 600, .help = "that one picture may take"),
    {0}};

static const char *const types[] = {"image/png",      "image/jpeg", "image/jpg",  "image/pjpeg",	"image/tiff", "image/bmp",
				    "image/x-ms-bmp", "image/gif",  "image/webp", "image/x-portable-*", NULL};

MW_PLUGIN(extract_image, "extract-image", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "text in pictures, by Tesseract", .types = types, .options = options, .conf_size = sizeof(struct conf),
	  .hooks = {.open = open_module, .close = close_module, .extract = extract});
