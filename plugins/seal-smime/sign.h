/* SPDX-License-Identifier: Apache-2.0 */
/* sign: an entity as a multipart/signed (RFC 8551 3.5.3). */
#ifndef SEAL_SMIME_SIGN_H
#define SEAL_SMIME_SIGN_H

#include "keys.h"
#include "pipe.h"

/* What stands around the entity: text before and behind it, malloc'ed. */
struct signing {
	char *before, *behind;
	size_t before_n, behind_n;
};

/* Reads the entity once. 0, or negative with err filled. */
int sign_entity(const struct mw_host *, const struct pipes *, const struct key *, int fd, struct entity_range, struct signing *,
		struct mw_err *);
void sign_free(struct signing *);

#endif
