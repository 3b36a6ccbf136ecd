/* SPDX-License-Identifier: Apache-2.0 */
/* tool: programs that an extractor runs, with a file at their standard input and a pipe at their standard output. */
#ifndef MW_READER_TOOL_H
#define MW_READER_TOOL_H

#include <milward/plugin.h>

/* As mw_host.run_beside(). null: a descriptor of /dev/null. until: mw_clock_ms. */
int mw_tools_run(struct mw_program *, size_t n, int null, int64_t until, int (*meanwhile)(void *ctx), void *ctx);

#endif
