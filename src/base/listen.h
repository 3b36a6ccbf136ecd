/* SPDX-License-Identifier: Apache-2.0 */
/* listen: sockets on which local programs find ours: unix sockets with mode and group, and TCP on loopback. */
#ifndef MW_BASE_LISTEN_H
#define MW_BASE_LISTEN_H

#include "base/err.h"
#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

struct mw_listen {
	const char *spec; /* borrowed */
	const char *path; /* of a unix socket, points into spec; NULL: not one */
	int fd;		  /* listens, does not block, closed on exec */
	dev_t dev;	  /* identity of what we bound */
	ino_t ino;
};

/* spec: "unix:/path", "/path", "inet:PORT@HOST" or "inet6:PORT@HOST", where HOST is loopback (and the default). A stale unix socket is
 * replaced; one where somebody listens, or a file that is none, is an error. mode and group: of a unix socket, group may be NULL.
 * The caller closes. */
int mw_listen_open(const char *spec, unsigned mode, const char *group, struct mw_listen *ret, struct mw_err *);
/* Removes the name, when it is still ours, and closes. */
void mw_listen_close(struct mw_listen *);

/* Path of a unix socket, which points into spec; NULL when it is another kind. */
const char *mw_unix_path(const char *spec);
/* The address of a path, which must be absolute and fit. */
int mw_unix_address(const char *path, struct sockaddr_un *ret, struct mw_err *);
/* Sees to it that nothing is at path: removes a socket behind which nobody listens, and fails with everything else. */
int mw_unix_make_room(const char *path, const struct sockaddr_un *, struct mw_err *);
/* Gives a socket to a group. */
int mw_unix_give(const char *path, const char *group, struct mw_err *);

#endif
