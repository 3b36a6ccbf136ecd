/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: the DKIM signatures of a message, by libopendkim. What reaches that library was read here first: signatures by sigfield.h,
 * keys by sigkey.h (which it gets written anew), fields by mw_field_clean(). The hash of the body is that of canon.h. It asks no DNS.
 */
#ifndef MW_AUTH_VERIFY_H
#define MW_AUTH_VERIFY_H

#include "auth.h"
#include "resolver.h"

/* One a generation, for any number of threads. */
struct mw_verifier;
/* minimum_bits: of RSA keys; a signature by a smaller one is MW_AUTH_POLICY. *ret is freed by mw_verifier_free(). */
int mw_verifier_open(const struct mw_host *, int64_t minimum_bits, struct mw_verifier **ret, struct mw_err *);
void mw_verifier_free(struct mw_verifier *); /* accepts NULL */

/* Asks for the keys, in the background. */
void mw_dkim_want(const struct mw_auth_mail *, const struct mw_resolver *);
/* ret[0, *n): from the topmost on; *more: how many stand below them. 0, or negative when no signature could be judged: there is no
 * memory, or the body cannot be read. Out-parameters are filled then, too: temperror. */
int mw_dkim_verify(const struct mw_verifier *, const struct mw_auth_mail *, const struct mw_resolver *,
		   struct mw_dkim_result ret[MW_AUTH_SIGNATURES], size_t *n, size_t *more);

#endif
