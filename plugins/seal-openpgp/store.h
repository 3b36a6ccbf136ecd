/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: the site's folder of its correspondents' keys. Each file holds keys, binary or armoured. A key is for the addresses of its user
 * ids, and for the address that is the file's name (ann@x.example.asc). What is in it is read again when it has changed. Thread safe.
 */
#ifndef OPENPGP_STORE_H
#define OPENPGP_STORE_H

#include "cert.h"

#define PGP_FILE_MAX (16u * 1024u * 1024u)

struct pgp_store;
struct pgp_shelf; /* what was in the folder at one time */

/* -EPERM: everybody may write there; or what opening says. Files that cannot be used are logged (self may be NULL) and passed over. */
int pgp_store_new(const struct mw_host *, struct mw_self *, const char *path, struct pgp_store **ret, struct mw_err *);
void pgp_store_free(struct pgp_store **); /* accepts NULL */
/* The folder as it is now, or was a moment ago: the caller's to drop. Negative: it cannot be read any more. */
int pgp_store_look(struct pgp_store *, struct pgp_shelf **ret, struct mw_err *);
void pgp_shelf_drop(struct pgp_shelf **); /* accepts NULL */

struct pgp_entry {
	const char *address; /* lower case */
	const char *file;
	const struct pgp_cert *cert;
	bool by_name; /* the file's name says so, and no user id does */
};
/* All entries in the order of addresses, newest key first. */
size_t pgp_shelf_entries(const struct pgp_shelf *, const struct pgp_entry **ret);
/* Those of one address. */
size_t pgp_shelf_find(const struct pgp_shelf *, const char *address, const struct pgp_entry **ret);
/* The key that has this key ID, its own or a subkey's. NULL: none. */
const struct pgp_cert *pgp_shelf_by_id(const struct pgp_shelf *, const uint8_t id[PGP_ID]);
/* Why the file that is named by this address is of no use; NULL: there is none, or it is of use. */
const char *pgp_shelf_bad_of(const struct pgp_shelf *, const char *address);
/* Files that are of no use, n-th: name and why. false past the end. */
bool pgp_shelf_bad(const struct pgp_shelf *, size_t n, const char **file, const char **why);

#endif
