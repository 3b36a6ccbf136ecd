/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/policy.h"

#include "engine/program.h"

#include <stdlib.h>
#include <string.h>

struct mw_lookup_policy {
	struct mw_loader *loader;
	struct mw_generation *generation;
	const struct mw_lookup_conf *conf;
	struct mw_partners *partners;
};

static enum mw_exit load(struct mw_lookup_policy *p, const struct mw_lookup_options *o, struct mw_err *err)
{
	enum mw_exit status = mw_program_policy(p->loader, &o->start, MW_GEN_SERVICE, &p->generation, err);
	const void *conf;

	if (status == MW_EXIT_OK)
		status = mw_program_options(p->generation, p->loader, &o->start, "lookup", sizeof(*p->conf), &conf, err);
	if (status != MW_EXIT_OK)
		return status;
	p->conf = conf;
	return mw_partners_load(p->conf->partners, &p->partners, err) ? MW_EXIT_MODULE : MW_EXIT_OK;
}

enum mw_exit mw_lookup_policy_load(const struct mw_lookup_options *o, struct mw_lookup_policy **ret, struct mw_err *err)
{
	struct mw_lookup_policy *p = calloc(1, sizeof(*p));
	enum mw_exit status = MW_EXIT_SYSTEM;

	if (p)
		p->loader = mw_loader_new(o->start.modules);
	if (p && p->loader)
		status = load(p, o, err);
	else
		(void)mw_fail_memory(err);
	if (status == MW_EXIT_OK)
		*ret = p;
	else
		mw_lookup_policy_free(&p);
	return status;
}

void mw_lookup_policy_free(struct mw_lookup_policy **pp)
{
	struct mw_lookup_policy *p = *pp;

	if (!p)
		return;
	mw_partners_free(&p->partners);
	mw_generation_unref(&p->generation);
	mw_loader_free(&p->loader);
	free(p);
	*pp = NULL;
}

const struct mw_lookup_conf *mw_lookup_policy_conf(const struct mw_lookup_policy *p)
{
	return p->conf;
}

const char *mw_lookup_policy_digest(const struct mw_lookup_policy *p)
{
	return mw_generation_plan(p->generation)->digest;
}

struct mw_partners *mw_lookup_policy_partners(struct mw_lookup_policy *p)
{
	struct mw_partners *partners = p->partners;

	p->partners = NULL;
	return partners;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_list(const struct mw_list *a, const struct mw_list *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++)
		if (!same_text(a->v[i], b->v[i]))
			return false;
	return a->n == b->n;
}

const char *mw_lookup_conf_differs(const struct mw_lookup_conf *a, const struct mw_lookup_conf *b)
{
	if (!same_list(&a->listen, &b->listen))
		return "listen";
	if (!same_list(&a->resolvers, &b->resolvers) || a->dns_timeout != b->dns_timeout)
		return "resolvers";
	if (!same_list(&a->stubs, &b->stubs))
		return "zones";
	if (!same_text(a->trust_anchor, b->trust_anchor))
		return "trust-anchor";
	if (!same_text(a->cache, b->cache) || a->entries != b->entries)
		return "cache";
	if (!same_text(a->ca_file, b->ca_file) || a->https_port != b->https_port || a->private_hosts != b->private_hosts)
		return "ca-file";
	return a->clients != b->clients || a->idle != b->idle ? "clients" : NULL;
}
