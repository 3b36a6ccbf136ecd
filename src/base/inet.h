/* SPDX-License-Identifier: Apache-2.0 */
/* inet: from the text of a policy or an option to addresses of TCP. */
#ifndef MW_BASE_INET_H
#define MW_BASE_INET_H

#include "base/err.h"

#include <netdb.h>
#include <sys/socket.h>

/* spec: "inet:PORT@HOST", "inet6:PORT@HOST", or without @HOST for loopback; HOST may be an [ADDRESS]. 0, and *ret is to be freed with
 * freeaddrinfo(3); or -EINVAL, with a reason that does not repeat spec. Names are looked up, which may wait for the resolver. */
int mw_inet_find(const char *spec, struct addrinfo **ret, struct mw_err *);
/* The same of a host ("": loopback) and a port that are known already. family: AF_INET, AF_INET6 or AF_UNSPEC. */
int mw_inet_resolve(const char *host, const char *port, int family, struct addrinfo **ret, struct mw_err *);

#endif
