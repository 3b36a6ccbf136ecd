/* SPDX-License-Identifier: Apache-2.0 */
/* lines: which lines of a text were there already. Digests are kept, not the lines; a line that is taken for another by chance is one in
 * 2^40 for a million. */
#ifndef EXTRACT_PDF_LINES_H
#define EXTRACT_PDF_LINES_H

#include <milward/plugin.h>

struct lines {
	uint64_t *slot; /* 0 = free */
	size_t slots, n;
	uint64_t digest; /* of the line in work */
};

/* Takes text, piece by piece. -ENOMEM. */
int lines_take(struct lines *, const char *p, size_t n);
/* A line without its end. */
bool lines_has(const struct lines *, struct mw_str line);
void lines_free(struct lines *);

#endif
