/* SPDX-License-Identifier: Apache-2.0 */
/* inherit: the socket that the service manager has opened for us (sd_listen_fds(3)). */
#ifndef MW_PORTAL_INHERIT_H
#define MW_PORTAL_INHERIT_H

#include "base/err.h"

/* -1 in *fd: it has opened none. -EINVAL: what it gave is not one listening stream socket. The variables are taken out of the environment. */
int mw_inherit_socket(int *fd, struct mw_err *);
/* Whether all who can connect to a listening socket are on this machine. */
bool mw_inherit_local(int fd);

#endif
