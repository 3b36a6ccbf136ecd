/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: goes through files of one chain, the oldest first, and says what is wrong with them. Prints to a stream, one line a
 * finding, each with the file and line where it stands.
 */
#ifndef MW_AUDIT_VERIFY_H
#define MW_AUDIT_VERIFY_H

#include "audit/record.h"

#include <stdio.h>

#define MW_AUDIT_SHOWN_MAX 50 /* findings that are printed; all are counted */

/* What there was, for who says it in other words than verify does. */
struct mw_audit_found {
	bool any;    /* a record */
	bool begins; /* with the first record of a chain; else it goes on from an older file */
	bool ended;  /* with a record `end`: a younger file goes on */
	uint64_t first, last;
	char since[32], until[32]; /* times of the first and the last */
	char hash[MW_AUDIT_HEX + 1];
	uint64_t records, wrong; /* wrong: of these, with a digest that is not theirs */
	uint64_t findings;
};

struct mw_audit_verify {
	const struct mw_audit_chain *chain;
	FILE *out;
	/* Called with each record as it comes by, may be NULL; negative ends it all. */
	int (*see)(void *ctx, const char *line, size_t n, const struct mw_audit_record *);
	void *see_ctx;
	struct mw_audit_found *found; /* not NULL: filled, and no summary is printed */
	bool no_head;		      /* a tail that nothing anchors is accepted */
	uint64_t head_seq;	      /* anchor from a checkpoint, 0 = none */
	char head_hash[MW_AUDIT_HEX + 1];
};

/* 0 intact, 1 not, negative: a file cannot be read (errno; printed to err). */
int mw_audit_verify(const struct mw_audit_verify *, size_t files, char *const *file, FILE *err);

#endif
