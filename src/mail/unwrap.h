/* SPDX-License-Identifier: Apache-2.0 */
/* unwrap: text as a program shows it that knows how its lines were broken. Numbers and words may be broken in two by that. Pure
 * over (pointer, length), linear; the text is UTF-8 with LF as line end. */
#ifndef MW_MAIL_UNWRAP_H
#define MW_MAIL_UNWRAP_H

#include "base/buf.h"
#include <milward/plugin.h>

enum mw_wrap {
	MW_WRAP_NONE = 0,
	MW_WRAP_FLOWED,	  /* format=flowed with delsp=yes, RFC 3676: a line that ends in a blank goes on, without the blank */
	MW_WRAP_FOLDED,	  /* calendars and cards, RFC 5545 3.1 and RFC 6350 3.2: a line that begins with a blank goes on; escapes;
			   quoted-printable of vCard 2.1; prose (SUMMARY, DESCRIPTION, COMMENT, NOTE) on lines of its own */
	MW_WRAP_ENRICHED, /* text/enriched, RFC 1896: without its markup; a line end is a blank, several are one less */
	MW_WRAP_RICHTEXT, /* text/richtext, RFC 1341 7.1.3: a line end is a blank, <nl> is one */
};

/* Appends the lines with a right-to-left override (U+202E), each run behind one from its end, as it is shown: a number may be written
 * backwards so that it is shown forwards. Nothing when there is none. 0 or -ENOMEM. */
int mw_unreverse(struct mw_str text, struct mw_buf *out);
/* Appends the line of a calendar or a card at the start of *text, which moves behind it, its pieces joined; quoted-printable as it is. */
void mw_unfold_line(struct mw_str *text, struct mw_buf *line);
/* Appends it. 0 or -ENOMEM. */
int mw_unwrap(enum mw_wrap, struct mw_str text, struct mw_buf *out);

#endif
