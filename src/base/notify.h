/* SPDX-License-Identifier: Apache-2.0 */
/* notify: telling the service manager how we are (sd_notify(3)): one datagram to the unix socket that it named. */
#ifndef MW_BASE_NOTIFY_H
#define MW_BASE_NOTIFY_H

#include <stdint.h>

/* state: lines such as "READY=1\nSTATUS=…". Does nothing without $NOTIFY_SOCKET. A failure changes nothing for us: 0 or -errno. */
int mw_notify(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "STATUS=" with any text, in one line. */
int mw_notify_status(const char *text);
/* "RELOADING=1" with the clock that systemd wants beside it. */
int mw_notify_reloading(void);
/* Within how many milliseconds this process is to say "WATCHDOG=1" again and again; 0 = nobody waits for that. */
int64_t mw_notify_watchdog(void);

#endif
