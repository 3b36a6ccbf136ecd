/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnsmap: the map "dns", which answers questions to DNS: "TYPE NAME" ->
 *     OK STATE RCODE TTL NAME RDATA …      STATE: secure insecure bogus; NAME: where aliases led to; RDATA: base64 of each record
 *     TEMP timeout: WORDS                  nobody answered in time
 *     TEMP failed: WORDS                   SERVFAIL and the like, or an answer that is too large to be handed on
 *     PERM WORDS                           no such question can be
 * Nothing is remembered here but by libunbound.
 */
#ifndef MW_LOOKUP_DNSMAP_H
#define MW_LOOKUP_DNSMAP_H

#include "base/buf.h"
#include "dns/dns.h"
#include "lookup/map.h"

#define MW_DNSMAP_ANSWER_MAX 90000u /* octets of an answer: what a netstring with five digits can have */

struct mw_dnsmap;

/* dns is borrowed. -ENOMEM. */
int mw_dnsmap_new(struct mw_dns *dns, struct mw_dnsmap **ret, struct mw_err *);
/* Before mw_dns_free(). Who waits is answered MW_ANSWER_TEMP. Sets *m to NULL; accepts NULL. */
void mw_dnsmap_free(struct mw_dnsmap **m);
/* A mw_map_ask; map is a struct mw_dnsmap. */
void mw_dnsmap_ask(void *map, struct mw_str key, mw_answer_done *done, void *ctx);

/* For tests: reads "TYPE NAME". 0, -EINVAL. */
int mw_dnsmap_read(struct mw_str key, unsigned *type, char name[MW_DNS_TEXT_MAX], struct mw_err *);
/* The answer in words; text is made in b. */
void mw_dnsmap_words(const struct mw_dns_answer *, struct mw_buf *b, struct mw_answer *ret);

#endif
