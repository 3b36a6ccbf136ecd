/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out: what a reader finds, on its way to the sink: text of several sections in turn, seen or hidden. What is seen goes out as it
 * comes, what is hidden waits for out_end() or out_leave(), because the sink takes it behind all that is seen.
 *
 * The first failure stays: later calls give it again and do nothing. -EFBIG: a limit of the host, or more hidden text than is kept.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_OUT_H
#define PLUGINS_EXTRACT_LEGACY_OUT_H

#include <milward/plugin.h>

#include "buf.h"

#define OUT_MAIN 0u /* index of the section that is the part itself */

struct out_section {
	char *name; /* NULL = the part itself */
	struct buf seen, hidden;
	bool begun; /* something seen has been written */
	bool apart; /* something seen since the last that was hidden */
	char last;  /* octet that was seen; '\n' at first */
};

struct out {
	const struct mw_host *host;
	struct mw_sink *sink;
	struct out_section *section;
	size_t sections, cap;
	size_t now; /* the section in work */
	size_t at;  /* the one that the sink is in */
	bool hide;
	size_t held; /* octets that are hidden */
	int failed;
};

int out_begin(struct out *, const struct mw_host *, struct mw_sink *);
/* Frees all; out_end() before, if the text is to be complete. */
void out_free(struct out *);

/* The index of a section with this name, made if there is none; OUT_MAIN after a failure. */
size_t out_section(struct out *, const char *name);
/* Where text goes from now on. */
void out_to(struct out *, size_t section, bool hide);
/* UTF-8 without NUL. */
int out_text(struct out *, const char *p, size_t n);
int out_puts(struct out *, const char *text);
int out_char(struct out *, uint32_t c);
/* A line end unless a line begins here. */
int out_break(struct out *);
/* The section in work is complete: all of it goes out, and text goes to the part itself again. */
int out_leave(struct out *);
/* All goes out. Returns the first failure. */
int out_end(struct out *);
/* A reason of MW_UNREADABLE_WORDS for the section in work. */
int out_unread(struct out *, const char *reason);
/* A whole file inside the document. type "": the host finds out. unread: NULL or a reason. */
int out_member(struct out *, struct mw_str name, const char *type, struct mw_str data, uint32_t flags, const char *unread);

#endif
