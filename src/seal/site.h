/* SPDX-License-Identifier: Apache-2.0 */
/* site: the policy of the agent, and what follows from it. */
#ifndef MW_SEAL_SITE_H
#define MW_SEAL_SITE_H

#include "engine/program.h"
#include "seal/box.h"
#include "seal/record.h"
#include "seal/service.h"
#include <sys/socket.h>

struct mw_site {
	struct mw_generation *gen;
	const struct mw_seal_conf *conf; /* of gen */
	char name[256];
	const char *author; /* of conf, or name */
	unsigned mode;
	struct sockaddr_storage reentry;
	socklen_t reentry_len;
	struct mw_box box;
	const struct mw_custody *custody; /* of gen; NULL: messages for the portal go on to another */
	void *custody_inst;
	struct mw_seal_recorder *recorder; /* NULL: nothing is recorded */
};

/* Loads the policy and opens its sealers. MW_EXIT_OK, or what the exit status would be with err; logs diagnostics. Caller frees. */
int mw_site_load(struct mw_loader *, const struct mw_start *, struct mw_site **ret, struct mw_err *);
void mw_site_free(struct mw_site **);

#endif
