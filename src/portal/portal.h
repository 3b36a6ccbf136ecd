/* SPDX-License-Identifier: Apache-2.0 */
/* portal: what all requests of the process share. */
#ifndef MW_PORTAL_PORTAL_H
#define MW_PORTAL_PORTAL_H

#include "pickup/keys.h"
#include "pickup/record.h"
#include "portal/count.h"
#include "portal/secret.h"
#include "portal/session.h"

#include <stdatomic.h>

struct mw_portal {
	unsigned char form_key[MW_SECRET_KEY]; /* of the tokens in forms; random, and gone with the process */
	char host[256];			       /* name of this machine */
	struct mw_sessions *sessions;
	struct mw_pickup_keys *keys;
	struct mw_recorder *recorder; /* NULL: no audit file */
	int store;		      /* its folder, O_PATH: the one of the start, whatever a later policy says */
	struct mw_portal_counts *counts;
	atomic_int posts; /* workers that may wait for the MTA beside those that do (work.h) */
};

#endif
