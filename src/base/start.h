/* SPDX-License-Identifier: Apache-2.0 */
/* start: what the command lines of all daemons have in common: values of options, and one line on why a daemon does not start. */
#ifndef MW_BASE_START_H
#define MW_BASE_START_H

#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>

/* Values: false when it cannot be one, and *ret is untouched then.
 * A path, made absolute, because a daemon leaves its folder and a reload must find the same files. It lives as long as the process. */
bool mw_start_path(const char *value, const char **ret);
/* stderr or syslog. */
bool mw_start_log_to(const char *value, enum mw_log_to *ret);

/* To the log, and always to standard error, where who starts by hand looks: "PROGRAM: text". Returns status. */
int mw_start_refused(const char *program, enum mw_log_to, int status, const char *fmt, va_list ap)
    __attribute__((format(printf, 4, 0)));

#endif
