/* SPDX-License-Identifier: Apache-2.0 */
/* results: Authentication-Results (RFC 8601, RFC 7281) of what a sealer has opened. Pure over (pointer, length). */
#ifndef MW_SEAL_RESULTS_H
#define MW_SEAL_RESULTS_H

#include "base/buf.h"
#include "base/str.h"

/* Does a field with this value say that it is by this author? One that cannot be read, and names it anywhere, does. */
bool mw_results_is_by(struct mw_str value, const char *author);
/* Does it have a result of a sealer: smime, x-openpgp? */
bool mw_results_of_sealer(struct mw_str value);

/* The one address in the value of a From field; "" where there are several, or where a reader could take another one for it. */
void mw_results_author(struct mw_str value, char *ret, size_t n);

/* What a sealer found. */
struct mw_result {
	const char *method; /* of the sealer */
	bool opened;	    /* it did something; else why says why not */
	struct mw_opened found;
	char why[256];
};
/* Adds a field with its line end. from: the address that stands in From, "" = there is not one. */
void mw_results_put(struct mw_buf *out, const char *author, const struct mw_result *, size_t n, const char *from);
/* The result in one word: pass, fail, policy, neutral, none. */
const char *mw_result_word(const struct mw_result *, const char *from);

#endif
