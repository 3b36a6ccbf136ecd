/* SPDX-License-Identifier: Apache-2.0 */
/* walk: files and folders as a user names them, and how far a long run is. */
#ifndef MW_CTL_WALK_H
#define MW_CTL_WALK_H

#include "ctl/ctl.h"

/* fn for each file: those of a folder and its sub-folders in byte order, without names that begin with a dot; "-" is a file. Links to
 * folders are followed, but not up again. How many things in folders could not be read; that is said. */
size_t ctl_walk(const char *path, void (*fn)(void *ctx, const char *path), void *ctx);

/* A bar on standard error, when that is a terminal; nothing otherwise. Drawn at most ten times a second. */
struct ctl_progress {
	const char *what; /* "messages" */
	size_t all, done;
	int64_t drawn, began; /* milliseconds */
	bool on;
};
void ctl_progress_begin(struct ctl_progress *, const char *what, size_t all);
void ctl_progress_step(struct ctl_progress *);
/* Takes the bar away. Also before something else is printed; it comes back with the next step. */
void ctl_progress_clear(struct ctl_progress *);

#endif
