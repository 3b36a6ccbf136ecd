/* SPDX-License-Identifier: Apache-2.0 */
#include "installed.h"
#include "portal/options.h"

/* They are installed beside the policies. */
#define TEMPLATE_DIR MW_POLICY_DIR "/../portal"

enum { OPT_TEMPLATES = MW_START_OWN };

static const struct mw_start_row rows[] = {
    {OPT_TEMPLATES, "templates", "DIR", "templates that come with milward (" TEMPLATE_DIR ")"},
    {.name = NULL},
};

static bool take(void *options, int id, const char *value)
{
	struct mw_portal_options *o = options;

	return id == OPT_TEMPLATES && mw_start_path(value, &o->templates);
}

static const struct mw_start_line line = {
    .program = "milward-portal",
    .policy = "the policy; its line `load portal { … }` has the options of the portal",
    .test = "load policy, templates, store and keys, say what is wrong, and exit",
    .log = "where to log (stderr)",
    .signals = "Signals: HUP reload, TERM or INT stop when the requests in work are done.",
    .own = rows,
    .take = take,
};

int mw_portal_options_parse(int argc, char **argv, struct mw_portal_options *o)
{
	*o = (struct mw_portal_options){.templates = TEMPLATE_DIR};
	return mw_start_parse(&line, argc, argv, &o->start, o);
}
