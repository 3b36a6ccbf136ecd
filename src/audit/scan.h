/* SPDX-License-Identifier: Apache-2.0 */
/* scan: reading lines of an audit file from disk: by the daemon when it opens one, and by `audit verify`. */
#ifndef MW_AUDIT_SCAN_H
#define MW_AUDIT_SCAN_H

#include "audit/head.h"
#include "audit/record.h"

/* A reader of lines at any offset. */
struct mw_audit_scan {
	int fd;
	const struct mw_audit_chain *chain;
	uint64_t size; /* octets of the file that are looked at */
	bool line_end; /* a line end stands behind the last good record */
};

/* Lines of a file, one at a time. Begin with its fd, the offset of the first in next, and the octets to look at in size; the rest is zero. */
struct mw_audit_lines {
	int fd;
	uint64_t next, size; /* next: where to read on */
	char *p;
	size_t n, room;		/* octets that were read */
	size_t given, searched; /* of them: that were given out; behind those, where no LF is */
};
struct mw_audit_line {
	const char *p; /* until the next one is asked for */
	size_t n;      /* without LF; a line over MW_AUDIT_LINE_MAX is given cut */
	uint64_t end;  /* offset behind it */
	bool whole;    /* false: no LF at the end of the file */
};
/* 1, 0 there is none left, negative errno. */
int mw_audit_lines_next(struct mw_audit_lines *, struct mw_audit_line *ret);
void mw_audit_lines_end(struct mw_audit_lines *); /* frees; the descriptor stays open */

/* Calls fn with every line (without LF) from `from` on, `end` being the offset behind it; whole = false: no LF at the end of the
 * file. Stops when fn returns non-zero and returns that. A line over MW_AUDIT_LINE_MAX is given cut. */
typedef int (*mw_audit_line_fn)(void *ctx, const char *line, size_t n, uint64_t end, bool whole);
int mw_audit_scan_lines(int fd, uint64_t from, uint64_t size, mw_audit_line_fn fn, void *ctx);

/* Is a daemon at work on this file? Then what is at its end may be half written. */
bool mw_audit_scan_in_use(int fd);
/* Was or is somebody at work behind its first `size` octets? As above, for files that daemons share: they lock none for long. */
bool mw_audit_scan_grows(int fd, uint64_t size);

/* 1: the record that ends at head->end is the one of the head. 0: it is not. */
int mw_audit_scan_at(struct mw_audit_scan *, const struct mw_audit_head *head);
/* Looks through the whole file for the record of the head, or for its successor as the first record; head NULL: takes the first
 * record as good. 1 found, 0 not. */
int mw_audit_scan_find(struct mw_audit_scan *, const struct mw_audit_head *head, struct mw_audit_head *ret);
/* Follows the chain from *end to the last good record. 1, or negative. */
int mw_audit_scan_forward(struct mw_audit_scan *, struct mw_audit_head *end);

#endif
