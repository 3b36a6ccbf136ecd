/* SPDX-License-Identifier: Apache-2.0 */
/*
 * label: one Content-Type or Content-Transfer-Encoding as one kind of reader understands it. By the letter: comments are none of
 * it, parameters by GMime (RFC 2231, and its lenience). Loose: at first glance. Internal to src/mail, but for names of files.
 */
#ifndef MW_MAIL_LABEL_H
#define MW_MAIL_LABEL_H

#include "base/arena.h"
#include "mail/transfer.h"

struct mw_label {
	const char *type;     /* lower case; the default when absent or broken */
	const char *charset;  /* lower case, "" when none */
	const char *boundary; /* "" when none */
	enum mw_transfer transfer;
	bool delsp; /* format=flowed with delsp=yes */
};

/* Values of the fields, "" when absent. Strings live in the arena; dflt is borrowed. 0 or -ENOMEM. */
int mw_label_by_letter(struct mw_arena *, struct mw_str type, struct mw_str transfer, const char *dflt, struct mw_label *ret);
int mw_label_at_glance(struct mw_arena *, struct mw_str type, struct mw_str transfer, const char *dflt, struct mw_label *ret);
/* Is the value read whole? One that is longer than any that is meant well, or has more parameters or parentheses, is cut. */
bool mw_label_fits(struct mw_str value);
bool mw_label_same(const struct mw_label *, const struct mw_label *);
/* Appends a line of UTF-8 for each parameter of that name in the value (RFC 2231 continuations are one), decoded as readers
 * decode them. A name that is written in one word, "lab_result.pdf", follows as several, "lab result.pdf": words are looked for.
 * The same line twice in a row is one. 0 or -ENOMEM. */
int mw_label_names(struct mw_arena *, struct mw_str value, const char *name, struct mw_buf *lines);
/* A file name that stands for itself: in valid UTF-8 to *ret, and returned as such lines. NULL = no memory. */
const char *mw_label_name(struct mw_arena *, struct mw_str name, const char **ret);
/* The first parameter of that name in valid UTF-8, "" when there is none; NULL = no memory. */
const char *mw_label_param(struct mw_arena *, struct mw_str value, const char *name);

#endif
