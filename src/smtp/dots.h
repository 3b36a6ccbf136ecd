/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dots: the octets between DATA and the dot (RFC 5321 4.5.2), both ways. Only CR LF ends a line, and only CR LF . CR LF the message:
 * what others take for an end must not pass. Pure over (pointer, length).
 */
#ifndef MW_SMTP_DOTS_H
#define MW_SMTP_DOTS_H

#include "base/buf.h"
#include "base/str.h"

/* Receiving. Begin with a zeroed one. */
struct mw_undot {
	unsigned state;
	bool bare;	/* there was a CR or LF that stood alone */
	bool eight_bit; /* an octet over 127 */
	bool done;	/* the end has been seen */
};

/* Takes octets until they or the message end, adds to out what the message has; returns how many were taken. */
size_t mw_undot(struct mw_undot *, struct mw_str in, struct mw_buf *out);

/* Sending. */
struct mw_dot {
	unsigned state;
	size_t line;
	bool repair;	   /* a CR or LF that stands alone becomes a line end; else it is an error */
	bool eight_bit_ok; /* octets over 127 and lines over 998 octets pass; else they are errors */
	const char *wrong; /* NULL, or why this may not be sent */
};

/* Adds in, as it goes over the wire, to out. Nothing more is added once something is wrong. */
void mw_dot(struct mw_dot *, struct mw_str in, struct mw_buf *out);
/* Adds the end: the last line is ended, and the dot. */
void mw_dot_end(struct mw_dot *, struct mw_buf *out);

#endif
