/* SPDX-License-Identifier: Apache-2.0 */
/* verify: whose signature is this, and what does it bring? */
#ifndef SEAL_SMIME_VERIFY_H
#define SEAL_SMIME_VERIFY_H

#include "seal.h"

#include <openssl/cms.h>

/* The content that was signed: an entity in a file. */
struct verify_work {
	int fd;
	struct entity_range content;
	const char *sender; /* envelope sender: the author when the content does not name one */
	int64_t now;
};

/* Fills the signature, signer, why and keep of *ret (see struct mw_opened); keep is s->kept. 0 or -ENOMEM. */
int verify_value(struct smime *s, const char *der, size_t n, const struct verify_work *, struct mw_opened *ret);

#endif
