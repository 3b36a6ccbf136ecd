/* SPDX-License-Identifier: Apache-2.0 */
/* seal: the module's own state, and its hooks as a sealer: an entity for one recipient, signed if there is a key for that, and encrypted;
 * and one that came for the site, opened. */
#ifndef SEAL_SMIME_SEAL_H
#define SEAL_SMIME_SEAL_H

#include "keys.h"
#include "pipe.h"
#include "site.h"

struct smime {
	const struct mw_host *host;
	struct mw_self *self;
	const struct smime_conf *conf;
	struct site site;
	struct pipes pipes;
	struct keys signers, gateway, openers; /* unlock() */
	char *kept;			       /* key of the last unseal(), in the form of keep() */
};

int smime_able(void *inst, const char *recipient, int64_t now, struct mw_err *);
int smime_seal(void *inst, const struct mw_seal_work *, struct mw_err *);
int smime_unseal(void *inst, const struct mw_seal_work *, struct mw_opened *, struct mw_err *);

#endif
