/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys: the server's keys, which stay in a file apart from the store (and from its backup):
 *     # comment
 *     1 q83vEjRWeJC…=  1763800000        number, base64 of 32 random octets, when it was made
 * The newest (highest number) wraps; the older ones stay until no row needs them. The file is refused when others than its owner and group
 * can read it, or others than its owner can write it. One object serves all threads of a process. When the
 * file was replaced, or a number is not known, it is read again: a new key is known without a signal; a process that sees no files knows
 * those that it began with.
 */
#ifndef MW_PICKUP_KEYS_H
#define MW_PICKUP_KEYS_H

#include "base/err.h"

#define MW_PICKUP_KEY 32u    /* octets of a server key, and of a crate's */
#define MW_PICKUP_KEYS 1000u /* keys of a file at most */

struct mw_pickup_keys;

/* -ENOENT: there is no such file; -EACCES: its mode or owner; -EINVAL: its content, with the line. */
int mw_pickup_keys_open(const char *path, struct mw_pickup_keys **ret, struct mw_err *);
/* Reads the file again; what was known stays when that fails. */
int mw_pickup_keys_reread(struct mw_pickup_keys *, struct mw_err *);
/* The key that wraps: of the file as it is now, where this process can read it. */
void mw_pickup_keys_newest(struct mw_pickup_keys *, uint32_t *number, unsigned char ret[MW_PICKUP_KEY]);
/* -ENOKEY: not in the file either. The caller wipes ret. */
int mw_pickup_keys_get(struct mw_pickup_keys *, uint32_t number, unsigned char ret[MW_PICKUP_KEY], struct mw_err *);
size_t mw_pickup_keys_count(struct mw_pickup_keys *);
/* Accepts NULL; wipes. */
void mw_pickup_keys_close(struct mw_pickup_keys **);

/* On the file, for milwardctl. Each writes a new file beside it, with owner and mode of the old one, that replaces it: all or nothing.
 * make: the first file, with one key, mode 0600; -EEXIST. add: one key more. drop: those before `oldest` (mw_pickup_oldest_key(); 0: no row needs one), that
 * another has followed for at least `after` seconds; how many. */
int mw_pickup_keys_make(const char *path, int64_t now, struct mw_err *);
int mw_pickup_keys_add(const char *path, int64_t now, uint32_t *number, struct mw_err *);
int mw_pickup_keys_drop(const char *path, uint32_t oldest, int64_t after, int64_t now, size_t *dropped, struct mw_err *);

#endif
