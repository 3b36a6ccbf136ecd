/* SPDX-License-Identifier: Apache-2.0 */
/* entity: what the header of a message or of a part says about its body (RFC 2045, 2183, 2231). Internal to src/mail. */
#ifndef MW_MAIL_ENTITY_H
#define MW_MAIL_ENTITY_H

#include "base/arena.h"
#include "mail/transfer.h"

struct mw_entity {
	const char *type;	/* "text/plain", lower case; the default when absent or broken */
	const char *charset;	/* lower case, "" when none */
	const char *name;	/* file name in UTF-8, "" when none */
	const char *boundary;	/* "" when none */
	const char *text;	/* what the header carries for a person: the file name, and (for a part) fields that are not MIME's own;
				   lines of UTF-8, "" when there is nothing */
	enum mw_transfer transfer;
	bool attachment; /* a disposition other than inline */
	bool twofold;	 /* two fields that say different things: readers may read it in two ways */
};

/* header: the fields alone. part: the header of a MIME part, not of a message (whose fields are read elsewhere). dflt: type when
 * none is given, borrowed. Other strings live in the arena. 0 or -ENOMEM. */
int mw_entity_read(struct mw_arena *, struct mw_str header, bool part, const char *dflt, struct mw_entity *ret);

#endif
