/* SPDX-License-Identifier: Apache-2.0 */
/* author: whose mail it is by its From fields, as domains that DNS can be asked of. */
#ifndef MW_AUTH_AUTHOR_H
#define MW_AUTH_AUTHOR_H

#include "auth.h"

#define MW_AUTHORS_MOST 4u /* domains that are looked at */

struct mw_authors {
	size_t fields;	  /* From fields */
	size_t mailboxes; /* in all of them */
	bool unreadable;  /* a field, or what stands behind those mailboxes, is not read by everybody the same way */
	size_t domains;	  /* different ones, MW_AUTHORS_MOST at most */
	bool more;	  /* and there are others */
	char domain[MW_AUTHORS_MOST][MW_AUTH_NAME]; /* lower case, A-labels */
};

/* Borrowed; the value of the field, when its name is From. */
bool mw_author_field(const struct mw_field *);
void mw_authors_read(const struct mw_auth_mail *, struct mw_authors *ret);
/* One field with one address that everybody reads the same way? */
bool mw_authors_one(const struct mw_authors *);

#endif
