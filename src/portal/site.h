/* SPDX-License-Identifier: Apache-2.0 */
/* site: the policy of the portal, and what follows from it. Immutable and counted: each request keeps the one that it began with. */
#ifndef MW_PORTAL_SITE_H
#define MW_PORTAL_SITE_H

#include "engine/program.h"
#include "pickup/conf.h"
#include "pickup/templates.h"
#include "portal/options.h"

struct mw_site {
	struct mw_generation *gen;
	const struct mw_portal_conf *conf; /* of gen */
	struct mw_templates *templates;
	unsigned mode; /* of the socket */
	_Atomic unsigned count;
};

/* Loads policy and templates. MW_EXIT_OK, or what the exit status would be, with err; logs diagnostics. */
int mw_site_load(struct mw_loader *, const struct mw_portal_options *, struct mw_site **ret, struct mw_err *);
struct mw_site *mw_site_ref(struct mw_site *);
void mw_site_unref(struct mw_site **); /* accepts NULL, sets NULL */

#endif
