/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inquiry: answers who can be reached by TLS with proof. Puts partners, DANE and MTA-STS together, remembers what DANE said, and asks
 * once however many want to know.
 */
#ifndef MW_LOOKUP_INQUIRY_H
#define MW_LOOKUP_INQUIRY_H

#include "lookup/map.h"
#include "lookup/partners.h"
#include "lookup/sts.h"
#include "metric/metric.h"

struct event_base;
struct mw_dns;
struct mw_inquiry;

struct mw_inquiry_bounds {
	int64_t timeout;	  /* seconds for an answer */
	int64_t ttl_min, ttl_max; /* seconds: what DNS says is taken as not less and not more */
};

struct mw_inquiry_options {
	struct event_base *base; /* borrowed, as dns and sts; all outlive it */
	struct mw_dns *dns;
	struct mw_sts *sts;
	const char *cache_path; /* copied; NULL: memory only */
	size_t cache_most;	/* entries */
	struct mw_inquiry_bounds bounds;
	mw_counter *asked; /* counts: of the cache, hit and miss; NULL = nobody counts */
};

/* A copy on disk that is damaged is left out, with a line in the log; -errno when the folder cannot be written to. */
int mw_inquiry_new(const struct mw_inquiry_options *, struct mw_inquiry **ret, struct mw_err *);
/* After mw_sts_free(). Who waits is answered MW_ANSWER_TEMP; writes the cache. Sets *i to NULL; accepts NULL. */
void mw_inquiry_free(struct mw_inquiry **i);
/* From now on. Takes the table. */
void mw_inquiry_set_partners(struct mw_inquiry *, struct mw_partners *);
void mw_inquiry_set_bounds(struct mw_inquiry *, const struct mw_inquiry_bounds *);

/* The maps `tls` and `verified`, and `verdict`: a mw_map_ask each; map is a struct mw_inquiry. */
void mw_inquiry_policy(void *map, struct mw_str key, mw_answer_done *done, void *ctx);
void mw_inquiry_verdict(void *map, struct mw_str key, mw_answer_done *done, void *ctx);

#endif
