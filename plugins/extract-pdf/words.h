/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words: what `pdftotext -bbox` prints: pages, and words with their places, in the order in which a person reads them. Piece by piece,
 * in linear time, in memory of a constant size. Nothing of it is believed: a number that is none is 0, what is no word is passed over.
 */
#ifndef EXTRACT_PDF_WORDS_H
#define EXTRACT_PDF_WORDS_H

#include <milward/plugin.h>

/* Points (1/72 inch) from the left upper corner of the page. */
struct box {
	float x0, y0, x1, y1;
};

/* Each gives 0, or what words_take() returns then. */
struct words_to {
	int (*page)(void *ctx);
	int (*word)(void *ctx, struct box at, struct mw_str text);
	int (*page_end)(void *ctx);
};

#define WORD_MAX 4096u /* octets; a longer one is several, at the same place */
#define TAG_MAX 256u

struct words {
	const struct words_to *to;
	void *ctx;
	enum { WORDS_TEXT, WORDS_TAG } state;
	bool in_word, in_page;
	bool whole; /* the end of the document has been seen */
	struct box at;
	size_t tag_n, word_n;
	size_t reference; /* where the last "&" stands in word, WORD_MAX = nowhere */
	char tag[TAG_MAX], word[WORD_MAX];
};

void words_init(struct words *, const struct words_to *, void *ctx);
int words_take(struct words *, const char *p, size_t n);
/* Ends a page that did not. */
int words_end(struct words *);

#endif
