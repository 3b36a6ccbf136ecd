/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns: the resolver of messages (resolver.h) by milward-lookup's map `dns`. Questions go out in the background; answers are remembered by
 * their TTL, those that say that there is nothing for a quarter of an hour at most, for all messages, within a bound. A milward-lookup
 * that is dead, hangs or was restarted is MW_RECORDS_FAILED or MW_RECORDS_TIMEOUT within the time of the message.
 */
#ifndef MW_AUTH_DNS_H
#define MW_AUTH_DNS_H

#include "resolver.h"

#define MW_DNS_MESSAGE_MOST 1000u /* different questions of a message; those above fail */
/* Questions that a message has answered ahead; those above are asked when they are needed. So a stranger's message whose names have servers
 * that never answer holds that many of the connections, and not all. */
#define MW_DNS_MESSAGE_AHEAD 24u

struct mw_dns_lookup; /* of all messages; any number of threads */
/* socket: of milward-lookup, borrowed. NULL: no memory. Nothing is asked, and no thread runs, until the first question. */
struct mw_dns_lookup *mw_dns_lookup_new(const char *socket);
/* As mw_asker_tell(). */
void mw_dns_lookup_tell(struct mw_dns_lookup *, void (*asked)(void *ctx, bool hit), void *ctx);
void mw_dns_lookup_free(struct mw_dns_lookup **); /* after its messages; accepts NULL, sets NULL */

struct mw_dns_message; /* one thread at a time */
/* time: milliseconds that all its get() may wait together, from the first that does. NULL: no memory. */
struct mw_dns_message *mw_dns_message_new(struct mw_dns_lookup *, int64_t time);
void mw_dns_message_free(struct mw_dns_message **); /* and all that get() gave; accepts NULL, sets NULL */
struct mw_resolver mw_dns_message_resolver(struct mw_dns_message *);

/* For tests: reads what milward-lookup says, which then holds for *ms milliseconds. What ret points to is in *memory, which the caller frees.
 * -EBADMSG: it says no such thing; -ENOMEM. Out-parameters are untouched on failure. */
int mw_dns_answer_read(struct mw_str text, struct mw_records *ret, int64_t *ms, void **memory);

#endif
