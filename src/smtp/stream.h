/* SPDX-License-Identifier: Apache-2.0 */
/* stream: lines and octets over a socket that does not block, each step with a time at which it is given up. */
#ifndef MW_SMTP_STREAM_H
#define MW_SMTP_STREAM_H

#include "base/buf.h"
#include "base/str.h"

#define MW_STREAM_ROOM 16384u

struct mw_stream {
	int fd;
	size_t from, n; /* what has been read and not been taken: in[from, from + n) */
	struct mw_buf out;
	char in[MW_STREAM_ROOM];
};

/* Times are those of mw_clock_ms(). All give negative errno: -ETIMEDOUT; -EPIPE when the other side has gone. */
/* A line without its CR LF, valid until the next call. -EMSGSIZE: it is longer than most, and lost. watch: a descriptor at which
 * nothing is expected; when it can be read before a line begins, -ECANCELED. -1 = none. */
int mw_stream_line(struct mw_stream *, size_t most, int64_t until, int watch, struct mw_str *ret);
/* What is there, at least an octet, without taking it. */
int mw_stream_peek(struct mw_stream *, int64_t until, struct mw_str *ret);
void mw_stream_take(struct mw_stream *, size_t n);
/* Sends what is in out. */
int mw_stream_flush(struct mw_stream *, int64_t until);
/* A connection that is under way is there. */
int mw_stream_connected(struct mw_stream *, int64_t until);
/* Wipes, and closes. */
void mw_stream_close(struct mw_stream *);

#endif
