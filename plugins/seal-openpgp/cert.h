/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert: one OpenPGP key with its user ids and subkeys (a transferable public key), as files and directories of strangers hold it, cut
 * down to what matters before RNP reads it: user ids with an address, subkeys, and what the key itself says of them. Pure.
 *
 * Signatures of other keys, photos and what is not known are left out. A revocation counts when it names the key as its maker, whether it
 * can be verified or not: who can write here could leave the key out as well.
 */
#ifndef OPENPGP_CERT_H
#define OPENPGP_CERT_H

#include "packet.h"

#define PGP_CERT_MAX (1024u * 1024u) /* octets of one key as it stands in a file */
#define PGP_UIDS_MAX 64
#define PGP_SUBKEYS_MAX 32

struct pgp_uid {
	char *address; /* lower case; NULL: there is none in it */
	size_t at, n;  /* where its octets are in `octets` */
	bool revoked;
	bool odd; /* a signature of it has something critical that is not known */
};

struct pgp_subkey {
	struct pgp_key key;
	bool revoked, odd;
};

struct pgp_cert {
	struct pgp_key key;
	bool secret;  /* made of secret keys */
	bool revoked; /* by itself, or by another key that it names for that */
	bool odd;
	bool ocb;      /* asks for AEAD with OCB, as GnuPG and RNP have it */
	bool old_hash; /* what it last said of itself rests on MD5 or SHA-1 */
	size_t uids;
	struct pgp_uid *uid;
	size_t subkeys;
	struct pgp_subkey *subkey;
	uint8_t *octets; /* packets; wiped when it is secret */
	size_t n;
};

/* Takes the next key off *s. 1: *ret is the caller's to free; 0 at the end; -ENOMEM; -EBADMSG: damaged, *s stands where the next key may
 * begin; -EFBIG: too large or too many parts, as that; -EPFNOSUPPORT: of a version that is not known, as that. */
int pgp_cert_next(struct mw_str *s, struct pgp_cert **ret);
void pgp_cert_free(struct pgp_cert **); /* accepts NULL */
/* Two copies of one key, public, as one: what either says holds. -ENOMEM, -EFBIG */
int pgp_cert_merge(const struct pgp_cert *a, const struct pgp_cert *b, struct pgp_cert **ret);

/* Of a user id, "Ann <ann@x.example>" or the address alone, in lower case; to: room for n + 1. false: it has none. */
bool pgp_uid_address(struct mw_str uid, char *to);
/* Is one of its user ids of this address (lower case)? */
bool pgp_cert_has(const struct pgp_cert *, const char *address);
/* "0x" and the key ID. */
#define PGP_ID_TEXT (2 + 2 * PGP_ID + 1)
void pgp_id_text(const uint8_t fpr[PGP_FPR], char to[PGP_ID_TEXT]);

#endif
