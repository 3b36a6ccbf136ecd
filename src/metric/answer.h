/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer: tells who asks, on a socket, by HTTP. No thread, and nothing that waits: it is a turn in the loop of a daemon, whenever its one
 * descriptor is readable, so a process that forks can have it. What is bounded: connections, octets of a request, and its time.
 */
#ifndef MW_METRIC_ANSWER_H
#define MW_METRIC_ANSWER_H

#include "base/listen.h"
#include "metric/metric.h"

#define MW_ANSWER_CLIENTS 8u
#define MW_ANSWER_SECONDS 5

struct mw_answerer;

/* Writes what is told. */
typedef void mw_answer_write(void *ctx, enum mw_metric_format, struct mw_buf *);

/* spec and mode as mw_listen_open(). 0; or negative with err. */
int mw_answerer_new(const char *spec, unsigned mode, mw_answer_write *, void *ctx, struct mw_answerer **ret, struct mw_err *);
/* Readable when there is something to do. */
int mw_answerer_fd(const struct mw_answerer *);
/* Of a unix socket; NULL: it is another one. */
const char *mw_answerer_path(const struct mw_answerer *);
void mw_answerer_turn(struct mw_answerer *);
/* In a child: closes what is the parent's, and leaves the socket's name. Accepts NULL, sets NULL; as the next one. */
void mw_answerer_leave(struct mw_answerer **);
void mw_answerer_free(struct mw_answerer **);

#endif
