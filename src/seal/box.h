/* SPDX-License-Identifier: Apache-2.0 */
/*
 * box: what a child may do: its connection, its working files, what its parent gives it, and for the sealers: read files where their
 * options point to, and talk to unix sockets (milward-lookup). No other files, no network, no programs, no processes.
 */
#ifndef MW_SEAL_BOX_H
#define MW_SEAL_BOX_H

#include "engine/generation.h"
#include <linux/filter.h>

struct mw_box {
	struct sock_fprog filter;
	int landlock; /* -1: the kernel has it not */
};
/* What children of this policy may do; the caller frees. */
int mw_box_make(const struct mw_generation *, struct mw_box *ret, struct mw_err *);
void mw_box_free(struct mw_box *);
/* For the rest of the life of this process. file: octets of the largest file. */
int mw_box_enter(const struct mw_box *, uint64_t file);
/* Processor time of what comes now: seconds more. */
void mw_box_time(int64_t more);

#endif
