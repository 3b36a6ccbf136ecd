/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pieces: a message taken apart for a reader with a browser (RFC 2045, 2046, 2387, 2183): what the sender wrote, images within that, and
 * everything else as a file. By the letter of the RFCs and, where those say nothing, as most readers do; what does not fit is a file.
 * Nothing is copied; the work is linear in the message, times its nesting, which is bounded.
 */
#ifndef MW_PICKUP_PIECES_H
#define MW_PICKUP_PIECES_H

#include "base/arena.h"
#include "base/err.h"
#include "mail/transfer.h"

#define MW_PIECES_DEPTH 24u
#define MW_PIECES_WINDOW ((size_t)1 << 20) /* octets that are gone over before seen() is told */
#define MW_PIECES_TEXT (2u << 20)	   /* octets, encoded, of a text that is shown; a longer one is a file */

enum mw_piece_role {
	MW_PIECE_FILE = 1,
	MW_PIECE_IMAGE, /* has a Content-ID, by which HTML may show it */
	MW_PIECE_TEXT,	/* of the plain reading */
	MW_PIECE_HTML,	/* of the HTML reading; its type may be text/plain all the same */
};

struct mw_piece {
	enum mw_piece_role role;
	uint32_t slot;			  /* of texts: those of one slot say the same, those of the next one stand behind */
	const char *type;		  /* lower case */
	const char *charset, *name, *cid; /* "" = none; name: UTF-8 */
	struct mw_str data;		  /* encoded */
	enum mw_transfer transfer;
	bool flowed, delsp; /* of a text: its lines are to be joined (flowed.h) */
};

struct mw_pieces {
	struct mw_piece *v;
	size_t n, cap, most;
	uint32_t slots;
	bool more; /* there were more than most */
};

/* message: stays as long as the pieces. seen (may be NULL): told of octets that were gone over. 0 or -ENOMEM. */
int mw_pieces_find(struct mw_arena *, struct mw_str message, size_t most, void (*seen)(struct mw_str), struct mw_pieces *ret);

/* Content, decoded piece by piece; ends with what fn returns when that is not 0. seen: as above. */
int mw_piece_decode(const struct mw_piece *, void (*seen)(struct mw_str), int (*fn)(void *ctx, const char *p, size_t n),
		    void *ctx);

#endif
