/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk: the MIME tree of one run of octets as one kind of reader sees it, gone over once from the first octet to the last,
 * without recursion over its nesting and without objects for what lies beyond a limit. Internal to src/mail; mime.h says what the
 * leaves are.
 */
#ifndef MW_MAIL_WALK_H
#define MW_MAIL_WALK_H

#include "mail/mime.h"
#include "mail/transfer.h"

struct mw_tree_leaf {
	struct mw_leaf pub;
	struct mw_str data; /* borrowed from the message, from what was decoded out of it, or from the arena */
	enum mw_transfer transfer;
};

/* Octets that were made out of the message: a message/rfc822 part in base64, decoded. Leaves point into them. */
struct mw_made {
	struct mw_buf octets;
	struct mw_made *next;
};

/* What all walks over one message share. */
struct mw_forest {
	struct mw_arena *arena;
	const struct mw_limits *limits;
	bool *breach; /* may be NULL */
	struct mw_made *made;
	uint64_t made_octets; /* together at most the limit of size */
};

/* How a reader reads. Both false: by the letter of the RFCs, and where they say nothing, as nearly all readers do. */
struct mw_reading {
	bool loose; /* the last of several, by the first glance; what other readers do where the RFCs are violated */
	bool lines; /* a CR ends a line too, and NUL is not there */
};

struct mw_tree {
	struct mw_tree_leaf *leaf;
	size_t n, cap;
	bool doubt; /* something was seen that a loose reader reads otherwise */
	bool odd;   /* a bare CR or a NUL stands where it may hide or make a field or a boundary */
};

/* Every octet of s belongs to a header, a boundary line or a leaf of the tree. root: what the paths begin with, "" or "word/".
 * 0, -ENOMEM; -EFBIG: the limit of parts was reached, and the last leaf says so. */
int mw_walk(struct mw_forest *, struct mw_str s, struct mw_reading, const char *root, struct mw_tree *);
/* Room for n more octets in *ret, which is freed with the forest; NULL = no memory. */
struct mw_made *mw_forest_make(struct mw_forest *);
/* Octets that may still be made. */
uint64_t mw_forest_room(const struct mw_forest *);
/* Appends a leaf; strings are borrowed. 0, -ENOMEM; -EFBIG: it was the one too many, and is marked as such. */
int mw_tree_add(const struct mw_forest *, struct mw_tree *, struct mw_tree_leaf);
/* Path "2", word "header": "2.header". Path "" or one that ends with a slash: nothing between. NULL = no memory. */
const char *mw_tree_path(const struct mw_forest *, const char *path, const char *word);
/* Takes NUL octets out, and makes each line end a LF: CR, CR LF, and CR CR LF, which some gateways make. */
void mw_plain_lines(struct mw_buf *);

#endif
