/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/sts_table.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "dns/dns.h"

#define AGE_MIN_S 60 /* a policy holds at least as long */

static int by_domain(const void *a, const void *b)
{
	const struct mw_sts_domain *x = a, *y = b;

	return strcmp(x->kept.domain, y->kept.domain);
}

static struct mw_sts_domain *find(struct mw_sts_table *t, const char *domain)
{
	struct mw_sts_domain key;
	void *found;

	(void)snprintf(key.kept.domain, sizeof(key.kept.domain), "%s", domain);
	found = tfind(&key, &t->tree, by_domain);
	return found ? *(struct mw_sts_domain **)found : NULL;
}

static struct mw_sts_domain *make(struct mw_sts_table *t, const char *domain)
{
	struct mw_sts_domain *e = malloc(sizeof(*e));

	if (!e)
		return NULL;
	*e = (struct mw_sts_domain){.table = t};
	(void)snprintf(e->kept.domain, sizeof(e->kept.domain), "%s", domain);
	STAILQ_INIT(&e->waiters);
	if (!tsearch(e, &t->tree, by_domain)) {
		free(e);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&t->all, e, link);
	t->n++;
	return e;
}

void mw_sts_domain_forget(struct mw_sts_domain *e)
{
	if (!e->has_policy)
		return;
	mw_sts_policy_clear(&e->kept.policy);
	e->has_policy = false;
	e->table->n_policies--;
}

static void drop(struct mw_sts_domain *e)
{
	struct mw_sts_table *t = e->table;

	mw_sts_domain_forget(e);
	mw_dns_cancel(e->query);
	(void)tdelete(e, &t->tree, by_domain);
	TAILQ_REMOVE(&t->all, e, link);
	t->n--;
	free(e);
}

bool mw_sts_domain_busy(const struct mw_sts_domain *e)
{
	return e->query || e->fetching || e->held || !STAILQ_EMPTY(&e->waiters);
}

/* A clock that went back cannot make that longer than max_age. */
int64_t mw_sts_domain_left(const struct mw_sts_domain *e)
{
	int64_t age = e->kept.policy.max_age > AGE_MIN_S ? e->kept.policy.max_age : AGE_MIN_S;
	int64_t n = e->kept.fetched + age - (int64_t)time(NULL);

	if (!e->has_policy || n <= 0)
		return 0;
	return n < age ? n : age;
}

/* Nothing in it is worth keeping. */
static bool is_idle(const struct mw_sts_domain *e)
{
	return !mw_sts_domain_busy(e) && mw_sts_domain_left(e) == 0 &&
	       mw_clock_ms() >= e->again_at + (e->failed_since ? MW_STS_PATIENCE_MS : 0);
}

void mw_sts_table_sweep(struct mw_sts_table *t)
{
	struct mw_sts_domain *e = TAILQ_FIRST(&t->all), *next;

	for (; e; e = next) {
		next = TAILQ_NEXT(e, link);
		if (is_idle(e))
			drop(e);
		else if (mw_sts_domain_left(e) == 0 && !mw_sts_domain_busy(e))
			mw_sts_domain_forget(e);
	}
}

/* Room for one more policy. */
static bool make_room(struct mw_sts_table *t, const struct mw_sts_domain *for_whom)
{
	struct mw_sts_domain *e;

	if (t->n_policies < t->most)
		return true;
	mw_sts_table_sweep(t);
	TAILQ_FOREACH(e, &t->all, link)
	{
		if (t->n_policies < t->most)
			break;
		if (e != for_whom && e->has_policy && !mw_sts_domain_busy(e) && e->kept.policy.mode != MW_STS_MODE_ENFORCE)
			mw_sts_domain_forget(e);
	}
	return t->n_policies < t->most;
}

/* ---- the disk ------------------------------------------------------------------------------------------------------------------- */

/* The file anew when most of it is old. A policy that could not be written is only lost with this process. */
static int compact(struct mw_sts_table *t, struct mw_err *err)
{
	struct mw_buf text = MW_BUF_INIT;
	struct mw_sts_domain *e;
	size_t lines = 0;
	int rc;

	TAILQ_FOREACH(e, &t->all, link)
	{
		if (mw_sts_domain_left(e) > 0) {
			mw_sts_line_add(&text, &e->kept);
			lines++;
		}
	}
	rc = mw_buf_ok(&text) ? mw_sts_file_replace(t->file, &text, lines, err) : mw_fail_memory(err);
	mw_buf_free(&text);
	return rc;
}

