/* SPDX-License-Identifier: Apache-2.0 */
/* entity: what the header of a message or of a part says about its body (RFC 2045, 2183, 2231). Internal to src/mail. */
#ifndef MW_MAIL_ENTITY_H
#define MW_MAIL_ENTITY_H

#include "base/arena.h"
#include "mail/transfer.h"

struct mw_entity {
	const char *type;     /* "text/plain", lower case; the default when absent or broken */
	const char *charset;  /* lower case, "" when none */
	const char *name;     /* file name in UTF-8, "" when none */
	const char *boundary; /* "" when none */
	const char *names;    /* every file name that a reader may show, lines of UTF-8; see mw_label_names */
	const char *text;     /* of a part: the fields that are not MIME's own, decoded, lines of UTF-8, "" when there are none */
	enum mw_transfer transfer;
	bool delsp;	 /* format=flowed with delsp=yes */
	bool attachment; /* a disposition other than inline */
	bool damaged;	 /* two fields that say different things, or one that was not read whole */
	bool doubtful;	 /* the other kind of reader reads another type, charset, boundary or encoding */
};

/* header: the fields alone. part: the header of a MIME part, not of a message (whose fields are read elsewhere). dflt: type when
 * none is given, borrowed. loose: as a reader that takes the last of several fields and the last of several parameters, looks for
 * `name=` and knows nothing of comments, RFC 2231 and escapes; it skips lines that are no field. Other strings live in the arena.
 * 0 or -ENOMEM. */
int mw_entity_read(struct mw_arena *, struct mw_str header, bool part, const char *dflt, bool loose, struct mw_entity *ret);

#endif
