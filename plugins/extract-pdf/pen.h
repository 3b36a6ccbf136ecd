/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pen: text on its way to the sink, as valid UTF-8 whatever it was. The first failure of the sink is kept in `failed`, and nothing is
 * sent behind it: callers look at it in their loops.
 */
#ifndef EXTRACT_PDF_PEN_H
#define EXTRACT_PDF_PEN_H

#include <milward/plugin.h>

struct pen {
	const struct mw_host *host;
	struct mw_sink *sink;
	int failed;	     /* what the sink returned, 0 = nothing */
	const char *section; /* of the text that follows; NULL = the part itself */
	bool hidden;	     /* that text is not seen */
	bool pending;	     /* the sink does not know of section and hidden yet */
	/* When set, text goes there: as well as to the sink, or instead. */
	int (*tap)(void *ctx, const char *p, size_t n);
	void *tap_ctx;
	bool divert;
	size_t n;
	char buf[8192];
};

void pen_init(struct pen *, const struct mw_host *, struct mw_sink *);
/* What follows is in a section, of which the sink hears with its first text. */
void pen_section(struct pen *, const char *name, bool hidden);
/* ASCII of ours. */
void pen_put(struct pen *, const char *s);
/* Octets from the document: what is no UTF-8 is U+FFFD, and controls are blanks; line ends and tabs are kept, or blanks too. */
void pen_text(struct pen *, struct mw_str text);
void pen_cell(struct pen *, struct mw_str text);
void pen_flush(struct pen *);
/* A word of MW_UNREADABLE_WORDS, of the part itself. */
void pen_unread(struct pen *, const char *reason);

/* Octets of the UTF-8 character at p, 0 when there is none. */
size_t utf8_octets(const char *p, size_t n);

#endif
