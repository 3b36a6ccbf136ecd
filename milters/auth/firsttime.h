/* SPDX-License-Identifier: Apache-2.0 */
/*
 * firsttime: has mail of this domain been seen before? A file of one size for all time, in which a domain is a keyed hash: nobody reads the
 * domains out of it, and nobody can choose which one another pushes out. When there is no room the one that was not seen for the longest
 * time goes. It is written a slot of 16 octets at a time, which is whole after a kill, and its room is taken when it is made, so that a
 * full disk changes nothing.
 */
#ifndef MW_AUTH_FIRSTTIME_H
#define MW_AUTH_FIRSTTIME_H

#include <milward/plugin.h>

#define MW_FIRSTTIME_DOMAINS 262144u

struct mw_firsttime; /* any number of threads, and of processes */

/* fresh: seconds for which a domain is new. A file that is none, or damaged, is -EINVAL. 0 or negative, with err filled. */
int mw_firsttime_open(const struct mw_host *, const char *path, int64_t fresh, struct mw_firsttime **ret, struct mw_err *);
void mw_firsttime_close(struct mw_firsttime **); /* accepts NULL, sets NULL */
/* And remembers it. 1: it is new; 0: it is not; -EIO: it cannot be told. now: seconds since 1970. */
int mw_firsttime_see(struct mw_firsttime *, const char *domain, int64_t now);

#endif
