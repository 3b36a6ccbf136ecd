/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream: the sections of a document on their way to the sink. What a reader sees goes there at once; what one does not see waits for
 * the end of its section. Functions return what the sink returned, or -ENOMEM.
 */
#ifndef OFFICE_STREAM_H
#define OFFICE_STREAM_H

#include "buf.h"

struct stream {
	const struct mw_host *host;
	struct mw_sink *sink;
	struct buf name; /* of the section in work, terminated; "" = the part itself */
	struct buf seen; /* not yet in the sink */
	struct buf held; /* waits for the end of the section */
	bool begun;	 /* the sink knows of the section */
	bool any;	 /* something is in the section */
	bool hidden;	 /* the sink has been told that what follows is */
	bool stopped;	 /* the sink takes no more */
	bool feed;	 /* what follows belongs to nothing before it */
};

/* Ends the section in work and begins another; NULL or "" = the part itself. */
int stream_section(struct stream *, const char *name);
/* All that follows in this section is unseen. */
int stream_hide(struct stream *);
int stream_put(struct stream *, bool unseen, const char *p, size_t n);
/* A form feed before what comes next in this section, if something was before. */
void stream_feed(struct stream *);
/* The section in work is not read to its end. */
int stream_unread(struct stream *, const char *reason);
int stream_end(struct stream *);
/* The same after a failure that was not the sink's: what is here goes there. */
void stream_rescue(struct stream *);
void stream_free(struct stream *);

#endif
