/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head: PATH.head, which says where the chain ends, so that a tail that was cut off is missed.
 *
 * Two slots of fixed size are written in turn, so that a crash in the middle of a write leaves the other one. It is written after
 * every sync of the audit file and not synced itself: after a power failure it may lag behind the records, never run ahead of
 * them. Each slot carries a digest (with the key, when there is one), so that it cannot be made to fit a shortened file without
 * the key.
 */
#ifndef MW_AUDIT_HEAD_H
#define MW_AUDIT_HEAD_H

#include "audit/chain.h"

#define MW_AUDIT_HEAD_SLOT 256
#define MW_AUDIT_HEAD_SIZE (2 * MW_AUDIT_HEAD_SLOT)

struct mw_audit_head {
	uint64_t seq; /* of the last record; 0 = none yet */
	uint64_t end; /* octets of the audit file up to and with it */
	char hash[MW_AUDIT_HEX + 1];
	unsigned slot; /* where it stands: the next one goes into the other */
};

/* 1 read, 0 the file is empty (a new chain), -EBADMSG it holds no slot that this key made, other negative: errno. */
int mw_audit_head_read(int fd, const struct mw_audit_chain *, struct mw_audit_head *ret);
/* Into head->slot, which is 0 or 1. */
int mw_audit_head_write(int fd, const struct mw_audit_chain *, const struct mw_audit_head *);

#endif
