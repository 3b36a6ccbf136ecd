/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link: what stands behind /m/ in a recipient's link, and behind /read/ in a session's paths. A link is base64url of ID and SECRET without
 * padding: its first 16 characters are the id, which is public, names row and crate, and may be logged. The others are never stored in
 * clear, logged or sent to anybody but the recipient.
 */
#ifndef MW_PICKUP_LINK_H
#define MW_PICKUP_LINK_H

#include "base/err.h"

#define MW_PICKUP_ID 12u      /* octets of an id */
#define MW_PICKUP_ID_TEXT 17u /* its text, with the terminator */
#define MW_PICKUP_SECRET 20u  /* octets of a secret */
#define MW_PICKUP_LINK 44u    /* text of both, with the terminator */

void mw_pickup_id_text(const unsigned char id[MW_PICKUP_ID], char ret[MW_PICKUP_ID_TEXT]);
/* False when it is not the one way to write an id; ret is untouched then. */
bool mw_pickup_id_parse(struct mw_str text, unsigned char ret[MW_PICKUP_ID]);
/* The caller wipes what it got (OPENSSL_cleanse). */
void mw_pickup_link_text(const unsigned char id[MW_PICKUP_ID], const unsigned char secret[MW_PICKUP_SECRET],
			 char ret[MW_PICKUP_LINK]);
bool mw_pickup_link_parse(struct mw_str text, unsigned char id[MW_PICKUP_ID], unsigned char secret[MW_PICKUP_SECRET]);

#endif
