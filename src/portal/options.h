/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of milward-portal. */
#ifndef MW_PORTAL_OPTIONS_H
#define MW_PORTAL_OPTIONS_H

#include "base/start.h"

struct mw_portal_options {
	struct mw_start start;
	const char *templates; /* those that come with milward: a folder, absolute */
};

/* 0: go on; else the exit status plus 1. */
int mw_portal_options_parse(int argc, char **argv, struct mw_portal_options *);

#endif
