/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sts_table: the domains whose MTA-STS policies are kept or asked for, in memory and on disk. It has room for a number of policies, and
 * one in force that says enforce never makes room for another: or who makes this host write to many domains could undo the protection
 * of one.
 */
#ifndef MW_LOOKUP_STS_TABLE_H
#define MW_LOOKUP_STS_TABLE_H

#include <sys/queue.h>

#include "lookup/sts.h"
#include "lookup/sts_file.h"

#define MW_STS_PATIENCE_MS 900000 /* how long a failure may be transient: then the domain has no policy that could be had */

struct mw_dns_query;
struct mw_sts_table;

struct mw_sts_waiter {
	STAILQ_ENTRY(mw_sts_waiter) link;
	mw_sts_done *done;
	void *ctx;
};

STAILQ_HEAD(mw_sts_waiters, mw_sts_waiter);

struct mw_sts_domain {
	TAILQ_ENTRY(mw_sts_domain) link;
	struct mw_sts_table *table;
	struct mw_sts_kept kept; /* domain always; the rest with has_policy */
	bool has_policy, asked;	 /* since it was fetched */
	/* What is under way. With any of it the domain stays, and so does its policy. */
	struct mw_dns_query *query;
	bool fetching;
	unsigned held; /* somebody on the stack needs it */
	struct mw_sts_waiters waiters;
	char new_id[MW_STS_ID_MAX + 1]; /* of the policy that is fetched or has failed last, "" for a refresh */
	/* The last failure, on the monotonic clock, 0: none. It is remembered for a while. */
	int64_t failed_since, again_at;
	bool transient;
	char why[200];
};

TAILQ_HEAD(mw_sts_domains, mw_sts_domain);

struct mw_sts_table {
	struct mw_sts *sts;
	size_t most;		  /* policies, and as many domains more */
	struct mw_sts_file *file; /* NULL: memory only */
	void *tree;
	struct mw_sts_domains all; /* who was asked for last stands last */
	size_t n, n_policies;
	size_t left_out; /* policies of the file for which there was no room */
};

/* path: NULL: memory only. mw_sts_table_close() also after a failure. */
int mw_sts_table_open(struct mw_sts_table *, struct mw_sts *, const char *path, size_t most, struct mw_err *);
/* Nobody waits any more. */
void mw_sts_table_close(struct mw_sts_table *);
/* The domain of that name, which is now the last; a new one when there is none. NULL: no memory, or too many. */
struct mw_sts_domain *mw_sts_table_take(struct mw_sts_table *, const char *name);
/* Drops what is not worth keeping any more. */
void mw_sts_table_sweep(struct mw_sts_table *);

bool mw_sts_domain_busy(const struct mw_sts_domain *);
/* Seconds that its policy still holds, 0 without one. */
int64_t mw_sts_domain_left(const struct mw_sts_domain *);
/* Takes over the policy, fetched now; new_id is its id. true: it is kept, on disk too. false: there is no room, and the caller forgets it. */
bool mw_sts_domain_set(struct mw_sts_domain *, struct mw_sts_policy *);
void mw_sts_domain_forget(struct mw_sts_domain *);
/* Drops it when nothing in it is worth keeping. */
void mw_sts_domain_release(struct mw_sts_domain *);

#endif
