/* SPDX-License-Identifier: Apache-2.0 */
/* conf: the options of seal-smime, and what its files share. */
#ifndef SEAL_SMIME_CONF_H
#define SEAL_SMIME_CONF_H

#include <milward/plugin.h>

enum smime_revocation { SMIME_REVOCATION_NONE = 0, SMIME_REVOCATION_CRL, SMIME_REVOCATION_OCSP, SMIME_REVOCATION_ANY };

struct smime_conf {
	const char *certificates, *store; /* folders */
	const char *anchors, *crls;	  /* folders or files */
	const char *lookup;		  /* socket of milward-lookup */
	const char *signers, *keys;	  /* folders of private keys */
	const char *gateway_certificate, *gateway_key;
	bool verify;
	int64_t revocation; /* enum smime_revocation */
	struct mw_list gcm, oaep;
};

/* What is told of a certificate: why it cannot be used, for a person. */
#define SMIME_WHY 256u

/* "2026-01-02" into out. */
#define SMIME_DATE 16u
void smime_date(int64_t when, char out[SMIME_DATE]);
/* Is the address, or its domain, in the list? In ASCII without regard to case. */
bool smime_listed(const struct mw_list *, const char *address);

#endif
