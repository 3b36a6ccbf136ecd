/* SPDX-License-Identifier: Apache-2.0 */
/* texts: what the benches of matching read, and what every bench of processor time needs. */
#ifndef MW_BENCH_TEXTS_H
#define MW_BENCH_TEXTS_H

#include "match/fold.h"

#define TEXT_MAX (64u * 1024u * 1024u)

/* One per process: nftw() has no room for a context. */
extern struct texts {
	struct mw_arena *arena;
	struct mw_folded *v;
	size_t n, cap, octets;
} texts;

/* One line to standard error, and exit 1. */
void die(const char *what) __attribute__((noreturn));
/* Processor time of this process. */
double seconds(void);
/* Makes the arena. */
void texts_begin(void);
/* All files of these files and folders, folded; ends the process when one cannot be read. */
void texts_read(char *const *path, int n);

#endif
