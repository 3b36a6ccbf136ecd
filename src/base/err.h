/* SPDX-License-Identifier: Apache-2.0 */
/* err: filling a struct mw_err (milward/plugin.h). Errors are one line, for a person, without message content. */
#ifndef MW_BASE_ERR_H
#define MW_BASE_ERR_H

#include <milward/plugin.h>

/* Fills err (may be NULL) and returns code, which must be negative: `return mw_fail(err, -EINVAL, "…");` */
int mw_fail(struct mw_err *err, int code, const char *fmt, ...) MW_PRINTF(3, 4);
int mw_failv(struct mw_err *err, int code, const char *fmt, va_list ap) MW_PRINTF(3, 0);
/* -ENOMEM with its standard text. */
int mw_fail_memory(struct mw_err *err);
/* Puts "prefix: " before the text that is there. */
void mw_err_prefix(struct mw_err *err, const char *fmt, ...) MW_PRINTF(2, 3);

#endif
