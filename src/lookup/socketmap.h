/* SPDX-License-Identifier: Apache-2.0 */
/* socketmap: the protocol of Sendmail's and Postfix's socketmap tables (socketmap_table(5)): a netstring "MAP SP KEY" asks, a netstring
 * "OK SP VALUE", "NOTFOUND SP", "TEMP SP WHY" or "PERM SP WHY" answers. */
#ifndef MW_LOOKUP_SOCKETMAP_H
#define MW_LOOKUP_SOCKETMAP_H

#include "base/buf.h"
#include "lookup/map.h"

#define MW_SOCKETMAP_MAX 16384u /* octets of a question */

enum mw_take {
	MW_TAKE_MORE = 0, /* the end has not come yet */
	MW_TAKE_ONE,	  /* a question */
	MW_TAKE_BAD,	  /* nothing that could become one: what follows cannot be told apart either */
};

struct mw_request { /* points into the octets */
	struct mw_str map, key;
};

/* Reads the question at the start of n octets. *used: how many octets it is, with MW_TAKE_ONE. */
enum mw_take mw_socketmap_take(const char *p, size_t n, struct mw_request *ret, size_t *used);
/* Appends an answer. What is not printable ASCII in it becomes "?". */
void mw_socketmap_reply(struct mw_buf *, const struct mw_answer *);

#endif
