/* SPDX-License-Identifier: Apache-2.0 */
/* sigcheck: does a signature of ARC fit a hash and a key? For DKIM libopendkim answers that. */
#ifndef MW_AUTH_SIGCHECK_H
#define MW_AUTH_SIGCHECK_H

#include "sigfield.h"
#include "sigkey.h"

/* MW_AUTH_PASS; MW_AUTH_FAIL, MW_AUTH_PERMERROR (the key is of no use) with *why, a fixed text. */
enum mw_auth_word mw_sigcheck(const struct mw_sigfield *, const struct mw_sigkey *, const unsigned char hash[32],
			      unsigned minimum_bits, const char **why);

#endif
