/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages: answers. Each has the strict headers of pages.c; a route says in addition, or instead, what is different about its own. The first
 * answer that is made stands. Failures to make one become a plain page that says so: nothing here returns an error.
 */
#ifndef MW_PORTAL_PAGES_H
#define MW_PORTAL_PAGES_H

#include "pickup/values.h"
#include "portal/request.h"

#include <sys/types.h>

/* Values that every page has. NULL: no memory, which mw_page() takes, too. */
struct mw_values *mw_page_values(struct mw_request *);
/* A template: in the language of the message, when row is there, else of the browser. */
void mw_page(struct mw_request *, unsigned status, const char *name, struct mw_values *);
/* The language that pages of this request are in, when the message's is known. */
void mw_page_language(struct mw_request *, const char *language);

/* Pages without values of their own. */
void mw_page_gone(struct mw_request *);			 /* unknown, recalled, locked, wrong: one page, one status */
void mw_page_later(struct mw_request *);		 /* 503 */
void mw_page_not_found(struct mw_request *);		 /* 404 */
void mw_page_stale(struct mw_request *);		 /* 403: a form that is too old, or not ours */
void mw_page_left(struct mw_request *);			 /* 403: there is no session (any more) */
void mw_page_large(struct mw_request *, uint64_t limit); /* 413; 0 = not said */

/* To another of our pages, by GET. */
void mw_page_see(struct mw_request *, const char *path);
/* Octets as they are. They are copied. */
void mw_page_octets(struct mw_request *, unsigned status, const char *type, struct mw_str);

/* A template into out, for an answer that is made of several. False: it cannot be; an answer was made. */
bool mw_page_fill(struct mw_request *, const char *name, const struct mw_values *, struct mw_buf *out);
/* Takes the text, and wipes it when it has gone out. */
void mw_page_text(struct mw_request *, unsigned status, const char *type, struct mw_buf *text);

/* Octets that are made while they are sent, in a thread of the server. */
struct mw_stream_out {
	uint64_t size; /* UINT64_MAX: not known before */
	/* Up to n octets from at on, which goes on where the last call ended: how many; 0 at the end; negative: the connection is cut. */
	ssize_t (*read)(void *ctx, uint64_t at, char *p, size_t n);
	void (*done)(void *ctx); /* always called, once */
	void *ctx;
};
void mw_page_stream(struct mw_request *, unsigned status, const char *type, const struct mw_stream_out *);

/* Ends the answer that was made, if one was. */
void mw_page_drop(struct mw_request *);

/* Of the answer that was made: sets a header field in place of the one that is there. value: one line. */
void mw_page_header(struct mw_request *, const char *name, const char *value);

#endif
