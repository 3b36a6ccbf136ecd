/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_policy: the policies of this machine, and what their modules say of themselves. */
#include "ctl/doctor.h"
#include "ctl/trail.h"

#include "base/listen.h"
#include "base/str.h"
#include "installed.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENDING ".policy"

static const char *name_of(struct doctor *d, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strlen(name), e = strlen(ENDING);

	return n > e && strcmp(name + n - e, ENDING) == 0 ? doctor_text(d, "%.*s", (int)(n - e), name) : name;
}

static void open_policy(struct doctor *d, const char *path)
{
	struct doctor_policy p = {.path = doctor_text(d, "%s", path)}, *at;
	struct mw_err err = {0};
	struct mw_diags diags;
	const char *why = "";
	int r;

	p.name = name_of(d, p.path);
	mw_diags_init(&diags, d->arena);
	r = mw_generation_new(d->ctl->loader, path, d->ctl->search, MW_GEN_SERVICE, &diags, &p.gen, &err);
	for (size_t i = 0; i < diags.n && !*why; i++)
		if (diags.v[i].severity == MW_DIAG_ERROR)
			why = diags.v[i].text;
	if (r < 0) {
		doctor_find(d, DOCTOR_ERROR, "policy", path, doctor_text(d, "milwardctl check '%s'", path),
			    "the policy is refused: %s", *why ? why : err.text);
		return;
	}
	p.plan = mw_generation_plan(p.gen);
	at = DOCTOR_ADD(d, d->policies);
	if (at)
		*at = p;
	else
		mw_generation_unref(&p.gen);
}

static int is_policy(const struct dirent *e)
{
	size_t n = strlen(e->d_name), end = strlen(ENDING);

	return e->d_name[0] != '.' && n > end && strcmp(e->d_name + n - end, ENDING) == 0;
}

/* All policies of the site. */
static void open_installed(struct doctor *d)
{
	struct dirent **list = NULL;
	int n = scandir(MW_CONF_DIR, &list, is_policy, alphasort);

	for (int i = 0; i < n; i++) {
		open_policy(d, doctor_text(d, MW_CONF_DIR "/%s", list[i]->d_name));
		free(list[i]);
	}
	free(list);
	if (n <= 0)
		doctor_find(d, DOCTOR_ERROR, "policy", MW_CONF_DIR,
			    "cp -R " MW_POLICY_DIR "/outbound.policy " MW_POLICY_DIR "/tables " MW_CONF_DIR "/",
			    "there is no policy");
}

void doctor_policies(struct doctor *d, size_t n, char *const *path)
{
	for (size_t i = 0; i < n; i++)
		open_policy(d, path[i]);
	if (n == 0 && d->ctl->policy)
		open_policy(d, d->ctl->policy);
	else if (n == 0)
		open_installed(d);
}

const struct mw_plan_module *doctor_module(const struct doctor_policy *p, const char *name)
{
	for (size_t i = 0; i < p->plan->modules; i++)
		if (strcmp(p->plan->module[i].name, name) == 0)
			return &p->plan->module[i];
	return NULL;
}

const void *doctor_option(const struct mw_plan_module *m, const char *name, uint32_t type)
{
	for (const struct mw_opt *o = m->plugin->options; m->conf && o && o->name; o++)
		if (strcmp(o->name, name) == 0 && o->type == type)
			return (const char *)m->conf + o->offset;
	return NULL;
}

/* The value of an option of words, as it is written. */
static const char *word_of(const struct mw_plan_module *m, const char *name)
{
	const int64_t *value = doctor_option(m, name, MW_WORD);

	for (const struct mw_opt *o = m->plugin->options; value && o->name; o++)
		for (const struct mw_word *w = strcmp(o->name, name) == 0 ? o->words : NULL; w && w->name; w++)
			if (w->value == *value)
				return w->name;
	return "";
}

