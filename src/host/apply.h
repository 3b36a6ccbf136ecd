/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply: tells the MTA what was decided. An MTA applies each edit as it arrives, so nothing slow happens here, recipients are
 * added before they are deleted, and a failure in the middle ends in a tempfail, which undoes all of it.
 *
 * Reports about protected mail (a bounce, a delay) go to the sender as the MTA sends any mail, perhaps in clear: they return the
 * header, not the body (RET=HDRS of RFC 3461).
 */
#ifndef MW_HOST_APPLY_H
#define MW_HOST_APPLY_H

#include "engine/engine.h"
#include "host/count.h"
#include <libmilter/mfapi.h>

/* Of MAIL, as the client gave it. Strings live as long as the message; NULL: there was no memory for them. */
struct mw_sender {
	const char *arg;   /* with <> */
	const char *envid; /* value of ENVID=, in xtext; "" when absent */
	const char *again; /* " BODY=8BITMIME…": what an MTA forgets that has the sender set again; "" for one that does not */
	bool headers_only; /* RET=HDRS */
};

/* After mw_msg_run(). What xxfi_eom returns. */
sfsistat mw_apply(SMFICTX *, const struct mw_msg *, const struct mw_sender *, struct mw_counts *);

#endif
