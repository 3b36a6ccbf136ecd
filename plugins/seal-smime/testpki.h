/* SPDX-License-Identifier: Apache-2.0 */
/* testpki: issuers and certificates for the tests, in a folder of their own. Anything that goes wrong is an assertion. */
#ifndef SEAL_SMIME_TESTPKI_H
#define SEAL_SMIME_TESTPKI_H

#include "seal.h"

#define PKI_NOW INT64_C(1790000000) /* 2026-09-21; what PKI_DAY counts from */
#define PKI_DAY INT64_C(86400)

enum pki_key { PKI_RSA, PKI_RSA_1024, PKI_P256, PKI_P384, PKI_P224, PKI_ED25519, PKI_X25519, PKI_KEYS };

struct pki_cert {
	X509 *x;
	EVP_PKEY *key;
};

/* What is zero is usual: an RSA key, valid a year around PKI_NOW, for encryption and signing of mail. */
struct pki_how {
	enum pki_key key;
	const char *email, *more; /* rfc822Names */
	const char *utf8;	  /* SmtpUTF8Mailbox */
	const char *subject;	  /* emailAddress of the subject */
	const char *usage;	  /* key usage, "" = none */
	const char *extended;	  /* extended key usage, "" = none */
	const char *ocsp;	  /* URL */
	int64_t from, until;	  /* days from PKI_NOW */
	bool ca;
	const EVP_MD *md; /* NULL: SHA-256 */
};

/* by NULL: signed by itself. Keys of a kind are made once. */
struct pki_cert pki_make(const struct pki_cert *by, const struct pki_how *);
void pki_free(struct pki_cert *);

/* A list of what by has revoked; days from PKI_NOW. revoked may be NULL. */
X509_CRL *pki_crl(const struct pki_cert *by, X509 *revoked, int64_t from, int64_t until);

/* A folder under /tmp for this test; its path. pki_end() takes it away with all that is in it. */
const char *pki_begin(void);
void pki_end(void);
/* FOLDER/NAME, in one of some rotating buffers. */
const char *pki_path(const char *name);
void pki_folder(const char *name);
/* Certificates (NULL ends) as PEM; with a key in front when it is given: mode 0600. */
void pki_write(const char *name, EVP_PKEY *key, X509 *const x[]);
void pki_write_one(const char *name, EVP_PKEY *key, X509 *x);
void pki_write_crl(const char *name, X509_CRL *);
void pki_write_text(const char *name, const char *text, size_t n);
/* The whole file, terminated, malloc'ed. */
char *pki_read(const char *name, size_t *n);
/* Runs a command of the shell in the folder; its status. */
int pki_run(const char *fmt, ...) MW_PRINTF(1, 2);

/* The module, opened with options of the policy: name, value, …, NULL. */
struct pki_module {
	const struct mw_plugin *plugin;
	struct smime_conf conf;
	struct mw_self *self;
	struct smime *smime;
	struct mw_err err;
};
int pki_open(struct pki_module *, ...);
void pki_close(struct pki_module *);

#endif
