/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: one line an event, to syslog, the journal or standard error (milward-log(5)). A line is
 *     QUEUEID: EVENT: key=value key=value        ("-" when there is no queue id)
 * and in the journal queue id and event are fields, too.
 * Lines never carry message content: callers log words of ours, numbers, and envelope addresses only where an MTA would too.
 * Control characters in arguments are written as \xNN, so a line is always one line.
 */
#ifndef MW_BASE_LOG_H
#define MW_BASE_LOG_H

#include <milward/plugin.h>

enum mw_log_to { MW_LOG_STDERR = 0, MW_LOG_SYSLOG, MW_LOG_JOURNAL };

/* Process-wide, called once in main before threads start. Without a journal on this machine syslog takes its place. `name` must stay valid. level: the most verbose level that is written. */
void mw_log_open(const char *name, enum mw_log_to to, enum mw_log_level level);
/* Counts the lines of these levels from now on, for the whole process and its children. Before threads start; as long as the process. */
void mw_log_tally(_Atomic uint64_t *errors, _Atomic uint64_t *warnings);
void mw_log(enum mw_log_level, const char *queue_id, const char *event, const char *fmt, ...) MW_PRINTF(4, 5);
void mw_logv(enum mw_log_level, const char *queue_id, const char *event, const char *fmt, va_list ap) MW_PRINTF(4, 0);

#endif
