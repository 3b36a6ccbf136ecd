/* SPDX-License-Identifier: Apache-2.0 */
/* address: where a listener of the MTA is. */
#ifndef MW_SMTP_ADDRESS_H
#define MW_SMTP_ADDRESS_H

#include "base/err.h"

#include <sys/socket.h>

/* "inet:PORT@HOST", "inet:HOST:PORT" or "unix:/path" to an address. 0 or -EINVAL. */
int mw_smtp_address(const char *spec, struct sockaddr_storage *ret, socklen_t *n, struct mw_err *);

#endif
