/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wkd: OpenPGP keys of an address from its domain's Web Key Directory (draft-koch-openpgp-webkey-service): the advanced method, and the
 * direct one only where DNS has no host openpgpkey.DOMAIN. Gives octets; who takes them must read them as those of a stranger. Answers are
 * kept for a while, also that there is no key, within bounds in number and octets.
 */
#ifndef MW_LOOKUP_WKD_H
#define MW_LOOKUP_WKD_H

#include "lookup/https.h"
#include "lookup/map.h"

#define MW_WKD_KEYS_MAX (256 * 1024) /* octets of an answer */

struct mw_wkd;

/* https is borrowed. -ENOMEM. */
int mw_wkd_new(struct mw_https *, struct mw_wkd **ret, struct mw_err *);
/* After mw_https_free(). Sets *w to NULL; accepts NULL. */
void mw_wkd_free(struct mw_wkd **w);

enum mw_wkd_answer { MW_WKD_KEYS = 0, MW_WKD_NONE, MW_WKD_TEMP };

/* body: binary keys with MW_WKD_KEYS. why: one line with the others. Both are valid during the call. */
typedef void mw_wkd_done(void *ctx, enum mw_wkd_answer, struct mw_str body, const char *why);

/* Calls done exactly once, possibly before it returns. */
void mw_wkd_ask(struct mw_wkd *, struct mw_str address, mw_wkd_done *done, void *ctx);
/* The map "wkd": ADDRESS -> base64 of the keys. A mw_map_ask; map is a struct mw_wkd. */
void mw_wkd_map(void *map, struct mw_str key, mw_answer_done *done, void *ctx);

#endif
