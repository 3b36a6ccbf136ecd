/* SPDX-License-Identifier: Apache-2.0 */
/* tool: a program that an extractor runs, with a file at its standard input and a pipe at its standard output. */
#ifndef MW_READER_TOOL_H
#define MW_READER_TOOL_H

#include <milward/plugin.h>

/* As mw_host.run(). null: a descriptor of /dev/null. until: mw_clock_ms. */
int mw_tool_run(const char *const *argv, struct mw_str input, int null, int64_t until,
		int (*fn)(void *ctx, const char *p, size_t n), void *ctx, int *status);

#endif
