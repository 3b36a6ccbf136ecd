/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arc_seal: seals a message that the site hands on (RFC 8617 5.1), so that the next one knows what was seen here: one set of
 * ARC-Authentication-Results, ARC-Message-Signature and ARC-Seal. The key is read and guarded as that of milters/dkim.
 */
#ifndef MW_AUTH_ARC_SEAL_H
#define MW_AUTH_ARC_SEAL_H

#include "auth.h"

/* Relations between the options: to seal takes all of domain, selector and key; else there is none of them. */
int mw_arc_sealer_check(const struct mw_host *, bool seal, const char *domain, const char *selector, const char *key,
			struct mw_err *);
/* One a generation, for any number of threads; *ret is freed by mw_arc_sealer_free(). */
struct mw_arc_sealer;
int mw_arc_sealer_open(const struct mw_host *, const char *domain, const char *selector, const char *key,
		       struct mw_arc_sealer **ret, struct mw_err *);
void mw_arc_sealer_free(struct mw_arc_sealer *); /* accepts NULL */

/* The fields of a set, as add_field() takes their values. */
struct mw_arc_seal {
	const char *skipped;		/* NULL, or why there is none: a fixed text */
	char *results, *message, *seal; /* malloc()ed: freed by mw_arc_seal_free() */
};
/* mail: with the fields as they leave, all edits done. a: what was found. 0; negative with err filled. */
int mw_arc_seal(const struct mw_arc_sealer *, const struct mw_auth_mail *, const struct mw_auth *, struct mw_arc_seal *ret,
		struct mw_err *);
/* In act(): puts the set on top. 0, or what add_field() says. */
int mw_arc_seal_add(const struct mw_host *, struct mw_self *, struct mw_msg *, const struct mw_arc_seal *);
void mw_arc_seal_free(struct mw_arc_seal *);

#endif
