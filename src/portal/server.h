/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server: HTTP. A few threads of libmicrohttpd read requests and send answers and wait for nothing; what a request asks for is done by
 * workers, each with the store open, while its connection is put aside. What is bounded: connections, requests of one address, octets of
 * header and body, and the time for each of them.
 */
#ifndef MW_PORTAL_SERVER_H
#define MW_PORTAL_SERVER_H

#include "portal/portal.h"
#include "portal/site.h"

struct mw_server;

/* fd: listens, stays the caller's. proxied: who connects is on this machine, so that what he says of his clients is believed. */
int mw_server_start(struct mw_portal *, struct mw_site *, int fd, bool proxied, struct mw_server **ret, struct mw_err *);
/* For requests that come from now on. What only a start takes is in the manual page. */
void mw_server_set_site(struct mw_server *, struct mw_site *);
/* Cuts who is too slow. Call it now and then. */
void mw_server_tick(struct mw_server *);
/* Takes no more connections. */
void mw_server_drain(struct mw_server *);
/* Requests that have no answer yet, or not all of it. */
size_t mw_server_busy(struct mw_server *);
/* Ends all. Accepts NULL, sets NULL. */
void mw_server_stop(struct mw_server **);

#endif