const struct doctor_policy *doctor_asked(const struct doctor *d)
{
	for (size_t i = 0; i < d->policies.n && d->mta; i++) {
		const struct mw_plan_module *route = doctor_module(&d->policies.v[i], "route");

		if (route && d->policies.v[i].plan->listen && strcmp(word_of(route, "mta"), d->mta) == 0)
			return &d->policies.v[i];
	}
	return NULL;
}

/* ---- modules ------------------------------------------------------------------------------------------------------------------ */

struct ask {
	const char *policy;
	const struct mw_plan *plan;
	const struct mw_command *command;
	const void *conf;
};

static int run_command(void *ctx)
{
	const struct ask *a = ctx;
	char name[] = "doctor", *argv[] = {name, (char *)(uintptr_t)a->policy, NULL};

	return ctl_command_run(a->command, a->plan, a->conf, 2, argv);
}

/* Packages bring policies that a site may never use: no socket is where such a one listens. */
static bool is_used(const struct doctor_policy *p)
{
	const char *path = p->plan->listen ? mw_unix_path(p->plan->listen) : NULL;

	return !path || access(path, F_OK) == 0 || errno != ENOENT;
}

static void ask_module(struct doctor *d, const struct doctor_policy *p, const struct mw_plugin *described, const void *conf)
{
	const struct mw_plugin *plugin = NULL;
	struct ask ask = {.policy = p->path, .plan = p->plan, .conf = conf};
	struct mw_err err = {0};
	const char *said = "";
	int r;

	for (const struct mw_command *c = described->commands; c && c->name; c++)
		if (strcmp(c->name, "doctor") == 0)
			plugin = mw_loader_load(d->ctl->loader, described->name, &err);
	for (const struct mw_command *c = plugin ? plugin->commands : NULL; c && c->name; c++)
		if (strcmp(c->name, "doctor") == 0)
			ask.command = c;
	if (!ask.command)
		return; /* it says nothing; one that cannot be loaded is refused with its policy */
	r = doctor_records(d, run_command, &ask, &said);
	if (r != 0)
		doctor_find(d, is_used(p) ? DOCTOR_ERROR : DOCTOR_WARNING, "module", p->path, NULL,
			    "%s cannot look at its files: %s%s", described->name, *said ? said : "it failed",
			    is_used(p) ? "" : "; nothing listens where this policy says, so it may not be in use");
}

/* A policy of milward-seal or of the portal has records, and may not load who knows them. */
static void ask_audit(struct doctor *d, const struct doctor_policy *p)
{
	struct ctl_trail trail[CTL_TRAILS];
	const struct mw_plugin *audit = NULL;
	struct mw_err err = {0};

	if (!doctor_module(p, "audit") && ctl_trails(p->plan, trail) > 0)
		audit = mw_loader_describe(d->ctl->loader, "audit", &err);
	if (audit)
		ask_module(d, p, audit, NULL);
}

/* milward holds its file for as long as it runs, so nobody else may write there, by whichever policy. */
static void compare_trails(struct doctor *d, const struct doctor_policy *p, const struct doctor_policy *q)
{
	struct ctl_trail one[CTL_TRAILS], other[CTL_TRAILS];
	size_t n = ctl_trails(p->plan, one), m = ctl_trails(q->plan, other);

	for (size_t i = 0; n && one[0].alone && i < m; i++)
		if (!other[i].alone && ctl_trail_same(&one[0], &other[i]))
			doctor_find(
			    d, DOCTOR_ERROR, "audit-file", one[0].path, NULL,
			    "the module \"%s\" of %s writes into it too, and only milward (%s) can: name another file there",
			    other[i].module->name, q->path, p->path);
}

void doctor_modules(struct doctor *d)
{
	for (size_t i = 0; i < d->policies.n; i++) {
		const struct doctor_policy *p = &d->policies.v[i];

		for (size_t k = 0; k < p->plan->modules; k++)
			ask_module(d, p, p->plan->module[k].plugin, p->plan->module[k].conf);
		ask_audit(d, p);
		for (size_t k = 0; k < d->policies.n; k++)
			compare_trails(d, p, &d->policies.v[k]);
	}
}
