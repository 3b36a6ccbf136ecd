/* SPDX-License-Identifier: Apache-2.0 */
/* phrase: passphrases as they are kept: scrypt with a salt each. */
#ifndef MW_PICKUP_PHRASE_H
#define MW_PICKUP_PHRASE_H

#include "pickup/pickup.h"

#define MW_PHRASE_SALT 16u
#define MW_PHRASE_HASH 32u

struct mw_phrase {
	bool known;
	unsigned char salt[MW_PHRASE_SALT], hash[MW_PHRASE_HASH];
};

/* An address as the tables have it: A to Z are small. */
void mw_phrase_address(const char *address, char ret[MW_PICKUP_ADDRESS]);
/* known is false when there is none. */
int mw_phrase_read(struct mw_pickup *, const char *recipient, const char *sender, struct mw_phrase *, struct mw_err *);
/* Takes as long when none is known. phrase NULL: none was given. */
bool mw_phrase_fits(const struct mw_phrase *, const char *phrase);

#endif
