/* SPDX-License-Identifier: Apache-2.0 */
/* usable: what a certificate says of itself: may its key be used for this, now? Pure; nothing of issuers. */
#ifndef SEAL_SMIME_USABLE_H
#define SEAL_SMIME_USABLE_H

#include "conf.h"

#include <openssl/x509.h>

enum usable_for { USABLE_TO_ENCRYPT, USABLE_TO_SIGN, USABLE_TO_CERTIFY };

/* Key, purpose and algorithms. False with the cause ("weak: its RSA key has 1024 bits"). */
bool usable_ever(X509 *, enum usable_for, char why[SMIME_WHY]);
/* ... and the time. */
bool usable_now(X509 *, enum usable_for, int64_t now, char why[SMIME_WHY]);
/* Seconds since 1970 of a time in a certificate; false: it cannot be read. */
bool usable_time(const ASN1_TIME *, int64_t *);

#endif
