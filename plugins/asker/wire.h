/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire: questions of the socketmap protocol (socketmap_table(5)) over connections to a unix socket, without blocking. A connection has one
 * question at a time as long as there may be more connections: answers have the order of the questions, and a slow one keeps those behind
 * it waiting. One thread.
 */
#ifndef MW_ASKER_WIRE_H
#define MW_ASKER_WIRE_H

#include <milward/plugin.h>

struct mw_wire_options {
	const char *socket; /* path, borrowed */
	size_t connections; /* at a time */
	size_t deep;	    /* questions on one of them, when all are busy */
	size_t reply_max;   /* octets of an answer */
	int64_t wait;	    /* milliseconds that a question may take */
	/*
	 * The end of a question. result: 0 and the reply, valid during the call; -EAGAIN: its connection ended through no fault of its own,
	 * ask again; else it failed. Returns false when the reply is none that can be understood: the connection ends. Must not ask.
	 */
	bool (*done)(void *ctx, void *question, int result, struct mw_str reply);
	void *ctx;
};

struct mw_wire;
struct mw_wire *mw_wire_new(const struct mw_wire_options *); /* NULL: no memory */
/* Questions under way are forgotten. */
void mw_wire_free(struct mw_wire **);
/* Milliseconds of a clock that nobody sets. */
int64_t mw_wire_clock(void);
/* Text is copied. 0: done() will be called, or was; -EBUSY: all connections are full, until done() was called; else it cannot be asked. */
int mw_wire_ask(struct mw_wire *, struct mw_str text, void *question);
/* Waits until something happens on a connection, a question's time is over, or wake (a descriptor) can be read. */
void mw_wire_wait(struct mw_wire *, int wake);
/* Sends, receives, and ends questions. */
void mw_wire_work(struct mw_wire *);

#endif
