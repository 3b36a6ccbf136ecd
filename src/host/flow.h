/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow: the messages that are in work, from MAIL to their end: how many (a stop waits for them) and how much memory each
 * may hold before its octets go to the spool.
 */
#ifndef MW_HOST_FLOW_H
#define MW_HOST_FLOW_H

#include <stdbool.h>
#include <stdint.h>

struct mw_flow;

/* What a message gets when the memory of all is used up: enough for an envelope and a short header. */
#define MW_FLOW_LEAST 4096u

/* memory: octets for all messages together. NULL = no memory. */
struct mw_flow *mw_flow_new(uint64_t memory);
void mw_flow_free(struct mw_flow **);
/* A message begins: octets that it may keep in memory. Give the same number to mw_flow_end(). */
uint64_t mw_flow_begin(struct mw_flow *);
void mw_flow_end(struct mw_flow *, uint64_t share);
/* Waits until no message but `stuck` of them is in work, at most that many seconds, and a moment longer: libmilter sends the answer
 * to a message only after our last callback for it. Was it so? */
bool mw_flow_drain(struct mw_flow *, uint64_t stuck, unsigned seconds);
uint64_t mw_flow_active(struct mw_flow *);

#endif
