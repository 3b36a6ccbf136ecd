/* SPDX-License-Identifier: Apache-2.0 */
/* client: one document and one reader, over the socket to it. What the reader says is hostile; what it may ask for is bounded. */
#ifndef MW_READER_CLIENT_H
#define MW_READER_CLIENT_H

#include "base/buf.h"
#include "reader/readers.h"

struct mw_frame;

struct mw_client {
	struct mw_reading *reading;
	uint32_t module; /* index in the setup of the reader */
	const struct mw_document *doc;
	const struct mw_host *host;
	struct mw_sink *sink;
	/* private */
	bool taken; /* something came of the document */
	char label[64];
	struct mw_buf octets; /* to be converted */
	int fd;
	int64_t until;
};

/* 0 with the results in reading; -EPIPE: the keeper of the reader was gone before anything came of the document, which may be read
 * by another; or negative with err: this machine lacks something. */
int mw_client_read(struct mw_client *, int fd, struct mw_err *);
/* One frame: 1, go on; 0, the end, with the results in reading; negative: as mw_client_read(). */
int mw_client_frame(struct mw_client *, const struct mw_frame *, struct mw_err *);

#endif
