/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spelled: numbers that are spelled out over the cells of a table, or over other blocks: a digit in each, as on a form, or pieces with
 * their hyphens in cells of their own. A person reads them as one; they are written to another flow in one piece, behind the text
 * before them. Internal.
 */
#ifndef MW_EXTRACT_HTML_SPELLED_H
#define MW_EXTRACT_HTML_SPELLED_H

#include "flow.h"

#define SPELLED_PIECE 4u
#define SPELLED_RUN 40u

struct spelled {
	struct flow *to;
	/* Private. */
	char piece[SPELLED_RUN], label[SPELLED_RUN],
	    run[SPELLED_RUN]; /* the last octets of the piece, and of the one before the run */
	size_t piece_n, piece_all, label_n, run_n, pieces, digits;
	bool open; /* the last piece of the run was one octet: the next goes with it */
	bool sign; /* it was a hyphen or the like */
};

/* Text of the piece; space: a blank before it. */
void spelled_text(struct spelled *, bool space, const char *p, size_t n);
/* The piece ends. */
void spelled_break(struct spelled *);
/* All ends, before the other flow does. Wipes. */
void spelled_end(struct spelled *);

#endif
