/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper: milward's handle of the process that keeps readers ready. The two talk over one pair of sockets that keep packets apart:
 *	milward   one packet with the setup, as a file
 *	keeper    MW_KEEPER_LOG and MW_KEEPER_ERROR with text, then MW_KEEPER_OPEN; then MW_KEEPER_READER with a socket, again and again
 * The socket holds the readers that wait: each thread that needs one takes the next packet. When milward's end is closed, the
 * keeper and all of its readers end.
 */
#ifndef MW_READER_KEEPER_H
#define MW_READER_KEEPER_H

#include "base/err.h"

enum mw_keeper_word {
	MW_KEEPER_LOG = 'l',   /* level (one octet), name of the module, NUL, text */
	MW_KEEPER_ERROR = 'e', /* text; it ends then */
	MW_KEEPER_OPEN = 'o',
	MW_KEEPER_READER = 'r',
};
#define MW_KEEPER_PACKET ((size_t)2048) /* no packet is larger */
#define MW_KEEPER_FD 3			/* its end of the pair */

struct mw_keeper;
/* Starts program and waits until it has the modules of setup open, at most `wait` milliseconds. The caller has one reference. */
int mw_keeper_start(const char *program, struct mw_str setup, int64_t wait,
		    void (*log)(void *ctx, enum mw_log_level, const char *module, const char *text), void *ctx,
		    struct mw_keeper **ret, struct mw_err *);
struct mw_keeper *mw_keeper_ref(struct mw_keeper *);
/* The last one ends it, and waits until it is gone. Accepts NULL. */
void mw_keeper_unref(struct mw_keeper *);
/* The socket of a new reader; the caller closes it, and kills the reader by that. until: mw_clock_ms, 0 = no end. other: a descriptor
 * that may become readable instead: -EAGAIN. -ETIME; -EPIPE: the keeper is gone; -EMFILE and the like. */
int mw_keeper_reader(struct mw_keeper *, int other, int64_t until);

/* data as a file that nobody can change any more. Negative errno. */
int mw_sealed_file(struct mw_str data);
/* Waits until fd can be read. 1; 0: until is over. Negative errno. */
int mw_wait_readable(int fd, int64_t until);
/* The same for one of two: bits 1 and 2. */
int mw_wait_either(int fd, int other, int64_t until);
/* One packet or piece, with a descriptor when fd is not -1. */
int mw_send_with_fd(int sock, const char *p, size_t n, int fd);
/* How many octets; *fd gets a descriptor that came along, else -1. 0 = the other end is closed. */
int mw_receive_with_fd(int sock, char *p, size_t n, int *fd);

#endif
