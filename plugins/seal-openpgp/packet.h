/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet: OpenPGP packets (RFC 4880, 4) of keys and signatures, as far as it must be known what stands in them before RNP is asked, and
 * without believing it. Pure; what is given points into the octets.
 */
#ifndef OPENPGP_PACKET_H
#define OPENPGP_PACKET_H

#include <milward/plugin.h>

enum {
	PGP_TAG_PKESK = 1,
	PGP_TAG_SIGNATURE = 2,
	PGP_TAG_SECRET_KEY = 5,
	PGP_TAG_KEY = 6,
	PGP_TAG_SECRET_SUBKEY = 7,
	PGP_TAG_MARKER = 10,
	PGP_TAG_USER_ID = 13,
	PGP_TAG_SUBKEY = 14,
};

enum {
	PGP_RSA = 1,
	PGP_RSA_ENCRYPT = 2,
	PGP_RSA_SIGN = 3,
	PGP_ELGAMAL = 16,
	PGP_DSA = 17,
	PGP_ECDH = 18,
	PGP_ECDSA = 19,
	PGP_ELGAMAL_BOTH = 20,
	PGP_EDDSA = 22,
};

struct pgp_packet {
	unsigned tag;
	struct mw_str body, whole;
};

/* Takes the next packet off *s. 1; 0 at the end; -EBADMSG: damaged, or of a length that a key has not (partial, indeterminate). */
int pgp_packet_next(struct mw_str *s, struct pgp_packet *);

#define PGP_FPR 20 /* octets of a fingerprint, version 4 */

/* A primary key or subkey, public or secret. Of version 4; of others only the version is told. */
struct pgp_key {
	unsigned version, alg;
	unsigned bits; /* of RSA, DSA and Elgamal; else 0 */
	uint32_t made; /* seconds since 1970 */
	uint8_t fpr[PGP_FPR];
	struct mw_str mpis; /* what follows the public numbers: of a secret key */
};
/* 0, -EBADMSG */
int pgp_key_read(struct mw_str body, struct pgp_key *);
/* The key ID is the fingerprint's end. */
#define PGP_ID 8
#define PGP_FPR_ID(fpr) ((fpr) + PGP_FPR - PGP_ID)

enum {
	PGP_SIG_CERT = 0x10, /* to 0x13: of a user id */
	PGP_SIG_BINDING = 0x18,
	PGP_SIG_DIRECT = 0x1f,
	PGP_SIG_KEY_REVOKED = 0x20,
	PGP_SIG_SUBKEY_REVOKED = 0x28,
	PGP_SIG_CERT_REVOKED = 0x30,
};

/* What a signature says, version 4. Nothing is verified. */
struct pgp_sig {
	unsigned type, hash;
	uint32_t made;
	bool has_id, has_fpr;
	uint8_t id[PGP_ID], fpr[PGP_FPR]; /* of who made it */
	bool odd;			  /* something critical of it is not known */
	bool revoker;			  /* it names another key that may revoke this one */
	bool has_features;
	uint8_t features;
	bool ocb; /* among the modes that it prefers, or none are told */
};
/* 0; -EBADMSG: damaged, or of another version */
int pgp_sig_read(struct mw_str body, struct pgp_sig *);

/* A number with its length in bits: taken off *s. 0, -EBADMSG. */
int pgp_mpi_next(struct mw_str *s, struct mw_str *number, unsigned *bits);

#endif
