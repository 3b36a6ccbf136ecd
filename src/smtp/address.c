/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/address.h"

#include "base/inet.h"
#include "base/listen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

int mw_smtp_address(const char *spec, struct sockaddr_storage *ret, socklen_t *n, struct mw_err *err)
{
	const char *path = mw_unix_path(spec);
	struct addrinfo *found;
	char port[32], host[256];
	const char *where;
	int r;

	memset(ret, 0, sizeof(*ret));
	if (path && (*spec == '/' || strchr(spec, ':'))) {
		struct sockaddr_un un;

		r = mw_unix_address(path, &un, err);
		if (r == 0) {
			memcpy(ret, &un, sizeof(un));
			*n = sizeof(un);
		}
		return r;
	}
	if (strncasecmp(spec, "inet:", 5) != 0 && strncasecmp(spec, "inet6:", 6) != 0)
		return mw_fail(err, -EINVAL, "\"%s\": write inet:PORT@HOST or unix:/path", spec);
	where = strchr(spec, ':') + 1;
	if (sscanf(where, "%31[0-9]@[%255[^]]", port, host) != 2 && sscanf(where, "%31[0-9]@%255s", port, host) != 2 &&
	    sscanf(where, "[%255[^]]]:%31[0-9]", host, port) != 2 && sscanf(where, "%255[^:]:%31[0-9]", host, port) != 2)
		return mw_fail(err, -EINVAL, "\"%s\": write inet:PORT@HOST or unix:/path", spec);
	r = mw_inet_resolve(host, port, AF_UNSPEC, &found, err);
	if (r) {
		mw_err_prefix(err, "\"%s\"", spec);
		return r;
	}
	memcpy(ret, found->ai_addr, found->ai_addrlen);
	*n = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}
