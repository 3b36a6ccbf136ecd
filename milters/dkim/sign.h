/* SPDX-License-Identifier: Apache-2.0 */
/* sign: signatures by libopendkim over the octets that leave. */
#ifndef MW_DKIM_SIGN_H
#define MW_DKIM_SIGN_H

#include "ring.h"

struct mw_dkim_signer;

struct mw_dkim_style {
	bool simple_header, simple_body; /* canonicalisations; false = relaxed */
	struct mw_list oversign;	 /* names of fields that nobody may add behind us; borrowed as long as the signer */
};

/* What a try with a key of each kind has shown. */
struct mw_dkim_trial {
	bool cached; /* decoded keys are used */
};

/* Tries the library with a key of each kind of the ring, so that a library that cannot sign is found at start. */
int mw_dkim_signer_open(const struct mw_host *, const struct mw_dkim_style *, const struct mw_dkim_ring *,
			struct mw_dkim_signer **ret, struct mw_dkim_trial *, struct mw_err *);
void mw_dkim_signer_free(struct mw_dkim_signer *);
/* Stages one DKIM-Signature field for each use, above everything else. On failure none is staged. Any thread. */
int mw_dkim_signer_sign(const struct mw_dkim_signer *, struct mw_self *, struct mw_msg *, const struct mw_dkim_use *, size_t uses,
			struct mw_err *);

#endif
