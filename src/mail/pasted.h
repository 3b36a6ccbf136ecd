/* SPDX-License-Identifier: Apache-2.0 */
/* pasted: files that stand in a text in clear: uuencoded, in yEnc, BinHex or base64. Where old mail programs put them, some readers still
 * show them as attachments; and people paste what a program gave them. Pure over (pointer, length), linear. */
#ifndef MW_MAIL_PASTED_H
#define MW_MAIL_PASTED_H

#include "mail/transfer.h"

struct mw_pasted {
	struct mw_str data; /* as it stands */
	enum mw_transfer transfer;
	struct mw_str name; /* as it stands, "" when none */
	const char *type;   /* "" = not known */
	bool piece;	    /* it is not all of the file */
	bool guess;	    /* nothing but its letters says that it is one: what does not become a text or a known file is none */
};

/* The next one in *text, which moves behind it. False: there is none. */
bool mw_pasted_next(struct mw_str *text, struct mw_pasted *);
/* The same for the properties of a calendar or a card with a file in them: "PHOTO;ENCODING=b;TYPE=JPEG:…", "ATTACH:data:…". What is
 * found points into line. False also when line has failed to grow. */
bool mw_pasted_property(struct mw_str *text, struct mw_buf *line, struct mw_pasted *);

#endif
