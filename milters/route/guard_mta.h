/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard_mta: how the guard asks one kind of MTA. guard.c keeps the answer until a file changes, and logs it; who asks is here.
 */
#ifndef MW_ROUTE_GUARD_MTA_H
#define MW_ROUTE_GUARD_MTA_H

#include "guard.h"

#include <sys/stat.h>

#define MW_GUARD_TEXT 400
#define MW_GUARD_PATH 256
#define MW_GUARD_FILES 8u /* files on which an answer rests */

/* One look at an MTA. Starts zeroed. */
struct mw_guard_answer {
	char why[MW_GUARD_TEXT];     /* what does not hold, for a person; "" = all does */
	char warning[MW_GUARD_TEXT]; /* what the administrator should know all the same; "" = nothing */
	bool splits;		     /* mw_guard_splits() */
	size_t files;
	struct mw_guard_file {
		char path[MW_GUARD_PATH];
		struct stat st; /* zeroed: was not there */
	} file[MW_GUARD_FILES];
};

/* One kind of MTA. */
struct mw_guard_mta {
	const char *name;   /* "Postfix" */
	const char *script; /* what set it up: SCRIPT check tells more */
	/* 0: tags are safe; negative with why filled. Files on which the answer rests are watched before they are read. */
	int (*ask)(const struct mw_guard_conf *, struct mw_guard_answer *);
};

extern const struct mw_guard_mta mw_guard_postfix, mw_guard_sendmail;

/* From now on a change of DIR/NAME makes the answer an old one. One too many is not watched. */
void mw_guard_watch(struct mw_guard_answer *, const char *dir, const char *name);

#endif
