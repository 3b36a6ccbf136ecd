/* SPDX-License-Identifier: Apache-2.0 */
/*
 * from: the author's address in a From header field. Pure, for octets from outside; stricter than RFC 5322 where a reader and a
 * signer could see two different authors (groups, source routes, domain literals: unreadable).
 */
#ifndef MW_DKIM_FROM_H
#define MW_DKIM_FROM_H

#include <stddef.h>

#define MW_DKIM_LOCAL_MAX 256
#define MW_DKIM_DOMAIN_MAX 254

struct mw_dkim_from {
	char local[MW_DKIM_LOCAL_MAX];	 /* as written, quotes taken off */
	char domain[MW_DKIM_DOMAIN_MAX]; /* ASCII in lower case */
};

/* value: what follows "From:", folds included. 0; -E2BIG: more than one mailbox; -EINVAL: no address that everybody would read
 * the same way. */
int mw_dkim_from_parse(const char *value, size_t n, struct mw_dkim_from *ret);
/* All of them: the first `most` into ret, and how many there are. -EINVAL as above; then those in front of what is not readable are
 * there. */
int mw_dkim_from_list(const char *value, size_t n, struct mw_dkim_from *ret, size_t most, size_t *mailboxes);

#endif
