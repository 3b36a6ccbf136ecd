/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigfield: what one field that signs says: DKIM-Signature (RFC 6376 3.5), ARC-Message-Signature and ARC-Seal (RFC 8617 4.1). Stricter
 * than libopendkim, which sees nothing that was refused here. Pure over (pointer, length).
 */
#ifndef MW_AUTH_SIGFIELD_H
#define MW_AUTH_SIGFIELD_H

#include "auth.h"

#define MW_SIGFIELD_MAX 16384u	/* octets of a field */
#define MW_SIGFIELD_NAMES 256u	/* in h= */
#define MW_SIGFIELD_B_MAX 1024u /* octets of a signature: RSA of 8192 bits */

enum mw_sigfield_kind { MW_SIGFIELD_DKIM = 1, MW_SIGFIELD_AMS, MW_SIGFIELD_AS };
enum mw_sigalg { MW_SIGALG_RSA_SHA256 = 1, MW_SIGALG_ED25519, MW_SIGALG_RSA_SHA1 };

struct mw_sigfield {
	enum mw_sigalg algorithm;
	bool simple_header, simple_body;
	char domain[MW_AUTH_NAME], selector[MW_AUTH_NAME]; /* lower case */
	struct mw_str identity;				   /* value of i= of DKIM */
	struct mw_str names; /* value of h=, see mw_tag_member(); ends with the text that was parsed */
	bool has_length, has_time, has_expiry;
	uint64_t length, time, expiry; /* l=, t=, x= */
	unsigned instance;	       /* i= of ARC */
	enum mw_auth_word cv;	       /* of ARC-Seal: none, pass, fail */
	unsigned char body_hash[32];
	size_t b_n;
	unsigned char b[MW_SIGFIELD_B_MAX];
	struct mw_str b_value; /* where b= stands in the text: what signatures leave out */
};

/* value: what stands behind "Name:". 0, or -EBADMSG and *why is a fixed text; then only domain and selector are filled, when they
 * are good, algorithm when it is known, and instance. */
int mw_sigfield_parse(enum mw_sigfield_kind, struct mw_str value, struct mw_sigfield *ret, const char **why);
/* "rsa-sha256" …, "" for 0. */
const char *mw_sigalg_word(enum mw_sigalg);
/* A host name in lower case, without a dot at its end; false: it is none. */
bool mw_sigfield_name(struct mw_str value, char to[MW_AUTH_NAME]);
/* Is this field name (without white space behind it) that one? */
bool mw_field_named(struct mw_str name, const char *that);
/* Is a field of this name covered? */
bool mw_sigfield_covers(const struct mw_sigfield *, struct mw_str name);

#endif
