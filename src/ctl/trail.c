/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/trail.h"

#include <string.h>
#include <sys/stat.h>

/* Whose files they are, and what the options are called that name them and their keys. */
static const struct {
	const char *module, *path, *key;
	bool alone;
} writers[CTL_TRAILS] = {
    {"audit", "path", "key", true}, {"seal", "audit", "audit-key", false}, {"portal", "audit", "audit-key", false}};

static const char *path_option(const struct mw_plan_module *m, const char *name)
{
	const char *value = NULL;

	for (const struct mw_opt *o = m->plugin->options; m->conf && o && o->name; o++)
		if (o->type == MW_PATH && strcmp(o->name, name) == 0)
			memcpy(&value, (const char *)m->conf + o->offset, sizeof(value));
	return value;
}

size_t ctl_trails(const struct mw_plan *plan, struct ctl_trail ret[CTL_TRAILS])
{
	size_t n = 0;

	for (size_t i = 0; i < CTL_TRAILS; i++) {
		for (size_t k = 0; k < plan->modules; k++) {
			const struct mw_plan_module *m = &plan->module[k];
			const char *path = strcmp(m->name, writers[i].module) == 0 ? path_option(m, writers[i].path) : NULL;

			if (!path)
				continue;
			ret[n++] = (struct ctl_trail){
			    .module = m, .path = path, .key = path_option(m, writers[i].key), .alone = writers[i].alone};
			break;
		}
	}
	return n;
}

bool ctl_trail_same(const struct ctl_trail *a, const struct ctl_trail *b)
{
	struct stat x, y;

	return strcmp(a->path, b->path) == 0 ||
	       (stat(a->path, &x) == 0 && stat(b->path, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

size_t ctl_trails_once(const struct mw_plan *plan, struct ctl_trail ret[CTL_TRAILS])
{
	struct ctl_trail all[CTL_TRAILS];
	size_t n = ctl_trails(plan, all), once = 0;

	for (size_t i = 0; i < n; i++) {
		bool twice = false;

		for (size_t k = 0; k < once; k++)
			twice = twice || ctl_trail_same(&all[i], &ret[k]);
		if (!twice)
			ret[once++] = all[i];
	}
	return once;
}
