/* SPDX-License-Identifier: Apache-2.0 */
/* socket: where the MTA finds us. libmilter binds it; what can go wrong is found here first, because libmilter tells syslog only. */
#ifndef MW_HOST_SOCKET_H
#define MW_HOST_SOCKET_H

#include "host/options.h"
#include <sys/socket.h>
#include <sys/types.h>

struct mw_socket {
	const char *spec; /* in libmilter's words */
	const char *path; /* of a unix socket, points into spec; NULL: not one */
	dev_t dev;	  /* identity of what we bound */
	ino_t ino;
	struct sockaddr_storage addr; /* how to reach it */
	socklen_t addr_len;
};

/* Checks the words, the length, the folder, and that nobody listens there; removes a stale socket. spec is borrowed. */
int mw_socket_prepare(const char *spec, struct mw_socket *ret, struct mw_err *);
/* After smfi_register(): binds and listens, with mode and group of the options. A folder for another user must be there. */
int mw_socket_open(struct mw_socket *, const struct mw_options *, struct mw_err *);
/* Connects and closes, without waiting: libmilter wakes up (see progress.h). */
void mw_socket_knock(const struct mw_socket *);
/* Removes the name, when it is still ours: no new connections. */
void mw_socket_remove(struct mw_socket *);

#endif
