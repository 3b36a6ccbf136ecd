/* SPDX-License-Identifier: Apache-2.0 */
/* request: what was asked, and what it is answered. The server makes it (server.c); routes answer it. */
#ifndef MW_PORTAL_REQUEST_H
#define MW_PORTAL_REQUEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "pickup/pickup.h"
#include "portal/field.h"
#include "portal/routes.h"
#include "portal/session.h"
#include "portal/site.h"

struct MHD_Response;
struct mw_portal;

#define MW_REQUEST_AGAIN 60 /* seconds in which a page that is shown again is the same reading */

struct mw_request {
	struct mw_arena *arena;	  /* of this request alone; wiped at its end */
	struct mw_portal *portal; /* of the process: sessions, tokens (portal.h) */
	struct mw_site *site;	  /* the policy and the templates, as they were when it came; counted */
	struct mw_pickup *store;  /* of the thread that answers */
	const struct mw_route *route;
	int64_t now;  /* seconds since 1970 */
	int64_t came; /* nanoseconds, monotonic */
	bool head;    /* HEAD: nobody sees what is answered, so nothing was read */
	bool ahead;   /* nobody waits for it: it is made to be kept (ahead.h) */
	struct mw_str path, arg[MW_ROUTE_ARGS];
	struct mw_fields form;	      /* MW_ROUTE_FORM */
	struct mw_session session;    /* MW_ROUTE_SESSION: with the key of the message */
	struct mw_pickup_row row;     /* MW_ROUTE_SESSION: the message, which can be read */
	void *upload;		      /* of the route's upload */
	const char *language;	      /* the browser's, of those that the site has; "" = none of them */
	char client[MW_FIELD_CLIENT]; /* address as the proxy says; "" = not known */
	/* header fields, "" when absent */
	struct mw_str cookie, origin, fetch_site, type, range;
	/* the answer (pages.h) */
	unsigned status;
	struct MHD_Response *response;
	struct mw_kept *kept;		  /* whose response that is; NULL: it is this request's own */
	size_t octets;			  /* of a page; 0: it is none, but a file or a stream */
	bool reads;			  /* who gets it has read the message: that is on disk first (reading.h) */
	struct mw_str to_path, to_cookie; /* where a session that it has begun leads to; "" = it has begun none */
	/* private: of the server */
	struct mw_buf body;
	uint64_t body_octets;
	void (*resume)(void *); /* its connection goes on; whoever has done with it says so, and it is not his any more */
	void *resume_ctx;
	struct mw_connection *connection;
	struct mw_request *next;
	int failed; /* the upload's error */
	bool queued, counted;
};

/* Whether it was read so short a time ago that this is the same reading. */
static inline bool mw_request_again(int64_t last_read, int64_t now)
{
	return last_read && now - last_read < MW_REQUEST_AGAIN;
}

/* Whether a message cannot be read any more. */
static inline bool mw_request_over(enum mw_pickup_state state, int64_t expires, int64_t now)
{
	return state == MW_PICKUP_EXPIRED || state == MW_PICKUP_RECALLED || expires <= now;
}

/* A field of the form. */
static inline struct mw_str mw_request_field(const struct mw_request *r, const char *name)
{
	return mw_fields_get(&r->form, name);
}

/* Whether it comes from a page of ours, as far as the browser says (Origin, Sec-Fetch-Site). */
bool mw_request_from_us(const struct mw_request *);
/* MW_ROUTE_SESSION: the session's token, from the message's cookie; "" when there is none. */
struct mw_str mw_request_token(const struct mw_request *);
/* Who asks has a session for the message of the first "*". For uploads, which begin before that is looked at. */
bool mw_request_knows(const struct mw_request *);
/* Whether that is the token of the session's forms: for a form that is not MW_ROUTE_FORM, but an upload. Constant time. */
bool mw_request_csrf_good(const struct mw_request *, struct mw_str csrf);

#endif
