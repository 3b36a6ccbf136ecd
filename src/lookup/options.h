/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of milward-lookup. */
#ifndef MW_LOOKUP_OPTIONS_H
#define MW_LOOKUP_OPTIONS_H

#include "base/start.h"

struct mw_lookup_options {
	struct mw_start start;
	const char *socket_group; /* NULL: leave the group */
	unsigned socket_mode;
};

/* 0: go on; else what main() returns, plus 1. Prints what it has to say. Strings are borrowed from argv or live as long as the process. */
int mw_lookup_options_parse(int argc, char **argv, struct mw_lookup_options *o);

#endif
