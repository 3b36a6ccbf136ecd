/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire: what milward and its readers say to each other, octet by octet. Pure over (pointer, length): what comes from a reader may
 * come from whoever wrote the document, so every length is checked and no text is believed to end.
 *
 * Both ends are of one build on one machine, which setup.c makes sure of: numbers are in its own order.
 *	packet = frames
 *	frame = kind (32 bits), octets of the payload (32 bits), payload
 *	text  = octets with the NUL at its end (32 bits), the text, NUL
 */
#ifndef MW_READER_WIRE_H
#define MW_READER_WIRE_H

#include "base/buf.h"

#include <milward/plugin.h>

/* Goes up with each change of what frames or setups mean that nothing else tells. */
#define MW_WIRE_VERSION 1u
/* A packet holds whole frames. */
#define MW_WIRE_PACKET ((size_t)65536)
#define MW_WIRE_HEAD ((size_t)8)
/* No frame has a larger payload. */
#define MW_WIRE_MAX (MW_WIRE_PACKET - MW_WIRE_HEAD)

enum mw_frame_kind {
	/* of the reader: calls of struct mw_host */
	MW_FRAME_TEXT = 1,   /* text */
	MW_FRAME_SECTION,    /* name; none: back to the part itself */
	MW_FRAME_HIDDEN,     /**/
	MW_FRAME_PAGE,	     /**/
	MW_FRAME_UNREAD,     /* name: the reason */
	MW_FRAME_MEMBER,     /* text: the name; name: the type; charset; number: packed; flags */
	MW_FRAME_DATA,	     /* text */
	MW_FRAME_MEMBER_END, /* name: the reason; none */
	MW_FRAME_LABEL,	     /* charset: of the octets that follow */
	MW_FRAME_OCTETS,     /* text: to be converted */
	MW_FRAME_CONVERT,    /* that was all of them: an answer is waited for */
	MW_FRAME_END,	     /* the document is done. number: 0 or an errno value; name: the reason, none */
	/* of who looks after readers */
	MW_FRAME_GONE, /* the reader has ended. number: as waitpid() has it */
	/* of milward */
	MW_FRAME_READ, /* number: milliseconds; flags: the module; text: name of the file; name: the type; charset */
	MW_FRAME_SIZE, /* number: octets of the answer to MW_FRAME_CONVERT, which follow in packets of their own, not in frames */
	MW_FRAMES
};

/* What is not said to be in a frame is 0 or NULL. */
struct mw_frame {
	uint32_t kind;
	uint32_t flags;
	uint64_t number;
	struct mw_str text;	    /* (octets) */
	const char *name, *charset; /* terminated */
};

/* The frame at the start of *in, which is taken off; its strings point there. 1; 0: there is none; -EPROTO. */
int mw_frame_take(struct mw_str *in, struct mw_frame *ret);
/* Adds a frame to out. -EMSGSIZE: the payload would be too large. */
int mw_frame_put(struct mw_buf *out, const struct mw_frame *);

/* Taking a message apart: what is not there is 0 or "", and bad is set. */
struct mw_wire {
	struct mw_str in;
	bool bad;
};
uint32_t mw_wire_u32(struct mw_wire *);
uint64_t mw_wire_u64(struct mw_wire *);
const char *mw_wire_text(struct mw_wire *);
void mw_wire_put_u32(struct mw_buf *, uint32_t);
void mw_wire_put_u64(struct mw_buf *, uint64_t);
void mw_wire_put_text(struct mw_buf *, const char *); /* NULL as "" */

#endif
