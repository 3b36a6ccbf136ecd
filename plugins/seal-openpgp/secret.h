/* SPDX-License-Identifier: Apache-2.0 */
/* secret: the site's own secret keys, read once by unlock() and kept without their passphrase in memory that is not swapped. */
#ifndef OPENPGP_SECRET_H
#define OPENPGP_SECRET_H

#include "judge.h"

struct pgp_ring {
	size_t n;
	struct pgp_cert **cert;
};

/* path: a file, or a folder of files, of secret keys. passphrase: a file whose first line opens them, or NULL. A file that others may
 * read is refused, and a key that does not open. */
int pgp_ring_read(const struct mw_host *, const char *path, const char *passphrase, struct pgp_ring *, struct mw_err *);
void pgp_ring_drop(struct pgp_ring *);
/* The key with a user id of this address (lower case), the newest. NULL: none. */
const struct pgp_cert *pgp_ring_of(const struct pgp_ring *, const char *address);
/* The key that has this key ID, its own or a subkey's. NULL: none. */
const struct pgp_cert *pgp_ring_by_id(const struct pgp_ring *, const uint8_t id[PGP_ID]);

#endif
