/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harvest: the certificate to encrypt to that a signed message brings, and the store that keeps it.
 * A kept file is text: what the owner's program reads, the certificates in PEM (the newest first), and those of their issuers.
 */
#ifndef SEAL_SMIME_HARVEST_H
#define SEAL_SMIME_HARVEST_H

#include "seal.h"

#include <openssl/cms.h>

#define HARVEST_MAX 65536u /* octets of what is handed to keep() */

/* The certificate of this address that the signer wants to be encrypted to: the one that a signed attribute names, else his own, else
 * another in the message. *key is s->kept, empty when there is none that can be used. 0 or -ENOMEM. */
int harvest_key(struct smime *s, const struct index *, CMS_SignerInfo *, STACK_OF(X509) * certs, const char *address, int64_t now,
		struct mw_str *key);

/* struct mw_sealer.keep: looks at all of it again, and puts it into the store. */
int smime_keep(void *inst, struct mw_str key, struct mw_err *);
/* The same at a time. */
int harvest_keep(struct smime *s, struct mw_str key, int64_t now, struct mw_err *);

/* The name of the file of an address in the store: the address in lower case, with what a file name cannot have as %XX, and ".pem".
 * False: it is too long. */
bool harvest_name(const char *address, char name[256]);

/* Puts a file into a folder, by another name first: whoever reads the folder finds the old one, or the new. 0 or negative. */
int harvest_write(int dir, const char *name, const char *p, size_t n);

#endif
