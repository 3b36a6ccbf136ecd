/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arc: validates the chain of those who handed a message on (RFC 8617 5.2). A chain that holds proves who they are, and no more: what
 * they say is believed only when somebody trusts them by name.
 */
#ifndef MW_AUTH_ARC_H
#define MW_AUTH_ARC_H

#include "arc_chain.h"
#include "resolver.h"

#define MW_ARC_KEYS MW_ARC_SETS /* different keys of a chain that are asked for */

/* Asks for the keys, in the background. */
void mw_arc_want(const struct mw_auth_mail *, const struct mw_resolver *);
/* minimum_bits: of RSA keys. 0; or negative when it could not be judged (no memory; the body cannot be read), and *ret says temperror. */
int mw_arc_validate(const struct mw_auth_mail *, const struct mw_resolver *, int64_t minimum_bits, struct mw_arc_result *ret);

#endif
