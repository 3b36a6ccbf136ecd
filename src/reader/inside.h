/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inside: what the files of the program milward-reader share. Not for others.
 *	main.c      loads and opens the modules, locks the process down
 *	keep.c      keeps readers ready: copies of the process
 *	serve.c     one of them: reads documents
 *	services.c  struct mw_host as extractors find it
 *	charset.c   which charsets are ready, and how others are asked for
 *	sandbox.c   what the processes may do
 *	tool.c      programs that extractors run
 */
#ifndef MW_READER_INSIDE_H
#define MW_READER_INSIDE_H

#include "base/arena.h"
#include "base/sanitized.h"
#include "reader/setup.h"

/* A module that is open. */
struct mw_self {
	const struct mw_plugin *plugin;
	uint32_t granted;
	void *inst;
	int control; /* to milward, while modules are opened */
	const void *conf;
};

/* Of the document in work. */
struct mw_sink {
	const struct mw_self *module;
	int fd;
	int null;      /* /dev/null */
	int64_t until; /* mw_clock_ms */
	char *packet;  /* MW_WIRE_PACKET octets */
	size_t n;
	uint32_t open; /* kind of the last frame, which takes more octets; 0 = it does not */
	size_t head;   /* where that begins */
	bool closed;   /* milward takes no more */
};

extern const struct mw_host mw_reader_table;

/* services.c: the sink that to_utf8() may need; before any document. */
void mw_sink_use(struct mw_sink *);
struct mw_frame;
/* Adds a frame to the packet in work. 0 or -EFBIG: nothing more is taken. */
int mw_sink_put(struct mw_sink *, const struct mw_frame *);
/* The same for text of any length, in frames of that kind. */
int mw_sink_pieces(struct mw_sink *, uint32_t kind, const char *p, size_t n);
/* Sends what is there. */
int mw_sink_flush(struct mw_sink *);

/* charset.c: before the process is locked down. */
void mw_charsets_open(void);
int mw_reader_to_utf8(struct mw_sink *, struct mw_str data, const char *charset, int (*fn)(void *, const char *, size_t),
		      void *ctx);

/* sandbox.c */
struct mw_sandbox {
	bool tools;
	int null;      /* /dev/null, for programs */
	bool landlock; /* result: the kernel has it */
	size_t memory; /* result: octets of address space in use when it was locked down */
};
/* For the rest of its life; its copies inherit it. paths: programs that may run, NULL ends. */
int mw_sandbox_lock(struct mw_sandbox *, const char *const *paths, struct mw_err *);
/* Of a copy: what it does not need of its parent's rights, and what a document of that size and time may use. Negative errno. */
int mw_sandbox_copy(const struct mw_sandbox *);
int mw_sandbox_bound(const struct mw_sandbox *, size_t octets, int64_t ms, bool first);
/* Of a program that an extractor runs: no processes of its own. Negative errno. */
int mw_sandbox_tool(void);

/* serve.c: does not return. */
_Noreturn void mw_serve(const struct mw_sandbox *, const struct mw_self *modules, size_t n, int fd);

/* keep.c: until milward goes away; the exit status. signals: a descriptor that says when a copy has ended. */
struct mw_keep {
	int control, signals;
	size_t readers;
	const struct mw_sandbox *sandbox;
	const struct mw_self *module;
	size_t modules;
};
int mw_keep(const struct mw_keep *);

#endif
