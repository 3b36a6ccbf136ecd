/* SPDX-License-Identifier: Apache-2.0 */
/*
 * give: what a reader finds, on its way to the sink: text of several sections in turn, seen or hidden. What is seen goes out as it
 * comes, what is hidden waits for give_end(), because the sink takes it behind all that is seen.
 *
 * The first failure stays: later calls give it again and do nothing. -EFBIG: a limit of the host, or more hidden text than is kept.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_GIVE_H
#define PLUGINS_EXTRACT_LEGACY_GIVE_H

#include <milward/plugin.h>

#include "bytes.h"

#define OUT_MAIN 0u /* index of the section that is the part itself */

struct out_section {
	char *name; /* NULL = the part itself */
	struct bytes seen, hidden;
	bool begun; /* something seen has been written */
	bool apart; /* something seen since the last that was hidden */
	char last;  /* octet that was seen; '\n' at first */
};

struct out {
	const struct mw_host *host;
	struct mw_sink *sink;
	struct out_section *section;
	size_t sections, cap;
	size_t base;	    /* the section that is OUT_MAIN for who reads: that of a document inside the part */
	const char *prefix; /* of the names of its sections; "" = none */
	size_t now;	    /* the section in work */
	size_t at;	    /* the one that the sink is in */
	bool hide;
	uint64_t held, most;	    /* octets that are hidden, and may be */
	unsigned pictures, objects; /* members with names of ours */
	int failed;
};

/* most: octets of hidden text that wait. */
int give_begin(struct out *, const struct mw_host *, struct mw_sink *, uint64_t most);
/* Frees all; give_end() before, if the text is to be complete. */
void give_free(struct out *);

/* The index of a section with this name, made if there is none; OUT_MAIN after a failure. */
size_t give_section(struct out *, const char *name);
/* A document inside the part begins: its text is a section of this name, and its sections have names that begin so. The name is
 * borrowed until the next call; NULL: back to the part itself. */
void give_within(struct out *, const char *name);
/* Where text goes from now on. */
void give_to(struct out *, size_t section, bool hide);
/* UTF-8 without NUL. */
int give_text(struct out *, const char *p, size_t n);
int give_puts(struct out *, const char *text);
int give_char(struct out *, uint32_t c);
/* A line end unless a line begins here. */
int give_break(struct out *);
/* All goes out. Returns the first failure. */
int give_end(struct out *);
/* A reason of MW_UNREADABLE_WORDS for the section in work. */
int give_unread(struct out *, const char *reason);
/* A whole file inside the document. type "": the host finds out. unread: NULL or a reason. */
int give_member(struct out *, struct mw_str name, const char *type, struct mw_str data, uint32_t flags, const char *unread);

#endif
