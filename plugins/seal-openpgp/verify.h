/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: RNP with the keys that a message asks for: the site's secret keys, to decrypt; its folder of keys and the Web Key Directory of
 * the sender's domain, to tell whose a signature is.
 */
#ifndef OPENPGP_VERIFY_H
#define OPENPGP_VERIFY_H

#include "openpgp.h"
#include "stream.h"

#define PGP_SIGNERS 16u /* keys that one message may ask for */

struct pgp_verify {
	struct openpgp *o;
	const struct mw_seal_work *work;
	struct mw_opened *opened;
	rnp_ffi_t ffi;		 /* the desk's; NULL: it is not taken */
	struct pgp_shelf *shelf; /* NULL: no folder */
	struct pgp_cert **wkd;	 /* what the sender's domain gave */
	size_t wkds;
	bool wkd_asked, unsure; /* unsure: the domain did not answer */
	size_t signers;		/* keys that were given */
};

/* To be closed, also when it failed. 0 or negative with err. */
int pgp_verify_open(struct pgp_verify *, struct openpgp *, const struct mw_seal_work *, struct mw_opened *, struct mw_err *);
void pgp_verify_close(struct pgp_verify *);
/* What the signatures of a message that was read come to, into mw_opened. */
void pgp_verify_judge(struct pgp_verify *, rnp_op_verify_t);
/* why of mw_opened, where there is none yet. */
void pgp_verify_say(struct pgp_verify *, const char *fmt, ...) MW_PRINTF(2, 3);

#endif
