/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/site.h"

#include "base/mode.h"
#include "smtp/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Not in a test, which root may run: it would leave files of root. */
static int open_recorder(struct mw_site *s, struct mw_err *err)
{
	/* The file may be in the folder of the journal, which the first start makes; what is wrong with that is told there. */
	if (s->conf->audit)
		(void)mkdir(s->conf->state, 0700);
	return mw_seal_recorder_open(s->conf->audit, s->conf->audit_key, mw_generation_plan(s->gen)->digest, &s->recorder, err);
}

static int set_up(struct mw_site *s, struct mw_loader *loader, const struct mw_start *o, struct mw_err *err)
{
	const void *conf;
	int status = (int)mw_program_options(s->gen, loader, o, "seal", sizeof(*s->conf), &conf, err);

	if (status != MW_EXIT_OK)
		return status;
	s->conf = conf;
	(void)mw_mode_parse(s->conf->socket_mode, &s->mode); /* the module's check has seen that it is one */
	s->custody = mw_generation_custody(s->gen, &s->custody_inst);
	if (take_name(s, err) < 0 || take_reentry(s, err) < 0) {
		mw_err_prefix(err, "%s", o->policy);
		return MW_EXIT_POLICY;
	}
	if (!has_sealer(s->gen))
		mw_log(MW_WARNING, NULL, "policy", "no sealer is loaded: nothing can be encrypted or opened");
	if (mw_box_make(s->gen, &s->box, err) < 0)
		return MW_EXIT_SYSTEM;
	return o->test || open_recorder(s, err) == 0 ? MW_EXIT_OK : MW_EXIT_CREATE;
}

int mw_site_load(struct mw_loader *loader, const struct mw_start *o, struct mw_site **ret, struct mw_err *err)
{
	struct mw_site *s = calloc(1, sizeof(*s));
	int status;

	if (!s) {
		(void)mw_fail_memory(err);
		return MW_EXIT_SYSTEM;
	}
	s->box.landlock = -1;
	status = (int)mw_program_policy(loader, o, MW_GEN_SEALERS, &s->gen, err);
	if (status == MW_EXIT_OK)
		status = set_up(s, loader, o, err);
	if (status == MW_EXIT_OK)
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
	mw_seal_recorder_close(&s->recorder);
	mw_box_free(&s->box);
	mw_generation_unref(&s->gen);
	free(s);
}
