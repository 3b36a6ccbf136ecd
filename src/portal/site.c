/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/site.h"

#include "base/mode.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Several lines each: one log line for each of them keeps them readable. */
static void log_diags(const struct mw_diags *diags)
{
	struct mw_buf text = MW_BUF_INIT;
	char *rest;

	mw_diags_print(diags, false, &text);
	for (char *line = mw_buf_ok(&text) && text.n ? strtok_r(text.p, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest))
		mw_log(diags->errors ? MW_ERROR : MW_WARNING, NULL, "policy", "%s", line);
	mw_buf_free(&text);
}

static int load_policy(struct mw_loader *loader, const struct mw_portal_options *o, struct mw_generation **ret,
		       struct mw_err *err)
{
	struct mw_arena *arena;
	struct mw_diags diags;
	int r, status = MW_PORTAL_OK;

	if (access(o->policy, R_OK)) {
		(void)mw_fail(err, -errno, "%s: %s", o->policy, strerror(errno));
		return MW_PORTAL_NO_INPUT;
	}
	arena = mw_arena_new(0);
	if (!arena) {
		(void)mw_fail_memory(err);
		return MW_PORTAL_SYSTEM;
	}
	mw_diags_init(&diags, arena);
	err->text[0] = '\0';
	r = mw_generation_new(loader, o->policy, o->policies, MW_GEN_SERVICE, &diags, ret, err);
	log_diags(&diags);
	if (r && (diags.errors || !err->text[0])) {
		(void)mw_fail(err, r, "%s: %zu error%s; see the lines above, or run: milwardctl check %s", o->policy,
			      diags.errors, diags.errors == 1 ? "" : "s", o->policy);
		status = MW_PORTAL_POLICY;
	} else if (r) {
		mw_err_prefix(err, "%s", o->policy);
		status = r == -ENOMEM ? MW_PORTAL_SYSTEM : MW_PORTAL_STORE;
	}
	mw_arena_free(&arena);
	return status;
}

static int set_up(struct mw_site *s, struct mw_loader *loader, const struct mw_portal_options *o, struct mw_err *err)
{
	const void *conf;
	int r = mw_generation_service(s->gen, loader, "portal", sizeof(*s->conf), &conf, err);

	if (r < 0) {
		mw_err_prefix(err, "%s", o->policy);
		return r == -EINVAL ? MW_PORTAL_POLICY : MW_PORTAL_STORE;
	}
	s->conf = conf;
	(void)mw_mode_parse(s->conf->socket_mode, &s->mode); /* the module's check has seen that it is one */
	return mw_templates_load(o->templates, s->conf->templates, s->conf->language, &s->templates, err) < 0 ? MW_PORTAL_STORE
													      : MW_PORTAL_OK;
}

int mw_site_load(struct mw_loader *loader, const struct mw_portal_options *o, struct mw_site **ret, struct mw_err *err)
{
	struct mw_site *s = calloc(1, sizeof(*s));
	int status;

	if (!s) {
		(void)mw_fail_memory(err);
		return MW_PORTAL_SYSTEM;
	}
	atomic_init(&s->count, 1);
	status = load_policy(loader, o, &s->gen, err);
	if (status == MW_PORTAL_OK)
		status = set_up(s, loader, o, err);
	if (status == MW_PORTAL_OK)
		*ret = s;
	else
		mw_site_unref(&s);
	return status;
}

struct mw_site *mw_site_ref(struct mw_site *s)
{
	atomic_fetch_add(&s->count, 1);
	return s;
}

void mw_site_unref(struct mw_site **p)
{
	struct mw_site *s = *p;

	*p = NULL;
	if (!s || atomic_fetch_sub(&s->count, 1) > 1)
		return;
	mw_templates_free(&s->templates);
	mw_generation_unref(&s->gen);
	free(s);
}
