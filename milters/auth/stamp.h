/* SPDX-License-Identifier: Apache-2.0 */
/* stamp: the header of a message: what claims to be ours goes, ours is put on top. In act() alone. */
#ifndef MW_AUTH_STAMP_H
#define MW_AUTH_STAMP_H

#include "auth.h"

struct mw_stamp {
	const struct mw_host *host;
	struct mw_self *self;
	const char *id;	       /* ours */
	struct mw_list others; /* names under which hosts of the site write, too */
};

/* 0 or negative, with err filled. a->skipped: nothing is added; what is the site's own by its client keeps its fields. */
int mw_stamp_results(const struct mw_stamp *, struct mw_msg *, const struct mw_auth *, const struct mw_auth_mail *,
		     struct mw_err *);
int mw_stamp_spf(const struct mw_stamp *, struct mw_msg *, const struct mw_auth *, const struct mw_auth_mail *, struct mw_err *);

#endif
