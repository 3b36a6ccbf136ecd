/* SPDX-License-Identifier: Apache-2.0 */
/* routes: which paths there are, and who answers them. The one table is in routes.c. */
#ifndef MW_PORTAL_ROUTES_H
#define MW_PORTAL_ROUTES_H

#include "base/str.h"

#define MW_ROUTE_ARGS 2u
#define MW_ROUTE_ARG 64u /* octets of what stands for a "*" */

struct mw_request;

enum {
	MW_ROUTE_FORM = 1,    /* has a form, application/x-www-form-urlencoded, which comes from our own pages */
	MW_ROUTE_SESSION = 2, /* the first "*" is a message's id, and who asks has a session for it */
	MW_ROUTE_CSRF = 4,    /* with both: the form's field "csrf" is the session's */
	/* with a session: its page is kept for a moment; one of these (mw_route_page()) */
	MW_ROUTE_MESSAGE = 8,
	MW_ROUTE_FRAME = 16,
	MW_ROUTE_KEPT = MW_ROUTE_MESSAGE | MW_ROUTE_FRAME,
};

/*
 * What comes with a request and is too large for memory. begin() is called when the header is there, in a thread of the server: it must
 * not wait for anything. more() is given the octets as they come. Errors: -EFBIG (the page says so), any other: try again later. drop()
 * is called at the end of each request that begin() has begun.
 */
struct mw_upload {
	uint64_t (*most)(const struct mw_request *); /* octets */
	int (*begin)(struct mw_request *, void **upload);
	int (*more)(void *upload, const char *p, size_t n);
	void (*drop)(void *upload);
	struct mw_str (*typed)(void *upload); /* a text to give back to somebody whose session is over */
};

struct mw_route {
	const char *method; /* "GET", which is HEAD's too, or "POST" */
	const char *path;   /* "/read/" "*" "/zip": a star is 1 to MW_ROUTE_ARG of A-Z, a-z, 0-9, "-", "_" */
	unsigned flags;
	/* In a thread that may wait, for disk or MTA. Makes the answer (pages.h); none is an error. */
	void (*answer)(struct mw_request *);
	const struct mw_upload *upload; /* NULL: none */
};

/* MW_ROUTE_KEPT: which of a session's pages it is, from 0 on. */
enum { MW_ROUTE_PAGE_MESSAGE, MW_ROUTE_PAGE_FRAME };
static inline unsigned mw_route_page(const struct mw_route *route)
{
	return route->flags & MW_ROUTE_FRAME ? MW_ROUTE_PAGE_FRAME : MW_ROUTE_PAGE_MESSAGE;
}

/* The route, and what stands for its stars (pieces of path). NULL: there is no such path (*known false), or it does not take this method. */
const struct mw_route *mw_routes_find(const char *method, struct mw_str path, struct mw_str arg[MW_ROUTE_ARGS], bool *known);

/* For the field Allow of an answer 405. */
const char *mw_routes_allow(struct mw_str path);

#endif
