/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer: many threads, one file. A thread that appends waits until its record is on disk. The first one that finds nobody at
 * work leads: it writes and syncs the records of all who wait, as one group; those that come meanwhile are the next group.
 *
 * Writers of one path in this process share the end of its chain: while a reload is under way, there are two.
 */
#ifndef MW_AUDIT_WRITER_H
#define MW_AUDIT_WRITER_H

#include "audit/record.h"

struct mw_audit_writer;

struct mw_audit_setup {
	const char *path;
	const char *key; /* NULL = none */
	bool sync;
	uint64_t checkpoint; /* records between two checkpoints in the log */
	bool shared;	     /* other processes write into it too, all of them shared: see file.h */
	bool visit; /* of a command: it writes no records of its own that it began and ended, but the first one of a chain */
};

/* A writer of the path: opens the file, or joins those that have it open (-EBUSY when they use another key). What it says, it says by its
 * own host. */
int mw_audit_writer_open(const struct mw_host *, struct mw_self *, const struct mw_audit_setup *, struct mw_audit_writer **ret,
			 struct mw_err *);
/* The last one closes the file, with a record `stop`. */
void mw_audit_writer_close(struct mw_audit_writer *, struct mw_self *);
/* In a child that was forked: closes its copies of the files and forgets the key, and writes nothing. */
void mw_audit_writer_leave(struct mw_audit_writer *);
/* Appends one record. members as in record.h. 0: it is on disk. */
int mw_audit_writer_append(struct mw_audit_writer *, struct mw_self *, const char *kind, struct mw_str members, struct mw_err *);
/* n of them, one behind the other, in one write. 0: all are on disk; else some may be. */
int mw_audit_writer_append_all(struct mw_audit_writer *, struct mw_self *, const char *kind, const struct mw_str *members,
			       size_t n, struct mw_err *);
/* Could a record be written now? Before something is done that cannot be undone: the file is there, and has room for so many octets more, as
 * far as a file system can promise it. */
int mw_audit_writer_ready(struct mw_audit_writer *, struct mw_self *, uint64_t octets, struct mw_err *);

#endif
