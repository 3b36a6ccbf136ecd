/* SPDX-License-Identifier: Apache-2.0 */
/* ocsp: was a certificate revoked? Asks its issuer's responder (RFC 6960) through milward-lookup, which alone talks to strangers; the
 * answer is verified here. */
#ifndef SEAL_SMIME_OCSP_H
#define SEAL_SMIME_OCSP_H

#include "trust.h"

#define OCSP_WAIT_MS 5000 /* for all certificates of a chain together */

/* Each certificate of the chain below its anchor. lookup: path of the socket. *until: as long as the answers hold, on 1.
 * 1 none is revoked; 0 one is, or it has no responder: why; negative: it cannot be known now, why. */
int ocsp_chain(const char *lookup, const struct trust *, STACK_OF(X509) * chain, int64_t now, int64_t *until,
	       char why[SMIME_WHY]);

#endif
