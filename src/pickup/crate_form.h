/* SPDX-License-Identifier: Apache-2.0 */
/* crate_form: head, tail and index of a crate as octets (crate.h has their layout). Pure: all of it may come from a damaged disk. */
#ifndef MW_PICKUP_CRATE_FORM_H
#define MW_PICKUP_CRATE_FORM_H

#include "pickup/crate.h"

#define MW_CRATE_INDEX UINT32_MAX /* the index's number, where objects have one */

void mw_crate_head_write(const unsigned char id[MW_PICKUP_ID], unsigned char ret[MW_CRATE_ENDS]);
/* -EBADMSG: it is no head of a crate; -EOPNOTSUPP: of a later version. */
int mw_crate_head_read(const unsigned char head[MW_CRATE_ENDS], unsigned char id[MW_PICKUP_ID], struct mw_err *);

struct mw_crate_tail {
	uint32_t objects; /* 1 to MW_CRATE_OBJECTS */
	uint64_t index;	  /* offset; the index's chunks fill what is between it and the tail exactly */
};
void mw_crate_tail_write(const struct mw_crate_tail *, unsigned char ret[MW_CRATE_ENDS]);
/* size: of the file. -EBADMSG. */
int mw_crate_tail_read(const unsigned char tail[MW_CRATE_ENDS], uint64_t size, struct mw_crate_tail *ret, struct mw_err *);

/* Octets on disk of an object of length octets. */
uint64_t mw_crate_stored(uint64_t length);
/* Chunks of it: the last one is the shorter one, and may be empty. */
uint64_t mw_crate_chunks(uint64_t length);

struct mw_crate_place {
	uint64_t at, length;
};
/* index: 8 octets for each object, opened; ret: as many places. -EBADMSG: the objects do not fill what is before the index exactly. */
int mw_crate_index_read(const unsigned char *index, const struct mw_crate_tail *, struct mw_crate_place *ret, struct mw_err *);
void mw_crate_index_write(const uint64_t *lengths, uint32_t objects, unsigned char *ret);

/* An object's key, and the nonce of one of its chunks. */
int mw_crate_object_key(const unsigned char key[MW_PICKUP_KEY], const unsigned char id[MW_PICKUP_ID], uint32_t number,
			unsigned char ret[MW_PICKUP_KEY]);
void mw_crate_nonce(uint64_t chunk, bool last, unsigned char ret[12]);

#endif
