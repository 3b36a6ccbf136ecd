/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readers: documents of mail are read in processes of their own, which have no files, no network and no other programs, and of
 * which each reads a few documents at most. Here is milward's side of it: see src/reader/main.c for the other one.
 *
 * A set of readers belongs to the modules of one policy. For those with the power `run`, and for those without, there is one
 * process that has the modules open and is locked down, the keeper; it makes copies of itself ahead of time, which wait for a
 * document. All calls may come from any thread.
 */
#ifndef MW_READER_READERS_H
#define MW_READER_READERS_H

#include "reader/setup.h"

struct mw_readers;

struct mw_readers_conf {
	const char *program;	 /* milward-reader */
	const char *modules_dir; /* NULL = only modules that are linked in */
	const struct mw_reader_module *module;
	size_t modules;
	unsigned readers; /* that wait at a time, of each kind */
	/* What modules say while they are opened, and what the readers lack: never of a document. Copied; may be NULL. */
	void (*log)(void *ctx, enum mw_log_level, const char *module, const char *text);
	void (*started)(void *ctx); /* a process that keeps readers was; may be NULL */
	void *ctx;
};

/* No process is started yet. conf is copied. Caller frees. 0 or -ENOMEM. */
int mw_readers_new(const struct mw_readers_conf *, struct mw_readers **ret, struct mw_err *);
/* Starts what is not running: for who wants to know now whether the modules open. Documents do it when they need to. */
int mw_readers_start(struct mw_readers *, struct mw_err *);
/* Ends all processes. No document may be in work. Accepts NULL, sets NULL. */
void mw_readers_free(struct mw_readers **);
/* The program of this build or of this installation: environment MILWARD_READER, else beside the program that runs, else where it
 * is installed. */
void mw_readers_program(char *path, size_t size);

/* How the reading of a document ended. */
enum mw_reading_end {
	MW_READING_DONE = 1,
	MW_READING_FAILED,  /* says the module: code and reason */
	MW_READING_STOPPED, /* the sink takes no more */
	MW_READING_CRASHED, /* signal, or 0: it did what no module does */
	MW_READING_LATE,    /* its time was over */
	MW_READING_WAITED,  /* no reader was free by the end of the message's time */
};

struct mw_reading {
	size_t module;		 /* index in mw_readers_conf.module */
	int64_t most;		 /* milliseconds that the document may take */
	int64_t until;		 /* end of the message's time (mw_clock_ms), 0 = none */
	enum mw_reading_end end; /* from here on: results */
	int code;		 /* negative errno */
	int signal;
	char reason[32]; /* what the module says, perhaps no word of MW_UNREADABLE_WORDS; "" = nothing */
};

/* Has the document read: what comes of it goes through the services of host into sink. 0 with the results in the reading; or
 * negative with err when there is no reader, which is a failure of this machine and not of the document: nothing has been read. */
int mw_readers_read(struct mw_readers *, struct mw_reading *, const struct mw_document *, const struct mw_host *host,
		    struct mw_sink *, struct mw_err *);

#endif