static void save(struct mw_sts_table *t, const struct mw_sts_domain *e)
{
	struct mw_err err;
	int rc;

	if (!t->file)
		return;
	rc = mw_sts_file_append(t->file, &e->kept, &err);
	if (rc == 0 && mw_sts_file_lines(t->file) > 2 * t->n_policies + 100)
		rc = compact(t, &err);
	if (rc < 0)
		mw_log(MW_WARNING, NULL, "mta-sts", "the policy of %s is not kept on disk: %s", e->kept.domain, err.text);
}

static int take_kept(void *ctx, struct mw_sts_kept *kept, struct mw_err *err)
{
	struct mw_sts_table *t = ctx;
	struct mw_sts_domain *e = find(t, kept->domain);
	bool keep;

	if (!e)
		e = make(t, kept->domain);
	if (!e)
		return mw_fail_memory(err);
	mw_sts_domain_forget(e);
	e->held++;
	keep = make_room(t, e);
	e->held--;
	if (!keep) {
		t->left_out++;
		return 0;
	}
	e->kept = *kept;
	e->has_policy = true;
	t->n_policies++;
	kept->policy = (struct mw_sts_policy){.mode = MW_STS_MODE_NONE};
	return 0;
}

static int load(struct mw_sts_table *t, const char *path, struct mw_err *err)
{
	struct mw_err why;
	size_t bad;
	int rc = mw_sts_file_open(path, take_kept, t, &bad, &t->file, err);

	if (rc < 0)
		return rc;
	mw_sts_table_sweep(t);
	if (bad > 0)
		mw_log(MW_WARNING, NULL, "mta-sts", "%s: %zu damaged lines are dropped, %zu policies are in force", path, bad,
		       t->n_policies);
	if (t->left_out > 0)
		mw_log(MW_WARNING, NULL, "mta-sts", "%s: no room for %zu policies", path, t->left_out);
	if ((bad > 0 || mw_sts_file_lines(t->file) > 2 * t->n_policies) && compact(t, &why) < 0)
		mw_log(MW_WARNING, NULL, "mta-sts", "the file stays as it was: %s", why.text);
	return 0;
}

/* ---- from outside --------------------------------------------------------------------------------------------------------------- */

/* Whoever sends to many domains whose policies cannot be had fills the table with them, and must not keep others out of it: of the
 * oldest that has no policy all that is lost is since when it fails. */
static void drop_oldest(struct mw_sts_table *t)
{
	struct mw_sts_domain *e = TAILQ_FIRST(&t->all);

	while (e && (mw_sts_domain_busy(e) || mw_sts_domain_left(e) > 0))
		e = TAILQ_NEXT(e, link);
	if (e)
		drop(e);
}

struct mw_sts_domain *mw_sts_table_take(struct mw_sts_table *t, const char *name)
{
	struct mw_sts_domain *e = find(t, name);

	if (!e && t->n >= 2 * t->most)
		mw_sts_table_sweep(t);
	if (!e && t->n >= 2 * t->most)
		drop_oldest(t);
	if (!e)
		return t->n < 2 * t->most ? make(t, name) : NULL;
	TAILQ_REMOVE(&t->all, e, link);
	TAILQ_INSERT_TAIL(&t->all, e, link);
	return e;
}

bool mw_sts_domain_set(struct mw_sts_domain *e, struct mw_sts_policy *policy)
{
	bool keep;

	mw_sts_domain_forget(e);
	e->held++;
	keep = make_room(e->table, e);
	e->held--;
	e->kept.policy = *policy;
	*policy = (struct mw_sts_policy){.mode = MW_STS_MODE_NONE};
	e->kept.fetched = (int64_t)time(NULL);
	e->has_policy = true;
	e->asked = false;
	e->table->n_policies++;
	if (*e->new_id)
		memcpy(e->kept.id, e->new_id, sizeof(e->kept.id));
	if (keep)
		save(e->table, e);
	else
		mw_log(MW_WARNING, NULL, "mta-sts", "%s: its policy is not kept: %zu others are in force", e->kept.domain,
		       e->table->n_policies - 1);
	return keep;
}

void mw_sts_domain_release(struct mw_sts_domain *e)
{
	if (is_idle(e))
		drop(e);
}

int mw_sts_table_open(struct mw_sts_table *t, struct mw_sts *sts, const char *path, size_t most, struct mw_err *err)
{
	*t = (struct mw_sts_table){.sts = sts, .most = most};
	TAILQ_INIT(&t->all);
	return path ? load(t, path, err) : 0;
}

void mw_sts_table_close(struct mw_sts_table *t)
{
	struct mw_sts_domain *e;

	while ((e = TAILQ_FIRST(&t->all)) != NULL)
		drop(e);
	mw_sts_file_close(t->file);
	t->file = NULL;
}
