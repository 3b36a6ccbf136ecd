/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crate: a file of encrypted objects. Object 0 is the manifest (JSON, what the others are); 1, 2, … are what the hand-in makes of a message.
 *
 *     head     32 octets: "MWCRATE\n", version (1), 0, id                             (integers: little endian)
 *     objects  1, 2, …, then 0, then the index: chunks of 65,536 octets, the last one shorter (0 to 65,535), each with its tag of 16
 *     tail     32 octets: how many objects, 0, where the index begins, 0, "MWCRATE\n"
 *
 * The index has each object's length, 8 octets, from object 0 on. AES-256-GCM: each object has a key of its own, HKDF-SHA256(K, salt = id,
 * "milward crate object N", N = 4294967295 for the index); the nonce is the chunk's number and whether it is the object's last one; the
 * associated data is the head. So what is cut, put in another order, into another object or another message's crate does not open. Nothing
 * of a chunk is given out before its tag was looked at. Memory: a chunk and the index.
 */
#ifndef MW_PICKUP_CRATE_H
#define MW_PICKUP_CRATE_H

#include "pickup/keys.h"
#include "pickup/link.h"

#include <sys/types.h>

#define MW_CRATE_CHUNK 65536u
#define MW_CRATE_TAG 16u
#define MW_CRATE_ENDS 32u	     /* octets of head and of tail */
#define MW_CRATE_OBJECTS 65535u	     /* objects at most, with the manifest */
#define MW_CRATE_MANIFEST (4u << 20) /* octets of a manifest at most */
#define MW_CRATE_OBJECT (1ull << 40) /* octets of an object at most */

/* ---- writing: one thread -------------------------------------------------------------------------------------------------------- */

struct mw_crate_writer;
/* fd: a regular file, empty; stays the caller's. */
int mw_crate_begin(int fd, const unsigned char id[MW_PICKUP_ID], const unsigned char key[MW_PICKUP_KEY],
		   struct mw_crate_writer **ret, struct mw_err *);
/* Ends the object that is open and begins the next one; its number: 1, 2, …. -E2BIG: too many. */
int mw_crate_object(struct mw_crate_writer *, uint32_t *number, struct mw_err *);
/* More of it. -ENOSPC and what else writing can bring: the crate is of no use any more. */
int mw_crate_write(struct mw_crate_writer *, const void *p, size_t n, struct mw_err *);
/* The manifest and the end; on disk when 0. size: of the file. objects: with the manifest. */
int mw_crate_end(struct mw_crate_writer *, const void *manifest, size_t n, uint64_t *size, uint32_t *objects, struct mw_err *);
/* Accepts NULL; wipes. */
void mw_crate_writer_free(struct mw_crate_writer **);

/* ---- reading -------------------------------------------------------------------------------------------------------------------- */

/* Any number of threads may open objects of one crate and read them, each its own. */
struct mw_crate;
/* fd: the crate's from now on, also when this fails. -EBADMSG: it is damaged, or not this id's, or not under this key: err says what is
 * known of it; -EOPNOTSUPP: a later version. */
int mw_crate_open(int fd, const unsigned char id[MW_PICKUP_ID], const unsigned char key[MW_PICKUP_KEY], struct mw_crate **ret,
		  struct mw_err *);
uint32_t mw_crate_count(const struct mw_crate *);
/* 0 for a number that there is not. */
uint64_t mw_crate_length(const struct mw_crate *, uint32_t number);
void mw_crate_close(struct mw_crate **); /* after its objects */

struct mw_crate_object;
/* -ENOENT: there is no such object. Keeps the chunk it read last. The crate must outlive it. */
int mw_crate_get(const struct mw_crate *, uint32_t number, struct mw_crate_object **ret, struct mw_err *);
/* Up to n octets from offset on: how many, 0 at the end. -EBADMSG: damaged; p has nothing of that then. */
ssize_t mw_crate_read(struct mw_crate_object *, uint64_t offset, void *p, size_t n, struct mw_err *);
void mw_crate_put(struct mw_crate_object **);
/* All of an object of at most max octets, terminated; the caller wipes and frees. -EFBIG. */
int mw_crate_read_all(const struct mw_crate *, uint32_t number, size_t max, char **ret, size_t *n, struct mw_err *);

#endif
