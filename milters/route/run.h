/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run: starts a program of the MTA and takes what it prints. No shell, an environment of two words, a deadline; the program and
 * all that it started are killed when the time is over.
 */
#ifndef MW_ROUTE_RUN_H
#define MW_ROUTE_RUN_H

#include <milward/plugin.h>

#define MW_RUN_OUT_MAX 65536u /* octets of output taken; more is -EFBIG */
#define MW_RUN_ERR_MAX 1024u  /* octets of error output kept; more is dropped */
#define MW_RUN_IN_MAX 4096u   /* octets of input: fits any pipe, so that nobody waits for anybody */

struct mw_run_result {
	char *out; /* terminated; free with mw_run_result_free() */
	size_t n;
	char err[MW_RUN_ERR_MAX];
	int status; /* exit status, or 128 + signal */
};

/* Milliseconds of a clock that never jumps. */
int64_t mw_run_now(void);
/* argv[0] is a path. in may be NULL. deadline is a time of mw_run_now(). 0, -ETIMEDOUT, -EFBIG, -ENOMEM, or why it did not start.
 */
int mw_run(const char *const *argv, const char *in, int64_t deadline, struct mw_run_result *ret);
void mw_run_result_free(struct mw_run_result *); /* accepts a zeroed one */

#endif
