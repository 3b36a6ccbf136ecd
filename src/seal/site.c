/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/site.h"

#include "base/mode.h"
#include "smtp/address.h"

#include <errno.h>
#include <stdio.h>
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

static int load_policy(struct mw_loader *loader, const struct mw_seal_options *o, struct mw_generation **ret, struct mw_err *err)
{
	struct mw_arena *arena;
	struct mw_diags diags;
	int r, status = MW_SEAL_OK;

	if (access(o->policy, R_OK)) {
		(void)mw_fail(err, -errno, "%s: %s", o->policy, strerror(errno));
		return MW_SEAL_NO_INPUT;
	}
	arena = mw_arena_new(0);
	if (!arena) {
		(void)mw_fail_memory(err);
		return MW_SEAL_SYSTEM;
	}
	mw_diags_init(&diags, arena);
	err->text[0] = '\0';
	r = mw_generation_new(loader, o->policy, o->policies, MW_GEN_SEALERS, &diags, ret, err);
	log_diags(&diags);
	if (r && (diags.errors || !err->text[0])) {
		(void)mw_fail(err, r, "%s: %zu error%s; see the lines above, or run: milwardctl check %s", o->policy,
			      diags.errors, diags.errors == 1 ? "" : "s", o->policy);
		status = MW_SEAL_POLICY;
	} else if (r) {
		mw_err_prefix(err, "%s", o->policy);
		status = r == -ENOMEM ? MW_SEAL_SYSTEM : MW_SEAL_MODULE;
	}
	mw_arena_free(&arena);
	return status;
}

/* Names that the policy gives have been looked at by the module's check. */
static int take_name(struct mw_site *s, struct mw_err *err)
{
	if (s->conf->name)
		(void)snprintf(s->name, sizeof(s->name), "%s", s->conf->name);
	else if (gethostname(s->name, sizeof(s->name) - 1) < 0)
		return mw_fail(err, -errno, "gethostname: %s", strerror(errno));
	else if (!mw_seal_is_name(s->name))
		return mw_fail(err, -EINVAL, "the name of this machine is \"%s\": give another by the option name of seal",
			       s->name);
	s->author = s->conf->results ? s->conf->results : s->name;
	return 0;
}

static bool has_sealer(const struct mw_generation *g)
{
	void *inst;

	return mw_generation_sealer(g, 0, &inst) || mw_generation_custody(g, &inst);
}

static int take_reentry(struct mw_site *s, struct mw_err *err)
{
	int r = mw_smtp_address(s->conf->reentry, &s->reentry, &s->reentry_len, err);

	if (r < 0)
		mw_err_prefix(err, "reentry");
	return r;
}

static int set_up(struct mw_site *s, struct mw_loader *loader, const struct mw_seal_options *o, struct mw_err *err)
{
	const void *conf;
	int r = mw_generation_service(s->gen, loader, "seal", sizeof(*s->conf), &conf, err);

	if (r < 0) {
		mw_err_prefix(err, "%s", o->policy);
		return r == -EINVAL ? MW_SEAL_POLICY : MW_SEAL_MODULE;
	}
	s->conf = conf;
	(void)mw_mode_parse(s->conf->socket_mode, &s->mode); /* the module's check has seen that it is one */
	s->custody = mw_generation_custody(s->gen, &s->custody_inst);
	if (take_name(s, err) < 0 || take_reentry(s, err) < 0) {
		mw_err_prefix(err, "%s", o->policy);
		return MW_SEAL_POLICY;
	}
	if (!has_sealer(s->gen))
		mw_log(MW_WARNING, NULL, "policy", "no sealer is loaded: nothing can be encrypted or opened");
	return mw_box_make(s->gen, &s->box, err) < 0 ? MW_SEAL_SYSTEM : MW_SEAL_OK;
}

int mw_site_load(struct mw_loader *loader, const struct mw_seal_options *o, struct mw_site **ret, struct mw_err *err)
{
	struct mw_site *s = calloc(1, sizeof(*s));
	int status;

	if (!s) {
		(void)mw_fail_memory(err);
		return MW_SEAL_SYSTEM;
	}
	s->box.landlock = -1;
	status = load_policy(loader, o, &s->gen, err);
	if (status == MW_SEAL_OK)
		status = set_up(s, loader, o, err);
	if (status == MW_SEAL_OK)
		*ret = s;
	else
		mw_site_free(&s);
	return status;
}

void mw_site_free(struct mw_site **sp)
{
	struct mw_site *s = *sp;

	*sp = NULL;
	if (!s)
		return;
	mw_box_free(&s->box);
	mw_generation_unref(&s->gen);
	free(s);
}
