/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocr: text of a page, by Tesseract. Its data is loaded by ocr_open(); after that it needs no files.
 */
#ifndef PLUGINS_EXTRACT_IMAGE_OCR_H
#define PLUGINS_EXTRACT_IMAGE_OCR_H

#include <milward/plugin.h>

struct Pix;
struct TessBaseAPI;

struct ocr_page {
	char *text;	/* UTF-8; ocr_free() */
	size_t words;	/* all that were found */
	size_t legible; /* whose confidence is at least the floor */
	bool late;	/* the time was over before all was read */
};

/* data: the folder of the traineddata files, NULL = where Tesseract looks. languages: "eng+spa". NULL: there is no such data. */
struct TessBaseAPI *ocr_open(const char *data, const char *languages);
void ocr_close(struct TessBaseAPI *);
/* 0, -ENOMEM, or -EIO: Tesseract could not. milliseconds: that it may take. */
int ocr_read(struct TessBaseAPI *, struct Pix *, int floor, int64_t milliseconds, struct ocr_page *);
void ocr_free(struct ocr_page *);

#endif
