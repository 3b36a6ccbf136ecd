/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply: tells the MTA what was decided. An MTA applies each edit as it arrives, so nothing slow happens here, recipients are
 * added before they are deleted, and a failure in the middle ends in a tempfail, which undoes all of it.
 */
#ifndef MW_HOST_APPLY_H
#define MW_HOST_APPLY_H

#include "engine/engine.h"
#include "host/count.h"
#include <libmilter/mfapi.h>

/* After mw_msg_run(). What xxfi_eom returns. */
sfsistat mw_apply(SMFICTX *, const struct mw_msg *, struct mw_counts *);

#endif
