/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control: what a child asks of its parent, which has the journal, the network and the folder, over a pair of sockets, a packet a word.
 * A child asks one thing at a time and waits for the answer.
 */
#ifndef MW_SEAL_CONTROL_H
#define MW_SEAL_CONTROL_H

#include "base/str.h"
#include "seal/journal.h"
#include <sys/types.h>

enum mw_ask {
	MW_ASK_LOOK =
	    'L', /* key NUL queue id NUL sender NUL recipient: was it delivered? Told MW_TOLD_NEW, AGAIN, DONE with the queue
				id, BUSY, UNRECORDED with the queue id */
	MW_ASK_BEGIN =
	    'B', /* key NUL detail: it is about to be sent. The same, and FAILED; on disk when it is told NEW or AGAIN */
	MW_ASK_DONE = 'D',  /* key NUL queue id: the MTA has it. OK, FAILED; AGAIN: the journal knows, the portal's store does not
				yet: a retry tells it; UNRECORDED */
	MW_ASK_LEAVE = 'E', /* nothing comes of what was asked about: others may begin it. OK */
	MW_ASK_CONNECT = 'C', /* to the re-entry listener. OK with a socket on its way, or FAILED */
	MW_ASK_ROOM = 'R',    /* key: it is to be handed in. NEW with a ticket and a file; AGAIN with a ticket: it is stored, the
				notice is left to do; DONE or UNRECORDED with the queue id of the notice; FAILED */
	MW_ASK_STORE = 'S', /* key NUL sender NUL recipient NUL queue id NUL ticket: what was packed into that file. OK, FAILED */
	MW_ASK_KEEP = 'K',  /* an octet: which sealer; and the key that it is to keep. OK, FAILED */
};
enum mw_told {
	MW_TOLD_NEW = 'n',
	MW_TOLD_AGAIN = 'a', /* begun before; nobody knows whether it was delivered */
	MW_TOLD_DONE = 'd',
	MW_TOLD_BUSY = 'b',	  /* another child has it in work */
	MW_TOLD_UNRECORDED = 'u', /* it is delivered, and its audit record cannot be written: a retry writes it */
	MW_TOLD_OK = 'o',
	MW_TOLD_FAILED = 'f', /* with a text */
	MW_TOLD_STOP = 'q',   /* unasked: end when nothing is in work */
};

#define MW_CONTROL_PACKET 131072u

/* Sends a word, what goes with it, and a descriptor when fd >= 0. 0 or negative errno. */
int mw_control_send(int sock, char word, struct mw_str what, int fd);
/* Octets of a packet, its word first; 0 = the other side is gone; negative errno. fd: may be NULL; -1 = none came. */
ssize_t mw_control_receive(int sock, char *packet, size_t size, int *fd);

/* A child's end. */
struct mw_parent {
	int sock;
	bool stop; /* MW_TOLD_STOP has come */
};
/* Asks, and waits. text: of size octets, what came with the word, terminated. The word, or negative errno. */
int mw_parent_ask(struct mw_parent *, char word, struct mw_str what, char *text, size_t size, int *fd);
/* The same for octets: *n is the room for them, then how many came. */
int mw_parent_ask_octets(struct mw_parent *, char word, struct mw_str what, char *octets, size_t *n, int *fd);
/* Is it there? What it is not told any more, a retry would do again. */
bool mw_parent_lives(const struct mw_parent *);
/* Is it to stop? */
bool mw_parent_stops(struct mw_parent *);

#endif
