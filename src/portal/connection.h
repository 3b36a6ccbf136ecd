/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection: who is connected, and until when what he is doing has to be done: a client that sends or reads an octet now and then is cut
 * like one that does nothing. And how many requests there are of one address, as the proxy tells them. Thread safe.
 */
#ifndef MW_PORTAL_CONNECTION_H
#define MW_PORTAL_CONNECTION_H

#include "base/err.h"

struct mw_connections;
struct mw_connection;

/* NULL: no memory. */
struct mw_connections *mw_connections_new(void);
void mw_connections_free(struct mw_connections **); /* accepts NULL, sets NULL; all of them have gone */
/* until: of mw_clock_ms(); 0: as long as it takes. NULL: no memory. */
struct mw_connection *mw_connection_add(struct mw_connections *, int fd, int64_t until);
/* Before its descriptor is closed; accepts NULL. */
void mw_connection_remove(struct mw_connections *, struct mw_connection *);
void mw_connection_until(struct mw_connections *, struct mw_connection *, int64_t until); /* accepts NULL */
/* Ends those whose time is over; how many. */
size_t mw_connections_cut(struct mw_connections *, int64_t now);

/* One more request of this address on that connection. False: there are `most` already. "" always may. */
bool mw_connection_enter(struct mw_connections *, struct mw_connection *, const char *client, unsigned most);
void mw_connection_leave(struct mw_connections *, struct mw_connection *);

#endif
