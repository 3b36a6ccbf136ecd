/* SPDX-License-Identifier: Apache-2.0 */
/* site: the certificates, anchors and lists of a site, as they are now, and which certificate is used for an address. Any thread. */
#ifndef SEAL_SMIME_SITE_H
#define SEAL_SMIME_SITE_H

#include "index.h"

#include <pthread.h>

struct site {
	const struct mw_host *host;
	struct mw_self *self;
	const struct smime_conf *conf;
	pthread_mutex_t lock;	 /* index, due, and what was found of its certificates */
	pthread_mutex_t reading; /* folders: one thread reads them */
	struct folder folder[INDEX_FOLDERS];
	struct index *index;
	int64_t due, thorough; /* when to look at the folders, on the clock that does not jump */
	bool failed;	       /* the last look failed, and was logged */
};

/* 0, or negative with err filled; site_close() in any case. conf lives as long as the site. */
int site_open(struct site *, const struct mw_host *, struct mw_self *, const struct smime_conf *, struct mw_err *);
void site_close(struct site *);

/* Reads what has changed in the folders, at most once a second. What cannot be read is logged, and what was known stays. */
void site_refresh(struct site *);
/* The index of now, for index_unref(). */
struct index *site_index(struct site *);

/* What was found of one certificate. */
void site_judge(struct site *, struct index *, struct index_cert *, int64_t now, struct index_found *);
/* The certificate for an address. 1: *cert is the index's; 0: none may be used, why says of each; negative: it cannot be known now. */
int site_choose(struct site *, struct index *, const char *address, int64_t now, const struct index_cert **cert,
		char why[2 * SMIME_WHY]);
/* Does a certificate of anybody's lead to an anchor, unrevoked? by: more issuers, may be NULL. As struct index_found.able. */
int site_trusts(struct site *, const struct index *, X509 *, STACK_OF(X509) * by, int64_t now, int64_t *until,
		char why[SMIME_WHY]);

#endif
