/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server: takes questions of the socketmap protocol on local sockets and gives them to maps. A connection may ask many, also without
 * waiting; answers come in the order of the questions.
 */
#ifndef MW_LOOKUP_SERVER_H
#define MW_LOOKUP_SERVER_H

#include "lookup/map.h"

struct event_base;
struct mw_server;

struct mw_map {
	const char *name;
	mw_map_ask *ask;
	void *map;
};

struct mw_server_options {
	struct event_base *base; /* borrowed, outlives it */
	const int *fd;		 /* sockets that listen, borrowed */
	size_t n_fd;
	const struct mw_map *maps; /* borrowed */
	size_t n_maps;
	unsigned clients; /* at a time; with one more, the one that has been idle longest is closed */
	/* Told of each answer: which map, n_maps = none of ours; and how long it took. NULL = nobody is. */
	void (*answered)(void *ctx, size_t map, enum mw_answer_kind, int64_t ns);
	void *ctx;
	int64_t idle; /* seconds after which a connection that asks nothing is closed */
};

int mw_server_new(const struct mw_server_options *, struct mw_server **ret, struct mw_err *);
/* Closes all connections. Answers that come later go nowhere; memory of questions without an answer stays until it comes. */
void mw_server_free(struct mw_server **);

struct mw_server_counts {
	uint64_t connections, questions, answers[4]; /* by enum mw_answer_kind */
	unsigned clients;
};
void mw_server_count(const struct mw_server *, struct mw_server_counts *ret);

#endif
