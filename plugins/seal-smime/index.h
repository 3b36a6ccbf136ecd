/* SPDX-License-Identifier: Apache-2.0 */
/* index: certificates by the addresses that they are for, as they were when the folders were read; nothing of it changes but what was
 * found of each certificate. Held by reference: a look-up goes on with the one that it has. */
#ifndef SEAL_SMIME_INDEX_H
#define SEAL_SMIME_INDEX_H

#include "folder.h"
#include "names.h"
#include "trust.h"

#include <stdatomic.h>

/* Where files of certificates come from. */
enum index_folder { INDEX_CERTIFICATES, INDEX_STORE, INDEX_ANCHORS, INDEX_CRLS, INDEX_FOLDERS };

/* What was found of a certificate; kept by the site under its lock. */
struct index_found {
	int able;	     /* 1 usable, 0 not, negative: it cannot be known */
	int64_t from, until; /* when this holds */
	char why[SMIME_WHY];
};

struct index_cert {
	X509 *x;
	struct names names;
	enum index_folder from; /* INDEX_CERTIFICATES or INDEX_STORE */
	const char *file;	/* its name there */
	bool gcm;		/* its owner has said to read AES-GCM */
	int64_t not_before;
	struct index_found found;
};

struct index_entry {
	char *key;	     /* names_key() of it */
	const char *address; /* as the certificate has it */
	size_t cert;
};

/* A file in the folder of certificates that is named by an address, and has none that can be read. */
struct index_unread {
	char *key;
	const char *why;
};

struct index {
	atomic_size_t refs;
	struct trust trust;
	size_t certs, entries;
	struct index_cert *cert;
	struct index_entry *entry; /* by key, newest first */
	char **file;		   /* names that .file points to */
	size_t files;
	struct index_unread *unread; /* by key */
	size_t unreads;
};

/* 0 or -ENOMEM. */
int index_new(const struct folder folder[INDEX_FOLDERS], struct index **ret);
struct index *index_ref(struct index *);
void index_unref(struct index *); /* accepts NULL */

/* The certificates for this address: *first up to the returned number of entries; those with its very local part, else those of the
 * one other spelling that there is. 0: none; -ENOTUNIQ: several spellings, none of them this one. */
ssize_t index_find(const struct index *, const char *address, const struct index_entry *found[], size_t max);
/* Where there is none: what is wrong with the file of that name, or NULL. */
const char *index_why(const struct index *, const char *address);
#define INDEX_SAME 64u /* certificates of one address that are looked at */

#endif
