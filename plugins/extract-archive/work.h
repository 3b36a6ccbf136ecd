/* SPDX-License-Identifier: Apache-2.0 */
/* work: one document in work, for all files of the module. Functions that return int give 0, or what the sink returned. */
#ifndef EXTRACT_ARCHIVE_WORK_H
#define EXTRACT_ARCHIVE_WORK_H

#include <milward/plugin.h>

struct work {
	const struct mw_host *host;
	struct mw_sink *sink;
	const struct mw_document *doc;
	const bool *has_filter; /* by place in filters.c: what this libarchive reads without another program */
	uint64_t dictionary;	/* octets that one of LZMA may have */
	const char *reason;	/* why not all of the document is read; a word of MW_UNREADABLE_WORDS, NULL = it is */
	size_t members;		/* how many were given, */
	uint64_t octets;	/* and how many octets of them */
};

/* What is to be said of the document: the first reason stays, except that "limit" and "encrypted" say more than "damaged". */
void work_unread(struct work *, const char *reason);
/* A line of the document's own text: UTF-8 or octets that the host makes so. An empty one is none. */
int work_line(struct work *, struct mw_str, const char *charset);
/* Begins a member. The name: octets in charset, "" = UTF-8 or a guess of the host. */
int work_member(struct work *, struct mw_str name, const char *charset, const char *type, uint64_t packed);
int work_data(struct work *, const char *p, size_t n);
/* A member without octets of its own but a few, as a link has. */
int work_small(struct work *, struct mw_str name, const char *charset, const char *type, struct mw_str octets,
	       const char *unread);
/* Octets that belong to no member, as a file of this name, unless all are zero. */
int work_rest(struct work *, const char *name, struct mw_str octets);
/* Is it a text that can be read as it is? */
bool work_is_text(struct mw_str);

#endif
