/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading: that a message was read is on disk, in the store and in the audit file, before anybody sees it. A thread of its own writes down the
 * readings of all who wait at once (ADR 70), so that the disk is waited for once for all of them, and no worker waits.
 */
#ifndef MW_PORTAL_READING_H
#define MW_PORTAL_READING_H

#include "portal/portal.h"
#include "portal/request.h"

struct mw_readings;

int mw_readings_start(struct mw_portal *, struct mw_site *, struct mw_readings **ret, struct mw_err *);
/* The request has its answer (r->reads), and goes on (r->resume) when the reading is on disk, or with another answer, which says why not. */
void mw_readings_add(struct mw_readings *, struct mw_request *);
/* What waits is written down first; what is added later is answered with "later". Accepts NULL. */
void mw_readings_stop(struct mw_readings *);
void mw_readings_free(struct mw_readings **); /* after it was stopped; accepts NULL, sets NULL */

#endif
