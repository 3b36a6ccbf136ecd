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

/* Commands are called one at a time, with a table of functions that have no context. */
static struct ctl_trail now[CTL_TRAILS];
static size_t now_n;

void ctl_trails_set(const struct mw_plan *plan)
{
	struct ctl_trail all[CTL_TRAILS];
	size_t n = plan ? ctl_trails(plan, all) : 0;

	now_n = 0;
	for (size_t i = 0; i < n; i++) {
		bool twice = false;

		for (size_t k = 0; k < now_n; k++)
			twice = twice || ctl_trail_same(&all[i], &now[k]);
		if (!twice)
			now[now_n++] = all[i];
	}
}

const char *ctl_trail_file(size_t i, const char **key)
{
	if (i >= now_n)
		return NULL;
	*key = now[i].key;
	return now[i].path;
}
