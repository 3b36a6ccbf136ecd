/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zones: which octets of a body are new text, which are quoted, a signature or a disclaimer. By the forms that mailers and people
 * write: `>` in front of lines, "On ... wrote:", "-----Original Message-----", a block of From/Sent/To/Subject lines; "-- ", a
 * closing and the name below it, a block of name, title and telephone; a paragraph about confidentiality. What is doubtful is new
 * text: it is what rules look at most closely. Pure over the text, linear.
 */
#ifndef MW_MATCH_ZONES_H
#define MW_MATCH_ZONES_H

#include "base/str.h"

struct mw_zone_span {
	size_t start; /* up to the start of the next one */
	uint32_t zone;
};

struct mw_zones {
	size_t n, cap;
	struct mw_zone_span *v; /* in order; the first begins at 0, neighbours differ */
};

/* Text: folded. 0 or -ENOMEM. To be freed. */
int mw_zones_split(struct mw_str text, struct mw_zones *ret);
/* enum mw_zone at this octet. */
uint32_t mw_zones_at(const struct mw_zones *, size_t at);
void mw_zones_free(struct mw_zones *);

#endif
