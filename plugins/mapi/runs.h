/* SPDX-License-Identifier: Apache-2.0 */
/* runs: the words in octets of which nobody knows the meaning: letters that stand together as ASCII or UTF-16LE. */
#ifndef PLUGINS_MAPI_RUNS_H
#define PLUGINS_MAPI_RUNS_H

#include <milward/plugin.h>

/* Gives fn the runs in order as UTF-8, piece by piece, each run with a line end behind it; stops with what fn returns when that is
 * not 0. Linear. */
int mapi_runs(struct mw_str data, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx);

#endif
