/* SPDX-License-Identifier: Apache-2.0 */
/* notify: telling the service manager how we are (sd_notify(3)): one datagram to the unix socket that it named. */
#ifndef MW_BASE_NOTIFY_H
#define MW_BASE_NOTIFY_H

/* state: lines such as "READY=1\nSTATUS=…". Does nothing without $NOTIFY_SOCKET. A failure changes nothing for us: 0 or -errno. */
int mw_notify(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "RELOADING=1" with the clock that systemd wants beside it. */
int mw_notify_reloading(void);

#endif
