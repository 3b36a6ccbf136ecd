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

struct mw_audit_verify {
	const struct mw_audit_chain *chain;
	FILE *out;
	bool no_head;	   /* a tail that nothing anchors is accepted */
	uint64_t head_seq; /* anchor from a checkpoint, 0 = none */
	char head_hash[MW_AUDIT_HEX + 1];
};

/* 0 intact, 1 not, negative: a file cannot be read (errno; printed to err). */
int mw_audit_verify(const struct mw_audit_verify *, size_t files, char *const *file, FILE *err);

#endif
