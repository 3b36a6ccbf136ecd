/* SPDX-License-Identifier: Apache-2.0 */
/* plain: a text as people write it, in pieces: what is quoted from others, and the links in it. Pure over (pointer, length). */
#ifndef MW_PORTAL_PLAIN_H
#define MW_PORTAL_PLAIN_H

#include "base/str.h"

#define MW_PLAIN_PIECES 20000u /* what is behind that many is one piece, as it stands */
#define MW_PLAIN_DEPTH 5u      /* quotes in quotes; deeper ones are of that depth */

enum mw_plain_kind {
	MW_PLAIN_END = 0,
	MW_PLAIN_QUOTE, /* from here on, depth is what it says; comes first */
	MW_PLAIN_TEXT,
	MW_PLAIN_LINK, /* http or https */
};

struct mw_plain {
	struct mw_str s; /* UTF-8 with LF at line ends */
	size_t at, pieces;
	unsigned depth;
	bool begun, inside; /* inside: of a line, behind its marks */
	size_t quote;	    /* where the next quote begins, as far as was looked; 0: nowhere yet */
};

enum mw_plain_kind mw_plain_next(struct mw_plain *, struct mw_str *piece);

#endif
