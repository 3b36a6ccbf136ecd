/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/policy.h"

#include "engine/generation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mw_lookup_policy {
	struct mw_loader *loader;
	struct mw_generation *generation;
	const struct mw_lookup_conf *conf;
	struct mw_partners *partners;
};

/* Diagnostics are several lines each: one log line for each of them. Warnings are about mail, and milward(8) tells of them. */
static void log_diags(const struct mw_diags *diags)
{
	struct mw_buf text = MW_BUF_INIT;
	char *line, *rest = NULL;

	if (!diags->errors)
		return;

	mw_diags_print(diags, false, &text);
	for (line = mw_buf_ok(&text) && text.n ? strtok_r(text.p, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest))
		mw_log(MW_ERROR, NULL, "policy", "%s", line);
	mw_buf_free(&text);
}

static enum mw_lookup_exit read_policy(struct mw_lookup_policy *p, const struct mw_lookup_options *o, struct mw_err *err)
{
	struct mw_arena *arena = mw_arena_new(0);
	enum mw_lookup_exit status = MW_LOOKUP_OK;
	struct mw_diags diags;
	int r;

	p->loader = mw_loader_new(o->modules);
	if (!arena || !p->loader) {
		mw_arena_free(&arena);
		(void)mw_fail_memory(err);
		return MW_LOOKUP_SYSTEM;
	}
	mw_diags_init(&diags, arena);
	err->text[0] = '\0';
	r = mw_generation_new(p->loader, o->policy, o->policies, MW_GEN_SERVICE, &diags, &p->generation, err);
	log_diags(&diags);
	if (r && (diags.errors || !err->text[0]))
		(void)mw_fail(err, r, "%s: %zu error%s; see the lines above, or run: milwardctl check %s", o->policy,
			      diags.errors, diags.errors == 1 ? "" : "s", o->policy);
	if (r)
		status = r == -ENOMEM ? MW_LOOKUP_SYSTEM : MW_LOOKUP_POLICY;
	mw_arena_free(&arena);
	return status;
}

static enum mw_lookup_exit load(struct mw_lookup_policy *p, const struct mw_lookup_options *o, struct mw_err *err)
{
	enum mw_lookup_exit status = read_policy(p, o, err);
	const void *conf;

	if (status != MW_LOOKUP_OK)
		return status;
	if (mw_generation_service(p->generation, p->loader, "lookup", sizeof(*p->conf), &conf, err) < 0) {
		mw_err_prefix(err, "%s", o->policy);
		return MW_LOOKUP_POLICY;
	}
	p->conf = conf;
	return mw_partners_load(p->conf->partners, &p->partners, err) ? MW_LOOKUP_TABLE : MW_LOOKUP_OK;
}

enum mw_lookup_exit mw_lookup_policy_load(const struct mw_lookup_options *o, struct mw_lookup_policy **ret, struct mw_err *err)
{
	struct mw_lookup_policy *p;
	enum mw_lookup_exit status;

	if (access(o->policy, R_OK)) {
		(void)mw_fail(err, -errno, "%s: %s", o->policy, strerror(errno));
		return MW_LOOKUP_NO_INPUT;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		(void)mw_fail_memory(err);
		return MW_LOOKUP_SYSTEM;
	}
	status = load(p, o, err);
	if (status == MW_LOOKUP_OK)
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
