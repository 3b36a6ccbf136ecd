/* SPDX-License-Identifier: Apache-2.0 */
#include "base/inet.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The name of a service, or a number up to 65535: getaddrinfo(3) takes a larger one for what is left of it in 16 bits. */
static bool may_be_port(const char *port)
{
	size_t digits = strspn(port, "0123456789");

	return *port && (port[digits] || (strlen(port + strspn(port, "0")) <= 5 && strtol(port, NULL, 10) <= UINT16_MAX));
}

int mw_inet_resolve(const char *host, const char *port, int family, struct addrinfo **ret, struct mw_err *err)
{
	struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
	int r;

	if (!may_be_port(port))
		return mw_fail(err, -EINVAL, "there is no port %s, they end with 65535", port);
	r = getaddrinfo(*host ? host : NULL, port, &hints, ret);
	return r ? mw_fail(err, -EINVAL, "%s", gai_strerror(r)) : 0;
}

int mw_inet_find(const char *spec, struct addrinfo **ret, struct mw_err *err)
{
	bool six = strncasecmp(spec, "inet6:", 6) == 0;
	char port[64], host[256] = "";
	const char *where;

	if (!six && strncasecmp(spec, "inet:", 5) != 0)
		return mw_fail(err, -EINVAL, "write unix:/path, inet:PORT@HOST or inet6:PORT@HOST");
	where = strchr(spec, ':') + 1;
	if (sscanf(where, "%63[^@]@[%255[^]]", port, host) < 2 && sscanf(where, "%63[^@]@%255s", port, host) < 1)
		return mw_fail(err, -EINVAL, "no port");
	return mw_inet_resolve(host, port, six ? AF_INET6 : AF_INET, ret, err);
}
