/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fakesink: where an extractor puts what it reads, for unit tests and fuzzers. Everything becomes one text in the order of the calls:
 *
 *	text as it is
 *	\n== !NAME\n                          a section; "== !" alone: back to the part itself
 *	\n== hidden\n                         what follows is not seen
 *	\n== unread REASON\n
 *	\n== /NAME TYPE CHARSET [body]\n      a member, its octets, then
 *	\n== end\n  or  \n== end REASON\n
 *
 * What the real host would find wrong (text inside a member, a reason that is no word, a member without an end) ends the program.
 */
#ifndef MW_TESTS_FAKESINK_H
#define MW_TESTS_FAKESINK_H

#include <milward/plugin.h>

struct mw_sink {
	char *p; /* terminated once anything was added */
	size_t n;
	size_t max;	  /* octets of p that are taken before -EFBIG, 0 = all */
	size_t pages;	  /* how many were begun */
	size_t max_pages; /* 0 = any number */
	size_t members;
	size_t max_members; /* 0 = any number */
	bool in_member, hidden;
	size_t runs; /* programs started */
};

int fs_text(struct mw_sink *, const char *utf8, size_t n);
int fs_section(struct mw_sink *, const char *name);
int fs_hidden(struct mw_sink *);
int fs_page(struct mw_sink *);
int fs_unread(struct mw_sink *, const char *reason);
int fs_member(struct mw_sink *, const struct mw_member *);
int fs_member_data(struct mw_sink *, const char *p, size_t n);
int fs_member_end(struct mw_sink *, const char *unread);
/* Starts the program for real, without a sandbox. */
int fs_run(struct mw_sink *, const char *const *argv, struct mw_str input, int (*fn)(void *ctx, const char *p, size_t n),
	   void *ctx, int *status);
/* The same; the programs that follow the first print into files. */
int fs_run_beside(struct mw_sink *, struct mw_program *, size_t n, int (*meanwhile)(void *ctx), void *ctx);
/* Frees what was written; the sink is as new, with its limits. */
void fs_reset(struct mw_sink *);

/* For a fuzzer or a fake host: `struct mw_host h = {FS_HOST, .fail = …}`. */
#define FS_HOST                                                                                                                  \
	.size = sizeof(struct mw_host), .abi_major = MW_ABI_MAJOR, .abi_minor = MW_ABI_MINOR, .sink_text = fs_text,              \
	.sink_section = fs_section, .sink_hidden = fs_hidden, .sink_page = fs_page, .sink_unread = fs_unread,                    \
	.member = fs_member, .member_data = fs_member_data, .member_end = fs_member_end, .run = fs_run,                          \
	.run_beside = fs_run_beside

#endif
