/* SPDX-License-Identifier: Apache-2.0 */
/* work: the threads that answer requests. Each has the store open for itself, and may wait for disk and MTA. */
#ifndef MW_PORTAL_WORK_H
#define MW_PORTAL_WORK_H

#include "portal/portal.h"
#include "portal/request.h"

struct mw_readings;
struct mw_work;

/* Threads as the site says. The readings outlive them, and are told of what is read. Caller: mw_work_stop(), then mw_work_free(). */
int mw_work_start(struct mw_portal *, struct mw_site *, struct mw_readings *, struct mw_work **ret, struct mw_err *);
/* The request goes on (r->resume) when it has its answer, in a thread of ours or of the readings, or at once when none takes it any more. */
void mw_work_add(struct mw_work *, struct mw_request *);
/* The answer, by its route; in a thread that may wait. */
void mw_work_answer(struct mw_request *);
/* What is waiting is answered with "later". Accepts NULL. */
void mw_work_stop(struct mw_work *);
void mw_work_free(struct mw_work **); /* accepts NULL, sets NULL */
/* Half of the workers at most wait for the MTA at the same time, so that pages go on while it hangs. False: not now; else the caller ends it. */
bool mw_work_may_post(struct mw_portal *);
void mw_work_posted(struct mw_portal *);
/* The secrets that a request has come to. */
void mw_work_wipe(struct mw_request *);

#endif
