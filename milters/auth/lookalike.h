/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookalike: a domain that wants to be taken for one of the site's own or of its partners: letters that look the same (IDN too), one letter
 * off, other hyphens or another suffix, the whole domain inside of another; or an address of it in the name beside the address. What is
 * below a domain of the table, or is the same organisation, is no look-alike of anything.
 */
#ifndef MW_AUTH_LOOKALIKE_H
#define MW_AUTH_LOOKALIKE_H

#include "auth.h"

#define MW_LOOKALIKE_MOST 100000u /* domains of the tables */

struct mw_lookalike; /* any number of threads */

/* own: domains; partners: a file with a domain a line ("#" begins a comment), NULL or "" = none. 0 or negative, with err filled. */
int mw_lookalike_open(const struct mw_host *, const struct mw_list *own, const char *partners, struct mw_lookalike **ret,
		      struct mw_err *);
void mw_lookalike_close(struct mw_lookalike **); /* accepts NULL, sets NULL */

/* domain: lower case, A-labels. ret is filled when something is found (of, domain, why, found), and untouched otherwise. */
bool mw_lookalike_domain(const struct mw_lookalike *, const char *domain, struct mw_likeness_result *ret);
/* value: of a From field whose address is in that domain: does the text around the address name another one? */
bool mw_lookalike_display(const struct mw_lookalike *, const char *domain, struct mw_str value, struct mw_likeness_result *ret);
/* All of a message: every author, every From field. */
void mw_lookalike_check(const struct mw_lookalike *, const struct mw_auth_mail *, struct mw_likeness_result *ret);

#endif
