/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file: the audit file on disk. Opening it finds out where the chain stands, and what has to be noted about it before the next
 * record: a write that a crash cut short, records that are gone, a file that continues an older one.
 * One thread at a time: the writer's leader.
 *
 * A file belongs to one process, which keeps both locked; or it is shared: each process locks the head for the time of one group, and
 * learns from it where the others have left the chain.
 */
#ifndef MW_AUDIT_FILE_H
#define MW_AUDIT_FILE_H

#include "audit/head.h"
#include "audit/record.h"

/* A record of the chain itself, to be written in front of the next one. */
struct mw_audit_note {
	struct mw_audit_note *next;
	const char *kind;
	char *members; /* malloc'ed */
};

struct mw_audit_file {
	const struct mw_host *host;
	char *path, *head_path;
	const struct mw_audit_chain *chain; /* of the writer */
	bool shared;
	int fd, head_fd;	   /* -1 = not open */
	bool entered;		   /* shared: the lock of the head is ours */
	struct mw_audit_head head; /* end of the chain, as known to be on disk */
	struct mw_audit_note *note;
};

/* path: absolute. Opens the head and the file, creates what is missing, locks both; shared: until mw_audit_file_leave(), which may
 * come when the notes are written. On failure nothing stays open. */
int mw_audit_file_open(struct mw_audit_file *, const struct mw_host *, const char *path, const struct mw_audit_chain *,
		       bool shared, struct mw_err *);
void mw_audit_file_close(struct mw_audit_file *);
/* Around all that follows, for a shared file: waits until no other process writes, and takes over what they wrote. -EBUSY: one of
 * them does not come to its end. */
int mw_audit_file_enter(struct mw_audit_file *, struct mw_err *);
void mw_audit_file_leave(struct mw_audit_file *);
/* Is the path still this file, with the size that it should have? If not (rotated, removed, touched): closes the old one with a
 * record `end`, opens the path again, and leaves notes. 1: reopened, with *why for the log; 0: all is well. */
int mw_audit_file_renew(struct mw_audit_file *, bool sync, const char **why, struct mw_err *);
/* Writes text behind the end and makes it the new end: head.seq and hash are those of its last record. What could not be written
 * whole is taken away again. */
int mw_audit_file_append(struct mw_audit_file *, const struct mw_audit_text *, bool sync, uint64_t seq, const char *hash,
			 struct mw_err *);
/* Room on the disk for so many octets behind the end, of which nothing is seen. 0 as well where the file system cannot promise it. */
int mw_audit_file_reserve(struct mw_audit_file *, uint64_t octets, struct mw_err *);
/* The notes as lines. *seq and hash go on; the notes stay until mw_audit_file_noted(). */
int mw_audit_file_notes(const struct mw_audit_file *, struct mw_audit_text *, uint64_t *seq, char hash[MW_AUDIT_HEX + 1]);
void mw_audit_file_noted(struct mw_audit_file *);
int mw_audit_file_note(struct mw_audit_file *, const char *kind, const char *fmt, ...) MW_PRINTF(3, 4);

#endif
