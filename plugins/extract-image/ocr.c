/* SPDX-License-Identifier: Apache-2.0 */
#include "ocr.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <allheaders.h>
#include <tesseract/capi.h>

#define SMALL 1600 /* pixels of the longer side of what is read better at twice its size: pictures of a screen */
#define DPI 300

struct TessBaseAPI *ocr_open(const char *data, const char *languages)
{
	TessBaseAPI *t = TessBaseAPICreate();

	setMsgSeverity(L_SEVERITY_NONE);
	if (t && TessBaseAPIInit3(t, data, languages) != 0) {
		TessBaseAPIDelete(t);
		return NULL;
	}
	/* Columns stay apart, and nothing ends a page. */
	if (t &&
	    (!TessBaseAPISetVariable(t, "preserve_interword_spaces", "1") || !TessBaseAPISetVariable(t, "page_separator", ""))) {
		TessBaseAPIDelete(t);
		return NULL;
	}
	return t;
}

void ocr_close(struct TessBaseAPI *t)
{
	if (t)
		TessBaseAPIDelete(t);
}

static int64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The page as Tesseract reads it best; the caller destroys it. */
static struct Pix *prepare(struct Pix *pix)
{
	struct Pix *opaque = pixGetSpp(pix) == 4 ? pixAlphaBlendUniform(pix, 0xffffff00) : pixClone(pix), *ready = opaque;
	l_int32 w, h;

	if (!opaque)
		return NULL;
	pixGetDimensions(opaque, &w, &h, NULL);
	if ((w > h ? w : h) < SMALL) {
		ready = pixScale(opaque, 2, 2);
		pixDestroy(&opaque);
	}
	return ready;
}

static void count_words(TessBaseAPI *t, int floor, struct ocr_page *page)
{
	int *confidence = TessBaseAPIAllWordConfidences(t);

	for (size_t i = 0; confidence && confidence[i] >= 0; i++) {
		page->words++;
		page->legible += confidence[i] >= floor;
	}
	TessDeleteIntArray(confidence);
}

/* One look at the page, as `mode` takes its layout. */
static int look(TessBaseAPI *t, enum TessPageSegMode mode, int floor, int64_t end, struct ocr_page *page)
{
	ETEXT_DESC *monitor = TessMonitorCreate();
	int64_t left = end - now();
	int r;

	if (!monitor)
		return -ENOMEM;
	TessMonitorSetDeadlineMSecs(monitor, (int)(left < 1 ? 1 : left < INT32_MAX ? left : INT32_MAX));
	TessBaseAPISetPageSegMode(t, mode);
	r = TessBaseAPIRecognize(t, monitor);
	page->late = now() >= end;
	page->text = r == 0 || page->late ? TessBaseAPIGetUTF8Text(t) : NULL;
	TessMonitorDelete(monitor);
	if (!page->text)
		return -EIO;
	count_words(t, floor, page);
	return 0;
}

/* Where Tesseract sees no layout, the page may be one block of text that fills it. */
int ocr_read(struct TessBaseAPI *t, struct Pix *pix, int floor, int64_t milliseconds, struct ocr_page *ret)
{
	static const enum TessPageSegMode modes[] = {PSM_AUTO, PSM_SINGLE_BLOCK};
	struct Pix *ready = prepare(pix);
	struct ocr_page page = {0};
	int64_t end = now() + milliseconds;
	int r = ready ? 0 : -ENOMEM;

	if (r == 0) {
		TessBaseAPISetImage2(t, ready);
		TessBaseAPISetSourceResolution(t, DPI);
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]) && r == 0 && page.words == 0 && !page.late; i++) {
		ocr_free(&page);
		r = look(t, modes[i], floor, end, &page);
	}
	TessBaseAPIClearAdaptiveClassifier(t);
	TessBaseAPIClear(t);
	pixDestroy(&ready);
	if (r == 0)
		*ret = page;
	else
		ocr_free(&page);
	return r;
}

void ocr_free(struct ocr_page *page)
{
	if (page->text) {
		explicit_bzero(page->text, strlen(page->text));
		TessDeleteText(page->text);
	}
	*page = (struct ocr_page){0};
}
