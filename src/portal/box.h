/* SPDX-License-Identifier: Apache-2.0 */
/*
 * box: what this process cannot do any more, whatever is sent to it: start a program or a process, listen elsewhere, see files but those
 * that it serves and those that it is made of. Policies are loaded again within it: what they name has to be below /etc or /usr, or in a folder
 * that the first one named.
 */
#ifndef MW_PORTAL_BOX_H
#define MW_PORTAL_BOX_H

#include "portal/site.h"

/* For good, and for the threads that are made from now on. Landlock only where the kernel has it. status: a unix socket whose name is removed at
 * the end; NULL = none. */
int mw_box_enter(const struct mw_site *, const struct mw_portal_options *, const char *status, struct mw_err *);

#endif
