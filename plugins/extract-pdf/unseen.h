/* SPDX-License-Identifier: Apache-2.0 */
/* unseen: what of the pages is no text for pdftotext: pictures, drawings, and letters of fonts that do not say what they mean. */
#ifndef EXTRACT_PDF_UNSEEN_H
#define EXTRACT_PDF_UNSEEN_H

#include "walk.h"

struct unseen {
	bool tables;  /* given: pdftotext has those of Chinese, Japanese and Korean */
	bool picture; /* a page is one, in a form that is no file of its own */
	bool font;    /* a page has letters of a font that nobody can map */
};

/* letters: how many each page has. Pictures that are files (JPEG, JPEG 2000) of pages without text become members. */
/* budget: octets of all pages that are decoded. */
void unseen_find(struct walk *, const uint32_t *letters, size_t pages, uint64_t budget, struct unseen *);

#endif
