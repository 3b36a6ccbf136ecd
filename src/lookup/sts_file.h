/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sts_file: MTA-STS policies on disk, a line each, the last of a domain counts:
 *     sts1 DOMAIN ID FETCHED MAX_AGE MODE MX,MX,… SUM
 * ("-" without an mx; FETCHED by the wall clock). SUM is of the line before it: a line that was cut by a crash or changed by a bad disk
 * is passed over, and costs no other domain its protection. Lines are appended and synced, and the file is written anew, beside, when
 * much of it is old. One process has it at a time.
 */
#ifndef MW_LOOKUP_STS_FILE_H
#define MW_LOOKUP_STS_FILE_H

#include "base/buf.h"
#include "lookup/name.h"
#include "lookup/sts_policy.h"

struct mw_sts_kept {
	char domain[MW_NAME_MAX + 1];
	char id[MW_STS_ID_MAX + 1];
	int64_t fetched; /* seconds of the wall clock */
	struct mw_sts_policy policy;
};

/* A line without its end. -EINVAL, -ENOMEM. ret->policy is then the caller's to clear. */
int mw_sts_line_parse(const char *p, size_t n, struct mw_sts_kept *ret, struct mw_err *);
/* With its end. A failure is the buffer's. */
void mw_sts_line_add(struct mw_buf *, const struct mw_sts_kept *);

struct mw_sts_file;

/* Takes over kept->policy, of which it leaves an empty one, when it returns 0. */
typedef int mw_sts_file_take(void *ctx, struct mw_sts_kept *kept, struct mw_err *);

/* Opens or makes it, and gives each good line to take. *bad: lines that are none. -EBUSY: another process has it. */
int mw_sts_file_open(const char *path, mw_sts_file_take *take, void *ctx, size_t *bad, struct mw_sts_file **ret, struct mw_err *);
/* Lines in it. */
size_t mw_sts_file_lines(const struct mw_sts_file *);
/* Returns when it is on disk. After a failure the file is as before. */
int mw_sts_file_append(struct mw_sts_file *, const struct mw_sts_kept *, struct mw_err *);
/* All of the file anew: `text` is `lines` lines. */
int mw_sts_file_replace(struct mw_sts_file *, const struct mw_buf *text, size_t lines, struct mw_err *);
/* Accepts NULL. */
void mw_sts_file_close(struct mw_sts_file *);

#endif
