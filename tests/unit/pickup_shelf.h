/* SPDX-License-Identifier: Apache-2.0 */
/* pickup_shelf: a store in a folder of its own under the build folder, and messages in it, for unit tests and benches. */
#ifndef MW_TEST_PICKUP_SHELF_H
#define MW_TEST_PICKUP_SHELF_H

#include "pickup/pickup.h"

#define SHELF_NOW 1800000000 /* what a test takes as now */

struct shelf {
	char dir[64], path[80], keys_path[80]; /* the folder; DIR/store; DIR/keys */
	struct mw_pickup_keys *keys;
	struct mw_pickup *store;
};

/* All of these end the process with a word on stderr when they fail. */
void shelf_open(struct shelf *);
/* In memory where that is possible: for what is about steps, not about a disk. */
void shelf_open_fast(struct shelf *);
void shelf_reopen(struct shelf *); /* another connection to the same store */
void shelf_close(struct shelf *);  /* removes the folder */

struct shelf_message {
	const char *key, *sender, *recipient, *text; /* NULL: usual ones */
	const char *origin;			     /* Message-ID of what was handed in; NULL: none */
	uint32_t proof;				     /* 0: by code */
	int64_t created, expires;		     /* 0: SHELF_NOW and a week */
	bool unnoticed;
	/* made: */
	unsigned char id[MW_PICKUP_ID], secret[MW_PICKUP_SECRET];
};
/* Hands it in: a manifest "{}", object 1 has the text. 0, or what mw_pickup_store() gave. */
int shelf_put(struct mw_pickup *, struct mw_pickup_keys *, struct shelf_message *, struct mw_err *);

#endif
