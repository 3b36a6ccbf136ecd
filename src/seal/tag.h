/* SPDX-License-Identifier: Apache-2.0 */
/* tag: what a recipient's address asks of the agent: user@example.com.mw-sealsop.invalid. Pure over (pointer, length). */
#ifndef MW_SEAL_TAG_H
#define MW_SEAL_TAG_H

#include "base/str.h"

enum mw_tag_kind {
	MW_TAG_NONE = 0, /* no tag of milward's */
	MW_TAG_SEAL,
	MW_TAG_OPEN,
	MW_TAG_PORTAL,
	MW_TAG_OTHER, /* a tag that this agent does not know, or a tag below another */
};

#define MW_TAG_LETTERS "sop" /* S/MIME, OpenPGP, portal */
#define MW_PORTAL_TAG ".mw-portal.invalid"

struct mw_tag {
	enum mw_tag_kind kind;
	struct mw_str address;		    /* what stands before the tag; all of it when there is none */
	char means[sizeof(MW_TAG_LETTERS)]; /* of MW_TAG_SEAL: letters in the order in which they are tried; terminated */
};

/* address: without <>. */
struct mw_tag mw_tag_parse(struct mw_str address);

#endif
