/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/site.h"

#include "base/mode.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int set_up(struct mw_site *s, struct mw_loader *loader, const struct mw_portal_options *o, struct mw_err *err)
{
	const void *conf;
	int status = (int)mw_program_options(s->gen, loader, &o->start, "portal", sizeof(*s->conf), &conf, err);

	if (status != MW_EXIT_OK)
		return status;
	s->conf = conf;
	(void)mw_mode_parse(s->conf->socket_mode, &s->mode); /* the module's check has seen that it is one */
	return mw_templates_load(o->templates, s->conf->templates, s->conf->language, &s->templates, err) < 0 ? MW_EXIT_MODULE
													      : MW_EXIT_OK;
}

int mw_site_load(struct mw_loader *loader, const struct mw_portal_options *o, struct mw_site **ret, struct mw_err *err)
{
	struct mw_site *s = calloc(1, sizeof(*s));
	int status;

	if (!s) {
		(void)mw_fail_memory(err);
		return MW_EXIT_SYSTEM;
	}
	atomic_init(&s->count, 1);
	status = (int)mw_program_policy(loader, &o->start, MW_GEN_SERVICE, &s->gen, err);
	if (status == MW_EXIT_OK)
		status = set_up(s, loader, o, err);
	if (status == MW_EXIT_OK)
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
