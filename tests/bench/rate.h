/* SPDX-License-Identifier: Apache-2.0 */
/* rate: how often a second something is done, by several threads at a time. Wall time. For the benches of modules. */
#ifndef MW_BENCH_RATE_H
#define MW_BENCH_RATE_H

#include <stddef.h>

/* Does it once; called by all threads at the same time. */
typedef void (*rate_fn)(void *ctx);

/* Rounds of all ways in turn, so that what else the machine does meets each of them; ret: the median of each. Ends the program with a
 * word when there is no thread, or no memory. */
void rate_measure(const rate_fn *way, size_t ways, void *ctx, unsigned threads, double *ret);

#endif
